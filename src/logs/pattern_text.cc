// SPDX-License-Identifier: Apache-2.0
#include "logs/pattern_text.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <re2/re2.h>

#include "logs/filter_pattern.h"

namespace weir::logs {
namespace {

// Room for one expression and its automaton; RE2 falls back to a slower, still linear, search
// beyond it.
constexpr std::int64_t kRegexBytesMax = 1 << 20;

bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

constexpr std::string_view kOperators = "^$?[]{}|\\*+.";

/// The length of `{m}`, `{m,}`, `{,n}` or `{m,n}` at the beginning of `text`, 0 if there is none.
std::size_t repetition_length(std::string_view text) {
  std::size_t i = 1;
  std::size_t digits = 0;
  for (; i < text.size() && is_digit(text[i]); ++i) ++digits;
  if (i < text.size() && text[i] == ',') {
    for (++i; i < text.size() && is_digit(text[i]); ++i) ++digits;
  }
  return digits > 0 && i < text.size() && text[i] == '}' ? i + 1 : 0;
}

Error invalid_regex(std::string_view body, std::string_view why) {
  return invalid_pattern("regular expression %" + std::string(body) + "%: " + std::string(why));
}

/// The length of the escape at the beginning of `text`, 0 if it is not one of AWS's.
std::size_t escape_length(std::string_view text) {
  if (text.size() < 2) return 0;
  const char escaped = text[1];
  if (escaped == 'x') {
    return text.size() >= 4 && is_hex(text[2]) && is_hex(text[3]) ? 4 : 0;
  }
  constexpr std::string_view kClasses = "dDsSwW";
  return kClasses.find(escaped) != kClasses.npos || kOperators.find(escaped) != kOperators.npos ? 2
                                                                                                : 0;
}

bool is_regex_literal(char c) {
  constexpr std::string_view kSymbols = " :_#=@/;,-";
  return (is_word(c) || kSymbols.find(c) != kSymbols.npos || kOperators.find(c) != kOperators.npos);
}

/// AWS's subset in RE2's spelling, which has no `{,n}`.
Result<std::string> translate(std::string_view body) {
  std::string translated;
  bool in_class = false;
  for (std::size_t i = 0; i < body.size();) {
    const std::string_view rest = body.substr(i);
    std::size_t length = 1;
    if (rest[0] == '\\') {
      length = escape_length(rest);
      if (length == 0) {
        return invalid_regex(body,
                             "a backslash stands before an operator, d, D, s, S, w, W or xHH");
      }
    } else if (!is_regex_literal(rest[0])) {
      return invalid_regex(body,
                           "write characters other than letters, digits, blanks and "
                           ":_#=@/;,- as \\xHH; groups are not supported");
    } else if (rest[0] == '{' && !in_class) {
      length = repetition_length(rest);
      if (length == 0) return invalid_regex(body, "write a brace as \\{");
      if (rest[1] == ',') {
        translated += "{0";
        translated.append(rest, 1, length - 1);
        i += length;
        continue;
      }
    } else if (rest[0] == '[') {
      in_class = true;
    } else if (rest[0] == ']') {
      in_class = false;
    }
    translated.append(rest, 0, length);
    i += length;
  }
  return translated;
}

/// The length of what may be repeated at the beginning of an expression: a character, an escape or
/// a class.
std::size_t atom_length(std::string_view body) {
  if (body[0] == '\\') return escape_length(body);
  if (body[0] != '[') return 1;
  std::size_t end = body.substr(1).starts_with('^') ? 2 : 1;
  do {  // a bracket at the very beginning is a member of the class
    const bool is_escape = end < body.size() && body[end] == '\\';
    end += is_escape ? std::max<std::size_t>(escape_length(body.substr(end)), 1) : 1;
  } while (end < body.size() && body[end] != ']');
  return std::min(end + 1, body.size());
}

/// The one character that an atom stands for.
std::optional<char> literal_of(std::string_view atom) {
  constexpr std::string_view kNotLiteral = "^$?[]{}|*+.";
  constexpr std::string_view kClasses = "dDsSwW";
  if (atom.size() == 1 && kNotLiteral.find(atom[0]) == kNotLiteral.npos) return atom[0];
  if (atom[0] != '\\') return std::nullopt;
  if (atom.size() == 2 && kClasses.find(atom[1]) == kClasses.npos) return atom[1];
  unsigned code = 0;
  if (atom.size() != 4) return std::nullopt;
  std::from_chars(atom.data() + 2, atom.data() + 4, code, 16);
  return code < 0x80 ? std::optional(static_cast<char>(code)) : std::nullopt;
}

/// The longest run of characters that an expression (one that compiles) cannot be found without.
std::string required_literal(std::string_view body) {
  std::string longest;
  std::string run;
  const auto end_run = [&] {
    if (run.size() > longest.size()) longest = run;
    run.clear();
  };
  while (!body.empty()) {
    if (body[0] == '|') return {};
    const std::size_t length = atom_length(body);
    if (body[0] == '[' && body.substr(1, length - 1).find('[') != body.npos) return {};  // [[:x:]y]
    const auto character = literal_of(body.substr(0, length));
    body.remove_prefix(length);
    constexpr std::string_view kRepetitions = "?*+{";
    const bool is_repeated = !body.empty() && kRepetitions.find(body[0]) != kRepetitions.npos;
    if (character && !is_repeated) {
      run += *character;
      continue;
    }
    if (character && body[0] == '+') run += *character;
    end_run();
    while (!body.empty() && kRepetitions.find(body[0]) != kRepetitions.npos) {
      body.remove_prefix(body[0] == '{' ? body.find('}') + 1 : 1);
    }
  }
  end_run();
  return longest;
}

}  // namespace

// A place in the message is looked at only if the first and the last character of the text are
// there, which is asked for 16 places at a time.
bool contains(std::string_view message, std::string_view text) {
#ifdef __SSE2__
  constexpr std::size_t kBlockBytes = 16;
  if (text.size() < 2 || message.size() < text.size() + kBlockBytes - 1) {
    return message.find(text) != message.npos;
  }
  const __m128i first = _mm_set1_epi8(text.front());
  const __m128i last = _mm_set1_epi8(text.back());
  const auto load = [&message](std::size_t at) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(message.data() + at));
  };
  const std::size_t end = message.size() - text.size() + 1;  // of the places where it may begin
  for (std::size_t at = 0;;) {
    const __m128i is_first = _mm_cmpeq_epi8(load(at), first);
    const __m128i is_last = _mm_cmpeq_epi8(load(at + text.size() - 1), last);
    auto places = static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_and_si128(is_first, is_last)));
    for (; places != 0; places &= places - 1) {
      const std::size_t place = at + static_cast<std::size_t>(std::countr_zero(places));
      if (std::memcmp(message.data() + place + 1, text.data() + 1, text.size() - 2) == 0) {
        return true;
      }
    }
    if (at + kBlockBytes >= end) return false;
    at = std::min(at + kBlockBytes, end - kBlockBytes);  // the last block may overlap
  }
