// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "base/result.h"

/// The failures of CloudWatch Logs with AWS's codes and texts.
namespace weir::logs {

inline Error invalid_parameter(std::string message) {
  return {ErrorKind::invalid, "InvalidParameterException", std::move(message)};
}
inline Error not_found(std::string message) {
  return {ErrorKind::not_found, "ResourceNotFoundException", std::move(message)};
}
inline Error group_missing() { return not_found("The specified log group does not exist."); }
inline Error stream_missing() { return not_found("The specified log stream does not exist."); }
inline Error already_exists(std::string_view what) {  // AWS writes no full stop here
  return {ErrorKind::already_exists, "ResourceAlreadyExistsException",
          "The specified " + std::string(what) + " already exists"};
}
inline Error limit_exceeded() {
  return {ErrorKind::limit, "LimitExceededException", "Resource limit exceeded."};
}
inline Error bad_token() { return invalid_parameter("The specified nextToken is invalid."); }

}  // namespace weir::logs
