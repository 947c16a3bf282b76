// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/dispatch.h"
#include "wire/http.h"
#include "wire/operation.h"

namespace weir::server {

/// Answers a request. Synchronous; runs on a worker of the listener; must not throw.
using Handler = std::function<wire::HttpResponse(wire::HttpRequest&)>;

/// A route of our own beside the AWS APIs: /metrics, /_weir/health, the SNS certificate. Never
/// signed.
struct RawRoute {
  std::string method;          // GET also answers HEAD
  std::string path;            // exact, or a prefix if it ends with `*`
  bool loopback_only = false;  // others get 403
  std::size_t body_bytes_max = 64u << 10;
  Handler handler;
  /// Asked when the head has arrived, so that no stranger's body is read: an answer refuses the
  /// request. Optional.
  std::function<std::optional<wire::HttpResponse>(const wire::HttpRequest& head)> admit = nullptr;
};

/// Where requests go. Filled at start, then read-only.
///
/// An AWS request names its service by X-Amz-Target, by the CBOR path, by the service of its
/// credential scope (Query) or, unsigned, by the Query parameters Action and Version. Everything
/// else is S3, by path style or by virtual host (`<bucket>.s3.localhost`, `<bucket>.localhost`).
class Router {
 public:
  /// Host names below which a first label is a bucket. Amazon's own names are always known.
  explicit Router(std::vector<std::string> domains = {"localhost", "localhost.localstack.cloud"});

  /// `table` must outlive the router.
  void add_service(const wire::OperationTable& table);
  /// The S3 handler sees every request in path style: `path` is `/bucket/key`, still
  /// percent-encoded.
  /// `admit`: asked with the head of an unsigned request, in path style too, before its body is
  /// read; an answer refuses it.
  using Admission = std::function<std::optional<wire::HttpResponse>(const wire::HttpRequest&)>;
  void set_s3(Handler handler, Admission admit = nullptr);
  void add_raw(RawRoute route);

  /// What is known before the body has arrived.
  struct Target {
    enum class Kind : std::uint8_t { raw, service, query, s3, none } kind = Kind::none;
    const RawRoute* raw = nullptr;
    /// Kind service: the table. Kind query: nullptr, `query_service()` finds it when the form is
    /// there.
    const wire::OperationTable* table = nullptr;
  };
  /// `signing_service` is the service of the credential scope, "" if the request is not signed.
  Target find(const wire::HttpRequest& head, std::string_view signing_service) const;
  /// The service of a Query call: by credential scope, else by Version, else by Action. nullptr:
  /// none.
  const wire::OperationTable* query_service(const wire::Call& call,
                                            std::string_view signing_service) const;
  const wire::OperationTable* by_signing_name(std::string_view name) const;

  /// The bucket that the host name carries, "" for path style.
  std::string virtual_host_bucket(std::string_view host) const;
  const Handler& s3() const { return s3_; }
  const Admission& s3_admission() const { return s3_admission_; }
  const std::vector<const wire::OperationTable*>& services() const { return services_; }

 private:
  std::vector<std::string> domains_;
  std::vector<const wire::OperationTable*> services_;
  std::vector<RawRoute> raw_;
  Handler s3_;
  Admission s3_admission_;
};

/// The raw routes that every daemon has: GET /metrics (Prometheus text, only from loopback) and GET
/// /_weir/health. `health` returns the JSON text of the answer.
void add_standard_routes(Router& router, std::function<std::string()> health);

}  // namespace weir::server
