# SPDX-License-Identifier: Apache-2.0
"""Metric data through boto3 and raw requests: every datum form in every protocol, GetMetricData with metric math,
SEARCH and Metrics Insights, pages and errors.

Shapes, limits and texts: CloudWatch API reference and service model. Verified on AWS: no."""

import datetime
import gzip
import json
import struct
import time

import botocore.exceptions
import pytest
import requests

TARGET = "GraniteServiceVersion20100801."


def minute(back):
    """Whole minutes before now, as UTC time."""
    now = int(time.time()) // 60 * 60
    return datetime.datetime.fromtimestamp(now - back * 60, datetime.timezone.utc)


def stat(query_id, name="m", statistic="Sum", namespace="App", period=60, dimensions=(), **more):
    return {"Id": query_id, "MetricStat": {
        "Metric": {"Namespace": namespace, "MetricName": name,
                   "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions]},
        "Period": period, "Stat": statistic}, **more}


def math(query_id, expression, **more):
    return {"Id": query_id, "Expression": expression, **more}


class Metrics:
    def __init__(self, client):
        self.cloudwatch = client("cloudwatch")

    def put(self, values, name="m", namespace="App", dimensions=(), first=10):
        """One value a minute, the first so many minutes ago; None leaves a minute out."""
        self.cloudwatch.put_metric_data(Namespace=namespace, MetricData=[
            {"MetricName": name, "Value": value, "Timestamp": minute(first - i),
             "Dimensions": [{"Name": key, "Value": of} for key, of in dimensions]}
            for i, value in enumerate(values) if value is not None])

    def get(self, *queries, first=10, **more):
        return self.cloudwatch.get_metric_data(MetricDataQueries=list(queries), StartTime=minute(first),
                                               EndTime=minute(0), ScanBy="TimestampAscending", **more)

    def values(self, *queries, **more):
        return {result["Id"]: result["Values"] for result in self.get(*queries, **more)["MetricDataResults"]}


@pytest.fixture
def metrics(client):
    return Metrics(client)


def refused(call, code):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call()
    assert caught.value.response["Error"]["Code"] == code
    return caught.value.response["Error"]["Message"]


# ---- PutMetricData in each protocol

def cbor(value):
    """As much of RFC 8949 as requests need."""
    def head(kind, size):
        if size < 24:
            return bytes([kind << 5 | size])
        return bytes([kind << 5 | 26]) + struct.pack(">I", size)
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return head(0, value)
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, datetime.datetime):
        return b"\xc1" + cbor(value.timestamp())
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    return head(5, len(value)) + b"".join(cbor(key) + cbor(of) for key, of in value.items())


def send_json(daemon, data, **headers):
    body = json.dumps({"Namespace": "App", "MetricData": data}, default=lambda when: when.timestamp())
    return daemon.endpoint + "/", body.encode(), {"Content-Type": "application/x-amz-json-1.0",
                                                  "X-Amz-Target": TARGET + "PutMetricData", **headers}


def send_cbor(daemon, data, **headers):
    return (daemon.endpoint + "/service/GraniteServiceVersion20100801/operation/PutMetricData",
            cbor({"Namespace": "App", "MetricData": data}),
            {"Content-Type": "application/cbor", "Accept": "application/cbor", "smithy-protocol": "rpc-v2-cbor",
             **headers})


def send_query(daemon, data, **headers):
    def flat(prefix, value):
        if isinstance(value, dict):
            for key, of in value.items():
                yield from flat(f"{prefix}.{key}", of)
        elif isinstance(value, list):
            for i, of in enumerate(value):
                yield from flat(f"{prefix}.member.{i + 1}", of)
        else:
            yield prefix, value.isoformat() if isinstance(value, datetime.datetime) else str(value)
    form = [("Action", "PutMetricData"), ("Version", "2010-08-01"), ("Namespace", "App"), *flat("MetricData", data)]
    body = requests.models.RequestEncodingMixin._encode_params(form)  # pylint: disable=protected-access
    return daemon.endpoint + "/", body.encode(), {"Content-Type": "application/x-www-form-urlencoded", **headers}


