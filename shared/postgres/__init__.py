"""The event log and the services' tables on PostgreSQL. The only package that knows psycopg2.

`migrate` brings a database into shape; `PostgresLog` appends and reads; `PostgresRows` serves a service's own tables.
"""

from __future__ import annotations

from shared.postgres.connection import Pool, connect
from shared.postgres.log import PostgresLog
from shared.postgres.migrate import Migrated, migrate
from shared.postgres.read import read_feed
from shared.postgres.rows import PostgresRows

__all__ = ["Migrated", "Pool", "PostgresLog", "PostgresRows", "connect", "migrate", "read_feed"]
