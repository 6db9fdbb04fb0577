"""Who may do what: an allow-list for every role, and nothing in it that the code does not call."""

from __future__ import annotations

import re
from typing import Any

import pytest

from shared.results.everything import all_files
from tests.builders.publications import ADDRESS, published
from tests.builders.texts import december_2019
from tests.infrastructure.calls import calls_of
from tests.infrastructure.template_reading import (
    allowed,
    asynchronously_invoked,
    functions,
    listed,
    named,
    policy_documents,
    statements,
)
from tests.template import resources, translated, written

PREFIX = "arn:${AWS::Partition}"
PLACE = "${AWS::Region}:${AWS::AccountId}"
ROUNDS = "${UploadBucket.Arn}/rounds/*"
DOCUMENTS = f"{ROUNDS}/submissions/*/application.json"
FILES = f"{ROUNDS}/files/*"
RESULTS = {
    "${PagesBucket.Arn}/data/*",
    *(
        f"${{PagesBucket.Arn}}/{language}/{path}"
        for language in ("sv", "en")
        for path in ("announcements.atom", "awards/*", "data", "results", "rounds/*")
    ),
}


def _own(function: str) -> str:
    return f"{PREFIX}:lambda:{PLACE}:function:${{AWS::StackName}}-{function}"


ALLOWED: dict[str, dict[str, str]] = {
    "ApplyRole": {
        "ApplyLogs.Arn": "logs:CreateLogStream logs:PutLogEvents",
        "Table.Arn": "dynamodb:BatchGetItem dynamodb:ConditionCheckItem dynamodb:GetItem dynamodb:PutItem "
        "dynamodb:Query dynamodb:UpdateItem",
        ROUNDS: "s3:PutObject",
        "ReceiptKey.Arn": "kms:GetPublicKey kms:Sign",
        f"{PREFIX}:ses:{PLACE}:identity/*": "ses:SendEmail",
        f"{PREFIX}:ses:{PLACE}:configuration-set/*": "ses:SendEmail",
    },
    "IngestRole": {
        "IngestLogs.Arn": "logs:CreateLogStream logs:PutLogEvents",
        "Table.Arn": "dynamodb:ConditionCheckItem dynamodb:GetItem dynamodb:PutItem dynamodb:UpdateItem",
        ROUNDS: "s3:GetObject s3:GetObjectVersion",
        "UploadBucket.Arn": "s3:ListBucket",
        "UploadQueue.Arn": "sqs:DeleteMessage sqs:GetQueueAttributes sqs:ReceiveMessage",
    },
    "AcknowledgeRole": {
        "AcknowledgeLogs.Arn": "logs:CreateLogStream logs:PutLogEvents",
        "Table.Arn": "dynamodb:GetItem dynamodb:Query dynamodb:UpdateItem",
        "Table.StreamArn": "dynamodb:DescribeStream dynamodb:GetRecords dynamodb:GetShardIterator dynamodb:ListStreams",
        f"{PREFIX}:ses:{PLACE}:identity/*": "ses:SendEmail",
        f"{PREFIX}:ses:{PLACE}:configuration-set/*": "ses:SendEmail",
        "FailedJobs.Arn": "sqs:SendMessage",
    },
    "AdvanceRole": {
        "AdvanceLogs.Arn": "logs:CreateLogStream logs:PutLogEvents",
        "Table.Arn": "dynamodb:GetItem dynamodb:PutItem dynamodb:Query dynamodb:UpdateItem",
        "UploadBucket.Arn": "s3:ListBucketVersions",
        ROUNDS: "s3:PutObjectVersionTagging",
        "UploadQueue.Arn": "sqs:SendMessage",
        "FailedJobs.Arn": "sqs:SendMessage",
        _own("acknowledge"): "lambda:InvokeFunction",
        _own("summarise"): "lambda:InvokeFunction",
        _own("announce"): "lambda:InvokeFunction",
        _own("publish"): "lambda:InvokeFunction",
    },
    "SummariseRole": {
        "SummariseLogs.Arn": "logs:CreateLogStream logs:PutLogEvents",
        "Table.Arn": "dynamodb:GetItem dynamodb:Query dynamodb:UpdateItem",
        "UploadBucket.Arn": "s3:ListBucketVersions",
        "FailedUploads.Arn": "sqs:GetQueueAttributes",
        "FailedJobs.Arn": "sqs:GetQueueAttributes sqs:SendMessage",
        "StaffTopic": "sns:ListSubscriptionsByTopic sns:Publish",
    },
    "AdministerRole": {
        "AdministerLogs.Arn": "logs:CreateLogStream logs:PutLogEvents",
        "Table.Arn": "dynamodb:BatchGetItem dynamodb:GetItem dynamodb:PutItem dynamodb:Query dynamodb:UpdateItem",
        "FailedUploads.Arn": "sqs:ChangeMessageVisibility sqs:DeleteMessage sqs:ReceiveMessage",
        "FailedJobs.Arn": "sqs:ChangeMessageVisibility sqs:DeleteMessage sqs:ReceiveMessage",
        "UploadBucket.Arn": "s3:ListBucketVersions",
        DOCUMENTS: "s3:GetObjectVersion",
        FILES: "s3:GetObjectVersion",
        "UploadQueue.Arn": "sqs:SendMessage",
        _own("advance"): "lambda:InvokeFunction",
        _own("acknowledge"): "lambda:InvokeFunction",
        _own("summarise"): "lambda:InvokeFunction",
    },
    "DecideRole": {
        "DecideLogs.Arn": "logs:CreateLogStream logs:PutLogEvents",
        "Table.Arn": "dynamodb:BatchGetItem dynamodb:BatchWriteItem dynamodb:GetItem "
        "dynamodb:PutItem dynamodb:Query dynamodb:UpdateItem",
    },
    "AnnounceRole": {
        "AnnounceLogs.Arn": "logs:CreateLogStream logs:PutLogEvents",
        "Table.Arn": "dynamodb:GetItem dynamodb:PutItem dynamodb:Query dynamodb:UpdateItem",
        "AwardTopic": "sns:Publish",
        _own("publish"): "lambda:InvokeFunction",
        "FailedJobs.Arn": "sqs:SendMessage",
    },
    "PublishRole": {
        "PublishLogs.Arn": "logs:CreateLogStream logs:PutLogEvents",
        "Table.Arn": "dynamodb:GetItem dynamodb:Query dynamodb:UpdateItem",
        **dict.fromkeys(RESULTS, "s3:PutObject"),
        "FailedJobs.Arn": "sqs:SendMessage",
    },
    "SchedulerRole": {
        _own("acknowledge"): "lambda:InvokeFunction",
        _own("advance"): "lambda:InvokeFunction",
        _own("summarise"): "lambda:InvokeFunction",
        "FailedJobs.Arn": "sqs:SendMessage",
    },
}
"""What each role may do, by resource. Widening a role is a change here too, for a reviewer to see."""

