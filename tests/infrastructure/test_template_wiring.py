"""What arrives where, how often it is tried, and where it ends when nothing helps."""

from __future__ import annotations

from typing import Any

from shared import keys
from tests.infrastructure.template_reading import (
    allowed,
    asynchronously_invoked,
    function_of,
    functions,
    named,
    queue_of,
    started_by,
)
from tests.template import resources, written

OF_QUEUES = "AWS::SQS::Queue"
OF_MAPPINGS = "AWS::Lambda::EventSourceMapping"
OF_SCHEDULES = "AWS::Scheduler::Schedule"


def mapping(function: str) -> dict[str, Any]:
    found = [one for one in resources(OF_MAPPINGS).values() if function_of(one["FunctionName"]) == function]
    assert len(found) == 1
    return found[0]


def invoke_config(function: str) -> dict[str, Any]:
    found = resources("AWS::Lambda::EventInvokeConfig").values()
    (config,) = (one for one in found if function_of(one["FunctionName"]) == function)
    return config


def dead_letter_queues() -> set[str]:
    """Wherever something is put that failed on every try."""
    queues = {
        queue_of(one["RedrivePolicy"]["deadLetterTargetArn"])
        for one in resources(OF_QUEUES).values()
        if "RedrivePolicy" in one
    }
    (rule,) = resources("AWS::Events::Rule").values()
    queues |= {queue_of(target["DeadLetterConfig"]["Arn"]) for target in rule["Targets"]}
    queues |= {queue_of(one["Target"]["DeadLetterConfig"]["Arn"]) for one in resources(OF_SCHEDULES).values()}
    destinations = [invoke_config(function) for function in asynchronously_invoked()] + [mapping("acknowledge")]
    return queues | {queue_of(one["DestinationConfig"]["OnFailure"]["Destination"]) for one in destinations}


# ---------------------------------------------------------------- uploads


def test_the_rule_sends_documents_of_this_bucket_to_the_upload_queue_and_nothing_else_anywhere() -> None:
    (rule,) = resources("AWS::Events::Rule").values()
    assert rule["EventPattern"] == {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {
            "bucket": {"name": [{"Ref": "UploadBucket"}]},
            "object": {"key": [{"suffix": "/application.json"}]},
        },
    }
    assert rule.get("State", "ENABLED") == "ENABLED"
    (target,) = rule["Targets"]
    assert target == {
        "Id": "upload-queue",
        "Arn": {"Fn::GetAtt": ["UploadQueue", "Arn"]},
        "DeadLetterConfig": {"Arn": {"Fn::GetAtt": ["FailedUploads", "Arn"]}},
        "RetryPolicy": {"MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 86400},
    }
    bucket = resources("AWS::S3::Bucket")["UploadBucket"]
    assert bucket["NotificationConfiguration"] == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}


def test_the_rule_wakes_ingest_for_documents_and_not_for_attachments() -> None:
    (rule,) = resources("AWS::Events::Rule").values()
    ((condition,),) = (rule["EventPattern"]["detail"]["object"]["key"],)
    assert keys.document_object("r", "A", "S").endswith(condition["suffix"])
    assert not keys.attachment_object("r", "A", "0" * 64).endswith(condition["suffix"])


def test_exactly_that_rule_may_write_to_the_upload_queue_and_its_dead_letters() -> None:
    (policy,) = resources("AWS::SQS::QueuePolicy").values()
    queues = [{"Fn::GetAtt": ["UploadQueue", "Arn"]}, {"Fn::GetAtt": ["FailedUploads", "Arn"]}]
    assert policy["Queues"] == [{"Ref": "UploadQueue"}, {"Ref": "FailedUploads"}]
    assert policy["PolicyDocument"]["Statement"] == [
        {
            "Sid": "FromTheRuleAlone",
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queues,
            "Condition": {
                "ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["DocumentUploaded", "Arn"]}},
                "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
            },
        }
    ]


def test_an_upload_is_tried_five_times_before_it_is_given_up() -> None:
    queue = resources(OF_QUEUES)["UploadQueue"]
    assert queue["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": ["FailedUploads", "Arn"]},
        "maxReceiveCount": 5,
    }


