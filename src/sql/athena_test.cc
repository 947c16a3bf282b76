// SPDX-License-Identifier: Apache-2.0
#include "sql/athena.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "columnar/file_sink.h"
#include "columnar/flow_rows.h"
#include "sql/sql_world.h"

namespace weir::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Rows = std::vector<std::string>;

constexpr const char* kHeader =
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start "
    "end action "
    "log-status\n";

/// Records of `srcaddr dstport bytes action` as a flow log's file.
void put_parquet(SqlWorld& world, const std::string& key, const std::vector<std::string>& lines) {
  const auto format = flow::Format::from_header("srcaddr dstport bytes action");
  ASSERT_TRUE(format);
  world.put(key, "");
  columnar::FileSink out(world.folder / "objects/lake" / key);
  columnar::ParquetEncoder encoder(columnar::flow_columns(*format), out.sink());
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  flow::ColumnReader reader({.format = *format});
  flow::Columns batch;
  columnar::FlowRows rows;
  ASSERT_EQ(reader.read(text, true, batch), text.size());
  ASSERT_EQ(batch.rows(), lines.size());
  rows.look(batch);
  ASSERT_TRUE(rows.add(encoder, 0, batch.rows()));
  ASSERT_TRUE(encoder.finish());
  ASSERT_TRUE(out.close());
}

// The three questions of the AWS lab: who talks most, which ports were refused, what did one
// address do?
TEST(AthenaLab, TopTalkersRefusedPortsAndOneAddress) {
  SqlWorld world;
  EXPECT_EQ(world
                .run("SELECT srcaddr, sum(bytes) AS bytes FROM flow WHERE log_status = 'OK' GROUP "
                     "BY srcaddr "
                     "ORDER BY bytes DESC LIMIT 10")
                .rows,
            (Rows{"10.0.0.5 | 8400", "203.0.113.9 | 360"}));
  EXPECT_EQ(world
                .run("SELECT dstport, count(*) AS n FROM flow WHERE action = 'REJECT' GROUP BY "
                     "dstport ORDER BY 1")
                .rows,
            (Rows{"22 | 1", "3389 | 1"}));
  EXPECT_EQ(world
                .run("SELECT from_unixtime(start) AS t, srcaddr, dstaddr, dstport, action FROM "
                     "flow WHERE srcaddr = "
                     "'203.0.113.9' OR dstaddr = '203.0.113.9' ORDER BY start, \"end\"")
                .rows,
            (Rows{"2026-08-01 00:00:00.000 UTC | 203.0.113.9 | 10.0.0.5 | 22 | REJECT",
                  "2026-08-01 00:00:01.000 UTC | 203.0.113.9 | 10.0.0.5 | 3389 | REJECT"}));
}

TEST(AthenaResults, TheCsvObjectIsQuotedAsOnAws) {
  SqlWorld world;
  const auto answer = world.run("SELECT 'a\"b' AS \"x\", NULL AS y, '' AS z, 1.5 AS d");
  EXPECT_EQ(world.get("results/" + answer.id + ".csv"),
            "\"x\",\"y\",\"z\",\"d\"\n\"a\"\"b\",,\"\",\"1.5\"\n");
  EXPECT_THAT(world.get("results/" + answer.id + ".csv.metadata"), HasSubstr("double"));
  const auto execution = world.athena->execution(world.scope, answer.id);
  ASSERT_TRUE(execution);
  EXPECT_GT(execution->statistics.engine_ms.value_or(0), 0);
}

TEST(AthenaResults, DdlAnswersLinesWithoutNewlineAtTheEnd) {
  SqlWorld world;
  const auto answer = world.run("SHOW TABLES");
  EXPECT_EQ(answer.rows, Rows{"flow"});
  EXPECT_EQ(world.get("results/" + answer.id + ".txt"), "flow");
  const auto failed = world.run("DROP TABLE nope");
  EXPECT_EQ(failed.error, "FAILED: SemanticException [Error 10001]: Table not found net.nope");
  EXPECT_EQ(world.get("results/" + failed.id + ".txt"), failed.error);
}

