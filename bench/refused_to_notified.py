#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How long from the first refused packet to the notification: real packets between network namespaces, a deny entry,
a metric filter and an alarm of their own for each round, a webhook. Needs root."""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

TOP = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TOP / "tools/demo"), str(TOP / "tests/e2e")]
import inbox  # noqa: E402
import network  # noqa: E402

ROUNDS = 10
PORT_FIRST = 3000


def pattern(port):
    return f'[v, account, eni, src, dst, sport, dport={port}, proto=6, packets, bytes, start, end, action=REJECT, status]'


def inside(prefix):
    from conftest import Daemon, make_client

    hook = inbox.Webhook(8025)
    with tempfile.TemporaryDirectory() as folder:
        daemon = Daemon("--ephemeral", "--capture", "true", "--enforce", "true", "--interfaces", "eth0", data=folder)
        logs, sns, cloudwatch, ec2 = (make_client(s, daemon.endpoint) for s in ("logs", "sns", "cloudwatch", "ec2"))
        vpc = ec2.describe_network_interfaces()["NetworkInterfaces"][0]["VpcId"]
        logs.create_log_group(logGroupName="g")
        ec2.create_flow_logs(ResourceType="VPC", ResourceIds=[vpc], TrafficType="ALL", LogGroupName="g",
                             MaxAggregationInterval=60, DeliverLogsPermissionArn="arn:aws:iam::000000000000:role/r")
        topic = sns.create_topic(Name="t")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="http", Endpoint="http://127.0.0.1:8025/")
        asked = hook.wait(lambda m: m["Type"] == "SubscriptionConfirmation", 10)[1]
        urllib.request.urlopen(asked["SubscribeURL"], timeout=5).read()
        acl = ec2.describe_network_acls()["NetworkAcls"][0]["NetworkAclId"]
        delays = []
        for number in range(ROUNDS):
            port = PORT_FIRST + number
            ec2.create_network_acl_entry(NetworkAclId=acl, Egress=False, RuleNumber=50 + number, Protocol="6",
                                         PortRange={"From": port, "To": port}, CidrBlock="0.0.0.0/0", RuleAction="deny")
            logs.put_metric_filter(logGroupName="g", filterName=f"f{port}", filterPattern=pattern(port),
                                   metricTransformations=[{"metricName": f"m{port}", "metricNamespace": "n", "metricValue": "1"}])
            cloudwatch.put_metric_alarm(AlarmName=f"a{port}", Namespace="n", MetricName=f"m{port}", Statistic="Sum",
                                        Period=60, EvaluationPeriods=1, Threshold=1, AlarmActions=[topic],
                                        ComparisonOperator="GreaterThanOrEqualToThreshold")
            connect = f"import socket; s = socket.socket(); s.settimeout(0.2); s.connect_ex(('{network.ADDRESSES['server'][0]}', {port}))"
            sent = time.time()
            subprocess.run(["ip", "netns", "exec", f"{prefix}-attacker", sys.executable, "-c", connect], check=True)
            found = hook.wait(lambda m, name=f"a{port}": m["Type"] == "Notification"
                              and json.loads(m["Message"])["AlarmName"] == name, 20)
            if not found:
                raise SystemExit(f"round {number}: no notification\n{daemon.errors()}")
            delays.append(found[0] - sent)
        daemon.stop()
    delays.sort()
    print(f"refused packet -> notification: median {statistics.median(delays):.2f} s, "
          f"min {delays[0]:.2f} s, max {delays[-1]:.2f} s over {ROUNDS} rounds (refused_report_delay_ms 1000; start of the client included)")


def main():
    if len(sys.argv) > 1:
        return inside(sys.argv[1])
    problem = network.why_not()
    if problem:
        print(f"refused packet -> notification: skipped, {problem}")
        return 0
    with network.Hosts() as hosts:
        return subprocess.run([*hosts.inside("server"), sys.executable, __file__, hosts.prefix], check=False,
                              env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}).returncode


if __name__ == "__main__":
    sys.exit(main())
