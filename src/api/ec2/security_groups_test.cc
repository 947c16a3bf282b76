// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/ec2/test_fixture.h"

namespace weir::api {
namespace {

using testing::HasSubstr;
using testing::Not;

class SecurityGroups : public Ec2Fixture {
 protected:
  std::string make(const std::string& name) {
    const auto made = call("CreateSecurityGroup",
                           R"({"GroupName":")" + name + R"(","GroupDescription":"of the test"})");
    EXPECT_TRUE(made) << made.error().message;
    return made ? text(*made, "groupId") : "";
  }
  std::string default_group() {
    return text(
        first(*call("DescribeSecurityGroups", R"({"GroupName":["default"]})"), "securityGroupInfo"),
        "groupId");
  }
  static std::string ssh(const std::string& group, const std::string& more = "") {
    return R"({"GroupId":")" + group +
           R"(","IpPermissions":[{"IpProtocol":"tcp","FromPort":"22","ToPort":"22",)"
           R"("IpRanges":[{"CidrIp":"198.51.100.7/24","Description":"office"}]}])" +
           more + "}";
  }
  std::size_t found(const std::string& name, const std::string& value) {
    return count("DescribeSecurityGroups", "securityGroupInfo",
                 R"({"Filter":[{"Name":")" + name + R"(","Value":[")" + value + R"("]}]})");
  }
  std::string on(const std::string& group, const std::string& more = "") {
    return R"({"GroupId":")" + group + R"(")" + more + "}";
  }
};

TEST_F(SecurityGroups, AreCreatedDescribedAndDeletedOnTheWire) {
  const std::string made = send(
      "Action=CreateSecurityGroup&Version=2016-11-15&GroupName=web&GroupDescription=Web%20servers"
      "&VpcId=" +
      vpc_id() +
      "&TagSpecification.1.ResourceType=security-group&TagSpecification.1.Tag.1.Key=team"
      "&TagSpecification.1.Tag.1.Value=net");
  EXPECT_THAT(made, HasSubstr("<return>true</return><groupId>sg-"));
  EXPECT_THAT(made, HasSubstr("<tagSet><item><key>team</key><value>net</value></item></tagSet>"));
  EXPECT_THAT(made, HasSubstr("<securityGroupArn>arn:aws:ec2:us-east-1:000000000000:"
                              "security-group/sg-"));
  const std::string shown =
      send("Action=DescribeSecurityGroups&Version=2016-11-15&GroupName.1=web");
  EXPECT_THAT(shown, HasSubstr("<groupDescription>Web servers</groupDescription>"));
  EXPECT_THAT(shown, HasSubstr("<ipRanges><item><cidrIp>0.0.0.0/0</cidrIp></item></ipRanges>"));
  EXPECT_THAT(shown, HasSubstr("<cidrIpv6>::/0</cidrIpv6>")) << "the VPC has IPv6";
  EXPECT_THAT(send("Action=DeleteSecurityGroup&Version=2016-11-15&GroupName=web"),
              HasSubstr("<return>true</return><groupId>sg-"));
  EXPECT_THAT(send("Action=DeleteSecurityGroup&Version=2016-11-15&GroupName=web", 400),
              HasSubstr("<Code>InvalidGroup.NotFound</Code>"));
}

TEST_F(SecurityGroups, MissingParametersAreNamed) {
  // Recorded: moto issue 112.
  EXPECT_EQ(message("CreateSecurityGroup", R"({"GroupName":"web"})"),
            "The request must contain the parameter GroupDescription");
  EXPECT_EQ(message("CreateSecurityGroup", R"({"GroupDescription":"web"})"),
            "The request must contain the parameter GroupName");
  EXPECT_EQ(message("DeleteSecurityGroup", "{}"),
            "The request must contain the parameter GroupName or GroupId");
  EXPECT_EQ(code("AuthorizeSecurityGroupIngress", on(make("web"))), "MissingParameter");
}

TEST_F(SecurityGroups, RulesGoInAndOutAsTheClientSendsThem) {
  const std::string id = make("web");
  const std::string added = send(
      "Action=AuthorizeSecurityGroupIngress&Version=2016-11-15&GroupId=" + id +
      "&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=443&IpPermissions.1.ToPort=443"
      "&IpPermissions.1.IpRanges.1.CidrIp=10.1.2.3%2F8&IpPermissions.1.IpRanges.1.Description=lan"
      "&IpPermissions.1.Ipv6Ranges.1.CidrIpv6=2001%3Adb8%3A%3A1%2F32"
      "&IpPermissions.2.IpProtocol=-1&IpPermissions.2.Groups.1.GroupId=" +
      id +
      "&TagSpecification.1.ResourceType=security-group-rule&TagSpecification.1.Tag.1.Key=why"
      "&TagSpecification.1.Tag.1.Value=test");
  EXPECT_THAT(added, HasSubstr("<return>true</return><securityGroupRuleSet><item>"));
  EXPECT_THAT(added, HasSubstr("<securityGroupRuleId>sgr-"));
  EXPECT_THAT(added, HasSubstr("<cidrIpv4>10.0.0.0/8</cidrIpv4>"));
  EXPECT_THAT(added, HasSubstr("<cidrIpv6>2001:db8::/32</cidrIpv6>"));
  EXPECT_THAT(added, HasSubstr("<referencedGroupInfo><groupId>" + id));
  EXPECT_THAT(added, HasSubstr("<key>why</key>"));

  const std::string shown =
      send("Action=DescribeSecurityGroups&Version=2016-11-15&GroupId.1=" + id);
  EXPECT_THAT(shown, HasSubstr("<ipProtocol>tcp</ipProtocol><fromPort>443</fromPort>"
                               "<toPort>443</toPort>"));
  EXPECT_THAT(shown, HasSubstr("<description>lan</description><cidrIp>10.0.0.0/8</cidrIp>"));

  const std::string gone =
      send("Action=RevokeSecurityGroupIngress&Version=2016-11-15&GroupId=" + id +
           "&IpPermissions.1.IpProtocol=6&IpPermissions.1.FromPort=443&IpPermissions.1.ToPort=443"
           "&IpPermissions.1.IpRanges.1.CidrIp=10.0.0.0%2F8"
           "&IpPermissions.1.IpRanges.2.CidrIp=11.0.0.0%2F8");
  EXPECT_THAT(gone, HasSubstr("<unknownIpPermissionSet><item><ipProtocol>6</ipProtocol>"));
  EXPECT_THAT(gone, HasSubstr("<cidrIp>11.0.0.0/8</cidrIp>"));
  EXPECT_THAT(gone, HasSubstr("<revokedSecurityGroupRuleSet><item><securityGroupRuleId>sgr-"));
}

TEST_F(SecurityGroups, TheOldFormIsOneIngressRule) {
  const std::string id = make("web");
  const std::string rule = on(id, R"(,"IpProtocol":"tcp","FromPort":"22","ToPort":"22",)"
                                  R"("CidrIp":"0.0.0.0/0")");
  ASSERT_TRUE(call("AuthorizeSecurityGroupIngress", rule));
  // Recorded form of the text.
  EXPECT_EQ(
      message("AuthorizeSecurityGroupIngress", rule),
      "the specified rule \"peer: 0.0.0.0/0, TCP, from port: 22, to port: 22, ALLOW\" already "
      "exists");
  ASSERT_TRUE(
      call("AuthorizeSecurityGroupIngress", on(id, R"(,"SourceSecurityGroupName":"default")")));
  EXPECT_EQ(count("DescribeSecurityGroupRules", "securityGroupRuleSet",
                  R"({"Filter":[{"Name":"group-id","Value":[")" + id + R"("]}]})"),
            6U)
      << "one, three of the source group, two outbound";
  ASSERT_TRUE(call("RevokeSecurityGroupIngress", rule));
  EXPECT_EQ(code("AuthorizeSecurityGroupIngress", ssh(id, R"(,"IpProtocol":"tcp")")),
            "InvalidParameterCombination");
}

TEST_F(SecurityGroups, RulesAreRevokedModifiedAndDescribedById) {
  const std::string id = make("web");
  const auto added = call("AuthorizeSecurityGroupIngress", ssh(id));
  ASSERT_TRUE(added);
  const std::string rule = text(first(*added, "securityGroupRuleSet"), "securityGroupRuleId");
  ASSERT_TRUE(call("ModifySecurityGroupRules",
                   on(id, R"(,"SecurityGroupRule":[{"SecurityGroupRuleId":")" + rule +
                              R"(","SecurityGroupRule":{"IpProtocol":"udp","FromPort":"53",)"
                              R"("ToPort":"53","CidrIpv6":"2001:db8::/32"}}])")));
  const std::string by_id = R"({"SecurityGroupRuleId":[")" + rule + R"("]})";
  Document shown = first(*call("DescribeSecurityGroupRules", by_id), "securityGroupRuleSet");
  EXPECT_EQ(text(shown, "ipProtocol"), "udp");
  EXPECT_EQ(text(shown, "cidrIpv6"), "2001:db8::/32");
  EXPECT_EQ(shown.find("cidrIpv4"), nullptr);
  EXPECT_EQ(shown.find("description"), nullptr);

  ASSERT_TRUE(call("UpdateSecurityGroupRuleDescriptionsIngress",
                   on(id, R"(,"SecurityGroupRuleDescription":[{"SecurityGroupRuleId":")" + rule +
                              R"(","Description":"resolver"}])")));
  shown = first(*call("DescribeSecurityGroupRules", by_id), "securityGroupRuleSet");
  EXPECT_EQ(text(shown, "description"), "resolver");
  EXPECT_EQ(code("UpdateSecurityGroupRuleDescriptionsEgress",
                 on(id, R"(,"SecurityGroupRuleDescription":[{"SecurityGroupRuleId":")" + rule +
                            R"(","Description":"resolver"}])")),
            "InvalidSecurityGroupRuleId.NotFound");
  ASSERT_TRUE(
      call("RevokeSecurityGroupIngress", on(id, R"(,"SecurityGroupRuleId":[")" + rule + R"("])")));
  EXPECT_EQ(message("DescribeSecurityGroupRules", by_id),
            "The security group rule ID '" + rule + "' does not exist");
}

