// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "api/s3/s3_api.h"
#include "wire/http.h"
#include "wire/xml.h"

namespace weir::api::s3 {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

using Fields = std::vector<std::pair<std::string, std::string>>;

class S3SettingsTest : public ::testing::Test {
 protected:
  S3SettingsTest() {
    std::string name = (fs::temp_directory_path() / "weir-s3-XXXXXX").string();
    WEIR_ASSERT(::mkdtemp(name.data()) != nullptr);
    folder_ = name;
    objects_ = std::make_unique<objects::Objects>(
        runtime_, objects::Objects::Config{.folder = folder_, .is_durable = false});
    EXPECT_TRUE(objects_->load());
    api_ = std::make_unique<S3Api>(runtime_, *objects_);
    EXPECT_EQ(call("PUT", "/bucket").status, 200);
  }
  ~S3SettingsTest() override { fs::remove_all(folder_); }

  wire::HttpRequest request(std::string_view method, std::string_view target, std::string body = {},
                            const Fields& headers = {}) const {
    wire::HttpRequest made;
    made.method = method;
    wire::set_target(made, target);
    for (const auto& [name, value] : headers) made.headers.add(name, value);
    made.body.size = body.size();
    made.body.content = std::move(body);
    made.caller.request_id = "0f0e0d0c-0b0a-0908-0706-050403020100";
    made.caller.endpoint = "http://localhost:4566";
    made.caller.source_ip = "10.0.0.1";
    made.caller.scope = scope_;
    made.caller.access_key = access_key_;
    return made;
  }
  wire::HttpResponse call(std::string_view method, std::string_view target, std::string body = {},
                          const Fields& headers = {}) {
    wire::HttpRequest made = request(method, target, std::move(body), headers);
    return api_->handle(made);
  }
  static std::string body(const wire::HttpResponse& response) {
    return std::get<std::string>(response.body);
  }
  static std::string header(const wire::HttpResponse& response, std::string_view name) {
    return std::string(response.headers.get(name));
  }
  static std::string code(const wire::HttpResponse& response) {
    const auto tree = wire::parse_xml(body(response));
    const Document* found = tree ? tree->find("Code") : nullptr;
    return found != nullptr ? *found->string() : "";
  }

