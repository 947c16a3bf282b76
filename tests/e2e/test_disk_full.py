# SPDX-License-Identifier: Apache-2.0
"""A full disk: PutLogEvents is refused with an error that clients retry, reading goes on, and writing too once there is
space, without a restart. The disk is a small one in a mount namespace of the daemon's own."""

import configparser
import os
import pathlib
import subprocess
import time

import botocore.exceptions
import pytest

from conftest import Daemon, make_client

GROUP = "full"
MOUNT = 'mount -t tmpfs -o size=128m none "$0" && exec "$@"'


def small_disk(folder):
    """The beginning of a command whose `folder` is a disk of its own."""
    prefix = ("unshare", "--mount", "--propagation", "private", "sh", "-c", MOUNT, str(folder))
    if os.geteuid() != 0 or subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a disk in a namespace needs root")
    return prefix


def fill(path):
    """To the last byte."""
    with open(path, "wb") as file:
        try:
            while True:
                file.write(b"x" * (1 << 20))
                file.flush()
        except OSError:
            pass


def put(logs, number):
    logs.put_log_events(logGroupName=GROUP, logStreamName="s", logEvents=[
        {"timestamp": int(time.time() * 1000), "message": f"event {number}"}])


def messages(logs):
    return [event["message"] for event in logs.get_log_events(logGroupName=GROUP, logStreamName="s",
                                                              startFromHead=True)["events"]]


def test_a_full_disk_refuses_writes_stays_readable_and_recovers(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    daemon = Daemon("--capture", "false", "--enforce", "false", data=folder, prefix=small_disk(folder))
    inside = pathlib.Path(f"/proc/{daemon.process.pid}/root{folder}")  # as the daemon sees it
    profile = configparser.ConfigParser()
    profile.read(inside / "credentials")
    keys = (profile["default"]["aws_access_key_id"], profile["default"]["aws_secret_access_key"])
    logs = make_client("logs", daemon.endpoint, *keys)
    logs.create_log_group(logGroupName=GROUP)
    logs.create_log_stream(logGroupName=GROUP, logStreamName="s")
    for number in range(5):
        put(logs, number)

    fill(inside / "ballast")
    for _ in range(3):
        with pytest.raises(botocore.exceptions.ClientError) as refused:
            put(logs, 100)
        assert refused.value.response["Error"]["Code"] == "ServiceUnavailableException"
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500  # as the API reference says
    expected = [f"event {number}" for number in range(5)]
    assert messages(logs) == expected
    assert len(logs.filter_log_events(logGroupName=GROUP, filterPattern="event")["events"]) == 5
    assert logs.describe_log_streams(logGroupName=GROUP)["logStreams"][0]["logStreamName"] == "s"

    # A client with the usual retries does not even notice, if the space comes back meanwhile.
    patient = make_client("logs", daemon.endpoint, *keys, retries={"mode": "standard", "max_attempts": 10})
    patient.meta.events.register("needs-retry.logs.PutLogEvents",  # after the first attempt
                                 lambda **_: (inside / "ballast").unlink(missing_ok=True))
    put(patient, 5)
    put(logs, 6)
    assert messages(logs) == expected + ["event 5", "event 6"]
    daemon.stop()
