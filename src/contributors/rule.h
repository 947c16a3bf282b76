// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/shape.h"
#include "contributors/definition.h"
#include "logs/arrivals.h"

namespace weir::contributors {

/// Arrivals in [from, to) count by that definition. Several of a rule wait while the evaluation has
/// not come so far yet.
struct Span {
  std::string definition;
  std::int64_t from = 0;
  std::int64_t to = 0;  // 0: not ended

  static Shape shape();
  bool is_open() const { return to == 0; }
};

/// A rule as it is kept, `contributors/<scope>r/<name>`.
struct StoredRule {
  std::string name;
  std::string definition;
  bool is_enabled = true;
  bool apply_on_transformed_logs = false;
  std::map<std::string, std::string> tags;
  std::int64_t id = 0;  // of the store keys of its summaries
  std::vector<Span> spans;

  static Shape shape();
};

/// A rule that is ready to count. Immutable.
struct ActiveRule {
  struct ActiveSpan {
    std::shared_ptr<const Definition> definition;  // shared by spans that did not change it
    std::int64_t from = 0;
    std::int64_t to = 0;
  };
  StoredRule stored;
  std::shared_ptr<const Definition> definition;
  std::vector<ActiveSpan> spans;

  static Result<ActiveRule> compile(StoredRule stored);
  bool covers(std::string_view log_group_name) const;
};

}  // namespace weir::contributors