TEST_F(SecurityGroups, FiltersAreThoseOfAws) {
  const std::string id = make("web");
  ASSERT_TRUE(call("AuthorizeSecurityGroupIngress", ssh(id)));
  ASSERT_TRUE(call("CreateTags",
                   R"({"ResourceId":[")" + id + R"("],"Tag":[{"Key":"team","Value":"net"}]})"));
  EXPECT_EQ(found("group-name", "w*"), 1U);
  EXPECT_EQ(found("description", "of the test"), 1U);
  EXPECT_EQ(found("vpc-id", vpc_id()), 2U);
  EXPECT_EQ(found("tag:team", "net"), 1U);
  EXPECT_EQ(found("ip-permission.cidr", "198.51.100.0/24"), 1U);
  EXPECT_EQ(found("ip-permission.from-port", "22"), 1U);
  EXPECT_EQ(found("ip-permission.to-port", "23"), 0U);
  EXPECT_EQ(found("ip-permission.protocol", "tcp"), 1U);
  EXPECT_EQ(found("ip-permission.group-id", default_group()), 1U);
  EXPECT_EQ(found("ip-permission.group-name", "default"), 1U);
  EXPECT_EQ(found("ip-permission.user-id", "000000000000"), 1U);
  EXPECT_EQ(found("egress.ip-permission.cidr", "0.0.0.0/0"), 2U);
  EXPECT_EQ(found("egress.ip-permission.ipv6-cidr", "::/0"), 1U);
  EXPECT_EQ(found("egress.ip-permission.prefix-list-id", "pl-1"), 0U);
  EXPECT_EQ(message("DescribeSecurityGroups", R"({"Filter":[{"Name":"colour","Value":["red"]}]})"),
            "The filter 'colour' is invalid");
  EXPECT_THAT(message("DescribeSecurityGroups", R"({"GroupName":["no-such"]})"),
              HasSubstr("The security group 'no-such' does not exist in default VPC 'vpc-"));
}

