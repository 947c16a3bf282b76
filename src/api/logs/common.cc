// SPDX-License-Identifier: Apache-2.0
#include "api/logs/common.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/base64.h"
#include "base/fnv.h"

namespace weir::api::logs {
namespace {

constexpr std::string_view kGroupResource = "log-group:";
constexpr std::size_t kSumBytes = 4;  // of a page token
constexpr std::size_t kTagKeyMax = 128;
constexpr std::size_t kTagValueMax = 256;

/// AWS takes letters, separators and digits of every script; what is beyond ASCII is not told apart
/// here.
bool is_tag_text(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    constexpr std::string_view kSigns = " _.:/=+-@";
    return static_cast<unsigned char>(c) >= 0x80 || (c >= '0' && c <= '9') ||
           (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || kSigns.find(c) != kSigns.npos;
  });
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string shown(const std::map<std::string, std::string>& tags) {
  std::string text = "{";
  for (const auto& [key, value] : tags) {
    if (text.size() > 1) text += ", ";
    text += key + "=" + value;
  }
  return text + "}";
}

bool is_identifier_character(char c) {
  constexpr std::string_view kSigns = "_#+=/:,.@-";
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         kSigns.find(c) != kSigns.npos;
}

Error group_missing() {
  return {ErrorKind::not_found, "ResourceNotFoundException",
          "The specified log group does not exist."};
}

}  // namespace

Error invalid_parameter(std::string message) {
  return {ErrorKind::invalid, "InvalidParameterException", std::move(message)};
}

Error violated(std::string member, std::string value, std::string constraint) {
  const Violation violation{std::move(member), std::move(value), std::move(constraint)};
  return invalid_parameter(violation_message({&violation, 1}));
}

Error not_supported(std::string_view parameter) {
  return invalid_parameter(std::string(parameter) + " is not supported");
}

std::string group_arn(const Scope& scope, std::string_view name) {
  return arn("logs", scope, std::string(kGroupResource).append(name));
}

std::string stream_arn(const Scope& scope, std::string_view group, std::string_view stream) {
  return group_arn(scope, group).append(":log-stream:").append(stream);
}

Result<std::string> group_name(const Scope& scope, const std::optional<std::string>& name,
                               const std::optional<std::string>& identifier) {
  if (name && identifier) {
    return Error{ErrorKind::invalid, "ValidationException",
                 "LogGroup name and LogGroup ARN are mutually exclusive parameters."};
  }
  if (name) return *name;
  if (!identifier) {
    const Violation missing{"logGroupName", "null", "Member must not be null", true};
    return invalid_parameter(violation_message({&missing, 1}));
  }
  return identified_group(scope, *identifier);
}

Result<std::string> identified_group(const Scope& scope, std::string_view identifier) {
  if (!std::ranges::all_of(identifier,
                           is_identifier_character)) {  // AWS leaves the value out of this message
    return invalid_parameter(
        "1 validation error detected: Value at 'logGroupIdentifier' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: [\\w#+=/:,.@-]*");
  }
  if (!identifier.starts_with("arn:")) return std::string(identifier);
  return tagged_group(scope, identifier);
}

Result<std::string> tagged_group(const Scope& scope, std::string_view text) {
  WEIR_TRY(const Arn parsed, Arn::parse(text));
  if (parsed.service != "logs" || parsed.scope != scope ||
      !parsed.resource.starts_with(kGroupResource)) {
    return group_missing();
  }
  return parsed.resource.substr(kGroupResource.size());
}

Result<bool> leaves_out(const Scope& scope,
                        const std::optional<std::vector<std::string>>& accounts) {
  constexpr std::size_t kDigits = 12;
  if (!accounts || accounts->empty()) return false;
  for (const std::string& account : *accounts) {
    const bool is_number = account.find_first_not_of("0123456789") == account.npos;
    if (account.size() != kDigits || !is_number) {
      return violated("accountIdentifiers", '[' + account + ']',
                      "Member must satisfy constraint: [Member must have length less than or equal "
                      "to 12, Member must have length greater than or equal to 12, Member must "
                      "satisfy regular expression pattern: ^\\d{12}$]");
    }
  }
  return std::ranges::find(*accounts, scope.account) == accounts->end();
}

Result<void> check_tags(const std::map<std::string, std::string>& tags) {
  for (const auto& [key, value] : tags) {
    if (key.empty() || characters(key) > kTagKeyMax || !is_tag_text(key)) {
      return violated("tags", shown(tags),
                      "Map keys must satisfy constraint: [Member must have length less than or "
                      "equal to 128, Member must have length greater than or equal to 1, Member "
                      "must satisfy regular expression pattern: "
                      "^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+)$]");
    }
    if (characters(value) > kTagValueMax || !is_tag_text(value)) {
      return violated("tags", shown(tags),
                      "Map value must satisfy constraint: [Member must have length less than or "
                      "equal to 256, Member must have length greater than or equal to 0, Member "
                      "must satisfy regular expression pattern: "
                      "^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)$]");
    }
  }
  return {};
}

std::optional<std::string> page_token(std::string_view next) {
  if (next.empty()) return std::nullopt;
  std::string bytes;
  for (std::uint64_t sum = fnv1a(next), i = 0; i < kSumBytes; ++i, sum >>= 8) {
    bytes.push_back(static_cast<char>(sum & 0xff));
  }
  return base64_encode(bytes.append(next));
}

Result<std::string> page_start(const std::optional<std::string>& token) {
  if (!token) return std::string();
  const auto bytes = base64_decode(*token);
  if (bytes && bytes->size() > kSumBytes) {
    std::string start = bytes->substr(kSumBytes);
    if (page_token(start) == token) return start;
  }
  return invalid_parameter("The specified nextToken is invalid.");
}

}  // namespace weir::api::logs
