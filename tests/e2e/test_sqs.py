# SPDX-License-Identifier: Apache-2.0
"""SQS with real clients. Debian's boto3 speaks Query; JSON 1.0, which newer SDKs speak, is sent by hand with
botocore's signer. Texts: from AWS's API reference and recorded answers; verified on AWS: no."""

import hashlib
import json
import os
import threading
import time
import urllib.error
import urllib.request

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.exceptions
import pytest

from conftest import REGION, Daemon, make_client, wait_for

OPTIONS = ("--capture", "false", "--enforce", "false")
ACCOUNT = "000000000000"


@pytest.fixture
def sqs(client):
    return client("sqs")


@pytest.fixture
def queue(sqs):
    return sqs.create_queue(QueueName="q")["QueueUrl"]


@pytest.fixture
def fifo(sqs):
    return sqs.create_queue(QueueName="q.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]


def error_of(call, **parameters):
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        call(**parameters)
    error = raised.value.response["Error"]
    return error["Code"], error["Message"]


def bodies(sqs, queue, count=10, **more):
    return [m["Body"] for m in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=count, **more).get("Messages", [])]


def call_json(endpoint, operation, body, query_mode=True):
    """Status, headers and body of a signed JSON 1.0 call."""
    headers = {"X-Amz-Target": f"AmazonSQS.{operation}", "Content-Type": "application/x-amz-json-1.0"}
    if query_mode:
        headers["x-amzn-query-mode"] = "true"
    request = botocore.awsrequest.AWSRequest("POST", endpoint + "/", data=json.dumps(body).encode(), headers=headers)
    credentials = botocore.credentials.Credentials("test", "test")
    botocore.auth.SigV4Auth(credentials, "sqs", REGION).add_auth(request)
    prepared = request.prepare()
    plain = urllib.request.Request(prepared.url, data=prepared.body, headers=dict(prepared.headers), method="POST")
    try:
        with urllib.request.urlopen(plain, timeout=60) as answer:
            return answer.status, answer.headers, json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as error:
        return error.code, error.headers, json.loads(error.read())


def test_a_message_goes_through_a_queue(sqs, queue):
    assert queue.endswith(f"/{ACCOUNT}/q")
    attributes = {"n": {"DataType": "Number", "StringValue": "7"}, "b": {"DataType": "Binary", "BinaryValue": b"\0\1"}}
    sent = sqs.send_message(QueueUrl=queue, MessageBody="hällo", MessageAttributes=attributes)
    assert sent["MD5OfMessageBody"] == hashlib.md5("hällo".encode()).hexdigest()
    got = sqs.receive_message(QueueUrl=queue, AttributeNames=["All"], MessageAttributeNames=["All"])["Messages"]
    assert [m["Body"] for m in got] == ["hällo"]
    assert got[0]["MessageId"] == sent["MessageId"]
    assert got[0]["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    assert got[0]["MessageAttributes"] == attributes
    assert got[0]["Attributes"]["ApproximateReceiveCount"] == "1"
    assert got[0]["Attributes"]["SenderId"] == ACCOUNT
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=got[0]["ReceiptHandle"])
    shown = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert shown["ApproximateNumberOfMessages"] == shown["ApproximateNumberOfMessagesNotVisible"] == "0"


def test_create_queue_is_idempotent_and_checks(sqs, queue):
    assert sqs.create_queue(QueueName="q")["QueueUrl"] == queue
    assert sqs.create_queue(QueueName="q", Attributes={"VisibilityTimeout": "30"})["QueueUrl"] == queue
    code, text = error_of(sqs.create_queue, QueueName="q", Attributes={"VisibilityTimeout": "31"})
    assert code == "QueueAlreadyExists" and "VisibilityTimeout" in text
    assert error_of(sqs.create_queue, QueueName="a b")[0] == "InvalidParameterValue"
    assert error_of(sqs.create_queue, QueueName="a.fifo")[0] == "InvalidParameterValue"
    assert error_of(sqs.create_queue, QueueName="x", Attributes={"Nonsense": "1"}) == (
        "InvalidAttributeName", "Unknown Attribute Nonsense.")
    assert error_of(sqs.create_queue, QueueName="x", Attributes={"DelaySeconds": "901"})[0] == "InvalidAttributeValue"


