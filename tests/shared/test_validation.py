"""Every problem at once, each where it stands."""

import json
import sys
from typing import Any

import pytest

from shared.document import MOST_DOCUMENT_BYTES
from shared.problems import MOST_PATH
from shared.programme import Programme, load
from shared.validation import MOST_PROBLEMS, judge
from tests.builders.documents import A_PDF, XLSX, a_document, attachment, raw

ICLD = load("municipal-partnership-2019")
STAGE = load("village-stage-2026")
A_SMALL_BUDGET = [{"year": 1, "category": "staff", "amount": 100_000}]


def found(document: dict[str, Any], programme: Programme = ICLD) -> set[tuple[str, str]]:
    return {(one.code, one.path) for one in judge(raw(document), programme).problems}


def test_a_valid_application_has_no_problems_and_names_its_applicant() -> None:
    verdict = judge(raw(a_document()), ICLD)
    assert verdict.problems == ()
    assert verdict.document is not None
    assert verdict.document.requested == 850_000
    assert verdict.applicant is not None
    assert (verdict.applicant.name, verdict.applicant.identity, verdict.applicant.county) == ("Piteå", "SE-2581", "25")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"contact__email": None}, ("missing", "contact.email")),
        ({"contact__email": "inte en adress"}, ("bad-email", "contact.email")),
        ({"contact__email": "a@b.se\nBcc: alla@b.se"}, ("bad-email", "contact.email")),
        ({"contact__name": "   "}, ("missing", "contact.name")),
        ({"contact__phone": "ring mig"}, ("bad-format", "contact.phone")),
        ({"project__title": "rad\nbyte"}, ("bad-characters", "project.title")),
        ({"project__title": "dold \u202e text"}, ("bad-characters", "project.title")),
        ({"project__summary": "noll\x00"}, ("bad-characters", "project.summary")),
        ({"project__title": 7}, ("not-text", "project.title")),
        ({"project__title": "x" * 201}, ("too-long", "project.title")),
        ({"project__starts": "januari 2020"}, ("bad-format", "project.starts")),
        ({"project__years": 0}, ("too-small", "project.years")),
        ({"project__years": 4}, ("too-many-years", "project.years")),
        ({"project__type": "konsert"}, ("unknown-type", "project.type")),
        ({"project__core_areas": []}, ("too-few-core-areas", "project.core_areas")),
        ({"project__core_areas": ["participation", "participation"]}, ("named-twice", "project.core_areas.1")),
        ({"project__core_areas": ["participation", "sport"]}, ("unknown-core-area", "project.core_areas.1")),
        ({"language": "de"}, ("not-one-of", "language")),
        ({"programme": "village-stage-2026"}, ("wrong-programme", "programme")),
        ({"schema": 2}, ("not-one-of", "schema")),
        ({"hemligt": 1}, ("unknown-field", "hemligt")),
        ({"partners": []}, ("too-few-partners", "partners")),
        ({"partners": "An Giang"}, ("not-list", "partners")),
        ({"partners__0__country": "NO"}, ("country-not-eligible", "partners.0.country")),
        ({"partners__0__country": "Vietnam"}, ("bad-format", "partners.0.country")),
        ({"partners__0": "An Giang"}, ("not-object", "partners.0")),
        ({"budget": []}, ("budget-empty", "budget")),
        ({"budget__0__amount": 300000.5}, ("not-whole-number", "budget.0.amount")),
        ({"budget__0__amount": "300000"}, ("not-whole-number", "budget.0.amount")),
        ({"budget__0__amount": True}, ("not-whole-number", "budget.0.amount")),
        ({"budget__0__amount": -1}, ("too-small", "budget.0.amount")),
        ({"budget__0__category": "fest"}, ("unknown-category", "budget.0.category")),
        ({"budget__1__category": "staff"}, ("named-twice", "budget.1")),
        ({"budget__2__year": 3}, ("budget-year-outside", "budget.2.year")),
        ({"budget__0__amount": 350001}, ("above-cap-in-year", "budget")),
        ({"attachments": []}, ("attachment-missing", "attachments")),
        (
            {
                "project__type": "steering-group",
                "project__years": 1,
                "budget": A_SMALL_BUDGET,
                "attachments__0__kind": "dikt",
            },
            ("unknown-attachment-kind", "attachments.0.kind"),
        ),
        ({"attachments__0__type": XLSX}, ("type-not-allowed", "attachments.0.type")),
        ({"attachments__0__size": 10_000_001}, ("file-too-large", "attachments.0.size")),
        ({"attachments__0__size": 0}, ("too-small", "attachments.0.size")),
        ({"attachments__0__sha256": "abc"}, ("bad-format", "attachments.0.sha256")),
        ({"applicant": {"kind": "company", "code": "2581"}}, ("kind-not-eligible", "applicant.kind")),
        ({"applicant": {"kind": "municipality", "code": "9999"}}, ("unknown-municipality", "applicant.code")),
        ({"applicant": {"kind": "region", "code": "2581"}}, ("unknown-region", "applicant.code")),
        ({"applicant": {"kind": "municipality"}}, ("code-missing", "applicant.code")),
        (
            {"applicant": {"kind": "municipality", "code": "2581", "name": "Piteå"}},
            ("code-missing", "applicant.code"),
        ),
        (
            {"applicant": {"kind": "joint-body", "name": "Förbundet"}},
            ("organisation-missing", "applicant.organisation_number"),
        ),
        (
            {"applicant": {"kind": "joint-body", "name": "Förbundet", "organisation_number": "212000-0143"}},
            ("bad-organisation-number", "applicant.organisation_number"),
        ),
        (
            {"applicant": {"kind": "joint-body", "name": "Anna", "organisation_number": "19121212-1212"}},
            ("personal-number", "applicant.organisation_number"),
        ),
        (
            {"applicant": {"kind": "joint-body", "name": "Anna", "organisation_number": "121212-1212"}},
            ("personal-number", "applicant.organisation_number"),
        ),
    ],
)
def test_each_mistake_is_told_where_it_stands(changes: dict[str, Any], problem: tuple[str, str]) -> None:
    assert found(a_document(**changes)) == {problem}


