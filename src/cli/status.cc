// SPDX-License-Identifier: Apache-2.0
#include <curl/curl.h>

#include <iostream>
#include <memory>

#include "base/document.h"
#include "cli/cli.h"
#include "cli/commands.h"

namespace weir::cli {
namespace {

constexpr long kTimeoutMs = 5000;
constexpr std::size_t kAnswerBytesMax = 4u << 20;

std::size_t append(char* data, std::size_t size, std::size_t count, void* out) {
  auto& text = *static_cast<std::string*>(out);
  if (text.size() + size * count > kAnswerBytesMax) return 0;
  text.append(data, size * count);
  return size * count;
}

Result<std::string> get(const std::string& url) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> handle(curl_easy_init(),
                                                                   &curl_easy_cleanup);
  WEIR_ASSERT(handle != nullptr);
  std::string body;
  curl_easy_setopt(handle.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle.get(), CURLOPT_NOPROXY, "*");
  curl_easy_setopt(handle.get(), CURLOPT_TIMEOUT_MS, kTimeoutMs);
  curl_easy_setopt(handle.get(), CURLOPT_WRITEFUNCTION, &append);
  curl_easy_setopt(handle.get(), CURLOPT_WRITEDATA, &body);
  if (const CURLcode code = curl_easy_perform(handle.get()); code != CURLE_OK) {
    return Error{
        ErrorKind::unavailable, "NoAnswer",
        "no answer from " + url + ": " + curl_easy_strerror(code) + " (is the daemon running?)"};
  }
  long http_status = 0;
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &http_status);
  if (http_status != 200) {
    return Error{ErrorKind::unavailable, "NoAnswer",
                 url + " answered with status " + std::to_string(http_status)};
  }
  return body;
}

std::string scalar(const Document& value) {
  return value.string() != nullptr ? *value.string() : to_json(value);
}

/// One line for each member; lists of maps as one indented line for each item.
void print(const Document::Map& members, const std::string& indent) {
  for (const auto& [name, value] : members) {
    if (const auto* list = value.list()) {
      std::cout << indent << coloured(name, "1") << '\n';
      for (const Document& item : *list) {
        std::cout << indent << "  -";
        if (item.map() == nullptr) std::cout << ' ' << scalar(item);
        if (item.map() != nullptr) {
          for (const auto& [key, part] : *item.map())
            std::cout << ' ' << key << '=' << scalar(part);
        }
        std::cout << '\n';
      }
    } else if (value.map() != nullptr) {
      std::cout << indent << coloured(name, "1") << '\n';
      print(*value.map(), indent + "  ");
    } else {
      std::cout << indent << coloured(name, "1") << ": " << scalar(value) << '\n';
    }
  }
}

}  // namespace

bool daemon_answers(const daemon::Config& config) {
  return static_cast<bool>(get(config.endpoint_url() + "/_weir/health"));
}

int status(const daemon::Config& config, const StatusOptions& options) {
  const auto answer = get(config.endpoint_url() + "/_weir/health");
  if (!answer) return fail(answer.error());
  const auto document = parse_json(*answer);
  if (!document) return fail(document.error());
  if (options.json || document->map() == nullptr) {
    std::cout << to_pretty_json(*document) << '\n';
  } else {
    print(*document->map(), "");
  }
  return kSuccess;
}

}  // namespace weir::cli
