"""Admission 准入: what departments may ask of communities, what they do ask, and how much that is.

domain.py       the rules of one admission          demand.py           the rules of one demand
force.py        which admission holds where, now    handlers.py         every command on both
doors.py        /api/v1/admissions                  demand_doors.py     /api/v1/demands, /api/v1/burdens
projections.py  both registers and the burden       queries.py          what is asked of them
"""
