"""Numbers, shares, durations and times as people read them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

from markupsafe import Markup

CITY_ZONE = timezone(timedelta(hours=8))
"""China has one zone and no summer time."""
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def number(value: float | None) -> str:
    """`12,345`; a dash for nothing."""
    return "—" if value is None else f"{value:,}"


def share(value: float | None) -> str:
    """`87.5%` of 0.875."""
    return "—" if value is None else f"{value * 100:.1f}%".replace(".0%", "%")


def duration(seconds: float | None, language: str) -> str:
    """The two largest units: `2 天 3 小时`."""
    if seconds is None:
        return "—"
    left = int(abs(seconds))
    units = [(_DAY, "天", "d"), (_HOUR, "小时", "h"), (_MINUTE, "分", "min")]
    parts: list[tuple[int, str]] = []
    for size, zh, en in units:
        n, left = divmod(left, size)
        if n or parts:
            parts.append((n, zh if language == "zh" else en))
    shown = [f"{n} {unit}" for n, unit in parts[:2] if n] or [f"1 {'分内' if language == 'zh' else 'min'}"]
    return " ".join(shown)


def units(text: str) -> Markup:
    """`1 天 13 小时` for a large figure: what is counted stands smaller beside the count."""
    parts = (
        Markup("{}" if part[0].isdigit() or part == "—" else "<small>{}</small>").format(part) for part in text.split()
    )
    return Markup("").join(parts)


def local(instant: datetime) -> datetime:
    """The instant on the city's clocks."""
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(CITY_ZONE)


def moment(instant: datetime | None, language: str) -> Markup | str:
    """`11 月 21 日 15:04`, with the exact time for machines."""
    if instant is None:
        return "—"
    at = local(instant)
    text = f"{at.month} 月 {at.day} 日 {at:%H:%M}" if language == "zh" else f"{at.day} {at:%b} {at:%H:%M}"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        at.isoformat(timespec="seconds"), f"{at:%Y-%m-%d %H:%M:%S}", text
    )


def said(text: str, language: str) -> str:
    """One language of a sentence that was said in both, `中文 / English`; else the sentence as it is."""
    chinese, slash, english = text.partition(" / ")
    if not slash or not any("\u4e00" <= sign <= "\u9fff" for sign in chinese):
        return text
    return chinese if language == "zh" else english


def own(text: str, language: str) -> str:
    """The half of a sentence in both languages that the reader wants: `中文 / English`."""
    zh, _, en = text.partition(" / ")
    return zh if language == "zh" else en or zh


def within(name: str, parent: str) -> str:
    """What a place is called by those who already know where they are: `3栋` of `金江路社区第1居民小组3栋` there."""
    rest = name.removeprefix(parent)
    return rest if rest and not rest.startswith(("社区", "街道", "村", "区")) else name


def filters(language: str) -> dict[str, Callable[..., object]]:
    """The filters of one language."""
    return {
        "number": number,
        "share": share,
        "duration": lambda seconds: duration(seconds, language),
        "moment": lambda instant: moment(instant, language),
        "said": lambda text: said(text, language),
        "own": lambda text: own(text, language),
        "units": units,
        "within": within,
        "clock": lambda instant: f"{local(instant):%H:%M:%S}",
    }