def test_mistakes_in_one_place_do_not_hide_those_in_another() -> None:
    document = a_document(
        contact__email=None,
        project__starts="snart",
        partners__0__country="NO",
        budget__0__amount="mycket",
        budget__1__category="fest",
        attachments=[attachment("letter-of-intent", "brev.docx", A_PDF, "application/msword")],
        applicant={"kind": "joint-body", "name": "Anna", "organisation_number": "121212-1212"},
    )
    assert found(document) == {
        ("missing", "contact.email"),
        ("bad-format", "project.starts"),
        ("country-not-eligible", "partners.0.country"),
        ("not-whole-number", "budget.0.amount"),
        ("unknown-category", "budget.1.category"),
        ("type-not-allowed", "attachments.0.type"),
        ("attachment-missing", "attachments"),
        ("personal-number", "applicant.organisation_number"),
    }


def test_a_missing_attachment_is_told_for_each_kind_that_the_type_asks_for() -> None:
    problems = judge(raw(a_document(attachments=[])), ICLD).problems
    assert [one.sv for one in problems] == [
        "Bilagan saknas: Undertecknad avsiktsförklaring. Lägg till den.",
        "Bilagan saknas: Budget i Excel. Lägg till den.",
    ]


@pytest.mark.parametrize(
    ("partners", "kind", "highest"),
    [
        (["BA"], "inception", 220_000),
        (["KE"], "inception", 275_000),
        (["KE", "UG"], "inception", 330_000),
        (["BA"], "project", 450_000),
        (["VN"], "project", 500_000),
        (["BA", "VN"], "project", 650_000),
        (["KE"], "steering-group", 300_000),
    ],
)
def test_the_cap_follows_type_parties_and_region(partners: list[str], kind: str, highest: int) -> None:
    not_asked = {"inception": {"answers__lasting": None}}.get(kind, {})

    def asking(amount: int) -> dict[str, Any]:
        return a_document(
            **not_asked,
            partners=[{"name": "Partner", "country": country} for country in partners],
            project__type=kind,
            project__years=1,
            budget=[{"year": 1, "category": "staff", "amount": amount}],
        )

    assert found(asking(highest)) == set()
    assert found(asking(highest + 1)) == {("above-cap-in-year", "budget")}


def test_a_combination_that_no_cap_covers_is_told() -> None:
    three = [{"name": name, "country": "KE"} for name in "ABC"]
    assert found(a_document(partners=three)) == {("no-cap", "project.type")}


@pytest.mark.parametrize("content", [b"", b"not json", b"\xff\xfe", b"[" * 100_000, b"null", b"[]", b'{"schema": NaN}'])
def test_what_is_no_document_is_told_and_breaks_nothing(content: bytes) -> None:
    verdict = judge(content, ICLD)
    assert verdict.document is None
    assert verdict.problems


def test_a_document_above_the_limit_is_refused_unread() -> None:
    assert [one.code for one in judge(b"{" * (MOST_DOCUMENT_BYTES + 1), ICLD).problems] == ["document-too-large"]


FAR_TOO_MANY: dict[str, dict[str, Any]] = {
    "partners of an unknown country": {"partners": [{"country": "XX"}] * 14_000},
    "partners that are none": {"partners": [7] * 60_000},
    "answers to nothing": {"answers": {f"q{number}": "x" for number in range(15_000)}},
    "unknown fields": {f"q{number}": 1 for number in range(18_000)},
    "one field with a long name": {"q" * 200_000: 1, "answers": {"q" * 40_000: "x"}},
}


