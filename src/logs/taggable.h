// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/scope.h"

namespace weir::logs {

using Tags = std::map<std::string, std::string>;

/// Resources of one kind whose ARNs are `arn:aws:logs:<region>:<account>:<kind>:<name>` and whose
/// tags TagResource and its neighbours read and change. Any thread.
class Taggable {
 public:
  static constexpr std::size_t kTagsMax = 50;  // of one resource

  virtual ~Taggable() = default;
  /// Errors of all three: kind not_found.
  virtual Result<Tags> tags(const Scope& scope, std::string_view name) const = 0;
  /// Error: TooManyTagsException beyond kTagsMax.
  virtual Result<void> tag(const Scope& scope, std::string_view name, const Tags& tags) = 0;
  virtual Result<void> untag(const Scope& scope, std::string_view name,
                             const std::vector<std::string>& keys) = 0;

 protected:
  /// Adds `more`; names the resource in the error.
  static Result<void> merge(Tags& tags, const Tags& more, std::string_view name) {
    for (const auto& [key, value] : more) tags.insert_or_assign(key, value);
    if (tags.size() <= kTagsMax) return {};
    return Error{ErrorKind::limit,
                 "TooManyTagsException",
                 "A resource can have at most 50 tags.",
                 {{"resourceName", std::string(name)}}};
  }
};

}  // namespace weir::logs
