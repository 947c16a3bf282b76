// SPDX-License-Identifier: Apache-2.0
#include "delivery/stream_transport.h"

#include "base/base64.h"
#include "base/document.h"

namespace weir::delivery {
namespace {

constexpr std::size_t kShownMax = 200;  // characters of what the endpoint says

std::string shown(std::string_view text) { return std::string(text.substr(0, kShownMax)); }

ErrorKind kind_of(int status) {
  switch (status) {
    case 401:
    case 403:
      return ErrorKind::forbidden;
    case 413:
      return ErrorKind::too_large;
    case 429:
      return ErrorKind::limit;
    case 400:
    case 404:
    case 405:
    case 410:
    case 415:
    case 422:
      return ErrorKind::invalid;
    default:
      return ErrorKind::unavailable;
  }
}

}  // namespace

std::string stream_request_body(const StreamRequest& request) {
  std::string body = "{\"requestId\":";
  append_json_string(body, request.id);
  body += ",\"timestamp\":" + std::to_string(request.created.ms) + ",\"records\":[";
  for (std::size_t i = 0; i < request.records.size(); ++i) {
    body += i == 0 ? "{\"data\":\"" : ",{\"data\":\"";
    body += base64_encode(request.records[i]);
    body += "\"}";
  }
  return body + "]}";
}

Result<void> check_stream_answer(const StreamRequest& request, int status, std::string_view body) {
  const auto answer = parse_json(body);
  const auto text = [&](std::string_view name) -> std::string {
    const Document* found = answer ? answer->find(name) : nullptr;
    return found != nullptr && found->string() != nullptr ? *found->string() : "";
  };
  if (status != 200) {
    std::string message = "the endpoint answered " + std::to_string(status);
    if (const std::string reason = text("errorMessage"); !reason.empty())
      message += ": " + shown(reason);
    return Error{kind_of(status), "DeliveryFailed", std::move(message)};
  }
  if (text("requestId") == request.id) return {};
  return Error{
      ErrorKind::unavailable, "DeliveryFailed",
      "the endpoint answered 200 without the requestId " + request.id + " but: " + shown(body)};
}

}  // namespace weir::delivery
