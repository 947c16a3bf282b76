// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>

#include "base/document.h"
#include "import/readers.h"

namespace weir::import {
namespace {

/// Cuts a stream of JSON objects that stand behind each other, with or without blanks between, into
/// the texts of the objects.
class ObjectSplitter {
 public:
  explicit ObjectSplitter(columnar::ByteSource& bytes) : bytes_(bytes) {}

  /// False at the end. Error: of the source; something else than an object; an object that is too
  /// large or has no end.
  Result<bool> next(std::string& object) {
    object.clear();
    while (true) {
      for (; at_ < piece_.size(); ++at_) {
        const char c = piece_[at_];
        if (depth_ == 0) {
          if (static_cast<unsigned char>(c) <= 0x20) continue;
          if (c != '{') return broken("something else than a JSON object stands there");
        }
        object += c;
        if (step(c)) {
          ++at_;
          return true;
        }
      }
      if (object.size() > kPayloadBytesMax) return broken("a payload is too large");
      WEIR_TRY(piece_, bytes_.next());
      at_ = 0;
      if (!piece_.empty()) continue;
      if (depth_ > 0) return broken("the last payload is cut short");
      return false;
    }
  }

 private:
  static Error broken(std::string_view what) {
    return {ErrorKind::invalid, "InvalidData", std::string(what)};
  }

  /// Follows the nesting; true at the end of the object.
  bool step(char c) {
    if (is_text_) {
      if (is_escaped_) {
        is_escaped_ = false;
      } else if (c == '\\') {
        is_escaped_ = true;
      } else if (c == '"') {
        is_text_ = false;
      }
      return false;
    }
    if (c == '"') is_text_ = true;
    if (c == '{' || c == '[') ++depth_;
    if (c == '}' || c == ']') return --depth_ == 0;
    return false;
  }

  columnar::ByteSource& bytes_;
  std::string_view piece_;
  std::size_t at_ = 0;
  int depth_ = 0;
  bool is_text_ = false;
  bool is_escaped_ = false;
};

std::string_view text_of(const Document* document) {
  const std::string* text = document == nullptr ? nullptr : document->string();
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

Result<void> take_payload(const Document& payload, std::uint64_t& number, BatchReader& records) {
  if (text_of(payload.find("messageType")) == "CONTROL_MESSAGE") return {};
  const Document* events = payload.find("logEvents");
  if (events == nullptr || events->list() == nullptr) {
    records.damage(++number, "the JSON object is no subscription payload: it has no logEvents",
                   to_json(payload));
    return {};
  }
  Around around;
  around.stream = text_of(payload.find("logStream"));
  for (const Document& event : *events->list()) {
    ++number;
    const Document* time = event.find("timestamp");
    const std::string_view message = text_of(event.find("message"));
    around.time = std::nullopt;
    if (time != nullptr && time->integer() != nullptr) around.time = Time{*time->integer()};
    if (message.empty()) {
      records.damage(number, "the log event has no message", to_json(event));
      continue;
    }
    WEIR_CHECK(records.line(message, number, around));
  }
  return {};
}

}  // namespace

Result<void> read_payloads(columnar::ByteSource& bytes, BatchReader& records) {
  ObjectSplitter objects(bytes);
  std::string text;
  std::uint64_t number = 0;
  while (true) {
    WEIR_TRY(const bool more, objects.next(text));
    if (!more) return {};
    const auto payload = parse_json(text);
    if (!payload) {
      records.damage(++number, payload.error().message, text);
      continue;
    }
    WEIR_CHECK(take_payload(*payload, number, records));
  }
}

}  // namespace weir::import
