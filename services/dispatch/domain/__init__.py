"""The rules of dispatch, without input or output.

case.py            one case: what it is after each event
decisions.py       one function per command: the case and the wish → the events, or a refusal
actions.py         what the asker may do next, found by asking the decisions
responsibility.py  which department leads on an issue, and why
rulebook.py        the reference data together, and what a change to it may be
"""
