"""Every key of the table and of the bucket, each with an example beside it.

One partition holds a whole round, so that a round is read in one strongly consistent query. A partition
takes about 1,000 write units a second, which is far above what a round of grants needs (docs: limits).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

Key = dict[str, str]

ROUND_ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,38})[a-z0-9]")
"""A round's identifier, chosen by staff. Example: 2019-autumn"""

ROUNDS = "ROUNDS"


def round_key(round_id: str) -> Key:
    """Example: ROUNDS / ROUND#2019-autumn. All rounds share a partition: they are listed together."""
    return {"pk": ROUNDS, "sk": f"ROUND#{round_id}"}


def round_partition(round_id: str) -> str:
    """Example: ROUND#2019-autumn"""
    return f"ROUND#{round_id}"


APPLICATIONS = "APPLICATION#"
SUBMISSIONS = "SUBMISSION#"
ANNOUNCEMENTS = "ANNOUNCEMENT#"
DECISIONS = "DECISIONS"


def application_key(round_id: str, application: str) -> Key:
    """Example: ROUND#2019-autumn / APPLICATION#7K3M9QXRC"""
    return {"pk": round_partition(round_id), "sk": f"{APPLICATIONS}{application}"}


def draft_key(round_id: str, application: str) -> Key:
    """What an applicant has typed and not sent. A partition of its own for each, because a draft is written every few
    seconds and may be large, and no reading of a round should meet it.

    Example: DRAFT#2019-autumn#7K3M9QXRC / DRAFT
    """
    return {"pk": f"DRAFT#{round_id}#{application}", "sk": "DRAFT"}


def submission_key(round_id: str, application: str, submission: str, version_id: str) -> Key:
    """Example: ROUND#2019-autumn / SUBMISSION#7K3M9QXRC#0DPXV4K2A9QJ5T0RZ#3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY"""
    return {
        "pk": round_partition(round_id),
        "sk": f"{SUBMISSIONS}{application}#{submission}#{version_id}",
    }


def parse_submission_key(key: Key) -> tuple[str, str]:
    """Round and application of a submission's key."""
    return key["pk"].partition("#")[2], key["sk"].split("#")[1]


def submissions_prefix(application: str) -> str:
    """Begins the keys of one application's submissions. Example: SUBMISSION#7K3M9QXRC#"""
    return f"{SUBMISSIONS}{application}#"


def totals_key(round_id: str) -> Key:
    """Example: ROUND#2019-autumn / TOTALS"""
    return {"pk": round_partition(round_id), "sk": "TOTALS"}


CERTIFICATES = "CERTIFICATE"


def certificate_key(round_id: str, number: int = 1) -> Key:
    """The first is of the closing, others of those who were let in after it.

    Examples: ROUND#2019-autumn / CERTIFICATE, ROUND#2019-autumn / CERTIFICATE#0002
    """
    return {"pk": round_partition(round_id), "sk": CERTIFICATES if number == 1 else f"{CERTIFICATES}#{number:04}"}


def decisions_key(round_id: str, number: int = 1) -> Key:
    """Names the set of decisions that the announcement with this number tells of. Each stays when the next comes.

    Example: ROUND#2019-autumn / DECISIONS; of the first correction ROUND#2019-autumn / DECISIONS#0002
    """
    return {"pk": round_partition(round_id), "sk": DECISIONS if number == 1 else f"{DECISIONS}#{number:04}"}


def decision_set_partition(round_id: str, digest: str) -> str:
    """Example: DECISIONS#2019-autumn#9f86d081884c7d65"""
    return f"DECISIONS#{round_id}#{digest[:16]}"


def decision_key(round_id: str, digest: str, application: str) -> Key:
    """Example: DECISIONS#2019-autumn#9f86d081884c7d65 / DECISION#7K3M9QXRC"""
    return {"pk": decision_set_partition(round_id, digest), "sk": f"DECISION#{application}"}


def announcement_key(round_id: str, number: int) -> Key:
    """Example: ROUND#2019-autumn / ANNOUNCEMENT#0001"""
    return {"pk": round_partition(round_id), "sk": f"{ANNOUNCEMENTS}{number:04}"}


def readers_key() -> Key:
    """Who was subscribed to the summaries when somebody last looked. Example: STAFF / READERS"""
    return {"pk": "STAFF", "sk": "READERS"}


def timed_announcement_key(round_id: str, number: int) -> Key:
    """What is to go out at an instant, as it was read. Example: ROUND#2019-autumn / TIMED-ANNOUNCEMENT#0001"""
    return {"pk": round_partition(round_id), "sk": f"TIMED-{ANNOUNCEMENTS}{number:04}"}


def failure_key(key: str, version_id: str) -> Key:
    """Why an uploaded document could not be handled, the last time that it was tried.

    Example: FAILURE#rounds/2019-autumn/7K3M9QXRC/submissions/0DPXV4K2A9QJ5T0RZ/application.json / 3sL4kqtJlcpXroDT
    """
    return {"pk": f"FAILURE#{key}", "sk": version_id}


CLOSING_SUMMARY = "closing-summary"
"""An effect that one job has and another looks for."""
LEFTOVERS_MARKED = "leftovers-marked"
"""The effect of marking the files of a round that nobody submitted."""
RECEIPTS = "receipt-"
CLOSING_LETTERS = "closing-letter-"
DECISION_LETTERS = "decision-letter-"
NOTICE_LETTERS = "notice-"
EXCEPTION_LETTERS = "exception-letter-"


