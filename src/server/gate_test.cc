// SPDX-License-Identifier: Apache-2.0
#include "server/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64.h"
#include "server/test_signer.h"
#include "wire/digest.h"
#include "wire/test_shapes.h"

namespace weir::server {
namespace {

using test::Signer;
using testing::HasSubstr;
using wire::HttpRequest;
using wire::HttpResponse;
namespace sigv4 = wire::sigv4;

/// A gate with four services, an S3 handler that tells what it saw, and three keys.
struct World {
  explicit World(Credentials keys = Credentials::of({
                     {"root", "AKIDADMIN", "secret-a", "123456789012", Permission::admin},
                     {"reader", "AKIDREAD", "secret-r", "123456789012", Permission::read_only},
                     {"shipper", "AKIDSHIP", "secret-s", "123456789012", Permission::ingest_only},
                 }),
                 Gate::Limits limits = {})
      : credentials(std::move(keys)), gate(runtime, credentials, router, limits) {
    for (auto* table : {&logs, &monitoring, &ec2, &sns}) {
      api.add_to(*table);
      router.add_service(*table);
    }
    sns.add<Confirm>(*this, &World::confirm);
    router.set_s3([](HttpRequest& request) {
      HttpResponse response;
      response.body = request.method + ' ' + request.path + " by '" + request.caller.access_key +
                      "' of " + request.caller.scope.key() + " encoding '" +
                      std::string(request.headers.get("Content-Encoding")) + "'";
      return response;
    });
  }

  struct Confirm {
    static constexpr std::string_view name = "ConfirmSubscription";
    using Input = Empty;
    using Output = wire::test::WhoAmI::Output;
  };
  Result<Confirm::Output> confirm(const wire::Request& request, const Empty&) {
    return Confirm::Output{request.scope.account, request.scope.region, request.access_key};
  }

  Signer signer(std::string service, std::string access_key = "AKIDADMIN",
                std::string secret = "secret-a") const {
    return {std::move(access_key), std::move(secret), "eu-west-1", std::move(service),
            runtime.now()};
  }

  HttpResponse ask(HttpRequest request) const {
    request.caller.request_id = "11111111-2222-3333-4444-555555555555";
    request.caller.source_ip = "127.0.0.1";
    wire::Body body = std::move(request.body);
    request.body = {};
    const Gate::Plan plan = gate.plan(request, true);
    if (plan.refusal) return *plan.refusal;
    if (body.in_memory()) {
      body.size = body.text().size();
      body.sha256_hex = wire::sha256_hex(body.text());
    }
    request.body = std::move(body);
    return gate.answer(plan, request);
  }

