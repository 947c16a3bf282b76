// SPDX-License-Identifier: Apache-2.0
#include "logs/default_values.h"

#include <utility>

#include "logs/store_keys.h"

namespace weir::logs {
namespace {

// Two kinds of mark, so that of two writers neither can undo what the other has seen.
constexpr char kSeen = 's';
constexpr char kMatched = 'm';
constexpr std::size_t kTailBytes = 8 + 8 + 1;

DefaultValues::Minute minute_key(const Scope& scope, std::string_view group,
                                 const FilterSet& filters, const Evaluation::Minute& minute,
                                 Time now) {
  return {.scope = scope,
          .group = std::string(group),
          .filter = filters[minute.filter]->filter().filter_name,
          .arrival = minute_of(now.ms),
          .start = minute.start};
}

}  // namespace

std::string DefaultValues::mark_key(const Minute& minute, char kind) {
  std::string key = member_key(minute.scope, kKind, minute.group) + minute.filter;
  store::append_u64(key, static_cast<std::uint64_t>(minute.arrival.ms));
  store::append_u64(key, static_cast<std::uint64_t>(minute.start.ms));
  key += kind;
  return key;
}

void DefaultValues::mark(const Scope& scope, std::string_view group, const FilterSet& filters,
                         const Evaluation& evaluation, Time now, store::WriteBatch& batch) {
  for (const Evaluation::Minute& minute : evaluation.minutes) {
    batch.put(
        mark_key(minute_key(scope, group, filters, minute, now), minute.matched ? kMatched : kSeen),
        "");
  }
}

void DefaultValues::remember(const Scope& scope, std::string_view group, const FilterSet& filters,
                             const Evaluation& evaluation, Time now) {
  if (evaluation.minutes.empty()) return;
  auto minutes = minutes_.lock();
  for (const Evaluation::Minute& minute : evaluation.minutes) {
    bool& matched = (*minutes)[minute_key(scope, group, filters, minute, now)];
    matched = matched || minute.matched;
  }
}

void DefaultValues::found(const Scope& scope, std::string_view key) {
  const std::size_t zero = key.find('\0');
  if (zero == key.npos || key.size() < zero + 1 + kTailBytes) return;
  const std::string_view tail = key.substr(key.size() - kTailBytes);
  const std::string_view filter = key.substr(zero + 1, key.size() - kTailBytes - zero - 1);
  const Minute minute{.scope = scope,
                      .group = std::string(key.substr(0, zero)),
                      .filter = std::string(filter),
                      .arrival = {static_cast<std::int64_t>(store::read_u64(tail.substr(0, 8)))},
                      .start = {static_cast<std::int64_t>(store::read_u64(tail.substr(8, 8)))}};
  bool& matched = (*minutes_.lock())[minute];
  matched = matched || tail.back() == kMatched;
}

std::vector<DefaultValues::Due> DefaultValues::take_due(Time now) {
  const Time current = minute_of(now.ms);
  std::vector<Due> due;
  auto minutes = minutes_.lock();
  for (auto it = minutes->begin(); it != minutes->end();) {
    if (it->first.arrival < current) {
      due.push_back({it->first, it->second});
      it = minutes->erase(it);
    } else {
      ++it;
    }
  }
  return due;
}

void DefaultValues::put_back(std::span<const Due> due) {
  auto minutes = minutes_.lock();
  for (const Due& item : due) {
    bool& matched = (*minutes)[item.minute];
    matched = matched || item.matched;
  }
}

void DefaultValues::erase_marks(const Minute& minute, store::WriteBatch& batch) {
  batch.erase(mark_key(minute, kSeen));
  batch.erase(mark_key(minute, kMatched));
}

void DefaultValues::clear() { minutes_.lock()->clear(); }

}  // namespace weir::logs
