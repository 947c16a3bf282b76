# SPDX-License-Identifier: Apache-2.0
"""Composite alarms and alarms on expressions with the real client. Verified on AWS: no; from the CloudWatch User Guide,
"Creating a composite alarm" and "Create a CloudWatch alarm based on a metric math expression"."""

import json
import time

import pytest

from conftest import REGION, refused, wait_for

ACCOUNT = "000000000000"


@pytest.fixture
def cloudwatch(client):
    return client("cloudwatch")


@pytest.fixture
def inbox(client):
    """ARN of a topic and what its queue gets."""
    sns, sqs = client("sns"), client("sqs")
    queue = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    topic = sns.create_topic(Name="team")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:inbox")

    def messages():
        got = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=0).get("Messages", [])
        return [json.loads(json.loads(m["Body"])["Message"]) for m in got]

    return topic, messages


def make_alarm(cloudwatch, name, **changes):
    cloudwatch.put_metric_alarm(**{
        "AlarmName": name, "Namespace": "VPC", "MetricName": "Rejects", "Statistic": "Sum", "Period": 60,
        "EvaluationPeriods": 1, "Threshold": 3, "ComparisonOperator": "GreaterThanOrEqualToThreshold", **changes})


def set_state(cloudwatch, name, state):
    cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="a test")


def composite(cloudwatch, name):
    return cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"][0]


def test_a_composite_alarm_follows_its_children_and_tells_once(cloudwatch, inbox):
    topic, messages = inbox
    for name in ("a", "b"):
        make_alarm(cloudwatch, name)
        set_state(cloudwatch, name, "OK")
    cloudwatch.put_composite_alarm(AlarmName="both", AlarmRule='ALARM("a") AND ALARM("b")', AlarmActions=[topic])
    assert composite(cloudwatch, "both")["StateValue"] == "OK"
    set_state(cloudwatch, "a", "ALARM")
    assert composite(cloudwatch, "both")["StateValue"] == "OK"
    set_state(cloudwatch, "b", "ALARM")
    shown = composite(cloudwatch, "both")
    assert shown["StateValue"] == "ALARM" and shown["AlarmRule"] == 'ALARM("a") AND ALARM("b")'
    told = wait_for(messages, "the notification")
    assert [(m["AlarmName"], m["NewStateValue"]) for m in told] == [("both", "ALARM")]
    assert told[0]["AlarmRule"] == 'ALARM("a") AND ALARM("b")'
    history = cloudwatch.describe_alarm_history(AlarmName="both", AlarmTypes=["CompositeAlarm"])["AlarmHistoryItems"]
    assert "Alarm updated from OK to ALARM" in [item["HistorySummary"] for item in history]


def test_relatives_and_pages_of_composite_alarms(cloudwatch):
    make_alarm(cloudwatch, "child")
    for i in range(3):
        cloudwatch.put_composite_alarm(AlarmName=f"parent-{i}", AlarmRule="ALARM(child)")
    parents = cloudwatch.describe_alarms(ParentsOfAlarmName="child")
    assert [a["AlarmName"] for a in parents["CompositeAlarms"]] == ["parent-0", "parent-1", "parent-2"]
    children = cloudwatch.describe_alarms(ChildrenOfAlarmName="parent-1")
    assert [a["AlarmName"] for a in children["MetricAlarms"]] == ["child"]
    pages = cloudwatch.get_paginator("describe_alarms").paginate(
        AlarmTypes=["CompositeAlarm"], PaginationConfig={"PageSize": 1})
    assert [[a["AlarmName"] for a in page["CompositeAlarms"]] for page in pages][:3] == [
        ["parent-0"], ["parent-1"], ["parent-2"]]
    assert not cloudwatch.describe_alarms()["CompositeAlarms"]  # metric alarms alone unless asked for


def test_a_suppressor_holds_the_actions(cloudwatch, inbox):
    topic, messages = inbox
    for name in ("child", "maintenance"):
        make_alarm(cloudwatch, name)
        set_state(cloudwatch, name, "OK")
    set_state(cloudwatch, "maintenance", "ALARM")
    cloudwatch.put_composite_alarm(AlarmName="quiet", AlarmRule="ALARM(child)", AlarmActions=[topic],
                                   ActionsSuppressor="maintenance", ActionsSuppressorWaitPeriod=10,
                                   ActionsSuppressorExtensionPeriod=10)
    cloudwatch.put_composite_alarm(AlarmName="loud", AlarmRule="ALARM(child)", AlarmActions=[topic])
    set_state(cloudwatch, "child", "ALARM")
    shown = composite(cloudwatch, "quiet")
    assert (shown["StateValue"], shown["ActionsSuppressedBy"]) == ("ALARM", "Alarm")
    told = wait_for(messages, "the notification of the other one")
    assert [m["AlarmName"] for m in told] == ["loud"]


@pytest.mark.parametrize("rule", ["", "ALARM(", "ALARM(a) AND", "a", "ALARM(a) XOR ALARM(b)", "ALARM(nowhere)"])
def test_bad_rules_are_refused(cloudwatch, rule):
    code, text = refused(cloudwatch.put_composite_alarm, AlarmName="bad", AlarmRule=rule or " ")
    assert code in ("ValidationError", "InvalidParameterValue") and text
    assert not cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]


def test_a_child_cannot_go_before_its_parent(cloudwatch):
    make_alarm(cloudwatch, "child")
    cloudwatch.put_composite_alarm(AlarmName="parent", AlarmRule="ALARM(child)")
    code, _ = refused(cloudwatch.delete_alarms, AlarmNames=["child"])
    assert code in ("ValidationError", "InvalidParameterValue")
    cloudwatch.delete_alarms(AlarmNames=["parent"])
    cloudwatch.delete_alarms(AlarmNames=["child"])
    assert not cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm", "MetricAlarm"])["MetricAlarms"]


def test_an_alarm_on_an_expression_fires(daemon, cloudwatch, inbox):
    topic, messages = inbox

    def of(query_id, metric):
        stat = {"Metric": {"Namespace": "VPC", "MetricName": metric}, "Period": 60, "Stat": "Sum"}
        return {"Id": query_id, "MetricStat": stat, "ReturnData": False}

    queries = [of("r", "Rejects"), of("t", "All"), {"Id": "share", "Expression": "100 * r / t", "Label": "refused %"}]
    cloudwatch.put_metric_alarm(AlarmName="share", Metrics=queries, EvaluationPeriods=1, Threshold=50,
                                ComparisonOperator="GreaterThanThreshold", TreatMissingData="notBreaching",
                                AlarmActions=[topic])
    now = time.time()
    cloudwatch.put_metric_data(Namespace="VPC", MetricData=[
        {"MetricName": "Rejects", "Value": 6, "Timestamp": now}, {"MetricName": "All", "Value": 10, "Timestamp": now}])
    daemon.advance(70)  # later data could take a quotient back, so the minute has to end
    told = wait_for(lambda: [m for m in messages() if m["NewStateValue"] == "ALARM"], "the notification")
    assert told[0]["AlarmName"] == "share"
    shown = cloudwatch.describe_alarms(AlarmNames=["share"])["MetricAlarms"][0]
    assert [q["Id"] for q in shown["Metrics"]] == ["r", "t", "share"] and "MetricName" not in shown
