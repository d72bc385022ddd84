"""The page of the responsibility matrix 权责矩阵, and the same as a table to take away."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from services.dispatch.domain import matrix
from services.dispatch.domain.rulebook import Rulebook
from services.dispatch.doors.base import Doors
from services.dispatch.queries.matrix import MARKS, as_table, columns
from services.dispatch.queries.places import children, lineage, names
from services.dispatch.room import PAGES, called
from shared.kernel.area import Area
from shared.kernel.errors import NotFound
from shared.kernel.wording import Wording
from shared.pages import exports
from shared.pages.language import of_call
from shared.pages.page import PageQuery, page
from shared.web.call import ANYONE, Call, Reply
from shared.web.fields import AreaField, Text

_MEDIA = {"csv": exports.CSV, "xlsx": exports.XLSX}


class MatrixPageQuery(PageQuery):
    """Which part of the matrix; an empty group is the first one, `all` is all of them."""

    group = Text(longest=40, shortest=0, one_line=True, load_default="")
    area = AreaField(load_default=None)


class RulePages(Doors):
    """What DispatchService inherits."""

    @page("GET", "/responsibilities", summary="Who does what", query=MatrixPageQuery, roles=ANYONE)
    def responsibilities_page(self, call: Call) -> Reply:
        """Kinds of issues down, departments across: who leads, who helps, who is told; what is wrong with it on top."""
        book = self.rulebooks.current(call.at)
        area, groups = _area(call, book), _groups(book)
        group = call.query["group"] or next(iter(groups), "")
        found = matrix.rows(book, area, None if group == "all" else group)
        district = area.district
        return PAGES.render(
            call,
            "responsibilities.html",
            area=area,
            group=group,
            groups=groups,
            places=[*lineage(self.rows, district), *children(self.rows, district)],
            found=found,
            codes=columns(book, found),
            marks=MARKS[of_call(call)],
            troubles=matrix.troubles(book, area),
            said=book.said,
            names=called(book, of_call(call)),
            where=names(self.rows, (row.line.area for row in found if row.line)),
            export=lambda kind: f"/responsibilities/export/{kind}?{urlencode({'group': group, 'area': area.path})}",
        )

    @page(
        "GET",
        "/responsibilities/export/<kind>",
        summary="The matrix to take away",
        query=MatrixPageQuery,
        media=exports.CSV,
        roles=ANYONE,
    )
    def responsibilities_export(self, call: Call) -> Reply:
        """`csv` or `xlsx`: what the page shows, one column for each department."""
        kind: str = call.path["kind"]
        if kind not in _MEDIA:
            raise NotFound(str(Wording("只有 csv 和 xlsx", "there is csv and xlsx")))
        book, language = self.rulebooks.current(call.at), of_call(call)
        group = call.query["group"]
        found = matrix.rows(book, _area(call, book), None if group in ("", "all") else group)
        header, lines = as_table(book, found, language)
        title = "权责矩阵" if language == "zh" else "responsibilities"
        body = exports.as_xlsx(title, header, lines) if kind == "xlsx" else exports.as_csv(header, lines)
        disposition = f"attachment; filename=\"responsibilities.{kind}\"; filename*=UTF-8''{quote(title)}.{kind}"
        return Reply(body, media=_MEDIA[kind], headers={"Content-Disposition": disposition})


def _area(call: Call, book: Rulebook) -> Area:
    """The area asked for, else the district that the list is about."""
    asked: Area | None = call.query["area"]
    lines: Any = book.lines.values()
    return asked or min((Area(line.area).district for line in lines), key=str, default=Area("530103"))


def _groups(book: Rulebook) -> dict[str, str]:
    """`E-01` → what the group is called, by code."""
    kinds = sorted(book.issue_types.values(), key=lambda kind: kind.code)
    return {kind.code.rpartition("-")[0]: kind.group for kind in kinds}
