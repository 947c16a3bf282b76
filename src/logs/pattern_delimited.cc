// SPDX-License-Identifier: Apache-2.0
#include "logs/pattern_delimited.h"

#include <charconv>
#include <utility>

namespace weir::logs {
namespace {

bool is_name(char c) { return is_word(c) || c == '-'; }
/// Behind the first character: a quote or a percent sign there makes it a quoted text or an
/// expression. AWS does not say what parentheses in a field mean, so they are refused.
bool is_bare_value(char c) {
  constexpr std::string_view kEnds = ",]&|()";
  return !is_blank(c) && kEnds.find(c) == kEnds.npos;
}

}  // namespace

class DelimitedPattern::Parser {
 public:
  explicit Parser(std::string_view text) : scanner_(text) {}

  Result<DelimitedPattern> parse() {
    scanner_.skip_blanks();
    scanner_.skip();  // the bracket that made this space-delimited
    scanner_.skip_blanks();
    if (scanner_.peek() == ']') {
      pattern_.ellipsis_ = 0;  // [] takes whatever there is
    } else {
      do {
        WEIR_CHECK(parse_slot());
      } while (scanner_.eat(","));
    }
    if (!scanner_.eat("]")) return scanner_.error("expected , or ]");
    scanner_.skip_blanks();
    if (!scanner_.done()) return scanner_.error("text behind the closing bracket");
    return std::move(pattern_);
  }

 private:
  /// One slot and the blanks around it.
  Result<void> parse_slot() {
    scanner_.skip_blanks();
    if (scanner_.eat("...")) {
      scanner_.skip_blanks();
      if (pattern_.ellipsis_) return scanner_.error("only one ... may be used");
      pattern_.ellipsis_ = pattern_.slots_.size();
      return {};
    }
    Slot slot;
    if (scanner_.peek() != ',' && scanner_.peek() != ']') WEIR_CHECK(parse_tests(slot));
    pattern_.slots_.push_back(std::move(slot));
    return {};
  }

  Result<void> parse_tests(Slot& slot) {
    do {
      std::vector<ValueTest> all;
      do {
        WEIR_CHECK(parse_test(slot, all));
      } while (scanner_.eat("&&"));
      if (!all.empty()) slot.tests.push_back(std::move(all));
    } while (scanner_.eat("||"));
    return {};
  }

  Result<void> parse_test(Slot& slot, std::vector<ValueTest>& all) {
    scanner_.skip_blanks();
    const std::string_view name = scanner_.take_while(is_name);
    if (name.empty()) return scanner_.error("a field name is missing");
    const bool is_first = slot.name.empty();
    if (is_first) slot.name = name;
    if (slot.name != name) return scanner_.error("all tests of one field use the same name");
    scanner_.skip_blanks();
    const std::optional<Comparison> comparison = take_comparison(scanner_);
    if (!comparison) {
      const bool is_alone = is_first && (scanner_.peek() == ',' || scanner_.peek() == ']');
      return is_alone ? Result<void>() : scanner_.error("expected =, !=, <, <=, >, >=, , or ]");
    }
    scanner_.skip_blanks();
    WEIR_TRY(std::optional<ValueTest> marked,
             take_marked_value(scanner_, *comparison, pattern_.regexes_));
    if (!marked) {
      constexpr std::string_view kSigns = "=!<>";
      if (kSigns.find(scanner_.peek()) != kSigns.npos) return scanner_.error("a value is missing");
      WEIR_TRY(marked, bare_value(scanner_, *comparison, scanner_.take_while(is_bare_value)));
    }
    all.push_back(*std::move(marked));
    scanner_.skip_blanks();
    return {};
  }

  Scanner scanner_;
  DelimitedPattern pattern_;
};

Result<DelimitedPattern> DelimitedPattern::parse(std::string_view text) {
  return Parser(text).parse();
}

DelimitedPattern::Place DelimitedPattern::place_of(std::size_t slot) const {
  if (ellipsis_ && slot >= *ellipsis_) {
    return {.distance = slots_.size() - 1 - slot, .from_right = true};
  }
  return {.distance = slot, .takes_rest = !ellipsis_ && slot + 1 == slots_.size()};
}

std::optional<std::string_view> DelimitedPattern::value(Fields& fields, const Place& place) {
  if (place.from_right) {
    const std::size_t count = fields.count();
    if (count <= place.distance) return std::nullopt;
    return fields[count - 1 - place.distance];
  }
  if (!fields.has(place.distance + 1)) return std::nullopt;
  if (place.takes_rest && fields.has(place.distance + 2)) return fields.rest(place.distance);
  return fields[place.distance];
}

void DelimitedPattern::extract(Fields& fields, std::map<std::string, std::string>& values) const {
  const std::size_t fields_count = ellipsis_ ? fields.count() : slots_.size();
  const std::size_t left = ellipsis_.value_or(slots_.size());
  const std::size_t right = slots_.size() - left;
  for (std::size_t i = 0; i < fields_count; ++i) {
    const Slot* slot = nullptr;
    if (i < left) slot = &slots_[i];
    if (i >= fields_count - right) slot = &slots_[i + slots_.size() - fields_count];
    const Place place{.distance = i, .takes_rest = !ellipsis_ && i + 1 == slots_.size()};
    std::string text(*value(fields, place));
    if (slot && !slot->name.empty()) {
      values.insert_or_assign("$" + slot->name, std::move(text));
    } else {  // a field that is named like a number goes first, as in find()
      values.try_emplace("$" + std::to_string(i + 1), std::move(text));
    }
  }
}

std::optional<DelimitedPattern::Place> DelimitedPattern::find(std::string_view name) const {
  // Of several slots with one name the last one counts, as in extract().
  for (std::size_t slot = slots_.size(); slot-- > 0;) {
    if (!slots_[slot].name.empty() && slots_[slot].name == name) return place_of(slot);
  }
  std::size_t position = 0;
  const auto read = std::from_chars(name.data(), name.data() + name.size(), position);
  if (read.ec != std::errc{} || read.ptr != name.data() + name.size() || position == 0) {
    return std::nullopt;
  }
  if (!ellipsis_ && position > slots_.size()) return std::nullopt;
  if (ellipsis_ && position > *ellipsis_) return Place{.distance = position - 1};
  return place_of(position - 1);
}

}  // namespace weir::logs
