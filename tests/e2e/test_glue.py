# SPDX-License-Identifier: Apache-2.0
"""The data catalog through the Glue API, as awswrangler, dbt, Terraform and Trino use it, and the same tables through
Athena. Facts: Glue API reference; texts verified on AWS: no."""

import base64
import json
import time

import botocore.exceptions
import pytest

from conftest import wait_for

STORAGE = {
    "Columns": [{"Name": "srcaddr", "Type": "string", "Comment": "who"}, {"Name": "bytes", "Type": "bigint"}],
    "Location": "s3://flows/data/", "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat", "Compressed": True,
    "NumberOfBuckets": -1, "BucketColumns": [], "SortColumns": [{"Column": "bytes", "SortOrder": 1}],
    "SerdeInfo": {"Name": "n", "SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
                  "Parameters": {"field.delim": " "}},
    "Parameters": {"a": "b"}, "StoredAsSubDirectories": False,
}
TABLE = {"Name": "flow", "Description": "records", "Owner": "ops", "Retention": 7, "TableType": "EXTERNAL_TABLE",
         "PartitionKeys": [{"Name": "day", "Type": "string"}], "Parameters": {"EXTERNAL": "TRUE"},
         "StorageDescriptor": STORAGE}
IN_TABLE = {"DatabaseName": "net", "TableName": "flow"}


@pytest.fixture
def glue(client):
    return client("glue")


@pytest.fixture
def table(glue):
    glue.create_database(DatabaseInput={"Name": "net"})
    glue.create_table(DatabaseName="net", TableInput=TABLE)
    return glue


def code_of(call, **members):
    with pytest.raises(botocore.exceptions.ClientError) as problem:
        call(**members)
    error = problem.value.response["Error"]
    assert error["Message"]
    return error["Code"]


def partition(day, **members):
    return {"Values": [day], "StorageDescriptor": {**STORAGE, "Location": f"s3://flows/data/{day}/"}, **members}


def test_databases(glue):
    glue.create_database(DatabaseInput={"Name": "Net", "Description": "d", "LocationUri": "s3://b/", "Parameters": {"a": "b"},
                                        "CreateTableDefaultPermissions": []}, Tags={"team": "ops"})
    found = glue.get_database(Name="NET")["Database"]
    assert (found["Name"], found["Description"], found["LocationUri"], found["Parameters"]) == (
        "net", "d", "s3://b/", {"a": "b"})
    assert found["CatalogId"] == "000000000000" and found["CreateTableDefaultPermissions"] == []
    assert abs(found["CreateTime"].timestamp() - time.time()) < 3600
    arn = "arn:aws:glue:us-east-1:000000000000:database/net"
    glue.tag_resource(ResourceArn=arn, TagsToAdd={"env": "test"})
    glue.untag_resource(ResourceArn=arn, TagsToRemove=["team"])
    assert glue.get_tags(ResourceArn=arn)["Tags"] == {"env": "test"}
    glue.update_database(Name="net", DatabaseInput={"Name": "net", "Description": "new"})
    found = glue.get_database(Name="net")["Database"]
    assert found["Description"] == "new" and "LocationUri" not in found
    for number in range(5):
        glue.create_database(DatabaseInput={"Name": f"d{number}"})
    pages = glue.get_paginator("get_databases").paginate(PaginationConfig={"PageSize": 2})
    assert [d["Name"] for page in pages for d in page["DatabaseList"]] == ["d0", "d1", "d2", "d3", "d4", "default", "net"]
    glue.delete_database(Name="net")
    assert code_of(glue.get_database, Name="net") == "EntityNotFoundException"
    assert code_of(glue.delete_database, Name="net") == "EntityNotFoundException"
    assert code_of(glue.update_database, Name="net", DatabaseInput={"Name": "net"}) == "EntityNotFoundException"
    assert code_of(glue.create_database, DatabaseInput={"Name": "d0"}) == "AlreadyExistsException"
    assert code_of(glue.create_database, DatabaseInput={"Name": "n" * 256}) == "InvalidInputException"
    assert code_of(glue.get_databases, NextToken="!") == "InvalidInputException"
    assert code_of(glue.get_database, Name="d0", CatalogId="111111111111") == "EntityNotFoundException"


