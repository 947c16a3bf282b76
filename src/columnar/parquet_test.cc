// SPDX-License-Identifier: Apache-2.0
#include "columnar/flow_rows.h"

#include <duckdb.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "columnar/file_sink.h"
#include "columnar/parquet_reader.h"

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
  }
  ~ParquetTest() override { fs::remove_all(folder_); }
  std::string from_file(std::string_view before = "FROM ") const {
    return std::string(before) + "'" + (folder_ / "*.parquet").string() + "'";
  }

  /// Writes the records of the text that fit, as a flow log's file. Returns how many do not.
  std::size_t write(const fs::path& file, const std::string& text,
                    Compression compression = Compression::gzip) {
    FileSink out(file);
    ParquetEncoder encoder(flow_columns(format_), out.sink(), {.compression = compression});
    flow::ColumnReader reader({.format = format_});
    flow::Columns batch;
    FlowRows rows;
    std::string_view rest = text;
    std::size_t unfit = 0;
    while (const std::size_t size = reader.read(rest, true, batch)) {
      rest.remove_prefix(size);
      rows.look(batch);
      for (std::size_t row = 0; row < batch.rows(); ++row) {
        if (rows.fits(row)) {
          EXPECT_TRUE(rows.add(encoder, row, 1));
        } else {
          ++unfit;
        }
      }
    }
    EXPECT_TRUE(encoder.finish());
    EXPECT_TRUE(out.close());
    return unfit + reader.stats().lines_refused;
  }
  Result<void> merge(const std::vector<fs::path>& from, std::string_view order_by) {
    FileSink out(file_);
    ParquetEncoder encoder(flow_columns(format_), out.sink());
    WEIR_CHECK(merge_parquet(from, flow_columns(format_), order_by, folder_ / "work", encoder));
    WEIR_CHECK(encoder.finish());
    return out.close();
  }

  fs::path folder_;
  fs::path file_;
  const flow::Format format_ = *flow::Format::from_header("srcaddr srcport bytes");
};

TEST_F(ParquetTest, RecordsComeBackWithTheTypesOfAws) {
  EXPECT_EQ(write(file_, "10.0.0.1 443 9000000000\n- - -\nfe80::1 007 0\nredacted 1 1\n"), 0U);
  EXPECT_THAT(query("SELECT * " + from_file()),
              ElementsAre(Row{"10.0.0.1", "443", "9000000000"}, Row{"NULL", "NULL", "NULL"},
                          Row{"fe80::1", "7", "0"}, Row{"redacted", "1", "1"}));
  // INT_32, INT_64 and UTF8 (VPC User Guide, "Flow log records").
  EXPECT_THAT(query("SELECT name, type, converted_type, repetition_type FROM parquet_schema('" +
                    (folder_ / "*.parquet").string() + "') WHERE type IS NOT NULL"),
              ElementsAre(Row{"srcaddr", "BYTE_ARRAY", "UTF8", "OPTIONAL"},
                          Row{"srcport", "INT32", "INT_32", "OPTIONAL"},
                          Row{"bytes", "INT64", "INT_64", "OPTIONAL"}));
  const std::string codec = "SELECT DISTINCT compression FROM parquet_metadata('" +
                            (folder_ / "*.parquet").string() + "')";
  EXPECT_THAT(query(codec), ElementsAre(Row{"GZIP"}));
  write(file_, "10.0.0.1 443 9000000000\n", Compression::zstd);
  EXPECT_THAT(query(codec), ElementsAre(Row{"ZSTD"}));
}

TEST_F(ParquetTest, ALineThatDoesNotFitIsRefusedAndLeavesNothing) {
  EXPECT_EQ(write(file_,
                  "10.0.0.1 1 1\nb 1\nb 1 1 1\nb 99999999999 1\nb x 1\n\nb - 1x\nb -1 1\n"
                  "b 1 9223372036854775808\n10.0.0.2 2 9223372036854775807\n"),
            7U);
  EXPECT_THAT(query("SELECT * " + from_file()),
              ElementsAre(Row{"10.0.0.1", "1", "1"}, Row{"10.0.0.2", "2", "9223372036854775807"}));
}

TEST_F(ParquetTest, ManyRecordsKeepTheirOrder) {
  constexpr int kRows = 200'000;
  std::string text;
  for (int i = 0; i < kRows; ++i) {
    const std::string address = i % 3 == 0 ? "-" : "10.0.0." + std::to_string(i % 256);
    text += address + " 1 " + std::to_string(i) + '\n';
  }
  EXPECT_EQ(write(file_, text), 0U);
  EXPECT_THAT(
      query("SELECT count(*), count(srcaddr), min(bytes), max(bytes), sum(bytes) " + from_file()),
      ElementsAre(Row{"200000", "133333", "0", "199999", "19999900000"}));
  EXPECT_THAT(query("SELECT bytes " + from_file() + " LIMIT 1 OFFSET 150000"),
              ElementsAre(Row{"150000"}));
}

