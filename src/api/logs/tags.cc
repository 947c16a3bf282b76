// SPDX-License-Identifier: Apache-2.0
#include "api/logs/tags.h"

#include "api/logs/logs_api.h"

namespace weir::api::logs {

std::optional<LogsApi::Tagged> LogsApi::tagged(const Request& request,
                                               std::string_view text) const {
  const auto arn = Arn::parse(text);
  if (!arn || arn->service != "logs" || arn->scope != request.scope) return std::nullopt;
  const std::string_view resource = arn->resource;
  const std::size_t colon = resource.find(':');
  if (colon == resource.npos) return std::nullopt;
  const auto found = taggable_.find(resource.substr(0, colon));
  if (found == taggable_.end()) return std::nullopt;
  return Tagged{*found->second, std::string(resource.substr(colon + 1))};
}

Result<Empty> LogsApi::tag_resource(const Request& request, const TagResource::Input& in) {
  if (const auto other = tagged(request, in.resource_arn)) {
    WEIR_CHECK(check_tags(in.tags));
    WEIR_CHECK(other->kind.tag(request.scope, other->name, in.tags));
    return Empty{};
  }
  WEIR_TRY(const std::string name, tagged_group(request.scope, in.resource_arn));
  WEIR_CHECK(check_tags(in.tags));
  WEIR_CHECK(logs_.tag(request.scope, name, in.tags));
  return Empty{};
}

Result<Empty> LogsApi::untag_resource(const Request& request, const UntagResource::Input& in) {
  if (const auto other = tagged(request, in.resource_arn)) {
    WEIR_CHECK(other->kind.untag(request.scope, other->name, in.tag_keys));
    return Empty{};
  }
  WEIR_TRY(const std::string name, tagged_group(request.scope, in.resource_arn));
  WEIR_CHECK(logs_.untag(request.scope, name, in.tag_keys));
  return Empty{};
}

Result<ListTagsForResource::Output> LogsApi::resource_tags(const Request& request,
                                                           const ListTagsForResource::Input& in) {
  if (const auto other = tagged(request, in.resource_arn)) {
    WEIR_TRY(auto tags, other->kind.tags(request.scope, other->name));
    return ListTagsForResource::Output{.tags = std::move(tags)};
  }
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
