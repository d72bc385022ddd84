"""What nginx is told: one origin in front of the five services. The private stack and a city's machine differ only in
names, places and amounts, so that what is tested here is what runs there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.routes import LARGE, PAGES, ROUTES, SMALL, STANDARDS, STREAMS
from deploy.local.site_texts import ELSEWHERE, FOR_GOOD, LOCATION, SERVER, SHARED, STREAM, THERE, TILES, TLS
from deploy.local.tls import Tls
from shared.security.sessions import COOKIE


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one address may do, in requests a second and how many at once above that, and how slow it may be."""

    anonymous: tuple[int, int]
    """Whoever is not signed in."""
    everybody: tuple[int, int]
    """All that comes from one address: a whole office may sit behind it."""
    logging_in: tuple[int, int]
    reporting: tuple[int, int]
    """Reports of people without an account."""
    sending_photos: tuple[int, int]
    connections: int
    body_seconds: int = 10
    """How long a body may stand still while it comes in."""


LOCAL = Limits(
    anonymous=(500, 1000),
    everybody=(2000, 4000),
    logging_in=(10, 60),
    reporting=(100, 500),
    sending_photos=(5, 60),
    connections=3000,
)
"""One machine plays a whole city."""
CITY = Limits(
    anonymous=(50, 200),
    everybody=(500, 1000),
    logging_in=(3, 30),
    reporting=(5, 60),
    sending_photos=(5, 60),
    connections=1000,
)


@dataclass(frozen=True, slots=True)
class Site:
    """One origin."""

    plain: str
    """Where it listens without TLS: `127.0.0.1:15300`, `80`."""
    pages: Path
    """The folder with `static` and `problems` in it."""
    services: Mapping[str, str]
    """Service → host:port."""
    limits: Limits
    name: str = "_"
    """The host that people type."""
    secure: str = ""
    """Where it listens with TLS."""
    tls: Tls | None = None
    is_for_good: bool = False
    """Whether browsers are told to come with TLS only from now on, and everything that comes without is sent there."""
    ready: Mapping[str, str] = field(default_factory=dict)
    """Process → host:port of its admin port."""
    tiles: Path | None = None
    """A folder of map tiles `z/x/y.png`."""
    behind: tuple[str, ...] = ()
    """Networks of proxies before it, who are believed when they say whom they speak for."""


def text(site: Site) -> str:
    """Everything that belongs inside of `http { }`."""
    servers = [_plain_server(site)]
    if site.tls is not None:
        servers.append(_secure_server(site))
    limits = site.limits
    usual = f"{_everybody(limits)}\n{_anonymous(limits)}"
    told = {"cookie": COOKIE, "upstreams": _upstreams(site), "usual": usual, "behind": _behind(site.behind)}
    return SHARED.format(**told, **_rates(limits)) + "".join(servers)


def _plain_server(site: Site) -> str:
    if site.is_for_good:
        return ELSEWHERE.format(plain=site.plain, name=site.name)
    # With TLS beside it, people are sent there; programs on the machine stay.
    pages = site.secure if site.tls is not None else ""
    listen = f"    listen {site.plain} default_server backlog=2048;"
    return SERVER.format(
        listen=listen,
        name=site.name,
        pages=site.pages,
        security="",
        header="",
        everybody=_everybody(site.limits),
        locations=_tiles(site, "") + _locations(site, pages),
    )


def _secure_server(site: Site) -> str:
    assert site.tls is not None
    listen = f"    listen {site.secure} ssl http2;"
    if site.is_for_good:
        listen += f"\n    listen [::]:{site.secure} ssl http2;"
    header = f"\n        {FOR_GOOD}" if site.is_for_good else ""
    security = TLS.format(certificate=site.tls.certificate, key=site.tls.key)
    security += (
        "    # Whoever speaks plain HTTP here meant TLS.\n    error_page 497 =308 https://$http_host$request_uri;\n"
    )
    security += f"    {FOR_GOOD}\n" if site.is_for_good else ""
    return SERVER.format(
        listen=listen,
        name=site.name,
        pages=site.pages,
        security=security,
        header=header,
        everybody=_everybody(site.limits),
        locations=_tiles(site, header) + _locations(site, ""),
    )


def _tiles(site: Site, header: str) -> str:
    """The city's own map, where it has given one."""
    if site.tiles is None:
        return ""
    return TILES.format(everybody=_everybody(site.limits), folder=site.tiles, header=header)


def _locations(site: Site, people_go_to: str) -> str:
    """Each service's paths, and whether each process is ready."""
    lines = ["    location = /api { return 302 /; }\n    location = /api/ { return 302 /; }\n"]
    lines.append("    location = /api/v1 { return 302 /; }\n")
    for service, segments in ROUTES.items():
        for segment in (*segments, service):
            lines += [_location(path, service, site) for path in (f"= /api/v1/{segment}", f"/api/v1/{segment}/")]
    for service, pages in PAGES.items():
        for page in pages:
            for path in (f"= {page}", f"{page}/") if page != "/" else ("= /",):
                there = THERE.format(path=path, port=people_go_to.rpartition(":")[2])
                lines.append(there if people_go_to else _location(path, service, site))
    lines += [_location(path, service, site) for path, service in STANDARDS.items()]
    lines += [
        f"    location = /ready/{process} {{ proxy_pass http://{address}/readyz; proxy_intercept_errors off; }}\n"
        for process, address in site.ready.items()
    ]
    return "".join(lines)


def _location(path: str, service: str, site: Site) -> str:
    return LOCATION.format(path=path, service=service, limits=_limits(path, site.limits))


def _limits(path: str, limits: Limits) -> str:
    """What this address is allowed beyond, or short of, the others."""
    plain = path.removeprefix("= ").rstrip("/") or "/"
    own = {
        "/login": ("logging_in", limits.logging_in),
        "/report": ("reporting", limits.reporting),
        "/api/v1/reports": ("reporting", limits.reporting),
        "/api/v1/photos": ("photos", limits.sending_photos),
    }
    found = ""
    if plain in LARGE:
        found += f"client_max_body_size {LARGE[plain]}m; client_body_buffer_size 256k; "
    if plain in SMALL:
        found += f"client_max_body_size {SMALL[plain]}k; "
    if plain in STREAMS:
        found += STREAM
    if plain in own:
        # Who names a limit forgets those around it.
        zone, (_, burst) = own[plain]
        found += f"{_everybody(limits)} {_anonymous(limits)} limit_req zone={zone} burst={burst} nodelay; "
    return found


def _everybody(limits: Limits) -> str:
    return f"limit_req zone=everybody burst={limits.everybody[1]} nodelay;"


def _anonymous(limits: Limits) -> str:
    return f"limit_req zone=anonymous burst={limits.anonymous[1]} nodelay;"


def _behind(networks: tuple[str, ...]) -> str:
    """Without this, everybody behind a proxy would share that proxy's limits."""
    if not networks:
        return ""
    lines = "".join(f"set_real_ip_from {network};\n" for network in networks)
    return f"{lines}real_ip_header X-Forwarded-For;\nreal_ip_recursive on;\n"


def _upstreams(site: Site) -> str:
    return "".join(
        f"upstream wuji_{service} {{ server {address}; keepalive 32; }}\n" for service, address in site.services.items()
    )


def _rates(limits: Limits) -> dict[str, int]:
    return {
        "anonymous": limits.anonymous[0],
        "everybody": limits.everybody[0],
        "logging_in": limits.logging_in[0],
        "reporting": limits.reporting[0],
        "sending_photos": limits.sending_photos[0],
        "connections": limits.connections,
        "body_seconds": limits.body_seconds,
    }
