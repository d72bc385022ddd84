"""Open311 GeoReport v2 on intake: the doors through which other people's apps report and look."""
