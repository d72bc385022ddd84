"""Programs that we did not write use the Open311 doors as they would use any city's."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from georeport import GeoReport

from tests.support.database import Database
from tests.support.open311 import HOME, Bench, conforms, days_ago, dispatched, filed, running

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def bench(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with running(module_database, tmp_path_factory.mktemp("clients")) as found:
        yield found


@pytest.fixture(scope="module")
def told(bench: Bench) -> list[str]:
    """Two requests, one of them given to a department."""
    numbers = [
        bench.told(description="垃圾 <b>&amp;</b> 三天", lat=HOME[0], long=HOME[1], address_id=None),
        bench.told(service_code="E-02-01"),
    ]
    bench.accepted(numbers[0])
    bench.happens(numbers[0], filed(), dispatched())
    return numbers


@pytest.mark.parametrize("wanted", ["json", "xml"])
def test_georeport_reads_services_and_definitions(bench: Bench, wanted: str) -> None:
    city = GeoReport(bench.url, jurisdiction="530103", output_format=wanted)

    services = city.get_service_list()
    definition = city.get_service_definition("E-01-02")

    assert [service["service_name"] for service in services] == ["暴露垃圾", "店外经营"]
    assert definition["service_code"] == "E-01-02"


@pytest.mark.parametrize("wanted", ["json", "xml"])
def test_georeport_reads_requests(bench: Bench, told: list[str], wanted: str) -> None:
    city = GeoReport(bench.url, output_format=wanted)

    one = city.get_service_request(told[0])
    both = city.get_service_requests(service_request_id=",".join(told))
    opened = city.get_service_requests(status="open", service_code="E-01-02,E-02-01", start_date=days_ago(1))

    assert one["service_request_id"] == told[0]
    assert one["description"] == "垃圾 <b>&amp;</b> 三天"
    assert one["agency_responsible"] == "环卫中心"
    assert float(one["lat"]) == HOME[0]
    assert {found["service_request_id"] for found in both} == set(told)
    assert {found["service_request_id"] for found in opened} == set(told)


def test_georeport_says_the_same_in_both_formats(bench: Bench, told: list[str]) -> None:
    in_json = GeoReport(bench.url).get_service_requests()
    in_xml = GeoReport(bench.url, output_format="xml").get_service_requests()

    assert [_as_text(found) for found in in_json] == [_as_text(found) for found in in_xml]


def test_three_reports_and_finds_its_report(bench: Bench) -> None:
    endpoint = bench.service.url("/open311/v2")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.support.open311_three", endpoint, bench.key,
         bench.service.url("/open311/discovery.json")],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)

    conforms(found["services"], "services.json")
    conforms(found["service"], "service-definition.json")
    conforms(found["request"], "requests.json")
    conforms(found["requests"], "requests.json")
    number = found["posted"][0]["service_request_id"]
    assert found["discovery"]["endpoints"][0]["formats"] == ["text/xml", "application/json"]
    assert found["refused"] == [{"code": 403, "description": "this api_key is not valid"}]
    assert found["request"][0]["service_request_id"] == number
    assert found["request"][0]["address"] == "联盟街道白龙社区, 白龙社区, 联盟街道, 盘龙区"
    assert len(found["requests"]) <= 5
    assert found["by_time"] == []
    assert found["token"][0]["code"] == 404
    assert "555-5555" not in done.stdout
    assert bench.one(number, extensions="true")["extended_attributes"]["urgency"] == "urgent"


def _as_text(found: dict[str, Any]) -> dict[str, str]:
    return {name: "" if value is None else str(value) for name, value in found.items()}
