"""Notify 通知: who hears what, when, and on which channel, along the whole loop.

Writes:  notice-<id>, subscription-<id>
Hears:   report.accepted, report.rejected, report.appealed, report.merged, case.rejected, case.merged,
         feedback.invited, case.dispatched, case.dispatch_recalled, clock.warned, escalation.raised (who is reminded,
         and who is called upon); duty.gap_found, duty.silent, duty.taken_over, duty.given_back, visit.reply_overdue,
         case.problem_declared, dispute.opened, whistle.blown, task.added, case.rework_ordered, check.assigned,
         remedy.planned (what a command centre has to see to); case.level_raised, case.suspended, case.resumed,
         case.transferred_out, task.responded, case.closed, case.reopened (who sent a case up hears of each);
         duty.post_opened, duty.post_closed, shift.planned, shift.cancelled, appointment.started, appointment.ended,
         account.created, account.assigned, account.disabled, account.enabled, account.contact_changed,
         calendar.published, area.created, area.renamed (who is where, and when); its own notice.requested, which it
         delivers, and subscription.disabled; report.submitted, report.unmerged, case.unmerged, department.registered
         (to know whom, and where), emergency.started and emergency.ended (to know how)
Serves:  /api/v1/notices, /api/v1/outbox, /api/v1/subscriptions, /api/v1/events, /events,
         /docs, /operations, /inbox

What is said is data (`templates/`, and a folder in it for every set that an emergency may name). A notice carries
neither words nor contacts: both are looked up at delivery.
"""
