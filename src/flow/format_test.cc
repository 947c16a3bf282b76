// SPDX-License-Identifier: Apache-2.0
#include "flow/format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace weir::flow {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kAccepted =
    "2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 "
    "1418530070 ACCEPT OK";

TEST(Fields, CountsPerVersionAreThoseOfTheTable) {
  EXPECT_EQ(Format::all(2).fields().size(), 14U);
  EXPECT_EQ(Format::all(3).fields().size(), 21U);
  EXPECT_EQ(Format::all(4).fields().size(), 25U);
  EXPECT_EQ(Format::all(5).fields().size(), 29U);
  EXPECT_EQ(Format::all(7).fields().size(), 39U);
  EXPECT_EQ(Format::all(8).fields().size(), 40U);
  EXPECT_EQ(Format::all(9).fields().size(), 41U);
  EXPECT_EQ(Format::all(10).fields().size(), 42U);
  EXPECT_EQ(Format::all(11).fields().size(), 54U);
}

TEST(Fields, AreFoundByBothNames) {
  EXPECT_EQ(find_field("tcp-flags")->field, Field::tcp_flags);
  EXPECT_EQ(find_field("tcp_flags")->field, Field::tcp_flags);
  EXPECT_EQ(find_field("next-hop-vpc-id")->version, 11);
  EXPECT_EQ(find_field("tcp-flag"), nullptr);
  EXPECT_EQ(find_field(""), nullptr);
  for (const FieldInfo& row : fields()) EXPECT_EQ(find_field(row.name), &row);
}

TEST(FormatParse, DefaultIsTheTextThatAwsReturns) {
  const std::string_view text =
      "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} "
      "${protocol} "
      "${packets} ${bytes} ${start} ${end} ${action} ${log-status}";
  EXPECT_EQ(Format::standard().text(), text);
  EXPECT_EQ(*Format::parse(text), Format::standard());
  EXPECT_EQ(*Format::parse(""), Format::standard());
  EXPECT_EQ(Format::standard().version(), 2);
}

TEST(FormatParse, VersionIsTheHighestOfItsFields) {
  EXPECT_EQ(Format::parse("${srcaddr} ${flow-direction} ${vpc-id}")->version(), 5);
  EXPECT_EQ(Format::parse("${interface-tag}")->version(), 11);
  EXPECT_EQ(Format::parse("${srcaddr} ${weir-reject-rule}")->version(), 2);
}

// The text is the one users report from AWS.
TEST(FormatParse, WrongShapesAreRefusedWithTheTextOfAws) {
  for (const char* text :
       {"${srcaddr} ", " ${srcaddr}", "${srcaddr}  ${dstaddr}", "${srcaddr}${dstaddr}", "srcaddr",
        "${srcaddr},${dstaddr}", "${}", "${srcaddr", "$srcaddr"}) {
    const auto format = Format::parse(text);
    ASSERT_FALSE(format) << text;
    EXPECT_EQ(format.error().message, "1 validation error detected: Value '" + std::string(text) +
                                          "' at 'logFormat' has an invalid format");
  }
}

TEST(FormatParse, ErrorsNameTheField) {
  EXPECT_THAT(Format::parse("${srcaddr} ${dstadr}").error().message,
              HasSubstr("unknown field 'dstadr' (did you mean 'dstaddr'?)"));
  EXPECT_THAT(Format::parse("${srcaddr} ${srcaddr}").error().message,
              HasSubstr("'srcaddr' appears twice"));
  EXPECT_FALSE(Format::parse("${tcp_flags}"));
}

TEST(RecordRead, ValuesAreTyped) {
  Record record;
  ASSERT_TRUE(Format::standard().read(kAccepted, record));
  EXPECT_EQ(record.number(Field::version), 2);
  EXPECT_EQ(record.text(Field::account_id), "123456789010");
  EXPECT_EQ(record.address(Field::srcaddr).to_string(), "172.31.16.139");
  EXPECT_EQ(record.number(Field::dstport), 22);
  EXPECT_EQ(record.number(Field::bytes), 4249);
  EXPECT_EQ(record.start_time(), Time::from_seconds(1418530010));
  EXPECT_EQ(record.verdict(), Verdict::accept);
  EXPECT_TRUE(record.is_data());
  EXPECT_FALSE(record.has(Field::tcp_flags));
  EXPECT_EQ(record.value(Field::tcp_flags), "-");
}

TEST(RecordRead, NoDataHasDashes) {
  Record record;
  ASSERT_TRUE(Format::standard().read(
      "2 123456789010 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - NODATA", record));
  EXPECT_FALSE(record.is_data());
  EXPECT_FALSE(record.has(Field::srcaddr));
  EXPECT_EQ(record.number(Field::packets), std::nullopt);
  EXPECT_EQ(record.verdict(), std::nullopt);
  EXPECT_EQ(record.text(Field::log_status), kNoData);
}

TEST(RecordRead, BlanksAndCarriageReturnsAreSurvived) {
  Record record;
  EXPECT_TRUE(Format::standard().read("  " + std::string(kAccepted) + " \t\r\n", record));
  std::string wide(kAccepted);
  wide.replace(wide.find(' '), 1, "   ");
  ASSERT_TRUE(Format::standard().read(wide, record));
  EXPECT_EQ(Format::standard().line(record), kAccepted);
}

