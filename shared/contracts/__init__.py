"""Everything that travels between services: the events, one file per stream category, and their envelope.

`catalogue.load()` imports every event module; after that `catalogue.EVENTS` knows them all.
"""
