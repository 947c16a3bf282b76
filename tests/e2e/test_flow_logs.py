# SPDX-License-Identifier: Apache-2.0
"""Flow logs of real traffic on the loopback device, at their destinations: files that other programs read, the
template that queries them, requests to a Firehose-style endpoint."""

import base64
import gzip
import http.server
import json
import pathlib
import re
import shutil
import socket
import subprocess
import threading

import pytest

from conftest import TOP, Daemon, make_client, wait_for

INT_32 = {"version", "srcport", "dstport", "protocol", "tcp_flags", "traffic_path"}
INT_64 = {"packets", "bytes", "start", "end"}
ALL_V5 = ("${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} "
          "${bytes} ${start} ${end} ${action} ${log-status} ${vpc-id} ${subnet-id} ${instance-id} ${tcp-flags} ${type} "
          "${pkt-srcaddr} ${pkt-dstaddr} ${region} ${az-id} ${sublocation-type} ${sublocation-id} "
          "${pkt-src-aws-service} ${pkt-dst-aws-service} ${flow-direction} ${traffic-path}")
WINDOW_SECONDS = 60


def can_capture():
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close()
        return True
    except OSError:
        return False


pytestmark = pytest.mark.skipif(not can_capture(), reason="capturing packets needs CAP_NET_RAW")


@pytest.fixture
def capturing(request):
    """A daemon that captures the loopback device; what a test needs besides is its `arguments` marker."""
    daemon = Daemon("--ephemeral", "--interfaces", "lo", "--capture", "true", "--enforce", "false",
                    *getattr(request, "param", ()))
    yield daemon
    daemon.stop()


def interface(ec2):
    return ec2.describe_network_interfaces()["NetworkInterfaces"][0]["NetworkInterfaceId"]


def wait_for_capture(daemon):
    def is_running():
        interfaces = json.loads(daemon.get("/_weir/health"))["capture"].get("interfaces", [])
        return any(one["running"] for one in interfaces)
    wait_for(is_running, "the capture of lo")


