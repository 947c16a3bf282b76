// SPDX-License-Identifier: Apache-2.0
#include "api/logs/insights_api.h"

#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/logs/logs_api.h"
#include "api/logs/model.h"
#include "base/document.h"
#include "wire/dispatch.h"

namespace weir::api::logs {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// Requests and answers are JSON texts, as on the wire; queries run in run_ready().
struct ApiWorld {
  ApiWorld() {
    WEIR_ASSERT(service.load());
    WEIR_ASSERT(executions.load());
    logs_api.set_indexed_groups([this](const Scope& scope, std::span<const std::string> fields) {
      return policies.groups_with(scope, fields);
    });
    logs_api.add_to(table);
    api.add_to(table);
    request.scope = {.account = "123456789012", .region = "eu-west-1"};
    request.request_id = "11111111-2222-3333-4444-555555555555";
    call("CreateLogGroup", R"({"logGroupName":"g"})");
    call("CreateLogStream", R"({"logGroupName":"g","logStreamName":"s"})");
    call("PutLogEvents", R"({"logGroupName":"g","logStreamName":"s","logEvents":[)"
                         R"({"timestamp":1767225600000,"message":"one"},)"
                         R"({"timestamp":1767225600000,"message":"two"}]})");
  }

  Result<Document> ask(std::string_view operation, std::string_view input) {
    const wire::Operation* found = table.find(operation);
    WEIR_ASSERT(found != nullptr);
    WEIR_TRY(const Document tree, parse_json(input));
    WEIR_TRY(const wire::Answer answer, found->call(request, tree, {}));
    return to_document(*answer.type, answer.value.get());
  }
  /// The answer, or `Code: message`.
  std::string call(std::string_view operation, std::string_view input) {
    const auto answer = ask(operation, input);
    if (!answer) return answer.error().code + ": " + answer.error().message;
    return to_json(*answer);
  }
  /// A member of the answer as text.
  std::string member(std::string_view operation, std::string_view input, std::string_view name) {
    const auto answer = ask(operation, input);
    if (!answer) return answer.error().code + ": " + answer.error().message;
    const Document* found = answer->find(name);
    if (found == nullptr) return "absent";
    return found->string() != nullptr ? *found->string() : to_json(*found);
  }
  /// A query of the last hour.
  std::string start(const std::string& query = "fields @message",
                    const std::string& groups = R"("logGroupName":"g")",
                    const std::string& more = "") {
    return member("StartQuery",
                  R"({"startTime":1767222000,"endTime":1767225600,"queryString":")" + query +
                      "\"," + groups + more + "}",
                  "queryId");
  }
  static std::string of(const std::string& id, const std::string& more = "") {
    return R"({"queryId":")" + id + "\"" + more + "}";
  }

  SimulatedRuntime runtime{3, Time{1767225600000}};
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  weir::logs::Logs service{
      runtime,
      *store,
      [](const Scope&, std::string_view, std::span<const weir::logs::MetricValue>) -> Result<void> {
        return {};
      },
      {}};
  insights::Executions executions{runtime, *store, service, {}, {.first_wait = Duration(0)}};
  insights::QueryDefinitions definitions{runtime, *store};
  insights::IndexPolicies policies{runtime, *store, service};
  LogsApi logs_api{service};
  InsightsApi api{runtime, service, executions, definitions, policies};
  wire::OperationTable table{logs_model()};
  wire::Request request;
};

constexpr const char* kGroupMissing =
    "ResourceNotFoundException: The specified log group does not exist.";
constexpr const char* kBadToken = "InvalidParameterException: The specified nextToken is invalid.";

// ---- StartQuery ---------------------------------------------------------------------------------

TEST(StartQuery, TakesGroupsByNameNamesIdentifiersAndArn) {
  ApiWorld world;
  world.call("CreateLogGroup", R"({"logGroupName":"h"})");
  for (const char* groups :
       {R"("logGroupName":"g")", R"("logGroupNames":["g","h"])", R"("logGroupIdentifiers":["g"])",
        R"("logGroupIdentifiers":["arn:aws:logs:eu-west-1:123456789012:log-group:g"])"}) {
    EXPECT_THAT(world.start("fields @message", groups), Not(HasSubstr(":"))) << groups;
  }
}

