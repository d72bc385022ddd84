"""Runs `three`, the oldest client of Open311 on PyPI, on the endpoint and the key in its arguments; prints JSON.

It was written for Python 2 and is not ours to change: it is lent the one name that Python 3 lacks.
"""

from __future__ import annotations

import itertools
import json
import sys

itertools.ifilter = filter  # type: ignore[attr-defined]


def main(endpoint: str, key: str, discovery: str) -> None:
    """What a user of the client does, in the order of its README."""
    import three

    city = three.Three(endpoint, api_key=key, jurisdiction="530103", discovery=discovery)
    found = {
        "discovery": city.discovery(),
        "services": city.services(),
        "service": city.services("E-01-02"),
        "posted": city.post(
            "E-01-02",
            address="联盟街道白龙社区",
            name="Zach Williams",
            phone="555-5555",
            email="zach@example.org",
            description="A big pile of litter",
            **{"attribute[urgency]": "urgent"},
        ),
        "refused": three.Three(endpoint, api_key="wrong").post("E-01-02", address="白龙社区"),
    }
    number = found["posted"][0]["service_request_id"]
    found["request"] = city.request(number)
    found["requests"] = city.requests(status="open", count=5)
    found["by_code"] = city.requests("E-02-01")
    found["by_time"] = city.requests(between=["01-01-2026", "02-01-2026"])
    found["token"] = city.token("nobody")
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
