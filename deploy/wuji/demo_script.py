"""The demonstration: hand-written reports come in over HTTP, and the people of the city drive them round the loop.

Everything goes through nginx like anybody's calls, with Idempotency-Keys made from the report's key and the step: run
again, it finds everything done. Reactions (filing, dispatching, asking for a check, inviting feedback) are the
platform's own; the script only waits for them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import Any

from deploy.reference.demo import DemoReport, demo_reports
from deploy.wuji import demo_remedies
from deploy.wuji.demo_calls import Calls, Tokens
from shared.kernel.clock import utc_now
from shared.kernel.ids import derived_id
from shared.pages.formats import local

AT_ONCE = 6
"""Reports worked on at the same time."""

Progress = Callable[[int, int, str], None]
"""Hears how many reports are where they are to be, of how many, and the last one's title."""

_STAFF_SOURCES = ("grid_worker", "hotline", "window")
LOOKED_AT = ("resident", "media")
"""Sources of which every report is looked at before it is accepted."""


@dataclass
class BroughtIn:
    """What the script did: tracking numbers by the report's key, and how many reports ended in which story."""

    numbers: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    """Tracking secrets by the report's key, as the reporters were told them."""
    stories: Counter[str] = field(default_factory=Counter)


def bring_in(
    api_base_url: str,
    tokens: Tokens,
    progress: Progress = lambda *_: None,
    reports: Sequence[DemoReport] | None = None,
) -> BroughtIn:
    """Submit every report and drive each as far as its story says. Raises Unavailable naming the call that failed.

    `tokens(role, department)` makes a bearer token for the whole district.
    """
    calls = Calls(api_base_url, tokens)
    found = tuple(reports if reports is not None else demo_reports())
    done = BroughtIn()
    with ThreadPoolExecutor(AT_ONCE, "demo") as pool:
        receipts = dict(
            zip([report.key for report in found], pool.map(lambda one: submit(calls, one), found), strict=True)
        )
        ids = {key: str(receipt["report_id"]) for key, receipt in receipts.items()}
        done.numbers = {key: str(receipt["number"]) for key, receipt in receipts.items()}
        done.secrets = {key: str(receipt["secret"]) for key, receipt in receipts.items()}
        # Duplicates are merged while the report that they repeat is still open.
        first = [report for report in found if report.merged_into is not None]
        rest = [report for report in found if report.merged_into is None]
        for part in (first, rest):
            works = {pool.submit(tell_story, calls, report, ids): report for report in part}
            for work in as_completed(works):
                work.result()
                done.stories[works[work].story.partition(":")[0]] += 1
                progress(done.stories.total(), len(found), works[work].title)
    demo_remedies.bring_in(calls, local(utc_now()).date())
    return done


def submit(calls: Calls, report: DemoReport) -> dict[str, Any]:
    """The report, through the door of its source; residents leave an address that reaches nobody."""
    body: dict[str, Any] = {
        "title": report.title,
        "words": report.words,
        "issue_type": report.issue_type,
        "area": report.area,
        "place": report.place,
        "point": report.point,
    }
    if report.source != "grid_worker":
        body["contact"] = {"email": f"{report.key}@residents.invalid"}
    role = report.source if report.source in _STAFF_SOURCES else None
    return calls.post("/api/v1/reports", body, f"{report.key}:submit", role)


def tell_story(calls: Calls, report: DemoReport, ids: dict[str, str]) -> None:
    """Everything that happens to one report."""
    Story(calls, report.key, ids[report.key]).tell(report, ids)


