# SPDX-License-Identifier: Apache-2.0
"""`weir flows`: the flows of the windows that are open, with real packets on loopback."""

import json
import os
import pty
import socket
import subprocess

import pytest

from conftest import BINARY, Daemon, clean_environment, wait_for

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="capturing needs root")


@pytest.fixture(scope="module")
def capturing(tmp_path_factory):
    daemon = Daemon("--interfaces", "lo", "--enforce", "false", data=tmp_path_factory.mktemp("data"))
    yield daemon
    daemon.stop()


def flows(daemon, *arguments):
    listen = daemon.endpoint.removeprefix("http://")
    return subprocess.run([str(BINARY), "flows", "--listen", listen, *arguments], capture_output=True, text=True,
                          timeout=60, check=False, env=clean_environment())


def send_datagrams(count):
    """To a port of loopback where nobody listens; returns the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        for _ in range(count):
            out.sendto(b"x" * 72, ("127.0.0.1", port))
    return port


def test_the_open_windows_are_shown_without_a_flow_log(capturing):
    first = flows(capturing, "--json")  # begins to capture
    assert first.returncode == 0, first.stderr
    port = send_datagrams(3)

    def seen():
        return json.loads(flows(capturing, "--json", "udp", "dst", "port", str(port)).stdout)["flows"]

    rows = wait_for(lambda: [r for r in seen() if r["packets"] == 3], "the flow of the datagrams")
    assert {(r["source"], r["destination"], r["destination_port"], r["protocol"], r["bytes"], r["action"], r["device"])
            for r in rows} == {("127.0.0.1", "127.0.0.1", port, 17, 300, "ACCEPT", "lo")}
    assert {r["direction"] for r in rows} == {"ingress", "egress"}


def test_a_table_is_printed_where_there_is_no_terminal(capturing):
    flows(capturing, "--json")
    port = send_datagrams(2)
    table = wait_for(lambda: (lambda t: f"127.0.0.1:{port}" in t and t)(flows(capturing, "--once").stdout), "the flow in the table")
    title, *rows = table.splitlines()
    assert title.split() == ["ACTION", "DIRECTION", "PROTO", "SOURCE", "DESTINATION", "PACKETS", "BYTES", "SECONDS", "INTERFACE"]
    row = next(r.split() for r in rows if f"127.0.0.1:{port}" in r)
    assert row[0] == "ACCEPT" and row[2].lower() == "udp" and row[5:7] == ["2", "200"] and row[8] == "lo"


def test_filter_patterns_and_wrong_expressions(capturing):
    flows(capturing, "--json")
    port = send_datagrams(1)
    pattern = f"[version, account, eni, src, dst, srcport, dstport={port}, ...]"
    wait_for(lambda: json.loads(flows(capturing, "--json", "--filter", pattern).stdout)["matched"] == 2, "both directions")
    wrong = flows(capturing, "--once", "udp", "dst", "prot", "1")
    assert wrong.returncode == 1 and "udp dst prot 1" in wrong.stderr


def test_the_live_view_redraws_on_a_terminal_until_it_is_told_to_end(capturing):
    master, slave = pty.openpty()
    listen = capturing.endpoint.removeprefix("http://")
    shown = b""
    try:
        view = subprocess.Popen([str(BINARY), "flows", "--listen", listen, "--interval", "1"], stdout=slave, stderr=slave,
                                env=clean_environment())
        os.close(slave)  # so that reading ends when the view does
        while shown.count(b"\x1b[H\x1b[2J") < 2:
            shown += os.read(master, 65536)
        view.terminate()
        assert view.wait(30) == 0
    finally:
        os.close(master)
    assert b"flows," in shown and b"DIRECTION" in shown


def test_a_daemon_that_does_not_capture_says_so(tmp_path):
    daemon = Daemon("--capture", "false", "--enforce", "false", data=tmp_path)
    try:
        done = flows(daemon, "--once")
        assert done.returncode == 1 and "does not capture" in done.stderr
    finally:
        daemon.stop()
