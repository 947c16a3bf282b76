// SPDX-License-Identifier: Apache-2.0
#include "server/router.h"

#include <algorithm>

#include "base/counters.h"

namespace weir::server {
namespace {

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// Without the port; "" for an address.
std::string host_name(std::string_view host) {
  if (host.starts_with('[')) return {};
  std::string name = lower_case(host.substr(0, host.rfind(':')));
  const bool is_address = name.find_first_not_of("0123456789.") == std::string::npos;
  return is_address ? std::string() : name;
}

// The bucket in front of `s3` or `s3.<region>`; "" if there is none.
std::string before_s3(std::string_view labels) {
  const std::size_t at = labels.rfind(".s3.");
  if (labels.ends_with(".s3")) return std::string(labels.substr(0, labels.size() - 3));
  if (at != std::string_view::npos) return std::string(labels.substr(0, at));
  return {};
}

bool is_s3_itself(std::string_view labels) {
  return labels == "s3" || labels.starts_with("s3.") || labels.starts_with("s3-");
}

}  // namespace

Router::Router(std::vector<std::string> domains) : domains_(std::move(domains)) {
  // The longest first: localhost.localstack.cloud is not below another of them by accident.
  std::sort(domains_.begin(), domains_.end(),
            [](const auto& a, const auto& b) { return a.size() > b.size(); });
}

void Router::add_service(const wire::OperationTable& table) { services_.push_back(&table); }
void Router::set_s3(Handler handler, Admission admit) {
  s3_ = std::move(handler);
  s3_admission_ = std::move(admit);
}
void Router::add_raw(RawRoute route) { raw_.push_back(std::move(route)); }

Router::Target Router::find(const wire::HttpRequest& head, std::string_view signing_service) const {
  using Kind = Target::Kind;
  for (const RawRoute& route : raw_) {
    const bool method =
        route.method == head.method || (route.method == "GET" && head.method == "HEAD");
    const bool path = route.path.ends_with('*')
                          ? head.path.starts_with(route.path.substr(0, route.path.size() - 1))
                          : head.path == route.path;
    if (method && path) return {Kind::raw, &route, nullptr};
  }
  const auto call = wire::recognise(head);
  if (call &&
      (call->protocol == wire::Protocol::query || call->protocol == wire::Protocol::ec2_query)) {
    return {Kind::query, nullptr, nullptr};
  }
  if (call) {
    for (const auto* table : services_) {
      const auto& model = table->model();
      const bool is_named = call->protocol == wire::Protocol::cbor
                                ? model.cbor_service == call->service
                                : model.target_prefix == call->service;
      if (is_named && !call->service.empty()) return {Kind::service, nullptr, table};
    }
    // No such target: the service of the signature says how to word the refusal.
    const auto* table = by_signing_name(signing_service);
    if (table != nullptr) return {Kind::service, nullptr, table};
    return {Kind::none, nullptr, nullptr};
  }
  if (head.path.starts_with("/_weir/")) return {Kind::none, nullptr, nullptr};
  return {s3_ ? Kind::s3 : Kind::none, nullptr, nullptr};
}

const wire::OperationTable* Router::query_service(const wire::Call& call,
                                                  std::string_view signing_service) const {
  if (!signing_service.empty()) return by_signing_name(signing_service);
  const wire::OperationTable* by_action = nullptr;
  for (const auto* table : services_) {
    const auto& model = table->model();
    if (!model.protocols.query && !model.protocols.ec2_query) continue;
    const bool has = table->find(call.operation) != nullptr;
    if (has && model.api_version == call.version) return table;
    if (has && by_action == nullptr) by_action = table;
  }
  if (by_action != nullptr) return by_action;
  for (const auto* table : services_) {
    if (!call.version.empty() && table->model().api_version == call.version) return table;
  }
  return nullptr;
}

const wire::OperationTable* Router::by_signing_name(std::string_view name) const {
  const auto found = std::find_if(
      services_.begin(), services_.end(),
      [&](const wire::OperationTable* table) { return table->model().signing_name == name; });
  return found == services_.end() ? nullptr : *found;
}

std::string Router::virtual_host_bucket(std::string_view host) const {
  const std::string name = host_name(host);
  const auto below = [&](std::string_view domain) -> std::optional<std::string_view> {
    if (name.size() <= domain.size() + 1 || !name.ends_with(domain)) return std::nullopt;
    const std::string_view labels(name.data(), name.size() - domain.size());
    if (labels.back() != '.') return std::nullopt;
    return labels.substr(0, labels.size() - 1);
  };
  for (const std::string& domain : domains_) {
    if (const auto labels = below(domain)) {
      if (is_s3_itself(*labels)) return {};
      const std::string bucket = before_s3(*labels);
      return bucket.empty() ? std::string(*labels) : bucket;
    }
  }
  if (const auto labels = below("amazonaws.com")) {
    return is_s3_itself(*labels) ? std::string() : before_s3(*labels);
  }
  return {};
}

void add_standard_routes(Router& router, std::function<std::string()> health) {
  RawRoute metrics;
  metrics.method = "GET";
  metrics.path = "/metrics";
  metrics.loopback_only = true;
  metrics.handler = [](wire::HttpRequest&) {
    wire::HttpResponse response;
    response.headers.add("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    response.body = prometheus_text();
    return response;
  };
  router.add_raw(std::move(metrics));

  RawRoute alive;
  alive.method = "GET";
  alive.path = "/_weir/health";
  alive.handler = [health = std::move(health)](wire::HttpRequest&) {
    wire::HttpResponse response;
    response.headers.add("Content-Type", "application/json");
    response.body = health();
    return response;
  };
  router.add_raw(std::move(alive));
}

}  // namespace weir::server