@pytest.mark.parametrize("protocol", [send_query, send_json, send_cbor])
@pytest.mark.parametrize("is_gzipped", [False, True])
def test_every_datum_form_in_every_protocol(daemon, metrics, protocol, is_gzipped):
    when = minute(5)
    data = [{"MetricName": "m", "Value": 2.5, "Timestamp": when},
            {"MetricName": "m", "Timestamp": when,
             "StatisticValues": {"SampleCount": 2.0, "Sum": 10.0, "Minimum": 4.0, "Maximum": 6.0}},
            {"MetricName": "m", "Timestamp": when, "Values": [1.0, 7.5], "Counts": [3.0, 1.0]},
            {"MetricName": "m", "Timestamp": when, "Values": [0.5], "Unit": "None", "StorageResolution": 1}]
    url, body, headers = protocol(daemon, data)
    if is_gzipped:
        body = gzip.compress(body)
        headers["Content-Encoding"] = "gzip"
    answer = requests.post(url, data=body, headers=headers, timeout=30)
    assert answer.status_code == 200, answer.text
    point, = metrics.cloudwatch.get_metric_statistics(
        Namespace="App", MetricName="m", StartTime=minute(10), EndTime=minute(0), Period=60,
        Statistics=["SampleCount", "Sum", "Minimum", "Maximum", "Average"])["Datapoints"]
    assert (point["SampleCount"], point["Sum"], point["Minimum"], point["Maximum"]) == (8, 23.5, 0.5, 7.5)
    assert point["Timestamp"] == when
    per_second = metrics.cloudwatch.get_metric_statistics(
        Namespace="App", MetricName="m", StartTime=when, EndTime=minute(4), Period=1, Statistics=["Sum"])
    assert [point["Sum"] for point in per_second["Datapoints"]] == [0.5]


