#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Bytes on disk for each version 2 record in the folder of a durable daemon: after PutLogEvents, after the daemon has
merged and compacted, and after streams, retention and the group took the records away. All that was put is read back
and compared to the byte. Full requests and small ones, as the delivery of flow logs makes them, have a folder each."""

import argparse
import configparser
import gzip
import os
import pathlib
import random
import sys
import tempfile
import threading
import time
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests/e2e"))
from conftest import Daemon, make_client  # noqa: E402

GROUP = "/bench/flow"
STREAMS = 8
CONNECTIONS = 2
EVENT_OVERHEAD = 26
REQUEST_BYTES = 1_048_576
REQUEST_EVENTS = 10_000
SETTLED_SECONDS = 25  # without a change: two rounds of merging
GZIP_SAMPLE = 200_000


class Records:
    """Endless records of one network interface: clients of the whole Internet, a few services."""

    def __init__(self, number, begin, count):
        self.chance, self.eni = random.Random(number), f"eni-0a1b2c3d4e5f6{number:04}"
        self.own, self.begin, self.count, self.made = f"172.31.{number}.25", begin, count, 0

    def take(self, count):
        below = self.chance.randrange
        events = []
        for _ in range(min(count, self.count - self.made)):
            start = self.begin + int(self.made * 3600 / self.count)
            peer = (f"{below(1, 224)}.{below(256)}.{below(256)}.{below(1, 255)}", below(1024, 65536))
            here = (self.own, self.chance.choice((22, 53, 80, 443, 443, 443, 8080)))
            (source, sport), (target, dport) = (peer, here) if below(2) else (here, peer)
            packets = min(int(self.chance.paretovariate(0.9)), 100_000)
            events.append((start * 1000, (
                f"2 123456789010 {self.eni} {source} {target} {sport} {dport} 6 {packets} "
                f"{packets * below(40, 1500)} {start} {start + below(60)} {'REJECT' if below(10) == 0 else 'ACCEPT'} OK")))
            self.made += 1
        return events


class Replay:
    """Recorded lines again and again, as records of one interface."""

    def __init__(self, number, begin, count, lines):
        self.begin, self.count, self.made, self.lines = begin, count, 0, lines
        self.place = number * len(lines) // STREAMS

    def take(self, count):
        events = []
        for _ in range(min(count, self.count - self.made)):
            line = self.lines[(self.place + self.made) % len(self.lines)]
            events.append(((self.begin + int(self.made * 3600 / self.count)) * 1000, line))
            self.made += 1
        return events


def requests_of(source, events_max):
    """Batches within AWS's limits."""
    batch, size = [], 0
    while True:
        waiting = source.take(events_max)
        if not waiting:
            break
        for event in waiting:
            bytes_of_event = len(event[1]) + EVENT_OVERHEAD
            if len(batch) == events_max or size + bytes_of_event > REQUEST_BYTES:
                yield batch
                batch, size = [], 0
            batch.append(event)
            size += bytes_of_event
        if len(batch) == events_max:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def disk_bytes(folder):
    """What the files occupy."""
    total = 0
    for name in os.listdir(folder):
        try:
            total += os.stat(folder / name).st_blocks * 512
        except FileNotFoundError:  # RocksDB has removed it meanwhile
            pass
    return total


def settled_bytes(folder, seconds_max=300):
    last, since, end = -1, 0.0, time.monotonic() + seconds_max
    while time.monotonic() < end:
        now = disk_bytes(folder)
        if now != last:
            last, since = now, time.monotonic()
        if time.monotonic() - since > SETTLED_SECONDS:
            break
        time.sleep(0.5)
    return last


def kinds(folder):
    sizes = {}
    for name in os.listdir(folder):
        kind = name.rsplit(".", 1)[1] if "." in name else "other"
        sizes[kind] = sizes.get(kind, 0) + os.stat(folder / name).st_blocks * 512
    return ", ".join(f"{kind} {size / 1e6:.1f} MB" for kind, size in sorted(sizes.items()))


