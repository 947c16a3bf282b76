# SPDX-License-Identifier: Apache-2.0
"""The main job through the APIs: the calls of `make demo`, made by boto3, by aws-cli and by the JavaScript SDK."""

import json
import os
import pathlib
import shutil
import subprocess
import time
import urllib.request

import pytest

from conftest import REGION, TOP, wait_for

GROUP = "VPCFlowLogs"
NODE_MAJOR_MIN = 20
PATTERN = ('[version, account, eni, source, destination, srcport, destport="22", protocol="6", packets, bytes, '
           'windowstart, windowend, action="REJECT", flowlogstatus]')
ATTACKER = "198.51.100.66"


def record(eni, source=ATTACKER, port=22, action="REJECT", now=None):
    start = int(now or time.time())
    return f"2 000000000000 {eni} {source} 172.31.0.10 40000 {port} 6 1 60 {start} {start} {action} OK"


# A refused SSH attempt becomes an event, a datapoint, an alarm and a signed notification, at once; quiet clears it.
def test_a_refused_attempt_raises_the_alarm_and_quiet_clears_it(daemon, client, webhook):
    logs, cloudwatch, sns = client("logs"), client("cloudwatch"), client("sns")
    logs.create_log_group(logGroupName=GROUP)
    logs.create_log_stream(logGroupName=GROUP, logStreamName="eni-1-all")
    logs.put_metric_filter(logGroupName=GROUP, filterName="ssh", filterPattern=PATTERN, metricTransformations=[
        {"metricName": "SshRejects", "metricNamespace": "VPC", "metricValue": "1"}])
    topic = sns.create_topic(Name="alarms")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=webhook.url)
    urllib.request.urlopen(webhook.wait("SubscriptionConfirmation")[0]["SubscribeURL"], timeout=30).read()
    cloudwatch.put_metric_alarm(
        AlarmName="ssh", Namespace="VPC", MetricName="SshRejects", Statistic="Sum", Period=60, EvaluationPeriods=1,
        Threshold=3, ComparisonOperator="GreaterThanOrEqualToThreshold", TreatMissingData="notBreaching",
        AlarmActions=[topic], OKActions=[topic])

    now = int(time.time() * 1000)
    logs.put_log_events(logGroupName=GROUP, logStreamName="eni-1-all",
                        logEvents=[{"timestamp": now, "message": record("eni-1")} for _ in range(3)])

    def told(state):
        alarms = [json.loads(n["Message"]) for n in webhook.messages("Notification")]
        return [a for a in alarms if (a["AlarmName"], a["NewStateValue"]) == ("ssh", state)]

    alarm = wait_for(lambda: told("ALARM"), "the notification of the alarm")[0]
    assert "3.0" in alarm["NewStateReason"]
    before = len(told("OK"))  # the new alarm without data may have become OK first
    daemon.advance(600)  # beyond the evaluation range, in which the breaching datapoint still counts
    wait_for(lambda: len(told("OK")) > before, "the notification that it is over")
    assert cloudwatch.describe_alarms(AlarmNames=["ssh"])["MetricAlarms"][0]["StateValue"] == "OK"


# The built-in responder denies the offender's address in the ACL of the interface's subnet, and takes it back.
def test_the_responder_blocks_the_offender_and_lets_go_again(daemon, client):
    logs, cloudwatch, sns, ec2 = client("logs"), client("cloudwatch"), client("sns"), client("ec2")
    eni = ec2.describe_network_interfaces()["NetworkInterfaces"][0]["NetworkInterfaceId"]
    logs.create_log_group(logGroupName=GROUP)
    logs.create_log_stream(logGroupName=GROUP, logStreamName=f"{eni}-all")
    logs.put_metric_filter(logGroupName=GROUP, filterName="ssh", filterPattern=PATTERN, metricTransformations=[
        {"metricName": "SshRejects", "metricNamespace": "VPC", "metricValue": "1"}])
    topic = sns.create_topic(Name="alarms")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda",
                  Endpoint=f"arn:aws:lambda:{REGION}:000000000000:function:weir-block")
    cloudwatch.put_metric_alarm(
        AlarmName="ssh", Namespace="VPC", MetricName="SshRejects", Statistic="Sum", Period=60, EvaluationPeriods=1,
        Threshold=3, ComparisonOperator="GreaterThanOrEqualToThreshold", AlarmActions=[topic])
    now = int(time.time() * 1000)
    logs.put_log_events(logGroupName=GROUP, logStreamName=f"{eni}-all",
                        logEvents=[{"timestamp": now, "message": record(eni)} for _ in range(5)])

    def denied():
        acl = ec2.describe_network_acls(Filters=[{"Name": "default", "Values": ["true"]}])["NetworkAcls"][0]
        return [e for e in acl["Entries"] if e.get("CidrBlock") == f"{ATTACKER}/32" and e["RuleAction"] == "deny"]

    assert wait_for(denied, "a deny entry for the attacker")
    daemon.advance(2 * 3600)
    wait_for(lambda: not denied(), "the block to be lifted")


