// SPDX-License-Identifier: Apache-2.0
#include "insights/aggregates.h"

namespace weir::insights {
namespace {

const std::vector<const AggregateFunction*>& table() {
  static const std::vector<const AggregateFunction*> all = [] {
    std::vector<const AggregateFunction*> out;
    for (const auto list : {numeric_aggregates(), value_aggregates(), sketch_aggregates()}) {
      for (const AggregateFunction& function : list) out.push_back(&function);
    }
    return out;
  }();
  return all;
}

}  // namespace

const AggregateFunction* find_aggregate(std::string_view name) {
  for (const AggregateFunction* const function : table()) {
    if (equal_ignoring_case(function->name, name)) return function;
  }
  return nullptr;
}

std::vector<std::string_view> aggregate_names() {
  std::vector<std::string_view> names;
  for (const AggregateFunction* const function : table()) names.push_back(function->name);
  return names;
}

}  // namespace weir::insights
