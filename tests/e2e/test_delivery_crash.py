# SPDX-License-Identifier: Apache-2.0
"""Files of flow logs in S3 while the daemon is killed again and again: what its store had taken is in exactly one file."""

import gzip
import os
import random
import re
import socket
import struct
import time

import pytest

from conftest import Daemon, credentials_of, make_client, wait_for
from test_collect import collected
from test_flow_logs import keys_of, parquet_rows

ROUNDS = int(os.environ.get("WEIR_CRASH_ROUNDS", "6"))
DATAGRAM_RECORDS = 30  # the most of NetFlow version 5
OPTIONS = ("--capture", "false", "--enforce", "false", "--collect-netflow", "127.0.0.1:0", "--s3-file-slot-s", "1",
           "--s3-file-delay-s", "0")
BUCKETS = ("text", "parquet")
STORED = "weir_delivery_records_stored_total"


def datagram(first):
    """Flow records that are told apart by their source address."""
    now = time.time()
    header = struct.pack("!HHIIIIBBH", 5, DATAGRAM_RECORDS, 600_000, int(now), 0, first, 0, 0, 0)
    records = (struct.pack("!4s4s4sHHIIIIHHBBBBHHBBH", struct.pack("!I", 0x0A000000 + first + i), bytes([10, 255, 0, 1]),
                           bytes(4), 1, 2, 1, 40, 599_000, 599_900, 40000, 443, 0, 2, 6, 0, 0, 0, 24, 24, 0)
               for i in range(DATAGRAM_RECORDS))
    return header + b"".join(records)


def value_of(daemon, name):
    found = re.search(rf"^{name} (\d+)", daemon.get("/metrics"), re.M)
    return int(found.group(1)) if found else 0


def address(number):
    return socket.inet_ntoa(struct.pack("!I", 0x0A000000 + number))


def sources_in_text(s3):
    for key in keys_of(s3, "text"):
        lines = gzip.decompress(s3.get_object(Bucket="text", Key=key)["Body"].read()).decode().splitlines()
        yield from (line.split()[3] for line in lines[1:] if line.endswith(" OK"))


def sources_in_parquet(s3, tmp_path):
    path = tmp_path / "one.parquet"
    for key in keys_of(s3, "parquet"):
        path.write_bytes(s3.get_object(Bucket="parquet", Key=key)["Body"].read())
        yield from (row["srcaddr"] for row in parquet_rows(path)["rows"] if row["log_status"] == "OK")


def test_what_the_store_took_is_in_exactly_one_file_after_kills(tmp_path):
    data = tmp_path / "data"
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    daemon = Daemon(*OPTIONS, data=data)
    sent, safe = 0, []

    def send(number):
        nonlocal sent
        for _ in range(number):
            sender.sendto(datagram(sent), ("127.0.0.1", collected_port))
            sent += DATAGRAM_RECORDS

    try:
        collected_port = collected(daemon)["ports"][0]
        send(1)  # makes the interface known
        wait_for(lambda: collected(daemon)["flows"] == sent, "the interface is known")
        client = {service: make_client(service, daemon.endpoint, *credentials_of(data)) for service in ("ec2", "s3")}
        vpc = client["ec2"].describe_vpcs()["Vpcs"][0]["VpcId"]
        for bucket in BUCKETS:
            client["s3"].create_bucket(Bucket=bucket)
            made = client["ec2"].create_flow_logs(
                ResourceIds=[vpc], ResourceType="VPC", TrafficType="ALL", LogDestinationType="s3",
                LogDestination=f"arn:aws:s3:::{bucket}",
                DestinationOptions={"FileFormat": "plain-text" if bucket == "text" else "parquet"})
            assert not made["Unsuccessful"]
        for _ in range(ROUNDS):
            first, before = sent, value_of(daemon, STORED)
            end = time.monotonic() + random.uniform(0.3, 1.5)
            while time.monotonic() < end:
                send(10)
                wait_for(lambda: value_of(daemon, STORED) - before == len(BUCKETS) * (sent - first), "all are stored")
            safe += range(first, sent)
            send(random.randrange(20))  # the daemon dies somewhere within these
            daemon.kill()
            daemon = Daemon(*OPTIONS, data=data)
            collected_port = collected(daemon)["ports"][0]
        wait_for(lambda: value_of(daemon, "weir_delivery_backlog_bytes") == 0, "all files are written", 60)
        s3 = make_client("s3", daemon.endpoint, *credentials_of(data))
        assert len(safe) > ROUNDS * 500
        kinds = {"text": list(sources_in_text(s3))}
        try:
            kinds["parquet"] = list(sources_in_parquet(s3, tmp_path))
        except pytest.skip.Exception:
            pass  # no reader of Parquet here: the text is looked at all the same
        for kind, found in kinds.items():
            assert len(found) == len(set(found)), f"{kind}: a record is in two files"
            lost = {address(n) for n in safe} - set(found)
            assert not lost, f"{kind}: {len(lost)} of {len(safe)} records are lost, {min(lost)} to {max(lost)}"
    finally:
        daemon.stop()
