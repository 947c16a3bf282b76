# SPDX-License-Identifier: Apache-2.0
"""Export tasks with boto3: a log group into a bucket."""

import gzip
import time

import botocore.exceptions
import pytest

from conftest import Daemon, make_client, wait_for


def refusal(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def fill(logs, s3, streams):
    s3.create_bucket(Bucket="bucket")
    logs.create_log_group(logGroupName="g")
    now = int(time.time() * 1000)
    for stream, messages in streams.items():
        logs.create_log_stream(logGroupName="g", logStreamName=stream)
        logs.put_log_events(logGroupName="g", logStreamName=stream, logEvents=[
            {"timestamp": now + i, "message": message} for i, message in enumerate(messages)])
    return {"logGroupName": "g", "fromTime": now - 1000, "to": now + 1000, "destination": "bucket"}


def finished(logs, task):
    def ended():
        (shown,) = logs.describe_export_tasks(taskId=task)["exportTasks"]
        return shown if shown["status"]["code"] in ("COMPLETED", "FAILED", "CANCELLED") else None

    return wait_for(ended, "the end of the export")


def create(logs, fromTime, **arguments):
    return logs.create_export_task(**{"from": fromTime}, **arguments)["taskId"]


# Keys, first object and lines as the guide describes them. Verified on AWS: no.
def test_streams_become_files(client):
    logs, s3 = client("logs"), client("s3")
    arguments = fill(logs, s3, {"b/1": ["one", "two"], "a": ["only"], "empty-not": ["x"]})
    task = create(logs, taskName="name", **arguments)
    shown = finished(logs, task)
    assert shown["status"]["code"] == "COMPLETED"
    assert (shown["taskName"], shown["destination"], shown["destinationPrefix"]) == ("name", "bucket", "exportedlogs")
    assert shown["executionInfo"]["completionTime"] >= shown["executionInfo"]["creationTime"]
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket="bucket")["Contents"]]
    keys.remove("exportedlogs/aws-logs-write-test")  # its place depends on the id of the task
    assert keys == [f"exportedlogs/{task}/a/000000.gz", f"exportedlogs/{task}/b-1/000000.gz",
                    f"exportedlogs/{task}/empty-not/000000.gz"]
    test = s3.get_object(Bucket="bucket", Key="exportedlogs/aws-logs-write-test")["Body"].read()
    assert test == b"Permission Check Successful"
    lines = gzip.decompress(s3.get_object(Bucket="bucket", Key=keys[1])["Body"].read()).decode().splitlines()
    assert [line.split(" ", 1)[1] for line in lines] == ["one", "two"]
    moment = time.strptime(lines[0].split(" ")[0][:19], "%Y-%m-%dT%H:%M:%S")
    assert abs(time.mktime(moment) - time.timezone - time.time()) < 3600 and lines[0].split(" ")[0].endswith("Z")


def test_prefixes_and_times_choose(client):
    logs, s3 = client("logs"), client("s3")
    arguments = fill(logs, s3, {"a1": ["no", "yes", "late"], "b": ["x"]})
    first = arguments["fromTime"] + 1000
    task = create(logs, **{**arguments, "fromTime": first + 1, "to": first + 1}, destinationPrefix="p",
                  logStreamNamePrefix="a")
    assert finished(logs, task)["status"]["code"] == "COMPLETED"
    (key,) = [item["Key"] for item in s3.list_objects_v2(Bucket="bucket", Prefix=f"p/{task}")["Contents"]]
    assert gzip.decompress(s3.get_object(Bucket="bucket", Key=key)["Body"].read()).endswith(b"Z yes\n")


# Verified on AWS: recorded answers.
def test_failures_have_the_texts_of_aws(client):
    logs, s3 = client("logs"), client("s3")
    arguments = fill(logs, s3, {"a": ["x"]})
    start = {"from": arguments.pop("fromTime")}
    assert refusal(logs.create_export_task, **start, **{**arguments, "destination": "other", "logGroupName": "none"}) == (
        "InvalidParameterException", "The given bucket does not exist. Please make sure the bucket is valid.")
    assert refusal(logs.create_export_task, **start, **{**arguments, "logGroupName": "none"}) == (
        "ResourceNotFoundException", "The specified log group does not exist.")
    assert refusal(logs.create_export_task, **{**start, "from": arguments["to"] + 1}, **arguments)[0] == (
        "InvalidParameterException")
    assert logs.describe_export_tasks(taskId="none")["exportTasks"] == []
    assert refusal(logs.cancel_export_task, taskId="none") == (
        "ResourceNotFoundException", "The specified export task does not exist.")
    task = logs.create_export_task(**start, **arguments)["taskId"]
    finished(logs, task)
    assert refusal(logs.cancel_export_task, taskId=task) == (
        "InvalidOperationException", "The specified export task has already finished")
    assert refusal(logs.describe_export_tasks, statusCode="DONE")[0] == "InvalidParameterException"


def test_tasks_are_listed_in_pages_and_by_status(client):
    logs, s3 = client("logs"), client("s3")
    arguments = fill(logs, s3, {"a": ["x"]})
    tasks = []
    for _ in range(5):
        tasks.append(create(logs, **arguments))
        finished(logs, tasks[-1])
    pages = logs.get_paginator("describe_export_tasks").paginate(PaginationConfig={"PageSize": 2})
    assert {task["taskId"] for page in pages for task in page["exportTasks"]} == set(tasks)
    assert len(logs.describe_export_tasks(statusCode="COMPLETED")["exportTasks"]) == 5
    assert logs.describe_export_tasks(statusCode="RUNNING")["exportTasks"] == []


# Goal: an export that a kill interrupts is complete after the next start.
def test_a_killed_export_is_done_again(tmp_path):
    data = tmp_path / "data"
    arguments = ("--capture", "false", "--enforce", "false")

    def start():
        daemon = Daemon(*arguments, data=data)
        keys = dict(line.split(" = ") for line in (data / "credentials").read_text().splitlines() if " = " in line)
        return daemon, *(make_client(service, daemon.endpoint, keys["aws_access_key_id"],
                                     keys["aws_secret_access_key"]) for service in ("logs", "s3"))

    daemon, logs, s3 = start()
    streams = {f"s{number}": [f"{number} {i} " + "x" * 500 for i in range(1500)] for number in range(12)}
    wanted = fill(logs, s3, streams)
    task = create(logs, **{**wanted, "to": wanted["to"] + 10_000})
    daemon.kill()
    daemon, logs, s3 = start()
    try:
        assert finished(logs, task)["status"]["code"] == "COMPLETED"
        for stream, messages in streams.items():
            body = s3.get_object(Bucket="bucket", Key=f"exportedlogs/{task}/{stream}/000000.gz")["Body"].read()
            assert [line.split(" ", 1)[1] for line in gzip.decompress(body).decode().splitlines()] == messages
    finally:
        daemon.stop()
