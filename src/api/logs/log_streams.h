// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/logs/common.h"
#include "base/shape.h"

namespace weir::api::logs {

inline constexpr std::string_view kStreamOrders[] = {"LogStreamName", "LastEventTime"};

/// A log stream as DescribeLogStreams shows it.
struct LogStream {
  std::string log_stream_name;
  std::int64_t creation_time = 0;
  std::optional<std::int64_t> first_event_timestamp;
  std::optional<std::int64_t> last_event_timestamp;
  std::optional<std::int64_t> last_ingestion_time;
  std::optional<std::string> upload_sequence_token;
  std::string arn;
  std::int64_t stored_bytes = 0;
  static Shape shape() {
    using S = LogStream;
    static constexpr Member members[] = {
        required<&S::log_stream_name>("logStreamName"),
        required<&S::creation_time>("creationTime"),
        optional<&S::first_event_timestamp>("firstEventTimestamp"),
        optional<&S::last_event_timestamp>("lastEventTimestamp"),
        optional<&S::last_ingestion_time>("lastIngestionTime"),
        optional<&S::upload_sequence_token>("uploadSequenceToken"),
        required<&S::arn>("arn"),
        required<&S::stored_bytes>("storedBytes"),
    };
    return {"LogStream", members};
  }
};

/// Creates a log stream.
struct CreateLogStream {
  static constexpr std::string_view name = "CreateLogStream";
  struct Input {
    std::string log_group_name;
    std::string log_stream_name;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::log_group_name>("logGroupName", kNameLength, kGroupPattern),
          required<&S::log_stream_name>("logStreamName"),
      };
      return {"CreateLogStreamRequest", members};
    }
  };
  using Output = Empty;
};

/// Deletes a log stream with its events.
struct DeleteLogStream {
  static constexpr std::string_view name = "DeleteLogStream";
  struct Input {
    std::string log_group_name;
    std::string log_stream_name;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::log_group_name>("logGroupName", kNameLength, kGroupPattern),
          required<&S::log_stream_name>("logStreamName", kNameLength, kStreamPattern),
      };
      return {"DeleteLogStreamRequest", members};
    }
  };
  using Output = Empty;
};

/// Lists log streams in order of name or of their last event.
struct DescribeLogStreams {
  static constexpr std::string_view name = "DescribeLogStreams";
  struct Input {
    std::optional<std::string> log_group_name;
    std::optional<std::string> log_group_identifier;
    std::optional<std::string> log_stream_name_prefix;
    std::optional<std::string> order_by;
    bool descending = false;
    std::optional<std::string> next_token;
    std::optional<int> limit;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::log_group_name>("logGroupName", kNameLength, kGroupPattern),
          optional<&S::log_group_identifier>("logGroupIdentifier", kIdentifierLength),
          optional<&S::log_stream_name_prefix>("logStreamNamePrefix", kNameLength, kStreamPattern),
          optional<&S::order_by>("orderBy", one_of(kStreamOrders)),
          optional<&S::descending>("descending"),
          optional<&S::next_token>("nextToken", kTokenLength),
          optional<&S::limit>("limit", kListLimit),
      };
      return {"DescribeLogStreamsRequest", members};
    }
  };
  struct Output {
    std::vector<LogStream> log_streams;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::log_streams>("logStreams"),
          optional<&S::next_token>("nextToken"),
      };
      return {"DescribeLogStreamsResponse", members};
    }
  };
};

}  // namespace weir::api::logs
