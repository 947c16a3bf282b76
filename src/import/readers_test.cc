// SPDX-License-Identifier: Apache-2.0
#include "import/readers.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "columnar/gzip.h"
#include "columnar/parquet_encoder.h"

namespace weir::import {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kRecord =
    "2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 "
    "1418530070 ACCEPT OK";

/// Keeps everything.
struct Kept final : Visitor {
  Result<void> on_batch(Batch& batch) override {
    if (batch.columns().columns().size() != batch.format().fields().size()) ++misfits;
    std::string joined;
    for (std::size_t row = 0; row < batch.size(); ++row) {
      lines.emplace_back(batch.line(row, joined));
      numbers.push_back(batch.number(row));
      times.push_back(batch.around(row).time);
      streams.emplace_back(batch.around(row).stream);
      formats.push_back(batch.format().header());
    }
    return {};
  }
  void on_damage(Damage damage) override { damages.push_back(std::move(damage)); }

  std::vector<std::string> lines;
  std::vector<std::uint64_t> numbers;
  std::vector<std::optional<Time>> times;
  std::vector<std::string> streams;
  std::vector<std::string> formats;
  std::vector<Damage> damages;
  int misfits = 0;
};

struct Read {
  Kept kept;
  Result<FileSummary> summary = FileSummary{};
};

Read read(std::string text, std::optional<flow::Format> format = std::nullopt) {
  Read result;
  const auto bytes = columnar::bytes_of(std::move(text));
  result.summary = read_stream(*bytes, std::move(format), result.kept);
  EXPECT_EQ(result.kept.misfits, 0);
  return result;
}

TEST(ReadText, WithAndWithoutHeaderAndWhateverTheLineEnds) {
  const std::string header = flow::Format::standard().header();
  const std::string texts[] = {header + '\n' + kRecord + '\n', std::string(kRecord),
                               header + "\r\n" + kRecord + "\r\n\r\n",
                               "\xef\xbb\xbf" + header + "\n\n" + kRecord};
  for (const std::string& text : texts) {
    const auto result = read(text);
    ASSERT_TRUE(result.summary);
    EXPECT_THAT(result.kept.lines, ElementsAre(kRecord)) << text;
    EXPECT_THAT(result.kept.damages, IsEmpty());
  }
}

TEST(ReadText, ExtraBlanksAreTakenOutOfTheRecord) {
  const auto result = read("srcaddr dstaddr\n 10.0.0.1 \t 10.0.0.2  \n");
  EXPECT_THAT(result.kept.lines, ElementsAre("10.0.0.1 10.0.0.2"));
}

TEST(ReadText, AHeaderInTheMiddleDecidesFromThereOn) {
  const auto result = read("srcaddr dstaddr\n1.1.1.1 2.2.2.2\ndstport action\n22 REJECT\n");
  EXPECT_THAT(result.kept.lines, ElementsAre("1.1.1.1 2.2.2.2", "22 REJECT"));
  EXPECT_THAT(result.kept.formats, ElementsAre("srcaddr dstaddr", "dstport action"));
}

TEST(ReadText, DamagedLinesAreNamedAndNothingIsGuessed) {
  const std::string header = flow::Format::standard().header();
  const auto result = read(header + '\n' + kRecord + "\n2 cut short\n" + kRecord + '\n');
  EXPECT_EQ(result.kept.lines.size(), 2U);
  ASSERT_EQ(result.kept.damages.size(), 1U);
  EXPECT_EQ(result.kept.damages[0].number, 3U);
  EXPECT_THAT(result.kept.damages[0].reason, HasSubstr("3 values"));
  EXPECT_EQ(result.kept.damages[0].text, "2 cut short");

  const auto unknown = read("10.0.0.1 10.0.0.2 22\n");
  EXPECT_THAT(unknown.kept.lines, IsEmpty());
  ASSERT_EQ(unknown.kept.damages.size(), 1U);
  EXPECT_THAT(unknown.kept.damages[0].reason, HasSubstr("name the format"));
}

TEST(ReadText, AGivenFormatIsForLinesWithoutHeader) {
  const auto result = read("10.0.0.1 22\n", *flow::Format::parse("${srcaddr} ${dstport}"));
  EXPECT_THAT(result.kept.lines, ElementsAre("10.0.0.1 22"));
  EXPECT_EQ(result.summary->format, "${srcaddr} ${dstport}");
}

TEST(ReadText, LinesOfAnExportHaveTheirTimeInFront) {
  const auto result = read("2014-12-14T04:06:50.000Z " + std::string(kRecord) + '\n');
  EXPECT_THAT(result.kept.lines, ElementsAre(kRecord));
  ASSERT_TRUE(result.kept.times[0]);
  EXPECT_EQ(result.kept.times[0]->ms, 1418530010000);
}

TEST(ReadText, WhatIsCertainlyNoFlowLogIsSaid) {
  EXPECT_THAT(read(std::string("\xd4\xc3\xb2\xa1\2\0\4\0", 8)).summary.error().message,
              HasSubstr("packet capture"));
  EXPECT_THAT(read(std::string("ab\0c", 4)).summary.error().message, HasSubstr("binary"));
}

std::string payload(const std::string& events) {
  return R"({"messageType":"DATA_MESSAGE","owner":"1","logGroup":"g","logStream":"eni-9-all",)"
         R"("subscriptionFilters":["f"],"logEvents":[)" +
         events + "]}";
}
std::string event(std::int64_t time, const std::string& message) {
  return R"({"id":"1","timestamp":)" + std::to_string(time) + R"(,"message":")" + message + "\"}";
}