TEST_F(ParquetTest, AFileWithoutRecordsHasItsColumns) {
  EXPECT_EQ(write(file_, ""), 0U);
  EXPECT_THAT(query("SELECT count(*) " + from_file()), ElementsAre(Row{"0"}));
}

TEST_F(ParquetTest, FilesAreMergedInTheOrderOfAColumn) {
  write(folder_ / "one", "10.0.0.1 1 30\nb - 10\n");
  write(folder_ / "two", "- 3 20\n");
  const std::vector<fs::path> from = {folder_ / "one", folder_ / "two"};
  ASSERT_TRUE(merge(from, "bytes"));
  EXPECT_THAT(
      query("SELECT * " + from_file()),
      ElementsAre(Row{"b", "NULL", "10"}, Row{"NULL", "3", "20"}, Row{"10.0.0.1", "1", "30"}));
  EXPECT_THAT(query("SELECT name, type, converted_type FROM parquet_schema('" +
                    (folder_ / "*.parquet").string() + "') WHERE type IS NOT NULL"),
              ElementsAre(Row{"srcaddr", "BYTE_ARRAY", "UTF8"}, Row{"srcport", "INT32", "INT_32"},
                          Row{"bytes", "INT64", "INT_64"}));
  ASSERT_TRUE(merge(from, ""));
  EXPECT_THAT(query("SELECT bytes " + from_file()), ElementsAre(Row{"30"}, Row{"10"}, Row{"20"}));
  const std::vector<fs::path> missing = {folder_ / "one", folder_ / "none"};
  EXPECT_FALSE(merge(missing, ""));
}

TEST_F(ParquetTest, FilesWithOtherColumnsAreNotMerged) {
  write(folder_ / "one", "10.0.0.1 1 30\n");
  FileSink out(folder_ / "two");
  ParquetEncoder encoder({{"srcaddr"}, {"srcport", ColumnType::int32}}, out.sink());
  ASSERT_TRUE(encoder.finish());
  ASSERT_TRUE(out.close());
  const std::vector<fs::path> from = {folder_ / "one", folder_ / "two"};
  const auto merged = merge(from, "");
  ASSERT_FALSE(merged);
  EXPECT_THAT(merged.error().message, HasSubstr("other columns"));
}

TEST_F(ParquetTest, AFolderThatIsMissingIsSaid) {
  FileSink out(folder_ / "missing" / "x.parquet");
  ParquetEncoder encoder(flow_columns(format_), out.sink());
  const auto failed = encoder.finish();
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message, HasSubstr("missing"));
}

// 12.1 bytes for a record of version 2 is what the compressed form of DuckDB's writer took.
TEST_F(ParquetTest, RecordsOfADefaultFlowLogAreSmall) {
  std::string text;
  std::uint64_t seed = 5;
  const auto draw = [&seed](std::uint64_t below) {
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    return std::to_string((seed >> 33) % below);
  };
  constexpr int kRows = 50'000;
  for (int i = 0; i < kRows; ++i) {
    const std::string start = std::to_string(1767603600 + i / 200);
    text += "2 123456789010 eni-0a1b2c3d4e5f6" + draw(16) + " 10.0." + draw(4) + '.' + draw(256) +
            " 10.1.0." + draw(64) + ' ' + draw(64'512) + " 443 6 " + draw(100) + ' ' +
            draw(100'000) + ' ' + start + ' ' + start + " ACCEPT OK\n";
  }
  FileSink out(file_);
  const flow::Format format = flow::Format::standard();
  ParquetEncoder encoder(flow_columns(format), out.sink(), {.compression = Compression::gzip});
  flow::ColumnReader reader({.format = format});
  flow::Columns batch;
  FlowRows rows;
  std::string_view rest = text;
  while (const std::size_t size = reader.read(rest, true, batch)) {
    rest.remove_prefix(size);
    rows.look(batch);
    ASSERT_TRUE(rows.add(encoder, 0, batch.rows()));
  }
  ASSERT_TRUE(encoder.finish());
  ASSERT_TRUE(out.close());
  EXPECT_EQ(encoder.rows(), std::uint64_t{kRows});
  EXPECT_LT(static_cast<double>(fs::file_size(file_)) / kRows, 12.1);
}

}  // namespace
}  // namespace weir::columnar
