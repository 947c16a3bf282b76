// SPDX-License-Identifier: Apache-2.0
#include "api/ec2/ec2_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "api/ec2/test_fixture.h"

namespace weir::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

class Ec2 : public Ec2Fixture {};

TEST_F(Ec2, VpcsAndSubnetsAreShownWithFilters) {
  const auto vpcs = call("DescribeVpcs", R"({"Filter":[{"Name":"isDefault","Value":["true"]}]})");
  ASSERT_TRUE(vpcs);
  EXPECT_EQ(text(first(*vpcs, "vpcSet"), "cidrBlock"), "172.31.0.0/16");
  EXPECT_EQ(text(first(*vpcs, "vpcSet"), "state"), "available");

  const std::string of_vpc = R"({"Filter":[{"Name":"vpc-id","Value":[")" + vpc_id() + R"("]}]})";
  EXPECT_EQ(count("DescribeSubnets", "subnetSet", of_vpc), 4U);
  EXPECT_EQ(count("DescribeSubnets", "subnetSet",
                  R"({"Filter":[{"Name":"availability-zone","Value":["us-east-1b","us-east-1c"]},)"
                  R"({"Name":"default-for-az","Value":["true"]}]})"),
            2U);
  EXPECT_EQ(message("DescribeVpcs", R"({"VpcId":["vpc-1"]})"), "The vpc ID 'vpc-1' does not exist");
  EXPECT_EQ(code("DescribeSubnets", R"({"SubnetId":["subnet-1"]})"), "InvalidSubnetID.NotFound");
  // Recorded: aws-cli issue 7225.
  EXPECT_EQ(
      message("DescribeVpcs", R"({"Filter":[{"Name":"vpc-id","Value":["x"]},{"Name":"what"}]})"),
      "The filter 'what' is invalid");
}

TEST_F(Ec2, TheHostsInterfaceIsShownAsOneInUse) {
  const auto answer = call("DescribeNetworkInterfaces",
                           R"({"Filter":[{"Name":"private-ip-address","Value":["10.0.0.*"]}]})");
  ASSERT_TRUE(answer);
  const Document& shown = first(*answer, "networkInterfaceSet");
  EXPECT_EQ(text(shown, "networkInterfaceId"), eni());
  EXPECT_EQ(text(shown, "macAddress"), "00:16:3e:12:34:56");
  EXPECT_EQ(text(shown, "privateIpAddress"), "10.0.0.5");
  EXPECT_EQ(text(shown, "status"), "in-use");
  EXPECT_EQ(text(first(shown, "groupSet"), "groupName"), "default");
  EXPECT_EQ(text(first(shown, "ipv6AddressesSet"), "ipv6Address"), "2001:db8::5");
  EXPECT_TRUE(text(*shown.find("attachment"), "instanceId").starts_with("i-"));
}

TEST_F(Ec2, AnInterfaceOfAnExporterCanBeDeletedAndTheHostsCannot) {
  const auto declared = network.declare_interface(Scope{"000000000000", "us-east-1"},
                                                  {.key = "exporter/192.0.2.1/3", .name = "core"});
  ASSERT_TRUE(declared);
  const std::string id = R"({"NetworkInterfaceId":")" + declared->id + R"(")";
  EXPECT_EQ(count("DescribeNetworkInterfaces", "networkInterfaceSet", "{}"), 2U);
  EXPECT_EQ(code("DeleteNetworkInterface", id + R"(,"DryRun":"true"})"), "DryRunOperation");
  EXPECT_EQ(count("DescribeNetworkInterfaces", "networkInterfaceSet", "{}"), 2U);
  EXPECT_TRUE(call("DeleteNetworkInterface", id + "}"));
  EXPECT_EQ(count("DescribeNetworkInterfaces", "networkInterfaceSet", "{}"), 1U);
  EXPECT_EQ(code("DeleteNetworkInterface", id + "}"), "InvalidNetworkInterfaceID.NotFound");
  EXPECT_EQ(code("DeleteNetworkInterface", R"({"NetworkInterfaceId":")" + eni() + R"("})"),
            "InvalidParameterValue");
}

