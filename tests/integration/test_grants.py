"""No service can read or write what another owns; the one way across is a function, and this test counts the ways."""

from __future__ import annotations

import pytest

from services.dispatch.projections import PROJECTIONS as DISPATCH
from shared.contracts.case import CaseArchived
from shared.kernel.clock import utc_now
from shared.kernel.errors import WujiError
from shared.kernel.ids import new_id
from tests.support.cases import DISTRICT
from tests.support.clock_city import appending
from tests.support.database import Database
from tests.support.projected import project

pytestmark = pytest.mark.integration

SERVICES = ("intake", "dispatch", "grid", "survey", "notify")
TABLES = """
    SELECT r.rolname, n.nspname || '.' || c.relname
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, pg_roles r
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S') AND n.nspname = ANY (%s)
      AND r.rolname = ANY (%s) AND r.rolname <> 'wuji_' || n.nspname
      AND has_schema_privilege(r.oid, n.oid, 'USAGE')
      AND CASE c.relkind WHEN 'S' THEN has_sequence_privilege(r.oid, c.oid, 'USAGE, SELECT, UPDATE')
          ELSE has_table_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE') END
"""
FUNCTIONS = """
    SELECT r.rolname, n.nspname || '.' || p.proname
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace, pg_roles r
    WHERE n.nspname = ANY (%s) AND r.rolname = ANY (%s) AND r.rolname <> 'wuji_' || n.nspname
      AND has_schema_privilege(r.oid, n.oid, 'USAGE') AND has_function_privilege(r.oid, p.oid, 'EXECUTE')
"""
ROLES = [f"wuji_{service}" for service in SERVICES]


def test_no_service_touches_anothers_tables(database: Database) -> None:
    asked = [list(SERVICES), ROLES]

    assert database.query(TABLES, asked) == []


def test_the_functions_across_are_those_that_hand_out_sealed_contacts(database: Database) -> None:
    asked = [list(SERVICES), ROLES]
    across = {("wuji_notify", "intake.sealed_contact"), ("wuji_notify", "grid.sealed_contact")}

    assert set(database.query(FUNCTIONS, asked)) == across


def test_the_courier_keeps_what_belongs_to_delivery_and_sees_no_notice_and_no_contact(database: Database) -> None:
    seen = {table for _, table in database.query(TABLES, [list(SERVICES), ["wuji_courier"]])}
    allowed = database.query("SELECT category FROM es.categories WHERE role = 'wuji_courier'")

    assert seen == {
        *("notify.subscription_positions", "notify.subscription_queues", "notify.subscription_drops"),
        *("notify.webhook_troubles", "notify.webhook_attempts", "notify.replays", "notify.errands"),
    }
    assert database.query(FUNCTIONS, [list(SERVICES), ["wuji_courier"]]) == []
    assert allowed == [("subscription",)]


def test_the_timer_reads_what_clocks_are_decided_with_and_writes_down_only_that_it_looked(database: Database) -> None:
    project(database, DISPATCH)
    seen = {table for _, table in database.query(TABLES, [list(SERVICES), ["wuji_timer"]])}
    written = TABLES.replace("'SELECT, INSERT", "'INSERT")

    assert seen == {
        *("dispatch.clocks", "dispatch.escalations", "dispatch.claims", "dispatch.admissions", "dispatch.fired"),
        *("dispatch.posts", "dispatch.emergencies", "dispatch.desks", "dispatch.desk_shifts"),
        *("dispatch.lines", "dispatch.watermarks"),
    }
    assert database.query(written, [list(SERVICES), ["wuji_timer"]]) == [("wuji_timer", "dispatch.fired")]
    assert database.query(FUNCTIONS, [list(SERVICES), ["wuji_timer"]]) == []


def test_the_timer_says_what_time_does_and_nothing_else(database: Database) -> None:
    case_id = new_id()
    forged = appending(f"case-{case_id}", 0, CaseArchived(case_id=case_id), DISTRICT, case_id, utc_now())

    with pytest.raises(WujiError, match=r"wuji_timer may not append case\.archived"):
        database.log("timer").append(forged)


def test_only_the_relay_gives_positions_and_nobody_but_the_owner_makes_tables_in_the_log(database: Database) -> None:
    others = [*ROLES, "wuji_courier", "wuji_timer", "wuji_importer", "wuji_reader"]
    writers = database.query(
        "SELECT rolname FROM pg_roles WHERE rolname = ANY (%s)"
        " AND (has_table_privilege(oid, 'es.feed', 'INSERT') OR has_schema_privilege(oid, 'es', 'CREATE'))",
        [others],
    )

    assert writers == []