# Terraform refuses to go on where what it wrote is not what it reads.
def test_a_table_is_shown_as_it_was_given(table):
    found = table.get_table(DatabaseName="net", Name="FLOW")["Table"]
    assert {name: found[name] for name in TABLE} == TABLE
    assert found["DatabaseName"] == "net" and found["CatalogId"] == "000000000000" and found["VersionId"] == "0"
    assert found["IsRegisteredWithLakeFormation"] is False
    bare = {"Name": "bare"}
    table.create_table(DatabaseName="net", TableInput=bare)
    assert "TableType" not in table.get_table(DatabaseName="net", Name="bare")["Table"]


def test_tables_are_listed_searched_changed_and_deleted(table):
    for number in range(5):
        table.create_table(DatabaseName="net", TableInput={**TABLE, "Name": f"t{number}"})
    names = lambda tables: [one["Name"] for one in tables]  # noqa: E731
    pages = table.get_paginator("get_tables").paginate(DatabaseName="net", PaginationConfig={"PageSize": 2})
    assert [name for page in pages for name in names(page["TableList"])] == ["flow", "t0", "t1", "t2", "t3", "t4"]
    assert names(table.get_tables(DatabaseName="net", Expression="t[12]")["TableList"]) == ["t1", "t2"]
    assert names(table.search_tables(SearchText="FLO")["TableList"]) == ["flow"]
    first = table.search_tables(MaxResults=4)
    assert names(first["TableList"]) + names(table.search_tables(NextToken=first["NextToken"])["TableList"]) == [
        "flow", "t0", "t1", "t2", "t3", "t4"]
    table.update_table(DatabaseName="net", TableInput={**TABLE, "Description": "new"})
    found = table.get_table(DatabaseName="net", Name="flow")["Table"]
    assert (found["Description"], found["VersionId"]) == ("new", "1") and found["UpdateTime"] >= found["CreateTime"]
    assert code_of(table.update_table, DatabaseName="net", TableInput=TABLE, VersionId="0") == (
        "ConcurrentModificationException")
    versions = table.get_table_versions(**IN_TABLE)["TableVersions"]
    assert [version["VersionId"] for version in versions] == ["1"]
    assert table.get_table_version(**IN_TABLE, VersionId="1")["TableVersion"]["Table"]["Name"] == "flow"
    assert code_of(table.get_table_version, **IN_TABLE, VersionId="7") == "EntityNotFoundException"
    assert code_of(table.delete_table_version, **IN_TABLE, VersionId="1") == "InvalidInputException"
    errors = table.batch_delete_table_version(**IN_TABLE, VersionIds=["0", "1"])["Errors"]
    assert [error["ErrorDetail"]["ErrorCode"] for error in errors] == ["EntityNotFoundException", "InvalidInputException"]
    assert table.batch_delete_table(DatabaseName="net", TablesToDelete=["t0", "none"])["Errors"] == [
        {"TableName": "none", "ErrorDetail": {"ErrorCode": "EntityNotFoundException", "ErrorMessage": "Table none not found"}}]
    table.delete_table(DatabaseName="net", Name="t1")
    assert code_of(table.get_table, DatabaseName="net", Name="t1") == "EntityNotFoundException"
    assert code_of(table.delete_table, DatabaseName="net", Name="t1") == "EntityNotFoundException"
    assert code_of(table.create_table, DatabaseName="net", TableInput=TABLE) == "AlreadyExistsException"
    assert code_of(table.create_table, DatabaseName="none", TableInput=TABLE) == "EntityNotFoundException"
    assert code_of(table.get_tables, DatabaseName="net", Expression="(") == "InvalidInputException"


