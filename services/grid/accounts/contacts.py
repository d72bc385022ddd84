"""Where the holder of an account is reached: sealed like a resident's contact, in no event, and handed to notify alone.

Each change has a key of its own; taking a contact away takes its key.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from services.grid.accounts import domain, handlers
from shared.handling import Cause, amend
from shared.kernel.errors import NotFound
from shared.kernel.ids import new_id
from shared.kernel.wording import Wording
from shared.ports import Appended, Companion, EventLog, Rows
from shared.security.sealing import Sealer

_KEEP = """
INSERT INTO grid.account_contacts (account, box, wrapped_key, contact, changed_at) VALUES %s
ON CONFLICT (account) DO UPDATE
SET box = excluded.box, wrapped_key = excluded.wrapped_key, contact = excluded.contact, changed_at = excluded.changed_at
"""


def change(log: EventLog, sealer: Sealer, account: str, contact: Mapping[str, str], cause: Cause) -> Appended:
    """They are reached by these from now on, `mail` and `phone`; by nothing when there is none. Raises NotFound."""
    if handlers.load(log, account) is None:
        raise NotFound(str(Wording(f"没有账号 {account}", f"there is no account {account}")), where="account")
    return amend(
        log,
        handlers.stream(account),
        domain.evolve,
        lambda found: domain.change_contact(found, contact),
        cause,
        companions=(_kept(sealer, account, contact, cause.at),),
    )


def _kept(sealer: Sealer, account: str, contact: Mapping[str, str], at: datetime) -> Companion:
    box_id = new_id()
    box = sealer.new_box(box_id)
    sealed = (box.wrapped_key, box.seal("contact", contact)) if contact else (None, None)
    return Companion(_KEEP, (account, str(box_id), *sealed, at))


def is_reached(rows: Rows, account: str) -> bool:
    """Whether they left a number or a mailbox."""
    kept = "SELECT 1 FROM grid.account_contacts WHERE account = %s AND wrapped_key IS NOT NULL"
    return bool(rows.query(kept, [account]))
