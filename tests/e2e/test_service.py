# SPDX-License-Identifier: Apache-2.0
"""The daemon as a service: CI mode, signatures, limits, the command line."""

import configparser
import datetime
import json
import os
import re
import socket
import subprocess
import types
import urllib.error
import urllib.request

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.exceptions
import pytest

from conftest import BINARY, Daemon, make_client, wait_for

OPTIONS = ("--capture", "false", "--enforce", "false")


@pytest.fixture(scope="module")
def durable(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    daemon = Daemon(*OPTIONS, data=folder)
    profile = configparser.ConfigParser()
    profile.read(folder / "credentials")
    daemon.folder = folder
    daemon.keys = (profile["default"]["aws_access_key_id"], profile["default"]["aws_secret_access_key"])
    yield daemon
    daemon.stop()


def code_of(call):
    with pytest.raises(botocore.exceptions.ClientError) as problem:
        call()
    error = problem.value.response
    return error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]


def run(*arguments, **environment):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("WEIR_")}
    return subprocess.run([str(BINARY), *arguments], capture_output=True, text=True, timeout=60, check=False,
                          env={**clean, **environment})


# ---- CI mode ----

def test_reset_forgets_everything(daemon, client):
    client("logs").create_log_group(logGroupName="g")
    client("sns").create_topic(Name="t")
    client("s3").create_bucket(Bucket="bucket-x")
    daemon.post("/_weir/reset")
    assert client("logs").describe_log_groups()["logGroups"] == []
    assert client("sns").list_topics()["Topics"] == []
    assert client("s3").list_buckets()["Buckets"] == []


def test_the_clock_can_be_advanced(daemon, client):
    logs = client("logs")
    logs.create_log_group(logGroupName="a")
    daemon.advance(3600)
    logs.create_log_group(logGroupName="b")
    first, second = (g["creationTime"] for g in logs.describe_log_groups()["logGroups"])
    assert second - first >= 3_600_000


@pytest.mark.parametrize("key, account", [("123456789012", "123456789012"), ("test", "000000000000")])
def test_a_twelve_digit_access_key_is_the_account(client, key, account):
    assert client("sts", access_key=key).get_caller_identity()["Account"] == account


def test_accounts_and_regions_are_apart(client):
    client("logs").create_log_group(logGroupName="g")
    assert client("logs", region="eu-west-1").describe_log_groups()["logGroups"] == []
    assert client("logs", access_key="111111111111").describe_log_groups()["logGroups"] == []


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_every_region_has_a_default_vpc(client, region):
    ec2 = client("ec2", region=region)
    vpc = ec2.describe_vpcs()["Vpcs"][0]
    assert (vpc["CidrBlock"], vpc["IsDefault"]) == ("172.31.0.0/16", True)
    assert ec2.describe_subnets()["Subnets"]
    assert ec2.describe_security_groups()["SecurityGroups"][0]["GroupName"] == "default"
    assert ec2.describe_network_acls()["NetworkAcls"][0]["IsDefault"]


def test_reset_and_clock_exist_in_ci_mode_only(durable):
    for path in ("/_weir/reset", "/_weir/clock"):
        with pytest.raises(urllib.error.HTTPError):
            durable.post(path, {"advanceSeconds": 1})


# ---- Signatures ----

SERVICES = {
    "logs": lambda c: c.describe_log_groups(),
    "cloudwatch": lambda c: c.list_metrics(),
    "sns": lambda c: c.list_topics(),
    "ec2": lambda c: c.describe_vpcs(),
    "s3": lambda c: c.list_buckets(),
    "athena": lambda c: c.list_work_groups(),
    "sts": lambda c: c.get_caller_identity(),
}
UNKNOWN_KEY = {"logs": "UnrecognizedClientException", "athena": "UnrecognizedClientException",
               "cloudwatch": "InvalidClientTokenId", "sns": "InvalidClientTokenId", "sts": "InvalidClientTokenId",
               "ec2": "AuthFailure", "s3": "InvalidAccessKeyId"}
