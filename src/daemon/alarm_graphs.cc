// SPDX-License-Identifier: Apache-2.0
#include "daemon/alarm_graphs.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/document.h"
#include "base/log.h"
#include "base/scope.h"
#include "wire/digest.h"

namespace weir::daemon {
namespace {

constexpr std::string_view kSecretKey = "links/secret";
constexpr int kSecretNumbers = 4;       // of 64 bits
constexpr std::size_t kMacDigits = 32;  // 128 bits

std::string text_of(const Document& document, std::string_view name) {
  const Document* const found = document.find(name);
  return found != nullptr && found->string() != nullptr ? *found->string() : std::string();
}

wire::HttpResponse refusal(int status, std::string text) {
  wire::HttpResponse response;
  response.status = status;
  response.headers.add("Content-Type", "text/plain; charset=utf-8");
  response.body = std::move(text) + "\n";
  return response;
}

}  // namespace

/// Made when it is first needed, and kept.
Result<std::string> AlarmGraphs::secret() {
  const std::lock_guard lock(making_secret_);
  WEIR_TRY(auto known, store_.get(kSecretKey));
  if (known) return *std::move(known);
  std::string made;
  for (int i = 0; i < kSecretNumbers; ++i) store::append_u64(made, runtime_.random());
  WEIR_CHECK(store_.put(std::string(kSecretKey), made));
  return made;
}

Result<std::string> AlarmGraphs::mac(std::string_view alarm, std::string_view moment) {
  WEIR_TRY(const std::string key, secret());
  const std::string about = std::string(alarm) + '\n' + std::string(moment);
  return wire::to_hex(wire::hmac_sha256(key, about)).substr(0, kMacDigits);
}

std::string AlarmGraphs::url(std::string_view message) {
  const auto parsed = parse_json(message);
  if (!parsed || parsed->map() == nullptr) return {};
  const std::string alarm = text_of(*parsed, "AlarmArn");
  const auto changed = parse_iso8601(text_of(*parsed, "StateChangeTime"));
  if (alarm.empty() || !changed) return {};
  const std::string moment = std::to_string(changed->ms);
  const auto signature = mac(alarm, moment);
  if (!signature) {
    log::warn("cannot make the link to an alarm's graph", {{"error", signature.error().message}});
    return {};
  }
  return endpoint_ + std::string(kPath) + "?alarm=" + wire::percent_encode(alarm) +
         "&at=" + moment + "&mac=" + *signature;
}

wire::HttpResponse AlarmGraphs::answer(const wire::HttpRequest& request) {
  const std::string alarm(request.query_value("alarm").value_or(""));
  const std::string moment(request.query_value("at").value_or(""));
  const std::string given(request.query_value("mac").value_or(""));
  const auto expected = mac(alarm, moment);
  if (!expected) return refusal(503, expected.error().message);
  Time changed;
  const auto [end, error] =
      std::from_chars(moment.data(), moment.data() + moment.size(), changed.ms);
  const bool is_ours = error == std::errc() && end == moment.data() + moment.size() &&
                       given.size() == expected->size() &&
                       wire::equal_in_constant_time(given, *expected);
  const auto arn = Arn::parse(alarm);
  if (!is_ours || !arn) return refusal(403, "This is no link that Weir made.");
  const Document widget =
      Document::Map{{"annotations", Document::Map{{"alarms", Document::List{alarm}}}},
                    {"start", to_iso8601(changed - kBefore)},
                    {"end", to_iso8601(std::min(changed + kAfter, runtime_.now()))}};
  auto image = widgets_.image(arn->scope, to_json(widget));
  if (!image) return refusal(404, image.error().message);
  wire::HttpResponse response;
  response.headers.add("Content-Type", "image/png");
  response.headers.add("Cache-Control", "private, max-age=60");
  response.body = *std::move(image);
  return response;
}

}  // namespace weir::daemon
