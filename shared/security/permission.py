"""The one place that decides who may do what: role × area prefix × department.

A door names the roles that may knock. Whatever depends on the thing itself (where it lies, whose task it is) the
handler asks here, because only the handler has loaded the thing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shared.contracts.envelope import Actor
from shared.kernel.area import Area
from shared.kernel.errors import Forbidden, Unauthenticated

ROLES = frozenset(
    {
        "acceptor",
        "grid_worker",
        "supervisor",
        "dispatcher",
        "department",
        "duty_chief",
        "leader",
        "volunteer",
        "reader",
        "operator",
        "hotline",
        "window",
        "subscriber",
    }
)
"""Every staff role; residents have none and carry no token. A `leader` 分管领导 approves what a duty chief may not, a
`volunteer` claims tasks from the open pool, a `subscriber` is a program that reads one subscription."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody whose token we verified."""

    id: str
    """The account, never a person's name."""
    role: str
    area: Area | None = None
    """The subtree they serve; None is the whole municipality."""
    department: str | None = None
    subscription: str | None = None
    """Of a subscriber: the name of the one subscription that it may look at."""

    @property
    def actor(self) -> Actor:
        """The same person as the events they cause name them."""
        return Actor(self.id, self.role, self.department)

    def covers(self, area: Area) -> bool:
        """Whether the area lies in the subtree they serve."""
        return self.area is None or area.is_within(self.area)


def require(
    asker: Asker | None,
    action_area: Area | None = None,
    department: str | None = None,
    roles: Iterable[str] = (),
) -> Asker:
    """The asker, when they may act there.

    `action_area` is where the thing lies; `department` is the department whose task it is: an asker of role
    `department` must belong to it. Raises Unauthenticated when nobody is asking, Forbidden with the reason otherwise.
    """
    if asker is None:
        raise Unauthenticated("this needs somebody who is signed in", hint="send a bearer token: wuji token --help")
    allowed = frozenset(roles)
    if allowed and asker.role not in allowed:
        raise Forbidden(f"a {asker.role} may not do this; it takes {_either(allowed)}")
    if action_area is not None and not asker.covers(action_area):
        raise Forbidden(f"{action_area} is outside {asker.area}, the area you serve")
    if department is not None and asker.role == "department" and asker.department != department:
        raise Forbidden(f"this is a task of department {department}; you belong to {asker.department}")
    return asker


def _either(roles: frozenset[str]) -> str:
    return " or ".join(sorted(roles))