def test_queue_attributes_are_set_and_shown(sqs, queue):
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "5", "MaximumMessageSize": "1024"})
    shown = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["VisibilityTimeout", "QueueArn"])["Attributes"]
    assert shown == {"VisibilityTimeout": "5", "QueueArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"}
    assert "Attributes" not in sqs.get_queue_attributes(QueueUrl=queue)
    assert error_of(sqs.get_queue_attributes, QueueUrl=queue, AttributeNames=["Nonsense"])[0] == "InvalidAttributeName"
    code, text = error_of(sqs.send_message, QueueUrl=queue, MessageBody="x" * 1025)
    assert code == "InvalidParameterValue" and "must be shorter than 1024 bytes" in text


def test_a_queue_that_is_not_there(sqs, queue):
    gone = queue + "-gone"
    for call, more in ((sqs.send_message, {"MessageBody": "m"}), (sqs.receive_message, {}), (sqs.purge_queue, {}),
                       (sqs.delete_queue, {}), (sqs.list_queue_tags, {}), (sqs.get_queue_attributes, {}),
                       (sqs.list_dead_letter_source_queues, {})):
        assert error_of(call, QueueUrl=gone, **more)[0] == "AWS.SimpleQueueService.NonExistentQueue"
    assert error_of(sqs.get_queue_url, QueueName="gone")[0] == "AWS.SimpleQueueService.NonExistentQueue"
    assert sqs.get_queue_url(QueueName="q")["QueueUrl"] == queue


def test_queues_are_listed_page_by_page(sqs):
    assert "QueueUrls" not in sqs.list_queues()
    for i in range(5):
        sqs.create_queue(QueueName=f"a{i}")
    sqs.create_queue(QueueName="b")
    assert len(sqs.list_queues()["QueueUrls"]) == 6
    pages = sqs.get_paginator("list_queues").paginate(QueueNamePrefix="a", PaginationConfig={"PageSize": 2})
    urls = [[url.rsplit("/", 1)[1] for url in page["QueueUrls"]] for page in pages]
    assert urls == [["a0", "a1"], ["a2", "a3"], ["a4"]]
    assert error_of(sqs.list_queues, MaxResults=1001)[0] == "InvalidParameterValue"


def test_visibility_delay_and_retention_follow_the_clock(daemon, sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="delayed", DelaySeconds=60)
    assert bodies(sqs, queue) == []
    daemon.advance(60)
    handle = sqs.receive_message(QueueUrl=queue, VisibilityTimeout=100)["Messages"][0]["ReceiptHandle"]
    sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=10)
    daemon.advance(10)
    assert bodies(sqs, queue) == ["delayed"]
    assert error_of(sqs.change_message_visibility, QueueUrl=queue, ReceiptHandle="x", VisibilityTimeout=1)[0] == (
        "ReceiptHandleIsInvalid")
    assert error_of(sqs.change_message_visibility, QueueUrl=queue, ReceiptHandle=handle,
                    VisibilityTimeout=43201)[0] == "InvalidParameterValue"
    assert error_of(sqs.send_message, QueueUrl=queue, MessageBody="m", DelaySeconds=901)[0] == "InvalidParameterValue"
    daemon.advance(345600)
    assert bodies(sqs, queue) == []


def test_a_receive_waits_for_a_message(sqs, queue, client):
    got = []
    waiting = threading.Thread(target=lambda: got.extend(bodies(client("sqs"), queue, WaitTimeSeconds=20)))
    begun = time.monotonic()
    waiting.start()
    wait_for(lambda: b"weir_http_streams 1" in get_metrics(sqs), "the long poll")
    sqs.send_message(QueueUrl=queue, MessageBody="now")
    waiting.join(20)
    assert got == ["now"] and time.monotonic() - begun < 15