TEST_F(Ec2, PagesFollowEachOtherWithoutGapOrRepetition) {
  std::string closed = R"({"VpcId":")" + vpc_id() + R"("})";
  for (int i = 0; i < 11; ++i) ASSERT_TRUE(call("CreateNetworkAcl", closed));
  std::set<std::string> seen;
  std::string token;
  int pages = 0;
  do {
    const auto page =
        call("DescribeNetworkAcls", R"({"MaxResults":"5","NextToken":")" + token + R"("})");
    ASSERT_TRUE(page);
    for (const Document& item : *page->find("networkAclSet")->list()) {
      EXPECT_TRUE(seen.insert(text(item, "networkAclId")).second);
    }
    token = text(*page, "nextToken");
    ++pages;
  } while (!token.empty());
  EXPECT_EQ(pages, 3);
  EXPECT_THAT(seen, SizeIs(12));
  EXPECT_EQ(code("DescribeNetworkAcls", R"({"NextToken":"nonsense"})"), "InvalidNextToken");
  EXPECT_EQ(message("DescribeNetworkAcls", R"({"MaxResults":"4"})"),
            "Value ( 4 ) for parameter maxResults is invalid. Expecting a value greater than 5.");
}

TEST_F(Ec2, AFlowLogIsCreatedDescribedAndDeleted) {
  const auto made = call("CreateFlowLogs", flow_log_json(R"(,"MaxAggregationInterval":"60",)"
                                                         R"("TagSpecification":[{"ResourceType":)"
                                                         R"("vpc-flow-log","Tag":[{"Key":"Name",)"
                                                         R"("Value":"lab"}]}])"));
  ASSERT_TRUE(made) << made.error().message;
  const std::string id = *made->find("flowLogIdSet")->list()->at(0).string();
  EXPECT_FALSE(text(*made, "clientToken").empty());
  EXPECT_THAT(*made->find("unsuccessful")->list(), SizeIs(0));

  const auto described =
      call("DescribeFlowLogs", R"({"Filter":[{"Name":"tag:Name","Value":["lab"]}]})");
  ASSERT_TRUE(described);
  const Document& shown = first(*described, "flowLogSet");
  EXPECT_EQ(text(shown, "flowLogId"), id);
  EXPECT_EQ(text(shown, "flowLogStatus"), "ACTIVE");
  EXPECT_EQ(text(shown, "deliverLogsStatus"), "SUCCESS");
  EXPECT_EQ(text(shown, "logFormat"), vpc::kDefaultLogFormat);
  EXPECT_EQ(*shown.find("maxAggregationInterval")->integer(), 60);

  EXPECT_EQ(code("DeleteFlowLogs", R"({"FlowLogId":["fl-1"]})"), "InvalidFlowLogId.NotFound");
  ASSERT_TRUE(call("DeleteFlowLogs", R"({"FlowLogId":[")" + id + R"("]})"));
  EXPECT_EQ(count("DescribeFlowLogs", "flowLogSet", "{}"), 0U);
}

TEST_F(Ec2, FlowLogFiltersAreThoseOfTheReference) {
  ASSERT_TRUE(call("CreateFlowLogs", flow_log_json()));
  const auto found = [&](const std::string& name, const std::string& value) {
    return count("DescribeFlowLogs", "flowLogSet",
                 R"({"Filter":[{"Name":")" + name + R"(","Value":[")" + value + R"("]}]})");
  };
  EXPECT_EQ(found("deliver-log-status", "SUCCESS"), 1U);
  EXPECT_EQ(found("deliver-log-status", "FAILED"), 0U);
  EXPECT_EQ(found("log-destination-type", "cloud-watch-logs"), 1U);
  EXPECT_EQ(found("log-group-name", "VPCFlowLogs"), 1U);
  EXPECT_EQ(found("resource-id", eni()), 1U);
  EXPECT_EQ(found("traffic-type", "ALL"), 1U);
  EXPECT_EQ(found("traffic-type", "all"), 0U);
  EXPECT_EQ(found("tag-key", "Name"), 0U);
}