def send_datagrams(count):
    """Returns the port that they were sent to; somebody listens there, so nothing answers them."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        receiver.bind(("127.0.0.1", 0))
        for _ in range(count):
            sender.sendto(b"x" * 100, receiver.getsockname())
            receiver.recv(200)
        return receiver.getsockname()[1]


def keys_of(s3, bucket):
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return [o["Key"] for page in pages for o in page.get("Contents", [])]


def parquet_rows(path):
    node = shutil.which("node")
    if node is None or not (TOP / "tools/node_modules/hyparquet").is_dir():
        pytest.skip("node or the npm packages of tools/ are not installed (tools/setup installs them)")
    # Packages are looked for beside the script, so it is read from there.
    script = TOP / "tools/node_modules/.parquet_rows.mjs"
    script.write_text(pathlib.Path(__file__).with_name("parquet_rows.mjs").read_text())
    done = subprocess.run([node, str(script), str(path)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def value(column, text):
    """A field of the text as Parquet has it."""
    if text == "-":
        return None
    return int(text) if column in INT_32 | INT_64 else text


# Text is in AWS's shape to the byte, Parquet has AWS's names and types, and both hold the same records.
# Verified on AWS: no; from the VPC User Guide, "Flow log files" and "Flow log records".
def test_files_are_read_by_other_programs_and_by_the_template(capturing, tmp_path):
    s3, ec2 = make_client("s3", capturing.endpoint), make_client("ec2", capturing.endpoint)
    for bucket in ("text", "parquet", "results"):
        s3.create_bucket(Bucket=bucket)
    eni = interface(ec2)
    made = {}
    for bucket, options in (("text", {"FileFormat": "plain-text"}),
                            ("parquet", {"FileFormat": "parquet", "HiveCompatiblePartitions": True,
                                         "PerHourPartition": True})):
        answer = ec2.create_flow_logs(
            ResourceIds=[eni], ResourceType="NetworkInterface", TrafficType="ALL", LogDestinationType="s3",
            LogDestination=f"arn:aws:s3:::{bucket}", DestinationOptions=options, LogFormat=ALL_V5,
            MaxAggregationInterval=60)
        made[bucket] = answer["FlowLogIds"][0]
    wait_for_capture(capturing)
    port = send_datagrams(7)

    def written():
        capturing.advance(WINDOW_SECONDS + 5)
        return all(keys_of(s3, bucket) for bucket in made)

    wait_for(written, "a file in each bucket")
    flow_logs = ec2.describe_flow_logs()["FlowLogs"]
    assert {f["DeliverLogsStatus"] for f in flow_logs} == {"SUCCESS"}

    lines, rows = [], []
    names = [name[2:-1] for name in ALL_V5.split(" ")]
    for key in keys_of(s3, "text"):
        assert re.fullmatch(rf"AWSLogs/000000000000/vpcflowlogs/us-east-1/\d{{4}}/\d\d/\d\d/000000000000_vpcflowlogs_"
                            rf"us-east-1_{made['text']}_\d{{8}}T\d{{4}}Z_[0-9a-f]{{8}}\.log\.gz", key)
        text = gzip.decompress(s3.get_object(Bucket="text", Key=key)["Body"].read()).decode()
        assert text.endswith("\n") and "\r" not in text
        head, *records = text[:-1].split("\n")
        assert head == " ".join(names)
        assert all(len(r.split(" ")) == len(names) for r in records)
        lines += records
    for key in keys_of(s3, "parquet"):
        assert re.search(r"/year=\d{4}/month=\d\d/day=\d\d/hour=\d\d/[^/]+\.log\.parquet$", key)
        path = tmp_path / "one.parquet"
        path.write_bytes(s3.get_object(Bucket="parquet", Key=key)["Body"].read())
        read = parquet_rows(path)
        columns = [name.replace("-", "_") for name in names]
        assert read["columns"] == [
            [c, "INT32", "INT_32"] if c in INT_32 else [c, "INT64", "INT_64"] if c in INT_64
            else [c, "BYTE_ARRAY", "UTF8"] for c in columns]
        assert read["codecs"] == ["GZIP"]
        rows += [tuple(row.get(c) for c in columns) for row in read["rows"]]
    mine = [r for r in lines if f" {port} 17 7 " in r]
    assert len(mine) == 2, "one record for each direction, as lo shows a packet leaving and arriving" if mine else lines
    both = [tuple(value(c.replace("-", "_"), v) for c, v in zip(names, r.split(" "))) for r in lines]
    common = set(both) & set(rows)
    assert {r for r in both if port in r} <= common

    for bucket, flow_log in made.items():
        check_template(capturing, bucket, flow_log, port)


def check_template(daemon, bucket, flow_log, port):
    """The table and all queries of the flow log's template, run by hand: they give what its files hold."""
    s3, ec2 = make_client("s3", daemon.endpoint), make_client("ec2", daemon.endpoint)
    athena = make_client("athena", daemon.endpoint)
    url = ec2.get_flow_logs_integration_template(
        FlowLogId=flow_log, ConfigDeliveryS3DestinationArn="arn:aws:s3:::results/templates",
        IntegrateServices={"AthenaIntegrations": [{
            "IntegrationResultS3DestinationArn": "arn:aws:s3:::results/athena", "PartitionLoadFrequency": "daily"}]},
    )["Result"]
    assert url.startswith(daemon.endpoint + "/results/templates/VPCFlowLogsIntegrationTemplate_" + flow_log)
    key = next(k for k in keys_of(s3, "results") if k.startswith("templates/") and flow_log in k)
    resources = json.loads(s3.get_object(Bucket="results", Key=key)["Body"].read())["Resources"]

    def run(text):
        started = athena.start_query_execution(
            QueryString=text, ResultConfiguration={"OutputLocation": "s3://results/athena/"})["QueryExecutionId"]
        execution = wait_for(lambda: (e := athena.get_query_execution(QueryExecutionId=started)["QueryExecution"])
                             and e["Status"]["State"] not in ("QUEUED", "RUNNING") and e, "the query to end")
        assert execution["Status"]["State"] == "SUCCEEDED", (text, execution["Status"])
        rows = athena.get_query_results(QueryExecutionId=started)["ResultSet"]["Rows"]
        return [[c.get("VarCharValue") for c in row["Data"]] for row in rows]

    database = resources["VpcFlowLogsAthenaDatabase"]["Properties"]["DatabaseInput"]["Name"]
    table = resources["VpcFlowLogsTable1"]["Properties"]["TableInput"]
    storage = table["StorageDescriptor"]
    columns = ", ".join(f"`{c['Name']}` {c['Type']}" for c in storage["Columns"])
    keys = ", ".join(f"`{c['Name']}` {c['Type']}" for c in table["PartitionKeys"])

    def properties(values):
        return ", ".join(f'"{k}"="{v}"' for k, v in values.items())

    serde = storage["SerdeInfo"]
    with_serde = f" WITH SERDEPROPERTIES ({properties(serde['Parameters'])})" if "Parameters" in serde else ""
    run(f"CREATE DATABASE {database}")
    run(f"CREATE EXTERNAL TABLE `{database}`.`{table['Name']}` ({columns}) PARTITIONED BY ({keys}) "
        f"ROW FORMAT SERDE '{serde['SerializationLibrary']}'{with_serde} "
        f"STORED AS INPUTFORMAT '{storage['InputFormat']}' OUTPUTFORMAT '{storage['OutputFormat']}' "
        f"LOCATION '{storage['Location']}' TBLPROPERTIES ({properties(table['Parameters'])})")
    found = run(f'SELECT sum(packets) FROM "{database}"."{table["Name"]}" WHERE dstport = {port}')
    assert found[1] == ["14"], found  # lo shows each datagram leaving and arriving
    queries = [r["Properties"] for r in resources.values() if r["Type"] == "AWS::Athena::NamedQuery"]
    assert len(queries) == 16
    for query in queries:
        rows = run(query["QueryString"])
        if query["Name"] == "VpcFlowLogsIPv4Traffic":
            assert int(rows[1][1]) >= 14


