"""The demonstration's script on the real stack: every story gets where it says, and a second run doubles nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from deploy.reference.demo import demo_reports
from deploy.wuji.demo_script import BroughtIn, bring_in
from tests.support.ledger import settle
from tests.support.stack import RunningStack

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ENDS = {
    "submitted": "reported",
    "verify_wait": "verifying",
    "rejected": "rejected",
    "verified": "dispatched",
    "accepted": "dispatched",
    "dispatched": "dispatched",
    "returned": "dispatched",
    "signed": "handling",
    "handling": "handling",
    "responded": "checking",
    "checking": "checking",
    "reworked": "checking",
    "closed": "closed",
    "closed_satisfied": "closed",
    "closed_fair": "closed",
    "closed_reopen": "reopened",
    "reopened": "reopened",
    "archived": "archived",
    "merge": "merged",
}


@pytest.fixture(scope="module")
def tokens(panlong: RunningStack) -> Callable[..., str]:
    # The accounts of `wuji demo`: keys count per account, and other tests run the demonstration on the same stack.
    return lambda role, department=None: panlong.token(
        role, "530103", department, subject=f"demo.{role}.{department}" if department else f"demo.{role}"
    )


def counts(stack: RunningStack) -> Counter[str]:
    return Counter(dict(stack.rows("SELECT type, count(*) FROM es.events GROUP BY type")))


def ends(stack: RunningStack, done: BroughtIn) -> dict[str, str]:
    states = dict(stack.rows("SELECT number, state FROM intake.reports", role="intake"))
    return {key: states[number] for key, number in done.numbers.items()}


def test_every_story_gets_where_it_says_and_the_second_run_changes_nothing(
    panlong: RunningStack, tokens: Callable[..., str]
) -> None:
    told: list[tuple[int, int]] = []
    first = bring_in(panlong.url, tokens, lambda done, total, _: told.append((done, total)))
    settle(panlong)
    stored = counts(panlong)
    second = bring_in(panlong.url, tokens)
    settle(panlong)

    wanted = {report.key: ENDS[report.story.partition(":")[0]] for report in demo_reports()}
    assert told[-1] == (len(wanted), len(wanted))
    assert ends(panlong, first) == wanted
    assert second.numbers == first.numbers
    assert counts(panlong) == stored
