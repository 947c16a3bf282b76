#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a heavy Logs Insights query does to PutLogEvents: latency of 1,000-event requests of a durable daemon without and
with one query running all the time over another group, taking turns in one run. The load is wrk with one signed request
from two connections."""

import argparse
import configparser
import json
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests/e2e"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from conftest import BINARY, Daemon, make_client  # noqa: E402
from put_log_events import body, signed_request  # noqa: E402

HEAVY = ("stats sum(bytes) as b, pct(bytes, 99) as p, count_distinct(srcPort) as ports by srcAddr"
         " | sort b desc | limit 100")
CONNECTIONS = 2
LUA_DONE = """
done = function(summary, latency, requests)
  io.write(string.format("RESULT %d %d %d %d\\n", summary.requests, summary.duration, latency:percentile(50),
                         latency:percentile(99)))
end
"""


def write_records(path, count):
    """Flow-log lines of the last hour."""
    chance = random.Random(1)
    now = int(time.time()) - 3600
    with open(path, "w") as file:
        for i in range(count):
            start = now + i * 3600 // count
            file.write(f"2 123456789010 eni-0a1b2c3d4e5f6071{i % 8} 203.0.{chance.randrange(256)}.{chance.randrange(256)} "
                       f"10.0.0.{chance.randrange(64)} {chance.randrange(1024, 65536)} {chance.choice((22, 53, 80, 443))} "
                       f"6 {chance.randrange(1, 100)} {chance.randrange(40, 150000)} {start} {start + 59} "
                       f"{chance.choice(('ACCEPT', 'ACCEPT', 'REJECT'))} OK\n")


class Queries:
    """One heavy query after the other until it is told to end. It completes with 100 rows or, if it `fails`, ends as Failed."""

    def __init__(self, logs, text, fails):
        self.logs, self.text, self.fails, self.goes_on, self.done = logs, text, fails, True, 0
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while self.goes_on:
            now = int(time.time())
            query = self.logs.start_query(logGroupName="history", startTime=now - 7200, endTime=now,
                                          queryString=self.text)["queryId"]
            while True:
                answer = self.logs.get_query_results(queryId=query)
                if answer["status"] not in ("Scheduled", "Running"):
                    break
                time.sleep(0.2)
            self.done += 1
            if self.fails:
                assert answer["status"] == "Failed", answer
            else:
                assert answer["status"] == "Complete" and len(answer["results"]) == 100, answer

    def end(self):
        self.goes_on = False
        self.thread.join()
        return self.done


def measure(endpoint, headers, text, seconds):
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write("wrk.method = 'POST'\nwrk.body = " + json.dumps(text) + "\n")
        for header, value in headers.items():
            script.write(f"wrk.headers[{json.dumps(header)}] = {json.dumps(value)}\n")
        script.write(LUA_DONE)
        script.flush()
        out = subprocess.run(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", script.name, endpoint + "/"],
                             capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in out:
        raise SystemExit(f"refused requests\n{out}")
    requests, duration, p50, p99 = (int(n) for n in out.split("RESULT ")[1].split())
    return requests / duration * 1e6, p50 / 1000, p99 / 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=3_000_000)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--query", default=HEAVY)
    parser.add_argument("--fails", action="store_true", help="the query is to end as Failed: it goes over a bound")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        daemon = Daemon("--capture", "false", "--enforce", "false", data=folder)
        records = pathlib.Path(folder) / "records.log"
        write_records(records, options.records)
        subprocess.run([str(BINARY), "import", str(records), "--log-group", "history", "--data", folder, "--endpoint",
                        daemon.endpoint], check=True, stdout=subprocess.DEVNULL)
        records.unlink()
        profile = configparser.ConfigParser()
        profile.read(f"{folder}/credentials")
        keys = (profile["default"]["aws_access_key_id"], profile["default"]["aws_secret_access_key"])
        logs = make_client("logs", daemon.endpoint, *keys)
        logs.create_log_group(logGroupName="bench")
        logs.create_log_stream(logGroupName="bench", logStreamName="s")
        text = body()
        headers = signed_request(daemon.endpoint, keys, text)
        found = {"without": [], "with": []}
        for _ in range(options.rounds):
            found["without"].append(measure(daemon.endpoint, headers, text, options.seconds))
            queries = Queries(logs, options.query, options.fails)
            found["with"].append(measure(daemon.endpoint, headers, text, options.seconds))
            print(f"queries in that time: {queries.end()}", file=sys.stderr)
        for name, values in found.items():
            rate, p50, p99 = (statistics.median(column) for column in zip(*values))
            print(f"{name:8} a query: {rate * 1000:10,.0f} events/s  p50 {p50:7.2f} ms  p99 {p99:7.2f} ms "
                  f"(median of {options.rounds})")
        ratios = [b[2] / a[2] for a, b in zip(found["without"], found["with"])]
        print(f"p99 with / without: {statistics.median(ratios):.2f} (bar: at most 2)")
        status = pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text()
        print("most resident memory:", next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1], "KiB")
        daemon.stop()


if __name__ == "__main__":
    main()
