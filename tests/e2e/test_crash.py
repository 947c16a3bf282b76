# SPDX-License-Identifier: Apache-2.0
"""Acknowledged means durable: the daemon is killed in the middle of concurrent writes, again and again, and every
write that it had answered is there after the restart. Blocks of log events are merged all the time meanwhile.
WEIR_CRASH_ROUNDS says how often."""

import configparser
import datetime
import os
import random
import re
import threading
import time
import zlib

import botocore.exceptions

from conftest import Daemon, make_client, wait_for

ROUNDS = int(os.environ.get("WEIR_CRASH_ROUNDS", "50"))
WRITE_SECONDS = (0.05, 0.6)
WORKERS = 2
GROUP = "crash"
OPTIONS = ("--capture", "false", "--enforce", "false")
ALLOW_LOOPBACK = ("--sns-allow", "127.0.0.0/8")  # where the test's own receiver is
MERGING = ("--logs-merge-period-ms", "100")


def checksummed(text):
    return f"{text} {zlib.crc32(text.encode()):08x}"


class Writers:
    """Threads that write until the daemon dies; `acknowledged` holds what was answered, by kind. Each has a log stream of
    its own, so that the order of its events is known."""

    def __init__(self, clients, number):
        self.acknowledged = {"event": [], "topic": [], "sample": [], "object": []}
        self.clients, self.number = clients, number
        for worker in range(WORKERS):
            clients["logs"].create_log_stream(logGroupName=GROUP, logStreamName=self.stream(worker))
        self.threads = [threading.Thread(target=self.run, args=(kind, worker))
                        for kind in self.acknowledged for worker in range(WORKERS)]
        for thread in self.threads:
            thread.start()

    def stream(self, worker):
        return f"round-{self.number}-{worker}"

    def run(self, kind, worker):
        count = 0
        try:
            while True:
                name = f"{kind}-{self.number}-{worker}-{count}"
                getattr(self, kind)(name, worker)
                self.acknowledged[kind].append(name)
                count += 1
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError, OSError):
            return  # it was killed

    def event(self, name, worker):
        """One to four events; which of them belong together and that all are there follows from the text."""
        count = 1 + zlib.crc32(name.encode()) % 4
        self.clients["logs"].put_log_events(
            logGroupName=GROUP, logStreamName=self.stream(worker),
            logEvents=[{"timestamp": int(time.time() * 1000), "message": checksummed(f"{name} {i}/{count}")}
                       for i in range(count)])

    def topic(self, name, worker):
        self.clients["sns"].create_topic(Name=name)

    def sample(self, name, worker):
        self.clients["cloudwatch"].put_metric_data(
            Namespace="crash", MetricData=[{"MetricName": f"round-{self.number}", "Value": 1}])

    def object(self, name, worker):
        self.clients["s3"].put_object(Bucket="crash", Key=name, Body=name.encode() * 1000)

    def wait_for_each_kind(self, seconds=30):
        """A round says something about a kind only if one was acknowledged."""
        end = time.monotonic() + seconds
        while not all(self.acknowledged.values()) and time.monotonic() < end:
            time.sleep(0.01)

    def join(self):
        for thread in self.threads:
            thread.join(60)


def clients_of(endpoint, folder):
    profile = configparser.ConfigParser()
    profile.read(folder / "credentials")
    keys = profile["default"]
    return {service: make_client(service, endpoint, keys["aws_access_key_id"], keys["aws_secret_access_key"])
            for service in ("logs", "sns", "cloudwatch", "s3")}


def messages_of(logs, stream):
    messages, token = [], {}
    while True:
        page = logs.get_log_events(logGroupName=GROUP, logStreamName=stream, startFromHead=True, **token)
        messages += [event["message"] for event in page["events"]]
        if not page["events"]:
            return messages
        token = {"nextToken": page["nextForwardToken"]}


def check_events(clients, writers):
    """What each worker put is there once and in its order: all that was acknowledged, and at most the one request that
    was under way when the daemon died, wholly or not at all."""
    for worker in range(WORKERS):
        found = messages_of(clients["logs"], writers.stream(worker))
        prefix = f"event-{writers.number}-{worker}-"
        acknowledged = [name for name in writers.acknowledged["event"] if name.startswith(prefix)]
        names = acknowledged + [f"{prefix}{len(acknowledged)}"]
        expected = [[checksummed(f"{name} {i}/{count}") for i in range(count)]
                    for name in names for count in [1 + zlib.crc32(name.encode()) % 4]]
        without_last = sum(expected[:-1], [])
        assert found in (without_last, without_last + expected[-1]), (
            f"round {writers.number}, worker {worker}: {len(found)} events, {len(without_last)} acknowledged; first "
            f"difference at {next((i for i, (a, b) in enumerate(zip(found, without_last)) if a != b), None)}")


