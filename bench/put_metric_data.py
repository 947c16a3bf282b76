#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""PutMetricData over HTTP: data per second of a durable daemon (fsync on) and of one in CI mode. The load is wrk with one
request of 1,000 data of as many metrics, signed once and sent again and again, in each protocol and gzip'd."""

import argparse
import configparser
import gzip
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.parse

import botocore.auth
import botocore.awsrequest
import botocore.credentials

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests/e2e"))
from conftest import Daemon  # noqa: E402

DATA = 1000
CONNECTIONS = 8


def json_request():
    data = [{"MetricName": "RequestCount", "Value": i * 0.5, "Unit": "Count", "Dimensions": [
        {"Name": "InstanceId", "Value": f"i-{10_000_000 + i}"}, {"Name": "Service", "Value": f"service-{i % 50}"}]}
        for i in range(DATA)]
    return (json.dumps({"Namespace": "App", "MetricData": data}).encode(),
            {"X-Amz-Target": "GraniteServiceVersion20100801.PutMetricData",
             "Content-Type": "application/x-amz-json-1.0"})


def query_request():
    form = {"Action": "PutMetricData", "Version": "2010-08-01", "Namespace": "App"}
    for i in range(DATA):
        at = f"MetricData.member.{i + 1}."
        form |= {at + "MetricName": "RequestCount", at + "Value": i * 0.5, at + "Unit": "Count",
                 at + "Dimensions.member.1.Name": "InstanceId", at + "Dimensions.member.1.Value": f"i-{10_000_000 + i}",
                 at + "Dimensions.member.2.Name": "Service", at + "Dimensions.member.2.Value": f"service-{i % 50}"}
    return urllib.parse.urlencode(form).encode(), {"Content-Type": "application/x-www-form-urlencoded"}


def gzipped_request():
    body, headers = json_request()
    return gzip.compress(body), {**headers, "Content-Encoding": "gzip"}


def measure(name, daemon, keys, request, seconds):
    body, headers = request()
    signed = botocore.awsrequest.AWSRequest("POST", daemon.endpoint + "/", data=body, headers=headers)
    botocore.auth.SigV4Auth(botocore.credentials.Credentials(*keys), "monitoring", "us-east-1").add_auth(signed)
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        text = "".join(f"\\{byte:03}" for byte in body)
        script.write(f'wrk.method = "POST"\nwrk.body = "{text}"\n')
        for header, value in signed.headers.items():
            script.write(f"wrk.headers[{json.dumps(header)}] = {json.dumps(value)}\n")
        script.flush()
        done = subprocess.run(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", script.name,
                               daemon.endpoint + "/"], capture_output=True, text=True, check=True)
    if "Non-2xx" in done.stdout:
        raise SystemExit(f"{name}: refused requests\n{done.stdout}")
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout).group(1))
    latency = re.search(r"99%\s+(\S+)", done.stdout).group(1)
    print(f"{name:20} {rate * DATA:12,.0f} data/s  p99 {latency} for {DATA} data")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=5)
    seconds = parser.parse_args().seconds
    requests = {"JSON": json_request, "JSON, gzip": gzipped_request, "Query": query_request}
    daemon = Daemon("--ephemeral")
    measure("CI mode, JSON", daemon, ("test", "test"), json_request, seconds)
    daemon.stop()
    with tempfile.TemporaryDirectory() as folder:
        daemon = Daemon("--capture", "false", "--enforce", "false", data=folder)
        profile = configparser.ConfigParser()
        profile.read(f"{folder}/credentials")
        keys = (profile["default"]["aws_access_key_id"], profile["default"]["aws_secret_access_key"])
        for name, request in requests.items():
            measure("durable, " + name, daemon, keys, request, seconds)
        daemon.stop()


if __name__ == "__main__":
    main()
