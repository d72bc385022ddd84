"""The same case in an area's own words, and every label set there is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.dispatch.domain.labels import LabelSets
from shared.contracts.words import TYPES
from shared.kernel.case_states import Step

Json = dict[str, Any]

_EVENTS = {
    "dispatch": "case.dispatched",
    "recall": "case.dispatch_recalled",
    "sign": "task.signed",
    "start": "task.started",
    "stages": "task.stage_completed",
    "respond": "task.responded",
    "close": "case.closed",
    "reopen": "case.reopened",
    "archive": "case.archived",
    "return": "return.requested",
    "extension": "extension.requested",
    "suspension": "suspension.requested",
    "resume": "case.resumed",
    "tasks": "task.added",
    "split": "case.split",
    "offer": "case.offered",
    "claim": "task.claimed",
    "release": "task.claim_released",
    "dispute": "dispute.opened",
    "adjudicate": "dispute.adjudicated",
    "whistles": "whistle.blown",
    "answer": "whistle.answered",
}
"""Action → the event that it makes, whose word is the action's too."""


def in_words(case: Json, code: str | None, words: Mapping[str, str]) -> Json:
    """The case as its door shows it, with these words where they differ; nothing but words is changed."""
    last = case["last_step"]
    return {
        **case,
        "labels": code,
        "state_zh": words.get(case["state"], case["state_zh"]),
        "step_zh": words.get(case["step"], Step(case["step"]).zh),
        "last_step": {**last, "zh": words.get(last["type"], TYPES.get(last["type"], last["type"]))},
        "actions": [
            {**action, "zh": words.get(_EVENTS.get(action["action"], ""), action["zh"])} for action in case["actions"]
        ],
    }


def label_sets(found: LabelSets) -> Json:
    """Every label set with its words, and the areas that speak by it."""
    return {
        "label_sets": [
            {
                "code": one.code,
                "name": one.name,
                "name_en": one.name_en,
                "labels": [{"of": label.of, "zh": label.zh} for label in one.labels],
                "chosen_by": sorted(area for area, code in found.chosen.items() if code == one.code),
            }
            for one in sorted(found.sets.values(), key=lambda one: one.code)
        ]
    }
