# SPDX-License-Identifier: Apache-2.0
"""StartLiveTail by boto3, aws-cli and a plain socket, and `weir tail` on it."""

import json
import os
import pty
import shutil
import signal
import subprocess
import threading
import time

import botocore.awsrequest
import botocore.auth
import botocore.credentials
import botocore.eventstream
import botocore.exceptions
import pytest
import urllib3

from conftest import BINARY, REGION, clean_environment, signed_open, wait_for

GROUP = "/vpc/flow"
ARN = f"arn:aws:logs:{REGION}:000000000000:log-group:{GROUP}"


@pytest.fixture
def logs(client):
    logs = client("logs", inject_host_prefix=False)
    logs.create_log_group(logGroupName=GROUP)
    for name in ("eni-1", "eni-2"):
        logs.create_log_stream(logGroupName=GROUP, logStreamName=name)
    return logs


def put(logs, *messages, stream="eni-1"):
    now = int(time.time() * 1000)
    logs.put_log_events(logGroupName=GROUP, logStreamName=stream,
                        logEvents=[{"timestamp": now, "message": message} for message in messages])


def update(events):
    """The next update; the daemon makes one each second."""
    return next(events)["sessionUpdate"]


def messages(events, count):
    found = []
    for _ in range(30):
        found += [event["message"] for event in update(events)["sessionResults"]]
        if len(found) >= count:
            break
    return found


class PlainStream:
    """The event stream of an answer as boto3 gives it, for a boto3 that does not know the operation."""

    def __init__(self, answer):
        self.answer = answer
        self.buffer = botocore.eventstream.EventStreamBuffer()

    def __iter__(self):
        while data := self.answer.read1():
            self.buffer.add_data(data)
            for message in self.buffer:
                kind = message.headers[":message-type"]
                body = json.loads(message.payload)
                if kind == "exception":
                    error = {"Code": message.headers[":exception-type"], "Message": body.get("message", "")}
                    raise botocore.exceptions.EventStreamError({"Error": error}, "StartLiveTail")
                if message.headers[":event-type"] != "initial-response":
                    yield {message.headers[":event-type"]: body}

    def close(self):
        self.answer.close()


class PlainTail:
    """A client with start_live_tail()."""

    def __init__(self, logs):
        self.logs = logs

    def __getattr__(self, name):
        return getattr(self.logs, name)

    def start_live_tail(self, **members):
        try:
            return {"responseStream": PlainStream(signed_open(
                self.logs.meta.endpoint_url, "logs", "Logs_20140328.StartLiveTail", members))}
        except botocore.exceptions.ClientError as problem:
            response = problem.response
            raise self.logs.exceptions.from_code(response["Error"]["Code"])(response, "StartLiveTail") from None


@pytest.fixture
def tailing(logs):
    return logs if hasattr(logs, "start_live_tail") else PlainTail(logs)


# Order of the messages: API reference, StartLiveTail. Verified on AWS: no.
def test_boto3_sees_the_start_and_an_update_each_second(tailing):
    stream = tailing.start_live_tail(logGroupIdentifiers=[ARN], logEventFilterPattern="REJECT",
                                  logStreamNames=["eni-1"])["responseStream"]
    events = iter(stream)
    start = next(events)["sessionStart"]
    assert start["logGroupIdentifiers"] == [ARN]
    assert start["logStreamNames"] == ["eni-1"]
    assert start["logEventFilterPattern"] == "REJECT"
    assert start["sessionId"] and start["requestId"]
    assert update(events) == {"sessionMetadata": {"sampled": False}, "sessionResults": []}
    put(tailing, "a REJECT", "an ACCEPT")
    put(tailing, "other REJECT", stream="eni-2")
    found = []
    while not found:
        found = update(events)["sessionResults"]
    (event,) = found
    assert event["message"] == "a REJECT"
    assert event["logStreamName"] == "eni-1"
    assert event["logGroupIdentifier"] == ARN
    assert event["ingestionTime"] >= event["timestamp"]
    stream.close()


def test_more_than_500_events_are_a_sample(tailing):
    stream = tailing.start_live_tail(logGroupIdentifiers=[ARN])["responseStream"]
    events = iter(stream)
    next(events)
    put(tailing, *[str(i) for i in range(2000)])
    found = {"sessionResults": []}
    while not found["sessionResults"]:
        found = update(events)
    assert found["sessionMetadata"]["sampled"] is True
    assert len(found["sessionResults"]) == 500
    stream.close()