# ---------------------------------------------------------------- event sources


def test_every_event_source_reports_single_failures() -> None:
    mappings = resources(OF_MAPPINGS)
    assert {function_of(one["FunctionName"]) for one in mappings.values()} == {"ingest", "acknowledge"}
    for name, one in mappings.items():
        assert one["FunctionResponseTypes"] == ["ReportBatchItemFailures"], name
        assert one.get("Enabled", True) is True, name


def test_a_queue_waits_six_times_as_long_as_its_function_may_run() -> None:
    fed = [one for one in resources(OF_MAPPINGS).values() if named(one["EventSourceArn"]).endswith("Queue.Arn")]
    assert len(fed) == 1
    for one in fed:
        queue = resources(OF_QUEUES)[queue_of(one["EventSourceArn"])]
        timeout = functions()[function_of(one["FunctionName"])]["Timeout"]
        assert queue["VisibilityTimeout"] >= 6 * timeout


def test_the_stream_gives_up_before_it_forgets_and_says_what_it_gave_up() -> None:
    stream = mapping("acknowledge")
    assert named(stream["EventSourceArn"]) == "Table.StreamArn"
    assert stream["StartingPosition"] == "TRIM_HORIZON"
    assert stream["BisectBatchOnFunctionError"] is True
    # Without these two Lambda tries for ever (-1), and a record that always fails blocks its shard for a day.
    assert 0 < stream["MaximumRetryAttempts"] <= 100
    assert 0 < stream["MaximumRecordAgeInSeconds"] < 24 * 3600
    assert queue_of(stream["DestinationConfig"]["OnFailure"]["Destination"]) == "FailedJobs"


def test_the_stream_wakes_acknowledge_for_new_outcomes_alone() -> None:
    (pattern,) = mapping("acknowledge")["FilterCriteria"]["Filters"]
    assert pattern == {
        "Pattern": '{"eventName": ["INSERT"], "dynamodb": {"Keys": {"sk": {"S": [{"prefix": "SUBMISSION#"}]}}}}'
    }
    assert keys.submission_key("r", "A", "S", "v")["sk"].startswith("SUBMISSION#")


# ---------------------------------------------------------------- what failed on every try


def test_every_queue_but_the_dead_letters_has_dead_letters() -> None:
    redriven = {name for name, one in resources(OF_QUEUES).items() if "RedrivePolicy" in one}
    assert set(resources(OF_QUEUES)) - redriven == dead_letter_queues() == {"FailedUploads", "FailedJobs"}


def test_every_asynchronously_invoked_function_gives_up_into_the_dead_letters_within_the_hour() -> None:
    assert asynchronously_invoked() == {"acknowledge", "advance", "announce", "publish", "summarise"}
    configured = resources("AWS::Lambda::EventInvokeConfig").values()
    assert {function_of(one["FunctionName"]) for one in configured} == asynchronously_invoked()
    for one in configured:
        assert queue_of(one["DestinationConfig"]["OnFailure"]["Destination"]) == "FailedJobs"
        assert one["MaximumRetryAttempts"] in (0, 1, 2)
        assert one["MaximumEventAgeInSeconds"] <= 3600


def test_whoever_gives_up_may_write_to_the_dead_letters() -> None:
    """Lambda writes as the function and Scheduler as its role: without the right, the letter is lost unseen."""
    writing = ("sqs:SendMessage", "FailedJobs.Arn")
    for function in asynchronously_invoked() | {function_of(mapping("acknowledge")["FunctionName"])}:
        assert writing in allowed(f"{function.capitalize()}Role"), function
    assert writing in allowed("SchedulerRole")


def test_dead_letters_are_kept_as_long_as_sqs_can() -> None:
    for name, queue in resources(OF_QUEUES).items():
        assert queue["MessageRetentionPeriod"] == 14 * 24 * 3600, name


def test_every_queue_is_encrypted_with_the_key_of_sqs() -> None:
    for name, queue in resources(OF_QUEUES).items():
        assert queue["SqsManagedSseEnabled"] is True, name
        assert "KmsMasterKeyId" not in queue, f"EventBridge could not write to {name}"


