// SPDX-License-Identifier: Apache-2.0
#include "client/signed_client.h"

#include <algorithm>
#include <future>
#include <memory>

#include "wire/digest.h"

namespace weir::client {
namespace {

bool may_succeed_later(int status) { return status == 429 || status >= 500; }

/// `host[:port]` as the Host header carries it: libcurl leaves out the port of the scheme.
std::string host_of(std::string_view url) {
  const bool is_https = url.starts_with("https://");
  std::string_view host = url.substr(url.find("://") + 3);
  host = host.substr(0, host.find('/'));
  const std::string_view usual = is_https ? ":443" : ":80";
  if (host.ends_with(usual)) host.remove_suffix(usual.size());
  return std::string(host);
}

std::string scheme_of(std::string_view url) {
  return std::string(url.substr(0, url.find("://") + 3));
}

}  // namespace

void wait_for(Runtime& runtime, Duration delay) {
  // Shared: the timer may fire while this function is already on its way out.
  const auto over = std::make_shared<std::promise<void>>();
  runtime.after(delay, [over] { over->set_value(); });
  over->get_future().wait();
}

Result<HttpResponse> SignedClient::send(const Call& call) const {
  Duration delay_max = config_.delay_first;
  for (int attempts = 1;; ++attempts) {
    Result<HttpResponse> answer = attempt(call);
    const bool may_retry =
        answer ? may_succeed_later(answer->status) : answer.error().kind == ErrorKind::unavailable;
    if (!may_retry || attempts >= config_.attempts_max) {
      if (answer && may_retry) {
        return Error{ErrorKind::unavailable, "ServiceUnavailable",
                     config_.url + " answered with status " + std::to_string(answer->status) + " " +
                         std::to_string(attempts) + " times: " + answer->body.substr(0, 300)};
      }
      return answer;
    }
    const auto delay = runtime_.random_below(static_cast<std::uint64_t>(delay_max.count()) + 1);
    wait_for(runtime_, Duration(static_cast<std::int64_t>(delay)));
    delay_max = std::min(delay_max * 2, config_.delay_max);
  }
}

Result<HttpResponse> SignedClient::attempt(const Call& call) const {
  const std::string host = call.host.empty() ? host_of(config_.url) : call.host;
  wire::HttpRequest signed_request;
  signed_request.method = call.method;
  wire::set_target(signed_request, call.target);
  signed_request.headers = call.headers;
  signed_request.headers.add("Host", host);
  if (!config_.identity.access_key.empty()) {
    wire::sigv4::sign(signed_request, config_.identity, runtime_.now(),
                      wire::sha256_hex(call.body));
  }
  HttpRequest request{.method = call.method,
                      .url = scheme_of(config_.url) + host + call.target,
                      .headers = signed_request.headers.all(),
                      .body = call.body,
                      .timeout = config_.timeout};
  // Shared: `done` outlives this call if the client is destroyed meanwhile.
  const auto answer = std::make_shared<std::promise<Result<HttpResponse>>>();
  auto future = answer->get_future();
  http_.send(std::move(request),
             [answer](Result<HttpResponse> result) { answer->set_value(std::move(result)); });
  return future.get();
}

}  // namespace weir::client
