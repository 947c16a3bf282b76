# SPDX-License-Identifier: Apache-2.0
"""The demo itself, run inside the server's namespace by tools/demo/run."""

import configparser
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

import inbox
from network import ADDRESSES

ENDPOINT = "http://127.0.0.1:4566"
ACCOUNT, REGION = "000000000000", "us-east-1"
SERVER, CLIENT, ATTACKER = (ADDRESSES[host][0] for host in ("server", "client", "attacker"))
GROUP, BUCKET = "VPCFlowLogs", "flow-archive"
ALARM, NAMESPACE, METRIC = "ssh-rejects", "VPC Flow Logs", "SSH-rejects"
PATTERN = ('[version, account, eni, source, destination, srcport, destport="22", protocol="6", packets, bytes, '
           'windowstart, windowend, action="REJECT", flowlogstatus]')
BLOCK_SECONDS = 25
NOTIFY_SECONDS_MAX = 5
CALM_SECONDS_MAX = 110  # the breaching datapoint counts as long as it lies in the evaluation range
WEBHOOK_PORT, SMTP_PORT, WEB_PORT = 8025, 2525, 80

CREATE_TABLE = f"""CREATE EXTERNAL TABLE IF NOT EXISTS vpc_flow_logs (
  version int, account_id string, interface_id string, srcaddr string, dstaddr string, srcport int, dstport int,
  protocol bigint, packets bigint, bytes bigint, start bigint, `end` bigint, action string, log_status string)
PARTITIONED BY (`aws-account-id` string, `aws-service` string, `aws-region` string, `year` string, `month` string,
  `day` string, `hour` string)
ROW FORMAT SERDE 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe'
STORED AS INPUTFORMAT 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat'
OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat'
LOCATION 's3://{BUCKET}/AWSLogs/'
TBLPROPERTIES ('EXTERNAL'='true', 'skip.header.line.count'='1')"""

QUESTIONS = (
    ("Who talks most?",
     "SELECT srcaddr, dstaddr, sum(bytes) AS total_bytes, sum(packets) AS total_packets FROM vpc_flow_logs "
     "WHERE log_status = 'OK' GROUP BY srcaddr, dstaddr ORDER BY total_bytes DESC LIMIT 5"),
    ("Which ports were refused?",
     "SELECT dstport, protocol, count(*) AS flows, sum(packets) AS refused_packets FROM vpc_flow_logs "
     "WHERE action = 'REJECT' GROUP BY dstport, protocol ORDER BY refused_packets DESC, dstport LIMIT 5"),
    ("What did the attacker do?",
     "SELECT action, count(*) AS flows, count(DISTINCT dstport) AS ports, sum(packets) AS packets, "
     "from_unixtime(min(start)) AS first_seen, from_unixtime(max(\"end\")) AS last_seen FROM vpc_flow_logs "
     f"WHERE srcaddr = '{ATTACKER}' GROUP BY action ORDER BY action"),
)


ATTEMPTS = f"""
import socket
refused = 0
for number in range(12):
    with socket.socket() as guess:
        guess.settimeout(0.1)
        refused += guess.connect_ex(("{SERVER}", 22)) != 0
print(f"12 connections to port 22: {{refused}} got nowhere")
"""


class Failed(Exception):
    """A step that did not happen; the text says which."""


def colour(text, sgr):
    return f"\x1b[{sgr}m{text}\x1b[0m" if sys.stdout.isatty() and "NO_COLOR" not in os.environ else text


def until(condition, seconds, what):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.2)
    raise Failed(f"{what}: did not happen within {seconds} seconds")


def table(rows):
    widths = [max(len(str(cell)) for cell in column) for column in zip(*rows)]
    for number, row in enumerate(rows):
        print("   " + "  ".join(str(cell).ljust(width) for cell, width in zip(row, widths)).rstrip())
        if number == 0:
            print("   " + "  ".join("-" * width for width in widths))


