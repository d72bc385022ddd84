"""Grid's doors by what they are about; the service inherits them all."""

from __future__ import annotations

from services.grid.doors.appointments import AppointmentDoors
from services.grid.doors.checks import CheckDoors
from services.grid.doors.duty import DutyDoors
from services.grid.doors.views import ViewDoors
from services.grid.doors.visits import VisitDoors

__all__ = ["AppointmentDoors", "CheckDoors", "DutyDoors", "ViewDoors", "VisitDoors"]