def test_dead_letters_raise_an_alarm_at_the_first() -> None:
    watched = set()
    for alarm in resources("AWS::CloudWatch::Alarm").values():
        if alarm["MetricName"] == "ApproximateNumberOfMessagesVisible":
            (dimension,) = alarm["Dimensions"]
            queue, _, attribute = named(dimension["Value"]).partition(".")
            assert (alarm["Namespace"], dimension["Name"], attribute) == ("AWS/SQS", "QueueName", "QueueName")
            assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (0, "GreaterThanThreshold")
            watched.add(queue)
    assert watched == dead_letter_queues()


def test_dead_letters_raise_another_alarm_in_good_time_before_they_expire() -> None:
    watched = set()
    for alarm in resources("AWS::CloudWatch::Alarm").values():
        (dimension,) = alarm["Dimensions"]
        queue = named(dimension["Value"]).partition(".")[0] if dimension["Name"] == "QueueName" else ""
        if alarm["MetricName"] == "ApproximateAgeOfOldestMessage" and queue in dead_letter_queues():
            assert alarm["Threshold"] * 2 <= resources(OF_QUEUES)[queue]["MessageRetentionPeriod"]
            watched.add(queue)
    assert watched == dead_letter_queues()


def test_every_alarm_says_what_it_means_and_reaches_the_operator() -> None:
    alarms = resources("AWS::CloudWatch::Alarm")
    for name, alarm in alarms.items():
        assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}], name
        assert alarm["AlarmDescription"].endswith("."), name
        assert alarm["TreatMissingData"] == ("breaching" if name == "HeartbeatAlarm" else "notBreaching"), name
    subscribed = resources("AWS::SNS::Subscription")["OperatorSubscription"]
    assert subscribed == {
        "TopicArn": {"Ref": "AlarmTopic"},
        "Protocol": "email",
        "Endpoint": {"Ref": "OperatorAddress"},
    }


def test_every_e_mail_address_that_may_be_given_is_subscribed() -> None:
    subscribed = {
        named(one["Endpoint"]): named(one["TopicArn"]) for one in resources("AWS::SNS::Subscription").values()
    }
    staff = {name: "StaffTopic" for name in written()["Parameters"] if name.startswith("StaffAddress")}
    assert subscribed == {**staff, "OperatorAddress": "AlarmTopic"}


# ---------------------------------------------------------------- schedules


def test_the_jobs_are_scheduled_with_dead_letters() -> None:
    found = {function_of(one["Target"]["Arn"]): one for one in resources(OF_SCHEDULES).values()}
    assert set(found) == {"acknowledge", "advance", "summarise"}
    for one in found.values():
        assert one.get("State", "ENABLED") == "ENABLED"
        assert named(one["Target"]["RoleArn"]) == "SchedulerRole.Arn"
        assert queue_of(one["Target"]["DeadLetterConfig"]["Arn"]) == "FailedJobs"
        assert one["Target"]["RetryPolicy"]["MaximumRetryAttempts"] <= 3
        assert one["Target"]["RetryPolicy"]["MaximumEventAgeInSeconds"] <= 600
    assert found["advance"]["ScheduleExpression"] == {"Ref": "HeartbeatRate"}
    assert found["summarise"]["ScheduleExpression"] == {"Ref": "DigestTime"}
    assert found["summarise"]["ScheduleExpressionTimezone"] == {"Ref": "TimeZone"}
    assert found["acknowledge"]["ScheduleExpression"] == "rate(1 day)"
    assert written()["Parameters"]["TimeZone"]["Default"] == "Europe/Stockholm"


def test_every_function_that_another_starts_may_be_started_by_it() -> None:
    assert {function: started_by(function) for function in functions() if started_by(function)} == {
        "administer": {"acknowledge", "advance", "summarise"},
        "advance": {"acknowledge", "announce", "publish", "summarise"},
        "announce": {"publish"},
    }
    for function in functions():
        rights = allowed(f"{function.capitalize()}Role")
        invoked = {function_of(arn) for action, arn in rights if action == "lambda:InvokeFunction"}
        assert invoked == started_by(function)
