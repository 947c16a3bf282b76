# SPDX-License-Identifier: Apache-2.0
"""Anomaly detection with the real client: detectors, bands in GetMetricData, alarms on bands.

Shapes: service model and API reference; the shape of a described detector was recorded from the service. Texts of
errors are not known. Verified on AWS: no."""

import datetime
import json
import math
import random
import time

import pytest

from conftest import REGION, Daemon, credentials_of, make_client, refused, signed_call, wait_for

ACCOUNT = "000000000000"
MINUTE, HOUR, DAY = 60, 3600, 86400
SINGLE = {"Namespace": "App", "MetricName": "Requests", "Dimensions": [{"Name": "Host", "Value": "web"}],
          "Stat": "Average"}
# Query of older clients; JSON and CBOR of newer ones.
INVALID = {"InvalidParameterValue", "InvalidParameterValueException"}
MISSING = {"MissingParameter", "MissingRequiredParameterException"}
COMBINATION = {"InvalidParameterCombination", "InvalidParameterCombinationException"}


def moment(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)


def usual(seconds):
    """A day that goes from 50 to 150."""
    return 100 + 50 * math.sin(2 * math.pi * seconds / DAY)


def metric_of(name):
    return {"Namespace": "App", "MetricName": name, "Dimensions": [{"Name": "Host", "Value": "web"}]}


def stat(query_id, name="Requests", statistic="Average", period=300, **more):
    return {"Id": query_id, "MetricStat": {"Metric": metric_of(name), "Period": period, "Stat": statistic}, **more}


def ratio(**more):
    return [stat("a", "Errors", "Sum", ReturnData=False), stat("b", "Requests", "Sum", ReturnData=False),
            {"Id": "e", "Expression": "a / b", "ReturnData": True, **more}]


class World:
    def __init__(self, endpoint, **options):
        self.cloudwatch = make_client("cloudwatch", endpoint, **options)
        self.now = int(time.time()) // 300 * 300
        self.random = random.Random(7)

    def put(self, values, name="Requests"):
        """Pairs of seconds and value."""
        for i in range(0, len(values), 1000):
            self.cloudwatch.put_metric_data(Namespace="App", MetricData=[
                {**{k: v for k, v in metric_of(name).items() if k != "Namespace"}, "Timestamp": moment(at),
                 "Value": value} for at, value in values[i:i + 1000]])

    def fill(self, past, name="Requests", scale=1.0):
        self.put([(at, scale * usual(at) * self.random.gauss(1, 0.02))
                  for at in range(self.now - past, self.now, 300)], name)

    def band(self, *queries, expression="ANOMALY_DETECTION_BAND(m1, 2)", past=DAY, **more):
        answer = self.cloudwatch.get_metric_data(
            MetricDataQueries=[*(queries or [stat("m1")]), {"Id": "ad1", "Expression": expression, **more}],
            StartTime=moment(self.now - past), EndTime=moment(self.now), ScanBy="TimestampAscending")
        return [one for one in answer["MetricDataResults"] if one["Id"] == "ad1"], answer["Messages"]

    def detectors(self, **filters):
        return self.cloudwatch.describe_anomaly_detectors(**filters)["AnomalyDetectors"]


@pytest.fixture
def world(daemon):
    return World(daemon.endpoint)


@pytest.fixture
def call(daemon):
    """Operations with members that the boto3 of this machine does not know."""
    return lambda operation, **members: signed_call(
        daemon.endpoint, "monitoring", "GraniteServiceVersion20100801." + operation, members,
        headers={"Content-Type": "application/x-amz-json-1.0"})


