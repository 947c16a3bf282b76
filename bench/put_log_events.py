#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""PutLogEvents over HTTP: events per second of a durable daemon (fsync on) and of one in CI mode, with a metric filter
on the group. The load is wrk with one request, signed once and sent again and again (1,000 flow-log lines each)."""

import argparse
import configparser
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import botocore.auth
import botocore.awsrequest
import botocore.credentials

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests/e2e"))
from conftest import Daemon, make_client  # noqa: E402

EVENTS = 1000
CONNECTIONS = 8


def body():
    now = int(time.time())
    line = "2 123456789010 eni-0a1b2c3d4e5f60718 203.0.113.{} 10.0.0.5 {} 443 6 4 240 {} {} ACCEPT OK"
    events = [{"timestamp": now * 1000, "message": line.format(i % 250, 1024 + i, now, now + 59)} for i in range(EVENTS)]
    return json.dumps({"logGroupName": "bench", "logStreamName": "s", "logEvents": events})


def signed_request(endpoint, keys, text):
    request = botocore.awsrequest.AWSRequest("POST", endpoint + "/", data=text, headers={
        "X-Amz-Target": "Logs_20140328.PutLogEvents", "Content-Type": "application/x-amz-json-1.1"})
    botocore.auth.SigV4Auth(botocore.credentials.Credentials(*keys), "logs", "us-east-1").add_auth(request)
    return dict(request.headers.items())


def measure(name, daemon, keys, seconds):
    logs = make_client("logs", daemon.endpoint, *keys)
    logs.create_log_group(logGroupName="bench")
    logs.create_log_stream(logGroupName="bench", logStreamName="s")
    logs.put_metric_filter(logGroupName="bench", filterName="f", filterPattern=(
        '[v, account, eni, src, dst, sport, dport=22, proto=6, packets, bytes, start, end, action=REJECT, status]'),
        metricTransformations=[{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}])
    text = body()
    headers = signed_request(daemon.endpoint, keys, text)
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write("wrk.method = 'POST'\nwrk.body = " + json.dumps(text) + "\n")
        for header, value in headers.items():
            script.write(f"wrk.headers[{json.dumps(header)}] = {json.dumps(value)}\n")
        script.flush()
        done = subprocess.run(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", script.name,
                               daemon.endpoint + "/"], capture_output=True, text=True, check=True)
    if "Non-2xx" in done.stdout:
        raise SystemExit(f"{name}: refused requests\n{done.stdout}")
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout).group(1))
    latency = re.search(r"99%\s+(\S+)", done.stdout).group(1)
    megabytes = rate * len(text) / 1e6
    print(f"{name:10} {rate * EVENTS:12,.0f} events/s  {megabytes:8.1f} MB/s of JSON  p99 {latency} for {EVENTS} events")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=5)
    seconds = parser.parse_args().seconds
    options = ("--capture", "false", "--enforce", "false")
    daemon = Daemon("--ephemeral")
    measure("CI mode", daemon, ("test", "test"), seconds)
    daemon.stop()
    with tempfile.TemporaryDirectory() as folder:
        daemon = Daemon(*options, data=folder)
        profile = configparser.ConfigParser()
        profile.read(f"{folder}/credentials")
        measure("durable", daemon, (profile["default"]["aws_access_key_id"],
                                    profile["default"]["aws_secret_access_key"]), seconds)
        daemon.stop()


if __name__ == "__main__":
    main()
