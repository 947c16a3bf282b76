// SPDX-License-Identifier: Apache-2.0
#include "wire/sigv4.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/base64.h"
#include "wire/digest.h"
#include "wire/text.h"

namespace weir::wire::sigv4 {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::size_t kSignedHeadersMax = 200;

Error incomplete(std::string message) {
  return {ErrorKind::invalid, "IncompleteSignature", std::move(message)};
}
Error bad_parameter(std::string message) {
  return {ErrorKind::invalid, "AuthorizationQueryParametersError", std::move(message)};
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(at);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool all_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// ---- Dates ------------------------------------------------------------------------------------

/// `20150830T123600Z`
Result<Time> parse_basic(std::string_view text) {
  const bool shaped = text.size() == 16 && text[8] == 'T' && text[15] == 'Z' &&
                      all_digits(text.substr(0, 8)) && all_digits(text.substr(9, 6));
  if (!shaped) {
    return incomplete("Date must be in ISO-8601 'basic format'. Got '" + std::string(text) +
                      "'. See http://en.wikipedia.org/wiki/ISO_8601");
  }
  const auto part = [&](std::size_t at, std::size_t n) { return std::string(text.substr(at, n)); };
  return parse_iso8601(part(0, 4) + '-' + part(4, 2) + '-' + part(6, 2) + 'T' + part(9, 2) + ':' +
                       part(11, 2) + ':' + part(13, 2) + 'Z');
}

std::string basic_text(Time time) {
  std::string out;
  for (const char c : to_iso8601(time).substr(0, 19)) {
    if (c != '-' && c != ':') out.push_back(c);
  }
  return out + 'Z';
}

/// `Sun, 30 Aug 2015 12:36:00 GMT` to the basic form, "" if it is none.
std::string basic_from_rfc1123(std::string_view text) {
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() != 29 || text[3] != ',' || !text.ends_with(" GMT")) return {};
  const std::size_t month = kMonths.find(text.substr(8, 3));
  if (month == std::string_view::npos || month % 3 != 0) return {};
  const std::string number = std::to_string(month / 3 + 101).substr(1);
  std::string out;
  out.append(text.substr(12, 4)).append(number).append(text.substr(5, 2)).append("T");
  out.append(text.substr(17, 2)).append(text.substr(20, 2)).append(text.substr(23, 2)).append("Z");
  return out;
}

// ---- Reading the claim --------------------------------------------------------------------------

Result<void> read_scope(Claim& claim, std::string_view credential) {
  // An access key may contain a slash, so the scope is read from the end.
  const auto parts = split(credential, '/');
  if (parts.size() < 5 || parts.back() != "aws4_request") {
    return incomplete(
        "Credential must have at least 5 slash-delimited elements and end in "
        "'aws4_request', got '" +
        std::string(credential) + "'");
  }
  const std::size_t n = parts.size();
  claim.date = parts[n - 4];
  claim.region = parts[n - 3];
  claim.service = parts[n - 2];
  const std::size_t tail = claim.scope().size() + 1;
  claim.access_key = credential.substr(0, credential.size() - tail);
  return {};
}

Result<void> read_signed_headers(Claim& claim, std::string_view text) {
  for (const std::string_view name : split(text, ';')) {
    if (!name.empty()) claim.signed_headers.push_back(to_lower(name));
    if (claim.signed_headers.size() > kSignedHeadersMax) {
      return incomplete("Too many headers in 'SignedHeaders'.");
    }
  }
  const auto& names = claim.signed_headers;
  if (std::find(names.begin(), names.end(), "host") == names.end() &&
      std::find(names.begin(), names.end(), ":authority") == names.end()) {
    return Error{ErrorKind::unauthorized, "SignatureDoesNotMatch",
                 "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."};
  }
  return {};
}

Result<Claim> header_claim(const HttpRequest& request, std::string_view authorization) {
  Claim claim;
  claim.form = Claim::Form::header;
  if (!authorization.starts_with(kAlgorithm)) {
    return incomplete("Unsupported signature algorithm; AWS4-HMAC-SHA256 is required.");
  }
  authorization.remove_prefix(kAlgorithm.size());
  std::string_view credential, signed_headers, signature;
  for (const std::string_view part : split(authorization, ',')) {
    const std::string_view field = trimmed(part);
    const std::size_t equals = field.find('=');
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view{} : field.substr(equals + 1);
    if (field.starts_with("Credential=")) credential = value;
    if (field.starts_with("SignedHeaders=")) signed_headers = value;
    if (field.starts_with("Signature=")) signature = value;
  }
  const auto need = [](std::string_view value, std::string_view name) {
    return value.empty() ? "Authorization header requires '" + std::string(name) + "' parameter. "
                         : std::string();
  };
  std::string missing = need(credential, "Credential") + need(signature, "Signature") +
                        need(signed_headers, "SignedHeaders");
  claim.timestamp = trimmed(request.headers.get("X-Amz-Date"));
  if (claim.timestamp.empty()) {
    const std::string_view date = trimmed(request.headers.get("Date"));
    claim.timestamp = basic_from_rfc1123(date);
    if (claim.timestamp.empty()) claim.timestamp = date;
  }
  if (claim.timestamp.empty()) {
    missing +=
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
  }
  if (!missing.empty()) return incomplete(std::move(missing));
  WEIR_CHECK(read_scope(claim, credential));
  WEIR_CHECK(read_signed_headers(claim, signed_headers));
  WEIR_TRY(claim.time, parse_basic(claim.timestamp));
  claim.signature = signature;
  claim.payload_hash = trimmed(request.headers.get("x-amz-content-sha256"));
  return claim;
}

Result<Claim> presigned_claim(const HttpRequest& request) {
  Claim claim;
  claim.form = Claim::Form::presigned;
  const auto get = [&](std::string_view name) {
    return request.query_value(name).value_or(std::string_view{});
  };
  if (get("X-Amz-Algorithm") != kAlgorithm) {
    return bad_parameter(
        "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256 and "
        "AWS4-ECDSA-P256-SHA256\"");
  }
  for (const std::string_view name :
       {"X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Signature"}) {
    if (get(name).empty()) {
      return bad_parameter(
          "Query-string authentication version 4 requires the X-Amz-Algorithm, "
          "X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, "
          "and X-Amz-Expires parameters.");
    }
  }
  WEIR_CHECK(read_scope(claim, get("X-Amz-Credential")));
  WEIR_CHECK(read_signed_headers(claim, get("X-Amz-SignedHeaders")));
  claim.timestamp = get("X-Amz-Date");
  WEIR_TRY(claim.time, parse_basic(claim.timestamp));
  claim.signature = get("X-Amz-Signature");

  const auto expires = request.query_value("X-Amz-Expires");
  claim.expires_s = std::chrono::duration_cast<std::chrono::seconds>(kSkewMax).count();
  if (expires) {
    const auto [end, error] =
        std::from_chars(expires->data(), expires->data() + expires->size(), claim.expires_s);
    if (error != std::errc{} || end != expires->data() + expires->size()) {
      return bad_parameter("X-Amz-Expires should be a number");
    }
    if (claim.expires_s < 0) return bad_parameter("X-Amz-Expires must be non-negative");
    if (claim.expires_s > kExpiresMax_s) {
      return bad_parameter(
          "X-Amz-Expires must be less than a week (in seconds); that is, the "
          "given X-Amz-Expires must be less than 604800 seconds");
    }
  }
  claim.payload_hash = request.query_value("X-Amz-Content-Sha256")
                           .value_or(trimmed(request.headers.get("x-amz-content-sha256")));
  if (claim.payload_hash.empty() && claim.service == "s3") claim.payload_hash = kUnsigned;
  return claim;
}

Result<Claim> presigned_v2_claim(const HttpRequest& request) {
  Claim claim;
  claim.form = Claim::Form::presigned_v2;
  claim.service = "s3";
  claim.payload_hash = kUnsigned;
  claim.access_key = request.query_value("AWSAccessKeyId").value_or("");
  claim.signature = request.query_value("Signature").value_or("");
  const std::string_view expires = request.query_value("Expires").value_or("");
  std::int64_t seconds = 0;
  const auto [end, error] =
      std::from_chars(expires.data(), expires.data() + expires.size(), seconds);
  constexpr std::int64_t kSecondsMax = 9'000'000'000'000;
  if (error != std::errc{} || end != expires.data() + expires.size() || seconds < 0 ||
      seconds > kSecondsMax) {
    return Error{ErrorKind::forbidden, "AccessDenied",
                 "Invalid date (should be seconds since epoch): " + std::string(expires)};
  }
  claim.time = Time::from_seconds(seconds);
  return claim;
}

// ---- The canonical request
// ------------------------------------------------------------------------

std::string normalised(std::string_view path) {
  std::vector<std::string_view> kept;
  std::string_view last;
  for (const std::string_view segment : split(path, '/')) {
    last = segment;
    if (segment.empty() || segment == ".") continue;
    if (segment != "..") {
      kept.push_back(segment);
    } else if (!kept.empty()) {
      kept.pop_back();
    }
  }
  std::string out = "/";
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (i > 0) out += '/';
    out += kept[i];
  }
  if (last.empty() && !kept.empty()) out += '/';
  return out;
}

