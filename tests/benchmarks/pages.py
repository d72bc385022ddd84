"""What people wait for: every page with so many cases, through nginx, against 200 ms; its weight against 300 KB; and
what 200 open live pages cost.

The weight is what the browser unpacks: the page with its own style sheets and scripts, without ECharts and Leaflet.

Run: wuji bench pages --cases 1000000
"""

from __future__ import annotations

import base64
import os
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from uuid import UUID

import requests

from deploy.local import packages
from deploy.local.environment import SECRETS
from deploy.local.nginx import Nginx
from deploy.local.ports import Ports
from deploy.local.preparation import service_class
from shared.contracts.envelope import Actor
from shared.contracts.feedback import FeedbackInvited
from shared.entrypoints.on import reactions_of
from shared.kernel.area import Area
from shared.kernel.clock import utc_now
from shared.kernel.ids import derived_id
from shared.ports import Append, Happening
from shared.rabbitmq.topology import Reaction
from shared.security import links, tokens
from tests.benchmarks.figures import Figure
from tests.benchmarks.many_cases import SERVICES, settle
from tests.support.broker import make_vhost
from tests.support.database import Database, fresh_database
from tests.support.process import Service
from tests.support.servers import Servers
from tests.support.weight import weigh

LIMIT_MS, LIMIT_KB, LIMIT_MB = 200, 300, 100
STREAMS = 200
LOOKS = 20


@dataclass(frozen=True)
class Look:
    """Somebody opens an address."""

    what: str
    path: str
    role: str | None = None
    area: str | None = "530103"
    department: str | None = None


@dataclass
class Origin:
    """nginx and the five services behind it, on a database with many cases."""

    nginx: Nginx
    services: dict[str, Service]
    database: Database
    token_key: str
    link_key: bytes

    def session(self, look: Look) -> requests.Session:
        """A browser's connection, signed in as the look says."""
        found = requests.Session()
        found.headers["Accept"] = "text/html"
        if look.role is not None:
            area = Area.parse(look.area) if look.area else None
            made = tokens.sign(
                self.token_key,
                subject=f"bench.{look.role}",
                role=look.role,
                area=area,
                department=look.department,
                ttl=timedelta(hours=3),
            )
            found.headers["Authorization"] = f"Bearer {made}"
        return found

    def megabytes(self) -> float:
        """What grid, which serves the streams, and nginx hold together."""
        pid = self.nginx.pid_file.pid()
        workers = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        return sum(map(_resident, (self.services["grid"].process.pid, *workers)))


def run(servers: Servers, cases: int) -> list[Figure]:
    """Milliseconds of each page, kilobytes of the heaviest, and what live pages cost."""
    with fresh_database(servers.database_url) as database:
        began = time.monotonic()
        settle(database, cases)
        print(f"  {cases:,} cases stored in {time.monotonic() - began:.0f} s", file=sys.stderr)
        with _origin(database, servers) as origin:
            looks = _looks(origin)
            found = [_time(origin, look, cases) for look in looks]
            return [*found, _weight(origin, looks), *_streams(origin)]


def _looks(origin: Origin) -> list[Look]:
    """Every page, at each tier and for everybody who has one of his own."""
    ((case_id, area),) = origin.database.query(
        "SELECT case_id, area FROM dispatch.cases WHERE is_open AND length(area) > 20 ORDER BY number LIMIT 1"
    )
    feedback_id = _invite(origin.database, UUID(str(case_id)), Area(area))
    tiers = [area[:length] for length in (6, 10, 14, 18, 24)]
    secret = {"report": links.token(origin.link_key, "report", UUID(str(case_id)))}
    secret["feedback"] = links.token(origin.link_key, "feedback", feedback_id)
    return [
        *(Look(f"/areas of a {Area(path).tier.label}", f"/areas/{path}", "dispatcher") for path in tiers),
        Look("/areas, the cases of a district", f"/areas/{tiers[0]}/cases?open=true", "dispatcher"),
        Look("/wall", "/wall?area=530103", "dispatcher"),
        Look("/work of a dispatcher", "/work", "dispatcher"),
        Look("/work of a dispatcher, all", "/work?view=all", "dispatcher"),
        Look("/work of a clerk", "/work", "department", department="urban"),
        Look("/work of a duty chief", "/work", "duty_chief"),
        Look("/cases/<id>", f"/cases/{case_id}", "dispatcher"),
        Look("/desk", "/desk", "acceptor"),
        Look("/checks", "/checks", "supervisor", tiers[1]),
        Look("/field", "/field", "grid_worker", tiers[2]),
        Look("/assessment", "/assessment", "leader"),
        Look("/flags", "/flags", "leader"),
        Look("/operations", "/operations", "operator"),
        Look("/report", "/report"),
        Look("/track", f"/track/{case_id}?secret={secret['report']}"),
        Look("/feedback", f"/feedback/{feedback_id}?token={secret['feedback']}"),
        Look("/login", "/login"),
        Look("/", "/"),
    ]


def _invite(database: Database, case_id: UUID, area: Area) -> UUID:
    """Somebody is asked, as made-up lives never are."""
    now, feedback_id = utc_now(), derived_id("feedback", case_id, 1)
    told: dict[str, Any] = {"case_id": case_id, "subject_id": None, "number": "1", "attempt": 1}
    asked = FeedbackInvited(feedback_id=feedback_id, expires_at=now + timedelta(days=7), **told)
    database.log("survey").append(
        Append(
            stream=f"feedback-{feedback_id}",
            expected=0,
            happenings=(Happening(asked, now),),
            area=area,
            actor=Actor.service("survey"),
            correlation_id=case_id,
        )
    )
    return feedback_id


