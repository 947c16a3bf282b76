// SPDX-License-Identifier: Apache-2.0
#include "notify/retry_policy.h"

#include <array>
#include <cmath>
#include <utility>

#include "notify/message.h"

namespace weir::notify {

namespace {

constexpr int kRetriesMax = 100;
constexpr int kDelayMax = 3600;
constexpr int kTotalDelayMax = 3600;
constexpr std::size_t kContentTypeBytesMax = 256;
constexpr std::array<std::string_view, 4> kBackoffNames = {"linear", "arithmetic", "geometric",
                                                           "exponential"};

// AWS does not publish the curves. With x from 0 to 1 over the phase: linear as the name says,
// arithmetic grows quadratically, exponential multiplies, geometric lies between these two.
double curve(Backoff backoff, double min, double max, double x) {
  const double arithmetic = min + (max - min) * x * x;
  const double exponential = min * std::pow(max / min, x);
  switch (backoff) {
    case Backoff::linear:
      return min + (max - min) * x;
    case Backoff::arithmetic:
      return arithmetic;
    case Backoff::geometric:
      return (arithmetic + exponential) / 2;
    case Backoff::exponential:
      return exponential;
  }
  WEIR_ASSERT(false);
}

Error policy_error(std::string_view what) {
  return invalid_parameter("DeliveryPolicy: " + std::string(what));
}

Result<void> read_number(const Document& map, std::string_view name, int min, int max, int& into) {
  const Document* found = map.find(name);
  if (!found || found->is_null()) return {};
  const std::int64_t* number = found->integer();
  if (!number || *number < min || *number > max) {
    return policy_error(std::string(name) + " must be a whole number from " + std::to_string(min) +
                        " to " + std::to_string(max));
  }
  into = static_cast<int>(*number);
  return {};
}

Result<void> read_backoff(const Document& map, Backoff& into) {
  const Document* found = map.find("backoffFunction");
  if (!found || found->is_null()) return {};
  for (std::size_t i = 0; i < kBackoffNames.size(); ++i) {
    if (found->string() && *found->string() == kBackoffNames[i]) {
      into = static_cast<Backoff>(i);
      return {};
    }
  }
  return policy_error("backoffFunction must be linear, arithmetic, geometric or exponential");
}

Result<void> check_retry(const RetryPolicy& policy) {
  if (policy.min_delay_s > policy.max_delay_s) {
    return policy_error("minDelayTarget must be less than or equal to maxDelayTarget");
  }
  if (policy.no_delay_retries + policy.min_delay_retries + policy.max_delay_retries >
      policy.retries) {
    return policy_error(
        "numRetries must be greater than or equal to the sum of numNoDelayRetries, "
        "numMinDelayRetries and numMaxDelayRetries");
  }
  Duration total{0};
  for (int retry = 1; retry <= policy.retries; ++retry) total += *policy.delay_before(retry);
  if (total > std::chrono::seconds(kTotalDelayMax)) {
    return policy_error("the retries must not take longer than 3600 seconds");
  }
  return {};
}

Result<std::optional<RetryPolicy>> read_retry(const Document& map, std::string_view name) {
  const Document* found = map.find(name);
  if (!found || found->is_null()) return std::optional<RetryPolicy>{};
  if (!found->map()) return policy_error(std::string(name) + " must be an object");
  RetryPolicy policy;
  WEIR_CHECK(read_number(*found, "minDelayTarget", 1, kDelayMax, policy.min_delay_s));
  WEIR_CHECK(read_number(*found, "maxDelayTarget", 1, kDelayMax, policy.max_delay_s));
  WEIR_CHECK(read_number(*found, "numRetries", 0, kRetriesMax, policy.retries));
  WEIR_CHECK(read_number(*found, "numNoDelayRetries", 0, kRetriesMax, policy.no_delay_retries));
  WEIR_CHECK(read_number(*found, "numMinDelayRetries", 0, kRetriesMax, policy.min_delay_retries));
  WEIR_CHECK(read_number(*found, "numMaxDelayRetries", 0, kRetriesMax, policy.max_delay_retries));
  WEIR_CHECK(read_backoff(*found, policy.backoff));
  WEIR_CHECK(check_retry(policy));
  return std::optional<RetryPolicy>{policy};
}

Result<std::optional<int>> read_throttle(const Document& map, std::string_view name) {
  const Document* found = map.find(name);
  if (!found || found->is_null()) return std::optional<int>{};
  int rate = 0;
  WEIR_CHECK(read_number(*found, "maxReceivesPerSecond", 1, 1'000'000, rate));
  return rate == 0 ? std::optional<int>{} : std::optional<int>{rate};
}

// The value goes into an HTTP header, so nothing that could end the header line may be in it.
bool is_content_type(std::string_view text) {
  for (const char c : text) {
    if (c < 0x20 || c > 0x7e) return false;
  }
  return text.size() <= kContentTypeBytesMax && text.find('/') != std::string_view::npos;
}

Result<std::optional<std::string>> read_content_type(const Document& map, std::string_view name) {
  const Document* found = map.find(name);
  if (!found || found->is_null()) return std::optional<std::string>{};
  const Document* type = found->find("headerContentType");
  if (!type || type->is_null()) return std::optional<std::string>{};
  if (!type->string() || !is_content_type(*type->string())) {
    return policy_error("headerContentType is not a content type");
  }
  return std::optional<std::string>{*type->string()};
}

Result<Document> parse_policy(std::string_view json) {
  const auto tree = parse_json(json);
  if (!tree) return policy_error("failed to parse JSON. " + tree.error().message);
  if (!tree->map()) return policy_error("must be a JSON object");
  return *tree;
}

Document retry_document(const RetryPolicy& policy) {
  return Document::Map{
      {"minDelayTarget", policy.min_delay_s},
      {"maxDelayTarget", policy.max_delay_s},
      {"numRetries", policy.retries},
      {"numMaxDelayRetries", policy.max_delay_retries},
      {"numNoDelayRetries", policy.no_delay_retries},
      {"numMinDelayRetries", policy.min_delay_retries},
      {"backoffFunction", kBackoffNames[static_cast<std::size_t>(policy.backoff)]},
  };
}

Document request_document(const DeliveryPolicy& policy) {
  return Document::Map{
      {"headerContentType", policy.content_type.value_or(std::string(kDefaultContentType))}};
}

Document throttle_document(int receives_per_second) {
  return Document::Map{{"maxReceivesPerSecond", receives_per_second}};
}

}  // namespace

std::optional<Duration> RetryPolicy::delay_before(int retry) const {
  if (retry < 1 || retry > retries) return std::nullopt;
  using std::chrono::seconds;
  int index = retry - 1;
  if (index < no_delay_retries) return seconds(0);
  index -= no_delay_retries;
  if (index < min_delay_retries) return seconds(min_delay_s);
  index -= min_delay_retries;
  const int backoff_retries = retries - no_delay_retries - min_delay_retries - max_delay_retries;
  if (index >= backoff_retries) return seconds(max_delay_s);
  const double x = backoff_retries == 1 ? 0 : double(index) / double(backoff_retries - 1);
  const double delay_s = curve(backoff, min_delay_s, max_delay_s, x);
  return Duration(std::llround(delay_s * 1000));
}

RetryPolicy RetryPolicy::for_protocol(std::string_view protocol) {
  if (protocol == "lambda" || protocol == "sqs" || protocol == "firehose") {
    return {.min_delay_s = 1,
            .max_delay_s = 20,
            .retries = 100'015,
            .no_delay_retries = 3,
            .min_delay_retries = 2,
            .max_delay_retries = 100'000,
            .backoff = Backoff::exponential};
  }
  if (protocol == "email" || protocol == "email-json") {
    return {.min_delay_s = 10,
            .max_delay_s = 600,
            .retries = 50,
            .no_delay_retries = 0,
            .min_delay_retries = 2,
            .max_delay_retries = 38,
            .backoff = Backoff::exponential};
  }
  return {};
}

Result<DeliveryPolicy> DeliveryPolicy::parse_topic(std::string_view json) {
  WEIR_TRY(const Document tree, parse_policy(json));
  DeliveryPolicy policy;
  const Document* http = tree.find("http");
  if (!http || !http->map()) return policy_error("http must be an object");
  WEIR_TRY(policy.retry, read_retry(*http, "defaultHealthyRetryPolicy"));
  WEIR_TRY(policy.receives_per_second, read_throttle(*http, "defaultThrottlePolicy"));
  WEIR_TRY(policy.content_type, read_content_type(*http, "defaultRequestPolicy"));
  if (const Document* flag = http->find("disableSubscriptionOverrides")) {
    policy.disable_subscription_overrides = flag->boolean() && *flag->boolean();
  }
  return policy;
}

Result<DeliveryPolicy> DeliveryPolicy::parse_subscription(std::string_view json) {
  WEIR_TRY(const Document tree, parse_policy(json));
  DeliveryPolicy policy;
  WEIR_TRY(policy.retry, read_retry(tree, "healthyRetryPolicy"));
  WEIR_TRY(policy.receives_per_second, read_throttle(tree, "throttlePolicy"));
  WEIR_TRY(policy.content_type, read_content_type(tree, "requestPolicy"));
  return policy;
}

DeliveryPolicy DeliveryPolicy::over(const DeliveryPolicy& topic) const {
  if (topic.disable_subscription_overrides) return topic;
  DeliveryPolicy merged = topic;
  if (retry) merged.retry = retry;
  if (receives_per_second) merged.receives_per_second = receives_per_second;
  if (content_type) merged.content_type = content_type;
  return merged;
}

std::string DeliveryPolicy::effective_topic_json() const {
  Document::Map http{
      {"defaultHealthyRetryPolicy", retry_document(retry.value_or(RetryPolicy{}))},
      {"disableSubscriptionOverrides", disable_subscription_overrides},
  };
  if (receives_per_second) {
    http.emplace_back("defaultThrottlePolicy", throttle_document(*receives_per_second));
  }
  http.emplace_back("defaultRequestPolicy", request_document(*this));
  return to_json(Document::Map{{"http", std::move(http)}});
}

std::string DeliveryPolicy::effective_subscription_json() const {
  return to_json(Document::Map{
      {"healthyRetryPolicy", retry_document(retry.value_or(RetryPolicy{}))},
      {"sicklyRetryPolicy", nullptr},
      {"throttlePolicy",
       receives_per_second ? throttle_document(*receives_per_second) : Document(nullptr)},
      {"requestPolicy", request_document(*this)},
      {"guaranteed", false},
  });
}

}  // namespace weir::notify
