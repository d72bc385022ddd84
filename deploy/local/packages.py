"""Finds PostgreSQL, RabbitMQ and nginx on this machine; installs Debian's packages when it may.

Installing must not start the distribution's own servers on the standard ports, nor make PostgreSQL's default cluster:
we only want the programs. What we put in the way of that is taken away again.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.places import is_root
from deploy.local.progress import Progress, Step
from deploy.local.words import say
from shared.kernel.errors import Unavailable

POSTGRES_AT_LEAST = 15
RABBITMQ_SCRIPTS = "/usr/lib/rabbitmq/bin"
"""Debian's /usr/sbin/rabbitmq-server refuses ordinary users; the scripts that it calls do not."""

POLICY = Path("/usr/sbin/policy-rc.d")
CLUSTER_SETTINGS = Path("/etc/postgresql-common/createcluster.d/wuji.conf")


@dataclass(frozen=True)
class Programs:
    """Where the three servers' programs are."""

    postgres_bin: Path
    rabbitmq_bin: Path
    nginx: Path


def postgres_bin() -> Path | None:
    """The folder of the oldest PostgreSQL that is new enough: the one that we are tested with."""
    found = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "initdb").exists()]
    found += [Path(program).resolve().parent for program in [shutil.which("initdb")] if program]
    versions = {path: major_version(path / "postgres") for path in found}
    good = sorted((version, path) for path, version in versions.items() if version >= POSTGRES_AT_LEAST)
    return good[0][1] if good else None


def major_version(program: Path) -> int:
    """15 of `postgres (PostgreSQL) 15.20`; 0 when the program does not run."""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return 0
    number = re.search(r"(\d+)(\.|devel|$)", said.split()[-1] if "(" not in said.split()[-1] else said)
    return int(number[1]) if number else 0


def rabbitmq_bin() -> Path | None:
    """The folder of the scripts that may be run by any user."""
    folders = [Path(RABBITMQ_SCRIPTS), *Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin")]
    return next((folder for folder in folders if (folder / "rabbitmq-server").exists()), None)


def nginx() -> Path | None:
    """nginx; ordinary users have no /usr/sbin in their path."""
    found = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/local/bin:/usr/bin")
    return Path(found) if found else None


NGINX = "nginx-light"
FINDERS = {"postgresql-15": postgres_bin, "rabbitmq-server": rabbitmq_bin, NGINX: nginx}
"""Debian package → how to tell that it is here already."""

CHINESE_FONT = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
WEB: dict[str, Callable[[], object]] = {"nodejs": lambda: shutil.which("node"), "npm": lambda: shutil.which("npm")}
"""What brings the pages' files; nothing of it runs later."""
BROWSER: dict[str, Callable[[], object]] = {
    "chromium": lambda: shutil.which("chromium"),
    "fonts-noto-cjk": lambda: CHINESE_FONT if CHINESE_FONT.exists() else None,
}
"""What tests of the pages need."""

UNITS = {
    "postgresql-15": ["postgresql.service"],
    "rabbitmq-server": ["rabbitmq-server.service", "epmd.service", "epmd.socket"],
    NGINX: ["nginx.service"],
}


def missing(wanted: Iterable[str] = FINDERS) -> list[str]:
    """Debian packages to install, of those that are wanted."""
    known = {**FINDERS, **WEB, **BROWSER}
    return [package for package in wanted if known[package]() is None]


def programs() -> Programs:
    """Where everything is. Raises Unavailable naming the packages that are missing."""
    postgres, rabbitmq, web = postgres_bin(), rabbitmq_bin(), nginx()
    if postgres is None or rabbitmq is None or web is None:
        raise Unavailable(please_install(missing()))
    return Programs(postgres, rabbitmq, web)


def nginx_program() -> Path:
    """nginx alone, for those who bring their own database and broker. Raises Unavailable when it is missing."""
    found = nginx()
    if found is None:
        raise Unavailable(please_install([NGINX]))
    return found


def please_install(packages: list[str]) -> str:
    command = f"sudo apt-get install --no-install-recommends {' '.join(packages)}"
    return say(
        f"缺少软件包 {'、'.join(packages)}，且无权安装。请管理员执行：{command}",
        f"Missing: {', '.join(packages)}, and we may not install them. Ask an administrator to run: {command}",
    )


def ensure(progress: Progress, wanted: Iterable[str] = FINDERS) -> None:
    """Install what is missing of the wanted packages. Raises Unavailable when it may not, or apt fails."""
    lacking = missing(wanted)
    if lacking:
        with progress.step(say(f"安装 {'、'.join(lacking)}", f"Install {', '.join(lacking)}")) as step:
            install(lacking, step)


def administrator() -> list[str] | None:
    """The prefix that makes a command root's: nothing for root, sudo when it asks no password, else None."""
    if is_root():
        return []
    sudo = shutil.which("sudo")
    may = sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0
    return [sudo, "-n"] if sudo and may else None


def install(packages: list[str], step: Step) -> None:
    """apt-get install, with the distribution's own servers kept from starting."""
    prefix = administrator()
    if prefix is None or shutil.which("apt-get") is None:
        raise Unavailable(please_install(packages))
    with ExitStack() as undo:
        if not POLICY.exists():
            undo.enter_context(temporary(POLICY, "#!/bin/sh\nexit 101\n", "755", prefix))
        undo.enter_context(temporary(CLUSTER_SETTINGS, "create_main_cluster = false\n", "644", prefix))
        apt(prefix, ["update"], step)
        apt(prefix, ["install", "-y", "--no-install-recommends", *packages], step)
        keep_from_boot([unit for package in packages for unit in UNITS.get(package, ())], prefix)


@contextmanager
def temporary(path: Path, text: str, mode: str, prefix: list[str]) -> Iterator[None]:
    """A system file that is there only meanwhile."""
    run = [*prefix, "sh", "-c", 'mkdir -p "$(dirname "$1")" && cat > "$1" && chmod "$2" "$1"', "sh", str(path), mode]
    subprocess.run(run, input=text, text=True, check=True)
    try:
        yield
    finally:
        subprocess.run([*prefix, "rm", "-f", str(path)], check=True)


def apt(prefix: list[str], arguments: list[str], step: Step) -> None:
    """Run apt-get, showing its last line as it goes. Raises Unavailable with the end of its output."""
    settings = ["DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8"]
    command = [*prefix, "env", *settings, "apt-get", "-q", "-o", "DPkg::Lock::Timeout=300", *arguments]
    output: list[str] = []
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            output.append(line.rstrip())
            step.detail = line.strip()[:60]
    step.detail = ""
    if process.returncode:
        end = "\n".join(output[-8:])
        raise Unavailable(say("apt-get 安装失败", "apt-get failed") + f" ({' '.join(arguments)}):\n{end}")


def keep_from_boot(units: list[str], prefix: list[str]) -> None:
    """Disable what the packages enabled: it would take the standard ports at the next boot."""
    if shutil.which("systemctl"):
        command = [*prefix, "systemctl", "disable", "--quiet", *units]
        subprocess.run(command, capture_output=True, check=False)
