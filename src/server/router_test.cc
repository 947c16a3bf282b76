// SPDX-License-Identifier: Apache-2.0
#include "server/router.h"

#include <gtest/gtest.h>

#include "wire/test_shapes.h"

namespace weir::server {
namespace {

using Kind = Router::Target::Kind;

TEST(Router, BucketsOfHostNames) {
  const Router router;
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"localhost:4566", ""},
      {"127.0.0.1:4566", ""},
      {"[::1]:4566", ""},
      {"s3.localhost:4566", ""},
      {"s3.us-east-1.localhost", ""},
      {"bucket.s3.localhost:4566", "bucket"},
      {"a.b.s3.localhost:4566", "a.b"},
      {"Bucket.localhost", "bucket"},
      {"bucket.s3.eu-west-1.localhost.localstack.cloud:4566", "bucket"},
      {"bucket.s3.amazonaws.com", "bucket"},
      {"bucket.s3.eu-west-1.amazonaws.com", "bucket"},
      {"s3.amazonaws.com", ""},
      {"logs.us-east-1.amazonaws.com", ""},
      {"stream-localhost:4566", ""},
      {"example.com", ""},
      {"", ""},
  };
  for (const auto& [host, bucket] : cases)
    EXPECT_EQ(router.virtual_host_bucket(host), bucket) << host;
}

struct World {
  World() {
    api.add_to(logs);
    api.add_to(sns);
    router.add_service(logs);
    router.add_service(sns);
    router.add_service(monitoring);
    router.set_s3([](wire::HttpRequest&) { return wire::HttpResponse{}; });
    RawRoute route;
    route.method = "GET";
    route.path = "/certificates/*";
    router.add_raw(std::move(route));
  }
  Router::Target find(std::string method, std::string_view target, std::string name = {},
                      std::string value = {}) const {
    wire::HttpRequest request;
    request.method = std::move(method);
    wire::set_target(request, target);
    if (!name.empty()) request.headers.add(std::move(name), std::move(value));
    return router.find(request, "");
  }
  wire::test::EchoApi api;
  wire::OperationTable logs{wire::test::logs_model()};
  wire::OperationTable sns{wire::test::sns_model()};
  wire::OperationTable monitoring{wire::test::monitoring_model()};
  Router router;
};

TEST(Router, EachProtocolNamesItsService) {
  const World world;
  EXPECT_EQ(world.find("POST", "/", "X-Amz-Target", "Logs_20140328.PutLogEvents").table,
            &world.logs);
  EXPECT_EQ(world
                .find("POST", "/service/GraniteServiceVersion20100801/operation/PutMetricData",
                      "smithy-protocol", "rpc-v2-cbor")
                .table,
            &world.monitoring);
  EXPECT_EQ(world.find("POST", "/", "Content-Type", "application/x-www-form-urlencoded").kind,
            Kind::query);
  EXPECT_EQ(world.find("GET", "/?Action=Unsubscribe").kind, Kind::query);
  EXPECT_EQ(world.find("GET", "/").kind, Kind::s3);
  EXPECT_EQ(world.find("PUT", "/bucket/key").kind, Kind::s3);
  EXPECT_EQ(world.find("GET", "/certificates/x.pem").kind, Kind::raw);
  EXPECT_EQ(world.find("HEAD", "/certificates/x.pem").kind, Kind::raw);
  EXPECT_EQ(world.find("PUT", "/certificates/x.pem").kind, Kind::s3);
  EXPECT_EQ(world.find("GET", "/_weir/other").kind, Kind::none);
}

TEST(Router, UnsignedQueryCallsGoByVersionThenByAction) {
  const World world;
  const auto service = [&](std::string operation, std::string version) {
    wire::Call call;
    call.operation = std::move(operation);
    call.version = std::move(version);
    return world.router.query_service(call, "");
  };
  EXPECT_EQ(service("GetEcho", "2010-03-31"), &world.sns);
  EXPECT_EQ(service("GetEcho", ""), &world.sns);
  EXPECT_EQ(service("Nope", "2010-08-01"), &world.monitoring);
  EXPECT_EQ(service("Nope", ""), nullptr);
}

}  // namespace
}  // namespace weir::server
