"""Checks of the machine: programs, ports, disk, secrets, our processes."""

from __future__ import annotations

import shutil
import stat
import subprocess
from pathlib import Path

from deploy.local import packages
from deploy.local.environment import PROCESSES, SECRETS
from deploy.local.environment_file import read
from deploy.local.ports import is_free
from deploy.local.servers import EPMD_PORTS, POSTGRES_PORTS, RABBITMQ_PORTS
from deploy.local.words import say
from deploy.wuji.checks import Check, Found, Patient, bad, good, warning
from deploy.wuji.condition import our_processes
from shared.kernel.clock import utc_now

FREE_BYTES = 2 * 1024**3
GIGABYTE = 1024**3
CERTIFICATE_DAYS = 30


def programs(patient: Patient) -> Found:
    lacking = packages.missing() if patient.stack.servers else packages.missing([packages.NGINX])
    if lacking:
        return bad(say("缺少 ", "missing: ") + ", ".join(lacking), packages.please_install(lacking))
    web = subprocess.run([packages.nginx_program(), "-v"], capture_output=True, text=True, check=False).stderr
    found = [web.strip().rpartition(": ")[2]]
    if patient.stack.servers:
        postgres = packages.programs().postgres_bin / "postgres"
        found += [f"PostgreSQL {packages.major_version(postgres)}", "RabbitMQ"]
    return good(", ".join(found))


def ports(patient: Patient) -> Found:
    """A port of a process that does not run must be free for it."""
    stack, waiting = patient.stack, set[str]()
    if stack.servers:
        postgres, rabbitmq = stack.servers.postgres, stack.servers.rabbitmq
        waiting |= set(POSTGRES_PORTS) if postgres.pid_file.pid() is None else set()
        waiting |= set(RABBITMQ_PORTS) if rabbitmq.pid_file.pid() is None else set()
        waiting |= set(EPMD_PORTS) if rabbitmq.epmd_file.pid() is None else set()
    if stack.nginx.pid_file.pid() is None:
        waiting |= {"front", "secure"}
    if stack.supervisor.pid_file.pid() is None:
        waiting |= {"supervisor", *(name for name in stack.ports.all() if name.endswith((".http", ".admin")))}
    taken = [f"{stack.ports[name]} ({name})" for name in sorted(waiting) if not is_free(stack.ports[name])]
    if taken:
        return bad(
            say("被别的程序占用:", "taken by somebody else: ") + ", ".join(taken),
            say("wuji up 会自动改用空闲端口", "wuji up chooses free ones"),
        )
    return good(say(f"{len(stack.ports.all())} 个端口", f"{len(stack.ports.all())} ports"))


def disk(patient: Patient) -> Found:
    places = {patient.stack.run.root, patient.stack.run.data.resolve()}
    free = min(shutil.disk_usage(place).free for place in places if place.exists())
    said = say(f"剩余 {free / GIGABYTE:.1f} GB", f"{free / GIGABYTE:.1f} GB free")
    if free < FREE_BYTES:
        return bad(said, say("清理磁盘;事件日志需要空间", "make room: the log of events needs it"))
    return good(said)


def keys(patient: Patient) -> Found:
    """Every process has its secrets, and nobody else can read them."""
    lacking, open_files = [], []
    for process in (*PROCESSES, "operator"):
        path = patient.stack.run.env / f"{process}.env"
        if not path.exists():
            lacking.append(path.name)
            continue
        values = read(path)
        lacking += [f"{process}: {name}" for name in SECRETS.get(process, ()) if not values.get(name)]
        open_files += [path.name] if readable_by_others(path) else []
    if lacking:
        return bad(say("缺少 ", "missing: ") + ", ".join(lacking), say("执行 wuji up 重写", "run: wuji up"))
    if open_files:
        names = " ".join(open_files)
        return bad(say("别人可读:", "others can read ") + names, f"chmod 600 {patient.stack.run.env}/*.env")
    return good(say("齐全,权限 0600", "complete, mode 0600"))


def readable_by_others(path: Path) -> bool:
    return bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def processes(patient: Patient) -> Found:
    found = our_processes(patient.stack)
    waiting = [f"{one.name}: {one.state} {one.why}".strip()[:100] for one in found if not one.ready]
    if waiting:
        logs = patient.stack.run.log
        return bad("; ".join(waiting), say(f"看日志 {logs},然后 wuji up", f"look into {logs}, then: wuji up"))
    return good(say(f"{len(found)} 个进程就绪", f"{len(found)} processes ready"))


def nginx(patient: Patient) -> Found:
    if patient.stack.nginx.pid_file.pid() is None:
        return bad(say("没有运行", "not running"), "wuji up")
    return good(patient.stack.url)


def certificate(patient: Patient) -> Found:
    """Browsers turn everybody away from the hour that it ends."""
    shown = patient.stack.nginx.tls
    if shown is None:
        return good(say("本机入口未启用 TLS", "no TLS on this machine's door"))
    ends = shown.ends()
    days = (ends - utc_now()).days
    said = say(f"证书 {ends:%Y-%m-%d} 到期，还有 {days} 天", f"the certificate ends on {ends:%Y-%m-%d}, in {days} days")
    if days >= CERTIFICATE_DAYS:
        return good(said)
    fix = say(f"更换 {shown.certificate}，再执行 wuji up", f"put a new one at {shown.certificate}, then: wuji up")
    return bad(said, fix) if ends <= utc_now() else warning(said, fix)


def supervised(patient: Patient) -> Found:
    restarts = [program for program in patient.stack.supervisor.programs() if program.state in ("BACKOFF", "FATAL")]
    if restarts:
        names = ", ".join(f"{program.name} {program.said}" for program in restarts)
        return warning(names, say("看它们的日志", "look into their logs"))
    return good(say("没有反复重启的进程", "nothing keeps crashing"))


CHECKS = (
    Check("WUJI-D001", "所需软件", "programs", programs),
    Check("WUJI-D002", "端口", "ports", ports),
    Check("WUJI-D003", "磁盘", "disk", disk),
    Check("WUJI-D004", "密钥", "keys", keys),
    Check("WUJI-D005", "nginx 入口", "nginx", nginx),
    Check("WUJI-D006", "进程", "processes", processes),
    Check("WUJI-D007", "反复重启", "crash loops", supervised),
    Check("WUJI-D008", "TLS 证书", "TLS certificate", certificate),
)
