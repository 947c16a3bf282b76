// SPDX-License-Identifier: Apache-2.0
#include "cli/daemon_client.h"

#include <curl/curl.h>
#include <poll.h>

#include <ctime>
#include <memory>

#include "cli/commands.h"
#include "client/aws_profile.h"
#include "daemon/daemon.h"
#include "wire/digest.h"
#include "wire/http.h"
#include "wire/sigv4_signer.h"

namespace weir::cli {
namespace {

constexpr std::size_t kAnswerBytesMax = 256u << 20;
constexpr std::size_t kShownBytesMax = 300;  // of an answer that is no JSON
constexpr long kConnectTimeoutMs = 5'000;
constexpr long kPageTimeoutMs = 5'000;
constexpr long kCallTimeoutMs = 60'000;
constexpr long kSilenceSecondsMax = 30;  // a live tail has an update each second
constexpr int kPollMs = 1'000;
constexpr int kTriesMax = 3;
constexpr Duration kRetryFirst{200};

using Easy = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using Multi = std::unique_ptr<CURLM, decltype(&curl_multi_cleanup)>;
using List = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;
using Text = std::unique_ptr<char, decltype(&curl_free)>;

Error no_answer(const daemon::Config& config, std::string_view why) {
  return {ErrorKind::unavailable, "NoAnswer",
          "no answer from " + config.endpoint_url() + ": " + std::string(why) +
              " (is the daemon running? --listen or --endpoint say where)"};
}

/// Without what AWS's Java clients add for developers.
std::string for_people(const std::string& message) {
  return message.substr(0, message.find(" (Service: "));
}

void add_details(const Document::Map& body, Error& error) {
  for (const auto& [name, value] : body) {
    if (value.map() != nullptr) {
      add_details(*value.map(), error);
    } else if (name != "__type" && name != "message" && name != "Message") {
      error.details.emplace_back(name, value.string() ? *value.string() : to_json(value));
    }
  }
}

bool may_pass(long status) { return status == 429 || status >= 500; }

/// What an answer with another status than 200 says.
Error error_in(const std::string& url, long status, const std::string& body) {
  const std::string number = std::to_string(status);
  Error error{may_pass(status) ? ErrorKind::unavailable : ErrorKind::invalid, "HTTP " + number,
              url + " answered with status " + number + ": " + body.substr(0, kShownBytesMax)};
  const auto document = parse_json(body);
  if (!document || document->map() == nullptr) return error;
  if (const Document* type = document->find("__type"); type != nullptr && type->string()) {
    error.code = *type->string();
  }
  for (const char* const name : {"message", "Message"}) {
    if (const Document* said = document->find(name); said != nullptr && said->string()) {
      error.message = for_people(*said->string());
    }
  }
  add_details(*document->map(), error);
  return error;
}

std::string escaped(const std::string& text) {
  const Text escaped(curl_easy_escape(nullptr, text.data(), static_cast<int>(text.size())),
                     &curl_free);
  WEIR_ASSERT(escaped != nullptr);
  return escaped.get();
}

}  // namespace

Result<server::AccessKey> daemon_key(const daemon::Config& config, const std::string& name) {
  auto key = chosen_key(config, name);
  if (key || !name.empty()) return key;
  const client::Environment environment = client::process_environment();
  const client::AwsProfile profile =
      client::AwsProfile::read(environment("AWS_PROFILE").value_or("default"), environment);
  server::AccessKey found{.name = "environment",
                          .access_key = environment("AWS_ACCESS_KEY_ID").value_or(""),
                          .secret_key = environment("AWS_SECRET_ACCESS_KEY").value_or("")};
  if (found.access_key.empty()) {
    found.access_key = profile.get("aws_access_key_id");
    found.secret_key = profile.get("aws_secret_access_key");
  }
  return found.access_key.empty() ? key : found;
}

struct DaemonClient::Request {
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};  // "": nothing is sent
  bool is_put = false;
  long timeout_ms = 0;  // 0: only silence ends it
};

struct DaemonClient::Transfer {
  const Take* take = nullptr;  // of a good answer; else the body is kept
  CURL* handle = nullptr;
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

DaemonClient::DaemonClient(const daemon::Config& config, server::AccessKey key,
                           const StopSignal* stop)
    : config_(config), key_(std::move(key)), stop_(stop) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
}
DaemonClient::~DaemonClient() { curl_global_cleanup(); }

Result<Document> DaemonClient::page(const std::string& path, const Parameters& parameters) {
  Request request{.url = config_.endpoint_url() + path, .timeout_ms = kPageTimeoutMs};
  char separator = '?';
  for (const auto& [name, value] : parameters) {
    request.url += std::exchange(separator, '&') + name + "=" + escaped(value);
  }
  Transfer transfer;
  WEIR_CHECK(perform(request, transfer));
  if (is_stopped_) return Document(Document::Map{});
  return parse_json(transfer.body);
}

Result<Document> DaemonClient::call(const Service& service, std::string_view operation,
                                    const Document& input) {
  Duration delay = kRetryFirst;
  for (int tries = 1;; ++tries) {
    Request request = signed_request(service, operation, input);
    request.timeout_ms = kCallTimeoutMs;
    Transfer transfer;
    const auto done = perform(request, transfer);
    if (is_stopped_) return Document(Document::Map{});
    if (done) return transfer.body.empty() ? Document(Document::Map{}) : parse_json(transfer.body);
    if (!may_pass(transfer.status) || tries == kTriesMax) return done.error();
    wait(delay);
    delay *= 2;
  }
}