WRONG_SECRET = {"logs": "InvalidSignatureException", "athena": "InvalidSignatureException",
                "cloudwatch": "SignatureDoesNotMatch", "sns": "SignatureDoesNotMatch", "sts": "SignatureDoesNotMatch",
                "ec2": "AuthFailure", "s3": "SignatureDoesNotMatch"}


@pytest.mark.parametrize("service", SERVICES)
def test_the_right_key_is_let_in_and_others_are_not(durable, service):
    call, (key, secret) = SERVICES[service], durable.keys
    call(make_client(service, durable.endpoint, key, secret))
    assert code_of(lambda: call(make_client(service, durable.endpoint, "AKIAUNKNOWNUNKNOWN00", secret)))[0] == UNKNOWN_KEY[service]
    assert code_of(lambda: call(make_client(service, durable.endpoint, key, "wrong")))[0] == WRONG_SECRET[service]


def test_presigned_urls_work_until_they_expire(durable):
    s3 = make_client("s3", durable.endpoint, *durable.keys, signature_version="s3v4")
    s3.create_bucket(Bucket="presigned")
    s3.put_object(Bucket="presigned", Key="k", Body=b"body")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "presigned", "Key": "k"}, ExpiresIn=60)
    assert urllib.request.urlopen(url, timeout=30).read() == b"body"
    with pytest.raises(urllib.error.HTTPError) as problem:
        urllib.request.urlopen(url.replace("X-Amz-Signature=", "X-Amz-Signature=0"), timeout=30)
    assert problem.value.code == 403 and b"SignatureDoesNotMatch" in problem.value.read()


@pytest.mark.parametrize("service, headers, body, code", [
    ("logs", {"X-Amz-Target": "Logs_20140328.DescribeLogGroups", "Content-Type": "application/x-amz-json-1.1"}, "{}",
     "InvalidSignatureException"),
    ("sns", {"Content-Type": "application/x-www-form-urlencoded"}, "Action=ListTopics&Version=2010-03-31",
     "SignatureDoesNotMatch"),
    ("ec2", {"Content-Type": "application/x-www-form-urlencoded"}, "Action=DescribeVpcs&Version=2016-11-15",
     "RequestExpired"),
    ("s3", {}, "", "RequestTimeTooSkewed"),
])
def test_a_request_replayed_late_is_refused(durable, monkeypatch, service, headers, body, code):
    late = datetime.datetime.utcnow() - datetime.timedelta(minutes=20)

    class Late(datetime.datetime):
        @classmethod
        def utcnow(cls):
            return late

    monkeypatch.setattr(botocore.auth, "datetime", types.SimpleNamespace(datetime=Late))
    request = botocore.awsrequest.AWSRequest("POST" if body else "GET", durable.endpoint + "/", data=body, headers=headers)
    signer = botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth
    signer(botocore.credentials.Credentials(*durable.keys), service, "us-east-1").add_auth(request)
    sent = urllib.request.Request(request.url, data=body.encode() or None, headers=dict(request.headers.items()))
    with pytest.raises(urllib.error.HTTPError) as problem:
        urllib.request.urlopen(sent, timeout=30)
    assert code in problem.value.read().decode()


# ---- Limits and garbage ----

def test_garbage_and_dying_clients_harm_nobody(daemon, client):
    address = daemon.endpoint.removeprefix("http://").split(":")
    for garbage in (b"\x00\xff" * 1000, b"GET / HTTP/9.9\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\nshort",
                    b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"A" * 200_000, b"GET / HTTP/1.1\r\nHost: x\r\n"):
        with socket.create_connection((address[0], int(address[1]))) as connection:
            connection.settimeout(5)
            connection.sendall(garbage)
        assert client("logs").describe_log_groups()["logGroups"] == []


def test_metrics_are_readable_on_loopback(daemon):
    assert "# TYPE weir_" in daemon.get("/metrics")


# ---- The command line ----

def test_status_says_how_the_daemon_is(daemon):
    listen = daemon.endpoint.removeprefix("http://")
    done = run("status", "--json", "--listen", listen)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "ok"
    assert re.search(r"^status +ok$", run("status", "--listen", listen).stdout, re.M)
    assert run("status", "--listen", "127.0.0.1:1").returncode == 1


