// SPDX-License-Identifier: Apache-2.0
#include "objects/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::objects {
namespace {

using Verdict = BucketPolicy::Verdict;

std::string statement(std::string_view effect, std::string_view principal, std::string_view action,
                      std::string_view condition = "{}") {
  return R"({"Statement":[{"Effect":")" + std::string(effect) + R"(","Principal":)" +
         std::string(principal) + R"(,"Action":")" + std::string(action) +
         R"(","Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"],"Condition":)" +
         std::string(condition) + "}]}";
}

AccessRequest request() {
  AccessRequest made;
  made.action = "s3:GetObject";
  made.resource = "arn:aws:s3:::b/k";
  made.account = "111111111111";
  made.context = {{"aws:sourceip", "10.1.2.3"},
                  {"aws:securetransport", "false"},
                  {"aws:useragent", "curl/8"},
                  {"aws:referer", std::nullopt}};
  return made;
}

Verdict judge(const std::string& policy, const AccessRequest& wanted = request()) {
  const auto parsed = BucketPolicy::parse(policy, "b");
  EXPECT_TRUE(parsed) << parsed.error().message;
  return parsed->evaluate(wanted);
}

TEST(BucketPolicy, PrincipalsActionsAndResources) {
  EXPECT_EQ(judge(statement("Allow", "\"*\"", "s3:Get*")), Verdict::allow);
  EXPECT_EQ(judge(statement("Allow", "\"*\"", "s3:get?bject")), Verdict::allow);
  EXPECT_EQ(judge(statement("Allow", "\"*\"", "s3:PutObject")), Verdict::none);
  EXPECT_EQ(judge(statement("Allow", R"({"AWS":"111111111111"})", "s3:*")), Verdict::allow);
  EXPECT_EQ(judge(statement("Allow", R"({"AWS":["arn:aws:iam::111111111111:root"]})", "s3:*")),
            Verdict::allow);
  EXPECT_EQ(judge(statement("Allow", R"({"AWS":"222222222222"})", "s3:*")), Verdict::none);
  EXPECT_EQ(judge(statement("Allow", R"({"Service":"delivery.logs.amazonaws.com"})", "s3:*")),
            Verdict::none);
  EXPECT_EQ(judge(statement("Deny", R"({"AWS":"arn:aws:iam::111111111111:user/x"})", "s3:*")),
            Verdict::deny);
  AccessRequest anonymous = request();
  anonymous.account.clear();
  EXPECT_EQ(judge(statement("Allow", R"({"AWS":"*"})", "s3:*"), anonymous), Verdict::allow);
  EXPECT_EQ(judge(statement("Allow", R"({"AWS":"111111111111"})", "s3:*"), anonymous),
            Verdict::none);
}

TEST(BucketPolicy, Conditions) {
  const auto allow = [](std::string_view condition) {
    return judge(statement("Allow", "\"*\"", "s3:*", condition)) == Verdict::allow;
  };
  EXPECT_TRUE(allow(R"({"IpAddress":{"aws:SourceIp":["10.0.0.0/8","192.0.2.1"]}})"));
  EXPECT_FALSE(allow(R"({"IpAddress":{"aws:SourceIp":"10.2.0.0/16"}})"));
  EXPECT_TRUE(allow(R"({"NotIpAddress":{"aws:SourceIp":"10.2.0.0/16"}})"));
  EXPECT_FALSE(allow(R"({"IpAddress":{"aws:SourceIp":"nonsense"}})"));
  EXPECT_TRUE(allow(R"({"Bool":{"aws:SecureTransport":"false"}})"));
  EXPECT_FALSE(allow(R"({"Bool":{"aws:SecureTransport":true}})"));
  EXPECT_TRUE(allow(R"({"StringLike":{"aws:UserAgent":"curl/*"}})"));
  EXPECT_FALSE(allow(R"({"StringEquals":{"aws:Referer":"x"}})"));
  EXPECT_TRUE(allow(R"({"StringNotEquals":{"aws:Referer":"x"}})"));
  EXPECT_TRUE(allow(R"({"StringEqualsIfExists":{"aws:Referer":"x"}})"));
  EXPECT_TRUE(allow(R"({"Null":{"aws:Referer":"true"}})"));
}

TEST(BucketPolicy, WhatIsNotUnderstoodFailsClosed) {
  for (const char* condition : {R"({"StringSounds":{"aws:SourceIp":"10.1.2.3"}})",
                                R"({"StringEquals":{"aws:SomethingNew":"x"}})"}) {
    EXPECT_EQ(judge(statement("Allow", "\"*\"", "s3:*", condition)), Verdict::none) << condition;
    EXPECT_EQ(judge(statement("Deny", "\"*\"", "s3:*", condition)), Verdict::deny) << condition;
  }
}

TEST(BucketPolicy, Public) {
  const auto is_public = [](const std::string& text) {
    return BucketPolicy::parse(text, "b")->is_public();
  };
  EXPECT_TRUE(is_public(statement("Allow", "\"*\"", "s3:GetObject")));
  EXPECT_FALSE(is_public(statement("Deny", "\"*\"", "s3:GetObject")));
  EXPECT_FALSE(is_public(statement("Allow", "\"*\"", "s3:GetObject",
                                   R"({"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}})")));
  EXPECT_TRUE(is_public(statement("Allow", "\"*\"", "s3:GetObject",
                                  R"({"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}})")));
  EXPECT_FALSE(is_public(statement("Allow", R"({"AWS":"111111111111"})", "s3:GetObject")));
}

TEST(BucketPolicy, MalformedOnesAreRefused) {
  for (
      const char* text :
      {"", "[]", "{}", R"({"Statement":[]})", R"({"Statement":[{"Effect":"Maybe"}]})",
       R"({"Statement":[{"Effect":"Allow","Principal":"x","Action":"s3:*","Resource":"arn:aws:s3:::b"}]})",
       R"({"Statement":[{"Effect":"Allow","Principal":"*","Action":"ec2:*","Resource":"arn:aws:s3:::b"}]})",
       R"({"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::other/*"}]})"}) {
    const auto parsed = BucketPolicy::parse(text, "b");
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, "MalformedPolicy");
  }
}

}  // namespace
}  // namespace weir::objects
