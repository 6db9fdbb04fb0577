"""Machines get the whole announcement in a documented form, and every channel's limit is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from typing import Any

import boto3
import pytest
from hypothesis import given
from jsonschema import Draft202012Validator
from moto import mock_aws

from functions.announce.announcement import (
    MOST_MESSAGE_BYTES,
    MOST_STORED_BYTES,
    Announcement,
    Award,
    compose,
    message_bytes,
)
from functions.announce.correcting import correction
from shared import register
from shared.aws.messages import Topic, subject_line
from shared.programme import Programme
from shared.references import spaced
from tests.builders.texts import (
    a_round,
    an_award,
    december_2019,
    joint_body,
    municipality,
    partnership,
    too_wide,
    village_stage,
)
from tests.functions.awards import NOW, announced, list_lines, plays, three_for_umea
from tests.functions.test_announcement import award_lists

PARTNERSHIP, VILLAGE_STAGE = partnership(), village_stage()
PITEA = municipality("2581")
SCHEMA = json.loads(files("shared").joinpath("schemas", "announcement-1.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)


# --- e-mail and machines ------------------------------------------------------------------------------------------


def test_the_e_mail_has_the_programmes_languages_one_below_the_other() -> None:
    announcement = announced(december_2019())
    swedish, english = announcement.email.split(f"\n{'-' * 76}\n\n")
    assert swedish == f"(In English below.)\n\n{announcement.texts['sv'].text}"
    assert english == announcement.texts["en"].text


def test_a_programme_in_one_language_sends_one() -> None:
    announcement = announced(plays("Tältet"), VILLAGE_STAGE)
    assert announcement.email == announcement.texts["sv"].text


def test_subscribers_can_filter_by_round_language_kind_county_and_core_area() -> None:
    assert announced(december_2019()).attributes == {
        "round": "2019-autumn",
        "languages": ["sv", "en"],
        "kinds": ["municipality", "region"],
        "counties": ["01", "05", "07", "10", "14", "17", "24", "25"],
        "core_areas": ["equity", "participation", "transparency", "accountability"],
    }


def test_machines_get_every_award_whole() -> None:
    awards = [an_award(PITEA, 1_234_000), an_award(joint_body(), 500_000, "JB0000001", partners=(), core_areas=())]
    announcement = announced(awards)
    assert announcement.document == {
        "schema": "urn:anslag:announcement:1",
        "number": 1,
        "announced_at": "2019-12-12T09:00:00Z",
        "round": {"id": "2019-autumn", "name": {"sv": "Hösten 2019", "en": "Autumn 2019"}},
        "programme": {
            "id": "municipal-partnership-2019",
            "name": {"sv": "Kommunala partnerskap", "en": "Municipal Partnerships"},
            "funder": {"sv": "ICLD", "en": "ICLD"},
        },
        "subjects": {
            "sv": "Kommunala partnerskap: 1 kommun och 1 kommunalförbund får dela på 1,7 miljoner kronor",
            "en": "Municipal Partnerships: 1 municipality and 1 association of local authorities share SEK 1.7 million",
        },
        "currency": "SEK",
        "totals": {
            "amount": 1_734_000,
            "projects": 2,
            "grantees": 2,
            "grantees_by_kind": {"municipality": 1, "joint-body": 1},
            "projects_by_core_area": {"transparency": 1},
            "countries": ["KE"],
        },
        "complete": True,
        "awards": [
            {
                "reference": "JB00-0000-1",
                "grantee": {
                    "id": "SE-ON-222000-1234",
                    "name": "Kommunalförbundet Norrsken",
                    "kind": "joint-body",
                    "organisation_number": "222000-1234",
                },
                "title": "Öppna beslut",
                "type": "project",
                "core_areas": [],
                "partners": [],
                "amount": 500_000,
                "starts": "2020-01",
                "years": 2,
            },
            {
                "reference": "7K3M-9QXR-C",
                "grantee": {"id": "SE-2581", "name": "Piteå", "kind": "municipality", "code": "2581", "county": "25"},
                "title": "Öppna beslut",
                "type": "project",
                "core_areas": ["transparency"],
                "partners": [{"name": "Makueni", "country": "KE"}],
                "amount": 1_234_000,
                "starts": "2020-01",
                "years": 2,
            },
        ],
    }


def test_the_schema_is_a_schema_that_explains_every_field() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$id"] == announced([]).document["schema"]
    assert list(undocumented(SCHEMA, "")) == []


def undocumented(schema: dict[str, Any], path: str) -> Iterator[str]:
    for name, field in {**schema.get("properties", {}), **schema.get("$defs", {})}.items():
        referred = SCHEMA["$defs"].get(str(field.get("$ref", "")).rpartition("/")[2], {})
        if not (field.get("description") or referred.get("description")):
            yield f"{path}.{name}"
        yield from undocumented(field, f"{path}.{name}")
        yield from undocumented(field.get("items", {}), f"{path}.{name}")


@pytest.mark.parametrize(
    ("awards", "programme"),
    [
        ([], PARTNERSHIP),
        ([*december_2019(), *three_for_umea()], PARTNERSHIP),
        ([an_award(joint_body(), 1)], PARTNERSHIP),
        (plays("Tältet", "Åkers revy"), VILLAGE_STAGE),
    ],
)
def test_documents_follow_the_schema_and_hold_no_field_that_it_does_not_explain(
    awards: list[Award], programme: Programme
) -> None:
    document = json.loads(json.dumps(announced(awards, programme).document))
    assert [error.message for error in VALIDATOR.iter_errors(document)] == []
    assert list(VALIDATOR.evolve(schema=closed(SCHEMA)).iter_errors(document)) == []


def closed(schema: Any) -> Any:
    """The schema with every object closed to fields that it does not name."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    tight = {name: closed(one) for name, one in schema.items()}
    shut = "properties" in schema and "description" in schema and "additionalProperties" not in schema
    return tight | ({"additionalProperties": False} if shut else {})


