"""Every figure of urban-management practice, as two questions to the rows that are counted.

An indicator is a numerator and a denominator, both conditions on one kind of row, in a window over one of its
instants. The denominators are pinned here and nowhere else: 应处置数 and 应结案数 are what is *due* in the window,
without what stands suspended, never what was reported or filed in it. Formulas: GB/T 30428.4 practice as Jinniu,
Jinhua and Tianmen publish it, GB/T 33358 for the three rates of hotlines.

A condition is SQL over one row of `counted`; `%(at)s` is the instant for which the figure holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from services.survey.domain.counted import Kind
from shared.kernel.errors import NotFound
from shared.kernel.wording import Wording


class Window(StrEnum):
    """The instant of a row that has to lie in the window."""

    OPENED = "opened_at"
    DUE = "due_at"
    DONE = "done_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One figure. Without a denominator it is a count."""

    code: str
    name: Wording
    formula: Wording
    kind: Kind
    window: Window
    numerator: str
    denominator: str | None = None
    weight: str = "1"
    """What each row of the numerator adds: 1, or the name of a column."""
    role: str | None = None
    """Whose work it tells of, for the tables per role."""

    @property
    def is_rate(self) -> bool:
        return self.denominator is not None


_DUE = "outcome IN ('open', 'done') AND NOT is_suspended"
_DONE = "outcome = 'done'"
_IN_TIME = "outcome = 'done' AND on_time"
_RED = "outcome = 'open' AND NOT is_suspended AND due_at <= %(at)s"
_LATER_OPEN = (
    "outcome = 'open' OR outcome IN ('accepted', 'self_handled') AND NOT EXISTS ("
    "SELECT FROM counted later WHERE later.kind = 'case' AND later.ref = counted.ref"
    " AND {holds} AND later.outcome IN ('done', 'rejected', 'merged'))"
)


def _report(code: str, zh: str, en: str, formula: str, numerator: str, denominator: str | None = None) -> Indicator:
    return _one(code, zh, en, formula, Kind.REPORT, Window.OPENED, numerator, denominator, role="grid_worker")


def _clock(code: str, zh: str, en: str, formula: str, stage: str, role: str) -> Indicator:
    due, done = f"stage = '{stage}' AND {_DUE}", f"stage = '{stage}' AND {_IN_TIME}"
    return _one(code, zh, en, formula, Kind.CLOCK, Window.DUE, done, due, role=role)


def _one(  # noqa: PLR0913  # a line of a table
    code: str,
    zh: str,
    en: str,
    formula: str,
    kind: Kind,
    window: Window,
    numerator: str,
    denominator: str | None = None,
    *,
    role: str | None = None,
    weight: str = "1",
) -> Indicator:
    zh_formula, _, en_formula = formula.partition(" · ")
    return Indicator(
        code=code,
        name=Wording(zh, en),
        formula=Wording(zh_formula, en_formula),
        kind=kind,
        window=window,
        numerator=numerator,
        denominator=denominator,
        role=role,
        weight=weight,
    )


_T, _C, _Q = Kind.TASK, Kind.CASE, Kind.QUESTION
_OPENED, _DUE_AT, _DONE_AT = Window.OPENED, Window.DUE, Window.DONE