TEST(RecordRead, FieldCountMustFit) {
  Record record;
  EXPECT_FALSE(Format::standard().read("", record));
  EXPECT_FALSE(Format::standard().read(std::string(kAccepted) + " extra", record));
  EXPECT_FALSE(Format::standard().read(kAccepted.substr(0, kAccepted.rfind(' ')), record));
}

TEST(RecordRead, OddValuesAreKeptAsTheyStand) {
  const std::string line =
      "v2 123456789010 eni-x 10.0.0.xxx 2001:DB8::1 0080 99999999999 +6 1.5 123456789012345678901 "
      "-1 007 "
      "MAYBE OK";
  Record record;
  ASSERT_TRUE(Format::standard().read(line, record));
  EXPECT_EQ(record.odd(Field::srcaddr), "10.0.0.xxx");
  EXPECT_FALSE(record.address(Field::srcaddr).is_set());
  EXPECT_EQ(record.number(Field::srcport), std::nullopt);
  EXPECT_EQ(record.odd(Field::srcport), "0080");
  EXPECT_EQ(record.verdict(), std::nullopt);
  EXPECT_EQ(Format::standard().line(record), line);

  ASSERT_TRUE(Format::standard().read(kAccepted, record));  // nothing odd is left over
  EXPECT_EQ(record.odd(Field::srcport), "");
  EXPECT_EQ(Format::standard().line(record), kAccepted);
}

TEST(RecordRead, NumbersOfEveryLength) {
  const Format format = *Format::parse("${bytes}");
  Record record;
  std::string digits;
  for (int length = 1; length <= 18; ++length) {
    digits += static_cast<char>('0' + length % 10);
    ASSERT_TRUE(format.read(digits, record));
    EXPECT_EQ(record.number(Field::bytes), std::stoll(digits));
  }
  ASSERT_TRUE(format.read("1234567a", record));
  EXPECT_EQ(record.odd(Field::bytes), "1234567a");
  ASSERT_TRUE(format.read("12345:78", record));
  EXPECT_EQ(record.odd(Field::bytes), "12345:78");
}

TEST(RecordFormat, MissingVersionIsThatOfTheFormat) {
  Record record;
  record.set(Field::srcaddr, *net::Address::parse("10.0.0.1"));
  EXPECT_EQ(Format::parse("${version} ${srcaddr} ${region}")->line(record), "4 10.0.0.1 -");
}

TEST(FormatDetect, HeaderOrTableOrderOrRefusal) {
  EXPECT_EQ(*Format::detect("version srcaddr tcp_flags"),
            *Format::parse("${version} ${srcaddr} ${tcp-flags}"));
  EXPECT_EQ(*Format::detect(kAccepted), Format::standard());
  EXPECT_THAT(Format::detect("1 2 3").error().message, HasSubstr("3 values"));
  // 14 values, but not those of the default format in its order.
  EXPECT_FALSE(Format::detect("a b c d e f g h i j k l m n"));
  EXPECT_FALSE(Format::detect(""));
}

std::vector<std::string> lines_of(Reader& reader) {
  std::vector<std::string> lines;
  Record record;
  while (reader.next(record)) lines.push_back(reader.format()->line(record));
  return lines;
}

TEST(RecordReader, HeaderInTheMiddleTakesOver) {
  Reader reader(
      "srcaddr dstaddr\r\n10.0.0.1 10.0.0.2\r\n\r\ndstaddr protocol\n10.0.0.3 6\nwrong line "
      "here\n- -");
  EXPECT_THAT(lines_of(reader), ElementsAre("10.0.0.1 10.0.0.2", "10.0.0.3 6", "- -"));
  EXPECT_EQ(reader.stats().headers, 2U);
  EXPECT_EQ(reader.stats().records, 3U);
  EXPECT_EQ(reader.stats().lines_refused, 1U);
  EXPECT_EQ(reader.stats().line_first_refused, 6U);
}

TEST(RecordReader, WithoutAnyHintEveryLineIsRefused) {
  Reader reader("one two\nthree four\n");
  EXPECT_THAT(lines_of(reader), ElementsAre());
  EXPECT_EQ(reader.stats().lines_refused, 2U);
}

TEST(RecordReader, GivenFormatReadsLinesWithoutHeader) {
  Reader reader("10.0.0.1 6\n", *Format::parse("${srcaddr} ${protocol}"));
  EXPECT_THAT(lines_of(reader), ElementsAre("10.0.0.1 6"));
}

std::string content(const std::filesystem::path& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

// Every record that AWS or a tool's tests published: read and written again, it is the same line.
TEST(RecordReader, PublishedSamplesComeBackUnchanged) {
  const auto folder = std::filesystem::path(WEIR_SOURCE_DIR) / "../shared/data/flowlogs";
  if (!std::filesystem::is_directory(folder)) GTEST_SKIP() << "sample data is not here: " << folder;
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".log") continue;
    SCOPED_TRACE(entry.path().filename());
    const std::string text = content(entry.path());
    std::vector<std::string> expected;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
      if (!line.empty() && !Format::is_header(line)) expected.push_back(line);
    }
    Reader reader(text);
    EXPECT_EQ(lines_of(reader), expected);
    EXPECT_EQ(reader.stats().lines_refused, 0U);
    ++files;
  }
  EXPECT_GE(files, 10U);
}

}  // namespace
}  // namespace weir::flow