def get_metrics(sqs):
    with urllib.request.urlopen(sqs.meta.endpoint_url + "/metrics", timeout=30) as answer:
        return answer.read()


def test_many_receivers_wait_at_a_time_and_each_message_goes_to_one(sqs, queue, client):
    got = []
    lock = threading.Lock()

    def receive():
        texts = bodies(client("sqs"), queue, 1, WaitTimeSeconds=20)
        with lock:
            got.extend(texts)

    threads = [threading.Thread(target=receive) for _ in range(30)]  # more than the daemon has workers
    for thread in threads:
        thread.start()
    wait_for(lambda: b"weir_http_streams 30" in get_metrics(sqs), "30 long polls")
    for start in range(0, 30, 10):
        sqs.send_message_batch(QueueUrl=queue, Entries=[{"Id": str(i), "MessageBody": f"m{start + i}"} for i in range(10)])
    for thread in threads:
        thread.join(30)
    assert sorted(got) == sorted(f"m{i}" for i in range(30))


def test_a_receive_that_waits_in_vain_is_empty(sqs, queue):
    assert sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages", []) == []
    assert error_of(sqs.receive_message, QueueUrl=queue, WaitTimeSeconds=21)[0] == "InvalidParameterValue"
    assert error_of(sqs.receive_message, QueueUrl=queue, MaxNumberOfMessages=11)[0] == "InvalidParameterValue"


def test_batches_tell_each_entry_its_outcome(sqs, queue):
    sent = sqs.send_message_batch(QueueUrl=queue, Entries=[{"Id": "a", "MessageBody": "1"}, {"Id": "b", "MessageBody": "\1"},
                                                           {"Id": "c", "MessageBody": "3"}])
    assert [s["Id"] for s in sent["Successful"]] == ["a", "c"]
    assert [(f["Id"], f["Code"], f["SenderFault"]) for f in sent["Failed"]] == [("b", "InvalidMessageContents", True)]
    got = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    changed = sqs.change_message_visibility_batch(
        QueueUrl=queue, Entries=[{"Id": "x", "ReceiptHandle": got[0]["ReceiptHandle"], "VisibilityTimeout": 0},
                                 {"Id": "y", "ReceiptHandle": "nonsense", "VisibilityTimeout": 0}])
    assert [s["Id"] for s in changed["Successful"]] == ["x"] and changed["Failed"][0]["Code"] == "ReceiptHandleIsInvalid"
    deleted = sqs.delete_message_batch(QueueUrl=queue, Entries=[{"Id": m["Body"], "ReceiptHandle": m["ReceiptHandle"]} for m in got])
    assert sorted(s["Id"] for s in deleted["Successful"]) == ["1", "3"]
    assert bodies(sqs, queue) == []


def test_batches_are_checked_as_a_whole(sqs, queue):
    prefix = "AWS.SimpleQueueService."
    entry = {"Id": "a", "MessageBody": "m"}
    assert error_of(sqs.send_message_batch, QueueUrl=queue, Entries=[entry, entry]) == (
        prefix + "BatchEntryIdsNotDistinct", "Id a repeated.")
    assert error_of(sqs.send_message_batch, QueueUrl=queue, Entries=[{"Id": "a b", "MessageBody": "m"}])[0] == (
        prefix + "InvalidBatchEntryId")
    many = [{"Id": str(i), "MessageBody": "m"} for i in range(11)]
    assert error_of(sqs.send_message_batch, QueueUrl=queue, Entries=many) == (
        prefix + "TooManyEntriesInBatchRequest", "Maximum number of entries per request are 10. You have sent 11.")
    assert error_of(sqs.send_message_batch, QueueUrl=queue, Entries=[])[0] == prefix + "EmptyBatchRequest"
    big = [{"Id": str(i), "MessageBody": "x" * 600_000} for i in range(2)]
    assert error_of(sqs.send_message_batch, QueueUrl=queue, Entries=big)[0] == prefix + "BatchRequestTooLong"


