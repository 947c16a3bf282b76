// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/logs/common.h"
#include "base/shape.h"
#include "logs/live_tail.h"
#include "wire/operation.h"

namespace weir::api::logs {

/// First event of a live tail session: what it was asked for.
struct LiveTailSessionStart {
  std::string request_id;
  std::string session_id;
  std::vector<std::string> log_group_identifiers;
  std::vector<std::string> log_stream_names;
  std::vector<std::string> log_stream_name_prefixes;
  std::string log_event_filter_pattern;
  static Shape shape() {
    using S = LiveTailSessionStart;
    static constexpr Member members[] = {
        required<&S::request_id>("requestId"),
        required<&S::session_id>("sessionId"),
        required<&S::log_group_identifiers>("logGroupIdentifiers"),
        required<&S::log_stream_names>("logStreamNames"),
        required<&S::log_stream_name_prefixes>("logStreamNamePrefixes"),
        required<&S::log_event_filter_pattern>("logEventFilterPattern"),
    };
    return {"LiveTailSessionStart", members};
  }
};

struct LiveTailSessionMetadata {
  bool sampled = false;
  static Shape shape() {
    using S = LiveTailSessionMetadata;
    static constexpr Member members[] = {required<&S::sampled>("sampled")};
    return {"LiveTailSessionMetadata", members};
  }
};

struct LiveTailSessionLogEvent {
  std::string log_stream_name;
  std::string log_group_identifier;
  std::string message;
  std::int64_t timestamp = 0;
  std::int64_t ingestion_time = 0;
  static Shape shape() {
    using S = LiveTailSessionLogEvent;
    static constexpr Member members[] = {
        required<&S::log_stream_name>("logStreamName"),
        required<&S::log_group_identifier>("logGroupIdentifier"),
        required<&S::message>("message"),
        required<&S::timestamp>("timestamp"),
        required<&S::ingestion_time>("ingestionTime"),
    };
    return {"LiveTailSessionLogEvent", members};
  }
};

/// Comes once a second.
struct LiveTailSessionUpdate {
  LiveTailSessionMetadata session_metadata;
  std::vector<LiveTailSessionLogEvent> session_results;
  static Shape shape() {
    using S = LiveTailSessionUpdate;
    static constexpr Member members[] = {
        required<&S::session_metadata>("sessionMetadata"),
        required<&S::session_results>("sessionResults"),
    };
    return {"LiveTailSessionUpdate", members};
  }
};

/// Shows the events of up to ten log groups as they come in, as an event stream.
struct StartLiveTail {
  static constexpr std::string_view name = "StartLiveTail";
  struct Input {
    std::vector<std::string> log_group_identifiers;
    std::optional<std::vector<std::string>> log_stream_names;
    std::optional<std::vector<std::string>> log_stream_name_prefixes;
    std::string log_event_filter_pattern;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::log_group_identifiers>("logGroupIdentifiers", items(1, 10)),
          optional<&S::log_stream_names>("logStreamNames", items(1, 100)),
          optional<&S::log_stream_name_prefixes>("logStreamNamePrefixes", items(1, 100)),
          optional<&S::log_event_filter_pattern>("logEventFilterPattern", kFilterPatternLength),
      };
      return {"StartLiveTailRequest", members};
    }
  };
  /// The events of the stream.
  struct Output {
    std::optional<LiveTailSessionStart> session_start;
    std::optional<LiveTailSessionUpdate> session_update;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          optional<&S::session_start>("sessionStart"),
          optional<&S::session_update>("sessionUpdate"),
      };
      return {"StartLiveTailResponseStream", members};
    }
  };
};

/// The AWS face of logs::LiveTail.
class LiveTailApi {
 public:
  explicit LiveTailApi(weir::logs::LiveTail& live_tail) : live_tail_(live_tail) {}
  /// This must outlive the table.
  void add_to(wire::OperationTable& table);

 private:
  Result<std::shared_ptr<wire::StreamSource>> start(const wire::Request& request,
                                                    const StartLiveTail::Input& in);

  weir::logs::LiveTail& live_tail_;
};

}  // namespace weir::api::logs
