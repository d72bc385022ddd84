"""Checks of the work itself: events get published and projected, reference data is there and lasts."""

from __future__ import annotations

from datetime import timedelta

from deploy.local.words import say
from deploy.wuji.checks import Check, Found, Patient, bad, good, warning
from deploy.wuji.condition import projected, relay_standing
from shared.kernel.clock import utc_now

LATE_SECONDS = 60
HORIZON = timedelta(days=60)


def relay(patient: Patient) -> Found:
    standing = relay_standing(patient.access)
    said = say(f"待发布 {standing['waiting']}", f"{standing['waiting']} waiting") + f", {standing['oldest_seconds']} s"
    if standing["oldest_seconds"] > LATE_SECONDS:
        return bad(said, say("看 relay 日志与消息服务器", "look into relay.log and at the broker"))
    return good(said)


def projections(patient: Patient) -> Found:
    found = projected(patient.access)
    late = [f"{p.service}.{p.name} {p.lag_seconds:.0f} s" for p in found if p.lag_seconds > LATE_SECONDS]
    poisoned = [f"{p.service}.{p.name} {p.poisoned}" for p in found if p.poisoned]
    if late:
        return bad(say("滞后:", "behind: ") + ", ".join(late), say("看 projector 日志", "look into projector.log"))
    if poisoned:
        said = say("有毒事件:", "could not take some events: ") + ", ".join(poisoned)
        return warning(said, say("修复后 wuji projection rebuild", "mend, then: wuji projection rebuild"))
    return good(say(f"{len(found)} 个投影跟上", f"{len(found)} projections are level"))


def calendar(patient: Patient) -> Found:
    """Deadlines count working days: the calendar must reach past the longest limit."""
    rows = patient.access.rows("SELECT stream FROM es.streams WHERE stream LIKE 'rulebook-calendar-%%'")
    years = {stream.rpartition("-")[2] for (stream,) in rows}
    needed = {str(utc_now().year), str((utc_now() + HORIZON).year)}
    missing = sorted(needed - years)
    if missing:
        said = say("缺少工作日历 ", "no working calendar for ") + ", ".join(missing)
        fix = say("装入该年日历(国务院办公厅每年 11 月前后公布)", "load that year's calendar")
        return (bad if str(utc_now().year) in missing else warning)(said, fix)
    return good(", ".join(sorted(years)))


def areas(patient: Patient) -> Found:
    (count,) = patient.access.rows("SELECT count(*) FROM es.streams WHERE stream LIKE 'area-%%'")[0]
    if not count:
        return bad(say("没有区域数据", "no areas"), say("wuji demo,或装入本区数据", "wuji demo, or load your own"))
    return good(say(f"{count} 个区域", f"{count} areas"))


def clocks(patient: Patient) -> Found:
    """What has fallen due at any hour is said within moments, wherever a timer runs."""
    ((waiting,),) = patient.access.rows(
        "SELECT count(*) FROM (SELECT 1 FROM dispatch.clocks"
        " WHERE any_hour AND fires_at < now() - %s LIMIT 1000) AS late",
        (timedelta(seconds=LATE_SECONDS),),
        role="dispatch",
    )
    if waiting:
        said = say(f"{waiting} 个到期时限无人宣布", f"{waiting} limits have run out and nobody said so")
        return bad(
            said, say("看 timer 日志;可同时运行多个计时进程", "look into timer.log; any number of timers may run")
        )
    return good(say("到期即报", "said as they fall due"))


CHECKS = (
    Check("WUJI-D031", "转发滞后", "relay lag", relay),
    Check("WUJI-D032", "投影滞后", "projection lag", projections),
    Check("WUJI-D033", "工作日历", "working calendar", calendar),
    Check("WUJI-D034", "区域数据", "areas", areas),
    Check("WUJI-D035", "时限", "time limits", clocks),
)
