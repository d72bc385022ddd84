-- The read tables of survey: made of events, rebuilt at any time.

-- projection: feedback
-- One row for every question asked, and its answer.
CREATE TABLE feedback (
    feedback_id     uuid PRIMARY KEY,
    case_id         uuid NOT NULL,
    number          text NOT NULL,
    area            text NOT NULL,
    attempt         integer NOT NULL,
    invited_at      timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    answered_at     timestamptz,
    resolved        boolean,
    satisfaction    text,
    words           text,
    wants_reopening boolean,
    position        bigint NOT NULL
);
CREATE INDEX feedback_answered ON feedback (answered_at DESC, feedback_id) WHERE answered_at IS NOT NULL;
CREATE INDEX feedback_invited ON feedback (invited_at DESC, feedback_id);
CREATE INDEX feedback_of_case ON feedback (case_id);
CREATE INDEX feedback_by_area ON feedback (area text_pattern_ops);
