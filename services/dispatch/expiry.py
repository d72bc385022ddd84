"""What ends by the clock alone: admissions whose period is over, and claims that nobody answered.

Both are over when their instant has come, whoever notices. This is what a process calls that goes round and notices.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from services.dispatch.admissions import force
from services.dispatch.handlers import pool
from shared.ports import EventLog, Rows

AT_ONCE = 200

_ADMISSIONS = """
SELECT admission_id AS id FROM admissions
WHERE state IN ('approved', 'suspended') AND valid_until <= %(at)s ORDER BY valid_until LIMIT %(most)s
"""
_CLAIMS = """
SELECT case_id AS id FROM pool
WHERE is_pooled AND claim_id IS NOT NULL AND expires_at <= %(at)s
  AND EXISTS (SELECT 1 FROM cases c WHERE c.case_id = pool.case_id AND c.state = 'handling')
ORDER BY expires_at LIMIT %(most)s
"""


def say_what_is_over(log: EventLog, rows: Rows, at: datetime, most: int = AT_ONCE) -> int:
    """Append the expiries that time has made true, so many of each kind at most; how many there were to say.

    The tables only say where to look: each one's own stream decides, so that several may do this at once, and a table
    that is behind says nothing twice.
    """
    asked = {"at": at, "most": most}
    said = sum(force.say_expired(log, force.load(log, _id(row)), at) for row in rows.query(_ADMISSIONS, asked))
    return said + sum(pool.say_expired(log, _id(row), at) for row in rows.query(_CLAIMS, asked))


def _id(row: dict[str, object]) -> UUID:
    return UUID(str(row["id"]))