@dataclass
class Story:
    """One report or case on its way; every method is what one person does."""

    calls: Calls
    key: str
    case_id: str

    def tell(self, report: DemoReport, ids: dict[str, str]) -> None:
        if report.merged_into is not None:
            self.report("merge", {"into": ids[report.merged_into]})
            return
        match report.story:
            case "submitted":
                return
            case "rejected":
                self.report("reject", {"reason_code": "not_municipal"})
            case "verify_wait":
                self.report("verification", {})
            case _:
                self.accept(look_first=report.story == "verified" or report.source in LOOKED_AT)
                self.handle(report.story)

    def accept(self, *, look_first: bool) -> None:
        if look_first:
            self.report("verification", {})
            self.report("verified", {"found": True, "findings": "现场核实，情况属实。"}, "grid_worker")
        self.report("accept", {})

    def handle(self, story: str) -> None:
        """From accepted to where the story ends."""
        if story in ("accepted", "verified"):
            return
        if self.calls.get(f"/api/v1/cases/{self.case_id}", "dispatcher")["closings"]:
            # Told before. A case that was reopened since has no department, and is not to be dispatched by us.
            self.afterwards(story)
            return
        departments = self.dispatched()
        if story == "returned":
            self.give_back(departments[0])
        if story in ("dispatched", "returned"):
            return
        self.sign(1, departments)
        if story in ("signed", "handling"):
            return
        self.respond(1, departments, "已派人到现场处理，照片已上传。")
        if story == "reworked":
            self.check(1, passed=False, findings="现场复核，问题还在。")
            self.sign(2, departments)
            self.respond(2, departments, "重新处理，已彻底整改。")
        if story in ("responded", "checking", "reworked"):
            return
        self.check(1, passed=True, findings="现场复核，已解决。")
        self.case("close", {"answer": "您反映的问题已处理完毕，感谢您的监督。"}, "duty_chief")
        self.afterwards(story)

    def afterwards(self, story: str) -> None:
        """What the reporter says of a closed case, and the archive."""
        match story:
            case "closed_satisfied":
                self.feedback(resolved=True, satisfaction="satisfied", words="处理得很快，谢谢。")
            case "closed_fair":
                self.feedback(resolved=True, satisfaction="fairly_satisfied", words="解决了，就是等得久了点。")
            case "closed_reopen" | "reopened":
                self.feedback(
                    resolved=False, satisfaction="unsatisfied", words="没两天又是老样子。", wants_reopening=True
                )
            case "archived":
                self.case("archive", {}, "duty_chief")
            case _:
                return

    # --- one step each ------------------------------------------------------------------------------------------

    def report(self, action: str, body: dict[str, Any], role: str = "acceptor") -> None:
        self.calls.post(f"/api/v1/reports/{self.case_id}/{action}", body, f"{self.key}:{action}", role)

    def case(
        self, action: str, body: dict[str, Any], role: str, department: str | None = None, again: str = ""
    ) -> None:
        path = f"/api/v1/cases/{self.case_id}/{action}"
        self.calls.post(path, body, f"{self.key}:{action}{again}", role, department)

    def dispatched(self) -> list[str]:
        """The departments that have the case, the lead first. Where the list only proposes one, the dispatcher takes
        the proposal."""
        path = f"/api/v1/cases/{self.case_id}"
        found = self.calls.get(path, "dispatcher")
        if found.get("task") is None:
            self.case("dispatch", {}, "dispatcher")
            found = self.calls.wait(path, "dispatcher", lambda case: case.get("task") is not None)
        return [str(task["department"]) for task in found["tasks"]]

    def give_back(self, department: str) -> None:
        """退回: it is not theirs, and they say whose it is; the dispatcher agrees, and sends it there. Once."""
        path = f"/api/v1/cases/{self.case_id}"
        if self.calls.get(path, "dispatcher")["dispatches"] > 1:
            return
        wrong = {"kind": "wrong_department", "reason": "公园内的噪声由城管负责。", "believed_responsible": "urban"}
        self.case("return", wrong, "department", department)
        for asked in self.calls.get(path, "dispatcher")["requests"]:
            self.case(f"requests/{asked['request_id']}/approve", {}, "dispatcher")
        self.case("dispatch", {"department": "urban", "reason": "采纳退回意见，由城管处理。"}, "dispatcher", again="2")

    def sign(self, attempt: int, departments: Sequence[str]) -> None:
        for department in departments:
            self.case("sign", {}, "department", department, again=f"{attempt}:{department}")

    def respond(self, attempt: int, departments: Sequence[str], answer: str) -> None:
        """Those who help answer first: the last answer sends the case on."""
        for department in reversed(departments):
            self.case("respond", {"answer": answer}, "department", department, again=f"{attempt}:{department}")

    def check(self, attempt: int, *, passed: bool, findings: str) -> None:
        """任务核查 by the street's supervisor, once the platform has asked for it."""
        check_id = derived_id("check", self.case_id, attempt)
        action = "pass" if passed else "fail"
        path = f"/api/v1/checks/{check_id}/{action}"
        self.calls.post(path, {"findings": findings}, f"{self.key}:check{attempt}", "supervisor")

    def feedback(self, **said: Any) -> None:
        """The reporter follows the link of the message that notify sent, and answers once."""
        path = f"/api/v1/outbox?about={self.case_id}"
        found = self.calls.wait(path, "operator", lambda answer: _link(answer) is not None)
        feedback_id, token = (_link(found) or "?token=").split("?token=")
        self.calls.post(f"/api/v1/feedback/{feedback_id}", {"token": token, **said}, f"{self.key}:feedback")


def _link(answer: dict[str, Any]) -> str | None:
    """`<feedback id>?token=<token>` out of a message to the reporter."""
    for message in answer.get("messages", ()):
        _, found, rest = str(message.get("body", "")).partition("/feedback/")
        if found:
            return rest.split()[0].rstrip("。.,，）)")
    return None
