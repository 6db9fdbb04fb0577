"""Whoever staff let in, ask for a completion or give no more time is told so by e-mail, once for each meaning."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from functions.acknowledge.owing import Settled
from functions.administer.exceptions import Completion, Ending, Withdrawal
from functions.apply.applying import Started, standing
from shared import keys
from shared.applications import ApplicationState, Outcome
from shared.aws.effects import LEASE, Effects
from shared.aws.rows import read_application
from shared.instants import iso, parse_iso
from shared.problems import ProblemsError
from tests.builders.documents import a_document
from tests.functions.staff import refused
from tests.functions.test_acknowledge import NEVER, Post, RefusesOne, owing
from tests.functions.test_exceptions import counted, exceptions, verified
from tests.functions.test_letting_in import FORMS, UNTIL, let_in, over
from tests.functions.test_reminding import a_draft, a_draft_of
from tests.functions.world import ROUND, World

ASKED = "Budgeten saknar år två.\nSkicka den gärna som Excel."
AFTER_FORMS = timedelta(minutes=5)
"""With the grace of ten, the quarter of an hour that forms live."""
WHY = Ending(reason="Vi fick budgeten med posten.")


def settled(world: World) -> World:
    world.now = parse_iso("2019-10-16T08:00:00Z")
    for _ in range(2):
        world.lifecycle.tick()
    return world


@pytest.fixture
def sent(world: World) -> Started:
    """Somebody who submitted in time, in a round that the scheduled job has finished with."""
    started = world.start()
    world.submit(started.application.id)
    settled(world)
    return started


def ask(world: World, started: Started, until: Any = UNTIL, what: str = ASKED) -> dict[str, Any]:
    asking = Completion(until=iso(until), what=what)
    return exceptions(world).ask_completion(ROUND, started.application.id, asking, "anna")


def end(world: World, started: Started) -> dict[str, Any]:
    return exceptions(world).end(ROUND, started.application.id, WHY, "bertil")


def told(world: World, post: Post) -> list[str]:
    """The headings of what the heartbeat and one run of acknowledge send."""
    post.sent.clear()
    world.lifecycle.tick()
    assert owing(world, post).notify(ROUND, NEVER) == Settled(sent=len(post.sent))
    return [text.partition("\n")[0] for _, _, text, _ in post.sent]


def asked_for(world: World) -> bool:
    """Whether the scheduled job asks for letters."""
    return "notices asked for" in [step.what for step in world.lifecycle.tick()]


def test_whoever_is_asked_for_a_completion_reads_what_and_until_when_by_e_mail_once(
    world: World, sent: Started
) -> None:
    post = Post()
    assert not asked_for(world)
    assert ask(world, sent)["letter"] == "owed"
    assert asked_for(world)
    assert told(world, post) == ["Vi ber er komplettera ansökan"]
    ((to, subject, text, effect),) = post.sent
    assert (to, effect) == ("asa.oberg@pitea.example", keys.exception_letter(sent.application.id, 1))
    assert subject.endswith("behöver kompletteras: Kommunala partnerskap")
    for words in (
        *ASKED.splitlines(),
        "18 oktober 2019 kl. 17.00 (svensk tid)",
        "gäller tills vi har tagit emot en ny",
    ):
        assert words in " ".join(text.split())
    assert sent.link.secret not in text
    assert (asked_for(world), told(world, post)) == (False, [])


def test_the_same_asked_twice_is_told_once_and_more_time_is_told_anew(world: World, sent: Started) -> None:
    post = Post()
    ask(world, sent)
    assert ask(world, sent)["letter"] == "sent-before"
    assert len(told(world, post)) == 1
    assert ask(world, sent)["letter"] == "sent-before"
    assert told(world, post) == []
    assert ask(world, sent, UNTIL + timedelta(days=1))["letter"] == "owed"
    assert told(world, post) == ["Vi ber er komplettera ansökan"]
    assert "19 oktober 2019" in post.sent[0][2]


def test_of_two_changes_before_anybody_was_told_the_later_one_says_it_all(world: World, sent: Started) -> None:
    ask(world, sent)
    let_in(world, sent.application.id, UNTIL + timedelta(days=1))
    post = Post()
    assert told(world, post) == ["Vi ber er komplettera ansökan"]
    assert "19 oktober 2019" in post.sent[0][2]


@pytest.mark.parametrize("draft", [True, False])
def test_who_is_let_in_is_told_where_an_address_is_known_and_else_staff_are(world: World, *, draft: bool) -> None:
    started = a_draft(world) if draft else world.start()
    settled(world)
    answer = let_in(world, started.application.id)
    post = Post()
    if draft:
        assert (answer["letter"], told(world, post)) == ("owed", ["Ni har fått mer tid"])
        assert post.sent[0][0] == "asa@pitea.example"
    else:
        assert (answer["letter"], told(world, post)) == ("no-address", [])


def test_a_new_link_is_told_to_nobody_neither_now_nor_when_its_holder_has_an_address(world: World) -> None:
    settled(world)
    answer = let_in(world)
    assert answer["letter"] == "no-address"
    world.submit(answer["application"])
    let_in(world, until=UNTIL)
    assert told(world, Post()) == []


@pytest.mark.parametrize("known", ["refused", "draft"])
def test_who_is_let_in_is_told_although_the_address_was_gone_before_the_letter_was_written(
    world: World, known: str
) -> None:
    started = a_draft(world) if known == "draft" else world.start()
    if known == "refused":
        world.submit(started.application.id, a_document(project__title=""))
    settled(world)
    assert let_in(world, started.application.id)["letter"] == "owed"
    if known == "draft":
        a_draft_of(world, started, "asa@", revision=1)
    else:
        world.submit(started.application.id, a_document(contact__email="asa@", project__title=""))
    post = Post()
    assert told(world, post) == ["Ni har fått mer tid"]


def test_time_given_again_is_told_anew_where_the_address_is_another_one(world: World, sent: Started) -> None:
    post = Post()
    ask(world, sent)
    assert len(told(world, post)) == 1
    world.submit(sent.application.id, a_document(contact__email="bo@pitea.example"))
    assert ask(world, sent)["letter"] == "owed"
    assert told(world, post) == ["Vi ber er komplettera ansökan"]
    assert post.sent[0][0] == "bo@pitea.example"


def test_where_no_e_mail_goes_out_staff_are_told_that_and_nobody_is_written_to_later(
    world: World, sent: Started
) -> None:
    asking = Completion(until=iso(UNTIL), what=ASKED)
    answer = exceptions(world, mails=False).ask_completion(ROUND, sent.application.id, asking, "anna")
    assert answer["letter"] == "no-sender"
    assert owing(world, None).notify(ROUND, NEVER) == Settled()
    let_in(world)
    assert told(world, Post()) == []


def test_a_letter_is_in_the_language_that_the_application_asks_for(world: World) -> None:
    started = world.start()
    world.submit(started.application.id, a_document(language="en"))
    settled(world)
    ask(world, started)
    assert told(world, Post()) == ["We ask you to complete the application"]


def test_a_letter_that_is_late_says_that_the_time_is_over(world: World, sent: Started) -> None:
    ask(world, sent)
    world.now = UNTIL + timedelta(hours=1)
    post = Post()
    assert len(told(world, post)) == 1
    assert "Den tiden är redan ute" in " ".join(post.sent[0][2].split())


def test_whoever_withdrew_before_the_letter_has_nothing_to_complete(world: World, sent: Started) -> None:
    ask(world, sent)
    exceptions(world).withdraw(ROUND, sent.application.id, Withdrawal(reason="brev"), "anna")
    assert told(world, Post()) == []


def test_a_letter_goes_out_while_the_round_is_still_closing(world: World) -> None:
    started = world.start()
    world.submit(started.application.id)
    world.now = parse_iso("2019-10-15T22:05:00Z")
    ask(world, started)
    assert told(world, Post()) == ["Vi ber er komplettera ansökan"]


def test_one_that_was_begun_and_not_noted_is_repeated_under_its_name(world: World, sent: Started) -> None:
    ask(world, sent)
    effect = keys.exception_letter(sent.application.id, 1)
    assert Effects(world.table).claim(ROUND, effect, world.now)
    assert owing(world, Post()).notify(ROUND, NEVER) == Settled(waiting=1)
    world.now += LEASE + timedelta(seconds=1)
    post = Post()
    assert told(world, post) == ["Vi ber er komplettera ansökan"]
    assert post.sent[0][3] == effect


def test_one_that_fails_holds_up_no_other_and_is_tried_again_alone(world: World) -> None:
    wrong, right = a_draft(world, "bad@pitea.example"), a_draft(world)
    settled(world)
    for started in (wrong, right):
        let_in(world, started.application.id)
    post = RefusesOne()
    run = owing(world, post).notify(ROUND, NEVER)
    assert (run.sent, list(map(type, run.failures)), run.waiting) == (1, [ConnectionError], 0)
    assert asked_for(world)
    later = Post()
    assert told(world, later) == ["Ni har fått mer tid"]
    assert later.sent[0][0] == "bad@pitea.example"


def test_an_exception_is_ended_and_what_was_handed_in_before_stands(world: World, sent: Started) -> None:
    ask(world, sent)
    smaller = a_document(budget__0__amount=200_000)
    assert world.submit(sent.application.id, smaller).submission.number == 2
    post = Post()
    told(world, post)
    world.now += timedelta(minutes=1)
    assert (end(world, sent)["until"], end_of(world)) == (iso(world.now), world.now + AFTER_FORMS)
    event = world.administering.events(ROUND)[-1]
    assert {name: event[name] for name in ("who", "what", "application", "reason", "was_until")} == {
        "who": "bertil",
        "what": "exception ended",
        "application": sent.application.id,
        "reason": WHY.reason,
        "was_until": iso(UNTIL),
    }
    world.now += timedelta(seconds=1)
    with pytest.raises(ProblemsError) as error:
        world.applying.sign(sent.link, FORMS)
    assert refused(error) == (409, [("round-not-open", "")])
    assert "asked" not in standing(*world.applying.status(sent.link), world.now)
    assert told(world, post) == ["Den extra tiden är avslutad"]
    for words in (
        WHY.reason,
        "komplettera ansökan slutade den 16 oktober 2019 kl. 10.01",
        "Version 2, som vi har tagit emot",
    ):
        assert words in " ".join(post.sent[0][2].split())
    world.now += timedelta(minutes=17)
    world.lifecycle.tick()
    assert (world.round().supplements, world.round().exceptions_until) == (1, None)
    further = world.table.get(keys.certificate_key(ROUND, 2)) or {}
    assert (further["objects"], further["outcomes"]["accepted"], further["missing"]) == (1, 1, 0)
    assert (counted(world)["applications"], verified(world)["differences"]) == ({"submitted": 1}, [])


def end_of(world: World) -> Any:
    return world.round().exceptions_until


def test_the_certificate_waits_for_the_others_who_were_let_in(world: World, sent: Started) -> None:
    let_in(world, until=UNTIL)
    ask(world, sent, UNTIL + timedelta(days=2))
    end(world, sent)
    assert end_of(world) == UNTIL
    over(world)
    assert (world.round().supplements, world.round().exceptions_until) == (1, None)


def test_an_upload_on_its_way_when_the_time_was_ended_has_the_grace(world: World, sent: Started) -> None:
    ask(world, sent)
    upload = world.upload(sent.application.id, a_document(budget__0__amount=1), at=world.now + timedelta(minutes=9))
    end(world, sent)
    world.now += timedelta(minutes=9)
    assert world.intake.ingest(upload).submission.number == 2


def test_what_a_form_brings_after_the_time_was_ended_has_an_outcome_and_is_certified(
    world: World, sent: Started
) -> None:
    """Forms live a quarter of an hour, whatever is ended meanwhile; and S3 may tell nobody."""
    ask(world, sent)
    end(world, sent)
    ended = world.now
    world.now = ended + timedelta(minutes=12)
    world.lifecycle.tick()
    upload = world.upload(sent.application.id, a_document(budget__0__amount=1), at=ended + timedelta(minutes=14))
    world.now = ended + timedelta(minutes=17)
    world.lifecycle.tick()
    assert len(world.uploads.receive(hidden_seconds=60)) == 1
    assert world.intake.ingest(upload).submission.outcome is Outcome.LATE
    world.lifecycle.tick()
    assert (world.round().supplements, verified(world)["differences"]) == (1, [])


def test_only_time_that_is_left_can_be_ended_and_it_can_be_given_again(world: World, sent: Started) -> None:
    def refusal() -> Any:
        with pytest.raises(ProblemsError) as error:
            end(world, sent)
        return refused(error)

    assert refusal() == (409, [("no-exception", "")])
    ask(world, sent)
    end(world, sent)
    assert refusal() == (409, [("no-exception", "")])
    let_in(world, sent.application.id, UNTIL - timedelta(days=1))
    application = read_application(world.table, ROUND, sent.application.id)
    assert application is not None
    assert application.access is not None
    assert (application.access.asked, application.access.ended, application.state) == (
        "",
        "",
        ApplicationState.SUBMITTED,
    )
    assert told(world, Post()) == ["Ni har fått mer tid"]
    world.now = UNTIL
    assert refusal() == (409, [("no-exception", "")])


def test_the_decision_is_expected_by_the_end_of_the_round_and_not_by_that_of_one_applicant(
    world: World, sent: Started
) -> None:
    def receipt() -> str:
        return " ".join(standing(*world.applying.status(sent.link), world.now)["receipt"]["text"].split())

    before = receipt().partition("Beslut väntas")[2]
    ask(world, sent)
    assert receipt().partition("Beslut väntas")[2] == before != ""
    assert "Fram till den 18 oktober 2019" in receipt()


def test_a_letter_whose_answer_was_lost_is_repeated_word_for_word_though_a_version_came_meanwhile(
    closed: World,
) -> None:
    for _ in range(2):
        closed.lifecycle.tick()
    reference = closed.rows(keys.APPLICATIONS)[0]["application"]
    asking = Completion(until=iso(UNTIL), what=ASKED)
    exceptions(closed).ask_completion(ROUND, reference, asking, "anna")
    lost, post = Post(loses="kompletteras"), Post()
    assert owing(closed, lost).notify(ROUND, NEVER).failures
    closed.submit(reference, a_document(project__title="Kompletterad"))
    assert kept_letters(closed) == [lost.sent[0][0]]
    assert owing(closed, post).notify(ROUND, NEVER).sent == 1
    assert post.sent == lost.sent
    assert kept_letters(closed) == []


def kept_letters(world: World) -> list[str]:
    """Whom the table still has a letter for, that is to go out or to be repeated."""
    return [row["letter"]["to"] for row in world.rows("EFFECT#") if "letter" in row]
