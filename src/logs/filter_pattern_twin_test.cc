// SPDX-License-Identifier: Apache-2.0

// Goal: the compiled patterns mean what their grammar says.
// Method: patterns are generated as trees; each tree is written as text for FilterPattern and
// evaluated by the slow, obvious code here on events whose parts are known because they are
// generated too.
#include <cstdlib>
#include <random>
#include <regex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/document.h"
#include "logs/fields.h"
#include "logs/filter_pattern.h"
#include "logs/pattern_set.h"
#include "logs/pattern_text.h"

namespace weir::logs {
namespace {

constexpr int kRounds = 1000;
constexpr int kEventsPerRound = 12;

class Dice {
 public:
  explicit Dice(std::uint32_t seed) : engine_(seed) {}
  std::size_t below(std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(engine_);
  }
  bool one_in(std::size_t n) { return below(n) == 0; }
  template <class T>
  const T& of(const std::vector<T>& items) {
    return items[below(items.size())];
  }
  std::string blanks() { return std::string(below(3), ' '); }

 private:
  std::mt19937 engine_;
};

// ---- Tests of one value -------------------------------------------------------------------------

bool glob(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') {
    return glob(pattern.substr(1), text) || (!text.empty() && glob(pattern, text.substr(1)));
  }
  return !text.empty() && text[0] == pattern[0] && glob(pattern.substr(1), text.substr(1));
}

std::optional<double> as_number(const std::string& text) {
  static const std::regex number(R"([+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?)");
  if (!std::regex_match(text, number)) return std::nullopt;
  return std::strtod(text.c_str(), nullptr);
}

struct TwinTest {
  enum class Kind { bare, quoted, regex } kind = Kind::bare;
  std::string sign;
  std::string value;

  static TwinTest make(Dice& dice, bool may_be_regex) {
    static const std::vector<std::string> words = {"a",   "ab*", "*b",  "*",
                                                   "*a*", "1",   "2.0", "REJECT"};
    static const std::vector<std::string> numbers = {"1", "10", "-5", "2.50", "1e1"};
    static const std::vector<std::string> regexes = {"a", "^a", "b$", "a.b", "[0-9]{2}", "^$"};
    TwinTest test;
    if (dice.one_in(3)) {
      test.sign = dice.of<std::string>({"<", "<=", ">", ">="});
      test.value = dice.of(numbers);
      return test;
    }
    test.sign = dice.of<std::string>({"=", "!="});
    test.kind = static_cast<Kind>(dice.below(may_be_regex ? 3 : 2));
    test.value = dice.of(test.kind == Kind::regex ? regexes : words);
    return test;
  }

  std::string text(Dice& dice) const {
    const std::string mark = kind == Kind::bare ? "" : kind == Kind::quoted ? "\"" : "%";
    return dice.blanks() + sign + dice.blanks() + mark + value + mark + dice.blanks();
  }

  bool equals(const std::string& field) const {
    if (kind == Kind::regex) return std::regex_search(field, std::regex(value));
    const auto number = kind == Kind::bare ? as_number(value) : std::nullopt;
    if (number && as_number(field)) return *number == *as_number(field);
    return glob(value, field);
  }
  bool holds(const std::string& field) const {
    if (sign == "=") return equals(field);
    if (sign == "!=") return !equals(field);
    const auto left = as_number(field);
    const double right = *as_number(value);
    if (!left) return false;
    return sign == "<"    ? *left < right
           : sign == "<=" ? *left <= right
           : sign == ">"  ? *left > right
                          : *left >= right;
  }
};

// ---- Space-delimited ----------------------------------------------------------------------------

struct TwinSlot {
  bool is_ellipsis = false;
  std::string name;
  std::vector<std::vector<TwinTest>> tests;  // any of, all of

  bool holds(const std::string& field) const {
    if (tests.empty()) return true;
    for (const auto& all : tests) {
      bool good = true;
      for (const TwinTest& test : all) good = good && test.holds(field);
      if (good) return true;
    }
    return false;
  }
};

struct TwinDelimited {
  std::vector<TwinSlot> slots;

