// SPDX-License-Identifier: Apache-2.0
#include "cli/http.h"

#include <curl/curl.h>

#include <memory>

namespace weir::cli {
namespace {

constexpr long kTimeoutMs = 5000;
constexpr std::size_t kAnswerBytesMax = 64u << 20;

using Handle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;

std::size_t append(char* data, std::size_t size, std::size_t count, void* out) {
  auto& text = *static_cast<std::string*>(out);
  if (text.size() + size * count > kAnswerBytesMax) return 0;
  text.append(data, size * count);
  return size * count;
}

std::string escaped(CURL* handle, const std::string& text) {
  const std::unique_ptr<char, decltype(&curl_free)> escaped(
      curl_easy_escape(handle, text.data(), static_cast<int>(text.size())), &curl_free);
  WEIR_ASSERT(escaped != nullptr);
  return escaped.get();
}

/// `: <message>` of an error's JSON, or nothing.
std::string reason_in(const std::string& body) {
  const auto document = parse_json(body);
  if (!document || document->map() == nullptr) return "";
  const Document* const message = document->find("message");
  return message != nullptr && message->string() != nullptr ? ": " + *message->string() : "";
}

}  // namespace

Result<Document> get_json(const std::string& endpoint, const std::string& path,
                          const Parameters& parameters) {
  const Handle handle(curl_easy_init(), &curl_easy_cleanup);
  WEIR_ASSERT(handle != nullptr);
  std::string url = endpoint + path;
  char separator = '?';
  for (const auto& [name, value] : parameters) {
    url += std::exchange(separator, '&') + name + "=" + escaped(handle.get(), value);
  }
  std::string body;
  curl_easy_setopt(handle.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle.get(), CURLOPT_NOPROXY, "*");
  curl_easy_setopt(handle.get(), CURLOPT_TIMEOUT_MS, kTimeoutMs);
  curl_easy_setopt(handle.get(), CURLOPT_WRITEFUNCTION, &append);
  curl_easy_setopt(handle.get(), CURLOPT_WRITEDATA, &body);
  if (const CURLcode code = curl_easy_perform(handle.get()); code != CURLE_OK) {
    return Error{ErrorKind::unavailable, "NoAnswer",
                 "no answer from " + endpoint + path + ": " + curl_easy_strerror(code) +
                     " (is the daemon running?)"};
  }
  long http_status = 0;
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &http_status);
  if (http_status != 200) {
    return Error{
        ErrorKind::unavailable, "NoAnswer",
        endpoint + path + " answered with status " + std::to_string(http_status) + reason_in(body)};
  }
  return parse_json(body);
}

}  // namespace weir::cli
