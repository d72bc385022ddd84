"""Dispatch's doors, one mixin for each kind of thing; service.py puts them together.

base.py      what all doors to one case share
road.py      the straight road of a case
requests.py  what departments ask for, and who decides
moves.py     more departments, other loops, other cases, other authorities
books.py     the work list and the rulebook
"""