def test_env_prints_what_clients_need(durable):
    done = run("env", "--data", str(durable.folder), "--listen", durable.endpoint.removeprefix("http://"))
    assert done.returncode == 0, done.stderr
    assert f"export AWS_ACCESS_KEY_ID='{durable.keys[0]}'" in done.stdout
    assert f"export AWS_ENDPOINT_URL='{durable.endpoint}'" in done.stdout


def test_wrong_settings_are_refused_with_the_nearest_name(tmp_path):
    (tmp_path / "weir.yaml").write_text("lisen: 127.0.0.1:1\n")
    done = run("config", "check", "--config", str(tmp_path / "weir.yaml"))
    assert done.returncode == 1
    assert "did you mean 'listen'?" in done.stderr
    assert run("serve", "--no-such-flag").returncode == 2
    assert run("config", "print", WEIR_LOG_LEVEL="debug").stdout.count('log_level: "debug"') == 1


def test_completion_scripts_are_valid_shell():
    for shell in ("bash", "zsh"):
        done = run("completion", shell)
        assert done.returncode == 0 and "serve" in done.stdout
    script = run("completion", "bash").stdout + "\nCOMP_WORDS=(weir con) COMP_CWORD=1; _weir; echo ${COMPREPLY[@]}\n"
    assert subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout == "config\n"


def test_a_capture_file_becomes_flow_records(tmp_path):
    import struct

    def packet(seconds, source, destination, sport, dport, flags):
        tcp = struct.pack("!HHIIBBHHH", sport, dport, 0, 0, 0x50, flags, 1024, 0, 0)
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, bytes(source), bytes(destination))
        frame = b"\0" * 12 + b"\x08\x00" + ip + tcp
        return struct.pack("<IIII", seconds, 0, len(frame), len(frame)) + frame

    client, server = (10, 0, 0, 5), (10, 0, 0, 9)
    file = tmp_path / "x.pcap"
    file.write_bytes(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
                     + packet(1767603600, client, server, 40000, 443, 0x02)
                     + packet(1767603600, server, client, 443, 40000, 0x12)
                     + packet(1767603605, client, server, 40000, 443, 0x11))
    done = run("capture", "--read", str(file), "--format",
               "${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${tcp-flags}")
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.splitlines()) == ["10.0.0.5 10.0.0.9 40000 443 6 2 80 3", "10.0.0.9 10.0.0.5 443 40000 6 1 40 18"]
    assert run("capture", "--read", str(tmp_path / "none")).returncode == 1


# ---- What stays after a restart ----

def test_resources_survive_a_restart(tmp_path):
    daemon = Daemon(*OPTIONS, data=tmp_path)
    profile = configparser.ConfigParser()
    profile.read(tmp_path / "credentials")
    keys = (profile["default"]["aws_access_key_id"], profile["default"]["aws_secret_access_key"])
    make = lambda service: make_client(service, daemon.endpoint, *keys)
    vpc = make("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    make("logs").create_log_group(logGroupName="g")
    make("cloudwatch").put_metric_alarm(AlarmName="a", Namespace="N", MetricName="m", Statistic="Sum", Period=60,
                                        EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold")
    flow = make("ec2").create_flow_logs(ResourceType="VPC", ResourceIds=[vpc], TrafficType="REJECT", LogGroupName="g",
                                        DeliverLogsPermissionArn="arn:aws:iam::000000000000:role/r")["FlowLogIds"]
    daemon.stop()
    daemon = Daemon(*OPTIONS, data=tmp_path)
    assert make("ec2").describe_vpcs()["Vpcs"][0]["VpcId"] == vpc
    assert [f["FlowLogId"] for f in make("ec2").describe_flow_logs()["FlowLogs"]] == flow
    assert make("logs").describe_log_groups()["logGroups"][0]["logGroupName"] == "g"
    alarms = wait_for(lambda: make("cloudwatch").describe_alarms()["MetricAlarms"], "the alarm")
    assert alarms[0]["AlarmName"] == "a"
    daemon.stop()
