"""Reads a running stack's log and tables, and says everything that does not add up."""

from __future__ import annotations

from typing import Any

import requests

from tests.support.stack import RunningStack, eventually


def settle(stack: RunningStack, seconds: float = 150) -> None:
    """Until everything stored is numbered, published, projected and reacted to, and no message is under way."""
    assert eventually(lambda: _quiet(stack), seconds, 0.5), f"the stack does not come to rest: {_standing(stack)}"


def _quiet(stack: RunningStack) -> bool:
    first = _standing(stack)
    if first["stored"] != first["numbered"] or first["numbered"] != first["published"]:
        return False
    if any(position < first["numbered"] for position in first["projections"].values()):
        return False
    return first["messages"] == 0 and first["stored"] == _standing(stack)["stored"]


def _standing(stack: RunningStack) -> dict[str, Any]:
    stored, numbered, published = stack.rows(
        "SELECT (SELECT count(*) FROM es.events), (SELECT coalesce(max(position), 0) FROM es.feed),"
        " (SELECT position FROM es.relay_cursor)"
    )[0]
    projections = {
        f"{service}.{name}": position
        for service in ("intake", "dispatch", "grid", "survey", "notify")
        for name, position in stack.rows(f"SELECT projection, position FROM {service}.watermarks", role=service)
    }
    # What waits for a department is the department's business: nobody may be reading it.
    ours = {name: count for name, count in messages(stack).items() if not name.startswith("sub.")}
    waiting = {name: count for name, count in ours.items() if count and not name.endswith(".parked")}
    return {
        "stored": stored,
        "numbered": numbered,
        "published": published,
        "projections": projections,
        "messages": sum(waiting.values()),
        "waiting": waiting,
    }


def messages(stack: RunningStack) -> dict[str, int]:
    """Queue → messages in it, delivered or not."""
    operator = stack.environment("operator")
    answer = requests.get(operator["RABBITMQ_MANAGEMENT_URL"] + "/api/queues", timeout=10)
    answer.raise_for_status()
    return {queue["name"]: queue.get("messages", 0) for queue in answer.json()}


def complaints(stack: RunningStack, answered: list[str], accepted: list[str]) -> list[str]:
    """What is wrong after a storm; empty when every report is there once, everywhere."""
    found = [f"{n} messages are parked in {queue}" for queue, n in messages(stack).items() if n and "parked" in queue]
    found += _holes(stack)
    found += _reports(stack, answered)
    found += _cases(stack, accepted)
    found += _notices(stack, accepted)
    return found


def _holes(stack: RunningStack) -> list[str]:
    holes = stack.rows("SELECT stream FROM es.events GROUP BY stream HAVING max(version) <> count(*)")
    doubles = stack.rows("SELECT stream, version FROM es.events GROUP BY 1, 2 HAVING count(*) > 1")
    sparse = stack.rows("SELECT count(*), coalesce(max(position), 0) FROM es.feed")[0]
    found = [f"stream {stream} has a hole" for (stream,) in holes]
    found += [f"version {version} of {stream} is stored twice" for stream, version in doubles]
    return found + ([] if sparse[0] == sparse[1] else [f"positions are not dense: {sparse}"])


def _reports(stack: RunningStack, answered: list[str]) -> list[str]:
    stored = dict(
        stack.rows("SELECT substr(stream, 8), count(*) FROM es.events WHERE type = 'report.submitted' GROUP BY 1")
    )
    seen = {str(row[0]) for row in stack.rows("SELECT case_id FROM grid.cases", role="grid")}
    total = stack.rows(
        "SELECT coalesce(sum(n), 0) FROM grid.area_counts WHERE area = '530103' AND measure = 'state'", role="grid"
    )
    found = [
        f"report {one} was answered 201 and is in the log {stored.get(one, 0)} times"
        for one in answered
        if stored.get(one) != 1
    ]
    found += [f"report {one} is not in the view" for one in answered if one not in seen]
    if int(total[0][0]) != len(seen):
        found.append(f"the district counts {total[0][0]} cases, its rows are {len(seen)}")
    if len(stored) != len(seen):
        found.append(f"{len(stored)} reports are stored, {len(seen)} are in the view")
    return found


def _cases(stack: RunningStack, accepted: list[str]) -> list[str]:
    filed = dict(stack.rows("SELECT substr(stream, 6), count(*) FROM es.events WHERE type = 'case.filed' GROUP BY 1"))
    sent = dict(
        stack.rows("SELECT substr(stream, 6), count(*) FROM es.events WHERE type = 'case.dispatched' GROUP BY 1")
    )
    found = [f"case {one} was filed {filed.get(one, 0)} times" for one in accepted if filed.get(one) != 1]
    return found + [f"case {one} was dispatched {sent.get(one, 0)} times" for one in accepted if sent.get(one) != 1]


def _notices(stack: RunningStack, accepted: list[str]) -> list[str]:
    told = stack.rows(
        "SELECT data->>'about', data->>'template', count(*) FROM es.events"
        " WHERE type = 'notice.requested' GROUP BY 1, 2"
    )
    count = {(about, template): n for about, template, n in told}
    doubled = [f"{about} was told {template} {n} times" for (about, template), n in count.items() if n > 1]
    told_once = {about for (about, template) in count if "accept" in template}
    undelivered = stack.rows(
        "SELECT count(*) FROM es.events r WHERE type = 'notice.requested' AND NOT EXISTS"
        " (SELECT FROM es.events d WHERE d.stream = r.stream AND d.type = 'notice.delivered')"
    )[0][0]
    twice = stack.rows("SELECT notice_id FROM notify.outbox GROUP BY 1 HAVING count(*) > 1", role="notify")
    found = doubled + [
        f"the reporter of {one} was not told of its acceptance" for one in accepted if one not in told_once
    ]
    found += [f"{undelivered} notices were not delivered"] if undelivered else []
    return found + [f"notice {one} is twice in the outbox" for (one,) in twice]