def test_a_band_follows_the_day(world):
    world.fill(13 * DAY)
    world.cloudwatch.put_anomaly_detector(SingleMetricAnomalyDetector=SINGLE)
    (high, low), messages = world.band()
    assert messages == []
    assert (high["Label"], low["Label"]) == ("ad1 High", "ad1 Low")
    assert high["Timestamps"] == low["Timestamps"] and len(high["Values"]) == DAY // 300
    for at, upper, lower in zip(high["Timestamps"], high["Values"], low["Values"]):
        expected = usual(at.timestamp())
        assert lower < expected < upper, (at, lower, expected, upper)
        assert upper - lower < 0.4 * expected
    (high, low), _ = world.band(Label="Requests (expected)")
    assert (high["Label"], low["Label"]) == ("Requests (expected) High", "Requests (expected) Low")
    (upper,), _ = world.band(expression="FIRST(ANOMALY_DETECTION_BAND(m1, 2))")
    assert upper["Values"] == pytest.approx(high["Values"])


def test_too_little_data_give_no_band(world):
    world.fill(HOUR)
    world.cloudwatch.put_anomaly_detector(SingleMetricAnomalyDetector=SINGLE)
    (high, low), _ = world.band()
    assert high["Values"] == low["Values"] == []
    assert high["StatusCode"] == "Complete"


def test_without_a_detector_the_answer_says_so(world):
    world.fill(DAY)
    (high, _), messages = world.band()
    assert high["Values"] == []
    assert [message["Code"] for message in messages] == ["AnomalyDetectorNotFound"]
    assert world.detectors() == []


def test_detector_from_creation_to_deletion(world, daemon):
    configuration = {"ExcludedTimeRanges": [{"StartTime": moment(0), "EndTime": moment(3600)}],
                     "MetricTimezone": "UTC"}
    world.cloudwatch.put_anomaly_detector(**SINGLE)  # the deprecated form
    (shown,) = world.detectors()
    assert shown.pop("StateValue") in ("PENDING_TRAINING", "TRAINED_INSUFFICIENT_DATA")
    assert shown == {**SINGLE, "Configuration": {"ExcludedTimeRanges": []},
                     "SingleMetricAnomalyDetector": SINGLE}
    world.cloudwatch.put_anomaly_detector(SingleMetricAnomalyDetector=SINGLE, Configuration=configuration)
    (shown,) = world.detectors(Namespace="App", MetricName="Requests", Dimensions=SINGLE["Dimensions"])
    assert shown["Configuration"] == configuration
    world.fill(2 * DAY)
    daemon.advance(400)
    wait_for(lambda: world.detectors()[0]["StateValue"] == "TRAINED", "the state TRAINED")
    world.cloudwatch.delete_anomaly_detector(SingleMetricAnomalyDetector=SINGLE)
    assert world.detectors() == []
    code, _ = refused(world.cloudwatch.delete_anomaly_detector, SingleMetricAnomalyDetector=SINGLE)
    assert code == "ResourceNotFoundException"


def test_members_of_newer_models(call):
    identifier = call("PutAnomalyDetector", SingleMetricAnomalyDetector={**SINGLE, "AccountId": ACCOUNT},
                      MetricCharacteristics={"PeriodicSpikes": True})["AnomalyDetectorId"]
    again = call("PutAnomalyDetector", SingleMetricAnomalyDetector=SINGLE,
                 MetricCharacteristics={"PeriodicSpikes": True})
    assert again["AnomalyDetectorId"] == identifier
    (shown,) = call("DescribeAnomalyDetectors", AnomalyDetectorIds=[identifier])["AnomalyDetectors"]
    assert shown["AnomalyDetectorId"] == identifier
    assert shown["MetricCharacteristics"] == {"PeriodicSpikes": True}
    assert shown["SingleMetricAnomalyDetector"] == {"AccountId": ACCOUNT, **SINGLE}
    code, text = refused(call, "PutAnomalyDetector",
                         SingleMetricAnomalyDetector={**SINGLE, "AccountId": "999999999999"})
    assert "InvalidParameterValue" in code and "AccountId" in text
    code, _ = refused(call, "DeleteAnomalyDetector", AnomalyDetectorId=identifier, **SINGLE)
    assert "InvalidParameterCombination" in code
    assert call("DeleteAnomalyDetector", AnomalyDetectorId=identifier) == {}
    assert call("DescribeAnomalyDetectors")["AnomalyDetectors"] == []
    code, _ = refused(call, "DeleteAnomalyDetector", AnomalyDetectorId=identifier)
    assert "ResourceNotFoundException" in code


