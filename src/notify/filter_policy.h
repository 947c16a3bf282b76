// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "base/document.h"
#include "base/result.h"
#include "notify/message.h"

namespace weir::notify {

/// Attribute FilterPolicyScope.
enum class FilterScope : std::uint8_t { message_attributes, message_body };

/// Decides which messages a subscription wants (SNS Developer Guide, "Amazon SNS subscription
/// filter policies"). Keys of the policy must all match; of a key's list one condition must.
///
/// Immutable and cheap to copy; may be used from many threads at a time.
class FilterPolicy {
 public:
  static constexpr std::size_t kBytesMax = 262'144;
  static constexpr std::size_t kKeysMax = 5;
  static constexpr std::size_t kCombinationsMax = 150;
  static constexpr std::size_t kDepthMax = 32;

  /// Error: kind invalid; the message is AWS's text behind its prefix `Invalid parameter: `
  /// (or `Invalid parameter: Attributes Reason: ` from Subscribe).
  static Result<FilterPolicy> parse(std::string_view json, FilterScope scope);

  FilterScope scope() const;
  /// Whether the message passes. In the body's scope a message that is no JSON object does not.
  bool matches(const MessageAttributes& attributes, std::string_view message) const;

  struct Node;

 private:
  FilterPolicy(FilterScope scope, std::shared_ptr<const Node> root);
  FilterScope scope_;
  std::shared_ptr<const Node> root_;  // immutable, so copies may share it
};

}  // namespace weir::notify
