"""The stream of outcomes through the real handler: whose receipt fails, and who waits for it."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from botocore.parsers import ResponseParserError
from botocore.session import get_session

from functions.acknowledge.sending import is_of_one_letter
from shared import keys
from shared.aws.effects import BusyError, Effects
from shared.aws.table import ConditionFailedError, ConflictError, Update
from shared.submissions import Submission
from tests.builders.documents import a_document
from tests.functions.deployed import Deployed, deployed, outcome_records, recorded
from tests.functions.world import ROUND

__all__ = ["deployed"]  # a fixture: pytest finds it here


def test_each_outcome_of_a_batch_is_acknowledged(deployed: Deployed) -> None:
    outcomes = [deployed.world.submit(deployed.world.start().application.id).submission for _ in range(2)]
    assert deployed.invoke("acknowledge", outcome_records(*outcomes)) == {"batchItemFailures": []}
    assert len(deployed.mailed) == 2


def test_the_recorded_outcome_is_understood_whole(deployed: Deployed) -> None:
    """As it is, of a round that is not here: nobody can be told, and nothing fails."""
    assert deployed.invoke("acknowledge", recorded("outcome")) == {"batchItemFailures": []}
    (line,) = deployed.log()
    assert {name: line[name] for name in ("message", "round", "application", "outcome", "sent")} == {
        "message": "outcome acknowledged",
        "round": "2019-autumn",
        "application": "5PR04WCC7",
        "outcome": "accepted",
        "sent": False,
    }


def test_the_stream_stops_at_the_first_outcome_that_fails_for_all(deployed: Deployed) -> None:
    world = deployed.world
    outcomes = [world.submit(world.start().application.id).submission for _ in range(3)]
    batch = outcome_records(*outcomes)
    batch["Records"][1]["dynamodb"]["NewImage"]["outcome"] = {"S": "accepted"}
    deployed.invoke("acknowledge", {"Records": batch["Records"][:1]})
    deployed.mail_refuses, deployed.mail_code = "Daily message quota exceeded", "TooManyRequestsException"
    failed = batch["Records"][1]["dynamodb"]["SequenceNumber"]
    answer = deployed.invoke("acknowledge", batch)
    assert answer == {"batchItemFailures": [{"itemIdentifier": failed}]}
    # The first had been told before, the second was tried once, the third not at all.
    assert len(deployed.mailed) == 2
    deployed.mail_refuses = ""
    assert deployed.invoke("acknowledge", {"Records": batch["Records"][1:]}) == {"batchItemFailures": []}
    assert len(deployed.mailed) == 4


ABOUT_ONE_LETTER = ("MessageRejected", "BadRequestException")
_ANSWERS = {one.name for one in get_session().get_service_model("sesv2").operation_model("SendEmail").error_shapes}
ABOUT_ALL_LETTERS = sorted({*_ANSWERS, "AccessDeniedException"} - {*ABOUT_ONE_LETTER})
"""What SendEmail can answer, by botocore's model of it, and what IAM can."""


def _applicants(deployed: Deployed, *emails: str) -> list[Submission]:
    """What was sent by applicants with these addresses, in that order."""
    world = deployed.world
    return [world.submit(world.start().application.id, a_document(contact__email=email)).submission for email in emails]


def _addressed(deployed: Deployed) -> list[str]:
    return [message["Destination"]["ToAddresses"][0] for message in deployed.mailed]


