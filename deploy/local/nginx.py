"""One private nginx: one origin in front of the five services, with the limits that a service should not keep alone."""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from deploy.local import problems, site
from deploy.local.environment import PROCESSES
from deploy.local.places import is_root
from deploy.local.ports import Ports, listens
from deploy.local.processes import PidFile, clean_environment, spawn, tail
from deploy.local.routes import ROUTES
from deploy.local.site import LOCAL, Limits, Site
from deploy.local.tls import Tls
from deploy.local.words import say
from deploy.web import own
from shared.kernel.errors import Invalid, Unavailable

SETTINGS = """\
# Written by the local stack at every start.
# {certificate}
{user}daemon off;
worker_processes 1;
worker_rlimit_nofile 8192;
pid {prefix}/nginx.pid;
error_log stderr warn;

events {{ worker_connections 4096; }}

http {{
access_log off;
client_body_temp_path {prefix}/tmp/body;
proxy_temp_path {prefix}/tmp/proxy;
fastcgi_temp_path {prefix}/tmp/fastcgi;
uwsgi_temp_path {prefix}/tmp/uwsgi;
scgi_temp_path {prefix}/tmp/scgi;

{http}}}
"""


class Nginx:
    """The private nginx of one run directory."""

    def __init__(self, program: Path, data: Path, log: Path, pids: Path, ports: Ports) -> None:
        self.program = program
        self.prefix = data
        self.log = log / "nginx.log"
        self.pid_file = PidFile(pids / "nginx.json")
        self.ports = ports
        self.limits: Limits = LOCAL
        self.tiles: Path | None = None

    @property
    def url(self) -> str:
        """Where people reach it."""
        return self.local_url if self.tls is None else f"https://127.0.0.1:{self.ports['secure']}"

    @property
    def local_url(self) -> str:
        """Where programs on this machine reach it; nobody has to vouch for a certificate there."""
        return f"http://127.0.0.1:{self.ports['front']}"

    @property
    def tls(self) -> Tls | None:
        """The certificate that it was last told to show."""
        try:
            kept = json.loads(self._told.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return Tls(Path(kept["certificate"]), Path(kept["key"]))

    def serve(self, tls: Tls | None) -> None:
        """With TLS beside the plain door, or without; what the next start does, and every one after it."""
        self.prefix.mkdir(parents=True, exist_ok=True)
        if tls is None:
            self._told.unlink(missing_ok=True)
        else:
            self._told.write_text(json.dumps({"certificate": str(tls.certificate), "key": str(tls.key)}))

    def start(self) -> None:
        """Start it, or reload it when it runs and something changed."""
        changed = self._prepare()
        if self.pid_file.pid() is None:
            command = [str(self.program), "-p", str(self.prefix), "-c", str(self._settings), "-e", "stderr"]
            self.pid_file.write(spawn(command, log=self.log, env=clean_environment()))
        elif changed:
            self.reload()

    def wait(self, seconds: float = 15) -> None:
        """Until it accepts connections. Raises Unavailable with the end of its log."""
        deadline = time.monotonic() + seconds
        doors = ["front"] if self.tls is None else ["front", "secure"]
        while not all(listens(self.ports[door]) for door in doors):
            if self.pid_file.pid() is None or time.monotonic() > deadline:
                raise Unavailable(say("nginx 没有启动", "nginx did not start") + f":\n{tail(self.log)}\n{self.log}")
            time.sleep(0.1)

    def reload(self) -> None:
        pid = self.pid_file.pid()
        if pid is not None:
            # A reload with a broken file would leave the old settings silently in force.
            check = [str(self.program), "-t", "-p", str(self.prefix), "-c", str(self._settings), "-e", "stderr"]
            done = subprocess.run(check, capture_output=True, text=True, check=False)
            if done.returncode:
                raise Unavailable(say("nginx 配置有误", "nginx refuses its settings") + f":\n{done.stderr.strip()}")
            os.kill(pid, signal.SIGHUP)

    def stop(self) -> bool:
        return self.pid_file.stop(signal.SIGTERM, 10)

    @property
    def _settings(self) -> Path:
        return self.prefix / "nginx.conf"

    @property
    def _told(self) -> Path:
        return self.prefix / "tls.json"

    def _prepare(self) -> bool:
        (self.prefix / "tmp").mkdir(parents=True, exist_ok=True)
        problems.write(self.prefix / "pages" / "problems")
        shutil.copytree(own.build(), self.prefix / "pages" / "static", dirs_exist_ok=True)
        tls = self.tls
        told = SETTINGS.format(
            # A certificate that was renewed in its place is to be read again.
            certificate=hashlib.sha256(tls.certificate.read_bytes()).hexdigest() if tls else "no certificate",
            user=f"user {worker_user()};\n" if is_root() else "",
            prefix=self.prefix,
            http=site.text(self._site(tls)),
        )
        changed = not self._settings.exists() or self._settings.read_text() != told
        self._settings.write_text(told)
        return changed

    def _site(self, tls: Tls | None) -> Site:
        return Site(
            plain=f"127.0.0.1:{self.ports['front']}",
            secure=f"127.0.0.1:{self.ports['secure']}",
            tls=tls,
            pages=self.prefix / "pages",
            services={service: f"127.0.0.1:{self.ports[f'{service}.http']}" for service in ROUTES},
            ready={process: f"127.0.0.1:{self.ports[f'{process}.admin']}" for process in PROCESSES},
            limits=self.limits,
            tiles=self.tiles,
        )


def tiles_of(wished: Mapping[str, str]) -> Path | None:
    """The folder with the city's own map, if one is named. Raises Invalid when nginx could not serve it."""
    named = wished.get("WUJI_TILES")
    if not named:
        return None
    folder = Path(named)
    if not folder.is_absolute() or not folder.is_dir() or any(letter in named for letter in " ;{}'\""):
        raise Invalid(
            say(f"{named} 不是可用的目录", f"{named} is no folder that nginx can serve"),
            where="WUJI_TILES",
            hint=say("绝对路径，不含空格和引号", "give its absolute path, without blanks or quotes"),
        )
    return folder


def worker_user() -> str:
    """Who serves requests when we are root."""
    for name in ("www-data", "nginx", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    return "root"
