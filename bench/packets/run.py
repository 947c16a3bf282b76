#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares Weir's record reader with a plain split and DuckDB, and its flow meter with softflowd and nfpcapd.

    bench/packets/run.py [--build build/bench] [--records N] [--packets N] [--runs N]

Needs the programs weir_bench_records and weir_bench_replay of the bench preset. Everything runs on one
core; the best of several runs counts, by CPU time and by the clock. Tools that are missing are left out.
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
import time

RUN_SECONDS_MAX = 120  # a tool that hangs ends the comparison with an error


def write_records(path, count):
    """Records of the default format with a header, as S3 text objects have it."""
    rng = random.Random(7)
    with open(path, "w") as out:
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


def best(command, runs, folder=None):
    """Least CPU seconds and least seconds by the clock of several runs on one core."""
    cpu, wall = [], []
    for _ in range(runs):
        before = os.times()
        began = time.perf_counter()
        subprocess.run(["taskset", "-c", "0"] + command, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=RUN_SECONDS_MAX, cwd=folder)
        wall.append(time.perf_counter() - began)
        after = os.times()
        cpu.append(after.children_user + after.children_system - before.children_user - before.children_system)
    return min(cpu), min(wall)


def table(title, rows, amount, unit, size):
    print(f"\n{title}\n")
    print(f"| tool | CPU s | clock s | {unit}/s of CPU | GB/s of CPU | against Weir |")
    print("|---|---|---|---|---|---|")
    weir = rows[0][1]
    for name, cpu, wall in rows:
        print(f"| {name} | {cpu:.2f} | {wall:.2f} | {amount / cpu:,.0f} | {size / cpu / 1e9:.2f} | "
              f"{cpu / weir:.2f}x the time |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build/bench", type=pathlib.Path)
    parser.add_argument("--records", default=2_000_000, type=int)
    parser.add_argument("--packets", default=3_000_000, type=int)
    parser.add_argument("--runs", default=3, type=int)
    options = parser.parse_args()
    programs = options.build / "bench" / "packets"

    with tempfile.TemporaryDirectory(prefix="weir-bench-") as folder:
        folder = pathlib.Path(folder)
        records = folder / "records.log"
        write_records(records, options.records)
        rows = [(name, *best([str(programs / "weir_bench_records"), way, str(records)], options.runs))
                for name, way in (("Weir", "weir"), ("plain split (C++)", "split"), ("DuckDB read_csv", "duckdb"))]
        table(f"{options.records} flow records from a text file", rows, options.records, "records",
              records.stat().st_size)
        records.unlink()

        capture = folder / "capture.pcap"
        write_capture(capture, options.packets)
        rows = [("Weir", *best([str(programs / "weir_bench_replay"), str(capture), str(folder / "out")],
                               options.runs))]
        if shutil.which("softflowd"):
            sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)  # receives the export, reads nothing
            sink.bind(("127.0.0.1", 0))
            rows.append(("softflowd", *best(
                ["softflowd", "-d", "-r", str(capture), "-n", f"127.0.0.1:{sink.getsockname()[1]}", "-v", "9",
                 "-m", "100000", "-t", "maxlife=60", "-p", "pid", "-c", "ctl"],  # it was seen to hang with absolute paths here
                options.runs, folder)))
        if shutil.which("nfpcapd"):
            (folder / "nf").mkdir()
            rows.append(("nfpcapd", *best(
                ["nfpcapd", "-r", str(capture), "-w", str(folder / "nf"), "-e", "60,60"], options.runs)))
        table(f"{options.packets} packets of 20000 flows from a capture file to flow records", rows,
              options.packets, "packets", capture.stat().st_size)


if __name__ == "__main__":
    main()
