# SPDX-License-Identifier: Apache-2.0
"""What receivers do with Weir's notifications: signatures checked by AWS's validator for JavaScript (sns-validator) and by
sns-payload-validator, an alarm's message read by AWS's types for Go (aws-lambda-go) and its envelope by AWS's schemas
(@aws-lambda-powertools/parser), its keys compared with those that AWS sends (reference, recorded messages)."""

import json
import os
import shutil
import subprocess

import boto3
import botocore.config
import pytest

from conftest import REGION, TOP, Daemon, Webhook, wait_for

ACCOUNT = "000000000000"
HERE = os.path.dirname(__file__)
SNS_HOST = f"sns.{REGION}.amazonaws.com"  # stock validators insist on it

ENVELOPE = {"AlarmName", "AlarmDescription", "AWSAccountId", "AlarmConfigurationUpdatedTimestamp", "NewStateValue",
            "NewStateReason", "StateChangeTime", "Region", "AlarmArn", "OldStateValue", "ActionExecutedAfterMuteWindow",
            "OKActions", "AlarmActions", "InsufficientDataActions"}
TRIGGER = {"Period", "EvaluationPeriods", "ComparisonOperator", "Threshold", "TreatMissingData",
           "EvaluateLowSampleCountPercentile"}
METRIC_TRIGGER = TRIGGER | {"MetricName", "Namespace", "StatisticType", "Statistic", "Unit", "Dimensions"}


@pytest.fixture
def daemon_folder(tmp_path):
    made = subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={SNS_HOST}",
                           "-addext", f"subjectAltName=DNS:{SNS_HOST},IP:127.0.0.1", "-keyout", str(tmp_path / "key.pem"),
                           "-out", str(tmp_path / "cert.pem")], capture_output=True, check=False)
    if made.returncode != 0:
        pytest.skip("the openssl command is not installed")
    return tmp_path


def arn_of(queue):
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue.rsplit('/', 1)[1]}"


def receive(sqs, queue, count=1):
    got = []

    def more():
        for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", []):
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            got.append(json.loads(message["Body"]))
        return len(got) >= count

    wait_for(more, f"{count} messages")
    return got


def free_port():
    import socket
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_stock_validators_accept_what_is_signed(daemon_folder):
    node = shutil.which("node")
    if node is None or not (TOP / "tools/node_modules/sns-validator").is_dir():
        pytest.skip("node or the npm packages of tools/ are not installed (tools/setup installs them)")
    certificate, out = daemon_folder / "cert.pem", daemon_folder / "event.json"
    function = json.dumps([{"name": "keep", "command": ["/bin/sh", "-c", f"cat > {out}.new && mv {out}.new {out}"]}])
    port = free_port()
    daemon = Daemon("--ephemeral", "--capture", "false", "--tls-certificate", str(certificate), "--tls-key",
                    str(daemon_folder / "key.pem"), "--endpoint", f"https://{SNS_HOST}", "--functions", function,
                    listen=f"127.0.0.1:{port}")
    hook = Webhook()

    def client(service):
        return boto3.client(service, endpoint_url=f"https://127.0.0.1:{port}", region_name=REGION, aws_access_key_id="test",
                            aws_secret_access_key="test", verify=str(certificate),
                            config=botocore.config.Config(retries={"max_attempts": 0}))

    sns, sqs = client("sns"), client("sqs")
    queue = sqs.create_queue(QueueName="q")["QueueUrl"]
    texts = ["plain", "größer \"quoted\" \\ back\nline\ttab", json.dumps({"a": "ü😀"}), " "]
    for version in ("1", "2"):
        topic = sns.create_topic(Name=f"v{version}", Attributes={"SignatureVersion": version})["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn_of(queue))
        sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=f"{hook.url}?v={version}")
        sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:keep")
        for text in texts:
            sns.publish(TopicArn=topic, Message=text)
            sns.publish(TopicArn=topic, Message=text, Subject="Subject with \"quotes\"",
                        MessageAttributes={"a": {"DataType": "String", "StringValue": "v"}})
    confirmations = hook.wait("SubscriptionConfirmation", 2)
    for confirmation in confirmations:
        arn = sns.confirm_subscription(TopicArn=confirmation["TopicArn"], Token=confirmation["Token"])["SubscriptionArn"]
        import ssl
        import urllib.request
        urllib.request.urlopen(f"https://127.0.0.1:{port}/?Action=Unsubscribe&SubscriptionArn={arn}", timeout=30,
                               context=ssl.create_default_context(cafile=str(certificate))).close()
    confirmations += hook.wait("UnsubscribeConfirmation", 2)
    notifications = receive(sqs, queue, 4 * len(texts))
    assert {n["SignatureVersion"] for n in notifications} == {"1", "2"}
    assert all(n["SigningCertURL"].startswith(f"https://{SNS_HOST}/SimpleNotificationService-") for n in notifications)
    event = json.loads(wait_for(lambda: out.exists() and out.read_text(), "the event of a function"))
    done = subprocess.run([node, os.path.join(HERE, "receivers.mjs"), str(TOP / "tools/package.json"), str(port), str(certificate)],
                          input=json.dumps({"notifications": notifications, "confirmations": confirmations,
                                            "queued": notifications, "events": [event]}),
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout) == {"valid": len(notifications) + 4, "events": 1, "queued": len(notifications)}
    hook.close()
    daemon.stop()


