# SPDX-License-Identifier: Apache-2.0
"""Every operation of SNS and SQS with boto3 and with the JavaScript SDK v3: a good call, each error of AWS's model that can
occur here, pagination. The last tests compare this table with the operations that Weir has and with botocore's model, so
that none is forgotten."""

import configparser
import json
import re
import shutil
import subprocess

import botocore.exceptions
import botocore.session
import pytest
from botocore import xform_name

from conftest import BINARY, REGION, TOP, Daemon, clean_environment, make_client

ACCOUNT = "000000000000"
SNS_ARN = f"arn:aws:sns:{REGION}:{ACCOUNT}:"
SQS_ARN = f"arn:aws:sqs:{REGION}:{ACCOUNT}:"
GONE = SNS_ARN + "gone"
GONE_SUBSCRIPTION = GONE + ":00000000-0000-0000-0000-000000000000"
BAD = "not-an-arn"
NO_QUEUE = "AWS.SimpleQueueService.NonExistentQueue"
BATCH_ERRORS = "AWS.SimpleQueueService."


class Refused(Exception):
    def __init__(self, name, code, message):
        super().__init__(f"{code} ({name}): {message}")
        self.names = {name, code}


class Boto:
    def __init__(self, endpoint):
        self.clients = {service: make_client(service, endpoint, parameter_validation=False) for service in ("sns", "sqs")}

    def __call__(self, service, operation, **members):
        try:
            return getattr(self.clients[service], xform_name(operation))(**members)
        except botocore.exceptions.ClientError as problem:
            error = problem.response["Error"]
            raise Refused(type(problem).__name__, error["Code"], error["Message"]) from None

    def close(self):
        pass


