"""Nobody commands notify: notices follow from events (`reactions.py`) and leave by themselves (`delivery.py`).

The room is kept so that all services read alike; "send it again" is the operator's redrive of a parked message.
"""

from __future__ import annotations
