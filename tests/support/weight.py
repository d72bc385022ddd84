"""What a page weighs: itself and all that it brings along, as the browser unpacks it."""

from __future__ import annotations

import re

import requests

_ASSET = re.compile(r'(?:href|src)="(/static/[^"]+)"')
_DRAWN_WITH = ("vendor/echarts", "vendor/leaflet")


def weigh(page: str, asked: requests.Session, origin: str) -> int:
    """Bytes of a page of this origin with its style sheets, scripts and pictures, but ECharts and Leaflet."""
    names = {name for name in _ASSET.findall(page) if not any(one in name for one in _DRAWN_WITH)}
    return len(page.encode()) + sum(len(asked.get(origin + name, timeout=20).content) for name in names)