std::string canonical_path(std::string_view path, PathRule rule) {
  const std::string resolved = rule.normalise ? normalised(path) : std::string(path);
  return percent_encode(rule.encode_twice ? resolved : percent_decode(resolved), true);
}

std::string canonical_query(std::string_view target, std::string_view without) {
  const std::size_t mark = target.find('?');
  if (mark == std::string_view::npos) return {};
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string_view part : split(target.substr(mark + 1), '&')) {
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    const std::string name = percent_decode(part.substr(0, equals));
    if (!without.empty() && name == without) continue;
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view{} : part.substr(equals + 1);
    pairs.emplace_back(percent_encode(name), percent_encode(percent_decode(value)));
  }
  std::sort(pairs.begin(), pairs.end());
  std::string out;
  for (const auto& [name, value] : pairs) {
    if (!out.empty()) out += '&';
    out.append(name).append("=").append(value);
  }
  return out;
}

// Trimmed, with runs of blanks made one.
std::string canonical_value(std::string_view value) {
  std::string out;
  for (const char c : trimmed(value)) {
    if (c == ' ' && !out.empty() && out.back() == ' ') continue;
    out += c;
  }
  return out;
}

std::string canonical_headers(const HttpRequest& request, const Claim& claim) {
  std::string out;
  for (const std::string& name : claim.signed_headers) {
    out += name + ':';
    bool first = true;
    for (const auto& [key, value] : request.headers.all()) {
      if (!equals_ignoring_case(key, name)) continue;
      if (!first) out += ',';
      out += canonical_value(value);
      first = false;
    }
    out += '\n';
  }
  return out;
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out.append(out.empty() ? "" : ";").append(name);
  return out;
}

