// SPDX-License-Identifier: Apache-2.0
#include "cli/result_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::cli {
namespace {

using ::testing::ElementsAre;

TEST(ResultTable, NumbersStandToTheRight) {
  ResultTable table;
  table.add({{"srcAddr", "10.0.0.1"}, {"bytes", "7"}});  // an address is no number
  table.add({{"srcAddr", "10.0.0.12"}, {"bytes", "1234.5"}});
  EXPECT_THAT(aligned(table, 0), ElementsAre("srcAddr     bytes", "10.0.0.1        7",  //
                                             "10.0.0.12  1234.5"));
}

TEST(ResultTable, NewColumnsStandWhereTheRowHasThem) {
  ResultTable table;
  table.add({{"a", "1"}, {"c", "3"}});
  table.add({{"a", "1"}, {"b", "2"}, {"c", "3"}});
  table.add({{"d", "4"}});
  EXPECT_THAT(table.columns, ElementsAre("d", "a", "b", "c"));
}

TEST(ResultTable, WideColumnsAreCutAndControlCharactersAreShown) {
  ResultTable table;
  table.add({{"m", std::string(30, 'x')}, {"n", "a\nb\x1b[2J\xc3\xa4"}});
  EXPECT_THAT(aligned(table, 36), ElementsAre("m" + std::string(23, ' ') + "n",
                                              std::string(21, 'x') + "…  a\\nb\\x1b[2Jä"));
}

TEST(ResultTable, ATimestampIsNotCut) {
  const std::string time = "2026-01-31 12:34:56.789";
  ResultTable table;
  table.add({{"t", time}, {"m", std::string(100, 'x')}});
  EXPECT_EQ(aligned(table, 45).back(), time + "  " + std::string(19, 'x') + "…");
  EXPECT_EQ(aligned(table, 10).back(), time + "  " + std::string(11, 'x') + "…");
}

TEST(ResultTable, SharesStandToTheRight) {
  ResultTable table;
  table.add({{"SHARE", "9.5%"}});
  table.add({{"SHARE", "100.0%"}});
  EXPECT_THAT(aligned(table, 0), ElementsAre(" SHARE", "  9.5%", "100.0%"));
}

TEST(ResultTable, CsvQuotesWhatItMust) {
  ResultTable table;
  table.add({{"a", "x,\"y\"\n"}, {"b", "1"}});
  table.add({{"b", "2"}});
  EXPECT_EQ(as_csv(table), "a,b\r\n\"x,\"\"y\"\"\n\",1\r\n,2\r\n");
}

TEST(Carets, StandUnderThePlace) {
  EXPECT_EQ(with_carets("fields a | bad b", 11, 14), "fields a | bad b\n           ^^^");
  EXPECT_EQ(with_carets("fields a\n| b\xc3\xa4 bad\n| x", 15, 18), "| b\xc3\xa4 bad\n     ^^^");
  EXPECT_EQ(with_carets("stats", 5, 5), "stats\n     ^");
  EXPECT_EQ(with_carets("", 3, 9), "\n^");
  EXPECT_EQ(with_carets("a\nb", 0, 3), "a\n^");
}

TEST(Counts, AreShort) {
  EXPECT_EQ(short_count(0), "0");
  EXPECT_EQ(short_count(999), "999");
  EXPECT_EQ(short_count(1234567), "1.2M");
  EXPECT_EQ(short_count(12e9), "12G");
}

}  // namespace
}  // namespace weir::cli
