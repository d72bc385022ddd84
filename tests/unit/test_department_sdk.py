"""wuji-events without a broker: handlers, answers, settings, the inbox in SQLite, and what the package may import."""

from __future__ import annotations

import ast
import sqlite3
import sys
import threading
import tokenize
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from wuji_events import Event, Park, Retry, SettingsError, Subscriber, cli, inbox

SDK = Path(__file__).parents[2] / "deploy/sdk/wuji_events/src/wuji_events"
ENVIRONMENT = {"WUJI_EVENTS_URL": "amqp://sub-x:secret@127.0.0.1/partners", "WUJI_EVENTS_SUBSCRIPTION": "x"}
DISPATCHED = Event.example("case.dispatched", {"department": "sanitation"})


@pytest.fixture
def subscriber() -> Subscriber:
    return Subscriber.from_env(ENVIRONMENT)


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    inbox.prepare(connection)
    connection.execute("CREATE TABLE orders (event_id text)")
    connection.commit()
    yield connection
    connection.close()


def test_the_closest_pattern_gets_the_event(subscriber: Subscriber) -> None:
    heard: list[str] = []
    for pattern in ("*", "case.*", "case.dispatched", "case.dispatched.v2"):
        subscriber.on(pattern)(lambda _event, pattern=pattern: heard.append(pattern))

    subscriber.test(
        [
            Event.example("case.dispatched", {}, version=2),
            DISPATCHED,
            Event.example("case.closed", {}),
            Event.example("task.signed", {}),
        ]
    )

    assert heard == ["case.dispatched.v2", "case.dispatched", "case.*", "*"]


def test_two_handlers_for_one_pattern_are_a_mistake(subscriber: Subscriber) -> None:
    subscriber.on("case.*")(print)

    with pytest.raises(ValueError, match="has a handler"):
        subscriber.on("case.*")(print)


def test_each_answer_of_a_handler_is_told(subscriber: Subscriber) -> None:
    @subscriber.on("case.*")
    def heard(event: Event) -> None:
        match event.data["n"]:
            case 1:
                raise Retry("later", after=60)
            case 2:
                raise Park("never")
            case 3:
                raise RuntimeError("a bug")

    events = [Event.example("case.closed", {"n": number}) for number in (0, 1, 2, 3)]
    outcomes = subscriber.test([*events, Event.example("task.signed", {})])

    assert [one.action for one in outcomes] == ["handled", "retry", "park", "retry", "unknown"]
    assert [one.after for one in outcomes] == [0, 60, 0, 5, 0]
    assert isinstance(outcomes[3].error, RuntimeError)


def test_waits_grow_and_then_it_is_parked(subscriber: Subscriber) -> None:
    @subscriber.on("*")
    def broken(event: Event) -> None:
        raise RuntimeError("a bug")

    events = [Event.example("case.closed", {}, attempt=number) for number in range(1, 9)]
    outcomes = subscriber.test(events)

    assert [one.after for one in outcomes[:-1]] == [5, 30, 120, 600, 600, 600, 600]
    assert outcomes[-1].action == "park"


def test_unknown_types_are_parked_where_wished() -> None:
    subscriber = Subscriber.from_env(ENVIRONMENT, on_unknown="park")

    assert [one.action for one in subscriber.test([DISPATCHED])] == ["park"]


def test_a_missing_setting_is_named() -> None:
    with pytest.raises(SettingsError, match="WUJI_EVENTS_SUBSCRIPTION"):
        Subscriber.from_env({"WUJI_EVENTS_URL": "amqp://127.0.0.1"})
    with pytest.raises(SettingsError, match="WUJI_EVENTS_PREFETCH"):
        Subscriber.from_env({**ENVIRONMENT, "WUJI_EVENTS_PREFETCH": "many"})


def test_a_secret_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text(ENVIRONMENT["WUJI_EVENTS_URL"] + "\n")

    found = Subscriber.from_env({"WUJI_EVENTS_URL_FILE": str(tmp_path / "url"), "WUJI_EVENTS_SUBSCRIPTION": "x"})

    assert found.subscription == "x"