TEST_F(SecurityGroups, AreAttachedToAnInterface) {
  const std::string id = make("web");
  const std::string swap =
      R"({"NetworkInterfaceId":")" + eni() + R"(","SecurityGroupId":[")" + id + R"("])";
  EXPECT_EQ(code("ModifyNetworkInterfaceAttribute", swap + R"(,"DryRun":"true"})"),
            "DryRunOperation");
  ASSERT_TRUE(call("ModifyNetworkInterfaceAttribute", swap + "}"));
  EXPECT_THAT(send("Action=DescribeNetworkInterfaces&Version=2016-11-15&Filter.1.Name=group-name"
                   "&Filter.1.Value.1=web"),
              HasSubstr("<groupSet><item><groupId>" + id + "</groupId><groupName>web</groupName>"));
  EXPECT_EQ(code("DeleteSecurityGroup", on(id)), "DependencyViolation");
  const std::string answer = send(
      "Action=DescribeNetworkInterfaceAttribute&Version=2016-11-15&Attribute=groupSet"
      "&NetworkInterfaceId=" +
      eni());
  EXPECT_THAT(answer, HasSubstr("<groupSet><item><groupId>" + id));
  EXPECT_THAT(answer, Not(HasSubstr("<description>")));
}

TEST_F(SecurityGroups, OtherAttributesOfAnInterfaceAreKept) {
  const std::string which = R"({"NetworkInterfaceId":")" + eni() + R"(")";
  ASSERT_TRUE(
      call("ModifyNetworkInterfaceAttribute", which + R"(,"Description":{"Value":"lan"}})"));
  ASSERT_TRUE(
      call("ModifyNetworkInterfaceAttribute", which + R"(,"SourceDestCheck":{"Value":"false"}})"));
  const auto shown = call("DescribeNetworkInterfaces", "{}");
  EXPECT_EQ(text(first(*shown, "networkInterfaceSet"), "description"), "lan");
  EXPECT_FALSE(*first(*shown, "networkInterfaceSet").find("sourceDestCheck")->boolean());
  EXPECT_EQ(code("ModifyNetworkInterfaceAttribute", which + "}"), "InvalidParameterCombination");
  EXPECT_EQ(code("DescribeNetworkInterfaceAttribute", which + R"(,"Attribute":"colour"})"),
            "InvalidParameterValue");
}

