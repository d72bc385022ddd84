"""A department's program 示范:环卫: signs each case that is given to it, handles it, and answers. Only SDK and HTTP.

It keeps work orders in SQLite. What it hears, and what it does about it, are in one transaction with the event's id;
what it tells the platform carries an Idempotency-Key made of the event, so that saying it twice says it once.

Beside the SDK's variables it needs DEPARTMENT_TOKEN (or DEPARTMENT_TOKEN_FILE), a token of the role `department` for
the commands, and takes DEPARTMENT (sanitation), DEPARTMENT_DATABASE (sanitation.db) and DEPARTMENT_SECONDS, the time
that handling takes.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import urllib.error
import urllib.request
from datetime import UTC, datetime
from typing import Any

from wuji_events import Event, Park, Retry, Subscriber, inbox, settings

TABLE = """
CREATE TABLE IF NOT EXISTS work_orders (
    task_id text PRIMARY KEY, case_id text NOT NULL, area text NOT NULL, due_at text
)
"""


class Department:
    """One department's work orders, and its voice at the platform."""

    def __init__(self, code: str, database: str, api: str, token: str, seconds: float) -> None:
        self.code, self.api, self.token, self.seconds = code, api.rstrip("/"), token, seconds
        self.orders = sqlite3.connect(database, check_same_thread=False)
        inbox.prepare(self.orders)
        self.orders.execute(TABLE)
        self.orders.commit()

    def take_on(self, event: Event) -> None:
        """派遣、协办 → 签收: a new work order, as the lead or as a helper; then the platform hears that we have it."""
        if event.data["department"] != self.code or event.test:
            return
        values = (event.data["task_id"], event.data["case_id"], event.area, event.data.get("due_at"))
        with self.orders:
            if inbox.once(self.orders, event.id):
                self.orders.execute(
                    "INSERT INTO work_orders (task_id, case_id, area, due_at) VALUES (?, ?, ?, ?)", values
                )
        self.tell(f"/api/v1/cases/{event.data['case_id']}/sign", {}, event)

    def take_back(self, event: Event) -> None:
        """撤回派遣: it was never ours. Should we have signed meanwhile, the platform would not have taken it back."""
        with self.orders:
            if inbox.once(self.orders, event.id):
                self.orders.execute("DELETE FROM work_orders WHERE case_id = ?", (event.data["case_id"],))

    def again(self, event: Event) -> None:
        """返工 → 签收: the check found that it was not done."""
        if self.has(event.data["case_id"]):
            self.tell(f"/api/v1/cases/{event.data['case_id']}/sign", {}, event)

    def work(self, event: Event) -> None:
        """签收 → 答复: the crew needs its time; until then the event waits, and with it only this case."""
        if not self.has(event.data["case_id"]) or event.data["department"] != self.code:
            return
        remaining = self.seconds - (datetime.now(UTC) - event.time).total_seconds()
        if remaining > 0:
            raise Retry("the crew is at work", after=remaining)
        answer = {"answer": "环卫作业队已到场清理完毕,现场照片已留存。"}
        self.tell(f"/api/v1/cases/{event.data['case_id']}/respond", answer, event)

    def has(self, case_id: str) -> bool:
        """Whether the case was ever given to us."""
        found = self.orders.execute("SELECT 1 FROM work_orders WHERE case_id = ?", (case_id,)).fetchone()
        return found is not None

    def tell(self, path: str, body: dict[str, Any], event: Event) -> None:
        """One command. What the platform cannot take now is tried again; what it refuses waits for a person."""
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "Idempotency-Key": f"answer-to-{event.id}",
        }
        request = urllib.request.Request(self.api + path, json.dumps(body).encode(), headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=30):
                return
        except urllib.error.HTTPError as error:
            said = error.read(2000).decode(errors="replace")
            if error.code in (404, 429) or error.code >= 500:
                raise Retry(f"{error.code} {said}") from error
            if error.code == 409:
                # Somebody did it by hand, or took the task away: then there is nothing left for us to do.
                print(f"{path}: the platform refuses, and keeps what it has: {said}", file=sys.stderr)
                return
            raise Park(f"{error.code} {said}") from error
        except OSError as error:
            raise Retry(str(error)) from error


def main() -> int:
    """Until it is told to stop."""
    department = Department(
        os.environ.get("DEPARTMENT", "sanitation"),
        os.environ.get("DEPARTMENT_DATABASE", "sanitation.db"),
        settings.need("WUJI_EVENTS_API"),
        settings.need("DEPARTMENT_TOKEN"),
        float(os.environ.get("DEPARTMENT_SECONDS", "5")),
    )
    subscriber = Subscriber.from_env()
    subscriber.on("case.dispatched")(department.take_on)
    subscriber.on("task.added")(department.take_on)
    subscriber.on("case.dispatch_recalled")(department.take_back)
    subscriber.on("case.rework_ordered")(department.again)
    subscriber.on("task.signed")(department.work)
    return subscriber.run()


if __name__ == "__main__":
    sys.exit(main())
