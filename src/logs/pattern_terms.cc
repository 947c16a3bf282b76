// SPDX-License-Identifier: Apache-2.0
#include "logs/pattern_terms.h"

#include <algorithm>
#include <utility>

namespace weir::logs {

Result<TermsPattern> TermsPattern::parse(std::string_view text) {
  TermsPattern pattern;
  Scanner scanner(text);
  for (scanner.skip_blanks(); !scanner.done(); scanner.skip_blanks()) {
    std::vector<Term>* kind = &pattern.required_;
    if (scanner.peek() == '?') kind = &pattern.optional_;
    if (scanner.peek() == '-') kind = &pattern.excluded_;
    WEIR_TRY(Term term, parse_term(scanner));
    kind->push_back(std::move(term));
  }
  if (!pattern.optional_.empty() && !(pattern.required_.empty() && pattern.excluded_.empty())) {
    pattern.ignores_optional_ = true;
    pattern.optional_.clear();
  }
  return pattern;
}

Result<TermsPattern::Term> TermsPattern::parse_term(Scanner& scanner) {
  const std::size_t start = scanner.offset();
  Term term;
  if (scanner.peek() == '?' || scanner.peek() == '-') scanner.skip();
  if (scanner.peek() == '"') {
    WEIR_TRY(term.text, scanner.quoted());
  } else if (scanner.peek() == '%') {
    WEIR_TRY(Regex regex, scanner.regex());
    term.regex = std::move(regex);
  } else {
    term.text = scanner.take_while(is_word);
    if (term.text.empty()) scanner.take_while([](char c) { return !is_blank(c); });
  }
  if ((term.text.empty() && !term.regex && scanner.since(start).back() != '"') ||
      !(scanner.done() || is_blank(scanner.peek()))) {
    scanner.take_while([](char c) { return !is_blank(c); });
    Error error = scanner.error("text other than letters, digits and _ stands in quotes");
    error.message = "Invalid character(s) in term '" + std::string(scanner.since(start)) + "'";
    return error;
  }
  return term;
}

bool TermsPattern::Term::found_in(std::string_view message) const {
  return regex ? regex->found_in(message) : contains(message, text);
}

bool TermsPattern::matches(std::string_view message) const {
  const auto found = [message](const Term& term) { return term.found_in(message); };
  return std::ranges::all_of(required_, found) && std::ranges::none_of(excluded_, found) &&
         (optional_.empty() || std::ranges::any_of(optional_, found));
}

std::vector<std::string> TermsPattern::required_literals() const {
  std::vector<std::string> literals;
  for (const Term& term : required_) {
    if (!term.literal().empty()) literals.push_back(term.literal());
  }
  if (optional_.size() == 1 && !optional_[0].literal().empty()) {
    literals.push_back(optional_[0].literal());
  }
  return literals;
}

bool TermsPattern::has_regex() const {
  const auto is_regex = [](const Term& term) { return term.regex.has_value(); };
  return std::ranges::any_of(required_, is_regex) || std::ranges::any_of(excluded_, is_regex) ||
         std::ranges::any_of(optional_, is_regex);
}

}  // namespace weir::logs
