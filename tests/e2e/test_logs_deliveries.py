# SPDX-License-Identifier: Apache-2.0
"""The delivery API: sources, destinations and deliveries are kept and shown. Members are those of AWS's service model,
ARNs those of its examples; texts of errors are unverified."""

import json

import pytest

from conftest import REGION, refused

ACCOUNT = "000000000000"
RESOURCE = f"arn:aws:bedrock:{REGION}:{ACCOUNT}:knowledge-base/KB1"
BUCKET = "arn:aws:s3:::logs-bucket"
GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:vended:*"
STREAM = f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/d"


def arn(kind, name):
    return f"arn:aws:logs:{REGION}:{ACCOUNT}:{kind}:{name}"


def put_source(call, name="source", resource=RESOURCE, **more):
    return call("PutDeliverySource", name=name, resourceArn=resource, logType="APPLICATION_LOGS", **more)["deliverySource"]


def put_destination(call, name="bucket", target=BUCKET, **more):
    return call("PutDeliveryDestination", name=name, deliveryDestinationConfiguration={
        "destinationResourceArn": target}, **more)["deliveryDestination"]


def create(call, destination="bucket", **more):
    return call("CreateDelivery", deliverySourceName="source",
                deliveryDestinationArn=arn("delivery-destination", destination), **more)["delivery"]


def pages(call, operation, result, **members):
    found, token = [], {}
    while True:
        answer = call(operation, **members, **token)
        found.append(answer[result])
        if "nextToken" not in answer:
            return found
        token = {"nextToken": answer["nextToken"]}


def test_sources(call):
    made = put_source(call, tags={"stage": "prod"})
    assert made == {"name": "source", "arn": arn("delivery-source", "source"), "resourceArns": [RESOURCE],
                    "service": "bedrock", "logType": "APPLICATION_LOGS", "tags": {"stage": "prod"}}
    assert call("GetDeliverySource", name="source")["deliverySource"] == made
    put_source(call, deliverySourceConfiguration={"a": "b"})
    changed = call("GetDeliverySource", name="source")["deliverySource"]
    assert changed["deliverySourceConfiguration"] == {"a": "b"} and changed["tags"] == {"stage": "prod"}
    put_source(call, "another", RESOURCE + "2")
    listed = pages(call, "DescribeDeliverySources", "deliverySources", limit=1)
    assert [[s["name"] for s in page] for page in listed] == [["another"], ["source"]]
    assert refused(put_source, call, "third")[0] == "ConflictException"
    assert refused(put_source, call, "a b")[0] == "ValidationException"
    assert refused(put_source, call, "bad", "bedrock")[0] == "ValidationException"
    assert refused(put_source, call, "bad", RESOURCE + "3", tags={"\x01": ""})[0] == "ValidationException"
    call("DeleteDeliverySource", name="another")
    for operation in ("GetDeliverySource", "DeleteDeliverySource"):
        assert refused(call, operation, name="another")[0] == "ResourceNotFoundException"


@pytest.mark.parametrize("target, kind", [(BUCKET, "S3"), (GROUP, "CWL"), (STREAM, "FH")])
def test_a_destination_has_the_type_of_its_target(call, target, kind):
    made = put_destination(call, target=target, outputFormat="json")
    assert made == {"name": "bucket", "arn": arn("delivery-destination", "bucket"), "deliveryDestinationType": kind,
                    "outputFormat": "json", "deliveryDestinationConfiguration": {"destinationResourceArn": target}}
    assert call("GetDeliveryDestination", name="bucket")["deliveryDestination"] == made


