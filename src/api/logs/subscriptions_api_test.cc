// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/logs/destinations.h"
#include "api/logs/export_tasks.h"
#include "api/logs/logs_api.h"
#include "api/logs/model.h"
#include "api/logs/resource_policies.h"
#include "api/logs/subscription_filters.h"
#include "base/document.h"
#include "logs/arrivals.h"
#include "wire/operation.h"

namespace weir::api::logs {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

/// Takes everything.
struct Target final : weir::logs::SubscriptionTransport {
  void send(Parcel, Done done) override { done({}); }
};

struct Sink final : weir::logs::ExportSink {
  Result<bool> has_bucket(const Scope&, std::string_view bucket) override {
    return bucket == "bucket";
  }
  Result<void> put(const Scope&, std::string_view, std::string_view, std::string_view) override {
    return {};
  }
};

/// Requests and answers are JSON texts, as on the wire.
struct ApiWorld {
  ApiWorld() {
    WEIR_ASSERT(service.load());
    WEIR_ASSERT(subscriptions.load());
    WEIR_ASSERT(exports.load());
    logs_api.add_taggable(weir::logs::Destinations::kKind, destinations);
    logs_api.add_to(table);
    filters_api.add_to(table);
    destinations_api.add_to(table);
    policies_api.add_to(table);
    exports_api.add_to(table);
    request.scope = {.account = "123456789012", .region = "eu-west-1"};
    call("CreateLogGroup", R"({"logGroupName":"g"})");
  }
  ~ApiWorld() { runtime.quiesce(); }

  /// The answer, or `Code: message`.
  std::string call(std::string_view operation, std::string_view input) {
    const wire::Operation* found = table.find(operation);
    WEIR_ASSERT(found != nullptr);
    const auto tree = parse_json(input);
    WEIR_ASSERT(tree);
    const auto answer = found->call(request, *tree, {});
    if (!answer) return answer.error().code + ": " + answer.error().message;
    return to_json(to_document(*answer->type, answer->value.get()));
  }

  static weir::logs::MetricSink nowhere() {
    return [](const Scope&, std::string_view,
              std::span<const weir::logs::MetricValue>) -> Result<void> { return {}; };
  }

  SimulatedRuntime runtime{3, Time{1767225600000}};
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  Target target;
  Sink sink;
  weir::logs::Logs service{runtime, *store, nowhere(), {}};
  weir::logs::Destinations destinations{runtime, *store};
  weir::logs::Subscriptions subscriptions{
      runtime, *store, service, destinations, {{"lambda", &target}}, {}};
  weir::logs::ResourcePolicies policies{runtime, *store, {}};
  weir::logs::ExportTasks exports{runtime, *store, service, sink, {}};
  LogsApi logs_api{service};
  SubscriptionFiltersApi filters_api{subscriptions};
  DestinationsApi destinations_api{subscriptions, destinations};
  ResourcePoliciesApi policies_api{policies};
  ExportTasksApi exports_api{exports};
  wire::OperationTable table{logs_model()};
  wire::Request request;
};

constexpr const char* kFunction = "arn:aws:lambda:eu-west-1:123456789012:function:f";

TEST(PutSubscriptionFilter, IsShownByDescribeSubscriptionFilters) {
  ApiWorld world;
  EXPECT_EQ(world.call("DescribeSubscriptionFilters", R"({"logGroupName":"g"})"),
            R"({"subscriptionFilters":[]})");
  const std::string filter =
      R"({"logGroupName":"g","filterName":"f","filterPattern":"","destinationArn":")" +
      std::string(kFunction) + "\"";
  EXPECT_EQ(world.call("PutSubscriptionFilter", filter + "}"), "{}");
  EXPECT_EQ(world.call("DescribeSubscriptionFilters", R"({"logGroupName":"g"})"),
            R"({"subscriptionFilters":[{"filterName":"f","logGroupName":"g","filterPattern":"",)"
            R"("destinationArn":"arn:aws:lambda:eu-west-1:123456789012:function:f",)"
            R"("distribution":"ByLogStream","applyOnTransformedLogs":false,)"
            R"("creationTime":1767225600000}]})");
  EXPECT_EQ(world.call("PutSubscriptionFilter",
                       filter + R"(,"distribution":"Random","applyOnTransformedLogs":true,)"
                                R"("fieldSelectionCriteria":"@aws.region = \"eu-west-1\"",)"
                                R"("emitSystemFields":["@aws.account"]})"),
            "{}");
  EXPECT_THAT(world.call("DescribeSubscriptionFilters", R"({"logGroupName":"g"})"),
              HasSubstr(R"("distribution":"Random","applyOnTransformedLogs":true,)"
                        R"("creationTime":1767225600000,)"
                        R"("fieldSelectionCriteria":"@aws.region = \"eu-west-1\"",)"
                        R"("emitSystemFields":["@aws.account"])"));
  EXPECT_EQ(world.call("DeleteSubscriptionFilter", R"({"logGroupName":"g","filterName":"f"})"),
            "{}");
  EXPECT_EQ(world.call("DeleteSubscriptionFilter", R"({"logGroupName":"g","filterName":"f"})"),
            "ResourceNotFoundException: The specified subscription filter does not exist.");
  EXPECT_EQ(world.call("DescribeSubscriptionFilters", R"({"logGroupName":"g","nextToken":"%"})"),
            "InvalidParameterException: The specified nextToken is invalid.");
  EXPECT_THAT(world.call("DescribeSubscriptionFilters", R"({"logGroupName":"g","limit":51})"),
              HasSubstr("Member must have value less than or equal to 50"));
}

