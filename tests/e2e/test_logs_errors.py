# SPDX-License-Identifier: Apache-2.0
"""Each error that AWS lists for an operation of CloudWatch Logs (API reference, "Errors" of each operation) is
provoked here, or stands in EXCUSED with the reason why it cannot come, or in ELSEWHERE with the test that has it."""

import time

import pytest

from conftest import Daemon, refused, signed_call

ARN = "arn:aws:logs:us-east-1:000000000000:"
ROLE = "arn:aws:iam::000000000000:role/r"
ID = "12345678-1234-1234-1234-123456789012"
STREAM = {"logGroupName": "g", "logStreamName": "s"}
METRIC = [{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}]
TARGET = ARN + "log-group:target"  # which AWS does not have
EXPORT = {"logGroupName": "g", "from": 0, "to": 2_000_000_000_000, "destination": "exports"}
QUERY = {"logGroupName": "g", "startTime": 0, "endTime": 2_000_000_000, "queryString": "fields @message"}
FILTER = {"logGroupName": "g", "filterName": "f", "filterPattern": ""}
POLICY = '{"Version":"2012-10-17","Statement":[]}'

IP, NF, SU, OA = "InvalidParameter", "ResourceNotFound", "ServiceUnavailable", "OperationAborted"
LE, AE, IO, VA = "LimitExceeded", "ResourceAlreadyExists", "InvalidOperation", "Validation"
AD, TT, MQ, UC = "AccessDenied", "TooManyTags", "MalformedQuery", "UnrecognizedClient"

LISTED = {
    (IP, SU): "DescribeLogGroups ListLogGroups TestMetricFilter DescribeQueryDefinitions DescribeExportTasks "
              "DescribeDestinations DescribeResourcePolicies",
    (IP, NF, SU): "UntagResource ListTagsForResource DescribeLogStreams GetLogEvents FilterLogEvents "
                  "DescribeMetricFilters DescribeSubscriptionFilters GetQueryResults StopQuery DescribeQueries "
                  "DeleteQueryDefinition",
    (IP, NF, SU, UC): "PutLogEvents",
    (IP, NF, SU, TT): "TagResource",
    (IP, NF, SU, AD): "ListLogGroupsForQuery",
    (IP, NF, SU, IO): "CancelExportTask",
    (IP, NF, SU, AE): "CreateLogStream",
    (IP, NF, OA, SU): "PutRetentionPolicy DeleteRetentionPolicy DeleteMetricFilter DeleteSubscriptionFilter "
                      "DeleteDestination DeleteResourcePolicy AssociateKmsKey DisassociateKmsKey",
    (IP, NF, OA, SU, VA): "DeleteLogGroup DeleteLogStream",
    (IP, NF, OA, SU, AD, IO): "PutLogGroupDeletionProtection",
    (IP, NF, OA, LE, SU): "PutResourcePolicy",
    (IP, NF, OA, LE, SU, IO): "PutMetricFilter PutSubscriptionFilter",
    (IP, NF, OA, LE, SU, AE): "CreateExportTask",
    (IP, NF, LE, SU): "GetLogRecord GetLogGroupFields PutQueryDefinition",
    (IP, NF, LE, SU, MQ): "StartQuery",
    (IP, OA, SU): "PutDestination PutDestinationPolicy",
    (AE, IP, LE, OA, SU): "CreateLogGroup",
    (IP, NF): "TagLogGroup",
    (NF,): "UntagLogGroup",
    (NF, SU): "ListTagsLogGroup",
    (AD, IO, IP, LE, NF): "StartLiveTail",
}

