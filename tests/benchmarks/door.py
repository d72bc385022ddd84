"""What a door of ours costs by itself, with its checks, log line and metrics, against a stock door that does nothing.

No database is involved; `tests.benchmarks.http` measures the whole report door.
Run: python -m tests.benchmarks.door [SECONDS]
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from shared.security import tokens
from tests.support.process import Service, free_port, wait_for

CLIENTS = 16
ROUNDS = 5
BODY = json.dumps({"title": "路灯不亮", "area": "530103.004"}).encode()


def ratios(seconds: float) -> list[float]:
    """Requests a second of our door over those of the bare one, one ratio per round."""
    with tempfile.TemporaryDirectory() as folder:
        key = tokens.public_part(tokens.new_key())
        ours = Service("tests.support.tiny_doors", Path(folder), {"WUJI_TOKEN_PUBLIC_KEY": key}).start()
        port = free_port()
        bare = subprocess.Popen([sys.executable, "-W", "ignore", "-m", "tests.benchmarks.bare_door", str(port)])
        try:
            wait_for(lambda: _rate(port, "/reports", 0.2), 20)
            _rate(ours.http_port, "/api/v1/things", 0.5)
            return [
                _rate(ours.http_port, "/api/v1/things", seconds) / _rate(port, "/reports", seconds)
                for _ in range(ROUNDS)
            ]
        finally:
            ours.stop(signal.SIGKILL)
            bare.terminate()
            bare.wait()


def _rate(port: int, path: str, seconds: float) -> float:
    """Requests a second; 0 while nobody answers."""
    command = [sys.executable, "-m", "tests.benchmarks.http_client", str(port), path, str(seconds), str(CLIENTS)]
    found = subprocess.run(command, input=BODY, capture_output=True, check=False)
    if found.returncode:
        return 0.0
    answer = json.loads(found.stdout)
    return float(answer["rate"])


if __name__ == "__main__":
    measured = ratios(float(sys.argv[1]) if len(sys.argv) > 1 else 3.0)
    print(f"door / bare nameko door: {median(measured):.2f} (goal 0.75; {', '.join(f'{one:.2f}' for one in measured)})")
