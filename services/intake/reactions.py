"""Intake answers no event with an event: what it hears becomes rows (`projections.py`), and people decide the rest.

The room is kept so that all services read alike; a rule such as "an erased person's open report is withdrawn" would
live here, one function per event heard.
"""

from __future__ import annotations