def test_detector_on_an_expression(world):
    world.fill(2 * DAY)
    world.fill(2 * DAY, "Errors", scale=0.1)
    world.cloudwatch.put_anomaly_detector(MetricMathAnomalyDetector={"MetricDataQueries": ratio()})
    assert world.detectors() == []
    (shown,) = world.detectors(AnomalyDetectorTypes=["METRIC_MATH"])
    assert shown["MetricMathAnomalyDetector"]["MetricDataQueries"][2]["Expression"] == "a / b"
    assert "Namespace" not in shown and "SingleMetricAnomalyDetector" not in shown
    (high, low), _ = world.band(*ratio(), expression="ANOMALY_DETECTION_BAND(e, 3)")
    assert 0.1 < high["Values"][-1] < 0.13 and 0.07 < low["Values"][-1] < 0.1
    world.cloudwatch.delete_anomaly_detector(MetricMathAnomalyDetector={"MetricDataQueries": ratio(Label="x")})
    assert world.detectors(AnomalyDetectorTypes=["SINGLE_METRIC", "METRIC_MATH"]) == []


def test_pages(world):
    names = [f"m{i}" for i in range(7)]
    for name in names:
        world.cloudwatch.put_anomaly_detector(SingleMetricAnomalyDetector={**SINGLE, "MetricName": name})
    pages = world.cloudwatch.get_paginator("describe_anomaly_detectors").paginate(PaginationConfig={"PageSize": 3})
    pages = [[one["MetricName"] for one in page["AnomalyDetectors"]] for page in pages]
    assert pages == [names[:3], names[3:6], names[6:]]
    code, _ = refused(world.cloudwatch.describe_anomaly_detectors, NextToken="x")
    assert code == "InvalidNextToken"
    code, text = refused(world.cloudwatch.describe_anomaly_detectors, MaxResults=101)
    assert code in INVALID and "MaxResults" in text


def excluded(count):
    ranges = [{"StartTime": moment(0), "EndTime": moment(1)}] * count
    return {"SingleMetricAnomalyDetector": SINGLE, "Configuration": {"ExcludedTimeRanges": ranges}}


def without(name):
    return {"SingleMetricAnomalyDetector": {key: value for key, value in SINGLE.items() if key != name}}


def of_math(*queries):
    return {"MetricMathAnomalyDetector": {"MetricDataQueries": list(queries)}}


@pytest.mark.parametrize("members, codes, text", [
    ({}, MISSING, "SingleMetricAnomalyDetector or MetricMathAnomalyDetector is required"),
    (without("Namespace"), MISSING, "Namespace is required"),
    (without("Stat"), MISSING, "Stat is required"),
    ({"Namespace": "App"}, MISSING, "MetricName is required"),
    ({"SingleMetricAnomalyDetector": {**SINGLE, "Stat": "Mean"}}, INVALID, "Stat"),
    ({**SINGLE, "SingleMetricAnomalyDetector": SINGLE}, COMBINATION, "mutually exclusive"),
    ({"SingleMetricAnomalyDetector": SINGLE, **of_math(*ratio())}, COMBINATION, "mutually exclusive"),
    (excluded(11), INVALID, "greater than 10"),
    ({**excluded(0), "Configuration": {"MetricTimezone": "Mars/Olympus"}}, INVALID, "time zone"),
    (of_math(*ratio()[:2]), INVALID, "Exactly one element"),
    (of_math(stat("a", period=10)), INVALID, "at least 60 seconds"),
    (of_math(stat("a", ReturnData=False), {"Id": "e", "Expression": "a +"}), {"ValidationError"}, "Invalid syntax"),
    (of_math({"Id": "e", "Expression": "SEARCH('x', 'Sum', 60)"}), INVALID, "SEARCH"),
])
def test_bad_detectors_are_refused(world, members, codes, text):
    code, said = refused(world.cloudwatch.put_anomaly_detector, **members)
    assert code in codes and text in said, (code, said)
    assert world.detectors(AnomalyDetectorTypes=["SINGLE_METRIC", "METRIC_MATH"]) == []


