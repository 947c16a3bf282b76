// SPDX-License-Identifier: Apache-2.0
#include "logs/event_id.h"

#include <algorithm>
#include <array>
#include <limits>

namespace weir::logs {
namespace {

// The 192-bit number in three words, most significant first: 48 bits of timestamp are the top ones.
using Words = std::array<std::uint64_t, 3>;
__extension__ using Wide = unsigned __int128;

constexpr std::size_t kDigits = 56;
constexpr std::uint64_t kTen19 = 10'000'000'000'000'000'000U;
// The latest timestamp (in the year 2109) whose ids all have 56 digits.
constexpr std::int64_t kTimestampMax = 4'400'000'000'000;

Words words_of(const EventId& id) {
  const auto timestamp = static_cast<std::uint64_t>(id.timestamp.ms);
  const auto ingestion = static_cast<std::uint64_t>(id.ingestion.ms);
  return {(timestamp << 16) | (ingestion >> 48), (ingestion << 16) | (id.batch >> 48),
          (id.batch << 16) | id.index};
}

EventId id_of(const Words& words) {
  EventId id;
  id.timestamp.ms = static_cast<std::int64_t>(words[0] >> 16);
  id.ingestion.ms = static_cast<std::int64_t>((words[0] << 48) | (words[1] >> 16));
  id.batch = (words[1] << 48) | (words[2] >> 16);
  id.index = static_cast<std::uint16_t>(words[2]);
  return id;
}

std::uint64_t divide(Words& words, std::uint64_t divisor) {
  std::uint64_t remainder = 0;
  for (std::uint64_t& word : words) {
    const Wide value = (Wide{remainder} << 64) | word;
    word = static_cast<std::uint64_t>(value / divisor);
    remainder = static_cast<std::uint64_t>(value % divisor);
  }
  return remainder;
}

}  // namespace

std::string EventId::text() const {
  std::string digits(kDigits, '0');
  Words words = words_of(*this);
  std::size_t end = kDigits;
  while (end > 0) {
    std::uint64_t group = divide(words, kTen19);
    for (std::size_t i = 0; i < 19 && end > 0; ++i) {
      digits[--end] = static_cast<char>('0' + group % 10);
      group /= 10;
    }
  }
  return digits;
}

std::optional<EventId> EventId::parse(std::string_view text) {
  if (text.size() != kDigits) return std::nullopt;
  Words words{};
  for (const char digit : text) {
    if (digit < '0' || digit > '9') return std::nullopt;
    std::uint64_t carry = static_cast<std::uint64_t>(digit - '0');
    for (auto word = words.rbegin(); word != words.rend(); ++word) {
      const Wide value = Wide{*word} * 10 + carry;
      *word = static_cast<std::uint64_t>(value);
      carry = static_cast<std::uint64_t>(value >> 64);
    }
    if (carry != 0) return std::nullopt;
  }
  const EventId id = id_of(words);
  if (id.ingestion.ms < 0) return std::nullopt;
  return id;
}

EventId EventId::successor() const {
  if (*this == greatest()) return *this;
  EventId next = *this;
  if (++next.index == 0 && ++next.batch == 0) {
    if (next.ingestion.ms++ == std::numeric_limits<std::int64_t>::max()) {
      next.ingestion.ms = 0;
      ++next.timestamp.ms;
    }
  }
  return next;
}

EventId EventId::predecessor() const {
  if (*this == EventId{}) return *this;
  EventId previous = *this;
  if (previous.index-- == 0 && previous.batch-- == 0) {
    if (previous.ingestion.ms-- == 0) {
      previous.ingestion.ms = std::numeric_limits<std::int64_t>::max();
      --previous.timestamp.ms;
    }
  }
  return previous;
}

EventId EventId::first_of(Time timestamp) {
  return {.timestamp = {std::clamp<std::int64_t>(timestamp.ms, 0, kTimestampMax)}, .ingestion = {}};
}

EventId EventId::greatest() {
  return {.timestamp = {kTimestampMax},
          .ingestion = {std::numeric_limits<std::int64_t>::max()},
          .batch = std::numeric_limits<std::uint64_t>::max(),
          .index = std::numeric_limits<std::uint16_t>::max()};
}

}  // namespace weir::logs