FOR_LAMBDA = {"logs:CreateLogStream", "logs:PutLogEvents"}
"""What Lambda itself does in a function's name, whatever the function."""
FOR_QUEUES = {"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"}
FOR_STREAMS = {
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
}
FOR_MISSING_FILES = {"s3:ListBucket"}
"""S3 answers 403 instead of 404 to whoever may not list."""


@pytest.mark.parametrize("role", [*sorted(ALLOWED)])
def test_a_role_allows_what_is_agreed_and_no_more(role: str) -> None:
    agreed = {(action, resource) for resource, actions in ALLOWED[role].items() for action in actions.split()}
    assert allowed(role) == agreed


def test_there_are_no_roles_but_these() -> None:
    assert set(resources("AWS::IAM::Role")) == set(ALLOWED)


@pytest.mark.parametrize("function", sorted(functions()))
def test_a_function_may_do_what_its_code_calls_and_no_more(function: str) -> None:
    """The calls are read from the code: see tests/infrastructure/calls.py."""
    around = set(FOR_LAMBDA)
    if function in asynchronously_invoked():
        around |= {"sqs:SendMessage"}  # to the dead letters
    if function == "ingest":
        around |= FOR_QUEUES | FOR_MISSING_FILES
    if function == "acknowledge":
        around |= FOR_STREAMS
    may = {action for action, _ in allowed(f"{function.capitalize()}Role")}
    assert may == calls_of(function) | around