TEST(ReadPayloads, SeveralBehindEachOtherWithAndWithoutLineEnds) {
  const std::string one = payload(event(1418530010000, kRecord));
  const auto result =
      read(R"({"messageType":"CONTROL_MESSAGE","logEvents":[{"id":"","timestamp":1,)"
           R"("message":"CWL CONTROL MESSAGE: Checking health"}]})" +
           one + one + "\n\n " + one);
  ASSERT_TRUE(result.summary);
  EXPECT_EQ(result.summary->kind, FileKind::payload);
  EXPECT_THAT(result.kept.lines, ElementsAre(kRecord, kRecord, kRecord));
  EXPECT_THAT(result.kept.numbers, ElementsAre(1, 2, 3));
  EXPECT_THAT(result.kept.streams, ElementsAre("eni-9-all", "eni-9-all", "eni-9-all"));
  EXPECT_EQ(result.kept.times[2]->ms, 1418530010000);
}

TEST(ReadPayloads, OtherEventsAreDamageAndACutPayloadEndsTheFile) {
  const auto result = read(payload(event(1, "no flow log") + ',' + event(2, kRecord)) +
                           payload(event(3, kRecord)).substr(0, 50));
  EXPECT_THAT(result.kept.lines, ElementsAre(kRecord));
  ASSERT_EQ(result.kept.damages.size(), 1U);
  ASSERT_FALSE(result.summary);
  EXPECT_THAT(result.summary.error().message, HasSubstr("cut short"));
  EXPECT_THAT(read(R"({"a":1})").kept.damages[0].reason, HasSubstr("no subscription payload"));
}

TEST(ReadCsv, MessagesOfAnInsightsResult) {
  const auto result = read("@timestamp,@message,@logStream\r\n2014-12-14 04:06:50.000,\"" +
                           std::string(kRecord) + "\",eni-1235b8ca123456789-all\r\n");
  ASSERT_TRUE(result.summary) << result.summary.error().message;
  EXPECT_EQ(result.summary->kind, FileKind::csv);
  EXPECT_THAT(result.kept.lines, ElementsAre(kRecord));
  EXPECT_EQ(result.kept.times[0]->ms, 1418530010000);
  EXPECT_THAT(result.kept.streams, ElementsAre("eni-1235b8ca123456789-all"));
}

TEST(ReadCsv, DiscoveredFieldsBecomeARecordAndOtherColumnsArePassedOver) {
  const auto result = read(
      "@timestamp,srcAddr,dstPort,delay,action\n"
      "2014-12-14 04:06:50.000,10.0.0.1,22,\"1,5\",\n"
      "2014-12-14 04:06:51.000,10.0.0.2,23\n");
  EXPECT_THAT(result.kept.lines, ElementsAre("10.0.0.1 22 -"));
  EXPECT_THAT(result.kept.formats, ElementsAre("srcaddr dstport action"));
  ASSERT_EQ(result.kept.damages.size(), 1U);
  EXPECT_EQ(result.kept.damages[0].number, 3U);
}

