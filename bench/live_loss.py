#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Loss of the live capture at rising rates, against `tcpdump -w /dev/null`, on a pair of virtual interfaces.

    bench/live_loss.py [--build build/bench] [--seconds N]

A sender on one core (weir_bench_send of the bench preset) and on the other core, in turns, tcpdump with its defaults
and the daemon with its defaults. Packets and time are bounded. Ends with 1 if Weir lost packets without reporting
them, or lost any at a rate at which tcpdump lost none. Needs root.
"""
import argparse
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "tests/e2e"))

# Packets/s, flows, and whether they pass while an aggregation window ends. The last rate is more than a sender can do.
CASES = ((50_000, 1_000, False), (100_000, 1_000, False), (200_000, 1_000, False), (300_000, 1_000, False),
         (400_000, 1_000, False), (400_000, 50_000, True), (1_000_000, 1_000, False))
WINDOW_SECONDS = 60
SENDER_CORE, RECEIVER_CORE = "0", "1"
SETTLE_SECONDS_MAX = 10
SEND_SECONDS_MAX = 10


def run(*words, **more):
    return subprocess.run(words, check=True, text=True, stdout=subprocess.PIPE, timeout=60, **more).stdout


def why_not(program):
    if os.geteuid() != 0:
        return "you are not root"
    if len(os.sched_getaffinity(0)) < 2:
        return "there is only one core"
    for tool in ("ip", "tcpdump", "taskset"):
        if shutil.which(tool) is None:
            return f"{tool} is not installed (tools/setup installs it)"
    return None if program.exists() else f"{program} is not built"


class Pair:
    """Two namespaces with a device each, from entering the context to leaving it. The receiver's device is `near`."""

    def __init__(self):
        self.sender, self.receiver = (f"weir-live-{os.getpid()}-{name}" for name in ("sender", "receiver"))

    def __enter__(self):
        try:
            for name in (self.sender, self.receiver):
                run("ip", "netns", "add", name)
                for scope in ("all", "default"):  # no packets but those of the sender
                    run("ip", "netns", "exec", name, "sysctl", "-qw", f"net.ipv6.conf.{scope}.disable_ipv6=1")
            run("ip", "-n", self.receiver, "link", "set", "lo", "up")
            run("ip", "-n", self.receiver, "link", "add", "near", "type", "veth", "peer", "name", "far", "netns", self.sender)
            run("ip", "-n", self.receiver, "addr", "add", "10.99.0.1/24", "dev", "near")
            run("ip", "-n", self.receiver, "link", "set", "near", "up")
            run("ip", "-n", self.sender, "link", "set", "far", "up")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *ignored):
        for name in (self.sender, self.receiver):
            subprocess.run(["ip", "netns", "del", name], check=False, stderr=subprocess.DEVNULL)


class Sending:
    """Seen from the receiver's namespace, where everything else of this runs."""

    def __init__(self, namespace, program, case, seconds):
        rate, flows, self.is_over_window_end = case
        self.seconds = seconds
        self.command = ["ip", "netns", "exec", namespace, "taskset", "-c", SENDER_CORE, str(program), "far",
                        read("address"), str(int(rate * seconds)), str(rate), str(flows)]

    def run(self):
        """Packets that arrived at the device, whoever looked, and how many per second."""
        before = int(read("statistics/rx_packets"))
        out = run(*self.command)
        arrived = int(read("statistics/rx_packets")) - before
        return arrived, arrived / float(out.split()[1])


def read(name):
    return pathlib.Path("/sys/class/net/near", name).read_text(encoding="ascii").strip()


def with_tcpdump(sending):
    """What it says itself that it got and that the kernel dropped."""
    process = subprocess.Popen(["taskset", "-c", RECEIVER_CORE, "tcpdump", "-n", "-i", "near", "-w", "/dev/null"],
                               stderr=subprocess.PIPE, text=True)
    try:
        while "listening on" not in process.stderr.readline():
            if process.poll() is not None:
                raise RuntimeError("tcpdump did not start")
        arrived, rate = sending.run()
        time.sleep(1.5)  # what it holds back is handed over after a second
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=30)[1]
    finally:
        process.kill()
        process.wait()
    captured, dropped = (int(re.search(rf"(\d+) packets? {what}", said).group(1)) for what in ("captured", "dropped"))
    return arrived, rate, captured, dropped