def test_partitions(table):
    days = [f"2026-01-{day:02}" for day in range(1, 32)]
    assert table.batch_create_partition(**IN_TABLE, PartitionInputList=[partition(day) for day in days])["Errors"] == []
    errors = table.batch_create_partition(**IN_TABLE, PartitionInputList=[partition(days[0]), {"Values": ["a", "b"]}])["Errors"]
    assert [error["ErrorDetail"]["ErrorCode"] for error in errors] == ["AlreadyExistsException", "InvalidInputException"]
    pages = table.get_paginator("get_partitions").paginate(**IN_TABLE, PaginationConfig={"PageSize": 7})
    assert [one["Values"] for page in pages for one in page["Partitions"]] == [[day] for day in days]
    some = table.get_partitions(**IN_TABLE, Expression="day BETWEEN '2026-01-10' AND '2026-01-12'")["Partitions"]
    assert [one["Values"][0] for one in some] == days[9:12]
    parts = [table.get_partitions(**IN_TABLE, Segment={"SegmentNumber": n, "TotalSegments": 3})["Partitions"] for n in range(3)]
    assert sorted(one["Values"][0] for part in parts for one in part) == days and all(len(part) < 31 for part in parts)
    bare = table.get_partitions(**IN_TABLE, ExcludeColumnSchema=True, MaxResults=1)["Partitions"][0]
    assert bare["StorageDescriptor"]["Columns"] == []
    found = table.get_partition(**IN_TABLE, PartitionValues=[days[0]])["Partition"]
    assert found["StorageDescriptor"] == partition(days[0])["StorageDescriptor"]
    table.create_partition(**IN_TABLE, PartitionInput={"Values": ["plain"], "Parameters": {"x": "y"}})
    plain = table.get_partition(**IN_TABLE, PartitionValues=["plain"])["Partition"]
    assert plain["Parameters"] == {"x": "y"} and plain["StorageDescriptor"]["Columns"] == STORAGE["Columns"]
    table.update_partition(**IN_TABLE, PartitionValueList=["plain"], PartitionInput=partition("moved"))
    assert code_of(table.get_partition, **IN_TABLE, PartitionValues=["plain"]) == "EntityNotFoundException"
    assert code_of(table.update_partition, **IN_TABLE, PartitionValueList=["moved"],
                   PartitionInput=partition(days[0])) == "AlreadyExistsException"
    entry = {"PartitionValueList": ["moved"], "PartitionInput": partition("moved", Parameters={"n": "1"})}
    errors = table.batch_update_partition(**IN_TABLE, Entries=[entry, {**entry, "PartitionValueList": ["none"]}])["Errors"]
    assert [error["PartitionValueList"] for error in errors] == [["none"]]
    got = table.batch_get_partition(**IN_TABLE, PartitionsToGet=[{"Values": ["moved"]}, {"Values": ["none"]}])
    assert [one["Parameters"] for one in got["Partitions"]] == [{"n": "1"}] and got["UnprocessedKeys"] == []
    errors = table.batch_delete_partition(**IN_TABLE, PartitionsToDelete=[{"Values": ["moved"]}, {"Values": ["none"]}])["Errors"]
    assert [error["PartitionValues"] for error in errors] == [["none"]]
    table.delete_partition(**IN_TABLE, PartitionValues=[days[0]])
    assert code_of(table.delete_partition, **IN_TABLE, PartitionValues=[days[0]]) == "EntityNotFoundException"
    assert code_of(table.create_partition, **IN_TABLE, PartitionInput=partition(days[1])) == "AlreadyExistsException"
    assert code_of(table.get_partitions, **IN_TABLE, Expression="day =") == "InvalidInputException"
    assert code_of(table.get_partitions, DatabaseName="net", TableName="none") == "EntityNotFoundException"


def test_statistics_of_columns(table):
    one = {"ColumnName": "bytes", "ColumnType": "bigint", "AnalyzedTime": 1_700_000_000,
           "StatisticsData": {"Type": "LONG", "LongColumnStatisticsData": {
               "MinimumValue": 1, "MaximumValue": 9, "NumberOfNulls": 0, "NumberOfDistinctValues": 4}}}
    table.create_partition(**IN_TABLE, PartitionInput=partition("d"))
    for kind, place in (("table", {}), ("partition", {"PartitionValues": ["d"]})):
        where = {**IN_TABLE, **place}
        put = getattr(table, f"update_column_statistics_for_{kind}")
        get = getattr(table, f"get_column_statistics_for_{kind}")
        assert put(**where, ColumnStatisticsList=[one])["Errors"] == []
        assert len(put(**where, ColumnStatisticsList=[{**one, "ColumnName": "none"}])["Errors"]) == 1
        answer = get(**where, ColumnNames=["bytes", "srcaddr"])
        assert answer["ColumnStatisticsList"][0]["StatisticsData"] == one["StatisticsData"]
        assert [error["ColumnName"] for error in answer["Errors"]] == ["srcaddr"]
        remove = getattr(table, f"delete_column_statistics_for_{kind}")
        remove(**where, ColumnName="bytes")
        assert code_of(remove, **where, ColumnName="bytes") == "EntityNotFoundException"


