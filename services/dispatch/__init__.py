"""Dispatch 派遣: 指挥派遣, 处理反馈 and 结案归档. A case is filed, given to a department, answered, closed, archived.

Writes:  case-<id>, clock-<case>, admission-<id>, demand-<id>, volunteer-<account>, remedy-<id>,
         campaign-<id>, rulebook-<kind>-<code>
Hears:   report.accepted (files and, where the responsibility list says so, dispatches), report.self_handled (files what
         was put right on the spot), report.recurred (looks for the root), check.passed, check.failed (clears for
         closing, or orders rework), feedback.recorded, spot_check.failed (reopen, on the reporter's word or the
         inspector's); report.*, case.*, task.*, extension.*, dispute.*, whistle.*, transfer.*, check.*, feedback.*
         (keep the clocks of the issue); its own demand.reported_outside, demand.outside_settled (weigh on a month)
Serves:  /api/v1/cases, /api/v1/escalations, /api/v1/departments, /api/v1/issue-types, /api/v1/responsibilities,
         /api/v1/calendar, /api/v1/admissions, /api/v1/demands, /api/v1/burdens, /api/v1/pool, /api/v1/label-sets,
         /api/v1/remedies, /api/v1/campaigns, /api/v1/policies; pages: /work, /cases, /remedies, /campaigns,
         /responsibilities, /burdens
"""
