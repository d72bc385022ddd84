"""The one place that decides who may do what: role × area prefix × department.

A door names the roles that may knock. Whatever depends on the thing itself (where it lies, whose task it is) the
handler asks here, because only the handler has loaded the thing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shared.contracts.envelope import Actor
from shared.kernel.area import Area, Tier
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
    at_least: Tier | None = None,
) -> Asker:
    """The asker, when they may act there.

    `action_area` is where the thing lies; `department` is the department whose task it is: an asker of role
    `department` must belong to it; `at_least` is the tier that owns the thing: the asker must serve an area of that
    tier, or a wider one. Raises Unauthenticated when nobody is asking, Forbidden with the reason otherwise.
    """
    if asker is None:
        raise Unauthenticated("this needs somebody who is signed in", hint="send a bearer token: wuji token --help")
    allowed = frozenset(roles)
    if allowed and asker.role not in allowed:
        raise Forbidden(f"您的角色不能这样做 / a {asker.role} may not do this; it takes {_either(allowed)}")
    if action_area is not None and not asker.covers(action_area):
        raise Forbidden(
            f"{action_area} 不在您服务的区域 {asker.area} 之内"
            f" / {action_area} is outside {asker.area}, the area you serve"
        )
    if department is not None and asker.role == "department" and asker.department != department:
        raise Forbidden(
            f"这是部门 {department} 的任务，您属于 {asker.department}"
            f" / this is a task of department {department}; you belong to {asker.department}"
        )
    if at_least is not None and asker.area is not None and asker.area.tier > at_least:
        raise Forbidden(f"this takes somebody who serves a {at_least.label} or more; you serve {asker.area}")
    return asker


def meets(asker: Asker, place: Area) -> bool:
    """Whether what they serve and the place have something in common: one lies in the other."""
    return asker.covers(place) or (asker.area is not None and asker.area.is_within(place))


def serves_somewhere(asker: Asker, places: Iterable[Area]) -> Asker:
    """The asker, when one of the places has to do with theirs: enough to look, not to act. Raises Forbidden."""
    if not any(meets(asker, place) for place in places):
        raise Forbidden(f"this is about places outside {asker.area}, the area you serve")
    return asker


def speak_for(asker: Asker, place: Area) -> Asker:
    """The asker, when they belong to the place: what a community says, nobody above it may say in its name.

    Raises Forbidden for whoever serves a wider area, or another one.
    """
    if asker.area is None or not asker.area.is_within(place):
        raise Forbidden(f"only somebody who belongs to {place} may speak for it; you serve {asker.area or 'the city'}")
    return asker


def from_outside(asker: Asker, department: str, account: str) -> Asker:
    """The asker, when they may judge what the department and its account have done: nobody judges their own work.

    Where a community or a street did it itself, it takes somebody who serves a wider area. Raises Forbidden.
    """
    if asker.department == department or asker.id == account:
        raise Forbidden(
            f"由 {department} 整改，须由该部门以外的人复查"
            f" / {department} did this: somebody from outside it has to look"
        )
    tier = _LOCAL.get(department)
    if tier is not None and asker.area is not None and asker.area.tier >= tier:
        raise Forbidden(
            f"由{tier.zh}自行整改，须由上级复查"
            f" / the {tier.label} did this itself: somebody of a tier above has to look"
        )
    return asker


_LOCAL = {"community": Tier.COMMUNITY, "street": Tier.STREET}
"""Departments that are a tier of the tree itself, each in its own place."""


def _either(roles: frozenset[str]) -> str:
    return " or ".join(sorted(roles))
