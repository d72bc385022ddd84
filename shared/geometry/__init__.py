"""Boundaries and points on the ground: datums, validity, what lies in what, and how it is drawn.

The only room that knows shapely. It is loaded by whoever has boundaries to work on, and never at the start of a process.
"""
