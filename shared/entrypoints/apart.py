"""Work that computes for long goes into a real thread, so that the green threads of a service are not kept waiting."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def apart(function: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    """The function's answer; meanwhile others are served."""
    from eventlet import patcher, tpool

    if not patcher.is_monkey_patched("thread"):
        return function(*arguments, **options)
    answer: T = tpool.execute(function, *arguments, **options)
    return answer
