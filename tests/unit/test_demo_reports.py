"""The demonstration's reports: enough of them, all over the district, and its duplicates are seen as duplicates."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.reference.demo import FILE, demo_reports
from deploy.wuji import demo_department, demo_history
from services.intake.duplicates import nearness
from shared.contracts.shapes import Point
from shared.kernel.area import Area
from shared.kernel.errors import Invalid
from shared.likeness import likeness


def test_there_are_many_reports_in_all_streets_from_several_sources() -> None:
    found = demo_reports()

    assert len(found) >= 40
    assert len({report.area[:10] for report in found}) == 12
    assert {report.source for report in found} == {"resident", "grid_worker", "hotline", "window"}
    assert {"飞线", "供热", "烂路", "停", "堆物", "占道", "垃圾", "路灯", "噪"} <= {
        word
        for word in ("飞线", "供热", "烂路", "停", "堆物", "占道", "垃圾", "路灯", "噪")
        for report in found
        if word in report.title
    }


def test_every_duplicate_would_be_shown_to_the_acceptor() -> None:
    by_key = {report.key: report for report in demo_reports()}
    pairs = [(report, by_key[report.merged_into]) for report in by_key.values() if report.merged_into is not None]

    assert len(pairs) >= 4
    for one, other in pairs:
        near = nearness(Area(one.area), Point(**one.point), Area(other.area), Point(**other.point))
        alike = likeness(f"{one.title} {one.words}", f"{other.title} {other.words}")

        assert one.issue_type == other.issue_type
        assert near is not None
        assert 0.55 * alike + 0.3 * near.score + 0.15 >= 0.6


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('issue_type = "L-01-09"', 'issue_type = "L-99-99"'),
        ('story = "merge:', 'story = "merge:no-'),
        ("key = ", "kee = "),
    ],
)
def test_a_report_that_leads_nowhere_is_refused(tmp_path: Path, old: str, new: str) -> None:
    spoilt = tmp_path / "demo.toml"
    spoilt.write_text(FILE.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")

    with pytest.raises(Invalid, match=r"demo\.toml"):
        demo_reports(spoilt)


def test_the_month_before_is_the_same_each_time_and_ends_before_now() -> None:
    at = datetime(2026, 11, 22, 3, tzinfo=UTC)
    found = demo_history.issues(at)

    assert found == demo_history.issues(at)
    assert 300 < len(found) < 600
    assert len({issue.area.path[:10] for issue in found}) == 12
    assert all(issue.reported_at < (issue.closed_at or at) <= at for issue in found)
    assert len({(at - issue.reported_at).days for issue in found}) > 25
    assert demo_department.DEPARTMENT not in {issue.department for issue in found}
    assert 5 < sum(issue.closed_at is None and issue.target_at < at for issue in found if issue.target_at) < 30
