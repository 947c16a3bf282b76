# SPDX-License-Identifier: Apache-2.0
"""The data operations of CloudWatch metrics: what each takes, every error in every protocol, pages.
test_metric_math.py has GetMetricData.

Shapes, limits and texts: CloudWatch API reference and service model; texts that are not in the reference are of this
project. Verified on AWS: no."""

import json
import xml.etree.ElementTree

import pytest
import requests

from conftest import refused
from test_metric_math import minute, send_cbor, send_json, send_query

PROTOCOLS = [send_query, send_json, send_cbor]
SHAPES = {"InvalidParameterValue": "InvalidParameterValueException",
          "InvalidParameterCombination": "InvalidParameterCombinationException",
          "MissingParameter": "MissingRequiredParameterException", "ValidationError": "ValidationException"}


@pytest.fixture
def cloudwatch(client):
    return client("cloudwatch")


def put(cloudwatch, name="m", value=1.0, when=None, **more):
    cloudwatch.put_metric_data(Namespace="App", MetricData=[
        {"MetricName": name, "Value": value, "Timestamp": when or minute(5), **more}])


def outcome(answer, protocol):
    """Code and text of an error, as its protocol writes them."""
    assert answer.status_code == 400, answer.content
    if protocol is send_query:
        root = xml.etree.ElementTree.fromstring(answer.content)
        space = "{http://monitoring.amazonaws.com/doc/2010-08-01/}"
        return root.find(f".//{space}Code").text, root.find(f".//{space}Message").text
    if protocol is send_json:
        body = answer.json()
        return body["__type"].split("#")[1], body["message"]
    assert answer.headers["smithy-protocol"] == "rpc-v2-cbor"
    text = answer.content.decode(errors="replace")
    return next((shape for shape in SHAPES.values() if shape in text), ""), text


# ---- PutMetricData

BAD_DATA = {
    "two value forms": ({"Value": 1.0, "Values": [1.0]}, "InvalidParameterCombination",
                        "The parameters MetricData.member.2.Value and MetricData.member.2.Values are mutually exclusive "
                        "and you have specified both."),
    "value and statistics": ({"Value": 1.0, "StatisticValues": {"SampleCount": 1.0, "Sum": 1.0, "Minimum": 1.0,
                                                                "Maximum": 1.0}}, "InvalidParameterCombination",
                             "The parameters MetricData.member.2.Value and MetricData.member.2.StatisticValues are "
                             "mutually exclusive and you have specified both."),
    "no value": ({}, "MissingParameter", "At least one of the parameters MetricData.member.2.Value"),
    "sizes": ({"Values": [1.0, 2.0], "Counts": [1.0]}, "InvalidParameterValue",
              "The parameters MetricData.member.2.Values and MetricData.member.2.Counts must be of the same size."),
    "151 values": ({"Values": [float(i) for i in range(151)]}, "InvalidParameterValue",
                   "The collection MetricData.member.2.Values must not have a size greater than 150."),
    "negative count": ({"Values": [1.0], "Counts": [-1.0]}, "InvalidParameterValue",
                       "for parameter MetricData.member.2.Counts.member.1 is invalid."),
    "too large": ({"Value": 2.0 ** 361}, "InvalidParameterValue", "for parameter MetricData.member.2.Value is invalid."),
    "minimum over maximum": ({"StatisticValues": {"SampleCount": 2.0, "Sum": 3.0, "Minimum": 2.0, "Maximum": 1.0}},
                             "InvalidParameterValue", "MetricData.member.2.StatisticValues.Minimum must not be greater"),
    "unit": ({"Value": 1.0, "Unit": "Apples"}, "InvalidParameterValue",
             "The parameter MetricData.member.2.Unit must be a value in the set"),
    "resolution": ({"Value": 1.0, "StorageResolution": 5}, "InvalidParameterValue",
                   "for parameter MetricData.member.2.StorageResolution is invalid."),
    # These three are constraints of the service model.
    "31 dimensions": ({"Value": 1.0, "Dimensions": [{"Name": f"d{i}", "Value": "v"} for i in range(31)]},
                      "ValidationError", "Member must have length less than or equal to 30"),
    "long dimension": ({"Value": 1.0, "Dimensions": [{"Name": "d", "Value": "v" * 1025}]}, "ValidationError",
                       "Member must have length less than or equal to 1024"),
    "long name": ({"Value": 1.0, "MetricName": "n" * 256}, "ValidationError",
                  "Member must have length less than or equal to 255"),
    "empty dimension": ({"Value": 1.0, "Dimensions": [{"Name": "d", "Value": " "}]}, "InvalidParameterValue",
                        "The parameter MetricData.member.2.Dimensions.member.1.Value must not be empty or blank."),
    "colon": ({"Value": 1.0, "Dimensions": [{"Name": ":d", "Value": "v"}]}, "InvalidParameterValue",
              "The value :d for parameter MetricData.member.2.Dimensions.member.1.Name is invalid."),
    "too old": ({"Value": 1.0, "Timestamp": minute(14 * 24 * 60 + 5)}, "InvalidParameterValue",
                "The parameter MetricData.member.2.Timestamp must specify a time within the past two weeks."),
    "too early": ({"Value": 1.0, "Timestamp": minute(-125)}, "InvalidParameterValue",
                  "The parameter MetricData.member.2.Timestamp must specify a time no more than two hours in the future."),
}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_bad_datum_refuses_all_in_every_protocol(daemon, cloudwatch, protocol):
    for what, (members, code, text) in BAD_DATA.items():
        url, body, headers = protocol(daemon, [{"MetricName": "good", "Value": 1.0}, {"MetricName": "m", **members}])
        got_code, got_text = outcome(requests.post(url, data=body, headers=headers, timeout=30), protocol)
        assert got_code == (code if protocol is send_query else SHAPES[code]), what
        assert text in got_text, what
    assert cloudwatch.list_metrics()["Metrics"] == []