def test_destinations(call):
    assert call("PutDeliveryDestination", name="x", deliveryDestinationType="XRAY")["deliveryDestination"] == {
        "name": "x", "arn": arn("delivery-destination", "x"), "deliveryDestinationType": "XRAY"}
    put_destination(call)
    listed = pages(call, "DescribeDeliveryDestinations", "deliveryDestinations", limit=1)
    assert [[d["name"] for d in page] for page in listed] == [["bucket"], ["x"]]
    for more in ({"deliveryDestinationType": "FH"}, {"outputFormat": "xml"}, {"target": "bucket"},
                 {"target": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"}):
        assert refused(put_destination, call, "bad", **more)[0] == "ValidationException", more
    assert refused(call, "PutDeliveryDestination", name="bad")[0] == "ValidationException"
    call("DeleteDeliveryDestination", name="x")
    for operation in ("GetDeliveryDestination", "DeleteDeliveryDestination"):
        assert refused(call, operation, name="x")[0] == "ResourceNotFoundException"


def test_policies_of_destinations(call):
    put_destination(call)
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    name = {"deliveryDestinationName": "bucket"}
    assert call("GetDeliveryDestinationPolicy", **name)["policy"] == {}
    put = call("PutDeliveryDestinationPolicy", deliveryDestinationPolicy=policy, **name)
    assert put["policy"] == {"deliveryDestinationPolicy": policy} == call("GetDeliveryDestinationPolicy", **name)["policy"]
    put_destination(call, outputFormat="plain")  # keeps it
    assert call("GetDeliveryDestinationPolicy", **name)["policy"] == {"deliveryDestinationPolicy": policy}
    call("DeleteDeliveryDestinationPolicy", **name)
    assert call("GetDeliveryDestinationPolicy", **name)["policy"] == {}
    assert refused(call, "PutDeliveryDestinationPolicy", deliveryDestinationPolicy="{", **name)[0] == (
        "ValidationException")
    for operation, more in (("PutDeliveryDestinationPolicy", {"deliveryDestinationPolicy": policy}),
                            ("GetDeliveryDestinationPolicy", {}), ("DeleteDeliveryDestinationPolicy", {})):
        assert refused(call, operation, deliveryDestinationName="x", **more)[0] == "ResourceNotFoundException"


def test_deliveries(call):
    put_source(call)
    put_destination(call)
    put_destination(call, "group", GROUP, outputFormat="json")
    made = create(call, recordFields=["a", "b"], fieldDelimiter=",", s3DeliveryConfiguration={
        "suffixPath": "{yyyy}/", "enableHiveCompatiblePath": True}, tags={"stage": "prod"})
    assert made == {
        "id": made["id"], "arn": arn("delivery", made["id"]), "deliverySourceName": "source",
        "deliveryDestinationArn": arn("delivery-destination", "bucket"), "deliveryDestinationType": "S3",
        "recordFields": ["a", "b"], "fieldDelimiter": ",", "tags": {"stage": "prod"},
        "s3DeliveryConfiguration": {"suffixPath": "{yyyy}/", "enableHiveCompatiblePath": True}}
    assert len(made["id"]) == 16 and made["id"].isalnum()
    assert refused(create, call)[0] == "ConflictException"
    create(call, "group")
    listed = pages(call, "DescribeDeliveries", "deliveries", limit=1)
    assert [len(page) for page in listed] == [1, 1]
    call("UpdateDeliveryConfiguration", id=made["id"], recordFields=["c"])
    changed = call("GetDelivery", id=made["id"])["delivery"]
    assert changed["recordFields"] == ["c"] and changed["fieldDelimiter"] == ","
    # What a delivery uses stays.
    assert refused(call, "DeleteDeliverySource", name="source")[0] == "ConflictException"
    assert refused(call, "DeleteDeliveryDestination", name="bucket")[0] == "ConflictException"
    assert refused(put_destination, call, "bucket", STREAM)[0] == "ConflictException"
    for page in listed:
        call("DeleteDelivery", id=page[0]["id"])
    call("DeleteDeliverySource", name="source")
    call("DeleteDeliveryDestination", name="bucket")


def test_bad_deliveries(call):
    put_source(call)
    put_destination(call, "group", GROUP, outputFormat="json")
    assert refused(create, call, "x")[0] == "ResourceNotFoundException"
    for more in ({"s3DeliveryConfiguration": {"suffixPath": "a"}}, {"fieldDelimiter": ","}, {"fieldDelimiter": "123456"},
                 {"recordFields": ["f"] * 129}):
        assert refused(create, call, "group", **more)[0] == "ValidationException", more
    missing = {"deliverySourceName": "x", "deliveryDestinationArn": arn("delivery-destination", "group")}
    assert refused(call, "CreateDelivery", **missing)[0] == "ResourceNotFoundException"
    assert refused(call, "CreateDelivery", deliverySourceName="source", deliveryDestinationArn="group")[0] == (
        "ValidationException")
    for operation in ("GetDelivery", "DeleteDelivery", "UpdateDeliveryConfiguration"):
        assert refused(call, operation, id="x")[0] == "ResourceNotFoundException"
        assert refused(call, operation, id="a-b")[0] == "ValidationException"


def test_tags(call):
    put_source(call)
    put_destination(call)
    made = create(call)
    for resource in (arn("delivery-source", "source"), arn("delivery-destination", "bucket"), made["arn"]):
        call("TagResource", resourceArn=resource, tags={"a": "1", "b": "2"})
        call("UntagResource", resourceArn=resource, tagKeys=["a"])
        assert call("ListTagsForResource", resourceArn=resource)["tags"] == {"b": "2"}
        assert refused(call, "TagResource", resourceArn=resource + "x", tags={"a": "1"})[0] == (
            "ResourceNotFoundException")
