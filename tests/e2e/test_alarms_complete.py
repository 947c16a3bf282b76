# SPDX-License-Identifier: Apache-2.0
"""Every alarm operation with the real client: a good call, each error, pages. Mute rules are newer than the boto3 of many
machines, so they are called by hand, signed. Verified on AWS: no; errors that carry a source were recorded from the service
by public tests, the others are from the API reference."""

import datetime
import json
import os
import subprocess
import time

import botocore.exceptions
import pytest

import conftest
from conftest import REGION, make_client, refused, signed_call, wait_for

ACCOUNT = "000000000000"
ARN = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:"
METRIC = {"Namespace": "VPC", "MetricName": "Rejects", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1,
          "Threshold": 3, "ComparisonOperator": "GreaterThanOrEqualToThreshold"}


@pytest.fixture
def cloudwatch(client):
    return client("cloudwatch")


@pytest.fixture
def mute(daemon):
    """An operation of CloudWatch that this boto3 may not know."""
    return lambda operation, **members: signed_call(
        daemon.endpoint, "monitoring", "GraniteServiceVersion20100801." + operation, members,
        headers={"Content-Type": "application/x-amz-json-1.0"})


@pytest.fixture
def inbox(client):
    """ARN of a topic and what its queue gets."""
    sns, sqs = client("sns"), client("sqs")
    queue = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    topic = sns.create_topic(Name="team")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:inbox")

    def messages():
        got = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=0).get("Messages", [])
        return sorted((json.loads(json.loads(m["Body"])["Message"]) for m in got), key=lambda m: m["StateChangeTime"])

    return topic, messages


def make_alarm(cloudwatch, name, **changes):
    cloudwatch.put_metric_alarm(**{"AlarmName": name, **METRIC, **changes})


def set_state(cloudwatch, name, state):
    cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="a test")


def names(answer, kind="MetricAlarms"):
    return [alarm["AlarmName"] for alarm in answer[kind]]


# ---- DescribeAlarms, DescribeAlarmsForMetric

def test_describe_alarms_filters_and_pages(cloudwatch):
    for i in range(7):
        make_alarm(cloudwatch, f"web-{i}")
    make_alarm(cloudwatch, "db", AlarmActions=[f"arn:aws:sns:{REGION}:{ACCOUNT}:team"])
    set_state(cloudwatch, "web-3", "ALARM")
    assert names(cloudwatch.describe_alarms(AlarmNames=["web-1", "db", "none"])) == ["db", "web-1"]
    assert len(names(cloudwatch.describe_alarms(AlarmNamePrefix="web-"))) == 7
    assert names(cloudwatch.describe_alarms(StateValue="ALARM")) == ["web-3"]
    assert names(cloudwatch.describe_alarms(ActionPrefix="arn:aws:sns:")) == ["db"]
    pages = cloudwatch.get_paginator("describe_alarms").paginate(PaginationConfig={"PageSize": 3})
    assert [len(names(page)) for page in pages] == [3, 3, 2]


def test_describe_alarms_refuses_what_the_reference_refuses(cloudwatch):
    code, _ = refused(cloudwatch.describe_alarms, NextToken="no token of ours")
    assert code == "InvalidNextToken"
    code, text = refused(cloudwatch.describe_alarms, AlarmNames=["a"], AlarmNamePrefix="a")
    assert code == "InvalidParameterCombination" and "mutually exclusive" in text
    code, _ = refused(cloudwatch.describe_alarms, AlarmNames=[f"a{i}" for i in range(101)])
    assert code == "ValidationError"


