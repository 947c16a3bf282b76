// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/logs/common.h"
#include "base/document.h"
#include "base/shape.h"
#include "logs/types.h"

namespace weir::api::logs {

/// Which events of a batch were not accepted.
struct RejectedLogEventsInfo {
  std::optional<int> too_new_log_event_start_index;
  std::optional<int> too_old_log_event_end_index;
  std::optional<int> expired_log_event_end_index;
  static Shape shape() {
    using S = RejectedLogEventsInfo;
    static constexpr Member members[] = {
        optional<&S::too_new_log_event_start_index>("tooNewLogEventStartIndex"),
        optional<&S::too_old_log_event_end_index>("tooOldLogEventEndIndex"),
        optional<&S::expired_log_event_end_index>("expiredLogEventEndIndex"),
    };
    return {"RejectedLogEventsInfo", members};
  }
};

/// Why the entity of a batch was not taken; its events are kept all the same.
struct RejectedEntityInfo {
  std::string error_type;
  static Shape shape() {
    using S = RejectedEntityInfo;
    static constexpr Member members[] = {
        required<&S::error_type>("errorType"),
    };
    return {"RejectedEntityInfo", members};
  }
};

/// An event as GetLogEvents shows it.
struct OutputLogEvent {
  std::int64_t timestamp = 0;
  std::string message;
  std::int64_t ingestion_time = 0;
  static Shape shape() {
    using S = OutputLogEvent;
    static constexpr Member members[] = {
        required<&S::timestamp>("timestamp"),
        required<&S::message>("message"),
        required<&S::ingestion_time>("ingestionTime"),
    };
    return {"OutputLogEvent", members};
  }
};

/// An event as FilterLogEvents shows it.
struct FilteredLogEvent {
  std::string log_stream_name;
  std::int64_t timestamp = 0;
  std::string message;
  std::int64_t ingestion_time = 0;
  std::string event_id;
  static Shape shape() {
    using S = FilteredLogEvent;
    static constexpr Member members[] = {
        required<&S::log_stream_name>("logStreamName"),
        required<&S::timestamp>("timestamp"),
        required<&S::message>("message"),
        required<&S::ingestion_time>("ingestionTime"),
        required<&S::event_id>("eventId"),
    };
    return {"FilteredLogEvent", members};
  }
};

/// Filled by AWS until 2020; always an empty list.
struct SearchedLogStream {
  std::string log_stream_name;
  bool searched_completely = true;
  static Shape shape() {
    using S = SearchedLogStream;
    static constexpr Member members[] = {
        required<&S::log_stream_name>("logStreamName"),
        required<&S::searched_completely>("searchedCompletely"),
    };
    return {"SearchedLogStream", members};
  }
};

/// Stores events in a stream.
struct PutLogEvents {
  static constexpr std::string_view name = "PutLogEvents";
  struct Input {
    std::string log_group_name;
    std::string log_stream_name;
    std::vector<weir::logs::InputLogEvent> log_events;
    std::optional<std::string> sequence_token;
    Document entity;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::log_group_name>("logGroupName", kNameLength, kGroupPattern),
          required<&S::log_stream_name>("logStreamName", kNameLength, kStreamPattern),
          required<&S::log_events>("logEvents", items(1, 10000)),
          optional<&S::sequence_token>("sequenceToken", kTokenLength),
          optional<&S::entity>("entity"),
      };
      return {"PutLogEventsRequest", members};
    }
  };
  struct Output {
    std::string next_sequence_token;
    std::optional<RejectedLogEventsInfo> rejected_log_events_info;
    std::optional<RejectedEntityInfo> rejected_entity_info;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::next_sequence_token>("nextSequenceToken"),
          optional<&S::rejected_log_events_info>("rejectedLogEventsInfo"),
          optional<&S::rejected_entity_info>("rejectedEntityInfo"),
      };
      return {"PutLogEventsResponse", members};
    }
  };
};

/// Reads a stream in pages, forwards or backwards.
struct GetLogEvents {
  static constexpr std::string_view name = "GetLogEvents";
  struct Input {
    std::optional<std::string> log_group_name;
    std::optional<std::string> log_group_identifier;
    std::string log_stream_name;
    std::optional<std::int64_t> start_time;
    std::optional<std::int64_t> end_time;
    std::optional<std::string> next_token;
    std::optional<int> limit;
    bool start_from_head = false;
    std::optional<bool> unmask;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::log_group_name>("logGroupName", kNameLength, kGroupPattern),
          optional<&S::log_group_identifier>("logGroupIdentifier", kIdentifierLength),
          required<&S::log_stream_name>("logStreamName", kNameLength, kStreamPattern),
          optional<&S::start_time>("startTime", kTimestampRange),
          optional<&S::end_time>("endTime", kTimestampRange),
          optional<&S::next_token>("nextToken", kTokenLength),
          optional<&S::limit>("limit", range(1, 10000)),
          optional<&S::start_from_head>("startFromHead"),
          optional<&S::unmask>("unmask"),
      };
      return {"GetLogEventsRequest", members};
    }
  };
  struct Output {
    std::vector<OutputLogEvent> events;
    std::string next_forward_token;
    std::string next_backward_token;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::events>("events"),
          required<&S::next_forward_token>("nextForwardToken"),
          required<&S::next_backward_token>("nextBackwardToken"),
      };
      return {"GetLogEventsResponse", members};
    }
  };
};

/// Searches the streams of a group.
struct FilterLogEvents {
  static constexpr std::string_view name = "FilterLogEvents";
  struct Input {
    std::optional<std::string> log_group_name;
    std::optional<std::string> log_group_identifier;
    std::optional<std::vector<std::string>> log_stream_names;
    std::optional<std::string> log_stream_name_prefix;
    std::optional<std::int64_t> start_time;
    std::optional<std::int64_t> end_time;
    std::string filter_pattern;
    std::optional<std::string> next_token;
    std::optional<int> limit;
    std::optional<bool> start_from_head;
    std::optional<bool> interleaved;
    std::optional<bool> unmask;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::log_group_name>("logGroupName", kNameLength, kGroupPattern),
          optional<&S::log_group_identifier>("logGroupIdentifier", kIdentifierLength),
          optional<&S::log_stream_names>("logStreamNames", items(1, 100)),
          optional<&S::log_stream_name_prefix>("logStreamNamePrefix", kNameLength, kStreamPattern),
          optional<&S::start_time>("startTime", kTimestampRange),
          optional<&S::end_time>("endTime", kTimestampRange),
          optional<&S::filter_pattern>("filterPattern", kFilterPatternLength),
          optional<&S::next_token>("nextToken", kTokenLength),
          optional<&S::limit>("limit", range(1, 10000)),
          optional<&S::start_from_head>("startFromHead"),
          optional<&S::interleaved>("interleaved"),
          optional<&S::unmask>("unmask"),
      };
      return {"FilterLogEventsRequest", members};
    }
  };
  struct Output {
    std::vector<FilteredLogEvent> events;
    std::vector<SearchedLogStream> searched_log_streams;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::events>("events"),
          required<&S::searched_log_streams>("searchedLogStreams"),
          optional<&S::next_token>("nextToken"),
      };
      return {"FilterLogEventsResponse", members};
    }
  };
};

}  // namespace weir::api::logs