@pytest.fixture
def alarm_messages(client):
    """Function: the message of a new alarm that enters ALARM."""
    sns, sqs, cloudwatch = client("sns"), client("sqs"), client("cloudwatch")
    topic = sns.create_topic(Name="alarms")["TopicArn"]
    queue = sqs.create_queue(QueueName="alarms")["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn_of(queue))

    def of(name, **members):
        put = cloudwatch.put_composite_alarm if "AlarmRule" in members else cloudwatch.put_metric_alarm
        put(AlarmName=name, AlarmActions=[topic], **members)
        if "AlarmRule" not in members:
            cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="because")
        notification = receive(sqs, queue)[0]
        assert notification["Subject"] == f'ALARM: "{name}" in US East (N. Virginia)'
        return json.loads(notification["Message"])

    return of


METRIC = {"Namespace": "VPCFlow", "MetricName": "Rejects", "Period": 60, "EvaluationPeriods": 3, "Threshold": 10.5,
          "ComparisonOperator": "GreaterThanThreshold"}


def test_an_alarms_message_has_every_key_that_aws_sends(alarm_messages):
    message = alarm_messages("plain", Statistic="Sum", **METRIC)
    assert set(message) == ENVELOPE | {"Trigger"}
    assert set(message["Trigger"]) == METRIC_TRIGGER
    assert message["AlarmDescription"] is None and message["Trigger"]["Unit"] is None
    assert message["ActionExecutedAfterMuteWindow"] is False
    assert message["Trigger"]["Statistic"] == "SUM" and message["Trigger"]["StatisticType"] == "Statistic"
    assert message["Trigger"]["TreatMissingData"] == "missing"
    assert message["Trigger"]["EvaluateLowSampleCountPercentile"] == ""

    full = alarm_messages("full", ExtendedStatistic="p99", DatapointsToAlarm=2, Unit="Seconds", TreatMissingData="ignore",
                          EvaluateLowSampleCountPercentile="ignore", AlarmDescription="d",
                          Dimensions=[{"Name": "Interface", "Value": "eni-1"}], **METRIC)
    assert set(full["Trigger"]) == METRIC_TRIGGER | {"DatapointsToAlarm"}
    assert full["Trigger"]["Dimensions"] == [{"value": "eni-1", "name": "Interface"}]
    assert full["Trigger"]["Statistic"] == "p99" and full["Trigger"]["StatisticType"] == "ExtendedStatistic"

    math = alarm_messages("math", EvaluationPeriods=1, Threshold=1.0, ComparisonOperator="GreaterThanThreshold", Metrics=[
        {"Id": "e", "Expression": "m*2", "Label": "l", "ReturnData": True},
        {"Id": "m", "ReturnData": False, "MetricStat": {"Stat": "Sum", "Period": 60, "Metric": {
            "Namespace": "VPCFlow", "MetricName": "Rejects", "Dimensions": [{"Name": "Interface", "Value": "eni-1"}]}}}])
    assert set(math) == ENVELOPE | {"Trigger"}
    assert set(math["Trigger"]) == TRIGGER | {"Metrics"}
    expression, metric = math["Trigger"]["Metrics"]
    assert set(expression) == {"Expression", "Id", "Label", "ReturnData"}
    assert set(metric) == {"Id", "MetricStat", "ReturnData"} and set(metric["MetricStat"]) == {"Metric", "Period", "Stat"}
    assert metric["MetricStat"]["Metric"]["Dimensions"] == [{"value": "eni-1", "name": "Interface"}]

    composite = alarm_messages("composite", AlarmRule='ALARM("plain")')
    assert set(composite) == ENVELOPE - {"AlarmConfigurationUpdatedTimestamp"} | {"AlarmRule", "TriggeringChildren"}
    child = composite["TriggeringChildren"][0]
    assert set(child) == {"Arn", "State"} and set(child["State"]) == {"Value", "Timestamp"}


