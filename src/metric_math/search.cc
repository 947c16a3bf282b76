// SPDX-License-Identifier: Apache-2.0
#include "metric_math/search.h"

#include <algorithm>
#include <utility>

namespace weir::metric_math {

namespace {

using Term = Search::Term;

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) {
  // What is not ASCII counts as a letter.
  return is_upper(c) || is_lower(c) || is_digit(c) || static_cast<unsigned char>(c) >= 0x80;
}

bool equal_without_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

/// The first part of a word: `SDB` of `SDBFailure`.
std::size_t part_end(std::string_view word) {
  std::size_t end = 1;
  if (is_digit(word[0])) {
    while (end < word.size() && is_digit(word[end])) ++end;
    return end;
  }
  if (is_upper(word[0])) {
    while (end < word.size() && is_upper(word[end])) ++end;
    const bool next_is_lower = end < word.size() && !is_digit(word[end]);
    if (end > 1 && next_is_lower) return end - 1;
  }
  while (end < word.size() && !is_upper(word[end]) && !is_digit(word[end])) ++end;
  return end;
}

/// Calls `use(word, parts)` for each word of a text until it returns true.
template <class Use>
bool any_word(std::string_view text, Use&& use) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at < text.size();) {
    if (!is_word(text[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && is_word(text[end])) ++end;
    const std::string_view word = text.substr(at, end - at);
    const std::size_t first = parts.size();
    for (std::size_t part = 0; part < word.size();) {
      const std::size_t length = part_end(word.substr(part));
      parts.push_back(word.substr(part, length));
      part += length;
    }
    if (use(word, parts, first)) return true;
    at = end;
  }
  return false;
}

std::vector<std::string_view> parts_of(std::string_view text) {
  std::vector<std::string_view> out;
  any_word(text, [&](std::string_view, const std::vector<std::string_view>& parts, std::size_t) {
    out = parts;
    return false;
  });
  return out;
}

bool word_matches(std::string_view word, std::string_view field) {
  if (any_word(field, [&](std::string_view whole, const std::vector<std::string_view>& parts,
                          std::size_t first) {
        if (equal_without_case(whole, word)) return true;
        return std::any_of(parts.begin() + static_cast<std::ptrdiff_t>(first), parts.end(),
                           [&](std::string_view part) { return equal_without_case(part, word); });
      })) {
    return true;
  }
  const std::vector<std::string_view> wanted = parts_of(word);
  if (wanted.size() < 2) return false;
  const std::vector<std::string_view> has = parts_of(field);
  return std::search(has.begin(), has.end(), wanted.begin(), wanted.end()) != has.end();
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  struct Schema {
    std::string namespace_name;
    std::vector<std::string> dimensions;
  };

  Result<std::optional<Schema>> schema() {
    if (!take('{')) return std::optional<Schema>();
    Schema out;
    WEIR_TRY(out.namespace_name, name(",}"));
    while (!take('}')) {
      if (!take(',')) return fail();
      WEIR_TRY(std::string dimension, name(",}"));
      out.dimensions.push_back(std::move(dimension));
    }
    std::sort(out.dimensions.begin(), out.dimensions.end());
    return std::optional(std::move(out));
  }

  Result<std::optional<Term>> terms() {
    if (at_end()) return std::optional<Term>();
    WEIR_TRY(Term term, any_of(""));
    if (!at_end()) return fail();
    return std::optional(std::move(term));
  }

 private:
  Result<Term> any_of(const std::string& field) {
    if (++depth_ > Search::kDepthMax) return fail();
    Term out{.kind = Term::Kind::any_of};
    do {
      WEIR_TRY(Term one, all_of(field));
      out.children.push_back(std::move(one));
    } while (take_word("OR"));
    --depth_;
    return out.children.size() == 1 ? std::move(out.children[0]) : std::move(out);
  }

  Result<Term> all_of(const std::string& field) {
    Term out;
    do {
      WEIR_TRY(Term one, none_of(field));
      out.children.push_back(std::move(one));
      if (take_word("AND")) continue;
      if (at_end() || text_[at_] == ')' || is_next_word("OR")) break;
    } while (true);
    return out.children.size() == 1 ? std::move(out.children[0]) : std::move(out);
  }

  Result<Term> none_of(const std::string& field) {
    if (!take_word("NOT")) return single(field);
    if (++depth_ > Search::kDepthMax) return fail();
    Term out{.kind = Term::Kind::none_of};
    WEIR_TRY(Term inner, none_of(field));
    --depth_;
    out.children.push_back(std::move(inner));
    return out;
  }

  Result<Term> single(const std::string& field) {
    if (take('(')) {
      WEIR_TRY(Term inner, any_of(field));
      if (!take(')')) return fail();
      return inner;
    }
    skip_blanks();
    const bool is_quoted = at_ < text_.size() && text_[at_] == '"';
    WEIR_TRY(std::string text, name("=()"));
    if (take('=')) {
      if (!field.empty()) return fail();
      return single(text);
    }
    return Term{.kind = is_quoted ? Term::Kind::exact : Term::Kind::word,
                .field = field,
                .text = std::move(text)};
  }

  /// A text in quotes, or what stands before a blank or one of `ends`.
  Result<std::string> name(std::string_view ends) {
    skip_blanks();
    std::string out;
    const bool is_quoted = at_ < text_.size() && text_[at_] == '"';
    if (is_quoted) ++at_;
    bool is_closed = !is_quoted;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (is_quoted && c == '"') {
        is_closed = true;
        ++at_;
        break;
      }
      if (!is_quoted && (is_blank(c) || c == '"' || ends.find(c) != std::string_view::npos)) break;
      if (c == '\\' && at_ + 1 < text_.size()) ++at_;
      out += text_[at_];
    }
    if (!is_closed || out.empty()) return fail();
    return out;
  }

  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }
  bool at_end() {
    skip_blanks();
    return at_ == text_.size();
  }
  bool take(char c) {
    if (at_end() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool is_next_word(std::string_view word) {
    skip_blanks();
    if (!text_.substr(at_).starts_with(word)) return false;
    const std::size_t end = at_ + word.size();
    return end == text_.size() || is_blank(text_[end]) || text_[end] == '(' || text_[end] == ')';
  }
  bool take_word(std::string_view word) {
    if (!is_next_word(word)) return false;
    at_ += word.size();
    return true;
  }
  Error fail() const {
    return {
        ErrorKind::invalid, "ValidationError",
        "Invalid SEARCH at position " + std::to_string(at_) + " of '" + std::string(text_) + "'"};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
};

bool text_matches(const Term& term, std::string_view field) {
  return term.kind == Term::Kind::exact ? field == term.text : word_matches(term.text, field);
}

bool field_matches(const Term& term, const metrics::MetricId& metric, std::string_view account) {
  if (term.field == "Namespace") return text_matches(term, metric.namespace_name);
  if (term.field == "MetricName") return text_matches(term, metric.metric_name);
  if (term.field == ":aws.AccountId") return text_matches(term, account);
  if (term.field.empty() &&
      (text_matches(term, metric.namespace_name) || text_matches(term, metric.metric_name))) {
    return true;
  }
  return std::any_of(metric.dimensions.begin(), metric.dimensions.end(), [&](const auto& has) {
    if (!term.field.empty()) return has.name == term.field && text_matches(term, has.value);
    return text_matches(term, has.name) || text_matches(term, has.value);
  });
}

bool term_matches(const Term& term, const metrics::MetricId& metric, std::string_view account) {
  const auto holds = [&](const Term& child) { return term_matches(child, metric, account); };
  switch (term.kind) {
    case Term::Kind::all_of:
      return std::all_of(term.children.begin(), term.children.end(), holds);
    case Term::Kind::any_of:
      return std::any_of(term.children.begin(), term.children.end(), holds);
    case Term::Kind::none_of:
      return std::none_of(term.children.begin(), term.children.end(), holds);
    default:
      return field_matches(term, metric, account);
  }
}

}  // namespace

Result<Search> Search::parse(std::string_view text) {
  if (text.size() > kTextMax) {
    return Error{ErrorKind::invalid, "ValidationError",
                 "A SEARCH can have at most " + std::to_string(kTextMax) + " characters"};
  }
  Search out;
  Parser parser(text);
  WEIR_TRY(auto schema, parser.schema());
  if (schema) {
    out.namespace_name_ = std::move(schema->namespace_name);
    out.dimension_names_ = std::move(schema->dimensions);
  }
  WEIR_TRY(out.term_, parser.terms());
  if (!out.namespace_name_ && !out.term_) {
    return Error{ErrorKind::invalid, "ValidationError",
                 "A SEARCH needs a schema in braces or a search term"};
  }
  return out;
}

bool Search::matches(const metrics::MetricId& metric, std::string_view account) const {
  if (namespace_name_) {
    if (metric.namespace_name != *namespace_name_) return false;
    const bool has_the_dimensions =
        std::equal(metric.dimensions.begin(), metric.dimensions.end(), dimension_names_.begin(),
                   dimension_names_.end(),
                   [](const auto& dimension, const auto& name) { return dimension.name == name; });
    if (!has_the_dimensions) return false;
  }
  return !term_ || term_matches(*term_, metric, account);
}

}  // namespace weir::metric_math