def alarm(name, comparison="LessThanLowerOrGreaterThanUpperThreshold", **changes):
    return {"AlarmName": name, "ComparisonOperator": comparison, "EvaluationPeriods": 1, "DatapointsToAlarm": 1,
            "ThresholdMetricId": "ad1",
            "Metrics": [stat("m1"), {"Id": "ad1", "Expression": "ANOMALY_DETECTION_BAND(m1, 4)",
                                     "Label": "Requests (expected)"}], **changes}


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


def state_of(world, name):
    return world.cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]


# A spike fires the alarm above the band, not the one below it; what is usual fires neither.
def test_an_alarm_fires_on_what_is_unusual_only(world, daemon, inbox):
    topic, messages = inbox
    world.fill(3 * DAY)
    world.cloudwatch.put_metric_alarm(**alarm("above", "GreaterThanUpperThreshold", AlarmActions=[topic]))
    world.cloudwatch.put_metric_alarm(**alarm("below", "LessThanLowerThreshold", AlarmActions=[topic]))
    assert [one["MetricName"] for one in world.detectors()] == ["Requests"]  # made by the alarms
    daemon.advance(65)
    for name in ("above", "below"):
        wait_for(lambda: state_of(world, name)["StateValue"] == "OK", f"{name} in OK")
    assert messages() == []
    world.put([(world.now - 60, 20_000)])  # into a period that is judged already
    wait_for(lambda: state_of(world, "above")["StateValue"] == "ALARM", "above in ALARM")
    assert state_of(world, "below")["StateValue"] == "OK"

    shown = state_of(world, "above")
    assert shown["ThresholdMetricId"] == "ad1" and "Threshold" not in shown
    assert [query["Id"] for query in shown["Metrics"]] == ["m1", "ad1"]
    assert shown["StateReason"].startswith("Thresholds Crossed: 1 out of the last 1 datapoints [")
    assert "was greater than the upper thresholds [" in shown["StateReason"]
    assert shown["StateReason"].endswith("(minimum 1 datapoint for OK -> ALARM transition).")
    data = json.loads(shown["StateReasonData"])
    assert "threshold" not in data and data["period"] == 300
    assert len(data["recentLowerThresholds"]) == len(data["recentUpperThresholds"]) == 1
    assert data["recentUpperThresholds"][0] < data["recentDatapoints"][0]

    (message,) = wait_for(messages, "the message")
    trigger = message["Trigger"]
    assert trigger["ThresholdMetricId"] == "ad1" and "Threshold" not in trigger
    assert trigger["ComparisonOperator"] == "GreaterThanUpperThreshold"
    assert trigger["Metrics"][1] == {"Expression": "ANOMALY_DETECTION_BAND(m1, 4)", "Id": "ad1",
                                     "Label": "Requests (expected)", "ReturnData": True}
    assert message["NewStateValue"] == "ALARM"


def test_an_alarm_with_too_little_data_knows_nothing(world, daemon):
    world.fill(HOUR)
    world.cloudwatch.put_metric_alarm(**alarm("young"))
    daemon.advance(65)
    world.put([(world.now - 60, 20_000)])
    daemon.advance(65)
    assert state_of(world, "young")["StateValue"] == "INSUFFICIENT_DATA"