TEST(ReadCsv, AQuotedLineEndBelongsToTheCellAndAnOpenQuoteIsAnError) {
  const auto result = read("@message,note\n\"" + std::string(kRecord) +
                           "\",\"two\nlines \"\"quoted\"\"\"\n" + kRecord + ",x\n");
  EXPECT_THAT(result.kept.lines, ElementsAre(kRecord, kRecord));
  EXPECT_THAT(result.kept.numbers, ElementsAre(2, 4));
  EXPECT_FALSE(read("@message\n\"never closed").summary);
}

TEST(ReadParquet, ColumnsAreFoundByNameAndNullIsAbsent) {
  const auto file = std::filesystem::path(::testing::TempDir()) / "readers_test.parquet";
  std::ofstream out(file, std::ios::binary);
  columnar::ParquetEncoder encoder({{"srcaddr", columnar::ColumnType::string},
                                    {"note", columnar::ColumnType::string},
                                    {"tcp_flags", columnar::ColumnType::int32},
                                    {"end", columnar::ColumnType::int64}},
                                   [&](std::string_view bytes) -> Result<void> {
                                     out << bytes;
                                     return {};
                                   });
  encoder.add(0, std::string_view("10.0.0.1"));
  encoder.add(1, std::string_view("x"));
  encoder.add_null(2);
  encoder.add(3, std::int64_t{1418530070});
  ASSERT_TRUE(encoder.end_row());
  ASSERT_TRUE(encoder.finish());
  out.close();
  Kept kept;
  const auto summary = read_parquet(file, kept);
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_THAT(kept.formats, ElementsAre("srcaddr tcp-flags end"));
  EXPECT_THAT(kept.lines, ElementsAre("10.0.0.1 - 1418530070"));

  std::ofstream(file, std::ios::binary) << "PAR1 damaged";
  EXPECT_THAT(read_parquet(file, kept).error().message, HasSubstr("Parquet"));
  std::filesystem::remove(file);
}

// Everything that the samples of real flow logs hold, with the quirks that AWS's output has.
TEST(ReadSamples, NoRecordIsLost) {
  const auto folder = std::filesystem::path(WEIR_SOURCE_DIR) / "../shared/data/flowlogs";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "the samples are not there";
  const std::pair<const char*, std::size_t> samples[] = {
      {"aws-docs-default-v2.log", 7},
      {"aws-docs-custom-v3-tcp-flags.log", 8},
      {"aws-docs-custom-v3-zonal-nat.log", 6},
      {"aws-docs-custom-v3-transit-gateway.log", 4},
      {"aws-docs-custom-v5-s3-traffic-path.log", 2},
      {"aws-docs-custom-v9-regional-nat.log", 6},
      {"hitc-benchmark-A-logs-insights-results.csv", 9999},
      {"elastic-test-extra-samples.log", 7},
      {"elastic-test-v5-all-fields.log", 1},
      {"elastic-test-ecs-samples-first4.log", 4},
      {"otel-valid-vpc-flow-log-multi.log", 2},
      {"otel-valid-vpc-flow-cw.json", 2}};
  for (const auto& [name, records] : samples) {
    const auto bytes = columnar::open_file(folder / name);
    ASSERT_TRUE(bytes);
    Kept kept;
    EXPECT_TRUE(read_stream(**bytes, std::nullopt, kept)) << name;
    EXPECT_EQ(kept.lines.size(), records) << name;
    EXPECT_THAT(kept.damages, IsEmpty()) << name;
  }
}

TEST(ReadText, WhateverBlanksStandBetweenTheyBecomeOne) {
  const auto format = *flow::Format::parse("${srcaddr} ${dstaddr} ${action}");
  std::uint64_t seed = 7;
  const auto draw = [&seed](std::uint64_t below) {
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    return (seed >> 33) % below;
  };
  for (int round = 0; round < 2000; ++round) {
    std::string line;
    std::vector<std::string> words;
    for (std::uint64_t i = 0; i < draw(200); ++i) line += "0f\t- "[draw(5)];
    std::string word;
    for (const char c : line + ' ') {
      if (c > ' ') {
        word += c;
      } else if (!word.empty()) {
        words.push_back(std::exchange(word, {}));
      }
    }
    const auto result = read(line + '\n', format);
    if (words.size() == 3) {
      EXPECT_THAT(result.kept.lines, ElementsAre(words[0] + ' ' + words[1] + ' ' + words[2]));
    } else {
      EXPECT_EQ(result.kept.damages.size(), words.empty() ? 0U : 1U) << line;
    }
  }
}

