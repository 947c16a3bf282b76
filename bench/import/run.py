#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares `weir import --output` with DuckDB's COPY (read_csv) TO parquet on the same gzip flow logs.

    bench/import/run.py [--build build/bench] [--records N] [--runs N]

Whole processes by the clock, taking turns; both may use every core. Medians; the files are then counted.
"""
import argparse
import gzip
import os
import pathlib
import shutil
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "packets"))
from run import write_records  # noqa: E402


def write_records_v5(path, count):
    """The 29 fields up to version 5, from those of the default format."""
    default = path.with_suffix(".v2")
    write_records(default, count)
    with open(default) as lines, open(path, "w") as out:
        out.write(next(lines).rstrip() + " vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id "
                  "sublocation-type sublocation-id pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path\n")
        for i, line in enumerate(lines):
            source, target = line.split()[3:5]
            out.write(f"5{line.rstrip()[1:]} vpc-0a1b2c3d4e5f60718 subnet-0a1b2c3d4e5f6{i % 16:04x} i-0a1b2c3d4e5f6{i % 64:04x} "
                      f"{(2, 3, 18, 19)[i % 4]} IPv4 {source} {target} us-east-1 use1-az{i % 3} - - - - "
                      f"{('ingress -', 'egress 8')[i % 2]}\n")
    default.unlink()


def measure(command):
    """Seconds by the clock, seconds of CPU, peak memory in MB."""
    began = time.perf_counter()
    pid = os.spawnvp(os.P_NOWAIT, command[0], command)
    _, status, usage = os.wait4(pid, 0)
    if status != 0:
        sys.exit(f"failed: {' '.join(command)}")
    return time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build/bench", type=pathlib.Path)
    parser.add_argument("--weir", default="build/release/weir", type=pathlib.Path)
    parser.add_argument("--records", default=3_000_000, type=int)
    parser.add_argument("--runs", default=5, type=int)
    options = parser.parse_args()
    duckdb = options.build / "bench" / "import" / "weir_bench_duckdb_copy"
    with tempfile.TemporaryDirectory(prefix="weir-bench-") as folder:
        folder = pathlib.Path(folder)
        for name, write in (("14 fields (v2)", write_records), ("29 fields (v5)", write_records_v5)):
            source = folder / "records.log"
            write(source, options.records)
            packed = folder / "records.log.gz"
            with open(source, "rb") as text, gzip.open(packed, "wb", 6) as out:
                shutil.copyfileobj(text, out)
            source.unlink()
            commands = {
                "weir import": [str(options.weir), "import", "--json", "--output", str(folder / "weir"), str(packed)],
                "DuckDB COPY": [str(duckdb), f"COPY (SELECT * FROM read_csv('{packed}', delim=' ', header=true, nullstr='-'))"
                                             f" TO '{folder}/duckdb.parquet' (FORMAT parquet)"],
            }
            found = {tool: [] for tool in commands}
            devnull = os.open(os.devnull, os.O_WRONLY)
            stdout = os.dup(1)
            for _ in range(options.runs):
                shutil.rmtree(folder / "weir", ignore_errors=True)
                for tool, command in commands.items():
                    os.dup2(devnull, 1)
                    found[tool].append(measure(command))
                    os.dup2(stdout, 1)
            size = sum(f.stat().st_size for f in (folder / "weir").rglob("*.parquet"))
            sizes = {"weir import": size, "DuckDB COPY": (folder / "duckdb.parquet").stat().st_size}
            print(f"\n{options.records} records of {name}, {packed.stat().st_size / 1e6:.0f} MB gzip\n")
            print("| tool | clock s | CPU s | records/s | peak MB | Parquet MB | against Weir |\n|---|---|---|---|---|---|---|")
            weir = statistics.median(clock for clock, _, _ in found["weir import"])
            for tool, runs in found.items():
                clock, cpu, memory = (statistics.median(run[i] for run in runs) for i in range(3))
                print(f"| {tool} | {clock:.2f} | {cpu:.2f} | {options.records / clock:,.0f} | {memory:.0f} | "
                      f"{sizes[tool] / 1e6:.0f} | {clock / weir:.2f} times the time |", flush=True)
            (folder / "duckdb.parquet").unlink()


if __name__ == "__main__":
    main()
