"""The one process between the log and the bus: it numbers what was stored, and publishes it in that order."""