  static TwinDelimited make(Dice& dice) {
    TwinDelimited pattern;
    std::size_t regexes = 0;
    const std::size_t count = 1 + dice.below(4);
    const std::size_t ellipsis = dice.below(3 * count);
    for (std::size_t i = 0; i < count; ++i) {
      TwinSlot& slot = pattern.slots.emplace_back();
      slot.is_ellipsis = i == ellipsis;
      if (slot.is_ellipsis || (dice.one_in(5) && count > 1)) continue;
      slot.name = "f" + std::to_string(i);
      while (dice.one_in(2)) {
        auto& all = slot.tests.emplace_back();
        do {
          all.push_back(TwinTest::make(dice, regexes < 2));
          if (all.back().kind == TwinTest::Kind::regex) ++regexes;
        } while (dice.one_in(3));
      }
    }
    return pattern;
  }

  std::string text(Dice& dice) const {
    std::string out = "[";
    for (std::size_t i = 0; i < slots.size(); ++i) {
      if (i > 0) out += ",";
      out += dice.blanks() + (slots[i].is_ellipsis ? "..." : "");
      if (slots[i].tests.empty()) out += slots[i].name;
      for (std::size_t any = 0; any < slots[i].tests.size(); ++any) {
        if (any > 0) out += "||" + dice.blanks();
        for (std::size_t all = 0; all < slots[i].tests[any].size(); ++all) {
          if (all > 0) out += "&&" + dice.blanks();
          out += slots[i].name + slots[i].tests[any][all].text(dice);
        }
      }
      out += dice.blanks();
    }
    return out + "]";
  }
};

struct TwinLine {
  std::vector<std::string> fields;
  std::vector<std::size_t> offsets;
  std::string message;

  static TwinLine make(Dice& dice) {
    static const std::vector<std::string> words = {"a",
                                                   "ab",
                                                   "b",
                                                   "ba",
                                                   "1",
                                                   "2",
                                                   "2.0",
                                                   "10",
                                                   "-5",
                                                   "REJECT",
                                                   "010",
                                                   "-",
                                                   "x",
                                                   "",
                                                   "a b",
                                                   std::string(40, 'a'),
                                                   std::string(70, 'b')};
    TwinLine line;
    const std::size_t count = dice.below(6);
    line.message = dice.blanks();
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0) line.message += dice.one_in(4) ? "\t " : " ";
      const std::string& word = dice.of(words);
      const bool is_marked = word.empty() || word.find(' ') != word.npos || dice.one_in(6);
      const std::size_t mark = is_marked ? 1 + dice.below(2) : 0;
      line.offsets.push_back(line.message.size());
      line.fields.push_back(word);
      line.message += (mark == 0   ? ""
                       : mark == 1 ? "\""
                                   : "[") +
                      word +
                      (mark == 0   ? ""
                       : mark == 1 ? "\""
                                   : "]");
    }
    line.message += dice.blanks();
    return line;
  }
};

std::optional<Extraction> evaluate(const TwinDelimited& pattern, const TwinLine& line) {
  std::size_t before = 0;
  while (before < pattern.slots.size() && !pattern.slots[before].is_ellipsis) ++before;
  const bool has_ellipsis = before < pattern.slots.size();
  const std::size_t named = pattern.slots.size() - (has_ellipsis ? 1 : 0);
  if (line.fields.size() < named) return std::nullopt;

  // Spread the ellipsis over the fields it stands for; the last slot takes what is left.
  std::vector<TwinSlot> slots = pattern.slots;
  std::vector<std::string> fields = line.fields;
  if (has_ellipsis) {
    slots.erase(slots.begin() + static_cast<std::ptrdiff_t>(before));
    slots.insert(slots.begin() + static_cast<std::ptrdiff_t>(before), fields.size() - named,
                 TwinSlot());
  } else if (fields.size() > named) {
    fields.resize(named);
    fields.back() = line.message.substr(line.offsets[named - 1]);
  }
  Extraction extraction;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (!slots[i].holds(fields[i])) return std::nullopt;
    extraction.values["$" + (slots[i].name.empty() ? std::to_string(i + 1) : slots[i].name)] =
        fields[i];
  }
  return extraction;
}

