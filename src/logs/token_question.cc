// SPDX-License-Identifier: Apache-2.0
#include "logs/token_question.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "logs/column_reader.h"

namespace weir::logs {
namespace {

constexpr std::size_t kOctets = 4;
constexpr std::size_t kRangesMax = 8;  // more are slower than asking for each number

std::string_view text_of_number(std::uint64_t number, std::array<char, kValueBytesMax>& buffer) {
  return {buffer.data(),
          static_cast<std::size_t>(write_number(buffer.data(), number) - buffer.data())};
}

bool fits(std::string_view text, std::string_view piece, PieceQuestion::Place place) {
  switch (place) {
    case PieceQuestion::Place::anywhere:
      return text.find(piece) != text.npos;
    case PieceQuestion::Place::begin:
      return text.starts_with(piece);
    case PieceQuestion::Place::end:
      return text.ends_with(piece);
    case PieceQuestion::Place::whole:
      return text == piece;
  }
  return false;
}

Fit fit(const NumberRanges& ranges, std::uint64_t least, std::uint64_t greatest) {
  if (!ranges.touches(least, greatest)) return Fit::none;
  return ranges.covers(least, greatest) ? Fit::all : Fit::some;
}

/// The numbers for which any of all of the tests hold; nothing if they are not a few ranges.
/// `ranges_of(test)` gives those of one.
template <class RangesOf>
std::optional<NumberRanges> combine(const DelimitedPattern::Tests& tests, RangesOf ranges_of) {
  NumberRanges any;
  for (const std::vector<ValueTest>& all : tests) {
    NumberRanges both = NumberRanges::all();
    for (const ValueTest& test : all) {
      const std::optional<NumberRanges> ranges = ranges_of(test);
      if (!ranges) return std::nullopt;
      both = both & *ranges;
      if (both.ranges().size() > kRangesMax) return std::nullopt;
    }
    any = any | both;
    if (any.ranges().size() > kRangesMax) return std::nullopt;
  }
  return any;
}

}  // namespace

// ---- Any question -------------------------------------------------------------------------------

bool TokenQuestion::holds_address(std::uint32_t address) const {
  std::array<char, kValueBytesMax> text;
  const char* const end = write_address(text.data(), address);
  return holds({text.data(), static_cast<std::size_t>(end - text.data())});
}

bool TokenQuestion::holds_number(std::uint64_t number) {
  std::array<char, kValueBytesMax> text;
  if (number >= kRememberedMax || !remembers_) return holds(text_of_number(number, text));
  if (remembered_.empty()) remembered_.assign(kRememberedMax, unknown);
  std::uint8_t& remembered = remembered_[number];
  if (remembered == unknown) remembered = holds(text_of_number(number, text)) ? yes : no;
  return remembered == yes;
}

Fit TokenQuestion::fit_numbers(std::uint64_t least, std::uint64_t greatest) {
  if (const NumberRanges* const ranges = numbers()) return fit(*ranges, least, greatest);
  if (!may_hold_number(greatest)) return Fit::none;
  if (least < greatest) return Fit::some;
  return holds_number(least) ? Fit::all : Fit::none;
}

Fit TokenQuestion::fit_addresses(std::uint32_t least, std::uint32_t greatest) {
  if (const NumberRanges* const ranges = addresses()) return fit(*ranges, least, greatest);
  if (!may_hold_address()) return Fit::none;
  if (least < greatest) return Fit::some;
  return holds_address(least) ? Fit::all : Fit::none;
}

// ---- A piece of a text --------------------------------------------------------------------------

PieceQuestion::PieceQuestion(std::string_view piece, Place place)
    : piece_(piece), place_(place), is_digits_(std::ranges::all_of(piece, is_digit)) {
  if (place == Place::whole) {
    std::uint64_t number = 0;
    const char* const end = piece.data() + piece.size();
    const auto read = std::from_chars(piece.data(), end, number);
    const bool is_number =
        read.ec == std::errc{} && read.ptr == end && std::to_string(number) == piece;
    numbers_ = is_number ? NumberRanges::between(number, number) : NumberRanges();
  } else if (piece.empty()) {
    numbers_ = NumberRanges::all();
    addresses_ = NumberRanges::all();
  }
  prepare_octets();
}

bool PieceQuestion::holds(std::string_view token) const { return fits(token, piece_, place_); }

bool PieceQuestion::may_hold_number(std::uint64_t greatest) const {
  return is_digits_ && piece_.size() <= std::to_string(greatest).size();
}

void PieceQuestion::prepare_octets() {
  std::vector<std::string_view> parts;
  for (std::string_view rest = piece_;;) {
    parts.push_back(rest.substr(0, rest.find('.')));
    if (parts.back().size() == rest.size()) break;
    rest.remove_prefix(parts.back().size() + 1);
  }
  const std::size_t points = parts.size() - 1;
  if (points >= kOctets) return;
  const bool is_at_begin = place_ == Place::begin || place_ == Place::whole;
  const bool is_at_end = place_ == Place::end || place_ == Place::whole;
  if (is_at_begin && is_at_end && points != kOctets - 1) return;
  first_octet_ = is_at_end ? kOctets - 1 - points : 0;
  last_octet_ = is_at_begin ? 0 : kOctets - 1 - points;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    // Where a part meets a point it ends there; the first and the last one may be cut.
    const bool begins = i > 0 || is_at_begin;
    const bool ends = i < points || is_at_end;
    const Place place =
        begins ? (ends ? Place::whole : Place::begin) : (ends ? Place::end : Place::anywhere);
    std::array<std::uint8_t, 256>& octets = octets_.emplace_back();
    for (std::size_t octet = 0; octet < octets.size(); ++octet) {
      octets[octet] = fits(std::to_string(octet), parts[i], place);
    }
    if (std::ranges::count(octets, 0) == 256) {
      octets_.clear();
      return;
    }
  }
}

bool PieceQuestion::holds_address(std::uint32_t address) const {
  if (octets_.empty()) return false;
  for (std::size_t first = first_octet_; first <= last_octet_; ++first) {
    bool is_here = true;
    for (std::size_t i = 0; i < octets_.size() && is_here; ++i) {
      is_here = octets_[i][address >> (8 * (kOctets - 1 - first - i)) & 0xff] != 0;
    }
    if (is_here) return true;
  }
  return false;
}

// ---- Tests of a field ---------------------------------------------------------------------------

TestsQuestion::TestsQuestion(DelimitedPattern::Tests tests)
    : tests_(std::move(tests)),
      numbers_(combine(tests_, [](const ValueTest& test) { return test.numbers(); })),
      addresses_(combine(tests_, [](const ValueTest& test) { return test.addresses(); })) {}

bool TestsQuestion::holds(std::string_view token) const { return any_holds(tests_, token); }

}  // namespace weir::logs
