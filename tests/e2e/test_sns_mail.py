# SPDX-License-Identifier: Apache-2.0
"""Mail of SNS through a real SMTP server (Debian's python3-aiosmtpd) that demands STARTTLS and a password: confirmation,
an alarm with the log records behind it, email-json, and the way out."""

import asyncio
import email
import email.policy
import json
import re
import ssl
import subprocess
import threading
import time
import urllib.request

import pytest

from conftest import REGION, Daemon, make_client, wait_for

smtp = pytest.importorskip("aiosmtpd.smtp", reason="python3-aiosmtpd is not installed")

ACCOUNT = "000000000000"
USER, PASSWORD = "weir", "s3:cret ü"
LINE = "2 123456789010 eni-0a1b2c3d4e5f60718 203.0.113.{} 10.0.0.5 50123 3389 6 4 240 {} {} REJECT OK"


class Relay:
    def __init__(self, folder):
        self.certificate = folder / "cert.pem"
        made = subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=relay",
                               "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(folder / "key.pem"), "-out",
                               str(self.certificate)], capture_output=True, check=False)
        assert made.returncode == 0, made.stderr
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, folder / "key.pem")
        self.mails, self.refused = [], []
        self.loop = asyncio.new_event_loop()
        started = threading.Event()

        def make():
            return smtp.SMTP(self, hostname="relay", tls_context=context, require_starttls=True, authenticator=self.check,
                             auth_required=True)

        def run():
            asyncio.set_event_loop(self.loop)
            server = self.loop.run_until_complete(self.loop.create_server(make, "127.0.0.1", 0))
            self.port = server.sockets[0].getsockname()[1]
            started.set()
            self.loop.run_forever()

        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()
        started.wait(30)

    def check(self, server, session, envelope, mechanism, data):
        good = data.login == USER.encode() and data.password == PASSWORD.encode()
        if not good:
            self.refused.append(mechanism)
        return smtp.AuthResult(success=good, handled=False)

    async def handle_DATA(self, server, session, envelope):
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 OK"

    def wait(self, count):
        return wait_for(lambda: len(self.mails) >= count and self.mails, f"{count} mails")[count - 1]

    def close(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(30)

    def options(self, password=PASSWORD):
        return ("--smtp-host", "127.0.0.1", "--smtp-port", str(self.port), "--smtp-tls", "starttls", "--smtp-user", USER,
                "--smtp-password", password, "--smtp-ca-file", str(self.certificate), "--smtp-from", "weir@example.com")


@pytest.fixture
def relay(tmp_path):
    relay = Relay(tmp_path)
    yield relay
    relay.close()


def text_of(mail, kind="plain"):
    part = mail.get_body((kind,))
    return part.get_content().replace("\r\n", "\n") if part else None


def confirm(relay, count):
    link = re.search(r"http://\S*Action=ConfirmSubscription\S*", text_of(relay.wait(count))).group(0)
    with urllib.request.urlopen(link, timeout=30) as answer:
        return re.search(r"<SubscriptionArn>(.*?)</SubscriptionArn>", answer.read().decode()).group(1)


def raise_alarm(daemon, topic):
    """Seven refused connections, one too many for the alarm `ssh-bruteforce`."""
    logs, cloudwatch = make_client("logs", daemon.endpoint), make_client("cloudwatch", daemon.endpoint)
    logs.create_log_group(logGroupName="/vpc/flow")
    logs.create_log_stream(logGroupName="/vpc/flow", logStreamName="eni-0a1b2c3d4e5f60718-all")
    logs.put_metric_filter(logGroupName="/vpc/flow", filterName="rdp",
                           filterPattern="[v, acct, eni, src, dst, sport, dport = 3389, proto, pkts, bytes, start, end, "
                                         "action = REJECT, status]",
                           metricTransformations=[{"metricName": "Rejects", "metricNamespace": "VPCFlow", "metricValue": "1"}])
    cloudwatch.put_metric_alarm(AlarmName="rdp-bruteforce", AlarmDescription="größer <b>als</b> erwartet", Namespace="VPCFlow",
                                MetricName="Rejects", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=6,
                                ComparisonOperator="GreaterThanThreshold", TreatMissingData="notBreaching",
                                AlarmActions=[topic])
    now = int(time.time() * 1000)
    second = now // 1000
    logs.put_log_events(logGroupName="/vpc/flow", logStreamName="eni-0a1b2c3d4e5f60718-all", logEvents=[
        {"timestamp": now, "message": LINE.format(i, second, second)} for i in range(1, 8)])
    wait_for(lambda: cloudwatch.describe_alarms(AlarmNames=["rdp-bruteforce"])["MetricAlarms"][0]["StateValue"] == "ALARM"
             or daemon.advance(60), "the alarm")


# Verified on AWS: no. The subject is AWS's; the mail is Weir's, with AWS's letter below.
def test_an_alarm_comes_as_a_mail_that_says_what_to_do(relay, tmp_path):
    daemon = Daemon("--ephemeral", "--capture", "false", *relay.options())
    sns = make_client("sns", daemon.endpoint)
    topic = sns.create_topic(Name="alarms", Attributes={"DisplayName": "Wächter"})["TopicArn"]
    assert sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ops@example.com")["SubscriptionArn"] == (
        "pending confirmation")
    subscription = confirm(relay, 1)
    raise_alarm(daemon, topic)
    mail = relay.wait(2)
    assert mail["Subject"] == 'ALARM: "rdp-bruteforce" in US East (N. Virginia)'
    assert mail["To"] == "ops@example.com" and "Wächter" in mail["From"] and "<weir@example.com>" in mail["From"]
    assert mail["Message-ID"].endswith("@example.com>") and mail["Date"]
    assert mail.get_content_type() == "multipart/alternative" and not mail.defects
    (tmp_path / "alarm.html").write_text(text_of(mail, "html"))
    for kind in ("plain", "html"):
        text = text_of(mail, kind)
        assert "Threshold Crossed" in text and "203.0.113.1 " in text and "203.0.113.5 " in text, text
        assert "203.0.113.6 " not in text and "First matching records (/vpc/flow)" in text
        assert "weir silence 'rdp-bruteforce' --for 2h" in text
    assert text_of(mail).startswith("ALARM: rdp-bruteforce\nReason: ")
    assert "größer <b>als</b> erwartet" in text_of(mail)
    assert "größer &lt;b&gt;als&lt;/b&gt; erwartet" in text_of(mail, "html")
    assert "You are receiving this email because your Amazon CloudWatch Alarm" in text_of(mail)
    link = mail["List-Unsubscribe"].strip("<>")
    assert subscription in link
    with urllib.request.urlopen(link, timeout=30):
        pass
    assert sns.list_subscriptions()["Subscriptions"][0]["SubscriptionArn"] == "Deleted"
    daemon.stop()