  SimulatedRuntime runtime{1};
  Credentials credentials;
  wire::test::EchoApi api;
  wire::OperationTable logs{wire::test::logs_model()};
  wire::OperationTable monitoring{wire::test::monitoring_model()};
  wire::OperationTable ec2{wire::test::ec2_model()};
  wire::OperationTable sns{wire::test::sns_model()};
  Router router;
  Gate gate;
};

HttpRequest request_of(std::string method, std::string_view target, std::string body = {}) {
  HttpRequest request;
  request.method = std::move(method);
  wire::set_target(request, target);
  request.headers.add("Host", "localhost:4566");
  request.body.content = std::move(body);
  return request;
}
HttpRequest json(std::string operation, std::string body = "{}") {
  HttpRequest request = request_of("POST", "/", std::move(body));
  request.headers.add("X-Amz-Target", "Logs_20140328." + operation);
  request.headers.add("Content-Type", "application/x-amz-json-1.1");
  return request;
}
HttpRequest form(std::string body) {
  HttpRequest request = request_of("POST", "/", std::move(body));
  request.headers.add("Content-Type", "application/x-www-form-urlencoded");
  return request;
}
const std::string& text_of(const HttpResponse& response) {
  return std::get<std::string>(response.body);
}

// ---- Who asks
// -----------------------------------------------------------------------------------------------------

TEST(Gate, ASignedRequestReachesItsHandlerWithAccountAndRegion) {
  World world;
  const auto json_answer = world.ask(world.signer("logs").sign(json("GetCaller")));
  EXPECT_EQ(text_of(json_answer),
            R"({"Account":"123456789012","Region":"eu-west-1","AccessKey":"AKIDADMIN"})");
  const auto query_answer = world.ask(world.signer("monitoring").sign(form("Action=GetCaller")));
  EXPECT_THAT(text_of(query_answer), HasSubstr("<Region>eu-west-1</Region>"));
  const auto ec2_answer = world.ask(world.signer("ec2").sign(form("Action=GetCaller")));
  EXPECT_THAT(text_of(ec2_answer), HasSubstr("<requestId>"));
  const auto presigned =
      world.ask(world.signer("sns").presign(request_of("GET", "/?Action=GetCaller"), 60, ""));
  EXPECT_THAT(text_of(presigned), HasSubstr("<AccessKey>AKIDADMIN</AccessKey>"));
}

TEST(Gate, WhoIsUnknownIsToldSoAsEachServiceDoes) {
  World world;
  const auto unknown = [&](std::string service, HttpRequest request) {
    return world.ask(world.signer(std::move(service), "AKIDNOBODY").sign(std::move(request)));
  };
  const auto logs = unknown("logs", json("GetCaller"));
  EXPECT_EQ(logs.status, 400);
  EXPECT_THAT(text_of(logs), HasSubstr("UnrecognizedClientException"));
  const auto sns = unknown("sns", form("Action=GetCaller"));
  EXPECT_EQ(sns.status, 403);
  EXPECT_THAT(text_of(sns), HasSubstr("<Code>InvalidClientTokenId</Code>"));
  const auto ec2 = unknown("ec2", form("Action=GetCaller"));
  EXPECT_EQ(ec2.status, 401);
  EXPECT_THAT(text_of(ec2), HasSubstr("<Code>AuthFailure</Code>"));
  const auto s3 = unknown("s3", request_of("GET", "/b/k"));
  EXPECT_EQ(s3.status, 403);
  EXPECT_THAT(text_of(s3), HasSubstr("<Code>InvalidAccessKeyId</Code>"));
  EXPECT_THAT(text_of(s3), HasSubstr("<AWSAccessKeyId>AKIDNOBODY</AWSAccessKeyId>"));
}

TEST(Gate, AWrongSecretIsToldSoAsEachServiceDoes) {
  World world;
  const auto wrong = [&](std::string service, HttpRequest request) {
    return world.ask(
        world.signer(std::move(service), "AKIDADMIN", "guess").sign(std::move(request)));
  };
  EXPECT_THAT(text_of(wrong("logs", json("GetCaller"))), HasSubstr("InvalidSignatureException"));
  EXPECT_THAT(text_of(wrong("sns", form("Action=GetCaller"))),
              HasSubstr("<Code>SignatureDoesNotMatch</Code>"));
  EXPECT_THAT(text_of(wrong("ec2", form("Action=GetCaller"))), HasSubstr("AuthFailure"));
  const auto s3 = wrong("s3", request_of("GET", "/b/k"));
  EXPECT_EQ(s3.status, 403);
  EXPECT_THAT(text_of(s3), HasSubstr("<StringToSign>AWS4-HMAC-SHA256"));
  EXPECT_THAT(text_of(s3), HasSubstr("<CanonicalRequest>GET"));
}

TEST(Gate, AnUnsignedRequestIsRefused) {
  World world;
  EXPECT_THAT(text_of(world.ask(json("GetCaller"))),
              HasSubstr("MissingAuthenticationTokenException"));
  EXPECT_THAT(text_of(world.ask(form("Action=GetCaller&Version=2010-03-31"))),
              HasSubstr("<Code>MissingAuthenticationToken</Code>"));
  const auto s3 = world.ask(request_of("GET", "/b/k"));
  EXPECT_EQ(s3.status, 403);
  EXPECT_THAT(text_of(s3), HasSubstr("<Code>AccessDenied</Code><Message>Access Denied</Message>"));
}

TEST(Gate, AChangedBodyIsNoticed) {
  World world;
  HttpRequest request = world.signer("logs").sign(json("GetEcho", R"({"Text":"mine"})"));
  request.body.content = std::string(R"({"Text":"evil"})");
  EXPECT_THAT(text_of(world.ask(request)), HasSubstr("InvalidSignatureException"));

  HttpRequest upload = world.signer("s3").sign(request_of("PUT", "/b/k", "mine"));
  upload.body.content = std::string("evil");
  const auto response = world.ask(upload);
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(text_of(response), HasSubstr("<Code>XAmzContentSHA256Mismatch</Code>"));
}

TEST(Gate, AnOldRequestIsTooLate) {
  World world;
  const HttpRequest request = world.signer("logs").sign(json("GetCaller"));
  const HttpRequest object = world.signer("s3").sign(request_of("GET", "/b/k"));
  const HttpRequest link =
      world.signer("s3").presign(request_of("GET", "/b/k"), 900, sigv4::kUnsigned);
  world.runtime.advance(std::chrono::minutes(14));
  EXPECT_EQ(world.ask(request).status, 200);
  EXPECT_EQ(world.ask(link).status, 200);
  world.runtime.advance(std::chrono::minutes(2));
  EXPECT_THAT(text_of(world.ask(request)), HasSubstr("Signature expired: 20260101T000000Z"));
  const auto skewed = world.ask(object);
  EXPECT_EQ(skewed.status, 403);
  EXPECT_THAT(text_of(skewed), HasSubstr("<Code>RequestTimeTooSkewed</Code>"));
  EXPECT_THAT(text_of(skewed),
              HasSubstr("<MaxAllowedSkewMilliseconds>900000</MaxAllowedSkewMilliseconds>"));
  const auto expired = world.ask(link);
  EXPECT_EQ(expired.status, 403);
  EXPECT_THAT(text_of(expired),
              HasSubstr("<Code>AccessDenied</Code><Message>Request has expired</Message>"));
}

TEST(Gate, ASignatureForAnotherServiceDoesNotFit) {
  World world;
  EXPECT_THAT(text_of(world.ask(world.signer("sns").sign(json("GetCaller")))),
              HasSubstr("Credential should be scoped to correct service: 'logs'"));
  EXPECT_THAT(text_of(world.ask(world.signer("logs").sign(request_of("GET", "/b/k")))),
              HasSubstr("AuthorizationHeaderMalformed"));
}

TEST(Gate, S3NeedsTheHashHeaderAndItsHeadersSigned) {
  World world;
  Signer plain = world.signer("s3");
  plain.with_content_hash = false;
  EXPECT_THAT(text_of(world.ask(plain.sign(request_of("GET", "/b/k")))),
              HasSubstr("Missing required header for this request: x-amz-content-sha256"));
  HttpRequest added = world.signer("s3").sign(request_of("PUT", "/b/k"));
  added.headers.add("x-amz-acl", "public-read");
  EXPECT_THAT(text_of(world.ask(added)), HasSubstr("<HeadersNotSigned>x-amz-acl"));
}

// ---- What they may do
// ---------------------------------------------------------------------------------------------

TEST(Gate, PermissionsAreChecked) {
  World world;
  const Signer reader = world.signer("logs", "AKIDREAD", "secret-r");
  EXPECT_EQ(world.ask(reader.sign(json("GetCaller"))).status, 200);
  const auto denied = world.ask(reader.sign(json("PutNothing")));
  EXPECT_EQ(denied.status, 400);
  EXPECT_THAT(text_of(denied), HasSubstr("AccessDeniedException"));
  EXPECT_THAT(text_of(denied), HasSubstr("User: arn:aws:iam::123456789012:user/reader is not "
                                         "authorized to perform: logs:PutNothing"));
  const Signer shipper = world.signer("s3", "AKIDSHIP", "secret-s");
  EXPECT_EQ(world.ask(shipper.sign(request_of("PUT", "/b/k", "x"))).status, 200);
  EXPECT_EQ(world.ask(shipper.sign(request_of("GET", "/b/k"))).status, 403);
  EXPECT_EQ(world.ask(shipper.sign(request_of("PUT", "/b"))).status, 403);
  EXPECT_EQ(world.ask(shipper.sign(request_of("DELETE", "/b/k"))).status, 403);
}

TEST(Gate, GzippedQueryCallsAreCheckedByTheirOperation) {
  World world;
  // printf 'Action=PutNothing' | gzip -n | base64
  const std::string zipped = *base64_decode("H4sIAAAAAAAAA3NMLsnMz7MNKC3xyy/JyMxLBwAy6PH9EQAAAA==");
  HttpRequest request = form(zipped);
  request.headers.add("Content-Encoding", "gzip");
  EXPECT_EQ(world.ask(world.signer("monitoring").sign(request)).status, 200);
  EXPECT_THAT(text_of(world.ask(world.signer("monitoring", "AKIDREAD", "secret-r").sign(request))),
              HasSubstr("AccessDenied"));
}

TEST(Gate, S3OperationsAreTold) {
  const auto operation = [](std::string method, std::string target) {
    return s3_operation(request_of(std::move(method), target));
  };
  EXPECT_EQ(operation("HEAD", "/b/k"), "GetObject");
  EXPECT_EQ(operation("PUT", "/b/k?partNumber=1&uploadId=2"), "PutObject");
  EXPECT_EQ(operation("POST", "/b/k?uploads"), "PutObject");
  EXPECT_EQ(operation("POST", "/b/k?uploadId=2"), "PutObject");
  EXPECT_EQ(operation("DELETE", "/b/k?uploadId=2"), "AbortMultipartUpload");
  EXPECT_EQ(operation("DELETE", "/b/k"), "DeleteObject");
  EXPECT_EQ(operation("PUT", "/b/k?acl"), "AdministerBucket");
  EXPECT_EQ(operation("PUT", "/b/"), "AdministerBucket");
  EXPECT_EQ(operation("POST", "/b?delete"), "AdministerBucket");
}

// ---- Unsigned by design
// -------------------------------------------------------------------------------------------

TEST(Gate, ConfirmationLinksWorkUnsignedInTheScopeOfTheirTopic) {
  World world;
  const auto response = world.ask(request_of(
      "GET",
      "/?Action=ConfirmSubscription&TopicArn=arn:aws:sns:eu-north-1:210987654321:t&Token=x"));
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(text_of(response), HasSubstr("<Account>210987654321</Account>"));
  EXPECT_THAT(text_of(response), HasSubstr("<Region>eu-north-1</Region>"));
  EXPECT_THAT(text_of(response), HasSubstr("<AccessKey/>"));
}

TEST(Gate, CiModeTakesEverySignature) {
  World world(Credentials::accept_any());
  EXPECT_THAT(text_of(world.ask(world.signer("logs", "210987654321", "x").sign(json("GetCaller")))),
              HasSubstr(R"("Account":"210987654321","Region":"eu-west-1")"));
  EXPECT_THAT(text_of(world.ask(json("GetCaller"))),
              HasSubstr(R"("Account":"000000000000","Region":"us-east-1")"));
  EXPECT_EQ(world.ask(request_of("PUT", "/b/k", "x")).status, 200);
  // Not the key, but the bytes: a client that says a hash wants it checked.
  HttpRequest upload = world.signer("s3").sign(request_of("PUT", "/b/k", "mine"));
  upload.body.content = std::string("evil");
  EXPECT_EQ(world.ask(upload).status, 400);
}

TEST(Gate, AnonymousS3IsPassedOnOnlyWhereAllowed) {
  Gate::Limits limits;
  limits.allow_anonymous_s3 = true;
  World world(Credentials::of({{"root", "AKIDADMIN", "secret-a", "123456789012"}}), limits);
  EXPECT_THAT(text_of(world.ask(request_of("GET", "/b/k"))), HasSubstr("GET /b/k by ''"));
}

// There is no key that its chunks could be signed with.
TEST(Gate, AnAnonymousUploadInSignedChunksIsRefused) {
  Gate::Limits limits;
  limits.allow_anonymous_s3 = true;
  World world(Credentials::of({{"root", "AKIDADMIN", "secret-a", "123456789012"}}), limits);
  HttpRequest request = request_of("PUT", "/b/k");
  request.headers.set("x-amz-content-sha256", std::string(sigv4::kStreaming));
  request.headers.add("x-amz-decoded-content-length", "5");
  request.headers.add("Content-Length", "90");
  EXPECT_EQ(world.ask(request).status, 403);
}

// ---- S3
// -----------------------------------------------------------------------------------------------------------

TEST(Gate, VirtualHostsBecomePaths) {
  World world;
  HttpRequest request = request_of("GET", "/a%20key");
  request.headers.set("Host", "my.bucket.s3.localhost:4566");
  EXPECT_THAT(text_of(world.ask(world.signer("s3").sign(request))),
              HasSubstr("GET /my.bucket/a%20key by 'AKIDADMIN'"));
  HttpRequest shipped = request_of("PUT", "/key", "x");
  shipped.headers.set("Host", "bucket.s3.localhost:4566");
  EXPECT_EQ(world.ask(world.signer("s3", "AKIDSHIP", "secret-s").sign(shipped)).status, 200);
}

TEST(Gate, AwsChunkedIsPlannedAndHiddenFromTheHandler) {
  World world;
  HttpRequest request = request_of("PUT", "/b/k");
  request.headers.add("Content-Encoding", "aws-chunked,gzip");
  request.headers.add("x-amz-decoded-content-length", "5");
  Signer signer = world.signer("s3");
  signer.content_hash = sigv4::kStreamingTrailer;
  const HttpRequest head = signer.sign(request);
  const Gate::Plan plan = world.gate.plan(head, true);
  ASSERT_FALSE(plan.refusal) << text_of(*plan.refusal);
  ASSERT_TRUE(plan.chunked);
  EXPECT_TRUE(plan.chunked->signer);
  EXPECT_TRUE(plan.chunked->has_trailers);
  EXPECT_EQ(plan.chunked->decoded_length, 5u);
  EXPECT_THAT(text_of(world.ask(head)), HasSubstr("encoding 'gzip'"));

  signer.content_hash = sigv4::kStreamingUnsignedTrailer;
  const Gate::Plan unsigned_plan = world.gate.plan(signer.sign(request), true);
  ASSERT_TRUE(unsigned_plan.chunked);
  EXPECT_FALSE(unsigned_plan.chunked->signer);

  signer.content_hash = "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD";
  EXPECT_THAT(text_of(world.ask(signer.sign(request))), HasSubstr("NotImplemented"));
  signer.content_hash = "nonsense";
  EXPECT_THAT(text_of(world.ask(signer.sign(request))), HasSubstr("InvalidArgument"));
}

TEST(Gate, UploadsNeedALength) {
  World world;
  const HttpRequest request = world.signer("s3").sign(request_of("PUT", "/b/k"));
  const Gate::Plan plan = world.gate.plan(request, false);
  ASSERT_TRUE(plan.refusal);
  EXPECT_EQ(plan.refusal->status, 411);
}

TEST(Gate, S3AnswersCarryTheirIds) {
  World world;
  const auto response = world.ask(world.signer("s3").sign(request_of("GET", "/b/k")));
  EXPECT_EQ(response.headers.get("x-amz-request-id"), "1111111122223333");
  EXPECT_NE(response.headers.get("x-amz-id-2"), "");
}

// ---- Raw routes
// ---------------------------------------------------------------------------------------------------

TEST(Gate, LoopbackRoutesAreOnlyForThisMachine) {
  World world;
  add_standard_routes(world.router, [] { return std::string("{}"); });
  const auto status = [&](std::string source, std::string host, std::string origin = {}) {
    HttpRequest request = request_of("GET", "/metrics");
    request.headers.set("Host", host);
    if (!origin.empty()) request.headers.add("Origin", origin);
    request.caller.source_ip = std::move(source);
    const Gate::Plan plan = world.gate.plan(request, false);
    return plan.refusal ? plan.refusal->status : world.gate.answer(plan, request).status;
  };
  EXPECT_EQ(status("127.0.0.1", "localhost:4566"), 200);
  EXPECT_EQ(status("::1", "[::1]:4566"), 200);
  EXPECT_EQ(status("127.0.0.1", "127.0.0.1:4566", "http://localhost:4566"), 200);
  EXPECT_EQ(status("192.0.2.1", "localhost:4566"), 403);
  EXPECT_EQ(status("127.0.0.1", "evil.example:4566"), 403) << "a name pointed at 127.0.0.1";
  EXPECT_EQ(status("127.0.0.1", "localhost:4566", "https://evil.example"), 403);
}

TEST(Gate, WhatNobodyAnswersIsNotFound) {
  World world;
  EXPECT_EQ(world.ask(request_of("GET", "/_weir/nothing")).status, 404);
  HttpRequest request = json("GetCaller");
  request.headers.set("X-Amz-Target", "Nobody_1.Do");
  const auto response = world.ask(world.signer("nobody").sign(request));
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(text_of(response), HasSubstr("UnknownOperationException"));
  EXPECT_THAT(text_of(world.ask(world.signer("sqs").sign(form("Action=ListQueues")))),
              HasSubstr("InvalidAction"));
}

}  // namespace
}  // namespace weir::server
