// SPDX-License-Identifier: Apache-2.0
#include "client/aws_key_sources.h"

#include <algorithm>
#include <fstream>
#include <future>
#include <mutex>
#include <sstream>
#include <utility>

#include "base/document.h"
#include "client/command_output.h"
#include "client/signed_client.h"
#include "wire/http.h"
#include "wire/xml.h"

namespace weir::client {
namespace {

// AWS SDKs and Tools Reference Guide: one second, one attempt for the instance's metadata.
constexpr Duration kMetadataTimeout{1000};
constexpr Duration kTimeout{10'000};
constexpr Duration kProcessTimeout{60'000};
constexpr std::size_t kProcessBytesMax = 64u << 10;
constexpr std::size_t kTokenBytesMax = 64u << 10;
constexpr const char* kMetadataTokenSeconds = "21600";

Error no_keys(const std::string& source, std::string_view why) {
  return {ErrorKind::unauthorized, "NoCredentials",
          "no AWS credentials from " + source + ": " + std::string(why)};
}

std::string text_of(const Document& document, std::string_view name) {
  const Document* member = document.find(name);
  return member != nullptr && member->string() != nullptr ? *member->string() : std::string();
}

Result<std::string> read_token(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text(kTokenBytesMax, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= 0x20) text.pop_back();
  if (!text.empty() && text.size() < kTokenBytesMax) return text;
  return no_keys("the token file " + file, text.empty() ? "it is missing or empty" : "it is large");
}

/// `token` is what the source calls the session token.
Result<AwsKeys> keys_of(const Document& document, const std::string& source,
                        std::string_view token) {
  AwsKeys keys{.access_key = text_of(document, "AccessKeyId"),
               .secret_key = text_of(document, "SecretAccessKey"),
               .session_token = text_of(document, token)};
  if (keys.access_key.empty() || keys.secret_key.empty()) {
    return no_keys(source, "the answer has no AccessKeyId and SecretAccessKey");
  }
  if (const std::string expires = text_of(document, "Expiration"); !expires.empty()) {
    WEIR_TRY(keys.expires, parse_iso8601(expires));
  }
  return keys;
}

/// Keeps what fetch() gave while it holds.
class Refreshed : public AwsCredentials {
 public:
  Refreshed(Runtime& runtime, std::string source) : runtime_(runtime), source_(std::move(source)) {}

  Result<AwsKeys> keys() final {
    const std::lock_guard lock(mutex_);
    const Time now = runtime_.now();
    if (kept_ && (!kept_->expires || now + kRefreshAhead < *kept_->expires)) return *kept_;
    auto fetched = fetch();
    if (!fetched && kept_ && now < *kept_->expires) return *kept_;
    if (!fetched) return std::move(fetched).error();
    if (fetched->expires && *fetched->expires <= now) {
      return no_keys(source_, "they have expired");
    }
    kept_ = *std::move(fetched);
    return *kept_;
  }

 protected:
  virtual Result<AwsKeys> fetch() = 0;
  const std::string& source() const { return source_; }

  Runtime& runtime_;

 private:
  const std::string source_;  // for people
  std::mutex mutex_;
  std::optional<AwsKeys> kept_;
};

class ProcessCredentials final : public Refreshed {
 public:
  ProcessCredentials(Runtime& runtime, std::string command)
      : Refreshed(runtime, "credential_process"), command_(std::move(command)) {}

 private:
  Result<AwsKeys> fetch() override {
    const auto output = command_output(command_, kProcessBytesMax, kProcessTimeout);
    if (!output) return no_keys(source(), output.error().message);
    const auto document = parse_json(*output);
    if (!document) return no_keys(source(), "it prints no JSON");
    const Document* version = document->find("Version");
    if (version == nullptr || version->integer() == nullptr || *version->integer() != 1) {
      return no_keys(source(), "what it prints is not of Version 1");
    }
    return keys_of(*document, source(), "SessionToken");
  }

  const std::string command_;
};

/// What asks an endpoint without signing.
class Fetched : public Refreshed {
 public:
  Fetched(Runtime& runtime, HttpClient& http, std::string source)
      : Refreshed(runtime, std::move(source)), http_(http) {}

 protected:
  /// Error: no answer, or one with another status than 200.
  Result<std::string> get(HttpRequest request) {
    const std::string url = request.url;
    const auto answer = std::make_shared<std::promise<Result<HttpResponse>>>();
    auto future = answer->get_future();
    http_.send(std::move(request),
               [answer](Result<HttpResponse> result) { answer->set_value(std::move(result)); });
    auto response = future.get();
    if (!response) return no_keys(source(), response.error().message);
    if (response->status == 200) return std::move(response->body);
    return no_keys(source(), url + " answered with status " + std::to_string(response->status) +
                                 ": " + response->body.substr(0, 300));
  }

  Result<AwsKeys> json_keys(const std::string& body) {
    const auto document = parse_json(body);
    if (!document) return no_keys(source(), "the answer is no JSON");
    const std::string code = text_of(*document, "Code");
    if (!code.empty() && code != "Success") {
      return no_keys(source(), code + ": " + text_of(*document, "Message"));
    }
    return keys_of(*document, source(), "Token");
  }

 private:
  HttpClient& http_;
};

class ContainerCredentials final : public Fetched {
 public:
  ContainerCredentials(Runtime& runtime, HttpClient& http, Environment environment)
      : Fetched(runtime, http, "the container's endpoint"), environment_(std::move(environment)) {}

 private:
  Result<AwsKeys> fetch() override {
    HttpRequest request{.method = "GET", .timeout = kTimeout};
    if (const auto relative = environment_("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")) {
      request.url = "http://169.254.170.2" + *relative;
    } else {
      request.url = environment_("AWS_CONTAINER_CREDENTIALS_FULL_URI").value_or("");
      if (!is_trusted(request.url)) {
        return no_keys(source(),
                       "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor at an "
                       "address of this host or of the container's agent");
      }
    }
    std::string token = environment_("AWS_CONTAINER_AUTHORIZATION_TOKEN").value_or("");
    if (const auto file = environment_("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")) {
      WEIR_TRY(token, read_token(*file));
    }
    if (token.find_first_of("\r\n") != std::string::npos) {
      return no_keys(source(), "the authorization token has a line end in it");
    }
    if (!token.empty()) request.headers.emplace_back("Authorization", token);
    WEIR_TRY(const std::string body, get(std::move(request)));
    return json_keys(body);
  }

  /// Where the SDKs send a token without encryption.
  static bool is_trusted(std::string_view url) {
    if (url.starts_with("https://")) return true;
    constexpr std::string_view kScheme = "http://";
    if (!url.starts_with(kScheme)) return false;
    url.remove_prefix(kScheme.size());
    std::string_view host = url.substr(0, url.find_first_of("/?#"));
    if (host.find('@') != std::string_view::npos) return false;
    if (host.starts_with('[')) {
      host = host.substr(0, host.find(']') + 1);
      return host == "[::1]" || host == "[fd00:ec2::23]";
    }
    host = host.substr(0, host.find(':'));
    const bool is_address = host.find_first_not_of("0123456789.") == std::string_view::npos;
    return host == "localhost" || (is_address && host.starts_with("127.")) ||
           host == "169.254.170.2" || host == "169.254.170.23";
  }

  const Environment environment_;
};

class InstanceCredentials final : public Fetched {
 public:
  InstanceCredentials(Runtime& runtime, HttpClient& http, std::string endpoint)
      : Fetched(runtime, http, "the instance metadata"), endpoint_(std::move(endpoint)) {}

 private:
  Result<AwsKeys> fetch() override {
    const std::string path = endpoint_ + "/latest/meta-data/iam/security-credentials/";
    WEIR_TRY(const std::string token,
             get({.method = "PUT",
                  .url = endpoint_ + "/latest/api/token",
                  .headers = {{"X-aws-ec2-metadata-token-ttl-seconds", kMetadataTokenSeconds}},
                  .timeout = kMetadataTimeout}));
    const std::vector<std::pair<std::string, std::string>> headers = {
        {"X-aws-ec2-metadata-token", token}};
    WEIR_TRY(const std::string roles,
             get({.method = "GET", .url = path, .headers = headers, .timeout = kMetadataTimeout}));
    const std::string role = roles.substr(0, roles.find('\n'));
    WEIR_TRY(const std::string body, get({.method = "GET",
                                          .url = path + wire::percent_encode(role),
                                          .headers = headers,
                                          .timeout = kMetadataTimeout}));
    return json_keys(body);
  }

  const std::string endpoint_;
};

class RoleCredentials final : public Refreshed {
 public:
  RoleCredentials(Runtime& runtime, HttpClient& http, Role role)
      : Refreshed(runtime, "the role " + role.arn), http_(http), role_(std::move(role)) {}

 private:
  Result<AwsKeys> fetch() override {
    const bool is_web = !role_.web_token_file.empty();
    const std::string action = is_web ? "AssumeRoleWithWebIdentity" : "AssumeRole";
    std::string body = "Action=" + action + "&Version=2011-06-15";
    add(body, "RoleArn", role_.arn);
    add(body, "RoleSessionName", role_.session_name);
    if (role_.duration_s > 0) add(body, "DurationSeconds", std::to_string(role_.duration_s));
    if (!role_.external_id.empty()) add(body, "ExternalId", role_.external_id);
    wire::sigv4::Identity identity;
    if (is_web) {
      WEIR_TRY(const std::string token, read_token(role_.web_token_file));
      add(body, "WebIdentityToken", token);
    } else {
      WEIR_TRY(const AwsKeys keys, role_.source->keys());
      identity = {.access_key = keys.access_key,
                  .secret_key = keys.secret_key,
                  .session_token = keys.session_token,
                  .region = role_.region,
                  .service = "sts"};
    }
    const SignedClient client(runtime_, http_,
                              {.url = role_.endpoint, .identity = identity, .timeout = kTimeout});
    SignedClient::Call call{.body = std::move(body)};
    call.headers.add("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
    const auto answer = client.send(call);
    if (!answer) return no_keys(source(), answer.error().message);
    return read(*answer, action);
  }

  static void add(std::string& body, std::string_view name, std::string_view value) {
    body.append("&").append(name).append("=").append(wire::percent_encode(value));
  }

  Result<AwsKeys> read(const HttpResponse& answer, const std::string& action) const {
    const auto document = wire::parse_xml(answer.body);
    if (answer.status != 200) {
      const Document* error = document ? document->find("Error") : nullptr;
      return no_keys(source(),
                     error == nullptr
                         ? role_.endpoint + " answered with status " + std::to_string(answer.status)
                         : text_of(*error, "Code") + ": " + text_of(*error, "Message"));
    }
    const Document* result = document ? document->find(action + "Result") : nullptr;
    const Document* credentials = result != nullptr ? result->find("Credentials") : nullptr;
    if (credentials == nullptr) return no_keys(source(), "the answer has no Credentials");
    return keys_of(*credentials, source(), "SessionToken");
  }

  HttpClient& http_;
  const Role role_;
};

}  // namespace

std::shared_ptr<AwsCredentials> process_credentials(Runtime& runtime, std::string command) {
  return std::make_shared<ProcessCredentials>(runtime, std::move(command));
}
std::shared_ptr<AwsCredentials> container_credentials(Runtime& runtime, HttpClient& http,
                                                      Environment environment) {
  return std::make_shared<ContainerCredentials>(runtime, http, std::move(environment));
}
std::shared_ptr<AwsCredentials> instance_credentials(Runtime& runtime, HttpClient& http,
                                                     std::string endpoint) {
  return std::make_shared<InstanceCredentials>(runtime, http, std::move(endpoint));
}
std::shared_ptr<AwsCredentials> role_credentials(Runtime& runtime, HttpClient& http, Role role) {
  return std::make_shared<RoleCredentials>(runtime, http, std::move(role));
}

}  // namespace weir::client
