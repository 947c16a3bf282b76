# SPDX-License-Identifier: Apache-2.0
"""Subscription filters, destinations and resource policies with boto3; targets are a local command, an HTTP endpoint,
another Weir and another log group."""

import base64
import gzip
import http.server
import json
import threading
import time

import botocore.exceptions
import pytest

from conftest import REGION, Daemon, make_client, wait_for

ACCOUNT = "000000000000"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"
STREAM = f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
# Puts its event into a folder, complete or not at all; names are in the order of time.
KEEP = 'mkdir -p "$0" && cat > "$0/.$$" && mv "$0/.$$" "$0/$(date +%s%N).$$"'


def function(name, script, *words, **more):
    return {"name": name, "command": ["/bin/sh", "-c", script, *map(str, words)], **more}


def serve(*arguments, functions=(), **options):
    return Daemon("--capture", "false", "--enforce", "false", "--functions", json.dumps(list(functions)), *arguments,
                  **options)


class Endpoint:
    """Takes requests of delivery streams; `answer` decides the status."""

    def __init__(self):
        payloads = self.payloads = []
        requests = self.requests = []
        self.answer = lambda number: 200
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                requests.append((dict(self.headers), body))
                status = outer.answer(len(requests))
                if status == 200:
                    payloads.extend(json.loads(gzip.decompress(base64.b64decode(record["data"])))
                                    for record in body["records"])
                answer = json.dumps({"requestId": body["requestId"], "timestamp": 0}).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def messages(self):
        return [event["message"] for payload in list(self.payloads) if payload["messageType"] == "DATA_MESSAGE"
                for event in payload["logEvents"]]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def endpoint():
    taker = Endpoint()
    yield taker
    taker.close()


def kept(folder):
    """The payloads in a folder that KEEP filled, in order."""
    return [json.loads(gzip.decompress(base64.b64decode(json.loads(file.read_text())["awslogs"]["data"])))
            for file in (sorted(folder.glob("[0-9]*")) if folder.exists() else [])]


def data_of(payloads):
    return [payload for payload in payloads if payload["messageType"] == "DATA_MESSAGE"]


def make_group(logs, group="g", *streams):
    logs.create_log_group(logGroupName=group)
    for stream in streams or ("s",):
        logs.create_log_stream(logGroupName=group, logStreamName=stream)


def put(logs, messages, group="g", stream="s"):
    now = int(time.time() * 1000)
    logs.put_log_events(logGroupName=group, logStreamName=stream,
                        logEvents=[{"timestamp": now, "message": message} for message in messages])


