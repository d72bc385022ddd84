"""One function per command: load the case, ask whether this asker may, decide, append.

common.py    what they share
road.py      dispatch and take it back, sign, start, complete a stage, respond, close, reopen, archive
requests.py  what departments ask for, and who decides
moves.py     more departments, other loops, other cases, other authorities
pool.py      the open pool, and how much one volunteer may have in hand
disputes.py  disputes about whose a case is, and whistles
"""

from services.dispatch.handlers.common import (
    Rulebooks,
    area_of,
    asked_until,
    case_stream,
    change,
    dispatched_at,
    on_case,
    sample_for,
)
from services.dispatch.handlers.moves import (
    PartWish,
    add_task,
    lower_level,
    merge,
    raise_level,
    receipt,
    reject,
    split,
    transfer_out,
    unmerge,
    withdraw_task,
)
from services.dispatch.handlers.requests import approve, ask_extension, ask_return, ask_suspension, refuse, resume
from services.dispatch.handlers.road import (
    archive,
    close,
    complete_stage,
    dispatch,
    recall,
    reopen,
    respond,
    sign,
    start,
)

__all__ = [
    "PartWish",
    "Rulebooks",
    "add_task",
    "approve",
    "archive",
    "area_of",
    "ask_extension",
    "ask_return",
    "ask_suspension",
    "asked_until",
    "case_stream",
    "change",
    "close",
    "complete_stage",
    "dispatch",
    "dispatched_at",
    "lower_level",
    "merge",
    "on_case",
    "raise_level",
    "recall",
    "receipt",
    "refuse",
    "reject",
    "reopen",
    "respond",
    "resume",
    "sample_for",
    "sign",
    "split",
    "start",
    "transfer_out",
    "unmerge",
    "withdraw_task",
]
