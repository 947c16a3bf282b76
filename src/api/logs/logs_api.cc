// SPDX-License-Identifier: Apache-2.0
#include "api/logs/logs_api.h"

namespace weir::api::logs {

void LogsApi::add_to(wire::OperationTable& table) {
  table.add<CreateLogGroup>(*this, &LogsApi::create_group);
  table.add<DeleteLogGroup>(*this, &LogsApi::delete_group);
  table.add<DescribeLogGroups>(*this, &LogsApi::describe_groups);
  table.add<ListLogGroups>(*this, &LogsApi::list_groups);
  table.add<PutRetentionPolicy>(*this, &LogsApi::put_retention);
  table.add<DeleteRetentionPolicy>(*this, &LogsApi::delete_retention);
  table.add<PutLogGroupDeletionProtection>(*this, &LogsApi::put_protection);

  table.add<CreateLogStream>(*this, &LogsApi::create_stream);
  table.add<DeleteLogStream>(*this, &LogsApi::delete_stream);
  table.add<DescribeLogStreams>(*this, &LogsApi::describe_streams);

  table.add<PutLogEvents>(*this, &LogsApi::put_events);
  table.add<GetLogEvents>(*this, &LogsApi::get_events);
  table.add<FilterLogEvents>(*this, &LogsApi::filter_events);

  table.add<PutMetricFilter>(*this, &LogsApi::put_filter);
  table.add<DescribeMetricFilters>(*this, &LogsApi::describe_filters);
  table.add<DeleteMetricFilter>(*this, &LogsApi::delete_filter);
  table.add<TestMetricFilter>(*this, &LogsApi::test_filter);

  table.add<TagResource>(*this, &LogsApi::tag_resource);
  table.add<UntagResource>(*this, &LogsApi::untag_resource);
  table.add<ListTagsForResource>(*this, &LogsApi::resource_tags);
  table.add<TagLogGroup>(*this, &LogsApi::tag_group);
  table.add<UntagLogGroup>(*this, &LogsApi::untag_group);
  table.add<ListTagsLogGroup>(*this, &LogsApi::group_tags);
}

}  // namespace weir::api::logs
