"""A city at work on a running stack: reports come in, staff do their part, everything over HTTP and nothing else.

Calls behave as a careful client does: they carry an Idempotency-Key and are sent again while nobody answers, so a
report may be sent three times and must still be there once.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any

import requests

from shared.kernel.ids import derived_id, new_id
from tests.support.stack import RunningStack, eventually

STREET = "530103.004"
COMMUNITY = "530103.004.001"
LITTER = "E-01-02"
"""暴露垃圾: has a line in the responsibility list that dispatches at once."""


@dataclass(frozen=True)
class Person:
    """Somebody who reports. Nothing of this may ever stand in an event."""

    name: str
    phone: str
    identity: str
    email: str

    @property
    def contact(self) -> dict[str, str]:
        return {"name": self.name, "phone": self.phone, "email": self.email}


XIAOMING = Person("王小明", "13812345678", "530102199003078515", "xiaoming.wang@mail.example")
ALI = Person("阿依古丽", "+86 139-8888-0000", "53010319851224042X", "ayi@mail.example")
PEOPLE = (XIAOMING, ALI)

TOLD: set[str] = {value for person in PEOPLE for value in (person.name, person.phone, person.identity, person.email)}
"""Everything personal that reports of this run have carried: a test at the end looks for it where it must not be."""


@dataclass
class City:
    """The people of the city, each with a token."""

    stack: RunningStack
    district: str = "530103"
    patience: float = 60
    """Seconds for which a call is sent again before the caller gives up."""
    _tokens: dict[tuple[str, str | None], str] = field(default_factory=dict)

    def report(self, title: str = "垃圾桶满了", *, key: str | None = None, **more: Any) -> dict[str, Any]:
        """A resident reports; the receipt."""
        body = {"title": title, "words": f"{title}，请派人来看。", "area": COMMUNITY, "issue_type": LITTER, **more}
        TOLD.update(str(value) for value in (body.get("contact") or {}).values())
        return self.send("POST", "/api/v1/reports", body, key=key)

    def accept(self, report_id: str) -> None:
        """Somebody looks, as is due to what the public says; then the desk accepts."""
        report = f"/api/v1/reports/{report_id}"
        self.send("POST", f"{report}/verification", {}, role="acceptor")
        self.send("POST", f"{report}/verified", {"found": True, "findings": "情况属实。"}, role="grid_worker")
        self.send("POST", f"{report}/accept", {}, role="acceptor")

    def case(self, case_id: str) -> dict[str, Any]:
        """The case as a duty chief sees it; empty while it is not filed yet."""
        answer = self.ask("GET", f"/api/v1/cases/{case_id}", role="duty_chief")
        return answer.json() if answer.status_code == 200 else {}

    def wait_for(self, case_id: str, state: str, seconds: float = 30) -> dict[str, Any]:
        """The case, once it stands in that state."""
        found: dict[str, Any] = {}

        def there() -> bool:
            nonlocal found
            found = self.case(case_id)
            return found.get("state") == state

        assert eventually(there, seconds), f"case {case_id} is {found.get('state')}, not {state}: {found}"
        return found

    def filed(self, title: str = "垃圾桶满了", **more: Any) -> str:
        """A report that was accepted and dispatched by the rule; the case's id."""
        report_id = str(self.report(title, **more)["report_id"])
        self.accept(report_id)
        self.wait_for(report_id, "dispatched")
        return report_id

    def department_of(self, case_id: str) -> str:
        """The lead's."""
        return str(self.case(case_id)["task"]["department"])

    def departments_of(self, case_id: str) -> list[str]:
        """Whose answer the case waits for, the lead first."""
        tasks = self.case(case_id)["tasks"]
        return [str(task["department"]) for task in tasks if task["mandatory"] and task["answer"] is None]

    def sign(self, case_id: str) -> None:
        for department in self.departments_of(case_id):
            self.step(case_id, "sign", {}, "department", department)

    def respond(self, case_id: str, answer: str = "已清运。") -> None:
        for department in self.departments_of(case_id):
            self.step(case_id, "respond", {"answer": answer}, "department", department)

    def give_back(self, case_id: str, whose: str) -> None:
        """It is not the lead's, and a dispatcher agrees."""
        wrong = {"kind": "wrong_department", "reason": "不归我们管", "believed_responsible": whose}
        self.step(case_id, "return", wrong, "department", self.department_of(case_id))
        for asked in self.case(case_id)["requests"]:
            self.step(case_id, f"requests/{asked['request_id']}/approve", {}, "dispatcher")

    def check(self, case_id: str, attempt: int = 1, *, passed: bool = True) -> None:
        """The supervisor looks, as soon as the check was asked for."""
        check_id = derived_id("check", case_id, attempt)
        path = f"/api/v1/checks/{check_id}/{'pass' if passed else 'fail'}"

        def done() -> bool:
            answer = self.ask("POST", path, {"findings": "看过了。"}, role="supervisor", key=f"{check_id}-{passed}")
            assert answer.status_code in (200, 201, 404), answer.text
            return answer.status_code != 404

        assert eventually(done, 30), f"nobody asked for check {attempt} of {case_id}"

    def close(self, case_id: str, closing: int = 1) -> None:
        """Close it as soon as it may be closed; `closing` counts the closings of a case that came back."""

        def done() -> bool:
            answer = self.ask(
                "POST",
                f"/api/v1/cases/{case_id}/close",
                {"answer": "已处理。"},
                role="duty_chief",
                key=f"close-{case_id}-{closing}",
            )
            return answer.status_code == 200

        assert eventually(done, 30), f"case {case_id} could not be closed: {self.case(case_id)}"

    def to_closed(self, title: str = "垃圾桶满了") -> str:
        """One report, all the way to a closed case."""
        case_id = self.filed(title)
        self.sign(case_id)
        self.respond(case_id)
        self.check(case_id)
        self.close(case_id)
        return case_id

    def step(self, case_id: str, action: str, body: dict[str, Any], role: str, department: str | None = None) -> Any:
        path = f"/api/v1/cases/{case_id}/{action}"
        return self.send("POST", path, body, role=role, department=department)

    def send(self, method: str, path: str, body: Any = None, *, key: str | None = None, **who: Any) -> dict[str, Any]:
        """A call that must succeed: sent again, with the same key, while nobody answers."""
        answer = self.ask(method, path, body, key=key or str(new_id()), **who)
        assert answer.status_code < 300, f"{method} {path}: {answer.status_code} {answer.text}"
        return dict(answer.json())

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        role: str | None = None,
        department: str | None = None,
    ) -> requests.Response:
        """A call that may be refused; the answer."""
        headers = {"Idempotency-Key": key} if key else {}
        if role:
            headers["Authorization"] = f"Bearer {self._token(role, department)}"
        deadline = time.monotonic() + self.patience
        while True:
            try:
                answer = requests.request(method, self.stack.url + path, json=body, headers=headers, timeout=15)
            except requests.RequestException:
                answer = None
            if answer is not None and answer.status_code not in (502, 503, 504):
                return answer
            if time.monotonic() > deadline:
                raise AssertionError(f"{method} {path} was not answered for {self.patience:.0f} s")
            time.sleep(0.2)

    def _token(self, role: str, department: str | None) -> str:
        name = (role, department)
        if name not in self._tokens:
            self._tokens[name] = self.stack.token(role, self.district, department, subject=f"{role}-1")
        return self._tokens[name]


class Stream:
    """Reports arriving steadily in the background, each accepted at once, until `stop`."""

    def __init__(self, city: City, per_second: float) -> None:
        self.city, self.pause = city, 1 / per_second
        self.answered: list[str] = []
        """Ids of reports that got a 201."""
        self.accepted: list[str] = []
        self._over = threading.Event()
        self._errors: list[BaseException] = []
        self._threads = [threading.Thread(target=self._work, args=(number,)) for number in range(3)]

    def __enter__(self) -> Stream:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """No more reports; those under way are finished."""
        self._over.set()
        for thread in self._threads:
            thread.join()
        if self._errors:
            raise self._errors[0]

    def _work(self, number: int) -> None:
        try:
            while not self._over.is_set():
                receipt = self.city.report(f"第 {number} 路上报 {new_id()}", contact={"phone": "13800001111"})
                self.answered.append(str(receipt["report_id"]))
                self.city.accept(str(receipt["report_id"]))
                self.accepted.append(str(receipt["report_id"]))
                time.sleep(self.pause * len(self._threads))
        except BaseException as error:  # noqa: BLE001  # raised again in the test's own thread
            self._errors.append(error)