TEST(FilterPatternTwin, SpaceDelimitedPatternsAgree) {
  Dice dice(1);
  int matches = 0;
  for (int round = 0; round < kRounds; ++round) {
    const TwinDelimited twin = TwinDelimited::make(dice);
    const std::string text = twin.text(dice);
    const auto pattern = FilterPattern::compile(text);
    ASSERT_TRUE(pattern) << text << ": " << pattern.error().details[0].second;
    for (int i = 0; i < kEventsPerRound; ++i) {
      const TwinLine line = TwinLine::make(dice);
      const auto expected = evaluate(twin, line);
      ASSERT_EQ(pattern->match(line.message), expected) << text << "\n" << line.message;
      ASSERT_EQ(pattern->matches(line.message), expected.has_value());
      matches += expected.has_value();
    }
  }
  EXPECT_GT(matches, kRounds);  // the comparison sees both answers
}

// ---- JSON ---------------------------------------------------------------------------------------

struct TwinStep {
  enum class Kind { key, any_member, index, any_element } kind;
  std::string key = {};
  std::size_t index = 0;
};

struct TwinExpression {
  enum class Kind { all, any, compare, is_null, is_true, is_false, not_exists } kind = Kind::all;
  std::vector<TwinExpression> parts = {};
  std::vector<TwinStep> steps = {};
  TwinTest test = {};
};

struct TwinJson {
  std::size_t regexes = 0;
  std::size_t wildcards = 0;

  TwinExpression make(Dice& dice, int depth) {
    using Kind = TwinExpression::Kind;
    TwinExpression made;
    if (depth > 0 && dice.one_in(2)) {
      made.kind = dice.one_in(2) ? Kind::all : Kind::any;
      for (std::size_t i = 2 + dice.below(2); i > 0; --i)
        made.parts.push_back(make(dice, depth - 1));
      return made;
    }
    made.kind = dice.one_in(3) ? static_cast<Kind>(3 + dice.below(4)) : Kind::compare;
    made.steps = make_steps(dice);
    made.test = TwinTest::make(dice, regexes < 2);
    if (made.kind == Kind::compare && made.test.kind == TwinTest::Kind::regex) ++regexes;
    return made;
  }

  std::vector<TwinStep> make_steps(Dice& dice) {
    std::vector<TwinStep> steps;
    bool has_wildcard = wildcards == 3;
    do {
      const auto kind = static_cast<TwinStep::Kind>(dice.below(4));
      const bool is_wildcard =
          kind == TwinStep::Kind::any_member || kind == TwinStep::Kind::any_element;
      if (is_wildcard && has_wildcard) continue;
      if (is_wildcard) {
        has_wildcard = true;
        ++wildcards;
      }
      steps.push_back({kind, dice.of<std::string>({"a", "b", "c d"}), dice.below(3)});
    } while (steps.empty() || dice.one_in(2));
    return steps;
  }

  static std::string selector(Dice& dice, const std::vector<TwinStep>& steps) {
    std::string out = "$";
    for (const TwinStep& step : steps) {
      if (step.kind == TwinStep::Kind::any_member) out += ".*";
      if (step.kind == TwinStep::Kind::any_element) out += "[*]";
      if (step.kind == TwinStep::Kind::index) out += "[" + std::to_string(step.index) + "]";
      if (step.kind != TwinStep::Kind::key) continue;
      if (step.key == "c d" || dice.one_in(4)) {
        out += (dice.one_in(2) ? "." : "") + ("['" + step.key + "']");
      } else {
        out += "." + step.key;
      }
    }
    return out;
  }