TEST(StartQuery, NeedsExactlyOneWayToSayWhichGroups) {
  ApiWorld world;
  EXPECT_THAT(world.start("fields @message", R"("logGroupName":"g","logGroupNames":["g"])"),
              StartsWith("InvalidParameterException: Exactly one of logGroupName"));
  EXPECT_THAT(world.start("fields @message", R"("limit":5)"),
              StartsWith("InvalidParameterException: Exactly one of logGroupName"));
}

// source: User Guide, "Log classes"
TEST(StartQuery, ClassesLackCommandsAndIndexes) {
  ApiWorld world;
  world.call("CreateLogGroup", R"({"logGroupName":"ia","logGroupClass":"INFREQUENT_ACCESS"})");
  world.call("CreateLogGroup", R"({"logGroupName":"d","logGroupClass":"DELIVERY"})");
  const char* const kRare = R"("logGroupNames":["g","ia"])";
  EXPECT_THAT(world.start("stats count(*)", kRare), Not(HasSubstr(":")));
  for (const char* command : {"pattern @message", "diff", "filterIndex a = 1"}) {
    EXPECT_THAT(world.start(command, kRare),
                StartsWith("InvalidParameterException: Log group 'ia' is of class "
                           "INFREQUENT_ACCESS"))
        << command;
    EXPECT_THAT(world.start(command), Not(HasSubstr(":"))) << command;
  }
  EXPECT_THAT(world.start("SOURCE logGroups(namePrefix: [\\\"i\\\"]) | diff", R"("limit":5)"),
              StartsWith("InvalidParameterException: Log group 'ia'"));
  EXPECT_THAT(world.start("stats count(*)", R"("logGroupName":"d")"),
              StartsWith("InvalidParameterException: Log group 'd' is of class DELIVERY"));
  EXPECT_THAT(world.call("PutIndexPolicy",
                         R"({"logGroupIdentifier":"ia","policyDocument":"{\"Fields\":[\"a\"]}"})"),
              StartsWith("InvalidParameterException: Log groups of class INFREQUENT_ACCESS"));
}

// source: recorded on AWS
TEST(StartQuery, AMissingGroupHasTheTextOfAws) {
  ApiWorld world;
  EXPECT_EQ(world.start("fields @message", R"("logGroupName":"other")"),
            "ResourceNotFoundException: Log group 'other' does not exist for account ID "
            "'123456789012' (Service: AWSLogs; Status Code: 400; Error Code: "
            "ResourceNotFoundException; Request ID: 11111111-2222-3333-4444-555555555555; Proxy: "
            "null)");
}

TEST(StartQuery, ACompileErrorHasItsPlaceInTheBody) {
  ApiWorld world;
  wire::HttpRequest http;
  http.method = "POST";
  http.target = http.path = "/";
  http.headers.add("Content-Type", "application/x-amz-json-1.1");
  http.headers.add("X-Amz-Target", "Logs_20140328.StartQuery");
  http.body.content = std::string(
      R"({"startTime":1,"endTime":2,"queryString":"fields @message | bad","logGroupName":"g"})");
  http.caller = world.request;
  const auto answer = wire::dispatch(world.table, http);
  EXPECT_EQ(answer.status, 400);
  const auto body = parse_json(std::get<std::string>(answer.body));
  ASSERT_TRUE(body);
  EXPECT_EQ(*body->find("__type")->string(), "MalformedQueryException");
  const Document* error = body->find("queryCompileError");
  ASSERT_NE(error, nullptr);
  EXPECT_NE(error->find("location")->find("startCharOffset")->integer(), nullptr);
  EXPECT_NE(error->find("location")->find("endCharOffset")->integer(), nullptr);
  EXPECT_EQ(*error->find("message")->string(), *body->find("message")->string());
  EXPECT_EQ(body->find("startCharOffset"), nullptr);
}