# Error, or operation and error -> why it cannot be provoked.
EXCUSED = {
    OA: "changes of one resource are made one after the other; nobody is told to try again (but for the revisions of "
        "resource policies: resource_policies_test.cc)",
    (AD, "ListLogGroupsForQuery"): "there are no grants for a single query",
    (AD, "PutLogGroupDeletionProtection"): "permission is that of the access key",
    (AD, "StartLiveTail"): "permission is that of the access key",
    (LE, "GetLogRecord"): "nothing of it is counted",
    (LE, "GetLogGroupFields"): "it samples and is bounded by time",
    (AE, "CreateExportTask"): "tasks have no name that could be there already",
    (NF, "PutResourcePolicy"): "resources of policies are not looked up",
    (NF, "DescribeQueries"): "AWS gives an empty list for a group without queries, also for one that is not there",
    (IO, "PutLogGroupDeletionProtection"): "groups of every class can be protected",
    (VA, "DeleteLogStream"): "streams have no protection of their own",
}
ELSEWHERE = {
    SU: "test_disk_full.py",
    UC: "test_service.py",
    (TT, "TagResource"): "test_logs_api.py",
    (LE, "StartQuery"): "executions_test.cc",
    (LE, "PutQueryDefinition"): "query_definitions_test.cc",
    (LE, "CreateExportTask"): "export_tasks_test.cc",
    (NF, "CreateExportTask"): "test_export_tasks.py",
    (IO, "CancelExportTask"): "test_export_tasks.py",
    (LE, "StartLiveTail"): "test_live_tail.py",
    (IP, "StartLiveTail"): "test_live_tail.py",
    (NF, "StartLiveTail"): "test_live_tail.py",
    (IO, "StartLiveTail"): "test_live_tail.py",
}