def test_awss_types_for_go_read_an_alarm(alarm_messages):
    go = shutil.which("go")
    folder = os.path.join(HERE, "alarm_parser")
    if go is None or subprocess.run([go, "mod", "download"], cwd=folder, capture_output=True, timeout=120, check=False).returncode:
        pytest.skip("Go or the module github.com/aws/aws-lambda-go is not to be had here")
    message = alarm_messages("read", Statistic="Sum", Dimensions=[{"Name": "Interface", "Value": "eni-1"}], **METRIC)
    record = {"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": "arn:x", "Sns": {
        "Type": "Notification", "MessageId": "1", "TopicArn": "arn:x", "Subject": None, "Message": json.dumps(message),
        "Timestamp": "2026-01-01T00:00:00.000Z", "SignatureVersion": "1", "Signature": "", "SigningCertUrl": "",
        "UnsubscribeUrl": "", "MessageAttributes": {}}}
    done = subprocess.run([go, "run", "."], cwd=folder, input=json.dumps({"Records": [record]}), capture_output=True, text=True,
                          timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    understood = json.loads(done.stdout)
    assert understood["AlarmName"] == "read" and understood["NewStateValue"] == "ALARM"
    assert understood["Trigger"]["Threshold"] == 10.5 and understood["Trigger"]["Period"] == 60
    assert understood["Trigger"]["Dimensions"] == [{"name": "Interface", "value": "eni-1"}]


# AWS does not say which message group an alarm uses; here each alarm is one, so its changes stay in order.
def test_alarms_publish_to_fifo_topics(client):
    sns, sqs, cloudwatch = client("sns"), client("sqs"), client("cloudwatch")
    topic = sns.create_topic(Name="alarms.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]
    queue = sqs.create_queue(QueueName="alarms.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn_of(queue))
    names = ["first", "with blank", "ü" * 200]
    for name in names:
        cloudwatch.put_metric_alarm(AlarmName=name, AlarmActions=[topic], OKActions=[topic], Statistic="Sum", **METRIC)
        for state in ("ALARM", "OK", "ALARM"):
            cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="because")
    seen = {}
    for notification in receive(sqs, queue, 9):
        message = json.loads(notification["Message"])
        seen.setdefault(message["AlarmName"], []).append(message["NewStateValue"])
    assert seen == {name: ["ALARM", "OK", "ALARM"] for name in names}