TEST(AthenaStatistics, ScannedBytesAreTheStoredOnes) {
  SqlWorld world;
  const auto answer = world.run("SELECT count(*) FROM flow");
  const auto execution = world.athena->execution(world.scope, answer.id);
  ASSERT_TRUE(execution);
  EXPECT_EQ(execution->statistics.scanned_bytes,
            static_cast<std::int64_t>(world.get("flow/one.log.gz").size()));
}

TEST(AthenaPartitions, AddedPartitionsAreReadAndPruned) {
  SqlWorld world;
  world.put("parts/2026/08/01/a.log",
            std::string(kHeader) + "2 1 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 100 1 2 ACCEPT OK\n");
  world.put("parts/2026/08/02/a.log",
            std::string(kHeader) + "2 1 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 200 1 2 ACCEPT OK\n");
  ASSERT_EQ(world
                .run("CREATE EXTERNAL TABLE IF NOT EXISTS parts (version int, account_id string, "
                     "interface_id string, "
                     "srcaddr string, dstaddr string, srcport int, dstport int, protocol bigint, "
                     "packets bigint, "
                     "bytes bigint, start bigint, `end` bigint, action string, log_status string) "
                     "PARTITIONED BY (`date` date) ROW FORMAT DELIMITED FIELDS TERMINATED BY ' ' "
                     "LOCATION 's3://lake/parts/' TBLPROPERTIES (\"skip.header.line.count\"=\"1\")")
                .error,
            "");
  EXPECT_EQ(world.run("SELECT count(*) FROM parts").rows, Rows{"0"});
  for (const std::string day : {"01", "02"}) {
    EXPECT_EQ(world
                  .run("ALTER TABLE parts ADD PARTITION (`date`='2026-08-" + day +
                       "') LOCATION 's3://lake/parts/2026/08/" + day + "'")
                  .error,
              "");
  }
  EXPECT_EQ(world.run("SHOW PARTITIONS parts").rows, (Rows{"date=2026-08-01", "date=2026-08-02"}));
  EXPECT_EQ(world.run("SELECT date, bytes FROM parts ORDER BY date").rows,
            (Rows{"2026-08-01 | 100", "2026-08-02 | 200"}));
  // Pruned by meaning, not by text: only the first day's file is read.
  const auto pruned =
      world.run("SELECT sum(bytes) FROM parts WHERE day_of_week(date) = 6 AND bytes > 0");
  EXPECT_EQ(pruned.rows, Rows{"100"});
  const auto execution = world.athena->execution(world.scope, pruned.id);
  ASSERT_TRUE(execution);
  EXPECT_EQ(execution->statistics.scanned_bytes,
            static_cast<std::int64_t>(world.get("parts/2026/08/01/a.log").size()));
  EXPECT_EQ(world.run("SELECT * FROM \"parts$partitions\"").rows,
            (Rows{"2026-08-01", "2026-08-02"}));
  EXPECT_EQ(world.run("ALTER TABLE parts DROP PARTITION (`date`='2026-08-01')").error, "");
  EXPECT_EQ(world.run("SELECT count(*) FROM parts").rows, Rows{"1"});
}

