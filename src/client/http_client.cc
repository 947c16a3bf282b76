// SPDX-License-Identifier: Apache-2.0
#include "client/http_client.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <utility>

#include "client/transfer_loop.h"

namespace weir::client {

namespace {

constexpr std::size_t kResponseHeadersMax = 200;
constexpr std::size_t kBytesForgottenMax = 1u << 20;  // of a body that is too long

Error http_error(ErrorKind kind, const std::string& url, const std::string& reason) {
  // Without query and user information: both may hold secrets.
  const std::string shown = url.substr(0, url.find('?'));
  const auto at = shown.find('@');
  const auto scheme = shown.find("://");
  const bool has_user = at != std::string::npos && scheme != std::string::npos && scheme < at;
  const std::string safe = has_user ? shown.substr(0, scheme + 3) + shown.substr(at + 1) : shown;
  return Error{kind, "ConnectionError", "cannot reach " + safe + ": " + reason};
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

class HttpTransfer final : public Transfer {
 public:
  HttpTransfer(HttpRequest request, HttpClient::Done done, const HttpClient::Config& config)
      : request_(std::move(request)), done_(std::move(done)), config_(config) {}
  ~HttpTransfer() override { curl_slist_free_all(headers_); }

  void prepare(void* easy) override {
    curl_easy_setopt(easy, CURLOPT_URL, request_.url.c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);  // `..` may be part of an object's key
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");  // also keeps the environment's proxy out
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(request_.timeout.count()));
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(config_.connect_timeout.count()));
    if (!config_.ca_file.empty()) {
      curl_easy_setopt(easy, CURLOPT_CAINFO, config_.ca_file.c_str());
    }
    if (config_.guard) {
      curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &HttpTransfer::open_socket);
      curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
    }
    curl_easy_setopt(easy, CURLOPT_USERAGENT, config_.user_agent.c_str());
    set_body(easy);
    for (const auto& [name, value] : request_.headers) add_header(name + ": " + value);
    add_header("Expect:");  // bodies are small: send them at once
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, reason_);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &HttpTransfer::on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &HttpTransfer::on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  }

  void finish(void* easy, int code) override {
    if (code != CURLE_OK && !is_cut_) {
      if (!refused_.empty()) {
        return done_(http_error(ErrorKind::unavailable, request_.url,
                                "the address " + refused_ + " is not public and not allowed"));
      }
      const bool is_url = code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL;
      const std::string reason =
          reason_[0] != 0 ? reason_ : curl_easy_strerror(static_cast<CURLcode>(code));
      return done_(
          http_error(is_url ? ErrorKind::invalid : ErrorKind::unavailable, request_.url, reason));
    }
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    response_.status = static_cast<int>(status);
    done_(std::move(response_));
  }

 private:
  void set_body(void* easy) {
    if (request_.method == "HEAD") {
      curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    } else if (request_.method != "GET" || !request_.body.empty()) {
      curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request_.body.c_str());
      curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                       static_cast<curl_off_t>(request_.body.size()));
    }
    if (request_.method != "POST" && request_.method != "HEAD") {
      curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
    }
  }

  void add_header(const std::string& line) {
    curl_slist* longer = curl_slist_append(headers_, line.c_str());
    WEIR_ASSERT(longer);
    headers_ = longer;
  }

  // The address that a name resolved to, so that a name cannot lead where its URL may not.
  static curl_socket_t open_socket(void* self_pointer, curlsocktype, curl_sockaddr* target) {
    auto& self = *static_cast<HttpTransfer*>(self_pointer);
    const sockaddr* address = &target->addr;
    std::array<std::uint8_t, 16> bytes{};
    std::size_t size = 0;
    if (address->sa_family == AF_INET) {
      size = 4;
      std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, size);
    } else if (address->sa_family == AF_INET6) {
      size = 16;
      std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, size);
    }
    if (size == 0 || !self.config_.guard->allows({bytes.data(), size})) {
      char text[INET6_ADDRSTRLEN] = "?";
      if (size != 0) inet_ntop(address->sa_family, bytes.data(), text, sizeof text);
      self.refused_ = text;
      return CURL_SOCKET_BAD;
    }
    return ::socket(target->family, target->socktype | SOCK_CLOEXEC, target->protocol);
  }

  // What is beyond the bound is read and forgotten, so that the connection can be used again; but
  // not for ever.
  static std::size_t on_body(char* data, std::size_t, std::size_t size, void* self_pointer) {
    auto& self = *static_cast<HttpTransfer*>(self_pointer);
    std::string& body = self.response_.body;
    body.append(data, std::min(size, self.config_.response_bytes_max - body.size()));
    self.body_bytes_ += size;
    self.is_cut_ = self.body_bytes_ > self.config_.response_bytes_max + kBytesForgottenMax;
    return self.is_cut_ ? CURL_WRITEFUNC_ERROR : size;
  }

  static std::size_t on_header(char* data, std::size_t, std::size_t size, void* self_pointer) {
    auto& headers = static_cast<HttpTransfer*>(self_pointer)->response_.headers;
    std::string_view line(data, size);
    while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with("HTTP/")) headers.clear();  // what came before belongs to a 100 Continue
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || headers.size() >= kResponseHeadersMax) return size;
    std::string_view value = line.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    headers.emplace_back(lower(std::string(line.substr(0, colon))), std::string(value));
    return size;
  }

  HttpRequest request_;
  HttpClient::Done done_;
  const HttpClient::Config& config_;
  HttpResponse response_;
  curl_slist* headers_ = nullptr;
  std::size_t body_bytes_ = 0;
  bool is_cut_ = false;  // the rest of the body was not read
  std::string refused_;  // the address that the guard refused last
  char reason_[CURL_ERROR_SIZE] = {};
};

}  // namespace

struct HttpClient::Impl {
  explicit Impl(Config config_in)
      : config(std::move(config_in)), loop({config.transfers_max, config.queued_max}) {}
  const Config config;
  TransferLoop loop;  // last: its thread uses the rest
};

HttpClient::HttpClient(Config config) : impl_(std::make_unique<Impl>(std::move(config))) {}
HttpClient::~HttpClient() = default;

void HttpClient::send(HttpRequest request, Done done) {
  const std::string url = request.url;
  std::unique_ptr<Transfer> transfer =
      std::make_unique<HttpTransfer>(std::move(request), done, impl_->config);
  if (!impl_->loop.add(transfer)) {
    done(http_error(ErrorKind::unavailable, url, "too many requests are waiting"));
  }
}

}  // namespace weir::client
