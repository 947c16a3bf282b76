// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weir::insights {

/// A compiled regular expression (RE2: linear time whatever the text).
///
/// Threads: immutable; share freely.
class Regex {
 public:
  static constexpr std::size_t kGroupsMax = 100;

  /// Error: kind invalid with RE2's reason as the message.
  static Result<std::shared_ptr<const Regex>> compile(std::string_view pattern);

  bool search(std::string_view text) const;
  /// The named groups in the order of the pattern.
  std::span<const std::string> names() const { return names_; }
  /// Searches and sets `out`, one for each name; a group that took no part has no data. False: no
  /// match.
  bool captures(std::string_view text, std::span<std::string_view> out) const;
  /// Every match replaced; `\1` or `$1` in `with` are groups.
  std::string replace(std::string_view text, std::string_view with) const;

 private:
  struct Compiled;
  Regex() = default;
  std::shared_ptr<const Compiled> compiled_;
  std::vector<std::string> names_;
  std::vector<int> places_;
};

}  // namespace weir::insights