def test_an_event_is_read_from_a_message() -> None:
    headers = {
        "ce-id": "e-1",
        "ce-type": "case.dispatched.v2",
        "ce-subject": "case-1",
        "ce-area": "530103.004.012",
        "ce-sequence": "00000000000000000042",
        "ce-time": "2026-05-03T01:30:00+00:00",
        "ce-correlationid": "1",
        "ce-replay": "r-1",
    }

    event = Event.of(headers, b'{"department": "sanitation"}')

    assert (event.type, event.version, event.position) == ("case.dispatched", 2, 42)
    assert event.tiers == ("530103", "004", "012")
    assert event.is_replay
    assert not event.test
    assert event.cloud_event()["data"] == {"department": "sanitation"}


def test_an_event_has_its_effect_once(database: sqlite3.Connection) -> None:
    for _ in range(3):
        with database:
            if inbox.once(database, "e-1"):
                database.execute("INSERT INTO orders VALUES ('e-1')")

    assert database.execute("SELECT count(*) FROM orders").fetchone() == (1,)


def test_what_was_rolled_back_is_not_remembered(database: sqlite3.Connection) -> None:
    def fail() -> None:
        with database:
            inbox.once(database, "e-1")
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError):
        fail()

    with database:
        assert inbox.once(database, "e-1")


def test_a_connection_without_transactions_is_refused() -> None:
    database = sqlite3.connect(":memory:", isolation_level=None)
    inbox.prepare(database)

    with pytest.raises(ValueError, match="autocommit"):
        inbox.once(database, "e-1")
    database.execute("BEGIN")
    assert inbox.once(database, "e-1")
    database.close()


def test_old_ids_are_forgotten_on_request(database: sqlite3.Connection) -> None:
    inbox.once(database, "e-1")

    assert inbox.forget(database, datetime.now(UTC) - timedelta(days=1)) == 0
    assert inbox.forget(database, datetime.now(UTC) + timedelta(days=1)) == 1


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("-2d", {"from_time": "2026-04-29T08:00:00+00:00"}),
        ("-90m", {"from_time": "2026-05-01T06:30:00+00:00"}),
        ("1200", {"from_position": 1200}),
        ("2026-05-01T00:00:00+08:00", {"from_time": "2026-05-01T00:00:00+08:00"}),
    ],
)
def test_where_a_replay_begins_is_said_in_words(words: str, found: dict[str, object]) -> None:
    assert cli.start_of(words, datetime(2026, 5, 1, 8, tzinfo=UTC)) == found


@pytest.mark.parametrize("words", ["yesterday", "2026-05-01", "-d", ""])
def test_a_beginning_that_says_nothing_is_refused(words: str) -> None:
    with pytest.raises(SettingsError):
        cli.start_of(words, datetime(2026, 5, 1, 8, tzinfo=UTC))


def test_the_package_imports_nothing_of_the_platform_and_little_else() -> None:
    imported = {
        name.partition(".")[0]
        for file in SDK.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        for name in (
            [one.name for one in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }

    assert imported - set(sys.stdlib_module_names) == {"wuji_events", "pika", "prometheus_client"}


def test_why_there_is_no_connection_is_said(caplog: pytest.LogCaptureFixture) -> None:
    subscriber = Subscriber("amqp://sub-x:secret@127.0.0.1:1/partners", "x")
    stopping = threading.Timer(0.3, subscriber.stop)
    stopping.start()

    assert subscriber.run(signals=False) == 0
    assert "ConnectionRefusedError" in caplog.text
    assert "secret" not in caplog.text + repr(subscriber)


@pytest.mark.parametrize("url", ["", "http://127.0.0.1", "amqp://127.0.0.1:port/x"])
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(SettingsError, match="WUJI_EVENTS_URL"):
        Subscriber(url, "x")


def test_the_package_stays_small() -> None:
    """What a department has to trust and read: code without the command, its client and the export of metrics."""
    core = [file for file in SDK.glob("*.py") if file.stem not in ("cli", "platform", "prometheus")]

    assert sum(_lines_of_code(file) for file in core) <= 420


def _lines_of_code(file: Path) -> int:
    """Lines that say something to the interpreter: no comments, docstrings or blank lines."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    words = {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    with file.open("rb") as opened:
        tokens = [one for one in tokenize.tokenize(opened.readline) if one.type not in _SILENT]
    return len({line for one in tokens for line in range(one.start[0], one.end[0] + 1)} - words)


_SILENT = {
    *(tokenize.ENCODING, tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE),
    *(tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER),
}