@pytest.mark.parametrize("changes, text", [
    ({"Threshold": 1.0}, "cannot be specified together"),
    ({"ThresholdMetricId": "m1"}, "must be the function ANOMALY_DETECTION_BAND"),
    ({"ComparisonOperator": "GreaterThanThreshold"}, "ComparisonOperators for ranges"),
    ({"Metrics": [stat("m1", ReturnData=False), alarm("x")["Metrics"][1]]}, "Exactly two elements"),
    ({"Metrics": [stat("m1", period=10), alarm("x")["Metrics"][1]]}, "less than 60 seconds"),
    ({"AlarmActions": [f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:scalingPolicy:x"]}, "Auto Scaling"),
])
def test_bad_alarms_are_refused(world, changes, text):
    code, said = refused(world.cloudwatch.put_metric_alarm, **alarm("bad", **changes))
    assert code == "ValidationError" and text in said, (code, said)


# Text recorded from the service.
def test_operators_of_bands_need_a_band(world):
    code, said = refused(world.cloudwatch.put_metric_alarm, AlarmName="bad", Namespace="App", MetricName="m",
                         Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1.0,
                         ComparisonOperator="GreaterThanUpperThreshold")
    assert (code, said) == ("ValidationError", "ComparisonOperators for ranges require ThresholdMetricId to be set")


def test_an_alarm_on_a_metric_of_an_insight_rule(client, daemon, world):
    logs = client("logs")
    logs.create_log_group(logGroupName="/vpc/flow")
    logs.create_log_stream(logGroupName="/vpc/flow", logStreamName="s")
    rule = {"Schema": {"Name": "CloudWatchLogRule", "Version": 1}, "LogGroupNames": ["/vpc/flow"],
            "LogFormat": "CLF", "Contribution": {"Keys": ["1"], "Filters": []}, "AggregateOn": "Count"}
    world.cloudwatch.put_insight_rule(RuleName="talkers", RuleDefinition=json.dumps(rule))
    world.cloudwatch.put_metric_alarm(
        AlarmName="many", EvaluationPeriods=1, Threshold=2.0, ComparisonOperator="GreaterThanThreshold",
        Metrics=[{"Id": "u", "Expression": "INSIGHT_RULE_METRIC('talkers', 'UniqueContributors')", "Period": 60}])
    logs.put_log_events(logGroupName="/vpc/flow", logStreamName="s",
                        logEvents=[{"timestamp": int(time.time() * 1000), "message": name} for name in "abc"])
    daemon.advance(70)
    wait_for(lambda: state_of(world, "many")["StateValue"] == "ALARM", "many in ALARM")
    code, said = refused(world.cloudwatch.put_metric_alarm, AlarmName="bad", EvaluationPeriods=1, Threshold=2.0,
                         ComparisonOperator="GreaterThanThreshold",
                         Metrics=[{"Id": "u", "Expression": "INSIGHT_RULE_METRIC('none', 'Sum')", "Period": 60}])
    assert code == "ValidationError", said


# The settings are kept; what was learnt is learnt again.
def test_detectors_and_alarms_survive_a_restart(tmp_path):
    daemon = Daemon("--capture", "false", "--enforce", "false", data=tmp_path)
    key, secret = credentials_of(tmp_path)
    world = World(daemon.endpoint, access_key=key, secret=secret)
    world.fill(2 * DAY)
    world.cloudwatch.put_metric_alarm(**alarm("a"))
    before = world.detectors()
    daemon.kill()
    daemon = Daemon("--capture", "false", "--enforce", "false", data=tmp_path)
    try:
        world.cloudwatch = make_client("cloudwatch", daemon.endpoint, access_key=key, secret=secret)
        wait_for(lambda: world.detectors()[0]["StateValue"] == "TRAINED", "the state TRAINED")
        assert world.detectors()[0]["SingleMetricAnomalyDetector"] == before[0]["SingleMetricAnomalyDetector"]
        (high, _), _ = world.band()
        assert high["Values"]
        assert state_of(world, "a")["ThresholdMetricId"] == "ad1"
    finally:
        daemon.stop()
