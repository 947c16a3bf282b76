// SPDX-License-Identifier: Apache-2.0
#include "wire/sigv4_signer.h"

#include <algorithm>
#include <chrono>

#include "wire/digest.h"
#include "wire/sigv4.h"
#include "wire/text.h"

namespace weir::wire::sigv4 {
namespace {

/// `20150830T123600Z`
std::string basic_time(Time time) {
  std::string out;
  for (const char c : to_iso8601(time).substr(0, 19)) {
    if (c != '-' && c != ':') out += c;
  }
  return out + 'Z';
}

bool is_signed(std::string_view name) {
  return name == "host" || name == "content-type" || name == "range" || name.starts_with("x-amz-");
}

Claim claim_of(const Identity& identity, Claim::Form form, Time now) {
  Claim claim;
  claim.form = form;
  claim.access_key = identity.access_key;
  claim.timestamp = basic_time(now);
  claim.date = claim.timestamp.substr(0, 8);
  claim.region = identity.region;
  claim.service = identity.service;
  return claim;
}

std::string signature_of(const HttpRequest& request, const Claim& claim, const Identity& identity,
                         std::string_view payload_hash) {
  const std::string canonical =
      canonical_request(request, claim, PathRule::of_service(identity.service), payload_hash);
  return to_hex(
      hmac_sha256(signing_key(identity.secret_key, claim), string_to_sign(claim, canonical)));
}

}  // namespace

void sign(HttpRequest& request, const Identity& identity, Time now, std::string_view payload_hash) {
  Claim claim = claim_of(identity, Claim::Form::header, now);
  request.headers.set("X-Amz-Date", claim.timestamp);
  if (identity.service == "s3") {
    request.headers.set("x-amz-content-sha256", std::string(payload_hash));
  }
  if (!identity.session_token.empty()) {
    request.headers.set("X-Amz-Security-Token", identity.session_token);
  }
  for (const auto& [name, value] : request.headers.all()) {
    if (std::string key = to_lower(name); is_signed(key)) {
      claim.signed_headers.push_back(std::move(key));
    }
  }
  std::ranges::sort(claim.signed_headers);
  std::string names;
  for (const std::string& name : claim.signed_headers) names += (names.empty() ? "" : ";") + name;
  const std::string signature = signature_of(request, claim, identity, payload_hash);
  request.headers.set("Authorization", "AWS4-HMAC-SHA256 Credential=" + claim.access_key + '/' +
                                           claim.scope() + ", SignedHeaders=" + names +
                                           ", Signature=" + signature);
}

std::string presigned_url(std::string_view endpoint, std::string_view query,
                          const Identity& identity, Time now, Duration life) {
  Claim claim = claim_of(identity, Claim::Form::presigned, now);
  claim.signed_headers = {"host"};
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(life).count();
  std::string target = "/?";
  target += query;
  target += "&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" +
            percent_encode(claim.access_key + '/' + claim.scope()) +
            "&X-Amz-Date=" + claim.timestamp + "&X-Amz-Expires=" + std::to_string(seconds) +
            "&X-Amz-SignedHeaders=host";
  HttpRequest request;
  request.method = "GET";
  set_target(request, target);
  request.headers.add("Host", std::string(endpoint.substr(endpoint.find("://") + 3)));
  const std::string signature = signature_of(request, claim, identity, kEmptySha256);
  return std::string(endpoint) + target + "&X-Amz-Signature=" + signature;
}

}  // namespace weir::wire::sigv4
