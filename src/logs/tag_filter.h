// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/shape.h"

namespace weir::logs {

/// Which groups have a tag (API type TagFilter of ListLogGroups).
struct TagFilter {
  std::string key;
  /// One of them must fit; none: any value. A `*` at the beginning or end stands for anything and
  /// lets the rest compare without case; a `!` in front of all means "not" (API reference).
  std::optional<std::vector<std::string>> values;

  static Shape shape();
};

/// A group without the tag fits no filter of it, also none with `!` (unverified).
bool fits(const TagFilter& filter, const std::map<std::string, std::string>& tags);

}  // namespace weir::logs
