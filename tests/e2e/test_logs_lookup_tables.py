# SPDX-License-Identifier: Apache-2.0
"""Lookup tables and the queries that use them. Members are those of AWS's service model; texts of errors and the form of
the ARN are unverified."""

import time

import pytest

from conftest import REGION, refused, wait_for

ACCOUNT = "000000000000"
HOSTS = "ip,name,owner\n10.0.0.5,web,\"team, blue\"\n10.0.0.9,db,red\n"
MISSING = ("ResourceNotFoundException", "The specified lookup table does not exist.")


def arn(name):
    return f"arn:aws:logs:{REGION}:{ACCOUNT}:lookup-table:{name}"


def create(call, name="hosts", body=HOSTS, **more):
    return call("CreateLookupTable", lookupTableName=name, tableBody=body, **more)


def test_a_table_is_created_shown_replaced_and_deleted(call):
    made = create(call, description="our hosts", kmsKeyId="arn:aws:kms:us-east-1:000000000000:key/1")
    assert made["lookupTableArn"] == arn("hosts") and abs(made["createdAt"] - time.time() * 1000) < 7_200_000
    shown = call("GetLookupTable", lookupTableArn=arn("hosts"))
    assert shown["tableBody"] == HOSTS and shown["sizeBytes"] == len(HOSTS) and shown["description"] == "our hosts"
    listed = call("DescribeLookupTables")["lookupTables"]
    assert listed == [{
        "lookupTableArn": arn("hosts"), "lookupTableName": "hosts", "description": "our hosts",
        "tableFields": ["ip", "name", "owner"], "recordsCount": 2, "sizeBytes": len(HOSTS),
        "lastUpdatedTime": shown["lastUpdatedTime"], "kmsKeyId": "arn:aws:kms:us-east-1:000000000000:key/1"}]
    updated = call("UpdateLookupTable", lookupTableArn=arn("hosts"), tableBody="ip,name\r\n10.0.0.5,www\r\n")
    assert updated["lookupTableArn"] == arn("hosts") and updated["lastUpdatedTime"] >= made["createdAt"]
    assert call("GetLookupTable", lookupTableArn=arn("hosts"))["description"] == "our hosts"
    call("DeleteLookupTable", lookupTableArn=arn("hosts"))
    assert refused(call, "GetLookupTable", lookupTableArn=arn("hosts")) == MISSING
    assert call("DescribeLookupTables")["lookupTables"] == []


def test_tables_are_listed_in_pages(call):
    for name in ("b", "a1", "a2", "c"):
        create(call, name)

    def names(**members):
        found, token = [], {}
        while True:
            answer = call("DescribeLookupTables", **members, **token)
            found.append([t["lookupTableName"] for t in answer["lookupTables"]])
            if "nextToken" not in answer:
                return found
            token = {"nextToken": answer["nextToken"]}

    assert names(maxResults=3) == [["a1", "a2", "b"], ["c"]]
    assert names(lookupTableNamePrefix="a", maxResults=1) == [["a1"], ["a2"]]
    assert "less than or equal to 100" in refused(call, "DescribeLookupTables", maxResults=101)[1]


@pytest.mark.parametrize("change, code, text", [
    ({"lookupTableName": "a-b"}, "InvalidParameterException", "regular expression pattern: ^[a-zA-Z0-9_]+$"),
    ({"lookupTableName": "a" * 257}, "InvalidParameterException", "length less than or equal to 256"),
    ({"description": "d" * 1025}, "InvalidParameterException", "length less than or equal to 1024"),
    ({"tableBody": ""}, "InvalidParameterException", "length greater than or equal to 1"),
    ({"tableBody": "a\n" + "b" * 10_485_760}, "InvalidParameterException", "length less than or equal to 10485760"),
    ({"tableBody": "a,b\n1\n"}, "InvalidParameterException", "row 2: it has 1 values, the header has 2"),
    ({"tableBody": "a,a\n"}, "InvalidParameterException", "'a' is there twice"),
    ({"tableBody": "a\n\"b\n"}, "InvalidParameterException", "row 2: a quoted value has no end"),
    ({"tags": {"\x01": "v"}}, "InvalidParameterException", "Map keys must satisfy constraint"),
])
def test_bad_tables_are_refused(call, change, code, text):
    members = {"lookupTableName": "hosts", "tableBody": HOSTS, **change}
    found, message = refused(call, "CreateLookupTable", **members)
    assert found == code and text in message
    assert call("DescribeLookupTables")["lookupTables"] == []


