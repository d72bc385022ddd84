"""Draws one picture in a process of its own: `python -m shared.photos.easel < picture`.

Decoders of pictures are large C programs that read whatever strangers send. Here they have no credentials, little
memory and little time, and whatever they do takes nobody else with it.
"""

from __future__ import annotations

import os
import pickle
import resource
import sys
from pathlib import Path

from shared.kernel.errors import Invalid
from shared.photos.images import Prepared, prepare

SECONDS = 30
"""How long a drawing may take, its wait for a core included."""
_CPU_SECONDS = 20
_MEMORY = 2 * 1024**3
ENVIRONMENT = {"PATH": os.defpath, "PYTHONPATH": str(Path(__file__).parents[2]), "LC_ALL": "C.UTF-8"}
COMMAND = (sys.executable, "-W", "ignore", "-m", "shared.photos.easel")


def result(answer: bytes) -> Prepared:
    """What the process wrote. Raises Invalid for what is no picture, or broke the process."""
    if not answer:
        raise Invalid("the photo cannot be read", where="body", hint="take or send it again")
    # It is written by our own program from numbers, texts and bytes of its own making.
    found: Prepared | tuple[str, str | None] = pickle.loads(answer)
    if isinstance(found, Prepared):
        return found
    raise Invalid(found[0], where="body", hint=found[1])


def main() -> None:
    """Read, draw, write."""
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    try:
        found: Prepared | tuple[str, str | None] = prepare(sys.stdin.buffer.read())
    except Invalid as error:
        found = (str(error), error.hint)
    sys.stdout.buffer.write(pickle.dumps(found))


if __name__ == "__main__":
    main()
