// SPDX-License-Identifier: Apache-2.0
#include "logs/subscription_filter.h"

#include <algorithm>
#include <utility>

#include "logs/errors.h"

namespace weir::logs {
namespace {

constexpr std::string_view kSystemFields[] = {"@aws.account", "@aws.region", "@source.log"};

}  // namespace

Shape SubscriptionFilter::shape() {
  using S = SubscriptionFilter;
  static constexpr Member members[] = {
      required<&S::filter_name>("filterName"),
      required<&S::log_group_name>("logGroupName"),
      required<&S::filter_pattern>("filterPattern"),
      required<&S::destination_arn>("destinationArn"),
      optional<&S::role_arn>("roleArn"),
      required<&S::distribution>("distribution"),
      required<&S::apply_on_transformed_logs>("applyOnTransformedLogs"),
      required<&S::creation_time_ms>("creationTime"),
      optional<&S::field_selection_criteria>("fieldSelectionCriteria"),
      optional<&S::emit_system_fields>("emitSystemFields"),
  };
  return {"SubscriptionFilter", members};
}

Result<CompiledSubscription> CompiledSubscription::compile(const Scope& scope,
                                                           SubscriptionFilter filter) {
  CompiledSubscription compiled;
  WEIR_TRY(compiled.pattern, FilterPattern::compile(filter.filter_pattern));
  WEIR_TRY(compiled.selection,
           FieldSelection::parse(filter.field_selection_criteria.value_or(""), true));
  for (const std::string& field : filter.emit_system_fields.value_or(std::vector<std::string>())) {
    if (std::ranges::find(kSystemFields, field) == std::end(kSystemFields)) {
      return invalid_parameter("emitSystemFields: '" + field +
                               "' is none of @aws.account, @aws.region, @source.log");
    }
  }
  compiled.scope = scope;
  compiled.filter = std::move(filter);
  return compiled;
}

bool CompiledSubscription::emits(std::string_view system_field) const {
  return filter.emit_system_fields && std::ranges::find(*filter.emit_system_fields, system_field) !=
                                          filter.emit_system_fields->end();
}

}  // namespace weir::logs