TEST(StartQuery, TimesAreSecondsOrMilliseconds) {
  ApiWorld world;
  EXPECT_EQ(milliseconds_of(1767225600), 1767225600000);
  EXPECT_EQ(milliseconds_of(1767225600000), 1767225600000);
  for (const char* times : {R"("startTime":1767225600,"endTime":1767225600)",
                            R"("startTime":1767225600000,"endTime":1767225600000)"}) {
    const std::string id = world.member(
        "StartQuery",
        std::string("{") + times + R"(,"queryString":"fields @message","logGroupName":"g"})",
        "queryId");
    world.runtime.run_ready();
    EXPECT_THAT(world.member("GetQueryResults", ApiWorld::of(id), "results"), HasSubstr("one"));
  }
}

TEST(StartQuery, FailuresSayWhatIsWrong) {
  ApiWorld world;
  EXPECT_THAT(world.call("StartQuery", R"({"startTime":2,"endTime":1,"queryString":"fields a",
                                           "logGroupName":"g"})"),
              HasSubstr("must not be after its endTime"));
  EXPECT_EQ(world.start("SELECT 1", R"("logGroupName":"g","queryLanguage":"SQL")"),
            "InvalidParameterException: queryLanguage SQL is not supported");
  EXPECT_THAT(world.start("fields a", R"("logGroupName":"g","limit":100001)"),
              HasSubstr("Member must have value less than or equal to 100000"));
  EXPECT_THAT(world.start(std::string(10001, 'a')),
              HasSubstr("Member must have length less than or equal to 10000"));
  world.call("CreateLogGroup", R"({"logGroupName":"d","logGroupClass":"DELIVERY"})");
  EXPECT_THAT(world.start("fields a", R"("logGroupName":"d")"), HasSubstr("class DELIVERY"));
}

// ---- Results ------------------------------------------------------------------------------------

TEST(GetQueryResults, ShowsRowsOfTextsAndStatisticsOfDoubles) {
  ApiWorld world;
  const std::string id = world.start("fields @message | sort @message");
  EXPECT_EQ(world.member("GetQueryResults", ApiWorld::of(id), "status"), "Running");
  world.runtime.run_ready();
  const std::string answer = world.call("GetQueryResults", ApiWorld::of(id));
  EXPECT_THAT(
      answer,
      StartsWith(R"({"queryLanguage":"CWLI","results":[[{"field":"@message","value":"one"},)"
                 R"({"field":"@ptr","value":)"));
  EXPECT_THAT(answer, HasSubstr(R"("statistics":{"recordsMatched":2.0,"recordsScanned":2.0,)"
                                R"("estimatedRecordsSkipped":0.0,"bytesScanned":)"));
  EXPECT_THAT(answer,
              HasSubstr(R"("logGroupsScanned":1.0,"resultCount":2.0},"status":"Complete")"));
}

TEST(GetQueryResults, PagesHaveTokensOfTheirQuery) {
  ApiWorld world;
  const std::string id = world.start();
  const std::string other = world.start();
  world.runtime.run_ready();
  const std::string token =
      world.member("GetQueryResults", ApiWorld::of(id, R"(,"maxItems":1)"), "nextToken");
  const std::string with_token = R"(,"maxItems":1,"nextToken":")" + token + '"';
  EXPECT_EQ(world.member("GetQueryResults", ApiWorld::of(id, with_token), "nextToken"), "absent");
  EXPECT_THAT(world.member("GetQueryResults", ApiWorld::of(id, with_token), "results"),
              AllOf(StartsWith("[[{"), Not(HasSubstr("],["))));
  EXPECT_EQ(world.call("GetQueryResults", ApiWorld::of(other, with_token)), kBadToken);
  EXPECT_EQ(world.call("GetQueryResults", ApiWorld::of(id, R"(,"nextToken":"x")")), kBadToken);
  EXPECT_THAT(world.call("GetQueryResults", ApiWorld::of(id, R"(,"maxItems":10001)")),
              HasSubstr("less than or equal to 10000"));
}