def test_describe_alarms_for_metric_wants_all_dimensions(cloudwatch):
    make_alarm(cloudwatch, "one", Dimensions=[{"Name": "Eni", "Value": "eni-1"}])
    make_alarm(cloudwatch, "other", Dimensions=[{"Name": "Eni", "Value": "eni-1"}], Statistic="Maximum")
    metric = {"Namespace": "VPC", "MetricName": "Rejects", "Dimensions": [{"Name": "Eni", "Value": "eni-1"}]}
    assert names(cloudwatch.describe_alarms_for_metric(**metric)) == ["one", "other"]
    assert names(cloudwatch.describe_alarms_for_metric(**metric, Statistic="Sum")) == ["one"]
    assert names(cloudwatch.describe_alarms_for_metric(**metric, Period=300)) == []
    assert names(cloudwatch.describe_alarms_for_metric(Namespace="VPC", MetricName="Rejects")) == []
    code, _ = refused(cloudwatch.describe_alarms_for_metric, Namespace=":VPC", MetricName="Rejects")
    assert code == "ValidationError"


# ---- History

def test_history_has_types_times_order_and_pages(cloudwatch):
    make_alarm(cloudwatch, "a")
    make_alarm(cloudwatch, "b")
    for state in ("OK", "ALARM", "OK", "ALARM"):
        set_state(cloudwatch, "a", state)
    changes = cloudwatch.describe_alarm_history(AlarmName="a", HistoryItemType="StateUpdate",
                                                ScanBy="TimestampAscending")["AlarmHistoryItems"]
    assert [item["HistorySummary"].split()[-1] for item in changes] == ["OK", "ALARM", "OK", "ALARM"]
    data = json.loads(changes[-1]["HistoryData"])
    assert data["version"] == "1.0" and data["newState"]["stateValue"] == "ALARM"
    down = cloudwatch.describe_alarm_history(AlarmName="a", HistoryItemType="StateUpdate")["AlarmHistoryItems"]
    assert [item["HistorySummary"] for item in down] == [item["HistorySummary"] for item in reversed(changes)]
    made = cloudwatch.describe_alarm_history(HistoryItemType="ConfigurationUpdate", AlarmTypes=["MetricAlarm"])
    assert {item["AlarmName"] for item in made["AlarmHistoryItems"]} == {"a", "b"}
    pages = cloudwatch.get_paginator("describe_alarm_history").paginate(
        AlarmName="a", HistoryItemType="StateUpdate", PaginationConfig={"PageSize": 3})
    assert [len(page["AlarmHistoryItems"]) for page in pages] == [3, 1]
    tomorrow = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
    assert cloudwatch.describe_alarm_history(StartDate=tomorrow)["AlarmHistoryItems"] == []
    assert refused(cloudwatch.describe_alarm_history, NextToken="x")[0] == "InvalidNextToken"
    cloudwatch.delete_alarms(AlarmNames=["a"])
    assert cloudwatch.describe_alarm_history(AlarmName="a")["AlarmHistoryItems"]


# ---- SetAlarmState. Recorded from the service: ResourceNotFound without a text, the enumeration, InvalidFormat.

def test_set_alarm_state_and_its_errors(cloudwatch):
    make_alarm(cloudwatch, "a")
    cloudwatch.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="by hand", StateReasonData='{"why": 1}')
    alarm = cloudwatch.describe_alarms(AlarmNames=["a"])["MetricAlarms"][0]
    assert (alarm["StateValue"], alarm["StateReason"], alarm["StateReasonData"]) == ("ALARM", "by hand", '{"why": 1}')
    with pytest.raises(botocore.exceptions.ClientError) as problem:
        cloudwatch.set_alarm_state(AlarmName="no", StateValue="OK", StateReason="r")
    error = problem.value.response["Error"]
    assert error["Code"] == "ResourceNotFound" and not error.get("Message")
    code, text = refused(cloudwatch.set_alarm_state, AlarmName="a", StateValue="INVALID", StateReason="r")
    assert code == "ValidationError" and "[INSUFFICIENT_DATA, ALARM, OK]" in text and "'stateValue'" in text
    code, _ = refused(cloudwatch.set_alarm_state, AlarmName="a", StateValue="OK", StateReason="r", StateReasonData="{")
    assert code in ("InvalidFormat", "InvalidFormatFault")
    code, _ = refused(cloudwatch.set_alarm_state, AlarmName="a", StateValue="OK", StateReason="r" * 1024)
    assert code == "ValidationError"