  fs::path folder_;
  SimulatedRuntime runtime_{1};
  Scope scope_;
  std::string access_key_ = "test";
  std::unique_ptr<objects::Objects> objects_;
  std::unique_ptr<S3Api> api_;
};

struct Case {
  const char* name;
  const char* root;
  const char* inside;
  bool can_delete;
};
// Documents as the S3 API Reference shows them.
constexpr Case kCases[] = {
    {"cors", "CORSConfiguration",
     "<CORSRule><AllowedMethod>GET</AllowedMethod><AllowedMethod>PUT</AllowedMethod>"
     "<AllowedOrigin>*</AllowedOrigin><MaxAgeSeconds>60</MaxAgeSeconds></CORSRule>",
     true},
    {"lifecycle", "LifecycleConfiguration",
     "<Rule><ID>r</ID><Filter><Prefix>a/</Prefix></Filter><Status>Enabled</Status>"
     "<Expiration><Days>3</Days></Expiration></Rule>",
     true},
    {"publicAccessBlock", "PublicAccessBlockConfiguration",
     "<BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>false</IgnorePublicAcls>"
     "<BlockPublicPolicy>false</BlockPublicPolicy>"
     "<RestrictPublicBuckets>true</RestrictPublicBuckets>",
     true},
    {"encryption", "ServerSideEncryptionConfiguration",
     "<Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm>"
     "</ApplyServerSideEncryptionByDefault><BucketKeyEnabled>true</BucketKeyEnabled></Rule>",
     true},
    {"ownershipControls", "OwnershipControls",
     "<Rule><ObjectOwnership>BucketOwnerPreferred</ObjectOwnership></Rule>", true},
    {"notification", "NotificationConfiguration",
     "<TopicConfiguration><Id>t</Id><Topic>arn:aws:sns:us-east-1:000000000000:t</Topic>"
     "<Event>s3:ObjectCreated:*</Event><Filter><S3Key><FilterRule><Name>prefix</Name>"
     "<Value>a/</Value></FilterRule></S3Key></Filter></TopicConfiguration>",
     false},
    {"website", "WebsiteConfiguration",
     "<IndexDocument><Suffix>index.html</Suffix></IndexDocument>", true},
    {"logging", "BucketLoggingStatus",
     "<LoggingEnabled><TargetBucket>logs</TargetBucket><TargetPrefix>p/</TargetPrefix>"
     "</LoggingEnabled>",
     false},
    {"accelerate", "AccelerateConfiguration", "<Status>Suspended</Status>", false},
    {"requestPayment", "RequestPaymentConfiguration", "<Payer>Requester</Payer>", false},
    {"versioning", "VersioningConfiguration", "<Status>Enabled</Status>", false},
};

TEST_F(S3SettingsTest, WhatIsPutComesBackAndGoes) {
  for (const Case& each : kCases) {
    const std::string target = std::string("/bucket?") + each.name;
    const std::string before = body(call("GET", target));
    const std::string document =
        '<' + std::string(each.root) + '>' + each.inside + "</" + each.root + '>';
    EXPECT_EQ(call("PUT", target, document).status, 200) << each.name;
    EXPECT_THAT(body(call("GET", target)), HasSubstr(each.inside)) << each.name;
    EXPECT_EQ(code(call("PUT", target, "<" + std::string(each.root))), "MalformedXML") << each.name;
    EXPECT_EQ(call("PUT", target, document, {{"Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg=="}}).status,
              400)
        << each.name;
    EXPECT_EQ(call("DELETE", target).status, each.can_delete ? 204 : 501) << each.name;
    EXPECT_EQ(code(call("GET", "/missing?" + std::string(each.name))), "NoSuchBucket");
  }
}

TEST_F(S3SettingsTest, WrongDocumentsAreRefused) {
  const auto lifecycle = [&](const std::string& inside) {
    return code(
        call("PUT", "/bucket?lifecycle",
             "<LifecycleConfiguration><Rule>" + inside + "</Rule></LifecycleConfiguration>"));
  };
  const std::string enabled = "<Filter/><Status>Enabled</Status>";
  EXPECT_EQ(lifecycle(enabled), "InvalidRequest");
  EXPECT_EQ(lifecycle(enabled + "<Expiration><Days>0</Days></Expiration>"), "InvalidArgument");
  EXPECT_EQ(lifecycle(enabled + "<Expiration><Days>x</Days></Expiration>"), "MalformedXML");
  EXPECT_EQ(lifecycle(enabled + "<Expiration><Date>2026-01-01T01:00:00Z</Date></Expiration>"),
            "InvalidArgument");
  EXPECT_EQ(lifecycle("<Filter/><Status>On</Status><Expiration><Days>1</Days></Expiration>"),
            "MalformedXML");
  EXPECT_EQ(lifecycle(enabled + "<Expiration><Days>1</Days></Expiration>"), "");
  EXPECT_EQ(code(call("PUT", "/bucket?cors",
                      "<CORSConfiguration><CORSRule><AllowedMethod>PATCH</AllowedMethod>"
                      "<AllowedOrigin>*</AllowedOrigin></CORSRule></CORSConfiguration>")),
            "InvalidRequest");
  EXPECT_EQ(code(call("PUT", "/bucket?object-lock",
                      "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>"
                      "</ObjectLockConfiguration>")),
            "InvalidBucketState");
}

TEST_F(S3SettingsTest, BrowsersAreToldWhatTheRulesSay) {
  EXPECT_EQ(call("OPTIONS", "/bucket/k", "",
                 {{"Origin", "https://a.example"}, {"Access-Control-Request-Method", "GET"}})
                .status,
            403);
  call("PUT", "/bucket?cors",
       "<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>https://*."
       "example</AllowedOrigin><AllowedHeader>x-amz-*</AllowedHeader><ExposeHeader>ETag"
       "</ExposeHeader></CORSRule></CORSConfiguration>");
  const auto allowed = call("OPTIONS", "/bucket/k", "",
                            {{"Origin", "https://a.example"},
                             {"Access-Control-Request-Method", "GET"},
                             {"Access-Control-Request-Headers", "X-Amz-Date"}});
  EXPECT_EQ(allowed.status, 200);
  EXPECT_EQ(header(allowed, "Access-Control-Allow-Origin"), "https://a.example");
  EXPECT_EQ(header(allowed, "Access-Control-Allow-Headers"), "x-amz-date");
  EXPECT_EQ(call("OPTIONS", "/bucket/k", "",
                 {{"Origin", "https://a.example"},
                  {"Access-Control-Request-Method", "GET"},
                  {"Access-Control-Request-Headers", "Authorization"}})
                .status,
            403);
  const auto got = call("GET", "/bucket/missing", "", {{"Origin", "https://a.example"}});
  EXPECT_EQ(header(got, "Access-Control-Expose-Headers"), "ETag");
  EXPECT_EQ(header(call("GET", "/bucket/k", "", {{"Origin", "https://b.test"}}),
                   "Access-Control-Allow-Origin"),
            "");
}

TEST_F(S3SettingsTest, VersionsOverHttp) {
  call("PUT", "/bucket?versioning",
       "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>");
  const std::string first = header(call("PUT", "/bucket/k", "1"), "x-amz-version-id");
  call("PUT", "/bucket/k", "22");
  EXPECT_EQ(body(call("GET", "/bucket/k?versionId=" + first)), "1");
  const auto marker = call("DELETE", "/bucket/k");
  EXPECT_EQ(header(marker, "x-amz-delete-marker"), "true");
  const std::string marker_id = header(marker, "x-amz-version-id");
  const auto gone = call("GET", "/bucket/k");
  EXPECT_EQ(gone.status, 404);
  EXPECT_EQ(header(gone, "x-amz-delete-marker"), "true");
  EXPECT_EQ(call("GET", "/bucket/k?versionId=" + marker_id).status, 405);
  EXPECT_THAT(body(call("GET", "/bucket?versions")),
              AllOf(HasSubstr("<DeleteMarker><Key>k</Key>"), HasSubstr(first)));
  EXPECT_EQ(call("PUT", "/bucket/copy", "", {{"x-amz-copy-source", "/bucket/k?versionId=" + first}})
                .status,
            200);
  EXPECT_EQ(body(call("GET", "/bucket/copy")), "1");
  EXPECT_THAT(body(call("POST", "/bucket?delete",
                        "<Delete><Object><Key>k</Key><VersionId>" + marker_id +
                            "</VersionId></Object></Delete>",
                        {{"x-amz-checksum-crc32", ""}})),
              HasSubstr("<DeleteMarkerVersionId>" + marker_id));
  EXPECT_EQ(body(call("GET", "/bucket/k")), "22");
}

TEST_F(S3SettingsTest, LocksOverHttp) {
  EXPECT_EQ(call("PUT", "/locked", "", {{"x-amz-bucket-object-lock-enabled", "true"}}).status, 200);
  const Fields lock = {{"x-amz-object-lock-mode", "COMPLIANCE"},
                       {"x-amz-object-lock-retain-until-date", "2026-06-01T00:00:00Z"}};
  EXPECT_EQ(code(call("PUT", "/locked/k", "x", lock)), "InvalidRequest");
  Fields with_md5 = lock;
  with_md5.emplace_back("Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg==");
  EXPECT_EQ(code(call("PUT", "/locked/k", "x", with_md5)), "BadDigest");
  with_md5.back().second = "ndTkYSaMgDT1yFZOFVxnpg==";
  EXPECT_EQ(call("PUT", "/locked/k", "x", with_md5).status, 200);
  const auto unlocked = call("PUT", "/locked/k", "x");
  EXPECT_EQ(unlocked.status, 200);
  EXPECT_EQ(code(call("PUT", "/bucket/k", "x", with_md5)), "InvalidRequest");
  const std::string id = header(unlocked, "x-amz-version-id");
  const std::string until =
      "<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>2026-06-01T00:00:00Z</RetainUntilDate>"
      "</Retention>";
  EXPECT_EQ(call("PUT", "/locked/k?retention&versionId=" + id, until).status, 200);
  EXPECT_THAT(body(call("GET", "/locked/k?retention&versionId=" + id)),
              HasSubstr("<Mode>COMPLIANCE</Mode>"));
  EXPECT_EQ(call("DELETE", "/locked/k?versionId=" + id, "",
                 {{"x-amz-bypass-governance-retention", "true"}})
                .status,
            403);
  EXPECT_EQ(header(call("HEAD", "/locked/k"), "x-amz-object-lock-mode"), "COMPLIANCE");
  EXPECT_EQ(code(call("GET", "/locked/k?legal-hold")), "NoSuchObjectLockConfiguration");
  EXPECT_EQ(
      call("PUT", "/locked/k?legal-hold", "<LegalHold><Status>ON</Status></LegalHold>").status,
      200);
  EXPECT_THAT(body(call("GET", "/locked/k?legal-hold")), HasSubstr("<Status>ON</Status>"));
  call("PUT", "/bucket/k", "x");
  EXPECT_EQ(code(call("PUT", "/bucket/k?retention", until)), "InvalidRequest");
}

std::string policy(std::string_view effect, std::string_view action) {
  return R"({"Version":"2012-10-17","Statement":{"Effect":")" + std::string(effect) +
         R"(","Principal":"*","Action":")" + std::string(action) +
         R"(","Resource":["arn:aws:s3:::bucket","arn:aws:s3:::bucket/*"]}})";
}

