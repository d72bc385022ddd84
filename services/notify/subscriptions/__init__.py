"""Subscriptions 订阅: what a department wants to hear, as a resource with a place in the log.

domain.py     the rules of one subscription          matching.py   which events a filter wants
handlers.py   create, pause, resume, move, delete    facts.py      what an event does not repeat about its case
doors.py      /api/v1/subscriptions                  secrets.py    passwords and tokens that are never stored
directory.py  all subscriptions, for the courier     places.py     where each one is in the log
trial.py      test events, asked for by those who try a program
"""
