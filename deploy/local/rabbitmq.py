"""One private RabbitMQ: own node name, own ports, own epmd, own cookie; runs as any user.

The Erlang port mapper (epmd) is started by us and not by RabbitMQ, so that we know its process and can stop it.
"""

from __future__ import annotations

import base64
import json
import shutil
import signal
import time
import urllib.error
import urllib.request
from pathlib import Path

from deploy.local.ports import listens
from deploy.local.processes import PidFile, clean_environment, spawn, tail
from deploy.local.words import say
from shared.kernel.errors import Unavailable

SETTINGS = """\
# Written by the local stack at every start.
listeners.tcp.1 = 127.0.0.1:{amqp}
management.tcp.ip = 127.0.0.1
management.tcp.port = {management}
prometheus.tcp.ip = 127.0.0.1
prometheus.tcp.port = {metrics}
# Our own virtual host is made with the topology: its default queue type can be set only when it is made.
default_user = {user}
default_pass = {password}
default_vhost = /
default_permissions.configure = .*
default_permissions.read = .*
default_permissions.write = .*
default_user_tags.administrator = true
loopback_users.guest = true
vm_memory_high_watermark.absolute = 1GiB
disk_free_limit.absolute = 256MiB
# The default of 512 MB lets one quiet node fill the memory of a small machine.
raft.wal_max_size_bytes = 67108864
management_agent.disable_metrics_collector = false
collect_statistics_interval = 5000
log.file.level = info
log.console = false
"""

ADMINISTRATOR = "wuji"


class RabbitMQ:
    """The private RabbitMQ of one run directory."""

    def __init__(
        self,
        programs: Path,
        data: Path,
        log: Path,
        pids: Path,
        ports: dict[str, int],
        digest: str,
        secrets: dict[str, str],
    ) -> None:
        self.programs = programs
        self.data = data
        self.log_folder = log
        self.log = log / "rabbitmq.log"
        self.start_log = log / "rabbitmq.start.log"
        self.pid_file = PidFile(pids / "rabbitmq.json")
        self.epmd_file = PidFile(pids / "epmd.json")
        self.ports = ports
        self.node = f"wuji-{digest}@localhost"
        self.password = secrets["rabbitmq_admin"]
        self.cookie = secrets["rabbitmq_cookie"]

    def amqp_url(self, vhost: str = "wuji") -> str:
        """The administrator's address."""
        return f"amqp://{ADMINISTRATOR}:{self.password}@127.0.0.1:{self.ports['amqp']}/{vhost}"

    def management_url(self) -> str:
        """The management API with the administrator's name and password."""
        return f"http://{ADMINISTRATOR}:{self.password}@127.0.0.1:{self.ports['management']}"

    def environment(self) -> dict[str, str]:
        """What `rabbitmqctl` and the node itself need to be this node."""
        home = self.data / "home"
        return clean_environment() | {
            "HOME": str(home),
            "RABBITMQ_NODENAME": self.node,
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.ports["amqp"]),
            "RABBITMQ_DIST_PORT": str(self.ports["erlang_distribution"]),
            "RABBITMQ_MNESIA_BASE": str(self.data / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.log_folder),
            "RABBITMQ_LOGS": str(self.log),
            "RABBITMQ_PID_FILE": str(self.data / "pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.data / "enabled_plugins"),
            "RABBITMQ_PLUGINS_EXPAND_DIR": str(self.data / "plugins"),
            "RABBITMQ_FEATURE_FLAGS_FILE": str(self.data / "feature_flags"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(self.data / "generated"),
            "RABBITMQ_CONFIG_FILE": str(self.data / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(self.data / "none.config"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            # Idle schedulers must not spin: the machine's few cores belong to everybody.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                "+sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}"
            ),
            # Makes the start script become the node instead of guarding it: one process id, one to stop.
            "RUNNING_UNDER_SYSTEMD": "true",
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self.ports["epmd"]),
            "ERL_CRASH_DUMP_SECONDS": "0",
        }

    def start(self) -> None:
        """Start epmd and the node unless they run. Returns before the node is ready."""
        if self.epmd_file.pid() is None:
            self._start_epmd()
        if self.pid_file.pid() is not None:
            return
        self._prepare()
        command = [str(self.programs / "rabbitmq-server")]
        self.pid_file.write(spawn(command, log=self.start_log, env=self.environment(), cwd=self.data))

    def wait(self, seconds: float = 120) -> None:
        """Until the node takes AMQP connections and the management API answers. Raises Unavailable otherwise."""
        deadline = time.monotonic() + seconds
        while not (listens(self.ports["amqp"]) and self._answers()):
            if self.pid_file.pid() is None or time.monotonic() > deadline:
                end = tail(self.log, 6) + "\n" + tail(self.start_log, 12)
                raise Unavailable(say("RabbitMQ 没有启动", "RabbitMQ did not start") + f":\n{end}\n{self.log}")
            time.sleep(0.2)

    def stop(self) -> bool:
        """Graceful stop of the node, then of its port mapper."""
        stopped = self.pid_file.stop(signal.SIGTERM, 60)
        return self.epmd_file.stop(signal.SIGTERM, 5) or stopped

    def kill(self) -> None:
        """kill -9 of the node, for tests of what survives it; the port mapper stays."""
        self.pid_file.stop(signal.SIGKILL, 10)

    def _start_epmd(self) -> None:
        epmd = shutil.which("epmd") or next(map(str, Path("/usr/lib/erlang").glob("erts-*/bin/epmd")), "epmd")
        command = [epmd, "-address", "127.0.0.1", "-port", str(self.ports["epmd"])]
        self.epmd_file.write(spawn(command, log=self.start_log, env=clean_environment()))
        deadline = time.monotonic() + 10
        while not listens(self.ports["epmd"]) and time.monotonic() < deadline:
            time.sleep(0.05)

    def _prepare(self) -> None:
        for folder in ("home", "mnesia", "plugins", "generated"):
            (self.data / folder).mkdir(parents=True, exist_ok=True)
        cookie = self.data / "home" / ".erlang.cookie"
        if not cookie.exists():
            cookie.write_text(self.cookie)
            cookie.chmod(0o400)
        (self.data / "enabled_plugins").write_text("[rabbitmq_management,rabbitmq_prometheus].\n")
        settings = self.data / "rabbitmq.conf"
        settings.write_text(
            SETTINGS.format(
                amqp=self.ports["amqp"],
                management=self.ports["management"],
                metrics=self.ports["rabbitmq_metrics"],
                user=ADMINISTRATOR,
                password=self.password,
            )
        )
        settings.chmod(0o600)

    def _answers(self) -> bool:
        address = f"http://127.0.0.1:{self.ports['management']}/api/health/checks/local-alarms"
        login = base64.b64encode(f"{ADMINISTRATOR}:{self.password}".encode()).decode()
        request = urllib.request.Request(address, headers={"Authorization": f"Basic {login}"})
        try:
            with urllib.request.urlopen(request, timeout=3) as answer:
                return bool(json.load(answer)["status"] == "ok")
        except urllib.error.HTTPError as error:
            # 503 means up, with an alarm: that is for `wuji doctor` to say.
            return error.code == 503
        except (OSError, ValueError):
            return False
