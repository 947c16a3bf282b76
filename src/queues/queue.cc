// SPDX-License-Identifier: Apache-2.0
#include "queues/queue.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/document.h"
#include "queues/message.h"

namespace weir::queues {

namespace {

constexpr std::size_t kNameMax = 80;
constexpr std::size_t kTextMax = 30'720;
constexpr std::size_t kTagKeyMax = 128;
constexpr std::size_t kTagValueMax = 256;
constexpr int kReceivesMax = 1000;

// SQS API Reference, SetQueueAttributes.
struct Number {
  std::string_view name;
  int min;
  int max;
  int otherwise;
};
constexpr Number kNumbers[] = {
    {"DelaySeconds", 0, kDelayMax_s, 0},
    {"KmsDataKeyReusePeriodSeconds", 60, 86'400, 300},
    {"MaximumMessageSize", 1024, kMessageBytesMax, kMessageBytesMax},
    {"MessageRetentionPeriod", 60, 1'209'600, 345'600},
    {"ReceiveMessageWaitTimeSeconds", 0, 20, 0},
    {"VisibilityTimeout", 0, 43'200, 30},
};
constexpr std::array<std::string_view, 3> kFlags = {"FifoQueue", "ContentBasedDeduplication",
                                                    "SqsManagedSseEnabled"};
constexpr std::array<std::string_view, 4> kFifoOnly = {"FifoQueue", "ContentBasedDeduplication",
                                                       "DeduplicationScope", "FifoThroughputLimit"};
constexpr std::array<std::string_view, 6> kReadOnly = {"ApproximateNumberOfMessages",
                                                       "ApproximateNumberOfMessagesDelayed",
                                                       "ApproximateNumberOfMessagesNotVisible",
                                                       "CreatedTimestamp",
                                                       "LastModifiedTimestamp",
                                                       "QueueArn"};
constexpr std::array<std::string_view, 6> kTexts = {
    "Policy",         "RedrivePolicy",      "RedriveAllowPolicy",
    "KmsMasterKeyId", "DeduplicationScope", "FifoThroughputLimit"};

template <class List>
bool has(const List& list, std::string_view name) {
  return std::ranges::find(list, name) != std::ranges::end(list);
}

const Number* find_number(std::string_view name) {
  const auto* found = std::ranges::find(kNumbers, name, &Number::name);
  return found == std::ranges::end(kNumbers) ? nullptr : found;
}

std::optional<int> parse_int(std::string_view text) {
  int number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end || text.empty()) return std::nullopt;
  return number;
}

Error invalid_attribute(std::string_view name) {
  return queue_error("InvalidAttributeValue",
                     "Invalid value for the parameter " + std::string(name) + ".");
}

Error invalid_redrive(const std::string& value, std::string_view reason) {
  return invalid_value(value, "RedrivePolicy", reason);
}

// `{"deadLetterTargetArn": ARN, "maxReceiveCount": 5}`; the number may be text.
Result<Redrive> parse_redrive(const std::string& value) {
  const auto tree = parse_json(value);
  if (!tree || !tree->map()) {
    return invalid_redrive(value, "Redrive policy is not a valid JSON map.");
  }
  const Document* target = tree->find("deadLetterTargetArn");
  const Document* count = tree->find("maxReceiveCount");
  if (target == nullptr || target->string() == nullptr) {
    return invalid_redrive(value,
                           "Redrive policy does not contain mandatory attribute: "
                           "deadLetterTargetArn.");
  }
  if (count == nullptr) {
    return invalid_redrive(value,
                           "Redrive policy does not contain mandatory attribute: maxReceiveCount.");
  }
  std::optional<int> receives;
  if (const auto* number = count->integer(); number && *number >= 0 && *number <= kReceivesMax) {
    receives = static_cast<int>(*number);
  } else if (count->string() != nullptr) {
    receives = parse_int(*count->string());
  }
  if (!receives || *receives < 1 || *receives > kReceivesMax) {
    return invalid_redrive(value, "Invalid value for maxReceiveCount: " + to_json(*count) +
                                      ", valid values are from 1 to 1000 both inclusive.");
  }
  return Redrive{*target->string(), *receives};
}

// Whether the target exists is for the caller, who knows the queues.
Result<void> check_redrive(const Scope& scope, const Queue& queue, const std::string& value) {
  WEIR_TRY(const Redrive redrive, parse_redrive(value));
  const auto target = Arn::parse(redrive.dead_letter_arn);
  if (!target || target->service != "sqs" || target->scope != scope) {
    return invalid_redrive(value,
                           "Dead letter target owned by this account must be in the same "
                           "region and be the ARN of a queue.");
  }
  if (target->resource.ends_with(".fifo") != queue.is_fifo()) {
    return invalid_redrive(value, "Dead-letter queue must be same type of queue as the source.");
  }
  return {};
}

Result<void> check_redrive_allow(const std::string& value) {
  const auto tree = parse_json(value);
  const Document* permission = tree && tree->map() ? tree->find("redrivePermission") : nullptr;
  const std::string text = permission && permission->string() ? *permission->string() : "";
  const Document* sources = permission ? tree->find("sourceQueueArns") : nullptr;
  if (text == "allowAll" || text == "denyAll") {
    if (sources == nullptr) return {};
  } else if (text == "byQueue" && sources && sources->list() && !sources->list()->empty() &&
             sources->list()->size() <= 10) {
    return {};
  }
  return invalid_value(value, "RedriveAllowPolicy",
                       "Amazon SQS can't create the redrive allow "
                       "policy, as it's in an unsupported format.");
}

Result<void> check_text(const Scope& scope, const Queue& queue, const std::string& name,
                        const std::string& value) {
  if (value.size() > kTextMax) return invalid_attribute(name);
  if (name == "RedrivePolicy") return check_redrive(scope, queue, value);
  if (name == "RedriveAllowPolicy") return check_redrive_allow(value);
  if (name == "Policy") {
    const auto tree = parse_json(value);
    return tree && tree->map() ? Result<void>{} : invalid_attribute(name);
  }
  if (name == "DeduplicationScope" && value != "queue" && value != "messageGroup") {
    return invalid_attribute(name);
  }
  if (name == "FifoThroughputLimit" && value != "perQueue" && value != "perMessageGroupId") {
    return invalid_attribute(name);
  }
  return {};
}

}  // namespace

Shape Queue::shape() {
  using S = Queue;
  static constexpr Member members[] = {
      required<&S::name>("name"),
      required<&S::id>("id"),
      required<&S::created>("created"),
      required<&S::modified>("modified"),
      optional<&S::attributes>("attributes"),
      optional<&S::tags>("tags"),
  };
  return {"Queue", members};
}

int Queue::number(const std::string& attribute) const {
  const Number* known = find_number(attribute);
  WEIR_ASSERT(known != nullptr);
  const auto found = attributes.find(attribute);
  return found == attributes.end() ? known->otherwise
                                   : parse_int(found->second).value_or(known->otherwise);
}

bool Queue::flag(const std::string& attribute) const {
  const auto found = attributes.find(attribute);
  return found != attributes.end() && found->second == "true";
}

bool Queue::deduplicates_in_groups() const {
  const auto found = attributes.find("DeduplicationScope");
  return found != attributes.end() && found->second == "messageGroup";
}

std::optional<Redrive> Queue::redrive() const {
  const auto found = attributes.find("RedrivePolicy");
  if (found == attributes.end()) return std::nullopt;
  auto parsed = parse_redrive(found->second);
  WEIR_ASSERT(parsed);  // checked when it was set
  return *parsed;
}

bool Queue::allows_dead_letters_of(const std::string& source_arn) const {
  const auto found = attributes.find("RedriveAllowPolicy");
  if (found == attributes.end()) return true;
  const auto tree = parse_json(found->second);
  WEIR_ASSERT(tree);  // checked when it was set
  const Document* permission = tree->find("redrivePermission");
  if (*permission == Document("allowAll")) return true;
  if (*permission == Document("denyAll")) return false;
  const Document::List& sources = *tree->find("sourceQueueArns")->list();
  return std::ranges::find(sources, Document(source_arn)) != sources.end();
}

Attributes Queue::shown(const Scope& scope) const {
  Attributes shown = attributes;
  shown["QueueArn"] = arn("sqs", scope, name);
  shown["CreatedTimestamp"] = std::to_string(created.seconds());
  shown["LastModifiedTimestamp"] = std::to_string(modified.seconds());
  for (const Number& known : kNumbers) {
    if (known.name == "KmsDataKeyReusePeriodSeconds" && !attributes.contains("KmsMasterKeyId")) {
      continue;
    }
    shown.try_emplace(std::string(known.name), std::to_string(known.otherwise));
  }
  // Data at rest is whatever the disk does: there is no key management, so nothing is claimed.
  shown.try_emplace("SqsManagedSseEnabled", "false");
  if (is_fifo()) {
    shown["FifoQueue"] = "true";
    shown.try_emplace("ContentBasedDeduplication", "false");
    shown.try_emplace("DeduplicationScope", "queue");
    shown.try_emplace("FifoThroughputLimit", "perQueue");
  }
  return shown;
}

Result<void> check_queue_name(std::string_view name, bool is_fifo) {
  std::string_view plain = name;
  const bool ends_fifo = name.ends_with(".fifo");
  if (is_fifo && ends_fifo) plain.remove_suffix(5);
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  };
  const bool is_good =
      !plain.empty() && name.size() <= kNameMax && std::ranges::all_of(plain, is_allowed);
  if (is_good && ends_fifo == is_fifo) return {};
  if (is_fifo) {
    return queue_error("InvalidParameterValue",
                       "The name of a FIFO queue can only include alphanumeric characters, "
                       "hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in "
                       "length.");
  }
  return queue_error("InvalidParameterValue",
                     "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 "
                     "in length");
}

Result<void> check_attributes(const Scope& scope, const Queue& queue,
                              const Attributes& attributes) {
  for (const auto& [name, value] : attributes) {
    const Number* number = find_number(name);
    const bool is_known = number != nullptr || has(kFlags, name) || has(kTexts, name);
    if (!is_known || (has(kFifoOnly, name) && !queue.is_fifo())) {
      return queue_error("InvalidAttributeName", "Unknown Attribute " + name + ".");
    }
    if (value.empty() && has(kTexts, name)) continue;
    if (number != nullptr) {
      const auto given = parse_int(value);
      if (!given || *given < number->min || *given > number->max) return invalid_attribute(name);
    } else if (has(kFlags, name)) {
      if (value != "true" && value != "false") return invalid_attribute(name);
    } else {
      WEIR_CHECK(check_text(scope, queue, name, value));
    }
  }
  return {};
}

Result<void> check_tags(const Tags& tags) {
  if (tags.size() > kTagsMax) {
    return queue_error("InvalidParameterValue", "Too many tags added for the queue.");
  }
  for (const auto& [key, value] : tags) {
    if (key.empty() || key.size() > kTagKeyMax) {
      return queue_error("InvalidParameterValue",
                         "Tag keys must be between 1 and 128 characters in length.");
    }
    if (value.size() > kTagValueMax) {
      return queue_error("InvalidParameterValue",
                         "Tag values must be between 0 and 256 characters in length.");
    }
  }
  return {};
}

bool is_attribute_name(std::string_view name) {
  return name == "All" || find_number(name) != nullptr || has(kFlags, name) || has(kTexts, name) ||
         has(kReadOnly, name);
}

}  // namespace weir::queues
