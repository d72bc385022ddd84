"""Remedies 整治: hidden dangers 隐患, and the roots of what keeps coming back 源头治理, until they are put right.

domain.py       one remedy, its states and who may move it     decisions.py    what may be done with it
whereabouts.py  which root cause is that of a place            handlers.py     every command
reactions.py    what comes back opens, joins or reopens one    doors.py        /api/v1/remedies
projections.py  the register, and what came back where         queries.py      what is asked of them
pages.py        /remedies                                      forms.py        the forms of a remedy's page
"""