def test_a_session_ends_after_three_hours(daemon, tailing):
    events = iter(tailing.start_live_tail(logGroupIdentifiers=[ARN])["responseStream"])
    next(events)
    daemon.advance(3 * 3600 + 1)
    with pytest.raises(botocore.exceptions.EventStreamError) as caught:
        for _ in events:  # an update for each of the seconds that were passed over, or fewer
            pass
    assert "SessionTimeoutException" in str(caught.value)


def test_fifteen_sessions_may_be_open(tailing):
    streams = [tailing.start_live_tail(logGroupIdentifiers=[ARN])["responseStream"] for _ in range(15)]
    with pytest.raises(tailing.exceptions.LimitExceededException):
        tailing.start_live_tail(logGroupIdentifiers=[ARN])
    for stream in streams:
        stream.close()

    def starts():
        try:
            return tailing.start_live_tail(logGroupIdentifiers=[ARN])["responseStream"]
        except tailing.exceptions.LimitExceededException:
            return None

    wait_for(starts, "closed sessions free their places").close()


@pytest.mark.parametrize(("request_", "code"), [
    ({"logGroupIdentifiers": []}, "InvalidParameterException"),
    ({"logGroupIdentifiers": [ARN] * 11}, "InvalidParameterException"),
    ({"logGroupIdentifiers": [ARN + ":*"]}, "InvalidParameterException"),
    ({"logGroupIdentifiers": [GROUP]}, "InvalidParameterException"),
    ({"logGroupIdentifiers": [ARN + "/none"]}, "ResourceNotFoundException"),
    ({"logGroupIdentifiers": [ARN], "logEventFilterPattern": "[a"}, "InvalidParameterException"),
    ({"logGroupIdentifiers": [ARN], "logStreamNames": ["a"], "logStreamNamePrefixes": ["a"]},
     "InvalidParameterException"),
    ({"logGroupIdentifiers": [ARN, ARN + "2"], "logStreamNames": ["a"]}, "InvalidParameterException"),
])
def test_bad_requests_are_refused(client, tailing, request_, code):
    tailing.create_log_group(logGroupName=GROUP + "2")
    plain = PlainTail(client("logs"))
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        plain.start_live_tail(**request_)
    assert caught.value.response["Error"]["Code"] == code


# SDKs put `stream-` (before April 2026 `streaming-`) in front of the host and sign that.
@pytest.mark.parametrize("prefix", ["stream-", "streaming-"])
def test_the_host_may_have_the_prefix_of_the_sdks(daemon, logs, prefix):
    host = daemon.endpoint.removeprefix("http://")
    request = botocore.awsrequest.AWSRequest(
        "POST", f"http://{prefix}{host}/", data=json.dumps({"logGroupIdentifiers": [ARN]}),
        headers={"X-Amz-Target": "Logs_20140328.StartLiveTail", "Content-Type": "application/x-amz-json-1.1",
                 "Host": prefix + host})
    credentials = botocore.credentials.Credentials("test", "test")
    botocore.auth.SigV4Auth(credentials, "logs", REGION).add_auth(request)
    answer = urllib3.PoolManager().request("POST", daemon.endpoint + "/", body=request.data,
                                           headers=dict(request.headers), preload_content=False)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/vnd.amazon.eventstream"
    assert b"initial-response" in next(answer.stream(4096))
    answer.close()


