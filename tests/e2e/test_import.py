# SPDX-License-Identifier: Apache-2.0
"""weir import: everything that AWS writes flow logs as, into a log group and a bucket of a running daemon."""

import gzip
import json
import pathlib
import re
import shutil
import signal
import subprocess
import time

import pytest

from conftest import BINARY, Daemon, clean_environment, make_client, wait_for

HEADER = ("version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action "
          "log-status")
YEARS_AGO = 1577934000  # 2020-01-02T03:00:00Z: no PutLogEvents would take it


def record(i, start=YEARS_AGO, interface="eni-0a1b2c3d4e5f60718"):
    return (f"2 123456789010 {interface} 10.0.{i // 256 % 256}.{i % 256} 10.1.0.1 {1024 + i % 60000} 443 6 {i} {40 * i} "
            f"{start + i % 600} {start + i % 600 + 59} ACCEPT OK")


def text(count, header=True, first=0):
    lines = ([HEADER] if header else []) + [record(i) for i in range(first, first + count)]
    return ("\n".join(lines) + "\n").encode()


def environment(daemon):
    return {**clean_environment(), "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_ENDPOINT_URL": daemon.endpoint, "AWS_REGION": "us-east-1"}


def command(daemon, *arguments, data=None):
    where = ["--data", str(data)] if data else ["--ephemeral"]
    return [str(BINARY), "import", *where, "--endpoint", daemon.endpoint, "--json", *map(str, arguments)]


def run_import(daemon, *arguments, data=None, code=0, stdin=None):
    done = subprocess.run(command(daemon, *arguments, data=data), env=environment(daemon), capture_output=True, input=stdin,
                          timeout=120, check=False)
    assert done.returncode == code, f"{done.returncode}: {done.stdout.decode()}\n{done.stderr.decode()}"
    return json.loads(done.stdout)


def messages(logs, group):
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
    return [event["message"] for page in pages for event in page["events"]]


@pytest.fixture
def logs(client):
    return client("logs")


def test_every_kind_of_file_gives_the_same_events(daemon, logs, tmp_path):
    plain = text(5)
    (tmp_path / "plain.log").write_bytes(plain)
    (tmp_path / "crlf.log").write_bytes(text(5, header=False).replace(b"\n", b"\r\n"))
    (tmp_path / "one.log.gz").write_bytes(gzip.compress(plain))
    (tmp_path / "members.log.gz").write_bytes(gzip.compress(text(2)) + gzip.compress(text(3, header=False, first=2)))
    export = "\n".join(f"2020-01-02T03:00:0{i}.000Z {record(i)}" for i in range(5))
    (tmp_path / "export.gz").write_bytes(gzip.compress(export.encode()))
    payload = json.dumps({"messageType": "DATA_MESSAGE", "owner": "1", "logGroup": "g", "logStream": "s",
                          "subscriptionFilters": [], "logEvents": [
                              {"id": str(i), "timestamp": 1, "message": record(i)} for i in range(5)]}).encode()
    (tmp_path / "payload.json").write_bytes(payload)
    csv = "@timestamp,@message\n" + "".join(f'2020-01-02 03:00:00.000,"{record(i)}"\n' for i in range(5))
    (tmp_path / "insights.csv").write_text(csv)
    if shutil.which("zstd"):
        frames = [subprocess.run(["zstd", "-q", "-c"], input=part, capture_output=True, check=True).stdout
                  for part in (text(2), text(3, header=False, first=2))]
        (tmp_path / "frames.log.zst").write_bytes(b"".join(frames))
    for file in sorted(tmp_path.iterdir()):
        group = "/kinds/" + file.name
        summary = run_import(daemon, "--log-group", group, file)
        assert (summary["records"], summary["damaged"], summary["filesFailed"]) == (5, 0, 0), file
        assert sorted(messages(logs, group)) == sorted(record(i) for i in range(5)), file
        streams = logs.describe_log_streams(logGroupName=group)["logStreams"]
        assert [s["logStreamName"] for s in streams] == ["eni-0a1b2c3d4e5f60718-all"]
        assert streams[0]["firstEventTimestamp"] == YEARS_AGO * 1000


def test_standard_input_and_the_format_option(daemon, logs):
    summary = run_import(daemon, "--log-group", "/in", "--format", "${interface-id} ${dstport} ${start}", "-",
                         stdin=b"eni-1 22 1577934000\neni-2 23 1577934001\n")
    assert summary["records"] == 2
    assert messages(logs, "/in") == ["eni-1 22 1577934000", "eni-2 23 1577934001"]


