"""Survey 回访: 考核评价. The reporter of a closed case is asked once: is it solved, are you content, in your words.

Writes:  feedback-<id>, appraisal-<id>, flag-<case>
Hears:   case.closed (invites the reporter)
Serves:  /api/v1/feedback
"""
