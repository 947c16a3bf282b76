# SPDX-License-Identifier: Apache-2.0
"""Filter patterns and metric filters as boto3 sees them."""

import json
import time

import botocore.exceptions
import pytest

from conftest import signed_call

GROUP = "/vpc/flow"
SSH_REJECTS = ('[version, account, eni, source, destination, srcport, destport="22", protocol="6", packets, bytes, '
               'windowstart, windowend, action="REJECT", flowlogstatus]')


def record(source="203.0.113.9", port=22, size=240, action="REJECT"):
    return f"2 123456789010 eni-0a1b2c3d {source} 10.0.0.5 50123 {port} 6 4 {size} 1767603600 1767603655 {action} OK"


@pytest.fixture
def logs(client):
    logs = client("logs")
    logs.create_log_group(logGroupName=GROUP)
    logs.create_log_stream(logGroupName=GROUP, logStreamName="eni-1")
    return logs


def transformation(**more):
    return [{"metricName": "Rejects", "metricNamespace": "Flow", "metricValue": "1", **more}]


def put_filter(logs, pattern=SSH_REJECTS, name="rejects", criteria=None, system=None, **more):
    extra = {}
    if criteria is not None:
        extra["fieldSelectionCriteria"] = criteria
    if system is not None:
        extra["emitSystemFieldDimensions"] = system
    arguments = {"logGroupName": GROUP, "filterName": name, "filterPattern": pattern,
                 "metricTransformations": transformation(**more), **extra}
    if extra:  # older clients do not know these
        raw(logs, "PutMetricFilter", arguments)
    else:
        logs.put_metric_filter(**arguments)


def raw(logs, operation, arguments):
    return signed_call(logs.meta.endpoint_url, "logs", "Logs_20140328." + operation, arguments)


def described(logs, **arguments):
    return raw(logs, "DescribeMetricFilters", {"logGroupName": GROUP, **arguments})["metricFilters"]


def put(logs, *messages, timestamp=None):
    now = int(time.time() * 1000) if timestamp is None else timestamp
    logs.put_log_events(logGroupName=GROUP, logStreamName="eni-1",
                        logEvents=[{"timestamp": now, "message": message} for message in messages])


def points(client, dimensions=(), around=None, metric="Rejects", unit=None):
    """Sum, SampleCount, Minimum and Maximum of each minute of the last hours."""
    around = time.time() if around is None else around
    more = {"Unit": unit} if unit else {}
    answer = client("cloudwatch").get_metric_statistics(
        Namespace="Flow", MetricName=metric, Period=60, StartTime=around - 4 * 3600, EndTime=around + 3600,
        Statistics=["Sum", "SampleCount", "Minimum", "Maximum"],
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions], **more)
    return sorted(answer["Datapoints"], key=lambda point: point["Timestamp"])


