"""Boundaries of areas out of the files that a city's survey office has: read, judged one by one, and written down."""