// ---- Version 2 --------------------------------------------------------------------------------

// Amazon S3 Developer Guide, "Signing and authenticating REST requests": what counts as part of the
// resource.
constexpr std::array<std::string_view, 28> kSubResources = {"accelerate",
                                                            "acl",
                                                            "cors",
                                                            "defaultObjectAcl",
                                                            "delete",
                                                            "lifecycle",
                                                            "location",
                                                            "logging",
                                                            "notification",
                                                            "partNumber",
                                                            "policy",
                                                            "replication",
                                                            "requestPayment",
                                                            "response-cache-control",
                                                            "response-content-disposition",
                                                            "response-content-encoding",
                                                            "response-content-language",
                                                            "response-content-type",
                                                            "response-expires",
                                                            "restore",
                                                            "tagging",
                                                            "torrent",
                                                            "uploadId",
                                                            "uploads",
                                                            "versionId",
                                                            "versioning",
                                                            "versions",
                                                            "website"};

std::string v2_string_to_sign(const HttpRequest& request, std::string_view bucket) {
  std::string out = request.method + '\n';
  out.append(request.headers.get("Content-MD5")).append("\n");
  out.append(request.headers.get("Content-Type")).append("\n");
  out.append(request.query_value("Expires").value_or("")).append("\n");

  std::vector<std::pair<std::string, std::string>> amz;
  for (const auto& [name, value] : request.headers.all()) {
    std::string key = to_lower(name);
    if (key.starts_with("x-amz-")) amz.emplace_back(std::move(key), trimmed(value));
  }
  if (const auto token = request.query_value("x-amz-security-token")) {
    amz.emplace_back("x-amz-security-token", *token);
  }
  std::sort(amz.begin(), amz.end());
  for (const auto& [name, value] : amz) out.append(name).append(":").append(value).append("\n");

  if (!bucket.empty()) out.append("/").append(bucket);
  out += request.path;
  std::vector<std::string> parts;
  for (const auto& [name, value] : request.query) {
    if (std::find(kSubResources.begin(), kSubResources.end(), name) == kSubResources.end()) {
      continue;
    }
    parts.push_back(value.empty() ? name : name + '=' + value);
  }
  std::sort(parts.begin(), parts.end());
  for (std::size_t i = 0; i < parts.size(); ++i) out.append(i == 0 ? "?" : "&").append(parts[i]);
  return out;
}

