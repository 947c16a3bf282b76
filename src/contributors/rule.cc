// SPDX-License-Identifier: Apache-2.0
#include "contributors/rule.h"

#include <algorithm>

namespace weir::contributors {

Shape Span::shape() {
  using S = Span;
  static constexpr Member members[] = {
      required<&S::definition>("definition"),
      required<&S::from>("from"),
      required<&S::to>("to"),
  };
  return {"InsightRuleSpan", members};
}

Shape StoredRule::shape() {
  using S = StoredRule;
  static constexpr Member members[] = {
      required<&S::name>("name"),
      required<&S::definition>("definition"),
      required<&S::is_enabled>("isEnabled"),
      optional<&S::apply_on_transformed_logs>("applyOnTransformedLogs"),
      optional<&S::tags>("tags"),
      required<&S::id>("id"),
      optional<&S::spans>("spans"),
  };
  return {"InsightRule", members};
}

Result<ActiveRule> ActiveRule::compile(StoredRule stored) {
  const auto parsed = [](const std::string& text) -> Result<std::shared_ptr<const Definition>> {
    WEIR_TRY(Definition made, Definition::parse(text));
    return std::make_shared<const Definition>(std::move(made));
  };
  ActiveRule rule;
  WEIR_TRY(rule.definition, parsed(stored.definition));
  for (const Span& span : stored.spans) {
    auto definition = rule.definition;
    if (span.definition != stored.definition) {
      WEIR_TRY(definition, parsed(span.definition));
    }
    rule.spans.push_back({std::move(definition), span.from, span.to});
  }
  rule.stored = std::move(stored);
  return rule;
}

bool ActiveRule::covers(std::string_view log_group_name) const {
  return std::any_of(spans.begin(), spans.end(), [&](const ActiveSpan& span) {
    return span.definition->covers(log_group_name);
  });
}

}  // namespace weir::contributors
