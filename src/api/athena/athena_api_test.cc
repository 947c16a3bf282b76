// SPDX-License-Identifier: Apache-2.0
#include "api/athena/athena_api.h"

#include <filesystem>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/athena/model.h"
#include "base/document.h"

namespace weir::api::athena {
namespace {

using ::testing::HasSubstr;

/// Requests and answers are JSON texts, as on the wire; an empty folder with one bucket is the
/// object store.
struct ApiWorld {
  ApiWorld() {
    std::filesystem::create_directories(folder / "objects/results");
    sql::Athena::Config config;
    config.object_folders = {(folder / "objects").string()};
    config.work_folder = (folder / "work").string();
    config.threads = 1;
    athena = std::make_unique<sql::Athena>(runtime, *store, files, config);
    WEIR_ASSERT(athena->load());
    api = std::make_unique<AthenaApi>(*athena);
    api->add_to(table);
  }
  ~ApiWorld() {
    athena.reset();
    std::filesystem::remove_all(folder);
  }
  /// The answer, or `Code: message`.
  std::string call(std::string_view operation, std::string_view input) {
    const wire::Operation* found = table.find(operation);
    WEIR_ASSERT(found != nullptr);
    const auto tree = parse_json(input);
    WEIR_ASSERT(tree);
    const auto answer = found->call(request, *tree, {});
    if (!answer) {
      last = answer.error();
      return answer.error().code + ": " + answer.error().message;
    }
    return to_json(to_document(*answer->type, answer->value.get()));
  }
  std::string start(std::string_view sql,
                    std::string_view token = "0123456789abcdef0123456789abcdef") {
    const std::string answer = call(
        "StartQueryExecution",
        R"({"QueryString":")" + std::string(sql) + R"(","ClientRequestToken":")" +
            std::string(token) + R"(","ResultConfiguration":{"OutputLocation":"s3://results/a"}})");
    const auto tree = parse_json(answer);
    if (!tree) return answer;
    return *tree->find("QueryExecutionId")->string();
  }
  std::string id_input(const std::string& id) { return R"({"QueryExecutionId":")" + id + "\"}"; }

  std::filesystem::path folder = std::filesystem::path(testing::TempDir()) /
                                 ("weir-athena-api-" + std::to_string(std::random_device{}()));
  SimulatedRuntime runtime{1};
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  sql::FolderFiles files{folder / "objects"};
  std::unique_ptr<sql::Athena> athena;
  std::unique_ptr<AthenaApi> api;
  wire::OperationTable table{athena_model()};
  wire::Request request;
  Error last;
};

TEST(AthenaApi, RunsAQueryAndAnswersItsRowsWithAHeader) {
  ApiWorld world;
  const std::string id = world.start("SELECT 1 AS a, CAST(NULL AS varchar) AS b, 'x' c");
  EXPECT_THAT(world.call("GetQueryExecution", world.id_input(id)),
              HasSubstr(R"("State":"QUEUED")"));
  world.runtime.run_ready();
  const std::string execution = world.call("GetQueryExecution", world.id_input(id));
  EXPECT_THAT(execution, HasSubstr(R"("State":"SUCCEEDED")"));
  EXPECT_THAT(execution, HasSubstr("s3://results/a/" + id + ".csv"));
  EXPECT_THAT(execution, HasSubstr(R"("StatementType":"DML","SubstatementType":"SELECT")"));
  const std::string results = world.call("GetQueryResults", world.id_input(id));
  EXPECT_THAT(results, HasSubstr(R"("Rows":[{"Data":[{"VarCharValue":"a"},{"VarCharValue":"b"},)"
                                 R"({"VarCharValue":"c"}]},{"Data":[{"VarCharValue":"1"},{},)"
                                 R"({"VarCharValue":"x"}]}])"));
  EXPECT_THAT(results, HasSubstr(R"("UpdateCount":0)"));
  EXPECT_THAT(results,
              HasSubstr(R"("Type":"integer","Precision":10,"Scale":0,"Nullable":"UNKNOWN")"));
}

TEST(AthenaApi, PagesOfResultsFollowEachOther) {
  ApiWorld world;
  const std::string id = world.start("SELECT x FROM UNNEST(sequence(1, 5)) AS t (x)");
  world.runtime.run_ready();
  const std::string first =
      world.call("GetQueryResults", R"({"QueryExecutionId":")" + id + R"(","MaxResults":4})");
  EXPECT_THAT(first, HasSubstr(R"("VarCharValue":"3")"));
  EXPECT_THAT(first, ::testing::Not(HasSubstr(R"("VarCharValue":"4")")));
  const auto tree = parse_json(first);
  ASSERT_TRUE(tree);
  ASSERT_NE(tree->find("NextToken"), nullptr);
  const std::string second =
      world.call("GetQueryResults", R"({"QueryExecutionId":")" + id + R"(","NextToken":")" +
                                        *tree->find("NextToken")->string() + "\"}");
  EXPECT_THAT(
      second,
      HasSubstr(R"("Rows":[{"Data":[{"VarCharValue":"4"}]},{"Data":[{"VarCharValue":"5"}]}])"));
  EXPECT_THAT(second, ::testing::Not(HasSubstr("NextToken")));
}

