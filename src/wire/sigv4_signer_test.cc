// SPDX-License-Identifier: Apache-2.0
#include "wire/sigv4_signer.h"

#include <gmock/gmock.h>

#include "wire/digest.h"
#include "wire/sigv4.h"

namespace weir::wire::sigv4 {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

const Identity kS3{.access_key = "AKIAIOSFODNN7EXAMPLE",
                   .secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                   .session_token = {},
                   .region = "us-east-1",
                   .service = "s3"};
const Time kDay = *parse_iso8601("2013-05-24T00:00:00Z");

HttpRequest s3_request(const std::string& method, const std::string& target) {
  HttpRequest request;
  request.method = method;
  set_target(request, target);
  request.headers.add("Host", "examplebucket.s3.amazonaws.com");
  return request;
}

// The examples of the Amazon S3 API Reference, "Authenticating Requests: Using the Authorization
// Header".
TEST(Sign, GivesTheSignatureOfAwsForARangedGet) {
  HttpRequest request = s3_request("GET", "/test.txt");
  request.headers.add("Range", "bytes=0-9");
  sign(request, kS3, kDay, kEmptySha256);
  EXPECT_EQ(request.headers.get("Authorization"),
            "AWS4-HMAC-SHA256 "
            "Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
            "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(Sign, GivesTheSignatureOfAwsForAList) {
  HttpRequest request = s3_request("GET", "/?max-keys=2&prefix=J");
  sign(request, kS3, kDay, kEmptySha256);
  EXPECT_THAT(
      std::string(request.headers.get("Authorization")),
      EndsWith("Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"));
}

// The suite "aws-sig-v4-test-suite", get-vanilla.
TEST(Sign, GivesTheSignatureOfTheTestSuite) {
  HttpRequest request;
  request.method = "GET";
  set_target(request, "/");
  request.headers.add("Host", "example.amazonaws.com");
  sign(request,
       {.access_key = "AKIDEXAMPLE",
        .secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        .session_token = {},
        .region = "us-east-1",
        .service = "service"},
       *parse_iso8601("2015-08-30T12:36:00Z"), kEmptySha256);
  EXPECT_THAT(
      std::string(request.headers.get("Authorization")),
      EndsWith("Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"));
}

TEST(Sign, WhatItSignsTheVerifierTakesForEveryKindOfKeyAndQuery) {
  for (const std::string target :
       {"/b/a%20b/%2B%25?list-type=2&prefix=a%2Fb%20c&start-after=", "/b//x/../y", "/"}) {
    HttpRequest request = s3_request("PUT", target);
    request.headers.add("Content-Type", "text/plain");
    Identity identity = kS3;
    identity.session_token = "token";
    sign(request, identity, kDay, sha256_hex("body"));
    EXPECT_THAT(std::string(request.headers.get("Authorization")),
                HasSubstr("x-amz-security-token"));
    const auto claim = read_claim(request);
    ASSERT_TRUE(claim) << claim.error().message;
    const auto verified = verify(request, *claim, identity.secret_key, PathRule::of_service("s3"),
                                 sha256_hex("body"));
    EXPECT_TRUE(verified) << target;
  }
}

// The service's own check takes the link until its end, and no other query.
TEST(PresignedUrl, IsTakenUntilItExpires) {
  Identity identity = kS3;
  identity.service = "monitoring";
  const std::string url =
      presigned_url("http://127.0.0.1:4566", "Action=A&Widget=%7B%22a%20b%22%7D", identity, kDay,
                    std::chrono::hours(24));
  ASSERT_TRUE(url.starts_with("http://127.0.0.1:4566/?Action=A&Widget=%7B%22a%20b%22%7D&X-Amz-"));
  const auto verify_at = [&](const std::string& target, Time now) -> Result<void> {
    HttpRequest request;
    request.method = "GET";
    set_target(request, target);
    request.headers.add("Host", "127.0.0.1:4566");
    WEIR_TRY(const Claim claim, read_claim(request));
    WEIR_CHECK(check_time(claim, now));
    return verify(request, claim, identity.secret_key, PathRule::of_service("monitoring"),
                  kEmptySha256);
  };
  const std::string target = url.substr(std::string("http://127.0.0.1:4566").size());
  EXPECT_TRUE(verify_at(target, kDay + std::chrono::hours(23)));
  EXPECT_FALSE(verify_at(target, kDay + std::chrono::hours(25)));
  std::string other = target;
  other.replace(other.find("Action=A"), 8, "Action=B");
  EXPECT_FALSE(verify_at(other, kDay));
}

}  // namespace
}  // namespace weir::wire::sigv4