  static std::string text(Dice& dice, const TwinExpression& expression, bool needs_parentheses) {
    static const std::vector<std::string> words = {" IS NULL ", " IS TRUE ", " IS FALSE ",
                                                   " NOT EXISTS "};
    using Kind = TwinExpression::Kind;
    if (expression.kind == Kind::compare) {
      return dice.blanks() + selector(dice, expression.steps) + expression.test.text(dice);
    }
    if (expression.kind != Kind::all && expression.kind != Kind::any) {
      return dice.blanks() + selector(dice, expression.steps) +
             words[static_cast<std::size_t>(expression.kind) - 3] + dice.blanks();
    }
    std::string out;
    for (const TwinExpression& part : expression.parts) {
      if (!out.empty()) out += expression.kind == Kind::all ? "&&" : "||";
      const bool is_looser = expression.kind == Kind::all && part.kind == Kind::any;
      out += text(dice, part, is_looser || dice.one_in(4));
    }
    return needs_parentheses ? dice.blanks() + "(" + out + ")" + dice.blanks() : out;
  }
};

Document make_document(Dice& dice, int depth, bool is_top = false) {
  if (depth > 0 && dice.one_in(is_top ? 20 : 2)) {
    Document::List list;
    for (std::size_t i = dice.below(3); i > 0; --i) list.push_back(make_document(dice, depth - 1));
    return list;
  }
  if (depth > 0) {
    Document::Map map;
    for (const char* key : {"a", "b", "c d"}) {
      if (!dice.one_in(3)) map.emplace_back(key, make_document(dice, depth - 1));
    }
    return map;
  }
  const std::vector<Document> scalars = {nullptr, true, false, 1,   10, -5,  2.5,
                                         "a",     "ab", "b",   "1", "", "10"};
  return dice.of(scalars);
}

std::vector<Document> select(const Document& document, const std::vector<TwinStep>& steps) {
  std::vector<Document> found = {document};
  for (const TwinStep& step : steps) {
    std::vector<Document> next;
    for (const Document& from : found) {
      if (const auto* map = from.map()) {
        for (const auto& [key, value] : *map) {
          if (step.kind == TwinStep::Kind::any_member ||
              (step.kind == TwinStep::Kind::key && key == step.key)) {
            next.push_back(value);
          }
        }
      } else if (const auto* list = from.list()) {
        for (std::size_t i = 0; i < list->size(); ++i) {
          if (step.kind == TwinStep::Kind::any_element ||
              (step.kind == TwinStep::Kind::index && i == step.index)) {
            next.push_back((*list)[i]);
          }
        }
      }
    }
    found = next;
  }
  return found;
}

bool evaluate(const TwinExpression& expression, const Document& document) {
  using Kind = TwinExpression::Kind;
  if (expression.kind == Kind::all || expression.kind == Kind::any) {
    bool all = true;
    bool any = false;
    for (const TwinExpression& part : expression.parts) {
      const bool holds = evaluate(part, document);
      all = all && holds;
      any = any || holds;
    }
    return expression.kind == Kind::all ? all : any;
  }
  const std::vector<Document> found = select(document, expression.steps);
  if (expression.kind == Kind::not_exists) return found.empty();
  for (const Document& value : found) {
    const bool is_scalar = !value.is_null() && value.map() == nullptr && value.list() == nullptr;
    const std::string text = value.string() != nullptr ? *value.string() : to_json(value);
    if (expression.kind == Kind::is_null && value.is_null()) return true;
    if (expression.kind == Kind::is_true && value == Document(true)) return true;
    if (expression.kind == Kind::is_false && value == Document(false)) return true;
    if (expression.kind == Kind::compare && is_scalar && expression.test.holds(text)) return true;
  }
  return false;
}

