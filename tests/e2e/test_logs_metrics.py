# SPDX-License-Identifier: Apache-2.0
"""Metrics that log events make: those of the service itself (AWS/Logs) and the embedded metric format. Verified on AWS:
no; from the User Guide ("CloudWatch Logs metrics", "Specification: Embedded metric format")."""

import json
import time

import pytest

from conftest import wait_for


@pytest.fixture
def logs(client):
    logs = client("logs")
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    return logs


def put(logs, *texts, group="g"):
    now = int(time.time() * 1000)
    logs.put_log_events(logGroupName=group, logStreamName="s",
                        logEvents=[{"timestamp": now, "message": text} for text in texts])


def statistics(client, namespace, metric, **dimensions):
    """Sum, SampleCount, Minimum, Maximum of two hours."""
    now = time.time()
    points = client("cloudwatch").get_metric_statistics(
        Namespace=namespace, MetricName=metric, Period=86400, StartTime=now - 3600, EndTime=now + 3600,
        Statistics=["Sum", "SampleCount", "Minimum", "Maximum"],
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()])["Datapoints"]
    return {name: (sum if name in ("Sum", "SampleCount") else min if name == "Minimum" else max)(
        point[name] for point in points) for name in ("Sum", "SampleCount", "Minimum", "Maximum")} if points else None


def total(client, metric, **dimensions):
    found = statistics(client, "AWS/Logs", metric, **dimensions)
    return found["Sum"] if found else 0


def document(metrics, root, dimensions=(("service",),), namespace="Shop"):
    return json.dumps({"_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [
        {"Namespace": namespace, "Dimensions": dimensions, "Metrics": metrics}]}, "service": "cart", **root})


def test_what_comes_in_is_counted_for_each_group(client, daemon, logs):
    put(logs, "ab", "cd")
    put(logs, "efg")
    daemon.advance(60)
    wait_for(lambda: total(client, "IncomingLogEvents", LogGroupName="g") == 3, "IncomingLogEvents")
    assert total(client, "IncomingBytes", LogGroupName="g") == 3 * 26 + 7
    assert total(client, "IncomingLogEvents") >= 3
    listed = client("cloudwatch").list_metrics(Namespace="AWS/Logs", MetricName="IncomingLogEvents")["Metrics"]
    assert [{"Name": "LogGroupName", "Value": "g"}] in [m["Dimensions"] for m in listed]


def test_an_alarm_on_incoming_log_events(client, daemon, logs):
    cloudwatch = client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="a", Namespace="AWS/Logs", MetricName="IncomingLogEvents", Statistic="Sum", Period=60,
        Dimensions=[{"Name": "LogGroupName", "Value": "g"}], EvaluationPeriods=1, Threshold=5,
        ComparisonOperator="GreaterThanOrEqualToThreshold")
    put(logs, *["m"] * 5)

    def state():
        daemon.advance(5)
        return cloudwatch.describe_alarms(AlarmNames=["a"])["MetricAlarms"][0]["StateValue"] == "ALARM"

    wait_for(state, "the alarm")


def test_embedded_metrics_become_datapoints(client, logs):
    put(logs, document([{"Name": "latency", "Unit": "Milliseconds"}, {"Name": "calls"}],
                       {"latency": [10, 20, 30], "calls": 2, "requestId": "r"}, [["service"], []]),
        "2026-01-01T00:00:00Z\tr-1\tINFO\t" + document([{"Name": "calls"}], {"calls": 5}))
    assert statistics(client, "Shop", "latency", service="cart") == {
        "Sum": 60, "SampleCount": 3, "Minimum": 10, "Maximum": 30}
    assert statistics(client, "Shop", "latency")["Sum"] == 60
    assert statistics(client, "Shop", "calls", service="cart") == {
        "Sum": 7, "SampleCount": 2, "Minimum": 2, "Maximum": 5}
    assert client("cloudwatch").list_metrics(Namespace="Shop", MetricName="requestId")["Metrics"] == []
    assert len(logs.filter_log_events(logGroupName="g")["events"]) == 2  # events as any others


def test_what_is_wrong_is_counted_and_the_event_is_kept(client, daemon, logs):
    put(logs, '{"_aws": 1}', document([{"Name": "absent"}, {"Name": "n"}], {"n": 1}),
        document([{"Name": "n"}], {"n": 1}, namespace="AWS/Logs"), '{"_aws": {"Timestamp": ')
    assert len(logs.filter_log_events(logGroupName="g")["events"]) == 4
    assert statistics(client, "Shop", "n", service="cart")["Sum"] == 1
    daemon.advance(60)
    wait_for(lambda: total(client, "EMFParsingErrors", LogGroupName="g") == 2, "EMFParsingErrors")
    assert total(client, "EMFValidationErrors", LogGroupName="g") == 2


def test_embedded_metrics_are_not_read_in_infrequent_access(client, daemon, logs, call):
    call("CreateLogGroup", logGroupName="ia", logGroupClass="INFREQUENT_ACCESS")
    logs.create_log_stream(logGroupName="ia", logStreamName="s")
    put(logs, document([{"Name": "n"}], {"n": 1}), '{"_aws": 1}', group="ia")
    daemon.advance(60)
    wait_for(lambda: total(client, "IncomingLogEvents", LogGroupName="ia") == 2, "IncomingLogEvents")
    assert statistics(client, "Shop", "n", service="cart") is None
    assert total(client, "EMFParsingErrors", LogGroupName="ia") == 0


# More different values than one PutMetricData takes.
def test_a_batch_with_many_different_values(client, logs):
    logs.put_metric_filter(logGroupName="g", filterName="f", filterPattern="[size]", metricTransformations=[
        {"metricName": "size", "metricNamespace": "Flow", "metricValue": "$size"}])
    put(logs, *[str(i) for i in range(1, 5001)])
    assert statistics(client, "Flow", "size") == {
        "Sum": 5000 * 5001 / 2, "SampleCount": 5000, "Minimum": 1, "Maximum": 5000}
    put(logs, document([{"Name": "v"}], {"v": list(range(100))}),
        *[document([{"Name": "v"}], {"v": 100 + i}) for i in range(2000)])
    assert statistics(client, "Shop", "v", service="cart")["SampleCount"] == 2100


# The second of the oldest event that is accepted began before the two weeks that a metric can be old.
def test_one_value_that_is_too_old_does_not_take_the_others_along(client, logs):
    logs.put_metric_filter(logGroupName="g", filterName="f", filterPattern="[n]", metricTransformations=[
        {"metricName": "n", "metricNamespace": "Flow", "metricValue": "$n"}])
    oldest = int(time.time() * 1000) - 14 * 86_400_000
    for ahead in (5, 10, 50, 200):  # until the first event is accepted and its second is not
        logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=[
            {"timestamp": oldest + ahead, "message": "1"}, {"timestamp": oldest + 3_600_000, "message": "2"}])
    now = time.time()
    points = client("cloudwatch").get_metric_statistics(
        Namespace="Flow", MetricName="n", Period=3600, StartTime=now - 15 * 86400, EndTime=now - 13 * 86400,
        Statistics=["SampleCount", "Sum"])["Datapoints"]
    assert sum(point["Sum"] for point in points) >= 4 * 2