def receipt_effect(application: str, submission: str, version_id: str) -> str:
    """The message that tells an applicant of one outcome; it goes along with the message, as its identifier.

    Example: receipt-7K3M9QXRC-0DPXV4K2A9QJ5T0RZ-3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY
    """
    return f"{RECEIPTS}{application}-{submission}-{version_id}"


def receipt_effect_of(sort_key: str) -> str:
    """The same, of the outcome in the row with that sort key, whatever else is in it."""
    return RECEIPTS + sort_key.removeprefix(SUBMISSIONS).replace("#", "-")


def closing_letter(application: str, version: int) -> str:
    """The message that tells an applicant of a round's closing, and which version is in it, 0 where none is.

    Example: closing-letter-7K3M9QXRC-0002
    """
    return f"{closing_letters(application)}{version:04}"


def closing_letters(application: str) -> str:
    """Begins the names of one application's. Example: closing-letter-7K3M9QXRC-"""
    return f"{CLOSING_LETTERS}{application}-"


def decision_letter(application: str, announcement: int) -> str:
    """The message that tells an applicant of the decision that this announcement made public.

    Example: decision-letter-7K3M9QXRC-0001
    """
    return f"{decision_letters(application)}{announcement:04}"


def decision_letters(application: str) -> str:
    """Begins the names of one application's. Example: decision-letter-7K3M9QXRC-"""
    return f"{DECISION_LETTERS}{application}-"


def notice_letter(application: str, notice: str) -> str:
    """The message that tells the holder of a draft of the round's end. `notice` names which end, and what of it.

    Example: notice-7K3M9QXRC-week-2019-10-15T21:59:59Z
    """
    return f"{NOTICE_LETTERS}{application}-{notice}"


def exception_letter(application: str, number: int) -> str:
    """The message that tells an applicant what staff made of their time, see `Access.letter`.

    Example: exception-letter-7K3M9QXRC-0002
    """
    return f"{exception_letters(application)}{number:04}"


def exception_letters(application: str) -> str:
    """Begins the names of one application's. Example: exception-letter-7K3M9QXRC-"""
    return f"{EXCEPTION_LETTERS}{application}-"


def exceptions_told(exceptions: int) -> str:
    """The effect of having told of every exception of a round that has had so many. Example: exceptions-told-0002"""
    return f"exceptions-told-{exceptions:04}"


def notices_told(notice: str) -> str:
    """The effect of having told every holder of a draft. Example: notices-told-week-2019-10-15T21:59:59Z"""
    return f"notices-told-{notice}"


def letters_told(outcomes: int, certificates: int, announcement: int | None) -> str:
    """The effect of having sent everything that a closed round owes its applicants, as long as it has so many outcomes
    and certificates and this announcement: one more of any owes more letters. Example: letters-told-000214-01-0001
    """
    return f"letters-told-{outcomes:06}-{certificates:02}-{announcement or 0:04}"


def result_pages(number: int) -> str:
    """The effect of writing the pages and data of a round's announcement. Example: result-pages-0001"""
    return f"result-pages-{number:04}"


def effect_key(round_id: str, effect: str) -> Key:
    """The claim of something that happens outside, once. Example: ROUND#2019-autumn / EFFECT#closing-summary"""
    return {"pk": round_partition(round_id), "sk": f"EFFECT#{effect}"}


def audit_partition(round_id: str) -> str:
    """Example: AUDIT#2019-autumn"""
    return f"AUDIT#{round_id}"


def audit_key(round_id: str, at: str, event_id: str) -> Key:
    """Example: AUDIT#2019-autumn / 2019-10-15T21:59:59Z#0DPXV4K2A9QJ5T0RZ"""
    return {"pk": audit_partition(round_id), "sk": f"{at}#{event_id}"}


def round_prefix(round_id: str) -> str:
    """Example: rounds/2019-autumn/"""
    return f"rounds/{round_id}/"


def application_prefix(round_id: str, application: str) -> str:
    """Example: rounds/2019-autumn/7K3M9QXRC/"""
    return f"{round_prefix(round_id)}{application}/"


def document_object(round_id: str, application: str, submission: str) -> str:
    """Example: rounds/2019-autumn/7K3M9QXRC/submissions/0DPXV4K2A9QJ5T0RZ/application.json"""
    return f"{application_prefix(round_id, application)}submissions/{submission}/application.json"


def attachment_object(round_id: str, application: str, sha256: str) -> str:
    """Named by content, so that a file sent again for a new version is the same object.

    Example: rounds/2019-autumn/7K3M9QXRC/files/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    """
    return f"{application_prefix(round_id, application)}files/{sha256}"


@dataclass(frozen=True, slots=True)
class DocumentName:
    """What the name of an uploaded application.json says."""

    round_id: str
    application: str
    submission: str


_DOCUMENT = re.compile(
    r"rounds/(?P<round_id>[a-z0-9-]+)/(?P<application>[0-9A-Z]+)/submissions/(?P<submission>[0-9A-Z]+)/application\.json"
)


def parse_document_object(key: str) -> DocumentName | None:
    """The reverse of `document_object`, or None for any other object."""
    match = _DOCUMENT.fullmatch(key)
    return DocumentName(**match.groupdict()) if match else None


def application_of(key: str) -> str:
    """The application that an object belongs to. Raises IndexError for an object outside every round."""
    return key.split("/")[2]
