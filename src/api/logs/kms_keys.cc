// SPDX-License-Identifier: Apache-2.0
#include "api/logs/kms_keys.h"

#include "api/logs/insights_api.h"

namespace weir::api::logs {

Result<Empty> InsightsApi::associate_key(const Request& request, const AssociateKmsKey::Input& in) {
  return set_key(request, in.log_group_name, in.resource_identifier, in.kms_key_id);
}

Result<Empty> InsightsApi::disassociate_key(const Request& request,
                                            const DisassociateKmsKey::Input& in) {
  return set_key(request, in.log_group_name, in.resource_identifier, "");
}

Result<Empty> InsightsApi::set_key(const Request& request, const std::optional<std::string>& group,
                                   const std::optional<std::string>& identifier,
                                   std::string_view key) {
  if (group.has_value() == identifier.has_value()) {  // text unverified
    return invalid_parameter(
        "Exactly one of logGroupName and resourceIdentifier must be specified.");
  }
  if (identifier == arn("logs", request.scope, "query-result:*")) {
    WEIR_CHECK(executions_.set_encryption_key(request.scope, key));
    return Empty{};
  }
  std::string name = group.value_or("");
  if (identifier) {
    WEIR_TRY(name, tagged_group(request.scope, *identifier));
  }
  WEIR_CHECK(logs_.set_kms_key(request.scope, name, key));
  return Empty{};
}

}  // namespace weir::api::logs
