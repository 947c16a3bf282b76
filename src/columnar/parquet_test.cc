// SPDX-License-Identifier: Apache-2.0
#include "columnar/parquet.h"

#include <duckdb.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace weir::columnar {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Row = std::vector<std::string>;

/// Rows of a query as text, NULL as "NULL".
std::vector<Row> query(const std::string& sql) {
  duckdb_database database = nullptr;
  duckdb_connection connection = nullptr;
  EXPECT_EQ(duckdb_open(nullptr, &database), DuckDBSuccess);
  EXPECT_EQ(duckdb_connect(database, &connection), DuckDBSuccess);
  duckdb_result result;
  std::vector<Row> rows;
  EXPECT_EQ(duckdb_query(connection, sql.c_str(), &result), DuckDBSuccess)
      << duckdb_result_error(&result);
  for (idx_t r = 0; r < duckdb_row_count(&result); ++r) {
    Row row;
    for (idx_t c = 0; c < duckdb_column_count(&result); ++c) {
      char* text = duckdb_value_varchar(&result, c, r);
      row.emplace_back(text != nullptr ? text : "NULL");
      duckdb_free(text);
    }
    rows.push_back(std::move(row));
  }
  duckdb_destroy_result(&result);
  duckdb_disconnect(&connection);
  duckdb_close(&database);
  return rows;
}

class ParquetTest : public ::testing::Test {
 protected:
  ParquetTest() {
    std::string name = (fs::temp_directory_path() / "weir-parquet-XXXXXX").string();
    WEIR_ASSERT(::mkdtemp(name.data()) != nullptr);
    folder_ = name;
    file_ = folder_ / "it's.parquet";
    auto made = ParquetWriter::make({{"srcaddr", ColumnType::string},
                                     {"srcport", ColumnType::int32},
                                     {"bytes", ColumnType::int64}});
    WEIR_ASSERT(made);
    writer_ = *std::move(made);
  }
  ~ParquetTest() override { fs::remove_all(folder_); }
  std::string from_file(std::string_view before = "FROM ") const {
    return std::string(before) + "'" + (folder_ / "*.parquet").string() + "'";
  }

  fs::path folder_;
  fs::path file_;
  std::unique_ptr<ParquetWriter> writer_;
};

TEST_F(ParquetTest, RecordsComeBackWithTheTypesOfAws) {
  ASSERT_TRUE(writer_->add("10.0.0.1 443 9000000000"));
  ASSERT_TRUE(writer_->add("- - -"));
  ASSERT_TRUE(writer_->add("fe80::1 -1 0"));
  ASSERT_TRUE(writer_->finish(file_));
  EXPECT_THAT(query("SELECT * " + from_file()),
              ElementsAre(Row{"10.0.0.1", "443", "9000000000"}, Row{"NULL", "NULL", "NULL"},
                          Row{"fe80::1", "-1", "0"}));
  // INT_32, INT_64 and UTF8 (VPC User Guide, "Flow log records").
  EXPECT_THAT(query("SELECT name, type, converted_type, repetition_type FROM parquet_schema('" +
                    (folder_ / "*.parquet").string() + "') WHERE type IS NOT NULL"),
              ElementsAre(Row{"srcaddr", "BYTE_ARRAY", "UTF8", "OPTIONAL"},
                          Row{"srcport", "INT32", "INT_32", "OPTIONAL"},
                          Row{"bytes", "INT64", "INT_64", "OPTIONAL"}));
  EXPECT_THAT(query("SELECT DISTINCT compression FROM parquet_metadata('" +
                    (folder_ / "*.parquet").string() + "')"),
              ElementsAre(Row{"GZIP"}));
}

TEST_F(ParquetTest, ALineThatDoesNotFitIsRefusedAndLeavesNothing) {
  ASSERT_TRUE(writer_->add("a 1 1"));
  EXPECT_FALSE(writer_->add("b 1"));
  EXPECT_FALSE(writer_->add("b 1 1 1"));
  EXPECT_FALSE(writer_->add("b 99999999999 1"));
  EXPECT_FALSE(writer_->add("b x 1"));
  EXPECT_FALSE(writer_->add(""));
  const auto refused = writer_->add("b - 1x");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("'1x' of bytes"));
  ASSERT_TRUE(writer_->add("c 2 2"));
  ASSERT_TRUE(writer_->finish(file_));
  EXPECT_THAT(query("SELECT * " + from_file()),
              ElementsAre(Row{"a", "1", "1"}, Row{"c", "2", "2"}));
}

TEST_F(ParquetTest, ManyRecordsKeepTheirOrder) {
  constexpr int kRows = 200'000;
  for (int i = 0; i < kRows; ++i) {
    const std::string address = i % 3 == 0 ? "-" : "10.0.0." + std::to_string(i % 256);
    ASSERT_TRUE(writer_->add(address + " 1 " + std::to_string(i)));
  }
  ASSERT_TRUE(writer_->finish(file_));
  EXPECT_THAT(
      query("SELECT count(*), count(srcaddr), min(bytes), max(bytes), sum(bytes) " + from_file()),
      ElementsAre(Row{"200000", "133333", "0", "199999", "19999900000"}));
  EXPECT_THAT(query("SELECT bytes " + from_file() + " LIMIT 1 OFFSET 150000"),
              ElementsAre(Row{"150000"}));
}

TEST_F(ParquetTest, AFileWithoutRecordsHasItsColumns) {
  ASSERT_TRUE(writer_->finish(file_));
  EXPECT_THAT(query("SELECT count(*) " + from_file()), ElementsAre(Row{"0"}));
}

TEST_F(ParquetTest, FilesAreMergedInTheOrderOfAColumn) {
  ASSERT_TRUE(writer_->add("a 1 30"));
  ASSERT_TRUE(writer_->add("b - 10"));
  ASSERT_TRUE(writer_->finish(folder_ / "one"));
  auto other = ParquetWriter::make({{"srcaddr", ColumnType::string},
                                    {"srcport", ColumnType::int32},
                                    {"bytes", ColumnType::int64}});
  ASSERT_TRUE(other);
  ASSERT_TRUE((*other)->add("c 3 20"));
  ASSERT_TRUE((*other)->finish(folder_ / "two"));
  const std::vector<fs::path> from = {folder_ / "one", folder_ / "two"};
  ASSERT_TRUE(merge_parquet(from, file_, "bytes", folder_ / "work"));
  EXPECT_THAT(query("SELECT * " + from_file()),
              ElementsAre(Row{"b", "NULL", "10"}, Row{"c", "3", "20"}, Row{"a", "1", "30"}));
  EXPECT_THAT(query("SELECT name, type, converted_type FROM parquet_schema('" +
                    (folder_ / "*.parquet").string() + "') WHERE type IS NOT NULL"),
              ElementsAre(Row{"srcaddr", "BYTE_ARRAY", "UTF8"}, Row{"srcport", "INT32", "INT_32"},
                          Row{"bytes", "INT64", "INT_64"}));
  ASSERT_TRUE(merge_parquet(from, file_, "", folder_ / "work"));
  EXPECT_THAT(query("SELECT bytes " + from_file()), ElementsAre(Row{"30"}, Row{"10"}, Row{"20"}));
  const std::vector<fs::path> missing = {folder_ / "one", folder_ / "none"};
  EXPECT_FALSE(merge_parquet(missing, file_, "", folder_ / "work"));
}

TEST_F(ParquetTest, AFolderThatIsMissingIsSaid) {
  const auto failed = writer_->finish(folder_ / "missing" / "x.parquet");
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message, HasSubstr("missing"));
}

}  // namespace
}  // namespace weir::columnar
