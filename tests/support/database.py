"""Fixtures of the tests' own database."""
