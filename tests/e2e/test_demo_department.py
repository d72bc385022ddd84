"""The demonstration's department on the whole stack: killed on the way, it still signs and answers each case once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from deploy.wuji import demo_department, demo_script
from deploy.wuji.access import Access
from deploy.wuji.demo_calls import Tokens
from tests.support.ledger import settle
from tests.support.stack import RunningStack, eventually

pytestmark = pytest.mark.e2e
NAME = demo_department.NAME


def staff_of(stack: RunningStack) -> Tokens:
    """The accounts of `wuji demo`: keys count per account, and other tests run the demonstration on the same stack."""
    return lambda role, department=None: stack.token(
        role, "530103", department, subject=f"demo.{role}.{department}" if department else f"demo.{role}"
    )


@pytest.fixture(scope="module")
def department(panlong: RunningStack) -> Iterator[RunningStack]:
    """As `wuji demo` does it: the stories come first, since the department would go on with some that are to stop."""
    demo_script.bring_in(panlong.url, staff_of(panlong))
    settle(panlong)
    demo_department.start(Access.find(panlong.run), panlong.stack)
    yield panlong
    panlong.stack.supervisor.dismiss(NAME)


def done(stack: RunningStack) -> list[tuple[str, int]]:
    """What the department did; each case counts once where it is done once.

    Whether others have still to answer, and whether somebody looks at it, is not the department's doing.
    """
    return stack.rows(
        "SELECT replace(type, 'part_', ''), count(*) FROM es.events"
        " WHERE actor->>'id' = %s AND type LIKE 'task.%%' GROUP BY 1 ORDER BY 1",
        [f"demo.program.{demo_department.DEPARTMENT}"],
    )


def kill_often(stack: RunningStack, times: int) -> None:
    """kill -9, and again as soon as the supervisor has started it anew."""
    for _ in range(times):
        assert eventually(lambda: stack.pid(NAME) is not None, 30)
        stack.kill(NAME)
        time.sleep(1.2)


def test_killed_on_the_way_it_signs_and_answers_each_case_once(department: RunningStack) -> None:
    stack = department
    staff = staff_of(stack)
    killed = threading.Thread(target=kill_often, args=(stack, 4))
    killed.start()
    answered = demo_department.bring_in(stack.url, staff)
    killed.join(60)
    again = demo_department.bring_in(stack.url, staff)

    assert answered == again == 3
    assert done(stack) == [("task.responded", 3), ("task.signed", 3)]


def test_starting_it_again_doubles_nothing(department: RunningStack) -> None:
    before = department.rows("SELECT count(*) FROM es.events WHERE type = 'subscription.created'")
    demo_department.start(Access.find(department.run), department.stack)

    assert eventually(lambda: department.pid(NAME) is not None, 30)
    assert department.rows("SELECT count(*) FROM es.events WHERE type = 'subscription.created'") == before


def test_the_platform_s_own_list_of_processes_stays_as_it_was(department: RunningStack) -> None:
    found = department.json("status", codes=(0, 4))["processes"]

    assert NAME not in {one["name"] for one in found}
    assert department.stack.not_ready() == {}