# Text -> Parquet -> log group: nothing is lost on the way, and Athena's types are AWS's.
def test_parquet_in_a_bucket_and_back(daemon, client, logs, tmp_path):
    name = "123456789010_vpcflowlogs_us-east-1_fl-0123456789abcdef0_20200102T0300Z_0a1b2c3d.log.gz"
    (tmp_path / name).write_bytes(gzip.compress(text(1000)))
    s3 = client("s3")
    s3.create_bucket(Bucket="lake")
    assert run_import(daemon, "--bucket", "lake", tmp_path)["records"] == 1000
    keys = [o["Key"] for o in s3.list_objects_v2(Bucket="lake", Prefix="AWSLogs/")["Contents"]]
    assert len(keys) == 1
    assert re.fullmatch(r"AWSLogs/aws-account-id=123456789010/aws-service=vpcflowlogs/aws-region=us-east-1/year=2020/"
                        r"month=01/day=02/123456789010_vpcflowlogs_us-east-1_fl-0123456789abcdef0_20200102T0300Z_"
                        r"[0-9a-f]{8}\.log\.parquet", keys[0])
    again = run_import(daemon, "--bucket", "lake", tmp_path)
    assert (again["records"], again["filesKnown"]) == (0, 1)
    assert run_import(daemon, "--log-group", "/back", "s3://lake/AWSLogs/")["records"] == 1000
    assert sorted(messages(logs, "/back")) == sorted(record(i) for i in range(1000))


def test_damage_is_named_and_the_rest_goes_on(daemon, logs, tmp_path):
    (tmp_path / "a.log.gz").write_bytes(gzip.compress(text(50_000))[:-9])
    (tmp_path / "b.log").write_bytes(text(3) + b"2 torn line\n" + text(1, header=False, first=3))
    (tmp_path / "c.parquet").write_bytes(b"PAR1 nothing")
    summary = run_import(daemon, "--log-group", "/damage", tmp_path, code=1)
    assert summary["files"] == 1
    assert {pathlib.Path(f["file"]).name for f in summary["failures"]} == {"a.log.gz", "c.parquet"}
    assert [(pathlib.Path(d["file"]).name, d["line"], d["text"]) for d in summary["damages"]] == [("b.log", 5, "2 torn line")]
    assert {record(i) for i in range(4)} <= set(messages(logs, "/damage"))


def test_pages_of_a_bucket_and_each_object_once(daemon, client, logs):
    s3 = client("s3")
    s3.create_bucket(Bucket="many")
    for i in range(1005):
        s3.put_object(Bucket="many", Key=f"p/{i:04} +%é.log", Body=(record(i) + "\n").encode())
    s3.put_object(Bucket="many", Key="other/x.log", Body=text(1))
    first = run_import(daemon, "--log-group", "/many", "--jobs", "4", "s3://many/p/")
    assert (first["files"], first["records"], first["filesFailed"]) == (1005, 1005, 0)
    again = run_import(daemon, "--log-group", "/many", "s3://many/p/")
    assert (again["filesKnown"], again["records"]) == (1005, 0)
    assert sorted(messages(logs, "/many")) == sorted(record(i) for i in range(1005))


