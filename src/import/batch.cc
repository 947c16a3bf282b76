// SPDX-License-Identifier: Apache-2.0
#include "import/batch.h"

#include <algorithm>

#include "flow/text.h"

namespace weir::import {
namespace {

constexpr std::int64_t kSecondsMax = 4'398'046'511;  // what an event id can hold (the year 2109)

}  // namespace

int Batch::place(flow::Field field) const {
  const auto fields = format().fields();
  const auto found = std::ranges::find(fields, field);
  return found == fields.end() ? -1 : static_cast<int>(found - fields.begin());
}

std::string_view Batch::line(std::size_t row, std::string& joined) const {
  const std::string_view line = columns_.line(row);
  joined.clear();
  flow::text::for_each_word(line, [&](std::string_view word) {
    if (!joined.empty()) joined += ' ';
    joined += word;
    return true;
  });
  return joined;
}

std::string_view Batch::text(flow::Field field, std::size_t row) const {
  const flow::Column* column = columns_.find(field);
  if (column == nullptr || column->cells()[row] == flow::Cell::absent) return {};
  return columns_.text(column->slices()[row]);
}

std::optional<Time> Batch::seconds_at(int place, std::size_t row) const {
  if (place < 0) return std::nullopt;
  const auto seconds = rows_.number(static_cast<std::size_t>(place), row);
  if (!seconds || *seconds > kSecondsMax) return std::nullopt;
  return Time::from_seconds(*seconds);
}

std::optional<Time> Batch::first_of(int place, int other, std::size_t row) const {
  if (const auto time = seconds_at(place, row)) return time;
  if (const auto time = seconds_at(other, row)) return time;
  const std::optional<Time> time = around(row).time;
  if (time || place >= 0 || other >= 0) return time;
  return file_time_;
}

std::optional<Time> Batch::time_of(std::size_t row) const { return first_of(start_, end_, row); }
std::optional<Time> Batch::end_of(std::size_t row) const { return first_of(end_, start_, row); }

std::span<const std::int64_t> Batch::all_seconds(int place) const {
  if (place < 0 || !rows_.is_full(static_cast<std::size_t>(place))) return {};
  const auto seconds = columns_.columns()[static_cast<std::size_t>(place)].int64s();
  std::int64_t greatest = 0;
  for (const std::int64_t second : seconds) greatest = std::max(greatest, second);
  return greatest <= kSecondsMax ? seconds : std::span<const std::int64_t>();
}

void Batch::Span::add(std::optional<Time> time) {
  if (!time) return;
  if (!first || *time < *first) first = time;
  if (!last || *time > *last) last = time;
}

Batch::Span Batch::span() const {
  if (const auto seconds = all_seconds(start_); !seconds.empty()) {
    const auto [least, greatest] = std::minmax_element(seconds.begin(), seconds.end());
    return {Time::from_seconds(*least), Time::from_seconds(*greatest)};
  }
  Span span;
  for (std::size_t row = 0; row < size(); ++row) span.add(time_of(row));
  return span;
}

}  // namespace weir::import
