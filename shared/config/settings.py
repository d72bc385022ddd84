"""Every variable that configures a process: the one table that code, warnings and documents are made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Setting:
    """One variable: what it is for, and what a right value looks like."""

    name: str
    what: str
    example: str
    kind: str = "text"
    default: Any = None
    secret: bool = False
    choices: tuple[str, ...] = ()
    """For the kind `choice`: the values that are right."""


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "DATABASE_URL",
        "PostgreSQL, with this process's own role",
        "postgresql://wuji_intake:secret@127.0.0.1:5432/wuji",
        "postgresql",
        secret=True,
    ),
    *(
        Setting(
            f"DATABASE_URL_{service.upper()}",
            f"PostgreSQL with the role of {service}; for the projector and the operator",
            f"postgresql://wuji_{service}:secret@127.0.0.1:5432/wuji",
            "postgresql",
            secret=True,
        )
        for service in ("intake", "dispatch", "grid", "survey", "notify")
    ),
    Setting(
        "AMQP_URL",
        "RabbitMQ, with this process's own user and the vhost",
        "amqp://wuji_intake:secret@127.0.0.1:5672/wuji",
        "amqp",
        secret=True,
    ),
    Setting(
        "RABBITMQ_MANAGEMENT_URL",
        "RabbitMQ's management interface",
        "http://wuji_operator:secret@127.0.0.1:15672",
        "http",
        secret=True,
    ),
    Setting("WUJI_HTTP_PORT", "port of the doors", "8101", "port", 8000),
    Setting("WUJI_HTTP_HOST", "address that the doors listen on", "127.0.0.1", "text", "127.0.0.1"),
    Setting("WUJI_ADMIN_PORT", "port of /livez, /readyz and /metrics", "9101", "port", 9000),
    Setting("WUJI_ADMIN_HOST", "address that the admin port listens on", "127.0.0.1", "text", "127.0.0.1"),
    Setting(
        "WUJI_ADMIN_URLS",
        "admin ports of all processes, for the page of operations",
        "intake=http://127.0.0.1:9101,relay=http://127.0.0.1:9106",
    ),
    Setting("WUJI_LOG", "how log lines look", "json", "log"),
    Setting("WUJI_PUBLIC_URL", "where people reach the platform", "https://wuji.example.gov.cn", "http"),
    Setting(
        "WUJI_LOCAL_URL", "where the operator's commands reach it, when not there", "http://127.0.0.1:15300", "http"
    ),
    Setting(
        "WUJI_TLS",
        "whether the private stack speaks TLS too; self-signed makes a certificate for a look",
        "self-signed",
        "choice",
        "off",
        choices=("off", "self-signed"),
    ),
    Setting("WUJI_TLS_CERT", "the certificate to show instead, with its chain (PEM)", "/etc/ssl/wuji.pem"),
    Setting("WUJI_TLS_KEY", "the key of that certificate (PEM)", "/etc/ssl/private/wuji.key"),
    Setting(
        "WUJI_MASTER_KEY", "seals personal data: 32 bytes in base64", "openssl rand -base64 32", "key", secret=True
    ),
    Setting(
        "WUJI_LINK_KEY",
        "makes tracking and feedback links: 32 bytes in base64",
        "openssl rand -base64 32",
        "key",
        secret=True,
    ),
    Setting(
        "WUJI_TOKEN_KEY", "signs bearer tokens: a private EC key as JWK", '{"kty":"EC","crv":"P-256",…}', secret=True
    ),
    Setting("WUJI_TOKEN_PUBLIC_KEY", "verifies bearer tokens: the public half as JWK", '{"kty":"EC","crv":"P-256",…}'),
    Setting(
        "WUJI_SUBSCRIPTION_KEY",
        "makes the passwords, signing secrets and tokens of subscriptions: 32 bytes in base64",
        "openssl rand -base64 32",
        "key",
        secret=True,
    ),
    Setting(
        "WUJI_PARKED_URL",
        "the city's virtual host with an account that reaches parked queues only: for the courier",
        "amqp://wuji_operator:secret@127.0.0.1:5672/wuji",
        "amqp",
        secret=True,
    ),
    Setting("WUJI_PARTNERS_URL", "where subscribers reach the broker, without login", "amqp://127.0.0.1:5672/partners"),
    Setting("WUJI_SUBSCRIPTION_LENGTH", "messages that a subscription's queue holds", "100000", "count", 100_000),
    Setting("WUJI_SUBSCRIPTION_MEGABYTES", "megabytes that a subscription's queue holds", "200", "count", 200),
    Setting("WUJI_REPLAY_DEPTH", "messages that a replay's queue holds before it waits", "250000", "count", 250_000),
    Setting(
        "WUJI_WEBHOOK_NETWORKS",
        "the only networks that webhooks may call; not set: all but this machine, its link and metadata services",
        "10.20.0.0/16,172.16.8.0/24",
    ),
    Setting(
        "WUJI_WEBHOOK_RETRIES",
        "seconds between the tries of a webhook; the last is repeated",
        "5,300,1800,7200",
        "text",
        "5,300,1800,7200,18000,36000,50400,72000,86400",
    ),
    Setting("WUJI_WEBHOOK_HOURS", "hours of failure after which a webhook is disabled", "120", "count", 120),
    Setting("WUJI_WEBHOOK_OVERLAP_HOURS", "hours for which an old signing secret signs too", "24", "count", 24),
    Setting("WUJI_JWKS_FILE", "verifies bearer tokens of an issuer instead: its JWKS", "/etc/wuji/jwks.json"),
    Setting("WUJI_TOKEN_ISSUER", "the issuer that tokens must name", "https://sso.example.gov.cn"),
    Setting("WUJI_TOKEN_AUDIENCE", "the audience that tokens must name", "wuji"),
    Setting("WUJI_GRID_LEAST_HOUSEHOLDS", "a grid with fewer households is too small", "200", "count", 200),
    Setting("WUJI_GRID_MOST_HOUSEHOLDS", "a grid with more households is too large", "300", "count", 300),
    Setting("WUJI_ROOT_CAUSE_AFTER", "how often an issue comes back before its root is looked for", "3", "count", 3),
    Setting("WUJI_VISIT_REPLY_HOURS", "hours in which a household that was visited has its answer", "72", "count", 72),
    Setting(
        "WUJI_OIDC_ISSUER", "the city's identity provider, for signing in at the pages", "https://sso.example.gov.cn"
    ),
    Setting("WUJI_OIDC_CLIENT_ID", "our name at the identity provider", "wuji"),
    Setting("WUJI_OIDC_CLIENT_SECRET", "our secret at the identity provider, if it gives one", "secret", secret=True),
    Setting("WUJI_OIDC_MAPPING_FILE", "which of its people may do what: see docs/accounts.md", "/etc/wuji/people.toml"),
    Setting("WUJI_DEMO", "every page says that this is a demonstration", "true", "flag", False),
    Setting("WUJI_HTTP_WORKERS", "requests worked on at the same time", "64", "count", 64),
    Setting("WUJI_HTTP_QUEUE", "requests that may wait for a worker before 503", "256", "count", 256),
    Setting("WUJI_HTTP_CONNECTIONS", "connections open at the same time", "4000", "count", 4000),
    Setting("WUJI_HTTP_REUSE_PORT", "share the port with other processes", "false", "flag", False),
    Setting("WUJI_REACTION_WORKERS", "messages handled at the same time", "16", "count", 16),
    Setting("WUJI_PREFETCH", "messages per reaction fetched ahead", "64", "count", 64),
    Setting("WUJI_DRAIN_SECONDS", "how long running work may take to finish at SIGTERM", "30", "count", 30),
    Setting(
        "WUJI_NOTIFY_CHANNEL",
        "how notices go out: outbox keeps them in a table, smtp mails them, http posts them to a gateway",
        "outbox",
        "choice",
        "outbox",
        choices=("outbox", "smtp", "http"),
    ),
    Setting(
        "WUJI_NOTIFY_DEPARTMENT_CHANNEL",
        "how departments hear, if not as everybody else",
        "smtp",
        "choice",
        choices=("outbox", "smtp", "http"),
    ),
    Setting("WUJI_NOTIFY_LANGUAGE", "the language of notices", "zh", "choice", "zh", choices=("zh", "en")),
    Setting("WUJI_NOTIFY_SECONDS", "how long a mail server or gateway may take to answer", "10", "count", 10),
    Setting("WUJI_PHOTO_DIR", "the folder that photos are kept in, and backed up from", "/srv/wuji/photos"),
    Setting("WUJI_PHOTO_GIGABYTES", "gigabytes that photos may take", "200", "count", 200),
    Setting(
        "WUJI_PHOTO_UNNAMED_DAYS",
        "days after which a photo that nothing ever named goes; never before 31: an offline item may be that old",
        "90",
        "count",
        30,
    ),
    Setting(
        "WUJI_MAP_APPROVAL",
        "the number 审图号 under which boundaries may be shown to the public; maps carry it",
        "滇S(2026)001号",
    ),
    Setting(
        "WUJI_TILES",
        "a folder of map tiles {z}/{x}/{y}.png in WGS-84 for the map that residents choose a place on",
        "/srv/wuji/tiles",
    ),
    Setting("WUJI_SMTP_HOST", "the mail server", "mail.example.gov.cn"),
    Setting("WUJI_SMTP_PORT", "the mail server's port", "587", "port", 587),
    Setting(
        "WUJI_SMTP_SECURITY",
        "how the mail server is spoken to",
        "starttls",
        "choice",
        "starttls",
        choices=("none", "starttls", "tls"),
    ),
    Setting("WUJI_SMTP_FROM", "the sender of mails", "Wuji <wuji@example.gov.cn>"),
    Setting("WUJI_SMTP_USER", "account at the mail server, if it wants one", "wuji"),
    Setting("WUJI_SMTP_PASSWORD", "password at the mail server", "secret", secret=True),
    Setting("WUJI_GATEWAY_URL", "the message gateway", "https://sms.example.gov.cn/messages", "http"),
    Setting("WUJI_GATEWAY_SECRET", "signs what is sent to the message gateway", "openssl rand -hex 32", secret=True),
)

BY_NAME = {setting.name: setting for setting in SETTINGS}