#else
  return message.find(text) != message.npos;
#endif
}

struct Regex::Compiled {
  RE2 expression;
};

Result<Regex> Regex::compile(std::string_view body) {
  if (body.empty()) return invalid_pattern("an empty regular expression");
  WEIR_TRY(const std::string translated, translate(body));
  RE2::Options options(RE2::Quiet);
  options.set_max_mem(kRegexBytesMax);
  options.set_never_capture(true);
  Regex regex;
  auto compiled =
      std::shared_ptr<Compiled>(new Compiled{RE2(re2::StringPiece(translated), options)});
  if (!compiled->expression.ok()) return invalid_regex(body, compiled->expression.error());
  regex.compiled_ = std::move(compiled);
  regex.literal_ = required_literal(body);
  return regex;
}

bool Regex::found_in(std::string_view text) const {
  return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), compiled_->expression);
}

Error invalid_pattern(std::string reason) {
  return {ErrorKind::invalid,
          "InvalidParameterException",
          "Invalid filter pattern",
          {{"reason", std::move(reason)}}};
}

void Scanner::skip_blanks() { take_while(is_blank); }

bool Scanner::eat(std::string_view expected) {
  if (!text_.substr(offset_).starts_with(expected)) return false;
  offset_ += expected.size();
  return true;
}

Result<std::string> Scanner::quoted() {
  std::string content;
  for (++offset_; !done(); ++offset_) {
    char c = text_[offset_];
    if (c == '"') {
      ++offset_;
      return content;
    }
    if (c == '\\' && offset_ + 1 < text_.size() &&
        (text_[offset_ + 1] == '"' || text_[offset_ + 1] == '\\')) {
      c = text_[++offset_];
    }
    content += c;
  }
  return error("the closing quote is missing");
}

Result<Regex> Scanner::regex() {
  ++offset_;
  const std::string_view body = take_while([](char c) { return c != '%'; });
  if (!eat("%")) return error("the closing percent sign is missing");
  return Regex::compile(body);
}

Error Scanner::error(std::string_view why) const {
  return invalid_pattern("at offset " + std::to_string(offset_) + ": " + std::string(why));
}

