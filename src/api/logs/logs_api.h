// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "api/logs/log_events.h"
#include "api/logs/log_groups.h"
#include "api/logs/log_streams.h"
#include "api/logs/metric_filters.h"
#include "api/logs/tags.h"
#include "logs/logs.h"
#include "logs/taggable.h"
#include "wire/operation.h"

namespace weir::api::logs {

/// The AWS face of logs::Logs. The handlers of log_groups.h are in log_groups.cc, and so on.
class LogsApi {
 public:
  /// The names of the groups whose field index policy has all of these fields.
  using IndexedGroups = std::function<std::set<std::string, std::less<>>(
      const Scope&, std::span<const std::string> fields)>;

  explicit LogsApi(weir::logs::Logs& logs) : logs_(logs) {}
  /// Until then no group has an index.
  void set_indexed_groups(IndexedGroups groups) { indexed_groups_ = std::move(groups); }
  /// Other resources whose tags are then shown and changed, too; `kind` is that in their ARNs.
  void add_taggable(std::string_view kind, weir::logs::Taggable& resources) {
    taggable_.insert_or_assign(std::string(kind), &resources);
  }
  /// This must outlive the table.
  void add_to(wire::OperationTable& table);

 private:
  using Request = wire::Request;
  Result<Empty> create_group(const Request&, const CreateLogGroup::Input&);
  Result<Empty> delete_group(const Request&, const DeleteLogGroup::Input&);
  Result<DescribeLogGroups::Output> describe_groups(const Request&,
                                                    const DescribeLogGroups::Input&);
  Result<ListLogGroups::Output> list_groups(const Request&, const ListLogGroups::Input&);
  Result<Empty> put_retention(const Request&, const PutRetentionPolicy::Input&);
  Result<Empty> delete_retention(const Request&, const DeleteRetentionPolicy::Input&);
  Result<Empty> put_protection(const Request&, const PutLogGroupDeletionProtection::Input&);

  Result<Empty> create_stream(const Request&, const CreateLogStream::Input&);
  Result<Empty> delete_stream(const Request&, const DeleteLogStream::Input&);
  Result<DescribeLogStreams::Output> describe_streams(const Request&,
                                                      const DescribeLogStreams::Input&);

  Result<PutLogEvents::Output> put_events(const Request&, const PutLogEvents::Input&);
  Result<GetLogEvents::Output> get_events(const Request&, const GetLogEvents::Input&);
  Result<FilterLogEvents::Output> filter_events(const Request&, const FilterLogEvents::Input&);

  Result<Empty> put_filter(const Request&, const PutMetricFilter::Input&);
  Result<DescribeMetricFilters::Output> describe_filters(const Request&,
                                                         const DescribeMetricFilters::Input&);
  Result<Empty> delete_filter(const Request&, const DeleteMetricFilter::Input&);
  Result<TestMetricFilter::Output> test_filter(const Request&, const TestMetricFilter::Input&);

  Result<Empty> tag_resource(const Request&, const TagResource::Input&);
  Result<Empty> untag_resource(const Request&, const UntagResource::Input&);
  Result<ListTagsForResource::Output> resource_tags(const Request&,
                                                    const ListTagsForResource::Input&);
  Result<Empty> tag_group(const Request&, const TagLogGroup::Input&);
  Result<Empty> untag_group(const Request&, const UntagLogGroup::Input&);
  Result<ListTagsLogGroup::Output> group_tags(const Request&, const ListTagsLogGroup::Input&);

  struct Tagged {
    weir::logs::Taggable& kind;
    std::string name;
  };
  /// What an ARN names among the other resources.
  std::optional<Tagged> tagged(const Request&, std::string_view arn) const;

  weir::logs::Logs& logs_;
  IndexedGroups indexed_groups_ = [](const Scope&, std::span<const std::string>) {
    return std::set<std::string, std::less<>>();
  };
  std::map<std::string, weir::logs::Taggable*, std::less<>> taggable_;  // by kind
};

}  // namespace weir::api::logs