# Operation -> members that are wrong by themselves.
INVALID = {
    "DescribeLogGroups": {"limit": 0}, "ListLogGroups": {"limit": 0},
    "TestMetricFilter": {"filterPattern": "[a", "logEventMessages": ["x"]},
    "DescribeQueryDefinitions": {"maxResults": 0}, "DescribeExportTasks": {"limit": 0},
    "DescribeDestinations": {"limit": 0}, "DescribeResourcePolicies": {"limit": 0},
    "UntagResource": {"resourceArn": "nonsense", "tagKeys": ["a"]}, "ListTagsForResource": {"resourceArn": "nonsense"},
    "DescribeLogStreams": {"logGroupName": "g", "logStreamNamePrefix": "s", "orderBy": "LastEventTime"},
    "GetLogEvents": {**STREAM, "nextToken": "x"}, "FilterLogEvents": {"logGroupName": "g", "filterPattern": "[a"},
    "DescribeMetricFilters": {"logGroupName": "a b"}, "DescribeSubscriptionFilters": {"logGroupName": "a b"},
    "GetQueryResults": {"queryId": ""}, "StopQuery": {"queryId": ""}, "DescribeQueries": {"status": "Nonsense"},
    "DeleteQueryDefinition": {"queryDefinitionId": ""},
    "PutLogEvents": {**STREAM, "logEvents": [{"timestamp": 2, "message": "a"}, {"timestamp": 1, "message": "b"}]},
    "TagResource": {"resourceArn": "nonsense", "tags": {"a": "b"}}, "ListLogGroupsForQuery": {"queryId": ""},
    "CancelExportTask": {"taskId": ""}, "CreateLogStream": {"logGroupName": "g", "logStreamName": "a:b"},
    "PutRetentionPolicy": {"logGroupName": "g", "retentionInDays": 2}, "DeleteRetentionPolicy": {"logGroupName": "a b"},
    "DeleteMetricFilter": {"logGroupName": "g", "filterName": "a*b"},
    "DeleteSubscriptionFilter": {"logGroupName": "g", "filterName": "a*b"},
    "DeleteDestination": {"destinationName": "a*b"}, "DeleteResourcePolicy": {},
    "AssociateKmsKey": {"logGroupName": "g"}, "DisassociateKmsKey": {},
    "DeleteLogGroup": {"logGroupName": "a b"}, "DeleteLogStream": {"logGroupName": "g", "logStreamName": "a:b"},
    "PutLogGroupDeletionProtection": {"logGroupIdentifier": "g"},
    "PutResourcePolicy": {"policyName": "p", "policyDocument": "no JSON"},
    "PutMetricFilter": {**FILTER, "filterPattern": "[a", "metricTransformations": METRIC},
    "PutSubscriptionFilter": {**FILTER, "filterPattern": "[a", "destinationArn": TARGET},
    "CreateExportTask": {**EXPORT, "from": 10, "to": 5}, "GetLogRecord": {"logRecordPointer": "nonsense"},
    "GetLogGroupFields": {"logGroupName": "a b"},
    "PutQueryDefinition": {"name": "", "queryString": "fields @message"}, "StartQuery": {**QUERY, "limit": 0},
    "PutDestination": {"destinationName": "a*b", "targetArn": TARGET, "roleArn": ROLE},
    "PutDestinationPolicy": {"destinationName": "nobody", "accessPolicy": "no JSON"},
    "CreateLogGroup": {"logGroupName": "a b"}, "TagLogGroup": {"logGroupName": "g", "tags": {}},
}
# Operation -> members that name what is not there.
MISSING = {
    "UntagResource": {"resourceArn": ARN + "log-group:nobody", "tagKeys": ["a"]},
    "ListTagsForResource": {"resourceArn": ARN + "log-group:nobody"},
    "TagResource": {"resourceArn": ARN + "log-group:nobody", "tags": {"a": "b"}},
    "DescribeLogStreams": {"logGroupName": "nobody"}, "GetLogEvents": {**STREAM, "logStreamName": "nobody"},
    "FilterLogEvents": {"logGroupName": "nobody"}, "DescribeMetricFilters": {"logGroupName": "nobody"},
    "DescribeSubscriptionFilters": {"logGroupName": "nobody"}, "GetQueryResults": {"queryId": ID},
    "StopQuery": {"queryId": ID}, "DeleteQueryDefinition": {"queryDefinitionId": ID},
    "PutLogEvents": {**STREAM, "logStreamName": "nobody", "logEvents": [{"timestamp": 1, "message": "a"}]},
    "ListLogGroupsForQuery": {"queryId": ID}, "CancelExportTask": {"taskId": ID},
    "CreateLogStream": {"logGroupName": "nobody", "logStreamName": "s"},
    "PutRetentionPolicy": {"logGroupName": "nobody", "retentionInDays": 1},
    "DeleteRetentionPolicy": {"logGroupName": "nobody"},
    "DeleteMetricFilter": {"logGroupName": "g", "filterName": "nobody"},
    "DeleteSubscriptionFilter": {"logGroupName": "g", "filterName": "nobody"},
    "DeleteDestination": {"destinationName": "nobody"}, "DeleteResourcePolicy": {"policyName": "nobody"},
    "AssociateKmsKey": {"logGroupName": "nobody", "kmsKeyId": "arn:aws:kms:us-east-1:000000000000:key/" + ID},
    "DisassociateKmsKey": {"logGroupName": "nobody"}, "DeleteLogGroup": {"logGroupName": "nobody"},
    "DeleteLogStream": {"logGroupName": "g", "logStreamName": "nobody"},
    "PutLogGroupDeletionProtection": {"logGroupIdentifier": "nobody", "deletionProtectionEnabled": True},
    "PutMetricFilter": {**FILTER, "logGroupName": "nobody", "metricTransformations": METRIC},
    "PutSubscriptionFilter": {**FILTER, "logGroupName": "nobody", "destinationArn": TARGET},
    "GetLogGroupFields": {"logGroupName": "nobody"},
    "PutQueryDefinition": {"name": "q", "queryString": "fields @message", "queryDefinitionId": ID},
    "StartQuery": {**QUERY, "logGroupName": "nobody"},
    "TagLogGroup": {"logGroupName": "nobody", "tags": {"a": "b"}},
    "UntagLogGroup": {"logGroupName": "nobody", "tags": ["a"]}, "ListTagsLogGroup": {"logGroupName": "nobody"},
}


@pytest.fixture(scope="module")
def small():
    """A daemon whose quotas are reached soon."""
    daemon = Daemon("--ephemeral", "--capture", "false", "--log-groups-max", "3", "--metric-filters-max", "1",
                    "--subscription-filters-max", "1")
    yield daemon
    daemon.stop()


@pytest.fixture
def call(small):
    small.post("/_weir/reset")

    def make(operation, **members):
        return signed_call(small.endpoint, "logs", "Logs_20140328." + operation, members)
    make("CreateLogGroup", logGroupName="g")
    make("CreateLogStream", **STREAM)
    make("CreateLogGroup", logGroupName="target")
    make("CreateLogStream", logGroupName="target", logStreamName="s")
    return make


def pairs():
    return {(error, name) for errors, names in LISTED.items() for name in names.split() for error in errors}


