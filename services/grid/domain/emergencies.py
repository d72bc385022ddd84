"""Emergency mode 应急状态: an area and all below it are in it, or are not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import assert_never

from shared.contracts.emergency import EmergencyEnded, EmergencyStarted
from shared.kernel.area import Area
from shared.kernel.errors import Refused
from shared.kernel.wording import Wording

EmergencyEvent = EmergencyStarted | EmergencyEnded


@dataclass(frozen=True, slots=True)
class Emergency:
    """An area's own standing; what it lies in may be in emergency mode besides."""

    area: Area
    kind: str | None
    """What for; None while it is not."""


def evolve(_emergency: Emergency | None, event: EmergencyEvent) -> Emergency:
    """What the event makes of it."""
    match event:
        case EmergencyStarted():
            return Emergency(Area(event.area), event.kind)
        case EmergencyEnded():
            return Emergency(Area(event.area), None)
        case _:
            assert_never(event)


def start(known: Emergency | None, above: Iterable[Emergency], wanted: EmergencyStarted) -> tuple[EmergencyEvent, ...]:
    """The area goes into emergency mode; one of the same kind again changes nothing."""
    if known is not None and known.kind is not None:
        if known.kind == wanted.kind:
            return ()
        zh = f"{known.area} 已处于应急状态（{known.kind}）"
        raise _refused("emergency.running", zh, f"{known.area} is in emergency mode already: {known.kind}")
    for other in above:
        if other.kind is not None:
            zh = f"上级区域 {other.area} 已处于应急状态（{other.kind}），本区域已包含在内"
            said = f"{other.area}, in which it lies, is in emergency mode: so is this area ({other.kind})"
            raise _refused("emergency.above", zh, said)
    return (wanted,)


def end(known: Emergency, reason: str) -> tuple[EmergencyEvent, ...]:
    """Back to usual; an area that is not in emergency mode changes nothing."""
    if known.kind is None:
        return ()
    return (EmergencyEnded(area=known.area.path, kind=known.kind, reason=reason),)


def _refused(rule: str, zh: str, en: str) -> Refused:
    return Refused(str(Wording(zh, en)), rule=rule, where="area")
