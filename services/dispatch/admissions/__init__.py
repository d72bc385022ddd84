"""Admission 准入: what departments may ask of communities, what they do ask, and how much that is.

domain.py       one admission and its states        decisions.py        what may be done with it
force.py        which admission holds where, now    demand.py           the rules of one demand
handlers.py     every command on admissions         demands.py          every command on demands
doors.py        /api/v1/admissions                demand_doors.py     /api/v1/demands
ledger.py       what is booked of a month         outside.py          what was asked by another way
burden.py       the meter, and a look ahead       burden_doors.py     /api/v1/burdens, /api/v1/demands/outside
projections.py  both registers and the burden       queries.py          what is asked of them
"""