def _time(origin: Origin, look: Look, cases: int) -> Figure:
    with origin.session(look) as session:
        for _ in range(3):
            answer = session.get(origin.nginx.local_url + look.path, timeout=60, allow_redirects=False)
            if answer.status_code != 200:
                raise AssertionError(f"{look.what} answers {answer.status_code}: {answer.text[:500]}")
        took = [_milliseconds(origin, session, look.path) for _ in range(LOOKS)]
    worst = quantiles(took, n=20)[-1]
    # The quickest tells what the page itself takes, on a machine that has other things to do.
    spans = f"quickest {min(took):.0f} ms, p50 {median(took):.0f} ms, p95 {worst:.0f} ms"
    print(f"  {look.what}: {spans}", file=sys.stderr, flush=True)
    return Figure(f"page {look.what}, p95, {cases:,} cases", worst, LIMIT_MS, "ms", LIMIT_MS / worst, 1)


def _milliseconds(origin: Origin, session: requests.Session, path: str) -> float:
    began = time.perf_counter()
    session.get(origin.nginx.local_url + path, timeout=60, allow_redirects=False)
    return (time.perf_counter() - began) * 1_000


def _weight(origin: Origin, looks: list[Look]) -> Figure:
    weights = {}
    for look in looks:
        with origin.session(look) as session:
            page = session.get(origin.nginx.local_url + look.path, timeout=60).text
            weights[look.what] = weigh(page, session, origin.nginx.local_url) / 1_000
    heaviest = max(weights, key=lambda what: weights[what])
    kilobytes = weights[heaviest]
    return Figure(f"weight of the heaviest page, {heaviest}", kilobytes, LIMIT_KB, "KB", LIMIT_KB / kilobytes, 1)


def _streams(origin: Origin) -> list[Figure]:
    """Megabytes that the streams cost, and looks at the district beside them against looks without, in turn."""
    look = Look("", "/areas/530103", "dispatcher")
    before, spans, costs = origin.megabytes(), list[tuple[float, float]](), list[float]()
    with origin.session(look) as session:
        for _ in range(5):
            alone = median(_milliseconds(origin, session, look.path) for _ in range(10))
            with _opened(origin, str(session.headers["Authorization"])):
                beside = median(_milliseconds(origin, session, look.path) for _ in range(10))
                costs.append(origin.megabytes() - before)
            spans.append((alone, beside))
    alone, beside = (median(span) for span in zip(*spans, strict=True))
    megabytes = max(*costs, 0.1)
    return [
        Figure(f"memory of {STREAMS} open live pages", megabytes, LIMIT_MB, "MB", LIMIT_MB / megabytes, 1),
        Figure(f"a look beside {STREAMS} live pages, against without", beside, alone, "ms", alone / beside, 0.8),
    ]


@contextmanager
def _opened(origin: Origin, authorization: str) -> Iterator[None]:
    request = f"GET /live?area=530103 HTTP/1.1\r\nHost: wuji\r\nAuthorization: {authorization}\r\n\r\n".encode()
    with ExitStack() as pages:
        ports = [origin.nginx.ports["front"]] * STREAMS
        opened = [pages.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20)) for port in ports]
        for one in opened:
            one.sendall(request)
        if not all(one.recv(4096).startswith(b"HTTP/1.1 200") for one in opened):
            raise AssertionError("a live page was refused")
        yield


@contextmanager
def _origin(database: Database, servers: Servers) -> Iterator[Origin]:
    secrets = {name: base64.b64encode(os.urandom(32)).decode() for names in SECRETS.values() for name in names}
    secrets["WUJI_TOKEN_KEY"] = tokens.new_key()
    secrets["WUJI_TOKEN_PUBLIC_KEY"] = tokens.public_part(secrets["WUJI_TOKEN_KEY"])
    with tempfile.TemporaryDirectory(prefix="wuji-pages-") as name, ExitStack() as running:
        folder = Path(name)
        folder.chmod(0o755)
        ports = Ports(folder / "ports.json", "00000051")
        nginx = Nginx(packages.nginx_program(), folder / "nginx", folder, folder, ports)
        nginx.start()
        running.callback(nginx.stop)
        services = {}
        vhost = make_vhost(servers, _reactions())
        running.callback(vhost.delete)
        for service in SERVICES:
            own = {
                "WUJI_TEST_SERVICE": service,
                "DATABASE_URL": database.url(service),
                "AMQP_URL": vhost.url(service),
                "WUJI_PUBLIC_URL": nginx.local_url,
                "WUJI_PHOTO_DIR": str(folder / "photos"),
                "RABBITMQ_MANAGEMENT_URL": servers.management_url,
                "WUJI_ADMIN_URLS": ",".join(f"{one}=http://127.0.0.1:{ports[f'{one}.admin']}" for one in SERVICES),
                **{secret: secrets[secret] for secret in SECRETS[service]},
            }
            started = Service("tests.support.real_service", folder, own, (), ports[f"{service}.http"])
            started.admin_port = ports[f"{service}.admin"]
            services[service] = started.start()
            running.callback(started.stop)
        nginx.wait()
        link_key = base64.b64decode(secrets["WUJI_LINK_KEY"])
        yield Origin(nginx, services, database, secrets["WUJI_TOKEN_KEY"], link_key)


def _reactions() -> tuple[Reaction, ...]:
    """What each service hears: its queues have to be there."""
    classes = [service_class(service) for service in SERVICES]
    return tuple(Reaction(spec.queue, tuple(spec.types)) for found in classes for spec in reactions_of(found))


def _resident(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
