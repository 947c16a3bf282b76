// SPDX-License-Identifier: Apache-2.0
#include "cli/daemon_client.h"

#include <utility>

#include "cli/commands.h"
#include "client/aws_profile.h"
#include "daemon/daemon.h"

namespace weir::cli {
namespace {

constexpr std::size_t kAnswerBytesMax = 256u << 20;

void add_details(const Document::Map& body, Error& error) {
  for (const auto& [name, value] : body) {
    if (value.map() != nullptr) {
      add_details(*value.map(), error);
    } else if (name != "__type" && name != "message") {
      error.details.emplace_back(name, value.string() ? *value.string() : to_json(value));
    }
  }
}

Error error_of(const client::HttpResponse& response) {
  Error error{ErrorKind::invalid, "HTTP " + std::to_string(response.status),
              response.body.substr(0, 300)};
  const auto body = parse_json(response.body);
  if (!body || body->map() == nullptr) return error;
  if (const Document* type = body->find("__type"); type != nullptr && type->string() != nullptr) {
    error.code = *type->string();
  }
  if (const Document* said = body->find("message"); said != nullptr && said->string() != nullptr) {
    error.message = *said->string();
  }
  add_details(*body->map(), error);
  return error;
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

Result<DaemonClient> DaemonClient::make(Runtime& runtime, const daemon::Config& config,
                                        const Service& service, const std::string& key_name) {
  WEIR_TRY(const server::AccessKey key, daemon_key(config, key_name));
  client::HttpClient::Config http;
  http.response_bytes_max = kAnswerBytesMax;
  http.ca_file = config.tls_certificate;
  http.user_agent = "Weir/" + std::string(daemon::version());
  client::SignedClient::Config signing;
  signing.url = config.endpoint_url();
  signing.identity = {.access_key = key.access_key,
                      .secret_key = key.secret_key,
                      .session_token = {},
                      .region = config.region,
                      .service = std::string(service.signing_name)};
  signing.attempts_max = 3;
  auto sender = std::make_unique<client::HttpClient>(http);
  auto client = std::make_unique<client::SignedClient>(runtime, *sender, std::move(signing));
  return DaemonClient(std::move(sender), std::move(client), std::string(service.target_prefix));
}

Result<Document> DaemonClient::call(std::string_view operation, const Document& input) const {
  client::SignedClient::Call call{.body = to_json(input)};
  call.headers.add("Content-Type", "application/x-amz-json-1.1");
  call.headers.add("X-Amz-Target", target_ + '.' + std::string(operation));
  WEIR_TRY(const client::HttpResponse response, client_->send(call));
  if (response.status != 200) return error_of(response);
  if (response.body.empty()) return Document(Document::Map{});
  return parse_json(response.body);
}

}  // namespace weir::cli
