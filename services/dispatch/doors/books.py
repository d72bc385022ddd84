"""The doors of lists: the work list, and the rulebook."""

from __future__ import annotations

from services.dispatch.doors.base import CASES, CaseDoors
from services.dispatch.queries import labels, matrix, policies
from services.dispatch.queries import rulebook as rulebook_queries
from services.dispatch.queries.work_list import Wanted, work_list
from services.dispatch.schemas.lists import (
    CalendarAnswer,
    DepartmentsAnswer,
    ExplainAnswer,
    ExplainQuery,
    IssueTypesAnswer,
    ResponsibilitiesAnswer,
    WorkListAnswer,
    WorkListQuery,
)
from services.dispatch.schemas.pool import LabelSetsAnswer
from services.dispatch.schemas.rules import MatrixAnswer, MatrixQuery, PoliciesAnswer, PolicyAnswer
from shared.web.call import ANYONE, SIGNED_IN, Call, Reply
from shared.web.door import door


class BookDoors(CaseDoors):
    """What DispatchService inherits."""

    @door("GET", CASES, summary="The work list", query=WorkListQuery, answer=WorkListAnswer, roles=SIGNED_IN)
    def work_list(self, call: Call) -> Reply:
        """Cases that wait for somebody, nearest due time first; a department sees its own."""
        asked = call.query
        wanted = Wanted(
            department=asked["department"],
            states=tuple(asked["state"]),
            area=asked["area"],
            loop=asked["loop"],
            problem=asked["problem"],
            asked=asked["asked"],
            overdue=asked["overdue"],
            after=asked["after"],
            limit=asked["limit"],
        )
        return Reply(work_list(self.rows, call.signed_in, wanted, call.at))

    @door("GET", "/api/v1/departments", summary="Departments", answer=DepartmentsAnswer, roles=ANYONE)
    def departments(self, call: Call) -> Reply:
        """Who handles cases."""
        return Reply(rulebook_queries.departments(self.rulebooks.current(call.at)))

    @door("GET", "/api/v1/issue-types", summary="Issue types", answer=IssueTypesAnswer, roles=ANYONE)
    def issue_types(self, call: Call) -> Reply:
        """Kinds of issues, with the time that each may take."""
        return Reply(rulebook_queries.issue_types(self.rulebooks.current(call.at)))

    @door("GET", "/api/v1/responsibilities", summary="Who does what", answer=ResponsibilitiesAnswer, roles=ANYONE)
    def responsibilities(self, call: Call) -> Reply:
        """The responsibility list 权责清单."""
        return Reply(rulebook_queries.responsibilities(self.rulebooks.current(call.at)))

    @door(
        "GET",
        "/api/v1/responsibilities/explain",
        summary="Why this department?",
        query=ExplainQuery,
        answer=ExplainAnswer,
        roles=ANYONE,
    )
    def explain(self, call: Call) -> Reply:
        """Which line would choose the department for this issue in this place now, and until when."""
        issue_type, area = call.query["issue_type"], call.query["area"]
        return Reply(rulebook_queries.explain(self.rulebooks.current(call.at), issue_type, area, call.at))

    @door(
        "GET",
        "/api/v1/responsibilities/matrix",
        summary="The responsibility matrix",
        query=MatrixQuery,
        answer=MatrixAnswer,
        roles=ANYONE,
    )
    def responsibility_matrix(self, call: Call) -> Reply:
        """权责矩阵: every kind of issue in an area, who leads, helps, is told, by which law; and what is wrong."""
        book = self.rulebooks.current(call.at)
        return Reply(matrix.as_json(book, call.query["area"], call.query["group"]))

    @door("GET", "/api/v1/label-sets", summary="Label sets", answer=LabelSetsAnswer, roles=ANYONE)
    def label_sets(self, call: Call) -> Reply:
        """标签集: other words for the same steps, states and events, and which areas speak by them."""
        return Reply(labels.label_sets(self.rulebooks.current(call.at).labels))

    @door("GET", "/api/v1/policies", summary="Policies", answer=PoliciesAnswer, roles=ANYONE)
    def policies(self, call: Call) -> Reply:
        """规则版本: every edition of the rules that was given a name, and from which day on it holds."""
        book, found = self.rulebooks.current(call.at), self.rulebooks.policies(call.at)
        return Reply(policies.policies(self.rows, found, book, call.at))

    @door("GET", "/api/v1/policies/<string:code>", summary="One policy", answer=PolicyAnswer, roles=ANYONE)
    def policy(self, call: Call) -> Reply:
        """What it rests on, and every line that came with it."""
        book, found = self.rulebooks.current(call.at), self.rulebooks.policies(call.at)
        return Reply(policies.policy(self.rows, found, call.path["code"], book, call.at))

    @door("GET", "/api/v1/calendar", summary="The working calendar", answer=CalendarAnswer, roles=ANYONE)
    def calendar(self, call: Call) -> Reply:
        """Working hours, holidays and swap days 调休 of every published year."""
        return Reply(rulebook_queries.calendar(self.rulebooks.current(call.at)))
