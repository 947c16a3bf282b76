#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""FilterLogEvents over HTTP, paging to the end of 10 million flow records, against `zstdcat FILE | grep -F` (or -E) over the
same records as text, taking turns in one run. Prints wall time, CPU time of the daemon and of the two programs, and how much
text that is for a second and a core."""

import argparse
import configparser
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "tests/e2e"))
from conftest import BINARY, Daemon, make_client  # noqa: E402

GROUP = "flow"
FIELDS = "[v, account, eni, src, dst, sport{}, dport{}, protocol, packets, bytes{}, start, end, action{}, status]"
KINDS = [  # name, filter pattern, what grep looks for
    ("a rare word", "SKIPDATA", ("-F", "SKIPDATA")),
    ("a word that is nowhere", "nowhere", ("-F", "nowhere")),
    ("a rare address", '"198.51.100.77"', ("-F", "198.51.100.77")),
    ("a rare number", "\" 64999 \"", ("-F", " 64999 ")),
    ("[...] two equalities and an ordering", FIELDS.format("", " = 22", " > 99000", " = REJECT"),
     ("-E", r"^([^ ]+ ){6}22 [^ ]+ [^ ]+ (99[0-9]{3}|[0-9]{6,}) [^ ]+ [^ ]+ REJECT ")),
    ("[...] an ordering", FIELDS.format("", "", " >= 100030", ""), ("-E", r"^([^ ]+ ){9}1000[3-9][0-9] ")),
]


def search(logs, pattern):
    """How many events and pages there are."""
    events = pages = 0
    more = {}
    while True:
        page = logs.filter_log_events(logGroupName=GROUP, filterPattern=pattern, **more)
        events += len(page["events"])
        pages += 1
        if "nextToken" not in page:
            return events, pages
        more = {"nextToken": page["nextToken"]}


def cpu_of(process):
    """Seconds of a process that runs."""
    fields = pathlib.Path(f"/proc/{process}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def grep(arguments, compressed):
    """Lines, wall and CPU seconds of both programs."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.monotonic()
    with subprocess.Popen(["zstdcat", str(compressed)], stdout=subprocess.PIPE) as cat:
        found = subprocess.run(["grep", *arguments], stdin=cat.stdout, stdout=subprocess.PIPE, check=False,
                               env={**os.environ, "LC_ALL": "C"}).stdout.count(b"\n")
    wall = time.monotonic() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return found, wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build/bench", help="the folder with the benchmarks")
    parser.add_argument("--records", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        records = pathlib.Path(folder) / "records.log"
        compressed = pathlib.Path(folder) / "records.log.zst"
        subprocess.run([f"{options.build}/bench/filter/weir_bench_filter", "write", str(records), str(options.records),
                        str(int(time.time()) - 7300)], check=True)
        size = records.stat().st_size
        subprocess.run(["zstd", "-q", str(records), "-o", str(compressed)], check=True)
        daemon = Daemon("--capture", "false", "--enforce", "false", data=f"{folder}/data")
        begun = time.monotonic()
        subprocess.run([str(BINARY), "import", str(records), "--log-group", GROUP, "--data", f"{folder}/data",
                        "--endpoint", daemon.endpoint], check=True, stdout=subprocess.DEVNULL)
        print(f"{options.records} records, {size / 1e6:.0f} MB of text, {compressed.stat().st_size / 1e6:.0f} MB as zstd, "
              f"imported in {time.monotonic() - begun:.1f} s; medians of {options.rounds}")
        records.unlink()
        profile = configparser.ConfigParser()
        profile.read(f"{folder}/data/credentials")
        logs = make_client("logs", daemon.endpoint, profile["default"]["aws_access_key_id"],
                           profile["default"]["aws_secret_access_key"])
        print(f"{'pattern':38} {'events':>8} {'pages':>5} | {'s':>6} {'CPU s':>6} {'GB/s/core':>9} | "
              f"{'grep s':>6} {'CPU s':>6} {'GB/s/core':>9} | CPU ratio")
        for name, pattern, arguments in KINDS:
            ours, theirs = [], []
            for _ in range(options.rounds):
                cpu, begun = cpu_of(daemon.process.pid), time.monotonic()
                events, pages = search(logs, pattern)
                ours.append((time.monotonic() - begun, cpu_of(daemon.process.pid) - cpu))
                lines, *spent = grep(arguments, compressed)
                theirs.append(spent)
                if lines != events:
                    raise SystemExit(f"{name}: {events} events, but grep finds {lines} lines")
            wall, cpu = (statistics.median(column) for column in zip(*ours))
            grep_wall, grep_cpu = (statistics.median(column) for column in zip(*theirs))
            cpu = max(cpu, 1 / os.sysconf("SC_CLK_TCK"))
            print(f"{name:38} {events:8} {pages:5} | {wall:6.2f} {cpu:6.2f} {size / cpu / 1e9:9.2f} | "
                  f"{grep_wall:6.2f} {grep_cpu:6.2f} {size / grep_cpu / 1e9:9.2f} | {cpu / grep_cpu:.2f}", flush=True)
        daemon.stop()


if __name__ == "__main__":
    main()
