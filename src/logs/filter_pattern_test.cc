// SPDX-License-Identifier: Apache-2.0
#include "logs/filter_pattern.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "logs/json_tree.h"

namespace weir::logs {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      plain += text[i];
      continue;
    }
    const char c = text[++i];
    plain += c == 'n' ? '\n' : c == 't' ? '\t' : c;
  }
  return plain;
}

/// Plays one file of tests/cases/filter_patterns. A line is a verb and its text:
///
///     pattern TEXT            the pattern of the lines that follow
///     error TEXT              it is refused with this message
///     match TEXT              it matches this message
///     no match TEXT
///     field NAME TEXT         the last match extracted this
///     fields COUNT            and so many values in all
///
/// With `escaped` behind the verb, \n, \t and \\ in the text stand for what they usually do.
class CaseFile {
 public:
  void play(const std::filesystem::path& file) {
    std::ifstream lines(file);
    ASSERT_TRUE(lines) << file;
    std::string line;
    for (int number = 1; std::getline(lines, line); ++number) {
      SCOPED_TRACE(file.filename().string() + ":" + std::to_string(number) + ": " + line);
      if (!line.empty() && line[0] != '#') play_line(line);
    }
  }
  int patterns() const { return patterns_; }

 private:
  void play_line(std::string_view line) {
    for (const std::string_view verb :
         {"pattern", "error", "match", "no match", "fields", "field"}) {
      if (!line.starts_with(verb)) continue;
      line.remove_prefix(verb.size());
      constexpr std::string_view kEscaped = " escaped";
      const bool is_escaped = line.starts_with(kEscaped);
      if (is_escaped) line.remove_prefix(kEscaped.size());
      // Texts of one pattern stand in one column.
      const std::size_t column = is_escaped ? 1 : 9 - verb.size();
      const std::string_view gap = line.substr(0, column);
      ASSERT_EQ(gap.find_first_not_of(' '), gap.npos) << "the text starts in column 10";
      std::string text(line.substr(gap.size()));
      return obey(verb, is_escaped ? unescaped(text) : text);
    }
    FAIL() << "unknown verb";
  }

  void obey(std::string_view verb, const std::string& text) {
    if (verb == "pattern") {
      ++patterns_;
      pattern_ = FilterPattern::compile(text);
      return;
    }
    if (verb == "error") {
      ASSERT_FALSE(pattern_);
      EXPECT_EQ(pattern_.error().code, "InvalidParameterException");
      EXPECT_EQ(pattern_.error().message, text);
      return;
    }
    ASSERT_TRUE(pattern_) << pattern_.error().details.at(0).second;
    if (verb == "match" || verb == "no match") {
      match_ = pattern_->match(text);
      EXPECT_EQ(match_.has_value(), verb == "match");
      EXPECT_EQ(pattern_->matches(text), verb == "match");
    } else if (verb == "fields") {
      if (match_) {
        EXPECT_EQ(match_->values.size(), std::stoul(text));
      }
    } else {
      const std::size_t blank = text.find(' ');
      ASSERT_TRUE(match_);
      EXPECT_EQ(match_->values[text.substr(0, blank)], text.substr(blank + 1));
    }
  }

  Result<FilterPattern> pattern_ = FilterPattern();
  std::optional<Extraction> match_;
  int patterns_ = 0;
};

TEST(FilterPatternCases, AllFilesHold) {
  CaseFile cases;
  for (const auto& file :
       std::filesystem::directory_iterator(WEIR_SOURCE_DIR "/tests/cases/filter_patterns")) {
    cases.play(file.path());
  }
  EXPECT_GE(cases.patterns(), 200);  // somebody would notice a folder that is not found
}

FilterPattern compiled(std::string_view text) {
  auto pattern = FilterPattern::compile(text);
  EXPECT_TRUE(pattern) << text;
  return pattern ? *std::move(pattern) : FilterPattern();
}

TEST(FilterPattern, ErrorsSayWhereAndWhy) {
  const auto result = FilterPattern::compile("{ $.a IS NOT NULL }");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "Invalid filter pattern");
  EXPECT_EQ(result.error().details[0].first, "reason");
  EXPECT_THAT(result.error().details[0].second, HasSubstr("at offset 12: expected IS NULL"));
}