def missing(clients, writers):
    """What was answered and is not there, besides events."""
    lost = []
    topics = {t["TopicArn"].rsplit(":", 1)[1] for page in clients["sns"].get_paginator("list_topics").paginate()
              for t in page["Topics"]}
    lost += [name for name in writers.acknowledged["topic"] if name not in topics]

    now = datetime.datetime.now(datetime.timezone.utc)
    points = clients["cloudwatch"].get_metric_statistics(
        Namespace="crash", MetricName=f"round-{writers.number}", StartTime=now - datetime.timedelta(hours=1),
        EndTime=now + datetime.timedelta(minutes=2), Period=3600, Statistics=["SampleCount"])["Datapoints"]
    samples = sum(p["SampleCount"] for p in points)
    if samples < len(writers.acknowledged["sample"]):
        lost.append(f"samples: {samples} of {len(writers.acknowledged['sample'])}")

    for name in writers.acknowledged["object"]:
        try:
            body = clients["s3"].get_object(Bucket="crash", Key=name)["Body"].read()
        except botocore.exceptions.ClientError as problem:
            body = str(problem).encode()
        if body != name.encode() * 1000:
            lost.append(name)
    return lost


def merged_blocks(daemon):
    found = re.search(r"^weir_logs_blocks_merged_total (\d+)", daemon.get("/metrics"), re.MULTILINE)
    return int(found.group(1)) if found else 0


def test_killed_in_the_middle_of_writes_nothing_acknowledged_is_lost(tmp_path):
    daemon = Daemon(*OPTIONS, *MERGING, data=tmp_path)
    listen = daemon.endpoint.removeprefix("http://")
    clients = clients_of(daemon.endpoint, tmp_path)
    clients["logs"].create_log_group(logGroupName=GROUP)
    clients["s3"].create_bucket(Bucket="crash")
    rounds, merged = [], 0
    for number in range(ROUNDS):
        writers = Writers(clients, number)
        writers.wait_for_each_kind()
        wait_for(lambda: merged_blocks(daemon), "blocks are merged")
        time.sleep(random.uniform(*WRITE_SECONDS))
        merged += merged_blocks(daemon)
        daemon.kill()
        writers.join()
        daemon = Daemon(*OPTIONS, *MERGING, data=tmp_path, listen=listen)
        check_events(clients, writers)
        assert missing(clients, writers) == [], f"round {number}"
        rounds.append(writers)
    for writers in rounds:  # blocks of the first rounds were merged in later ones
        check_events(clients, writers)
    merged += merged_blocks(daemon)
    daemon.stop()
    written = {kind: sum(len(writers.acknowledged[kind]) for writers in rounds) for kind in rounds[0].acknowledged}
    print(f"{ROUNDS} kills, acknowledged and found: {written}, blocks merged: {merged}")
    assert all(count >= ROUNDS for count in written.values()), f"too little was written to mean anything: {written}"
    assert merged >= 8 * ROUNDS, f"too little was merged to mean anything: {merged} blocks"


# A notification that was published but not delivered when the daemon died is delivered after the restart.
def test_a_notification_survives_the_kill(tmp_path, webhook):
    import urllib.request

    daemon = Daemon(*OPTIONS, *ALLOW_LOOPBACK, data=tmp_path)
    clients = clients_of(daemon.endpoint, tmp_path)
    listen = daemon.endpoint.removeprefix("http://")
    topic = clients["sns"].create_topic(Name="t")["TopicArn"]
    clients["sns"].subscribe(TopicArn=topic, Protocol="http", Endpoint=webhook.url)
    urllib.request.urlopen(webhook.wait("SubscriptionConfirmation")[0]["SubscribeURL"], timeout=30).read()
    identifier = clients["sns"].publish(TopicArn=topic, Message="m")["MessageId"]
    daemon.kill()
    daemon = Daemon(*OPTIONS, *ALLOW_LOOPBACK, data=tmp_path, listen=listen)
    assert webhook.wait("Notification")[0]["MessageId"] == identifier
    daemon.stop()


def test_the_access_key_is_made_at_first_start_and_kept(tmp_path):
    daemon = Daemon(*OPTIONS, data=tmp_path)
    credentials = tmp_path / "credentials"
    before = credentials.read_text()
    assert credentials.stat().st_mode & 0o7777 == 0o600
    daemon.stop()
    Daemon(*OPTIONS, data=tmp_path).stop()
    assert credentials.read_text() == before