Error does_not_match(const Claim& claim, std::string to_sign, std::string canonical) {
  Error error{ErrorKind::unauthorized, "SignatureDoesNotMatch", ""};
  error.details = {{"AWSAccessKeyId", claim.access_key},
                   {"StringToSign", std::move(to_sign)},
                   {"SignatureProvided", claim.signature}};
  if (!canonical.empty()) error.details.emplace_back("CanonicalRequest", std::move(canonical));
  return error;
}

}  // namespace

Result<Claim> read_claim(const HttpRequest& request) {
  const std::string_view authorization = trimmed(request.headers.get("Authorization"));
  if (!authorization.empty()) return header_claim(request, authorization);
  if (request.query_value("X-Amz-Algorithm") || request.query_value("X-Amz-Signature")) {
    return presigned_claim(request);
  }
  if (request.query_value("AWSAccessKeyId") && request.query_value("Signature")) {
    return presigned_v2_claim(request);
  }
  Claim none;
  none.payload_hash = trimmed(request.headers.get("x-amz-content-sha256"));
  return none;
}

std::string canonical_request(const HttpRequest& request, const Claim& claim, PathRule rule,
                              std::string_view payload_hash) {
  const std::string_view without =
      claim.form == Claim::Form::presigned ? "X-Amz-Signature" : std::string_view{};
  std::string out = request.method + '\n';
  out.append(canonical_path(request.path, rule)).append("\n");
  out.append(canonical_query(request.target, without)).append("\n");
  out.append(canonical_headers(request, claim)).append("\n");
  out.append(joined(claim.signed_headers)).append("\n");
  out.append(payload_hash);
  return out;
}

std::string string_to_sign(const Claim& claim, std::string_view canonical) {
  return std::string(kAlgorithm) + '\n' + claim.timestamp + '\n' + claim.scope() + '\n' +
         sha256_hex(canonical);
}

std::string signing_key(std::string_view secret, const Claim& claim) {
  std::string key = hmac_sha256("AWS4" + std::string(secret), claim.date);
  key = hmac_sha256(key, claim.region);
  key = hmac_sha256(key, claim.service);
  return hmac_sha256(key, "aws4_request");
}