TEST(FilterPattern, IgnoredOptionalTermsGiveAWarning) {
  EXPECT_THAT(compiled("?a b").warning(), HasSubstr("ignored"));
  EXPECT_THAT(compiled("?a ?b").warning(), IsEmpty());
  EXPECT_THAT(compiled("[a]").warning(), IsEmpty());
}

TEST(FilterPattern, DialectIsThatOfTheFirstCharacter) {
  using Dialect = FilterPattern::Dialect;
  EXPECT_EQ(compiled("").dialect(), Dialect::all);
  EXPECT_EQ(compiled("a").dialect(), Dialect::terms);
  EXPECT_EQ(compiled(" { $.a = 1 }").dialect(), Dialect::json);
  EXPECT_EQ(compiled(" [a]").dialect(), Dialect::delimited);
  EXPECT_FALSE(compiled("a").has_regex());
  EXPECT_TRUE(compiled("%a%").has_regex());
  EXPECT_TRUE(compiled("{$.a=%a%}").has_regex());
  EXPECT_TRUE(compiled("[a=%a%]").has_regex());
}

std::string value_of(const FilterPattern& pattern, std::string_view reference,
                     std::string_view message) {
  const auto field = pattern.field(reference);
  if (!field) return "no such field";
  Subject subject(message);
  return std::string(pattern.value(subject, *field).value_or("absent"));
}

TEST(FilterPattern, FieldsOfSpaceDelimitedPatternsAreFoundByNameAndPosition) {
  const FilterPattern pattern = compiled("[a, ..., z]");
  EXPECT_EQ(value_of(pattern, "$a", "1 2 3 4"), "1");
  EXPECT_EQ(value_of(pattern, "$z", "1 2 3 4"), "4");
  EXPECT_EQ(value_of(pattern, "$1", "1 2 3 4"), "1");
  EXPECT_EQ(value_of(pattern, "$3", "1 2 3 4"), "3");
  EXPECT_EQ(value_of(pattern, "$5", "1 2 3 4"), "absent");
  EXPECT_EQ(value_of(pattern, "$b", "1 2 3 4"), "no such field");
  EXPECT_EQ(value_of(pattern, "$0", "1 2 3 4"), "no such field");
  EXPECT_EQ(value_of(pattern, "a", "1 2 3 4"), "no such field");
  EXPECT_EQ(value_of(compiled("[a, b]"), "$2", "1 2 3 4"), "2 3 4");
  EXPECT_EQ(value_of(compiled("[a, b]"), "$3", "1 2 3 4"), "no such field");
}

TEST(FilterPattern, FieldsOfJsonPatternsAreSelectors) {
  const FilterPattern pattern = compiled("{ $.a = * }");
  EXPECT_EQ(value_of(pattern, "$.b.c", R"({"b":{"c":1.50}})"), "1.50");
  EXPECT_EQ(value_of(pattern, "$.b[*]", R"({"b":[null,"x"]})"), "x");
  EXPECT_EQ(value_of(pattern, "$.b", R"({"b":[1]})"), "absent");
  EXPECT_EQ(value_of(pattern, "$.b", "no JSON"), "absent");
  EXPECT_EQ(value_of(pattern, "$.b = 1", "{}"), "no such field");
  EXPECT_EQ(value_of(pattern, "$b", "{}"), "no such field");
}

TEST(FilterPattern, TermsHaveNoFields) {
  EXPECT_EQ(value_of(compiled("a"), "$1", "a"), "no such field");
  EXPECT_EQ(value_of(compiled(""), "$1", "a"), "no such field");
}

TEST(FilterPattern, OneSubjectServesManyPatternsAndMessages) {
  const FilterPattern delimited = compiled("[a, b = 2, ...]");
  const FilterPattern json = compiled("{ $.a = 2 }");
  const FilterPattern terms = compiled("2");
  Subject subject;
  subject.reset("1 2 3");
  EXPECT_TRUE(delimited.matches(subject));
  EXPECT_FALSE(json.matches(subject));
  EXPECT_TRUE(terms.matches(subject));
  subject.reset(R"({"a":2})");
  EXPECT_FALSE(delimited.matches(subject));
  EXPECT_TRUE(json.matches(subject));
  EXPECT_TRUE(terms.matches(subject));
}