# `aws logs tail --follow` polls FilterLogEvents from the newest timestamp it has seen and drops what it knows by id
# (aws-cli 2, its source), so ids must be stable and equal milliseconds must not be lost.
def test_aws_cli_follows_without_a_gap_or_a_repeat(daemon, logs):
    program = shutil.which("aws", path="/usr/bin")
    if program is None or "tail" not in subprocess.run([program, "logs", "help"], capture_output=True, text=True,
                                                       env={**os.environ, "AWS_PAGER": ""}, check=False).stdout:
        pytest.skip("aws-cli with `logs tail` is not installed")
    environment = {**clean_environment(), "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
                   "AWS_DEFAULT_REGION": REGION, "AWS_PAGER": "", "PYTHONUNBUFFERED": "1"}
    put(logs, "before")
    process = subprocess.Popen([program, "--endpoint-url", daemon.endpoint, "logs", "tail", GROUP, "--follow", "--format", "short"],
                               env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    lines = []
    reader = threading.Thread(target=lambda: lines.extend(iter(process.stdout.readline, "")), daemon=True)
    reader.start()
    try:
        wait_for(lambda: len(lines) == 1 or process.poll() is not None, "the first line", 60)
        put(logs, "one", "two", "three")
        put(logs, "four", stream="eni-2")
        wait_for(lambda: len(lines) >= 5 or process.poll() is not None, "four more", 60)
        put(logs, "five")
        wait_for(lambda: len(lines) >= 6 or process.poll() is not None, "the last", 60)
    finally:
        process.terminate()
        _, errors = process.communicate(timeout=30)
    assert [line.split()[-1] for line in lines] == ["before", "one", "two", "three", "four", "five"], errors


# ---- weir tail ------------------------------------------------------------------------------------------------------


class Tail:
    """`weir tail` with its output in a list of lines."""

    def __init__(self, daemon, *arguments, terminal=False):
        self.lines = []
        command = [str(BINARY), "tail", GROUP, "--ephemeral", "--listen", daemon.endpoint.removeprefix("http://"),
                   *arguments]
        if terminal:
            parent, child = pty.openpty()
            self.process = subprocess.Popen(command, env={**clean_environment(), "TERM": "xterm"}, stdout=child,
                                            stderr=subprocess.PIPE, text=True)
            os.close(child)
            self.output = os.fdopen(parent, newline="")
        else:
            self.process = subprocess.Popen(command, env=clean_environment(), stdout=subprocess.PIPE,
                                            stderr=subprocess.PIPE, text=True)
            self.output = self.process.stdout
        self.first = self.process.stderr.readline() if "--json" not in arguments else ""
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        try:
            for line in self.output:
                self.lines.append(line.rstrip("\r\n"))
        except OSError:
            pass  # the terminal has gone

    def wait(self, count):
        wait_for(lambda: len(self.lines) >= count, f"{count} lines")
        return self.lines

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(10) == 0
        return self.process.stderr.read()


def test_weir_tail_prints_what_comes_in(daemon, logs):
    put(logs, "before REJECT")
    tail = Tail(daemon, "--filter", "REJECT", "--since", "10m")
    assert "following 1 log group" in tail.first
    assert tail.wait(1)[0].endswith("Z eni-1 before REJECT")
    put(logs, "one REJECT", "two ACCEPT", "one REJECT")
    put(logs, "three REJECT", stream="eni-2")
    lines = tail.wait(4)
    assert [line.split(" ", 1)[1] for line in lines[1:]] == ["eni-1 one REJECT", "eni-1 one REJECT",
                                                            "eni-2 three REJECT"]
    assert "\x1b" not in "".join(lines)
    tail.stop()
    assert len(tail.lines) == 4


def test_weir_tail_prints_json(daemon, logs):
    tail = Tail(daemon, "--json", "--stream", "eni-2*", "--since", "1h")
    put(logs, "x")
    put(logs, 'say "hi"\n', stream="eni-2")
    (line,) = tail.wait(1)
    event = json.loads(line)
    assert event["message"] == 'say "hi"\n'
    assert (event["logGroupName"], event["logStreamName"]) == (GROUP, "eni-2")
    assert event["ingestionTime"] >= event["timestamp"] > 0
    tail.stop()


def test_weir_tail_has_colours_on_a_terminal_only(daemon, logs):
    tail = Tail(daemon, terminal=True)
    put(logs, "a REJECT with \x1b[2J control \x07 characters")
    (line,) = tail.wait(1)
    assert "\x1b[1;31mREJECT\x1b[0m" in line
    assert "\\x1b[2J control \\x07" in line
    tail.stop()
    tail = Tail(daemon, "--no-color", terminal=True)
    put(logs, "a REJECT")
    assert tail.wait(1)[0].endswith("Z eni-1 a REJECT")
    tail.stop()


@pytest.mark.parametrize(("arguments", "text"), [
    (("--filter", "[a"), "Invalid filter pattern"),
    (("--since", "yesterday"), "'yesterday' is no time span such as 90s"),
    (("/none",), "The specified log group does not exist"),
])
def test_weir_tail_says_what_is_wrong(daemon, logs, arguments, text):
    done = subprocess.run([str(BINARY), "tail", GROUP, "--ephemeral", "--listen",
                           daemon.endpoint.removeprefix("http://"), *arguments], env=clean_environment(),
                          capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert text in done.stderr
    assert done.stdout == ""