@pytest.mark.parametrize("namespace, code", [
    (None, "MissingParameter"), ("", "InvalidParameterValue"), (":app", "InvalidParameterValue"),
    ("AWS/EC2", "InvalidParameterValue"), ("n" * 256, "InvalidParameterValue"), (" ", "InvalidParameterValue")])
def test_bad_namespaces(daemon, namespace, code):
    body = {"MetricData": [{"MetricName": "m", "Value": 1}]}
    if namespace is not None:
        body["Namespace"] = namespace
    answer = requests.post(daemon.endpoint + "/", timeout=30, data=json.dumps(body), headers={
        "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "GraniteServiceVersion20100801.PutMetricData"})
    assert outcome(answer, send_json)[0] == SHAPES[code]


def test_no_data_and_too_many(cloudwatch):
    assert refused(cloudwatch.put_metric_data, Namespace="App", MetricData=[]) == \
        ("MissingParameter", "The parameter MetricData is required.")
    assert refused(cloudwatch.put_metric_data, Namespace="App", MetricData=[{"MetricName": "m", "Value": 1}] * 1001) == \
        ("InvalidParameterValue", "The collection MetricData must not have a size greater than 1000.")


def test_the_edges_of_every_limit_are_taken(cloudwatch):
    cloudwatch.put_metric_data(Namespace="n" * 255, MetricData=[
        {"MetricName": "n" * 255, "Values": [float(i) for i in range(150)],
         "Dimensions": [{"Name": f"{i:0255}", "Value": "v" * 1024} for i in range(30)]},
        {"MetricName": "large", "Value": 2.0 ** 360}, {"MetricName": "large", "Value": -2.0 ** 360},
        {"MetricName": "old", "Value": 1, "Timestamp": minute(14 * 24 * 60 - 5)},
        {"MetricName": "early", "Value": 1, "Timestamp": minute(-115)}])
    assert len(cloudwatch.list_metrics(Namespace="n" * 255)["Metrics"]) == 4


# ---- ListMetrics

def test_list_metrics_filters(cloudwatch):
    put(cloudwatch, "a", Dimensions=[{"Name": "Host", "Value": "1"}, {"Name": "Disk", "Value": "x"}])
    put(cloudwatch, "a", Dimensions=[{"Name": "Host", "Value": "2"}])
    put(cloudwatch, "b")

    def count(**filters):
        return len(cloudwatch.list_metrics(**filters)["Metrics"])
    assert count() == 3 and count(Namespace="App") == 3 and count(Namespace="Other") == 0
    assert count(MetricName="a") == 2 and count(Namespace="App", MetricName="b") == 1
    assert count(Dimensions=[{"Name": "Host"}]) == 2
    assert count(Dimensions=[{"Name": "Host", "Value": "1"}, {"Name": "Disk"}]) == 1
    assert count(Dimensions=[{"Name": "Host", "Value": "3"}]) == 0
    assert count(RecentlyActive="PT3H") == 3
    assert count(OwningAccount="111122223333") == 0
    answer = cloudwatch.list_metrics(IncludeLinkedAccounts=True)
    assert answer["OwningAccounts"] == ["000000000000"] * 3
    assert "OwningAccounts" not in cloudwatch.list_metrics()


def test_list_metrics_errors(cloudwatch):
    put(cloudwatch)
    assert refused(cloudwatch.list_metrics, NextToken="x") == \
        ("InvalidParameterValue", "Request parameter NextToken is invalid")
    assert refused(cloudwatch.list_metrics, RecentlyActive="PT1H")[0] == "ValidationError"
    assert refused(cloudwatch.list_metrics, Namespace=":x")[0] == "ValidationError"
    assert refused(cloudwatch.list_metrics, Namespace="n" * 256)[0] == "ValidationError"
    assert refused(cloudwatch.list_metrics, Dimensions=[{"Name": str(i)} for i in range(11)])[0] == "ValidationError"


def test_a_token_is_of_its_own_filters(cloudwatch):
    cloudwatch.put_metric_data(Namespace="App", MetricData=[{"MetricName": f"m{i}", "Value": 1} for i in range(501)])
    first = cloudwatch.list_metrics(Namespace="App")
    assert len(first["Metrics"]) == 500
    second = cloudwatch.list_metrics(Namespace="App", NextToken=first["NextToken"])
    assert len(second["Metrics"]) == 1 and "NextToken" not in second


# ---- GetMetricStatistics

def statistics(cloudwatch, **members):
    return cloudwatch.get_metric_statistics(**{
        "Namespace": "App", "MetricName": "m", "StartTime": minute(10), "EndTime": minute(0), "Period": 60,
        "Statistics": ["Sum"], **members})


def test_statistics_of_a_metric(cloudwatch):
    for value in (1, 2, 3):
        put(cloudwatch, value=value, Unit="Count")
    put(cloudwatch, value=10, Unit="Seconds")
    answer = statistics(cloudwatch, Statistics=["SampleCount", "Average", "Sum", "Minimum", "Maximum"])
    assert answer["Label"] == "m"
    points = {point.pop("Unit"): point for point in answer["Datapoints"]}
    assert points["Count"] == {"Timestamp": minute(5), "SampleCount": 3, "Average": 2, "Sum": 6, "Minimum": 1, "Maximum": 3}
    assert points["Seconds"]["Sum"] == 10
    point, = statistics(cloudwatch, Unit="Seconds")["Datapoints"]
    assert point == {"Timestamp": minute(5), "Sum": 10, "Unit": "Seconds"}
    request = {"Namespace": "App", "MetricName": "m", "StartTime": minute(10), "EndTime": minute(0), "Period": 60}
    point, = cloudwatch.get_metric_statistics(**request, Unit="Count", ExtendedStatistics=["p50", "tm99"])["Datapoints"]
    assert point["ExtendedStatistics"] == {"p50": 2, "tm99": pytest.approx(2, abs=0.5)}
    assert "Sum" not in point
    assert statistics(cloudwatch, MetricName="none")["Datapoints"] == []


def test_statistics_errors(cloudwatch):
    request = {"Namespace": "App", "MetricName": "m", "StartTime": minute(10), "EndTime": minute(0), "Period": 60}
    # Texts recorded from the service.
    assert refused(statistics, cloudwatch, StartTime=minute(0), EndTime=minute(0)) == \
        ("InvalidParameterValue", "The parameter StartTime must be less than the parameter EndTime.")
    assert refused(statistics, cloudwatch, StartTime=minute(1500)) == \
        ("InvalidParameterCombination", "You have requested up to 1500 datapoints, which exceeds the limit of 1440. You may "
         "reduce the datapoints requested by increasing Period, or decreasing the time range.")
    assert refused(cloudwatch.get_metric_statistics, **request) == \
        ("InvalidParameterCombination", "Must specify either Statistics or ExtendedStatistics")
    for members in ({"Period": 7}, {"Statistics": ["Mode"]}, {"Unit": "Apples"}, {"Namespace": ":x"},
                    {"MetricName": "n" * 256}, {"Statistics": ["Sum"] * 6}):
        assert refused(statistics, cloudwatch, **members)[0] in ("InvalidParameterValue", "ValidationError"), members
    assert refused(cloudwatch.get_metric_statistics, **request, ExtendedStatistics=["p101"])[0] in (
        "InvalidParameterValue", "ValidationError")


def test_a_missing_parameter_is_named_in_every_protocol(daemon):
    target = "GraniteServiceVersion20100801.GetMetricStatistics"
    answer = requests.post(daemon.endpoint + "/", timeout=30, data="{}", headers={
        "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": target})
    assert outcome(answer, send_json) == ("MissingRequiredParameterException", "The parameter Namespace is required.")
    answer = requests.post(daemon.endpoint + "/", timeout=30, headers={
        "Content-Type": "application/x-www-form-urlencoded"},
        data="Action=GetMetricStatistics&Version=2010-08-01&Namespace=App&MetricName=m")
    assert outcome(answer, send_query) == ("MissingParameter", "The parameter StartTime is required.")
    answer = requests.post(daemon.endpoint + "/service/GraniteServiceVersion20100801/operation/GetMetricStatistics",
                           timeout=30, data=b"\xa0", headers={"Content-Type": "application/cbor",
                                                              "smithy-protocol": "rpc-v2-cbor"})
    assert "The parameter Namespace is required." in outcome(answer, send_cbor)[1]