std::optional<Comparison> take_comparison(Scanner& scanner) {
  constexpr std::pair<std::string_view, Comparison> kSigns[] = {
      {"!=", Comparison::not_equal},     {">=", Comparison::greater_or_equal},
      {"<=", Comparison::less_or_equal}, {"=", Comparison::equal},
      {">", Comparison::greater},        {"<", Comparison::less}};
  for (const auto& [sign, comparison] : kSigns) {
    if (scanner.eat(sign)) return comparison;
  }
  return std::nullopt;
}

std::optional<double> parse_number(std::string_view text) {
  if (is_plain_integer(text)) {
    std::int64_t number = 0;
    for (const char c : text) number = 10 * number + (c - '0');
    return static_cast<double>(number);
  }
  if (text.empty() || text.size() > 400) return std::nullopt;
  const bool is_signed = text[0] == '+' || text[0] == '-';
  Scanner scanner(is_signed ? text.substr(1) : text);
  if (scanner.take_while(is_digit).empty()) return std::nullopt;
  if (scanner.eat(".") && scanner.take_while(is_digit).empty()) return std::nullopt;
  if (scanner.eat("e") || scanner.eat("E")) {
    if (!scanner.eat("+")) scanner.eat("-");
    if (scanner.take_while(is_digit).empty()) return std::nullopt;
  }
  if (!scanner.done()) return std::nullopt;
  if (text[0] == '+') text.remove_prefix(1);
  double number = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc{}) {
    return std::nullopt;  // beyond the range of a double
  }
  return number;
}

Wildcards::Wildcards(std::string_view text) {
  for (std::size_t start = 0;;) {
    const std::size_t star = text.find('*', start);
    parts_.emplace_back(text.substr(start, star - start));
    if (star == text.npos) return;
    start = star + 1;
  }
}

bool Wildcards::matches(std::string_view text) const {
  if (parts_.size() == 1) return text == parts_[0];
  const std::string& first = parts_.front();
  const std::string& last = parts_.back();
  if (text.size() < first.size() + last.size() || !text.starts_with(first) ||
      !text.ends_with(last)) {
    return false;
  }
  text.remove_prefix(first.size());
  text.remove_suffix(last.size());
  for (std::size_t i = 1; i + 1 < parts_.size(); ++i) {
    const std::size_t found = text.find(parts_[i]);
    if (found == text.npos) return false;
    text.remove_prefix(found + parts_[i].size());
  }
  return true;
}

ValueTest ValueTest::text(Comparison comparison, std::string_view text) {
  const bool is_exact = text.find('*') == text.npos;
  ValueTest test(comparison, is_exact ? Kind::text : Kind::wildcards, text);
  if (!is_exact) test.wildcards_ = Wildcards(text);
  return test;
}

ValueTest ValueTest::number(Comparison comparison, std::string_view literal, double value) {
  ValueTest test(comparison, Kind::number, literal);
  test.is_plain_ = is_plain_integer(literal);
  test.number_ = value;
  return test;
}

ValueTest ValueTest::regex(Comparison comparison, std::string_view body, Regex regex) {
  ValueTest test(comparison, Kind::regex, body);
  test.regex_ = std::move(regex);
  return test;
}

bool ValueTest::equals(std::string_view value) const {
  switch (kind_) {
    case Kind::text:
      return value == literal_;
    case Kind::wildcards:
      return wildcards_->matches(value);
    case Kind::regex:
      return regex_->found_in(value);
    case Kind::number:
      break;
  }
  if (value == literal_) return true;
  if (is_plain_ && is_plain_integer(value)) return false;
  const std::optional<double> number = parse_number(value);
  return number && *number == number_;
}

bool ValueTest::holds(std::string_view value) const {
  if (comparison_ == Comparison::equal) return equals(value);
  if (comparison_ == Comparison::not_equal) return !equals(value);
  return is_in_order(value);
}

bool ValueTest::is_in_order(std::string_view value) const {
  const std::optional<double> number = parse_number(value);
  if (!number) return false;
  switch (comparison_) {
    case Comparison::greater:
      return *number > number_;
    case Comparison::greater_or_equal:
      return *number >= number_;
    case Comparison::less:
      return *number < number_;
    default:
      return *number <= number_;
  }
}

namespace {

/// The number that is written like this and in no other way.
std::optional<std::uint64_t> canonical_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc{} || std::to_string(number) != text) return std::nullopt;
  return number;
}

