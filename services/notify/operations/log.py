"""What the database knows: how far the log is published, the calendar, rebuilds under way, and our own deliveries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from shared.pages.formats import CITY_ZONE
from shared.ports import Rows

_RELAY = """
WITH last AS (SELECT position, txid, seq FROM (SELECT * FROM es.feed ORDER BY position DESC LIMIT 1) newest
              UNION ALL SELECT 0, -1, -1 LIMIT 1),
     cursor AS (SELECT position FROM es.relay_cursor WHERE name = 'relay'),
     waiting AS (SELECT e.recorded_at FROM es.events e, last WHERE (e.txid, e.seq) > (last.txid, last.seq)
                 ORDER BY e.txid, e.seq LIMIT 10000)
SELECT last.position AS head, coalesce(cursor.position, 0) AS published,
       last.position - coalesce(cursor.position, 0) + (SELECT count(*) FROM waiting) AS waiting,
       greatest(coalesce(extract(epoch FROM clock_timestamp() - coalesce(
           (SELECT recorded_at FROM es.feed WHERE position = cursor.position + 1),
           (SELECT min(recorded_at) FROM waiting))), 0), 0)::float AS oldest_seconds
FROM last LEFT JOIN cursor ON true
"""
_YEARS = """
SELECT substring(stream FROM 19)::integer AS year FROM es.streams
WHERE stream >= 'rulebook-calendar-' AND stream < 'rulebook-calendar.' ORDER BY 1
"""
# A rebuild grows in a schema of its own beside the live tables. Its rows are nobody else's to read; that it is there,
# how large it is and that somebody holds its lock is in the database's catalogue.
_REBUILDS = """
SELECT n.nspname AS schema, split_part(n.nspname, '_', 1) AS service, split_part(n.nspname, '_', 2) AS purpose,
       substring(n.nspname FROM '^[a-z]+_[a-z]+_(.*)$') AS name,
       coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint AS built,
       coalesce(sum(pg_total_relation_size(live.oid)), 0)::bigint AS live,
       EXISTS (SELECT FROM pg_locks l WHERE l.locktype = 'advisory' AND l.granted
               AND l.classid::bigint = hashtext('wuji rebuild')::bigint & 4294967295
               AND l.objid::bigint = hashtext(n.nspname)::bigint & 4294967295) AS is_running
FROM pg_namespace n
LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind = 'r'
LEFT JOIN pg_namespace s ON s.nspname = split_part(n.nspname, '_', 1)
LEFT JOIN pg_class live ON live.relnamespace = s.oid AND live.relname = c.relname AND live.relkind = 'r'
WHERE n.nspname ~ '^(intake|dispatch|grid|survey|notify)_(shadow|verify)_'
GROUP BY n.nspname ORDER BY n.nspname
"""
_DELIVERIES = """
SELECT channel, outcome, count(*) AS count, max(coalesce(finished_at, started_at)) AS last
FROM notify.deliveries WHERE started_at > now() - interval '24 hours' GROUP BY channel, outcome
UNION ALL
SELECT 'webhook', CASE WHEN status BETWEEN 200 AND 299 THEN 'delivered' WHEN status IS NULL THEN 'unavailable'
                  ELSE 'refused' END, count(*), max(at)
FROM notify.webhook_attempts WHERE at > now() - interval '24 hours' GROUP BY 2
ORDER BY 1, 2
"""
_NEVER_CAME = """
SELECT state, count(*) AS count FROM notices
WHERE state <> 'delivered' AND (not_before IS NULL OR not_before < now()) GROUP BY state ORDER BY state
"""
_WARN_DAYS = 60


@dataclass(frozen=True, slots=True)
class Calendar:
    """How far deadlines can be counted in working days."""

    years: tuple[int, ...]
    until: date | None
    """The last day that is known without a gap from this year on."""
    days: int

    @property
    def light(self) -> str:
        if self.until is None or self.days <= 0:
            return "bad"
        return "warn" if self.days < _WARN_DAYS else "good"


def relay(rows: Rows) -> dict[str, Any]:
    """head, published, waiting (events stored and not published), oldest_seconds."""
    return rows.query(_RELAY)[0]


def calendar(rows: Rows, at: datetime) -> Calendar:
    """The working calendars that are in the rulebook."""
    today = at.astimezone(CITY_ZONE).date()
    return horizon(tuple(int(row["year"]) for row in rows.query(_YEARS)), today)


def horizon(years: tuple[int, ...], today: date) -> Calendar:
    """Until the end of the last year before the first that is missing."""
    last = today.year - 1
    while last + 1 in years:
        last += 1
    if last < today.year:
        return Calendar(years, None, 0)
    until = date(last, 12, 31)
    return Calendar(years, until, (until - today).days)


def rebuilds(rows: Rows) -> list[dict[str, Any]]:
    """Rebuilds and verifications under way: label, purpose, is_running, and share (by size; None when unknown)."""
    return [
        {
            "label": f"{row['service']}.{row['name']}",
            "purpose": row["purpose"],
            "is_running": row["is_running"],
            "share": min(row["built"] / row["live"], 1.0) if row["live"] else None,
        }
        for row in rows.query(_REBUILDS)
    ]


def deliveries(rows: Rows) -> dict[str, Any]:
    """`tries` of the last 24 hours by channel and outcome, and `unsettled` notices by state."""
    return {"tries": rows.query(_DELIVERIES), "unsettled": rows.query(_NEVER_CAME)}