def refused(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    return f"{error['Code']}: {error['Message']}"


# The example of AWS's guide to flow logs. Verified on AWS: no.
def test_matches_become_datapoints_in_the_minute_of_the_event(client, logs):
    put_filter(logs, metricValue="$bytes", unit="Bytes")
    an_hour_ago = int(time.time() - 3600) * 1000
    put(logs, record(size=100), record(size=300), record(action="ACCEPT"), record(port=23))
    put(logs, record(size=40), timestamp=an_hour_ago)
    late, now = points(client, unit="Bytes")
    assert late["Timestamp"].timestamp() == an_hour_ago // 60000 * 60
    assert (late["Sum"], late["SampleCount"]) == (40, 1)
    assert (now["Sum"], now["SampleCount"], now["Minimum"], now["Maximum"]) == (400, 2, 100, 300)
    assert points(client, unit="Count") == []


def test_dimensions_come_from_the_event_and_from_the_group(client, logs):
    put_filter(logs, dimensions={"Source": "$source"}, system=["@aws.region"])
    put(logs, record(source="192.0.2.1"), record(source="192.0.2.2"), record(source="192.0.2.2"))
    region = ("@aws.region", "us-east-1")
    assert [point["Sum"] for point in points(client, [("Source", "192.0.2.1"), region])] == [1]
    assert [point["Sum"] for point in points(client, [("Source", "192.0.2.2"), region])] == [2]
    assert points(client) == []


def test_selection_criteria_choose_account_and_region(client, logs):
    put_filter(logs, criteria='@aws.region = "eu-west-1" OR @aws.account NOT IN ["000000000000"]')
    put(logs, record())
    assert points(client) == []
    put_filter(logs, criteria='@aws.region IN ["us-east-1"]')
    put(logs, record())
    assert [point["Sum"] for point in points(client)] == [1]
    (shown,) = described(logs)
    assert shown["fieldSelectionCriteria"] == '@aws.region IN ["us-east-1"]'


def test_a_minute_without_a_match_has_the_default_value(client, daemon, logs):
    put_filter(logs, defaultValue=0)
    put(logs, record(action="ACCEPT"))
    daemon.advance(120)
    (point,) = points(client)
    assert (point["Sum"], point["SampleCount"]) == (0, 1)


def test_json_fields_give_values_and_dimensions(client, logs):
    put_filter(logs, pattern='{ $.latency > 10 && $.host = "web*" }', metricValue="$.latency",
               dimensions={"Host": "$.host"})
    put(logs, '{"latency": 25.5, "host": "web1"}', '{"latency": 5, "host": "web1"}', "no JSON",
        '{"latency": "25.5", "host": "db1"}')
    assert [point["Sum"] for point in points(client, [("Host", "web1")])] == [25.5]


def test_filters_are_listed_in_pages_replaced_and_deleted(logs):
    for name in ("c", "a", "b"):
        put_filter(logs, name=name)
    pages = logs.get_paginator("describe_metric_filters").paginate(
        logGroupName=GROUP, PaginationConfig={"PageSize": 2})
    assert [[f["filterName"] for f in page["metricFilters"]] for page in pages] == [["a", "b"], ["c"]]
    put_filter(logs, name="a", pattern="x", system=["@aws.account"])
    found = described(logs, filterNamePrefix="a")
    assert [(f["filterPattern"], f["emitSystemFieldDimensions"]) for f in found] == [("x", ["@aws.account"])]
    by_metric = logs.describe_metric_filters(metricName="Rejects", metricNamespace="Flow")
    assert len(by_metric["metricFilters"]) == 3
    logs.delete_metric_filter(logGroupName=GROUP, filterName="a")
    assert "ResourceNotFoundException" in refused(logs.delete_metric_filter, logGroupName=GROUP, filterName="a")


# Texts: captured by other emulators or from AWS's documentation. Verified on AWS: no.
@pytest.mark.parametrize(("changes", "error"), [
    ({"pattern": "[a, b"}, "InvalidParameterException: Invalid metric filter pattern"),
    ({"pattern": "ERROR:"}, "InvalidParameterException: Invalid character(s) in term 'ERROR:'"),
    ({"pattern": "{ $.a IS NOT NULL }"}, "Invalid metric filter pattern"),
    ({"pattern": "%(a)%"}, "Invalid metric filter pattern"),
    ({"pattern": "x", "dimensions": {"a": "$a"}}, "The specified filter pattern does not support dimensions"),
    ({"dimensions": {"Source": "$source"}, "defaultValue": 0.0},
     "Invalid metric transformation: dimensions and default value are mutually exclusive properties"),
    ({"dimensions": {"a": "$1", "b": "$2"}, "system": ["@aws.region", "@aws.account"]}, "at most 3 dimensions"),
    ({"system": ["@aws.zone"]}, "neither @aws.account nor @aws.region"),
    ({"criteria": "zone = 1"}, "Invalid fieldSelectionCriteria"),
    ({"metricValue": "$none"}, "not a field of the filter pattern"),
    ({"unit": "Pints"}, "Member must satisfy enum value set"),
])
def test_bad_filters_are_refused(logs, changes, error):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        put_filter(logs, **changes)
    answer = caught.value.response["Error"]
    assert answer["Code"] == "InvalidParameterException"
    assert error.removeprefix("InvalidParameterException: ") in answer["Message"]


def test_a_group_that_is_not_there_has_no_filters(logs):
    missing = {"logGroupName": "none"}
    transformations = {"metricTransformations": transformation()}
    text = "ResourceNotFoundException: The specified log group does not exist."
    assert refused(logs.put_metric_filter, filterName="f", filterPattern="", **missing, **transformations) == text
    assert refused(logs.describe_metric_filters, **missing) == text
    assert refused(logs.delete_metric_filter, filterName="f", **missing) == text


def test_the_101st_filter_is_refused(logs):
    for i in range(100):
        put_filter(logs, name=f"f{i}")
    with pytest.raises(logs.exceptions.LimitExceededException):
        put_filter(logs, name="one more")
    put_filter(logs, name="f7", pattern="x")  # replacing is none more


# The log line and the rules are those of the User Guide, "Filter pattern syntax". Verified on AWS: no.
def test_test_metric_filter_shows_matches_and_fields(logs):
    line = '127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" %s 1534'
    answer = logs.test_metric_filter(filterPattern="[ip, user, username, , request, status_code = 4*, bytes]",
                                     logEventMessages=[line % 404, line % 200, line % 410])
    assert [match["eventNumber"] for match in answer["matches"]] == [0, 2]
    assert answer["matches"][0]["eventMessage"] == line % 404
    assert answer["matches"][0]["extractedValues"] == {
        "$ip": "127.0.0.1", "$user": "Prod", "$username": "frank", "$4": "10/Oct/2000:13:25:15 -0700",
        "$request": "GET /index.html HTTP/1.0", "$status_code": "404", "$bytes": "1534"}
    answer = logs.test_metric_filter(filterPattern="{ $.a.b > 1 }",
                                     logEventMessages=[json.dumps({"a": {"b": 2}}), "x"])
    assert [match["extractedValues"] for match in answer["matches"]] == [{"$.a.b": "2"}]
    answer = logs.test_metric_filter(filterPattern='Prod -" 200 "', logEventMessages=[line % 404, line % 200])
    assert [match["extractedValues"] for match in answer["matches"]] == [{}]
    assert "Invalid metric filter pattern" in refused(logs.test_metric_filter, filterPattern="[a", logEventMessages=["x"])
    assert "less than or equal to 50" in refused(logs.test_metric_filter, filterPattern="", logEventMessages=["x"] * 51)