# Killed at any moment, repeated to the end: every record is there exactly once, also when the daemon was killed as well.
def test_resumes_exactly_once_after_sigkill(tmp_path):
    data = tmp_path / "data"
    count = 120_000
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "big.log.gz").write_bytes(gzip.compress(text(count), 1))
    options = ("--capture", "false", "--enforce", "false")
    daemon = Daemon(*options, data=data)
    try:
        for round_ in range(3):
            process = subprocess.Popen(command(daemon, "--log-group", "/big", tmp_path / "in", data=data),
                                       env=environment(daemon), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            before = events_imported(daemon)
            wait_for(lambda: process.poll() is not None or events_imported(daemon) > before, "events arrive")
            process.kill()
            process.wait()
            if round_ == 1:
                daemon.kill()
                daemon = Daemon(*options, data=data)
        summary = run_import(daemon, "--log-group", "/big", tmp_path / "in", data=data)
        assert summary["filesFailed"] == 0
        keys = (data / "credentials").read_text()
        access, secret = (re.search(name + r"\s*=\s*(\S+)", keys).group(1)
                          for name in ("aws_access_key_id", "aws_secret_access_key"))
        stored = messages(make_client("logs", daemon.endpoint, access, secret), "/big")
        assert len(stored) == count
        assert len(set(stored)) == count
    finally:
        daemon.stop()


def events_imported(daemon):
    found = re.search(r"^weir_logs_events_imported_total (\d+)", daemon.get("/metrics"), re.M)
    return int(found.group(1)) if found else 0


# A log that is still written: what was appended comes, what is there does not come again. A copy is another source.
def test_a_file_that_grew_brings_only_what_is_new(daemon, logs, tmp_path):
    path = tmp_path / "growing.log"
    packed = tmp_path / "packed.log.gz"
    for count, half_line in ((3, b""), (3, b""), (5, record(5).encode()[:30]), (9, b"")):
        path.write_bytes(text(count) + half_line)
        with packed.open("ab") as members:  # one more member each time
            members.write(gzip.compress(text(count, header=count == 3, first=100 * count)))
        summary = run_import(daemon, "--log-group", "/grown", path, code=1 if half_line else 0)
        assert summary["damaged"] == (1 if half_line else 0)
        run_import(daemon, "--log-group", "/members", packed)
        assert sorted(messages(logs, "/grown")) == sorted(record(i) for i in range(count))
    expected = [record(100 * count + i) for count in (3, 3, 5, 9) for i in range(count)]
    assert sorted(messages(logs, "/members")) == sorted(expected)
    path.write_bytes(text(2, first=50))  # rotated: shorter, and another content
    run_import(daemon, "--log-group", "/grown", path)
    assert len(messages(logs, "/grown")) == 11


# New objects as they appear, each once, also over a restart of the follower.
def test_follow_takes_new_objects_once_across_restarts(daemon, client, logs):
    s3 = client("s3")
    s3.create_bucket(Bucket="live")
    put = 0

    def put_object(day="2020/01/02"):
        nonlocal put
        s3.put_object(Bucket="live", Key=f"AWSLogs/1/vpcflowlogs/us-east-1/{day}/{put:03}.log.gz",
                      Body=gzip.compress((HEADER + "\n" + record(put) + "\n").encode()))
        put += 1

    def has_all():
        try:
            return len(messages(logs, "/live")) >= put
        except logs.exceptions.ResourceNotFoundException:
            return False

    today = time.strftime("%Y/%m/%d", time.gmtime())
    for _ in range(2):
        put_object()
        process = subprocess.Popen(command(daemon, "--log-group", "/live", "--follow", "--poll", "1", "s3://live/AWSLogs/"),
                                   env=environment(daemon), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        wait_for(has_all, "what was there before")
        put_object(today)
        wait_for(has_all, "what appeared meanwhile")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        assert process.returncode == 0, err.decode()
        assert json.loads(out)["records"] == 2
    assert sorted(messages(logs, "/live")) == sorted(record(i) for i in range(put))


# Old events must raise no alarm of today: metric filters see only what PutLogEvents would take.
def test_history_makes_no_metric(daemon, client, logs):
    logs.create_log_group(logGroupName="/old")
    logs.put_metric_filter(logGroupName="/old", filterName="f", filterPattern="ACCEPT", metricTransformations=[
        {"metricName": "M", "metricNamespace": "N", "metricValue": "1"}])
    run_import(daemon, "--log-group", "/old", "-", stdin=text(10))
    assert len(messages(logs, "/old")) == 10
    assert client("cloudwatch").list_metrics(Namespace="N")["Metrics"] == []


def test_a_key_that_may_only_read_cannot_import(tmp_path):
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    subprocess.run([str(BINARY), "keys", "add", "reader", "--permission", "read-only", "--data", str(data)], check=True,
                   capture_output=True, env=clean_environment())
    daemon = Daemon("--capture", "false", "--enforce", "false", data=data)
    try:
        (tmp_path / "a.log").write_bytes(text(1))
        done = subprocess.run(command(daemon, "--log-group", "/g", "--key", "reader", tmp_path / "a.log", data=data),
                              env=environment(daemon), capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 1
        assert "not authorized" in done.stderr
    finally:
        daemon.stop()


def test_check_only_looks(daemon, tmp_path):
    (tmp_path / "a.log").write_bytes(text(7))
    summary = run_import(daemon, "--check", tmp_path)
    assert (summary["records"], summary["first"], summary["kinds"]) == (7, "2020-01-02T03:00:00.000Z", {"text": 1})