def test_fifo_keeps_order_and_takes_each_message_once(daemon, sqs, fifo):
    def send(body, group, identifier):
        return sqs.send_message(QueueUrl=fifo, MessageBody=body, MessageGroupId=group, MessageDeduplicationId=identifier)

    first = send("1", "g", "1")
    assert send("1", "g", "1")["MessageId"] == first["MessageId"]
    assert first["SequenceNumber"] < send("2", "g", "2")["SequenceNumber"]
    got = sqs.receive_message(QueueUrl=fifo, AttributeNames=["All"])["Messages"]
    assert [m["Body"] for m in got] == ["1"]
    assert got[0]["Attributes"]["MessageGroupId"] == "g"
    assert bodies(sqs, fifo) == []
    sqs.delete_message(QueueUrl=fifo, ReceiptHandle=got[0]["ReceiptHandle"])
    assert bodies(sqs, fifo) == ["2"]
    daemon.advance(300)
    assert send("1", "g", "1")["MessageId"] != first["MessageId"]
    assert error_of(sqs.send_message, QueueUrl=fifo, MessageBody="m")[0] == "MissingParameter"
    assert "ContentBasedDeduplication" in error_of(sqs.send_message, QueueUrl=fifo, MessageBody="m", MessageGroupId="g")[1]
    code, text = error_of(sqs.delete_message, QueueUrl=fifo, ReceiptHandle=sqs_handle(sqs, daemon, fifo))
    assert code == "InvalidParameterValue" and "expired" in text


def sqs_handle(sqs, daemon, queue):
    """A handle whose time is over."""
    handle = sqs.receive_message(QueueUrl=queue, VisibilityTimeout=1)["Messages"][0]["ReceiptHandle"]
    daemon.advance(2)
    return handle


def test_dead_letters(daemon, sqs, queue):
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    policy = {"deadLetterTargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead", "maxReceiveCount": 1}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": json.dumps(policy), "VisibilityTimeout": "0"})
    sqs.send_message(QueueUrl=queue, MessageBody="poison")
    assert bodies(sqs, queue) == ["poison"]
    assert bodies(sqs, queue) == []
    assert bodies(sqs, dead) == ["poison"]
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == [queue]
    policy["deadLetterTargetArn"] += "-none"
    code, text = error_of(sqs.set_queue_attributes, QueueUrl=queue, Attributes={"RedrivePolicy": json.dumps(policy)})
    assert code == "InvalidParameterValue" and "does not exist" in text
    assert error_of(sqs.set_queue_attributes, QueueUrl=queue, Attributes={"RedrivePolicy": "{"})[0] == "InvalidParameterValue"


def test_purge_and_delete(daemon, sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="m")
    sqs.purge_queue(QueueUrl=queue)
    assert bodies(sqs, queue) == []
    assert error_of(sqs.purge_queue, QueueUrl=queue)[0] == "AWS.SimpleQueueService.PurgeQueueInProgress"
    daemon.advance(60)
    sqs.purge_queue(QueueUrl=queue)
    sqs.delete_queue(QueueUrl=queue)
    assert error_of(sqs.send_message, QueueUrl=queue, MessageBody="m")[0] == "AWS.SimpleQueueService.NonExistentQueue"


def test_tags(sqs, queue):
    assert "Tags" not in sqs.list_queue_tags(QueueUrl=queue)
    sqs.tag_queue(QueueUrl=queue, Tags={"a": "1", "b": "2"})
    sqs.untag_queue(QueueUrl=queue, TagKeys=["a"])
    assert sqs.list_queue_tags(QueueUrl=queue)["Tags"] == {"b": "2"}
    made = sqs.create_queue(QueueName="tagged", tags={"k": "v"})["QueueUrl"]
    assert sqs.list_queue_tags(QueueUrl=made)["Tags"] == {"k": "v"}


