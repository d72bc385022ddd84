"""Checks of the departments' side: its virtual host is as the subscriptions say, and everybody keeps up."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from deploy.local.words import say
from deploy.wuji.checks import Check, Found, Patient, bad, good, warning

if TYPE_CHECKING:
    from shared.postgres.rows import PostgresRows

SHOWN = 5
LATE_SECONDS = 300


@contextmanager
def tables(patient: Patient) -> Iterator[PostgresRows]:
    """Notify's tables."""
    from shared.postgres.rows import PostgresRows

    rows = PostgresRows(patient.access.database_url("notify"))
    try:
        yield rows
    finally:
        rows.close()


def drift(patient: Patient) -> Found:
    from deploy.wuji.courier import staff_of
    from services.notify.subscriptions.directory import DirectoryRoutes
    from services.notify.subscriptions.secrets import Secrets
    from shared.config.settings import BY_NAME
    from shared.rabbitmq.drift import diff
    from shared.rabbitmq.partners import Account, Caps, partners_topology

    access, backends = patient.access, patient.stack.backends
    with tables(patient) as rows:
        routes = DirectoryRoutes(rows, Secrets(base64.b64decode(access.need("WUJI_SUBSCRIPTION_KEY")))).current()
    caps = [int(access.values.get(name, BY_NAME[name].default)) for name in CAPS]
    wanted = partners_topology(
        [Account(route.name, route.password) for route in routes if route.kind == "amqp" and not route.is_over],
        names=backends.partners,
        caps=Caps(*caps),
        staff=staff_of(backends.amqp_url("courier")),
        administrator=access.management.user,
    )
    # Queues of replays come and go with the replays.
    found = [line for line in diff(wanted, access.management.definitions()) if ".replay." not in line]
    if found:
        more = f" (+{len(found) - SHOWN})" if len(found) > SHOWN else ""
        mend = say(
            "投递进程一分钟内自行改正;否则看 courier.log", "the courier puts it right within a minute; courier.log"
        )
        return bad("; ".join(found[:SHOWN]) + more, mend)
    return good(say(f"{len(routes)} 个订阅,与定义一致", f"{len(routes)} subscriptions, as they say"))


def lags(patient: Patient) -> Found:
    from services.notify.subscriptions.directory import Directory
    from services.notify.subscriptions.domain import State
    from services.notify.subscriptions.places import standings

    with tables(patient) as rows:
        states = {one.name: one for one in Directory(rows).all()}
        found = standings(rows)
    wrong = []
    for row in found:
        state = states[row["name"]].state if row["name"] in states else State.DELETED
        if state is State.DISABLED:
            wrong.append(say(f"{row['name']} 已停用", f"{row['name']} is disabled"))
        if state is State.ACTIVE and row["lag_seconds"] > LATE_SECONDS and states[row["name"]].delivery.value != "pull":
            wrong.append(say(f"{row['name']} 落后", f"{row['name']} is behind by") + f" {row['lag_seconds']:.0f} s")
        for what, zh, en in (("parked", "搁置", "parked"), ("dropped", "丢弃", "dropped")):
            if state is not State.DELETED and row[what]:
                wrong.append(f"{row['name']}: {say(zh, en)} {row[what]}")
    if wrong:
        return warning("; ".join(wrong[:SHOWN]), "wuji sub list; wuji sub show")
    return good(say(f"{len(found)} 个订阅都跟得上", f"all {len(found)} subscriptions keep up"))


CAPS = ("WUJI_SUBSCRIPTION_LENGTH", "WUJI_SUBSCRIPTION_MEGABYTES")
CHECKS = (
    Check("WUJI-D026", "部门一侧的消息拓扑", "departments' virtual host", drift),
    Check("WUJI-D027", "部门订阅", "subscriptions", lags),
)