/// Pieces of a fixed size.
struct Pieces final : columnar::ByteSource {
  Pieces(std::string text_in, std::size_t size_in) : text(std::move(text_in)), size(size_in) {}
  Result<std::string_view> next() override {
    const auto piece = std::string_view(text).substr(at, size);
    at += piece.size();
    return piece;
  }
  std::string text;
  std::size_t size;
  std::size_t at = 0;
};

TEST(ReadText, HoweverTheTextIsCutTheRecordsAndTheirNumbersAreTheSame) {
  const std::string header = flow::Format::standard().header();
  std::string text = "\xef\xbb\xbf" + header + "\n\n";
  for (int i = 0; i < 300; ++i) {
    text += kRecord;
    text += i % 7 == 0 ? "\r\n" : "\n";
    if (i % 50 == 3) text += "damaged\n";
    if (i % 90 == 5) text += "srcaddr dstaddr\n10.0.0.1 10.0.0.2\n" + header + '\n';
  }
  text += kRecord;
  const auto whole = read(text);
  ASSERT_EQ(whole.kept.lines.size(), 305U);
  ASSERT_EQ(whole.kept.damages.size(), 6U);
  for (const std::size_t size : {1U, 3U, 16U, 100U, 1000U}) {
    Pieces pieces(text, size);
    Kept kept;
    ASSERT_TRUE(read_stream(pieces, std::nullopt, kept));
    EXPECT_EQ(kept.lines, whole.kept.lines) << size;
    EXPECT_EQ(kept.numbers, whole.kept.numbers) << size;
    EXPECT_EQ(kept.formats, whole.kept.formats) << size;
    ASSERT_EQ(kept.damages.size(), 6U);
    for (std::size_t i = 0; i < 6; ++i) {
      EXPECT_EQ(kept.damages[i].number, whole.kept.damages[i].number) << size;
    }
  }
}

TEST(ReadText, AnExportInTheMiddleOfPlainTextKeepsItsTimes) {
  const std::string record(kRecord);
  const auto result = read(flow::Format::standard().header() + '\n' + record +
                           "\n2014-12-14T04:06:50.000Z " + record + '\n' + record + '\n');
  EXPECT_THAT(result.kept.lines, ElementsAre(record, record, record));
  EXPECT_THAT(result.kept.numbers, ElementsAre(2, 3, 4));
  EXPECT_THAT(result.kept.damages, IsEmpty());
  EXPECT_FALSE(result.kept.times[0]);
  EXPECT_EQ(result.kept.times[1], Time{1418530010000});
}

TEST(ReadText, EveryDamagedLineIsCountedHoweverMany) {
  std::string text = flow::Format::standard().header() + '\n';
  for (int i = 0; i < 1000; ++i) text += "damaged\n";
  const auto result = read(text + kRecord + '\n');
  std::uint64_t count = 0;
  for (const Damage& damage : result.kept.damages) count += damage.count;
  EXPECT_EQ(count, 1000U);
  EXPECT_EQ(result.kept.damages[0].number, 2U);
  EXPECT_THAT(result.kept.numbers, ElementsAre(1002));
}

TEST(ReadText, MoreFormatsThanAnyFileHasAreAnError) {
  std::string text;
  const auto fields = flow::fields();
  for (std::size_t i = 0; i + 1 < fields.size(); ++i) {
    text += std::string(fields[i].name) + ' ' + std::string(fields[i + 1].name) + "\n- -\n";
    text += std::string(fields[i + 1].name) + ' ' + std::string(fields[i].name) + "\n- -\n";
  }
  const auto result = read(text);
  ASSERT_FALSE(result.summary);
  EXPECT_THAT(result.summary.error().message, HasSubstr("64 formats"));
  EXPECT_EQ(result.kept.lines.size(), 64U);
}

}  // namespace
}  // namespace weir::import
