"""What must hold when everything has come to rest: nothing under way, nothing in a queue, no fault any more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from shared import keys
from shared.applications import Application, ApplicationState, Outcome
from shared.aws.table import Item
from shared.instants import parse_iso, whole_second
from shared.results import everything
from shared.results.publication import Announcement, Publication
from shared.rounds import RoundState, is_everybodys
from tests.simulation.cloud import DIGEST, PAGES, ROUND, Cloud
from tests.simulation.corpus import by_hash
from tests.simulation.doubles.bucket import Stored
from tests.simulation.recount import counted, state_of
from tests.simulation.watch import Violation, certificate_faults

_OVER = (RoundState.CLOSED, RoundState.DECIDED, RoundState.ANNOUNCED)
_LETTERS_TAKE = timedelta(minutes=5)
"""Longer than from when a run of letters reads what has gone out until its last one leaves."""


def faults_at_rest(cloud: Cloud) -> Iterator[Violation]:
    """Every promise that is broken in this state."""
    yield from _missing(cloud)
    yield from _applications(cloud)
    yield from _effects(cloud)
    yield from _letters(cloud)
    yield from _certificate(cloud)
    yield from _verified(cloud)
    yield from _decided(cloud)
    yield from _announcement(cloud)
    yield from _pages(cloud)
    yield from _kept(cloud)


def documents(cloud: Cloud) -> Iterator[tuple[keys.DocumentName, Stored]]:
    """Every version of every application.json in the bucket."""
    for key, versions in cloud.bucket.objects.items():
        name = keys.parse_document_object(key)
        for stored in versions if name else ():
            assert name is not None
            yield name, stored


def _missing(cloud: Cloud) -> Iterator[Violation]:
    recorded = {(one.application, one.submission, one.version_id) for one in cloud.watch.submissions(ROUND)}
    for name, stored in documents(cloud):
        if (name.application, name.submission, stored.version.version_id) not in recorded:
            arrived = f"{stored.version.arrived_at:%H:%M:%S}"
            yield Violation("one-outcome-for-each-version", f"{name.application}, arrived {arrived}, has none")


def _applications(cloud: Cloud) -> Iterator[Violation]:
    late = {
        (one.application, one.submission, one.version_id)
        for one in cloud.watch.submissions(ROUND)
        if one.outcome is Outcome.LATE
    }
    sent: dict[str, list[tuple[datetime, str, str, Stored]]] = {}
    for name, stored in documents(cloud):
        version = stored.version
        # What is late was judged when it was recorded: whoever was let in later had not been then.
        good = by_hash()[stored.sha256].good and (name.application, name.submission, version.version_id) not in late
        sent.setdefault(name.application, [])
        if good:
            sent[name.application].append((version.arrived_at, name.submission, version.version_id, stored))
    known = {one.id: one for one in cloud.watch.applications(ROUND)}
    for application, versions in sent.items():
        if application not in known:
            yield Violation("nothing-that-was-sent-is-lost", f"the application {application} is gone")
            continue
        yield from _current(known[application], [stored for *_, stored in sorted(versions, key=lambda one: one[:3])])
    for item in cloud.watch.rows(ROUND, keys.APPLICATIONS):
        if item["state"] != state_of(item):
            yield Violation("the-newest-version-counts", f"{item['application']} is stored as {item['state']}")


def _current(application: Application, versions: list[Stored]) -> Iterator[Violation]:
    expected = versions[-1].sha256 if versions else None
    found = application.current.sha256 if application.current else None
    if found != expected:
        names = [by_hash()[sha256].name if sha256 else "none" for sha256 in (found, expected)]
        yield Violation("the-newest-version-counts", f"{application.id} has {names[0]}, the newest is {names[1]}")
        return
    # The same content may have been sent again later: a withdrawal must be compared with that.
    last, withdrawn = versions[-1].version.arrived_at if versions else None, application.withdrawn_at
    stands = last is not None and (withdrawn is None or last > whole_second(withdrawn))
    if stands != (application.state is ApplicationState.SUBMITTED):
        seen = f"{application.id} is {application.state}: sent at {last}, withdrawn at {withdrawn}"
        yield Violation("a-withdrawal-holds", seen)


def _effects(cloud: Cloud) -> Iterator[Violation]:
    for name, sent in cloud.effects.items():
        if len(sent) > 1 + cloud.kernel.excused.get(name, 0):
            yield Violation("each-effect-at-most-once", f"{name[:60]} went out {len(sent)} times")
        # Receipts and digests say how it is when they are sent, at a second try too.
        if any(one != sent[0] for one in sent) and not name.startswith((keys.RECEIPTS, DIGEST)):
            yield Violation("each-effect-at-most-once", f"{name[:60]} went out in two versions")
    for name, texts in cloud.texts.items():
        if len(set(texts)) > 1:
            yield Violation("each-effect-at-most-once", f"{name[:60]} went out with two texts")
    yield from _closing_letters(cloud)
    for submission in cloud.watch.submissions(ROUND):
        name = f"receipt-{submission.application}-{submission.submission}-{submission.version_id}"
        if submission.outcome is Outcome.ACCEPTED and name not in cloud.effects:
            yield Violation("everybody-gets-a-receipt", f"none for {submission.application}, {submission.submission}")
        if submission.outcome is Outcome.DUPLICATE and name in cloud.effects:
            yield Violation("each-effect-at-most-once", f"a receipt for a duplicate of {submission.application}")

    for application in cloud.watch.applications(ROUND):
        refused = application.refused
        told = refused and keys.receipt_effect(application.id, refused.submission, refused.version_id)
        if refused and refused.contact and told not in cloud.effects:
            yield Violation("everybody-gets-a-receipt", f"{application.id} was refused and not told")


def _closing_letters(cloud: Cloud) -> Iterator[Violation]:
    """Each application is told of the closing once; whoever was told to be left out and then is in, once more, and
    whoever sent another version where a fault hid that the letter with the one before it went out."""
    told: dict[str, list[int]] = {}
    for name in cloud.effects:
        if name.startswith(keys.CLOSING_LETTERS):
            application, version = name.removeprefix(keys.CLOSING_LETTERS).split("-")
            told.setdefault(application, []).append(int(version))
    for application, versions in told.items():
        hidden = {one for one in versions if keys.closing_letter(application, one) in cloud.kernel.excused}
        if len([one for one in versions if one and one not in hidden]) > 1 or (0 in versions[1:]):
            yield Violation("each-effect-at-most-once", f"{application} was told of the closing with {versions}")


def _letters(cloud: Cloud) -> Iterator[Violation]:
    """Whoever is in a closed round has been told so; whoever was decided on has been told what, once it was public."""
    call = cloud.watch.round(ROUND)
    for application in cloud.watch.applications(ROUND) if call.is_certified else ():
        submitted = application.state is ApplicationState.SUBMITTED
        told = [name for name in cloud.effects if name.startswith(keys.closing_letters(application.id))]
        refusal = application.refused
        reachable = refusal is not None and refusal.contact and refusal.outcome is not Outcome.LATE
        owed = submitted or (application.state is ApplicationState.REFUSED and reachable)
        if owed and not told:
            yield Violation("everybody-is-told-of-the-closing", f"not {application.id}")
        # That it is not in the round may have been told before it was mended; what holds is told after that.
        if submitted and told and told[-1] == keys.closing_letter(application.id, 0):
            yield Violation("everybody-is-told-of-the-closing", f"{application.id} was told last that it is left out")
        if application.state is ApplicationState.DRAFT and told:
            yield Violation("everybody-is-told-of-the-closing", f"{application.id} was told and never sent anything")
        yield from _exception_letters(cloud, application)
    if call.state is RoundState.ANNOUNCED:
        yield from _decision_letters(cloud)


def _exception_letters(cloud: Cloud, application: Application) -> Iterator[Violation]:
    """Of what was given last, whoever was to be written to was told, and only of what was given: by as many letters as
    there were meanings, each of its own name."""
    begins = keys.exception_letters(application.id)
    told = {name: sent for name, sent in cloud.effects.items() if name.startswith(begins)}
    access = application.access
    if access is None or access.letter == 0:
        # What was sent was owed by one before it, while there was an address.
        if access is None and told:
            yield Violation("everybody-is-told-of-their-own-time", f"{application.id} was told of none")
        return
    last = keys.exception_letter(application.id, access.letter)
    withdrew = not access.ended and (application.id, access.letter) in cloud.watch.withdrew
    # The round was extended before they were told, and everybody may send for as long; what they are asked is told.
    nothing_else = (not access.asked or bool(access.ended)) and is_everybodys(cloud.watch.round(ROUND), access)
    if last not in told and not withdrew and not nothing_else:
        yield Violation("everybody-is-told-of-their-own-time", f"not {application.id}, {last}")
    if any(name > last for name in told):
        yield Violation("everybody-is-told-of-their-own-time", f"{application.id} was told what nobody did")
    ended = [("can no longer" in subject or "inte längre" in subject) for _, subject in told.get(last, [])]
    if any(one != bool(access.ended) for one in ended):
        yield Violation("everybody-is-told-of-their-own-time", f"{application.id} was told the wrong thing")


def _decision_letters(cloud: Cloud) -> Iterator[Violation]:
    """The last letter that somebody got tells what is in force, and none tells what the one before it told."""
    last = cloud.watch.round(ROUND).announcement or 1
    decided = {number: _decisions(cloud, number) for number in range(1, last + 1)}
    standing = {one.id for one in cloud.watch.applications(ROUND) if one.state is ApplicationState.SUBMITTED}
    for application, now in decided[last].items():
        begins = keys.decision_letters(application)
        names = sorted(name for name in cloud.effects if name.startswith(begins))
        if application in standing and not names:
            yield Violation("everybody-is-told-the-decision", f"not {application}")
        told = decided[int(names[-1].removeprefix(begins))].get(application) if names else now
        subjects = [subject for _, subject in cloud.effects[names[-1]]] if names else []
        awards = {"beviljas" in subject or "awarded" in subject for subject in subjects}
        if told != now or awards - {now[0] == "award"}:
            yield Violation("everybody-is-told-the-decision", f"{application} was told {told}, and it is {now}")
        for before, after in pairwise(names):
            of = [decided[int(name.removeprefix(begins))].get(application) for name in (before, after)]
            unknown = _begun_between(cloud, begins, before, after)
            if of[0] == of[1] and not unknown and _known_by_then(cloud, before, after):
                yield Violation("each-effect-at-most-once", f"{application} was told {of[0]} twice")
        yield from _corrected(
            cloud, application, names, [decided[number].get(application) for number in sorted(decided)]
        )


def _corrected(
    cloud: Cloud, application: str, names: Sequence[str], decided: Sequence[tuple[str, int] | None]
) -> Iterator[Violation]:
    """Of the application's letters, those call themselves corrections before which another decision was told, or may
    have been: one that SES took was told, and one that has a row perhaps."""
    begins = keys.decision_letters(application)
    for name in names:
        number = int(name.removeprefix(begins))
        others = [f"{begins}{one:04}" for one in range(1, number) if decided[one - 1] != decided[number - 1]]
        was_told = any(one in cloud.effects for one in others)
        may_be = any(cloud.table.peek(keys.effect_key(ROUND, one)) is not None for one in others)
        says_so = {"(rättat" in subject or "(corrected" in subject for _, subject in cloud.effects[name]}
        if says_so - {was_told, may_be}:
            yield Violation("everybody-is-told-the-decision", f"{name} says wrongly whether it corrects another")


def _begun_between(cloud: Cloud, begins: str, before: str, after: str) -> bool:
    """Whether a letter between the two was begun, of which nobody knows whether it went out: its claim was written, and
    a correction came before anybody could go on with it. (A claim whose answer was lost looks like somebody else's.)"""
    first, second = (int(name.removeprefix(begins)) for name in (before, after))
    rows = (cloud.table.peek(keys.effect_key(ROUND, f"{begins}{number:04}")) for number in range(first + 1, second))
    return any(row is not None and row.get("tries") != 0 and "done_at" not in row for row in rows)


def _known_by_then(cloud: Cloud, before: str, after: str) -> bool:
    """Whether it was noted that one letter had gone out long before the next was begun, once and for all. Until that
    is noted nobody knows what the applicant has read."""
    first, second = (cloud.table.peek(keys.effect_key(ROUND, name)) or {} for name in (before, after))
    if "done_at" not in first or second["tries"] > 1:
        return False
    return parse_iso(second["done_at"]) - parse_iso(first["done_at"]) > _LETTERS_TAKE


def _decisions(cloud: Cloud, number: int) -> dict[str, tuple[str, int]]:
    """Kind and amount of what the announcement tells, by application."""
    decided = cloud.table.peek(keys.decisions_key(ROUND, number)) or {"decisions": ""}
    partition = keys.decision_set_partition(ROUND, decided["decisions"])
    rows = cloud.table.rows.get(partition, {}).values()
    return {row["application"]: (row["kind"], row["amount"]) for row in rows}


def _certificate(cloud: Cloud) -> Iterator[Violation]:
    state = cloud.watch.round(ROUND).state
    certificate = cloud.table.peek(keys.certificate_key(ROUND))
    if (certificate is not None) != (state in _OVER):
        yield Violation("the-certificate-is-true", f"a round that is {state} and its certificate do not go together")
    if state not in _OVER:
        yield Violation("everything-comes-to-rest", f"the round is still {state}")
    further = [item for item in cloud.watch.rows(ROUND, keys.CERTIFICATES) if "number" in item]
    for item in further:
        for seen in certificate_faults(cloud.watch, item):
            yield Violation("the-certificate-is-true", seen)
    if len(further) != cloud.watch.round(ROUND).supplements:
        yield Violation("the-certificate-is-true", f"{len(further)} certificates of exceptions")
    if certificate is not None:
        for seen in certificate_faults(cloud.watch, certificate):
            yield Violation("the-certificate-is-true", seen)
        told = cloud.effects.get(keys.CLOSING_SUMMARY, [])
        if not told:
            yield Violation("staff-are-told", "no closing summary went out")
        if any(certificate["root"] not in text for text in told):
            yield Violation("the-certificate-is-true", "the summary names another root")


def _verified(cloud: Cloud) -> Iterator[Violation]:
    """What staff's own verification says of every application."""
    for item in cloud.watch.rows(ROUND, keys.APPLICATIONS):
        if differs := cloud.verifying.application(ROUND, item["application"])["differences"]:
            yield Violation("every-application-is-as-uploaded", f"{item['application']} differs in {differs}")
    certified = cloud.table.peek(keys.certificate_key(ROUND)) is not None
    if not certified:
        return
    verified = cloud.verifying.certificate(ROUND)
    if verified["differences"]:
        yield Violation("the-certificate-is-true", f"verification finds other {verified['differences']}")
    for one in verified["unexplained"]:
        yield Violation("everything-is-audited", f"{one['application']}: {one['differences']} untold")


def _decided(cloud: Cloud) -> Iterator[Violation]:
    """What was approved decides on every application that stands, and on no other."""
    decided = cloud.table.peek(keys.decisions_key(ROUND)) or {}
    if "approved_by" not in decided:
        return
    rows = cloud.table.rows.get(keys.decision_set_partition(ROUND, decided["decisions"]), {}).values()
    found = {row["application"] for row in rows}
    standing = {one.id for one in cloud.watch.applications(ROUND) if one.state is ApplicationState.SUBMITTED}
    if found != standing:
        yield Violation("what-stands-is-decided", f"decided {sorted(found)}, standing {sorted(standing)}")


def _announcement(cloud: Cloud) -> Iterator[Violation]:
    call = cloud.watch.round(ROUND)
    stored = cloud.watch.rows(ROUND, keys.ANNOUNCEMENTS)
    told = {name: sent for name, sent in cloud.effects.items() if name.startswith("announcement")}
    published = [item for item in stored if "published_at" in item]
    last = call.announcement or 0
    if not len(published) == len(told) == len(stored) == last or (call.state is RoundState.ANNOUNCED) != (last > 0):
        seen = f"{len(stored)} claimed, {len(published)} recorded, {len(told)} sent, the round is {call.state}, {last}"
        yield Violation("an-announcement-goes-out-once", seen)
    for number in range(1, last + 1):
        if f"announcement-{number:04}" not in told:
            yield Violation("an-announcement-goes-out-once", f"{number} did not, and {last} did")
            continue
        yield from _figures(cloud, number, told[f"announcement-{number:04}"][0][1])


def _figures(cloud: Cloud, number: int, document: dict[str, Any]) -> Iterator[Violation]:
    """What was announced under this number is what its decisions say, and what it corrects is what they changed."""
    decided = cloud.table.peek(keys.decisions_key(ROUND, number)) or {}
    if "approved_by" not in decided:
        yield Violation("an-announcement-goes-out-once", "before the decisions were approved")
        return
    awards = _awarded(cloud, number)
    figures = {award["reference"].replace("-", ""): award["amount"] for award in document["awards"]}
    if (document["totals"]["amount"], figures) != (sum(awards.values()), awards):
        seen = f"{document['totals']['amount']} for {sum(awards.values())} in announcement {number}"
        yield Violation("announced-figures-equal-the-rows", seen)
    before = _awarded(cloud, number - 1) if number > 1 else awards
    changed = {one: (before.get(one), awards.get(one)) for one in {*before, *awards}}
    expected = {one: amounts for one, amounts in changed.items() if amounts[0] != amounts[1]}
    told = document.get("corrects", {"changes": []})["changes"]
    if {one["reference"].replace("-", ""): (one["before"], one["after"]) for one in told} != expected:
        yield Violation("announced-figures-equal-the-rows", f"announcement {number} corrects {told} for {expected}")


def _awarded(cloud: Cloud, number: int) -> dict[str, int]:
    """What the decisions of an announcement award, by application."""
    return {one: amount for one, (kind, amount) in _decisions(cloud, number).items() if kind == "award"}


def _pages(cloud: Cloud) -> Iterator[Violation]:
    """What was announced is there for everybody to read, all of it and nothing else."""
    published = [item for item in cloud.watch.rows(ROUND, keys.ANNOUNCEMENTS) if "published_at" in item]
    expected = published_files(published) if published else {}
    if cloud.public.files != expected:
        differing = {
            path for path in cloud.public.files | expected if cloud.public.files.get(path) != expected.get(path)
        }
        yield Violation("what-was-announced-can-be-read", f"wrong or missing: {sorted(differing)[:3]}")


def published_files(items: Sequence[Item]) -> dict[str, tuple[str, str]]:
    """Everything that these announcements bring with them."""
    publication = Publication.of(Announcement.of(item["document"], item["texts"]) for item in items)
    files = [*everything.round_files(publication, PAGES), *everything.overview_files([publication], PAGES)]
    return {file.path: (file.media_type, file.text) for file in files}


def _kept(cloud: Cloud) -> Iterator[Violation]:
    """What was sent is not about to be removed, neither rows nor files."""
    sent = {name.application for name, _ in documents(cloud)}
    for item in cloud.watch.rows(ROUND, keys.APPLICATIONS):
        if item["application"] in sent and "expires_at" in item:
            yield Violation("nothing-that-was-sent-is-lost", f"{item['application']} was sent and still expires")
        elif counted(item) and "expires_at" in item:
            yield Violation("nothing-that-was-sent-is-lost", f"{item['application']} is counted and still expires")
    for application in cloud.watch.applications(ROUND):
        for file in application.current.facts.attachments if application.current else ():
            key = keys.attachment_object(ROUND, application.id, file["sha256"])
            stored = cloud.bucket.find(key, file["version_id"])
            if stored is None or stored.tags.get("anslag") == "unsubmitted":
                yield Violation("nothing-that-was-sent-is-lost", f"a file of {application.id} is marked for removal")
