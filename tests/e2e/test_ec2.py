# SPDX-License-Identifier: Apache-2.0
"""EC2 around flow logs, as boto3 sees it: security groups, network ACLs, interfaces, tags, dry runs, pages."""

import botocore.exceptions
import pytest


@pytest.fixture
def ec2(client):
    return client("ec2")


def refusal(call):
    with pytest.raises(botocore.exceptions.ClientError) as problem:
        call()
    return problem.value.response["Error"]["Code"]


SSH = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22,
       "IpRanges": [{"CidrIp": "100.68.0.18/18", "Description": "office"}]}


def test_a_group_lives_as_on_aws(ec2):
    vpc = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
    made = ec2.create_security_group(
        GroupName="web", Description="web servers", VpcId=vpc,
        TagSpecifications=[{"ResourceType": "security-group", "Tags": [{"Key": "team", "Value": "net"}]}])
    group = made["GroupId"]
    assert made["Tags"] == [{"Key": "team", "Value": "net"}]
    shown = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    assert shown["IpPermissions"] == []
    assert [p["IpProtocol"] for p in shown["IpPermissionsEgress"]] == ["-1"]
    assert refusal(lambda: ec2.create_security_group(GroupName="web", Description="x", VpcId=vpc)) == "InvalidGroup.Duplicate"

    rule = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[SSH])["SecurityGroupRules"][0]
    assert (rule["CidrIpv4"], rule["FromPort"], rule["IsEgress"]) == ("100.68.0.0/18", 22, False)
    assert refusal(lambda: ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[SSH])) == "InvalidPermission.Duplicate"
    ec2.modify_security_group_rules(GroupId=group, SecurityGroupRules=[
        {"SecurityGroupRuleId": rule["SecurityGroupRuleId"],
         "SecurityGroupRule": {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIpv4": "0.0.0.0/0"}}])
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroupRules"]
    assert {r["FromPort"] for r in rules if not r["IsEgress"]} == {443}
    ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]])
    assert ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"] == []
    ec2.delete_security_group(GroupId=group)
    assert refusal(lambda: ec2.describe_security_groups(GroupIds=[group])) == "InvalidGroup.NotFound"


def test_groups_of_an_interface_are_swapped(ec2):
    interface = ec2.describe_network_interfaces()["NetworkInterfaces"][0]
    assert [g["GroupName"] for g in interface["Groups"]] == ["default"]
    group = ec2.create_security_group(GroupName="closed", Description="nothing in", VpcId=interface["VpcId"])["GroupId"]
    eni = interface["NetworkInterfaceId"]
    ec2.modify_network_interface_attribute(NetworkInterfaceId=eni, Groups=[group])
    found = ec2.describe_network_interfaces(Filters=[{"Name": "group-id", "Values": [group]}])["NetworkInterfaces"]
    assert [i["NetworkInterfaceId"] for i in found] == [eni]
    assert refusal(lambda: ec2.delete_security_group(GroupId=group)) == "DependencyViolation"
    ec2.modify_network_interface_attribute(NetworkInterfaceId=eni, Groups=[interface["Groups"][0]["GroupId"]])
    ec2.delete_security_group(GroupId=group)
    assert refusal(lambda: ec2.delete_security_group(GroupId=interface["Groups"][0]["GroupId"])) == "CannotDelete"


def test_a_dry_run_says_what_the_call_would_say_and_changes_nothing(ec2):
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    wanted = {"GroupName": "dry", "Description": "d", "VpcId": vpc}
    assert refusal(lambda: ec2.create_security_group(DryRun=True, **wanted)) == "DryRunOperation"
    assert refusal(lambda: ec2.create_security_group(DryRun=True, **{**wanted, "VpcId": "vpc-12345678"})) == "InvalidVpcID.NotFound"
    acl = ec2.describe_network_acls()["NetworkAcls"][0]["NetworkAclId"]
    entry = {"NetworkAclId": acl, "RuleNumber": 50, "Protocol": "6", "RuleAction": "deny", "Egress": False,
             "CidrBlock": "198.51.100.0/24", "PortRange": {"From": 22, "To": 22}}
    assert refusal(lambda: ec2.create_network_acl_entry(DryRun=True, **entry)) == "DryRunOperation"
    assert refusal(lambda: ec2.create_network_acl_entry(DryRun=True, **{**entry, "RuleNumber": 100})) == "NetworkAclEntryAlreadyExists"
    assert all(e["RuleNumber"] != 50 for e in ec2.describe_network_acls()["NetworkAcls"][0]["Entries"])
    assert [g["GroupName"] for g in ec2.describe_security_groups()["SecurityGroups"]] == ["default"]


def test_pages_follow_each_other(ec2):
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    names = {f"group-{i}" for i in range(12)}
    for name in names:
        ec2.create_security_group(GroupName=name, Description="d", VpcId=vpc)
    pages = list(ec2.get_paginator("describe_security_groups").paginate(PaginationConfig={"PageSize": 5}))
    assert [len(p["SecurityGroups"]) for p in pages] == [5, 5, 3]
    assert {g["GroupName"] for p in pages for g in p["SecurityGroups"]} == names | {"default"}
    assert refusal(lambda: ec2.describe_security_groups(MaxResults=5, NextToken="tampered")) in ("InvalidNextToken", "InvalidPaginationToken", "InvalidParameterValue")


def test_tags_find_what_they_are_on(ec2):
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "stage", "Value": "test"}])
    assert [v["VpcId"] for v in ec2.describe_vpcs(Filters=[{"Name": "tag:stage", "Values": ["test"]}])["Vpcs"]] == [vpc]
    assert ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [vpc]}])["Tags"][0]["ResourceType"] == "vpc"
    ec2.delete_tags(Resources=[vpc], Tags=[{"Key": "stage"}])
    assert ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [vpc]}])["Tags"] == []
