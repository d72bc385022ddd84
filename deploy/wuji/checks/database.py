"""Checks of the database: version, text, shape, rights, clock."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

import psycopg2

from deploy.local.credentials import SERVICES
from deploy.local.preparation import IN_THE_DATABASE
from deploy.local.words import say
from deploy.wuji.checks import Check, Found, Patient, bad, good, warning
from shared.kernel.clock import utc_now

SKEW = timedelta(seconds=2)
OLDEST = 150000
ASK = "CREATE DATABASE wuji TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'"


def one(patient: Patient, statement: str, *parameters: Any, role: str = "reader") -> Any:
    """The first column of the first row."""
    return patient.access.rows(statement, parameters, role=role)[0][0]


def version(patient: Patient) -> Found:
    number = int(one(patient, "SELECT current_setting('server_version_num')"))
    said = f"PostgreSQL {number // 10000}.{number % 10000}"
    if number < OLDEST:
        return bad(said, say("需要 15 或更新", "15 or newer is needed"))
    if one(patient, "SELECT current_setting('fsync')") != "on":
        return bad(f"{said}, fsync = off", say("postgresql.conf: fsync = on,否则断电丢数据", "set fsync = on"))
    return good(said)


def text(patient: Patient) -> Found:
    encoding = one(patient, "SELECT current_setting('server_encoding')")
    trigrams = one(patient, "SELECT cardinality(public.show_trgm('路灯不亮'))")
    if encoding != "UTF8" or not trigrams:
        said = say("中文相似查重不可用", "Chinese texts cannot be compared") + f" ({encoding}, {trigrams})"
        return bad(said, f"{ASK};  wuji migrate")
    return good(f"{encoding}, " + say("中文可查重", "Chinese texts can be compared"))


def migrations(patient: Patient) -> Found:
    """Everything that is in the folders was applied."""
    import yoyo

    from shared.postgres.migrate import LOG_MIGRATIONS, SERVICES_ROOT

    folders = {"es": LOG_MIGRATIONS, **{name: SERVICES_ROOT / name / "migrations" for name in SERVICES}}
    waiting = []
    for schema, folder in folders.items():
        if not folder.is_dir():
            continue
        role = "owner" if schema == "es" else schema
        rows = patient.access.rows(f"SELECT migration_id FROM {schema}._yoyo_migration", role=role)
        applied = {name for (name,) in rows}
        waiting += [f"{schema}/{one.id}" for one in yoyo.read_migrations(str(folder)) if one.id not in applied]
    if waiting:
        return bad(say("未应用:", "not applied: ") + ", ".join(waiting), "wuji migrate")
    return good(say("已是最新", "current"))


def partitions(patient: Patient) -> Found:
    """Months ahead are made, and nothing fell into the default partition."""
    stray = one(patient, "SELECT count(*) FROM es.events_default", role="owner")
    if stray:
        return warning(say(f"{stray} 条事件不在月分区", f"{stray} events lie in no month"), "wuji migrate")
    latest = one(
        patient,
        "SELECT max(substring(pg_get_expr(relpartbound, oid) FROM $$TO \\('([^']+)'$$)::timestamptz) FROM pg_class "
        "WHERE relispartition AND oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'es.events'::regclass)",
    )
    said = say(f"已备至 {latest:%Y-%m}", f"made until {latest:%Y-%m}") if latest else say("没有月分区", "no months")
    if latest is None or latest < utc_now() + timedelta(days=45):
        return bad(said, say("wuji migrate(应定期执行)", "wuji migrate, regularly"))
    return good(said)


def rights(patient: Patient) -> Found:
    """Each role can sign in; none may change or delete what was stored."""
    wrong = []
    for role in IN_THE_DATABASE:
        try:
            changes = one(
                patient,
                "SELECT has_table_privilege('es.events', 'UPDATE, DELETE, TRUNCATE') AND current_user <> 'wuji_owner'",
                role=role,
            )
        except psycopg2.OperationalError as error:
            wrong.append(f"{role}: {str(error).strip().splitlines()[-1]}")
            continue
        wrong += [say(f"{role} 可改写事件", f"{role} may change events")] if changes else []
    if wrong:
        return bad("; ".join(wrong), say("wuji up 重设账号与权限", "wuji up sets accounts and rights again"))
    return good(say(f"{len(IN_THE_DATABASE)} 个账号", f"{len(IN_THE_DATABASE)} accounts"))


def clock(patient: Patient) -> Found:
    before = utc_now()
    theirs = one(patient, "SELECT clock_timestamp()").astimezone(UTC)
    after = utc_now()
    skew = max(before - theirs, theirs - after, timedelta())
    said = say(f"相差 {skew.total_seconds():.1f} 秒", f"{skew.total_seconds():.1f} s apart")
    return good(said) if skew <= SKEW else bad(said, say("校时:chrony 或 systemd-timesyncd", "run chrony or timesyncd"))


CHECKS = (
    Check("WUJI-D011", "数据库版本", "database version", version),
    Check("WUJI-D012", "字符集与排序", "encoding and locale", text),
    Check("WUJI-D013", "数据库结构", "migrations", migrations),
    Check("WUJI-D014", "月分区", "monthly partitions", partitions),
    Check("WUJI-D015", "数据库账号与权限", "roles and rights", rights),
    Check("WUJI-D016", "时钟", "clock", clock),
)
