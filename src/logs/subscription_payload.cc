// SPDX-License-Identifier: Apache-2.0
#include "logs/subscription_payload.h"

#include "base/document.h"
#include "columnar/gzip.h"

namespace weir::logs {
namespace {

constexpr int kCompressionLevel = 1;               // who reads it unpacks it at once
constexpr std::size_t kTextBytesMax = 256u << 20;  // of a payload: far above what one can be

void append_member(std::string& out, std::string_view name, std::string_view value) {
  if (!out.empty() && out.back() != '{') out += ',';
  append_json_string(out, name);
  out += ':';
  append_json_string(out, value);
}

}  // namespace

SubscriptionPayload::SubscriptionPayload(const CompiledSubscription& subscription,
                                         std::string_view log_stream_name,
                                         std::size_t message_bytes_max)
    : subscription_(subscription), message_bytes_max_(message_bytes_max) {
  const SubscriptionFilter& filter = subscription.filter;
  text_ = "{";
  append_member(text_, "messageType", "DATA_MESSAGE");
  append_member(text_, "owner", subscription.scope.account);
  append_member(text_, "logGroup", filter.log_group_name);
  append_member(text_, "logStream", log_stream_name);
  text_ += ",\"subscriptionFilters\":[";
  append_json_string(text_, filter.filter_name);
  text_ += "],\"logEvents\":[";
  const auto emit = [&](std::string_view name, std::string_view value) {
    if (subscription.emits(name)) append_member(system_fields_, name, value);
  };
  emit("@aws.account", subscription.scope.account);
  emit("@aws.region", subscription.scope.region);
  emit("@source.log", filter.log_group_name);
}

bool SubscriptionPayload::has_room(std::size_t message_bytes) const {
  return events_ == 0 ||
         (events_ < kEventsMax && message_bytes_ + message_bytes <= message_bytes_max_);
}

void SubscriptionPayload::add(const EventId& id, Subject& subject) {
  if (events_ > 0) text_ += ',';
  text_ += "{\"id\":\"" + id.text() + "\",\"timestamp\":" + std::to_string(id.timestamp.ms) +
           ",\"message\":";
  append_json_string(text_, subject.message());
  add_fields(subject);
  text_ += '}';
  ++events_;
  message_bytes_ += subject.message().size();
}

void SubscriptionPayload::add_fields(Subject& subject) {
  const bool is_delimited = subscription_.pattern.dialect() == FilterPattern::Dialect::delimited;
  if (!is_delimited && system_fields_.empty()) return;
  std::string fields;
  if (is_delimited) {
    const auto extraction = subscription_.pattern.match(subject);
    if (extraction) {
      for (const auto& [name, value] : extraction->values) {
        append_member(fields, std::string_view(name).substr(name.starts_with('$') ? 1 : 0), value);
      }
    }
  }
  if (!fields.empty() && !system_fields_.empty()) fields += ',';
  text_ += ",\"extractedFields\":{" + fields + system_fields_ + '}';
}

std::string SubscriptionPayload::finish() {
  text_ += "]}";
  return columnar::gzip(text_, kCompressionLevel);
}

Result<std::optional<std::pair<std::string, std::string>>> halves_of(std::string_view payload) {
  WEIR_TRY(const std::string text, columnar::gunzip(payload, kTextBytesMax));
  WEIR_TRY(Document first, parse_json(text));
  Document::List* events = first["logEvents"].list();
  if (events == nullptr) {
    return Error{ErrorKind::internal, "InternalServerException",
                 "a payload of a subscription has no events"};
  }
  if (events->size() < 2) return std::optional<std::pair<std::string, std::string>>();
  Document second = first;
  const auto middle = static_cast<std::ptrdiff_t>(events->size() / 2);
  Document::List& rest = *second["logEvents"].list();
  rest.erase(rest.begin(), rest.begin() + middle);
  events->erase(events->begin() + middle, events->end());
  return std::optional(std::pair(columnar::gzip(to_json(first), kCompressionLevel),
                                 columnar::gzip(to_json(second), kCompressionLevel)));
}

std::string control_payload(Time now) {
  return columnar::gzip(
      R"({"messageType":"CONTROL_MESSAGE","owner":"CloudwatchLogs","logGroup":"","logStream":"",)"
      R"("subscriptionFilters":[],"logEvents":[{"id":"","timestamp":)" +
          std::to_string(now.ms) +
          R"(,"message":"CWL CONTROL MESSAGE: Checking health of destination."}]})",
      kCompressionLevel);
}

}  // namespace weir::logs
