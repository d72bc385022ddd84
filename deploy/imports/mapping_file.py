"""The shape of a mapping file: which settings there are, of which type, and which belong together."""

from __future__ import annotations

from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate, validates_schema

_CODE = validate.Regexp(r"^[a-z0-9]+(-[a-z0-9]+)*$", error="use small letters, digits and hyphens")
_ENCODINGS = ("utf-8", "gb18030", "gbk", "big5", "latin-1", "cp1252")


class _Strict(Schema):
    class Meta:
        unknown = RAISE


def _text(**more: Any) -> fields.String:
    return fields.String(validate=validate.Length(min=1, max=500), **more)


def _texts(**more: Any) -> fields.List[str]:
    return fields.List(fields.String(validate=validate.Length(min=1, max=500)), **more)


def _table() -> fields.Dict:
    return fields.Dict(keys=fields.String(), values=fields.String(), load_default=dict)


class SourcePart(_Strict):
    """[source]"""

    name = fields.String(required=True, validate=[validate.Length(max=40), _CODE])
    title = _text(required=True)
    format = fields.String(load_default=None, validate=validate.OneOf(["csv", "jsonl", "xlsx"]))
    encoding = fields.String(load_default="utf-8", validate=validate.OneOf(_ENCODINGS))
    delimiter = fields.String(load_default=",", validate=validate.Length(equal=1))
    sheet = _text(load_default=None)


class FieldsPart(_Strict):
    """[fields]"""

    external_number = _text(required=True)
    title = _texts(required=True, validate=validate.Length(min=1))
    words = _texts(load_default=list)
    place = _text()
    answer = _text()


class TimesPart(_Strict):
    """[times]"""

    zone = _text(required=True)
    formats = _texts(required=True, validate=validate.Length(min=1))
    reported = _text(required=True)
    target = _text()
    closed = _text()


class NamePart(_Strict):
    """[[area.names]]"""

    area = _text(required=True)
    words = _texts(required=True, validate=validate.Length(min=1))
    weak = fields.Boolean(load_default=False)


class LevelPart(_Strict):
    """[[area.levels]]"""

    column = _text(required=True)
    kind = _text(required=True)
    pattern = _text(load_default="")
    template = _text(load_default="{}")

    @validates_schema
    def _one_group(self, data: dict[str, Any], **_: Any) -> None:
        if data["template"].count("{}") != 1:
            raise ValidationError("it must contain {} once", "template")


class AreaPart(_Strict):
    """[area]"""

    by = fields.String(required=True, validate=validate.OneOf(["names", "table", "levels"]))
    district = _text(required=True)
    name = fields.String(load_default="")
    text = _texts(load_default=list)
    names = fields.List(fields.Nested(NamePart), load_default=list)
    elsewhere = fields.String(load_default="")
    column = _text(load_default=None)
    table = _table()
    levels = fields.List(fields.Nested(LevelPart), load_default=list, validate=validate.Length(max=4))

    @validates_schema
    def _complete(self, data: dict[str, Any], **_: Any) -> None:
        needed = {"names": ("text", "names"), "table": ("column", "table"), "levels": ("levels", "name")}
        _needs(data, needed[data["by"]])


class IssueTypePart(_Strict):
    """[issue_type]"""

    by = fields.String(required=True, validate=validate.OneOf(["keywords", "table", "columns"]))
    column = _text(load_default=None)
    table = _table()
    columns = _texts(load_default=list)
    text = _texts(load_default=list)
    prefix = fields.String(load_default="", validate=validate.Regexp(r"^[A-Z]?$", error="one capital letter"))
    otherwise = _text(load_default=None)

    @validates_schema
    def _complete(self, data: dict[str, Any], **_: Any) -> None:
        needed = {"keywords": ("text",), "table": ("column", "table"), "columns": ("columns", "prefix")}
        _needs(data, needed[data["by"]])
        if data["by"] == "columns" and len(data["columns"]) != 2:
            raise ValidationError("name two columns: the group, and the type within it", "columns")


class ChannelPart(_Strict):
    """[channel]"""

    column = _text(required=True)
    table = _table()
    otherwise = _text(load_default=None)


class StatusPart(_Strict):
    """[status]"""

    column = _text(required=True)
    open = _texts(required=True)
    closed = _texts(required=True)


class DepartmentEntry(_Strict):
    """One line of [department.table]"""

    code = fields.String(required=True, validate=_CODE)
    name = _text()
    name_en = _text()

    @validates_schema
    def _both(self, data: dict[str, Any], **_: Any) -> None:
        if ("name" in data) != ("name_en" in data):
            raise ValidationError("name and name_en go together", "name")


class DepartmentPart(_Strict):
    """[department]"""

    column = _text(required=True)
    table = fields.Dict(keys=fields.String(), values=fields.Nested(DepartmentEntry), required=True)


class PointPart(_Strict):
    """[point]"""

    lat = _text(required=True)
    lon = _text(required=True)


class ReporterPart(_Strict):
    """[reporter]"""

    name = _text()
    phone = _text()
    email = _text()


class OptionsPart(_Strict):
    """[options]"""

    urgency = fields.String(validate=validate.OneOf(["normal", "urgent", "critical"]))
    until = fields.String(validate=validate.OneOf(["submitted", "filed"]))


class MappingFile(_Strict):
    """The whole file."""

    source = fields.Nested(SourcePart, required=True)
    fields_ = fields.Nested(FieldsPart, required=True, data_key="fields", attribute="fields")
    times = fields.Nested(TimesPart, required=True)
    area = fields.Nested(AreaPart, required=True)
    issue_type = fields.Nested(IssueTypePart, required=True)
    channel = fields.Nested(ChannelPart)
    status = fields.Nested(StatusPart)
    department = fields.Nested(DepartmentPart)
    point = fields.Nested(PointPart)
    reporter = fields.Nested(ReporterPart)
    options = fields.Nested(OptionsPart)


def _needs(data: dict[str, Any], names: tuple[str, ...]) -> None:
    for name in names:
        if not data[name]:
            raise ValidationError(f'needed when by = "{data["by"]}"', name)