def code_of(error):
    return error + "Exception"


def limited(call):
    """Operation -> the members of the call that is one too many; what comes before it is done here."""
    call("CreateLogGroup", logGroupName="third")
    call("PutMetricFilter", **FILTER, metricTransformations=METRIC)
    call("PutSubscriptionFilter", **FILTER, destinationArn=TARGET)
    for number in range(10):
        call("PutResourcePolicy", policyName=f"p{number}", policyDocument=POLICY)
    return {"CreateLogGroup": {"logGroupName": "fourth"},
            "PutMetricFilter": {**FILTER, "filterName": "f2", "metricTransformations": METRIC},
            "PutSubscriptionFilter": {**FILTER, "filterName": "f2", "destinationArn": TARGET},
            "PutResourcePolicy": {"policyName": "p10", "policyDocument": POLICY}}


DONE_BELOW = {(LE, name) for name in ("CreateLogGroup", "PutMetricFilter", "PutSubscriptionFilter", "PutResourcePolicy")} | {
    (AE, "CreateLogGroup"), (AE, "CreateLogStream"), (VA, "DeleteLogGroup"),
    (IO, "PutMetricFilter"), (IO, "PutSubscriptionFilter"), (MQ, "StartQuery"), (NF, "GetLogRecord")}


def test_no_listed_error_is_forgotten():
    known = {(IP, name) for name in INVALID} | {(NF, name) for name in MISSING} | DONE_BELOW
    left = {pair for pair in pairs() - known
            if pair not in EXCUSED and pair not in ELSEWHERE and pair[0] not in EXCUSED and pair[0] not in ELSEWHERE}
    assert left == set()
    assert known <= pairs(), known - pairs()


@pytest.mark.parametrize("name", sorted(INVALID))
def test_invalid_parameters(call, name):
    assert refused(call, name, **INVALID[name])[0] == code_of(IP)


@pytest.mark.parametrize("name", sorted(MISSING))
def test_what_is_not_there(call, name):
    assert refused(call, name, **MISSING[name])[0] == code_of(NF)


def test_limits(call):
    for name, members in limited(call).items():
        assert refused(call, name, **members)[0] == code_of(LE), name


def test_what_is_there_already(call):
    assert refused(call, "CreateLogGroup", logGroupName="g")[0] == code_of(AE)
    assert refused(call, "CreateLogStream", **STREAM)[0] == code_of(AE)


def test_a_protected_group_is_not_deleted(call):
    call("PutLogGroupDeletionProtection", logGroupIdentifier="g", deletionProtectionEnabled=True)
    assert refused(call, "DeleteLogGroup", logGroupName="g")[0] == code_of(VA)
    call("PutLogGroupDeletionProtection", logGroupIdentifier="g", deletionProtectionEnabled=False)
    call("DeleteLogGroup", logGroupName="g")


def test_classes_that_cannot(call):
    call("CreateLogGroup", logGroupName="rare", logGroupClass="INFREQUENT_ACCESS")
    assert refused(call, "PutMetricFilter", **{**FILTER, "logGroupName": "rare"},
                   metricTransformations=METRIC)[0] == code_of(IO)
    assert refused(call, "PutSubscriptionFilter", **{**FILTER, "logGroupName": "rare"},
                   destinationArn=TARGET)[0] == code_of(IO)


def test_a_pointer_to_a_record_that_is_gone(call):
    now = int(time.time() * 1000)
    call("PutLogEvents", **STREAM, logEvents=[{"timestamp": now, "message": "x"}])
    query = call("StartQuery", **{**QUERY, "queryString": "fields @ptr", "endTime": now // 1000 + 10})["queryId"]
    rows = call("GetQueryResults", queryId=query)["results"]
    pointer = next(cell["value"] for cell in rows[0] if cell["field"] == "@ptr")
    assert call("GetLogRecord", logRecordPointer=pointer)["logRecord"]["@message"] == "x"
    call("DeleteLogStream", **STREAM)
    assert refused(call, "GetLogRecord", logRecordPointer=pointer)[0] == code_of(NF)


def test_queries(call):
    assert refused(call, "StartQuery", **{**QUERY, "queryString": "fields @message | nonsense"})[0] == code_of(MQ)