TEST_F(Ec2, AFormatIsKeptAsGivenAndAnUnknownFieldNamed) {
  const std::string format = "${srcaddr} ${dstaddr} ${action}";
  ASSERT_TRUE(call("CreateFlowLogs", flow_log_json(R"(,"LogFormat":")" + format + R"(")")));
  EXPECT_EQ(network.flow_logs_for(network.host_enis().at(0)).at(0).log_format, format);
  EXPECT_THAT(message("CreateFlowLogs", flow_log_json(R"(,"LogFormat":"${srcaddr} ${colour}")")),
              HasSubstr("colour"));
  EXPECT_THAT(message("CreateFlowLogs", flow_log_json(R"(,"LogFormat":"${srcaddr} ")")),
              HasSubstr("at 'logFormat' has an invalid format"));
}

TEST_F(Ec2, MissingParametersAreNamedAsOnTheWire) {
  EXPECT_EQ(message("CreateFlowLogs", R"({"ResourceType":"VPC","TrafficType":"ALL"})"),
            "The request must contain the parameter ResourceId");
  EXPECT_EQ(code("CreateFlowLogs", R"({"ResourceType":"VPC","TrafficType":"ALL"})"),
            "MissingParameter");
  EXPECT_EQ(message("DeleteNetworkAclEntry", R"({"NetworkAclId":"acl-1","Egress":"false"})"),
            "The request must contain the parameter RuleNumber");
  EXPECT_EQ(code("DeleteNetworkAclEntry",
                 R"({"NetworkAclId":"acl-1","RuleNumber":"many","Egress":"false"})"),
            "InvalidParameterValue");
}

TEST_F(Ec2, ADryRunAnswersWithoutDoing) {
  EXPECT_EQ(code("CreateFlowLogs", flow_log_json(R"(,"DryRun":"true")")), "DryRunOperation");
  EXPECT_EQ(message("DescribeVpcs", R"({"DryRun":"true"})"),
            "Request would have succeeded, but DryRun flag is set.");
  EXPECT_EQ(code("CreateNetworkAcl", R"({"DryRun":"true","VpcId":")" + vpc_id() + R"("})"),
            "DryRunOperation");
  EXPECT_EQ(count("DescribeFlowLogs", "flowLogSet", "{}"), 0U);
  EXPECT_EQ(count("DescribeNetworkAcls", "networkAclSet", "{}"), 1U);
}

TEST_F(Ec2, TagSpecificationsMustNameTheResourceThatIsMade) {
  EXPECT_EQ(
      message("CreateFlowLogs", flow_log_json(R"(,"TagSpecification":[{"ResourceType":"vpc"}])")),
      "'vpc' is not a valid taggable resource type for this operation.");
}

TEST_F(Ec2, AclEntriesAreCreatedReplacedFilteredAndDeleted) {
  const std::string entry = R"({"NetworkAclId":")" + acl() +
                            R"(","RuleNumber":"20","Protocol":"6","RuleAction":"deny",)"
                            R"("Egress":"false","CidrBlock":"203.0.113.9/32",)"
                            R"("PortRange":{"From":"22","To":"22"}})";
  const auto made = call("CreateNetworkAclEntry", entry);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_TRUE(*made->find("return")->boolean());
  EXPECT_EQ(code("CreateNetworkAclEntry", entry), "NetworkAclEntryAlreadyExists");
  EXPECT_TRUE(call("ReplaceNetworkAclEntry", entry));

  const auto found = [&](const std::string& name, const std::string& value) {
    return count("DescribeNetworkAcls", "networkAclSet",
                 R"({"Filter":[{"Name":")" + name + R"(","Value":[")" + value + R"("]}]})");
  };
  EXPECT_EQ(found("entry.cidr", "203.0.113.9/32"), 1U);
  EXPECT_EQ(found("entry.rule-number", "20"), 1U);
  EXPECT_EQ(found("entry.rule-number", "21"), 0U);
  EXPECT_EQ(found("entry.port-range.from", "22"), 1U);
  EXPECT_EQ(found("entry.rule-action", "deny"), 1U);
  EXPECT_EQ(found("association.subnet-id", subnet()), 1U);
  EXPECT_EQ(found("default", "true"), 1U);

  const std::string number =
      R"({"NetworkAclId":")" + acl() + R"(","RuleNumber":"20","Egress":"false"})";
  EXPECT_TRUE(call("DeleteNetworkAclEntry", number));
  EXPECT_EQ(code("DeleteNetworkAclEntry", number), "InvalidNetworkAclEntry.NotFound");
}

