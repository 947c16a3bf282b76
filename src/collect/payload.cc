// SPDX-License-Identifier: Apache-2.0
#include "collect/payload.h"

#include <algorithm>
#include <utility>

#include "base/base64.h"
#include "base/document.h"
#include "columnar/gzip.h"
#include "logs/logs.h"

namespace weir::collect {
namespace {

constexpr std::size_t kStreamNameMax = 512;
constexpr std::int64_t kStartMin = 1'000'000'000;  // 2001: before it is no flow record
constexpr std::int64_t kStartMax = 100'000'000'000;
constexpr std::string_view kBlanks = " \t\r\n";

Error refused(std::string message) {
  return {ErrorKind::invalid, "InvalidRequest", std::move(message)};
}

bool is_gzip(std::string_view bytes) { return bytes.starts_with("\x1f\x8b"); }

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// Takes one JSON object from the front, by its braces; the parser looks at the rest. Nothing if it
/// does not end.
std::optional<std::string_view> take_object(std::string_view& text) {
  std::size_t depth = 0;
  bool is_in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_in_string) {
      if (c == '\\') ++i;
      is_in_string = c != '"';
    } else if (c == '"') {
      is_in_string = true;
    } else if (c == '{') {
      ++depth;
    } else if (c == '}' && --depth == 0) {
      const std::string_view object = text.substr(0, i + 1);
      text.remove_prefix(i + 1);
      return object;
    }
  }
  return std::nullopt;
}

const std::string* string_member(const Document& object, std::string_view name) {
  const Document* member = object.find(name);
  return member == nullptr ? nullptr : member->string();
}

bool is_stream_name(std::string_view name) {
  return !name.empty() && name.size() <= kStreamNameMax &&
         name.find_first_of(":*") == std::string_view::npos;
}

class PayloadReader {
 public:
  PayloadReader(const std::optional<flow::Format>& format, Time now, std::size_t text_bytes_max)
      : given_(format), now_(now), text_bytes_max_(text_bytes_max) {}

  Result<void> read(std::string_view body) {
    const std::string_view text = trimmed(body);
    if (!is_gzip(body) && text.starts_with('{')) {
      WEIR_TRY(const Document document, parse_json(text));
      if (document.find("records") != nullptr) return read_firehose(document);
      if (is_aws_event(document)) return read_object(document, text);
    }
    return read_record(body);
  }
  Payload take() && {
    if (out_.id.size() > Payload::kIdMax) out_.id.clear();
    return std::move(out_);
  }

 private:
  static bool is_aws_event(const Document& object) {
    return object.find("messageType") != nullptr || object.find("awslogs") != nullptr;
  }

  Result<void> read_firehose(const Document& document) {
    out_.is_firehose = true;
    if (const std::string* id = string_member(document, "requestId")) out_.id = *id;
    if (out_.id.empty() || out_.id.size() > Payload::kIdMax) {
      return refused("requestId is missing or too long");
    }
    const Document::List* records = document.find("records")->list();
    if (records == nullptr) return refused("records is no list");
    for (std::size_t i = 0; i < records->size(); ++i) {
      const std::string where = "record " + std::to_string(i) + ": ";
      const std::string* data = string_member((*records)[i], "data");
      const auto bytes = data == nullptr ? std::nullopt : base64_decode(*data);
      if (!bytes) return refused(where + "data is no base64 text");
      if (auto done = read_record(*bytes); !done) {
        Error error = std::move(done).error();
        error.message = where + error.message;
        return error;
      }
    }
    return {};
  }

  /// What stands in one record of Firehose, or was posted itself.
  Result<void> read_record(std::string_view bytes) {
    std::string inflated;
    if (is_gzip(bytes)) {
      WEIR_TRY(inflated, inflate(bytes));
      bytes = inflated;
    } else {
      WEIR_CHECK(count_text(bytes.size()));
    }
    std::string_view rest = trimmed(bytes);
    if (!rest.starts_with('{')) {
      read_lines(rest);
      return {};
    }
    while (!rest.empty()) {
      const auto object = take_object(rest);
      if (!object) return refused("the JSON text does not end");
      auto document = parse_json(*object);
      if (!document) return refused(document.error().message);
      WEIR_CHECK(read_object(*document, *object));
      rest = trimmed(rest);
      if (!rest.empty() && rest.front() != '{') return refused("text behind the JSON object");
    }
    return {};
  }

  Result<std::string> inflate(std::string_view bytes) {
    auto text = columnar::gunzip(bytes, text_bytes_max_ - text_bytes_);
    if (!text) {
      Error error = refused("gzip: " + text.error().message);
      if (text.error().kind == ErrorKind::too_large) error.kind = ErrorKind::too_large;
      return error;
    }
    text_bytes_ += text->size();
    return text;
  }

  Result<void> count_text(std::size_t bytes) {
    if (bytes > text_bytes_max_ - text_bytes_) {
      return Error{ErrorKind::too_large, "PayloadTooLarge",
                   "more than " + std::to_string(text_bytes_max_) + " bytes of text"};
    }
    text_bytes_ += bytes;
    return {};
  }

