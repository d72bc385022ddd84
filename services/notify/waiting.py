"""Notices that waited until somebody is there: found when their time has come, and sent like any other.

Any number of processes may look. What fails is tried again at the next look, and appended as failed after some tries.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from services.notify import delivery
from services.notify.delivery import Post
from shared.kernel.errors import Unavailable, WujiError
from shared.telemetry.logs import logger

AT_ONCE = 100
"""Letters sent in one turn; the next turn goes on."""
TRIES = 10
_DUE = """
SELECT n.notice_id, (SELECT count(*) FROM notify.deliveries d WHERE d.notice_id = n.notice_id) AS tried
FROM notices n WHERE n.state = 'requested' AND n.not_before <= %(now)s
ORDER BY n.not_before, n.notice_id LIMIT %(limit)s
"""


def send_due(post: Post, now: datetime) -> int:
    """Send what waited until now; how many letters that were. Raises Unavailable without a database."""
    found = post.rows.query(_DUE, {"now": now, "limit": AT_ONCE})
    return sum(_send(post, row["notice_id"], is_last_try=row["tried"] + 1 >= TRIES) for row in found)


def _send(post: Post, notice_id: UUID, *, is_last_try: bool) -> bool:
    requested = post.log.stream(f"notice-{notice_id}")[0]
    try:
        delivery.deliver(requested, post, is_last_try=is_last_try)
    except Unavailable as error:
        logger("notify").warning("waiting_notice_not_sent", notice_id=str(notice_id), error=str(error))
        return False
    except WujiError as error:
        # It is appended as failed, and an operator sees it in the list of notices.
        logger("notify").error("waiting_notice_failed", notice_id=str(notice_id), error=str(error))
        return False
    return True