TEST_F(SecurityGroups, ADryRunSaysWhatTheCallWouldSay) {
  const std::string id = make("web");
  const std::string dry = R"(,"DryRun":"true")";
  EXPECT_EQ(code("AuthorizeSecurityGroupIngress", ssh(id, dry)), "DryRunOperation");
  EXPECT_EQ(count("DescribeSecurityGroupRules", "securityGroupRuleSet", "{}"), 4U);
  ASSERT_TRUE(call("AuthorizeSecurityGroupIngress", ssh(id)));
  EXPECT_EQ(code("AuthorizeSecurityGroupIngress", ssh(id, dry)), "InvalidPermission.Duplicate");
  EXPECT_EQ(code("DeleteSecurityGroup", on("sg-1", dry)), "InvalidGroup.NotFound");
  EXPECT_EQ(code("DeleteSecurityGroup", on(id, dry)), "DryRunOperation");
  EXPECT_EQ(
      code("CreateSecurityGroup", R"({"GroupName":"web","GroupDescription":"x","DryRun":"true"})"),
      "InvalidGroup.Duplicate");
  send("Action=DeleteSecurityGroup&Version=2016-11-15&DryRun=true&GroupId=" + id, 412);
}

TEST_F(SecurityGroups, ADryRunOfAnAclChangeChecksItToo) {
  const std::string entry = R"({"DryRun":"true","NetworkAclId":")" + acl() +
                            R"(","RuleNumber":"20","Protocol":"-1","RuleAction":"deny",)"
                            R"("Egress":"false","CidrBlock":"203.0.113.9/32"})";
  EXPECT_EQ(code("CreateNetworkAclEntry", entry), "DryRunOperation");
  EXPECT_EQ(code("ReplaceNetworkAclEntry", entry), "InvalidNetworkAclEntry.NotFound");
  EXPECT_EQ(code("CreateNetworkAcl", R"({"DryRun":"true","VpcId":"vpc-1"})"),
            "InvalidVpcID.NotFound");
  EXPECT_EQ(code("DeleteNetworkAcl", R"({"DryRun":"true","NetworkAclId":")" + acl() + R"("})"),
            "InvalidParameterValue");
  EXPECT_EQ(code("CreateTags", R"({"DryRun":"true","ResourceId":["sg-1"],)"
                               R"("Tag":[{"Key":"a","Value":"b"}]})"),
            "InvalidGroup.NotFound");
  EXPECT_EQ(network.acl_for_eni({}, eni())->entries.size(), 8U);
}

}  // namespace
}  // namespace weir::api