def test_what_is_not_there_and_what_is_there_already(call):
    create(call)
    assert refused(create, call) == ("ResourceAlreadyExistsException", "The specified lookup table already exists")
    for operation, more in (("GetLookupTable", {}), ("DeleteLookupTable", {}), ("UpdateLookupTable", {"tableBody": "a"})):
        assert refused(call, operation, lookupTableArn=arn("x"), **more) == MISSING
        assert refused(call, operation, lookupTableArn="hosts", **more)[0] == "InvalidParameterException"
    elsewhere = f"arn:aws:logs:eu-west-1:{ACCOUNT}:lookup-table:hosts"
    assert refused(call, "GetLookupTable", lookupTableArn=elsewhere) == MISSING


def test_the_101st_table_is_refused(call):
    for i in range(100):
        create(call, f"t{i}", "a\n")
    assert refused(create, call, "more", "a\n") == ("LimitExceededException", "Resource limit exceeded.")
    call("UpdateLookupTable", lookupTableArn=arn("t0"), tableBody="b\n")


def test_tables_have_tags(call):
    create(call, tags={"stage": "prod"})
    call("TagResource", resourceArn=arn("hosts"), tags={"team": "blue"})
    call("UntagResource", resourceArn=arn("hosts"), tagKeys=["stage"])
    assert call("ListTagsForResource", resourceArn=arn("hosts"))["tags"] == {"team": "blue"}
    assert refused(call, "TagResource", resourceArn=arn("x"), tags={"a": "b"}) == MISSING
    assert refused(call, "TagResource", resourceArn=arn("hosts"), tags={f"k{i}": "" for i in range(50)})[0] == (
        "TooManyTagsException")


def rows(call, query):
    query_id = call("StartQuery", logGroupName="g", queryString=query, startTime=int(time.time()) - 3600,
                    endTime=int(time.time()) + 3600)["queryId"]
    answer = wait_for(lambda: (found := call("GetQueryResults", queryId=query_id))["status"]
                      not in ("Running", "Scheduled") and found, "the end of the query")
    return answer["status"], [{c["field"]: c["value"] for c in row if c["field"] != "@ptr"} for row in answer["results"]]


def test_queries_look_up(call):
    call("CreateLogGroup", logGroupName="g")
    call("CreateLogStream", logGroupName="g", logStreamName="s")
    flow = "2 123456789010 eni-1 203.0.113.9 {} 50123 22 6 4 240 1767603600 1767603655 REJECT OK"
    call("PutLogEvents", logGroupName="g", logStreamName="s", logEvents=[
        {"timestamp": int(time.time() * 1000), "message": flow.format(f"10.0.0.{i}")} for i in (5, 9, 7)])
    create(call)
    create(call, "nets", "cidr,zone\n10.0.0.0/29,small\n10.0.0.0/8,large\n")
    query = "fields dstAddr | lookup hosts ip as dstAddr OUTPUT name, owner | sort dstAddr"
    assert rows(call, query) == ("Complete", [
        {"dstAddr": "10.0.0.5", "name": "web", "owner": "team, blue"}, {"dstAddr": "10.0.0.7"},
        {"dstAddr": "10.0.0.9", "name": "db", "owner": "red"}])
    assert rows(call, "fields dstAddr | cidrlookup nets dstAddr OUTPUT zone | sort dstAddr")[1] == [
        {"dstAddr": "10.0.0.5", "zone": "small"}, {"dstAddr": "10.0.0.7", "zone": "small"},
        {"dstAddr": "10.0.0.9", "zone": "large"}]
    call("UpdateLookupTable", lookupTableArn=arn("hosts"), tableBody="ip,name,owner\n10.0.0.5,www,\n")
    assert rows(call, query)[1][0]["name"] == "www"
    call("DeleteLookupTable", lookupTableArn=arn("hosts"))
    assert rows(call, query) == ("Failed", [])
