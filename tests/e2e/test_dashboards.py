# SPDX-License-Identifier: Apache-2.0
"""Dashboards and GetMetricWidgetImage through boto3, aws-cli, raw requests and the JavaScript SDK.

Shapes, limits and texts: CloudWatch API reference and service model. Verified on AWS: no."""

import base64
import datetime
import json
import os
import pathlib
import shutil
import struct
import subprocess
import time
import zlib

import pytest
import requests

from conftest import REGION, TOP, refused

BODY = json.dumps({"widgets": [{"type": "text", "x": 0, "y": 0, "width": 6, "height": 3,
                                "properties": {"markdown": "# hello"}}]}, indent=1)
NODE_MAJOR_MIN = 20


@pytest.fixture
def cloudwatch(client):
    return client("cloudwatch")


def pixels_of(png):
    """Width, height and the set of colours, read by hand from an 8-bit truecolour PNG."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    at, data, width, height = 8, b"", 0, 0
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at:at + 8])
        chunk = png[at + 8:at + 8 + length]
        assert zlib.crc32(kind + chunk) == struct.unpack(">I", png[at + 8 + length:at + 12 + length])[0]
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", chunk[:10])
            assert (depth, colour) == (8, 2)
        if kind == b"IDAT":
            data += chunk
        at += 12 + length
    raw = zlib.decompress(data)
    stride = width * 3
    assert len(raw) == (stride + 1) * height
    rows, before = [], bytearray(stride)
    for y in range(height):
        kind, row = raw[y * (stride + 1)], bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for i in range(stride):
            left = row[i - 3] if i >= 3 else 0
            up, corner = before[i], before[i - 3] if i >= 3 else 0
            if kind == 1:
                row[i] = row[i] + left & 255
            elif kind == 2:
                row[i] = row[i] + up & 255
            elif kind == 3:
                row[i] = row[i] + (left + up) // 2 & 255
            elif kind == 4:
                guess = left + up - corner
                nearest = min((abs(guess - left), 0, left), (abs(guess - up), 1, up), (abs(guess - corner), 2, corner))
                row[i] = row[i] + nearest[2] & 255
        rows.append(row)
        before = row
    colours = {bytes(row[i:i + 3]) for row in rows for i in range(0, stride, 3)}
    return width, height, colours


def put_hour(cloudwatch, name="m", value=10.0):
    now = int(time.time()) // 60 * 60
    cloudwatch.put_metric_data(Namespace="App", MetricData=[
        {"MetricName": name, "Value": value + i % 5, "Timestamp": datetime.datetime.fromtimestamp(
            now - 60 * i, datetime.timezone.utc)} for i in range(60)])


# ---- PutDashboard, GetDashboard, ListDashboards, DeleteDashboards

def test_a_dashboard_from_creation_to_deletion(cloudwatch):
    assert cloudwatch.put_dashboard(DashboardName="web-1_A", DashboardBody=BODY)["DashboardValidationMessages"] == []
    got = cloudwatch.get_dashboard(DashboardName="web-1_A")
    assert got["DashboardBody"] == BODY and got["DashboardName"] == "web-1_A"
    assert got["DashboardArn"] == "arn:aws:cloudwatch::000000000000:dashboard/web-1_A"
    entry, = cloudwatch.list_dashboards()["DashboardEntries"]
    assert entry["DashboardName"] == "web-1_A" and entry["Size"] == len(BODY)
    assert entry["DashboardArn"] == got["DashboardArn"]
    assert abs((datetime.datetime.now(datetime.timezone.utc) - entry["LastModified"]).total_seconds()) < 300
    assert cloudwatch.put_dashboard(DashboardName="web-1_A", DashboardBody='{"widgets":[],"x":1}')[
        "DashboardValidationMessages"] == [{"DataPath": "/x", "Message": "Unknown property 'x' is ignored"}]
    assert cloudwatch.list_dashboards()["DashboardEntries"][0]["Size"] == 20
    cloudwatch.delete_dashboards(DashboardNames=["web-1_A"])
    assert cloudwatch.list_dashboards()["DashboardEntries"] == []


def test_dashboards_are_global(client):
    client("cloudwatch").put_dashboard(DashboardName="d", DashboardBody=BODY)
    assert client("cloudwatch", region="eu-central-1").get_dashboard(DashboardName="d")["DashboardBody"] == BODY


def test_pages_of_a_thousand(cloudwatch):
    for i in range(1001):
        cloudwatch.put_dashboard(DashboardName=f"d{i:04}", DashboardBody='{"widgets":[]}')
    cloudwatch.put_dashboard(DashboardName="other", DashboardBody='{"widgets":[]}')
    pages = list(cloudwatch.get_paginator("list_dashboards").paginate(DashboardNamePrefix="d"))
    assert [len(page["DashboardEntries"]) for page in pages] == [1000, 1]
    names = [entry["DashboardName"] for page in pages for entry in page["DashboardEntries"]]
    assert names == [f"d{i:04}" for i in range(1001)]
    token = pages[0]["NextToken"]
    assert refused(cloudwatch.list_dashboards, DashboardNamePrefix="other", NextToken=token)[0] == \
        "InvalidParameterValue"
    assert refused(cloudwatch.list_dashboards, NextToken="x") == \
        ("InvalidParameterValue", "Request parameter NextToken is invalid")
    cloudwatch.delete_dashboards(DashboardNames=names[:100])
    assert len(cloudwatch.list_dashboards(DashboardNamePrefix="d")["DashboardEntries"]) == 901


@pytest.mark.parametrize("name", ["a b", "a.b", "ä", "a/b"])
def test_bad_names_have_the_text_of_aws(cloudwatch, name):
    # Recorded from the service, with the line feed.
    text = ("The value for field DashboardName contains invalid characters. It can only contain alphanumerics, dash (-) "
            "and underscore (_).\n")
    code, message = refused(cloudwatch.put_dashboard, DashboardName=name, DashboardBody=BODY)
    assert code == "InvalidParameterValue" and message.strip() == text.strip()
    assert refused(cloudwatch.get_dashboard, DashboardName=name)[0] == "InvalidParameterValue"
    assert refused(cloudwatch.delete_dashboards, DashboardNames=[name])[0] == "InvalidParameterValue"


def test_what_does_not_exist(cloudwatch):
    assert refused(cloudwatch.get_dashboard, DashboardName="none") == ("ResourceNotFound", "Dashboard none does not exist")
    cloudwatch.put_dashboard(DashboardName="a", DashboardBody=BODY)
    assert refused(cloudwatch.delete_dashboards, DashboardNames=["a", "none"]) == \
        ("ResourceNotFound", "Dashboard none does not exist")
    assert cloudwatch.list_dashboards()["DashboardEntries"] == []
    assert refused(cloudwatch.delete_dashboards, DashboardNames=["a"] * 101)[0] == "InvalidParameterValue"


def test_bad_bodies(cloudwatch):
    for bad in ("", "{", "[]", "3"):
        assert refused(cloudwatch.put_dashboard, DashboardName="d", DashboardBody=bad) == \
            ("InvalidParameterInput", "The field DashboardBody must be a valid JSON object")
    code, message = refused(cloudwatch.put_dashboard, DashboardName="d", DashboardBody=json.dumps(
        {"widgets": [{"type": "metric", "x": 0, "y": 0, "properties": {"view": "timeSeries"}}]}))
    assert code == "InvalidParameterInput"
    first, rest = message.split("\n", 1)
    assert first == "The dashboard body is invalid, there are 3 validation errors:"
    assert [problem["message"] for problem in json.loads(rest)] == [
        "Should have required property 'metrics'",
        "The metric widget should have specified a region and a data source or an alarm annotation",
        "Should have required property 'annotations'"]
    assert {problem["dataPath"] for problem in json.loads(rest)} == {"/widgets/0/properties"}
    refused(cloudwatch.get_dashboard, DashboardName="d")


def test_an_error_lists_its_messages_as_a_member_in_json(daemon):
    answer = requests.post(daemon.endpoint + "/", timeout=30, headers={
        "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "GraniteServiceVersion20100801.PutDashboard"},
        data=json.dumps({"DashboardName": "d", "DashboardBody": "{}"}))
    assert answer.status_code == 400
    assert answer.json()["__type"].endswith("#DashboardInvalidInputError")
    assert answer.json()["dashboardValidationMessages"] == [
        {"DataPath": "", "Message": "Should have required property 'widgets'"}]


def test_tags(cloudwatch):
    cloudwatch.put_dashboard(DashboardName="d", DashboardBody=BODY)
    arn = cloudwatch.get_dashboard(DashboardName="d")["DashboardArn"]
    cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "team", "Value": "net"}, {"Key": "x", "Value": "1"}])
    cloudwatch.untag_resource(ResourceARN=arn, TagKeys=["x"])
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "team", "Value": "net"}]
    assert refused(cloudwatch.list_tags_for_resource, ResourceARN=arn + "x")[0] == "ResourceNotFoundException"


def test_dashboards_by_the_command_line(aws):
    aws("cloudwatch", "put-dashboard", "--dashboard-name", "d", "--dashboard-body", BODY)
    assert aws("cloudwatch", "get-dashboard", "--dashboard-name", "d")["DashboardBody"] == BODY
    assert [entry["DashboardName"] for entry in aws("cloudwatch", "list-dashboards")["DashboardEntries"]] == ["d"]
    aws("cloudwatch", "delete-dashboards", "--dashboard-names", "d")
    assert aws("cloudwatch", "list-dashboards")["DashboardEntries"] == []


# ---- GetMetricWidgetImage

def image(cloudwatch, **widget):
    return cloudwatch.get_metric_widget_image(MetricWidget=json.dumps(widget))["MetricWidgetImage"]


def test_an_image_shows_its_series_and_its_threshold(cloudwatch):
    put_hour(cloudwatch)
    width, height, colours = pixels_of(image(
        cloudwatch, metrics=[["App", "m", {"color": "#0000ff"}]], width=320, height=200, period=60, start="-PT1H",
        annotations={"horizontal": [{"value": 12, "color": "#ff0000", "label": "limit"}]}))
    assert (width, height) == (320, 200)
    assert {b"\xff\xff\xff", b"\x00\x00\xff", b"\xff\x00\x00"} <= colours
    dark = pixels_of(image(cloudwatch, metrics=[["App", "m", {"color": "#0000ff"}]], width=320, height=200, theme="dark"))
    assert b"\xff\xff\xff" not in dark[2]


@pytest.mark.parametrize("view", ["timeSeries", "bar", "pie", "singleValue", "gauge", "table"])
def test_each_view_with_and_without_data(cloudwatch, view):
    put_hour(cloudwatch)
    for name in ("m", "none"):
        png = image(cloudwatch, metrics=[["App", name], [{"expression": "TIME_SERIES(5)", "id": "e"}]], view=view,
                    yAxis={"left": {"min": 0, "max": 20}}, width=100, height=100)
        assert pixels_of(png)[:2] == (100, 100)


def test_an_alarm_alone_shows_its_metric_and_threshold(cloudwatch):
    put_hour(cloudwatch)
    cloudwatch.put_metric_alarm(AlarmName="high", Namespace="App", MetricName="m", Statistic="Sum", Period=60,
                                EvaluationPeriods=1, Threshold=12, ComparisonOperator="GreaterThanThreshold")
    arn = cloudwatch.describe_alarms()["MetricAlarms"][0]["AlarmArn"]
    png = image(cloudwatch, annotations={"alarms": [arn]}, width=300, height=200)
    assert pixels_of(png)[:2] == (300, 200)
    assert refused(cloudwatch.get_metric_widget_image,
                   MetricWidget=json.dumps({"annotations": {"alarms": [arn + "x"]}}))[0] == "ValidationError"


@pytest.mark.parametrize("widget, text", [
    ("{", "valid JSON object"),
    ("{}", "Should have required property 'metrics'"),
    ('{"metrics": [["App"]]}', "Should NOT have fewer than 2 items"),
    ('{"metrics": [["App", "m"]], "width": 2001}', "Should be <= 2000"),
    ('{"metrics": [["App", "m"]], "theme": "pink"}', "Should be equal to one of the allowed values"),
    ('{"metrics": [["App", "m"]], "start": "P0D"}', "must be after its start"),
    ('{"metrics": [[{"expression": "m +"}]]}', "Invalid syntax"),
    ('{"metrics": [["App", "m", {"stat": "p101"}]]}', "is not supported"),
    (json.dumps({"metrics": [["App", "m"]] * 101}), "Should NOT have more than 100 items"),
    (" " * 103_000, "must not be longer than"),
])
def test_bad_widgets_are_refused(cloudwatch, widget, text):
    code, message = refused(cloudwatch.get_metric_widget_image, MetricWidget=widget)
    assert code == "ValidationError" and text in message


def test_the_file_itself_over_plain_http(daemon):
    answer = requests.post(daemon.endpoint + "/", timeout=30, data={
        "Action": "GetMetricWidgetImage", "Version": "2010-08-01", "OutputFormat": "image/png",
        "MetricWidget": '{"metrics": [["App", "m"]], "width": 200, "height": 100}'})
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "image/png"
    assert pixels_of(answer.content)[:2] == (200, 100)


def test_a_bad_output_format_is_refused(cloudwatch):
    assert refused(cloudwatch.get_metric_widget_image, MetricWidget='{"metrics": [["App", "m"]]}',
                   OutputFormat="gif")[0] == "InvalidParameterValue"


def test_an_image_by_the_command_line(aws):
    answer = aws("cloudwatch", "get-metric-widget-image", "--metric-widget",
                 json.dumps({"metrics": [["App", "m"]], "width": 200, "height": 100}))
    assert pixels_of(base64.b64decode(answer["MetricWidgetImage"]))[:2] == (200, 100)


def test_a_hundred_series_in_the_largest_size(cloudwatch):
    for i in range(4):
        cloudwatch.put_metric_data(Namespace="App", MetricData=[
            {"MetricName": "m", "Dimensions": [{"Name": "Host", "Value": f"h{i * 25 + k}"}], "Value": float(k)}
            for k in range(25)])
    png = image(cloudwatch, metrics=[["App", "m", "Host", f"h{i}"] for i in range(100)], width=2000, height=2000,
                legend={"position": "right"}, stacked=True)
    assert struct.unpack(">II", png[16:24]) == (2000, 2000)


def test_a_round_trip_of_the_javascript_sdk(daemon, cloudwatch):
    put_hour(cloudwatch)
    node = shutil.which("node")
    if node is None or not (TOP / "tools/node_modules/@aws-sdk").is_dir():
        pytest.skip("node or the npm packages of tools/ are not installed (tools/setup installs them)")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.lstrip("v").split(".")[0]) < NODE_MAJOR_MIN:
        pytest.skip(f"the current JavaScript SDK needs Node.js {NODE_MAJOR_MIN}, this is {version}")
    script = pathlib.Path(__file__).with_name("dashboards.mjs")
    done = subprocess.run([node, str(script), daemon.endpoint, str(TOP / "tools/package.json")], capture_output=True,
                          text=True, timeout=120, check=False, env={**os.environ, "AWS_REGION": REGION})
    assert done.returncode == 0, done.stdout + done.stderr + daemon.errors()
