// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/types.h"

namespace weir::metric_math {

/// The query of SEARCH(): ` {Namespace,Dim1} MetricName="x" NOT (a OR b) ` (User Guide, "CloudWatch
/// search expression syntax"). Immutable.
///
/// A word matches a field if it equals, whatever the case, one of the field's words or of their
/// parts, or if its parts stand in the field one after the other, with their case. Words end where
/// there is no letter or digit; their parts where a hump of camel case or a run of digits begins:
/// `CustomCount1` has the parts Custom, Count and 1. A text in double quotes is the whole field.
class Search {
 public:
  static constexpr std::size_t kTextMax = 1024;
  static constexpr std::size_t kDepthMax = 50;

  /// Error: ValidationError, says where.
  static Result<Search> parse(std::string_view text);

  bool matches(const metrics::MetricId& metric, std::string_view account) const;
  /// Of the schema: no metric outside of it matches.
  const std::optional<std::string>& namespace_name() const { return namespace_name_; }

  struct Term {
    enum class Kind : std::uint8_t { all_of, any_of, none_of, word, exact } kind = Kind::all_of;
    std::string field = {};  // of word and exact: Namespace, MetricName, a dimension; "": any
    std::string text = {};
    std::vector<Term> children = {};
  };

 private:
  std::optional<std::string> namespace_name_;
  std::vector<std::string> dimension_names_;  // of the schema, sorted
  std::optional<Term> term_;
};

}  // namespace weir::metric_math