TEST(FilterPatternTwin, JsonPatternsAgree) {
  Dice dice(2);
  int matches = 0;
  for (int round = 0; round < kRounds; ++round) {
    TwinJson twin;
    const TwinExpression expression = twin.make(dice, 3);
    const std::string text =
        "{" + TwinJson::text(dice, expression, dice.one_in(3)) + "}" + dice.blanks();
    const auto pattern = FilterPattern::compile(text);
    ASSERT_TRUE(pattern) << text << ": " << pattern.error().details[0].second;
    for (int i = 0; i < kEventsPerRound; ++i) {
      const Document document = make_document(dice, 3, true);
      const std::string message = to_json(document);
      const bool expected = document.map() != nullptr && evaluate(expression, document);
      ASSERT_EQ(pattern->matches(message), expected) << text << "\n" << message;
      matches += expected;
    }
  }
  EXPECT_GT(matches, kRounds / 2);
}

// ---- Terms --------------------------------------------------------------------------------------

TEST(FilterPatternTwin, TermPatternsAgree) {
  Dice dice(3);
  const std::vector<std::string> words = {"a", "ab", "b c", "[x", "\"", "\\", "error", "0"};
  const std::vector<std::string> regexes = {"a", "^a", "b$", "[0x]{2}", "e.r+or", "^$", "a|0"};
  for (int round = 0; round < kRounds; ++round) {
    std::string text;
    struct Term {
      char mark;
      std::string word;
      bool is_regex;
    };
    std::vector<Term> terms;
    for (std::size_t i = 1 + dice.below(4); i > 0; --i) {
      const char mark = dice.of<char>({' ', ' ', '?', '-'});
      const bool is_regex = dice.one_in(4);
      const std::string& word = dice.of(is_regex ? regexes : words);
      terms.push_back({mark, word, is_regex});
      text += " ";
      if (mark != ' ') text += mark;
      if (is_regex) {
        text += "%" + word + "%";
        continue;
      }
      const bool is_plain = word.find_first_not_of("abero0r") == word.npos;
      if (is_plain && dice.one_in(2)) {
        text += word;
      } else {
        text += '"';
        for (const char c : word) text += (c == '"' || c == '\\' ? "\\" : "") + std::string(1, c);
        text += '"';
      }
    }
    const auto pattern = FilterPattern::compile(text);
    ASSERT_TRUE(pattern) << text;
    for (int i = 0; i < kEventsPerRound; ++i) {
      std::string message;
      for (std::size_t n = dice.below(5); n > 0; --n) message += dice.of(words) + dice.blanks();
      bool required = true;
      bool any_optional = false;
      bool only_optional = true;
      for (const auto& [mark, word, is_regex] : terms) {
        const bool found = is_regex ? std::regex_search(message, std::regex(word))
                                    : message.find(word) != message.npos;
        if (mark == '?') any_optional = any_optional || found;
        if (mark != '?') only_optional = false;
        if (mark == ' ') required = required && found;
        if (mark == '-') required = required && !found;
      }
      ASSERT_EQ(pattern->matches(message), only_optional ? any_optional : required) << text << "\n"
                                                                                    << message;
    }
  }
}

// ---- Fields -------------------------------------------------------------------------------------

struct SlowField {
  std::string text;
  std::string rest;
  bool operator==(const SlowField&) const = default;
};

std::size_t closing_of(const std::string& message, std::size_t open) {
  for (std::size_t i = open + 1; i < message.size(); ++i) {
    if (message[open] == '[' && message[i] == ']') return i;
    if (message[open] == '"' && message[i] == '\\') {
      ++i;
    } else if (message[open] == '"' && message[i] == '"') {
      return i;
    }
  }
  return message.npos;
}

