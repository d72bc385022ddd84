"""Boundaries and points on the ground: datums, validity, what lies in what, and how it is drawn.

The only room that knows shapely. Its modules are loaded by whoever has boundaries to work on, not at every start.
"""
