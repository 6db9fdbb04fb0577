"""The operator's command and the world: finding the service, signing, retrying, and failing in words."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from botocore.credentials import Credentials

from infrastructure.operator.access import Access
from infrastructure.operator.api import Api
from shared.problems import problem
from tests.infrastructure import operator_command
from tests.infrastructure.operator_command import Anslag, Ran
from tests.infrastructure.operator_servers import (
    EMPTY,
    NO_ROUNDS,
    PROBLEM,
    Answer,
    as_json,
    aws_error,
    scripted,
    stack_description,
    who_am_i,
)

anslag = operator_command.anslag
no_other_aws = operator_command.no_other_aws


def test_the_address_comes_from_the_stacks_output(anslag: Anslag, monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted(NO_ROUNDS) as api, scripted(stack_description(("Other", "x"), ("ApiUrl", api.url))) as cloud:
        monkeypatch.setenv("AWS_ENDPOINT_URL", cloud.url)
        assert anslag("rounds", "list", "--stack", "anslag-test") == Ran(0, EMPTY, "")
        assert (api.asked, cloud.asked) == (["GET /staff/rounds"], ["POST /"])


def test_an_address_that_is_given_needs_no_look_up(anslag: Anslag, monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted(NO_ROUNDS) as api:
        assert anslag("--api", f"{api.url}/prefix/", "rounds", "list").code == 0
        monkeypatch.setenv("ANSLAG_API", api.url)
        assert anslag("rounds", "list").code == 0
        assert api.asked == ["GET /prefix/staff/rounds", "GET /staff/rounds"]


def test_a_stack_that_is_typed_counts_more_than_an_address_that_the_shell_has_kept(
    anslag: Anslag, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        scripted(NO_ROUNDS) as kept,
        scripted(NO_ROUNDS) as api,
        scripted(stack_description(("ApiUrl", api.url))) as aws,
    ):
        monkeypatch.setenv("AWS_ENDPOINT_URL", aws.url)
        monkeypatch.setenv("ANSLAG_API", kept.url)
        assert anslag("rounds", "list", "--stack", "anslag-test") == Ran(0, EMPTY, "")
        assert (kept.asked, api.asked) == ([], ["GET /staff/rounds"])


def test_a_key_that_is_kept_is_not_replaced_by_another_unasked(anslag: Anslag, tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_text("the key that applicants trust")
    with scripted(*[Answer(200, b'{"pem": "another"}')] * 3) as api:
        ran = anslag("key", str(file), "--api", api.url)
        assert (ran.code, file.read_text()) == (2, "the key that applicants trust")
        assert "is not this service's key" in ran.err
        assert anslag("key", str(file), "--force", "--api", api.url).code == 0
        assert anslag("key", str(file), "--api", api.url).code == 0
    assert file.read_text() == "another"


def test_what_was_published_is_said_whatever_happens_to_the_connection_afterwards(anslag: Anslag) -> None:
    published = as_json({"number": 1, "published_at": "2019-12-17T08:00:00Z"})
    with scripted(as_json({"round": {"time_zone": "Europe/Stockholm"}}), published, Answer(None)) as api:
        ran = anslag("announcement", "publish", "2019-autumn", "--digest", "a" * 64, "--yes", "--api", api.url)
    assert (ran.code, ran.err) == (0, "")
    assert "Announcement 1 was published" in ran.out


@pytest.mark.parametrize(
    ("answer", "code"),
    [(aws_error(403, "AccessDenied", "no"), 4), (aws_error(503, "SlowDown", "later"), 5), (Answer(None), 3)],
)
def test_pages_that_could_not_be_published_say_whose_fault_it_was(
    anslag: Anslag, monkeypatch: pytest.MonkeyPatch, answer: Answer, code: int
) -> None:
    outputs = [(name, "x") for name in ("ApiUrl", "PagesUrl", "PagesBucketName", "PagesDistribution")]
    with scripted(stack_description(*outputs), *[answer] * 12) as aws:
        monkeypatch.setenv("AWS_ENDPOINT_URL", aws.url)
        ran = anslag("pages", "publish")
    assert (ran.code, "could not be published" in ran.err) == (code, True)


def test_the_public_key_is_fetched_from_an_address_by_whoever_has_no_login(
    anslag: Anslag, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "key.pem"
    with scripted(Answer(200, b'{"pem": "a key"}')) as api:
        assert anslag("--api", f"{api.url}/", "key", str(file)) == Ran(0, f"The key is in {file}.\n", "")
        assert (api.asked, "authorization" in api.headers[0]) == (["GET /signing-key"], False)
    assert file.read_text() == "a key"
    refused = json.dumps({"problems": [problem("nothing-is-signed").as_json()]}).encode()
    with scripted(Answer(404, refused)) as api:
        assert anslag("--api", api.url, "key", str(file)).code == 1
    assert anslag("--api", "ftp://x", "key", str(file)).code == 2


def test_a_name_below_localhost_is_this_machine(anslag: Anslag) -> None:
    with scripted(NO_ROUNDS) as api:
        port = api.url.rpartition(":")[2]
        assert anslag("rounds", "list", "--api", f"http://a1b2c3.execute-api.localhost:{port}").code == 0
        assert api.headers[0]["host"] == f"a1b2c3.execute-api.localhost:{port}"


def test_nothing_in_a_path_leads_elsewhere() -> None:
    with scripted(NO_ROUNDS) as api:
        access = Access(api.url, "eu-north-1", Credentials("key", "secret"), lambda: "nobody")
        assert Api(access, "en").get("staff", "a/../b å?c=%2F") == {"rounds": []}
        assert api.asked == ["GET /staff/a%2F..%2Fb%20%C3%A5%3Fc%3D%252F"]


@pytest.mark.parametrize(
    ("answer", "code", "told"),
    [
        (
            aws_error(400, "ValidationError", "Stack with id anslag does not exist"),
            3,
            "There is no stack anslag with an ApiUrl in eu-north-1. Give --stack, --region or --api.\n",
        ),
        (
            stack_description(("Other", "x")),
            3,
            "There is no stack anslag with an ApiUrl in eu-north-1. Give --stack, --region or --api.\n",
        ),
        (
            aws_error(403, "AccessDenied", "no"),
            4,
            "You may not look up the stack anslag (AccessDenied). Give the address with --api or ANSLAG_API.\n",
        ),
        (aws_error(500, "InternalFailure", "no"), 5, "The service could not answer (500). Try again in a while.\n"),
        (stack_description(("ApiUrl", "ftp://x")), 2, "ftp://x is not a web address.\n"),
    ],
)
def test_a_stack_that_tells_no_address_is_told(
    anslag: Anslag, monkeypatch: pytest.MonkeyPatch, answer: Answer, code: int, told: str
) -> None:
    with scripted(answer) as cloud:
        monkeypatch.setenv("AWS_ENDPOINT_URL", cloud.url)
        assert anslag("rounds", "list") == Ran(code, "", told)


def test_a_cloud_that_does_not_answer_is_no_contact(anslag: Anslag) -> None:
    ran = anslag("rounds", "list")
    assert (ran.code, ran.err.startswith("No contact with the service at CloudFormation (")) == (3, True)


def test_a_region_is_needed(anslag: Anslag, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    told = "No AWS region is chosen. Give --region, or set AWS_REGION.\n"
    assert anslag("rounds", "list") == Ran(2, "", told)


def test_a_profile_has_to_exist(anslag: Anslag) -> None:
    assert anslag("rounds", "list", "--profile", "nobody") == Ran(2, "", "There is no AWS profile nobody.\n")


def test_whoever_is_not_logged_in_is_told_how(anslag: Anslag, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    told = "You are not logged in to AWS. Log in (for instance with aws sso login), or give --profile.\n"
    assert anslag("rounds", "list") == Ran(4, "", told)


def test_half_a_login_is_told(anslag: Anslag, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    ran = anslag("rounds", "list")
    assert (ran.code, ran.err.startswith("Your AWS credentials cannot be used (Partial credentials")) == (4, True)


def test_a_temporary_login_sends_its_token(anslag: Anslag, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "temporary")
    with scripted(NO_ROUNDS) as api:
        anslag("rounds", "list", "--api", api.url)
        assert api.headers[0]["x-amz-security-token"] == "temporary"
        assert "SignedHeaders=host;x-amz-date;x-amz-security-token" in api.headers[0]["authorization"]


def test_whoever_may_not_in_learns_who_they_are_and_what_to_ask_for(
    anslag: Anslag, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scripted(as_json({"message": "Forbidden"}, 403)) as api, scripted(who_am_i("arn:aws:iam::1:user/eve")) as sts:
        monkeypatch.setenv("AWS_ENDPOINT_URL", sts.url)
        told = (
            "The service does not let arn:aws:iam::1:user/eve in (403: Forbidden). Ask whoever looks after Anslag "
            "to attach the stack's StaffPolicy to that user or role.\n"
        )
        assert anslag("rounds", "list", "--api", api.url) == Ran(4, "", told)


def test_whoever_is_refused_for_a_reason_of_the_service_reads_that_reason(anslag: Anslag) -> None:
    with scripted(as_json({"problems": [PROBLEM]}, 403)) as api:
        assert anslag("rounds", "list", "--api", api.url) == Ran(4, "", "In English.\n")


def test_a_key_that_cannot_be_kept_is_told(anslag: Anslag) -> None:
    with scripted(as_json({"pem": "-----BEGIN PUBLIC KEY-----"})) as api:
        told = "nowhere/key.pem cannot be used: No such file or directory.\n"
        assert anslag("key", "nowhere/key.pem", "--api", api.url) == Ran(2, "", told)


def test_where_aws_does_not_say_who_it_is_the_key_is_named(anslag: Anslag) -> None:
    with scripted(as_json({"message": "Forbidden"}, 401)) as api:
        ran = anslag("rounds", "list", "--api", api.url)
        assert (ran.code, "does not let access key testing in (401: Forbidden)" in ran.err) == (4, True)


@pytest.mark.parametrize("trouble", [Answer(503), Answer(502), Answer(429), Answer(504), Answer(None)])
def test_reading_is_tried_again(anslag: Anslag, trouble: Answer) -> None:
    with scripted(trouble, trouble, NO_ROUNDS) as api:
        assert anslag("rounds", "list", "--api", api.url) == Ran(0, EMPTY, "")
        assert len(api.asked) == 3


@pytest.mark.parametrize(
    ("trouble", "code", "told"),
    [
        (
            Answer(503),
            5,
            "The service could not answer (503). The change may have been made: look before you try again.\n",
        ),
        (Answer(429), 5, "The service could not answer (429). Try again in a while.\n"),
        (Answer(None), 3, "The change may have been made: look before you try again.\n"),
    ],
)
def test_changing_is_tried_once(anslag: Anslag, trouble: Answer, code: int, told: str) -> None:
    with scripted(trouble, as_json({"started": True})) as api:
        ran = anslag("rounds", "advance", "--api", api.url)
        assert (ran.code, ran.out, ran.err.endswith(told)) == (code, "", True)
        assert api.asked == ["POST /staff/advance"]


def test_nobody_at_the_address_is_no_contact(anslag: Anslag) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        ran = anslag("rounds", "list", "--api", url)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith(f"No contact with the service at {url} (")
    assert "Connection refused" in ran.err


@pytest.mark.parametrize(
    ("answer", "code", "told"),
    [
        (as_json({"problems": [PROBLEM]}, 409), 1, "In English.\n"),
        (as_json({"problems": [PROBLEM, PROBLEM | {"path": "3.amount"}]}, 422), 1, "In English.\nrow 3, amount: In En"),
        (as_json({"message": "Request Entity Too Large"}, 413), 1, "The service refused (413): Request Entity Too La"),
        (as_json({"message": "Not Found"}, 404), 3, "What answers at "),
        (Answer(302, b"", (("Location", "/login"),)), 3, "What answers at "),
        (Answer(404, b"<html>"), 3, "What answers at "),
        (as_json({"problems": [PROBLEM]}, 500), 5, "In English.\n"),
        (as_json({"message": "Internal Server Error"}, 500), 5, "The service could not answer (500)."),
        (Answer(500, b'["odd"]'), 5, "The service could not answer (500)."),
        (Answer(200, b"<html>"), 5, "The service answered in a way that this command does not understand."),
        (as_json({"other": 1}), 5, "The command failed in a way that it does not know: KeyError: 'rounds'\n"),
    ],
)
def test_every_answer_has_its_exit_code_and_its_words(anslag: Anslag, answer: Answer, code: int, told: str) -> None:
    with scripted(answer) as api:
        ran = anslag("rounds", "list", "--api", api.url)
    assert (ran.code, ran.out, ran.err[: len(told)]) == (code, "", told)


def test_a_failure_of_the_command_itself_is_told_in_the_chosen_language_and_to_programs(anslag: Anslag) -> None:
    with scripted(as_json({"other": 1})) as api:
        swedish = anslag("key", "--api", api.url, "--language=sv")
        to_programs = anslag("key", "--api", api.url, "--json", "--language", "sv")
    told = "Kommandot misslyckades på ett sätt som det inte känner till: KeyError: 'pem'\n"
    assert swedish == Ran(5, "", told)
    (problem,) = json.loads(to_programs.out)["problems"]
    assert (to_programs.code, to_programs.err, problem["code"], problem["path"]) == (5, told, "failed", "")
    assert problem["en"] == "The command failed in a way that it does not know: KeyError: 'pem'"


def test_problems_are_told_in_the_chosen_language_and_asked_for_in_it(anslag: Anslag) -> None:
    with scripted(as_json({"problems": [PROBLEM]}, 409)) as api:
        assert anslag("rounds", "list", "--api", api.url, "--language", "sv").err == "På svenska.\n"
        assert api.headers[0]["accept-language"] == "sv"
