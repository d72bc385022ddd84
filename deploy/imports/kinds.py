"""Which issue type a row is: by a table, by the keywords of the reference data, or made from the row's own columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from deploy.imports.mapping_parts import Kinds
from deploy.imports.rejects import Reject
from shared.contracts.case import Loop
from shared.contracts.rulebook import IssueTypeDefined

Values = Mapping[str, str]


@dataclass
class KindFinder:
    """Answers an issue type's code for a row; `made` are the types that had to be made for it."""

    rules: Kinds
    known: Iterable[IssueTypeDefined]
    """The reference data's types, and those that an earlier import made."""
    made: list[IssueTypeDefined] = field(default_factory=list)

    def __post_init__(self) -> None:
        known = list(self.known)
        self._codes = {kind.code for kind in known}
        self._words = [(word, kind.code) for kind in known for word in kind.keywords]
        self._by_name = {(kind.group, kind.name): kind.code for kind in known if kind.code[0] == self.rules.prefix}
        self._groups = {kind.group: kind.code[2:4] for kind in known if kind.code[0] == self.rules.prefix}

    def find(self, values: Values) -> str:
        """The code. Raises Reject saying why there is none."""
        match self.rules.by:
            case "table":
                return self._from_table(values)
            case "keywords":
                return self._from_words(values)
            case _:
                return self._from_columns(values)

    def _from_table(self, values: Values) -> str:
        said = values[self.rules.column or ""].strip()
        code = self.rules.table.get(said, self.rules.otherwise)
        if code is None:
            raise Reject(f"the table of issue types does not know {said[:60]!r}")
        return self._checked(code)

    def _checked(self, code: str) -> str:
        if code not in self._codes:
            raise Reject(f"the table of issue types leads to {code}, which the reference data does not define")
        return code

    def _from_words(self, values: Values) -> str:
        scores: dict[str, float] = {}
        texts = [(values.get(column, ""), weight) for column, weight in self.rules.text]
        for word, code in self._words:
            for text, weight in texts:
                if word in text:
                    # A longer word says more than a short one, and the title more than the words below it.
                    scores[code] = scores.get(code, 0.0) + weight * len(word) ** 1.5
        if scores:
            return max(scores, key=lambda code: (scores[code], code))
        if self.rules.otherwise is None:
            raise Reject("no keyword of any issue type occurs in it")
        return self._checked(self.rules.otherwise)

    def _from_columns(self, values: Values) -> str:
        group, name = (values[column].strip() for column in self.rules.columns)
        if not group or not name:
            raise Reject(f"{' or '.join(self.rules.columns)} is empty, so that its issue type is not known")
        return self._by_name.get((group, name)) or self._make(group, name)

    def _make(self, group: str, name: str) -> str:
        number = self._groups.setdefault(group, f"{len(self._groups) + 1:02}")
        within = sum(code[2:4] == number for code in self._by_name.values()) + 1
        if len(number) > 2 or within > 999:
            raise Reject("there are more issue types than codes: 99 groups of 999")
        code = f"{self.rules.prefix}-{number}-{within:02}"
        self._by_name[group, name] = code
        self._codes.add(code)
        kind = IssueTypeDefined(
            code=code,
            group=group,
            name=name,
            name_en=name,
            loop=Loop.DISTRICT,
            limit=None,
            needs_verification=False,
            keywords=(),
        )
        self.made.append(kind)
        return code
