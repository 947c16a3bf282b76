// SPDX-License-Identifier: Apache-2.0
#include "flow/columns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace weir::flow {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string_view name_of(Simd simd) {
  constexpr std::array<std::string_view, 3> kNames = {"portable", "avx2", "avx512"};
  return kNames[static_cast<std::size_t>(simd)];
}

/// What reading a text gives: the records as lines, the counts, and the formats they had.
struct Reading {
  std::vector<std::string> lines;
  Reader::Stats stats;
  std::vector<std::uint64_t> lines_refused;
};

std::string normal(std::string_view line) {
  std::string out;
  for (const char c : line) {
    const bool is_blank = static_cast<unsigned char>(c) <= 0x20;
    if (!is_blank) out += c;
    if (is_blank && !out.empty() && out.back() != ' ') out += ' ';
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

Reading read_slowly(std::string_view text, std::optional<Format> format) {
  Reading out;
  Reader reader(text, std::move(format));
  Record record;
  while (reader.next(record)) out.lines.push_back(reader.format()->line(record));
  out.stats = reader.stats();
  return out;
}

/// The rows of a batch, each in three ways that must agree: by values, by record, as it stands.
void add_rows(const Columns& columns, Reading& out) {
  Record record;
  for (std::size_t row = 0; row < columns.rows(); ++row) {
    std::string line;
    for (std::size_t i = 0; i < columns.columns().size(); ++i) {
      if (i != 0) line += ' ';
      columns.append_value(i, row, line);
    }
    columns.read(row, record);
    EXPECT_EQ(columns.format().line(record), line);
    EXPECT_EQ(normal(columns.line(row)), line);
    out.lines.push_back(std::move(line));
  }
}

/// In pieces of `piece` bytes, as from a file. The buffer of each piece ends where the text does,
/// so that the address sanitizer sees what is read outside.
Reading read_columns(std::string_view text, ColumnReader::Config config, std::size_t piece) {
  Reading out;
  ColumnReader reader(std::move(config));
  Columns columns;
  std::string rest;
  while (true) {
    const std::size_t n = std::min(piece, text.size());
    rest.append(text.substr(0, n));
    text.remove_prefix(n);
    const bool is_end = text.empty();
    while (true) {
      const std::vector<char> exact(rest.begin(), rest.end());
      const std::size_t used = reader.read({exact.data(), exact.size()}, is_end, columns);
      add_rows(columns, out);
      for (const auto& refused : reader.refused()) out.lines_refused.push_back(refused.line);
      if (used == 0) break;
      rest.erase(0, used);
    }
    if (is_end) break;
  }
  EXPECT_TRUE(rest.empty()) << rest;
  out.stats = reader.stats();
  return out;
}

std::vector<Simd> kinds() {
  std::vector<Simd> out;
  for (const Simd simd : {Simd::portable, Simd::avx2, Simd::avx512}) {
    if (is_supported(simd)) out.push_back(simd);
  }
  return out;
}

class Kind : public testing::TestWithParam<Simd> {
 protected:
  ColumnReader::Config config(std::optional<Format> format = std::nullopt) {
    return {.format = std::move(format), .simd = GetParam()};
  }
  /// Reading in columns gives what reading record by record gives.
  void expect_same(std::string_view text, const std::optional<Format>& format, std::size_t rows_max,
                   std::size_t piece) {
    const Reading slow = read_slowly(text, format);
    ColumnReader::Config columns = config(format);
    columns.rows_max = rows_max;
    const Reading fast = read_columns(text, columns, piece);
    ASSERT_EQ(fast.lines, slow.lines);
    EXPECT_EQ(fast.stats.records, slow.stats.records);
    EXPECT_EQ(fast.stats.headers, slow.stats.headers);
    EXPECT_EQ(fast.stats.lines_refused, slow.stats.lines_refused);
    EXPECT_EQ(fast.stats.line_first_refused, slow.stats.line_first_refused);
  }
};
INSTANTIATE_TEST_SUITE_P(Simd, Kind, testing::ValuesIn(kinds()),
                         [](const auto& kind) { return std::string(name_of(kind.param)); });

// ---- generated text ----

class Writer {
 public:
  explicit Writer(std::uint64_t seed) : random_(seed) {}

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }

  std::string text(std::size_t lines, const Format& first, bool is_hostile) {
    std::string out;
    Format format = first;
    for (std::size_t i = 0; i < lines; ++i) {
      if (is_hostile && one_in(40)) {
        format = Format::all(static_cast<int>(2 + below(10)));
        out += format.header() + '\n';
      }
      out += line(format, is_hostile);
      out += is_hostile && one_in(6) ? "\r\n" : "\n";
      if (is_hostile && one_in(30)) out += std::string(below(4), '\n');
    }
    if (one_in(2) && !out.empty()) out.pop_back();
    return out;
  }

 private:
  std::string line(const Format& format, bool is_hostile) {
    std::string out;
    if (is_hostile && one_in(30)) out += ' ';
    for (const Field field : format.fields()) {
      if (!out.empty())
        out += is_hostile && one_in(200) ? "  " : is_hostile && one_in(200) ? "\t" : " ";
      out += one_in(20) ? "-" : is_hostile && one_in(15) ? odd() : value(field);
    }
    if (is_hostile && one_in(40)) out += " more";
    if (is_hostile && one_in(40)) out.resize(below(out.size() + 1));
    return out;
  }
  std::string digits(std::size_t most) {
    std::string out = std::to_string(1 + below(9));
    for (std::size_t i = below(most); i > 0; --i) out += static_cast<char>('0' + below(10));
    return out;
  }
  std::string value(Field field) {
    switch (info(field).kind) {
      case FieldKind::int32:
        return one_in(8) ? "0" : digits(9);
      case FieldKind::int64:
        return one_in(8) ? "0" : digits(18);
      case FieldKind::address:
        return one_in(10) ? net::Address::v6(random_(), random_()).to_string()
                          : net::Address::v4(static_cast<std::uint32_t>(random_() >> below(33)))
                                .to_string();
      case FieldKind::text:
        break;
    }
    static constexpr std::array<std::string_view, 6> kTexts = {
        "ACCEPT", "eni-0a1b2c3d4e5f60718", "OK", "x", "arn:aws:ecs:us-east-1:1:task/a", "REJECT"};
    return std::string(kTexts[below(kTexts.size())]);
  }
  std::string odd() {
    static const std::vector<std::string> kOdd = {"007",
                                                  "00",
                                                  "-1",
                                                  "+5",
                                                  "2147483647",
                                                  "2147483648",
                                                  "99999999999",
                                                  "999999999999999999",
                                                  "9223372036854775807",
                                                  "9223372036854775808",
                                                  "123456789012345678901234567890",
                                                  "1.2.3",
                                                  "1.2.3.4.5",
                                                  "1.2.3.256",
                                                  "01.2.3.4",
                                                  "1.2.3.04",
                                                  "1..2.3",
                                                  ".1.2.3",
                                                  "1.2.3.",
                                                  "1.2.3.x",
                                                  "1111.1.1.1",
                                                  "255.255.255.255",
                                                  "0.0.0.0",
                                                  "300.1.1.1",
                                                  "10.0.0.xxx",
                                                  "::1",
                                                  "::",
                                                  "FE80::1",
                                                  "0:0:0:0:0:0:0:1",
                                                  "::ffff:1.2.3.4",
                                                  "fe80::1%eth0",
                                                  "xxx",
                                                  "12a",
                                                  "a12",
                                                  "1234567a",
                                                  "12345678a",
                                                  "--",
                                                  "\x7f",
                                                  "\xc3\xa9",
                                                  "100.200.100.200",
                                                  "255.255.255.2555",
                                                  "1-2.3.4",
                                                  "1.2.3,4",
                                                  "256.0.0.1",
                                                  "199.299.1.1",
                                                  "260.1.1.1",
                                                  "0.00.0.0",
                                                  "1.2.3.4.",
                                                  "1/2",
                                                  "1:2",
                                                  "12345678",
                                                  "123456789",
                                                  std::string(5000, '9'),
                                                  "0x10",
                                                  "1e5",
                                                  "0000000000000001"};
    return kOdd[below(kOdd.size())];
  }

  std::mt19937_64 random_;
};

TEST_P(Kind, GeneratedRecordsReadLikeOneByOne) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(seed);
    Writer writer(seed);
    const Format format = Format::all(static_cast<int>(2 + writer.below(4)));
    const std::string text = writer.text(400, format, false);
    expect_same(text, format, 1 + writer.below(500), 1 + writer.below(60'000));
  }
}

TEST_P(Kind, HostileTextReadsLikeOneByOne) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    Writer writer(seed);
    std::optional<Format> format;
    if (!writer.one_in(3)) format = Format::all(static_cast<int>(2 + writer.below(10)));
    const std::string text = writer.text(150, format.value_or(Format::standard()), true);
    expect_same(text, format, 1 + writer.below(64), 7 + writer.below(30'000));
  }
}

// Kernels put the addresses of several rows together; a strange one must not move its neighbours.
TEST_P(Kind, AddressesOfEveryShapeReadLikeOneByOne) {
  const Format format = *Format::parse("${srcaddr} ${dstaddr} ${bytes}");
  std::mt19937_64 random(11);
  const auto number = [&] { return std::to_string(random() % (random() % 4 == 0 ? 1100 : 256)); };
  const auto address = [&] {
    std::string out = number() + '.' + number() + '.' + number() + '.' + number();
    static constexpr std::string_view kOther = "0123456789.-:xa/";
    if (random() % 3 == 0) out[random() % out.size()] = kOther[random() % kOther.size()];
    if (random() % 20 == 0) out.insert(random() % out.size(), 1, kOther[random() % kOther.size()]);
    if (random() % 20 == 0) out.erase(random() % out.size(), 1);
    return out;
  };
  std::string text;
  for (int i = 0; i < 20'000; ++i) {
    text += address() + ' ' + address() + ' ' + std::to_string(random() >> (random() % 64)) + '\n';
  }
  expect_same(text, format, 500, 50'000);
}

TEST_P(Kind, EveryPlaceOfALineInATextIsTheSame) {
  const std::string line =
      "2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 "
      "1418530010 "
      "1418530070 ACCEPT OK";
  for (std::size_t shift = 0; shift < 130; ++shift) {
    std::string text = std::string(shift, 'x') + '\n';
    for (int i = 0; i < 5; ++i) text += line + '\n';
    expect_same(text, Format::standard(), 100, text.size());
    text.pop_back();
    expect_same(text, Format::standard(), 100, 50);
  }
}

TEST_P(Kind, FormatsOfTextsOnlyAndOfOneField) {
  for (const char* const shape : {"${vpc-id} ${action}", "${action}", "${srcaddr}", "${bytes}",
                                  "${version}", "${interface-id} ${subnet-id} ${srcport}"}) {
    SCOPED_TRACE(shape);
    const Format format = *Format::parse(shape);
    Writer writer(1);
    expect_same(writer.text(300, format, false), format, 64, 1000);
    expect_same(writer.text(300, format, true), format, 64, 1000);
  }
}

TEST_P(Kind, TypedValues) {
  ColumnReader reader(config(*Format::parse("${srcaddr} ${protocol} ${bytes} ${action}")));
  Columns columns;
  const std::string text =
      "padding the front with words\n"
      "10.1.2.3 6 12345678901 ACCEPT\n"
      "2001:db8::7 17 0 REJECT\n"
      "- - - -\n"
      "xxx 06 12345678901234567890 OTHER\n"
      "255.255.255.255 2147483647 999999999999999999 ACCEPT\n"
      "and a line behind it\n";
  ASSERT_EQ(reader.read(text, true, columns), text.size());
  ASSERT_EQ(columns.rows(), 5U);
  const Column& source = *columns.find(Field::srcaddr);
  EXPECT_THAT(source.cells(),
              ElementsAre(Cell::value, Cell::v6, Cell::absent, Cell::odd, Cell::value));
  EXPECT_EQ(source.v4s()[0], 0x0a010203U);
  EXPECT_EQ(source.address(1), *net::Address::parse("2001:db8::7"));
  EXPECT_FALSE(source.address(2).is_set());
  EXPECT_EQ(columns.odd(0, 3), "xxx");
  const Column& protocol = *columns.find(Field::protocol);
  EXPECT_EQ(protocol.int32s()[0], 6);
  EXPECT_EQ(protocol.int32s()[4], 2'147'483'647);
  EXPECT_EQ(protocol.cells()[3], Cell::odd);
  EXPECT_EQ(columns.odd(1, 3), "06");
  const Column& bytes = *columns.find(Field::bytes);
  EXPECT_EQ(bytes.number(0), 12'345'678'901);
  EXPECT_EQ(bytes.number(1), 0);
  EXPECT_EQ(bytes.number(2), std::nullopt);
  EXPECT_EQ(bytes.number(4), 999'999'999'999'999'999);
  EXPECT_EQ(columns.odd(2, 3), "12345678901234567890");
  EXPECT_EQ(columns.text(columns.find(Field::action)->slices()[1]), "REJECT");
  EXPECT_EQ(columns.line(1), "2001:db8::7 17 0 REJECT");
  EXPECT_EQ(columns.find(Field::end), nullptr);
  EXPECT_EQ(reader.stats().lines_refused, 2U);
}

TEST_P(Kind, OnlyWantedFieldsAlsoAsText) {
  ColumnReader::Config wanted = config();
  wanted.fields = {{Field::dstport}, {Field::srcaddr, true}, {Field::vpc_id}, {Field::bytes}};
  ColumnReader reader(wanted);
  Columns columns;
  const std::string text =
      "version srcaddr dstport bytes\n"
      "3 10.1.2.3 443 1\n3 10.1.2.4 80 2\n3 - - -\n3 hidden 0 3\n3 10.1.2.3 443 007\n";
  ASSERT_EQ(reader.read(text, true, columns), text.size());
  ASSERT_EQ(columns.columns().size(), 4U);
  EXPECT_EQ(columns.columns()[1].form(), Column::Form::text);
  std::vector<std::string> lines;
  for (std::size_t row = 0; row < columns.rows(); ++row) {
    std::string& line = lines.emplace_back();
    for (std::size_t i = 0; i < 4; ++i) {
      columns.append_value(i, row, line);
      line += ' ';
    }
  }
  EXPECT_THAT(lines, ElementsAre("443 10.1.2.3 - 1 ", "80 10.1.2.4 - 2 ", "- - - - ",
                                 "0 hidden - 3 ", "443 10.1.2.3 - 007 "));
  Record record;
  columns.read(0, record);
  EXPECT_EQ(record.address(Field::srcaddr), *net::Address::parse("10.1.2.3"));
  columns.read(3, record);
  EXPECT_EQ(record.odd(Field::srcaddr), "hidden");
}

TEST_P(Kind, BatchEndsBeforeAnotherFormat) {
  ColumnReader reader(config());
  Columns columns;
  std::string_view text =
      "srcaddr bytes\n10.0.0.1 1\n10.0.0.2 2\nsrcaddr bytes\n10.0.0.3 3\nbytes action\n4 ACCEPT\n";
  std::vector<std::pair<std::size_t, std::string>> batches;
  while (const std::size_t n = reader.read(text, true, columns)) {
    batches.emplace_back(columns.rows(), columns.format().header());
    text.remove_prefix(n);
  }
  using Batch = std::pair<std::size_t, std::string>;
  EXPECT_THAT(batches, ElementsAre(Batch(3, "srcaddr bytes"), Batch(1, "bytes action")));
  EXPECT_EQ(reader.stats().headers, 3U);
}

TEST_P(Kind, DamagedLinesAreCountedAndShown) {
  ColumnReader reader(config(Format::standard()));
  Columns columns;
  const std::string good =
      "2 1 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 40 1418530010 1418530070 ACCEPT OK\n";
  std::string text = good + good + "half a line\n\n" + good;
  for (int i = 0; i < 200; ++i) text += "more\n";
  ASSERT_EQ(reader.read(text, true, columns), text.size());
  EXPECT_EQ(columns.rows(), 3U);
  EXPECT_EQ(reader.stats().lines_refused, 201U);
  EXPECT_EQ(reader.stats().line_first_refused, 3U);
  ASSERT_EQ(reader.refused().size(), ColumnReader::kRefusedMax);
  EXPECT_EQ(reader.refused()[0].line, 3U);
  EXPECT_EQ(columns.text(reader.refused()[0].text), "half a line");
  EXPECT_EQ(reader.refused()[1].line, 6U);
}

// The carriage return before a newline must not count as the blank that a missing value leaves.
TEST_P(Kind, LinesThatEndInCrLfAndLackTheirLastValueAreDamaged) {
  const std::string whole =
      "2 1 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 40 1418530010 1418530070 ACCEPT OK\r\n";
  const std::string lacking =
      "2 1 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 40 1418530010 1418530070 ACCEPT\r\n";
  std::string text;
  for (int i = 0; i < 50; ++i) text += whole + lacking + lacking + whole;
  expect_same(text, Format::standard(), 100, 100'000);
  ColumnReader reader(config(Format::standard()));
  Columns columns;
  ASSERT_EQ(reader.read(text, true, columns), text.size());
  EXPECT_EQ(columns.rows(), 100U);
  EXPECT_EQ(reader.stats().lines_refused, 100U);
}

// A lone newline has the one blank that a line of one field has, and nothing in front of it.
TEST_P(Kind, EmptyFirstLineOfAFormatWithOneField) {
  const std::string text = "\n" + std::string("1418530010\n") + std::string(200, '\n');
  ColumnReader reader(config(*Format::parse("${start}")));
  Columns columns;
  ASSERT_EQ(reader.read(text, true, columns), text.size());
  EXPECT_EQ(columns.rows(), 1U);
}

TEST_P(Kind, LineThatIsTooLongIsPassedOverWithoutABufferForIt) {
  const std::string good = "10.0.0.1 7\n";
  const std::string text = good + std::string(3 * ColumnReader::kLineMax, '9') + "\n" + good +
                           std::string(ColumnReader::kLineMax + 1, ' ');
  const Format format = *Format::parse("${srcaddr} ${bytes}");
  const Reading reading = read_columns(text, config(format), 10'000);
  EXPECT_THAT(reading.lines, ElementsAre("10.0.0.1 7", "10.0.0.1 7"));
  EXPECT_THAT(reading.lines_refused, ElementsAre(2, 4));
}

TEST_P(Kind, NothingIsReadOfNothing) {
  ColumnReader reader(config());
  Columns columns;
  EXPECT_EQ(reader.read("", true, columns), 0U);
  EXPECT_EQ(reader.read("2 1 eni", false, columns), 0U);
  EXPECT_EQ(columns.rows(), 0U);
  EXPECT_THAT(reader.refused(), IsEmpty());
}

TEST_P(Kind, ByteOrderMarkIsPassedOver) {
  expect_same("\xef\xbb\xbfsrcaddr bytes\n10.0.0.1 7\n", std::nullopt, 10, 1);
}

TEST_P(Kind, PublishedSamplesReadLikeOneByOne) {
  const auto folder = std::filesystem::path(WEIR_SOURCE_DIR) / "../shared/data/flowlogs";
  if (!std::filesystem::is_directory(folder)) GTEST_SKIP() << "sample data is not here: " << folder;
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".log") continue;
    SCOPED_TRACE(entry.path().filename());
    std::ostringstream content;
    content << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    expect_same(content.str(), std::nullopt, 1000, 200);
    ++files;
  }
  EXPECT_GE(files, 10U);
}

}  // namespace
}  // namespace weir::flow