# ---- EnableAlarmActions, DisableAlarmActions, DeleteAlarms

def test_disabled_actions_do_not_run_and_are_not_made_up_for(cloudwatch, inbox):
    topic, messages = inbox
    make_alarm(cloudwatch, "a", AlarmActions=[topic], OKActions=[topic])
    cloudwatch.disable_alarm_actions(AlarmNames=["a", "unknown"])
    set_state(cloudwatch, "a", "ALARM")
    assert cloudwatch.describe_alarms(AlarmNames=["a"])["MetricAlarms"][0]["ActionsEnabled"] is False
    cloudwatch.enable_alarm_actions(AlarmNames=["a"])
    set_state(cloudwatch, "a", "OK")
    told = wait_for(messages, "the notification")
    assert [message["NewStateValue"] for message in told] == ["OK"]
    many = [f"a{i}" for i in range(101)]
    assert refused(cloudwatch.enable_alarm_actions, AlarmNames=many)[0] == "ValidationError"
    assert refused(cloudwatch.disable_alarm_actions, AlarmNames=many)[0] == "ValidationError"


def test_delete_alarms_passes_over_unknown_names(cloudwatch):
    make_alarm(cloudwatch, "a")
    cloudwatch.delete_alarms(AlarmNames=["a", "unknown"])
    assert names(cloudwatch.describe_alarms()) == []
    assert refused(cloudwatch.delete_alarms, AlarmNames=[f"a{i}" for i in range(101)])[0] == "ValidationError"
    make_alarm(cloudwatch, "child")
    for name in ("one", "two"):
        cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule="ALARM(child)")
    code, text = refused(cloudwatch.delete_alarms, AlarmNames=["child"])
    assert code == "ValidationError" and "depending on it" in text
    assert refused(cloudwatch.delete_alarms, AlarmNames=["one", "two"])[0] == "ValidationError"


# ---- PutMetricAlarm's errors, texts as published by users where the reference has none

@pytest.mark.parametrize("change, key_words", [
    ({"Period": 45}, "Period must be 10, 20, 30 or a multiple of 60"),
    ({"Period": 300, "EvaluationPeriods": 289}, "more than a day"),
    ({"Period": 3600, "EvaluationPeriods": 169}, "more than a week"),
    ({"AlarmActions": ["nonsense"]}, "Invalid arn syntax: nonsense"),
    ({"AlarmActions": ["arn:aws:sns:eu-central-1:000000000000:t"]}, "Invalid region eu-central-1"),
    ({"AlarmName": "a\x01b"}, "control characters"),
    ({"Statistic": None}, "Statistic"),
    ({"Period": None}, "Period"),
    ({"Threshold": None}, "Threshold"),
    ({"ExtendedStatistic": "p90"}, "both Statistic and ExtendedStatistic"),
    ({"Statistic": None, "ExtendedStatistic": "90"}, "ExtendedStatistic"),
    ({"TreatMissingData": "sometimes"}, "TreatMissingData"),
    ({"EvaluateLowSampleCountPercentile": "x"}, "EvaluateLowSampleCountPercentile"),
    ({"EvaluationPeriods": 2, "DatapointsToAlarm": 3}, ""),
    ({"ComparisonOperator": "Equal"}, "comparisonOperator"),
])
def test_put_metric_alarm_refuses(cloudwatch, change, key_words):
    members = {"AlarmName": "a", **METRIC, **change}
    code, text = refused(cloudwatch.put_metric_alarm, **{k: v for k, v in members.items() if v is not None})
    assert code.startswith(("Validation", "InvalidParameter", "Missing")) and key_words.lower() in text.lower()


# ---- Mute rules

def rule(expression="cron(0 2 * * *)", duration="PT4H", **more):
    return {"Schedule": {"Expression": expression, "Duration": duration, **more}}


