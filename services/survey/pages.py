"""Survey's pages: the reporter's question 评价, and the assessment 考核 with the cases behind every number."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from services.survey import handlers
from services.survey.domain.feedback import Verdict
from services.survey.domain.indicators import INDICATORS, indicator
from services.survey.domain.scores import jinniu
from services.survey.doors.figures import DAYS, READERS
from services.survey.page_schemas import AssessmentQuery, BehindQuery, FlagsQuery, QuestionForm, QuestionQuery
from services.survey.queries import feedback as questions
from services.survey.queries import flags as flag_queries
from services.survey.queries.figures import Wanted, called, cases_behind, figures, narrowed, window
from services.survey.room import PAGES, Room
from shared.contracts.envelope import Actor
from shared.contracts.feedback import Satisfaction
from shared.kernel.errors import Invalid, Refused
from shared.pages import exports
from shared.pages.formats import local
from shared.pages.page import page, to
from shared.ports import Rows
from shared.web.call import ANYONE, Call, Reply

FLAG_READERS = ("supervisor", "duty_chief", "leader", "operator", "department")
_PAGE = 50
_HEADER = ("组", "名称", "指标", "代码", "分子", "分母", "比率", "公式")


class SurveyPages(Room):
    """评价、考核、疑点."""

    @page("GET", "/feedback/<uuid:feedback_id>", summary="Feedback", query=QuestionQuery, roles=ANYONE)
    def question_page(self, call: Call) -> Reply:
        """What the holder of the link is asked, about which case, and how it was answered."""
        feedback_id, token = call.path["feedback_id"], call.query["token"]
        handlers.require_link(self.settings.link_key, feedback_id, token)
        return self._asked(call, token, QuestionForm().load({"token": token}))

    @page("POST", "/feedback/<uuid:feedback_id>", summary="Give feedback", body=QuestionForm, roles=ANYONE)
    def answer_page(self, call: Call) -> Reply:
        """Once; whoever is not content may have it handled again, and says why."""
        feedback_id, said = call.path["feedback_id"], call.body
        handlers.require_link(self.settings.link_key, feedback_id, said["token"])
        missing = [name for name in ("resolved", "satisfaction") if not said[name]]
        if missing:
            return self._asked(call, said["token"], said, missing=missing)
        verdict = Verdict(
            resolved=said["resolved"] == "yes",
            satisfaction=Satisfaction(said["satisfaction"]),
            words=said["words"],
            wants_reopening=said["again"] == "yes",
        )
        cause = call.cause(Actor(f"feedback:{feedback_id}", "resident"))
        try:
            handlers.answer(self.log, self.settings.link_key, feedback_id, said["token"], verdict, cause)
        except (Invalid, Refused) as error:
            return self._asked(call, said["token"], said, wrong=str(error))
        return to(f"/feedback/{feedback_id}?{urlencode({'token': said['token']})}")

    def _asked(
        self, call: Call, token: str, said: dict[str, Any], *, missing: list[str] | None = None, wrong: str = ""
    ) -> Reply:
        found = questions.question(self.log, call.path["feedback_id"], call.at)
        status = 400 if missing or wrong else 200
        return PAGES.render(
            call, "feedback.html", status=status, token=token, said=said, missing=missing or [], wrong=wrong, **found
        )

    @page("GET", "/assessment", summary="Assessment", query=AssessmentQuery, roles=READERS)
    def assessment_page(self, call: Call) -> Reply:
        """考核: every indicator by street, department, grid … ; each number opens the cases that it counts."""
        shown, (first, last) = self._figures(call)
        chosen = [found for found in INDICATORS if call.query["role"] in (None, found.role)]
        return PAGES.render(
            call,
            "assessment.html",
            asked=call.query,
            first=first,
            last=last,
            indicators=chosen,
            found=shown,
            address_of=lambda **more: _address("/assessment", call.query, first, last, **more),
            behind=lambda **more: _address("/assessment/cases", call.query, first, last, **more),
            today=_today(call),
        )

    @page("GET", "/assessment/export", summary="The same numbers as a workbook", query=AssessmentQuery, roles=READERS)
    def assessment_export(self, call: Call) -> Reply:
        """XLSX: the same figures, with numerator and denominator beside each rate."""
        shown, (first, last) = self._figures(call)
        name = f"wuji-figures-{first.isoformat()}-{last.isoformat()}.xlsx"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        title = f"{first.isoformat()} {last.isoformat()}"
        return Reply(exports.as_xlsx(title, _HEADER, _lines(shown)), headers=headers, media=exports.XLSX)

    @page("GET", "/assessment/cases", summary="The cases behind a number", query=BehindQuery, roles=READERS)
    def assessment_cases(self, call: Call) -> Reply:
        """Exactly those that the number counts."""
        asked = call.query
        wanted, (first, last) = _wanted(call)
        found = indicator(asked["indicator"])
        behind = cases_behind(self.rows, wanted, found, asked["part"], asked["key"], asked["after"], _PAGE)
        older = None
        if behind["next_after"]:
            more = {"indicator": found.code, "part": asked["part"].value, "key": asked["key"]}
            older = _address("/assessment/cases", asked, first, last, **more, after=behind["next_after"])
        return PAGES.render(
            call,
            "assessment_cases.html",
            asked=asked,
            first=first,
            last=last,
            indicator=found,
            found=behind,
            named=_named(self.rows, behind["cases"]),
            older=older,
            back=_address("/assessment", asked, first, last),
        )

    @page("GET", "/flags", summary="What looks odd", query=FlagsQuery, roles=FLAG_READERS)
    def flags_page(self, call: Call) -> Reply:
        """疑点: facts beside cases, to be looked at by somebody."""
        asked = call.query
        wanted = flag_queries.Wanted(
            suspicion=asked["suspicion"], settled=asked["settled"], after=asked["after"], limit=_PAGE
        )
        found = flag_queries.flag_list(self.rows, call.signed_in, wanted)
        return PAGES.render(call, "flags.html", asked=asked, found=found, named=_named(self.rows, found["flags"]))

    def _figures(self, call: Call) -> tuple[dict[str, Any], tuple[date, date]]:
        wanted, days = _wanted(call)
        found = figures(self.rows, wanted)
        for group in found["groups"]:
            group["by_code"] = {figure["indicator"]: figure for figure in group["figures"]}
            group["score"] = jinniu({code: figure["ratio"] for code, figure in group["by_code"].items()})
        return found, days


def _wanted(call: Call) -> tuple[Wanted, tuple[date, date]]:
    asked = call.query
    last: date = asked["last_day"] or _today(call) - timedelta(days=1)
    first: date = asked["first_day"] or last - timedelta(days=DAYS - 1)
    since, until = window(first, last)
    area, department = narrowed(asked["area"], None, call.signed_in)
    wanted = Wanted(
        since=since, until=until, at=call.at, area=area, by=asked["by"], department=department, role=asked["role"]
    )
    return wanted, (first, last)


def _today(call: Call) -> date:
    return local(call.at).date()


def _named(rows: Rows, shown: list[dict[str, Any]]) -> dict[str, str]:
    """What the places and departments of a table are called."""
    return called(rows, (code for one in shown for code in (str(one["area"]), one["department"])))


def _address(path: str, asked: dict[str, Any], first: date, last: date, **more: Any) -> str:
    """The same page looked at otherwise."""
    values = {
        "area": asked["area"] and asked["area"].path,
        "first_day": first.isoformat(),
        "last_day": last.isoformat(),
        "by": asked["by"].value,
        "role": asked["role"],
        **more,
    }
    return f"{path}?{urlencode({name: value for name, value in values.items() if value is not None})}"


def _lines(found: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """One line per figure, with what it is made of and how."""
    for group in found["groups"]:
        for figure in group["figures"]:
            named = indicator(figure["indicator"])
            numbers = (figure["numerator"], figure["denominator"], figure["ratio"])
            yield (group["key"], group["name"], named.name.zh, named.code, *numbers, named.formula.zh)
