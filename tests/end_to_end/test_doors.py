"""The doors that stand open to anybody: private links, signed forms, the addresses of staff."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import requests

from infrastructure.demo.applicant import ApplicantClient, File, RefusedError
from infrastructure.demo.staff import Officer
from tests.builders.documents import A_PDF, AN_EXCEL, XLSX, a_document, raw
from tests.end_to_end.installation import Installation
from tests.end_to_end.papers import FILES, LETTER, PARTNERSHIP

pytestmark = pytest.mark.cloud

ROUND = "doors"


@pytest.fixture(scope="module", autouse=True)
def _round(installation: Installation) -> None:
    installation.open_round(ROUND, programme=PARTNERSHIP)


@pytest.fixture
def client(installation: Installation) -> ApplicantClient:
    return installation.applicant(ROUND)


# Private links


def test_every_wrong_link_is_refused_with_the_same_words(installation: Installation, client: ApplicantClient) -> None:
    other = installation.applicant(ROUND)
    call, reference, secret = client.token.split(".")
    answers = []
    for token in (
        "",
        "nonsense",
        f"{call}.{reference}.{'A' * len(secret)}",
        f"{call}.{reference}.{secret[:-1]}",
        f"{call}.{other.reference.replace('-', '')}.{secret}",
        f"no-such-round.{reference}.{secret}",
        f"{call}.000000000.{secret}",
    ):
        client.token = token
        for act in (client.status, client.receipt, client.withdraw, lambda: client.forms(raw(a_document()))):
            with pytest.raises(RefusedError) as refusal:
                act()
            answers.append((refusal.value.status, [one["code"] for one in refusal.value.problems], refusal.value.title))
    assert set(map(str, answers)) == {str(answers[0])}
    assert answers[0][:2] == (404, ["no-such-application"])


# Signed forms


def _tampered(form: dict[str, Any], **changes: str | None) -> dict[str, Any]:
    """The form with other fields; double underscores stand for hyphens, None takes a field away."""
    fields = form["fields"] | {name.replace("__", "-"): value for name, value in changes.items()}
    return {**form, "fields": {name: value for name, value in fields.items() if value is not None}}


ANOTHER_KEY = "rounds/doors/7K3M9QXRC/submissions/0DPXV4K2A9QJ5T0RZ/application.json"
TAMPERINGS: dict[str, tuple[dict[str, str | None], bytes, int, str]] = {
    "another key": ({"key": ANOTHER_KEY}, b"", 403, "AccessDenied"),
    "a key that S3 makes from the file name": ({"key": "rounds/doors/${filename}"}, b"", 403, "AccessDenied"),
    "one byte more": ({}, b" ", 400, "EntityTooLarge"),
    "another type": ({"Content__Type": "text/html"}, b"", 403, "AccessDenied"),
    "another checksum": ({"x__amz__checksum__sha256": "A" * 43 + "="}, b"", 403, "AccessDenied"),
    "no checksum": ({"x__amz__checksum__sha256": None}, b"", 403, "AccessDenied"),
    "another signature": ({"x__amz__signature": "0" * 64}, b"", 403, "SignatureDoesNotMatch"),
    "no signature": ({"x__amz__signature": None}, b"", 400, "InvalidArgument"),
    "no policy": ({"policy": None}, b"", 400, "InvalidArgument"),
    "a policy of their own": ({"policy": "eyJjb25kaXRpb25zIjogW119"}, b"", 403, "SignatureDoesNotMatch"),
    "read by everybody": ({"acl": "public-read"}, b"", 403, "AccessDenied"),
    "a tag": ({"tagging": "<Tagging/>"}, b"", 403, "AccessDenied"),
    "metadata": ({"x__amz__meta__a": "b"}, b"", 403, "AccessDenied"),
    "a redirect": ({"success_action_redirect": "https://example.org"}, b"", 403, "AccessDenied"),
}


@pytest.mark.parametrize("what", TAMPERINGS)
def test_a_form_is_good_for_what_it_was_signed_for_and_nothing_else(
    what: str, installation: Installation, client: ApplicantClient
) -> None:
    changes, added, status, code = TAMPERINGS[what]
    document = raw(a_document())
    form = client.forms(document)["forms"][-1]
    before = installation.uploads(ROUND)
    answer = client.upload(_tampered(form, **changes), document + added)
    assert (answer.status_code, f"<Code>{code}</Code>" in answer.text) == (status, True), answer.text
    assert installation.uploads(ROUND) == before


def test_a_form_of_one_application_does_not_write_into_another(
    installation: Installation, client: ApplicantClient
) -> None:
    other = installation.applicant(ROUND)
    document = raw(a_document())
    mine, theirs = (who.forms(document, FILES)["forms"] for who in (client, other))
    for own, foreign, content in zip(mine, theirs, (A_PDF, AN_EXCEL, document), strict=True):
        for crossed in (
            _tampered(own, key=foreign["fields"]["key"]),
            _tampered(own, policy=foreign["fields"]["policy"]),
            _tampered(foreign, x__amz__signature=own["fields"]["x-amz-signature"]),
        ):
            assert client.upload(crossed, content).status_code == 403
    kept = {version["Key"].split("/")[2] for version in installation.uploads(ROUND)}
    assert kept.isdisjoint(who.reference.replace("-", "") for who in (client, other))


def test_a_file_of_the_right_size_and_the_wrong_content_does_not_count(client: ApplicantClient) -> None:
    """S3 compares the checksum on AWS and not here, and ingest compares it in both."""
    document = raw(a_document())
    signed = client.forms(document, FILES)
    for form, content in zip(signed["forms"], (A_PDF[::-1], AN_EXCEL, document), strict=True):
        assert client.upload(form, content).status_code == 204
    status = client.outcome_of(signed["submission"])
    assert status["state"] == "refused"
    assert [(one["code"], one["path"]) for one in status["refused"]["problems"]] == [
        ("attachment-differs", "attachments.0")
    ]


def test_uploads_are_read_by_nobody_who_is_not_let_in(installation: Installation, client: ApplicantClient) -> None:
    client.outcome_of(client.send(a_document(), FILES)["submission"])
    bucket = f"{installation.cloud.endpoint}/{installation.outputs['UploadBucketName']}"
    mine = [one for one in installation.uploads(ROUND) if client.reference.replace("-", "") in one["Key"]]
    assert len(mine) == 3
    refused = [requests.get(f"{bucket}?list-type=2&prefix=rounds", timeout=60)]
    for version in mine:
        address = f"{bucket}/{quote(version['Key'])}"
        refused += [
            requests.get(address, timeout=60),
            requests.get(address, params={"versionId": version["VersionId"]}, timeout=60),
            requests.head(address, timeout=60),
            requests.put(address, data=b"{}", timeout=60),
            requests.delete(address, timeout=60),
        ]
    assert {answer.status_code for answer in refused} == {403}
    assert [one for one in installation.uploads(ROUND) if client.reference.replace("-", "") in one["Key"]] == mine


# What people call their files, and the words in which they are answered


def test_file_names_arrive_as_people_gave_them(client: ApplicantClient) -> None:
    names = [
        "Avsiktsförklaring å ä ö.pdf",
        "Budget d'été 2020 (slutlig).xlsx",
        "Bilaga 'Öckerö' & \"Älmhult\"; 50 % <utkast> #2 + €.pdf",
        "協定書.pdf",
        unicodedata.normalize("NFD", "Så gör en Mac.pdf"),
    ]
    types = ["application/pdf", XLSX, "application/pdf", "application/pdf", "application/pdf"]
    kinds = ["letter-of-intent", "budget", "other", "other", "other"]
    contents = [A_PDF, AN_EXCEL, *(A_PDF + bytes([number]) for number in range(3))]
    files = [File(*file) for file in zip(kinds, names, contents, types, strict=True)]
    status = client.outcome_of(client.send(_with(files), files)["submission"])
    assert status["state"] == "submitted", status
    composed = [*names[:-1], "Så gör en Mac.pdf"]
    assert [file["name"] for file in status["current"]["attachments"]] == composed
    assert [name for name in composed if name not in status["receipt"]["text"]] == []


def _with(files: list[File]) -> dict[str, Any]:
    return a_document(attachments=[file.as_json() for file in files])


def test_problems_are_told_in_both_languages_and_titled_in_the_readers(installation: Installation) -> None:
    titles, told = {}, []
    for reads in ("sv", "sv-SE,sv;q=0.9,en;q=0.8", "en-GB,en;q=0.9,sv;q=0.8", "de"):
        client = installation.applicant(ROUND, reads=reads)
        programme = File("other", "program.exe", b"MZ", "application/x-msdownload")
        with pytest.raises(RefusedError) as refusal:
            client.forms(raw(a_document()), [programme])
        (problem,) = refusal.value.problems
        assert (refusal.value.status, problem["code"], problem["path"]) == (
            422,
            "type-not-allowed",
            "attachments.0.type",
        )
        titles[reads] = refusal.value.title
        told.append((problem["sv"], problem["en"]))
    ((sv, en),) = set(told)
    assert "program.exe" in sv
    assert "program.exe" in en
    assert sv != en
    assert list(titles.values()) == [sv, sv, en, en]


def test_every_mistake_is_told_at_once_in_words_with_their_letters(client: ApplicantClient) -> None:
    wrong = a_document(contact__email=None, project__years=4, partners=[{"name": "Bærum", "country": "NO"}])
    status = client.outcome_of(client.send(wrong, FILES)["submission"])
    assert status["state"] == "refused"
    found = {one["path"]: one["code"] for one in status["refused"]["problems"]}
    assert found == {
        "contact.email": "missing",
        "partners.0.country": "country-not-eligible",
        "project.years": "too-many-years",
    }
    assert all(one["sv"] and one["en"] and one["sv"] != one["en"] for one in status["refused"]["problems"])


# Staff


@pytest.fixture(scope="module")
def eve(installation: Installation) -> Officer:
    """A user of the same AWS account whom nobody has let in."""
    iam = installation.client("iam")
    iam.create_user(UserName="eve")
    key = iam.create_access_key(UserName="eve")["AccessKey"]
    keys = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    return Officer("eve", {**installation.anna.environment, **keys})


def _routes(installation: Installation) -> Iterator[tuple[str, str, str]]:
    found = installation.client("apigatewayv2").get_routes(ApiId=installation.outputs["ApiId"])
    for route in found["Items"]:
        method, path = route["RouteKey"].split()
        yield method, path.format(round_id=ROUND, reference="7K3M-9QXR-C"), route["AuthorizationType"]


def test_only_what_applicants_need_is_open_to_everybody(installation: Installation) -> None:
    assert sorted((method, path) for method, path, lock in _routes(installation) if lock == "NONE") == [
        ("GET", "/application"),
        ("GET", "/application/draft"),
        ("GET", "/application/history"),
        ("GET", "/application/receipt"),
        ("GET", "/register"),
        ("GET", "/rounds"),
        ("GET", f"/rounds/{ROUND}"),
        ("GET", f"/rounds/{ROUND}/certificate"),
        ("GET", "/signing-key"),
        ("POST", "/application/forms"),
        ("POST", "/application/link"),
        ("POST", "/application/withdrawal"),
        ("POST", f"/rounds/{ROUND}/applications"),
        ("PUT", "/application/draft"),
    ]


def test_staff_addresses_are_closed_to_whoever_is_not_staff(installation: Installation, eve: Officer) -> None:
    forged = Officer("anna", {**installation.anna.environment, "AWS_SECRET_ACCESS_KEY": "guessed"})
    locked = [(method, path) for method, path, lock in _routes(installation) if lock == "AWS_IAM"]
    assert {path.split("/")[1] for _, path in locked} == {"staff"}
    for method, path in locked:
        unsigned = requests.request(method, installation.outputs["ApiUrl"] + path, timeout=60)
        answers = [unsigned, *(installation.ask(who, method, path) for who in (eve, forged))]
        assert {answer.status_code for answer in answers} == {403}, (method, path)
    said = eve.anslag("rounds", "list", expect=4)
    assert "eve" in said.err
    answer = installation.ask(installation.anna, "GET", "/staff/rounds")
    assert (answer.status_code, ROUND in [one["id"] for one in answer.json()["rounds"]]) == (200, True)


def test_whom_a_colleague_lets_in_may_enter_and_leaves_with_the_policy(installation: Installation) -> None:
    iam = installation.client("iam")
    iam.create_user(UserName="vikarie")
    key = iam.create_access_key(UserName="vikarie")["AccessKey"]
    keys = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    stand_in = Officer("vikarie", {**installation.anna.environment, **keys})
    policy = {"UserName": "vikarie", "PolicyArn": installation.outputs["StaffPolicyArn"]}
    iam.attach_user_policy(**policy)
    assert installation.ask(stand_in, "GET", "/staff/rounds").status_code == 200
    iam.detach_user_policy(**policy)
    assert installation.ask(stand_in, "GET", "/staff/rounds").status_code == 403


def test_the_audit_trail_names_who_did_it(installation: Installation) -> None:
    installation.open_round("audited")
    events = installation.anna.ask("rounds", "events", "audited")["events"]
    assert [(one["what"], one["who"]) for one in events if one["what"] == "round created"] == [
        ("round created", "arn:aws:iam::000000000000:user/anna")
    ]


# Size


def test_a_file_above_the_programmes_limit_is_refused_before_it_is_sent(client: ApplicantClient) -> None:
    request = {
        "document": {"size": 100, "sha256": LETTER.sha256},
        "attachments": [{"name": "stor.pdf", "size": 10_000_001, "sha256": LETTER.sha256, "type": "application/pdf"}],
    }
    headers = {"Authorization": f"Bearer {client.token}", "Accept-Language": "sv"}
    answer = requests.post(f"{client.api}/application/forms", json=request, headers=headers, timeout=60)
    problem = answer.json()
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")
    assert [(one["code"], one["path"]) for one in problem["problems"]] == [("file-too-large", "attachments.0.size")]
    assert problem["title"] == problem["problems"][0]["sv"]


def test_a_document_that_is_no_json_is_refused_with_an_explanation(client: ApplicantClient) -> None:
    content = "Hej! Här är vår ansökan.".encode()
    signed = client.forms(content)
    assert client.upload(signed["forms"][-1], content).status_code == 204
    status = client.outcome_of(signed["submission"])
    assert [one["code"] for one in status["refused"]["problems"]] == ["not-json"]