# aws-cli, with the demo's own commands.
def test_aws_cli_sets_up_and_reads_the_pipeline(aws, tmp_path):
    vpc = aws("ec2", "describe-vpcs")["Vpcs"][0]["VpcId"]
    aws("logs", "create-log-group", "--log-group-name", GROUP)
    aws("s3", "mb", "s3://flow-archive", output="text")
    created = aws("ec2", "create-flow-logs", "--resource-type", "VPC", "--resource-ids", vpc, "--traffic-type", "ALL",
                  "--log-group-name", GROUP, "--deliver-logs-permission-arn", "arn:aws:iam::000000000000:role/flow",
                  "--max-aggregation-interval", "60")
    assert created["Unsuccessful"] == []
    to_s3 = aws("ec2", "create-flow-logs", "--resource-type", "VPC", "--resource-ids", vpc, "--traffic-type", "ALL",
                "--log-destination-type", "s3", "--log-destination", "arn:aws:s3:::flow-archive",
                "--destination-options", "FileFormat=parquet,HiveCompatiblePartitions=true,PerHourPartition=true")
    assert to_s3["Unsuccessful"] == []
    described = aws("ec2", "describe-flow-logs")["FlowLogs"]
    assert {f["FlowLogId"] for f in described} == {*created["FlowLogIds"], *to_s3["FlowLogIds"]}

    aws("logs", "put-metric-filter", "--log-group-name", GROUP, "--filter-name", "ssh", "--filter-pattern", PATTERN,
        "--metric-transformations", "metricName=SshRejects,metricNamespace=VPC,metricValue=1")
    topic = aws("sns", "create-topic", "--name", "alarms")["TopicArn"]
    aws("cloudwatch", "put-metric-alarm", "--alarm-name", "ssh", "--namespace", "VPC", "--metric-name", "SshRejects",
        "--statistic", "Sum", "--period", "60", "--evaluation-periods", "1", "--threshold", "1",
        "--comparison-operator", "GreaterThanOrEqualToThreshold", "--alarm-actions", topic)
    aws("logs", "create-log-stream", "--log-group-name", GROUP, "--log-stream-name", "eni-1-all")
    events = [{"timestamp": int(time.time() * 1000), "message": record("eni-1")}]
    aws("logs", "put-log-events", "--log-group-name", GROUP, "--log-stream-name", "eni-1-all",
        "--log-events", json.dumps(events))
    found = aws("logs", "filter-log-events", "--log-group-name", GROUP, "--filter-pattern", PATTERN)
    assert [e["message"] for e in found["events"]] == [events[0]["message"]]
    alarm = wait_for(lambda: [a for a in aws("cloudwatch", "describe-alarms")["MetricAlarms"]
                              if a["StateValue"] == "ALARM"], "the alarm")
    assert alarm[0]["AlarmName"] == "ssh"
    history = aws("cloudwatch", "describe-alarm-history", "--alarm-name", "ssh")["AlarmHistoryItems"]
    assert "StateUpdate" in {h["HistoryItemType"] for h in history}

    acl = aws("ec2", "describe-network-acls")["NetworkAcls"][0]["NetworkAclId"]
    aws("ec2", "create-network-acl-entry", "--network-acl-id", acl, "--ingress", "--rule-number", "90", "--protocol",
        "tcp", "--port-range", "From=22,To=22", "--cidr-block", "0.0.0.0/0", "--rule-action", "deny")
    aws("ec2", "delete-network-acl-entry", "--network-acl-id", acl, "--ingress", "--rule-number", "90")


# `aws s3` moves files both ways, also in parts, and lists and removes them.
def test_aws_cli_moves_files_through_s3(aws, tmp_path):
    big = tmp_path / "big"
    big.write_bytes(os.urandom(1 << 20) * 20)  # above the 8 MB at which aws-cli goes over to multipart
    (tmp_path / "tree/a").mkdir(parents=True)
    (tmp_path / "tree/a/one ä+.txt").write_text("1")
    (tmp_path / "tree/two.txt").write_text("2")
    aws("s3", "mb", "s3://files", output="text")
    aws("s3", "cp", str(big), "s3://files/big", output="text")
    aws("s3", "cp", "s3://files/big", str(tmp_path / "back"), output="text")
    assert (tmp_path / "back").read_bytes() == big.read_bytes()
    aws("s3", "sync", str(tmp_path / "tree"), "s3://files/tree", output="text")
    listing = aws("s3", "ls", "--recursive", "s3://files/tree/", output="text")
    assert "tree/a/one ä+.txt" in listing and "tree/two.txt" in listing
    aws("s3", "sync", "s3://files/tree", str(tmp_path / "copy"), output="text")
    assert (tmp_path / "copy/a/one ä+.txt").read_text() == "1"
    aws("s3", "rm", "--recursive", "s3://files", output="text")
    assert aws("s3", "ls", "s3://files", output="text") == ""
    aws("s3", "rb", "s3://files", output="text")


