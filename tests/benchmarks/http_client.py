"""Posts one request again and again over many keep-alive connections, each as soon as it is answered.

A process of its own, so that it does not share an interpreter with what it measures. Prints one JSON object.
Run: python -m tests.benchmarks.http_client PORT PATH SECONDS CONNECTIONS < BODY
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from collections import Counter


class Caller:
    """One connection: what it has read of the answer, and when it asked."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.read = b""
        self.asked = 0.0

    def ask(self, request: bytes) -> None:
        self.read = b""
        self.asked = time.perf_counter()
        self.socket.sendall(request)

    def hear(self) -> bytes | None:
        """The status, once the whole answer is there."""
        part = self.socket.recv(65536)
        if not part:
            raise ConnectionError("the server closed a keep-alive connection")
        self.read += part
        head, separator, rest = self.read.partition(b"\r\n\r\n")
        if not separator:
            return None
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r")[0])
        return head[9:12] if len(rest) >= length else None


def run(port: int, path: str, seconds: float, connections: int, body: bytes) -> dict[str, object]:
    """Requests a second, latencies in ms, and how often each status came."""
    request = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body
    callers = [Caller(port) for _ in range(connections)]
    waiting = selectors.DefaultSelector()
    for caller in callers:
        waiting.register(caller.socket, selectors.EVENT_READ, caller)
        caller.ask(request)
    began = time.perf_counter()
    took: list[float] = []
    statuses: Counter[bytes] = Counter()
    while (now := time.perf_counter()) < began + seconds:
        for key, _ in waiting.select(1.0):
            status = key.data.hear()
            if status is not None:
                statuses[status] += 1
                took.append(time.perf_counter() - key.data.asked)
                key.data.ask(request)
    took.sort()
    for caller in callers:
        caller.socket.close()
    return {
        "rate": len(took) / (now - began),
        "p50": took[len(took) // 2] * 1000,
        "p99": took[len(took) * 99 // 100] * 1000,
        "statuses": {status.decode(): count for status, count in statuses.items()},
    }


if __name__ == "__main__":
    port, path, seconds, connections = sys.argv[1:]
    print(json.dumps(run(int(port), path, float(seconds), int(connections), sys.stdin.buffer.read())))