class Endpoint:
    """A Firehose HTTP endpoint: fails the first request, takes the others."""

    def __init__(self):
        self.requests = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.requests.append((dict(self.headers), body))
                ok = len(outer.requests) > 1
                answer = {"requestId": body["requestId"], "timestamp": body["timestamp"]}
                if not ok:
                    answer["errorMessage"] = "not yet"
                data = json.dumps(answer).encode()
                self.send_response(200 if ok else 500)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/ingest"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


# Data Firehose Developer Guide, "HTTP endpoint delivery request and response specifications".
def test_a_stream_gets_requests_as_firehose_sends_them_and_again_if_it_fails():
    endpoint = Endpoint()
    daemon = Daemon("--ephemeral", "--interfaces", "lo", "--capture", "true", "--enforce", "false",
                    "--firehose-streams", f"audit={endpoint.url}", "--firehose-access-keys", "audit=secret")
    try:
        ec2 = make_client("ec2", daemon.endpoint)
        arn = "arn:aws:firehose:us-east-1:000000000000:deliverystream/"
        wanted = {"ResourceIds": [interface(ec2)], "ResourceType": "NetworkInterface", "TrafficType": "ALL",
                  "LogDestinationType": "kinesis-data-firehose", "MaxAggregationInterval": 60,
                  "LogFormat": "${srcport} ${dstport} ${protocol} ${packets} ${flow-direction}"}
        refused = ec2.create_flow_logs(LogDestination=arn + "other", **wanted)["Unsuccessful"]
        assert refused[0]["Error"] == {"Code": "400", "Message": "LogDestination: other does not exist"}
        ec2.create_flow_logs(LogDestination=arn + "audit", **wanted)
        wait_for_capture(daemon)
        port = send_datagrams(3)

        def records():
            daemon.advance(WINDOW_SECONDS + 5)
            seen = {}
            for _, body in endpoint.requests[1:]:
                seen.setdefault(body["requestId"], body)
            return [json.loads(base64.b64decode(r["data"]))["message"] for b in seen.values() for r in b["records"]]

        wait_for(lambda: any(f" {port} 17 3 " in r for r in records()), "the record of the datagrams")
        (headers, first), (_, second) = endpoint.requests[:2]
        assert second == first, "repeated unchanged"
        headers = {k.lower(): v for k, v in headers.items()}
        assert headers["x-amz-firehose-request-id"] == first["requestId"]
        assert headers["x-amz-firehose-access-key"] == "secret"
        assert headers["x-amz-firehose-source-arn"] == arn + "audit"
        assert headers["x-amz-firehose-protocol-version"] == "1.0"
        assert headers["content-type"] == "application/json"
        mine = [r for r in records() if f" {port} 17 3 " in r]
        assert sorted(r.split()[-1] for r in mine) == ["egress", "ingress"], "each record once"
        wait_for(lambda: ec2.describe_flow_logs()["FlowLogs"][0]["DeliverLogsStatus"] == "SUCCESS", "the status")
    finally:
        daemon.stop()
