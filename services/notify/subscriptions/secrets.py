"""A subscription's secrets: made of one key, its id and its generation, so that none of them is stored anywhere."""

from __future__ import annotations

import hmac
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import quote, urlsplit, urlunsplit
from uuid import UUID

from services.notify.subscriptions.domain import Subscription
from shared.rabbitmq.partners import Names
from shared.security import links, tokens
from shared.security.webhook_signature import PREFIX

TOKEN_FOR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Secrets:
    """Whoever holds the key can make every subscriber's password: notify, and the courier."""

    key: bytes = field(repr=False)

    def password(self, subscription: Subscription) -> str:
        """Of the broker's account."""
        return links.token(self.key, f"amqp:{subscription.generation}", subscription.subscription_id)

    def signing(self, subscription_id: UUID, generation: int) -> str:
        """What signs a webhook's calls (Standard Webhooks, `whsec_…`)."""
        about = f"webhook:{generation}:{subscription_id}"
        return PREFIX + b64encode(hmac.digest(self.key, about.encode(), "sha256")).decode()

    def token(self, subscription: Subscription, ttl: timedelta = TOKEN_FOR) -> str:
        """A bearer token that reads this subscription and its events, and nothing else."""
        return tokens.sign_subscriber(
            tokens.subscriber_key(self.key),
            subject=subject_of(subscription),
            subscription=subscription.name,
            department=subscription.department,
            ttl=ttl,
        )

    def connection(self, subscription: Subscription, broker: str) -> dict[str, str]:
        """Everything that a client of the queue needs; `broker` is the broker's address without login."""
        parts = urlsplit(broker)
        names = Names.of_url(broker)
        user, password = names.user(subscription.name), self.password(subscription)
        netloc = f"{quote(user, safe='')}:{quote(password, safe='')}@{parts.netloc.rpartition('@')[2]}"
        return {
            "url": urlunsplit((parts.scheme, netloc, parts.path, parts.query, "")),
            "user": user,
            "password": password,
            "vhost": names.vhost,
            "queue": names.queue(subscription.name),
            "parked_queue": names.parked(subscription.name),
        }


def subject_of(subscription: Subscription) -> str:
    """Whom a token of the subscription's present generation names: a rotated secret ends the older tokens."""
    return f"subscription-{subscription.subscription_id}.{subscription.generation}"
