"""Puts the timer together, and runs it as a process of its own with its health and its way of stopping."""

from __future__ import annotations

import signal
from datetime import datetime
from functools import partial
from types import FrameType
from uuid import UUID

from services.dispatch.admissions import force
from services.dispatch.clocks.present import Present
from services.dispatch.clocks.process import Clockwork, ready
from services.dispatch.clocks.standing import Standing
from services.dispatch.clocks.timer import BATCH, Timer
from services.dispatch.clocks.upkeep import Upkeep
from services.dispatch.handlers import pool
from shared.config import Config
from shared.kernel.clock import utc_now
from shared.postgres.claims import claimed
from shared.postgres.connection import Pool
from shared.postgres.log import PostgresLog
from shared.postgres.rows import PostgresRows
from shared.telemetry import logs
from shared.telemetry.admin import Admin
from shared.telemetry.health import Health


def clockwork(database_url: str, batch: int = BATCH) -> Clockwork:
    """Everything that goes round, on one database, as the role of the address."""
    connections = Pool(database_url, size=6, application="wuji timer")
    log, rows = PostgresLog(connections), PostgresRows(connections)
    claim = partial(claimed, connections)
    return Clockwork(
        present=Present(),
        rows=rows,
        timer=Timer(log, rows, claim, batch),
        upkeep=Upkeep(log, rows, claim, partial(pool.say_expired, log), partial(_expire_admission, log)),
        standing=Standing(rows),
        now=utc_now,
    )


def _expire_admission(log: PostgresLog, admission_id: UUID, at: datetime) -> bool:
    return force.say_expired(log, force.load(log, admission_id), at)


def run(config: Config) -> None:
    """Run until SIGTERM or SIGINT; the turn on its way is finished."""
    logs.configure("timer", config.log)
    works = clockwork(config.database_url)
    health = Health()
    health.register("clocks", ready(works))
    admin = Admin(health, config.admin_port, str(config.need("WUJI_ADMIN_HOST")))

    def stop(_number: int, _frame: FrameType | None) -> None:
        health.stopping()
        works.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        works.run()
    finally:
        admin.close()
