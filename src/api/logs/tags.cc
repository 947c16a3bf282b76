// SPDX-License-Identifier: Apache-2.0
#include "api/logs/tags.h"

#include "api/logs/logs_api.h"

namespace weir::api::logs {

Result<Empty> LogsApi::tag_resource(const Request& request, const TagResource::Input& in) {
  WEIR_TRY(const std::string name, tagged_group(request.scope, in.resource_arn));
  WEIR_CHECK(check_tags(in.tags));
  WEIR_CHECK(logs_.tag(request.scope, name, in.tags));
  return Empty{};
}

Result<Empty> LogsApi::untag_resource(const Request& request, const UntagResource::Input& in) {
  WEIR_TRY(const std::string name, tagged_group(request.scope, in.resource_arn));
  WEIR_CHECK(logs_.untag(request.scope, name, in.tag_keys));
  return Empty{};
}

Result<ListTagsForResource::Output> LogsApi::resource_tags(const Request& request,
                                                           const ListTagsForResource::Input& in) {
  WEIR_TRY(const std::string name, tagged_group(request.scope, in.resource_arn));
  WEIR_TRY(auto status, logs_.log_group(request.scope, name));
  return ListTagsForResource::Output{.tags = std::move(status.group.tags)};
}

Result<Empty> LogsApi::tag_group(const Request& request, const TagLogGroup::Input& in) {
  WEIR_CHECK(check_tags(in.tags));
  WEIR_CHECK(logs_.tag(request.scope, in.log_group_name, in.tags));
  return Empty{};
}

Result<Empty> LogsApi::untag_group(const Request& request, const UntagLogGroup::Input& in) {
  WEIR_CHECK(logs_.untag(request.scope, in.log_group_name, in.tags));
  return Empty{};
}

Result<ListTagsLogGroup::Output> LogsApi::group_tags(const Request& request,
                                                     const ListTagsLogGroup::Input& in) {
  WEIR_TRY(auto status, logs_.log_group(request.scope, in.log_group_name));
  return ListTagsLogGroup::Output{.tags = std::move(status.group.tags)};
}

}  // namespace weir::api::logs
