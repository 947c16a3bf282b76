# SPDX-License-Identifier: Apache-2.0
"""CloudWatch Logs by boto3: each operation of groups, streams, events, tags, queries, saved queries and index policies
with its good case, its errors and its pages. Operations and members that Debian's botocore does not know yet are sent
signed as JSON. Verified on AWS: no; texts marked "recorded" were recorded there."""

import json
import time

import botocore.exceptions
import pytest

from conftest import REGION, refused, wait_for

ACCOUNT = "000000000000"
FLOW = "2 123456789010 eni-0a1b2c3d4e5f60718 203.0.113.{} 10.0.0.5 {} 443 6 {} 240 {} {} {} OK"


@pytest.fixture
def logs(client):
    return client("logs")


@pytest.fixture
def group(logs):
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    return "g"


def now_ms():
    return int(time.time() * 1000)


def put(logs, *messages, stream="s", time_ms=None):
    time_ms = time_ms or now_ms()
    return logs.put_log_events(logGroupName="g", logStreamName=stream,
                               logEvents=[{"timestamp": time_ms, "message": m} for m in messages])


def put_flows(logs, count):
    now = int(time.time())
    put(logs, *[FLOW.format(i % 4, 1024 + i, i + 1, now - 60, now, "REJECT" if i % 2 else "ACCEPT")
                for i in range(count)])


def pages(operation, result, **members):
    """Follows nextToken to the end."""
    found, token = [], {}
    while True:
        answer = operation(**members, **token)
        found.append(answer[result])
        if "nextToken" not in answer:
            return found
        assert token.get("nextToken") != answer["nextToken"]
        token = {"nextToken": answer["nextToken"]}


MISSING_GROUP = ("ResourceNotFoundException", "The specified log group does not exist.")  # recorded
MISSING_STREAM = ("ResourceNotFoundException", "The specified log stream does not exist.")  # recorded
BAD_TOKEN = ("InvalidParameterException", "The specified nextToken is invalid.")


# ---- Groups ----

def test_create_log_group(logs, group):
    assert refused(logs.create_log_group, logGroupName="g") == (
        "ResourceAlreadyExistsException", "The specified log group already exists")  # recorded, without a full stop
    assert refused(logs.create_log_group, logGroupName="a" * 513) == (
        "InvalidParameterException",
        "Invalid LogGroup or LogStream, both must have length less than or equal to 512.")  # recorded
    code, text = refused(logs.create_log_group, logGroupName="aws/x")
    assert code == "InvalidParameterException" and "reserved for AWS" in text
    code, text = refused(logs.create_log_group, logGroupName="a b")
    assert "Value 'a b' at 'logGroupName' failed to satisfy constraint" in text
    code, text = refused(logs.create_log_group, logGroupName="h", tags={"k\x01": "v"})
    assert code == "InvalidParameterException" and "Map keys must satisfy constraint" in text


