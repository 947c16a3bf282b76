// SPDX-License-Identifier: Apache-2.0
#include "server/test_signer.h"

#include <algorithm>

#include "wire/digest.h"
#include "wire/sigv4.h"
#include "wire/text.h"

namespace weir::server::test {
namespace {

std::string basic(Time time) {
  std::string out;
  for (const char c : to_iso8601(time).substr(0, 19)) {
    if (c != '-' && c != ':') out.push_back(c);
  }
  return out + 'Z';
}

std::string signature(const wire::HttpRequest& request, const wire::sigv4::Claim& claim,
                      const Signer& signer, std::string_view payload) {
  namespace sigv4 = wire::sigv4;
  const std::string canonical = sigv4::canonical_request(
      request, claim, sigv4::PathRule::of_service(signer.service), payload);
  return wire::to_hex(wire::hmac_sha256(sigv4::signing_key(signer.secret, claim),
                                        sigv4::string_to_sign(claim, canonical)));
}

wire::sigv4::Claim claim_of(const Signer& signer) {
  wire::sigv4::Claim claim;
  claim.access_key = signer.access_key;
  claim.timestamp = basic(signer.when);
  claim.date = claim.timestamp.substr(0, 8);
  claim.region = signer.region;
  claim.service = signer.service;
  return claim;
}

}  // namespace

wire::HttpRequest Signer::sign(wire::HttpRequest request) const {
  wire::sigv4::Claim claim = claim_of(*this);
  claim.form = wire::sigv4::Claim::Form::header;
  const std::string body_hash = wire::sha256_hex(request.body.text());
  const std::string payload = content_hash.empty() ? body_hash : content_hash;
  if (service == "s3" && with_content_hash) request.headers.add("x-amz-content-sha256", payload);
  request.headers.add("X-Amz-Date", claim.timestamp);
  std::string names;
  for (const auto& [name, value] : request.headers.all()) {
    const std::string key = wire::to_lower(name);
    if (key == "host" || key == "content-encoding" || key.starts_with("x-amz-")) {
      claim.signed_headers.push_back(key);
    }
  }
  std::sort(claim.signed_headers.begin(), claim.signed_headers.end());
  for (const auto& name : claim.signed_headers) names += (names.empty() ? "" : ";") + name;
  request.headers.add("Authorization",
                      "AWS4-HMAC-SHA256 Credential=" + access_key + '/' + claim.scope() +
                          ", SignedHeaders=" + names +
                          ", Signature=" + signature(request, claim, *this, payload));
  return request;
}

wire::HttpRequest Signer::presign(wire::HttpRequest request, int expires_s,
                                  std::string_view payload) const {
  wire::sigv4::Claim claim = claim_of(*this);
  claim.form = wire::sigv4::Claim::Form::presigned;
  claim.signed_headers = {"host"};
  std::string target = request.target;
  target += target.find('?') == std::string::npos ? '?' : '&';
  target += "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" +
            wire::percent_encode(access_key + '/' + claim.scope()) +
            "&X-Amz-Date=" + claim.timestamp + "&X-Amz-Expires=" + std::to_string(expires_s) +
            "&X-Amz-SignedHeaders=host";
  wire::set_target(request, target);
  const std::string hash =
      payload.empty() ? wire::sha256_hex(request.body.text()) : std::string(payload);
  wire::set_target(request, target + "&X-Amz-Signature=" + signature(request, claim, *this, hash));
  return request;
}

}  // namespace weir::server::test
