"""Drafts: saved as one types, by whoever has the link, and nobody's words overwritten unseen."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from functions.apply.drafting import MOST_DRAFT_BYTES, Drafting, DraftRequest
from shared import keys
from shared.applications import DRAFT_LIFETIME
from shared.aws import clients
from shared.aws.table import Table
from shared.instants import parse_iso
from shared.links import Link, new_link
from shared.problems import ProblemsError
from tests.functions.world import ROUND, World

TYPED = {"document": {"project": {"title": "Ungas röster", "years": ""}}, "files": [], "language": "sv"}


def drafting(world: World) -> Drafting:
    return Drafting(world.table, world.clock)


def a_save(revision: int = 0, editor: str = "window-1", draft: Any = None) -> DraftRequest:
    return DraftRequest(revision=revision, editor=editor, draft=TYPED if draft is None else draft)


def refusal(world: World, link: Link | None, request: DraftRequest) -> ProblemsError:
    with pytest.raises(ProblemsError) as error:
        drafting(world).save(link, request)
    return error.value


def draft_row(world: World, link: Link) -> dict[str, Any] | None:
    return world.table.get(keys.draft_key(ROUND, link.application))


def application_row(world: World, link: Link) -> dict[str, Any]:
    return world.table.get(keys.application_key(ROUND, link.application)) or {}


def test_before_the_first_save_there_is_revision_0_and_nothing(world: World) -> None:
    shown = drafting(world).show(world.start().link)
    assert shown == {
        "revision": 0,
        "saved_at": None,
        "editor": None,
        "draft": None,
        "now": "2019-10-01T08:00:00Z",
    }


def test_what_was_typed_comes_back_as_it_was(world: World) -> None:
    link = world.start().link
    saved = drafting(world).save(link, a_save())
    assert saved == {"revision": 1, "saved_at": "2019-10-01T08:00:00Z", "now": "2019-10-01T08:00:00Z"}
    world.now += timedelta(minutes=1)
    odd = {
        "": "å\u00a0\u2028",
        "numbers": [1, -2, 1.5, 10**30],
        "nested": {"a": [None, True, {}]},
        "unfinished": "12 k",
    }
    drafting(world).save(link, a_save(1, draft=odd))
    assert drafting(world).show(link) == {
        "revision": 2,
        "saved_at": "2019-10-01T08:01:00Z",
        "editor": "window-1",
        "draft": odd,
        "now": "2019-10-01T08:01:00Z",
    }


def test_the_second_of_two_is_shown_what_the_first_saved_and_overwrites_nothing(world: World) -> None:
    link = world.start().link
    drafting(world).save(link, a_save(draft={"by": "the first"}))
    error = refusal(world, link, a_save(editor="window-2", draft={"by": "the second"}))
    assert (error.status, [one.code for one in error.problems]) == (409, ["draft-changed"])
    current = {"revision": 1, "saved_at": "2019-10-01T08:00:00Z", "editor": "window-1", "draft": {"by": "the first"}}
    assert error.beside == {"current": current}
    assert drafting(world).show(link)["draft"] == {"by": "the first"}
    assert drafting(world).save(link, a_save(1, "window-2", {"by": "both"}))["revision"] == 2


@pytest.mark.parametrize("stale", [0, 1, 3, 7])
def test_only_the_stored_revision_can_be_gone_on_from(world: World, stale: int) -> None:
    link = world.start().link
    for revision in range(2):
        drafting(world).save(link, a_save(revision, draft={"n": revision}))
    assert refusal(world, link, a_save(stale, draft={"n": "other"})).status == 409
    assert drafting(world).show(link)["revision"] == 2


def test_the_same_save_again_after_a_lost_answer_is_answered_as_the_first_was(world: World) -> None:
    link = world.start().link
    first = drafting(world).save(link, a_save())
    world.now += timedelta(seconds=30)
    again = drafting(world).save(link, a_save())
    assert again == {**first, "now": "2019-10-01T08:00:30Z"}
    # Another window with the same words is another's save: it has to know that it was not the first.
    assert refusal(world, link, a_save(editor="window-2")).status == 409


def test_a_save_that_the_sdk_repeats_because_it_lost_the_first_answer_is_one_save(world: World) -> None:
    link = world.start().link

    class Twice(Table):
        def write(self, write: Any) -> None:
            super().write(write)
            super().write(write)

    saved = Drafting(Twice(clients.dynamodb(), "anslag"), world.clock).save(link, a_save())
    assert (saved["revision"], drafting(world).show(link)["revision"]) == (1, 1)


@pytest.mark.parametrize("now", ["2019-09-01T08:00:00Z", "2019-10-15T22:00:01Z", "2019-12-01T08:00:00Z"])
def test_saving_is_allowed_at_all_times(world: World, now: str) -> None:
    link = world.start().link
    world.now = parse_iso(now)
    assert drafting(world).save(link, a_save())["revision"] == 1


def test_a_wrong_link_neither_reads_nor_writes(world: World) -> None:
    link = world.start().link
    drafting(world).save(link, a_save())
    for wrong in (None, new_link(ROUND, link.application, b"0" * 16), new_link(ROUND, "000000000", b"0" * 16)):
        assert refusal(world, wrong, a_save(1)).status == 404
        with pytest.raises(ProblemsError):
            drafting(world).show(wrong)
    assert drafting(world).show(link)["revision"] == 1


def test_a_draft_has_room_for_what_a_form_holds_and_no_more(world: World) -> None:
    link = world.start().link
    most = {"text": "å" * ((MOST_DRAFT_BYTES - len('{"text":""}')) // 2)}
    assert drafting(world).save(link, a_save(draft=most))["revision"] == 1
    error = refusal(world, link, a_save(1, draft={"text": most["text"] + "åå"}))
    assert (error.status, [one.code for one in error.problems]) == (413, ["draft-too-large"])


@pytest.mark.parametrize(
    "body",
    [
        {"revision": -1, "editor": "a", "draft": {}},
        {"revision": 0, "editor": "", "draft": {}},
        {"revision": 0, "editor": "a b", "draft": {}},
        {"revision": 0, "editor": "a", "draft": []},
        {"revision": 0, "editor": "a", "draft": None},
        {"revision": "0", "editor": "a", "draft": {}},
        {"editor": "a", "draft": {}},
    ],
)
def test_what_is_no_save_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        DraftRequest.model_validate_json(json.dumps(body))


def test_numbers_that_json_lacks_are_refused(world: World) -> None:
    request = DraftRequest.model_validate_json('{"revision": 0, "editor": "a", "draft": {"n": NaN}}')
    assert [one.code for one in refusal(world, world.start().link, request).problems] == ["not-json"]


# How long it is kept


def test_draft_and_application_expire_at_the_same_second(world: World) -> None:
    link = world.start().link
    world.now += timedelta(days=10)
    drafting(world).save(link, a_save())
    row = draft_row(world, link)
    assert row is not None
    assert row["expires_at"] == application_row(world, link)["expires_at"]


def test_working_on_it_puts_the_expiry_off(world: World) -> None:
    link = world.start().link
    world.now += timedelta(days=300)
    drafting(world).save(link, a_save())
    row = draft_row(world, link)
    assert row is not None
    expected = int((world.now + DRAFT_LIFETIME).timestamp())
    assert (row["expires_at"], application_row(world, link)["expires_at"]) == (expected, expected)


def test_the_draft_of_an_application_that_stands_does_not_expire(world: World) -> None:
    link = world.start().link
    drafting(world).save(link, a_save())
    world.submit(link.application)
    drafting(world).show(link)
    assert "expires_at" not in (draft_row(world, link) or {"expires_at": "there is no row"})
    drafting(world).save(link, a_save(1))
    assert "expires_at" not in (draft_row(world, link) or {"expires_at": "there is no row"})
    assert "expires_at" not in application_row(world, link)


def test_where_the_application_has_expired_the_link_opens_nothing_and_makes_nothing(world: World) -> None:
    link = world.start().link
    drafting(world).save(link, a_save())
    gone = keys.application_key(ROUND, link.application)
    clients.dynamodb().delete_item(TableName="anslag", Key={name: {"S": value} for name, value in gone.items()})
    assert refusal(world, link, a_save(1)).status == 404
    assert world.table.get(gone) is None


def test_a_draft_that_has_expired_is_begun_anew(world: World) -> None:
    link = world.start().link
    drafting(world).save(link, a_save())
    gone = keys.draft_key(ROUND, link.application)
    clients.dynamodb().delete_item(TableName="anslag", Key={name: {"S": value} for name, value in gone.items()})
    error = refusal(world, link, a_save(1))
    nothing = {"revision": 0, "saved_at": None, "editor": None, "draft": None}
    assert (error.status, error.beside) == (409, {"current": nothing})
    assert drafting(world).save(link, a_save(0))["revision"] == 1


def test_no_reading_of_a_round_meets_a_draft(world: World) -> None:
    link = world.start().link
    before = world.rows()
    drafting(world).save(link, a_save())
    assert world.rows() == before