def now_at():
    return time.strftime("at(%Y-%m-%dT%H:%M)", time.gmtime())


def test_a_mute_rule_is_kept_as_it_was_given(mute):
    mute("PutAlarmMuteRule", Name="nightly", Description="backup", Rule=rule(Timezone="Europe/Berlin"),
         MuteTargets={"AlarmNames": ["a", "b"]}, ExpireDate=2_000_000_000, Tags=[{"Key": "k", "Value": "v"}])
    shown = mute("GetAlarmMuteRule", AlarmMuteRuleName="nightly")
    assert shown["AlarmMuteRuleArn"] == ARN + "alarm-mute-rule:nightly"
    assert shown["Rule"] == rule(Timezone="Europe/Berlin") and shown["MuteTargets"] == {"AlarmNames": ["a", "b"]}
    assert shown["MuteType"] == "RECURRING" and shown["Status"] in ("SCHEDULED", "ACTIVE")
    assert shown["Description"] == "backup" and shown["ExpireDate"] == 2_000_000_000 and "StartDate" not in shown
    mute("PutAlarmMuteRule", Name="nightly", Rule=rule("at(2020-01-01T00:00)", "PT1M"))
    shown = mute("GetAlarmMuteRule", AlarmMuteRuleName="nightly")
    assert shown["Status"] == "EXPIRED" and shown["MuteType"] == "ONE_TIME" and "MuteTargets" not in shown


def test_tags_of_a_mute_rule(mute, cloudwatch):
    mute("PutAlarmMuteRule", Name="r", Rule=rule(), Tags=[{"Key": "k", "Value": "v"}])
    arn = ARN + "alarm-mute-rule:r"
    cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "l", "Value": "w"}])
    cloudwatch.untag_resource(ResourceARN=arn, TagKeys=["k"])
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "l", "Value": "w"}]


@pytest.mark.parametrize("members, key_words", [
    ({"Rule": rule("cron(0 2 * *)")}, "five fields"),
    ({"Rule": rule("rate(1 day)")}, "cron(...) or at(...)"),
    ({"Rule": rule("at(2026-13-01T00:00)")}, "yyyy-MM-ddThh:mm"),
    ({"Rule": rule(duration="PT10S")}, "ISO 8601"),
    ({"Rule": rule(duration="P16D")}, "P15D"),
    ({"Rule": rule(Timezone="Mars/Olympus")}, "time zone"),
    ({"Rule": {}}, "schedule"),
    ({}, "rule"),
    ({"Rule": rule(), "MuteTargets": {"AlarmNames": [f"a{i}" for i in range(101)]}}, "100"),
    ({"Rule": rule(), "StartDate": 1_900_000_000, "ExpireDate": 1_800_000_000}, "ExpireDate"),
    ({"Rule": rule(), "Name": "n" * 256}, "255"),
])
def test_put_alarm_mute_rule_refuses(mute, members, key_words):
    code, text = refused(mute, "PutAlarmMuteRule", **{"Name": "r", **members})
    assert "Validation" in code and key_words.lower() in text.lower()


def test_mute_rules_are_listed_and_deleted(mute):
    for i in range(5):
        mute("PutAlarmMuteRule", Name=f"r{i}", Rule=rule("cron(0 2 1 1 *)", "PT1M"), MuteTargets={"AlarmNames": [f"a{i % 2}"]})
    mute("PutAlarmMuteRule", Name="now", Rule=rule(now_at()), MuteTargets={"AlarmNames": ["a0"]})

    def listed(**members):
        answer = mute("ListAlarmMuteRules", **members)
        return [one["AlarmMuteRuleArn"].rsplit(":", 1)[1] for one in answer["AlarmMuteRuleSummaries"]], answer.get("NextToken")

    assert listed(AlarmName="a1") == (["r1", "r3"], None)
    assert listed(Statuses=["ACTIVE"]) == (["now"], None)
    first, token = listed(MaxRecords=4)
    assert first + listed(MaxRecords=4, NextToken=token)[0] == ["now", "r0", "r1", "r2", "r3", "r4"]
    assert refused(mute, "ListAlarmMuteRules", NextToken="x")[0].endswith("InvalidNextToken")
    assert "Validation" in refused(mute, "ListAlarmMuteRules", Statuses=["SLEEPING"])[0]
    for _ in range(2):  # idempotent
        mute("DeleteAlarmMuteRule", AlarmMuteRuleName="r0")
    assert "ResourceNotFound" in refused(mute, "GetAlarmMuteRule", AlarmMuteRuleName="r0")[0]