Result<void> verify(const HttpRequest& request, const Claim& claim, std::string_view secret,
                    PathRule rule, std::string_view payload_hash) {
  const std::string canonical = canonical_request(request, claim, rule, payload_hash);
  std::string to_sign = string_to_sign(claim, canonical);
  const std::string expected = to_hex(hmac_sha256(signing_key(secret, claim), to_sign));
  if (equal_in_constant_time(expected, claim.signature)) return {};
  return does_not_match(claim, std::move(to_sign), canonical);
}

Result<void> verify_v2(const HttpRequest& request, const Claim& claim, std::string_view secret,
                       std::string_view bucket) {
  std::string to_sign = v2_string_to_sign(request, bucket);
  const std::string expected = base64_encode(hmac_sha1(secret, to_sign));
  if (equal_in_constant_time(expected, claim.signature)) return {};
  return does_not_match(claim, std::move(to_sign), {});
}

Result<void> check_time(const Claim& claim, Time now) {
  const auto expired = [&] {
    return Error{ErrorKind::forbidden,
                 "PresignedExpired",
                 "Request has expired",
                 {{"ServerTime", to_iso8601(now)}}};
  };
  if (claim.form == Claim::Form::presigned_v2) {
    if (now > claim.time) return expired();
    return {};
  }
  if (claim.date != claim.timestamp.substr(0, 8)) {
    return incomplete(
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of "
        "date from HTTP: '" +
        claim.date + "' != '" + claim.timestamp.substr(0, 8) + "', from '" + claim.timestamp +
        "'.");
  }
  const std::vector<std::pair<std::string, std::string>> times = {
      {"RequestTime", claim.timestamp},
      {"ServerTime", to_iso8601(now)},
      {"MaxAllowedSkewMilliseconds", std::to_string(kSkewMax.count())}};
  if (claim.time > now + kSkewMax) {
    return Error{ErrorKind::unauthorized, "SignatureNotYetCurrent",
                 "Signature not yet current: " + claim.timestamp + " is still later than " +
                     basic_text(now + kSkewMax) + " (" + basic_text(now) + " + 15 min.)",
                 times};
  }
  if (claim.form == Claim::Form::presigned) {
    if (now > claim.time + std::chrono::seconds(claim.expires_s)) return expired();
    return {};
  }
  if (claim.time < now - kSkewMax) {
    return Error{ErrorKind::unauthorized, "SignatureExpired",
                 "Signature expired: " + claim.timestamp + " is now earlier than " +
                     basic_text(now - kSkewMax) + " (" + basic_text(now) + " - 15 min.)",
                 times};
  }
  return {};
}

Result<void> check_headers_signed(const HttpRequest& request, const Claim& claim) {
  for (const auto& [name, value] : request.headers.all()) {
    const std::string key = to_lower(name);
    if (!key.starts_with("x-amz-")) continue;
    // Its value is the payload line of the canonical request, so it is covered without being
    // listed.
    if (key == "x-amz-content-sha256") continue;
    const auto& names = claim.signed_headers;
    if (std::find(names.begin(), names.end(), key) == names.end()) {
      return Error{ErrorKind::forbidden,
                   "HeadersNotSigned",
                   "There were headers present in the request which were not signed",
                   {{"HeadersNotSigned", key}}};
    }
  }
  return {};
}

std::string ChunkSigner::chunk(std::string_view content_sha256_hex) {
  previous_ = to_hex(hmac_sha256(key_, "AWS4-HMAC-SHA256-PAYLOAD\n" + prefix_ + previous_ + '\n' +
                                           std::string(kEmptySha256) + '\n' +
                                           std::string(content_sha256_hex)));
  return previous_;
}

std::string ChunkSigner::trailer(std::string_view lines) {
  return to_hex(hmac_sha256(
      key_, "AWS4-HMAC-SHA256-TRAILER\n" + prefix_ + previous_ + '\n' + sha256_hex(lines)));
}

// ---- What each family says
// ------------------------------------------------------------------------

