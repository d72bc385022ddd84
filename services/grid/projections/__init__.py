"""From events to what grid shows: the ground, the checks, and the cases with their counters."""

from __future__ import annotations

from services.grid.projections.accounts import ACCOUNTS, NAMES
from services.grid.projections.boundaries import BOUNDARIES
from services.grid.projections.cases import CASES
from services.grid.projections.check_times import CHECK_TIMES
from services.grid.projections.checks import CHECKS
from services.grid.projections.duty import DUTY
from services.grid.projections.places import APPOINTMENTS, AREAS, GRIDS
from services.grid.projections.stages import STAGES
from services.grid.projections.visits import VISITS
from shared.accounts import projection as changed_accounts

PROJECTIONS = (
    AREAS,
    BOUNDARIES,
    GRIDS,
    APPOINTMENTS,
    CHECKS,
    CASES,
    ACCOUNTS,
    NAMES,
    DUTY,
    VISITS,
    STAGES,
    CHECK_TIMES,
    changed_accounts("grid"),
)
