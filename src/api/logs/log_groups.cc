// SPDX-License-Identifier: Apache-2.0
#include "api/logs/log_groups.h"

#include <algorithm>
#include <utility>

#include "api/logs/logs_api.h"

namespace weir::api::logs {
namespace {

constexpr int kListLimitDefault = 50;

/// `a|^b` to its parts.
std::vector<std::string> alternatives(std::string_view pattern) {
  std::vector<std::string> parts;
  for (std::size_t start = 0; start <= pattern.size();) {
    const std::size_t bar = std::min(pattern.find('|', start), pattern.size());
    parts.emplace_back(pattern.substr(start, bar - start));
    start = bar + 1;
  }
  return parts;
}

/// AWS leaves two members out of an answer to a `logGroupNamePattern` (recorded).
LogGroup shown(const Scope& scope, const weir::logs::LogGroupStatus& status, bool by_pattern) {
  const weir::logs::LogGroup& group = status.group;
  LogGroup out{.log_group_name = group.name,
               .creation_time = group.creation_time_ms,
               .retention_in_days = group.retention_in_days,
               .metric_filter_count = status.metric_filter_count,
               .arn = group_arn(scope, group.name) + ":*",
               .stored_bytes = {},
               .kms_key_id = {},
               .log_group_class = group.log_group_class,
               .log_group_arn = group_arn(scope, group.name),
               .deletion_protection_enabled = {}};
  if (!group.kms_key_id.empty()) out.kms_key_id = group.kms_key_id;
  if (!by_pattern) {
    out.stored_bytes = status.stored_bytes;
    out.deletion_protection_enabled = group.deletion_protection_enabled;
  }
  return out;
}

}  // namespace

Result<Empty> LogsApi::create_group(const Request& request, const CreateLogGroup::Input& in) {
  weir::logs::LogGroup group;
  group.name = in.log_group_name;
  group.log_group_class = in.log_group_class.value_or("STANDARD");
  group.kms_key_id = in.kms_key_id.value_or("");
  group.tags = in.tags.value_or(std::map<std::string, std::string>());
  group.deletion_protection_enabled = in.deletion_protection_enabled;
  WEIR_CHECK(check_tags(group.tags));
  WEIR_CHECK(logs_.create_log_group(request.scope, std::move(group)));
  return Empty{};
}

Result<Empty> LogsApi::delete_group(const Request& request, const DeleteLogGroup::Input& in) {
  WEIR_CHECK(logs_.delete_log_group(request.scope, in.log_group_name));
  return Empty{};
}

Result<DescribeLogGroups::Output> LogsApi::describe_groups(const Request& request,
                                                           const DescribeLogGroups::Input& in) {
  if (in.log_group_name_prefix && in.log_group_name_pattern) {
    return invalid_parameter(
        "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.");
  }
  const bool filters = in.log_group_name_prefix || in.log_group_name_pattern || in.log_group_class;
  if (in.log_group_identifiers && filters) {
    return invalid_parameter(
        "logGroupIdentifiers cannot be used with logGroupNamePrefix, logGroupNamePattern or "
        "logGroupClass.");
  }
  weir::logs::Logs::GroupQuery query;
  query.prefix = in.log_group_name_prefix.value_or("");
  if (in.log_group_name_pattern && !in.log_group_name_pattern->empty()) {
    query.substrings = {*in.log_group_name_pattern};
  }
  query.log_group_class = in.log_group_class.value_or("");
  if (in.log_group_identifiers) {
    query.names.emplace();
    for (const std::string& identifier : *in.log_group_identifiers) {
      WEIR_TRY(std::string name, identified_group(request.scope, identifier));
      query.names->insert(std::move(name));
    }
  }
  query.limit = static_cast<std::size_t>(in.limit.value_or(kListLimitDefault));
  WEIR_TRY(query.after, page_start(in.next_token));
  WEIR_TRY(const bool is_left_out, leaves_out(request.scope, in.account_identifiers));
  if (is_left_out) return DescribeLogGroups::Output{};

  const auto page = logs_.log_groups(request.scope, query);
  DescribeLogGroups::Output out;
  for (const auto& status : page.items) {
    out.log_groups.push_back(shown(request.scope, status, in.log_group_name_pattern.has_value()));
  }
  out.next_token = page_token(page.next);
  return out;
}

Result<ListLogGroups::Output> LogsApi::list_groups(const Request& request,
                                                   const ListLogGroups::Input& in) {
  if (!in.data_sources.is_null()) return not_supported("dataSources");
  weir::logs::Logs::GroupQuery query;
  if (in.log_group_name_pattern) query.substrings = alternatives(*in.log_group_name_pattern);
  query.log_group_class = in.log_group_class.value_or("");
  query.limit = static_cast<std::size_t>(in.limit.value_or(kListLimitDefault));
  WEIR_TRY(query.after, page_start(in.next_token));
  if (in.log_group_tags) query.tags = *in.log_group_tags;
  if (in.field_index_names) query.names = indexed_groups_(request.scope, *in.field_index_names);
  WEIR_TRY(const bool is_left_out, leaves_out(request.scope, in.account_identifiers));
  if (is_left_out) return ListLogGroups::Output{};

  const auto page = logs_.log_groups(request.scope, query);
  ListLogGroups::Output out;
  for (const auto& status : page.items) {
    out.log_groups.push_back({.log_group_name = status.group.name,
                              .log_group_arn = group_arn(request.scope, status.group.name),
                              .log_group_class = status.group.log_group_class});
  }
  out.next_token = page_token(page.next);
  return out;
}

Result<Empty> LogsApi::put_retention(const Request& request, const PutRetentionPolicy::Input& in) {
  WEIR_CHECK(logs_.set_retention(request.scope, in.log_group_name, in.retention_in_days));
  return Empty{};
}

Result<Empty> LogsApi::delete_retention(const Request& request,
                                        const DeleteRetentionPolicy::Input& in) {
  WEIR_CHECK(logs_.set_retention(request.scope, in.log_group_name, std::nullopt));
  return Empty{};
}

Result<Empty> LogsApi::put_protection(const Request& request,
                                      const PutLogGroupDeletionProtection::Input& in) {
  WEIR_TRY(const std::string name, identified_group(request.scope, in.log_group_identifier));
  WEIR_CHECK(logs_.set_deletion_protection(request.scope, name, in.deletion_protection_enabled));
  return Empty{};
}

}  // namespace weir::api::logs
