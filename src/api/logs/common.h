// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/scope.h"
#include "base/shape.h"

/// What the operations of CloudWatch Logs have in common.
namespace weir::api::logs {

inline constexpr Constraint kNameLength = length(1, 512);
inline constexpr Constraint kGroupPattern = pattern("[\\.\\-_/#A-Za-z0-9]+");
inline constexpr Constraint kStreamPattern = pattern("[^:*]*");
inline constexpr Constraint kIdentifierLength = length(1, 2048);
inline constexpr Constraint kTokenLength = length(1, kUnbounded);
inline constexpr Constraint kListLimit = range(1, 50);
inline constexpr Constraint kFilterPatternLength = length(0, 1024);
inline constexpr Constraint kTimestampRange = range(0, kUnbounded);
inline constexpr std::string_view kLogGroupClasses[] = {"STANDARD", "INFREQUENT_ACCESS",
                                                        "DELIVERY"};

/// `arn:aws:logs:<region>:<account>:log-group:<name>`, as in `logGroupArn`.
std::string group_arn(const Scope& scope, std::string_view name);
std::string stream_arn(const Scope& scope, std::string_view group, std::string_view stream);

/// The name of the group that a request means by `logGroupName` or by `logGroupIdentifier` (a name
/// or an ARN); exactly one of them is to be given.
Result<std::string> group_name(const Scope& scope, const std::optional<std::string>& name,
                               const std::optional<std::string>& identifier);
/// The name in a `logGroupIdentifier`.
Result<std::string> identified_group(const Scope& scope, std::string_view identifier);
/// Whether a list of accounts to search leaves out the only one there is: nothing is linked here.
/// Error: no account number.
Result<bool> leaves_out(const Scope& scope,
                        const std::optional<std::vector<std::string>>& accounts);
/// The name in the ARN of a log group, the only resource whose tags are kept.
Result<std::string> tagged_group(const Scope& scope, std::string_view arn);

/// AWS's rules for the characters and lengths of tags.
Result<void> check_tags(const std::map<std::string, std::string>& tags);

/// A place in a list as an opaque text; nothing at its end. page_start() refuses what page_token()
/// did not make.
std::optional<std::string> page_token(std::string_view next);
Result<std::string> page_start(const std::optional<std::string>& token);

Error invalid_parameter(std::string message);
/// `1 validation error detected: Value '<value>' at '<member>' failed to satisfy constraint: ...`.
Error violated(std::string member, std::string value, std::string constraint);
/// For parameters whose meaning would be lost if they were ignored.
Error not_supported(std::string_view parameter);

}  // namespace weir::api::logs
