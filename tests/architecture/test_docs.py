"""What the documents say is what the code says."""

from __future__ import annotations

import re
from pathlib import Path

from shared.kernel.area import Tier
from shared.kernel.case_states import STATES

ROOT = Path(__file__).parents[2]


def test_the_glossary_names_every_state_and_tier_as_the_code_does() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|$", (ROOT / "docs/glossary.md").read_text(), re.MULTILINE)
    states = {(state.value, row.zh, row.step.zh) for state, row in STATES.items()}
    first_words = {(code, chinese.split("/")[0]) for code, chinese, _ in rows}

    assert states <= {(code, chinese, meaning) for code, chinese, meaning in rows}
    assert {(tier.label, tier.zh) for tier in Tier} <= first_words


def test_every_decision_record_has_its_five_parts_and_is_numbered_without_a_gap() -> None:
    records = sorted((ROOT / "docs/adr").glob("*.md"))

    assert [int(record.name[:4]) for record in records] == list(range(1, len(records) + 1))
    for record in records:
        text = record.read_text()
        missing = [
            part
            for part in ("Status", "Context", "Decision", "Consequences", "What we refused")
            if f"**{part}" not in text
        ]
        assert not missing, f"{record.name} lacks {missing}"
