"""搁置的消息: what no reaction could handle, for operators: looked at (masked), sent back, or thrown away.

Of many it is said how many before anything happens. The courier does it, which alone has the rights; its log keeps who
asked.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from marshmallow import fields, validate

from services.notify.room import PAGES, Room
from services.notify.subscriptions import parked
from shared.kernel.errors import NotFound, Unavailable
from shared.pages.page import PageQuery, page, to
from shared.web.call import Call, Reply
from shared.web.fields import Body, Text

SETTLERS = ("operator",)
_QUEUE = "/operations/queues/<string(maxlength=100):queue>/parked"
_SHOWN = 50


class DoneQuery(PageQuery):
    """What has just been done, and to how many."""

    done = fields.String(load_default=None, validate=validate.OneOf(["redrive", "discard"]))
    count = fields.Integer(load_default=0)


class SettleForm(Body):
    """Which messages, what is to become of them, and whether the number was seen."""

    do = fields.String(required=True, validate=validate.OneOf(["redrive", "discard"]))
    message_id = Text(load_default="", shortest=0, longest=100, one_line=True)
    """Empty: all of the type."""
    type = Text(load_default="", shortest=0, longest=80, one_line=True)
    """Empty: of every type."""
    reason = Text(load_default="", shortest=0, longest=300)
    sure = fields.String(load_default="", validate=validate.OneOf(["", "yes"]))


class ParkedPages(Room):
    """搁置的消息."""

    @page("GET", _QUEUE, summary="Parked messages of a queue", query=DoneQuery, roles=SETTLERS)
    def queue_parked(self, call: Call) -> Reply:
        """The oldest first; looking takes nothing away."""
        return self._list(call, done=call.query["done"], count=call.query["count"])

    @page(
        "GET",
        f"{_QUEUE}/<string(maxlength=100):message_id>",
        summary="One parked message",
        query=PageQuery,
        roles=SETTLERS,
    )
    def queue_parked_one(self, call: Call) -> Reply:
        """Why it is here, and what is in it, without telephone numbers and the like."""
        return self._one(call, call.path["message_id"])

    @page("POST", _QUEUE, summary="Send back or throw away", body=SettleForm, roles=SETTLERS)
    def queue_settle(self, call: Call) -> Reply:
        """One at once; many are counted first."""
        asked, queue = call.body, call.path["queue"]
        if asked["do"] == "discard" and not asked["reason"].strip():
            if asked["message_id"]:
                return self._one(call, asked["message_id"], missing=True)
            return self._list(call, asked=asked, missing=True)
        is_counted_only = not (asked["message_id"] or asked["sure"])
        count = self._ask(call, asked["do"], dry_run=is_counted_only)["count"]
        if is_counted_only:
            return self._list(call, asked=asked, count=count)
        return to(f"/operations/queues/{queue}/parked?done={asked['do']}&count={count}")

    def _ask(self, call: Call, do: str, *, dry_run: bool) -> dict[str, Any]:
        asked = call.body
        what = {"do": do, "ids": [asked["message_id"]] if asked["message_id"] else [], "type": asked["type"] or None}
        told = {"reason": asked["reason"].strip(), "dry_run": dry_run, **parked.actor_of(call.cause())}
        return parked.ask_ours(self.rows, call.path["queue"], what | told)

    def _one(self, call: Call, message_id: str, *, missing: bool = False) -> Reply:
        queue = call.path["queue"]
        found = parked.ask_ours(self.rows, queue, {"do": "show", "ids": [message_id]})
        status = 400 if missing else 200
        content, found = found["payload"], _dated(found)
        text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False, indent=2)
        return PAGES.render(
            call, "queue_parked_one.html", status=status, queue=queue, m=found, text=text, missing=missing
        )

    def _list(
        self,
        call: Call,
        *,
        asked: dict[str, Any] | None = None,
        count: int = 0,
        done: str | None = None,
        missing: bool = False,
    ) -> Reply:
        queue = call.path["queue"]
        messages: list[dict[str, Any]] | None
        try:
            messages = parked.ask_ours(self.rows, queue, {"do": "list", "limit": _SHOWN})["messages"]
        except NotFound:
            raise NotFound(f"没有这个队列：{queue} · there is no queue {queue}") from None
        except Unavailable:
            messages = None
        types = sorted({str(one["type"]) for one in messages or ()})
        return PAGES.render(
            call,
            "queue_parked.html",
            status=400 if missing else 200,
            queue=queue,
            messages=messages and [_dated(one) for one in messages],
            types=types,
            asked=asked,
            count=count,
            done=done,
            missing=missing,
            most=_SHOWN,
        )


def _dated(message: dict[str, Any]) -> dict[str, Any]:
    """With the instant at which it was parked, if whoever parked it said so."""
    try:
        return {**message, "parked_at": datetime.fromisoformat(str(message["parked_at"]))}
    except ValueError:
        return {**message, "parked_at": None}
