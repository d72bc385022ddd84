"""What every event log promises: one suite, run on the real log and on the one in memory.

A test module takes it by `from tests.support.log_contract import *` and gives a fixture `log` (intake's).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.contracts.envelope import Origin
from shared.kernel.errors import Conflict, Forbidden, Invalid
from shared.kernel.ids import new_id
from shared.ports import Appended
from tests.support.appends import BUILDING, NOON, WORKER, adding, found, new_stream, rejected

AnyLog = Any


def test_an_unknown_stream_is_empty(log: AnyLog) -> None:
    assert log.stream(new_stream()) == []


def test_what_was_appended_comes_back_whole_and_in_order(log: AnyLog) -> None:
    stream, cause = new_stream(), new_id()
    events = [found(stream, "引号 \" ' 反斜杠 \\ 换行\n制表\t{花括号},NULL"), rejected(stream, "")]
    append = adding(stream, 0, events, causation_id=cause, origin=Origin.IMPORT, traceparent="00-abc-def-01")

    appended = log.append(append)

    first, second = log.stream(stream)
    assert appended == Appended(stream, 2, (first.event_id, second.event_id))
    assert [first.event, second.event] == events
    assert [first.version, second.version] == [1, 2]
    assert (first.type, first.stream, first.area, first.actor) == ("report.verified", stream, BUILDING, WORKER)
    assert (first.correlation_id, first.causation_id) == (append.correlation_id, cause)
    assert (first.origin, first.traceparent, first.occurred_at) == (Origin.IMPORT, "00-abc-def-01", NOON)
    assert abs((datetime.now(UTC) - first.recorded_at).total_seconds()) < 60
    assert first.recorded_at == second.recorded_at


def test_a_stream_grows_only_from_the_version_that_the_writer_saw(log: AnyLog) -> None:
    stream = new_stream()
    log.append(adding(stream, 0))

    for wrong in (0, 2, 99):
        with pytest.raises(Conflict):
            log.append(adding(stream, wrong))
    appended = log.append(adding(stream, 1))

    assert appended.version == 2
    assert [recorded.version for recorded in log.stream(stream)] == [1, 2]


def test_a_stream_that_does_not_exist_has_version_nought(log: AnyLog) -> None:
    with pytest.raises(Conflict):
        log.append(adding(new_stream(), 1))


def test_a_repeated_key_answers_the_first_result_and_adds_nothing(log: AnyLog) -> None:
    stream, key = new_stream(), f"key {new_id()}"
    first = log.append(adding(stream, 0, idempotency_key=key))

    again = log.append(adding(stream, 0, idempotency_key=key))
    elsewhere = log.append(adding(new_stream(), 0, idempotency_key=key))

    assert again == elsewhere == Appended(stream, 1, first.event_ids, repeated=True)
    assert not first.repeated
    assert len(log.stream(stream)) == 1


def test_seen_answers_the_first_result_of_a_key(log: AnyLog) -> None:
    stream, key = new_stream(), f"键 {new_id()}"
    before = log.seen(key)
    first = log.append(adding(stream, 0, idempotency_key=key, request_hash=b"a"))

    assert before is None
    assert log.seen(key) == log.seen(key, b"a") == Appended(stream, 1, first.event_ids, repeated=True)
    with pytest.raises(Invalid):
        log.seen(key, b"b")


def test_a_key_that_comes_with_another_request_is_refused(log: AnyLog) -> None:
    key = f"key {new_id()}"
    log.append(adding(new_stream(), 0, idempotency_key=key, request_hash=b"\x00one\xff"))

    with pytest.raises(Invalid):
        log.append(adding(new_stream(), 0, idempotency_key=key, request_hash=b"another"))
    with pytest.raises(Invalid):
        log.append(adding(new_stream("subject"), 0, idempotency_key=key))

    assert log.append(adding(new_stream(), 0, idempotency_key=key, request_hash=b"\x00one\xff")).repeated


def test_a_key_whose_append_failed_is_free_again(log: AnyLog) -> None:
    stream, key = new_stream(), f"key {new_id()}"
    with pytest.raises(Conflict):
        log.append(adding(stream, 7, idempotency_key=key))

    assert log.seen(key) is None
    assert not log.append(adding(stream, 0, idempotency_key=key)).repeated


def test_a_foreign_category_is_refused(log: AnyLog) -> None:
    stream = new_stream("case")

    with pytest.raises(Forbidden):
        log.append(adding(stream, 0, [found(stream)]))

    assert log.stream(stream) == []


@pytest.mark.parametrize("stream", ["", "report", "report-", "Report-1", "report-a b", "report-\x00", "x;--", "-1"])
def test_a_wrong_stream_name_is_invalid(log: AnyLog, stream: str) -> None:
    with pytest.raises(Invalid):
        log.append(adding(stream, 0))


@pytest.mark.parametrize(
    "wrong",
    [
        {"idempotency_key": "a\x00b"},
        {"idempotency_key": "a\ud800"},
        {"traceparent": "\x1f"},
        {"expected": -1},
        {"happenings": ()},
    ],
)
def test_what_cannot_be_stored_is_invalid_and_leaves_nothing(log: AnyLog, wrong: dict[str, Any]) -> None:
    stream = new_stream()
    events: list[object] | None = [] if "happenings" in wrong else None
    more = {name: value for name, value in wrong.items() if name not in ("expected", "happenings")}

    with pytest.raises(Invalid):
        log.append(adding(stream, wrong.get("expected", 0), events, **more))

    assert log.stream(stream) == []


def test_text_that_is_no_unicode_is_invalid(log: AnyLog) -> None:
    stream = new_stream()

    with pytest.raises(Invalid):
        log.append(adding(stream, 0, [found(stream, "\ud83d")]))


def test_everything_about_an_issue_comes_from_all_streams_in_order(log: AnyLog) -> None:
    issue, one, other = new_id(), new_stream(), new_stream("subject")
    for stream, expected in ((one, 0), (other, 0), (one, 1)):
        log.append(adding(stream, expected, correlation_id=issue))
    log.append(adding(new_stream(), 0))

    assert [(recorded.stream, recorded.version) for recorded in log.about(issue)] == [(one, 1), (other, 1), (one, 2)]


def test_sixteen_callers_with_one_key_have_one_effect(log: AnyLog) -> None:
    key = f"key {new_id()}"
    streams = [new_stream() for _ in range(16)]

    answers = at_once([lambda s=stream: log.append(adding(s, 0, idempotency_key=key)) for stream in streams])

    effects = [stream for stream in streams if log.stream(stream)]
    assert len(effects) == 1
    assert {answer.stream for answer in answers} == set(effects)
    assert sorted(answer.repeated for answer in answers) == [False] + [True] * 15


def test_of_sixteen_writers_to_one_stream_one_wins_and_others_are_told(log: AnyLog) -> None:
    stream = new_stream()

    answers = at_once([lambda: log.append(adding(stream, 0)) for _ in range(16)])

    assert sum(isinstance(answer, Appended) for answer in answers) == 1
    assert sum(isinstance(answer, Conflict) for answer in answers) == 15
    assert len(log.stream(stream)) == 1


def test_losers_do_not_fail_their_neighbours(log: AnyLog) -> None:
    taken = new_stream()
    log.append(adding(taken, 0))
    fine = [new_stream() for _ in range(12)]
    calls: list[Callable[[], Any]] = [lambda s=stream: log.append(adding(s, 0)) for stream in fine]
    calls[3:3] = [lambda: log.append(adding(taken, 0)), lambda: log.append(adding(new_stream("case"), 0))]

    answers = at_once(calls)

    assert [type(answer) for answer in answers[3:5]] == [Conflict, Forbidden]
    assert all(isinstance(answer, Appended) for answer in answers[:3] + answers[5:])
    assert all(len(log.stream(stream)) == 1 for stream in fine)


def test_manyat_once_answers_each_in_its_place(log: AnyLog) -> None:
    first, second, key = new_stream(), new_stream(), f"key {new_id()}"
    appends = [
        adding(first, 0, [found(first)] * 3),
        adding(second, 0, idempotency_key=key),
        adding(first, 3),
        adding(second, 5),
        adding("wrong", 0),
        adding(new_stream(), 0, idempotency_key=key),
    ]

    answers = log.bulk_append(appends)

    assert [getattr(answer, "version", type(answer)) for answer in answers] == [3, 1, 4, Conflict, Invalid, 1]
    assert answers[5].repeated
    assert [recorded.version for recorded in log.stream(first)] == [1, 2, 3, 4]


def at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    """Answers or errors of the calls, all started at the same moment in threads of their own."""
    answers: list[Any] = [None] * len(calls)
    start = threading.Barrier(len(calls))

    def run(index: int) -> None:
        start.wait()
        try:
            answers[index] = calls[index]()
        except Exception as error:  # noqa: BLE001 (the test looks at it)
            answers[index] = error

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers
