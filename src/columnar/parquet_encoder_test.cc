// SPDX-License-Identifier: Apache-2.0
#include "columnar/parquet_encoder.h"

#include <duckdb.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "columnar/parquet_bytes.h"

namespace weir::columnar {
namespace {

/// DuckDB as the reader of what was written.
class ParquetEncoderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "weir-encoder-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    ASSERT_EQ(duckdb_open(nullptr, &database_), DuckDBSuccess);
    ASSERT_EQ(duckdb_connect(database_, &connection_), DuckDBSuccess);
  }
  void TearDown() override {
    duckdb_disconnect(&connection_);
    duckdb_close(&database_);
    std::filesystem::remove_all(folder_);
  }

  ParquetEncoder::Sink sink() {
    out_.open(file(), std::ios::binary);
    return [this](std::string_view bytes) -> Result<void> {
      out_ << bytes;
      return {};
    };
  }
  std::string file() const { return (folder_ / "x.parquet").string(); }

  /// The first row of the answer, cells joined by `|`.
  std::string ask(std::string sql) {
    out_.close();
    const std::size_t at = sql.find("FILE");
    if (at != std::string::npos) sql.replace(at, 4, "'" + file() + "'");
    duckdb_result result;
    std::string answer;
    if (duckdb_query(connection_, sql.c_str(), &result) == DuckDBError) {
      answer = duckdb_result_error(&result);
    } else {
      for (idx_t i = 0; i < duckdb_column_count(&result); ++i) {
        char* const text = duckdb_value_varchar(&result, i, 0);
        answer += (i > 0 ? "|" : "") + std::string(text != nullptr ? text : "NULL");
        duckdb_free(text);
      }
    }
    duckdb_destroy_result(&result);
    return answer;
  }

  std::filesystem::path folder_;
  std::ofstream out_;
  duckdb_database database_ = nullptr;
  duckdb_connection connection_ = nullptr;
};

const std::vector<Column> kColumns = {{"version", ColumnType::int32},
                                      {"bytes", ColumnType::int64},
                                      {"srcaddr", ColumnType::string},
                                      {"action", ColumnType::string}};

TEST_F(ParquetEncoderTest, ManyRowsInSeveralRowGroupsComeBackAsTheyWere) {
  ParquetEncoder encoder(kColumns, sink());
  constexpr std::int64_t kRows = 300'000;
  for (std::int64_t i = 0; i < kRows; ++i) {
    encoder.add(0, i < kRows / 2 ? 2 : -3);
    if (i % 7 == 0) {
      encoder.add_null(1);
    } else {
      encoder.add(1, i * 10'000'000'007);
    }
    encoder.add(2, "10.0." + std::to_string(i / 256 % 256) + '.' + std::to_string(i));
    if (i % 1000 < 900) {
      encoder.add(3, std::string_view(i % 3 == 0 ? "ACCEPT" : "REJECT"));
    } else {
      encoder.add_null(3);
    }
    ASSERT_TRUE(encoder.end_row());
  }
  ASSERT_TRUE(encoder.finish());
  EXPECT_EQ(encoder.rows(), 300'000U);
  EXPECT_EQ(
      ask("SELECT count(*), sum(version), count(bytes), sum(CASE WHEN bytes = i * 10000000007 OR "
          "(i % 7 = 0 AND bytes IS NULL) THEN 1 ELSE 0 END), "
          "sum(CASE WHEN srcaddr = '10.0.' || (i // 256 % 256) || '.' || i THEN 1 ELSE 0 END), "
          "sum(CASE WHEN action IS NOT DISTINCT FROM CASE WHEN i % 1000 >= 900 THEN NULL WHEN i % "
          "3 "
          "= 0 THEN 'ACCEPT' ELSE 'REJECT' END THEN 1 ELSE 0 END) "
          "FROM (SELECT *, file_row_number AS i FROM read_parquet(FILE, file_row_number = true))"),
      "300000|-150000|257142|300000|300000|300000");
}

TEST_F(ParquetEncoderTest, TypesAndBoundsAreThoseOfTheColumns) {
  ParquetEncoder encoder(kColumns, sink());
  for (const std::int64_t value : {-5, 7, 2}) {
    encoder.add(0, value);
    encoder.add(1, value * 1'000'000'000'000);
    encoder.add(2, std::string_view(value == 7 ? "b" : "a"));
    encoder.add_null(3);
    ASSERT_TRUE(encoder.end_row());
  }
  ASSERT_TRUE(encoder.finish());
  EXPECT_EQ(
      ask("SELECT string_agg(column_type, ',') FROM (DESCRIBE SELECT * FROM read_parquet(FILE))"),
      "INTEGER,BIGINT,VARCHAR,VARCHAR");
  EXPECT_EQ(
      ask("SELECT string_agg(coalesce(stats_min_value, '-') || '..' || "
          "coalesce(stats_max_value, '-') || ' ' || stats_null_count, ',' ORDER BY column_id) "
          "FROM parquet_metadata(FILE)"),
      "-5..7 0,-5000000000000..7000000000000 0,a..b 0,-..- 3");
  EXPECT_EQ(ask("SELECT count(*) FROM read_parquet(FILE) WHERE version = 7 AND srcaddr = 'b'"),
            "1");
}

TEST_F(ParquetEncoderTest, AFileWithoutRowsIsAFile) {
  ParquetEncoder encoder(kColumns, sink());
  ASSERT_TRUE(encoder.finish());
  EXPECT_EQ(ask("SELECT count(*) FROM read_parquet(FILE)"), "0");
}

// The slow twin: what a reader of the hybrid encoding makes of the bytes.
std::vector<std::uint32_t> read_hybrid(std::string_view bytes, std::size_t count, int bit_width) {
  std::vector<std::uint32_t> numbers;
  std::size_t at = 0;
  const auto byte = [&] { return static_cast<unsigned char>(bytes[at++]); };
  while (numbers.size() < count) {
    std::uint64_t header = 0;
    for (int shift = 0;; shift += 7) {
      const unsigned piece = byte();
      header |= std::uint64_t{piece & 0x7f} << shift;
      if (piece < 0x80) break;
    }
    if ((header & 1) != 0) {
      const std::size_t bits = (header >> 1) * 8 * static_cast<std::size_t>(bit_width);
      for (std::size_t bit = 0; bit < bits; bit += static_cast<std::size_t>(bit_width)) {
        std::uint32_t number = 0;
        for (std::size_t i = 0; i < static_cast<std::size_t>(bit_width); ++i) {
          const auto from = static_cast<unsigned char>(bytes[at + (bit + i) / 8]);
          number |= std::uint32_t{(from >> ((bit + i) % 8)) & 1U} << i;
        }
        numbers.push_back(number);
      }
      at += bits / 8;
    } else {
      std::uint32_t number = 0;
      for (int i = 0; i < (bit_width + 7) / 8; ++i) number |= std::uint32_t{byte()} << (8 * i);
      numbers.insert(numbers.end(), header >> 1, number);
    }
  }
  EXPECT_EQ(at, bytes.size());
  EXPECT_LT(numbers.size(), count + 8);
  numbers.resize(count);
  return numbers;
}

TEST(AppendHybrid, ReadsBackWhateverTheRuns) {
  std::uint64_t seed = 1;
  const auto draw = [&seed](std::uint64_t below) {
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    return (seed >> 33) % below;
  };
  for (int round = 0; round < 2000; ++round) {
    const int bit_width = static_cast<int>(1 + draw(17));
    std::vector<std::uint32_t> numbers;
    const std::size_t size = 1 + draw(300);
    while (numbers.size() < size) {
      const auto number = static_cast<std::uint32_t>(draw(std::uint64_t{1} << bit_width));
      numbers.insert(numbers.end(), 1 + (draw(3) == 0 ? draw(60) : 0), number);
    }
    std::string bytes;
    append_hybrid(bytes, numbers, bit_width);
    ASSERT_EQ(read_hybrid(bytes, numbers.size(), bit_width), numbers) << "round " << round;
  }
}

// The slow twin of append_delta().
std::vector<std::int64_t> read_delta(std::string_view bytes, int bits) {
  std::size_t at = 0;
  const auto varint = [&] {
    std::uint64_t number = 0;
    for (int shift = 0;; shift += 7) {
      const auto piece = static_cast<unsigned char>(bytes[at++]);
      number |= std::uint64_t{piece & 0x7fU} << shift;
      if (piece < 0x80) return number;
    }
  };
  const auto zigzag = [&] {
    const std::uint64_t number = varint();
    return (number >> 1) ^ (~(number & 1) + 1);
  };
  EXPECT_EQ(varint(), 128U);
  EXPECT_EQ(varint(), 4U);
  const std::uint64_t count = varint();
  std::uint64_t value = zigzag();
  std::vector<std::int64_t> numbers;
  const auto keep = [&] {
    numbers.push_back(bits == 32 ? std::int64_t{static_cast<std::int32_t>(value)}
                                 : static_cast<std::int64_t>(value));
  };
  if (count > 0) keep();
  while (numbers.size() < count) {
    const std::uint64_t least = zigzag();
    const std::string_view widths = bytes.substr(at, 4);
    at += 4;
    for (const char c : widths) {
      if (numbers.size() == count) break;
      const auto width = static_cast<std::size_t>(c);
      for (std::size_t i = 0; i < 32; ++i) {
        std::uint64_t above = 0;
        for (std::size_t bit = i * width; bit < (i + 1) * width; ++bit) {
          const auto byte = static_cast<unsigned char>(bytes[at + bit / 8]);
          above |= std::uint64_t{(byte >> (bit % 8)) & 1U} << (bit - i * width);
        }
        if (numbers.size() == count) continue;
        value += least + above;
        keep();
      }
      at += width * 4;
    }
  }
  EXPECT_EQ(at, bytes.size());
  return numbers;
}

TEST(AppendDelta, ReadsBackWhateverTheNumbers) {
  std::uint64_t seed = 3;
  const auto draw = [&seed] {
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    return seed ^ (seed >> 29);
  };
  for (int round = 0; round < 1000; ++round) {
    const int bits = round % 2 == 0 ? 32 : 64;
    const int shift = static_cast<int>(draw() % static_cast<unsigned>(bits));
    std::vector<std::int64_t> numbers;
    for (std::uint64_t left = draw() % 500; left > 0; --left) {
      const std::uint64_t number = draw() >> shift;
      numbers.push_back(bits == 32 ? std::int64_t{static_cast<std::int32_t>(number)}
                                   : static_cast<std::int64_t>(number));
    }
    std::string bytes;
    append_delta(bytes, numbers, bits);
    ASSERT_EQ(read_delta(bytes, bits), numbers) << "round " << round;
  }
}

TEST_F(ParquetEncoderTest, TheBytesFollowFromTheRowsHoweverTheyArePassed) {
  std::string files[3];
  SystemRuntime workers(2);
  for (int way = 0; way < 3; ++way) {
    std::string& file = files[way];
    const auto keep = [&file](std::string_view bytes) -> Result<void> {
      file += bytes;
      return {};
    };
    ParquetEncoder encoder({{"port", ColumnType::int32}, {"address", ColumnType::string}}, keep,
                           {.workers = way == 2 ? &workers : nullptr});
    constexpr std::size_t kRows = 150'000;
    std::vector<std::int32_t> ports(kRows);
    std::vector<std::uint32_t> addresses(kRows);
    std::vector<std::uint8_t> present(kRows);
    for (std::size_t i = 0; i < kRows; ++i) {
      ports[i] = static_cast<std::int32_t>(i * 7919 % 65'536);
      addresses[i] = static_cast<std::uint32_t>(i * 2'654'435'761U % 3000);
      present[i] = i % 5 == 0 ? 0 : 1;
    }
    for (std::size_t at = 0; at < kRows;) {
      const std::size_t wanted = way == 0 ? 1 : way == 1 ? 1000 : kRows;
      const std::size_t count = std::min({wanted, encoder.rows_max(), kRows - at});
      encoder.add(0, std::span<const std::int32_t>(ports).subspan(at, count),
                  std::span<const std::uint8_t>(present).subspan(at, count));
      encoder.add_v4s(1, std::span<const std::uint32_t>(addresses).subspan(at, count), {});
      ASSERT_TRUE(encoder.end_rows(count));
      at += count;
    }
    ASSERT_TRUE(encoder.finish());
  }
  EXPECT_EQ(files[0], files[1]);
  EXPECT_EQ(files[0], files[2]);
  workers.quiesce();
}

}  // namespace
}  // namespace weir::columnar
