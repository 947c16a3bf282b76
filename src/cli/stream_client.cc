// SPDX-License-Identifier: Apache-2.0
#include "cli/stream_client.h"

#include <curl/curl.h>
#include <poll.h>

#include <ctime>
#include <utility>

#include "wire/digest.h"
#include "wire/http.h"
#include "wire/sigv4_signer.h"

namespace weir::cli {
namespace {

constexpr std::size_t kAnswerBytesMax = 64u << 20;
constexpr long kConnectTimeoutMs = 5'000;
constexpr long kSilenceSecondsMax = 30;  // a live tail has an update each second
constexpr int kPollMs = 1'000;

using Easy = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using Multi = std::unique_ptr<CURLM, decltype(&curl_multi_cleanup)>;
using List = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

Error no_answer(const std::string& url, std::string_view why) {
  return {ErrorKind::unavailable, "NoAnswer",
          "no answer from " + url + ": " + std::string(why) + " (is the daemon running?)"};
}

Error error_in(long status, const std::string& body) {
  const auto document = parse_json(body);
  const auto text = [&](std::string_view name) -> std::string {
    const Document* const value =
        document && document->map() != nullptr ? document->find(name) : nullptr;
    return value != nullptr && value->string() != nullptr ? *value->string() : std::string();
  };
  const std::string code = text("__type");
  if (code.empty()) {
    return {ErrorKind::unavailable, "NoAnswer",
            "the daemon answered with status " + std::to_string(status)};
  }
  const bool may_pass = status >= 500;
  return {may_pass ? ErrorKind::unavailable : ErrorKind::invalid, code,
          code + ": " + text("message")};
}

}  // namespace

struct StreamClient::Transfer {
  CURL* handle = nullptr;
  const Take* take = nullptr;  // of a good answer; else the body is kept
  std::string body = {};
  Result<void> taken = Result<void>();
  long status = 0;
  Time* server_time = nullptr;

  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self) {
    return static_cast<Transfer*>(self)->accept({data, size * count}) ? size * count : 0;
  }
  bool accept(std::string_view bytes) {
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    if (take != nullptr && status == 200) {
      taken = (*take)(bytes);
      return static_cast<bool>(taken);
    }
    if (body.size() + bytes.size() > kAnswerBytesMax) return false;
    body.append(bytes);
    return true;
  }
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self) {
    const std::string_view line(data, size * count);
    constexpr std::string_view kDate = "Date: ";
    if (line.size() > kDate.size() &&
        wire::equals_ignoring_case(line.substr(0, kDate.size()), kDate)) {
      const std::string date(line.substr(kDate.size()));
      const std::time_t seconds = curl_getdate(date.c_str(), nullptr);
      if (seconds > 0) *static_cast<Transfer*>(self)->server_time = Time::from_seconds(seconds);
    }
    return size * count;
  }
};

StreamClient::StreamClient(const daemon::Config& config, server::AccessKey key, int stop_fd)
    : config_(config), key_(std::move(key)), stop_fd_(stop_fd) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
}
StreamClient::~StreamClient() { curl_global_cleanup(); }

Result<Document> StreamClient::call(std::string_view operation, const Document& input) {
  Transfer transfer;
  WEIR_CHECK(perform(operation, input, transfer));
  return parse_json(transfer.body);
}

Result<void> StreamClient::stream(std::string_view operation, const Document& input,
                                  const Take& take) {
  Transfer transfer;
  transfer.take = &take;
  return perform(operation, input, transfer);
}

void StreamClient::wait(Duration time) {
  pollfd stop{.fd = stop_fd_, .events = POLLIN, .revents = 0};
  if (::poll(&stop, 1, static_cast<int>(time.count())) > 0) is_stopped_ = true;
}

Result<void> StreamClient::perform(std::string_view operation, const Document& input,
                                   Transfer& transfer) {
  const std::string url = config_.endpoint_url();
  wire::HttpRequest request;
  request.method = "POST";
  wire::set_target(request, "/");
  request.headers.add("Host", url.substr(url.find("://") + 3));
  request.headers.add("Content-Type", "application/x-amz-json-1.1");
  request.headers.add("X-Amz-Target", "Logs_20140328." + std::string(operation));
  const std::string body = to_json(input);
  wire::sigv4::sign(request,
                    {.access_key = key_.access_key,
                     .secret_key = key_.secret_key,
                     .session_token = {},
                     .region = config_.region,
                     .service = "logs"},
                    runtime_.now(), wire::sha256_hex(body));

  const Easy easy(curl_easy_init(), &curl_easy_cleanup);
  const Multi multi(curl_multi_init(), &curl_multi_cleanup);
  WEIR_ASSERT(easy != nullptr && multi != nullptr);
  List headers(nullptr, &curl_slist_free_all);
  for (const auto& [name, value] : request.headers.all()) {
    headers.reset(curl_slist_append(headers.release(), (name + ": " + value).c_str()));
  }
  transfer.handle = easy.get();
  transfer.server_time = &server_time_;
  curl_easy_setopt(easy.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy.get(), CURLOPT_NOPROXY, "*");
  curl_easy_setopt(easy.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(easy.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
  curl_easy_setopt(easy.get(), CURLOPT_POSTFIELDS, body.c_str());
  curl_easy_setopt(easy.get(), CURLOPT_CONNECTTIMEOUT_MS, kConnectTimeoutMs);
  curl_easy_setopt(easy.get(), CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(easy.get(), CURLOPT_LOW_SPEED_TIME, kSilenceSecondsMax);
  if (!config_.tls_certificate.empty()) {
    curl_easy_setopt(easy.get(), CURLOPT_CAINFO, config_.tls_certificate.c_str());
  }
  curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  curl_easy_setopt(easy.get(), CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(easy.get(), CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  curl_easy_setopt(easy.get(), CURLOPT_HEADERDATA, &transfer);

  curl_multi_add_handle(multi.get(), easy.get());
  CURLcode code = CURLE_OK;
  for (int running = 1; running > 0 && !is_stopped_;) {
    curl_multi_perform(multi.get(), &running);
    int left = 0;
    while (const CURLMsg* const message = curl_multi_info_read(multi.get(), &left)) {
      if (message->msg == CURLMSG_DONE) code = message->data.result;
    }
    if (running == 0) break;
    curl_waitfd stop{.fd = stop_fd_, .events = CURL_WAIT_POLLIN, .revents = 0};
    curl_multi_poll(multi.get(), &stop, 1, kPollMs, nullptr);
    wait(Duration(0));
  }
  curl_multi_remove_handle(multi.get(), easy.get());
  if (is_stopped_) return {};
  WEIR_CHECK(transfer.taken);
  if (code != CURLE_OK) return no_answer(url, curl_easy_strerror(code));
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &transfer.status);
  if (transfer.status != 200) return error_in(transfer.status, transfer.body);
  return {};
}

}  // namespace weir::cli