@pytest.mark.parametrize("code", ABOUT_ONE_LETTER)
def test_a_receipt_that_ses_refuses_holds_back_no_other(
    deployed: Deployed, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes = _applicants(deployed, "a@one.example", "b@two.example", "c@three.example")
    deployed.mail_refuses, deployed.mail_code, deployed.mail_refuses_to = "not verified", code, "a@one.example"
    assert deployed.invoke("acknowledge", outcome_records(*outcomes)) == {"batchItemFailures": []}
    assert _addressed(deployed) == ["a@one.example", "b@two.example", "c@three.example"]
    (line,) = [line for line in deployed.log() if line["message"] == "receipt failed"]
    assert (line["application"], line["error"]) == (outcomes[0].application, f"{code} at SendEmail")
    assert '"LettersFailed":[1.0]' in capsys.readouterr().out.replace(" ", "")


@pytest.mark.parametrize("looking", [{"unsent": "receipts"}, {"resend": True}, {"owed": ROUND}], ids=str)
def test_a_receipt_that_ses_refused_is_sent_when_somebody_looks_for_it(
    deployed: Deployed, looking: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """While it is refused, whoever looks counts it, and makes no dead letter of it."""
    outcomes = _applicants(deployed, "a@one.example", "b@two.example")
    deployed.mail_refuses, deployed.mail_refuses_to = "not verified", "a@one.example"
    deployed.invoke("acknowledge", outcome_records(*outcomes))
    deployed.mailed.clear()
    capsys.readouterr()
    assert deployed.invoke("acknowledge", looking) == {"batchItemFailures": []}
    assert '"LettersFailed":[1.0]' in capsys.readouterr().out.replace(" ", "")
    assert deployed.log()[-2]["letter"].startswith(f"receipt-{outcomes[0].application}")
    deployed.mail_refuses = ""
    assert deployed.invoke("acknowledge", looking) == {"batchItemFailures": []}
    assert _addressed(deployed) == ["a@one.example"] * 2


def test_who_asks_for_receipts_by_hand_hears_of_what_would_go_out_at_another_try(deployed: Deployed) -> None:
    """Lambda tries twice more, and makes a dead letter then."""
    _applicants(deployed, "a@one.example")
    deployed.mail_refuses, deployed.mail_code = "no", "SendingPausedException"
    with pytest.raises(ExceptionGroup) as failed:
        deployed.invoke("acknowledge", {"resend": True})
    assert "@" not in str(failed.value)


def test_who_asks_for_receipts_by_hand_hears_of_what_somebody_else_seems_to_be_sending(deployed: Deployed) -> None:
    (outcome,) = _applicants(deployed, "a@one.example")
    effect = keys.receipt_effect(outcome.application, outcome.submission, outcome.version_id)
    Effects(deployed.world.table).claim(ROUND, effect, deployed.world.now)
    with pytest.raises(ExceptionGroup):
        deployed.invoke("acknowledge", {"resend": True})


@pytest.mark.parametrize(
    ("error", "alone"),
    [
        (ReadTimeoutError(endpoint_url="https://ses"), False),
        (ResponseParserError("no JSON"), False),
        (ClientError({"Error": {"Code": "ThrottlingException"}}, "UpdateItem"), False),
        (ClientError({"Error": {"Code": "MessageRejected"}}, "UpdateItem"), False),
        (BusyError("receipt"), False),
        (ConflictError("receipt"), False),
        (ConditionFailedError({}), False),
        (ValueError("mislaid"), True),
        (KeyError("current"), True),
    ],
    ids=repr,
)
def test_what_is_over_at_another_try_is_no_failure_of_one_letter(error: Exception, alone: bool) -> None:
    assert is_of_one_letter(error) is alone


def test_receipts_of_whose_rows_nothing_can_be_made_hold_back_no_other(
    deployed: Deployed, capsys: pytest.CaptureFixture[str]
) -> None:
    batch = outcome_records(*_applicants(deployed, "a@one.example", "b@two.example", "c@three.example"))
    altered = batch["Records"][0]["dynamodb"]["NewImage"]
    altered["outcome"] = {"S": "mislaid"}
    row = deployed.world.submissions()[1]
    world_row = keys.application_key(ROUND, row.application)
    deployed.world.table.write(Update(world_row, set={"current": {"number": "one"}}))
    assert deployed.invoke("acknowledge", batch) == {"batchItemFailures": []}
    assert len(deployed.mailed) == 1
    assert '"LettersFailed":[2.0]' in capsys.readouterr().out.replace(" ", "")


@pytest.mark.parametrize("code", ABOUT_ALL_LETTERS)
def test_what_ses_says_of_all_letters_is_waited_for(
    deployed: Deployed, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    batch = outcome_records(*_applicants(deployed, "a@one.example", "b@two.example"))
    deployed.mail_refuses, deployed.mail_code = "no", code
    first = batch["Records"][0]["dynamodb"]["SequenceNumber"]
    assert deployed.invoke("acknowledge", batch) == {"batchItemFailures": [{"itemIdentifier": first}]}
    assert _addressed(deployed) == ["a@one.example"]
    assert "LettersFailed" not in capsys.readouterr().out


def test_a_letter_that_was_passed_over_is_counted_also_where_a_later_one_is_waited_for(
    deployed: Deployed, capsys: pytest.CaptureFixture[str]
) -> None:
    batch = outcome_records(*_applicants(deployed, "a@one.example", "b@two.example"))
    batch["Records"][0]["dynamodb"]["NewImage"]["outcome"] = {"S": "mislaid"}
    deployed.mail_refuses, deployed.mail_code = "no", "SendingPausedException"
    second = batch["Records"][1]["dynamodb"]["SequenceNumber"]
    assert deployed.invoke("acknowledge", batch) == {"batchItemFailures": [{"itemIdentifier": second}]}
    assert '"LettersFailed":[1.0]' in capsys.readouterr().out.replace(" ", "")


def _foreign_records() -> dict[str, dict[str, Any]]:
    (record,) = recorded("outcome")["Records"]
    image = record["dynamodb"]
    application = {"pk": {"S": "ROUND#2019-autumn"}, "sk": {"S": "APPLICATION#5PR04WCC7"}}
    return {
        "another kind of row": {**record, "dynamodb": {**image, "Keys": application}},
        "a row of another table": {**record, "dynamodb": {**image, "Keys": {"id": {"S": "1"}}}},
        "a removal, which has no image": {
            **record,
            "eventName": "REMOVE",
            "dynamodb": {name: value for name, value in image.items() if name != "NewImage"},
        },
    }


@pytest.mark.parametrize("kind", sorted(_foreign_records()))
def test_a_foreign_record_is_passed_over(deployed: Deployed, kind: str) -> None:
    submission = deployed.world.submit(deployed.world.start().application.id).submission
    batch = outcome_records(submission)
    batch["Records"].insert(0, _foreign_records()[kind])
    assert deployed.invoke("acknowledge", batch) == {"batchItemFailures": []}
    assert len(deployed.mailed) == 1


def test_an_empty_batch_is_no_failure(deployed: Deployed) -> None:
    assert deployed.invoke("acknowledge", {"Records": []}) == {"batchItemFailures": []}
