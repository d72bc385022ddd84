"""Forms of a page as a browser would read, fill in and send them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

Attributes = dict[str, str]
_TYPED = ("text", "number", "date", "hidden", "email", "tel", "password")


@dataclass
class Field:
    """One control with a name."""

    name: str
    kind: str
    value: str = ""
    required: bool = False
    options: list[str] = field(default_factory=list)
    """Of a choice: what may be chosen."""
    is_on: bool = False
    """Of a box: whether it is ticked."""


@dataclass
class Form:
    """A form, with what stands in it."""

    method: str
    action: str
    fields: list[Field] = field(default_factory=list)
    text: str = ""

    def names(self) -> list[str]:
        """What people see and fill in."""
        return list(dict.fromkeys(one.name for one in self.fields if one.kind != "hidden"))

    def filled(self, **said: str | list[str]) -> dict[str, Any]:
        """What is sent when this is filled in. Fails for what a browser would not let through, or does not show."""
        unknown = said.keys() - {one.name for one in self.fields}
        assert not unknown, f"{self.action} has no field {sorted(unknown)}, but {self.names()}"
        sent: dict[str, list[str]] = {}
        for one in self.fields:
            for value in _values(one, said):
                sent.setdefault(one.name, []).append(value)
        missing = [one.name for one in self.fields if one.required and not any(sent.get(one.name, []))]
        assert not missing, f"{self.action} is not sent before {missing} are filled in"
        return {name: values[0] if len(values) == 1 else values for name, values in sent.items()}


def _values(one: Field, said: dict[str, str | list[str]]) -> Iterator[str]:
    given = said.get(one.name)
    wanted = [] if given is None else [given] if isinstance(given, str) else given
    if one.kind in ("checkbox", "radio"):
        if one.value in wanted or (given is None and one.is_on):
            yield one.value
    elif one.kind == "select":
        for value in wanted:
            assert value in one.options, f"{one.name} cannot be {value}: {one.options}"
        yield wanted[0] if wanted else one.value
    else:
        yield wanted[0] if wanted else one.value


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._open: Form | None = None
        self._area: Field | None = None
        self._select: Field | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found: Attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(found.get("method", "get").lower(), found.get("action", ""))
            self.forms.append(self._open)
        form = self._open
        if form is None:
            return
        if tag == "option" and self._select is not None:
            self._select.options.append(found.get("value", ""))
            if "selected" in found or len(self._select.options) == 1:
                self._select.value = found.get("value", "")
        if "name" not in found or tag not in ("input", "textarea", "select"):
            return
        kind = found.get("type", "text") if tag == "input" else tag
        one = Field(found["name"], kind, found.get("value", ""), "required" in found, is_on="checked" in found)
        form.fields.append(one)
        self._area = one if tag == "textarea" else self._area
        self._select = one if tag == "select" else self._select

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._area.value += data
        elif self._open is not None:
            self._open.text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "textarea":
            self._area = None
        elif tag == "select":
            self._select = None


def forms(html: str) -> list[Form]:
    """Every form of a page."""
    reader = _Reader()
    reader.feed(html)
    return reader.forms


def form(html: str, ending: str) -> Form:
    """The one form whose address ends so."""
    found = [one for one in forms(html) if one.action.endswith(ending)]
    assert len(found) == 1, f"{len(found)} forms end with {ending}: {[one.action for one in forms(html)]}"
    return found[0]