class Bench:
    def __init__(self, options, events_max, lines):
        self.options, self.events_max, self.lines = options, events_max, lines
        self.per_stream = options.records // STREAMS
        self.hashes, self.billed, self.sample = {}, 0, []
        self.lock = threading.Lock()

    def client(self):
        return make_client("logs", self.daemon.endpoint, *self.keys, parameter_validation=False)

    def start(self, folder):
        self.daemon = Daemon("--capture", "false", "--enforce", "false", data=folder)
        profile = configparser.ConfigParser()
        profile.read(f"{folder}/credentials")
        self.keys = (profile["default"]["aws_access_key_id"], profile["default"]["aws_secret_access_key"])

    def source(self, number, begin):
        if self.lines:
            return Replay(number, begin, self.per_stream, self.lines)
        return Records(number, begin, self.per_stream)

    def write(self, connection, begin):
        """Its streams get a request each in turn, as interfaces do."""
        logs = self.client()
        sources = {n: requests_of(self.source(n, begin), self.events_max) for n in range(connection, STREAMS, CONNECTIONS)}
        texts = {n: 0 for n in sources}
        while sources:
            for number in list(sources):
                batch = next(sources[number], None)
                if batch is None:
                    del sources[number]
                    continue
                logs.put_log_events(logGroupName=GROUP, logStreamName=f"s{number}",
                                    logEvents=[{"timestamp": t, "message": m} for t, m in batch])
                for _, message in batch:
                    texts[number] = zlib.crc32(message.encode(), texts[number])
                with self.lock:
                    self.billed += sum(len(m) + EVENT_OVERHEAD for _, m in batch)
                    if len(self.sample) < GZIP_SAMPLE:
                        self.sample += [m for _, m in batch]
        with self.lock:
            self.hashes |= texts

    def check_texts(self):
        """GetLogEvents gives what was put."""
        logs = self.client()
        for number in range(STREAMS):
            count, text, token = 0, 0, {}
            while True:
                page = logs.get_log_events(logGroupName=GROUP, logStreamName=f"s{number}", startFromHead=True, **token)
                for event in page["events"]:
                    text = zlib.crc32(event["message"].encode(), text)
                count += len(page["events"])
                if not page["events"]:
                    break
                token = {"nextToken": page["nextForwardToken"]}
            assert count == self.per_stream, f"s{number}: {count} of {self.per_stream} events"
            assert text == self.hashes[number], f"s{number} does not read back as it was written"

    def stored(self):
        return self.client().describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"][0]["storedBytes"]

    def report(self, what, size, records):
        per_record = f"{size / records:6.2f} bytes/record" if records else ""
        print(f"  {what:44} {size / 1e6:8.1f} MB  {per_record}", flush=True)

    def run(self):
        records = self.per_stream * STREAMS
        with tempfile.TemporaryDirectory(dir=self.options.folder) as name:
            folder, store = pathlib.Path(name), pathlib.Path(name) / "store"
            self.start(folder)
            logs = self.client()
            logs.create_log_group(logGroupName=GROUP)
            for number in range(STREAMS):
                logs.create_log_stream(logGroupName=GROUP, logStreamName=f"s{number}")
            begin = int(time.time()) - 4000
            began = time.monotonic()
            writers = [threading.Thread(target=self.write, args=(n, begin)) for n in range(CONNECTIONS)]
            for writer in writers:
                writer.start()
            for writer in writers:
                writer.join()
            text = "\n".join(self.sample).encode()
            print(f"{records:,} records of {len(text) / len(self.sample):.0f} bytes in {time.monotonic() - began:.0f} s, "
                  f"requests of at most {self.events_max:,} events; gzip -6 of their text: "
                  f"{len(gzip.compress(text, 6)) / len(self.sample):.2f} bytes/record")
            assert self.stored() == self.billed, f"storedBytes {self.stored()}, put {self.billed}"
            self.report("after the last answer", disk_bytes(store), records)
            settled = settled_bytes(store)
            self.report("merged, quiet", settled, records)
            print("  " + kinds(store))
            self.check_texts()
            self.daemon.stop()
            self.report("stopped", disk_bytes(store), records)
            self.start(folder)
            self.check_texts()
            assert self.stored() == self.billed
            logs = self.client()
            self.report("after a restart, read back to the byte", settled_bytes(store), records)

            for number in range(STREAMS // 2):
                logs.delete_log_stream(logGroupName=GROUP, logStreamName=f"s{number}")
            self.report("half of the streams deleted", settled_bytes(store), records // 2)
            logs.delete_log_group(logGroupName=GROUP)
            self.report("group deleted", settled_bytes(store), 0)
            print("  " + kinds(store))
            self.daemon.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=2_000_000)
    parser.add_argument("--small-records", type=int, default=1_000_000, help="of the run with small requests")
    parser.add_argument("--small", type=int, default=100, help="events of a small request; 0: no such run")
    parser.add_argument("--lines", help="a file of version 2 records to put instead of made ones")
    parser.add_argument("--folder", help="where the data folders are made")
    options = parser.parse_args()
    lines = pathlib.Path(options.lines).read_text().splitlines() if options.lines else None
    if options.records:
        Bench(options, REQUEST_EVENTS, lines).run()
    if options.small:
        options.records = options.small_records
        Bench(options, options.small, lines).run()


if __name__ == "__main__":
    main()