TEST_F(Ec2, ASubnetIsMovedToAnotherAcl) {
  const auto made =
      call("CreateNetworkAcl", R"({"VpcId":")" + vpc_id() + R"(","ClientToken":"t"})");
  ASSERT_TRUE(made);
  EXPECT_EQ(text(*made, "clientToken"), "t");
  const std::string other = text(*made->find("networkAcl"), "networkAclId");
  std::string association;
  const auto before = network.acl_for({}, subnet());
  for (const auto& link : before->associations) {
    if (link.subnet_id == subnet()) association = link.id;
  }
  const std::string move =
      R"({"AssociationId":")" + association + R"(","NetworkAclId":")" + other + R"("})";
  const auto moved = call("ReplaceNetworkAclAssociation", move);
  ASSERT_TRUE(moved);
  EXPECT_TRUE(text(*moved, "newAssociationId").starts_with("aclassoc-"));
  EXPECT_EQ(network.acl_for({}, subnet())->id, other);
  EXPECT_EQ(code("DeleteNetworkAcl", R"({"NetworkAclId":")" + other + R"("})"),
            "DependencyViolation");
}

TEST_F(Ec2, TheGateIsToldWhoAsks) {
  struct Gate final : vpc::AclGate {
    Result<void> apply(const std::vector<vpc::InterfaceRules>&,
                       const std::vector<vpc::InterfaceRules>&,
                       const vpc::Origin& origin) override {
      if (origin.is_restore) return {};
      return Error{ErrorKind::forbidden, "UnauthorizedOperation", "asked by " + origin.source_ip};
    }
  } gate;
  ASSERT_TRUE(network.set_gate(&gate));
  EXPECT_EQ(message("CreateNetworkAclEntry", R"({"NetworkAclId":")" + acl() +
                                                 R"(","RuleNumber":"20","Protocol":"-1",)"
                                                 R"("RuleAction":"deny","Egress":"false",)"
                                                 R"("CidrBlock":"203.0.113.9/32"})"),
            "asked by 192.0.2.77");
}

TEST_F(Ec2, TheDefaultSecurityGroupIsShownWithItsRules) {
  const auto answer = call("DescribeSecurityGroups", R"({"GroupName":["default"]})");
  ASSERT_TRUE(answer);
  const Document& group = first(*answer, "securityGroupInfo");
  EXPECT_EQ(text(group, "groupDescription"), "default VPC security group");
  const Document& in = first(group, "ipPermissions");
  EXPECT_EQ(text(first(in, "groups"), "groupId"), text(group, "groupId"));
  EXPECT_EQ(in.find("fromPort"), nullptr) << "all protocols have no ports";
  EXPECT_EQ(text(first(first(group, "ipPermissionsEgress"), "ipRanges"), "cidrIp"), "0.0.0.0/0");
  EXPECT_EQ(
      count("DescribeSecurityGroupRules", "securityGroupRuleSet",
            R"({"Filter":[{"Name":"group-id","Value":[")" + text(group, "groupId") + R"("]}]})"),
      2U);
  EXPECT_EQ(message("DescribeSecurityGroups", R"({"GroupId":["sg-1"]})"),
            "The security group 'sg-1' does not exist");
}

TEST_F(Ec2, ZonesAndRegionsAreListed) {
  const auto zones = call("DescribeAvailabilityZones", "{}");
  ASSERT_TRUE(zones);
  std::vector<std::string> names;
  for (const Document& zone : *zones->find("availabilityZoneInfo")->list()) {
    names.push_back(text(zone, "zoneName") + ' ' + text(zone, "zoneId"));
  }
  EXPECT_THAT(names,
              ElementsAre("us-east-1a use1-az1", "us-east-1b use1-az2", "us-east-1c use1-az3"));
  EXPECT_EQ(count("DescribeAvailabilityZones", "availabilityZoneInfo",
                  R"({"Filter":[{"Name":"zone-id","Value":["use1-az2"]}]})"),
            1U);
  EXPECT_EQ(code("DescribeAvailabilityZones", R"({"ZoneName":["us-east-1z"]})"),
            "InvalidParameterValue");
  EXPECT_EQ(count("DescribeRegions", "regionInfo", R"({"RegionName":["eu-west-1"]})"), 1U);
  EXPECT_EQ(code("DescribeRegions", R"({"RegionName":["mars-1"]})"), "InvalidParameterValue");
}

