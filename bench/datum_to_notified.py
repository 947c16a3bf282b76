#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How long from a datum that is sent to the notification that an HTTP endpoint gets: a durable daemon with 10,000 alarms,
1,000 data a second over PutMetricData (10 for each request, signed, one connection kept open), one in 50 of which crosses
the threshold of an alarm that was OK. The receiver is a process of its own; both clocks are the machine's."""

import argparse
import asyncio
import concurrent.futures
import http.client
import json
import multiprocessing
import pathlib
import statistics
import sys
import tempfile
import time
import urllib.parse
import urllib.request

import botocore.auth
import botocore.awsrequest
import botocore.credentials

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests/e2e"))
from conftest import Daemon, credentials_of, make_client  # noqa: E402

PER_REQUEST = 10
TARGET = {"X-Amz-Target": "GraniteServiceVersion20100801.PutMetricData", "Content-Type": "application/x-amz-json-1.0"}


def receive(port, pipe):
    """Answers 200 at once; what came is sent to the parent when it asks."""
    got = []

    async def serve(reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
                body = await reader.readexactly(length)
                got.append((time.time(), body))
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionResetError):
            writer.close()

    async def main():
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port.value = server.sockets[0].getsockname()[1]
        while not pipe.poll():
            await asyncio.sleep(0.05)
            if got and b"SubscriptionConfirmation" in got[0][1]:
                pipe.send(json.loads(got.pop(0)[1])["SubscribeURL"])
        pipe.send([(when, json.loads(json.loads(body)["Message"])["AlarmName"]) for when, body in got])

    asyncio.run(main())


class Sender:
    def __init__(self, endpoint, keys):
        self.endpoint = endpoint
        self.signer = botocore.auth.SigV4Auth(botocore.credentials.Credentials(*keys), "monitoring", "us-east-1")
        address = urllib.parse.urlsplit(endpoint)
        self.connection = http.client.HTTPConnection(address.hostname, address.port)

    def put(self, data):
        body = json.dumps({"Namespace": "App", "MetricData": data}).encode()
        signed = botocore.awsrequest.AWSRequest("POST", self.endpoint + "/", data=body, headers=dict(TARGET))
        self.signer.add_auth(signed)
        began = time.time()
        self.connection.request("POST", "/", body, dict(signed.headers.items()))
        answer = self.connection.getresponse()
        told = answer.read()
        if answer.status != 200:
            raise SystemExit(f"refused: {told[:300]}")
        return began


def run(daemon, keys, options, pipe, port):
    cloudwatch, sns = (make_client(s, daemon.endpoint, *keys) for s in ("cloudwatch", "sns"))
    topic = sns.create_topic(Name="t")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=f"http://127.0.0.1:{port.value}/")
    urllib.request.urlopen(pipe.recv(), timeout=10).read()

    def make(i):
        cloudwatch.put_metric_alarm(AlarmName=f"a{i}", Namespace="App", MetricName=f"m{i}", Statistic="Maximum", Period=60,
                                    EvaluationPeriods=1, Threshold=50, AlarmActions=[topic],
                                    ComparisonOperator="GreaterThanThreshold", TreatMissingData="notBreaching")

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(make, range(options.alarms)))
    sender = Sender(daemon.endpoint, keys)
    crossing = options.crossing
    sent, alarm, number, begin = {}, 0, 0, time.time() + 1
    late = 0
    while time.time() < begin + options.seconds:
        due = begin + number * PER_REQUEST / options.rate
        time.sleep(max(0, due - time.time()))
        late = max(late, time.time() - due)
        data, names = [], []
        for i in range(PER_REQUEST):
            index = number * PER_REQUEST + i
            is_high = index % crossing == 0 and alarm < options.alarms // 2
            if is_high:
                names.append(f"a{alarm}")
            target = alarm if is_high else options.alarms // 2 + index % (options.alarms // 2)
            data.append({"MetricName": f"m{target}", "Value": 90 if is_high else 10})
            alarm += is_high
        began = sender.put(data)
        sent.update((name, began) for name in names)
        number += 1
    time.sleep(2)
    pipe.send("end")
    got = pipe.recv()
    delays = sorted(when - sent[name] for when, name in got if name in sent)
    if len(delays) != len(sent):
        raise SystemExit(f"{len(sent)} crossings, {len(delays)} notifications\n{daemon.errors()}")
    print(f"{options.alarms} alarms, {options.rate} data/s for {options.seconds} s, {len(delays)} notifications: median "
          f"{statistics.median(delays) * 1000:.1f} ms, p99 {delays[int(len(delays) * 0.99)] * 1000:.1f} ms, longest "
          f"{delays[-1] * 1000:.1f} ms (sender at most {late * 1000:.0f} ms behind its plan)", flush=True)
    return delays[int(len(delays) * 0.99)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alarms", type=int, default=10_000)
    parser.add_argument("--rate", type=int, default=1000, help="data a second")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--crossing", type=int, default=50, help="one in so many data crosses a threshold")
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    worst = []
    for _ in range(options.rounds):
        pipe, other = multiprocessing.Pipe()
        port = multiprocessing.Value("i", 0)
        receiver = multiprocessing.Process(target=receive, args=(port, other))
        receiver.start()
        while port.value == 0:
            time.sleep(0.01)
        with tempfile.TemporaryDirectory() as folder:
            daemon = Daemon("--capture", "false", "--enforce", "false", "--sns-allow", "127.0.0.0/8", data=folder)
            try:
                worst.append(run(daemon, credentials_of(folder), options, pipe, port))
            finally:
                daemon.stop()
                receiver.kill()
    print(f"p99, median of {len(worst)}: {statistics.median(worst) * 1000:.1f} ms")


if __name__ == "__main__":
    main()
