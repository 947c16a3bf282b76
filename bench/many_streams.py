#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A log group with 100,000 streams and 10,000 log groups in a durable daemon: how long the pages of the describe calls,
a put, a search and a query over them take, how fast the daemon starts with them, and its memory."""

import argparse
import configparser
import pathlib
import statistics
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests/e2e"))
from conftest import Daemon, make_client  # noqa: E402

GROUP = "/many/streams"
CREATORS = 4
SEARCHED = "host-012"  # prefix of the streams that a search is for: a thousandth of them


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.start()

    def start(self):
        began = time.monotonic()
        self.daemon = Daemon("--capture", "false", "--enforce", "false", data=self.folder)
        took = time.monotonic() - began
        profile = configparser.ConfigParser()
        profile.read(f"{self.folder}/credentials")
        self.keys = (profile["default"]["aws_access_key_id"], profile["default"]["aws_secret_access_key"])
        self.logs = self.client()
        status = pathlib.Path(f"/proc/{self.daemon.process.pid}/status").read_text(encoding="ascii")
        resident = next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS"))
        print(f"start: {took:.2f} s, {resident:.0f} MiB resident", flush=True)

    def client(self):
        return make_client("logs", self.daemon.endpoint, *self.keys, max_pool_connections=CREATORS)

    def in_parallel(self, what, count, call):
        """`call(logs, number)` for each number, from a few connections."""
        def run(first):
            logs = self.client()
            for number in range(first, count, CREATORS):
                call(logs, number)
        began = time.monotonic()
        threads = [threading.Thread(target=run, args=(first,)) for first in range(CREATORS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(f"{what}: {count:,} in {time.monotonic() - began:.0f} s", flush=True)

    def show(self, what, times):
        print(f"{what:56} {len(times):6,} calls  median {statistics.median(times):8.1f} ms  max {max(times):8.1f} ms",
              flush=True)

    def timed(self, function, **members):
        began = time.monotonic()
        answer = function(**members)
        return answer, (time.monotonic() - began) * 1000

    def pages(self, what, function, key, pages_max=10**9, **members):
        times, found = [], 0
        token = {}
        while True:
            answer, took = self.timed(function, **members, **token)
            times.append(took)
            found += len(answer[key])
            if "nextToken" not in answer or len(times) == pages_max:
                break
            token = {"nextToken": answer["nextToken"]}
        self.show(what, times)
        return found

    def describe(self):
        options, logs = self.options, self.logs
        streams = {"logGroupName": GROUP, "limit": 50}
        # All pages by name; of the other orders a part tells enough.
        assert self.pages("DescribeLogStreams by name, all pages", logs.describe_log_streams, "logStreams",
                          **streams) == options.streams
        self.pages("DescribeLogStreams by name, descending", logs.describe_log_streams, "logStreams", 200, **streams,
                   descending=True)
        self.pages("DescribeLogStreams by last event", logs.describe_log_streams, "logStreams", 200, **streams,
                   orderBy="LastEventTime")
        self.pages("DescribeLogStreams by last event, descending", logs.describe_log_streams, "logStreams", 200, **streams,
                   orderBy="LastEventTime", descending=True)
        self.pages("DescribeLogStreams with a prefix", logs.describe_log_streams, "logStreams", **streams,
                   logStreamNamePrefix=SEARCHED)
        self.pages("DescribeLogGroups, all pages", logs.describe_log_groups, "logGroups", limit=50)
        self.pages("DescribeLogGroups with a prefix", logs.describe_log_groups, "logGroups", limit=50,
                   logGroupNamePrefix="/many/groups/0012")
        self.pages("DescribeLogGroups with a pattern that nothing has", logs.describe_log_groups, "logGroups", limit=50,
                   logGroupNamePattern="nowhere")

    def put(self, logs, number):
        now = int(time.time() * 1000)
        return self.timed(logs.put_log_events, logGroupName=GROUP, logStreamName=f"host-{number:06}", logEvents=[
            {"timestamp": now, "message": f"2 1 eni-{number} 10.0.0.1 10.0.0.2 {number} 22 6 1 40 1 2 REJECT OK"}])[1]

    def search(self, what, pages_max=10**9, **members):
        times = []
        for _ in range(5):
            took, token, events = 0, {}, 0
            for _ in range(pages_max):
                answer, page = self.timed(self.logs.filter_log_events, logGroupName=GROUP, **members, **token)
                events += len(answer["events"])
                took += page
                if "nextToken" not in answer:
                    break
                token = {"nextToken": answer["nextToken"]}
            times.append(took)
        self.show(f"FilterLogEvents {what}: {events:,} events", times)

    def query(self):
        now = int(time.time())
        began = time.monotonic()
        query = self.logs.start_query(logGroupName=GROUP, startTime=now - 3600, endTime=now + 60,
                                      queryString="stats count(*) as n by action")["queryId"]
        while True:
            answer = self.logs.get_query_results(queryId=query)
            if answer["status"] not in ("Scheduled", "Running"):
                break
            time.sleep(0.01)
        print(f"Insights over all streams: {(time.monotonic() - began) * 1000:.0f} ms, {answer['status']}, "
              f"{answer['statistics']['recordsScanned']:,.0f} records", flush=True)

    def run(self):
        options, logs = self.options, self.logs
        logs.create_log_group(logGroupName=GROUP)
        self.in_parallel("CreateLogStream", options.streams, lambda logs, number: logs.create_log_stream(
            logGroupName=GROUP, logStreamName=f"host-{number:06}"))
        self.in_parallel("CreateLogGroup", options.groups, lambda logs, number: logs.create_log_group(
            logGroupName=f"/many/groups/{number:06}"))
        self.describe()
        self.show("PutLogEvents, most streams empty", [self.put(logs, number) for number in range(200)])
        self.in_parallel("PutLogEvents to each stream", options.streams, self.put)
        self.show("PutLogEvents, all streams have events", [self.put(logs, number) for number in range(200)])
        self.describe()
        self.search("with logStreamNamePrefix", logStreamNamePrefix=SEARCHED)
        self.search("for a rare term in all streams", filterPattern='"eni-77 "')
        self.search("all streams, first page", pages_max=1, limit=100)
        self.query()
        self.daemon.stop()
        self.start()
        began = time.monotonic()
        self.logs.delete_log_group(logGroupName=GROUP)
        print(f"DeleteLogGroup: {(time.monotonic() - began) * 1000:.0f} ms")
        self.daemon.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=100_000)
    parser.add_argument("--groups", type=int, default=10_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        Bench(options, folder).run()


if __name__ == "__main__":
    main()
