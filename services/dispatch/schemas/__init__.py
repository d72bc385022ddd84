"""What dispatch's doors take and give, as HTTP bodies.

words.py   fields that come again
bodies.py  what comes in at the doors of one case
case.py    one case as it goes out
lists.py   the work list and the rulebook
"""
