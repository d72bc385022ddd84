"""The services that people may ask for, and what is asked of them besides: our issue types in Open311's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shared.contracts.report import Urgency
from shared.contracts.shapes import Limit, Unit
from shared.kernel.errors import Invalid

_URGENCIES = {Urgency.NORMAL: "一般 normal", Urgency.URGENT: "紧急 urgent"}


def service(row: Mapping[str, Any]) -> dict[str, Any]:
    """One line of the service list."""
    said = limit(row)
    return {
        "service_code": row["code"],
        "service_name": row["name"],
        "description": row["name_en"] + (f" · {said}" if said else ""),
        "metadata": True,
        "type": "realtime",
        "keywords": ", ".join(row["keywords"]),
        "group": row["group_name"],
    }


def definition(row: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes that a request of this service may carry."""
    urgency = {
        "variable": True,
        "code": "urgency",
        "datatype": "singlevaluelist",
        "required": False,
        "datatype_description": "",
        "order": 1,
        "description": "紧急程度 How urgent is it?",
        "values": [{"key": key.value, "name": name} for key, name in _URGENCIES.items()],
    }
    attributes = [urgency]
    said = limit(row)
    if said:
        attributes.append(
            {
                "variable": False,
                "code": "limit",
                "datatype": "string",
                "required": False,
                "datatype_description": "",
                "order": 2,
                "description": said,
                "values": [],
            }
        )
    return {"service_code": row["code"], "attributes": attributes}


def urgency_of(attributes: Mapping[str, Sequence[str]]) -> Urgency:
    """What the attributes say. Raises Invalid for an attribute or a value that the definition does not have."""
    unknown = {code: ["this service has no such attribute"] for code in attributes if code not in ("urgency", "limit")}
    if unknown:
        raise Invalid("an attribute is not known", errors={f"attribute[{code}]": why for code, why in unknown.items()})
    given = attributes.get("urgency", [Urgency.NORMAL.value])
    if len(given) != 1 or given[0] not in {key.value for key in _URGENCIES}:
        known = " or ".join(key.value for key in _URGENCIES)
        raise Invalid("the urgency is not known", errors={"attribute[urgency]": [f"one of {known}"]})
    return Urgency(given[0])


def limit(row: Mapping[str, Any]) -> str:
    """How long it may take once it was given to somebody; empty when there is no limit."""
    if row["limit_amount"] is None:
        return ""
    known = Limit(row["limit_amount"], Unit(row["limit_unit"])).wording
    return f"限时 {known.zh} within {known.en}"
