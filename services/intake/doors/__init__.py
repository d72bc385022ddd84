"""Doors of intake that are not the desk's own: photos, work in the field, what the reporter may object to."""
