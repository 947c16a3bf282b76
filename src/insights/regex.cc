// SPDX-License-Identifier: Apache-2.0
#include "insights/regex.h"

#include <algorithm>

#include <re2/re2.h>

namespace weir::insights {
namespace {

constexpr std::int64_t kMemoryMax = 8 << 20;

/// RE2 of Debian 12 knows `(?P<name>` only.
std::string with_python_names(std::string_view pattern) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) {
      out += pattern.substr(i, 2);
      ++i;
    } else if (pattern.substr(i, 3) == "(?<" && pattern.substr(i, 4) != "(?<=" &&
               pattern.substr(i, 4) != "(?<!") {
      out += "(?P<";
      i += 2;
    } else {
      out += pattern[i];
    }
  }
  return out;
}

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

struct Regex::Compiled {
  explicit Compiled(const std::string& pattern, const RE2::Options& options)
      : expression(pattern, options) {}
  RE2 expression;
};

Result<std::shared_ptr<const Regex>> Regex::compile(std::string_view pattern) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMemoryMax);
  auto compiled = std::make_shared<const Compiled>(with_python_names(pattern), options);
  const RE2& expression = compiled->expression;
  if (!expression.ok()) return Error{ErrorKind::invalid, "", expression.error()};
  if (expression.NumberOfCapturingGroups() > static_cast<int>(kGroupsMax)) {
    return Error{ErrorKind::invalid, "", "more than 100 groups"};
  }
  auto regex = std::shared_ptr<Regex>(new Regex);
  for (const auto& [place, name] : expression.CapturingGroupNames()) {
    regex->names_.push_back(name);
    regex->places_.push_back(place);
  }
  regex->compiled_ = std::move(compiled);
  return std::shared_ptr<const Regex>(regex);
}

bool Regex::search(std::string_view text) const {
  return RE2::PartialMatch(piece(text), compiled_->expression);
}

bool Regex::captures(std::string_view text, std::span<std::string_view> out) const {
  const int count = compiled_->expression.NumberOfCapturingGroups() + 1;
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(count));
  if (!compiled_->expression.Match(piece(text), 0, text.size(), RE2::UNANCHORED, groups.data(),
                                   count)) {
    return false;
  }
  for (std::size_t i = 0; i < places_.size(); ++i) {
    const re2::StringPiece& group = groups[static_cast<std::size_t>(places_[i])];
    out[i] =
        group.data() == nullptr ? std::string_view() : std::string_view(group.data(), group.size());
  }
  return true;
}

std::string Regex::replace(std::string_view text, std::string_view with) const {
  std::string rewrite;
  for (std::size_t i = 0; i < with.size(); ++i) {
    const bool next_is_digit = i + 1 < with.size() && with[i + 1] >= '0' && with[i + 1] <= '9';
    if (with[i] == '$' && next_is_digit) {
      rewrite += '\\';
    } else if (with[i] == '\\' && !next_is_digit) {
      rewrite += "\\\\";
    } else {
      rewrite += with[i];
    }
  }
  std::string out(text);
  RE2::GlobalReplace(&out, compiled_->expression, rewrite);
  return out;
}

}  // namespace weir::insights
