"""Free ports on 127.0.0.1, chosen once per run directory and remembered in `ports.json`.

A stack's ports are neighbours in one block of a hundred, below the range that the kernel hands out for outgoing
connections, so that nobody takes them while the stack is down. Which block is tried first follows from the run
directory's path: two checkouts on one machine rarely meet.
"""

from __future__ import annotations

import errno
import json
import socket
from collections.abc import Iterable
from pathlib import Path

FIRST, LAST, BLOCK = 15300, 31900, 100

PLACES = {
    "front": 0,
    "postgres": 1,
    "amqp": 2,
    "management": 3,
    "rabbitmq_metrics": 4,
    "erlang_distribution": 5,
    "epmd": 6,
    "supervisor": 7,
    "secure": 8,
    **{f"{name}.http": 10 + n for n, name in enumerate(("intake", "dispatch", "grid", "survey", "notify"))},
    **{
        f"{name}.admin": 20 + n
        for n, name in enumerate(
            ("intake", "dispatch", "grid", "survey", "notify", "relay", "projector", "courier", "timer")
        )
    },
}
"""Every port of a stack and its place in the block."""


def is_free(port: int) -> bool:
    """True when nobody listens there; a port in TIME_WAIT counts as free, as servers reuse it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def listens(port: int, seconds: float = 0.5) -> bool:
    """True when something accepts a connection on the port."""
    with socket.socket() as probe:
        probe.settimeout(seconds)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Ports:
    """The remembered ports of one run directory."""

    def __init__(self, path: Path, digest: str) -> None:
        self._path = path
        self._digest = digest
        self._ports: dict[str, int] = json.loads(path.read_text()) if path.exists() else {}
        if not self._ports:
            self._ports = self._free_block()
            self._save()
        elif self._ports.keys() != PLACES.keys():
            self._follow_upgrade()

    def __getitem__(self, name: str) -> int:
        return self._ports[name]

    def all(self) -> dict[str, int]:
        return dict(self._ports)

    def renew_taken(self, names: Iterable[str]) -> dict[str, tuple[int, int]]:
        """Give each of these ports that a stranger has taken meanwhile a new number: name → (old, new).

        Call it only with ports of processes that are not running."""
        taken = [name for name in names if not is_free(self._ports[name])]
        if not taken:
            return {}
        fresh = self._free_block()
        changed = {name: (self._ports[name], fresh[name]) for name in taken}
        self._ports.update({name: fresh[name] for name in taken})
        self._save()
        return changed

    def _follow_upgrade(self) -> None:
        """A newer release has other processes: what runs keeps its port, what is new gets one beside it."""
        base = self._ports.get("front", FIRST) - PLACES["front"]
        kept = {name: port for name, port in self._ports.items() if name in PLACES}
        beside = {name: base + place for name, place in PLACES.items() if name not in kept}
        if not all(is_free(port) for port in beside.values()):
            beside = {name: port for name, port in self._free_block().items() if name in beside}
        self._ports = {name: kept[name] if name in kept else beside[name] for name in PLACES}
        self._save()

    def _free_block(self) -> dict[str, int]:
        blocks = range(FIRST, LAST, BLOCK)
        start = int(self._digest, 16) % len(blocks)
        for n in range(len(blocks)):
            base = blocks[(start + n) % len(blocks)]
            if all(is_free(base + place) for place in PLACES.values()):
                return {name: base + place for name, place in PLACES.items()}
        raise OSError(errno.EADDRINUSE, f"no {len(PLACES)} free ports together between {FIRST} and {LAST}")

    def _save(self) -> None:
        self._path.write_text(json.dumps(self._ports, indent=1))
