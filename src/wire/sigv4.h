// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "wire/http.h"

/// AWS Signature Version 4, the verifying side (IAM User Guide, "AWS Signature Version 4 for API
/// requests"; Amazon S3 API Reference, "Authenticating Requests"), and Version 2 of presigned S3
/// addresses, which boto3 still makes.
///
/// The functions return errors with neutral codes (those of the Query protocol); `as_told_by()`
/// turns them into what each family of services answers.
namespace weir::wire::sigv4 {

inline constexpr std::string_view kUnsigned = "UNSIGNED-PAYLOAD";
inline constexpr std::string_view kStreaming = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
inline constexpr std::string_view kStreamingTrailer = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
inline constexpr std::string_view kStreamingUnsignedTrailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
inline constexpr std::string_view kEmptySha256 =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

inline constexpr Duration kSkewMax = std::chrono::minutes(15);
inline constexpr std::int64_t kExpiresMax_s = 7 * 24 * 3600;

/// What a request says of its signature.
struct Claim {
  enum class Form : std::uint8_t { none, header, presigned, presigned_v2 } form = Form::none;
  std::string access_key;
  std::string date;  // of the scope, yyyymmdd
  std::string region;
  std::string service;
  std::vector<std::string> signed_headers;  // lower case
  std::string signature;
  std::string timestamp;       // yyyymmddThhmmssZ as signed
  Time time;                   // the same; of presigned_v2: when it expires
  std::int64_t expires_s = 0;  // presigned
  /// x-amz-content-sha256, from the header or (presigned) the query; "" if not given: the hash of
  /// the body counts.
  std::string payload_hash;

  /// `20150830/us-east-1/service/aws4_request`
  std::string scope() const { return date + '/' + region + '/' + service + "/aws4_request"; }
};

/// Form none if the request is not signed at all. Errors: IncompleteSignature (says what is
/// missing), AuthorizationQueryParametersError for presigned parameters of S3.
Result<Claim> read_claim(const HttpRequest& request);

/// The two ways of writing the path: S3 encodes each segment once and normalises nothing, the
/// others encode what is on the wire once more and resolve `.`, `..` and `//`.
struct PathRule {
  bool encode_twice = true;
  bool normalise = true;
  static constexpr PathRule of_service(std::string_view service) {
    const bool is_s3 = service == "s3" || service == "s3express";
    return {!is_s3, !is_s3};
  }
};

std::string canonical_request(const HttpRequest& request, const Claim& claim, PathRule rule,
                              std::string_view payload_hash);
std::string string_to_sign(const Claim& claim, std::string_view canonical);
/// The raw key that signs requests of that date, region and service.
std::string signing_key(std::string_view secret, const Claim& claim);

/// Is the signature right? `payload_hash` is the claimed one or, if the request claims none, that
/// of the body. Errors: SignatureDoesNotMatch, with StringToSign and CanonicalRequest in the
/// details.
Result<void> verify(const HttpRequest& request, const Claim& claim, std::string_view secret,
                    PathRule rule, std::string_view payload_hash);

/// The same for form presigned_v2. `bucket` is the one that the host name carries, or "".
Result<void> verify_v2(const HttpRequest& request, const Claim& claim, std::string_view secret,
                       std::string_view bucket);

/// Is the claim of that moment? Errors: SignatureExpired, SignatureNotYetCurrent, PresignedExpired,
/// IncompleteSignature if the date of the scope is another than the time stamp's.
Result<void> check_time(const Claim& claim, Time now);

/// S3 only: x-amz-* headers that came but were not signed. Error: HeadersNotSigned.
Result<void> check_headers_signed(const HttpRequest& request, const Claim& claim);

/// Signatures of the chunks of an aws-chunked body. Each depends on the one before.
class ChunkSigner {
 public:
  ChunkSigner() = default;
  ChunkSigner(const Claim& claim, std::string key)
      : key_(std::move(key)),
        prefix_(claim.timestamp + '\n' + claim.scope() + '\n'),
        previous_(claim.signature) {}
  /// The signature that the chunk with this content hash must have.
  std::string chunk(std::string_view content_sha256_hex);
  /// `lines`: `name:value\n` of each trailer.
  std::string trailer(std::string_view lines);

 private:
  std::string key_;
  std::string prefix_;
  std::string previous_;
};

/// How a family of services words errors of authentication.
enum class Family : std::uint8_t { json, query, ec2, s3 };
/// Errors of this header, and of the server's own checks (MissingAuthenticationToken,
/// InvalidClientTokenId, WrongService, AccessDenied), as that family answers them.
Error as_told_by(Family family, Error error);

}  // namespace weir::wire::sigv4