def athena_rows(client, sql):
    athena = client("athena")
    query = athena.start_query_execution(QueryString=sql, ResultConfiguration={"OutputLocation": "s3://flows/results/"})

    def ended():
        status = athena.get_query_execution(QueryExecutionId=query["QueryExecutionId"])["QueryExecution"]["Status"]
        return status if status["State"] not in ("QUEUED", "RUNNING") else None
    status = wait_for(ended, "the query ends")
    assert status["State"] == "SUCCEEDED", status
    rows = athena.get_query_results(QueryExecutionId=query["QueryExecutionId"])["ResultSet"]["Rows"]
    return [[cell.get("VarCharValue") for cell in row["Data"]] for row in rows]


def test_tables_of_glue_are_tables_of_athena_and_back(client, table):
    s3 = client("s3")
    s3.create_bucket(Bucket="flows")
    for day, text in (("2026-01-01", "10.0.0.1 5\n10.0.0.2 6\n"), ("2026-01-02", "10.0.0.1 7\n")):
        s3.put_object(Bucket="flows", Key=f"data/{day}/x.txt", Body=text.encode())
        table.create_partition(**IN_TABLE, PartitionInput=partition(day))
    assert athena_rows(client, "SELECT day, sum(bytes) AS b FROM net.flow GROUP BY day ORDER BY day") == [
        ["day", "b"], ["2026-01-01", "11"], ["2026-01-02", "7"]]
    athena_rows(client, "CREATE VIEW net.big AS SELECT srcaddr FROM net.flow WHERE bytes > 5")
    view = table.get_table(DatabaseName="net", Name="big")["Table"]
    assert view["TableType"] == "VIRTUAL_VIEW" and view["ViewExpandedText"] == "/* Presto View */"
    text = view["ViewOriginalText"].removeprefix("/* Presto View: ").removesuffix(" */")
    decoded = json.loads(base64.b64decode(text))
    assert decoded["originalSql"] == "SELECT srcaddr FROM net.flow WHERE bytes > 5" and decoded["schema"] == "net"
    copy = {name: view[name] for name in ("ViewOriginalText", "ViewExpandedText", "TableType", "Parameters", "PartitionKeys")}
    table.create_table(DatabaseName="net", TableInput={**copy, "Name": "copied", "StorageDescriptor": {
        "Columns": view["StorageDescriptor"]["Columns"]}})
    assert athena_rows(client, "SELECT * FROM net.copied ORDER BY 1") == [["srcaddr"], ["10.0.0.1"], ["10.0.0.2"]]


RECORD = "2 000000000000 eni-1 198.51.100.7 10.0.0.5 4000 22 6 3 180 {start} {end} REJECT OK"


ALL_FIELDS = ("version vpc-id subnet-id instance-id interface-id account-id type srcaddr dstaddr srcport dstport pkt-srcaddr "
              "pkt-dstaddr protocol bytes packets start end action tcp-flags log-status region az-id flow-direction "
              "traffic-path pkt-src-aws-service pkt-dst-aws-service sublocation-type sublocation-id")


# All 16 queries that AWS has for flow logs run over records that have all they need.
def test_each_saved_query_of_aws_runs(client):
    ec2, s3, athena = client("ec2"), client("s3"), client("athena")
    s3.create_bucket(Bucket="flows")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    ec2.create_flow_logs(
        ResourceType="VPC", ResourceIds=[vpc], TrafficType="ALL", LogDestinationType="s3",
        LogDestination="arn:aws:s3:::flows", LogFormat=" ".join("${%s}" % field for field in ALL_FIELDS.split()),
        TagSpecifications=[{"ResourceType": "vpc-flow-log", "Tags": [{"Key": "Name", "Value": "all"}]}])
    now = int(time.time())
    values = {"version": 5, "vpc-id": vpc, "subnet-id": "subnet-1", "instance-id": "i-1", "interface-id": "eni-1",
              "account-id": "000000000000", "type": "IPv4", "srcaddr": "198.51.100.7", "dstaddr": "10.0.0.5", "srcport": 4000,
              "dstport": 22, "pkt-srcaddr": "198.51.100.7", "pkt-dstaddr": "10.0.0.5", "protocol": 6, "bytes": 180, "packets": 3,
              "start": now, "end": now + 1, "action": "REJECT", "tcp-flags": 2, "log-status": "OK", "region": "us-east-1",
              "az-id": "use1-az1", "flow-direction": "ingress"}
    text = ALL_FIELDS + "\n" + " ".join(str(values.get(field, "-")) for field in ALL_FIELDS.split()) + "\n"
    day = time.strftime("%Y/%m/%d", time.gmtime(now))
    s3.put_object(Bucket="flows", Key=f"AWSLogs/000000000000/vpcflowlogs/us-east-1/{day}/x.log", Body=text.encode())

    def saved():
        ids = [one for page in athena.get_paginator("list_named_queries").paginate() for one in page["NamedQueryIds"]]
        found = [athena.get_named_query(NamedQueryId=one)["NamedQuery"] for one in ids]
        return {query["Name"].split()[0]: query["QueryString"] for query in found} if len(found) == 16 else None
    rows = {name: athena_rows(client, text)[1:] for name, text in wait_for(saved, "all queries are there").items()}
    assert rows["VpcFlowLogsTopTalkers"] == [["198.51.100.7", "180", "3"]]
    assert rows["VpcFlowLogsRejectedTCPTraffic"] == [["198.51.100.7", "10.0.0.5", "22", "3"]]
    assert rows["VpcFlowLogsIPv4Traffic"] == [["1", "3", "180"]]
    assert rows["VpcFlowLogsAcceptedTraffic"] == []