TEST(GetQueryResults, AnUnknownQueryIsNotFound) {
  ApiWorld world;
  for (const char* operation : {"GetQueryResults", "StopQuery", "ListLogGroupsForQuery"}) {
    EXPECT_EQ(world.call(operation, R"({"queryId":"x"})"),
              "ResourceNotFoundException: The specified query does not exist.");
  }
}

TEST(StopQuery, EndsWhatRunsAndRefusesWhatHasEnded) {
  ApiWorld world;
  const std::string id = world.start();
  EXPECT_EQ(world.call("StopQuery", ApiWorld::of(id)), R"({"success":true})");
  world.runtime.run_ready();
  EXPECT_EQ(world.member("GetQueryResults", ApiWorld::of(id), "status"), "Cancelled");
  EXPECT_THAT(world.call("StopQuery", ApiWorld::of(id)), StartsWith("InvalidParameterException: "));
}

TEST(DescribeQueries, ShowsTheQueryWithItsSource) {
  ApiWorld world;
  const std::string id = world.start("fields @message");
  world.runtime.run_ready();
  const std::string answer = world.call("DescribeQueries", "{}");
  EXPECT_THAT(answer, HasSubstr(R"("queryId":")" + id));
  EXPECT_THAT(answer, HasSubstr(R"(SOURCE \"g\" START=1767222000000 END=1767225600999 | fields)"));
  EXPECT_THAT(answer, HasSubstr(R"("status":"Complete","createTime":1767225600000)"));
  EXPECT_THAT(answer, HasSubstr(R"("userIdentity":"arn:aws:iam::123456789012:root")"));
  EXPECT_EQ(world.call("DescribeQueries", R"({"logGroupName":"h"})"), R"({"queries":[]})");
  EXPECT_EQ(world.call("DescribeQueries", R"({"status":"Running"})"), R"({"queries":[]})");
  EXPECT_EQ(world.call("DescribeQueries", R"({"queryLanguage":"PPL"})"), R"({"queries":[]})");
  world.start();
  const std::string token = world.member("DescribeQueries", R"({"maxResults":1})", "nextToken");
  EXPECT_THAT(world.call("DescribeQueries", R"({"maxResults":1,"nextToken":")" + token + R"("})"),
              AllOf(HasSubstr("queryId"), Not(HasSubstr("nextToken"))));
  EXPECT_EQ(world.call("DescribeQueries", R"({"nextToken":"x"})"), kBadToken);
}

TEST(ListLogGroupsForQuery, NamesTheGroupsInPages) {
  ApiWorld world;
  std::string names;
  for (int i = 0; i < 50; ++i) {
    const std::string name = "group-" + std::to_string(100 + i);
    world.call("CreateLogGroup", R"({"logGroupName":")" + name + R"("})");
    names += (i == 0 ? "\"" : ",\"") + name + '"';
  }
  const std::string one = world.start();
  EXPECT_EQ(world.call("ListLogGroupsForQuery", ApiWorld::of(one)),
            R"({"logGroupIdentifiers":["g"]})");
  const std::string id = world.start("fields @message", R"("logGroupNames":[)" + names + "]");
  EXPECT_THAT(world.call("ListLogGroupsForQuery", ApiWorld::of(id)),
              AllOf(HasSubstr("group-149"), Not(HasSubstr("nextToken"))));
  EXPECT_THAT(world.call("ListLogGroupsForQuery", ApiWorld::of(id, R"(,"maxResults":10)")),
              HasSubstr("greater than or equal to 50"));
}

// ---- Fields -------------------------------------------------------------------------------------

TEST(GetLogGroupFields, LooksAtTheLastQuarterOfAnHour) {
  ApiWorld world;
  EXPECT_THAT(world.call("GetLogGroupFields", R"({"logGroupName":"g"})"),
              HasSubstr(R"({"name":"@message","percent":100})"));
  EXPECT_EQ(world.call("GetLogGroupFields", R"({"logGroupName":"x"})"), kGroupMissing);
  EXPECT_THAT(world.call("GetLogGroupFields", R"({"logGroupName":"g","logGroupIdentifier":"g"})"),
              HasSubstr("mutually exclusive"));
}

// ---- Saved queries ------------------------------------------------------------------------------

TEST(PutQueryDefinition, IsShownAndDeleted) {
  ApiWorld world;
  const std::string id =
      world.member("PutQueryDefinition",
                   R"({"name":"flow/top","queryString":"limit {{n}}","logGroupNames":["g"],
          "parameters":[{"name":"n","defaultValue":"5"}]})",
                   "queryDefinitionId");
  EXPECT_EQ(world.call("DescribeQueryDefinitions", R"({"queryDefinitionNamePrefix":"flow"})"),
            R"({"queryDefinitions":[{"queryLanguage":"CWLI","queryDefinitionId":")" + id +
                R"(","name":"flow/top","queryString":"limit {{n}}","lastModified":1767225600000,)"
                R"("logGroupNames":["g"],"parameters":[{"name":"n","defaultValue":"5"}]}]})");
  const std::string input = R"({"queryDefinitionId":")" + id + R"("})";
  EXPECT_EQ(world.call("DeleteQueryDefinition", input), R"({"success":true})");
  EXPECT_EQ(world.call("DeleteQueryDefinition", input),
            "ResourceNotFoundException: The specified query definition does not exist.");
  EXPECT_EQ(world.call("DescribeQueryDefinitions", "{}"), R"({"queryDefinitions":[]})");
}

