// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "flow/format.h"
#include "logs/types.h"

namespace weir::collect {

/// Log events that AWS delivered over HTTP, in the streams where they belong.
///
/// Two forms are known. Amazon Data Firehose ("HTTP endpoint delivery request and response
/// specifications"): a JSON object with `requestId`, `timestamp` and `records`, each with base64
/// `data`. And the payload of a CloudWatch Logs subscription filter: gzip, plain JSON, or the event
/// of a Lambda function (`awslogs.data`). A record of Firehose may again be such a payload (gzip or
/// not, several in a row), lines of text, or JSON objects with a `message`.
///
/// An event of a subscription payload keeps its stream, time and text. A line of text is read as a
/// flow record: its stream is `<interface-id>-all`, its time that of `start`. Lines that are no
/// flow record are kept too, in the stream kUnparsedStream with the time of their arrival.
struct Payload {
  /// All text of one delivery; more is refused. Firehose sends at most 64 MiB, compressed or not.
  static constexpr std::size_t kTextBytesMax = 256u << 20;
  static constexpr std::string_view kUnparsedStream = "unparsed";
  /// Of records that name no interface (custom formats without `interface-id`).
  static constexpr std::string_view kUnknownStream = "unknown-all";

  /// Of `id`. A longer one of Firehose is refused; of others none is made.
  static constexpr std::size_t kIdMax = 2048;

  bool is_firehose = false;
  /// Of Firehose, the same in every attempt; of a subscription payload made of its events' ids. ""
  /// if there is none.
  std::string id;
  std::map<std::string, std::vector<logs::InputLogEvent>> events;  // by stream
  std::size_t event_count = 0;
  std::size_t control_messages = 0;  // CloudWatch Logs testing whether the destination is there
  std::size_t lines_unparsed = 0;
  std::size_t events_too_large = 0;  // larger than a log event may be: left out
};

/// Reads the body of a delivery. `format` is that of the flow log for lines in a custom format;
/// without it the default format and those with all fields of a version are known. Errors, with
/// nothing taken: invalid (what does not read, and which record it is), too_large (more than
/// `text_bytes_max` of text).
Result<Payload> parse_payload(std::string_view body, const std::optional<flow::Format>& format,
                              Time now, std::size_t text_bytes_max = Payload::kTextBytesMax);

}  // namespace weir::collect