def test_describe_log_groups(logs, call):
    for name in ("a", "ab", "b"):
        logs.create_log_group(logGroupName=name)
    assert [[g["logGroupName"] for g in page] for page in pages(logs.describe_log_groups, "logGroups", limit=2)] == [
        ["a", "ab"], ["b"]]
    prefixed = logs.describe_log_groups(logGroupNamePrefix="a")["logGroups"]
    assert [g["logGroupName"] for g in prefixed] == ["a", "ab"]
    assert prefixed[0]["arn"] == f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:a:*"
    # Recorded: with a pattern AWS leaves storedBytes out.
    by_pattern = logs.describe_log_groups(logGroupNamePattern="b")["logGroups"]
    assert [g["logGroupName"] for g in by_pattern] == ["ab", "b"] and "storedBytes" not in by_pattern[0]
    assert refused(logs.describe_log_groups, logGroupNamePrefix="a", logGroupNamePattern="b") == (
        "InvalidParameterException",
        "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")  # recorded
    assert refused(logs.describe_log_groups, nextToken="x") == BAD_TOKEN
    assert "less than or equal to 50" in refused(logs.describe_log_groups, limit=51)[1]
    found = call("DescribeLogGroups", logGroupIdentifiers=[f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:b", "none"])
    assert [g["logGroupName"] for g in found["logGroups"]] == ["b"]


def test_list_log_groups(logs, call):
    logs.create_log_group(logGroupName="/vpc/flow", tags={"stage": "prod"})
    logs.create_log_group(logGroupName="/vpc/dns", tags={"stage": "test"})
    logs.create_log_group(logGroupName="app/vpc")

    def names(**members):
        return [g["logGroupName"] for g in call("ListLogGroups", **members)["logGroups"]]

    assert names(logGroupNamePattern="^/vpc") == ["/vpc/dns", "/vpc/flow"]
    assert names(logGroupNamePattern="flow|^app") == ["/vpc/flow", "app/vpc"]
    assert names(logGroupTags=[{"key": "stage", "values": ["PRO*"]}]) == ["/vpc/flow"]
    assert names(logGroupTags=[{"key": "stage", "values": ["!prod"]}]) == ["/vpc/dns"]
    assert names(includeLinkedAccounts=True, accountIdentifiers=["111111111111"]) == []
    listed = pages(lambda **members: call("ListLogGroups", **members), "logGroups", limit=2)
    assert [len(page) for page in listed] == [2, 1]
    assert refused(lambda: call("ListLogGroups", dataSources=[{"name": "amazon_vpc"}])) == (
        "InvalidParameterException", "dataSources is not supported")
    assert "failed to satisfy constraint" in refused(lambda: call("ListLogGroups", logGroupNamePattern="a b c"))[1]


def test_delete_log_group(logs, call, group):
    call("PutLogGroupDeletionProtection", logGroupIdentifier="g", deletionProtectionEnabled=True)
    assert refused(logs.delete_log_group, logGroupName="g") == (
        "ValidationException",
        "Cannot delete log group with deletion protection enabled. Disable deletion protection first.")
    call("PutLogGroupDeletionProtection", logGroupIdentifier="g", deletionProtectionEnabled=False)
    logs.delete_log_group(logGroupName="g")
    assert refused(logs.delete_log_group, logGroupName="g") == MISSING_GROUP
    assert refused(lambda: call("PutLogGroupDeletionProtection", logGroupIdentifier="g",
                                deletionProtectionEnabled=True)) == MISSING_GROUP


def test_retention(logs, call, group):
    logs.put_retention_policy(logGroupName="g", retentionInDays=7)
    assert logs.describe_log_groups()["logGroups"][0]["retentionInDays"] == 7
    logs.delete_retention_policy(logGroupName="g")
    assert "retentionInDays" not in logs.describe_log_groups()["logGroups"][0]
    assert refused(logs.put_retention_policy, logGroupName="g", retentionInDays=2)[0] == "InvalidParameterException"
    assert refused(logs.put_retention_policy, logGroupName="x", retentionInDays=7) == MISSING_GROUP
    assert refused(logs.delete_retention_policy, logGroupName="x") == MISSING_GROUP
    call("CreateLogGroup", logGroupName="d", logGroupClass="DELIVERY")
    assert refused(logs.put_retention_policy, logGroupName="d", retentionInDays=7)[0] == "InvalidParameterException"


def test_kms_keys(logs, call, group):
    key = "arn:aws:kms:us-east-1:000000000000:key/1"
    logs.associate_kms_key(logGroupName="g", kmsKeyId=key)
    assert logs.describe_log_groups()["logGroups"][0]["kmsKeyId"] == key
    call("DisassociateKmsKey", resourceIdentifier=f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:g")
    assert "kmsKeyId" not in logs.describe_log_groups()["logGroups"][0]
    assert refused(logs.associate_kms_key, logGroupName="x", kmsKeyId=key) == MISSING_GROUP
    assert refused(logs.disassociate_kms_key, logGroupName="x") == MISSING_GROUP
    assert refused(lambda: call("AssociateKmsKey", kmsKeyId=key))[0] == "InvalidParameterException"


def test_tags(logs, call, group):
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:g"
    logs.tag_resource(resourceArn=arn, tags={"a": "1", "b": "2"})
    logs.tag_log_group(logGroupName="g", tags={"c": "3"})
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"a": "1", "b": "2", "c": "3"}
    logs.untag_resource(resourceArn=arn, tagKeys=["a"])
    logs.untag_log_group(logGroupName="g", tags=["b"])
    assert logs.list_tags_log_group(logGroupName="g")["tags"] == {"c": "3"}
    other = arn[:-1] + "x"
    assert refused(logs.tag_resource, resourceArn=other, tags={"a": "1"}) == MISSING_GROUP
    assert refused(logs.untag_resource, resourceArn=other, tagKeys=["a"]) == MISSING_GROUP
    assert refused(logs.list_tags_for_resource, resourceArn=other) == MISSING_GROUP
    assert refused(logs.tag_log_group, logGroupName="x", tags={"a": "1"}) == MISSING_GROUP
    assert refused(logs.untag_log_group, logGroupName="x", tags=["a"]) == MISSING_GROUP
    assert refused(logs.list_tags_log_group, logGroupName="x") == MISSING_GROUP
    with pytest.raises(botocore.exceptions.ClientError) as problem:
        logs.tag_resource(resourceArn=arn, tags={f"k{i}": "" for i in range(50)})
    assert problem.value.response["Error"]["Code"] == "TooManyTagsException"
    assert problem.value.response["resourceName"] == "g"


# ---- Streams ----

def test_log_streams(logs, group):
    assert refused(logs.create_log_stream, logGroupName="g", logStreamName="s") == (
        "ResourceAlreadyExistsException", "The specified log stream already exists")
    assert refused(logs.create_log_stream, logGroupName="x", logStreamName="s") == MISSING_GROUP
    assert "failed to satisfy constraint" in refused(logs.create_log_stream, logGroupName="g", logStreamName="a:b")[1]
    assert refused(logs.delete_log_stream, logGroupName="g", logStreamName="x") == MISSING_STREAM
    assert refused(logs.delete_log_stream, logGroupName="x", logStreamName="s") == MISSING_GROUP
    logs.delete_log_stream(logGroupName="g", logStreamName="s")
    assert logs.describe_log_streams(logGroupName="g")["logStreams"] == []


def test_describe_log_streams(logs, call, group):
    for name in ("t", "u"):
        logs.create_log_stream(logGroupName="g", logStreamName=name)
    put(logs, "m", stream="t", time_ms=now_ms() - 1000)
    put(logs, "m", stream="s")

    def names(**members):
        return [[s["logStreamName"] for s in page]
                for page in pages(logs.describe_log_streams, "logStreams", logGroupName="g", **members)]

    assert names(limit=2) == [["s", "t"], ["u"]]
    assert names(descending=True, limit=2) == [["u", "t"], ["s"]]
    assert names(orderBy="LastEventTime", limit=2) == [["u", "t"], ["s"]]
    assert names(orderBy="LastEventTime", descending=True) == [["s", "t", "u"]]
    assert names(logStreamNamePrefix="t") == [["t"]]
    assert refused(lambda: names(orderBy="LastEventTime", logStreamNamePrefix="t")) == (
        "InvalidParameterException", "Cannot order by LastEventTime with a logStreamNamePrefix.")
    assert refused(lambda: call("DescribeLogStreams", logGroupName="g", logGroupIdentifier="g")) == (
        "ValidationException", "LogGroup name and LogGroup ARN are mutually exclusive parameters.")  # recorded
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:g"
    assert len(call("DescribeLogStreams", logGroupIdentifier=arn)["logStreams"]) == 3
    assert refused(lambda: call("DescribeLogStreams", logGroupIdentifier=arn + ":*")) == (
        "InvalidParameterException",
        "1 validation error detected: Value at 'logGroupIdentifier' failed to satisfy constraint: Member must satisfy "
        "regular expression pattern: [\\w#+=/:,.@-]*")  # recorded, without the value
    assert refused(logs.describe_log_streams, logGroupName="x") == MISSING_GROUP
    assert refused(logs.describe_log_streams, logGroupName="g", nextToken="x") == BAD_TOKEN


def test_a_group_with_many_streams_pages_quickly(logs, group):
    for i in range(1000):
        logs.create_log_stream(logGroupName="g", logStreamName=f"eni-{i:05}")
    listed = pages(logs.describe_log_streams, "logStreams", logGroupName="g", logStreamNamePrefix="eni-")
    names = [s["logStreamName"] for page in listed for s in page]
    assert names == [f"eni-{i:05}" for i in range(1000)]


# ---- Events ----

def test_put_log_events(logs, call, group):
    now = now_ms()
    answer = logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=[
        {"timestamp": now - 15 * 86_400_000, "message": "old"}, {"timestamp": now, "message": "in time"},
        {"timestamp": now + 3 * 3_600_000, "message": "new"}])
    assert answer["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 2}
    assert [e["message"] for e in logs.get_log_events(logGroupName="g", logStreamName="s")["events"]] == ["in time"]

    def text(events):
        code, message = refused(logs.put_log_events, logGroupName="g", logStreamName="s", logEvents=events)
        assert code == "InvalidParameterException"
        return message

    assert text([{"timestamp": now, "message": "b"}, {"timestamp": now - 1, "message": "a"}]) == (
        "Log events in a single PutLogEvents request must be in chronological order.")
    assert text([{"timestamp": now - 25 * 3_600_000, "message": "a"}, {"timestamp": now, "message": "b"}]) == (
        "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
    half = "x" * 524_288
    assert text([{"timestamp": now, "message": half}, {"timestamp": now, "message": half}]) == (
        "Upload too large: 1048628 bytes exceeds limit of 1048576")
    assert text([{"timestamp": now, "message": "x" * 1_048_551}]) == (
        "Log event too large: 1048577 bytes exceeds limit of 1048576")
    put(logs, "y" * 1_048_550)  # the largest
    assert "logEvents" in text([{"timestamp": now, "message": "m"}] * 10_001)
    assert refused(lambda: call("PutLogEvents", logGroupName="g", logStreamName="s",
                                logEvents=[{"timestamp": now, "message": ""}]))[0] == "InvalidParameterException"
    assert refused(logs.put_log_events, logGroupName="x", logStreamName="s",
                   logEvents=[{"timestamp": now, "message": "m"}]) == MISSING_GROUP
    assert refused(logs.put_log_events, logGroupName="g", logStreamName="x",
                   logEvents=[{"timestamp": now, "message": "m"}]) == MISSING_STREAM
    answer = call("PutLogEvents", logGroupName="g", logStreamName="s", logEvents=[{"timestamp": now, "message": "m"}],
                  entity={"keyAttributes": {"Type": "Thing", "Name": "x"}})
    assert answer["rejectedEntityInfo"] == {"errorType": "InvalidTypeValue"}


def test_get_log_events(logs, call, group):
    put(logs, *[f"m{i}" for i in range(10)])
    query = {"logGroupName": "g", "logStreamName": "s", "limit": 4}
    first = logs.get_log_events(startFromHead=True, **query)
    assert [e["message"] for e in first["events"]] == ["m0", "m1", "m2", "m3"]
    seen, answer = 4, first
    while True:
        following = logs.get_log_events(nextToken=answer["nextForwardToken"], startFromHead=True, **query)
        if following["nextForwardToken"] == answer["nextForwardToken"]:
            break  # the only sign of the end
        seen, answer = seen + len(following["events"]), following
    assert seen == 10
    newest = logs.get_log_events(**query)
    assert [e["message"] for e in newest["events"]] == ["m6", "m7", "m8", "m9"]
    back = logs.get_log_events(nextToken=newest["nextBackwardToken"], **query)
    assert [e["message"] for e in back["events"]] == ["m2", "m3", "m4", "m5"]
    token = first["nextForwardToken"]
    for bad in ("x", token[:-1], "g" + token[1:], token + "0", token[:10] + "x" + token[11:]):
        assert refused(logs.get_log_events, nextToken=bad, **query) == BAD_TOKEN, bad
    assert refused(logs.get_log_events, logGroupName="x", logStreamName="s") == MISSING_GROUP
    assert refused(logs.get_log_events, logGroupName="g", logStreamName="x") == MISSING_STREAM
    assert "less than or equal to 10000" in refused(
        logs.get_log_events, logGroupName="g", logStreamName="s", limit=10_001)[1]
    assert refused(lambda: call("GetLogEvents", logGroupName="g", logGroupIdentifier="g", logStreamName="s"))[0] == (
        "ValidationException")
    call("CreateLogGroup", logGroupName="ia", logGroupClass="INFREQUENT_ACCESS")
    logs.create_log_stream(logGroupName="ia", logStreamName="s")
    assert refused(logs.get_log_events, logGroupName="ia", logStreamName="s")[0] == "InvalidParameterException"
    assert refused(logs.filter_log_events, logGroupName="ia")[0] == "InvalidParameterException"


def test_filter_log_events(logs, call, group):
    logs.create_log_stream(logGroupName="g", logStreamName="t")
    put(logs, "error 1", "fine", "error 2")
    put(logs, "error 3", stream="t")
    found = pages(logs.filter_log_events, "events", logGroupName="g", filterPattern="error", limit=2)
    assert [len(page) for page in found] == [2, 1]
    assert len({e["eventId"] for page in found for e in page}) == 3
    assert len(logs.filter_log_events(logGroupName="g", logStreamNames=["t"])["events"]) == 1
    assert len(logs.filter_log_events(logGroupName="g", logStreamNamePrefix="s")["events"]) == 3
    assert logs.filter_log_events(logGroupName="g")["searchedLogStreams"] == []
    newest = call("FilterLogEvents", logGroupName="g", startFromHead=False, startTime=now_ms() - 60_000, limit=1)
    assert newest["events"][0]["message"] in ("error 3", "error 2")
    assert refused(lambda: call("FilterLogEvents", logGroupName="g", startFromHead=False))[0] == (
        "InvalidParameterException")
    assert refused(logs.filter_log_events, logGroupName="g", logStreamNames=["t"], logStreamNamePrefix="s")[0] == (
        "InvalidParameterException")
    code, text = refused(logs.filter_log_events, logGroupName="g", filterPattern="{ $.a = ")
    assert code == "InvalidParameterException" and text.startswith("Invalid filter pattern")
    assert refused(logs.filter_log_events, logGroupName="g", nextToken="x") == BAD_TOKEN
    assert refused(logs.filter_log_events, logGroupName="x") == MISSING_GROUP
    assert refused(logs.filter_log_events, logGroupName="g", logStreamNames=["x"]) == MISSING_STREAM


# ---- Insights ----

def start(logs, query, **members):
    members.setdefault("logGroupName", "g")
    return logs.start_query(startTime=int(time.time()) - 3600, endTime=int(time.time()) + 3600, queryString=query,
                            **members)["queryId"]


def finished(logs, query_id):
    def look():
        answer = logs.get_query_results(queryId=query_id)
        return answer if answer["status"] not in ("Running", "Scheduled") else None

    return wait_for(look, "the end of the query")


def rows(answer):
    return [{cell["field"]: cell["value"] for cell in row} for row in answer["results"]]


def test_a_small_query_is_complete_at_the_first_look(logs, group):
    put_flows(logs, 100)
    answer = logs.get_query_results(queryId=start(logs, "stats count(*) as n by action | sort action"))
    assert answer["status"] == "Complete"
    assert rows(answer) == [{"action": "ACCEPT", "n": "50"}, {"action": "REJECT", "n": "50"}]
    assert answer["statistics"]["recordsMatched"] == 100.0 and answer["statistics"]["recordsScanned"] == 100.0


# AWS's sample, "top 15 host pairs by packets".
def test_the_sample_query_of_packet_transfers(logs, group):
    put_flows(logs, 100)
    answer = finished(logs, start(logs, "stats sum(packets) as packetsTransferred by srcAddr, dstAddr"
                                        " | sort packetsTransferred desc | limit 15"))
    assert [row["srcAddr"] for row in rows(answer)] == [f"203.0.113.{i}" for i in (3, 2, 1, 0)]
    assert rows(answer)[0]["packetsTransferred"] == str(sum(range(4, 101, 4)))


def test_the_record_behind_a_row(logs, group):
    put_flows(logs, 3)
    answer = finished(logs, start(logs, "fields @timestamp, @message | sort dstPort | limit 1"))
    row = rows(answer)[0]
    record = logs.get_log_record(logRecordPointer=row["@ptr"])["logRecord"]
    assert record["@message"] == row["@message"] and record["srcAddr"].startswith("203.0.113.")
    assert record["@logStream"] == "s"
    assert refused(logs.get_log_record, logRecordPointer="x")[0] == "InvalidParameterException"


def test_results_have_pages(logs, call, group):
    put_flows(logs, 25)
    query_id = start(logs, "fields srcPort | sort srcPort")
    finished(logs, query_id)
    listed = pages(lambda **members: call("GetQueryResults", queryId=query_id, **members), "results", maxItems=10)
    assert [len(page) for page in listed] == [10, 10, 5]
    ports = [row[0]["value"] for page in listed for row in page]
    assert ports == [str(1024 + i) for i in range(25)]
    assert refused(lambda: call("GetQueryResults", queryId=query_id, nextToken="x")) == BAD_TOKEN
    assert refused(logs.get_query_results, queryId="x")[0] == "ResourceNotFoundException"


def test_the_limit_of_a_query(logs, group):
    put_flows(logs, 25)
    assert len(finished(logs, start(logs, "fields srcPort", limit=5))["results"]) == 5
    assert len(finished(logs, start(logs, "fields srcPort | limit 7"))["results"]) == 7


def test_several_groups(logs, group):
    logs.create_log_group(logGroupName="h")
    logs.create_log_stream(logGroupName="h", logStreamName="s")
    put_flows(logs, 2)
    logs.put_log_events(logGroupName="h", logStreamName="s", logEvents=[{"timestamp": now_ms(), "message": "x"}])
    query_id = logs.start_query(startTime=now_ms() - 60_000, endTime=now_ms() + 60_000, logGroupNames=["g", "h"],
                                queryString="stats count(*) as n by @log | sort @log")["queryId"]
    assert rows(finished(logs, query_id)) == [{"@log": f"{ACCOUNT}:g", "n": "2"}, {"@log": f"{ACCOUNT}:h", "n": "1"}]


def test_a_source_in_the_query(logs, call, group):
    put_flows(logs, 2)
    query_id = call("StartQuery", startTime=int(time.time()) - 60, endTime=int(time.time()) + 60,
                    queryString='SOURCE logGroups(namePrefix: ["g"]) | stats count(*) as n')["queryId"]
    assert rows(finished(logs, query_id)) == [{"n": "2"}]
    assert call("ListLogGroupsForQuery", queryId=query_id)["logGroupIdentifiers"] == ["g"]
    assert refused(lambda: call("ListLogGroupsForQuery", queryId="x"))[0] == "ResourceNotFoundException"


def test_start_query_is_refused(logs, call, group):
    times = {"startTime": int(time.time()) - 60, "endTime": int(time.time())}
    code, text = refused(logs.start_query, logGroupName="x", queryString="fields @message", **times)
    assert code == "ResourceNotFoundException"  # recorded:
    assert text.startswith(f"Log group 'x' does not exist for account ID '{ACCOUNT}' (Service: AWSLogs; Status Code: "
                           "400; Error Code: ResourceNotFoundException; Request ID: ") and text.endswith("Proxy: null)")
    with pytest.raises(botocore.exceptions.ClientError) as problem:
        logs.start_query(logGroupName="g", queryString="fields @message | sortt bytes", **times)
    answer = problem.value.response
    assert answer["Error"]["Code"] == "MalformedQueryException"
    assert answer["queryCompileError"]["location"]["startCharOffset"] == 18
    assert answer["queryCompileError"]["message"] == answer["Error"]["Message"]
    assert refused(logs.start_query, queryString="fields a", **times)[0] == "InvalidParameterException"
    assert refused(logs.start_query, queryString="fields a", logGroupName="g", logGroupNames=["g"], **times)[0] == (
        "InvalidParameterException")
    assert refused(lambda: call("StartQuery", queryString="SELECT 1", logGroupName="g", queryLanguage="SQL", **times))[
        0] == "InvalidParameterException"
    assert refused(logs.start_query, queryString="fields a", logGroupName="g", startTime=2, endTime=1)[0] == (
        "InvalidParameterException")


def test_stop_and_describe_queries(logs, group):
    put_flows(logs, 2)
    query_id = start(logs, "fields @message")
    finished(logs, query_id)
    assert refused(logs.stop_query, queryId=query_id)[0] == "InvalidParameterException"
    assert refused(logs.stop_query, queryId="x")[0] == "ResourceNotFoundException"
    start(logs, "fields srcAddr")
    listed = pages(logs.describe_queries, "queries", maxResults=1)
    assert [page[0]["queryString"].split(" | ")[1] for page in listed] == ["fields srcAddr", "fields @message"]
    assert listed[1][0]["queryString"].startswith('SOURCE "g" START=')
    assert [q["queryId"] for q in logs.describe_queries(logGroupName="g", status="Complete")["queries"]].count(
        query_id) == 1
    assert logs.describe_queries(logGroupName="h")["queries"] == []
    assert refused(logs.describe_queries, nextToken="x") == BAD_TOKEN


def test_get_log_group_fields(logs, group):
    put_flows(logs, 10)
    fields = {f["name"]: f["percent"] for f in logs.get_log_group_fields(logGroupName="g")["logGroupFields"]}
    assert fields["@message"] == 100 and fields["srcAddr"] == 100 and fields["dstPort"] == 100
    old = logs.get_log_group_fields(logGroupName="g", time=int(time.time()) - 7200)
    assert old["logGroupFields"] == []
    assert refused(logs.get_log_group_fields, logGroupName="x") == MISSING_GROUP


# ---- Saved queries and index policies ----

def test_query_definitions(logs, call):
    first = logs.put_query_definition(name="flow/b", queryString="fields @message", logGroupNames=["g"])
    call("PutQueryDefinition", name="flow/a", queryString="limit {{n}}", parameters=[{"name": "n"}])
    listed = pages(logs.describe_query_definitions, "queryDefinitions", maxResults=1)
    assert [page[0]["name"] for page in listed] == ["flow/a", "flow/b"]
    logs.put_query_definition(name="other", queryString="limit 1", queryDefinitionId=first["queryDefinitionId"])
    assert [d["name"] for d in logs.describe_query_definitions(queryDefinitionNamePrefix="o")["queryDefinitions"]] == [
        "other"]
    assert logs.delete_query_definition(queryDefinitionId=first["queryDefinitionId"])["success"]
    assert refused(logs.delete_query_definition, queryDefinitionId="x")[0] == "ResourceNotFoundException"
    assert refused(logs.put_query_definition, name="a", queryString="x", queryDefinitionId="x")[0] == (
        "ResourceNotFoundException")
    assert refused(logs.describe_query_definitions, nextToken="x") == BAD_TOKEN
    assert refused(lambda: call("PutQueryDefinition", name="a", queryString="limit {{m}}",
                                parameters=[{"name": "n"}]))[0] == "InvalidParameterException"


def test_index_policies(logs, call, group):
    policy = json.dumps({"Fields": ["srcAddr"], "FieldsV2": {"action": {"type": "FACET"}}})
    made = call("PutIndexPolicy", logGroupIdentifier="g", policyDocument=policy)["indexPolicy"]
    assert made["policyDocument"] == policy and made["source"] == "LOG_GROUP"
    assert call("DescribeIndexPolicies", logGroupIdentifiers=["g"])["indexPolicies"] == [made]
    indexes = call("DescribeFieldIndexes", logGroupIdentifiers=["g"])["fieldIndexes"]
    assert [(i["fieldIndexName"], i["type"]) for i in indexes] == [("srcAddr", "FIELD_INDEX"), ("action", "FACET")]
    assert [g["logGroupName"] for g in call("ListLogGroups", fieldIndexNames=["action"])["logGroups"]] == ["g"]
    call("DeleteIndexPolicy", logGroupIdentifier="g")
    assert call("DescribeIndexPolicies", logGroupIdentifiers=["g"])["indexPolicies"] == []
    assert refused(lambda: call("DeleteIndexPolicy", logGroupIdentifier="g"))[0] == "ResourceNotFoundException"
    assert refused(lambda: call("PutIndexPolicy", logGroupIdentifier="x", policyDocument=policy)) == MISSING_GROUP
    assert refused(lambda: call("PutIndexPolicy", logGroupIdentifier="g", policyDocument="{}"))[0] == (
        "InvalidParameterException")


def test_what_is_not_there_is_refused(call):
    for operation in ("CreateLogAnomalyDetector", "PutTransformer", "CreateScheduledQuery"):
        assert refused(lambda: call(operation))[0] == "UnknownOperationException"
