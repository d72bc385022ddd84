"""One private PostgreSQL: TCP on 127.0.0.1 only, its own cluster, durable as in production."""

from __future__ import annotations

import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psycopg2

from deploy.local.places import is_root
from deploy.local.processes import PidFile, clean_environment, spawn, tail
from deploy.local.words import say
from shared.kernel.errors import Unavailable

SYSTEM_USER = "postgres"
"""Who runs it when we are root: PostgreSQL refuses to run as root."""

SETTINGS = """\
# Written by the local stack at every start.
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
max_connections = 200
shared_buffers = 256MB
work_mem = 16MB
maintenance_work_mem = 128MB
effective_cache_size = 2GB
random_page_cost = 1.1
wal_compression = on
max_wal_size = 4GB
checkpoint_timeout = 15min
fsync = on
synchronous_commit = on
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_checkpoints = off
log_line_prefix = '%m [%p] %q%u@%d '
idle_in_transaction_session_timeout = 60s
{more}
"""


class Postgres:
    """The private PostgreSQL of one run directory."""

    def __init__(self, programs: Path, data: Path, log: Path, pids: Path, port: int, password: str) -> None:
        self.programs = programs
        self.data = data
        self.log = log / "postgresql.log"
        self.pid_file = PidFile(pids / "postgresql.json")
        self.port = port
        self.password = password

    def url(self, database: str = "postgres") -> str:
        """The superuser's address."""
        return f"postgresql://{SYSTEM_USER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def start(self, more: str = "") -> None:
        """Make the cluster when there is none, and start it unless it runs. Returns before it is ready."""
        if self.pid_file.pid() is not None:
            return
        if not (self.data / "PG_VERSION").exists():
            self._make_cluster()
        (self.data / "conf.d").mkdir(exist_ok=True)
        self._write(self.data / "conf.d" / "wuji.conf", SETTINGS.format(port=self.port, more=more))
        # A postmaster killed hard leaves its children for a moment: a new one would refuse to start beside them.
        self._wait_for_orphans()
        command = self._as_system_user([str(self.programs / "postgres"), "-D", str(self.data)])
        pid = spawn(command, log=self.log, env=clean_environment(), cwd=self.data if not is_root() else "/")
        self.pid_file.write(pid)

    def wait(self, seconds: float = 60) -> None:
        """Until it answers. Raises Unavailable with the end of its log."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                psycopg2.connect(self.url(), connect_timeout=3).close()
            except psycopg2.OperationalError as error:
                if self.pid_file.pid() is None or time.monotonic() > deadline:
                    raise Unavailable(
                        say("PostgreSQL 没有启动", "PostgreSQL did not start")
                        + f": {error}\n{tail(self.log)}\n{self.log}"
                    ) from error
                time.sleep(0.1)
            else:
                return

    def stop(self) -> bool:
        """Fast shutdown: open transactions are rolled back, everything committed is kept."""
        return self.pid_file.stop(signal.SIGINT, 60)

    def kill(self) -> None:
        """kill -9, for tests of what survives it."""
        self.pid_file.stop(signal.SIGKILL, 10)

    def ensure_database(self, name: str) -> bool:
        """Make the database unless it is there; True when it was made."""
        connection = psycopg2.connect(self.url())
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
                if cursor.fetchone():
                    return False
                cursor.execute(f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING UTF8 LOCALE 'C.UTF-8'")
                return True
        finally:
            connection.close()

    def _make_cluster(self) -> None:
        self.data.mkdir(mode=0o700, exist_ok=True)
        password = self.data.parent / "initial-password"
        password.write_text(self.password)
        password.chmod(0o600)
        if is_root():
            shutil.chown(self.data, *self._system_account())
            shutil.chown(password, *self._system_account())
        command = [str(self.programs / "initdb"), "-D", str(self.data), "-U", SYSTEM_USER, f"--pwfile={password}"]
        command += ["--encoding=UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256", "--no-sync", "--no-instructions"]
        done = subprocess.run(
            self._as_system_user(command), capture_output=True, text=True, env=clean_environment(), cwd="/", check=False
        )
        password.unlink()
        if done.returncode:
            raise Unavailable(say("initdb 失败", "initdb failed") + f":\n{done.stderr.strip()}")
        with (self.data / "postgresql.conf").open("a") as settings:
            settings.write("\ninclude_dir = 'conf.d'\n")

    def _write(self, path: Path, text: str) -> None:
        path.write_text(text)
        if is_root():
            shutil.chown(path, *self._system_account())

    def _as_system_user(self, command: list[str]) -> list[str]:
        if not is_root():
            return command
        user, group = self._system_account()
        return ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups", *command]

    def _system_account(self) -> tuple[int, int]:
        try:
            account = pwd.getpwnam(SYSTEM_USER)
        except KeyError:
            raise Unavailable(
                say(
                    f"PostgreSQL 不能以 root 运行，且没有系统用户 {SYSTEM_USER}；请用普通用户运行",
                    f"PostgreSQL does not run as root and there is no system user {SYSTEM_USER}: "
                    "run this as an ordinary user",
                )
            ) from None
        return account.pw_uid, account.pw_gid

    def _wait_for_orphans(self, seconds: float = 10) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and processes_in(self.data):
            time.sleep(0.1)


def processes_in(folder: Path) -> list[int]:
    """Processes whose working directory is the folder: a cluster's backends, and nobody else's."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                here = (entry / "cwd").resolve(strict=True)
            except OSError:
                continue
            if here == folder.resolve():
                found.append(int(entry.name))
    return found
