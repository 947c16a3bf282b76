# SPDX-License-Identifier: Apache-2.0
"""`weir query`: Athena's SQL from the command line, as one statement, from standard input and typed on a terminal."""

import json
import os
import pty
import select
import subprocess

import pytest

from conftest import BINARY, Daemon, clean_environment, credentials_of, make_client, wait_for

REFUSED = "2 000000000000 eni-1 198.51.100.7 10.0.0.5 4000 22 6 3 180 1767268800 1767268810 REJECT OK\n"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A daemon with a table over one text file."""
    folder = tmp_path_factory.mktemp("query")
    daemon = Daemon("--capture", "false", "--enforce", "false", data=folder / "data")
    environment = {**clean_environment(), "XDG_STATE_HOME": str(folder / "state"), "TERM": "xterm"}
    s3 = make_client("s3", daemon.endpoint, *credentials_of(folder / "data"))
    s3.create_bucket(Bucket="flows")
    s3.put_object(Bucket="flows", Key="data/x.txt", Body=(REFUSED * 3).encode())
    yield daemon, folder, environment, s3
    daemon.stop()


def command(world, *arguments):
    daemon, folder, _, _ = world
    address = daemon.endpoint.split("://")[1]
    return [BINARY, "query", "--data", str(folder / "data"), "--listen", address, *arguments]


def run(world, *arguments, text=None, check=True):
    done = subprocess.run(command(world, *arguments), input=text, capture_output=True, text=True, env=world[2], timeout=60)
    assert not check or done.returncode == 0, done.stderr
    return done


def make_table(world):
    run(world, "CREATE EXTERNAL TABLE IF NOT EXISTS flow (version int, account string, eni string, srcaddr string, dstaddr string, "
        "srcport int, dstport int, protocol int, packets bigint, bytes bigint, start bigint, \"end\" bigint, action string, "
        "status string) ROW FORMAT DELIMITED FIELDS TERMINATED BY ' ' LOCATION 's3://flows/data/'".replace('"end"', "`end`"))


def test_one_statement_in_each_form(world):
    make_table(world)
    sql = "SELECT srcaddr, sum(bytes) AS b, sum(packets) AS b FROM flow GROUP BY srcaddr"
    table = run(world, sql).stdout.splitlines()
    assert table[0].split() == ["srcaddr", "b", "b_2"] and table[1].split() == ["198.51.100.7", "540", "9"]
    assert run(world, sql, "--csv").stdout == "srcaddr,b,b_2\n198.51.100.7,540,9\n"
    answer = json.loads(run(world, "SELECT NULL AS n, 1 AS one", "--json").stdout)
    assert answer["rows"] == [{"n": None, "one": "1"}]
    # Nobody said where results go: the bucket that AWS's console would make holds them.
    bucket, _, key = answer["outputLocation"].removeprefix("s3://").partition("/")
    assert bucket == "aws-athena-query-results-000000000000-us-east-1"
    assert b'"n","one"' in world[3].get_object(Bucket=bucket, Key=key)["Body"].read()
    assert run(world, text="SELECT count(*) AS n FROM flow").stdout.split() == ["n", "3"]
    assert "flow" in run(world, "SHOW TABLES").stdout
    assert "Query Plan" in run(world, "EXPLAIN SELECT srcaddr FROM flow").stdout
    kept = json.loads(run(world, "SELECT 2 AS two", "--output", "s3://flows/results/", "--json").stdout)
    assert kept["outputLocation"].startswith("s3://flows/results/")


@pytest.mark.parametrize("arguments, text", [
    (("SELECT 1 +",), "line 1:11: mismatched input"),
    (("SELECT * FROM nowhere",), "TABLE_NOT_FOUND"),
    (("SELECT 1", "--work-group", "nobody"), "WorkGroup is not found"),
    (("",), "queryString")])
def test_what_goes_wrong_is_told(world, arguments, text):
    done = run(world, *arguments, text="", check=False)
    assert done.returncode == 1 and done.stderr.startswith("weir: ") and text in done.stderr, done.stderr


def test_statements_are_typed_and_remembered(world):
    make_table(world)
    leader, follower = pty.openpty()
    process = subprocess.Popen(command(world), stdin=follower, stdout=follower, stderr=follower, env=world[2], close_fds=True)
    os.close(follower)
    seen = b""

    def read_until(text):
        nonlocal seen

        def look():
            nonlocal seen
            if select.select([leader], [], [], 0.1)[0]:
                seen += os.read(leader, 65536)
            return text in seen
        wait_for(look, f"{text} is shown")
        seen = seen[seen.index(text) + len(text):]
    read_until(b"weir> ")
    os.write(leader, b"SELECT count(*)\n")
    read_until(b"-> ")
    os.write(leader, b"AS lines FROM flow;\n")
    read_until(b"lines\x1b[0m\r\n")  # the title is bold
    read_until(b"1 row, ")
    read_until(b"weir> ")
    os.write(leader, b"SELECT nonsense;\n")
    read_until(b"COLUMN_NOT_FOUND")
    read_until(b"weir> ")
    os.write(leader, b"exit\n")
    assert process.wait(timeout=10) == 0
    os.close(leader)
    history = world[1] / "state/weir/query_history"
    assert "lines" in history.read_text() and history.stat().st_mode & 0o077 == 0