TEST(AthenaApi, SyntaxErrorsAreRefusedAtOnceWithTheTextOfAws) {
  ApiWorld world;
  EXPECT_THAT(
      world.start("SELEC 1"),
      HasSubstr("InvalidRequestException: line 1:1: mismatched input 'SELEC'. Expecting: "));
  ASSERT_EQ(world.last.details.size(), 2u);
  EXPECT_EQ(world.last.details[0],
            std::make_pair(std::string("AthenaErrorCode"), std::string("MALFORMED_QUERY")));
  EXPECT_EQ(world.start("SELECT 1", ""),
            "InvalidRequestException: clientRequestToken is null or empty");
  EXPECT_THAT(
      world.call("StartQueryExecution", "{}"),
      HasSubstr(
          "1 validation error detected: Value null at 'queryString' failed to satisfy constraint: "
          "Member must not be null"));
}

TEST(AthenaApi, UnknownExecutionsAndUnfinishedResultsSayWhat) {
  ApiWorld world;
  EXPECT_EQ(world.call("GetQueryExecution", R"({"QueryExecutionId":"nope"})"),
            "InvalidRequestException: QueryExecution nope was not found");
  const std::string id = world.start("SELECT 1");
  EXPECT_EQ(world.call("GetQueryResults", world.id_input(id)),
            "InvalidRequestException: Query has not yet finished. Current state: QUEUED");
  EXPECT_EQ(world.call("StopQueryExecution", world.id_input(id)), "{}");
  world.runtime.run_ready();
  EXPECT_THAT(world.call("GetQueryExecution", world.id_input(id)),
              HasSubstr(R"("State":"CANCELLED","StateChangeReason":"Query cancelled by user")"));
  EXPECT_EQ(world.call("GetQueryResults", world.id_input(id)),
            "InvalidRequestException: Could not find results");
  EXPECT_THAT(
      world.call("BatchGetQueryExecution", R"({"QueryExecutionIds":[")" + id + R"(","nope"]})"),
      HasSubstr(R"("UnprocessedQueryExecutionIds":[{"QueryExecutionId":"nope")"));
}

TEST(AthenaApi, TheSameTokenIsTheSameExecution) {
  ApiWorld world;
  const std::string id = world.start("SELECT 1");
  EXPECT_EQ(world.start("SELECT 1"), id);
  EXPECT_EQ(world.start("SELECT 2"), "InvalidRequestException: Idempotent parameters do not match");
}

TEST(AthenaApi, WorkGroupsAlwaysHaveWhatClientsIndex) {
  ApiWorld world;
  const std::string primary = world.call("GetWorkGroup", R"({"WorkGroup":"primary"})");
  EXPECT_THAT(primary, HasSubstr(R"("EnforceWorkGroupConfiguration":false)"));
  EXPECT_THAT(primary, HasSubstr(R"("ResultConfiguration":{})"));
  EXPECT_THAT(primary, HasSubstr(R"("EffectiveEngineVersion":"Athena engine version 3")"));
  EXPECT_EQ(
      world.call(
          "CreateWorkGroup",
          R"({"Name":"net","Configuration":{"ResultConfiguration":{"OutputLocation":"s3://results/n/"}}})"),
      "{}");
  EXPECT_THAT(world.call("CreateWorkGroup", R"({"Name":"net"})"),
              HasSubstr("WorkGroup is already created"));
  const std::string list = world.call("ListWorkGroups", "{}");
  EXPECT_THAT(list, HasSubstr(R"("Name":"net")"));
  EXPECT_THAT(list, ::testing::Not(HasSubstr("NextToken")));
  EXPECT_EQ(world.call("DeleteWorkGroup", R"({"WorkGroup":"net"})"), "{}");
  EXPECT_EQ(world.call("GetWorkGroup", R"({"WorkGroup":"net"})"),
            "InvalidRequestException: WorkGroup is not found.");
  EXPECT_THAT(world.call("DeleteWorkGroup", R"({"WorkGroup":"primary"})"),
              HasSubstr("cannot be deleted"));
}

TEST(AthenaApi, NamedQueriesAndTheCatalogAreListed) {
  ApiWorld world;
  const std::string made =
      world.call("CreateNamedQuery",
                 R"({"Name":"top","Database":"net","QueryString":"SELECT 1","Description":"d"})");
  EXPECT_THAT(made, HasSubstr("NamedQueryId"));
  const auto tree = parse_json(made);
  ASSERT_TRUE(tree);
  const std::string id = *tree->find("NamedQueryId")->string();
  EXPECT_THAT(world.call("ListNamedQueries", "{}"), HasSubstr(id));
  EXPECT_THAT(world.call("GetNamedQuery", R"({"NamedQueryId":")" + id + "\"}"),
              HasSubstr(R"("Name":"top")"));
  EXPECT_EQ(world.call("DeleteNamedQuery", R"({"NamedQueryId":")" + id + "\"}"), "{}");

  world.start("CREATE DATABASE net");
  world.runtime.run_ready();
  EXPECT_THAT(world.call("ListDatabases", R"({"CatalogName":"AwsDataCatalog"})"),
              HasSubstr(R"("Name":"net")"));
  EXPECT_THAT(world.call("ListDataCatalogs", "{}"),
              HasSubstr(R"("CatalogName":"AwsDataCatalog","Type":"GLUE")"));
  EXPECT_THAT(world.call("GetDatabase", R"({"CatalogName":"AwsDataCatalog","DatabaseName":"no"})"),
              HasSubstr("MetadataException"));
  EXPECT_THAT(
      world.call("ListTableMetadata", R"({"CatalogName":"AwsDataCatalog","DatabaseName":"net"})"),
      HasSubstr(R"("TableMetadataList":[])"));
}

}  // namespace
}  // namespace weir::api::athena
