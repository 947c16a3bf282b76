// SPDX-License-Identifier: Apache-2.0
#include "logs/token_columns.h"

#include <algorithm>
#include <utility>

namespace weir::logs {
namespace {

constexpr std::size_t kFewDivisor = 4;  // so few possible values are asked once each

Fit fit_of(const RowSet& answers) {
  const auto holding = static_cast<std::size_t>(
      std::ranges::count_if(answers, [](std::uint8_t answer) { return answer != 0; }));
  if (holding == 0) return Fit::none;
  return holding == answers.size() ? Fit::all : Fit::some;
}

RowSet by_codes(std::span<const std::uint8_t> answers, std::span<const std::uint32_t> codes) {
  RowSet rows(codes.size());
  for (std::size_t row = 0; row < rows.size(); ++row) rows[row] = answers[codes[row]];
  return rows;
}

/// Asks for each value; not for those of rows that are not asked for.
template <class Value, class Holds>
RowSet ask_each(std::span<const Value> values, const RowSet* asked, Holds holds) {
  RowSet answers(values.size());
  if (asked == nullptr) {
    for (std::size_t i = 0; i < answers.size(); ++i) answers[i] = holds(values[i]);
  } else {
    for (std::size_t i = 0; i < answers.size(); ++i) {
      if ((*asked)[i] != 0) answers[i] = holds(values[i]);
    }
  }
  return answers;
}

template <class Value>
RowSet ask_ranges(std::span<const Value> values, const NumberRanges& ranges) {
  RowSet answers(values.size(), 0);
  for (const NumberRanges::Range& range : ranges.ranges()) {
    const std::uint64_t distance = range.greatest - range.least;
    for (std::size_t i = 0; i < answers.size(); ++i) {
      answers[i] |= static_cast<std::uint8_t>(values[i] - range.least <= distance);
    }
  }
  return answers;
}

/// `holds(value)` of each value; `least` to `greatest` are all that there can be.
template <class Value, class Holds>
RowSet ask_values(std::span<const Value> values, const BlockColumns::Bounds& bounds,
                  const NumberRanges* ranges, const RowSet* asked, Holds holds) {
  if (ranges != nullptr) return ask_ranges(values, *ranges);
  const auto least = static_cast<std::uint64_t>(bounds.least);
  const std::uint64_t distance = static_cast<std::uint64_t>(bounds.greatest) - least;
  if (distance >= values.size() / kFewDivisor) return ask_each(values, asked, holds);
  RowSet possible(distance + 1);
  for (std::uint64_t i = 0; i <= distance; ++i) possible[i] = holds(static_cast<Value>(least + i));
  return ask_each(values, nullptr, [&](Value value) { return possible[value - least]; });
}

}  // namespace

void Answer::keep_in(RowSet& set) const {
  if (fit == Fit::none) std::ranges::fill(set, std::uint8_t{0});
  if (fit != Fit::some) return;
  for (std::size_t row = 0; row < set.size(); ++row) set[row] &= rows[row];
}

void Answer::take_from(RowSet& set) const {
  if (fit == Fit::all) std::ranges::fill(set, std::uint8_t{0});
  if (fit != Fit::some) return;
  for (std::size_t row = 0; row < set.size(); ++row) {
    set[row] = static_cast<std::uint8_t>(set[row] & (rows[row] ^ 1));
  }
}

void Answer::add_to(RowSet& set) const {
  if (fit == Fit::all) std::ranges::fill(set, std::uint8_t{1});
  if (fit != Fit::some) return;
  for (std::size_t row = 0; row < set.size(); ++row) set[row] |= rows[row];
}

TokenColumns::TokenColumns(const ColumnReader& reader, std::string_view bytes)
    : reader_(reader), bytes_(bytes), columns_(reader.count()) {}

const Column* TokenColumns::words(std::size_t column) {
  std::optional<Column>& words = columns_[column].words;
  if (!words && !reader_.read_words(bytes_, column, words.emplace())) words.reset();
  return words ? &*words : nullptr;
}

const ColumnReader::Stored* TokenColumns::stored(std::size_t column) {
  std::optional<ColumnReader::Stored>& stored = columns_[column].stored;
  if (!stored && !reader_.read_stored(bytes_, column, stored.emplace())) stored.reset();
  return stored ? &*stored : nullptr;
}

/// Of each word.
std::optional<RowSet> TokenColumns::ask_words(std::size_t column, const TokenQuestion& question) {
  const Column* const found = words(column);
  if (found == nullptr) return std::nullopt;
  RowSet answers(found->dictionary_size());
  for (std::uint32_t code = 0; code < answers.size(); ++code) {
    answers[code] = question.holds(found->word(code));
  }
  return answers;
}

std::optional<Fit> TokenColumns::guess(std::size_t column, TokenQuestion& question) {
  if (reader_.kind(column) == Column::Kind::text) {
    const auto answers = ask_words(column, question);
    return answers ? std::optional(fit_of(*answers)) : std::nullopt;
  }
  const BlockColumns::Bounds bounds = *reader_.bounds(column);
  const Fit fit = reader_.kind(column) == Column::Kind::ipv4
                      ? question.fit_addresses(static_cast<std::uint32_t>(bounds.least),
                                               static_cast<std::uint32_t>(bounds.greatest))
                      : question.fit_numbers(static_cast<std::uint64_t>(bounds.least),
                                             static_cast<std::uint64_t>(bounds.greatest));
  if (!reader_.has_nulls(column) || fit == Fit::some) return fit;
  return question.holds("-") == (fit == Fit::all) ? fit : Fit::some;
}

std::optional<Answer> TokenColumns::ask(std::size_t column, TokenQuestion& question,
                                        const RowSet* asked) {
  if (reader_.kind(column) == Column::Kind::text) {
    const auto answers = ask_words(column, question);
    if (!answers) return std::nullopt;
    const Fit fit = fit_of(*answers);
    if (fit != Fit::some) return Answer{fit, {}};
    const auto* const found = stored(column);
    if (found == nullptr) return std::nullopt;
    return Answer{fit, by_codes(*answers, found->codes)};
  }
  const std::optional<Fit> guessed = guess(column, question);
  if (guessed != Fit::some) return Answer{*guessed, {}};
  const auto* const found = stored(column);
  if (found == nullptr) return std::nullopt;
  const BlockColumns::Bounds bounds = *reader_.bounds(column);
  const RowSet* const asked_values = found->codes.empty() ? asked : nullptr;
  Answer answer{Fit::some, {}};
  if (reader_.kind(column) == Column::Kind::ipv4) {
    answer.rows = ask_values<std::uint32_t>(
        found->addresses, bounds, question.addresses(), asked_values,
        [&](std::uint32_t address) { return question.holds_address(address); });
  } else {
    answer.rows = ask_values<std::uint64_t>(
        found->numbers, bounds, question.numbers(), asked_values,
        [&](std::uint64_t number) { return question.holds_number(number); });
  }
  if (!found->codes.empty()) answer.rows = by_codes(answer.rows, found->codes);
  if (!found->nulls.empty()) {
    const bool null_holds = question.holds("-");
    for (std::size_t row = 0; row < answer.rows.size(); ++row) {
      if (found->nulls[row] != 0) answer.rows[row] = null_holds;
    }
  }
  return answer;
}

}  // namespace weir::logs
