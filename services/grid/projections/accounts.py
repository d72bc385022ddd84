"""Who may sign in, as operators list it; and what departments and kinds of issue are called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from shared.contracts.account import AccountAssigned, AccountCreated, AccountDisabled, AccountEnabled
from shared.contracts.rulebook import DepartmentRegistered, IssueTypeDefined
from shared.projections import Batch, Cursor, Projection, tables_of, upsert

_HERE = str(Path(__file__).parent)


AccountEvent = AccountCreated | AccountAssigned | AccountDisabled | AccountEnabled


def _apply_accounts(batch: Batch, cursor: Cursor) -> None:
    for recorded in batch.events:
        event: AccountEvent = recorded.event
        match event:
            case AccountCreated():
                row: dict[str, Any] = {"account": event.account, "role": event.role, "area": event.area}
                row |= {"department": event.department, "enabled": True, "created_at": recorded.occurred_at}
                upsert(cursor, "accounts", ("account",), [row])
            case AccountAssigned():
                cursor.execute(
                    "UPDATE accounts SET role = %s, area = %s, department = %s WHERE account = %s",
                    [event.role, event.area, event.department, event.account],
                )
            case AccountDisabled() | AccountEnabled():
                is_enabled = isinstance(event, AccountEnabled)
                cursor.execute("UPDATE accounts SET enabled = %s WHERE account = %s", [is_enabled, event.account])


def _apply_names(batch: Batch, cursor: Cursor) -> None:
    found = {}
    for recorded in batch.events:
        event: DepartmentRegistered | IssueTypeDefined = recorded.event
        kind = "department" if isinstance(event, DepartmentRegistered) else "issue_type"
        found[kind, event.code] = {"kind": kind, "code": event.code, "zh": event.name, "en": event.name_en}
    upsert(cursor, "names", ("kind", "code"), list(found.values()))


ACCOUNTS = Projection(
    name="accounts",
    service="grid",
    tables=tables_of(_HERE, "accounts"),
    handles=frozenset({"account.created", "account.assigned", "account.disabled", "account.enabled"}),
    apply=_apply_accounts,
)
NAMES = Projection(
    name="names",
    service="grid",
    tables=tables_of(_HERE, "names"),
    handles=frozenset({"department.registered", "issue_type.defined"}),
    apply=_apply_names,
)
