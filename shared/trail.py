"""Events of the audit trail that verification holds rows against: those that say what no upload does.

Where an order matters, each names as `revision` that of the application or round that it is about, as it found it:
clocks differ, and so do not order them.
"""

WITHDRAWN, WITHDRAWN_BY_STAFF = "application withdrawn", "application withdrawn by staff"
LET_IN, COMPLETION_ASKED, EXCEPTION_ENDED = "applicant let in", "completion asked for", "exception ended"
DECISIONS_ENTERED, CORRECTION_ENTERED = "decisions entered", "correction entered"
DECISIONS_APPROVED, CORRECTION_APPROVED = "decisions approved", "correction approved"
TAKEN_BACK = "approval taken back"
ANNOUNCEMENT_TIMED, ANNOUNCEMENT_CALLED_OFF = "announcement timed", "announcement called off"
ANNOUNCEMENT_HELD_BACK = "announcement held back"
ANNOUNCEMENT_APPROVED, ANNOUNCED = "announcement approved", "announcement published"
