// SPDX-License-Identifier: Apache-2.0
#include "server/http_text.h"

#include <algorithm>
#include <ctime>

namespace weir::server {

std::string http_date(Time time) {
  const std::time_t seconds = time.seconds();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[40];
  return {text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

std::string header_value(std::string_view text) {
  std::string out(text);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
  return out;
}

const std::string_view kTooManyConnections =
    "HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\nConnection: close\r\n"
    "Content-Length: 87\r\n\r\n"
    "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>";

}  // namespace weir::server
