// SPDX-License-Identifier: Apache-2.0
#include "wire/event_stream.h"

#include <cstdint>
#include <limits>

#include <zlib.h>

#include "base/document.h"

namespace weir::wire {
namespace {

constexpr std::size_t kPreludeBytes = 12;  // total length, length of the headers, checksum
constexpr std::size_t kChecksumBytes = 4;
constexpr char kText = 7;

std::uint32_t checksum(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

void append_number(std::string& out, std::uint64_t number, std::size_t bytes) {
  while (bytes-- > 0) out += static_cast<char>(number >> (8 * bytes) & 0xff);
}

std::uint32_t number_at(std::string_view bytes, std::size_t offset, std::size_t count) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < count; ++i) {
    number = number << 8 | static_cast<unsigned char>(bytes[offset + i]);
  }
  return number;
}

Error damaged(std::string_view what) {
  return {ErrorKind::invalid, "InvalidEventStream",
          "the answer is no event stream: " + std::string(what)};
}

/// How long a header's value is: of fixed length by its type, else as its first two bytes say.
std::optional<std::size_t> value_size(char type, std::string_view rest, std::size_t& prefix) {
  constexpr std::size_t kSizes[] = {0, 0, 1, 2, 4, 8, 0, 0, 8, 16};
  constexpr char kBytes = 6;
  prefix = 0;
  if (type == kBytes || type == kText) {
    prefix = 2;
    if (rest.size() < prefix) return std::nullopt;
    return number_at(rest, 0, 2);
  }
  if (static_cast<unsigned char>(type) >= std::size(kSizes)) return std::nullopt;
  return kSizes[static_cast<unsigned char>(type)];
}

Result<EventMessage> read_headers(std::string_view bytes) {
  EventMessage message;
  while (!bytes.empty()) {
    const std::size_t name_size = static_cast<unsigned char>(bytes[0]);
    if (bytes.size() < name_size + 2) return damaged("a header ends early");
    const std::string_view name = bytes.substr(1, name_size);
    const char type = bytes[name_size + 1];
    bytes.remove_prefix(name_size + 2);
    std::size_t prefix = 0;
    const auto size = value_size(type, bytes, prefix);
    if (!size || bytes.size() < prefix + *size) return damaged("a header's value does not read");
    if (type == kText) {
      message.headers.emplace_back(std::string(name), std::string(bytes.substr(prefix, *size)));
    }
    bytes.remove_prefix(prefix + *size);
  }
  return message;
}

}  // namespace

std::string_view EventMessage::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

std::string encode(const EventMessage& message) {
  std::string headers;
  for (const auto& [name, value] : message.headers) {
    WEIR_ASSERT(name.size() <= std::numeric_limits<std::uint8_t>::max() &&
                value.size() <= std::numeric_limits<std::int16_t>::max());
    append_number(headers, name.size(), 1);
    headers += name;
    headers += kText;
    append_number(headers, value.size(), 2);
    headers += value;
  }
  const std::size_t total =
      kPreludeBytes + headers.size() + message.payload.size() + kChecksumBytes;
  std::string bytes;
  bytes.reserve(total);
  append_number(bytes, total, 4);
  append_number(bytes, headers.size(), 4);
  append_number(bytes, checksum(bytes), 4);
  bytes += headers;
  bytes += message.payload;
  append_number(bytes, checksum(bytes), kChecksumBytes);
  return bytes;
}

EventMessage event_message(std::string_view event_type, std::string json) {
  return {.headers = {{":message-type", "event"},
                      {":event-type", std::string(event_type)},
                      {":content-type", "application/x-amz-json-1.1"}},
          .payload = std::move(json)};
}

EventMessage exception_message(std::string_view exception_type, std::string_view text) {
  EventMessage message{.headers = {{":message-type", "exception"},
                                   {":exception-type", std::string(exception_type)},
                                   {":content-type", "application/x-amz-json-1.1"}}};
  Document::Map payload;
  payload.emplace_back("message", std::string(text));
  message.payload = to_json(Document(std::move(payload)));
  return message;
}

Result<std::optional<EventMessage>> EventStreamDecoder::next() {
  const std::string_view rest = std::string_view(buffer_).substr(offset_);
  if (rest.size() < kPreludeBytes) return std::optional<EventMessage>();
  const std::size_t total = number_at(rest, 0, 4);
  const std::size_t headers_size = number_at(rest, 4, 4);
  if (checksum(rest.substr(0, 8)) != number_at(rest, 8, 4)) {
    return damaged("the checksum of a prelude is wrong");
  }
  if (total > kMessageBytesMax || headers_size > kHeadersBytesMax ||
      total < kPreludeBytes + headers_size + kChecksumBytes) {
    return damaged("a message has an impossible length");
  }
  if (rest.size() < total) return std::optional<EventMessage>();
  const std::size_t end = total - kChecksumBytes;
  if (checksum(rest.substr(0, end)) != number_at(rest, end, 4)) {
    return damaged("the checksum of a message is wrong");
  }
  WEIR_TRY(EventMessage message, read_headers(rest.substr(kPreludeBytes, headers_size)));
  const std::size_t payload = kPreludeBytes + headers_size;
  message.payload = rest.substr(payload, end - payload);
  offset_ += total;
  if (offset_ > buffer_.size() / 2) {
    buffer_.erase(0, offset_);
    offset_ = 0;
  }
  return std::optional(std::move(message));
}

}  // namespace weir::wire
