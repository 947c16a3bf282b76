// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/document.h"
#include "notify/envelope.h"
#include "notify/message.h"

// Input: name, type and value of an attribute, then a message, one a line. What passes the checks
// of a publication must make JSON that reads back as it was.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const auto line = [&rest] {
    const auto end = rest.find('\n');
    std::string one(rest.substr(0, end));
    rest = end == std::string_view::npos ? "" : rest.substr(end + 1);
    return one;
  };
  const std::string name = line();
  const std::string type = line();
  const std::string value = line();
  notify::Publication publication;
  publication.message = std::string(rest);
  for (const bool is_binary : {false, true}) {
    const auto attribute =
        notify::make_attribute(name, type, is_binary ? std::nullopt : std::optional(value),
                               is_binary ? std::optional(value) : std::nullopt);
    if (attribute) publication.attributes[name] = *attribute;
  }
  for (const bool is_structured : {true, false}) {
    publication.is_structured = is_structured;
    if (!notify::check_publication(publication)) continue;
    notify::Envelope envelope;
    envelope.attributes = publication.attributes;
    envelope.message =
        notify::message_for_protocol(publication.message, publication.is_structured, "http");
    for (const std::string& body : {notify::http_body(envelope), notify::lambda_event(envelope)}) {
      const auto tree = parse_json(body);
      WEIR_ASSERT(tree);
      const Document* message = tree->find("Message");
      // Bytes that are no UTF-8 are replaced; they cannot come through the API's decoders.
      const bool is_same = message == nullptr || *message->string() == envelope.message;
      WEIR_ASSERT(is_same || message->string()->find("\xef\xbf\xbd") != std::string::npos);
    }
  }
  return 0;
}
