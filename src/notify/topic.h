// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/scope.h"
#include "base/shape.h"
#include "notify/retry_policy.h"
#include "notify/signer.h"

namespace weir::notify {

using Attributes = std::map<std::string, std::string>;
using Tags = std::map<std::string, std::string>;

inline constexpr std::size_t kTagsMax = 50;

/// A topic as it is stored: what the user set, everything else follows.
struct Topic {
  std::string arn;
  std::string name;
  std::string owner;
  Attributes attributes;
  Tags tags;
  static Shape shape();

  bool is_fifo() const { return name.ends_with(".fifo"); }
  /// A FIFO topic that needs no MessageDeduplicationId.
  bool deduplicates_by_content() const;
  bool deduplicates_in_groups() const;
  std::string display_name() const;
  SignatureVersion signature_version() const;
  DeliveryPolicy delivery_policy() const;
  /// What GetTopicAttributes shows, without the three counts of subscriptions.
  Attributes shown() const;
};

/// 1 to 256 of `A-Za-z0-9_-`; a FIFO topic's ends with `.fifo`.
bool is_topic_name(std::string_view name, bool is_fifo);
/// AWS's rules for a settable attribute. Errors: the texts of SetTopicAttributes, without the
/// prefix `Invalid parameter: `.
Result<void> check_topic_attribute(const std::string& name, const std::string& value, bool is_fifo);
/// AWS's limits of tags.
Result<void> check_tags(const Tags& tags);

/// The ARN and scope of a topic named by a caller of `scope`.
/// Errors: `Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1` and
/// its like, `Invalid parameter: TopicArn` for another region.
Result<Arn> parse_topic_arn(const Scope& scope, const std::string& topic_arn);

}  // namespace weir::notify
