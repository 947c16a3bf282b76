// SPDX-License-Identifier: Apache-2.0
#include "api/ec2/common.h"

#include <cctype>

#include "vpc/errors.h"

namespace weir::api::ec2 {
namespace {

std::string with_first(std::string_view name, int (*change)(int)) {
  std::string changed(name);
  if (!changed.empty()) {
    changed[0] = static_cast<char>(change(static_cast<unsigned char>(changed[0])));
  }
  return changed;
}

/// `resourceIds` and `ResourceIds` are both sent as `ResourceId`.
std::string wire_name(const Shape& input, std::string_view path) {
  for (const Member& member : input.members) {
    if (path != member.name && path != with_first(member.name, std::tolower)) continue;
    if (!member.query_name.empty()) return std::string(member.query_name);
    return with_first(member.name, std::toupper);
  }
  return std::string(path);
}

}  // namespace

Shape TagSpecification::shape() {
  using S = TagSpecification;
  static constexpr Member members[] = {
      optional<&S::resource_type>("ResourceType"),
      optional<&S::tags>("Tags").query("Tag"),
  };
  return {"TagSpecification", members};
}

Result<vpc::Tags> tags_for(std::string_view resource_type,
                           const std::vector<TagSpecification>& specifications) {
  vpc::Tags tags;
  for (const TagSpecification& specification : specifications) {
    if (specification.resource_type != resource_type) {
      return Error{ErrorKind::invalid, "InvalidParameterValue",
                   "'" + specification.resource_type +
                       "' is not a valid taggable resource type for this operation."};
    }
    tags.insert(tags.end(), specification.tags.begin(), specification.tags.end());
  }
  return tags;
}

Shape Return::shape() {
  using S = Return;
  static constexpr Member members[] = {optional<&S::is_done>("return")};
  return {"Return", members};
}

vpc::Origin origin_of(const wire::Request& request, bool is_dry_run) {
  return {.source_ip = request.source_ip, .is_dry_run = is_dry_run};
}

Error dry_run_succeeded() {
  return {ErrorKind::invalid, "DryRunOperation",
          "Request would have succeeded, but DryRun flag is set."};
}

Error binding_refused(const Shape& input, const Violation& violation) {
  const std::string name = wire_name(input, violation.path);
  if (violation.is_missing) return vpc::missing_parameter(name);
  return vpc::invalid_value(violation.value, name, violation.constraint);
}

Error cannot_read(const Error& error) {
  return {ErrorKind::invalid, "InvalidParameterValue", error.message};
}

}  // namespace weir::api::ec2