# The files of a flow log can be asked without any DDL.
@pytest.mark.parametrize("file_format", ["plain-text", "parquet"])
def test_a_flow_log_to_s3_is_a_table(client, file_format):
    ec2, s3, glue, athena = client("ec2"), client("s3"), client("glue"), client("athena")
    s3.create_bucket(Bucket="flows")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    tags = [{"ResourceType": "vpc-flow-log", "Tags": [{"Key": "Name", "Value": "Edge traffic, 2"}]}]
    flow_log = ec2.create_flow_logs(
        ResourceType="VPC", ResourceIds=[vpc], TrafficType="ALL", LogDestinationType="s3",
        LogDestination="arn:aws:s3:::flows/logs/", TagSpecifications=tags,
        DestinationOptions={"FileFormat": file_format, "HiveCompatiblePartitions": False, "PerHourPartition": False},
    )["FlowLogIds"][0]

    def tables():
        try:
            return [table["Name"] for table in glue.get_tables(DatabaseName="flow_logs")["TableList"]]
        except glue.exceptions.EntityNotFoundException:
            return []
    wait_for(lambda: tables() == ["edge_traffic_2"], "the flow log has a table")
    second = ec2.create_flow_logs(ResourceType="VPC", ResourceIds=[vpc], TrafficType="REJECT", LogDestinationType="s3",
                                  LogDestination="arn:aws:s3:::flows/rejects/", TagSpecifications=tags)["FlowLogIds"][0]
    wait_for(lambda: tables() == ["edge_traffic_2", second.replace("-", "")], "the same name is not taken twice")
    glue.delete_table(DatabaseName="flow_logs", Name=second.replace("-", ""))
    ec2.create_tags(Resources=[flow_log], Tags=[{"Key": "more", "Value": "x"}])
    if file_format == "plain-text":
        now = time.time()
        header = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
        text = header + "\n" + RECORD.format(start=int(now), end=int(now) + 1) + "\n"
        day = time.strftime("%Y/%m/%d", time.gmtime(now))
        s3.put_object(Bucket="flows", Key=f"logs/AWSLogs/000000000000/vpcflowlogs/us-east-1/{day}/x.log", Body=text.encode())
        assert athena_rows(client, "SELECT srcaddr, dstport, action FROM flow_logs.edge_traffic_2") == [
            ["srcaddr", "dstport", "action"], ["198.51.100.7", "22", "REJECT"]]
    wanted = "VpcFlowLogsRejectedTraffic edge_traffic_2"

    def saved():
        ids = [one for page in athena.get_paginator("list_named_queries").paginate() for one in page["NamedQueryIds"]]
        return {query["Name"]: query for query in (athena.get_named_query(NamedQueryId=one)["NamedQuery"] for one in ids)}
    queries = wait_for(lambda: wanted in saved() and saved(), "the named queries are there")
    rows = athena_rows(client, queries[wanted]["QueryString"])
    assert len(rows) == (2 if file_format == "plain-text" else 1)
    assert tables() == ["edge_traffic_2"], "a table that somebody dropped stays away"
