// SPDX-License-Identifier: Apache-2.0
#include "daemon/receive.h"

#include <optional>
#include <utility>

#include "base/document.h"
#include "wire/digest.h"
#include "wire/dispatch.h"
#include "wire/http.h"
#include "wire/text.h"

namespace weir::daemon {
namespace {

constexpr std::string_view kPath = "/_weir/receive/";
constexpr std::size_t kBodyBytesMax = 64u << 20;  // Firehose: 64 MiB, compressed or not
constexpr std::string_view kProtocolVersion = "1.0";
constexpr std::string_view kBearer = "Bearer ";

wire::HttpResponse json_response(int status, std::string body) {
  wire::HttpResponse response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.body = std::move(body);
  return response;
}

/// In the form that Firehose reads, if it is Firehose that asks.
wire::HttpResponse refuse(const Runtime& runtime, const wire::HttpRequest& request, int status,
                          std::string_view message) {
  Document body;
  if (const auto id = request.headers.find("X-Amz-Firehose-Request-Id")) {
    body["requestId"] = *id;
    body["timestamp"] = runtime.now().ms;
    body["errorMessage"] = message;
  } else {
    body["message"] = message;
  }
  return json_response(status, to_json(body));
}

std::string_view key_of(const wire::HttpRequest& head) {
  if (const auto key = head.headers.find("X-Amz-Firehose-Access-Key")) return *key;
  const std::string_view authorization = head.headers.get("Authorization");
  return authorization.starts_with(kBearer) ? authorization.substr(kBearer.size())
                                            : std::string_view();
}

std::optional<wire::HttpResponse> admit(const Runtime& runtime, const std::string& access_key,
                                        const wire::HttpRequest& head) {
  if (access_key.empty()) {
    return refuse(runtime, head, 403,
                  "receiving is off: set receive_access_key (WEIR_RECEIVE_ACCESS_KEY) and give the "
                  "same key to the Firehose stream");
  }
  if (!wire::equal_in_constant_time(key_of(head), access_key)) {
    return refuse(runtime, head, 403,
                  "the access key (X-Amz-Firehose-Access-Key or Authorization: Bearer) is not that "
                  "of receive_access_key");
  }
  const auto version = head.headers.find("X-Amz-Firehose-Protocol-Version");
  if (version && *version != kProtocolVersion) {
    return refuse(runtime, head, 400, "only X-Amz-Firehose-Protocol-Version 1.0 is known");
  }
  return std::nullopt;
}

wire::HttpResponse handle(const Runtime& runtime, const Receive& receive,
                          wire::HttpRequest& request) {
  const auto undone = wire::undo_content_encoding(request, {.inflated_bytes_max = kBodyBytesMax});
  if (!undone) {
    const int status = undone.error().kind == ErrorKind::too_large ? 413 : 400;
    return refuse(runtime, request, status, undone.error().message);
  }
  const std::string log_group =
      wire::percent_decode(std::string_view(request.path).substr(kPath.size()));
  auto answer = receive(
      log_group, {.request_id = request.headers.get("X-Amz-Firehose-Request-Id"),
                  .common_attributes = request.headers.get("X-Amz-Firehose-Common-Attributes"),
                  .body = request.body.text()});
  return json_response(answer.status, std::move(answer.body));
}

}  // namespace

server::RawRoute receive_route(const Runtime& runtime, std::string access_key, Receive receive) {
  server::RawRoute route;
  route.method = "POST";
  route.path = std::string(kPath) + '*';
  route.body_bytes_max = kBodyBytesMax;
  route.admit = [&runtime, key = std::move(access_key)](const wire::HttpRequest& head) {
    return admit(runtime, key, head);
  };
  route.handler = [&runtime, receive = std::move(receive)](wire::HttpRequest& request) {
    return handle(runtime, receive, request);
  };
  return route;
}

collect::Collector::Config collector_config(const Config& config) {
  collect::Collector::Config collector;
  for (const std::string* text :
       {&config.collect_netflow, &config.collect_ipfix, &config.collect_sflow}) {
    if (text->empty()) continue;
    const auto address = parse_listen(*text);
    WEIR_ASSERT(static_cast<bool>(address));  // load_config() has checked it
    collector.listen.push_back({.address = address->host, .port = address->port});
  }
  for (const std::string& text : config.collect_allow) {
    const auto prefix = net::Prefix::parse(text);
    WEIR_ASSERT(static_cast<bool>(prefix));
    collector.exporters.allowed.push_back(*prefix);
  }
  collect::Interfaces::Config& interfaces = collector.exporters.interfaces;
  interfaces.account_id = config.account;
  interfaces.region = config.region;
  interfaces.scale_sampled = config.collect_scale_sampled;
  return collector;
}

vpc::DeclaredInterface declared(const collect::ExporterInterface& interface) {
  const std::string exporter = interface.exporter.to_string();
  const std::string agent = interface.agent.is_set() ? interface.agent.to_string() : exporter;
  const bool has_index = interface.index != 0;
  vpc::DeclaredInterface declared;
  declared.name = agent + (has_index ? " interface " + std::to_string(interface.index)
                                     : " domain " + std::to_string(interface.domain));
  declared.key = "exporter/" + exporter + '/' + declared.name;
  declared.description = "Flows exported by " + exporter;
  declared.instance = "exporter/" + agent;
  return declared;
}

}  // namespace weir::daemon