def test_no_role_leans_on_a_policy_that_aws_manages() -> None:
    for name, role in resources("AWS::IAM::Role").items():
        attached = [] if name == "SchedulerRole" else [{"Ref": "TracingPolicy"}]
        assert role.get("ManagedPolicyArns", []) == attached, name


def test_no_policy_allows_actions_by_wildcard() -> None:
    actions = [
        action
        for _, document in policy_documents()
        for statement in statements(document)
        if statement["Effect"] == "Allow"
        for action in listed(statement["Action"])
    ]
    assert len(actions) > 60
    assert [action for action in actions if "*" in action] == []
    assert [
        key for _, document in policy_documents() for one in statements(document) for key in one if "Not" in key
    ] == []


def test_all_resources_are_meant_in_the_tracing_policy_alone() -> None:
    everywhere = [
        (owner, sorted(listed(statement["Action"])))
        for owner, document in policy_documents()
        for statement in statements(document)
        if "*" in listed(statement.get("Resource", []))
    ]
    assert everywhere == [("TracingPolicy", ["xray:PutTelemetryRecords", "xray:PutTraceSegments"])]


def test_objects_are_read_and_written_below_rounds_alone_and_results_where_results_belong() -> None:
    of_objects = {
        resource
        for role in ALLOWED
        for action, resource in allowed(role)
        if action.startswith("s3:") and "Object" in action
    }
    assert of_objects == {ROUNDS, DOCUMENTS, FILES, *RESULTS}


def test_publish_may_write_every_file_that_it_makes_and_none_of_the_applicants_pages() -> None:
    may = [re.compile(one.removeprefix("${PagesBucket.Arn}/").replace("*", ".+")) for one in RESULTS]

    def allowed_to_write(path: str) -> bool:
        return any(one.fullmatch(path) for one in may)

    made = [file.path for file in all_files([published(december_2019())], ADDRESS)]
    assert [path for path in made if not allowed_to_write(path)] == []
    applicants = ("index.html", "config.json", "form.js", "sv/", "sv/form", "en/application", "sv/accessibility")
    assert [path for path in applicants if allowed_to_write(path)] == []


def test_versions_are_listed_below_rounds_alone() -> None:
    conditions = [
        statement.get("Condition")
        for _, document in policy_documents()
        for statement in statements(document)
        if "s3:ListBucketVersions" in listed(statement["Action"])
    ]
    assert conditions == [{"StringLike": {"s3:prefix": "rounds/*"}}] * 3


def _trusted(role: str) -> Any:
    (statement,) = resources("AWS::IAM::Role")[role]["AssumeRolePolicyDocument"]["Statement"]
    return statement


