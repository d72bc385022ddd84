"""What the doors of duplicates give, as HTTP bodies."""

from __future__ import annotations

from marshmallow import fields

from shared.web.fields import AreaField, Body


class Why(Body):
    """One reason to think so."""

    zh = fields.String(required=True)
    en = fields.String(required=True)


class Candidate(Body):
    """An open report that may be about the same thing."""

    report_id = fields.UUID(required=True)
    number = fields.String(required=True)
    area = fields.String(required=True)
    state = fields.String(required=True)
    issue_type = fields.String(required=True)
    title = fields.String(required=True)
    words = fields.String(required=True)
    place = fields.String(allow_none=True)
    reported_at = fields.AwareDateTime(required=True)
    score = fields.Float(required=True, metadata={"description": "0 to 1"})
    why = fields.List(fields.Nested(Why), required=True)


class DuplicatesAnswer(Body):
    """Candidates, most alike first."""

    candidates = fields.List(fields.Nested(Candidate), required=True)


class ClustersQuery(Body):
    """Where to look."""

    area = AreaField(load_default=None, metadata={"description": "default: the area the asker serves"})


class ClusterMember(Body):
    """One report of a cluster."""

    report_id = fields.UUID(required=True)
    number = fields.String(required=True)
    title = fields.String(required=True)
    state = fields.String(required=True)


class Cluster(Body):
    """Open reports that tell of the same thing."""

    size = fields.Integer(required=True)
    area = fields.String(required=True)
    issue_type = fields.String(required=True)
    title = fields.String(required=True)
    reports = fields.List(fields.Nested(ClusterMember), required=True)


class ClustersAnswer(Body):
    """Clusters, the largest first."""

    clusters = fields.List(fields.Nested(Cluster), required=True)