std::vector<SlowField> slow_fields(const std::string& message) {
  const std::string blanks = " \t\n\v\f\r";
  std::vector<SlowField> fields;
  bool bracket_may_close = true;
  bool quote_may_close = true;
  for (std::size_t i = message.find_first_not_of(blanks); i < message.size();
       i = message.find_first_not_of(blanks, i)) {
    const bool is_bracket = message[i] == '[' && bracket_may_close;
    const bool is_quote = message[i] == '"' && quote_may_close;
    if (is_bracket || is_quote) {
      const std::size_t closing = closing_of(message, i);
      if (closing != message.npos) {
        fields.push_back({message.substr(i + 1, closing - i - 1), message.substr(i)});
        i = closing + 1;
        continue;
      }
      (is_bracket ? bracket_may_close : quote_may_close) = false;
    }
    const std::size_t end = std::min(message.find_first_of(blanks, i), message.size());
    fields.push_back({message.substr(i, end - i), message.substr(i)});
    i = end;
  }
  return fields;
}

TEST(FilterPatternTwin, FieldsAgree) {
  Dice dice(4);
  const std::vector<std::string> parts = {" ",
                                          "\t",
                                          "\"",
                                          "[",
                                          "]",
                                          "\\",
                                          "a",
                                          "bc",
                                          "\n ",
                                          std::string(20, 'x'),
                                          std::string(61, ' ')};
  Fields fields;
  for (int round = 0; round < 20 * kRounds; ++round) {
    std::string message;
    for (std::size_t i = dice.below(40); i > 0; --i) message += dice.of(parts);
    const std::vector<SlowField> expected = slow_fields(message);
    fields.reset(message);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      ASSERT_TRUE(fields.has(i + 1)) << message;
      ASSERT_EQ((SlowField{std::string(fields[i]), std::string(fields.rest(i))}), expected[i])
          << i << " of " << message;
    }
    ASSERT_FALSE(fields.has(expected.size() + 1)) << message;
    ASSERT_EQ(fields.count(), expected.size()) << message;
  }
}

// ---- Sets ---------------------------------------------------------------------------------------

TEST(FilterPatternTwin, SetsAgreeWithTheirPatterns) {
  Dice dice(5);
  std::size_t matches = 0;
  Subject subject;
  std::vector<std::size_t> matched;
  for (int round = 0; round < kRounds / 10; ++round) {
    std::vector<FilterPattern> patterns;
    for (std::size_t i = dice.below(round % 10 == 0 ? 200 : 12); i > 0; --i) {
      TwinJson json;
      const std::vector<std::string> texts = {
          TwinDelimited::make(dice).text(dice),
          TwinDelimited::make(dice).text(dice),
          "{" + TwinJson::text(dice, json.make(dice, 2), false) + "}",
          "a -b",
          "?x ?1",
          "%a.b%"};
      patterns.push_back(*FilterPattern::compile(dice.of(texts)));
    }
    const PatternSet set(patterns);
    ASSERT_EQ(set.size(), patterns.size());
    for (int i = 0; i < 2 * kEventsPerRound; ++i) {
      const std::string message =
          dice.one_in(3) ? to_json(make_document(dice, 3, true)) : TwinLine::make(dice).message;
      std::vector<std::size_t> expected;
      for (std::size_t place = 0; place < patterns.size(); ++place) {
        if (patterns[place].matches(message)) expected.push_back(place);
      }
      subject.reset(message);
      set.match(subject, matched);
      ASSERT_EQ(matched, expected) << message;
      matches += expected.size();
    }
  }
  EXPECT_GT(matches, static_cast<std::size_t>(kRounds));
}

// ---- Text in text -------------------------------------------------------------------------------

TEST(FilterPatternTwin, ContainsAgreesWithFind) {
  Dice dice(6);
  for (int round = 0; round < 20 * kRounds; ++round) {
    std::string message;
    std::string text;
    for (std::size_t i = dice.below(70); i > 0; --i) message += "ab"[dice.below(2)];
    for (std::size_t i = dice.below(12); i > 0; --i) text += "ab"[dice.below(2)];
    ASSERT_EQ(contains(message, text), message.find(text) != message.npos)
        << message << " " << text;
  }
}

}  // namespace
}  // namespace weir::logs
