"""The digest: what has happened in a round since the last one, problems first, and silence where nothing has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from functions.summarise.listing import against_budget, counted_words, listed_applications, round_name
from functions.summarise.readers import NOBODY, Readers
from shared.applications import Application, ApplicationState, Outcome
from shared.distinct import by_kind, kinds_in_words
from shared.instants import whole_second
from shared.letters import Letter, bullets, labelled, letter, one_line, paragraph, section
from shared.notices import reminder_between
from shared.problems import Problem
from shared.programme import Programme
from shared.references import spaced
from shared.rounds import Round, RoundState
from shared.submissions import Submission
from shared.wording import counted, day, either, moment, number, time_left

MOST_LISTED = 50
"""Applications in one list of the digest; the rest is counted."""
_MOST_SENTENCE = 300


@dataclass(frozen=True, slots=True)
class Refusals:
    """How often one kind of problem was found, and the sentence that one applicant was told. `alike` says
    whether all of them were told the same."""

    times: int
    example: Problem
    alike: bool


@dataclass(frozen=True, slots=True)
class DigestFacts:
    """What a digest tells. Lists hold what happened after `since` and no later than `until`; `standing`,
    `requested` (whole kronor), `drafts`, `missing`, `vanished` and `dead_letters` are how things are."""

    since: datetime
    until: datetime
    missing: tuple[str, ...]
    """The application of each upload that has lacked an outcome for long."""
    vanished: tuple[str, ...]
    """The application of each outcome whose upload is gone."""
    dead_letters: int
    new: tuple[Application, ...]
    changed: tuple[Application, ...]
    withdrawn: tuple[Application, ...]
    rejected: int
    """Submissions, not applications: somebody who tried three times is counted three times."""
    unmended: tuple[str, ...]
    """Applications among the rejected ones that still have no accepted version."""
    refusals: tuple[Refusals, ...]
    """The most frequent first."""
    late: tuple[str, ...]
    turned_away: int
    standing: int
    applicants: Mapping[str, int]
    """Distinct applicants by kind."""
    requested: int
    drafts: int
    left: timedelta | None
    """Until the deadline; zero or less after it, None for a round without an end."""
    readers: Readers = NOBODY
    """Who of staff does not get this."""
    reminds: bool = False
    """Whether the deadline has come near since the last digest."""


def gather(
    call: Round,
    programme: Programme,
    applications: Sequence[Application],
    submissions: Sequence[Submission],
    since: datetime,
    now: datetime,
    missing: Sequence[str],
    *,
    vanished: Sequence[str] = (),
    dead_letters: int = 0,
    readers: Readers = NOBODY,
) -> DigestFacts:
    """What to tell after `since` until `now`, by when it was recorded: what came late would else be in no digest."""
    earlier, recent = _divided(submissions, since, now)
    accepted_before, accepted = (_of(some, Outcome.ACCEPTED) for some in (earlier, recent))
    standing = _in(applications, ApplicationState.SUBMITTED)
    rejected = [one for one in recent if one.outcome is Outcome.REJECTED]
    return DigestFacts(
        since=since,
        until=now,
        missing=tuple(sorted(missing)),
        vanished=tuple(sorted(vanished)),
        dead_letters=dead_letters,
        new=tuple(one for one in standing if one.id in accepted - accepted_before),
        changed=tuple(one for one in standing if one.id in accepted & accepted_before),
        withdrawn=tuple(one for one in applications if _withdrawn_within(one, since, now)),
        rejected=len(rejected),
        unmended=_unmended(applications, rejected),
        refusals=_refusals(rejected),
        late=tuple(sorted(_of(recent, Outcome.LATE))),
        turned_away=sum(_within(one.turned_away_at, since, now) for one in applications),
        standing=len(standing),
        applicants=by_kind((one.current.facts.applicant for one in standing if one.current), programme),
        requested=sum(one.current.facts.requested for one in standing if one.current),
        drafts=len(_in(applications, ApplicationState.DRAFT)),
        left=None if call.closes_at is None else call.closes_at - whole_second(now),
        readers=readers,
        reminds=call.state is RoundState.OPEN and reminder_between(call, since, now),
    )


def _divided(
    submissions: Sequence[Submission], since: datetime, until: datetime
) -> tuple[list[Submission], list[Submission]]:
    """What was recorded before that time, and within it."""
    recent = [one for one in submissions if _within(one.recorded_at, since, until)]
    return [one for one in submissions if one.recorded_at <= since], recent


def _in(applications: Iterable[Application], state: ApplicationState) -> list[Application]:
    return [one for one in applications if one.state is state]


def _unmended(applications: Sequence[Application], rejected: Iterable[Submission]) -> tuple[str, ...]:
    refused = {one.id for one in _in(applications, ApplicationState.REFUSED)}
    return tuple(sorted(refused & {one.application for one in rejected}))


def _of(submissions: Iterable[Submission], outcome: Outcome) -> set[str]:
    return {one.application for one in submissions if one.outcome is outcome}


def _within(instant: datetime | None, since: datetime, until: datetime) -> bool:
    return instant is not None and since < instant <= until


def _withdrawn_within(application: Application, since: datetime, until: datetime) -> bool:
    withdrawn = application.state is ApplicationState.WITHDRAWN
    return withdrawn and _within(application.withdrawn_at, since, until)


def _refusals(submissions: Iterable[Submission]) -> tuple[Refusals, ...]:
    by_code: dict[str, list[Problem]] = {}
    for submission in submissions:
        for found in submission.problems:
            by_code.setdefault(found.code, []).append(found)
    ranked = sorted(by_code.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple(Refusals(len(all_), all_[0], alike=len({one.sv for one in all_}) == 1) for _, all_ in ranked)


def has_news(facts: DigestFacts) -> bool:
    """Whether anybody needs to read this. What is missing or stuck is news until it no longer is."""
    happened = (facts.new, facts.changed, facts.withdrawn, facts.rejected, facts.late, facts.turned_away)
    return has_problems(facts) or facts.reminds or bool(facts.readers.newly_gone) or any(happened)


def has_problems(facts: DigestFacts) -> bool:
    """Whether something is not as it should be, so that even a day off is no reason to be silent."""
    return bool(facts.missing or facts.vanished or facts.dead_letters)


def compose(facts: DigestFacts, call: Round, programme: Programme, language: str) -> Letter:
    """The digest as staff get it."""
    since = moment(facts.since, programme.zone, language)
    return letter(
        f"{_headline(facts, language)}: {round_name(call, programme, language)}",
        *_problems(facts, programme, language),
        section(
            either(language, "Läget i omgången", "The round so far"),
            labelled(_status(facts, call, programme, language)),
        ),
        either(language, f"Nytt sedan den {since}:", f"New since {since}:") if _happened(facts) else "",
        *_news(facts, language),
    )


def _happened(facts: DigestFacts) -> bool:
    return any((facts.new, facts.changed, facts.withdrawn, facts.rejected, facts.late, facts.turned_away))


_NOUNS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "missing": {"sv": ("saknas", "saknas"), "en": ("missing", "missing")},
    "vanished": {"sv": ("borttagen", "borttagna"), "en": ("deleted", "deleted")},
    "stuck": {"sv": ("i felkö", "i felkö"), "en": ("stuck", "stuck")},
    "new": {"sv": ("ny", "nya"), "en": ("new", "new")},
    "changed": {"sv": ("ändrad", "ändrade"), "en": ("changed", "changed")},
    "withdrawn": {"sv": ("återkallad", "återkallade"), "en": ("withdrawn", "withdrawn")},
    "rejected": {"sv": ("att rätta", "att rätta"), "en": ("to correct", "to correct")},
    "late": {"sv": ("för sen", "för sena"), "en": ("late", "late")},
}


def _headline(facts: DigestFacts, language: str) -> str:
    counts = {
        "missing": len(facts.missing),
        "vanished": len(facts.vanished),
        "stuck": facts.dead_letters,
        "new": len(facts.new),
        "changed": len(facts.changed),
        "withdrawn": len(facts.withdrawn),
        "rejected": facts.rejected,
        "late": len(facts.late),
    }
    told = {name: counted_words([(count, _NOUNS[name])], language) for name, count in counts.items() if count}
    lost = [told.pop(name) for name in ("missing", "vanished") if name in told] or [_nothing_missing(language)]
    return ", ".join([*lost, *_near(facts, language), *told.values()])


def _near(facts: DigestFacts, language: str) -> Iterator[str]:
    if facts.reminds and facts.left is not None and facts.left > timedelta(0):
        left = time_left(facts.left, language)
        yield either(language, f"{left} kvar", f"{left} left")


def _nothing_missing(language: str) -> str:
    return either(language, "Inget saknas", "Nothing is missing")


def _problems(facts: DigestFacts, programme: Programme, language: str) -> Iterator[str]:
    if facts.missing or not facts.vanished:
        yield _missing(facts, programme, language)
    if facts.vanished:
        yield _vanished(facts, programme, language)
    if facts.dead_letters:
        yield _stuck(facts.dead_letters, language)
    yield _not_reading(facts.readers, programme, language)


def _missing(facts: DigestFacts, programme: Programme, language: str) -> str:
    until = moment(facts.until, programme.zone, language)
    if facts.missing:
        uploads = either(language, "uppladdad ansökan|uppladdade ansökningar", "upload|uploads").split("|")
        missing = counted(len(facts.missing), uploads)
        told = either(
            language,
            f"{missing} hade inget registrerat utfall den {until}. Filerna finns kvar i"
            " lagringen. Saknas de även nästa gång behöver någon undersöka varför.",
            f"{missing} had no recorded outcome on {until}. The files are still in storage."
            " If they are missing next time too, somebody needs to find out why.",
        )
        heading = f"{number(len(facts.missing))} {either(language, 'saknas', 'missing')}"
    else:
        told = either(
            language,
            f"Den {until} hade alla uppladdade ansökningar ett registrerat utfall. De som kom in alldeles före dess"
            " räknas i nästa sammanställning.",
            f"On {until} every uploaded application had a recorded outcome. Those that came just before are"
            " counted in the next digest.",
        )
        heading = _nothing_missing(language)
    return section(heading, paragraph(told), _listed(facts.missing))


def _vanished(facts: DigestFacts, programme: Programme, language: str) -> str:
    until = moment(facts.until, programme.zone, language)
    uploads = either(language, "uppladdad ansökan|uppladdade ansökningar", "upload|uploads").split("|")
    gone = counted(len(facts.vanished), uploads)
    told = either(
        language,
        f"{gone} med registrerat utfall fanns inte längre i lagringen den {until}. Inget försvinner där av sig självt,"
        " så någon har raderat. Det registrerade finns kvar, men det uppladdade kan inte återskapas. Ta reda på vem det"
        " var, och be de sökande spara det som skickades in.",
        f"No longer in storage on {until}: {gone} with a recorded outcome. Nothing disappears there by itself, so"
        " somebody deleted it. What was recorded is still there, but what was uploaded cannot be restored. Find out who"
        " it was, and ask the applicants to keep what they sent.",
    )
    heading = f"{number(len(facts.vanished))} {either(language, 'borta ur lagringen', 'gone from storage')}"
    return section(heading, paragraph(told), _listed(facts.vanished))


def _listed(applications: Sequence[str]) -> str:
    named = sorted({spaced(one) for one in applications})
    return bullets([one] for one in named[:MOST_LISTED])


def _stuck(dead_letters: int, language: str) -> str:
    messages = counted(dead_letters, either(language, "meddelande meddelanden", "message messages").split())
    return section(
        either(language, f"{number(dead_letters)} i felkö", f"{number(dead_letters)} stuck"),
        paragraph(
            either(
                language,
                f"{messages} har inte kunnat behandlas och väntar i en felkö. Rätta orsaken och kör om med"
                " kommandot anslag.",
                f"In a dead-letter queue: {messages} that could not be handled. Remove the cause, then redrive with"
                " the anslag command.",
            )
        ),
    )


def _not_reading(readers: Readers, programme: Programme, language: str) -> str:
    gone = [
        either(language, f"{one}, fanns senast den {told}", f"{one}, last there on {told}")
        for one, at in readers.gone
        for told in [day(at, programme.zone, language)]
    ]
    pending = [either(language, f"{one}, inte bekräftad", f"{one}, not confirmed") for one in readers.pending]
    if not gone and not pending:
        return ""
    return section(
        either(language, "Sammanställningarna når inte alla", "The summaries do not reach everybody"),
        paragraph(
            either(
                language,
                "De här adresserna får inga sammanställningar. En prenumeration kan avslutas av ett e-postfilter som"
                " öppnar brevets länkar, och glöms bort om den inte bekräftas inom två dagar. Be den som sköter"
                " systemet att prenumerera på nytt, och bekräfta i brevet som kommer.",
                "These addresses get no summaries. A subscription can be ended by a mail filter that opens the links in"
                " the letter, and is forgotten when nobody confirms it in two days. Ask whoever looks after the system"
                " to subscribe again, and confirm in the letter that comes.",
            )
        ),
        bullets([one_line(one)] for one in [*gone, *pending]),
    )


def _status(facts: DigestFacts, call: Round, programme: Programme, language: str) -> Iterator[tuple[str, str]]:
    yield either(language, "Omgång", "Round"), round_name(call, programme, language)
    yield either(language, "Sista tid", "Deadline"), _closing(facts, call, programme, language)
    applicants = kinds_in_words(facts.applicants, programme, language)
    from_whom = either(language, f", från {applicants}", f", from {applicants}") if applicants else ""
    yield either(language, "Gällande ansökningar", "Current applications"), f"{number(facts.standing)}{from_whom}"
    yield from against_budget(facts.requested, call.budget, language)
    yield either(language, "Påbörjade men inte inskickade", "Started but not sent"), number(facts.drafts)


def _closing(facts: DigestFacts, call: Round, programme: Programme, language: str) -> str:
    if call.closes_at is None or facts.left is None:
        return either(language, "öppen tills vidare", "open until further notice")
    closes = moment(call.closes_at, programme.zone, language)
    if facts.left < timedelta(0):
        return either(language, f"{closes}, har gått ut", f"{closes}, has passed")
    left = time_left(facts.left, language)
    return either(language, f"{closes}, om {left}", f"{closes}, in {left}")


def _news(facts: DigestFacts, language: str) -> Iterator[str]:
    headings = (
        (facts.new, "Nya ansökningar", "New applications"),
        (facts.changed, "Ändrade ansökningar", "Changed applications"),
        (facts.withdrawn, "Återkallade ansökningar", "Withdrawn applications"),
    )
    for applications, sv, en in headings:
        heading = f"{either(language, sv, en)} ({number(len(applications))})"
        yield section(heading, listed_applications(applications, language, MOST_LISTED))
    yield _rejected(facts, language)
    late = either(language, "För sent inkomna", "Too late")
    yield section(f"{late} ({number(len(facts.late))})", bullets([[spaced(one)] for one in facts.late[:MOST_LISTED]]))
    if facts.turned_away:
        refused = either(language, "Nekades uppladdning efter sista tid", "Turned away after the deadline")
        sought = counted(facts.turned_away, either(language, "ansökan ansökningar", "application applications").split())
        yield labelled([(refused, sought)])


def _rejected(facts: DigestFacts, language: str) -> str:
    unmended = ", ".join(spaced(one) for one in facts.unmended[:MOST_LISTED])
    return section(
        f"{either(language, 'Inlämningar som måste rättas', 'Submissions to correct')} ({number(facts.rejected)})",
        bullets([_told(one, language)] for one in facts.refusals),
        paragraph(
            either(
                language, f"Ännu utan godkänd version: {unmended}.", f"Still without an accepted version: {unmended}."
            )
        )
        if unmended
        else "",
    )


def _told(refusals: Refusals, language: str) -> str:
    sentence = one_line(either(language, refusals.example.sv, refusals.example.en), _MOST_SENTENCE)
    times = counted(refusals.times, either(language, "gång gånger", "time times").split())
    differing = "" if refusals.alike else either(language, ", med olika uppgifter", ", with differing details")
    return f"{sentence} ({times}{differing})"
