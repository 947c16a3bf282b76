# SPDX-License-Identifier: Apache-2.0
"""Security groups on real packets between two network namespaces, and the command for who is in a hurry."""

import configparser
import json
import os
import shutil
import subprocess
import sys

import pytest

from conftest import BINARY, Daemon, clean_environment, wait_for

HOST, PEER = "weir-e2e-host", "weir-e2e-peer"
ADDRESS = "10.97.0.1"
PORT = 45998
GROUP = "flow"
CONNECT = f"""
import socket, sys
s = socket.socket()
s.settimeout(0.5)
try:
    s.connect(("{ADDRESS}", 22))
except ConnectionRefusedError:
    print("answered")
except OSError:
    print("silence")
"""


def run(*command, check=True):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=check,
                          env=clean_environment())


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    if os.geteuid() != 0 or shutil.which("nft") is None:
        pytest.skip("needs root and nft")
    if run("ip", "netns", "add", HOST, check=False).returncode != 0:
        pytest.skip("cannot make a network namespace")
    daemon = None
    try:
        run("ip", "netns", "add", PEER)
        run("ip", "link", "add", "near", "netns", HOST, "type", "veth", "peer", "name", "far", "netns", PEER)
        for namespace, device, address in ((HOST, "near", ADDRESS), (PEER, "far", "10.97.0.2")):
            run("ip", "-n", namespace, "addr", "add", f"{address}/24", "dev", device)
            run("ip", "-n", namespace, "link", "set", device, "up")
            run("ip", "-n", namespace, "link", "set", "lo", "up")
        folder = tmp_path_factory.mktemp("data")
        daemon = Daemon(data=folder, prefix=("ip", "netns", "exec", HOST), listen=f"{ADDRESS}:{PORT}")
        profile = configparser.ConfigParser()
        profile.read(folder / "credentials")
        daemon.keys = (profile["default"]["aws_access_key_id"], profile["default"]["aws_secret_access_key"])
        yield daemon
    finally:
        if daemon is not None:
            daemon.stop()
        run("ip", "netns", "del", HOST, check=False)
        run("ip", "netns", "del", PEER, check=False)


def attempt():
    return run("ip", "netns", "exec", PEER, sys.executable, "-c", CONNECT).stdout.strip()


def call(daemon, service, operation, **arguments):
    """boto3 inside the namespace, where the daemon listens."""
    code = ("import boto3, json, sys\n"
            f"c = boto3.client({service!r}, endpoint_url={daemon.endpoint!r}, region_name='us-east-1',"
            f" aws_access_key_id={daemon.keys[0]!r}, aws_secret_access_key={daemon.keys[1]!r})\n"
            f"print(json.dumps(c.{operation}(**json.loads(sys.argv[1])), default=str))")
    done = run("ip", "netns", "exec", HOST, sys.executable, "-c", code, json.dumps(arguments), check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# The lab: swap away the group that lets port 22 in, see timeouts and REJECT records, swap back.
def test_a_swapped_group_refuses_and_the_records_say_so(host):
    interface = call(host, "ec2", "describe_network_interfaces")["NetworkInterfaces"][0]
    eni, vpc = interface["NetworkInterfaceId"], interface["VpcId"]
    call(host, "ec2", "create_flow_logs", ResourceIds=[vpc], ResourceType="VPC", TrafficType="ALL", LogGroupName=GROUP,
         DeliverLogsPermissionArn="arn:aws:iam::000000000000:role/flow", MaxAggregationInterval=60,
         LogFormat="${srcaddr} ${dstport} ${action} ${weir-reject-owner} ${weir-reject-id}")
    wait_for(lambda: '"running":true' in run("ip", "netns", "exec", HOST, str(BINARY), "status", "--json", "--listen",
                                            f"{ADDRESS}:{PORT}").stdout.replace(" ", ""), "the capture runs")
    assert attempt() == "answered"
    group = call(host, "ec2", "create_security_group", GroupName="no-ssh", Description="web only", VpcId=vpc)["GroupId"]
    call(host, "ec2", "authorize_security_group_ingress", GroupId=group, IpProtocol="tcp", FromPort=PORT, ToPort=PORT,
         CidrIp="10.97.0.0/24")
    call(host, "ec2", "modify_network_interface_attribute", NetworkInterfaceId=eni, Groups=[group])
    assert attempt() == "silence"

    def refused():
        try:
            events = call(host, "logs", "filter_log_events", logGroupName=GROUP, filterPattern="REJECT")["events"]
        except AssertionError:
            return []  # no group yet
        return [e["message"].split() for e in events]

    found = wait_for(refused, "the record of the refused attempt")
    assert found[0] == ["10.97.0.2", "22", "REJECT", "SG", group]
    call(host, "ec2", "modify_network_interface_attribute", NetworkInterfaceId=eni, Groups=[interface["Groups"][0]["GroupId"]])
    assert attempt() == "answered"


def test_flush_takes_every_rule_away_until_it_is_ended(host):
    interface = call(host, "ec2", "describe_network_interfaces")["NetworkInterfaces"][0]
    group = call(host, "ec2", "create_security_group", GroupName="closed", Description="api only", VpcId=interface["VpcId"])["GroupId"]
    call(host, "ec2", "authorize_security_group_ingress", GroupId=group, IpProtocol="tcp", FromPort=PORT, ToPort=PORT,
         CidrIp="10.97.0.0/24")
    call(host, "ec2", "modify_network_interface_attribute", NetworkInterfaceId=interface["NetworkInterfaceId"], Groups=[group])
    assert attempt() == "silence"
    command = ("ip", "netns", "exec", HOST, str(BINARY), "enforce")
    done = run(*command, "flush", "--listen", f"{ADDRESS}:{PORT}")
    assert "every rule is removed" in done.stdout
    assert attempt() == "answered"
    # A change that is made meanwhile waits too.
    call(host, "ec2", "authorize_security_group_ingress", GroupId=group, IpProtocol="tcp", FromPort=80, ToPort=80, CidrIp="0.0.0.0/0")
    assert attempt() == "answered"
    assert "allowed again" in run(*command, "on").stdout
    call(host, "ec2", "authorize_security_group_ingress", GroupId=group, IpProtocol="tcp", FromPort=81, ToPort=81, CidrIp="0.0.0.0/0")
    assert attempt() == "silence", "the next change makes them true again, and so does the check every minute"