@pytest.mark.parametrize("changes", FAR_TOO_MANY.values(), ids=FAR_TOO_MANY.keys())
def test_what_is_told_of_a_document_with_thousands_of_mistakes_can_be_stored(changes: dict[str, Any]) -> None:
    """A row of DynamoDB's holds 400 KB, and a document whose outcome has no room keeps its round from closing."""
    content = json.dumps(a_document() | changes, separators=(",", ":")).encode()
    assert len(content) <= MOST_DOCUMENT_BYTES
    told = judge(content, ICLD).problems
    assert told
    assert len(json.dumps([one.as_json() for one in told])) < 150_000
    assert all(len(one.path) <= MOST_PATH for one in told)
    if len(told) > MOST_PROBLEMS:
        assert [one.code for one in told[MOST_PROBLEMS:]] == ["more-problems"]


def test_a_name_that_cannot_be_stored_or_seen_is_told_with_question_marks() -> None:
    content = json.dumps(a_document() | {"answers": {"\ud800\u202e": "x"}}).encode()
    (told,) = (one for one in judge(content, ICLD).problems if one.code == "question-not-asked")
    assert told.path == "answers.??"


def test_a_document_as_deep_as_python_can_just_read_is_judged() -> None:
    for depth in range(sys.getrecursionlimit() - 300, sys.getrecursionlimit() + 10):
        assert judge(b'{"project":{"title":' + b"[" * depth + b"]" * depth + b"}}", ICLD).problems


@pytest.mark.parametrize(
    "address",
    [
        "åsa@pitea.example",
        "asa@piteå.example",
        "asa@pitea..example",
        "asa@-pitea.example",
        ".asa@pitea.example",
        "asa.@pitea.example",
        "asa@pitea.example>",
        "asa@pitea.example.",
        "asa@pitea",
        "asa@192.0.2.1",
        'asa"oberg@pitea.example',
        "asa oberg@pitea.example",
        "asa@pitea.example\n",
    ],
)
def test_an_address_that_ses_would_refuse_is_a_mistake_to_mend(address: str) -> None:
    assert found(a_document(contact__email=address)) == {("bad-email", "contact.email")}


@pytest.mark.parametrize(
    "address", ["asa.oberg+ansokan@pitea.example", "o'brien@a-b.c1.se", "x@xn--pite-roa.example", "A_B@PITEA.SE"]
)
def test_an_address_that_ses_takes_is_taken(address: str) -> None:
    assert found(a_document(contact__email=address)) == set()


def test_the_contact_is_known_even_where_the_rest_is_wrong() -> None:
    verdict = judge(raw(a_document(project__years="två")), ICLD)
    assert verdict.document is None
    assert verdict.contact is not None
    assert verdict.contact["email"] == "asa.oberg@pitea.example"
    assert judge(raw(a_document(contact__email="nej")), ICLD).contact is None


def test_names_are_kept_in_one_form_whatever_the_keyboard_sent() -> None:
    decomposed = a_document(project__title="Ma\u030alsa\u0308ttning")
    verdict = judge(raw(decomposed), ICLD)
    assert verdict.document is not None
    assert verdict.document.project.title == "Målsättning"


def test_sentences_say_how_to_mend_it_in_both_languages() -> None:
    (told,) = judge(raw(a_document(budget__0__amount=350001)), ICLD).problems
    assert told.sv == ("År 1 söks 500\u00a0001 kronor, mer än årstaket 500\u00a0000 kronor. Sänk med minst 1 kronor.")
    assert (
        told.en
        == "Year 1 asks for SEK 500\u00a0001, above the yearly cap of SEK 500\u00a0000. Lower it by at least SEK 1."
    )


def a_production(**changes: Any) -> dict[str, Any]:
    document = {
        "schema": 1,
        "programme": "village-stage-2026",
        "language": "sv",
        "applicant": {"kind": "association", "name": "Åsele teaterförening", "organisation_number": "802439-1230"},
        "contact": {"name": "Örjan", "email": "orjan@teater.example"},
        "partners": [],
        "project": {
            "title": "Ronja i ladan",
            "type": "production",
            "core_areas": ["children"],
            "summary": "Sommarteater.",
            "starts": "2027-06",
            "years": 1,
        },
        "answers": {"play": "Ronja rövardotter, Astrid Lindgren"},
        "budget": [{"year": 1, "category": "stage", "amount": 40000}],
        "attachments": [],
    }
    return document | changes


def test_another_funders_programme_has_its_own_rules_and_no_partners() -> None:
    assert found(a_production(), STAGE) == set()
    assert found(a_production(language="en"), STAGE) == {("not-one-of", "language")}
    assert found(a_production(partners=[{"name": "Oslo", "country": "NO"}]), STAGE) == {
        ("too-many-partners", "partners")
    }
    assert found(a_production(applicant={"kind": "municipality", "code": "2581"}), STAGE) == {
        ("kind-not-eligible", "applicant.kind")
    }
    above = a_production(budget=[{"year": 1, "category": "stage", "amount": 40001}])
    assert found(above, STAGE) == {("above-cap", "budget")}


def test_json_with_a_key_twice_is_judged_by_what_stands_last() -> None:
    text = json.dumps(a_document())
    twice = text[:-1] + ', "language": "en"}'
    verdict = judge(twice.encode(), ICLD)
    assert verdict.document is not None
    assert verdict.document.language == "en"
