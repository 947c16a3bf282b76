// SPDX-License-Identifier: Apache-2.0
#include "queues/message.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace weir::queues {

namespace {

constexpr std::size_t kNameBytesMax = 256;

std::string digest(const EVP_MD* algorithm, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned int size = 0;
  WEIR_ASSERT(EVP_Digest(bytes.data(), bytes.size(), out.data(), &size, algorithm, nullptr) == 1);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (unsigned int i = 0; i < size; ++i) {
    text += kDigits[out[i] >> 4];
    text += kDigits[out[i] & 15];
  }
  return text;
}

void append_length_and(std::string& out, std::string_view text) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    out += static_cast<char>(text.size() >> shift & 0xff);
  }
  out += text;
}

// SQS API Reference, SendMessage: #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to
// #x10FFFF. Text that is not UTF-8 has none of these characters.
bool is_text(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  for (std::size_t i = 0; i < text.size();) {
    const unsigned char first = at(i);
    if (first < 0x80) {
      if (first < 0x20 && first != '\t' && first != '\n' && first != '\r') return false;
      ++i;
      continue;
    }
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
    if (length == 0 || first > 0xf4 || i + length > text.size()) return false;
    std::uint32_t code = first & (0xff >> (length + 1));
    for (std::size_t k = 1; k < length; ++k) {
      if ((at(i + k) & 0xc0) != 0x80) return false;
      code = code << 6 | (at(i + k) & 0x3f);
    }
    const bool is_shortest = length == 2 || (length == 3 && code >= 0x800) || code >= 0x10000;
    if (!is_shortest || (code >= 0xd800 && code < 0xe000) || code == 0xfffe || code == 0xffff ||
        code > 0x10ffff) {
      return false;
    }
    i += length;
  }
  return true;
}

bool is_number(const std::string& text) {
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end;
}

Error invalid(std::string text) { return queue_error("InvalidParameterValue", std::move(text)); }

bool is_name(std::string_view name) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  };
  return !name.empty() && name.size() <= kNameBytesMax && std::ranges::all_of(name, is_allowed) &&
         name.front() != '.' && name.back() != '.' && name.find("..") == std::string_view::npos;
}

}  // namespace

Shape MessageAttribute::shape() {
  using S = MessageAttribute;
  static constexpr Member members[] = {
      required<&S::type>("type"),
      required<&S::value>("value"),
  };
  return {"QueueMessageAttribute", members};
}

Shape StoredMessage::shape() {
  using S = StoredMessage;
  static constexpr Member members[] = {
      required<&S::id>("id"),
      required<&S::body>("body"),
      optional<&S::attributes>("attributes"),
      optional<&S::trace_header>("traceHeader"),
      optional<&S::sender>("sender"),
      required<&S::sent>("sent"),
      required<&S::visible_at>("visibleAt"),
      optional<&S::group_id>("groupId"),
      optional<&S::deduplication_id>("deduplicationId"),
      optional<&S::dead_letter_source>("deadLetterSource"),
  };
  return {"QueueMessage", members};
}

Error queue_error(std::string code, std::string message) {
  return Error{ErrorKind::invalid, std::move(code), std::move(message)};
}

Error invalid_value(std::string_view value, std::string_view name, std::string_view reason) {
  std::string text = "Value ";
  text.append(value).append(" for parameter ").append(name).append(" is invalid. Reason: ");
  return invalid(text.append(reason));
}

Error missing_parameter(std::string_view name) {
  return queue_error("MissingParameter",
                     "The request must contain the parameter " + std::string(name) + ".");
}

Result<MessageAttribute> make_attribute(const std::string& name, const std::string& type,
                                        const std::optional<std::string>& string_value,
                                        const std::optional<std::string>& binary_value) {
  const std::string quoted = "The message attribute '" + name + "' ";
  if (!is_name(name)) {
    return invalid("Message (user) attribute name '" + name + "' is not a valid name.");
  }
  if (type.empty()) {
    return invalid(quoted + "must contain a non-empty message attribute type.");
  }
  const std::string base = type.substr(0, type.find('.'));
  if ((base != "String" && base != "Number" && base != "Binary") || type.size() > kNameBytesMax) {
    return invalid(quoted +
                   "has an invalid message attribute type, the set of supported type prefixes is "
                   "Binary, Number, and String.");
  }
  const bool is_binary = base == "Binary";
  if ((is_binary ? string_value : binary_value).has_value()) {
    return invalid(quoted + "with type '" + type + "' must use field '" +
                   (is_binary ? "Binary" : "String") + "'.");
  }
  const auto& value = is_binary ? binary_value : string_value;
  if (!value || value->empty()) {
    return invalid(quoted +
                   "must contain a non-empty message attribute value for message attribute type '" +
                   type + "'.");
  }
  if (!is_binary && !is_text(*value)) {
    return invalid(quoted + "contains an invalid character.");
  }
  if (base == "Number" && !is_number(*value)) {
    return invalid("Can't cast the value of message (user) attribute '" + name + "' to a number.");
  }
  return MessageAttribute{type, Bytes{*value}};
}

std::size_t message_bytes(const Sending& sending) {
  std::size_t bytes = sending.body.size();
  for (const auto& [name, attribute] : sending.attributes) {
    bytes += name.size() + attribute.type.size() + attribute.value.value.size();
  }
  return bytes;
}

Result<void> check_sending(const Sending& sending) {
  if (sending.body.empty()) return missing_parameter("MessageBody");
  if (!is_text(sending.body)) {
    return queue_error("InvalidMessageContents",
                       "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | "
                       "#x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF");
  }
  if (sending.attributes.size() > kAttributesMax) {
    return invalid("Number of message attributes [" + std::to_string(sending.attributes.size()) +
                   "] exceeds the allowed maximum [" + std::to_string(kAttributesMax) + "].");
  }
  if (sending.delay_s && (*sending.delay_s < 0 || *sending.delay_s > kDelayMax_s)) {
    return invalid_value(std::to_string(*sending.delay_s), "DelaySeconds",
                         "DelaySeconds must be >= 0 and <= " + std::to_string(kDelayMax_s) + ".");
  }
  return {};
}

std::string md5_hex(std::string_view bytes) { return digest(EVP_md5(), bytes); }
std::string sha256_hex(std::string_view bytes) { return digest(EVP_sha256(), bytes); }

std::string md5_of_attributes(const MessageAttributes& attributes) {
  if (attributes.empty()) return {};
  std::string bytes;
  for (const auto& [name, attribute] : attributes) {  // sorted by name
    append_length_and(bytes, name);
    append_length_and(bytes, attribute.type);
    bytes += attribute.is_binary() ? '\2' : '\1';
    append_length_and(bytes, attribute.value.value);
  }
  return md5_hex(bytes);
}

}  // namespace weir::queues