TEST(PutDestination, IsShownByDescribeDestinations) {
  ApiWorld world;
  const std::string shown =
      R"({"destinationName":"d","targetArn":"arn:aws:lambda:eu-west-1:123456789012:function:f",)"
      R"("roleArn":"r","arn":"arn:aws:logs:eu-west-1:123456789012:destination:d",)"
      R"("creationTime":1767225600000})";
  EXPECT_EQ(world.call("PutDestination", R"({"destinationName":"d","targetArn":")" +
                                             std::string(kFunction) +
                                             R"(","roleArn":"r","tags":{"a":"b"}})"),
            R"({"destination":)" + shown + "}");
  EXPECT_EQ(world.call("DescribeDestinations", R"({"DestinationNamePrefix":"d"})"),
            R"({"destinations":[)" + shown + "]}");
  EXPECT_EQ(world.call("DescribeDestinations", R"({"DestinationNamePrefix":"e"})"),
            R"({"destinations":[]})");
  const std::string arn = R"({"resourceArn":"arn:aws:logs:eu-west-1:123456789012:destination:d")";
  EXPECT_EQ(world.call("ListTagsForResource", arn + "}"), R"({"tags":{"a":"b"}})");
  EXPECT_EQ(world.call("TagResource", arn + R"(,"tags":{"c":"d"}})"), "{}");
  EXPECT_EQ(world.call("UntagResource", arn + R"(,"tagKeys":["a"]})"), "{}");
  EXPECT_EQ(world.call("ListTagsForResource", arn + "}"), R"({"tags":{"c":"d"}})");
  EXPECT_EQ(world.call("PutDestinationPolicy",
                       R"({"destinationName":"d","accessPolicy":"{\"Statement\":[]}"})"),
            "{}");
  EXPECT_THAT(world.call("DescribeDestinations", "{}"),
              HasSubstr(R"("accessPolicy":"{\"Statement\":[]}")"));
  EXPECT_EQ(world.call("DeleteDestination", R"({"destinationName":"d"})"), "{}");
  EXPECT_THAT(world.call("ListTagsForResource", arn + "}"), StartsWith("ResourceNotFound"));
}

TEST(PutResourcePolicy, IsShownByDescribeResourcePolicies) {
  ApiWorld world;
  EXPECT_EQ(world.call("PutResourcePolicy", R"({"policyName":"p","policyDocument":"{}"})"),
            R"({"resourcePolicy":{"policyName":"p","policyDocument":"{}",)"
            R"("lastUpdatedTime":1767225600000,"policyScope":"ACCOUNT"}})");
  const std::string made =
      world.call("PutResourcePolicy", R"({"resourceArn":"arn:aws:logs:x","policyDocument":"{}"})");
  EXPECT_THAT(made, HasSubstr(R"("policyScope":"RESOURCE","resourceArn":"arn:aws:logs:x")"));
  EXPECT_THAT(made, HasSubstr(R"("revisionId":")"));
  EXPECT_THAT(world.call("DescribeResourcePolicies", R"({"policyScope":"RESOURCE"})"),
              HasSubstr(R"("resourceArn":"arn:aws:logs:x")"));
  EXPECT_THAT(world.call("DescribeResourcePolicies", "{}"), HasSubstr(R"("policyName":"p")"));
  EXPECT_EQ(world.call("DeleteResourcePolicy", R"({"policyName":"p"})"), "{}");
  EXPECT_EQ(world.call("DeleteResourcePolicy", R"({"policyName":"p"})"),
            "ResourceNotFoundException: Policy with name [p] does not exist.");
  EXPECT_THAT(world.call("PutResourcePolicy", R"({"policyName":"p","policyDocument":")" +
                                                  std::string(51'201, ' ') + R"("})"),
              HasSubstr("Member must have length less than or equal to 51200"));
}

TEST(CreateExportTask, IsShownByDescribeExportTasks) {
  ApiWorld world;
  const std::string made =
      world.call("CreateExportTask",
                 R"({"logGroupName":"g","from":1,"to":2,"destination":"bucket","taskName":"n"})");
  ASSERT_THAT(made, StartsWith(R"({"taskId":")"));
  const std::string id = made.substr(11, 36);
  EXPECT_EQ(world.call("DescribeExportTasks", "{}"),
            R"({"exportTasks":[{"taskId":")" + id +
                R"(","taskName":"n","logGroupName":"g","from":1,"to":2,"destination":"bucket",)"
                R"("destinationPrefix":"exportedlogs","status":{"code":"PENDING"},)"
                R"("executionInfo":{"creationTime":1767225600000}}]})");
  EXPECT_EQ(world.call("CancelExportTask", R"({"taskId":")" + id + R"("})"), "{}");
  world.runtime.run_ready();
  EXPECT_THAT(world.call("DescribeExportTasks", R"({"statusCode":"CANCELLED"})"),
              HasSubstr(R"("completionTime":1767225600000)"));
  EXPECT_EQ(world.call("DescribeExportTasks", R"({"taskId":"x"})"), R"({"exportTasks":[]})");
  EXPECT_THAT(world.call("CreateExportTask", R"({"logGroupName":"g","from":1,"to":2})"),
              HasSubstr("Member must not be null"));
}

}  // namespace
}  // namespace weir::api::logs
