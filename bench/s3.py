#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""S3 over HTTP: durable PUTs of 4 KB over 16 connections beside what fsync alone allows on the same disk, and GETs of
64 MB beside nginx serving the same bytes. Rounds alternate; shown are medians and the ratio."""

import argparse
import concurrent.futures
import configparser
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import botocore.auth
import botocore.awsrequest
import botocore.credentials

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests/e2e"))
from conftest import Daemon, make_client  # noqa: E402

CONNECTIONS = 16
SMALL = 4096
LARGE = 64 << 20
REQUESTS = 30_000


def signed(endpoint, keys, body):
    """The headers of many PUTs, each with a key of its own."""
    signer = botocore.auth.S3SigV4Auth(botocore.credentials.Credentials(*keys), "s3", "us-east-1")
    lines = []
    for number in range(REQUESTS):
        path = f"/bench/{number % 100}/{number}"
        request = botocore.awsrequest.AWSRequest("PUT", endpoint + path, data=body)
        request.context["payload_signing_enabled"] = False
        signer.add_auth(request)
        lines.append((path, dict(request.headers.items())))
    return lines


def write_script(folder, lines, body):
    script = pathlib.Path(folder) / "put.lua"
    with script.open("w") as out:
        out.write("local requests = {\n")
        for path, headers in lines:
            fields = ",".join(f"[{json.dumps(k)}]={json.dumps(v)}" for k, v in headers.items())
            out.write(f"{{{json.dumps(path)},{{{fields}}}}},\n")
        out.write("}\nlocal next = 0\n"
                  f"local body = {json.dumps(body.decode())}\n"
                  "request = function()\n"
                  "  next = next % #requests + 1\n"
                  "  return wrk.format('PUT', requests[next][1], requests[next][2], body)\n"
                  "end\n")
    return script


def puts(script, endpoint, seconds):
    done = subprocess.run(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(script), endpoint],
                          capture_output=True, text=True, check=True)
    if "Non-2xx" in done.stdout:
        raise SystemExit(f"refused requests\n{done.stdout}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout).group(1))


def fsyncs(folder, seconds):
    """Files of 4 KB made and synced one after another by as many threads, and nothing else."""
    end = time.monotonic() + seconds
    data = b"x" * SMALL

    def work(worker):
        count = 0
        while time.monotonic() < end:
            handle = os.open(f"{folder}/{worker}-{count}", os.O_CREAT | os.O_EXCL | os.O_WRONLY)
            os.write(handle, data)
            os.fsync(handle)
            os.close(handle)
            count += 1
        return count

    with concurrent.futures.ThreadPoolExecutor(CONNECTIONS) as pool:
        return sum(pool.map(work, range(CONNECTIONS))) / seconds


def small_objects(daemon, keys, folder, rounds, seconds):
    body = b"x" * SMALL
    script = write_script(folder, signed(daemon.endpoint, keys, body), body)
    weir, alone = [], []
    for number in range(rounds):
        plain = pathlib.Path(folder) / f"plain{number}"
        plain.mkdir()
        alone.append(fsyncs(plain, seconds))
        weir.append(puts(script, daemon.endpoint, seconds))
    ratio = statistics.median(w / a for w, a in zip(weir, alone))
    print(f"PUT 4 KB, {CONNECTIONS} connections: {statistics.median(weir):.0f}/s, fsync alone "
          f"{statistics.median(alone):.0f}/s, ratio {ratio:.2f}")


def get(url):
    start = time.monotonic()
    done = subprocess.run(["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code} %{size_download}", url],
                          capture_output=True, text=True, check=True)
    if done.stdout != f"200 {LARGE}":
        raise SystemExit(f"{url}: {done.stdout}")
    return LARGE / (time.monotonic() - start) / 1e6


def large_objects(s3, folder, rounds):
    if not shutil.which("nginx"):
        print("GET 64 MB: skipped, nginx is not installed")
        return
    data = os.urandom(LARGE)
    s3.put_object(Bucket="bench", Key="large", Body=data)
    url = s3.generate_presigned_url("get_object", {"Bucket": "bench", "Key": "large"})
    root = pathlib.Path(folder) / "nginx"
    root.mkdir()
    (root / "large").write_bytes(data)
    root.chmod(0o755)
    pathlib.Path(folder).chmod(0o755)
    config = root / "nginx.conf"
    config.write_text(f"daemon off; pid {root}/pid; error_log stderr; worker_processes 2; user root;\n"
                      "events {}\nhttp { access_log off; sendfile on; server { listen 127.0.0.1:18080; "
                      f"root {root}; }} }}\n")
    nginx = subprocess.Popen(["nginx", "-c", str(config)], stderr=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        weir, other = [], []
        for _ in range(rounds + 1):  # the first warms both up
            other.append(get("http://127.0.0.1:18080/large"))
            weir.append(get(url))
        ratio = statistics.median(w / o for w, o in zip(weir[1:], other[1:]))
        print(f"GET 64 MB: {statistics.median(weir[1:]):.0f} MB/s, nginx {statistics.median(other[1:]):.0f} MB/s, "
              f"ratio {ratio:.2f}")
    finally:
        nginx.terminate()
        nginx.wait(10)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--folder", help="on the disk to measure")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        data = pathlib.Path(folder) / "data"
        daemon = Daemon("--capture", "false", "--enforce", "false", data=data)
        profile = configparser.ConfigParser()
        profile.read(data / "credentials")
        keys = profile["default"]["aws_access_key_id"], profile["default"]["aws_secret_access_key"]
        s3 = make_client("s3", daemon.endpoint, *keys)
        s3.create_bucket(Bucket="bench")
        small_objects(daemon, keys, folder, arguments.rounds, arguments.seconds)
        large_objects(s3, folder, arguments.rounds)
        daemon.stop()


if __name__ == "__main__":
    main()
