"""Survey 回访: 考核评价. The reporter of a closed case is asked once: is it solved, are you content, in your words.

Writes:  feedback-<id>, appraisal-<id>, flag-<case>
Hears:   case.closed (invites the reporter); task.responded, task.part_responded, check.passed, check.failed,
         case.suspended, case.closed, report.self_handled (notes what looks odd); its projections take report.*, case.*,
         task.*, clock.*, feedback.* (to count), area.*, grid.drawn, department.registered, issue_type.defined (to name
         what is counted)
Serves:  /api/v1/feedback, /api/v1/indicators, /api/v1/figures, /api/v1/appraisals, /api/v1/flags,
         /feedback, /assessment, /flags
"""
