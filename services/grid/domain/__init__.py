"""The rules of the ground: areas, grids, who stands where, and the check of what was handled."""