def refusal(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


@pytest.fixture
def weir(tmp_path, endpoint):
    daemon = serve("--ephemeral", "--firehose-streams", f"s={endpoint.url}", functions=[
        function("keep", KEEP, tmp_path / "kept"),
        function("fail", "echo broken >&2; exit 1"),
    ])
    yield daemon
    daemon.stop()


@pytest.fixture
def logs(weir):
    return make_client("logs", weir.endpoint)


# The shape is that of the guide and of recorded payloads. Verified on AWS: recorded answers.
def test_a_command_gets_the_payload_of_a_lambda_function(logs, tmp_path):
    make_group(logs)
    logs.put_subscription_filter(logGroupName="g", filterName="f", destinationArn=FUNCTION + "keep",
                                 filterPattern="[version, srcaddr, dstaddr, ..., action = REJECT]")
    (probe,) = kept(tmp_path / "kept")
    assert probe["messageType"] == "CONTROL_MESSAGE"
    assert (probe["owner"], probe["logGroup"], probe["logStream"]) == ("CloudwatchLogs", "", "")

    put(logs, ["2 10.0.0.5 10.0.0.9 6 REJECT", "2 10.0.0.6 10.0.0.9 6 ACCEPT"])
    (payload,) = wait_for(lambda: data_of(kept(tmp_path / "kept")), "the payload")
    (event,) = payload.pop("logEvents")
    assert payload == {"messageType": "DATA_MESSAGE", "owner": ACCOUNT, "logGroup": "g", "logStream": "s",
                       "subscriptionFilters": ["f"]}
    assert event["message"] == "2 10.0.0.5 10.0.0.9 6 REJECT"
    assert event["extractedFields"]["srcaddr"] == "10.0.0.5"
    assert not any(name.startswith("$") for name in event["extractedFields"])
    (stored,) = logs.filter_log_events(logGroupName="g", filterPattern="REJECT")["events"]
    assert (event["id"], event["timestamp"]) == (stored["eventId"], stored["timestamp"])


def test_filters_are_described_replaced_and_deleted(logs):
    make_group(logs)
    arguments = {"logGroupName": "g", "destinationArn": FUNCTION + "keep", "filterPattern": ""}
    for name in ("b", "a"):
        logs.put_subscription_filter(filterName=name, **arguments)
    first = logs.describe_subscription_filters(logGroupName="g", limit=1)
    (shown,) = first["subscriptionFilters"]
    created = shown.pop("creationTime")
    shown.pop("applyOnTransformedLogs", None)  # clients of 2023 do not know it
    assert shown == {"filterName": "a", "logGroupName": "g", "filterPattern": "", "destinationArn": FUNCTION + "keep",
                     "distribution": "ByLogStream"}
    pages = logs.get_paginator("describe_subscription_filters").paginate(logGroupName="g",
                                                                        PaginationConfig={"PageSize": 1})
    assert [f["filterName"] for page in pages for f in page["subscriptionFilters"]] == ["a", "b"]
    assert [f["filterName"] for f in logs.describe_subscription_filters(
        logGroupName="g", filterNamePrefix="b")["subscriptionFilters"]] == ["b"]

    logs.put_subscription_filter(filterName="a", **{**arguments, "filterPattern": "x"})
    (shown,) = logs.describe_subscription_filters(logGroupName="g", filterNamePrefix="a")["subscriptionFilters"]
    assert (shown["creationTime"], shown["filterPattern"]) == (created, "x")
    assert refusal(logs.put_subscription_filter, filterName="c", **arguments) == (
        "LimitExceededException", "Resource limit exceeded.")
    logs.delete_subscription_filter(logGroupName="g", filterName="a")
    assert refusal(logs.delete_subscription_filter, logGroupName="g", filterName="a") == (
        "ResourceNotFoundException", "The specified subscription filter does not exist.")
    logs.put_subscription_filter(filterName="c", **arguments)
    logs.delete_log_group(logGroupName="g")
    assert refusal(logs.describe_subscription_filters, logGroupName="g") == (
        "ResourceNotFoundException", "The specified log group does not exist.")


# Verified on AWS: recorded answers for the account, the role and the function; others from the documentation.
@pytest.mark.parametrize("change, code, text", [
    ({"destinationArn": f"arn:aws:lambda:{REGION}:111111111111:function:f", "logGroupName": "none"},
     "AccessDeniedException", "Cross-account lambda invocation passing is not allowed."),
    ({"destinationArn": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s", "logGroupName": "none"},
     "InvalidParameterException", "destinationArn for vendor kinesis cannot be used without roleArn"),
    ({"roleArn": ROLE}, "InvalidParameterException", "destinationArn for vendor lambda cannot be used with roleArn"),
    ({"destinationArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"}, "InvalidParameterException",
     "PutSubscriptionFilter operation cannot work with destinationArn for vendor sqs"),
    ({"logGroupName": "none"}, "ResourceNotFoundException", "The specified log group does not exist."),
    ({"destinationArn": FUNCTION + "none"}, "InvalidParameterException", "Could not execute the lambda function."),
    ({"destinationArn": FUNCTION + "fail"}, "InvalidParameterException", "Could not execute the lambda function."),
    ({"destinationArn": STREAM + "none", "roleArn": ROLE}, "InvalidParameterException",
     "Could not deliver test message to specified Firehose stream."),
    ({"filterPattern": "[a,"}, "InvalidParameterException", "Invalid filter pattern"),
    ({"distribution": "Even"}, "InvalidParameterException", "Member must satisfy enum value set"),
    ({"filterName": "a:b"}, "InvalidParameterException", "Member must satisfy regular expression pattern"),
    ({"destinationArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:g"}, "InvalidParameterException",
     "The destination leads back to the log group g"),
])
def test_bad_filters_are_refused(logs, change, code, text):
    make_group(logs)
    arguments = {"logGroupName": "g", "filterName": "f", "filterPattern": "", "destinationArn": FUNCTION + "keep"}
    assert refusal(logs.put_subscription_filter, **{**arguments, **change})[0] == code
    assert refusal(logs.put_subscription_filter, **{**arguments, **change})[1].find(text) >= 0
    assert logs.describe_subscription_filters(logGroupName="g")["subscriptionFilters"] == []


def test_a_delivery_stream_gets_raw_gzip_and_is_tried_again(weir, logs, endpoint):
    make_group(logs)
    logs.put_subscription_filter(logGroupName="g", filterName="f", filterPattern="", destinationArn=STREAM + "s",
                                 roleArn=ROLE)
    assert endpoint.payloads[0]["messageType"] == "CONTROL_MESSAGE"
    endpoint.answer = lambda number: 503 if number < 4 else 200
    put(logs, ["one"])
    wait_for(lambda: len(endpoint.requests) >= 2, "the first attempt")
    weir.advance(60)
    wait_for(lambda: len(endpoint.requests) >= 3, "the second attempt")
    weir.advance(60)
    wait_for(lambda: endpoint.messages() == ["one"], "the third attempt")
    ids = {body["requestId"] for headers, body in endpoint.requests[1:]}
    assert len(ids) == 1
    assert endpoint.requests[1][0]["X-Amz-Firehose-Source-Arn"] == STREAM + "s"

    endpoint.answer = lambda number: 403  # final: the next payload is not held up
    put(logs, ["refused"])
    wait_for(lambda: len(endpoint.requests) >= 5, "the refusal")
    endpoint.answer = lambda number: 200
    put(logs, ["two"])
    wait_for(lambda: endpoint.messages() == ["one", "two"], "the next payload")

    weir.advance(20)
    metrics = make_client("cloudwatch", weir.endpoint).list_metrics(Namespace="AWS/Logs")["Metrics"]
    by_name = {m["MetricName"]: {d["Name"]: d["Value"] for d in m["Dimensions"]} for m in metrics}
    assert {"ForwardedLogEvents", "ForwardedBytes", "DeliveryErrors"} <= set(by_name)
    assert by_name["ForwardedLogEvents"] == {"LogGroupName": "g", "FilterName": "f",
                                             "DestinationType": "Kinesis Firehose"}


def test_a_payload_that_the_endpoint_finds_too_large_is_sent_in_parts(logs, endpoint):
    make_group(logs)
    logs.put_subscription_filter(logGroupName="g", filterName="f", filterPattern="", destinationArn=STREAM + "s",
                                 roleArn=ROLE)

    def answer(number):
        record = endpoint.requests[number - 1][1]["records"][0]["data"]
        return 413 if len(json.loads(gzip.decompress(base64.b64decode(record)))["logEvents"]) > 3 else 200

    endpoint.answer = answer
    texts = [f"m{i}" for i in range(10)]
    put(logs, texts)
    wait_for(lambda: len(endpoint.messages()) >= 10, "all parts")
    assert endpoint.messages() == texts


# Goal: a consumer that reads AWS's payloads reads ours: the receiver of a second Weir.
def test_one_weir_subscribes_another(tmp_path):
    taker = serve("--ephemeral", "--receive-access-key", "secret")
    giver = serve("--ephemeral", "--firehose-streams", f"w={taker.endpoint}/_weir/receive//all",
                  "--firehose-access-keys", "w=secret")
    try:
        ours = make_client("logs", giver.endpoint)
        make_group(ours)
        ours.put_subscription_filter(logGroupName="g", filterName="f", filterPattern="REJECT", roleArn=ROLE,
                                     destinationArn=STREAM + "w")
        put(ours, ["a REJECT", "b ACCEPT", "c REJECT"])
        theirs = make_client("logs", taker.endpoint)

        def received():
            try:
                events = theirs.filter_log_events(logGroupName="/all")["events"]
            except theirs.exceptions.ResourceNotFoundException:
                return None
            return [event["message"] for event in events]

        wait_for(lambda: received() == ["a REJECT", "c REJECT"], "the events in the second Weir")
    finally:
        giver.stop()
        taker.stop()


def test_another_log_group_directly_and_behind_a_destination(weir, logs):
    make_group(logs)
    for group in ("all", "some"):
        logs.create_log_group(logGroupName=group)
    target = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:"
    destination = logs.put_destination(destinationName="d", targetArn=target + "some", roleArn=ROLE)["destination"]
    assert destination["arn"] == f"arn:aws:logs:{REGION}:{ACCOUNT}:destination:d"
    assert "accessPolicy" not in destination
    logs.put_subscription_filter(logGroupName="g", filterName="a", filterPattern="", destinationArn=target + "all:*")
    logs.put_subscription_filter(logGroupName="g", filterName="b", filterPattern="x",
                                 destinationArn=destination["arn"])
    put(logs, ["x", "y"])

    def messages(group):
        return [event["message"] for event in logs.filter_log_events(logGroupName=group)["events"]]

    wait_for(lambda: messages("all") == ["x", "y"] and messages("some") == ["x"], "the copies")


def test_destinations(logs):
    arguments = {"targetArn": FUNCTION + "keep", "roleArn": ROLE}
    for name in ("b", "a2", "a1"):
        logs.put_destination(destinationName=name, tags={"team": name}, **arguments)
    pages = logs.get_paginator("describe_destinations").paginate(PaginationConfig={"PageSize": 2})
    assert [d["destinationName"] for page in pages for d in page["destinations"]] == ["a1", "a2", "b"]
    assert len(logs.describe_destinations(DestinationNamePrefix="a")["destinations"]) == 2
    policy = json.dumps({"Statement": [{"Effect": "Allow", "Principal": "*"}]})
    logs.put_destination_policy(destinationName="b", accessPolicy=policy)
    (shown,) = logs.describe_destinations(DestinationNamePrefix="b")["destinations"]
    assert shown["accessPolicy"] == policy
    assert logs.list_tags_for_resource(resourceArn=shown["arn"])["tags"] == {"team": "b"}
    logs.tag_resource(resourceArn=shown["arn"], tags={"x": "y"})
    logs.untag_resource(resourceArn=shown["arn"], tagKeys=["team"])
    assert logs.list_tags_for_resource(resourceArn=shown["arn"])["tags"] == {"x": "y"}
    assert refusal(logs.put_destination, destinationName="c", targetArn=FUNCTION + "none", roleArn=ROLE) == (
        "InvalidParameterException",
        "Could not deliver test message to specified destination. Check if the destination is valid.")
    assert refusal(logs.put_destination_policy, destinationName="c", accessPolicy=policy) == (
        "ResourceNotFoundException", "The specified destination does not exist.")
    assert refusal(logs.put_destination_policy, destinationName="b", accessPolicy="{")[0] == "InvalidParameterException"
    logs.delete_destination(destinationName="b")
    assert refusal(logs.delete_destination, destinationName="b")[0] == "ResourceNotFoundException"


# Verified on AWS: recorded answers for the limit and the missing policy.
def test_resource_policies(logs):
    document = json.dumps({"Version": "2012-10-17", "Statement": []})
    for number in range(10):
        made = logs.put_resource_policy(policyName=f"p{number}", policyDocument=document)["resourcePolicy"]
        assert (made["policyName"], made["policyDocument"]) == (f"p{number}", document)
    assert refusal(logs.put_resource_policy, policyName="p10", policyDocument=document) == (
        "LimitExceededException", "Resource limit exceeded.")
    logs.put_resource_policy(policyName="p3", policyDocument="{}")
    pages = logs.get_paginator("describe_resource_policies").paginate(PaginationConfig={"PageSize": 4})
    names = {p["policyName"]: p["policyDocument"] for page in pages for p in page["resourcePolicies"]}
    assert len(names) == 10 and names["p3"] == "{}"
    logs.delete_resource_policy(policyName="p3")
    assert refusal(logs.delete_resource_policy, policyName="p3") == (
        "ResourceNotFoundException", "Policy with name [p3] does not exist.")
    assert refusal(logs.put_resource_policy, policyName="x", policyDocument="no")[0] == "InvalidParameterException"


# Goal: every acknowledged event reaches the command and the endpoint at least once, those of a stream in their order,
# whenever the daemon is killed.
# Method: writers of two streams; kills in the middle of deliveries; the command takes its time.
def test_nothing_is_lost_when_it_is_killed(tmp_path, endpoint):
    folder = tmp_path / "kept"
    functions = [function("keep", f"sleep 0.02; {KEEP}", folder)]
    arguments = ("--firehose-streams", f"s={endpoint.url}")
    data = tmp_path / "data"
    acknowledged = {"a": 0, "b": 0}
    for life in range(6):
        daemon = serve(*arguments, functions=functions, data=data)
        keys = dict(line.split(" = ") for line in (data / "credentials").read_text().splitlines() if " = " in line)
        logs = make_client("logs", daemon.endpoint, keys["aws_access_key_id"], keys["aws_secret_access_key"])
        if life == 0:
            make_group(logs, "g", "a", "b")
            logs.put_subscription_filter(logGroupName="g", filterName="f", filterPattern="",
                                         destinationArn=FUNCTION + "keep")
            logs.put_subscription_filter(logGroupName="g", filterName="s", filterPattern="", roleArn=ROLE,
                                         destinationArn=STREAM + "s")
        for _ in range(30):
            for stream in acknowledged:
                first = acknowledged[stream]
                put(logs, [f"{stream} {number}" for number in range(first, first + 3)], stream=stream)
                acknowledged[stream] = first + 3
        daemon.kill()
    daemon = serve(*arguments, functions=functions, data=data)

    def by_stream(payloads):
        seen = {"a": [], "b": []}
        ids = {}
        for payload in data_of(payloads):
            for event in payload["logEvents"]:
                seen[payload["logStream"]].append(int(event["message"].split()[1]))
                assert ids.setdefault(event["message"], event["id"]) == event["id"]
        return seen

    def is_complete(payloads):
        seen = by_stream(payloads)
        return all(set(seen[stream]) == set(range(acknowledged[stream])) for stream in acknowledged)

    try:
        wait_for(lambda: is_complete(kept(folder)), "all events at the command", 60)
        wait_for(lambda: is_complete(list(endpoint.payloads)), "all events at the endpoint", 60)
        for payloads in (kept(folder), endpoint.payloads):
            for numbers in by_stream(payloads).values():
                # Without repetitions, the numbers come in their order.
                firsts = list(dict.fromkeys(numbers))
                assert firsts == sorted(firsts)
    finally:
        daemon.stop()
