"""One function per command: load the case, ask whether this asker may, decide, append.

common.py    what they share
road.py      dispatch, sign, respond, close, reopen, archive
requests.py  what departments ask for, and who decides
"""

from services.dispatch.handlers.common import Rulebooks, area_of, case_stream, change, on_case
from services.dispatch.handlers.requests import approve, ask_return, refuse
from services.dispatch.handlers.road import archive, close, dispatch, reopen, respond, sign

__all__ = [
    "Rulebooks",
    "approve",
    "archive",
    "area_of",
    "ask_return",
    "case_stream",
    "change",
    "close",
    "dispatch",
    "on_case",
    "refuse",
    "reopen",
    "respond",
    "sign",
]
