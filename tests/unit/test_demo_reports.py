"""The demonstration's reports: enough of them, all over the district, and its duplicates are seen as duplicates."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.reference.demo import FILE, demo_reports
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
