// SPDX-License-Identifier: Apache-2.0
#include "api/logs/live_tail.h"

#include <algorithm>
#include <utility>

#include "wire/event_stream.h"

namespace weir::api::logs {
namespace {

constexpr std::size_t kStreamNameMax = 512;

/// Writes what a session gives as messages of an event stream.
class LiveTailSource final : public wire::StreamSource {
 public:
  LiveTailSource(std::unique_ptr<weir::logs::LiveTail::Session> session, Scope scope,
                 LiveTailSessionStart start)
      : session_(std::move(session)), scope_(std::move(scope)), start_(std::move(start)) {}

  Piece take() override {
    if (start_) {
      // botocore raises unless the first message is an initial-response.
      std::string bytes = wire::encode(wire::event_message("initial-response", "{}"));
      bytes += wire::encode(wire::event_message("sessionStart", to_json_text(*start_)));
      start_.reset();
      return {.bytes = std::move(bytes), .is_last = false};
    }
    weir::logs::LiveTail::Session::Next next = session_->take();
    if (next.update) {
      const std::string json = to_json_text(shown(*std::move(next.update)));
      return {.bytes = wire::encode(wire::event_message("sessionUpdate", json)), .is_last = false};
    }
    using State = weir::logs::LiveTail::Session::State;
    switch (next.state) {
      case State::open:
        break;
      case State::timed_out:
        return last("SessionTimeoutException", "The session timed out after three hours.");
      case State::failed:
        return last("SessionStreamingException", "The session ended on the side of the server.");
    }
    return {};
  }
  void on_ready(std::function<void()> ready) override { session_->on_ready(std::move(ready)); }
  void close() override { session_.reset(); }

 private:
  static Piece last(std::string_view type, std::string_view text) {
    return {.bytes = wire::encode(wire::exception_message(type, text)), .is_last = true};
  }

  LiveTailSessionUpdate shown(weir::logs::LiveTail::Update update) const {
    LiveTailSessionUpdate shown;
    shown.session_metadata.sampled = update.is_sampled;
    for (weir::logs::LiveTail::Event& event : update.events) {
      shown.session_results.push_back(
          {.log_stream_name = std::move(event.log_stream_name),
           .log_group_identifier = group_arn(scope_, event.log_group_name),
           .message = std::move(event.message),
           .timestamp = event.timestamp.ms,
           .ingestion_time = event.ingestion.ms});
    }
    return shown;
  }

  std::unique_ptr<weir::logs::LiveTail::Session> session_;
  const Scope scope_;
  std::optional<LiveTailSessionStart> start_;  // until it is sent
};

std::string shown_list(const std::vector<std::string>& values) {
  std::string text = "[";
  for (const std::string& value : values) text.append(text.size() > 1 ? ", " : "").append(value);
  return text + "]";
}

Error violated(std::string_view member, const std::vector<std::string>& values,
               std::string_view pattern, std::size_t length_max) {
  const Violation violation{
      .path = std::string(member),
      .value = shown_list(values),
      .constraint =
          "Member must satisfy constraint: [Member must have length less than or equal "
          "to " +
          std::to_string(length_max) +
          ", Member must have length greater than or equal to 1, Member must satisfy "
          "regular expression pattern: " +
          std::string(pattern) + "]"};
  return invalid_parameter(violation_message({&violation, 1}));
}

Result<std::vector<std::string>> groups_of(const Scope& scope,
                                           const std::vector<std::string>& identifiers) {
  std::vector<std::string> names;
  for (const std::string& identifier : identifiers) {
    if (identifier.empty() || identifier.find('*') != identifier.npos) {
      return violated("logGroupIdentifiers", identifiers, "[\\w#+=/:,.@-]*", 2048);
    }
    if (!identifier.starts_with("arn:")) {
      return invalid_parameter("The log group identifier '" + identifier +
                               "' is not the ARN of a log group.");
    }
    WEIR_TRY(std::string name, identified_group(scope, identifier));
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  }
  return names;
}

Result<void> check_streams(std::string_view member,
                           const std::optional<std::vector<std::string>>& names) {
  const auto is_bad = [](const std::string& name) {
    return name.empty() || name.size() > kStreamNameMax || name.find_first_of(":*") != name.npos;
  };
  if (!names || std::ranges::none_of(*names, is_bad)) return {};
  return violated(member, *names, "[^:*]*", kStreamNameMax);
}

}  // namespace

void LiveTailApi::add_to(wire::OperationTable& table) {
  table.add_stream<StartLiveTail>(*this, &LiveTailApi::start);
}

Result<std::shared_ptr<wire::StreamSource>> LiveTailApi::start(const wire::Request& request,
                                                               const StartLiveTail::Input& in) {
  WEIR_TRY(auto groups, groups_of(request.scope, in.log_group_identifiers));
  WEIR_CHECK(check_streams("logStreamNames", in.log_stream_names));
  WEIR_CHECK(check_streams("logStreamNamePrefixes", in.log_stream_name_prefixes));
  if (in.log_stream_names && in.log_stream_name_prefixes) {
    return invalid_parameter(
        "logStreamNames and logStreamNamePrefixes are mutually exclusive parameters.");
  }
  if ((in.log_stream_names || in.log_stream_name_prefixes) && groups.size() > 1) {
    return invalid_parameter(
        "logStreamNames and logStreamNamePrefixes can only be used with a single log group.");
  }
  weir::logs::LiveTail::Query query{.log_group_names = std::move(groups)};
  const std::vector<std::string> none;
  query.stream_names = in.log_stream_names.value_or(none);
  query.stream_prefixes = in.log_stream_name_prefixes.value_or(none);
  WEIR_TRY(query.pattern, weir::logs::FilterPattern::compile(in.log_event_filter_pattern));
  WEIR_TRY(auto session, live_tail_.start(request.scope, std::move(query)));

  LiveTailSessionStart start{.request_id = request.request_id,
                             .session_id = session->id(),
                             .log_group_identifiers = in.log_group_identifiers,
                             .log_stream_names = in.log_stream_names.value_or(none),
                             .log_stream_name_prefixes = in.log_stream_name_prefixes.value_or(none),
                             .log_event_filter_pattern = in.log_event_filter_pattern};
  return std::shared_ptr<wire::StreamSource>(
      std::make_shared<LiveTailSource>(std::move(session), request.scope, std::move(start)));
}

}  // namespace weir::api::logs
