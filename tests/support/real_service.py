"""Runs the service named by WUJI_TEST_SERVICE as `wuji run` does; for tests that need one in a process of its own."""

from __future__ import annotations

import os
import sys

from shared.entrypoints.runner import run_service

if __name__ == "__main__":
    sys.exit(run_service(os.environ["WUJI_TEST_SERVICE"]))
