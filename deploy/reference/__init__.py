"""The city's own data: areas, grids, posts, departments, issue types, responsibilities; checked, then loaded."""