Result<void> DaemonClient::stream(const Service& service, std::string_view operation,
                                  const Document& input, const Take& take) {
  Transfer transfer{.take = &take};
  return perform(signed_request(service, operation, input), transfer);
}

void DaemonClient::wait(Duration time) {
  if (stop_ == nullptr) {
    ::poll(nullptr, 0, static_cast<int>(time.count()));
  } else if (stop_->wait(time)) {
    is_stopped_ = true;
  }
}

DaemonClient::Request DaemonClient::signed_request(const Service& service,
                                                   std::string_view operation,
                                                   const Document& input) const {
  Request made{.url = config_.endpoint_url(), .body = to_json(input)};
  wire::HttpRequest request;
  request.method = "POST";
  wire::set_target(request, "/");
  request.headers.add("Content-Type", "application/x-amz-json-1.1");
  request.headers.add("X-Amz-Target",
                      std::string(service.target_prefix) + '.' + std::string(operation));
  sign(made, request, service.signing_name);
  return made;
}

void DaemonClient::sign(Request& made, wire::HttpRequest& request, std::string_view service) const {
  const std::string endpoint = config_.endpoint_url();
  request.headers.add("Host", endpoint.substr(endpoint.find("://") + 3));
  wire::sigv4::sign(request,
                    {.access_key = key_.access_key,
                     .secret_key = key_.secret_key,
                     .session_token = {},
                     .region = config_.region,
                     .service = std::string(service)},
                    runtime_.now(), wire::sha256_hex(made.body));
  made.headers = request.headers.all();
}

Result<void> DaemonClient::create_bucket(const std::string& name) {
  Request made{.url = config_.endpoint_url() + '/' + name, .is_put = true};
  made.timeout_ms = kCallTimeoutMs;
  wire::HttpRequest request;
  request.method = "PUT";
  wire::set_target(request, '/' + name);
  sign(made, request, "s3");
  Transfer transfer;
  const auto done = perform(made, transfer);
  if (!done && transfer.body.find("BucketAlreadyOwnedByYou") != std::string::npos) return {};
  return done;
}

Result<void> DaemonClient::perform(const Request& request, Transfer& transfer) {
  const Easy easy(curl_easy_init(), &curl_easy_cleanup);
  WEIR_ASSERT(easy != nullptr);
  List headers(curl_slist_append(nullptr, "Expect:"), &curl_slist_free_all);
  for (const auto& [name, value] : request.headers) {
    headers.reset(curl_slist_append(headers.release(), (name + ": " + value).c_str()));
    WEIR_ASSERT(headers != nullptr);
  }
  const std::string agent = "Weir/" + std::string(daemon::version());
  transfer.handle = easy.get();
  transfer.server_time = &server_time_;
  curl_easy_setopt(easy.get(), CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy.get(), CURLOPT_USERAGENT, agent.c_str());
  curl_easy_setopt(easy.get(), CURLOPT_NOPROXY, "*");
  curl_easy_setopt(easy.get(), CURLOPT_HTTPHEADER, headers.get());
  if (request.is_put) curl_easy_setopt(easy.get(), CURLOPT_CUSTOMREQUEST, "PUT");
  if (!request.body.empty() || request.is_put) {
    curl_easy_setopt(easy.get(), CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(easy.get(), CURLOPT_POSTFIELDS, request.body.c_str());
  }
  curl_easy_setopt(easy.get(), CURLOPT_CONNECTTIMEOUT_MS, kConnectTimeoutMs);
  if (request.timeout_ms > 0) {
    curl_easy_setopt(easy.get(), CURLOPT_TIMEOUT_MS, request.timeout_ms);
  } else {
    curl_easy_setopt(easy.get(), CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy.get(), CURLOPT_LOW_SPEED_TIME, kSilenceSecondsMax);
  }
  if (!config_.tls_certificate.empty()) {
    curl_easy_setopt(easy.get(), CURLOPT_CAINFO, config_.tls_certificate.c_str());
  }
  curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  curl_easy_setopt(easy.get(), CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(easy.get(), CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  curl_easy_setopt(easy.get(), CURLOPT_HEADERDATA, &transfer);
  return drive(easy.get(), transfer, request.url);
}

Result<void> DaemonClient::drive(void* easy, Transfer& transfer, const std::string& url) {
  const Multi multi(curl_multi_init(), &curl_multi_cleanup);
  WEIR_ASSERT(multi != nullptr);
  curl_multi_add_handle(multi.get(), easy);
  CURLcode code = CURLE_OK;
  for (int running = 1; running > 0 && !is_stopped_;) {
    curl_multi_perform(multi.get(), &running);
    int left = 0;
    while (const CURLMsg* const message = curl_multi_info_read(multi.get(), &left)) {
      if (message->msg == CURLMSG_DONE) code = message->data.result;
    }
    if (running == 0) break;
    curl_waitfd stop{
        .fd = stop_ == nullptr ? -1 : stop_->fd(), .events = CURL_WAIT_POLLIN, .revents = 0};
    curl_multi_poll(multi.get(), &stop, stop_ == nullptr ? 0 : 1, kPollMs, nullptr);
    if (stop_ != nullptr) wait(Duration(0));
  }
  curl_easy_getinfo(static_cast<CURL*>(easy), CURLINFO_RESPONSE_CODE, &transfer.status);
  curl_multi_remove_handle(multi.get(), easy);
  if (is_stopped_) return {};
  WEIR_CHECK(transfer.taken);
  if (code != CURLE_OK) return no_answer(config_, curl_easy_strerror(code));
  if (transfer.status != 200) return error_in(url, transfer.status, transfer.body);
  return {};
}

}  // namespace weir::cli
