"""One function per command: load what the rules need, ask whether this asker may, decide, append."""

from __future__ import annotations

from services.grid.handlers.appointments import end_appointment, seat, start_appointment, succeed, swap
from services.grid.handlers.checks import answer_check, assign_check, order_spot_check
from services.grid.handlers.common import appointment_stream, area_stream, check_stream
from services.grid.handlers.ground import bound_area, create_area, draw_grid, rename_area, unbound_area

__all__ = [
    "answer_check",
    "appointment_stream",
    "area_stream",
    "assign_check",
    "bound_area",
    "check_stream",
    "create_area",
    "draw_grid",
    "end_appointment",
    "order_spot_check",
    "rename_area",
    "seat",
    "start_appointment",
    "succeed",
    "swap",
    "unbound_area",
]
