#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares Weir's record reader with a plain split and DuckDB, and its flow meter with softflowd and nfpcapd.

    bench/packets/run.py [--build build/bench] [--records N] [--packets N] [--runs N]

Needs the programs weir_bench_records, weir_bench_replay and weir_bench_launch of the bench preset. Everything runs on one
core; the median of several runs by CPU time counts. Tools that are missing are left out.
"""
import argparse
import os
import pathlib
import random
import shutil
import socket
import struct
import subprocess
import tempfile

RUN_SECONDS_MAX = 120  # a tool that hangs ends the comparison with an error
# As downloads write files. Of files written line by line the kernel keeps small pieces, and reading them takes every
# reader twice the time.
WRITE_BYTES = 1 << 20


def write_records(path, count):
    """Records of the default format with a header, as S3 text objects have it."""
    rng = random.Random(7)
    with open(path, "w", buffering=WRITE_BYTES) as out:
        out.write("version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes "
                  "start end action log-status\n")
        for i in range(count):
            start = 1767603600 + i // 1000
            source = ".".join(str(rng.randrange(1, 255)) for _ in range(4))
            out.write(
                f"2 123456789010 eni-0a1b2c3d4e5f6{rng.randrange(1000, 9999)} {source} "
                f"10.0.{rng.randrange(256)}.{rng.randrange(256)} {rng.randrange(1024, 65536)} "
                f"{rng.choice((22, 53, 443, 8080))} {rng.choice((6, 6, 6, 17))} {rng.randrange(1, 10000)} "
                f"{rng.randrange(40, 15000000)} {start} {start + rng.randrange(60)} "
                f"{rng.choice(('ACCEPT', 'ACCEPT', 'ACCEPT', 'REJECT'))} OK\n")


def write_capture(path, count, flows=20000, snap=96):
    """TCP packets of many flows over two minutes, cut at `snap` bytes, in a random order of flows."""
    rng = random.Random(7)
    ethernet = bytes.fromhex("020000000001020000000002" "0800")
    headers = []
    for _ in range(flows):
        size = rng.choice((40, 52, 576, 1500))
        ip = struct.pack("!BBHHHBBHII", 0x45, 0, size, 0, 0x4000, 64, 6, 0,
                         0x0a000000 | rng.randrange(1 << 24), 0xac100000 | rng.randrange(1 << 16))
        tcp = struct.pack("!HHIIBBHHH", rng.randrange(1024, 65536), rng.choice((22, 80, 443)), 1, 1, 0x50,
                          rng.choice((0x02, 0x10, 0x18, 0x11)), 65535, 0, 0)
        frame = (ethernet + ip + tcp).ljust(size + 14, b"\0")
        headers.append((frame[:snap], len(frame)))
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHIIII", 0xa1b2c3d4, 2, 4, 0, 0, snap, 1))
        for i in range(count):
            micros = i * 120_000_000 // count
            frame, length = headers[rng.randrange(flows)]
            out.write(struct.pack("<IIII", 1767603600 + micros // 1_000_000, micros % 1_000_000, len(frame),
                                  length))
            out.write(frame)


V5 = ("version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action "
      "log-status vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id sublocation-type "
      "sublocation-id pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path")


def write_v5_records(source, path):
    """The records of `source` in the table-order format of version 5, 29 fields."""
    with open(source) as lines, open(path, "w", buffering=WRITE_BYTES) as out:
        next(lines)
        out.write(V5 + "\n")
        for i, line in enumerate(lines):
            words = line.split()
            egress = i % 2 == 0
            out.write(f"5 {' '.join(words[1:])} vpc-0a1b2c3d4e5f60718 subnet-0a1b2c3d4e5f6071{i % 4} "
                      f"i-0a1b2c3d4e5f6071{i % 10} {i % 8} IPv4 {words[3]} {words[4]} us-east-1 use1-az{i % 3} - - "
                      f"{'S3' if i % 9 == 0 else '-'} - {'egress 8' if egress else 'ingress -'}\n")


def record_table(title, program, path, rounds):
    """Median of the rounds by CPU time; all ways take turns in one process."""
    out = subprocess.run(["taskset", "-c", "0", str(program), str(path), str(rounds)], check=True, text=True,
                         stdout=subprocess.PIPE, timeout=RUN_SECONDS_MAX * rounds).stdout
    rows = [line.split("\t") for line in out.splitlines()]
    duckdb = next(float(row[4]) for row in rows if row[0].startswith("DuckDB"))
    print(f"\n{title}\n")
    print("| reader | CPU s | records/s | GB/s | times as fast as DuckDB |")
    print("|---|---|---|---|---|")
    for name, seconds, records, _, ratio in rows:
        print(f"| {name} | {float(seconds):.3f} | {float(records) / float(seconds) / 1e6:.1f} M | "
              f"{path.stat().st_size / float(seconds) / 1e9:.2f} | {duckdb / float(ratio):.2f} |", flush=True)


def median_run(launcher, command, runs, folder=None):
    """Median CPU seconds, and the clock seconds and peak memory (MB) of that run, of several on one core."""
    results = []
    with tempfile.NamedTemporaryFile(mode="r") as used:
        for _ in range(runs):
            subprocess.run(["taskset", "-c", "0", str(launcher), used.name, *command], check=True, cwd=folder,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=RUN_SECONDS_MAX)
            cpu, clock, kib = pathlib.Path(used.name).read_text(encoding="ascii").split()
            results.append((float(cpu), float(clock), int(kib) / 1024))
    return sorted(results)[len(results) // 2]


def packet_table(title, rows, packets):
    print(f"\n{title}\n")
    print("| tool | CPU s | packets/s | peak memory | against Weir |")
    print("|---|---|---|---|---|")
    weir = next(cpu for name, (cpu, _, _) in rows if name == "Weir")
    for name, (cpu, _, memory) in rows:
        print(f"| {name} | {cpu:.2f} | {packets / cpu / 1e6:.1f} M | {memory:.0f} MB | {cpu / weir:.2f} times the time |",
              flush=True)


def compare_meters(programs, folder, title, capture, packets, flows, runs):
    launcher = programs / "weir_bench_launch"
    rows = [("cat (the limit)", median_run(launcher, ["cat", str(capture)], runs)),
            ("Weir", median_run(launcher, [str(programs / "weir_bench_replay"), str(capture), str(folder / "out")], runs))]
    if shutil.which("nfpcapd"):
        (folder / "nf").mkdir(exist_ok=True)
        rows.append(("nfpcapd", median_run(
            launcher, ["nfpcapd", "-r", str(capture), "-w", str(folder / "nf"), "-e", "60,60"], runs)))
    if shutil.which("softflowd"):
        sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)  # receives the export, reads nothing
        sink.bind(("127.0.0.1", 0))
        rows.append(("softflowd", median_run(
            launcher, ["softflowd", "-d", "-r", str(capture), "-n", f"127.0.0.1:{sink.getsockname()[1]}", "-v", "9",
             "-m", str(flows * 2), "-t", "maxlife=60", "-p", "pid", "-c", "ctl"],  # hangs with absolute paths
            runs, folder)))
    packet_table(title, rows, packets)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build/bench", type=pathlib.Path)
    parser.add_argument("--records", default=1_000_000, type=int)
    parser.add_argument("--packets", default=3_000_000, type=int)
    parser.add_argument("--runs", default=5, type=int)
    parser.add_argument("--only", choices=("records", "packets"))
    options = parser.parse_args()
    programs = options.build.resolve() / "bench" / "packets"

    with tempfile.TemporaryDirectory(prefix="weir-bench-") as folder:
        folder = pathlib.Path(folder)
        if options.only != "packets":
            v2, v5 = folder / "v2.log", folder / "v5.log"
            write_records(v2, options.records)
            write_v5_records(v2, v5)
            for name, path in (("14 fields (version 2)", v2), ("29 fields (version 5)", v5)):
                record_table(f"{options.records} records of {name} from a text file", programs / "weir_bench_records",
                             path, options.runs)
                path.unlink()
        if options.only != "records":
            for flows in (20_000, 1_000_000):
                capture = folder / "capture.pcap"
                write_capture(capture, options.packets, flows)
                compare_meters(programs, folder,
                               f"{options.packets} packets of {flows} flows from a capture file to flow records",
                               capture, options.packets, flows, options.runs)


if __name__ == "__main__":
    main()