class JavaScript:
    def __init__(self, endpoint):
        node = shutil.which("node")
        if node is None or not (TOP / "tools/node_modules/@aws-sdk/client-sqs").is_dir():
            pytest.skip("node or the npm packages of tools/ are not installed (tools/setup installs them)")
        script = str(TOP / "tests/e2e/sdk_calls.mjs")
        self.process = subprocess.Popen([node, script, endpoint, str(TOP / "tools/package.json")], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def __call__(self, service, operation, **members):
        self.process.stdin.write(json.dumps({"service": service, "operation": operation, "input": members}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            raise Refused(**answer["error"])
        return answer["output"]

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)


@pytest.fixture(scope="module", params=[Boto, JavaScript])
def sdk(shared_daemon, request):
    made = request.param(shared_daemon.endpoint)
    yield made
    made.close()


class World:
    """What calls are about; made with the SDK under test."""

    def __init__(self, sdk, hook):
        self.sdk, self.hook = sdk, hook
        self.topic = sdk("sns", "CreateTopic", Name="t")["TopicArn"]
        self.fifo_topic = sdk("sns", "CreateTopic", Name="t.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]
        self.queue = sdk("sqs", "CreateQueue", QueueName="q")["QueueUrl"]
        self.gone = self.queue + "-gone"
        self.subscription = sdk("sns", "Subscribe", TopicArn=self.topic, Protocol="sqs", Endpoint=SQS_ARN + "q")["SubscriptionArn"]

    def token(self):
        self.sdk("sns", "Subscribe", TopicArn=self.topic, Protocol="http", Endpoint=self.hook.url)
        return self.hook.wait("SubscriptionConfirmation")[0]["Token"]

    def handle(self, **members):
        self.sdk("sqs", "SendMessage", QueueUrl=self.queue, MessageBody="m")
        return self.sdk("sqs", "ReceiveMessage", QueueUrl=self.queue, **members)["Messages"][0]["ReceiptHandle"]

    def visible_handle(self):
        return self.handle(VisibilityTimeout=0)

    def many_filters(self):
        for i in range(200):
            self.sdk("sns", "Subscribe", TopicArn=self.topic, Protocol="sqs", Endpoint=f"{SQS_ARN}f{i}",
                     Attributes={"FilterPolicy": '{"a":["b"]}'})
        return self.topic

    def labelled_topic(self):
        self.sdk("sns", "AddPermission", TopicArn=self.topic, Label="l", AWSAccountId=["111122223333"], ActionName=["Publish"])
        return self.topic

    def labelled_queue(self):
        self.sdk("sqs", "AddPermission", QueueUrl=self.queue, Label="l", AWSAccountIds=["111122223333"], Actions=["SendMessage"])
        return self.queue

    def purged(self):
        self.sdk("sqs", "PurgeQueue", QueueUrl=self.queue)
        return self.queue

    def dead_letter_sources(self, count):
        policy = json.dumps({"deadLetterTargetArn": SQS_ARN + "q", "maxReceiveCount": 1})
        for i in range(count):
            self.sdk("sqs", "CreateQueue", QueueName=f"source{i}", Attributes={"RedrivePolicy": policy})
        return self.queue


def arn_cases(good, member="TopicArn", **more):
    """A topic that is there, one that is not, and no ARN."""
    return {"good": good, "NotFound": lambda w: {member: GONE, **more}, "InvalidParameter": lambda w: {member: BAD, **more}}


def batch_cases(good, entry):
    """`entry`: of world and id."""
    def with_ids(*ids):
        return lambda w: {"QueueUrl": w.queue, "Entries": [entry(w, i) for i in ids]}

    return {"good": good,
            BATCH_ERRORS + "EmptyBatchRequest": with_ids(),
            BATCH_ERRORS + "TooManyEntriesInBatchRequest": with_ids(*map(str, range(11))),
            BATCH_ERRORS + "BatchEntryIdsNotDistinct": with_ids("a", "a"),
            BATCH_ERRORS + "InvalidBatchEntryId": with_ids("a b")}


def publish_batch(*entries):
    return lambda w: {"TopicArn": w.topic, "PublishBatchRequestEntries": list(entries)}


NO_TYPE = {"a": {"DataType": "Weight", "StringValue": "v"}}
TAGS = [{"Key": f"k{i}", "Value": "v"} for i in range(51)]
POLICY = {"AttributeName": "FilterPolicy", "AttributeValue": '{"a":["b"]}'}

CASES = {
    "sns": {
        "AddPermission": arn_cases(lambda w: {"TopicArn": w.topic, "Label": "x", "AWSAccountId": ["111122223333"],
                                              "ActionName": ["Publish"]},
                                   Label="x", AWSAccountId=["111122223333"], ActionName=["Publish"]),
        "ConfirmSubscription": {"good": lambda w: {"TopicArn": w.topic, "Token": w.token()},
                                "InvalidParameter": lambda w: {"TopicArn": w.topic, "Token": "x"}},
        "CreateTopic": {"good": lambda w: {"Name": "new"}, "InvalidParameter": lambda w: {"Name": "a b"},
                        "TagLimitExceeded": lambda w: {"Name": "new", "Tags": TAGS}},
        "DeleteTopic": {"good": lambda w: {"TopicArn": w.topic}, "InvalidParameter": lambda w: {"TopicArn": BAD}},
        "GetDataProtectionPolicy": arn_cases(lambda w: {"ResourceArn": w.topic}, "ResourceArn"),
        "GetSubscriptionAttributes": {"good": lambda w: {"SubscriptionArn": w.subscription},
                                      "NotFound": lambda w: {"SubscriptionArn": GONE_SUBSCRIPTION},
                                      "InvalidParameter": lambda w: {"SubscriptionArn": BAD}},
        "GetTopicAttributes": arn_cases(lambda w: {"TopicArn": w.topic}),
        "ListSubscriptions": {"good": lambda w: {}, "InvalidParameter": lambda w: {"NextToken": "x"}},
        "ListSubscriptionsByTopic": arn_cases(lambda w: {"TopicArn": w.topic}),
        "ListTagsForResource": {"good": lambda w: {"ResourceArn": w.topic},
                                "ResourceNotFound": lambda w: {"ResourceArn": GONE}},
        "ListTopics": {"good": lambda w: {}, "InvalidParameter": lambda w: {"NextToken": "x"}},
        "Publish": {**arn_cases(lambda w: {"TopicArn": w.topic, "Message": "m"}, Message="m"),
                    "ParameterValueInvalid": lambda w: {"TopicArn": w.topic, "Message": "m", "MessageAttributes": NO_TYPE}},
        "PublishBatch": {
            **arn_cases(publish_batch({"Id": "1", "Message": "m"}), PublishBatchRequestEntries=[{"Id": "1", "Message": "m"}]),
            "ParameterValueInvalid": publish_batch({"Id": "1", "Message": "m", "MessageAttributes": NO_TYPE}),
            "EmptyBatchRequest": publish_batch(),
            "TooManyEntriesInBatchRequest": publish_batch(*({"Id": str(i), "Message": "m"} for i in range(11))),
            "BatchEntryIdsNotDistinct": publish_batch({"Id": "1", "Message": "m"}, {"Id": "1", "Message": "m"}),
            "InvalidBatchEntryId": publish_batch({"Id": "a b", "Message": "m"}),
            "BatchRequestTooLong": publish_batch({"Id": "1", "Message": "m" * 200_000}, {"Id": "2", "Message": "m" * 100_000})},
        "PutDataProtectionPolicy": arn_cases(lambda w: {"ResourceArn": w.topic, "DataProtectionPolicy": ""}, "ResourceArn",
                                             DataProtectionPolicy=""),
        "RemovePermission": arn_cases(lambda w: {"TopicArn": w.labelled_topic(), "Label": "l"}, Label="l"),
        "SetSubscriptionAttributes": {
            "good": lambda w: {"SubscriptionArn": w.subscription, **POLICY},
            "NotFound": lambda w: {"SubscriptionArn": GONE_SUBSCRIPTION, **POLICY},
            "InvalidParameter": lambda w: {"SubscriptionArn": w.subscription, "AttributeName": "x", "AttributeValue": "y"},
            "FilterPolicyLimitExceeded": lambda w: w.many_filters() and {"SubscriptionArn": w.subscription, **POLICY}},
        "SetTopicAttributes": arn_cases(lambda w: {"TopicArn": w.topic, "AttributeName": "DisplayName", "AttributeValue": "x"},
                                        AttributeName="DisplayName", AttributeValue="x"),
        "Subscribe": {**arn_cases(lambda w: {"TopicArn": w.topic, "Protocol": "sqs", "Endpoint": SQS_ARN + "other"},
                                  Protocol="sqs", Endpoint=SQS_ARN + "other"),
                      "FilterPolicyLimitExceeded": lambda w: {
                          "TopicArn": w.many_filters(), "Protocol": "sqs", "Endpoint": SQS_ARN + "other",
                          "Attributes": {"FilterPolicy": '{"a":["b"]}'}}},
        "TagResource": {"good": lambda w: {"ResourceArn": w.topic, "Tags": TAGS[:1]},
                        "ResourceNotFound": lambda w: {"ResourceArn": GONE, "Tags": TAGS[:1]},
                        "InvalidParameter": lambda w: {"ResourceArn": w.topic, "Tags": TAGS[:1] * 2},
                        "TagLimitExceeded": lambda w: {"ResourceArn": w.topic, "Tags": TAGS}},
        "Unsubscribe": {"good": lambda w: {"SubscriptionArn": w.subscription},
                        "InvalidParameter": lambda w: {"SubscriptionArn": BAD}},
        "UntagResource": {"good": lambda w: {"ResourceArn": w.topic, "TagKeys": ["k"]},
                          "ResourceNotFound": lambda w: {"ResourceArn": GONE, "TagKeys": ["k"]}},
    },
    "sqs": {
        "AddPermission": {"good": lambda w: {"QueueUrl": w.queue, "Label": "l", "AWSAccountIds": ["111122223333"],
                                             "Actions": ["SendMessage"]},
                          NO_QUEUE: lambda w: {"QueueUrl": w.gone, "Label": "l", "AWSAccountIds": ["111122223333"],
                                               "Actions": ["SendMessage"]}},
        "ChangeMessageVisibility": {
            "good": lambda w: {"QueueUrl": w.queue, "ReceiptHandle": w.handle(), "VisibilityTimeout": 1},
            "ReceiptHandleIsInvalid": lambda w: {"QueueUrl": w.queue, "ReceiptHandle": "x", "VisibilityTimeout": 1},
            BATCH_ERRORS + "MessageNotInflight": lambda w: {
                "QueueUrl": w.queue, "ReceiptHandle": w.visible_handle(), "VisibilityTimeout": 1}},
        "ChangeMessageVisibilityBatch": batch_cases(
            lambda w: {"QueueUrl": w.queue, "Entries": [{"Id": "1", "ReceiptHandle": w.handle(), "VisibilityTimeout": 1}]},
            lambda w, i: {"Id": i, "ReceiptHandle": "x", "VisibilityTimeout": 1}),
        "CreateQueue": {"good": lambda w: {"QueueName": "new"},
                        "QueueAlreadyExists": lambda w: {"QueueName": "q", "Attributes": {"VisibilityTimeout": "31"}}},
        "DeleteMessage": {"good": lambda w: {"QueueUrl": w.queue, "ReceiptHandle": w.handle()},
                          "ReceiptHandleIsInvalid": lambda w: {"QueueUrl": w.queue, "ReceiptHandle": "x"}},
        "DeleteMessageBatch": batch_cases(
            lambda w: {"QueueUrl": w.queue, "Entries": [{"Id": "1", "ReceiptHandle": w.handle()}]},
            lambda w, i: {"Id": i, "ReceiptHandle": "x"}),
        "DeleteQueue": {"good": lambda w: {"QueueUrl": w.queue}, NO_QUEUE: lambda w: {"QueueUrl": w.gone}},
        "GetQueueAttributes": {"good": lambda w: {"QueueUrl": w.queue, "AttributeNames": ["All"]},
                               "InvalidAttributeName": lambda w: {"QueueUrl": w.queue, "AttributeNames": ["x"]}},
        "GetQueueUrl": {"good": lambda w: {"QueueName": "q"}, NO_QUEUE: lambda w: {"QueueName": "gone"}},
        "ListDeadLetterSourceQueues": {"good": lambda w: {"QueueUrl": w.queue}, NO_QUEUE: lambda w: {"QueueUrl": w.gone}},
        "ListQueueTags": {"good": lambda w: {"QueueUrl": w.queue}, NO_QUEUE: lambda w: {"QueueUrl": w.gone}},
        "ListQueues": {"good": lambda w: {}, "InvalidParameterValue": lambda w: {"MaxResults": 1001}},
        "PurgeQueue": {"good": lambda w: {"QueueUrl": w.queue}, NO_QUEUE: lambda w: {"QueueUrl": w.gone},
                       BATCH_ERRORS + "PurgeQueueInProgress": lambda w: {"QueueUrl": w.purged()}},
        "ReceiveMessage": {"good": lambda w: {"QueueUrl": w.queue}, NO_QUEUE: lambda w: {"QueueUrl": w.gone}},
        "RemovePermission": {"good": lambda w: {"QueueUrl": w.labelled_queue(), "Label": "l"},
                             "InvalidParameterValue": lambda w: {"QueueUrl": w.queue, "Label": "none"}},
        "SendMessage": {"good": lambda w: {"QueueUrl": w.queue, "MessageBody": "m"},
                        NO_QUEUE: lambda w: {"QueueUrl": w.gone, "MessageBody": "m"},
                        "InvalidMessageContents": lambda w: {"QueueUrl": w.queue, "MessageBody": "\x01"}},
        "SendMessageBatch": {
            **batch_cases(lambda w: {"QueueUrl": w.queue, "Entries": [{"Id": "1", "MessageBody": "m"}]},
                          lambda w, i: {"Id": i, "MessageBody": "m"}),
            BATCH_ERRORS + "BatchRequestTooLong": lambda w: {"QueueUrl": w.queue, "Entries": [
                {"Id": str(i), "MessageBody": "m" * 250_000} for i in range(10)]}},
        "SetQueueAttributes": {"good": lambda w: {"QueueUrl": w.queue, "Attributes": {"VisibilityTimeout": "5"}},
                               "InvalidAttributeName": lambda w: {"QueueUrl": w.queue, "Attributes": {"x": "y"}}},
        "TagQueue": {"good": lambda w: {"QueueUrl": w.queue, "Tags": {"a": "b"}},
                     NO_QUEUE: lambda w: {"QueueUrl": w.gone, "Tags": {"a": "b"}}},
        "UntagQueue": {"good": lambda w: {"QueueUrl": w.queue, "TagKeys": ["a"]},
                       NO_QUEUE: lambda w: {"QueueUrl": w.gone, "TagKeys": ["a"]}},
    },
}

# Errors of the model that no call provokes here, and why.
NEVER = {
    "InternalError": "a fault of the daemon",
    "AuthorizationError": "all operations at once, below",
    "InvalidSecurity": "AWS's answer to plain HTTP or an unusable certificate",
    "StaleTag": "tags change at once", "ConcurrentAccess": "tags change at once",
    "TagPolicy": "there are no tag policies",
    "TopicLimitExceeded": "100,000 topics; unit test of the module",
    "SubscriptionLimitExceeded": "1,000,000 subscriptions; unit test of the module",
    "EndpointDisabled": "there are no platform endpoints", "PlatformApplicationDisabled": "there are no platform endpoints",
    "ValidationException": "AWS answers constraint failures with ValidationError",
    "OverLimit": "120,000 messages in flight; unit test of the module",
    "AWS.SimpleQueueService.QueueDeletedRecently": "a name can be used again at once",
    "InvalidIdFormat": "AWS answers ReceiptHandleIsInvalid",
    "AWS.SimpleQueueService.UnsupportedOperation": "AWS answers InvalidParameterValue",
    ("sns", "DeleteTopic", "NotFound"): "deleting is idempotent",
    ("sns", "Unsubscribe", "NotFound"): "unsubscribing is idempotent",
    ("sns", "ConfirmSubscription", "NotFound"): "a token that nobody issued is InvalidParameter whatever the topic",
    ("sns", "ListTagsForResource", "InvalidParameter"): "what is no ARN is an unknown resource",
    ("sns", "UntagResource", "InvalidParameter"): "what is no ARN is an unknown resource",
    ("sns", "ConfirmSubscription", "FilterPolicyLimitExceeded"): "counted when the policy is set",
    ("sns", "UntagResource", "TagLimitExceeded"): "untagging adds none",
}


def rows():
    return [(service, operation, case) for service, operations in CASES.items() for operation, cases in operations.items()
            for case in cases]


@pytest.mark.parametrize("service, operation, case", rows())
def test_operation(daemon, sdk, webhook, service, operation, case):
    world = World(sdk, webhook)
    members = CASES[service][operation][case](world)
    if case == "good":
        sdk(service, operation, **members)
        return
    with pytest.raises(Refused) as refused:
        sdk(service, operation, **members)
    short = case.rsplit(".", 1)[-1]
    shape = {"NonExistentQueue": "QueueDoesNotExist", "QueueAlreadyExists": "QueueNameExists"}.get(short, short)
    assert refused.value.names & {case, short, shape, short + "Exception"}, refused.value


def all_pages(sdk, service, operation, member, **members):
    sizes, items = [], []
    while True:
        page = sdk(service, operation, **members)
        sizes.append(len(page.get(member, [])))
        items += page.get(member, [])
        if not page.get("NextToken"):
            return sizes, items
        members["NextToken"] = page["NextToken"]


def test_lists_come_page_by_page(daemon, sdk):
    world = World(sdk, None)
    topics = [sdk("sns", "CreateTopic", Name=f"n{i}")["TopicArn"] for i in range(103)]
    sizes, found = all_pages(sdk, "sns", "ListTopics", "Topics")
    assert sizes == [100, 5] and {t["TopicArn"] for t in found} == {*topics, world.topic, world.fifo_topic}
    for i in range(102):
        sdk("sns", "Subscribe", TopicArn=world.topic, Protocol="sqs", Endpoint=f"{SQS_ARN}n{i}")
    for operation, members in (("ListSubscriptions", {}), ("ListSubscriptionsByTopic", {"TopicArn": world.topic})):
        sizes, found = all_pages(sdk, "sns", operation, "Subscriptions", **members)
        assert sizes == [100, 3] and len({s["SubscriptionArn"] for s in found}) == 103
    queue = world.dead_letter_sources(5)
    sizes, found = all_pages(sdk, "sqs", "ListQueues", "QueueUrls", MaxResults=2)
    assert sizes == [2, 2, 2] and len(set(found)) == 6
    sizes, found = all_pages(sdk, "sqs", "ListDeadLetterSourceQueues", "queueUrls", QueueUrl=queue, MaxResults=2)
    assert sizes == [2, 2, 1] and len(set(found)) == 5


def test_a_key_for_ingestion_may_do_nothing_with_sns(tmp_path):
    made = subprocess.run([str(BINARY), "keys", "add", "shipper", "--permission", "ingest-only", "--data", str(tmp_path)],
                          capture_output=True, text=True, env=clean_environment(), check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    daemon = Daemon("--capture", "false", "--enforce", "false", data=tmp_path)
    profile = configparser.ConfigParser()
    profile.read(tmp_path / "credentials")
    key = profile["shipper"]
    sns = make_client("sns", daemon.endpoint, key["aws_access_key_id"], key["aws_secret_access_key"],
                      parameter_validation=False)

    class Nothing:
        topic, subscription = GONE, GONE_SUBSCRIPTION
        labelled_topic = staticmethod(lambda: GONE)
        token = staticmethod(lambda: "0" * 288)

    for operation, cases in CASES["sns"].items():
        case = cases["good"]
        with pytest.raises(botocore.exceptions.ClientError) as refused:
            getattr(sns, xform_name(operation))(**case(Nothing))
        if operation not in ("ConfirmSubscription", "Unsubscribe"):  # open to everybody
            assert refused.value.response["Error"]["Code"] == "AuthorizationError", operation
    daemon.stop()


def operations_of(service):
    text = (TOP / "docs/compatibility.md").read_text()
    table = re.search(rf"<!-- operations: {service} -->(.*?)<!-- end -->", text, re.S).group(1)
    names = set()
    for _, cells in re.findall(r"^\| (full|part) \| (.*?) \|$", table, re.M):
        names |= set(re.findall(r"\b[A-Z][A-Za-z]+\b", cells.split(":")[0]))
    return names


@pytest.mark.parametrize("service", ["sns", "sqs"])
def test_the_table_above_is_complete(service):
    assert set(CASES[service]) == operations_of(service)
    model = botocore.session.get_session().get_service_model(service)
    missing = []
    for operation, cases in CASES[service].items():
        provoked = {case.rsplit(".", 1)[-1] for case in cases}
        for shape in model.operation_model(operation).error_shapes:
            code = shape.metadata.get("error", {}).get("code") or shape.name
            excused = code in NEVER or code.startswith("KMS") or (service, operation, code) in NEVER
            if code.rsplit(".", 1)[-1] not in provoked and not excused:
                missing.append((operation, code))
    assert not missing, "neither provoked nor explained"
