"""Intake 受理: the first step of the loop, 采集上报. Somebody tells; staff verify, accept, refuse or merge.

Writes:  report-<id>, subject-<id>, photo-<hash>
Hears:   report.accepted, report.self_handled (says when an issue is back where it was closed not long before),
         subject.erased (whose photos go along);
         area.*, issue_type.*, department.registered, case.*, task.*, check.*  (to know places and kinds, to answer
         the reporter's "how far is it?", and to know which issue a photo belongs to)
Serves:  /api/v1/reports, /api/v1/field/reports, /api/v1/photos, /api/v1/subjects, /api/v1/inbound,
         /api/v1/api-keys, /open311, /report, /track, /posters, /desk, /field

A reporter's contact and original words are sealed in `intake.subjects`; the events carry masked words and a reference.
Photos lie in a folder outside of the database; the events carry their hashes.
"""
