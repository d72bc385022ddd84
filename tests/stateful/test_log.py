"""Any sequence of calls leaves the real log, the one in memory and a dictionary of streams in agreement."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from shared.contracts.envelope import Recorded
from shared.kernel.errors import Conflict, Forbidden, Invalid
from shared.kernel.ids import new_id
from shared.ports import Append, Appended
from shared.postgres.verify import verify
from tests.support.appends import adding, found
from tests.support.database import Database
from tests.support.memory import MemoryLog

pytestmark = pytest.mark.integration

NUMBERS = st.integers(0, 4)
WORDS = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)


def _outcome(log: Any, append: Append) -> Any:
    try:
        return log.append(append)
    except (Conflict, Forbidden, Invalid) as error:
        return type(error)


def _same(recorded: Recorded[Any]) -> tuple[Any, ...]:
    """Everything but what the log adds later: the moment of recording, and the position."""
    return tuple(getattr(recorded, name) for name in Recorded.__slots__ if name not in ("recorded_at", "position"))


class LogMachine(RuleBasedStateMachine):
    """Appends right and wrong, keys used again, many at once; after each step the logs are compared."""

    database: Database

    def __init__(self) -> None:
        super().__init__()
        self.real = self.database.log("intake")
        self.memory = MemoryLog("intake")
        self.model: dict[str, list[str]] = {}
        self.keys: dict[str, tuple[Appended, bytes | None]] = {}
        self.mine = str(new_id())
        self.streams = [f"{category}-{new_id()}" for category in ("report", "report", "report", "subject", "case")]

    def teardown(self) -> None:
        self.real.close()

    @rule(
        number=NUMBERS,
        off_by=st.sampled_from([0, 0, 0, -1, 1]),
        words=st.lists(WORDS, min_size=1, max_size=3),
        key=st.one_of(st.none(), st.sampled_from("abc")),
        request=st.sampled_from([None, b"one", b"two"]),
    )
    def append(self, number: int, off_by: int, words: list[str], key: str | None, request: bytes | None) -> None:
        append = self._append(self.streams[number], off_by, words, key, request)
        real, memory = _outcome(self.real, append), _outcome(self.memory, append)

        assert real == memory == self._expected(append, words)

    @rule(
        calls=st.lists(st.tuples(NUMBERS, st.sampled_from([0, 0, 1]), WORDS), max_size=6),
    )
    def append_many(self, calls: list[tuple[int, int, str]]) -> None:
        appends = [self._append(self.streams[number], off_by, [words], None, None) for number, off_by, words in calls]
        real, memory = self.real.bulk_append(appends), self.memory.bulk_append(appends)

        expected = [self._expected(append, [words]) for append, (_, _, words) in zip(appends, calls, strict=True)]
        assert [answer if isinstance(answer, Appended) else type(answer) for answer in real] == expected
        assert [answer if isinstance(answer, Appended) else type(answer) for answer in memory] == expected

    @rule(number=NUMBERS)
    def read(self, number: int) -> None:
        stream = self.streams[number]
        real = self.real.stream(stream)

        assert [recorded.event.findings for recorded in real] == self.model.get(stream, [])
        assert [recorded.version for recorded in real] == list(range(1, len(real) + 1))

    @rule(key=st.sampled_from("abc"))
    def ask_for_a_key(self, key: str) -> None:
        assert self.real.seen(self.mine + key) == self.memory.seen(self.mine + key)

    @invariant()
    def both_logs_hold_the_same(self) -> None:
        for stream in self.streams:
            real = [_same(recorded) for recorded in self.real.stream(stream)]

            assert real == [_same(recorded) for recorded in self.memory.stream(stream)]

    def _append(self, stream: str, off_by: int, words: list[str], key: str | None, request: bytes | None) -> Append:
        expected = max(0, len(self.model.get(stream, [])) + off_by)
        events = [found(stream, text) for text in words]
        return adding(
            stream, expected, events, idempotency_key=key and self.mine + key, request_hash=request if key else None
        )

    def _expected(self, append: Append, words: list[str]) -> Any:
        category, key = append.stream.partition("-")[0], append.idempotency_key
        if category == "case":
            return Forbidden
        if key in self.keys:
            first, request = self.keys[key]
            is_other = None not in (request, append.request_hash) and request != append.request_hash
            return Invalid if is_other or first.stream.partition("-")[0] != category else first
        if append.expected != len(self.model.get(append.stream, [])):
            return Conflict
        self.model.setdefault(append.stream, []).extend(words)
        ids = tuple(happening.event_id for happening in append.happenings)
        version = len(self.model[append.stream])
        if key is not None:
            self.keys[key] = (Appended(append.stream, version, ids, repeated=True), append.request_hash)
        return Appended(append.stream, version, ids)


@pytest.mark.slow
def test_the_log_agrees_with_its_model(module_database: Database) -> None:
    machine = type("Machine", (LogMachine,), {"database": module_database})

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=12, stateful_step_count=20, deadline=None, derandomize=True,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )  # fmt: skip

    given = module_database.settle()
    with module_database.connection("reader") as connection:
        verified = verify(connection)
    assert verified.is_whole
    assert verified.events == verified.positions == given > 40
