// SPDX-License-Identifier: Apache-2.0
#include "api/cloudwatch/mute_rules.h"

#include "api/cloudwatch/cloudwatch_api.h"

namespace weir::api::cloudwatch {

Shape PutAlarmMuteRule::Input::shape() {
  using S = Input;
  using alarms::inherited;
  static constexpr auto required_member = [](Member member) {
    member.is_required = true;
    return member;
  };
  static constexpr Member members[] = {
      required_member(inherited<S, &S::name>("Name", length(1, 255))),
      inherited<S, &S::description>("Description", length(0, 1024)),
      required_member(inherited<S, &S::rule>("Rule")),
      inherited<S, &S::mute_targets>("MuteTargets"),
      optional<&S::tags>("Tags"),
      inherited<S, &S::start_date>("StartDate"),
      inherited<S, &S::expire_date>("ExpireDate"),
  };
  return {"PutAlarmMuteRuleInput", members};
}

Result<Empty> CloudWatchApi::put_mute_rule(const Request& request,
                                           const PutAlarmMuteRule::Input& in) {
  WEIR_CHECK(alarms_.put_mute_rule(request.scope, in, in.tags));
  return Empty{};
}

Result<alarms::MuteRule> CloudWatchApi::mute_rule(const Request& request, const MuteRuleName& in) {
  return alarms_.mute_rule(request.scope, in.alarm_mute_rule_name);
}

Result<Empty> CloudWatchApi::delete_mute_rule(const Request& request, const MuteRuleName& in) {
  WEIR_CHECK(alarms_.remove_mute_rule(request.scope, in.alarm_mute_rule_name));
  return Empty{};
}

Result<ListAlarmMuteRules::Output> CloudWatchApi::mute_rules(const Request& request,
                                                             const ListAlarmMuteRules::Input& in) {
  alarms::MuteRuleQuery query;
  query.alarm_name = in.alarm_name;
  query.statuses = in.statuses;
  query.records_max = in.max_records.value_or(query.records_max);
  query.next_token = in.next_token.value_or("");
  WEIR_TRY(const alarms::MuteRulePage page, alarms_.mute_rules(request.scope, query));
  ListAlarmMuteRules::Output out;
  for (const alarms::MuteRule& rule : page.rules) {
    out.alarm_mute_rule_summaries.push_back(
        {rule.arn, rule.expire_date, rule.status, rule.mute_type, rule.last_updated});
  }
  if (!page.next_token.empty()) out.next_token = page.next_token;
  return out;
}

}  // namespace weir::api::cloudwatch