TEST(PutQueryDefinition, FailuresSayWhatIsWrong) {
  ApiWorld world;
  EXPECT_THAT(world.call("PutQueryDefinition", R"({"name":"","queryString":"x"})"),
              HasSubstr("at 'name' failed to satisfy constraint"));
  EXPECT_THAT(
      world.call("PutQueryDefinition", R"({"name":"a","queryString":"x","clientToken":"short"})"),
      HasSubstr("greater than or equal to 36"));
  EXPECT_THAT(world.call("PutQueryDefinition",
                         R"({"name":"a","queryString":"x","queryLanguage":"SQL",
                             "parameters":[{"name":"n"}]})"),
              HasSubstr("only for queries of CWLI"));
  EXPECT_THAT(
      world.call("PutQueryDefinition", R"({"name":"a","queryString":"x","queryDefinitionId":"y"})"),
      StartsWith("ResourceNotFoundException"));
}

TEST(DescribeQueryDefinitions, HasPages) {
  ApiWorld world;
  for (const char* name : {"a", "b"}) {
    world.call("PutQueryDefinition",
               R"({"queryString":"x","name":")" + std::string(name) + R"("})");
  }
  const std::string token =
      world.member("DescribeQueryDefinitions", R"({"maxResults":1})", "nextToken");
  EXPECT_THAT(world.call("DescribeQueryDefinitions", R"({"nextToken":")" + token + R"("})"),
              AllOf(HasSubstr(R"("name":"b")"), Not(HasSubstr(R"("name":"a")"))));
  EXPECT_EQ(world.call("DescribeQueryDefinitions", R"({"nextToken":"x"})"), kBadToken);
}

// ---- Field indexes ------------------------------------------------------------------------------

