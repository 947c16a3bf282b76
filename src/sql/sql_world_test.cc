// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <random>
#include <sstream>

#include <gtest/gtest.h>

#include "columnar/gzip.h"
#include "sql/sql_world.h"

// The world that the other tests of this folder share; it has no tests of its own.
namespace weir::sql {
namespace {

constexpr std::string_view kRecords =
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start "
    "end "
    "action log-status\n"
    "2 123456789012 eni-0a1 203.0.113.9 10.0.0.5 50123 22 6 4 240 1785542400 1785542460 REJECT OK\n"
    "2 123456789012 eni-0a1 203.0.113.9 10.0.0.5 50124 3389 6 2 120 1785542401 1785542461 REJECT "
    "OK\n"
    "2 123456789012 eni-0a1 10.0.0.5 198.51.100.7 443 40000 6 10 8400 1785542402 1785542462 ACCEPT "
    "OK\n"
    "2 123456789012 eni-0a1 - - - - - - - 1785542403 1785542463 - NODATA\n";

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : " | ") + part;
  return out;
}

}  // namespace

SqlWorld::SqlWorld() {
  folder = std::filesystem::path(testing::TempDir()) /
           ("weir-sql-" + std::to_string(reinterpret_cast<std::uintptr_t>(this)) + "-" +
            std::to_string(std::random_device{}()));
  std::filesystem::create_directories(folder / "objects/lake");
  objects = std::make_unique<FolderFiles>(folder / "objects");
  restart();
  put("flow/one.log.gz", std::string(kRecords));
  run("CREATE DATABASE net");
  const Answer made =
      run("CREATE EXTERNAL TABLE flow (version int, account_id string, interface_id string, "
          "srcaddr string, "
          "dstaddr string, srcport int, dstport int, protocol bigint, packets bigint, bytes "
          "bigint, start bigint, "
          "`end` bigint, action string, log_status string) ROW FORMAT DELIMITED FIELDS TERMINATED "
          "BY ' ' "
          "LOCATION 's3://lake/flow/' TBLPROPERTIES ('skip.header.line.count'='1')");
  EXPECT_EQ(made.error, "");
}

SqlWorld::~SqlWorld() {
  athena.reset();
  std::filesystem::remove_all(folder);
}

void SqlWorld::restart() {
  athena.reset();
  Athena::Config config;
  config.object_folders = {(folder / "objects").string()};
  config.work_folder = (folder / "work").string();
  config.output_location = "s3://lake/results/";
  config.threads = 1;
  athena = std::make_unique<Athena>(runtime, *store, *objects, config);
  const auto loaded = athena->load();
  EXPECT_TRUE(loaded);
}

Result<std::string> SqlWorld::start(const std::string& sql, const std::string& token) {
  StartQuery query;
  query.query = sql;
  query.token = token.empty()
                    ? "token-of-the-test-" + std::to_string(1'000'000'000'000'000 + ++tokens_)
                    : token;
  query.context = QueryContext{"net", {}};
  return athena->start(scope, query);
}

SqlWorld::Answer SqlWorld::run(const std::string& sql, const std::vector<std::string>& parameters) {
  StartQuery query;
  query.query = sql;
  query.token = "token-of-the-test-" + std::to_string(1'000'000'000'000'000 + ++tokens_);
  query.context = QueryContext{"net", {}};
  query.parameters = parameters;
  Answer answer;
  const auto id = athena->start(scope, query);
  if (!id) {
    answer.error = id.error().message;
    return answer;
  }
  answer.id = *id;
  runtime.run_ready();
  const auto execution = athena->execution(scope, *id);
  EXPECT_TRUE(execution);
  answer.state = execution->status.state;
  answer.error = execution->status.reason.value_or("");
  if (answer.state != "SUCCEEDED") return answer;
  std::string token;
  bool skip = execution->statement_type == "DML";
  do {
    const auto page = athena->results(scope, *id, 1000, token);
    EXPECT_TRUE(page);
    std::vector<std::string> types;
    for (const ColumnInfo& column : page->columns) types.push_back(column.type);
    answer.types = joined(types);
    for (const Row& row : page->rows) {
      std::vector<std::string> values;
      for (const Datum& datum : row.data) values.push_back(datum.text.value_or("NULL"));
      if (!skip) answer.rows.push_back(joined(values));
      skip = false;
    }
    token = page->next_token.value_or("");
  } while (!token.empty());
  return answer;
}

void SqlWorld::put(const std::string& key, const std::string& text) {
  const std::filesystem::path file = folder / "objects/lake" / key;
  std::filesystem::create_directories(file.parent_path());
  std::ofstream out(file, std::ios::binary);
  out << (key.ends_with(".gz") ? columnar::gzip(text) : text);
}

std::string SqlWorld::get(const std::string& key) const {
  std::ifstream in(folder / "objects/lake" / key, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace weir::sql