def test_a_role_is_taken_by_its_service_alone() -> None:
    for role in ALLOWED:
        service = "scheduler" if role == "SchedulerRole" else "lambda"
        statement = _trusted(role)
        assert (statement["Principal"], statement["Action"]) == (
            {"Service": f"{service}.amazonaws.com"},
            "sts:AssumeRole",
        )
    # Scheduler takes roles for whoever asks it to; Lambda only for who may pass the role to it.
    assert _trusted("SchedulerRole")["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


@pytest.mark.parametrize("role", ["AcknowledgeRole", "ApplyRole"])
def test_e_mail_is_allowed_only_where_a_sender_is_named(role: str) -> None:
    (policy,) = resources("AWS::IAM::Role")[role]["Policies"]
    conditional = [one["Fn::If"] for one in policy["PolicyDocument"]["Statement"] if "Fn::If" in one]
    mail = [(condition, given["Action"]) for condition, given, _ in conditional if "kms:Sign" not in given["Action"]]
    assert mail == [("SendsReceipts", ["ses:SendEmail"])]


@pytest.mark.parametrize("role", ["AcknowledgeRole", "ApplyRole"])
def test_e_mail_is_allowed_from_the_sender_alone_whatever_ses_looks_it_up_by(role: str) -> None:
    """SES asks for the identity that it verified the sender by, the sender's own or that of a domain above it; for the
    identity's default configuration set; and in its sandbox for the recipient's identity."""
    (policy,) = resources("AWS::IAM::Role")[role]["Policies"]
    (mail,) = [one for one in statements(policy["PolicyDocument"]) if "ses:SendEmail" in one["Action"]]
    assert mail["Condition"] == {"StringEquals": {"ses:FromAddress": {"Ref": "ReceiptSender"}}}


def test_the_sender_is_an_address_alone_as_ses_compares_it() -> None:
    """Of `Anslag <anslag@funder.example>` SES compares what is in the brackets, so the two would never be equal."""
    pattern = written()["Parameters"]["ReceiptSender"]["AllowedPattern"]
    assert re.fullmatch(pattern, "anslag@funder.example")
    assert re.fullmatch(pattern, "")
    for refused in ("Anslag <anslag@funder.example>", "Anslag<anslag@funder.example>", "<anslag@funder.example>"):
        assert not re.fullmatch(pattern, refused)


def test_programme_officers_may_use_the_staff_routes_and_find_them() -> None:
    document = resources("AWS::IAM::ManagedPolicy")["StaffPolicy"]["PolicyDocument"]
    assert {
        (action, named(resource))
        for statement in statements(document)
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    } == {
        ("execute-api:Invoke", f"{PREFIX}:execute-api:{PLACE}:${{Api}}/*/*/staff/*"),
        # The command knows the stack's name, and IAM is asked for that name with any identifier.
        ("cloudformation:DescribeStacks", f"{PREFIX}:cloudformation:{PLACE}:stack/${{AWS::StackName}}/*"),
    }


def test_nothing_that_would_replace_the_staff_policy_can_be_changed() -> None:
    """Whom it is attached to would keep the old one, which CloudFormation could not delete."""
    policy = resources("AWS::IAM::ManagedPolicy")["StaffPolicy"]
    assert {name: policy[name] for name in ("Description", "ManagedPolicyName", "Path") if name in policy} == {
        "Description": "For the roles or users of programme officers. "
        "It opens the staff routes, and tells where they are."
    }


@pytest.mark.parametrize(("topic", "role"), [("StaffTopic", "SummariseRole"), ("AwardTopic", "AnnounceRole")])
def test_one_function_alone_is_named_to_publish_on_a_topic(topic: str, role: str) -> None:
    """SNS's own policy, which a topic has that is given none, lets every identity of the account publish."""
    (policy,) = [one for one in resources("AWS::SNS::TopicPolicy").values() if one["Topics"] == [{"Ref": topic}]]
    assert policy["PolicyDocument"]["Statement"] == [
        {
            "Sid": "OneFunctionAlone",
            "Effect": "Allow",
            "Principal": {"AWS": {"Fn::GetAtt": [role, "Arn"]}},
            "Action": "sns:Publish",
            "Resource": {"Ref": topic},
        }
    ]


@pytest.mark.parametrize(("topic", "function"), [("StaffTopic", "Summarise"), ("AwardTopic", "Announce")])
def test_a_topics_policy_waits_until_the_role_that_it_names_is_known(topic: str, function: str) -> None:
    """SNS refuses a principal that it cannot find. Lambda makes no function whose role it cannot find either."""
    assert translated()["Resources"][f"{topic}Policy"]["DependsOn"] == f"{function}Function"


def test_alarms_alone_may_publish_to_the_alarm_topic_from_outside() -> None:
    (policy,) = [one for one in resources("AWS::SNS::TopicPolicy").values() if one["Topics"] == [{"Ref": "AlarmTopic"}]]
    assert policy["PolicyDocument"]["Statement"] == [
        {
            "Sid": "FromAlarmsAlone",
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": {"Ref": "AlarmTopic"},
            "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
        }
    ]