def test_permissions_are_statements_of_the_policy(sqs, queue):
    sqs.add_permission(QueueUrl=queue, Label="l", AWSAccountIds=["111122223333"], Actions=["SendMessage"])
    policy = json.loads(sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["Policy"])["Attributes"]["Policy"])
    assert policy["Statement"][0]["Sid"] == "l" and policy["Statement"][0]["Action"] == "SQS:SendMessage"
    assert error_of(sqs.add_permission, QueueUrl=queue, Label="l", AWSAccountIds=["1"], Actions=["*"])[0] == (
        "InvalidParameterValue")
    sqs.remove_permission(QueueUrl=queue, Label="l")
    assert error_of(sqs.remove_permission, QueueUrl=queue, Label="l")[0] == "InvalidParameterValue"


def test_json_is_spoken_too(daemon, queue):
    sent = call_json(daemon.endpoint, "SendMessage", {"QueueUrl": queue, "MessageBody": "j"})
    assert sent[0] == 200 and sent[1]["Content-Type"] == "application/x-amz-json-1.0"
    status, _, got = call_json(daemon.endpoint, "ReceiveMessage", {"QueueUrl": queue, "WaitTimeSeconds": 1,
                                                                   "MessageSystemAttributeNames": ["All"]})
    assert status == 200 and got["Messages"][0]["Body"] == "j"
    assert got["Messages"][0]["Attributes"]["ApproximateReceiveCount"] == "1"
    status, _, nothing = call_json(daemon.endpoint, "ReceiveMessage", {"QueueUrl": queue, "WaitTimeSeconds": 1})
    assert status == 200 and nothing == {}
    status, headers, error = call_json(daemon.endpoint, "SendMessage", {"QueueUrl": queue + "x", "MessageBody": "j"})
    assert status == 400 and error["__type"] == "com.amazonaws.sqs#QueueDoesNotExist"
    assert headers["x-amzn-query-error"] == "AWS.SimpleQueueService.NonExistentQueue;Sender"
    assert error["message"] == "The specified queue does not exist."


def test_query_takes_the_path_of_the_queue(daemon, queue):
    form = b"Action=SendMessage&MessageBody=p&Version=2012-11-05"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    request = botocore.awsrequest.AWSRequest("POST", queue, data=form, headers=headers)
    botocore.auth.SigV4Auth(botocore.credentials.Credentials("test", "test"), "sqs", REGION).add_auth(request)
    prepared = request.prepare()
    plain = urllib.request.Request(queue, data=form, headers=dict(prepared.headers), method="POST")
    with urllib.request.urlopen(plain, timeout=30) as answer:
        assert b"<MD5OfMessageBody>" + hashlib.md5(b"p").hexdigest().encode() in answer.read()


def test_acknowledged_messages_survive_the_kill(tmp_path):
    daemon = Daemon(*OPTIONS, data=tmp_path)
    import configparser
    keys = configparser.ConfigParser()
    keys.read(tmp_path / "credentials")
    key = keys["default"]
    def connect():
        return make_client("sqs", daemon.endpoint, key["aws_access_key_id"], key["aws_secret_access_key"])

    queue = connect().create_queue(QueueName="q")["QueueUrl"]
    acknowledged = []

    def send(worker):
        sqs = connect()
        try:
            for i in range(100_000):
                body = f"{worker}-{i}"
                sqs.send_message(QueueUrl=queue, MessageBody=body)
                acknowledged.append(body)
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError, OSError):
            return  # it was killed

    threads = [threading.Thread(target=send, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    wait_for(lambda: len(acknowledged) >= int(os.environ.get("WEIR_SQS_CRASH_MESSAGES", "200")), "messages", 120)
    daemon.kill()
    for thread in threads:
        thread.join(60)
    daemon = Daemon(*OPTIONS, data=tmp_path)
    sqs, there = connect(), []
    while got := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
        there += [m["Body"] for m in got]
    assert set(acknowledged) <= set(there)
    assert len(there) == len(set(there))
    daemon.stop()