def test_email_json_is_the_signed_notification(relay):
    daemon = Daemon("--ephemeral", "--capture", "false", *relay.options())
    sns = make_client("sns", daemon.endpoint)
    topic = sns.create_topic(Name="t")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email-json", Endpoint="ops@example.com")
    token = json.loads(text_of(relay.wait(1)))["Token"]
    sns.confirm_subscription(TopicArn=topic, Token=token)
    published = sns.publish(TopicArn=topic, Message="größer", Subject="s")
    mail = relay.wait(2)
    notification = json.loads(text_of(mail))
    assert mail["Subject"] == "s" and mail.get_content_type() == "text/plain"
    assert (notification["MessageId"], notification["Message"]) == (published["MessageId"], "größer")
    assert "Signature" in notification
    daemon.stop()


# The password is the operator's to mend: mails wait and are tried again.
def test_mails_wait_while_the_relay_refuses_the_password(relay):
    daemon = Daemon("--ephemeral", "--capture", "false", *relay.options(password="wrong"))
    sns = make_client("sns", daemon.endpoint)
    topic = sns.create_topic(Name="t")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ops@example.com")
    wait_for(lambda: relay.refused, "the first attempt")
    seen = len(relay.refused)
    wait_for(lambda: daemon.advance(30) or len(relay.refused) > seen, "another attempt")
    assert json.loads(daemon.get("/_weir/health"))["notifications_waiting"] == 1
    assert not relay.mails
    daemon.stop()
