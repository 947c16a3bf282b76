// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "logs/pattern_text.h"

namespace weir::logs {

/// The unstructured dialect: `ERROR -ARGUMENTS`, `?INFO ?"x y"`, `%re%`.
class TermsPattern {
 public:
  struct Term {
    std::string text;
    std::optional<Regex> regex;
    bool found_in(std::string_view message) const;
    /// In every message that the term is found in; "" if nothing is known.
    const std::string& literal() const { return regex ? regex->literal() : text; }
  };

  static Result<TermsPattern> parse(std::string_view text);
  bool matches(std::string_view message) const;
  bool has_regex() const;
  /// Texts that every message that matches contains.
  std::vector<std::string> required_literals() const;
  /// AWS ignores `?` terms as soon as there is another one.
  bool ignores_optional() const { return ignores_optional_; }
  const std::vector<Term>& required() const { return required_; }
  const std::vector<Term>& excluded() const { return excluded_; }
  /// Empty if ignored.
  const std::vector<Term>& optional() const { return optional_; }

 private:
  static Result<Term> parse_term(Scanner& scanner);

  std::vector<Term> required_;
  std::vector<Term> excluded_;
  std::vector<Term> optional_;
  bool ignores_optional_ = false;
};

}  // namespace weir::logs
