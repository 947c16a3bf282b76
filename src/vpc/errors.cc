// SPDX-License-Identifier: Apache-2.0
#include "vpc/errors.h"

namespace weir::vpc {

Error invalid_value(std::string_view value, std::string_view parameter, std::string_view hint) {
  std::string message = "Value (";
  message.append(value).append(") for parameter ").append(parameter).append(" is invalid.");
  if (!hint.empty()) message.append(" ").append(hint);
  return {ErrorKind::invalid, "InvalidParameterValue", std::move(message)};
}

Error missing_parameter(std::string_view parameter) {
  return {ErrorKind::invalid, "MissingParameter",
          "The request must contain the parameter " + std::string(parameter)};
}

Error no_such(std::string_view id, std::string_view type) {
  struct Row {
    std::string_view prefix;
    std::string_view code;
    std::string_view what;
  };
  static constexpr Row kRows[] = {
      {"vpc-", "InvalidVpcID.NotFound", "The vpc ID"},
      {"subnet-", "InvalidSubnetID.NotFound", "The subnet ID"},
      {"eni-", "InvalidNetworkInterfaceID.NotFound", "The networkInterface ID"},
      {"acl-", "InvalidNetworkAclID.NotFound", "The networkAcl ID"},
      {"aclassoc-", "InvalidAssociationID.NotFound", "The association ID"},
      {"sg-", "InvalidGroup.NotFound", "The security group"},
      {"sgr-", "InvalidSecurityGroupRuleId.NotFound", "The security group rule ID"},
      {"fl-", "InvalidFlowLogId.NotFound", "The flow log ID"},
  };
  for (const Row& row : kRows) {
    if (type.empty() ? !id.starts_with(row.prefix) : type != row.prefix) continue;
    std::string message(row.what);
    message.append(" '").append(id).append("' does not exist");
    return {ErrorKind::not_found, std::string(row.code), std::move(message)};
  }
  return {ErrorKind::invalid, "InvalidID", "The ID '" + std::string(id) + "' is not valid"};
}

Error no_such_group_name(std::string_view name, std::string_view default_vpc_id) {
  std::string message = "The security group '";
  message.append(name).append("' does not exist in default VPC '").append(default_vpc_id);
  return {ErrorKind::not_found, "InvalidGroup.NotFound", message + "'"};
}

}  // namespace weir::vpc
