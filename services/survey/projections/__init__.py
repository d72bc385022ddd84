"""From events to what survey looks up."""

from __future__ import annotations

from services.survey.projections import appraisals, counted, feedback, flags, ground
from shared import accounts
from shared.projections import Projection

PROJECTIONS: tuple[Projection, ...] = (
    *feedback.PROJECTIONS,
    *counted.PROJECTIONS,
    *ground.PROJECTIONS,
    *appraisals.PROJECTIONS,
    *flags.PROJECTIONS,
    accounts.projection("survey"),
)