TEST(AthenaPartitions, HiveParquetIsFoundByRepair) {
  SqlWorld world;
  const std::string root =
      "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=eu-west-1/";
  put_parquet(world, root + "year=2026/month=08/day=01/a.parquet",
              {"10.0.0.1 443 100 ACCEPT", "10.0.0.2 22 60 REJECT"});
  put_parquet(world, root + "year=2026/month=08/day=02/a.parquet", {"10.0.0.3 443 7 ACCEPT"});
  ASSERT_EQ(
      world
          .run(
              "CREATE EXTERNAL TABLE pq (srcaddr string, dstport int, bytes bigint, action string, "
              "vpc_id string) "
              "PARTITIONED BY (`aws-account-id` string, `aws-service` string, `aws-region` string, "
              "`year` string, "
              "`month` string, `day` string) ROW FORMAT SERDE "
              "'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe' STORED AS INPUTFORMAT "
              "'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat' OUTPUTFORMAT "
              "'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat' LOCATION "
              "'s3://lake/AWSLogs/' "
              "TBLPROPERTIES ('EXTERNAL'='true', 'skip.header.line.count'='1')")
          .error,
      "");
  const auto repaired = world.run("MSCK REPAIR TABLE pq");
  ASSERT_EQ(repaired.rows.size(), 3u);
  EXPECT_THAT(repaired.rows[1],
              StartsWith("Repair: Added partition to metastore pq:aws-account-id=123456789012/"));
  EXPECT_EQ(world
                .run("SELECT day, srcaddr, dstport, vpc_id FROM pq WHERE month = '08' ORDER BY "
                     "day, dstport")
                .rows,
            (Rows{"01 | 10.0.0.2 | 22 | NULL", "01 | 10.0.0.1 | 443 | NULL",
                  "02 | 10.0.0.3 | 443 | NULL"}));
  EXPECT_EQ(world.run("SELECT sum(bytes) FROM pq WHERE day = '02'").rows, Rows{"7"});
  EXPECT_EQ(world.run("MSCK REPAIR TABLE pq").rows, Rows{});
}

TEST(AthenaPartitions, ProjectionFindsPartitionsWithoutTheCatalog) {
  SqlWorld world;
  for (const std::string day : {"2026/07/31", "2026/08/01", "2019/01/01"}) {
    world.put("AWSLogs/1/vpcflowlogs/eu-west-1/" + day + "/a.log",
              std::string(kHeader) + "2 1 eni-1\n");
  }
  ASSERT_EQ(
      world
          .run("CREATE EXTERNAL TABLE proj (version int, account_id string, interface_id string) "
               "PARTITIONED BY (region string, day string) ROW FORMAT DELIMITED FIELDS TERMINATED "
               "BY ' ' "
               "LOCATION 's3://lake/AWSLogs/1/vpcflowlogs/' TBLPROPERTIES "
               "('skip.header.line.count'='1', "
               "'projection.enabled'='true', 'projection.region.type'='enum', "
               "'projection.region.values'='eu-west-1,us-east-1', 'projection.day.type'='date', "
               "'projection.day.range'='2021/01/01,NOW', 'projection.day.format'='yyyy/MM/dd', "
               "'storage.location.template'='s3://lake/AWSLogs/1/vpcflowlogs/${region}/${day}')")
          .error,
      "");
  EXPECT_EQ(world.run("SELECT region, day, interface_id FROM proj ORDER BY day").rows,
            (Rows{"eu-west-1 | 2026/07/31 | eni-1", "eu-west-1 | 2026/08/01 | eni-1"}));
  EXPECT_EQ(
      world.run("SELECT count(*) FROM proj WHERE day >= '2026/08/01' AND region = 'eu-west-1'")
          .rows,
      Rows{"1"});
}

TEST(AthenaDdl, ShowCreateTableAndDescribeAsHivePrintsThem) {
  SqlWorld world;
  const auto shown = world.run("SHOW CREATE TABLE flow");
  ASSERT_GT(shown.rows.size(), 10u);
  EXPECT_EQ(shown.rows[0], "CREATE EXTERNAL TABLE `net.flow`(");
  EXPECT_EQ(shown.rows[1], "  `version` int, ");
  EXPECT_EQ(world.run("DESCRIBE flow").rows[0],
            "version             \tint                 \t                    ");
  EXPECT_THAT(world.run("DESCRIBE nope").error, HasSubstr("nope"));
  EXPECT_EQ(world.run("SHOW DATABASES").rows, (Rows{"default", "net"}));
  EXPECT_THAT(world.run("DROP DATABASE net").error, HasSubstr("is not empty"));
  EXPECT_EQ(world.run("DROP DATABASE net CASCADE").error, "");
}