TEST_F(Ec2, TagsAreListedWithTheirResources) {
  ASSERT_TRUE(call("CreateTags", R"({"ResourceId":[")" + eni() + R"(",")" + vpc_id() +
                                     R"("],"Tag":[{"Key":"team","Value":"net"}]})"));
  EXPECT_EQ(count("DescribeTags", "tagSet", "{}"), 2U);
  const auto answer = call(
      "DescribeTags", R"({"Filter":[{"Name":"resource-type","Value":["network-interface"]}]})");
  ASSERT_TRUE(answer);
  EXPECT_EQ(text(first(*answer, "tagSet"), "resourceId"), eni());
  EXPECT_EQ(text(first(*answer, "tagSet"), "value"), "net");
  EXPECT_TRUE(call("DeleteTags", R"({"ResourceId":[")" + eni() + R"("],"Tag":[{"Key":"team"}]})"));
  EXPECT_EQ(count("DescribeTags", "tagSet", "{}"), 1U);
}

TEST_F(Ec2, ARequestAsClientsSendItIsAnsweredInEc2Xml) {
  const auto made =
      send("Action=CreateFlowLogs&Version=2016-11-15&ResourceId.1=" + subnet() +
           "&ResourceType=Subnet&TrafficType=REJECT&LogDestinationType=s3"
           "&LogDestination=arn%3Aaws%3As3%3A%3A%3Arecords&MaxAggregationInterval=60"
           "&DestinationOptions.FileFormat=parquet&DestinationOptions.HiveCompatiblePartitions=true"
           "&TagSpecification.1.ResourceType=vpc-flow-log&TagSpecification.1.Tag.1.Key=Name"
           "&TagSpecification.1.Tag.1.Value=lab");
  EXPECT_THAT(
      made,
      HasSubstr("<CreateFlowLogsResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">"));
  EXPECT_THAT(made, HasSubstr("<flowLogIdSet><item>fl-"));

  const auto described = send(
      "Action=DescribeFlowLogs&Version=2016-11-15&Filter.1.Name=resource-id&Filter.1.Value.1=" +
      subnet());
  EXPECT_THAT(described,
              HasSubstr("<destinationOptions><fileFormat>parquet</fileFormat>"
                        "<hiveCompatiblePartitions>true</hiveCompatiblePartitions>"
                        "<perHourPartition>false</perHourPartition></destinationOptions>"));
  EXPECT_THAT(described,
              HasSubstr("<tagSet><item><key>Name</key><value>lab</value></item></tagSet>"));
  EXPECT_THAT(described, HasSubstr("<creationTime>2026-01-01T00:00:00.000Z</creationTime>"));
  EXPECT_THAT(described, Not(HasSubstr("logGroupName")));

  const auto entry = send("Action=CreateNetworkAclEntry&Version=2016-11-15&NetworkAclId=" + acl() +
                          "&RuleNumber=30&Protocol=1&RuleAction=deny&Egress=false"
                          "&CidrBlock=203.0.113.0%2F24&Icmp.Type=8&Icmp.Code=-1");
  EXPECT_THAT(entry, HasSubstr("<return>true</return>"));
  EXPECT_THAT(send("Action=DescribeNetworkAcls&Version=2016-11-15"),
              HasSubstr("<icmpTypeCode><code>-1</code><type>8</type></icmpTypeCode>"));
}

TEST_F(Ec2, ErrorsHaveEc2sFormAndStatus) {
  const auto refused = send("Action=DescribeVpcs&Version=2016-11-15&VpcId.1=vpc-1", 400);
  EXPECT_THAT(refused, HasSubstr("<Response><Errors><Error><Code>InvalidVpcID.NotFound</Code>"));
  EXPECT_THAT(refused, HasSubstr("<RequestID>"));
  send("Action=DescribeVpcs&Version=2016-11-15&DryRun=true", 412);
}

}  // namespace
}  // namespace weir::api
