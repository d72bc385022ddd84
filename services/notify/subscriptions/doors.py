"""The doors of subscriptions: for operators, for departments about their own, and a look for the subscriber itself."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from services.notify.subscriptions import handlers, places
from services.notify.subscriptions.directory import Directory
from services.notify.subscriptions.domain import State, Subscription, living
from services.notify.subscriptions.handlers import Start, Wish
from services.notify.subscriptions.matching import routing_keys
from services.notify.subscriptions.schemas import (
    CreateBody,
    CreatedAnswer,
    ReasonBody,
    StartBody,
    SubscriptionRow,
    SubscriptionsAnswer,
    TokenAnswer,
    TokenBody,
)
from services.notify.subscriptions.secrets import Secrets
from shared.contracts.subscription import DeliveryKind, Filter
from shared.web.door import Call, Reply, door

if TYPE_CHECKING:
    from shared.config import Config
    from shared.ports import EventLog, Rows

BASE = "/api/v1/subscriptions"
ONE = f"{BASE}/<string(maxlength=60):name>"
MANAGERS = ("operator", "department")
READERS = (*MANAGERS, "subscriber")


class SubscriptionDoors:
    """What NotifyService inherits."""

    if TYPE_CHECKING:
        log: EventLog
        rows: Rows
        settings: Config

    @door(
        "POST",
        BASE,
        summary="Subscribe",
        body=CreateBody,
        answer=CreatedAnswer,
        status=201,
        roles=MANAGERS,
    )
    def subscribe(self, call: Call) -> Reply:
        """A new subscription, from now, a position or a time on. The answer has the connection and a reading token."""
        body = call.body
        wish = Wish(
            name=body["name"],
            department=body["department"],
            delivery=body["delivery"],
            filter=_filter(body["filter"]),
            start=_start(body["start"]),
            endpoint=body["endpoint"],
        )
        made = handlers.create(self.log, self.rows, wish, call.signed_in, call.cause())
        call.note(subscription=made.name)
        return Reply(self._with_secrets(made))

    @door("GET", BASE, summary="Subscriptions", answer=SubscriptionsAnswer, roles=MANAGERS)
    def subscriptions(self, call: Call) -> Reply:
        """All of them for an operator, its own for a department; those that were deleted are left out."""
        asker = call.signed_in
        standing = {row["name"]: row for row in places.standings(self.rows)}
        seen = [
            one
            for one in Directory(self.rows).all()
            if one.state is not State.DELETED and (asker.role == "operator" or one.department == asker.department)
        ]
        return Reply({"subscriptions": [_row(one, standing.get(one.name, {})) for one in seen]})

    @door("GET", ONE, summary="One subscription", answer=SubscriptionRow, roles=READERS)
    def subscription(self, call: Call) -> Reply:
        """What it is, and where it stands: position, lag, queue, dropped, parked, last error."""
        return Reply(self._shown(call))

    @door("POST", f"{ONE}/pause", summary="Pause", body=ReasonBody, answer=SubscriptionRow, roles=MANAGERS)
    def pause_subscription(self, call: Call) -> Reply:
        """Nothing is brought until it is resumed. Its place is kept, and nothing is lost."""
        handlers.pause(self.log, call.path["name"], call.body["reason"], call.signed_in, call.cause())
        return Reply(self._shown(call))

    @door("POST", f"{ONE}/resume", summary="Resume", answer=SubscriptionRow, roles=MANAGERS)
    def resume_subscription(self, call: Call) -> Reply:
        """It goes on from its place, also after the platform had disabled it."""
        handlers.resume(self.log, call.path["name"], call.signed_in, call.cause())
        return Reply(self._shown(call))

    @door("POST", f"{ONE}/position", summary="Move", body=StartBody, answer=SubscriptionRow, roles=MANAGERS)
    def move_subscription(self, call: Call) -> Reply:
        """It goes on from another place: back, to hear again what its full queue gave up, or ahead."""
        name = call.path["name"]
        handlers.move(self.log, self.rows, name, _start(call.body), call.signed_in, call.cause())
        return Reply(self._shown(call))

    @door("DELETE", ONE, summary="Delete", answer=SubscriptionRow, roles=MANAGERS)
    def delete_subscription(self, call: Call) -> Reply:
        """The end of it: queue and account are taken away, and its name is not used again."""
        handlers.delete(self.log, call.path["name"], None, call.signed_in, call.cause())
        return Reply(self._shown(call))

    @door("POST", f"{ONE}/token", summary="Reading token", body=TokenBody, answer=TokenAnswer, roles=MANAGERS)
    def subscription_token(self, call: Call) -> Reply:
        """For the department's own page and its pull feed: it reads this subscription and nothing else."""
        found = living(handlers.load(self.log, call.path["name"], call.signed_in))
        days: int = call.body["days"]
        return Reply({"token": self._secrets().token(found, timedelta(days=days)), "days": days})

    @door("POST", f"{ONE}/connection", summary="Connection", answer=CreatedAnswer, roles=MANAGERS)
    def subscription_connection(self, call: Call) -> Reply:
        """The present connection and a token once more, for whoever mislaid them."""
        return Reply(self._with_secrets(living(handlers.load(self.log, call.path["name"], call.signed_in))))

    @door("POST", f"{ONE}/secret", summary="New secret", answer=CreatedAnswer, roles=MANAGERS)
    def rotate_subscription(self, call: Call) -> Reply:
        """Another password, which ends the one before; of a webhook another signing secret, beside the one before for a
        day. Tokens made before end."""
        name = call.path["name"]
        handlers.rotate(self.log, name, call.signed_in, call.cause())
        return Reply(self._with_secrets(handlers.load(self.log, name, call.signed_in)))

    def _shown(self, call: Call) -> dict[str, Any]:
        found = handlers.load(self.log, call.path["name"], call.signed_in)
        return self._described(found)

    def _described(self, found: Subscription) -> dict[str, Any]:
        standing = places.standings(self.rows, found.name)
        return _row(found, standing[0] if standing else {})

    def _secrets(self) -> Secrets:
        return Secrets(self.settings.subscription_key)

    def _with_secrets(self, found: Subscription) -> dict[str, Any]:
        secrets = self._secrets()
        connection = None
        if found.delivery is DeliveryKind.AMQP:
            connection = secrets.connection(found, str(self.settings.need("WUJI_PARTNERS_URL")))
        signing = None
        if found.delivery is DeliveryKind.WEBHOOK:
            signing = secrets.signing(found.subscription_id, found.generation)
        token = secrets.token(found)
        return {**self._described(found), "connection": connection, "token": token, "signing_secret": signing}


def _filter(body: dict[str, Any]) -> Filter:
    return Filter(**{name: tuple(body.get(name, ())) for name in ("types", "areas", "issue_types", "departments")})


def _start(body: dict[str, Any]) -> Start:
    return Start(body.get("position"), body.get("time"))


_STANDING = (
    *("position", "head", "lag_events", "lag_seconds", "delivered", "delivered_at", "unacked", "consumers", "parked"),
    *("measured_at", "dropped", "dropped_from", "dropped_to", "last_error", "last_error_at"),
)


def _row(one: Subscription, standing: dict[str, Any]) -> dict[str, Any]:
    wanted = one.filter
    return {
        "name": one.name,
        "subscription_id": one.subscription_id,
        "department": one.department,
        "delivery": one.delivery.value,
        "filter": {
            "types": list(wanted.types),
            "areas": list(wanted.areas),
            "issue_types": list(wanted.issue_types),
            "departments": list(wanted.departments),
        },
        "routing_keys": routing_keys(wanted),
        "endpoint": one.endpoint,
        "state": one.state.value,
        "reason": one.reason,
        **{name: standing.get(name) for name in _STANDING},
        "queue_depth": standing.get("ready"),
    }
