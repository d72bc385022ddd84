"""wuji-events 部门事件包: what a department's program needs to receive the platform's events.

event.py       one event, and what became of it              settings.py   the environment's variables
subscriber.py  handlers, retries, running, testing          session.py    one connection to the queue
inbox.py       once per event, in your own transaction      metrics.py    counters

Beside this core: cli.py the command `wuji-events`, platform.py the platform's HTTP address, prometheus.py /metrics.
"""

from wuji_events import inbox
from wuji_events.event import Event, Outcome, Park, Retry
from wuji_events.settings import SettingsError
from wuji_events.subscriber import Subscriber

__all__ = ["Event", "Outcome", "Park", "Retry", "SettingsError", "Subscriber", "inbox"]
