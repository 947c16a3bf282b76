// SPDX-License-Identifier: Apache-2.0
#include "notify/message.h"

#include <charconv>
#include <utility>

#include "base/document.h"

namespace weir::notify {

namespace {

Error value_invalid(std::string message) {
  return Error{ErrorKind::invalid, "ParameterValueInvalid", std::move(message)};
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.';
}

// The order of these checks is the one that answers recorded from AWS imply.
Result<void> check_attribute_name(std::string_view name) {
  if (name.empty() || name.size() > kAttributeNameBytesMax) {
    return value_invalid("Length of message attribute name must be less than 256 bytes.");
  }
  if (name.front() == '.') {
    return value_invalid("Invalid message attribute name starting with character '.' was found.");
  }
  if (name.back() == '.') {
    return value_invalid("Invalid message attribute name ending with character '.' was found.");
  }
  char previous = 0;
  for (const char c : name) {
    if (!is_name_character(c)) {
      constexpr std::string_view kDigits = "0123456789ABCDEF";
      const auto byte = static_cast<unsigned char>(c);
      const std::string hex{kDigits[byte >> 4], kDigits[byte & 15]};
      return value_invalid("Invalid non-alphanumeric character '#x" + hex +
                           "' was found in the message attribute name. Can only include "
                           "alphanumeric characters, hyphens, underscores, or dots.");
    }
    if (c == '.' && previous == '.') {
      return value_invalid("Message attribute name can not have successive '.' character.");
    }
    previous = c;
  }
  return {};
}

bool is_known_type(std::string_view type) {
  for (const std::string_view base : {"String", "Number", "Binary"}) {
    if (type == base) return true;
    if (type.starts_with(base) && type.size() > base.size() + 1 && type[base.size()] == '.') {
      return true;
    }
  }
  return false;
}

bool is_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

// AWS: up to 100 characters, no line break, no control character; "" is refused.
Result<void> check_subject(std::string_view subject) {
  std::size_t characters = 0;
  for (const char c : subject) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) return invalid_parameter("Subject");
    if ((byte & 0xc0) != 0x80) ++characters;
  }
  if (characters == 0 || characters > kSubjectCharactersMax) return invalid_parameter("Subject");
  return {};
}

Result<void> check_structure(std::string_view message) {
  const auto tree = parse_json(message);
  if (!tree || !tree->map()) {
    return invalid_parameter("Message Structure - JSON message body failed to parse");
  }
  const Document* fallback = tree->find("default");
  if (!fallback || !fallback->string()) {
    return invalid_parameter("Message Structure - No default entry in JSON message body");
  }
  return {};
}

}  // namespace

std::string_view type_name(MessageKind kind) {
  switch (kind) {
    case MessageKind::notification:
      return "Notification";
    case MessageKind::subscription_confirmation:
      return "SubscriptionConfirmation";
    case MessageKind::unsubscribe_confirmation:
      return "UnsubscribeConfirmation";
  }
  WEIR_ASSERT(false);
}

Error invalid_parameter(std::string_view what) {
  return Error{ErrorKind::invalid, "InvalidParameter", "Invalid parameter: " + std::string(what)};
}

Result<MessageAttribute> make_attribute(const std::string& name, const std::string& type,
                                        const std::optional<std::string>& string_value,
                                        const std::optional<std::string>& binary_value) {
  WEIR_CHECK(check_attribute_name(name));
  const std::string attribute = "The message attribute '" + name + "'";
  if (!is_known_type(type)) {
    return value_invalid(attribute +
                         " has an invalid message attribute type, the set of supported type "
                         "prefixes is Binary, Number, and String.");
  }
  const bool is_binary = type.starts_with("Binary");
  const auto& value = is_binary ? binary_value : string_value;
  if (!value && (string_value || binary_value)) {
    return value_invalid(attribute + " with type '" + type + "' must use field '" +
                         (is_binary ? "Binary" : "String") + "'.");
  }
  if (!value || value->empty()) {
    return value_invalid(attribute +
                         " must contain non-empty message attribute value for message attribute "
                         "type '" +
                         type + "'.");
  }
  if (type.starts_with("Number") && !is_number(*value)) {
    return value_invalid("Could not cast message attribute '" + name + "' value to number.");
  }
  return MessageAttribute{type, Bytes{*value}};
}

std::size_t publication_bytes(const Publication& publication) {
  std::size_t bytes = publication.message.size();
  for (const auto& [name, attribute] : publication.attributes) {
    bytes += name.size() + attribute.type.size() + attribute.value.value.size();
  }
  return bytes;
}

Result<void> check_publication(const Publication& publication) {
  if (publication.message.empty()) return invalid_parameter("Empty message");
  if (publication_bytes(publication) > kMessageBytesMax) {
    return invalid_parameter("Message too long");
  }
  if (publication.subject) WEIR_CHECK(check_subject(*publication.subject));
  if (publication.is_structured) WEIR_CHECK(check_structure(publication.message));
  return {};
}

std::string message_for_protocol(const std::string& message, bool is_structured,
                                 std::string_view protocol) {
  if (!is_structured) return message;
  const auto tree = parse_json(message);
  WEIR_ASSERT(tree);  // checked at publication
  const Document* own = tree->find(protocol);
  if (!own || !own->string()) own = tree->find("default");
  WEIR_ASSERT(own && own->string());
  return *own->string();
}

}  // namespace weir::notify
