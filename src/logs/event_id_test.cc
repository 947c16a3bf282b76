// SPDX-License-Identifier: Apache-2.0
#include "logs/event_id.h"

#include <string>

#include <gtest/gtest.h>

namespace weir::logs {
namespace {

constexpr EventId kId{.timestamp = {1666708005982},
                      .ingestion = {1666708006100},
                      .batch = 0x0123456789abcdef,
                      .index = 7};

TEST(EventId, TextHasFiftySixDigitsAndReadsBack) {
  const std::string text = kId.text();
  EXPECT_EQ(text.size(), 56u);
  EXPECT_EQ(EventId::parse(text), kId);
  EXPECT_EQ(EventId::parse(EventId{}.text()), EventId{});
  EXPECT_EQ(EventId::parse(EventId::greatest().text()), EventId::greatest());
}

// (1666708005982 << 144) by an independent calculation; AWS's published ids of that second begin
// alike.
TEST(EventId, TimestampIsInTheHighestBits) {
  EXPECT_EQ(EventId::first_of({1666708005982}).text(),
            "37168830561755635612592901563435872015892105719302848512");
}

TEST(EventId, OtherTextIsRefused) {
  EXPECT_FALSE(EventId::parse(""));
  EXPECT_FALSE(EventId::parse(std::string(55, '1')));
  EXPECT_FALSE(EventId::parse(std::string(55, '1') + "x"));
  EXPECT_FALSE(EventId::parse("-" + std::string(55, '1')));
}

TEST(EventId, OrderOfTextIsOrderOfIds) {
  EventId other = kId;
  other.batch = ~0ULL;
  EXPECT_LT(kId, other);
  EXPECT_LT(kId.text(), other.text());
  EventId later = kId;
  later.timestamp.ms += 1;
  later.ingestion.ms = 0;
  EXPECT_LT(other, later);
  EXPECT_LT(other.text(), later.text());
}

TEST(EventId, NeighboursAreOneApart) {
  EXPECT_EQ(kId.successor().predecessor(), kId);
  EXPECT_GT(kId.successor(), kId);
  const EventId carry{.timestamp = {5}, .ingestion = {6}, .batch = ~0ULL, .index = 65535};
  EXPECT_EQ(carry.successor(), (EventId{.timestamp = {5}, .ingestion = {7}}));
  EXPECT_EQ(carry.successor().predecessor(), carry);
  EXPECT_EQ(EventId::first_of({5}).predecessor().successor(), EventId::first_of({5}));
  EXPECT_EQ(EventId{}.predecessor(), EventId{});
  EXPECT_EQ(EventId::greatest().successor(), EventId::greatest());
}

TEST(EventId, TimesOutsideTheRangeAreBroughtIntoIt) {
  EXPECT_EQ(EventId::first_of({-5}), EventId{});
  EXPECT_EQ(EventId::first_of({INT64_MAX}).timestamp, EventId::greatest().timestamp);
}

}  // namespace
}  // namespace weir::logs