  Result<void> read_object(const Document& object, std::string_view text) {
    if (object.find("messageType") != nullptr) return read_subscription(object);
    if (const Document* event = object.find("awslogs")) return read_lambda_event(*event);
    if (const std::string* message = string_member(object, "message")) {
      read_lines(*message);
    } else {
      keep_unparsed(text);
    }
    return {};
  }

  /// The event with which CloudWatch Logs calls a Lambda function.
  Result<void> read_lambda_event(const Document& event) {
    const std::string* data = string_member(event, "data");
    const auto bytes = data == nullptr ? std::nullopt : base64_decode(*data);
    if (!bytes) return refused("awslogs.data is no base64 text");
    WEIR_TRY(const std::string text, inflate(*bytes));
    auto document = parse_json(text);
    if (!document) return refused(document.error().message);
    if (document->find("messageType") == nullptr) return refused("awslogs: no messageType");
    return read_subscription(*document);
  }

  /// CloudWatch Logs User Guide, "Real-time processing of log data with subscriptions".
  Result<void> read_subscription(const Document& payload) {
    const std::string* type = string_member(payload, "messageType");
    if (type != nullptr && *type == "CONTROL_MESSAGE") {
      ++out_.control_messages;
      return {};
    }
    if (type == nullptr || *type != "DATA_MESSAGE") return refused("unknown messageType");
    const std::string* stream = string_member(payload, "logStream");
    if (stream == nullptr || !is_stream_name(*stream)) return refused("logStream is no name");
    const Document* events = payload.find("logEvents");
    if (events == nullptr || events->list() == nullptr) return refused("logEvents is no list");
    for (const Document& event : *events->list()) {
      const std::string* message = string_member(event, "message");
      const Document* timestamp = event.find("timestamp");
      const auto* time = timestamp == nullptr ? nullptr : timestamp->integer();
      if (message == nullptr || time == nullptr) {
        return refused("a log event without timestamp or message");
      }
      keep(*stream, *time, *message);
    }
    note_id(payload, *events->list());
    return {};
  }

  /// Ids of events are unique, so those at the ends and their number name the payload.
  void note_id(const Document& payload, const Document::List& events) {
    if (out_.is_firehose || events.empty()) return;
    const std::string* first = string_member(events.front(), "id");
    const std::string* last = string_member(events.back(), "id");
    const std::string* group = string_member(payload, "logGroup");
    if (first == nullptr || last == nullptr || first->empty()) return;
    out_.id += (group == nullptr ? "" : *group) + '/' + *first + '-' + *last + '/' +
               std::to_string(events.size()) + ';';
  }

  void read_lines(std::string_view text) {
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      const std::string_view line = trimmed(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
      if (!line.empty()) read_line(line);
    }
  }

  void read_line(std::string_view line) {
    if (flow::Format::is_header(line)) {
      if (auto header = flow::Format::from_header(line)) guessed_ = *std::move(header);
      return;
    }
    flow::Record record;
    if (!reads(line, record)) return keep_unparsed(line);
    const auto start = record.number(flow::Field::start);
    if (!start || *start < kStartMin || *start > kStartMax) return keep_unparsed(line);
    std::string_view name = record.text(flow::Field::interface_id);
    if (name.empty()) name = record.text(flow::Field::resource_id);
    const std::string stream =
        name.empty() ? std::string(Payload::kUnknownStream) : std::string(name) + "-all";
    if (!is_stream_name(stream)) return keep_unparsed(line);
    keep(stream, *start * 1000, line);
  }

  bool reads(std::string_view line, flow::Record& record) {
    if (given_ && given_->read(line, record)) return true;
    if (guessed_ && guessed_->read(line, record)) return true;
    auto detected = flow::Format::detect(line);
    if (!detected) return false;
    guessed_ = *std::move(detected);
    return guessed_->read(line, record);
  }

  void keep_unparsed(std::string_view text) {
    ++out_.lines_unparsed;
    keep(std::string(Payload::kUnparsedStream), now_.ms, text);
  }

  void keep(const std::string& stream, std::int64_t timestamp_ms, std::string_view message) {
    if (message.size() + logs::Logs::kEventBytesOverhead > logs::Logs::kBatchBytesMax) {
      ++out_.events_too_large;
      return;
    }
    if (message.empty()) return;
    out_.events[stream].push_back({timestamp_ms, std::string(message)});
    ++out_.event_count;
  }

  const std::optional<flow::Format>& given_;
  std::optional<flow::Format> guessed_;
  const Time now_;
  const std::size_t text_bytes_max_;
  std::size_t text_bytes_ = 0;
  Payload out_;
};

}  // namespace

Result<Payload> parse_payload(std::string_view body, const std::optional<flow::Format>& format,
                              Time now, std::size_t text_bytes_max) {
  PayloadReader reader(format, now, text_bytes_max);
  WEIR_CHECK(reader.read(body));
  return std::move(reader).take();
}

}  // namespace weir::collect
