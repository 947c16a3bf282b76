#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Ten minutes of everything at once on a durable daemon: writers, FilterLogEvents, a polling tail, live tails (`weir tail`,
and StartLiveTail where boto3 knows it) and Logs Insights queries. Fails on any error, on events that a tail missed or
saw twice, and on memory that grows after the first third. Prints a table of latencies. Run it with `make soak`."""

import argparse
import configparser
import datetime
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "e2e"))
from conftest import BINARY, Daemon, clean_environment, make_client  # noqa: E402

GROUP = "/soak/flow"
WRITERS = 2
BATCH = 500
TAILED = 1000  # live tails are for each event whose number is a multiple of it: more than 500 a second would be a sample
TAIL_PATTERN = "[v, account, eni = eni-0, src, dst, sport, dport, proto, number = *000, ...]"
TAIL_LAG_MAX = 100 * TAILED  # at the end; about ten seconds of one writer
QUERY_SECONDS = 90  # of events; the load is the same from then on
GROWTH_MAX = 1.25  # of resident memory, from the first third to the last
QUERIES = (
    "stats sum(bytes) as b by srcAddr, dstAddr | sort b desc | limit 15",
    'filter action = "REJECT" | stats count(*) as n by bin(1m)',
    "fields @timestamp, srcAddr, dstPort | filter dstPort = 22 | sort @timestamp desc | limit 100",
    "stats count_distinct(dstPort) as ports by srcAddr | filter ports > 1 | sort ports desc",
    "parse @message /(?<eni>eni-\\S+) / | stats count(*) by eni",
)


class Soak:
    def __init__(self, endpoint, keys, seconds, folder):
        self.endpoint, self.keys, self.folder = endpoint, keys, folder
        self.end = time.monotonic() + seconds
        self.latencies, self.errors = {}, []
        self.written, self.count_of_first = 0, 0
        self.lock, self.following = threading.Lock(), threading.Event()

    def client(self):
        return make_client("logs", self.endpoint, *self.keys)

    def timed(self, name, function, **members):
        start = time.monotonic()
        answer = function(**members)
        with self.lock:
            self.latencies.setdefault(name, []).append((time.monotonic() - start) * 1000)
        return answer

    def goes_on(self):
        return time.monotonic() < self.end and not self.errors

    def guarded(self, work, *arguments):
        def run():
            try:
                work(self.client(), *arguments)
            except Exception as problem:  # whatever it is, the soak has failed
                self.errors.append(f"{work.__name__}: {problem!r}")
        return threading.Thread(target=run)

    def write(self, logs, number):
        chance = random.Random(number)
        stream, count = f"eni-{number}", 0
        logs.create_log_stream(logGroupName=GROUP, logStreamName=stream)
        while self.goes_on():
            now = time.time()
            events = []
            for _ in range(BATCH):
                count += 1
                message = (f"2 123456789010 {stream} 203.0.113.{chance.randrange(250)} 10.0.0.{chance.randrange(9)} "
                           f"{chance.randrange(1024, 65536)} {chance.choice((22, 80, 443))} 6 {count} "
                           f"{chance.randrange(40, 9000)} {int(now) - 59} {int(now)} "
                           f"{chance.choice(('ACCEPT', 'REJECT'))} OK")
                events.append({"timestamp": int(now * 1000), "message": message})
            self.timed("PutLogEvents (500)", logs.put_log_events, logGroupName=GROUP, logStreamName=stream,
                       logEvents=events)
            with self.lock:
                self.written += BATCH
            if number == 0:
                self.count_of_first = count
            time.sleep(0.05)

    def filter(self, logs):
        while self.goes_on():
            since = int((time.time() - 60) * 1000)
            self.timed("FilterLogEvents", logs.filter_log_events, logGroupName=GROUP, startTime=since, limit=1000,
                       filterPattern="[v, account, eni, src, dst, sport, port = 22, proto, packets, bytes > 8000, ...]")
            time.sleep(0.2)

    def tail(self, logs):
        """Each event of one stream once, in the order of its writer."""
        seen, since, last = set(), int(time.time() * 1000), 0
        while self.goes_on():
            token, newest = {}, since
            while True:
                page = self.timed("FilterLogEvents, tail", logs.filter_log_events, logGroupName=GROUP,
                                  logStreamNames=["eni-0"], startTime=since, **token)
                for event in page["events"]:
                    newest = max(newest, event["timestamp"])
                    if event["eventId"] in seen:
                        continue
                    seen.add(event["eventId"])
                    number = int(event["message"].split()[8])
                    if last and number != last + 1:
                        raise AssertionError(f"after event {last} came {number}")
                    last = number
                if "nextToken" not in page:
                    break
                token = {"nextToken": page["nextToken"]}
            if newest > since:
                since = newest
                seen = {e for e in seen if int(e) >> 144 >= since}
            time.sleep(0.5)

    def in_order(self, name, last, timestamp_ms, message):
        """Of a live tail: the next event that it is for."""
        number = int(message.split()[8])
        if number != last + TAILED:
            raise AssertionError(f"{name}: after event {last} came {number}")
        with self.lock:
            self.latencies.setdefault(name, []).append(time.time() * 1000 - timestamp_ms)
        return number

    def check_tail(self, name, last):
        if self.count_of_first - TAIL_LAG_MAX > last:
            raise AssertionError(f"{name}: event {self.count_of_first} is written and {last} was the last it saw")

    def live_tail(self, logs):
        """StartLiveTail of boto3, where it has it."""
        name, last = "live tail (boto3), put to client", 0
        plain = make_client("logs", self.endpoint, *self.keys, inject_host_prefix=False)
        group = plain.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"][0]["arn"].removesuffix(":*")
        for event in plain.start_live_tail(logGroupIdentifiers=[group], logEventFilterPattern=TAIL_PATTERN)["responseStream"]:
            self.following.set()
            for result in event.get("sessionUpdate", {}).get("sessionResults", []):
                last = self.in_order(name, last, result["timestamp"], result["message"])
            if not self.goes_on():
                break
        self.check_tail(name, last)

    def weir_tail(self, logs):
        name, last = "weir tail, put to its output", 0
        for line in self.weir_tail_process.stdout:
            when, _, message = line.split(" ", 2)
            last = self.in_order(name, last, datetime.datetime.fromisoformat(when).timestamp() * 1000, message)
        self.check_tail(name, last)

    def start_weir_tail(self):
        self.weir_tail_process = subprocess.Popen(
            [str(BINARY), "tail", GROUP, "--filter", TAIL_PATTERN, "--data", self.folder, "--endpoint", self.endpoint],
            env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.weir_tail_process.stderr.readline()  # it follows now

    def stop_weir_tail(self):
        self.weir_tail_process.send_signal(signal.SIGINT)
        code = self.weir_tail_process.wait(30)
        if code != 0:
            self.errors.append(f"weir tail ended with {code}: {self.weir_tail_process.stderr.read()}")

    def query(self, logs, number):
        chance = random.Random(100 + number)
        while self.goes_on():
            now = int(time.time())
            start = time.monotonic()
            query = self.timed("StartQuery", logs.start_query, logGroupName=GROUP, startTime=now - QUERY_SECONDS, endTime=now,
                               queryString=chance.choice(QUERIES))["queryId"]
            while True:
                answer = self.timed("GetQueryResults", logs.get_query_results, queryId=query)
                if answer["status"] not in ("Scheduled", "Running"):
                    break
                time.sleep(0.1)
            if answer["status"] != "Complete":
                raise AssertionError(f"a query ended as {answer['status']}")
            with self.lock:
                self.latencies.setdefault("query, start to end", []).append((time.monotonic() - start) * 1000)
            time.sleep(0.5)


def memory_mib(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS"))


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=600)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder:
        daemon = Daemon("--capture", "false", "--enforce", "false", data=folder)
        profile = configparser.ConfigParser()
        profile.read(f"{folder}/credentials")
        keys = (profile["default"]["aws_access_key_id"], profile["default"]["aws_secret_access_key"])
        soak = Soak(daemon.endpoint, keys, seconds, folder)
        soak.client().create_log_group(logGroupName=GROUP)
        soak.start_weir_tail()
        tails = [soak.guarded(soak.weir_tail)]
        if hasattr(soak.client(), "start_live_tail"):
            tails.append(soak.guarded(soak.live_tail))
        else:
            print("this boto3 is older than StartLiveTail: only `weir tail` follows")
            soak.following.set()
        for thread in tails:
            thread.start()
        assert soak.following.wait(30), f"no live tail: {soak.errors}"
        threads = [soak.guarded(soak.write, n) for n in range(WRITERS)]
        for thread in threads:
            thread.start()
        while soak.written == 0 and soak.goes_on():
            time.sleep(0.05)
        others = [soak.guarded(soak.filter), soak.guarded(soak.tail), *(soak.guarded(soak.query, n) for n in range(2))]
        for thread in others:
            thread.start()
        memory = []
        while soak.goes_on():
            memory.append(memory_mib(daemon.process.pid))
            time.sleep(1)
        for thread in threads + others:
            thread.join()
        time.sleep(2)  # an update more for the live tails
        soak.stop_weir_tail()
        for thread in tails:
            thread.join()
        daemon.stop()

    print(f"{seconds} s, {soak.written:,} events written\n")
    print(f"{'call':34} {'number':>8} {'p50 ms':>9} {'p90 ms':>9} {'p99 ms':>9} {'max ms':>9}")
    for name, values in sorted(soak.latencies.items()):
        print(f"{name:34} {len(values):8,} " + " ".join(
            f"{value:9.1f}" for value in (*(percentile(values, s) for s in (0.5, 0.9, 0.99)), max(values))))
    third = max(1, len(memory) // 3)
    print("\nlargest resident memory of each minute, MiB: " +
          " ".join(f"{max(memory[at:at + 60]):.0f}" for at in range(0, len(memory), 60)))
    early, late = max(memory[third // 2:third + 1]), max(memory[-third:])
    print(f"resident memory: {early:.0f} MiB in the first third, {late:.0f} MiB in the last (largest "
          f"{max(memory):.0f} MiB)")
    if late > early * GROWTH_MAX:
        soak.errors.append(f"memory grew from {early:.0f} to {late:.0f} MiB")
    if soak.errors:
        raise SystemExit("failed:\n" + "\n".join(soak.errors))
    print("no error")


if __name__ == "__main__":
    main()
