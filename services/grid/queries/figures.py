"""From an area's counters to the figures of its view: a pure function, and the one place that says what they mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.grid.domain.quantiles import RELATIVE_ERROR, WIDE_ERROR, seconds_of, wide_quantile
from services.grid.projections.case_rows import TIMED
from shared.contracts.case import Loop
from shared.contracts.clock import Stage
from shared.contracts.feedback import Satisfaction
from shared.kernel.case_states import SETTLED, State, Step

Counters = Mapping[str, Mapping[str, int]]
"""measure → key → n; see `services.grid.projections.counting`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was read of one area at one moment."""

    counters: Counters
    awaited: int
    """Issues with a limit that are not handled yet."""
    overdue: int
    """Those of them that were due before the moment."""
    late: Mapping[str, int]
    """Stage → clocks that ran out before the moment and still run."""
    handled: int
    median: str | None
    """The bucket of handling times that half of them lie in or below."""
    p90: str | None
    days: Sequence[str]
    """The days to be shown one by one."""


DEFINITIONS = {
    "cases": "每一件上报，含未受理的 / every issue reported, accepted or not",
    "open": "尚需有人处理 / somebody still has to do something",
    "closed": "已结案或已归档 / closed or archived",
    "with_limit": "有时限的案件：按时 + 超时 + 未处置 / with a limit: handled on time + handled late + not handled yet",
    "on_time": "在截止时间及之前处置完毕 / handled by the due instant",
    "late": "截止时间之后处置完毕 / handled after the due instant",
    "overdue": "已过截止时间仍未处置 / past the due instant and not handled",
    "on_time_share": "按时 ÷（按时 + 超时处置 + 超期未处置）/ on time ÷ (on time + late + overdue)",
    "solved_share_by_loop": "各循环办结占比：自循环（社区）、微循环（街道）、小循环（区）÷ 三者之和"
    " / closed in the community's, street's and district's own loop, each ÷ all three",
    "solved_in_grid_share": "网格内解决率：社区循环办结或就地解决 ÷ 全部办结"
    " / closed in the community's loop or put right on the spot ÷ closed",
    "suspended": "挂账中 / suspended now",
    "problems": "问题工单（未结） / problem cases that are open",
    "overdue_by_stage": "各环节已超时的在办件数 / clocks of each stage that have run out and still run",
    "by_step_median_seconds": f"已离开该环节的案件在该环节累计停留时间的中位数（秒），误差不超过 {WIDE_ERROR:.0%}"
    " / median of the seconds that cases spent in a step which they have left, all their stays together,"
    f" exact to {WIDE_ERROR:.0%}",
    "handling": "从上报到处置完毕的自然时间（秒）/ seconds from report to handled, by the clock on the wall",
    "precision": f"中位数与九十分位的相对误差不超过 {RELATIVE_ERROR:.0%} / quantiles are exact to {RELATIVE_ERROR:.0%}",
}
"""What a reader of the figures has to know; it is served with them."""

_CLOSED = (State.CLOSED, State.ARCHIVED)


def figures(found: Found) -> dict[str, Any]:
    """All figures of one area."""
    counters = found.counters
    states, loops = _states(counters.get("state", {}))
    on_time, late = (counters.get("limit", {}).get(name, 0) for name in ("on_time", "late"))
    judged = on_time + late + found.overdue
    closed = sum(states[state] for state in _CLOSED)
    in_grid = counters.get("solved", {}).get("in_grid", 0)
    return {
        "cases": sum(states.values()),
        "open": sum(n for state, n in states.items() if state not in SETTLED),
        "closed": closed,
        "overdue": found.overdue,
        "with_limit": on_time + late + found.awaited,
        "on_time": on_time,
        "late": late,
        "on_time_share": _share(on_time, judged),
        "by_step": _steps(states),
        "by_step_median_seconds": _stays(counters["step"]) if "step" in counters else None,
        "by_state": {state.value: n for state, n in states.items() if n},
        "solved_by_loop": loops,
        "solved_share_by_loop": {name: _share(n, sum(loops.values())) for name, n in loops.items()},
        "solved_in_grid": in_grid,
        "solved_in_grid_share": _share(in_grid, closed),
        "suspended": states[State.SUSPENDED],
        "problems": counters.get("problem", {}).get("open", 0),
        "problems_settled": counters.get("problem", {}).get("settled", 0),
        "overdue_by_stage": {stage.value: found.late[stage.value] for stage in Stage if found.late.get(stage.value)},
        "handling": {
            "handled": found.handled,
            "median_seconds": None if found.median is None else round(seconds_of(found.median)),
            "p90_seconds": None if found.p90 is None else round(seconds_of(found.p90)),
        },
        "satisfaction": _satisfaction(counters.get("answer", {})),
        "by_issue_type": _with_open(counters, "type", "type_open", "issue_type"),
        "by_department": _with_open(counters, "department", "dept_open", "department"),
        "by_day": _days(counters, found.days),
    }


def _states(found: Mapping[str, int]) -> tuple[dict[State, int], dict[str, int]]:
    """How many stand in each state, and how many each loop has solved."""
    states: dict[State, int] = dict.fromkeys(State, 0)
    loops = dict.fromkeys((loop.value for loop in Loop), 0)
    for key, n in found.items():
        name, loop = key.split(" ")
        state = State(name)
        states[state] += n
        if state in _CLOSED and loop in loops:
            loops[loop] += n
    return states, loops


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _steps(states: Mapping[State, int]) -> dict[str, int]:
    steps = dict.fromkeys((step.value for step in Step), 0)
    for state, n in states.items():
        steps[state.step.value] += n
    return steps


def _stays(found: Mapping[str, int]) -> dict[str, int | None]:
    """Step → the median of the times that cases spent in it."""
    stays: dict[str, dict[str, int]] = {step: {} for step in TIMED}
    for key, n in found.items():
        step, span = key.split(" ")
        stays[step][span] = n
    medians = {step: wide_quantile(spans, 0.5) for step, spans in stays.items()}
    return {step: None if median is None else round(median) for step, median in medians.items()}


def _satisfaction(answers: Mapping[str, int]) -> dict[str, Any]:
    found = dict.fromkeys((one.value for one in Satisfaction), 0)
    resolved = 0
    for key, n in answers.items():
        name, solved = key.split(" ")
        found[name] += n
        resolved += n if solved == "yes" else 0
    total = sum(found.values())
    content = total - found[Satisfaction.UNSATISFIED.value]
    return {
        **found,
        "answers": total,
        "resolved": resolved,
        "satisfied_share": _share(content, total),
    }


def _with_open(counters: Counters, measure: str, measure_open: str, name: str) -> list[dict[str, Any]]:
    """The most frequent first."""
    still_open = counters.get(measure_open, {})
    rows = [{name: key, "cases": n, "open": still_open.get(key, 0)} for key, n in counters.get(measure, {}).items()]
    return sorted(rows, key=lambda row: (-row["cases"], row[name]))


def _days(counters: Counters, days: Sequence[str]) -> list[dict[str, Any]]:
    """Every day shown, also those on which nothing happened."""
    opened, closed = counters.get("opened", {}), counters.get("closed", {})
    return [{"day": day, "opened": opened.get(day, 0), "closed": closed.get(day, 0)} for day in days]