def test_muted_actions_run_when_the_rule_is_deleted(mute, cloudwatch, inbox):
    topic, messages = inbox
    make_alarm(cloudwatch, "a", AlarmActions=[topic], OKActions=[topic])
    make_alarm(cloudwatch, "b", AlarmActions=[topic])
    mute("PutAlarmMuteRule", Name="r", Rule=rule(now_at()), MuteTargets={"AlarmNames": ["a"]})
    for name in ("a", "b"):
        set_state(cloudwatch, name, "ALARM")
    assert [m["AlarmName"] for m in wait_for(messages, "the other alarm")] == ["b"]
    muted = cloudwatch.describe_alarm_history(AlarmName="a", HistoryItemType="Action")["AlarmHistoryItems"]
    assert [json.loads(item["HistoryData"])["actionState"] for item in muted] == ["Muted"]
    mute("DeleteAlarmMuteRule", AlarmMuteRuleName="r")
    told = wait_for(lambda: len(messages()) == 2 and messages(), "what was held")
    late = next(m for m in told if m["AlarmName"] == "a")
    assert late["ActionExecutedAfterMuteWindow"] is True and late["NewStateValue"] == "ALARM"


def test_the_newest_boto3_of_this_machine_knows_mute_rules(daemon):
    """A client that knows the operations, in whichever Python has one."""
    script = (
        "import boto3, sys\n"
        "c = boto3.client('cloudwatch', endpoint_url=sys.argv[1], region_name='us-east-1', aws_access_key_id='test', "
        "aws_secret_access_key='test')\n"
        "if not hasattr(c, 'put_alarm_mute_rule'): sys.exit(3)\n"
        "c.put_alarm_mute_rule(Name='n', Rule={'Schedule': {'Expression': 'cron(0 2 * * SUN)', 'Duration': 'PT2H'}}, "
        "MuteTargets={'AlarmNames': ['a']})\n"
        "assert c.get_alarm_mute_rule(AlarmMuteRuleName='n')['MuteType'] == 'RECURRING'\n"
        "assert len(c.list_alarm_mute_rules(AlarmName='a')['AlarmMuteRuleSummaries']) == 1\n"
        "c.delete_alarm_mute_rule(AlarmMuteRuleName='n')\n"
        "try: c.get_alarm_mute_rule(AlarmMuteRuleName='n')\n"
        "except c.exceptions.ResourceNotFoundException: pass\n"
        "else: sys.exit('it is still there')\n")
    for folder in os.environ["PATH"].split(os.pathsep):
        python = os.path.join(folder, "python3")
        try:
            done = subprocess.run([python, "-c", script, daemon.endpoint], capture_output=True, text=True, timeout=60, check=False)
        except OSError:
            continue
        if done.returncode == 3 or "ModuleNotFoundError" in done.stderr:
            continue
        assert done.returncode == 0, done.stderr
        return
    pytest.skip("no boto3 that knows alarm mute rules")


# ---- What CloudWatch has not: commands

@pytest.fixture
def weir(daemon):
    def run(*arguments):
        address = daemon.endpoint.split("//")[1]
        environment = {**os.environ, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "HOME": "/nonexistent"}
        return subprocess.run([str(conftest.BINARY), *arguments, "--listen", address, "--ephemeral"], env=environment, capture_output=True,
                              text=True, timeout=60, check=False)
    return run


