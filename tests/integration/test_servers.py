"""The servers of the test session answer, and keep what they have confirmed like production."""

from __future__ import annotations

import psycopg2
import pytest
import requests

from tests.support.servers import Servers

pytestmark = pytest.mark.integration


def test_postgresql_answers_and_keeps_what_it_commits(servers: Servers) -> None:
    connection = psycopg2.connect(servers.database_url)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('synchronous_commit'), current_setting('server_version_num')::int")
        synchronous, version = cursor.fetchone() or ("", 0)
    connection.close()

    assert synchronous == "on"
    assert version >= 150_000


def test_rabbitmq_answers(servers: Servers) -> None:
    answer = requests.get(f"{servers.management_url}/api/overview", timeout=10)

    assert answer.status_code == 200
    assert answer.json()["rabbitmq_version"]
