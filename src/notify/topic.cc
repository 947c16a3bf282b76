// SPDX-License-Identifier: Apache-2.0
#include "notify/topic.h"

#include <algorithm>
#include <array>

#include "base/document.h"
#include "notify/message.h"

namespace weir::notify {

namespace {

constexpr std::size_t kTopicNameMax = 256;
constexpr std::size_t kDisplayNameMax = 100;
constexpr std::size_t kPolicyBytesMax = 30'720;  // IAM's limit for a topic policy
constexpr std::size_t kTagKeyMax = 128;
constexpr std::size_t kTagValueMax = 256;
constexpr std::size_t kOtherAttributeMax = 2048;

// Kept and shown so that templates and tools find them again; they change nothing here.
constexpr std::array<std::string_view, 2> kKeptAttributes = {"KmsMasterKeyId", "TracingConfig"};

// {HTTP,Lambda,SQS,Firehose,Application}{SuccessFeedbackRoleArn,...}: a role turns the delivery
// status log on, whatever it is.
bool is_feedback_attribute(std::string_view name) {
  for (const std::string_view protocol : {"HTTP", "Lambda", "SQS", "Firehose", "Application"}) {
    if (!name.starts_with(protocol)) continue;
    const std::string_view rest = name.substr(protocol.size());
    return rest == "SuccessFeedbackRoleArn" || rest == "SuccessFeedbackSampleRate" ||
           rest == "FailureFeedbackRoleArn";
  }
  return false;
}

bool is_percentage(const std::string& value) {
  if (value.empty()) return true;  // takes it back
  if (value.size() > 3 || value.find_first_not_of("0123456789") != std::string::npos) return false;
  return std::stoi(value) <= 100;
}

// SNS API Reference, CreateTopic, and recorded answers: one line, these members, this order.
std::string default_policy(const Topic& topic) {
  constexpr std::array<const char*, 8> kActions = {"SNS:GetTopicAttributes",
                                                   "SNS:SetTopicAttributes",
                                                   "SNS:AddPermission",
                                                   "SNS:RemovePermission",
                                                   "SNS:DeleteTopic",
                                                   "SNS:Subscribe",
                                                   "SNS:ListSubscriptionsByTopic",
                                                   "SNS:Publish"};
  Document::Map statement{
      {"Sid", "__default_statement_ID"},
      {"Effect", "Allow"},
      {"Principal", Document::Map{{"AWS", "*"}}},
      {"Action", Document::List(kActions.begin(), kActions.end())},
      {"Resource", topic.arn},
      {"Condition",
       Document::Map{{"StringEquals", Document::Map{{"AWS:SourceOwner", topic.owner}}}}},
  };
  return to_json(Document::Map{
      {"Version", "2008-10-17"},
      {"Id", "__default_policy_ID"},
      {"Statement", Document::List{std::move(statement)}},
  });
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

Error attribute_error(std::string text) {
  return Error{ErrorKind::invalid, "InvalidParameter", std::move(text)};
}

Result<void> check_policy(const std::string& value) {
  const auto tree = parse_json(value);
  if (value.size() <= kPolicyBytesMax && tree && tree->map()) return {};
  return attribute_error("Policy Error: null");
}

}  // namespace

Shape Topic::shape() {
  using S = Topic;
  static constexpr Member members[] = {
      required<&S::arn>("arn"),     required<&S::name>("name"),
      required<&S::owner>("owner"), optional<&S::attributes>("attributes"),
      optional<&S::tags>("tags"),
  };
  return {"SnsTopic", members};
}

bool Topic::deduplicates_by_content() const {
  const auto found = attributes.find("ContentBasedDeduplication");
  return found != attributes.end() && found->second == "true";
}

bool Topic::deduplicates_in_groups() const {
  const auto found = attributes.find("FifoThroughputScope");
  return found != attributes.end() && found->second == "MessageGroup";
}

std::string Topic::display_name() const {
  const auto found = attributes.find("DisplayName");
  return found == attributes.end() ? "" : found->second;
}

SignatureVersion Topic::signature_version() const {
  const auto found = attributes.find("SignatureVersion");
  return found != attributes.end() && found->second == "2" ? SignatureVersion::v2
                                                           : SignatureVersion::v1;
}

DeliveryPolicy Topic::delivery_policy() const {
  const auto found = attributes.find("DeliveryPolicy");
  if (found == attributes.end() || found->second.empty()) return {};
  auto policy = DeliveryPolicy::parse_topic(found->second);
  WEIR_ASSERT(policy);  // checked when it was set
  return *policy;
}

Attributes Topic::shown() const {
  Attributes shown = attributes;
  shown["TopicArn"] = arn;
  shown["Owner"] = owner;
  shown.try_emplace("DisplayName", "");
  shown.try_emplace("Policy", default_policy(*this));
  if (is_fifo()) {
    shown["FifoTopic"] = "true";
    shown.try_emplace("ContentBasedDeduplication", "false");
    shown.try_emplace("FifoThroughputScope", "Topic");
  }
  shown["EffectiveDeliveryPolicy"] = delivery_policy().effective_topic_json();
  return shown;
}

bool is_topic_name(std::string_view name, bool is_fifo) {
  if (name.size() > kTopicNameMax) return false;
  if (is_fifo) {
    if (!name.ends_with(".fifo")) return false;
    name.remove_suffix(5);
  }
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  };
  return !name.empty() && std::ranges::all_of(name, is_allowed);
}

Result<void> check_topic_attribute(const std::string& name, const std::string& value,
                                   bool is_fifo) {
  if (is_fifo && name == "ContentBasedDeduplication") {
    return value == "true" || value == "false" ? Result<void>{} : attribute_error(name);
  }
  if (is_fifo && name == "FifoThroughputScope") {
    return value == "Topic" || value == "MessageGroup" ? Result<void>{} : attribute_error(name);
  }
  if (is_fifo && name == "ArchivePolicy") {
    return attribute_error("ArchivePolicy: message archiving is not supported");
  }
  if (name.ends_with("SuccessFeedbackSampleRate") && is_feedback_attribute(name)) {
    return is_percentage(value) ? Result<void>{} : attribute_error(name);
  }
  if (name == "DisplayName") {
    if (characters(value) <= kDisplayNameMax &&
        std::ranges::none_of(value, [](char c) { return c == '\n' || c == '\r'; })) {
      return {};
    }
    return attribute_error("DisplayName");
  }
  if (name == "DataProtectionPolicy") {
    if (value.empty()) return {};
    return attribute_error("DataProtectionPolicy: data protection is not supported");
  }
  if (name == "Policy") return value.empty() ? Result<void>{} : check_policy(value);
  if (name == "DeliveryPolicy") {
    if (value.empty()) return {};
    auto policy = DeliveryPolicy::parse_topic(value);
    if (policy) return {};
    return attribute_error(policy.error().message.substr(sizeof "Invalid parameter: " - 1));
  }
  if (name == "SignatureVersion") {
    if (value == "1" || value == "2") return {};
    return attribute_error("SignatureVersion");
  }
  if (std::ranges::find(kKeptAttributes, name) != kKeptAttributes.end() ||
      is_feedback_attribute(name)) {
    return value.size() <= kOtherAttributeMax ? Result<void>{} : attribute_error(name);
  }
  return attribute_error("AttributeName");
}

Result<void> check_tags(const Tags& tags) {
  if (tags.size() > kTagsMax) {
    return Error{ErrorKind::limit, "TagLimitExceeded",
                 "Could not complete request: tag quota of per resource exceeded"};
  }
  for (const auto& [key, value] : tags) {
    if (key.empty() || characters(key) > kTagKeyMax) return invalid_parameter("Tag key");
    if (characters(value) > kTagValueMax) return invalid_parameter("Tag value");
  }
  return {};
}

Result<Arn> parse_topic_arn(const Scope& scope, const std::string& topic_arn) {
  const auto parts = std::ranges::count(topic_arn, ':') + 1;
  if (parts < 6) {
    return invalid_parameter("TopicArn Reason: An ARN must have at least 6 elements, not " +
                             std::to_string(parts));
  }
  auto parsed = Arn::parse(topic_arn);
  if (!parsed || parsed->service != "sns" || parsed->scope.region != scope.region) {
    return invalid_parameter("TopicArn");
  }
  return parsed;
}

}  // namespace weir::notify
