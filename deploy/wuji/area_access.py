"""How the commands about areas reach what they need: the ground as grid has it, and the log as grid."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from deploy.local.words import say
from deploy.wuji.access import Access

if TYPE_CHECKING:
    from deploy.boundaries.ground import Ground
    from shared.kernel.area import Area

TIERS = ("district", "street", "community", "group", "building")
area_option = click.option("--area", "within", help=say("只看该区域", "only that area and what lies in it"))
tier_option = click.option("--tier", type=click.Choice(TIERS), help=say("只要该层级", "only areas of that tier"))


def area_of(text: str | None) -> Area | None:
    """What the option names. Raises Invalid."""
    from shared.kernel.area import Area

    return None if text is None else Area.parse(text)


def tier_of(name: str | None) -> Any:
    """What the option names."""
    from shared.kernel.area import Tier

    return None if name is None else Tier[name.upper()]


def of_stack(access: Access) -> Ground:
    """The areas and boundaries of the running city."""
    from deploy.boundaries.ground import of_tables
    from shared.postgres import PostgresRows

    return of_tables(PostgresRows(access.database_url("grid")))


@contextmanager
def as_grid(access: Access) -> Iterator[Any]:
    """The log as grid, and who writes to it."""
    from shared.handling import Cause
    from shared.kernel.clock import utc_now
    from shared.postgres import PostgresLog
    from shared.security.permission import Asker

    operator = Asker("operator", "operator")
    log = PostgresLog(access.database_url("grid"))
    try:
        yield log, operator, Cause(actor=operator.actor, at=utc_now())
    finally:
        log.close()