@pytest.mark.parametrize("protocol", [send_query, send_json, send_cbor])
def test_not_a_number_is_refused_in_every_protocol(daemon, metrics, protocol):
    for value in (float("nan"), float("inf"), float("-inf")):
        of = value if protocol is send_cbor else {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
        url, body, headers = protocol(daemon, [{"MetricName": "good", "Value": 1.0}, {"MetricName": "m", "Value": of}])
        answer = requests.post(url, data=body, headers=headers, timeout=30)
        assert answer.status_code == 400
        assert b"for parameter MetricData.member.2.Value is invalid." in answer.content
    assert not metrics.cloudwatch.list_metrics()["Metrics"]


def test_a_gzip_bomb_is_refused(daemon, metrics):
    body = gzip.compress(b" " * (64 << 20))
    answer = requests.post(daemon.endpoint + "/", data=body, timeout=30, headers={
        "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": TARGET + "PutMetricData",
        "Content-Encoding": "gzip"})
    assert 400 <= answer.status_code < 500
    assert not metrics.cloudwatch.list_metrics()["Metrics"]


def test_one_bad_datum_of_a_thousand_refuses_all(metrics):
    data = [{"MetricName": f"m{i}", "Value": 1} for i in range(1000)]
    data[700] = {"MetricName": "m700", "Value": 1, "Timestamp": minute(15 * 24 * 60)}
    message = refused(lambda: metrics.cloudwatch.put_metric_data(Namespace="App", MetricData=data),
                      "InvalidParameterValue")
    assert message == ("The parameter MetricData.member.701.Timestamp must specify a time within the past two weeks.")
    assert not metrics.cloudwatch.list_metrics()["Metrics"]
    data[700]["Timestamp"] = minute(-180)
    refused(lambda: metrics.cloudwatch.put_metric_data(Namespace="App", MetricData=data), "InvalidParameterValue")
    data[700].pop("Timestamp")
    metrics.cloudwatch.put_metric_data(Namespace="App", MetricData=data)
    pages = metrics.cloudwatch.get_paginator("list_metrics").paginate(Namespace="App")
    assert [len(page["Metrics"]) for page in pages] == [500, 500]


# ---- metric math

def test_worked_example_error_rate(metrics):
    """User Guide: errors by requests, in percent."""
    metrics.put([1, 0, None, 4], name="errors")
    metrics.put([100, 50, 10, 200], name="requests")
    answer = metrics.get(stat("errors", "errors", ReturnData=False), stat("requests", "requests", ReturnData=False),
                         math("rate", "100 * errors / requests", Label="error rate, last ${LAST}"))
    result, = answer["MetricDataResults"]
    assert result["Id"] == "rate" and result["StatusCode"] == "Complete"
    assert result["Values"] == [1, 0, 0, 2]
    assert result["Label"] == "error rate, last 2"
    assert result["Timestamps"] == [minute(10 - i) for i in range(4)]


def test_functions_through_the_api(metrics):
    metrics.put([1, None, 3, None])
    got = metrics.values(stat("m"), math("filled", "FILL(m, 0)"), math("before", "FILL(m, REPEAT)"),
                         math("total", "TIME_SERIES(SUM(m))"), math("sums", "SUM([m, filled])"),
                         math("rate", "RATE(m)"), math("high", "IF(m > 2, m)"), math("all", "SUM(METRICS())"),
                         math("again", "filled * 2"))
    assert got["m"] == [1, 3]
    assert got["filled"] == [1, 0, 3, 0, 0, 0, 0, 0, 0, 0]
    assert got["before"] == [1, 1, 3, 3, 3, 3, 3, 3, 3, 3]
    assert got["total"] == [4] * 10
    assert got["sums"] == [2, 0, 6, 0, 0, 0, 0, 0, 0, 0]
    assert got["rate"] == [pytest.approx(2 / 120)]
    assert got["high"] == [3] and got["all"] == [1, 3]
    assert got["again"][0] == 2


def test_statistics_of_every_form(metrics):
    metrics.cloudwatch.put_metric_data(Namespace="App", MetricData=[
        {"MetricName": "m", "Values": [float(v) for v in range(1, 101)], "Timestamp": minute(5)}])
    wanted = {"p50": 50, "p99.9": 100, "tm90": 45.5, "tc90": 90, "ts90": 4095, "wm50": 37.75, "IQM": 50.5,
              "TM(10%:90%)": 50.5, "TC(10:20)": 10, "TS(:10)": 55, "PR(:25)": 25, "PR(75:)": 25, "WM(40:60)": 50.1}
    got = metrics.values(*[stat(f"q{i}", statistic=name) for i, name in enumerate(wanted)])
    assert [got[f"q{i}"] for i in range(len(wanted))] == [[pytest.approx(value)] for value in wanted.values()]


def test_search_gives_a_result_for_each_series(metrics):
    for host in ("a", "b", "c"):
        metrics.put([1, 2], name="CPUUtilization", dimensions=[("Host", host)])
    metrics.put([5], name="Other", dimensions=[("Host", "a")])
    results = metrics.get(math("s", "SEARCH('{App,Host} MetricName=\"CPUUtilization\" NOT Host=\"c\"', 'Sum', 60)",
                               Label="${PROP('Dim.Host')} of ${PROP('MetricName')}"))["MetricDataResults"]
    assert [(result["Id"], result["Label"], result["Values"]) for result in results] == [
        ("s", "a of CPUUtilization", [1, 2]), ("s", "b of CPUUtilization", [1, 2])]
    assert metrics.values(math("s", "SUM(SEARCH('CPUUtilization', 'Sum', 60))"))["s"] == [3, 6]
    assert metrics.get(math("s", "SEARCH('{App,None}', 'Sum', 60)"))["MetricDataResults"] == []


def test_metrics_insights(metrics):
    for host, value in (("a", 1), ("b", 5), ("c", 3)):
        metrics.put([value], name="CPUUtilization", dimensions=[("Host", host)])
    results = metrics.get(math("q", 'SELECT MAX(CPUUtilization) FROM SCHEMA(App, Host) WHERE Host != \'a\' GROUP BY Host '
                               'ORDER BY MAX() DESC LIMIT 10', Period=60))["MetricDataResults"]
    assert [(result["Label"], result["Values"]) for result in results] == [("b", [5]), ("c", [3])]
    assert metrics.values(math("q", "SELECT AVG(CPUUtilization) FROM App", Period=60))["q"] == [3]
    message = refused(lambda: metrics.get(math("q", "SELECT AVG(CPUUtilization) FROM App")), "ValidationError")
    assert message == "Error in expression 'q': A Metrics Insights query needs a Period"


def test_insight_rule_metric(client, metrics):
    logs = client("logs")
    logs.create_log_group(logGroupName="/app")
    logs.create_log_stream(logGroupName="/app", logStreamName="s")
    metrics.cloudwatch.put_insight_rule(RuleName="r", RuleDefinition=json.dumps({
        "Schema": {"Name": "CloudWatchLogRule", "Version": 1}, "LogGroupNames": ["/app"], "LogFormat": "JSON",
        "Contribution": {"Keys": ["$.ip"], "Filters": []}, "AggregateOn": "Count"}))
    now = int(time.time() * 1000)
    logs.put_log_events(logGroupName="/app", logStreamName="s", logEvents=[
        {"timestamp": now, "message": json.dumps({"ip": ip})} for ip in ("1", "1", "2")])

    def read(metric, rule="r"):
        return metrics.cloudwatch.get_metric_data(StartTime=minute(10), EndTime=minute(-2), MetricDataQueries=[
            math("i", f'INSIGHT_RULE_METRIC("{rule}", "{metric}")', Period=60)])["MetricDataResults"][0]["Values"]
    assert read("UniqueContributors") == [2]
    assert read("MaxContributorValue") == [2]
    refused(lambda: read("Nothing"), "ValidationError")
    refused(lambda: read("Sum", rule="none"), "ValidationError")


@pytest.mark.parametrize("expression", ["DB_PERF_INSIGHTS('RDS', 'db', 'os.cpu')", "SERVICE_QUOTA(m)",
                                        "LAMBDA('f')"])
def test_sources_of_aws_alone_are_named(metrics, expression):
    metrics.put([1])
    good, bad = metrics.get(stat("m"), math("e", expression))["MetricDataResults"]
    assert good["StatusCode"] == "Complete"
    assert bad["StatusCode"] == "InternalError" and bad["Values"] == []
    assert expression.split("(", maxsplit=1)[0] in bad["Messages"][0]["Value"]


def test_pages(metrics):
    metrics.put(list(range(10)))
    queries = [stat("m"), math("e", "m * 10"), math("both", "[m, e]")]
    pages = []
    more = {}
    while True:
        page = metrics.get(*queries, MaxDatapoints=12, **more)
        pages.append([(result["Id"], len(result["Values"])) for result in page["MetricDataResults"]])
        if "NextToken" not in page:
            break
        more = {"NextToken": page["NextToken"]}
    # The series of an expression is never cut.
    assert pages == [[("m", 10)], [("e", 10)], [("both", 10)], [("both", 10)]]
    refused(lambda: metrics.get(*queries, MaxDatapoints=12, NextToken="eA=="), "InvalidNextToken")
    refused(lambda: metrics.get(stat("m"), MaxDatapoints=12, **more), "InvalidNextToken")


@pytest.mark.parametrize("queries, text", [
    ([math("e", "m +")], "Error in expression 'e': Invalid syntax"),
    ([math("e", "ANOMALY_DETECTOR(m)")], "Error in expression 'e': Function 'ANOMALY_DETECTOR' not found"),
    ([math("e", "nothing * 2")], "Error in expression 'e': Undefined variable 'nothing'"),
    ([math("e", "f"), math("f", "e")], "refers to itself"),
    ([math("e", "SUM(m)")], "must be a time series"),
    ([math("e", "m", ReturnData=False), math("f", "e + 'a'", ReturnData=False)], "Error in expression 'f': Unsupported"),
    ([math("E", "m")], "must begin with a lowercase letter"),
    ([math("m", "1")], "not unique"),
    ([{"Id": "e"}], "Exactly one of MetricStat and Expression"),
    ([{**stat("e"), "Expression": "m"}], "Exactly one of MetricStat and Expression"),
    ([math("e", "m", Period=61)], "Period"),
    ([stat("e", statistic="p101")], "is not supported"),
    ([math("e", "SEARCH('', 'Sum', 60)")], "SEARCH"),
    ([stat(f"q{i}") for i in range(500)], "must not have a size greater than 500"),
])
def test_errors_have_the_code_of_aws(metrics, queries, text):
    assert text in refused(lambda: metrics.get(stat("m"), *queries), "ValidationError")


def test_five_hundred_queries_are_answered(metrics):
    metrics.put([1, 2])
    got = metrics.values(stat("m"), *[math(f"e{i}", f"{'m' if i == 0 else f'e{i - 1}'} + 1") for i in range(499)])
    assert got["e498"] == [500, 501]


def test_time_range_errors(metrics):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        metrics.cloudwatch.get_metric_data(MetricDataQueries=[stat("m")], StartTime=minute(1), EndTime=minute(1))
    assert caught.value.response["Error"]["Message"] == "The parameter StartTime must not equal parameter EndTime."


def test_a_hundred_thousand_metrics(daemon, metrics):
    """Each page of ListMetrics is whole, none twice."""
    for first in range(0, 100_000, 1000):
        data = [{"MetricName": f"m{i:06}", "Value": 1.0} for i in range(first, first + 1000)]
        url, body, headers = send_json(daemon, data)
        assert requests.post(url, data=body, headers=headers, timeout=60).status_code == 200
    names = [metric["MetricName"] for page in metrics.cloudwatch.get_paginator("list_metrics").paginate()
             for metric in page["Metrics"]]
    assert names == [f"m{i:06}" for i in range(100_000)]
    answer = metrics.get(math("s", "SEARCH('{App} MetricName', 'Sum', 60)"), math("n", "SEARCH('m000007', 'Sum', 60)"))
    assert len(answer["MetricDataResults"]) == 1
    answer = metrics.get(math("s", "SEARCH('{App}', 'Sum', 60)"))
    assert len(answer["MetricDataResults"]) == 500
    assert answer["Messages"][0]["Code"] == "MaxMetricsExceeded"
