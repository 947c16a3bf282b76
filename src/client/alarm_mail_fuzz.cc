// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "client/mail_client.h"
#include "client/transports.h"

// Anything published must become a mail whose lines a relay takes, without a byte that is no text.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  const std::string text(reinterpret_cast<const char*>(data), size);
  notify::Delivery delivery;
  delivery.protocol = "email";
  delivery.endpoint = "ops@example.com";
  delivery.common_message = delivery.message = text;
  client::AlarmDetails details;
  details.records.push_back({Time{}, "group", text});
  const std::string wire =
      client::format_mail(client::mail_for(delivery, details), "weir@localhost");
  std::string_view rest = wire;
  while (!rest.empty()) {
    const auto end = rest.find("\r\n");
    WEIR_ASSERT(end != std::string_view::npos && end <= 998);
    for (const char c : rest.substr(0, end)) {
      WEIR_ASSERT(static_cast<unsigned char>(c) < 0x7f && (c >= 0x20 || c == '\t'));
    }
    rest.remove_prefix(end + 2);
  }
  return 0;
}
