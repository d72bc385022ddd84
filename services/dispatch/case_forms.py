"""The forms of the case page: which fields each action asks for, and the API's own door that each form goes through.

A form is read into the body that the API takes, checked by the API's own schema, and handed to the API's own door:
what may be done, and how, is said once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from marshmallow import Schema, ValidationError, fields

from services.dispatch.clocks.doors import ClockDoors
from services.dispatch.clocks.schemas import AcknowledgeBody
from services.dispatch.doors.disputes import DisputeDoors
from services.dispatch.doors.moves import MoveDoors
from services.dispatch.doors.pool import PoolDoors
from services.dispatch.doors.requests import RequestDoors
from services.dispatch.doors.road import RoadDoors
from services.dispatch.queries.duplicates import by_number
from services.dispatch.schemas import bodies, pool
from services.dispatch.schemas.bodies import CaseReasonBody
from shared.kernel.errors import Invalid, NotFound
from shared.kernel.wording import Wording
from shared.ports import Rows
from shared.web.call import Call, Reply

Json = dict[str, Any]
_PARTS = 3
"""Lines of the form that divides a case."""


@dataclass(frozen=True, slots=True)
class Way:
    """One form: the door behind it, the body that it takes, the fields that people see."""

    door: Callable[[Any, Call], Reply]
    body: type[Schema] | None = None
    fields: tuple[str, ...] = ()


WAYS: dict[str, Way] = {
    "dispatch": Way(RoadDoors.dispatch, bodies.DispatchBody, ("department", "co_handlers", "reason")),
    "recall": Way(RoadDoors.recall),
    "sign": Way(RoadDoors.sign, None, ("task_id",)),
    "start": Way(RoadDoors.start, None, ("task_id",)),
    "stages": Way(RoadDoors.complete_stage, bodies.StageBody, ("stage", "words", "task_id")),
    "respond": Way(RoadDoors.respond, bodies.RespondBody, ("answer", "evidence", "task_id")),
    "close": Way(RoadDoors.close, bodies.CloseBody, ("answer",)),
    "reopen": Way(RoadDoors.reopen, bodies.ReopenBody, ("reason",)),
    "archive": Way(RoadDoors.archive),
    "return": Way(
        RequestDoors.ask_return, bodies.ReturnBody, ("kind", "believed_responsible", "reason", "evidence", "task_id")
    ),
    "extension": Way(RequestDoors.ask_extension, bodies.ExtensionBody, ("limit", "reason", "evidence", "task_id")),
    "suspension": Way(RequestDoors.ask_suspension, bodies.SuspensionBody, ("review_on", "reason", "evidence")),
    "resume": Way(RequestDoors.resume, CaseReasonBody, ("reason",)),
    "approve": Way(RequestDoors.approve),
    "refuse": Way(RequestDoors.refuse, CaseReasonBody, ("reason",)),
    "tasks": Way(MoveDoors.add_task, bodies.PartBody, ("part", "what")),
    "split": Way(MoveDoors.split, bodies.SplitBody, ("parts", "reason")),
    "withdraw": Way(MoveDoors.withdraw_task, CaseReasonBody, ("reason",)),
    "raise": Way(MoveDoors.raise_level, bodies.RaiseBody, ("reason",)),
    "lower": Way(MoveDoors.lower_level, bodies.LowerBody, ("to_loop", "admission_id", "reason")),
    "transfer-out": Way(MoveDoors.transfer_out, bodies.TransferBody, ("to", "reason")),
    "receipt": Way(MoveDoors.receipt, bodies.ReceiptBody, ("receipt",)),
    "merge": Way(MoveDoors.merge_case, bodies.MergeCaseBody, ("into",)),
    "unmerge": Way(MoveDoors.unmerge_case),
    "reject": Way(MoveDoors.reject_case, bodies.RejectCaseBody, ("reason_code", "reason")),
    "offer": Way(PoolDoors.offer, pool.OfferBody, ("what", "claim_hours")),
    "claim": Way(PoolDoors.claim),
    "release": Way(PoolDoors.release, CaseReasonBody, ("reason",)),
    "take-back": Way(PoolDoors.take_back, CaseReasonBody, ("reason",)),
    "dispute": Way(DisputeDoors.open_dispute, pool.DisputeBody, ("between", "question")),
    "adjudicate": Way(DisputeDoors.adjudicate, pool.AdjudicateBody, ("judged", "reason")),
    "whistles": Way(DisputeDoors.blow_whistle, pool.WhistleBody, ("departments", "with_tasks", "reason")),
    "acknowledge": Way(ClockDoors.acknowledge, AcknowledgeBody, ("words",)),
    "answer": Way(DisputeDoors.answer_whistle, pool.ReportInBody, ("answer",)),
}
_ABOUT = {
    "requests": "request_id",
    "tasks": "task_id",
    "disputes": "dispute_id",
    "whistles": "whistle_id",
    "escalations": "escalation_id",
}


def send(service: Any, call: Call, what: str) -> str:
    """Do what the form at `…/<what>` says, through the API's door; the action's name.

    Raises NotFound for a form that there is not, Invalid for what was filled in wrongly, and whatever the door raises.
    """
    name, about = _read(what)
    way, said = WAYS[name], call.body
    body = {} if way.body is None else _checked(way.body, _json(way.body, said))
    query = {"task_id": _uuid(said["task_id"])}
    path = {"case_id": call.path["case_id"], **about}
    key = f"dispatch:case_page:{call.signed_in.id}:{said['key']}" if said["key"] else None
    way.door(service, replace(call, body=body, query=query, path=path, idempotency_key=key))
    return name


def merge_target(rows: Rows, said: str) -> str:
    """The id of the case into which one is merged, where it was named by its number, as people know it."""
    text = said.strip()
    found = by_number(rows, text) if text.isascii() and text.isdigit() else None
    return text if found is None else str(found)


def _read(what: str) -> tuple[str, dict[str, UUID]]:
    """The action that an address names, and what of the case it is about."""
    match what.split("/"):
        case [name] if name in WAYS:
            return name, {}
        case [kind, found, name] if kind in _ABOUT and name in WAYS and (about := _uuid(found)) is not None:
            return name, {_ABOUT[kind]: about}
    raise NotFound(str(Wording("没有这个操作", "there is no such action")))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise NotFound(str(Wording("没有这个编号", "there is nothing of that id"))) from error


def _checked(schema: type[Schema], body: Json) -> Json:
    try:
        found: Json = schema().load(body)
    except ValidationError as error:
        errors = error.messages if isinstance(error.messages, dict) else {"_": error.messages}
        said = Wording("有内容未填或不正确", "something is missing or wrong")
        raise Invalid(str(said), errors=dict(errors)) from error
    return found


def _json(schema: type[Schema], said: Mapping[str, Any]) -> Json:
    """The body that the API takes; what was left empty is left out."""
    read = {name: _value(name, said) for name in schema().fields}
    return {name: value for name, value in read.items() if value not in (None, "", [])}


def _value(name: str, said: Mapping[str, Any]) -> Any:
    match name:
        case "evidence":
            return said["evidence"].split()
        case "limit":
            return {"amount": _number(said["amount"]), "unit": said["unit"]} if said["amount"] else None
        case "claim_hours":
            return _number(said["claim_hours"])
        case "with_tasks":
            return said["with_tasks"] == "yes"
        case "mandatory":
            return True
        case "parts":
            lines = [(said[f"part_{n}"], said[f"what_{n}"]) for n in range(1, _PARTS + 1)]
            return [{"department": department, "what": what} for department, what in lines if department]
        case _:
            return said.get(name)


def _number(text: str) -> int | str | None:
    return int(text) if text.isascii() and text.isdigit() else text or None


def several(**options: Any) -> fields.Field[Any]:
    """A field of a form that may come once, several times, or not at all; loads to a list without empty texts."""
    return fields.Function(deserialize=_texts, **options)


def _texts(value: Any) -> list[str]:
    found = value if isinstance(value, list) else [value]
    return [one for one in found if isinstance(one, str) and one]