INDICATORS: tuple[Indicator, ...] = (
    # --- collecting, verifying, filing
    _report("reported", "上报数", "Reported", "窗口内上报 · reported in the window", "true"),
    _report(
        "valid_reports",
        "有效上报率",
        "Valid reports",
        "有效上报数 ÷ 上报数 · accepted or handled on the spot ÷ reported",
        "outcome IN ('accepted', 'self_handled')",
        "true",
    ),
    _report(
        "refused",
        "不予受理数",
        "Refused",
        "窗口内上报而不予受理 · reported in the window and refused",
        "outcome = 'rejected'",
    ),
    _report(
        "unclosed",
        "未结案率",
        "Not closed",
        "未结案数 ÷ 上报数 · of what was reported, not closed, rejected or merged",
        _LATER_OPEN,
        "true",
    ),
    _clock(
        "accepted_on_time", "按时受理率", "Accepted on time", "按时受理 ÷ 应受理 · of those due", "accept", "acceptor"
    ),
    _clock(
        "verified_on_time",
        "按期核实率",
        "Verified on time",
        "按时核实 ÷ 应核实 · of those due",
        "verify",
        "grid_worker",
    ),
    _clock("filed_on_time", "按时立案率", "Filed on time", "按时立案 ÷ 应立案 · of those due", "file", "duty_chief"),
    _one(
        "filed", "立案数", "Filed", "窗口内立案 · filed in the window", _C, _OPENED, "stage IS NULL", role="duty_chief"
    ),
    _one(
        "filed_rightly",
        "准确立案率",
        "Filed rightly",
        "立案后未作废 ÷ 立案数 · filed and not rejected later ÷ filed",
        _C,
        _OPENED,
        "stage IS NULL AND outcome <> 'rejected'",
        "stage IS NULL",
        role="acceptor",
    ),
    _one(
        "self_handled",
        "自行处置数",
        "Handled on the spot",
        "窗口内就地解决 · handled on the spot in the window",
        _C,
        _OPENED,
        "stage = 'self_handled'",
        role="grid_worker",
    ),
    _one(
        "voided",
        "作废数",
        "Voided",
        "窗口内作废 · filed, then rejected in the window",
        _C,
        _DONE_AT,
        "outcome = 'rejected'",
        role="acceptor",
    ),
    # --- dispatching
    _clock(
        "dispatched_on_time",
        "按期派遣率",
        "Dispatched on time",
        "按期派遣 ÷ 应派遣 · of those due",
        "dispatch",
        "dispatcher",
    ),
    _one(
        "dispatched_rightly",
        "准确派遣率",
        "Dispatched rightly",
        "未因派错而退回 ÷ 派遣数 · not returned as somebody else's ÷ dispatched",
        _T,
        _OPENED,
        "stage = 'lead' AND outcome <> 'wrong_department'",
        "stage = 'lead'",
        role="dispatcher",
    ),
    # --- handling
    _clock("signed_on_time", "按时签收率", "Signed on time", "按时签收 ÷ 应签收 · of those due", "sign", "department"),
    _one(
        "handled",
        "处置率",
        "Handled",
        "处置数 ÷ 应处置数 · handled ÷ due in the window and not suspended",
        _T,
        _DUE_AT,
        _DONE,
        _DUE,
        role="department",
    ),
    _one(
        "handled_on_time",
        "按期处置率",
        "Handled on time",
        "按期处置数 ÷ 应处置数 · by the effective due instant ÷ due",
        _T,
        _DUE_AT,
        _IN_TIME,
        _DUE,
        role="department",
    ),
    _one(
        "overdue",
        "超期待处置率",
        "Overdue",
        "超期未处置数 ÷ 应处置数 · past due and not handled ÷ due",
        _T,
        _DUE_AT,
        _RED,
        _DUE,
        role="department",
    ),
    _one(
        "extended",
        "延期率",
        "Extended",
        "延期数 ÷ 应处置数 · with an approved extension ÷ due",
        _T,
        _DUE_AT,
        f"{_DUE} AND extensions > 0",
        _DUE,
        role="department",
    ),
    _one(
        "returned",
        "回退数",
        "Returned",
        "窗口内同意的退回 · returns agreed to in the window",
        _T,
        _DONE_AT,
        "outcome IN ('wrong_department', 'nothing_to_do')",
        role="department",
    ),
    _one(
        "red_lights",
        "网格红灯",
        "Red lights",
        "窗口内到期而仍未处置 · due in the window, still not handled",
        _T,
        _DUE_AT,
        _RED,
    ),
    _one(
        "at_once",
        "当即办理数",
        "Handled at once",
        "当日办结 · answered on the day on which it was given",
        _T,
        _DONE_AT,
        f"{_DONE} AND (done_at AT TIME ZONE 'Asia/Shanghai')::date = (opened_at AT TIME ZONE 'Asia/Shanghai')::date",
    ),
    # --- checking
    _clock(
        "checked_on_time", "按期核查率", "Checked on time", "按时核查 ÷ 应核查 · of those due", "check", "supervisor"
    ),
    _one(
        "rework",
        "返工率",
        "Sent back",
        "返工案件数 ÷ 应结案数 · cases with a failed check ÷ due to be closed",
        _C,
        _DUE_AT,
        f"{_DUE} AND failed_checks > 0",
        _DUE,
        role="department",
    ),
    _one(
        "failed_checks",
        "返工次数",
        "Failed checks",
        "应结案案件的核查不通过次数 · failed checks of the cases due to be closed",
        _C,
        _DUE_AT,
        f"{_DUE} AND failed_checks > 0",
        weight="failed_checks",
    ),
    # --- closing
    _one(
        "closed",
        "结案率",
        "Closed",
        "结案数 ÷ （应结案数 − 缓办数） · closed ÷ due to be closed and not suspended",
        _C,
        _DUE_AT,
        _DONE,
        _DUE,
        role="duty_chief",
    ),
    _one(
        "closed_on_time",
        "按期结案率",
        "Closed on time",
        "按期结案数 ÷ （应结案数 − 缓办数） · by the due instant ÷ due, not suspended",
        _C,
        _DUE_AT,
        _IN_TIME,
        _DUE,
        role="duty_chief",
    ),
    _one(
        "closed_late",
        "超期结案率",
        "Closed late",
        "超期结案数 ÷ （应结案数 − 缓办数） · closed after the due instant ÷ due",
        _C,
        _DUE_AT,
        f"{_DONE} AND NOT on_time",
        _DUE,
        role="duty_chief",
    ),
    # --- what reporters say
    _one("followed_up", "回访数", "Followed up", "窗口内收到的评价 · answers in the window", _Q, _DONE_AT, "true"),
    _one(
        "responded",
        "响应率",
        "Responded",
        "已签收 ÷ 应签收 · taken on ÷ due to be taken on",
        Kind.CLOCK,
        _DUE_AT,
        f"stage = 'sign' AND {_DONE}",
        f"stage = 'sign' AND {_DUE}",
        role="department",
    ),
    _one(
        "solved",
        "解决率",
        "Solved",
        "评价为已解决 ÷ 回访数 · called solved ÷ answers",
        _Q,
        _DONE_AT,
        "resolved",
        "true",
        role="department",
    ),
    _one(
        "satisfied",
        "满意率",
        "Satisfied",
        "满意与基本满意 ÷ 回访数 · satisfied or fairly ÷ answers",
        _Q,
        _DONE_AT,
        "outcome IN ('satisfied', 'fairly_satisfied')",
        "true",
        role="department",
    ),
)

BY_CODE: dict[str, Indicator] = {found.code: found for found in INDICATORS}


def indicator(code: str) -> Indicator:
    """The indicator of that name. Raises NotFound with the names that there are."""
    if code not in BY_CODE:
        said = Wording(f"没有指标 {code}", f"there is no indicator {code}")
        raise NotFound(str(said), where="indicator", hint=f"one of {', '.join(BY_CODE)}")
    return BY_CODE[code]
