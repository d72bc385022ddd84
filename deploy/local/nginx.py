"""One private nginx: one origin in front of the five services, with the limits that a service should not keep alone."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path

from deploy.local.places import is_root
from deploy.local.ports import Ports, listens
from deploy.local.processes import PidFile, clean_environment, spawn, tail
from deploy.local.routes import LARGE, PAGES, ROUTES, STANDARDS
from deploy.local.words import say
from deploy.web import own
from shared.kernel.errors import Unavailable

HERE = Path(__file__).parent

SETTINGS = """\
# Written by the local stack at every start.
{user}daemon off;
worker_processes 1;
worker_rlimit_nofile 8192;
pid {prefix}/nginx.pid;
error_log stderr warn;

events {{ worker_connections 4096; }}

http {{
    access_log off;
    server_tokens off;
    default_type application/octet-stream;
    types {{
        text/html html; application/json json; text/css css; image/svg+xml svg; image/png png;
        text/javascript js; text/plain txt;
    }}
    charset utf-8;

    client_body_temp_path {prefix}/tmp/body;
    proxy_temp_path {prefix}/tmp/proxy;
    fastcgi_temp_path {prefix}/tmp/fastcgi;
    uwsgi_temp_path {prefix}/tmp/uwsgi;
    scgi_temp_path {prefix}/tmp/scgi;

    # Slow or greedy clients are nginx's business: a service only ever sees a whole, small request.
    client_max_body_size 1m;
    client_header_timeout 10s;
    client_body_timeout 10s;
    send_timeout 15s;
    keepalive_timeout 30s;
    large_client_header_buffers 4 8k;
    # Those who sign in are known; everybody else shares a limit per address.
    map $http_authorization $anonymous {{ "" $binary_remote_addr; default ""; }}
    limit_req_zone $anonymous zone=anonymous:4m rate=500r/s;
    limit_req_zone $anonymous zone=large:4m rate=5r/s;
    limit_req_status 429;
    limit_conn_zone $binary_remote_addr zone=connections:4m;
    limit_conn_status 429;

    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Request-Id $request_id;
    proxy_connect_timeout 3s;
    proxy_read_timeout 60s;
    # A request that may have been carried out must not be sent a second time.
    proxy_next_upstream off;

    server {{
        listen 127.0.0.1:{front} default_server backlog=2048;
        limit_conn connections 3000;
        root {prefix}/pages;

        error_page 400 /problems/400.$shape;
        error_page 404 /problems/404.$shape;
        error_page 405 /problems/405.$shape;
        error_page 413 /problems/413.$shape;
        error_page 414 /problems/414.$shape;
        error_page 429 /problems/429.$shape;
        error_page 500 502 503 504 =503 /problems/503.$shape;
        location /problems/ {{
            internal;
            default_type application/problem+json;
            types {{ text/html html; }}
            add_header Retry-After $retry_after always;
            add_header Allow $allow always;
        }}

        # Names change with the content, so a browser may keep them for ever.
        location /static/ {{
            gzip on;
            gzip_types text/css text/javascript image/svg+xml;
            add_header Cache-Control "public, max-age=31536000, immutable";
            add_header X-Content-Type-Options nosniff;
        }}
        location = /api {{ return 302 /; }}
        location = /api/ {{ return 302 /; }}
        location = /api/v1 {{ return 302 /; }}
{locations}
    }}

    # People get pages, programs get problem documents.
    map $http_accept $shape {{ ~text/html html; default json; }}
    map $status $retry_after {{ 429 1; 503 5; default ""; }}
    map $status $allow {{ 405 "GET, POST"; default ""; }}
}}
"""

PROXY = """\
        location {path} {{ {limits}limit_req zone=anonymous burst=1000 nodelay; proxy_pass http://127.0.0.1:{port}; }}
"""
LARGE_BODY = "client_max_body_size {megabytes}m; client_body_buffer_size 256k; limit_req zone=large burst=60 nodelay; "
READY = """\
        location = /ready/{service} {{ proxy_pass http://127.0.0.1:{port}/readyz; proxy_intercept_errors off; }}
"""

PROBLEMS = {
    400: ("Bad request", "nginx 读不懂这个请求 · the request cannot be read"),
    404: ("Not found", "没有这个地址 · there is no such address"),
    405: ("Method not allowed", "此地址不接受这种方法 · no address here takes this method"),
    413: ("Body too large", "请求正文不得超过 1 MB,照片不得超过 10 MB · a body may have 1 MB at most, a photo 10"),
    414: ("Address too long", "地址太长 · the address is too long"),
    429: ("Too many requests", "请求太频繁，请稍候 · too many requests from this address, wait a second"),
    503: (
        "Not available right now",
        "服务正在启动或恢复，请稍候重试 · the service is starting or recovering, try again",
    ),
}


class Nginx:
    """The private nginx of one run directory."""

    def __init__(self, program: Path, data: Path, log: Path, pids: Path, ports: Ports) -> None:
        self.program = program
        self.prefix = data
        self.log = log / "nginx.log"
        self.pid_file = PidFile(pids / "nginx.json")
        self.ports = ports

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports['front']}"

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
        while not listens(self.ports["front"]):
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

    def _prepare(self) -> bool:
        for folder in ("tmp", "pages/problems"):
            (self.prefix / folder).mkdir(parents=True, exist_ok=True)
        for code, (title, detail) in PROBLEMS.items():
            text = f'{{"type":"about:blank","title":"{title}","status":{code},"detail":"{detail}"}}\n'
            (self.prefix / "pages" / "problems" / f"{code}.json").write_text(text)
            (self.prefix / "pages" / "problems" / f"{code}.html").write_text(problem_page(code, title, detail))
        shutil.copytree(own.build(), self.prefix / "pages" / "static", dirs_exist_ok=True)
        text = SETTINGS.format(
            user=f"user {worker_user()};\n" if is_root() else "",
            prefix=self.prefix,
            front=self.ports["front"],
            locations=locations(self.ports),
        )
        changed = not self._settings.exists() or self._settings.read_text() != text
        self._settings.write_text(text)
        return changed


def locations(ports: Ports) -> str:
    """The location blocks: each service's paths, and whether each process is ready."""
    lines = []
    for service, segments in ROUTES.items():
        port = ports[f"{service}.http"]
        for segment in (*segments, service):
            path = f"/api/v1/{segment}"
            limits = LARGE_BODY.format(megabytes=LARGE[segment]) if segment in LARGE else ""
            lines.append(PROXY.format(path=f"= {path}", port=port, limits=limits))
            lines.append(PROXY.format(path=f"{path}/", port=port, limits=limits))
    for service, pages in PAGES.items():
        port = ports[f"{service}.http"]
        for path in pages:
            lines.append(PROXY.format(path=f"= {path}", port=port, limits=""))
            if path != "/":
                lines.append(PROXY.format(path=f"{path}/", port=port, limits=""))
    for path, service in STANDARDS.items():
        lines.append(PROXY.format(path=path, port=ports[f"{service}.http"], limits=""))
    for process in (*ROUTES, "relay", "projector", "courier", "timer"):
        lines.append(READY.format(service=process, port=ports[f"{process}.admin"]))
    return "".join(lines)


def worker_user() -> str:
    """Who serves requests when we are root."""
    for name in ("www-data", "nginx", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    return "root"


def problem_page(code: int, title: str, detail: str) -> str:
    """What a browser shows when nginx itself refuses, or no service answers."""
    text = (HERE / "pages" / "problem.html").read_text(encoding="utf-8")
    chinese, _, english = detail.partition(" · ")
    # Whoever waits for the services to be back, a wall for one, sees them come back.
    refresh = '<meta http-equiv="refresh" content="5">\n' if code == 503 else ""
    for name, value in {
        "REFRESH": refresh,
        "CODE": str(code),
        "TITLE": title,
        "CHINESE": chinese,
        "ENGLISH": english,
    }.items():
        text = text.replace(f"@{name}@", value)
    return text