@pytest.mark.parametrize(
    "wrong",
    [
        {"totals": {"amount": 10.5}},
        {"number": 0},
        {"complete": False},
        {"announced_at": "2019-12-12T10:00:00+01:00"},
        {"currency": "EUR"},
    ],
)
def test_the_schema_refuses_what_is_wrong(wrong: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid(json.loads(json.dumps(announced(december_2019()).document)) | wrong)


# --- sizes --------------------------------------------------------------------------------------------------------


def many(count: int, title: str = "Ungas delaktighet i den lokala demokratin och kommunens framtid") -> list[Award]:
    """Awards to that many applications from all the municipalities, with titles of the usual length."""
    entries = [entry for entry in register.entries() if entry.kind == "municipality"]
    return [
        an_award(
            municipality(entries[n % len(entries)].code),
            450_000 + n,
            f"M{n:08}",
            title=title,
            core_areas=("participation", "equity"),
            partners=(("Uasin Gishu", "KE"),),
        )
        for n in range(count)
    ]


def published(announcement: Announcement) -> dict[str, Any]:
    """What boto3 is given when it goes out, and SNS's emulation takes."""
    with mock_aws():
        client = boto3.client("sns", region_name="eu-north-1", aws_access_key_id="a", aws_secret_access_key="b")
        arn = client.create_topic(Name="awards")["TopicArn"]
        sent: list[dict[str, Any]] = []
        client.meta.events.register("provide-client-params.sns.Publish", lambda params, **_: sent.append(dict(params)))
        subject = announcement.texts["sv"].subject
        Topic(client, arn).publish_both(
            subject,
            announcement.email,
            announcement.document,
            announcement.attributes,
            effect="2019-autumn announcement-0001",
        )
    return sent[0]


def test_the_usual_round_is_far_within_what_sns_takes() -> None:
    announcement = announced(december_2019())
    assert len(published(announcement)["Message"].encode()) < 262_144 / 20


def test_the_measure_is_never_less_than_what_sns_is_given() -> None:
    announcement = announced(december_2019())
    assert message_bytes(announcement.email, announcement.document) >= len(published(announcement)["Message"].encode())


def test_two_hundred_awards_are_told_in_full() -> None:
    announcement = announced(many(200))
    assert announcement.email.count("Partner: Uasin Gishu (Kenya).") == 400


def test_five_hundred_awards_fit_whole_into_the_document_and_shortened_into_the_mail() -> None:
    announcement = announced(many(500))
    sent = published(announcement)
    size = len(sent["Message"].encode()) + len(json.dumps(sent["MessageAttributes"])) + len(sent["Subject"])
    assert size < 262_144
    assert (announcement.document["complete"], len(announcement.document["awards"])) == (True, 500)
    assert len(list_lines(announcement.texts["sv"].text)) == 290
    assert "Uasin Gishu" not in announcement.email
    text = " ".join(announcement.texts["sv"].text.split())
    assert "Hela listan finns i tillkännagivandets öppna data (urn:anslag:announcement:1)." in text


@pytest.mark.parametrize(
    ("language", "where"),
    [
        ("sv", "Hela listan finns på resultatsidan (adressen står nedan) och i"),
        ("en", "The whole list is on the result page (its address is below) and in"),
    ],
)
def test_what_a_mail_leaves_out_is_on_the_page_that_it_names(language: str, where: str) -> None:
    announcement = compose(a_round(), PARTNERSHIP, many(500), 1, NOW, address="https://bidrag.example")
    text = announcement.texts[language].text
    assert where in " ".join(text.split())
    assert f"\nhttps://bidrag.example/{language}/rounds/2019-autumn\n" in text
    assert len(list_lines(text)) == 290
    sent = published(announcement)
    size = len(sent["Message"].encode()) + len(json.dumps(sent["MessageAttributes"]).encode())
    assert size + len(sent["Subject"].encode()) < 262_144


def test_a_list_too_long_for_any_message_is_left_out_and_this_is_said() -> None:
    announcement = announced(many(1500))
    assert (announcement.document["complete"], announcement.document["awards"]) == (False, [])
    assert announcement.document["totals"]["projects"] == 1500
    assert VALIDATOR.is_valid(json.loads(json.dumps(announcement.document)))
    text = " ".join(announcement.texts["sv"].text.split())
    assert "Listan är för lång för ett meddelande. Den kan beställas från info@icld.example." in text


@pytest.mark.parametrize("count", [11, 150, 260, 350, 500, 1500])
@pytest.mark.parametrize("title", ["Unga", "Å" * 200])
def test_no_announcement_is_too_large_to_send_or_to_store(count: int, title: str) -> None:
    announcement = announced(many(count, title))
    document = json.dumps(announcement.document, ensure_ascii=False)
    stored = [announcement.email, document, *(text.text for text in announcement.texts.values())]
    assert len(published(announcement)["Message"].encode()) <= MOST_MESSAGE_BYTES
    assert sum(len(text.encode()) for text in stored) <= MOST_STORED_BYTES


@pytest.mark.parametrize("count", [11, 150, 260, 500, 1500])
@pytest.mark.parametrize("title", ["Unga", "Å" * 200])
def test_nor_is_a_correction_of_every_award(count: int, title: str) -> None:
    before = many(count, title)
    after = [replace(award, amount=award.amount + 1) for award in before]
    made = correction({"sv": "Å" * 500, "en": "Ö" * 500}, before, after)
    announcement = compose(a_round(), PARTNERSHIP, after, 2, NOW, made)
    document = json.dumps(announcement.document, ensure_ascii=False)
    stored = [announcement.email, document, *(text.text for text in announcement.texts.values())]
    assert len(published(announcement)["Message"].encode()) <= MOST_MESSAGE_BYTES
    assert sum(len(text.encode()) for text in stored) <= MOST_STORED_BYTES
    assert [error.message for error in VALIDATOR.iter_errors(json.loads(document))] == []
    told = " ".join(announcement.texts["sv"].text.replace("\u00a0", "").split())
    assert told.count("kronor i stället för") == count or f"{count} bidrag har ändrats." in told


def test_a_correction_names_what_it_replaces_for_machines() -> None:
    before, after = many(3), many(2)
    document = compose(
        a_round(), PARTNERSHIP, after, 2, NOW, correction({"sv": "Ett skäl", "en": "A reason"}, before, after)
    ).document
    gone = before[2]
    assert document["corrects"] == {
        "number": 1,
        "reason": {"sv": "Ett skäl", "en": "A reason"},
        "changes": [{"reference": spaced(gone.application), "before": gone.amount, "after": None}],
    }
    assert [error.message for error in VALIDATOR.iter_errors(json.loads(json.dumps(document)))] == []


@given(award_lists())
def test_lines_are_short_subjects_valid_and_documents_follow_the_schema(awards: list[Award]) -> None:
    announcement = announced(awards)
    assert too_wide(announcement.email) == []
    subjects = [text.subject for text in announcement.texts.values()]
    assert subjects == [subject_line(subject) for subject in subjects]
    assert [error.message for error in VALIDATOR.iter_errors(json.loads(json.dumps(announcement.document)))] == []


@given(award_lists())
def test_the_document_can_be_recomputed_from_its_rows(awards: list[Award]) -> None:
    document = announced(awards).document
    rows, totals = document["awards"], document["totals"]
    assert totals["amount"] == sum(row["amount"] for row in rows)
    assert totals["projects"] == len(rows)
    assert totals["grantees"] == len({row["grantee"]["id"] for row in rows}) == sum(totals["grantees_by_kind"].values())
    assert totals["countries"] == sorted({partner["country"] for row in rows for partner in row["partners"]})
    assert totals["projects_by_core_area"] == {
        area.id: count
        for area in PARTNERSHIP.core_areas
        if (count := sum(area.id in row["core_areas"] for row in rows))
    }