def counts(daemon):
    """Packets that are in records or will be, and those reported as lost, as the daemon's /metrics tell it."""
    value = {match[1]: int(match[2]) for match in
             re.finditer(r'^(weir_\w+)\{interface="near"\} (\d+)$', daemon.get("/metrics"), re.M)}
    lost = value["weir_capture_dropped_total"] + value["weir_flow_packets_skipped_total"]
    return value["weir_capture_packets_total"], lost


def with_weir(sending):
    """The same of a daemon with a flow log of the device."""
    from conftest import Daemon, make_client, wait_for

    with tempfile.TemporaryDirectory() as folder:
        daemon = Daemon("--ephemeral", "--capture", "true", "--enforce", "false", "--interfaces", "near", data=folder,
                        prefix=("taskset", "-c", RECEIVER_CORE))
        try:
            ec2 = make_client("ec2", daemon.endpoint)
            vpc = ec2.describe_network_interfaces()["NetworkInterfaces"][0]["VpcId"]
            make_client("logs", daemon.endpoint).create_log_group(logGroupName="g")
            ec2.create_flow_logs(ResourceType="VPC", ResourceIds=[vpc], TrafficType="ALL", LogGroupName="g",
                                 MaxAggregationInterval=WINDOW_SECONDS, DeliverLogsPermissionArn="arn:aws:iam::000000000000:role/r")
            wait_for(lambda: "weir_capture_packets_total" in daemon.get("/metrics"), "the capture runs")
            if sending.is_over_window_end:
                time.sleep(WINDOW_SECONDS - sending.seconds / 2)
            arrived, rate = sending.run()
            end = time.monotonic() + SETTLE_SECONDS_MAX
            before, now = None, counts(daemon)
            while now != before and time.monotonic() < end:  # until it has read the ring to its end
                time.sleep(0.5)
                before, now = now, counts(daemon)
        finally:
            daemon.kill()
    return arrived, rate, *now


class Total:
    """Sums over the rounds of one tool at one rate."""

    def __init__(self):
        self.arrived = self.dropped = self.unreported = 0
        self.rates = []

    def add(self, arrived, rate, recorded, dropped):
        self.arrived += arrived
        self.rates.append(rate)
        self.dropped += dropped
        self.unreported += arrived - recorded - dropped

    def __str__(self):
        share = 100 * self.dropped / max(1, self.arrived)
        return (f"{min(self.rates) / 1e3:.0f} to {max(self.rates) / 1e3:.0f} k | {self.arrived} | "
                f"{self.dropped} ({share:.2f} %) | {self.unreported}")


def compare(namespace, program, seconds, rounds):
    failures = []
    print("| asked for, packets/s | tool | sent, packets/s | arrived | reported lost | unreported |")
    print("|---|---|---|---|---|---|")
    for case in CASES:
        rate, flows, is_over_window_end = case
        name = f"{rate // 1000} k, {flows} flows" + (", end of a window" if is_over_window_end else "")
        weir, tcpdump = Total(), Total()
        for _ in range(rounds):
            weir.add(*with_weir(Sending(namespace, program, case, seconds)))
            tcpdump.add(*with_tcpdump(Sending(namespace, program, case, seconds)))
        print(f"| {name} | Weir | {weir} |\n| | tcpdump | {tcpdump} |", flush=True)
        if weir.unreported != 0:
            failures.append(f"{name}: {weir.unreported} packets neither recorded nor reported")
        if weir.dropped != 0 and tcpdump.dropped == 0:
            failures.append(f"{name}: loss, where tcpdump lost nothing")
    print("\n".join(failures) or "no unreported loss, and none where tcpdump lost nothing")
    return 1 if failures else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=TOP / "build/bench", type=pathlib.Path)
    parser.add_argument("--seconds", default=4.0, type=float, help="of each sending")
    parser.add_argument("--rounds", default=3, type=int)
    parser.add_argument("--sender-namespace", help=argparse.SUPPRESS)
    options = parser.parse_args()
    program = options.build.resolve() / "bench/live/weir_bench_send"
    if options.sender_namespace:
        return compare(options.sender_namespace, program, min(options.seconds, SEND_SECONDS_MAX), options.rounds)
    problem = why_not(program)
    if problem:
        print(f"loss of the live capture: skipped, {problem}")
        return 0
    with Pair() as pair:
        return subprocess.run(["ip", "netns", "exec", pair.receiver, sys.executable, __file__, *sys.argv[1:],
                               "--sender-namespace", pair.sender], check=False,
                              env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}).returncode


if __name__ == "__main__":
    sys.exit(main())