TEST(FilterPattern, HostilePatternsAreRefusedOrBounded) {
  EXPECT_FALSE(FilterPattern::compile(std::string(5000, 'a')));
  const auto nested = [](std::size_t depth) {
    return "{" + std::string(depth, '(') + "$.a=1" + std::string(depth, ')') + "}";
  };
  EXPECT_TRUE(FilterPattern::compile(nested(FilterPattern::kDepthMax)));
  EXPECT_FALSE(FilterPattern::compile(nested(FilterPattern::kDepthMax + 1)));
  EXPECT_FALSE(FilterPattern::compile(nested(1500)));
  EXPECT_FALSE(FilterPattern::compile("%a{1000}{1000}{1000}%"));  // more than RE2's memory
  for (const std::string& text :
       {"[" + std::string(4000, '['), "{" + std::string(4000, '{'), std::string(4096, '"'),
        std::string(4096, '%'), "[" + std::string(2000, '.') + "]",
        "%[" + std::string(3000, '[') + "%"}) {
    const auto refused = FilterPattern::compile(text);
    ASSERT_FALSE(refused) << text.substr(0, 10);
    EXPECT_EQ(refused.error().code, "InvalidParameterException");
  }
  std::string selector = "{ $";
  while (selector.size() < 4000) selector += ".a";
  EXPECT_FALSE(compiled(selector + " = 1 }").matches("{}"));
  EXPECT_FALSE(compiled("[" + std::string(4000, ',') + "]").matches("a b"));
  const FilterPattern slow = compiled("%a*a*a*a*a*a*a*a*a*a*a*a*b%");
  EXPECT_FALSE(slow.matches(std::string(100'000, 'a')));
}

TEST(FilterPattern, HostileMessagesDoNotMatchOrTakeLong) {
  const FilterPattern json = compiled("{ $.a NOT EXISTS }");
  EXPECT_FALSE(json.matches(std::string(1'000'000, '{')));
  const auto nested = [](std::size_t depth) {
    return R"({"b":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  EXPECT_TRUE(json.matches(nested(JsonTree::kDepthMax - 1)));
  EXPECT_FALSE(json.matches(nested(JsonTree::kDepthMax)));
  std::string brackets;
  for (int i = 0; i < 200'000; ++i) brackets += "[ ";
  EXPECT_TRUE(compiled("[..., last = \"[\"]").matches(brackets));
}

TEST(FilterPattern, LargeMessagesAreReadInLinearTime) {
  constexpr std::size_t kBytes = 1 << 20;
  const std::string word(kBytes, 'a');
  std::string words;
  while (words.size() < kBytes) words += "ab ";
  for (const std::string& message :
       {word, words, std::string(kBytes, '"'), std::string(kBytes, ' '), std::string(kBytes, '\\'),
        "{\"a\":\"" + word + "\"}"}) {
    for (const char* text :
         {"nothing", "-nothing", "%(a*)*b%", "%a*a*a*a*b$%", "[..., last = *a*a*a*b]",
          "[a = *a*b*c*]", "[first = %a*a*a*a*b$%]", "[a, b, c, d, e, f, g = x, ...]",
          "{ $.a = %a*a*a*b$% }", "{ $.* = *a*a*b }"}) {
      if (const auto pattern = FilterPattern::compile(text)) {
        EXPECT_EQ(pattern->matches(message), std::string_view(text) == "-nothing");
        EXPECT_EQ(pattern->match(message).has_value(), pattern->matches(message));
      }
    }
  }
}

TEST(FilterPattern, MessagesMayHoldAnyBytes) {
  const std::string message("a\0b \xff\xfe", 6);
  EXPECT_TRUE(compiled("a").matches(message));
  EXPECT_TRUE(compiled("[x, y]").matches(message));
  EXPECT_FALSE(compiled("{ $.a = 1 }").matches(message));
}

TEST(ParseNumber, TakesDecimalsAndNothingElse) {
  EXPECT_EQ(parse_number("080"), 80);
  EXPECT_EQ(parse_number("-1.5e+2"), -150);
  EXPECT_EQ(parse_number("+0.1"), 0.1);
  for (const char* text : {"", "-", "+", ".5", "5.", "1e", "1e+", "0x10", "inf", "nan", " 1", "1 ",
                           "1,5", "--1", "1e999"}) {
    EXPECT_EQ(parse_number(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace weir::logs
