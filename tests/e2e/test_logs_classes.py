# SPDX-License-Identifier: Apache-2.0
"""What log groups of the classes INFREQUENT_ACCESS and DELIVERY cannot do (User Guide, "Log classes"). Verified on AWS:
no; the texts are ours."""

import json
import time

import pytest

from conftest import REGION, refused, wait_for

LAMBDA = f"arn:aws:lambda:{REGION}:000000000000:function:f"


@pytest.fixture(params=["INFREQUENT_ACCESS", "DELIVERY"])
def group(request, call):
    call("CreateLogGroup", logGroupName="c", logGroupClass=request.param)
    call("CreateLogStream", logGroupName="c", logStreamName="s")
    call("PutLogEvents", logGroupName="c", logStreamName="s",
         logEvents=[{"timestamp": int(time.time() * 1000), "message": "one"}])
    return request.param


@pytest.mark.parametrize("operation, members, code", [
    ("GetLogEvents", {"logGroupName": "c", "logStreamName": "s"}, "InvalidParameterException"),
    ("FilterLogEvents", {"logGroupName": "c"}, "InvalidParameterException"),
    ("PutMetricFilter", {"logGroupName": "c", "filterName": "f", "filterPattern": "", "metricTransformations": [
        {"metricName": "m", "metricNamespace": "n", "metricValue": "1"}]}, "InvalidOperationException"),
    ("PutSubscriptionFilter", {"logGroupName": "c", "filterName": "f", "filterPattern": "", "destinationArn": LAMBDA},
     "InvalidOperationException"),
    ("StartLiveTail", {"logGroupIdentifiers": [f"arn:aws:logs:{REGION}:000000000000:log-group:c"]},
     "InvalidOperationException"),
    ("PutIndexPolicy", {"logGroupIdentifier": "c", "policyDocument": json.dumps({"Fields": ["a"]})},
     "InvalidParameterException"),
])
def test_an_operation_of_the_standard_class_is_refused(call, group, operation, members, code):
    found, text = refused(call, operation, **members)
    assert found == code and group in text


def test_an_entity_is_rejected_and_the_events_are_kept(call, group):
    answer = call("PutLogEvents", logGroupName="c", logStreamName="s",
                  logEvents=[{"timestamp": int(time.time() * 1000), "message": "two"}],
                  entity={"keyAttributes": {"Type": "Service", "Name": "x"}})
    assert answer["rejectedEntityInfo"] == {"errorType": "UnsupportedLogGroupType"}


def test_groups_are_listed_by_class(call, group):
    call("CreateLogGroup", logGroupName="standard")
    for operation in ("DescribeLogGroups", "ListLogGroups"):
        assert [g["logGroupName"] for g in call(operation, logGroupClass=group)["logGroups"]] == ["c"]
    assert call("DescribeLogGroups", logGroupNamePrefix="c")["logGroups"][0]["logGroupClass"] == group
    text = refused(call, "CreateLogGroup", logGroupName="x", logGroupClass="COLD")[1]
    assert "Member must satisfy enum value set: [STANDARD, INFREQUENT_ACCESS, DELIVERY]" in text


def test_queries_work_in_infrequent_access_and_not_in_delivery(call, group):
    query = {"logGroupName": "c", "queryString": "fields @message", "startTime": int(time.time()) - 60,
             "endTime": int(time.time()) + 60}
    if group == "DELIVERY":
        assert refused(call, "StartQuery", **query)[0] == "InvalidParameterException"
        return
    query_id = call("StartQuery", **query)["queryId"]
    done = wait_for(lambda: (answer := call("GetQueryResults", queryId=query_id))["status"] == "Complete" and answer,
                    "the end of the query")
    assert [row[0] for row in done["results"]] == [{"field": "@message", "value": "one"}]
