"""Fixtures of the tests' own broker."""
