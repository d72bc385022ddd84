"""The two private servers together: PostgreSQL and RabbitMQ of one run directory, started side by side."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from deploy.local import packages
from deploy.local.credentials import Credentials
from deploy.local.places import RunDir
from deploy.local.ports import Ports
from deploy.local.postgres import Postgres
from deploy.local.progress import Progress
from deploy.local.rabbitmq import RabbitMQ
from deploy.local.words import say

POSTGRES_PORTS = ("postgres",)
EPMD_PORTS = ("epmd",)
RABBITMQ_PORTS = ("amqp", "management", "rabbitmq_metrics", "erlang_distribution")


class Servers:
    """PostgreSQL and RabbitMQ of one run directory, which must be prepared."""

    def __init__(self, run: RunDir, ports: Ports, credentials: Credentials, programs: packages.Programs) -> None:
        self.run = run
        self.ports = ports
        data, log, pids = run.data.resolve(), run.log, run.pids
        self.postgres = Postgres(
            programs.postgres_bin, data / "postgresql", log, pids, ports["postgres"], credentials["postgres_admin"]
        )
        self.rabbitmq = RabbitMQ(
            programs.rabbitmq_bin, data / "rabbitmq", log, pids, ports.all(), run.digest, credentials.all()
        )

    @classmethod
    def of(cls, run: RunDir, progress: Progress) -> Servers:
        """Prepare the run directory, find or install the programs, and give strangers' ports new numbers."""
        run.prepare()
        packages.ensure(progress)
        programs = packages.programs()
        ports = Ports(run.root / "ports.json", run.digest)
        credentials = Credentials(run.root / "credentials.json")
        servers = cls(run, ports, credentials, programs)
        stopped = [*POSTGRES_PORTS] if servers.postgres.pid_file.pid() is None else []
        stopped += RABBITMQ_PORTS if servers.rabbitmq.pid_file.pid() is None else ()
        stopped += EPMD_PORTS if servers.rabbitmq.epmd_file.pid() is None else ()
        for name, (old, new) in ports.renew_taken(stopped).items():
            progress.line(say(f"端口 {old}({name})被占用，改用 {new}", f"port {old} ({name}) is taken, using {new}"))
            servers = cls(run, ports, credentials, programs)
        return servers

    def start(self, progress: Progress, *, postgres_settings: str = "") -> None:
        """Start both at once and wait for both. Raises Unavailable with the end of the log of the one that fails."""
        with ThreadPoolExecutor(max_workers=2) as pool:
            both = [pool.submit(self._postgres, progress, postgres_settings), pool.submit(self._rabbitmq, progress)]
            for one in both:
                one.result()

    def stop(self) -> list[str]:
        """Stop both at once; the names of those that ran."""
        with ThreadPoolExecutor(max_workers=2) as pool:
            ran = {"RabbitMQ": pool.submit(self.rabbitmq.stop), "PostgreSQL": pool.submit(self.postgres.stop)}
            return [name for name, stopped in ran.items() if stopped.result()]

    def _postgres(self, progress: Progress, settings: str) -> None:
        with progress.step(f"PostgreSQL :{self.postgres.port}"):
            self.postgres.start(settings)
            self.postgres.wait()

    def _rabbitmq(self, progress: Progress) -> None:
        with progress.step(f"RabbitMQ :{self.rabbitmq.ports['amqp']}"):
            self.rabbitmq.data.mkdir(exist_ok=True, mode=0o700)
            self.rabbitmq.start()
            self.rabbitmq.wait()