def test_weir_alarms_shows_and_explains(weir, cloudwatch):
    make_alarm(cloudwatch, "rejects", EvaluationPeriods=3, DatapointsToAlarm=2)
    now = time.time()
    for minutes, value in ((4, 9), (3, 1), (2, 8)):
        cloudwatch.put_metric_data(Namespace="VPC", MetricData=[
            {"MetricName": "Rejects", "Value": value, "Timestamp": now - 60 * minutes}])
    cloudwatch.put_composite_alarm(AlarmName="site", AlarmRule="ALARM(rejects)")
    wait_for(lambda: cloudwatch.describe_alarms(StateValue="ALARM")["MetricAlarms"], "the alarm")
    shown = json.loads(weir("alarms", "--json").stdout)
    assert {one["name"]: one["state"] for one in shown} == {"rejects": "ALARM", "site": "ALARM"}
    assert 8.0 in next(one for one in shown if one["name"] == "rejects")["values"]
    table = weir("alarms", "--state", "ALARM").stdout
    assert table.splitlines()[0].split() == ["STATE", "ALARM", "DATA", "THRESHOLD", "SINCE", "WHY"] and ">= 3" in table
    told = weir("alarms", "explain", "rejects").stdout
    assert "2 of 3 periods of 60 s" in told and "so the state is ALARM" in told and "breaching" in told
    assert "└─ ALARM  rejects" in weir("alarms", "explain", "site").stdout
    missing = weir("alarms", "explain", "none")
    assert missing.returncode == 1 and "There is no alarm none" in missing.stderr


def test_weir_silence_holds_notifications_with_a_comment_and_an_end(weir, cloudwatch, mute, inbox):
    topic, messages = inbox
    make_alarm(cloudwatch, "a", AlarmActions=[topic])
    done = weir("silence", "a", "--for", "2h", "--comment", "moving the rack")
    assert done.returncode == 0 and "silenced until" in done.stdout
    assert "moving the rack" in weir("silence", "--list").stdout
    shown = mute("GetAlarmMuteRule", AlarmMuteRuleName="silence-a")
    assert shown["Status"] == "ACTIVE" and 7100 < shown["ExpireDate"] - time.time() <= 7200
    set_state(cloudwatch, "a", "ALARM")
    assert "muted by silence-a" in weir("alarms", "explain", "a").stdout
    assert weir("silence", "a", "--end").returncode == 0
    assert [m["AlarmName"] for m in wait_for(messages, "what was held")] == ["a"]
    assert weir("silence", "none").returncode == 1
    assert weir("silence").returncode == 2


def test_grouped_and_repeated_notifications_are_settings(tmp_path):
    daemon = conftest.Daemon("--ephemeral", "--capture", "false", "--alarms-group-s", "5", "--alarms-repeat-s", "3600")
    try:
        cloudwatch, sns, sqs = (make_client(s, daemon.endpoint) for s in ("cloudwatch", "sns", "sqs"))
        queue = sqs.create_queue(QueueName="inbox")["QueueUrl"]
        topic = sns.create_topic(Name="team")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:inbox")

        def messages():
            got = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=0).get("Messages", [])
            return [json.loads(m["Body"]) for m in got]

        for name in ("a", "b"):
            make_alarm(cloudwatch, name, AlarmActions=[topic], TreatMissingData="ignore")
            set_state(cloudwatch, name, "ALARM")
        daemon.advance(6)
        told = wait_for(messages, "the message of both")
        assert len(told) == 1 and told[0]["Subject"] == "ALARM: 2 alarms in US East (N. Virginia)"
        assert [one["AlarmName"] for one in json.loads(told[0]["Message"])["Alarms"]] == ["a", "b"]
        daemon.advance(3600)
        daemon.advance(6)
        told = wait_for(lambda: len(messages()) == 2 and messages(), "the repetition")
        assert {one["OldStateValue"] for one in json.loads(told[1]["Message"])["Alarms"]} == {"ALARM"}
    finally:
        daemon.stop()