class Story:
    def __init__(self, binary, prefix, folder):
        self.binary, self.prefix, self.folder = binary, prefix, folder
        self.started = time.monotonic()
        self.processes = []
        self.mails = inbox.Mailbox(SMTP_PORT)
        self.hook = inbox.Webhook(WEBHOOK_PORT)
        self.number = 0

    # ---- Tools ----

    def step(self, title):
        self.number += 1
        print("\n" + colour(f"{self.number}. {title}", "1;36") + colour(f"   [{time.monotonic() - self.started:.0f} s]", "2"))

    def start(self, command, **options):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=options.pop("stderr", subprocess.DEVNULL),
                                   text=True, **options)
        self.processes.append(process)
        return process

    def on(self, host, *command, seconds=30):
        return subprocess.run(["ip", "netns", "exec", f"{self.prefix}-{host}", *command], capture_output=True, text=True,
                              timeout=seconds, check=False)

    def fetch(self, host):
        """One web request from that host; the HTTP status or 0."""
        done = self.on(host, "curl", "-s", "-o", "/dev/null", "-m", "2", "-w", "%{http_code}", f"http://{SERVER}:{WEB_PORT}/")
        return int(done.stdout or 0)

    @staticmethod
    def tells(message, state):
        return message["Type"] == "Notification" and json.loads(message["Message"])["NewStateValue"] == state

    def aws(self, *words, quiet=False):
        """Runs an aws-cli command, shown as a person would type it."""
        if not quiet:
            print(colour("   $ aws " + " ".join(shlex.quote(word) for word in words), "33"))
        done = subprocess.run([shutil.which("aws", path="/usr/bin:" + os.environ["PATH"]), "--endpoint-url", ENDPOINT,
                               *words], capture_output=True, text=True, check=False, env=self.environment)
        if done.returncode:
            raise Failed(f"aws {words[0]} {words[1]}: {done.stderr.strip()}")
        try:
            return json.loads(done.stdout) if done.stdout.strip() else {}
        except json.JSONDecodeError:
            return done.stdout.strip()

    # ---- Steps ----

    def run(self):
        self.start_daemon()
        self.set_up()
        self.normal_traffic()
        refused_at = self.attack()
        self.alarm(refused_at)
        self.block()
        self.calm()
        self.answers()
        self.finish()

    def start_daemon(self):
        self.step("Weir starts on the server with an empty data folder")
        command = [self.binary, "serve", "--data", f"{self.folder}/data", "--respond-block", "true", "--respond-ttl-s",
                   str(BLOCK_SECONDS), "--smtp-host", "127.0.0.1", "--smtp-port", str(SMTP_PORT), "--smtp-tls", "none",
                   "--s3-file-slot-s", "10", "--s3-file-delay-s", "2", "--sns-allow", "127.0.0.0/8", "--log-level",
                   "warn"]
        begun = time.monotonic()
        self.log = open(f"{self.folder}/weir.log", "w+", encoding="utf-8")
        daemon = self.start(command, stderr=self.log)
        if not re.search("ready", daemon.stdout.readline()):
            self.log.seek(0)
            raise Failed(f"the daemon did not start: {self.log.read()}")
        print(f"   ready after {1000 * (time.monotonic() - begun):.0f} ms at {ENDPOINT}")
        keys = configparser.ConfigParser()
        keys.read(f"{self.folder}/data/credentials")
        self.environment = {**os.environ, "AWS_ACCESS_KEY_ID": keys["default"]["aws_access_key_id"],
                            "AWS_SECRET_ACCESS_KEY": keys["default"]["aws_secret_access_key"],
                            "AWS_DEFAULT_REGION": REGION, "AWS_PAGER": "", "AWS_EC2_METADATA_DISABLED": "true"}
        web = f"{self.folder}/www"
        os.mkdir(web)
        pathlib.Path(web, "index.html").write_text("<h1>the shop</h1>" * 200, encoding="utf-8")
        self.start([sys.executable, "-m", "http.server", str(WEB_PORT), "--bind", SERVER, "--directory", web])

    def set_up(self):
        self.step("The monitoring is set up, with the commands of the AWS lab")
        print(colour("   (each with --endpoint-url " + ENDPOINT + ")", "2"))
        interface = self.aws("ec2", "describe-network-interfaces")["NetworkInterfaces"][0]
        vpc = interface["VpcId"]
        print(f"   -> {interface['NetworkInterfaceId']} with {interface['PrivateIpAddress']} in {vpc}")
        self.aws("logs", "create-log-group", "--log-group-name", GROUP)
        self.aws("ec2", "create-flow-logs", "--resource-type", "VPC", "--resource-ids", vpc, "--traffic-type", "ALL",
                 "--log-group-name", GROUP, "--max-aggregation-interval", "60", "--deliver-logs-permission-arn",
                 f"arn:aws:iam::{ACCOUNT}:role/flow-logs")
        self.aws("s3", "mb", f"s3://{BUCKET}")
        self.aws("ec2", "create-flow-logs", "--resource-type", "VPC", "--resource-ids", vpc, "--traffic-type", "ALL",
                 "--log-destination-type", "s3", "--log-destination", f"arn:aws:s3:::{BUCKET}", "--max-aggregation-interval",
                 "60", "--destination-options", "FileFormat=parquet,HiveCompatiblePartitions=true,PerHourPartition=true")
        self.aws("logs", "put-metric-filter", "--log-group-name", GROUP, "--filter-name", "dest-port-22-rejects",
                 "--filter-pattern", PATTERN, "--metric-transformations",
                 f"metricName={METRIC},metricNamespace={NAMESPACE},metricValue=1")
        topic = self.aws("sns", "create-topic", "--name", "security-team")["TopicArn"]
        self.aws("sns", "subscribe", "--topic-arn", topic, "--protocol", "email", "--notification-endpoint",
                 "team@example.com")
        self.aws("sns", "subscribe", "--topic-arn", topic, "--protocol", "http", "--notification-endpoint",
                 f"http://127.0.0.1:{WEBHOOK_PORT}/alarms")
        self.aws("sns", "subscribe", "--topic-arn", topic, "--protocol", "lambda", "--notification-endpoint",
                 f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:weir-block")
        self.confirm()
        # A metric filter gives one value a minute on AWS; Weir keeps the second, so a 10-second period works too.
        self.aws("cloudwatch", "put-metric-alarm", "--alarm-name", ALARM, "--namespace", NAMESPACE, "--metric-name",
                 METRIC, "--statistic", "Sum", "--period", "10", "--evaluation-periods", "1", "--threshold", "5",
                 "--comparison-operator", "GreaterThanOrEqualToThreshold", "--treat-missing-data", "notBreaching",
                 "--alarm-actions", topic, "--ok-actions", topic)
        self.acl = self.aws("ec2", "describe-network-acls", "--filters", f"Name=vpc-id,Values={vpc}")["NetworkAcls"][0]["NetworkAclId"]
        self.aws("ec2", "create-network-acl-entry", "--network-acl-id", self.acl, "--ingress", "--rule-number", "90",
                 "--protocol", "tcp", "--port-range", "From=22,To=22", "--cidr-block", "0.0.0.0/0", "--rule-action", "deny")
        print("   -> nobody may reach port 22 any more; the network ACL is in force in nftables")

    def confirm(self):
        """Follows the confirmation links, as a person does in the mail."""
        mail = self.mails.wait(lambda m: "confirm" in m["Subject"].lower(), 10)
        request = self.hook.wait(lambda m: m["Type"] == "SubscriptionConfirmation", 10)
        if not mail or not request:
            raise Failed("the subscriptions were not asked to confirm")
        link = re.search(r"http://\S*Action=ConfirmSubscription\S*", mail[1].get_content()).group(0)
        for url in (link, request[1]["SubscribeURL"]):
            urllib.request.urlopen(url, timeout=5).read()
        print("   -> mail and webhook confirmed by their links")

    def normal_traffic(self):
        self.step("Normal traffic: a client reads the web page")
        answers = [self.fetch("client") for _ in range(20)]
        if answers != [200] * 20:
            raise Failed(f"web requests were answered with {answers}")
        print(f"   20 web requests from {CLIENT}: all answered")

    def attack(self):
        self.step("An attack: a port scan, then repeated attempts on port 22")
        if self.fetch("attacker") != 200:
            raise Failed("the attacker could not read the page before the attack")
        attempts = self.start(["ip", "netns", "exec", f"{self.prefix}-attacker", sys.executable, "-c", ATTEMPTS])
        refused_at = time.time()
        scan = self.on("attacker", "nmap", "-n", "-Pn", "-sS", "-p", "1-100", "--max-retries", "1", SERVER)
        print("   $ nmap -sS -p 1-100 " + SERVER)
        print("   " + "\n   ".join(line for line in scan.stdout.splitlines() if re.match(r"PORT|\d+/tcp|Not shown", line)))
        print(f"   {attempts.communicate(timeout=20)[0].strip()}")
        return refused_at

    def alarm(self, refused_at):
        self.step("The alarm")
        found = self.hook.wait(lambda m: self.tells(m, "ALARM"), 15)
        if not found:
            raise Failed("no notification came: " + json.dumps(self.aws("cloudwatch", "describe-alarms", quiet=True)))
        events = self.aws("logs", "filter-log-events", "--log-group-name", GROUP, "--filter-pattern", PATTERN)["events"]
        for event in events[:3]:
            print("   " + colour(event["message"], "31"))
        points = [p for p in self.aws("cloudwatch", "get-metric-statistics", "--namespace", NAMESPACE, "--metric-name",
                                      METRIC, "--start-time", f"{time.time() - 300:.0f}", "--end-time",
                                      f"{time.time() + 60:.0f}", "--period", "60", "--statistics", "Sum")["Datapoints"]]
        if not points:
            raise Failed("the metric has no datapoints")
        print(f"   {len(events)} refused SSH records so far, metric sum {sum(p['Sum'] for p in points):.0f}")
        arrived, message = found
        alarm = json.loads(message["Message"])
        self.alarmed_at = message["Timestamp"]
        delay = arrived - refused_at
        print(f"   {colour(alarm['NewStateValue'], '1;31')}: {alarm['NewStateReason']}")
        print(colour(f"   from the first refused packet to the notification: {delay:.1f} s", "1;32"))
        if alarm["NewStateValue"] != "ALARM" or delay > NOTIFY_SECONDS_MAX:
            raise Failed(f"the notification took {delay:.1f} s, at most {NOTIFY_SECONDS_MAX} are allowed")
        mail = self.mails.wait(lambda m: "ALARM" in m["Subject"], 10)
        if not mail:
            raise Failed("the mail did not come")
        print("\n   The mail:\n     Subject: " + mail[1]["Subject"])
        for line in mail[1].get_body(("plain",)).get_content().splitlines()[:22]:
            print("     " + line)

    def block(self):
        self.step("The offender is blocked")

        def entry():
            entries = self.aws("ec2", "describe-network-acls", "--network-acl-ids", self.acl, quiet=True)["NetworkAcls"][0]["Entries"]
            return next((e for e in entries if e.get("CidrBlock") == f"{ATTACKER}/32"), None)

        denied = until(entry, 10, "a deny entry for the attacker")
        print(f"   network ACL entry {denied['RuleNumber']}: {denied['RuleAction']} {denied['CidrBlock']}, for {BLOCK_SECONDS} s")
        if self.fetch("attacker") != 0 or self.fetch("client") != 200:
            raise Failed("the web page should be closed to the attacker and open to the client")
        print(f"   {ATTACKER} reads the page: refused      {CLIENT} reads the page: still answered")
        pattern = f'[version, account, eni, source="{ATTACKER}", destination, srcport, destport="{WEB_PORT}", protocol, packets, bytes, start, end, action="REJECT", status]'
        records = until(lambda: self.aws("logs", "filter-log-events", "--log-group-name", GROUP, "--filter-pattern",
                                         pattern, quiet=True)["events"], 10, "a REJECT record of the blocked web request")
        print("   " + colour(records[0]["message"], "31"))

    def calm(self):
        self.step("Quiet returns")
        alarmed_at = self.alarmed_at
        found = self.hook.wait(lambda m: self.tells(m, "OK") and m["Timestamp"] > alarmed_at, CALM_SECONDS_MAX)
        if not found:
            raise Failed("the alarm did not return to OK")
        print(f"   the alarm is {colour('OK', '1;32')} again, and the team was told")
        until(lambda: self.fetch("attacker") == 200, BLOCK_SECONDS + 15, "the removal of the block")
        print(f"   the block was removed after its {BLOCK_SECONDS} s: {ATTACKER} reads the page again")

    def answers(self):
        self.step("The long view: flow records as Parquet in S3, asked in SQL")
        keys = until(lambda: [o["Key"] for o in self.aws("s3api", "list-objects-v2", "--bucket", BUCKET, quiet=True).get("Contents", [])
                              if o["Key"].endswith(".parquet")], 30, "a Parquet file in the bucket")
        print("   s3://" + BUCKET + "/" + keys[0])
        self.query(CREATE_TABLE)
        # Accepted flows are reported when their window of 60 seconds ends.
        until(lambda: self.repaired_and_has_accepted(), 75, "the records of accepted flows in S3")
        for question, text in QUESTIONS:
            print("\n   " + colour(question, "1"))
            rows = self.query(text)
            table(rows)
            if len(rows) < 2:
                raise Failed(f"no answer to: {question}")

    def repaired_and_has_accepted(self):
        self.query("MSCK REPAIR TABLE vpc_flow_logs")
        rows = self.query(f"SELECT count(*) FROM vpc_flow_logs WHERE action = 'ACCEPT' AND srcaddr = '{CLIENT}'")
        return int(rows[1][0]) > 0

    def query(self, text):
        started = self.aws("athena", "start-query-execution", "--query-string", text, "--result-configuration",
                           f"OutputLocation=s3://{BUCKET}/results/", "--query-execution-context", "Database=default",
                           quiet=True)["QueryExecutionId"]
        status = until(lambda: (s := self.aws("athena", "get-query-execution", "--query-execution-id", started, quiet=True)
                                ["QueryExecution"]["Status"])["State"] not in ("QUEUED", "RUNNING") and s, 30, "the end of a query")
        if status["State"] != "SUCCEEDED":
            raise Failed(f"{text}\n{status.get('StateChangeReason')}")
        rows = self.aws("athena", "get-query-results", "--query-execution-id", started, quiet=True)["ResultSet"]["Rows"]
        return [[cell.get("VarCharValue", "") for cell in row["Data"]] for row in rows]

    def finish(self):
        print("\n" + colour(f"All of it happened, in {time.monotonic() - self.started:.0f} seconds.", "1;32") + """
What to try next:
   sudo build/release/weir serve            on this host, then in another shell:
   eval "$(sudo build/release/weir env)"    and use aws, boto3, Terraform as with AWS
   build/release/weir capture --read x.pcap turn a capture file into flow records
   build/release/weir serve --ephemeral     an endpoint for CI jobs: any credentials, nothing kept
   README.md and docs/ say the rest.""")

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def main():
    binary, prefix = sys.argv[1:]
    signal.signal(signal.SIGTERM, lambda *ignored: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="weir-demo-") as folder:
        story = Story(binary, prefix, folder)
        try:
            story.run()
            return 0
        except (Failed, subprocess.TimeoutExpired) as problem:
            print(colour(f"\nThis step did not happen: {problem}", "1;31"), file=sys.stderr)
            story.stop()
            story.log.seek(0)
            print("The daemon's log ends with:\n" + "".join(story.log.readlines()[-20:]), file=sys.stderr)
            return 1
        finally:
            story.stop()


if __name__ == "__main__":
    sys.exit(main())
