"""What staff do for one applicant: withdrawals that came by letter, and what totals, decisions and proofs say then."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.administer.exceptions import Exceptions, Withdrawal
from functions.administer.verifying import Verifying
from functions.apply.applying import standing
from shared import keys, totals
from shared.applications import Application
from shared.aws.rows import read_applications
from shared.aws.table import Table
from shared.decision_csv import read_csv
from shared.instants import iso
from shared.problems import ProblemsError
from shared.rounds import RoundState
from tests.builders.documents import a_document
from tests.functions.staff import decided, deciding, filled_in, refused
from tests.functions.world import ROUND, World

BY_LETTER = Withdrawal(reason="Brev från kommunen den 14 oktober")


def exceptions(world: World, *, mails: bool = True) -> Exceptions:
    return Exceptions(world.table, "https://ansok.funder.example", world.clock, world.random, mails=mails)


def counted(world: World) -> dict[str, Any]:
    """The stored totals, which must equal the recount."""
    stored = totals.non_zero(totals.counters(world.table.get(keys.totals_key(ROUND)) or {}))
    outcomes = [one.outcome for one in world.submissions()]
    assert stored == totals.recount(read_applications(world.table, ROUND), outcomes)
    return totals.as_json(stored)


def verified(world: World) -> dict[str, Any]:
    return Verifying(world.table, world.bucket).certificate(ROUND)


def submitted(world: World) -> list[Application]:
    return [one for one in read_applications(world.table, ROUND) if one.current is not None]


def test_staff_register_a_withdrawal_while_the_round_is_open(world: World) -> None:
    started = world.start()
    world.submit(started.application.id)
    told = exceptions(world).withdraw(ROUND, started.application.id, BY_LETTER, "anna")
    assert (told["state"], told["decisions_outdated"]) == ("withdrawn", False)
    assert (counted(world)["applications"], counted(world)["requested"]) == ({"withdrawn": 1}, 0)
    event = world.administering.events(ROUND)[-1]
    assert {name: event[name] for name in ("who", "what", "application", "reason")} == {
        "who": "anna",
        "what": "application withdrawn by staff",
        "application": started.application.id,
        "reason": "Brev från kommunen den 14 oktober",
    }
    seen = standing(*world.applying.status(started.link), world.now)
    assert (seen["state"], seen["withdrawn_at"]) == ("withdrawn", iso(world.now))
    assert "Vi har antecknat att ansökan är återkallad" in seen["receipt"]["text"]
    assert BY_LETTER.reason not in str(seen)


def test_what_is_sent_after_a_registered_withdrawal_counts_again(world: World) -> None:
    started = world.start()
    world.submit(started.application.id)
    exceptions(world).withdraw(ROUND, started.application.id, BY_LETTER, "anna")
    world.now += timedelta(minutes=5)
    world.submit(started.application.id)
    assert counted(world)["applications"] == {"submitted": 1}
    world.now += timedelta(minutes=5)
    world.applying.withdraw(started.link)
    assert "Ni har återkallat" in standing(*world.applying.status(started.link), world.now)["receipt"]["text"]


def test_there_must_be_something_to_withdraw(world: World) -> None:
    draft = world.start().application.id
    found = []
    for reference in (draft, "7K3M-9QXR-C", "hello"):
        with pytest.raises(ProblemsError) as error:
            exceptions(world).withdraw(ROUND, reference, BY_LETTER, "anna")
        found.append(refused(error))
    with pytest.raises(ProblemsError) as error:
        exceptions(world).withdraw("no-round", draft, BY_LETTER, "anna")
    found.append(refused(error))
    world.submit(draft)
    exceptions(world).withdraw(ROUND, draft, BY_LETTER, "anna")
    with pytest.raises(ProblemsError) as error:
        exceptions(world).withdraw(ROUND, draft, BY_LETTER, "anna")
    assert [*found, refused(error)] == [
        (409, [("nothing-to-withdraw", "")]),
        (404, [("unknown-reference", "")]),
        (404, [("unknown-reference", "")]),
        (404, [("no-such-round", "")]),
        (409, [("already-withdrawn", "")]),
    ]


def test_a_withdrawal_after_the_certificate_leaves_the_certificate_true(closed: World) -> None:
    one, other = submitted(closed)
    before = closed.table.get(keys.certificate_key(ROUND))
    exceptions(closed).withdraw(ROUND, one.id, BY_LETTER, "anna")
    assert counted(closed)["applications"] == {"submitted": 1, "withdrawn": 1}
    assert counted(closed)["requested"] == (other.current.facts.requested if other.current else 0)
    found = verified(closed)
    assert (found["differences"], found["changed_after_certificate"], found["after_certificate"]) == ([], 1, 0)
    assert closed.table.get(keys.certificate_key(ROUND)) == before
    assert Verifying(closed.table, closed.bucket).application(ROUND, one.id)["differences"] == []


def test_a_withdrawn_application_is_not_decided(closed: World) -> None:
    one, _ = submitted(closed)
    earlier = filled_in(closed)
    exceptions(closed).withdraw(ROUND, one.id, BY_LETTER, "anna")
    with pytest.raises(ProblemsError) as error:
        read_csv(earlier, read_applications(closed.table, ROUND), closed.round())
    assert [found.code for found in error.value.problems] == ["application-withdrawn"]


def test_decisions_that_were_in_are_handed_in_and_approved_anew(closed: World) -> None:
    one, _ = submitted(closed)
    desk = deciding(closed)
    digest = desk.take_in(ROUND, filled_in(closed), "anna")["digest"]
    assert exceptions(closed).withdraw(ROUND, one.id, BY_LETTER, "anna")["decisions_outdated"]
    with pytest.raises(ProblemsError) as error:
        desk.approve(ROUND, digest, "bertil")
    assert refused(error) == (409, [("decisions-outdated", "")])
    decided(closed)
    assert closed.round().state is RoundState.DECIDED


def test_once_the_round_is_decided_nothing_is_withdrawn(closed: World) -> None:
    one, _ = submitted(closed)
    decided(closed)
    with pytest.raises(ProblemsError) as error:
        exceptions(closed).withdraw(ROUND, one.id, BY_LETTER, "anna")
    assert refused(error) == (409, [("round-in-wrong-state", "")])


def test_an_approval_at_the_same_moment_gives_way_to_a_withdrawal(closed: World) -> None:
    one, _ = submitted(closed)
    digest = deciding(closed).take_in(ROUND, filled_in(closed), "anna")["digest"]

    class Meanwhile(Table):
        """A withdrawal is registered just before the approval is written."""

        def transact(self, writes: Any) -> None:
            exceptions(closed).withdraw(ROUND, one.id, BY_LETTER, "cecilia")
            super().transact(writes)

    slow = replace(deciding(closed), table=Meanwhile(closed.table._client, "anslag"))
    with pytest.raises(ProblemsError) as error:
        slow.approve(ROUND, digest, "bertil")
    assert refused(error) == (409, [("round-changed", "")])
    assert closed.round().state is RoundState.CLOSED


def test_a_withdrawal_gives_way_to_a_new_version_that_comes_at_the_same_moment(world: World) -> None:
    started = world.start()
    world.submit(started.application.id)

    class Meanwhile(Table):
        """A new version is ingested just before the first try."""

        sent = False

        def transact(self, writes: Any) -> None:
            if not self.sent:
                self.sent = True
                world.submit(started.application.id, a_document(project__title="En annan rubrik"))
            super().transact(writes)

    slow = replace(exceptions(world), table=Meanwhile(world.table._client, "anslag"))
    slow.withdraw(ROUND, started.application.id, BY_LETTER, "anna")
    (application,) = submitted(world)
    assert (application.state.value, application.current and application.current.number) == ("withdrawn", 2)
    assert counted(world)["applications"] == {"withdrawn": 1}