TEST_F(S3SettingsTest, PoliciesOpenAndClose) {
  call("PUT", "/bucket/k", "x");
  EXPECT_EQ(call("PUT", "/bucket?policy", policy("Allow", "s3:GetObject")).status, 403)
      << "a new bucket blocks public policies";
  EXPECT_EQ(call("DELETE", "/bucket?publicAccessBlock").status, 204);
  EXPECT_EQ(call("PUT", "/bucket?policy", policy("Allow", "s3:GetObject")).status, 204);
  EXPECT_THAT(body(call("GET", "/bucket?policyStatus")), HasSubstr("<IsPublic>true</IsPublic>"));
  access_key_.clear();
  EXPECT_EQ(body(call("GET", "/bucket/k")), "x");
  EXPECT_EQ(call("PUT", "/bucket/k", "y").status, 403);
  EXPECT_EQ(call("GET", "/bucket").status, 403);
  EXPECT_EQ(call("GET", "/").status, 403);
  EXPECT_TRUE(api_->admit(request("PUT", "/bucket/k")));
  EXPECT_FALSE(api_->admit(request("GET", "/bucket/k")));
  access_key_ = "test";
  scope_.account = "111111111111";
  EXPECT_EQ(body(call("GET", "/bucket/k")), "x");
  scope_ = {};
  EXPECT_EQ(call("PUT", "/bucket?publicAccessBlock",
                 "<PublicAccessBlockConfiguration><RestrictPublicBuckets>true"
                 "</RestrictPublicBuckets></PublicAccessBlockConfiguration>")
                .status,
            200);
  access_key_.clear();
  EXPECT_EQ(call("GET", "/bucket/k").status, 403);
  access_key_ = "test";
  EXPECT_EQ(call("PUT", "/bucket?policy", policy("Deny", "s3:*")).status, 204);
  EXPECT_EQ(call("GET", "/bucket/k").status, 403) << "also for the owner";
  EXPECT_EQ(call("DELETE", "/bucket?policy").status, 204) << "who is never locked out";
  EXPECT_EQ(call("GET", "/bucket/k").status, 200);
}

TEST_F(S3SettingsTest, ExpiryIsShown) {
  call("PUT", "/bucket?lifecycle",
       "<LifecycleConfiguration><Rule><ID>a rule</ID><Filter/><Status>Enabled</Status><Expiration>"
       "<Days>1</Days></Expiration></Rule></LifecycleConfiguration>");
  EXPECT_EQ(header(call("PUT", "/bucket/k", "x"), "x-amz-expiration"),
            "expiry-date=\"Fri, 02 Jan 2026 00:00:00 GMT\", rule-id=\"a%20rule\"");
}

}  // namespace
}  // namespace weir::api::s3
