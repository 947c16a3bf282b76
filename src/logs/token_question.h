// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "logs/number_ranges.h"
#include "logs/pattern_delimited.h"

namespace weir::logs {

/// For how many of some things something holds.
enum class Fit : std::uint8_t { none, some, all };

/// Something that is asked of tokens. What it says of a text is always the same, so columns ask
/// once for each distinct text, and for numbers and addresses often without writing them as text.
///
/// Threads: one at a time. Memory: kRememberedMax bytes.
class TokenQuestion {
 public:
  virtual ~TokenQuestion() = default;
  virtual bool holds(std::string_view token) const = 0;
  /// Of an address as it is written.
  virtual bool holds_address(std::uint32_t address) const;
  /// Of a number as std::to_string() writes it.
  bool holds_number(std::uint64_t number);
  /// Saves the memory where there are many questions.
  void remember_nothing() { remembers_ = false; }

  /// The numbers, and the addresses as numbers, for which it holds, where these are a few ranges;
  /// else nullptr.
  virtual const NumberRanges* numbers() const { return nullptr; }
  virtual const NumberRanges* addresses() const { return nullptr; }
  /// What is known of all between two numbers without asking for each.
  Fit fit_numbers(std::uint64_t least, std::uint64_t greatest);
  Fit fit_addresses(std::uint32_t least, std::uint32_t greatest);

 protected:
  /// False: it holds for no number up to this, for no address.
  virtual bool may_hold_number(std::uint64_t /*greatest*/) const { return true; }
  virtual bool may_hold_address() const { return true; }

 private:
  static constexpr std::size_t kRememberedMax = 65'536;  // ports are below it
  enum Remembered : std::uint8_t { unknown, no, yes };
  bool remembers_ = true;
  std::vector<std::uint8_t> remembered_;  // of each number
};

/// Whether a token has a text in it, or begins with it, ends with it or is it.
class PieceQuestion final : public TokenQuestion {
 public:
  enum class Place : std::uint8_t { anywhere, begin, end, whole };
  /// `piece` has no blank.
  PieceQuestion(std::string_view piece, Place place);

  bool holds(std::string_view token) const override;
  bool holds_address(std::uint32_t address) const override;
  const NumberRanges* numbers() const override { return numbers_ ? &*numbers_ : nullptr; }
  const NumberRanges* addresses() const override { return addresses_ ? &*addresses_ : nullptr; }

 protected:
  bool may_hold_number(std::uint64_t greatest) const override;
  bool may_hold_address() const override { return !octets_.empty(); }

 private:
  void prepare_octets();

  std::string piece_;
  Place place_;
  bool is_digits_;
  std::optional<NumberRanges> numbers_;
  std::optional<NumberRanges> addresses_;
  // The parts between the points of the piece: which octets each one fits, and at which octet the
  // first one may stand. Empty: fits no address.
  std::vector<std::array<std::uint8_t, 256>> octets_;
  std::size_t first_octet_ = 0;
  std::size_t last_octet_ = 0;
};

/// Whether a token satisfies the tests of a field of a space-delimited pattern.
class TestsQuestion final : public TokenQuestion {
 public:
  explicit TestsQuestion(DelimitedPattern::Tests tests);

  bool holds(std::string_view token) const override;
  const NumberRanges* numbers() const override { return numbers_ ? &*numbers_ : nullptr; }
  const NumberRanges* addresses() const override { return addresses_ ? &*addresses_ : nullptr; }

 private:
  DelimitedPattern::Tests tests_;
  std::optional<NumberRanges> numbers_;
  std::optional<NumberRanges> addresses_;
};

}  // namespace weir::logs