TEST(PutIndexPolicy, IsShownFoundAndDeleted) {
  ApiWorld world;
  const std::string policy =
      R"({"indexPolicy":{"logGroupIdentifier":"arn:aws:logs:eu-west-1:123456789012:log-group:g",)"
      R"("lastUpdateTime":1767225600000,"policyDocument":"{\"Fields\":[\"a\"]}",)"
      R"("source":"LOG_GROUP"}})";
  EXPECT_EQ(world.call("PutIndexPolicy",
                       R"({"logGroupIdentifier":"g","policyDocument":"{\"Fields\":[\"a\"]}"})"),
            policy);
  EXPECT_THAT(world.call("DescribeIndexPolicies", R"({"logGroupIdentifiers":["g"]})"),
              HasSubstr(R"("policyDocument":"{\"Fields\":[\"a\"]}")"));
  EXPECT_EQ(world.call("DescribeFieldIndexes", R"({"logGroupIdentifiers":["g"]})"),
            R"({"fieldIndexes":[{"logGroupIdentifier":)"
            R"("arn:aws:logs:eu-west-1:123456789012:log-group:g","fieldIndexName":"a",)"
            R"("type":"FIELD_INDEX","indexCategory":"CUSTOM"}]})");
  EXPECT_THAT(world.call("ListLogGroups", R"({"fieldIndexNames":["a"]})"),
              HasSubstr(R"("logGroupName":"g")"));
  EXPECT_EQ(world.call("ListLogGroups", R"({"fieldIndexNames":["a","b"]})"), R"({"logGroups":[]})");
  EXPECT_EQ(world.call("DeleteIndexPolicy", R"({"logGroupIdentifier":"g"})"), "{}");
  EXPECT_EQ(world.call("DescribeIndexPolicies", R"({"logGroupIdentifiers":["g"]})"),
            R"({"indexPolicies":[]})");
}

TEST(PutIndexPolicy, FailuresSayWhatIsWrong) {
  ApiWorld world;
  EXPECT_EQ(world.call("PutIndexPolicy",
                       R"({"logGroupIdentifier":"x","policyDocument":"{\"Fields\":[\"a\"]}"})"),
            kGroupMissing);
  EXPECT_THAT(world.call("PutIndexPolicy", R"({"logGroupIdentifier":"g","policyDocument":"x"})"),
              StartsWith("InvalidParameterException"));
  EXPECT_THAT(world.call("DeleteIndexPolicy", R"({"logGroupIdentifier":"g"})"),
              StartsWith("ResourceNotFoundException"));
  EXPECT_THAT(world.call("DescribeIndexPolicies", R"({"logGroupIdentifiers":["g","h"]})"),
              HasSubstr("less than or equal to 1"));
}

// ---- KMS keys -----------------------------------------------------------------------------------

TEST(AssociateKmsKey, OfGroupsIsShown) {
  ApiWorld world;
  EXPECT_EQ(world.call("AssociateKmsKey", R"({"logGroupName":"g","kmsKeyId":"arn:aws:kms:k"})"),
            "{}");
  EXPECT_THAT(world.call("DescribeLogGroups", "{}"), HasSubstr(R"("kmsKeyId":"arn:aws:kms:k")"));
  EXPECT_EQ(world.call("DisassociateKmsKey",
                       R"({"resourceIdentifier":
                           "arn:aws:logs:eu-west-1:123456789012:log-group:g"})"),
            "{}");
  EXPECT_THAT(world.call("DescribeLogGroups", "{}"), Not(HasSubstr("kmsKeyId")));
}

TEST(AssociateKmsKey, OfQueryResultsIsShownWithThem) {
  ApiWorld world;
  EXPECT_EQ(world.call("AssociateKmsKey",
                       R"({"kmsKeyId":"arn:aws:kms:k","resourceIdentifier":
                           "arn:aws:logs:eu-west-1:123456789012:query-result:*"})"),
            "{}");
  EXPECT_EQ(world.member("GetQueryResults", ApiWorld::of(world.start()), "encryptionKey"),
            "arn:aws:kms:k");
}

TEST(AssociateKmsKey, FailuresSayWhatIsWrong) {
  ApiWorld world;
  EXPECT_EQ(world.call("AssociateKmsKey", R"({"logGroupName":"x","kmsKeyId":"k"})"), kGroupMissing);
  for (const char* input :
       {R"({"kmsKeyId":"k"})", R"({"kmsKeyId":"k","logGroupName":"g","resourceIdentifier":"g"})"}) {
    EXPECT_THAT(world.call("AssociateKmsKey", input),
                HasSubstr("Exactly one of logGroupName and resourceIdentifier"));
  }
}

}  // namespace
}  // namespace weir::api::logs
