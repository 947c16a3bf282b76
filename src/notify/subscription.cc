// SPDX-License-Identifier: Apache-2.0
#include "notify/subscription.h"

#include <algorithm>
#include <utility>

#include "base/document.h"
#include "notify/message.h"

namespace weir::notify {

namespace {

constexpr std::size_t kUrlBytesMax = 2048;
constexpr std::size_t kMailAddressBytesMax = 320;
constexpr std::string_view kBodyScope = "MessageBody";
constexpr std::string_view kAttributesScope = "MessageAttributes";

Error attribute_error(std::string text) {
  return Error{ErrorKind::invalid, "InvalidParameter", std::move(text)};
}

std::string value_or(const Attributes& attributes, const std::string& name,
                     std::string_view otherwise) {
  const auto found = attributes.find(name);
  return found == attributes.end() ? std::string(otherwise) : found->second;
}

bool is_http(std::string_view protocol) { return protocol == "http" || protocol == "https"; }

Result<void> check_redrive(const std::string& value, bool is_fifo) {
  const auto tree = parse_json(value);
  if (!tree || !tree->map()) return attribute_error("RedrivePolicy: failed to parse JSON.");
  const Document* target = tree->find("deadLetterTargetArn");
  const auto arn = target && target->string() ? Arn::parse(*target->string()) : Arn::parse("");
  if (!arn || arn->service != "sqs") {
    return attribute_error("RedrivePolicy: deadLetterTargetArn is an invalid arn");
  }
  if (is_fifo && !arn->resource.ends_with(".fifo")) {
    return attribute_error(
        "RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic.");
  }
  return {};
}

Result<void> check_plain_attribute(const std::string& name, const std::string& value,
                                   bool is_fifo) {
  if (name == "RawMessageDelivery") {
    if (value == "true" || value == "false") return {};
    return attribute_error("RawMessageDelivery: Invalid value [" + value +
                           "]. Must be true or false.");
  }
  if (name == "FilterPolicyScope") {
    if (value == kBodyScope || value == kAttributesScope) return {};
    return attribute_error("FilterPolicyScope: Invalid value [" + value +
                           "]. Please use either MessageBody or MessageAttributes");
  }
  if (name == "RedrivePolicy") {
    return value.empty() ? Result<void>{} : check_redrive(value, is_fifo);
  }
  if (name == "ReplayPolicy" && is_fifo) {
    return attribute_error("ReplayPolicy: message archiving is not supported");
  }
  if (name == "FilterPolicy" || name == "DeliveryPolicy" || name == "SubscriptionRoleArn") {
    return {};  // compile() reads the first two; a role is kept and shown
  }
  return attribute_error("AttributeName");
}

bool is_url(std::string_view text, std::string_view protocol) {
  const std::string scheme = std::string(protocol) + "://";
  if (!text.starts_with(scheme) || text.size() > kUrlBytesMax) return false;
  const std::string_view rest = text.substr(scheme.size());
  const std::string_view host = rest.substr(0, rest.find_first_of("/?#"));
  return !host.empty() && host.back() != '@' &&
         std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

bool is_mail_address(std::string_view text) {
  const auto at = text.rfind('@');
  const auto is_fit = [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && c != 0x7f &&
           std::string_view("<>,;:\\\"()[]").find(c) == std::string_view::npos;
  };
  return at != std::string_view::npos && at > 0 && at + 1 < text.size() && text.find('@') == at &&
         text.size() <= kMailAddressBytesMax && std::ranges::all_of(text, is_fit);
}

}  // namespace

Shape Subscription::shape() {
  using S = Subscription;
  static constexpr Member members[] = {
      required<&S::arn>("arn"),
      required<&S::topic_arn>("topicArn"),
      required<&S::owner>("owner"),
      required<&S::protocol>("protocol"),
      required<&S::endpoint>("endpoint"),
      required<&S::status>("status"),
      optional<&S::attributes>("attributes"),
      optional<&S::token>("token"),
      optional<&S::token_expires>("tokenExpires"),
      optional<&S::was_authenticated>("wasAuthenticated"),
      optional<&S::authenticate_on_unsubscribe>("authenticateOnUnsubscribe"),
  };
  return {"SnsSubscription", members};
}

bool Subscription::is_raw() const {
  return value_or(attributes, "RawMessageDelivery", "false") == "true";
}

Result<void> Subscription::set(const std::string& name, const std::string& value) {
  const bool is_fifo = topic_arn.ends_with(".fifo");
  WEIR_CHECK(check_plain_attribute(name, value, is_fifo));
  if (name == "RawMessageDelivery" && value == "true" && !is_http(protocol) && protocol != "sqs" &&
      protocol != "firehose") {
    return attribute_error("RawMessageDelivery: Delivery protocol [" + protocol +
                           "] does not support raw message delivery.");
  }
  if (name == "DeliveryPolicy" && !is_http(protocol)) {
    return attribute_error("DeliveryPolicy: Delivery protocol [" + protocol +
                           "] does not support delivery policies.");
  }
  Subscription changed = *this;
  if (value.empty()) {
    changed.attributes.erase(name);
  } else {
    changed.attributes[name] = value;
  }
  WEIR_CHECK(changed.compile());
  *this = std::move(changed);
  return {};
}

Result<void> Subscription::compile() {
  filter.reset();
  delivery_policy = {};
  const std::string policy = value_or(attributes, "FilterPolicy", "");
  if (!policy.empty()) {
    const bool is_body = value_or(attributes, "FilterPolicyScope", kAttributesScope) == kBodyScope;
    WEIR_TRY(filter, FilterPolicy::parse(policy, is_body ? FilterScope::message_body
                                                         : FilterScope::message_attributes));
  }
  const std::string delivery = value_or(attributes, "DeliveryPolicy", "");
  if (delivery.empty()) return {};
  auto parsed = DeliveryPolicy::parse_subscription(delivery);
  if (!parsed) {
    return attribute_error(parsed.error().message.substr(sizeof "Invalid parameter: " - 1));
  }
  delivery_policy = *std::move(parsed);
  return {};
}

Attributes Subscription::shown(const DeliveryPolicy& of_topic) const {
  Attributes shown = attributes;
  shown["SubscriptionArn"] = arn;
  shown["TopicArn"] = topic_arn;
  shown["Protocol"] = protocol;
  shown["Endpoint"] = endpoint;
  shown["Owner"] = owner;
  shown["SubscriptionPrincipal"] = "arn:aws:iam::" + owner + ":root";
  shown["PendingConfirmation"] = is_pending() ? "true" : "false";
  shown["ConfirmationWasAuthenticated"] = was_authenticated ? "true" : "false";
  shown.try_emplace("RawMessageDelivery", "false");
  if (has_filter()) {
    shown.try_emplace("FilterPolicyScope", kAttributesScope);
  } else {
    shown.erase("FilterPolicyScope");
  }
  if (is_http(protocol)) {
    shown["EffectiveDeliveryPolicy"] = delivery_policy.over(of_topic).effective_subscription_json();
  }
  return shown;
}

std::string Subscription::dead_letter_queue() const {
  const std::string policy = value_or(attributes, "RedrivePolicy", "");
  if (policy.empty()) return {};
  const auto tree = parse_json(policy);
  WEIR_ASSERT(tree);  // checked when it was set
  return *tree->find("deadLetterTargetArn")->string();
}

Result<void> check_endpoint(const std::string& protocol, const std::string& endpoint,
                            bool is_fifo_topic) {
  if (protocol == "sqs") {
    const auto arn = Arn::parse(endpoint);
    if (!arn || arn->service != "sqs" || arn->resource.empty()) {
      return invalid_parameter("SQS endpoint ARN");
    }
    if (arn->resource.ends_with(".fifo") && !is_fifo_topic) {
      return invalid_parameter(
          "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard "
          "SNS topics");
    }
    return {};
  }
  if (is_fifo_topic) {
    return invalid_parameter("Invalid parameter: Endpoint Reason: Please use FIFO SQS queue");
  }
  if (is_http(protocol)) {
    if (is_url(endpoint, protocol)) return {};
    return invalid_parameter("Endpoint must match the specified protocol");
  }
  if (protocol == "email" || protocol == "email-json") {
    if (is_mail_address(endpoint)) return {};
    return invalid_parameter("Email address");
  }
  if (protocol == "firehose") {
    const auto arn = Arn::parse(endpoint);
    if (arn && arn->service == "firehose" && arn->resource.starts_with("deliverystream/")) {
      return {};
    }
    return invalid_parameter("Firehose endpoint ARN");
  }
  if (protocol == "lambda") {
    if (!function_name(endpoint).empty()) return {};
    return invalid_parameter("Lambda endpoint ARN");
  }
  return invalid_parameter("Amazon SNS does not support this protocol string: " + protocol);
}

std::string function_name(const std::string& lambda_arn) {
  constexpr std::string_view kKind = "function:";
  const auto arn = Arn::parse(lambda_arn);
  if (!arn || arn->service != "lambda" || !arn->resource.starts_with(kKind)) return "";
  const std::string rest = arn->resource.substr(kKind.size());
  return rest.substr(0, rest.find(':'));  // a version or alias may follow
}

}  // namespace weir::notify