TEST(AthenaDdl, ViewsAreQueriesWithNames) {
  SqlWorld world;
  EXPECT_EQ(
      world.run("CREATE VIEW refused AS SELECT srcaddr, dstport FROM flow WHERE action = 'REJECT'")
          .error,
      "");
  EXPECT_EQ(world.run("SELECT count(*), max(dstport) FROM refused").rows, Rows{"2 | 3389"});
  EXPECT_EQ(world.run("DROP VIEW refused").error, "");
  EXPECT_THAT(world.run("SELECT 1 FROM refused").error, StartsWith("TABLE_NOT_FOUND"));
}

TEST(AthenaExecutions, ParametersAreExpressionsOrText) {
  SqlWorld world;
  EXPECT_EQ(world.run("SELECT ? + 1, ?, ?", {"1 + 1", "it's", "'q'"}).rows, Rows{"3 | it's | q"});
  EXPECT_EQ(world.run("SELECT count(*) FROM flow WHERE srcaddr = ?", {"10.0.0.5"}).rows, Rows{"1"});
  EXPECT_THAT(world.run("SELECT ?").error, StartsWith("INVALID_PARAMETER_USAGE"));
}

TEST(AthenaExecutions, QueuedQueriesSurviveARestartAndHistoryIsNewestFirst) {
  SqlWorld world;
  const auto first = world.run("SELECT 1");
  world.runtime.advance(std::chrono::seconds(1));
  const auto queued = world.start("SELECT 2");
  ASSERT_TRUE(queued);
  // A crash: nothing that was posted runs, the next process finds the record.
  world.runtime.quiesce();
  world.restart();
  world.runtime.run_ready();
  const auto execution = world.athena->execution(world.scope, *queued);
  ASSERT_TRUE(execution);
  EXPECT_EQ(execution->status.state, "SUCCEEDED");
  const auto page = world.athena->list_executions(world.scope, "primary", 2, "");
  ASSERT_TRUE(page);
  ASSERT_EQ(page->items.size(), 2u);
  EXPECT_EQ(page->items[0], *queued);
  EXPECT_EQ(page->items[1], first.id);
  EXPECT_TRUE(page->next_token.has_value());
}

TEST(AthenaExecutions, AMissingOutputBucketIsRefused) {
  SqlWorld world;
  StartQuery query;
  query.query = "SELECT 1";
  query.token = std::string(32, 't');
  query.result = ResultConfiguration{"s3://nowhere/x/", {}, {}};
  const auto started = world.athena->start(world.scope, query);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().message, "Unable to verify/create output bucket nowhere");
}

TEST(AthenaSafety, FilesOutsideOfTheObjectStoreAndEngineFunctionsAreOutOfReach) {
  SqlWorld world;
  EXPECT_THAT(world.run("SELECT * FROM read_csv('/etc/passwd')").error, StartsWith("line 1:"));
  EXPECT_THAT(world.run("SELECT read_text('/etc/passwd')").error, StartsWith("FUNCTION_NOT_FOUND"));
  EXPECT_THAT(world.run("SELECT * FROM duckdb_settings").error, StartsWith("TABLE_NOT_FOUND"));
}

TEST(AthenaSafety, DeepAndLongStatementsAreRefusedNotCrashed) {
  SqlWorld world;
  const auto repeated = [](const std::string& text, int n) {
    std::string out;
    for (int i = 0; i < n; ++i) out += text;
    return out;
  };
  EXPECT_THAT(world.run("SELECT " + repeated("(", 5000) + "1" + repeated(")", 5000)).error,
              HasSubstr("too large"));
  EXPECT_THAT(world.run("SELECT 1" + repeated("+1", 5000)).error, HasSubstr("too large"));
  EXPECT_THAT(world.run("SELECT " + repeated("NOT ", 5000) + "true").error, HasSubstr("too large"));
  EXPECT_EQ(world.run("SELECT 1" + repeated("+1", 400)).rows, Rows{"401"});
  EXPECT_EQ(world.run("SELECT true" + repeated(" OR 1 = 2", 3000)).rows, Rows{"true"});
}

}  // namespace
}  // namespace weir::sql