# AWS's own statements for flow logs, a query in Trino's dialect, results by API and as an object.
def test_athena_answers_sql_about_flow_logs(daemon, client):
    import gzip

    s3, athena = client("s3"), client("athena")
    s3.create_bucket(Bucket="archive")
    lines = ["version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action "
             "log-status"]
    lines += [record("eni-1", now=1767603600 + i) for i in range(5)]
    lines += [record("eni-1", source="203.0.113.20", port=443, action="ACCEPT", now=1767603600)]
    lines += ["2 000000000000 eni-1 - - - - - - - 1767603600 1767603660 - NODATA"]
    s3.put_object(Bucket="archive", Key="AWSLogs/000000000000/vpcflowlogs/us-east-1/2026/01/05/a.log.gz",
                  Body=gzip.compress(("\n".join(lines) + "\n").encode()))

    def query(text):
        started = athena.start_query_execution(
            QueryString=text, QueryExecutionContext={"Database": "default"},
            ResultConfiguration={"OutputLocation": "s3://archive/results/"})["QueryExecutionId"]
        execution = wait_for(lambda: (e := athena.get_query_execution(QueryExecutionId=started)["QueryExecution"])
                             and e["Status"]["State"] not in ("QUEUED", "RUNNING") and e, "the query to end")
        assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
        rows = athena.get_query_results(QueryExecutionId=started)["ResultSet"]["Rows"]
        return execution, [[c.get("VarCharValue") for c in row["Data"]] for row in rows]

    query("""CREATE EXTERNAL TABLE IF NOT EXISTS `vpc_flow_logs` (
               version int, account_id string, interface_id string, srcaddr string, dstaddr string, srcport int,
               dstport int, protocol bigint, packets bigint, bytes bigint, start bigint, `end` bigint, action string,
               log_status string)
             PARTITIONED BY (`date` date)
             ROW FORMAT DELIMITED FIELDS TERMINATED BY ' '
             LOCATION 's3://archive/AWSLogs/000000000000/vpcflowlogs/us-east-1/'
             TBLPROPERTIES ("skip.header.line.count"="1")""")
    query("""ALTER TABLE vpc_flow_logs ADD PARTITION (`date`='2026-01-05')
             LOCATION 's3://archive/AWSLogs/000000000000/vpcflowlogs/us-east-1/2026/01/05'""")
    execution, rows = query("""SELECT srcaddr, dstport, count(*) AS attempts, sum(packets) AS packets
                               FROM vpc_flow_logs WHERE action = 'REJECT' AND "date" = DATE '2026-01-05'
                               GROUP BY srcaddr, dstport ORDER BY attempts DESC LIMIT 10""")
    assert rows == [["srcaddr", "dstport", "attempts", "packets"], [ATTACKER, "22", "5", "5"]]
    assert execution["Statistics"]["DataScannedInBytes"] > 0
    bucket, key = execution["ResultConfiguration"]["OutputLocation"].removeprefix("s3://").split("/", 1)
    text = s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    assert text == f'"srcaddr","dstport","attempts","packets"\n"{ATTACKER}","22","5","5"\n'


# The JavaScript SDK v3 speaks the newest protocols (JSON and CBOR for CloudWatch, checksummed S3 uploads).
def test_the_javascript_sdk_runs_the_pipeline(daemon):
    node = shutil.which("node")
    modules = TOP / "tools/node_modules/@aws-sdk"
    if node is None or not modules.is_dir():
        pytest.skip("node or the npm packages of tools/ are not installed (tools/setup installs them)")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.lstrip("v").split(".")[0]) < NODE_MAJOR_MIN:
        pytest.skip(f"the current JavaScript SDK needs Node.js {NODE_MAJOR_MIN}, this is {version}")
    script = pathlib.Path(__file__).with_name("pipeline.mjs")
    done = subprocess.run([node, str(script), daemon.endpoint, str(TOP / "tools/package.json")], capture_output=True,
                          text=True, timeout=120, check=False, env={**os.environ, "AWS_REGION": REGION})
    assert done.returncode == 0, done.stdout + done.stderr + daemon.errors()
    assert "cloudwatch over application/cbor" in done.stdout and "cloudwatch over application/x-amz-json-1.0" in done.stdout
