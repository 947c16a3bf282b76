#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Time from the start of the process to the first answered request on an empty data folder, and memory when idle."""

import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests/e2e"))
from conftest import BINARY  # noqa: E402

ROUNDS = 10
IDLE_SECONDS = 3


def first_answer(folder):
    begun = time.monotonic()
    process = subprocess.Popen([str(BINARY), "serve", "--listen", "127.0.0.1:0", "--data", folder, "--capture", "false",
                                "--enforce", "false", "--log-level", "off"], stdout=subprocess.PIPE, text=True)
    endpoint = re.search(r"ready at (\S+)", process.stdout.readline()).group(1)
    urllib.request.urlopen(endpoint + "/_weir/health", timeout=10).read()
    return process, time.monotonic() - begun


def main():
    times = []
    for number in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            process, seconds = first_answer(folder)
            times.append(seconds)
            if number == ROUNDS - 1:
                time.sleep(IDLE_SECONDS)
                status = pathlib.Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
                resident = int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024
                own = int(re.search(r"RssAnon:\s+(\d+)", status).group(1)) / 1024
            process.terminate()
            process.wait(30)
    print(f"start to first answer, empty data folder: median {1000 * statistics.median(times):.0f} ms, "
          f"max {1000 * max(times):.0f} ms over {ROUNDS}")
    print(f"idle memory: {resident:.0f} MB resident, of it {own:.0f} MB its own (the rest are pages of the program and libraries)")


if __name__ == "__main__":
    main()