/// The addresses that begin with these octets: `10.0.` or, of all four, `10.0.0.1`.
std::optional<NumberRanges> addresses_from(std::string_view octets) {
  std::uint64_t address = 0;
  unsigned bits = 32;
  while (!octets.empty() && bits > 0) {
    const std::string_view text = octets.substr(0, octets.find('.'));
    const auto octet = canonical_number(text);
    if (!octet || *octet > 255) return std::nullopt;
    bits -= 8;
    address |= *octet << bits;
    octets.remove_prefix(text.size());
    if (bits == 0) break;
    if (octets.empty()) return std::nullopt;
    octets.remove_prefix(1);
  }
  if (!octets.empty()) return std::nullopt;
  return NumberRanges::between(address, address | ((std::uint64_t{1} << bits) - 1));
}

}  // namespace

std::optional<NumberRanges> ValueTest::numbers() const {
  constexpr double kExactMax = 9007199254740992;  // 2^53; beyond it doubles leave numbers out
  NumberRanges fitting;
  if (kind_ == Kind::text) {
    if (const auto number = canonical_number(literal_)) {
      fitting = NumberRanges::between(*number, *number);
    }
  } else if (kind_ == Kind::number && std::abs(number_) < kExactMax) {
    const double floor = std::floor(number_);
    const auto below = static_cast<std::int64_t>(floor);  // or equal
    const std::int64_t from = below + (number_ > floor ? 1 : 0);
    const auto up_to = [](std::int64_t greatest) {
      if (greatest < 0) return NumberRanges();
      return NumberRanges::between(0, static_cast<std::uint64_t>(greatest));
    };
    switch (comparison_) {
      case Comparison::equal:
      case Comparison::not_equal:
        if (from == below) fitting = up_to(below) & up_to(below - 1).complement();
        break;
      case Comparison::greater:
        fitting = up_to(below).complement();
        break;
      case Comparison::greater_or_equal:
        fitting = up_to(from - 1).complement();
        break;
      case Comparison::less:
        fitting = up_to(from - 1);
        break;
      case Comparison::less_or_equal:
        fitting = up_to(below);
        break;
    }
  } else {
    return std::nullopt;
  }
  return comparison_ == Comparison::not_equal ? fitting.complement() : fitting;
}

std::optional<NumberRanges> ValueTest::addresses() const {
  NumberRanges fitting;  // no address reads as a number
  if (kind_ == Kind::text) {
    const auto address = addresses_from(literal_);
    if (address && !literal_.empty() && !literal_.ends_with('.')) fitting = *address;
  } else if (kind_ == Kind::wildcards) {
    const std::string_view octets = std::string_view(literal_).substr(0, literal_.size() - 1);
    if (literal_.find('*') != octets.size() || (!octets.empty() && !octets.ends_with('.'))) {
      return std::nullopt;
    }
    if (const auto range = addresses_from(octets)) fitting = *range;
  } else if (kind_ == Kind::regex) {
    return std::nullopt;
  }
  return comparison_ == Comparison::not_equal ? fitting.complement() : fitting;
}

bool any_holds(const std::vector<std::vector<ValueTest>>& tests, std::string_view value) {
  return std::ranges::any_of(tests, [value](const std::vector<ValueTest>& all) {
    return std::ranges::all_of(all, [value](const ValueTest& test) { return test.holds(value); });
  });
}

Result<std::optional<ValueTest>> take_marked_value(Scanner& scanner, Comparison comparison,
                                                   std::size_t& regexes) {
  const char mark = scanner.peek();
  if (mark != '"' && mark != '%') return std::optional<ValueTest>{};
  if (comparison != Comparison::equal && comparison != Comparison::not_equal) {
    return scanner.error("an ordering needs an unquoted number");
  }
  if (mark == '"') {
    WEIR_TRY(const std::string text, scanner.quoted());
    return std::optional(ValueTest::text(comparison, text));
  }
  if (++regexes > FilterPattern::kRegexMax) {
    return scanner.error("more than two regular expressions");
  }
  const std::size_t start = scanner.offset();
  WEIR_TRY(Regex regex, scanner.regex());
  return std::optional(ValueTest::regex(comparison, scanner.since(start), std::move(regex)));
}

Result<ValueTest> bare_value(const Scanner& scanner, Comparison comparison, std::string_view text) {
  if (text.empty()) return scanner.error("a value is missing");
  if (const std::optional<double> number = parse_number(text)) {
    return ValueTest::number(comparison, text, *number);
  }
  if (comparison != Comparison::equal && comparison != Comparison::not_equal) {
    return scanner.error("an ordering needs an unquoted number");
  }
  return ValueTest::text(comparison, text);
}

}  // namespace weir::logs
