// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "base/shape.h"

namespace weir::queues {

using Attributes = std::map<std::string, std::string>;
using Tags = std::map<std::string, std::string>;

inline constexpr std::size_t kTagsMax = 50;
inline constexpr int kMessageBytesMax = 1'048'576;

/// Where messages go that were received too often.
struct Redrive {
  std::string dead_letter_arn;
  int receives_max = 0;
};

/// A queue as it is stored: what the user set, everything else follows.
struct Queue {
  std::string name;
  std::string id;  // of its messages' keys; a queue created anew has another
  Time created;
  Time modified;
  Attributes attributes;
  Tags tags;
  static Shape shape();

  bool is_fifo() const { return name.ends_with(".fifo"); }
  /// The value that is set, or AWS's default.
  int number(const std::string& attribute) const;
  bool flag(const std::string& attribute) const;
  bool deduplicates_in_groups() const;
  std::optional<Redrive> redrive() const;
  /// Whether its RedriveAllowPolicy lets that queue use it for dead letters.
  bool allows_dead_letters_of(const std::string& source_arn) const;
  /// What GetQueueAttributes shows, without the three counts of messages.
  Attributes shown(const Scope& scope) const;
};

/// AWS's rules for the name. `is_fifo`: attribute FifoQueue=true was given.
Result<void> check_queue_name(std::string_view name, bool is_fifo);
/// Checks attributes of CreateQueue or SetQueueAttributes and drops those with an empty value (they
/// go back to the default). Errors: InvalidAttributeName, InvalidAttributeValue.
Result<void> check_attributes(const Scope& scope, const Queue& queue, const Attributes& attributes);
Result<void> check_tags(const Tags& tags);
/// Is it a name of an attribute that can be asked for (or `All`)?
bool is_attribute_name(std::string_view name);

}  // namespace weir::queues
