"""Doors by what they are about; `service.py` puts them together."""
