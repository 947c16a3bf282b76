// SPDX-License-Identifier: Apache-2.0
#include "api/cloudwatch/insight_rules.h"

#include <functional>

#include "api/cloudwatch/cloudwatch_api.h"
#include "metrics/page_token.h"

namespace weir::api::cloudwatch {
namespace {

constexpr std::string_view kPagePurpose = "DescribeInsightRules";
constexpr std::string_view kSchema = R"({"Name":"CloudWatchLogRule","Version":1})";
constexpr std::string_view kArnKind = "insight-rule/";
constexpr int kRulesShown = 500;

Error missing(std::string_view parameter) {
  return {ErrorKind::invalid, "MissingParameter",
          "The parameter " + std::string(parameter) + " is required."};
}

Error invalid_next_token() {
  return {ErrorKind::invalid, "InvalidNextToken", "The next token is invalid."};
}

Result<bool> read_state(const std::string& state) {
  if (state == "ENABLED") return true;
  if (state == "DISABLED") return false;
  return Error{ErrorKind::invalid, "InvalidParameterValue",
               "The value " + state +
                   " for parameter RuleState is invalid. It must be ENABLED or DISABLED."};
}

/// AWS publishes the type of the answer but no sample of it; the code is taken as the HTTP status.
PartialFailure failure_of(std::string resource, const Error& error) {
  const char* const status = error.kind == ErrorKind::not_found     ? "404"
                             : error.kind == ErrorKind::unavailable ? "503"
                             : error.kind == ErrorKind::internal    ? "500"
                                                                    : "400";
  return {std::move(resource), error.code, status, error.message};
}

Result<PartialFailures> for_each(const InsightRuleNames& in,
                                 const std::function<Result<void>(const std::string&)>& change) {
  if (!in.rule_names) return missing("RuleNames");
  PartialFailures out;
  for (const std::string& name : *in.rule_names) {
    if (const auto done = change(name); !done) {
      out.failures.push_back(failure_of(name, done.error()));
    }
  }
  return out;
}

}  // namespace

std::optional<std::string> insight_rule_of(const Scope& scope, std::string_view arn) {
  const auto parsed = Arn::parse(arn);
  const bool is_one = parsed && parsed->service == "cloudwatch" && parsed->scope == scope &&
                      parsed->resource.starts_with(kArnKind);
  if (!is_one) return {};
  return parsed->resource.substr(kArnKind.size());
}

std::map<std::string, std::string> tag_map(const std::vector<alarms::Tag>& tags) {
  std::map<std::string, std::string> map;
  for (const auto& [key, value] : tags) map.insert_or_assign(key, value);
  return map;
}

Result<PutInsightRule::Output> CloudWatchApi::put_rule(const Request& request,
                                                       const PutInsightRule::Input& in) {
  if (!in.rule_name) return missing("RuleName");
  if (!in.rule_definition) return missing("RuleDefinition");
  contributors::Contributors::PutRule rule{.name = *in.rule_name,
                                           .definition = *in.rule_definition};
  if (in.rule_state) {
    WEIR_TRY(rule.is_enabled, read_state(*in.rule_state));
  }
  rule.apply_on_transformed_logs = in.apply_on_transformed_logs;
  rule.tags = tag_map(in.tags);
  WEIR_CHECK(contributors_.put_rule(request.scope, std::move(rule)));
  return PutInsightRule::Output{};
}

Result<DescribeInsightRules::Output> CloudWatchApi::describe_rules(
    const Request& request, const DescribeInsightRules::Input& in) {
  std::string after;
  if (in.next_token) {
    auto position = metrics::read_page_token(kPagePurpose, *in.next_token);
    if (!position) return invalid_next_token();
    after = *std::move(position);
  }
  const auto limit = static_cast<std::size_t>(in.max_results.value_or(kRulesShown));
  auto page = contributors_.rules(request.scope, after, limit);
  DescribeInsightRules::Output out;
  for (auto& rule : page.rules) {
    InsightRule& shown = out.insight_rules.emplace_back();
    shown.name = std::move(rule.name);
    shown.state = rule.is_enabled ? "ENABLED" : "DISABLED";
    shown.schema = kSchema;
    shown.definition = std::move(rule.definition);
    shown.apply_on_transformed_logs = rule.apply_on_transformed_logs;
  }
  if (!page.next.empty()) out.next_token = metrics::make_page_token(kPagePurpose, page.next);
  return out;
}

Result<PartialFailures> CloudWatchApi::enable_rules(const Request& request,
                                                    const InsightRuleNames& in) {
  return for_each(in, [&](const std::string& name) {
    return contributors_.set_enabled(request.scope, name, true);
  });
}

Result<PartialFailures> CloudWatchApi::disable_rules(const Request& request,
                                                     const InsightRuleNames& in) {
  return for_each(in, [&](const std::string& name) {
    return contributors_.set_enabled(request.scope, name, false);
  });
}

Result<PartialFailures> CloudWatchApi::delete_rules(const Request& request,
                                                    const InsightRuleNames& in) {
  return for_each(
      in, [&](const std::string& name) { return contributors_.delete_rule(request.scope, name); });
}

Result<contributors::Report> CloudWatchApi::rule_report(const Request& request,
                                                        const GetInsightRuleReport::Input& in) {
  if (!in.rule_name) return missing("RuleName");
  if (!in.start_time) return missing("StartTime");
  if (!in.end_time) return missing("EndTime");
  if (!in.period_s) return missing("Period");
  contributors::ReportQuery query;
  query.rule_name = *in.rule_name;
  query.start = *in.start_time;
  query.end = *in.end_time;
  query.period_s = *in.period_s;
  query.contributors_max = in.max_contributor_count.value_or(query.contributors_max);
  query.metrics = in.metrics;
  query.order_by = in.order_by.value_or(query.order_by);
  return contributors_.report(request.scope, query);
}

Result<PartialFailures> CloudWatchApi::put_managed_rules(const Request&,
                                                         const PutManagedInsightRules::Input& in) {
  if (!in.managed_rules) return missing("ManagedRules");
  PartialFailures out;
  for (const ManagedRule& rule : *in.managed_rules) {
    out.failures.push_back(
        failure_of(rule.template_name, {ErrorKind::invalid, "InvalidParameterValue",
                                        "There is no template " + rule.template_name +
                                            " for the resource " + rule.resource_arn + "."}));
  }
  return out;
}

Result<ListManagedInsightRules::Output> CloudWatchApi::managed_rules(
    const Request&, const ListManagedInsightRules::Input& in) {
  if (!in.resource_arn) return missing("ResourceARN");
  if (in.next_token) return invalid_next_token();
  return ListManagedInsightRules::Output{};
}

}  // namespace weir::api::cloudwatch
