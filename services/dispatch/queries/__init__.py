"""Question → answer.

case.py       one case as it stands, with what the asker may do to it
work_list.py  the cases that wait for somebody, nearest due time first
rulebook.py   departments, issue types, the responsibility list explained, the calendar
"""