namespace {

struct Wording {
  std::string_view neutral;
  std::string_view json, query, ec2, s3;     // codes
  std::string_view text, ec2_text, s3_text;  // "" keeps the error's own message
};

constexpr std::string_view kNoMatch =
    "The request signature we calculated does not match the signature you provided. Check your AWS "
    "Secret Access Key and signing method. Consult the service documentation for details.";
constexpr std::string_view kNoMatchS3 =
    "The request signature we calculated does not match the signature you provided. Check your key "
    "and signing method.";
constexpr std::string_view kBadToken = "The security token included in the request is invalid.";
constexpr std::string_view kNoKeyS3 =
    "The AWS Access Key Id you provided does not exist in our records.";
constexpr std::string_view kEc2Failure =
    "AWS was not able to validate the provided access credentials";
constexpr std::string_view kSkewedS3 =
    "The difference between the request time and the current time is too large.";

constexpr Wording kWordings[] = {
    {"MissingAuthenticationToken", "MissingAuthenticationTokenException",
     "MissingAuthenticationToken", "MissingAuthenticationToken", "AccessDenied",
     "Request is missing Authentication Token", "", "Access Denied"},
    {"IncompleteSignature", "IncompleteSignatureException", "IncompleteSignature",
     "IncompleteSignature", "AuthorizationHeaderMalformed", "", "", ""},
    {"AuthorizationQueryParametersError", "IncompleteSignatureException", "IncompleteSignature",
     "IncompleteSignature", "AuthorizationQueryParametersError", "", "", ""},
    {"InvalidClientTokenId", "UnrecognizedClientException", "InvalidClientTokenId", "AuthFailure",
     "InvalidAccessKeyId", kBadToken, kEc2Failure, kNoKeyS3},
    {"SignatureDoesNotMatch", "InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure",
     "SignatureDoesNotMatch", kNoMatch, kEc2Failure, kNoMatchS3},
    {"SignatureExpired", "InvalidSignatureException", "SignatureDoesNotMatch", "RequestExpired",
     "RequestTimeTooSkewed", "", "Request has expired.", kSkewedS3},
    {"SignatureNotYetCurrent", "InvalidSignatureException", "SignatureDoesNotMatch",
     "RequestExpired", "RequestTimeTooSkewed", "", "Request has expired.", kSkewedS3},
    {"PresignedExpired", "InvalidSignatureException", "RequestExpired", "RequestExpired",
     "AccessDenied", "Request has expired.", "Request has expired.", "Request has expired"},
    {"HeadersNotSigned", "InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure",
     "AccessDenied", "", "", ""},
    {"WrongService", "InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure",
     "AuthorizationHeaderMalformed", "", kEc2Failure, ""},
    {"SlowDown", "ThrottlingException", "Throttling", "RequestLimitExceeded", "SlowDown",
     "Rate exceeded", "Request limit exceeded.", "Please reduce your request rate."},
    {"AccessDenied", "AccessDeniedException", "AccessDenied", "UnauthorizedOperation",
     "AccessDenied", "", "You are not authorized to perform this operation.", "Access Denied"},
};

}  // namespace

Error as_told_by(Family family, Error error) {
  const auto* const found =
      std::find_if(std::begin(kWordings), std::end(kWordings),
                   [&](const Wording& wording) { return wording.neutral == error.code; });
  if (found == std::end(kWordings)) return error;
  const auto reword = [&](std::string_view code, std::string_view text) {
    error.code = code;
    if (!text.empty()) error.message = text;
  };
  // JSON and Query services say what exactly is wrong, if anything is known beyond the code.
  const std::string_view text = error.message.empty() ? found->text : std::string_view{};
  switch (family) {
    case Family::json:
      reword(found->json, text);
      break;
    case Family::query:
      reword(found->query, text);
      break;
    case Family::ec2:
      reword(found->ec2, found->ec2_text);
      break;
    case Family::s3:
      reword(found->s3, found->s3_text);
      if (error.kind == ErrorKind::unauthorized) error.kind = ErrorKind::forbidden;
      return error;
  }
  // Only S3 tells what it calculated.
  error.details.clear();
  return error;
}

}  // namespace weir::wire::sigv4
