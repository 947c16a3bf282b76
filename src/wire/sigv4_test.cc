// SPDX-License-Identifier: Apache-2.0
#include "wire/sigv4.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/aws_chunked.h"
#include "wire/digest.h"

namespace weir::wire {
namespace {

using sigv4::Claim;
using sigv4::PathRule;
using testing::HasSubstr;

// The well-known key of AWS's own examples.
constexpr std::string_view kSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
constexpr std::string_view kSecretS3 = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
constexpr PathRule kNormalised{.encode_twice = true, .normalise = true};
constexpr PathRule kRaw{.encode_twice = true, .normalise = false};

struct Vector {
  std::string_view name;
  std::string_view method;
  std::string_view target;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string_view signed_headers;
  std::string_view signature;
  PathRule rule = kNormalised;
  std::string_view body = "";
};

constexpr std::string_view kToken =
    "AQoDYXdzEPT//////////"
    "wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIe"
    "oIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/"
    "kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq"
    "5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+"
    "scqKmlzm8FDrypNC"
    "9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";
constexpr std::string_view kUnreserved =
    "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

// Inputs and signatures of the published Signature Version 4 test suite (as kept in aws-c-auth,
// tests/aws-signing-test-suite/v4), header form. Key AKIDEXAMPLE, 2015-08-30T12:36:00Z, us-east-1,
// "service".
std::vector<Vector> header_vectors() {
  const std::string unreserved(kUnreserved);
  static const std::string path = "/" + unreserved;
  static const std::string query = "/?" + unreserved + "=" + unreserved;
  constexpr std::string_view kPlain = "host;x-amz-date";
  return {
      {"get-vanilla",
       "GET",
       "/",
       {},
       kPlain,
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-unreserved",
       "GET",
       path,
       {},
       kPlain,
       "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
      {"get-utf8",
       "GET",
       "/\xe1\x88\xb4",
       {},
       kPlain,
       "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
      {"get-space-normalized",
       "GET",
       "/example space/",
       {},
       kPlain,
       "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
      {"get-slashes-normalized",
       "GET",
       "//example//",
       {},
       kPlain,
       "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"},
      {"get-slashes-unnormalized",
       "GET",
       "//example//",
       {},
       kPlain,
       "87cca117541a147f6df867677d98a7d80dff226d2bfca9e4ffa899665623c7e5",
       kRaw},
      {"get-slash-dot-slash-normalized",
       "GET",
       "/./",
       {},
       kPlain,
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-slash-pointless-dot-normalized",
       "GET",
       "/./example",
       {},
       kPlain,
       "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"},
      {"get-relative-normalized",
       "GET",
       "/example/..",
       {},
       kPlain,
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-relative-relative-unnormalized",
       "GET",
       "/example1/example2/../..",
       {},
       kPlain,
       "dc33e0856fd4baca4d7aa2146c38958283844764f38c74252a333df5e613003b",
       kRaw},
      {"get-vanilla-query-order-key-case",
       "GET",
       "/?Param2=value2&Param1=value1",
       {},
       kPlain,
       "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
      {"get-vanilla-query-order-value",
       "GET",
       "/?Param1=value2&Param1=value1",
       {},
       kPlain,
       "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694"},
      {"get-vanilla-query-order-encoded",
       "GET",
       "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
       {},
       kPlain,
       "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"},
      {"get-vanilla-query-unreserved",
       "GET",
       query,
       {},
       kPlain,
       "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
      {"get-vanilla-utf8-query",
       "GET",
       "/?\xe1\x88\xb4=bar",
       {},
       kPlain,
       "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
      {"get-vanilla-empty-query-key",
       "GET",
       "/?Param1=value1",
       {},
       kPlain,
       "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
      {"get-vanilla-with-session-token",
       "GET",
       "/",
       {{"X-Amz-Security-Token",
         "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"}},
       "host;x-amz-date;x-amz-security-token",
       "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"},
      {"get-header-value-order",
       "GET",
       "/",
       {{"My-Header1", "value4"},
        {"My-Header1", "value1"},
        {"My-Header1", "value3"},
        {"My-Header1", "value2"}},
       "host;my-header1;x-amz-date",
       "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
      {"get-header-key-duplicate",
       "GET",
       "/",
       {{"My-Header1", "value2"}, {"My-Header1", "value2"}, {"My-Header1", "value1"}},
       "host;my-header1;x-amz-date",
       "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
      {"get-header-value-trim",
       "GET",
       "/",
       {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}},
       "host;my-header1;my-header2;x-amz-date",
       "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
      {"post-vanilla-query",
       "POST",
       "/?Param1=value1",
       {},
       kPlain,
       "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"},
      {"post-header-key-sort",
       "POST",
       "/",
       {{"My-Header1", "value1"}},
       "host;my-header1;x-amz-date",
       "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
      {"post-sts-header-before",
       "POST",
       "/",
       {{"X-Amz-Security-Token", std::string(kToken)}},
       "host;x-amz-date;x-amz-security-token",
       "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"},
      {"post-x-www-form-urlencoded",
       "POST",
       "/",
       {{"Content-Type", "application/x-www-form-urlencoded"}},
       "content-type;host;x-amz-date",
       "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
       kNormalised,
       "Param1=value1"},
      {"post-x-www-form-urlencoded-parameters",
       "POST",
       "/",
       {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
        {"Content-Length", "13"},
        {"x-amz-content-sha256",
         "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"}},
       "content-length;content-type;host;x-amz-content-sha256;x-amz-date",
       "328d1b9eaadca9f5818ef05e8392801e091653bafec24fcab71e7344e7f51422",
       kNormalised,
       "Param1=value1"},
  };
}

HttpRequest request_of(std::string_view method, std::string_view target, std::string host) {
  HttpRequest request;
  request.method = method;
  set_target(request, target);
  request.headers.add("Host", std::move(host));
  return request;
}

TEST(SigV4Suite, HeaderFormVectorsVerify) {
  for (const Vector& vector : header_vectors()) {
    HttpRequest request = request_of(vector.method, vector.target, "example.amazonaws.com");
    for (const auto& [name, value] : vector.headers) request.headers.add(name, value);
    request.headers.add("X-Amz-Date", "20150830T123600Z");
    request.headers.add(
        "Authorization",
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        "SignedHeaders=" +
            std::string(vector.signed_headers) + ", Signature=" + std::string(vector.signature));
    const auto claim = sigv4::read_claim(request);
    ASSERT_TRUE(claim) << vector.name << ": " << claim.error().message;
    EXPECT_EQ(claim->access_key, "AKIDEXAMPLE");
    EXPECT_TRUE(sigv4::verify(request, *claim, kSecret, vector.rule, sha256_hex(vector.body)))
        << vector.name << '\n'
        << sigv4::canonical_request(request, *claim, vector.rule, sha256_hex(vector.body));
    EXPECT_TRUE(sigv4::check_time(*claim, claim->time));
    EXPECT_FALSE(sigv4::verify(request, *claim, kSecretS3, vector.rule, sha256_hex(vector.body)))
        << vector.name;
  }
}

struct PresignedVector {
  std::string_view name;
  std::string_view target;  // up to the signature's own parameters
  std::vector<std::pair<std::string, std::string>> headers;
  std::string_view signed_headers;
  std::string_view signature;
  PathRule rule = kNormalised;
  bool has_expires = true;
};

// The same suite, query form. The cases without X-Amz-Expires are older ones of it.
TEST(SigV4Suite, QueryFormVectorsVerify) {
  const std::vector<PresignedVector> vectors = {
      {"get-vanilla-query-order-key-case",
       "/?Param2=value2&Param1=value1&",
       {},
       "host",
       "86012e2c9ad4d77369f5d81c11f75158aae4f895a085212cc6d3f923d300bed5"},
      {"get-utf8",
       "/\xe1\x88\xb4?",
       {},
       "host",
       "10eae3f14a260bd3911cc6d008d3c576d143b05b62f09782a7a4b37f52178e44"},
      {"get-slash-dot-slash-unnormalized",
       "/./?",
       {},
       "host",
       "a9b13e8f3484d9505bf1a6f347219f8f35b0fe8f128ceea597efc146a3dfe90c",
       kRaw},
      {"get-space-unnormalized",
       "/example space/?",
       {},
       "host",
       "df2538a2f0e3833e12597dc3955a6a4545255907051db5a7c6e22550c4ddc380",
       kRaw,
       false},
      {"get-relative-relative-normalized",
       "/example1/example2/../..?",
       {},
       "host",
       "e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d"},
      {"get-vanilla-query-order-encoded",
       "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1&",
       {},
       "host",
       "c5f1848ceec943ac2ca68ee720460c23aaae30a2300586597ada94c4a65e4787"},
      {"get-vanilla-utf8-query",
       "/?\xe1\x88\xb4=bar&",
       {},
       "host",
       "0bdd809b1519ac4f0c1dc3540e2cc46bd0c7f778eda408b2ebf3b913d21ff600"},
      {"get-header-value-trim",
       "/?",
       {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}},
       "host%3Bmy-header1%3Bmy-header2",
       "e7bb0fd515e125e1aec2ecc4c0c17484fb06f6846b927c35e46005dd3df3acd4"},
  };
  for (const PresignedVector& vector : vectors) {
    HttpRequest request = request_of(
        "GET",
        std::string(vector.target) +
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1"
            "%2Fservice%2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=" +
            std::string(vector.signed_headers) + (vector.has_expires ? "&X-Amz-Expires=3600" : "") +
            "&X-Amz-Signature=" + std::string(vector.signature),
        "example.amazonaws.com");
    for (const auto& [name, value] : vector.headers) request.headers.add(name, value);
    const auto claim = sigv4::read_claim(request);
    ASSERT_TRUE(claim) << vector.name << ": " << claim.error().message;
    EXPECT_EQ(claim->form, Claim::Form::presigned);
    EXPECT_TRUE(sigv4::verify(request, *claim, kSecret, vector.rule, sigv4::kEmptySha256))
        << vector.name << '\n'
        << sigv4::canonical_request(request, *claim, vector.rule, sigv4::kEmptySha256);
  }
}

// ---- Amazon S3 API Reference, "Signature calculation examples"
// ------------------------------------------------

constexpr PathRule kS3 = PathRule::of_service("s3");

TEST(SigV4S3, GetObjectExampleVerifies) {
  HttpRequest request = request_of("GET", "/test.txt", "examplebucket.s3.amazonaws.com");
  request.headers.add("Range", "bytes=0-9");
  request.headers.add("x-amz-content-sha256", std::string(sigv4::kEmptySha256));
  request.headers.add("x-amz-date", "20130524T000000Z");
  request.headers.add(
      "Authorization",
      "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
      "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
      "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  const auto claim = sigv4::read_claim(request);
  ASSERT_TRUE(claim);
  EXPECT_TRUE(sigv4::verify(request, *claim, kSecretS3, kS3, claim->payload_hash));
}

TEST(SigV4S3, PresignedExampleVerifiesUntilItExpires) {
  const HttpRequest request = request_of(
      "GET",
      "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524"
      "%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400"
      "&X-Amz-SignedHeaders=host"
      "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
      "examplebucket.s3.amazonaws.com");
  const auto claim = sigv4::read_claim(request);
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->payload_hash, sigv4::kUnsigned);
  EXPECT_TRUE(sigv4::verify(request, *claim, kSecretS3, kS3, claim->payload_hash));
  EXPECT_TRUE(sigv4::check_time(*claim, claim->time + std::chrono::hours(24)));
  const auto late = sigv4::check_time(*claim, claim->time + std::chrono::seconds(86401));
  ASSERT_FALSE(late);
  const Error told = sigv4::as_told_by(sigv4::Family::s3, late.error());
  EXPECT_EQ(told.code, "AccessDenied");
  EXPECT_EQ(told.message, "Request has expired");
}

// "Signature calculations for the authorization header: transferring payload in multiple chunks":
// 65 KiB of `a`.
struct ChunkedExample {
  HttpRequest request = request_of("PUT", "/examplebucket/chunkObject.txt", "s3.amazonaws.com");
  Claim claim;
  std::string body;
  bool has_trailers = false;
};

ChunkedExample signed_chunks() {
  ChunkedExample example;
  auto& headers = example.request.headers;
  headers.add("x-amz-date", "20130524T000000Z");
  headers.add("x-amz-storage-class", "REDUCED_REDUNDANCY");
  headers.add("Authorization",
              "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
              "SignedHeaders=content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;"
              "x-amz-decoded-content-length;x-amz-storage-class,"
              "Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9");
  headers.add("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD");
  headers.add("Content-Encoding", "aws-chunked");
  headers.add("x-amz-decoded-content-length", "66560");
  headers.add("Content-Length", "66824");
  example.claim = *sigv4::read_claim(example.request);
  example.body =
      "10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n" +
      std::string(65536, 'a') +
      "\r\n400;chunk-signature="
      "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n" +
      std::string(1024, 'a') +
      "\r\n0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n"
      "\r\n";
  return example;
}

// The same page's example with a trailing checksum.
ChunkedExample signed_chunks_with_trailer() {
  ChunkedExample example;
  auto& headers = example.request.headers;
  headers.add("x-amz-date", "20130524T000000Z");
  headers.add("x-amz-storage-class", "REDUCED_REDUNDANCY");
  headers.add("Authorization",
              "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
              "SignedHeaders=content-encoding;host;x-amz-content-sha256;x-amz-date;"
              "x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer,"
              "Signature=106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e");
  headers.add("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER");
  headers.add("Content-Encoding", "aws-chunked");
  headers.add("x-amz-decoded-content-length", "66560");
  headers.add("x-amz-trailer", "x-amz-checksum-crc32c");
  example.claim = *sigv4::read_claim(example.request);
  example.has_trailers = true;
  example.body =
      "10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n" +
      std::string(65536, 'a') +
      "\r\n400;chunk-signature="
      "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n" +
      std::string(1024, 'a') +
      "\r\n0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n"
      "x-amz-checksum-crc32c:sOO8/Q==\r\n"
      "x-amz-trailer-signature:"
      "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n";
  return example;
}

struct Decoded {
  Result<void> result;
  std::string content;
  Headers trailers;
};

Decoded decode(const ChunkedExample& example, std::size_t step, bool is_signed = true) {
  Decoded decoded;
  AwsChunkedDecoder::Options options;
  options.decoded_length = 66560;
  options.has_trailers = example.has_trailers;
  if (is_signed) {
    options.signer.emplace(example.claim, sigv4::signing_key(kSecretS3, example.claim));
  }
  AwsChunkedDecoder decoder(std::move(options), [&](std::string_view piece) {
    decoded.content += piece;
    return Result<void>();
  });
  for (std::size_t at = 0; at < example.body.size() && decoded.result; at += step) {
    decoded.result = decoder.feed(std::string_view(example.body).substr(at, step));
  }
  if (decoded.result) decoded.result = decoder.finish();
  decoded.trailers = decoder.trailers();
  return decoded;
}

TEST(AwsChunked, SignedExampleIsDecodedAtAnySplit) {
  const ChunkedExample example = signed_chunks();
  EXPECT_TRUE(
      sigv4::verify(example.request, example.claim, kSecretS3, kS3, example.claim.payload_hash));
  for (const std::size_t step :
       {std::size_t{1}, std::size_t{7}, std::size_t{1000}, example.body.size()}) {
    const Decoded decoded = decode(example, step);
    ASSERT_TRUE(decoded.result) << step << ": " << decoded.result.error().message;
    EXPECT_EQ(decoded.content, std::string(66560, 'a'));
  }
}

TEST(AwsChunked, SignedTrailerExampleIsDecoded) {
  const ChunkedExample example = signed_chunks_with_trailer();
  EXPECT_TRUE(
      sigv4::verify(example.request, example.claim, kSecretS3, kS3, example.claim.payload_hash));
  const Decoded decoded = decode(example, 4096);
  ASSERT_TRUE(decoded.result) << decoded.result.error().message;
  EXPECT_EQ(decoded.content.size(), 66560u);
  EXPECT_EQ(decoded.trailers.get("x-amz-checksum-crc32c"), "sOO8/Q==");
}

TEST(AwsChunked, OneChangedByteIsFound) {
  for (const std::size_t at : {std::size_t{200}, std::size_t{65700}}) {
    ChunkedExample example = signed_chunks();
    example.body[at] = 'b';
    const Decoded decoded = decode(example, 4096);
    ASSERT_FALSE(decoded.result);
    EXPECT_EQ(decoded.result.error().code, "SignatureDoesNotMatch");
  }
  ChunkedExample example = signed_chunks_with_trailer();
  example.body.replace(example.body.find("sOO8"), 4, "sOO9");
  EXPECT_FALSE(decode(example, 4096).result);
}

TEST(AwsChunked, AnUnsignedChunkDoesNotPassAsSigned) {
  ChunkedExample example = signed_chunks();
  example.body = "10400\r\n" + std::string(66560, 'a') + "\r\n0\r\n\r\n";
  EXPECT_FALSE(decode(example, 4096).result);
  EXPECT_TRUE(decode(example, 4096, false).result);
}

TEST(AwsChunked, UnsignedTrailersAreRead) {
  ChunkedExample example;
  example.has_trailers = true;
  example.body =
      "10400\r\n" + std::string(66560, 'a') + "\r\n0\r\nx-amz-checksum-crc32: AAAAAA==\r\n\r\n";
  const Decoded decoded = decode(example, 100, false);
  ASSERT_TRUE(decoded.result) << decoded.result.error().message;
  EXPECT_EQ(decoded.trailers.get("X-Amz-Checksum-Crc32"), "AAAAAA==");
}

TEST(AwsChunked, BrokenFramingIsIncomplete) {
  const std::string a(66560, 'a');
  for (const std::string& body :
       {std::string(), std::string("x\r\n"), std::string("\r\n"), "10400\r\n" + a,
        "10400\r\n" + a + "\r\n", "10400\r\n" + a + "b\r\n0\r\n\r\n",
        "10401\r\n" + a + "b\r\n0\r\n\r\n", std::string("5\r\nhello\r\n0\r\n\r\n"),
        "10400\r\n" + a + "\r\n0\r\n\r\nmore", std::string(100'000, '0'),
        std::string("fffffffffffffffffffff\r\n")}) {
    ChunkedExample example;
    example.body = body;
    const Decoded decoded = decode(example, 512, false);
    ASSERT_FALSE(decoded.result) << body.substr(0, 20);
    EXPECT_EQ(decoded.result.error().code, "IncompleteBody");
  }
}

// ---- Claims that are wrong
// --------------------------------------------------------------------------------------

Claim claim_at(std::string timestamp) {
  HttpRequest request = request_of("GET", "/", "h");
  request.headers.add("X-Amz-Date", timestamp);
  request.headers.add("Authorization", "AWS4-HMAC-SHA256 Credential=A/" + timestamp.substr(0, 8) +
                                           "/r/s/aws4_request, SignedHeaders=host, Signature=x");
  return *sigv4::read_claim(request);
}

TEST(SigV4Time, FifteenMinutesEachWay) {
  const Claim claim = claim_at("20150830T123600Z");
  EXPECT_TRUE(sigv4::check_time(claim, claim.time + std::chrono::minutes(15)));
  EXPECT_TRUE(sigv4::check_time(claim, claim.time - std::chrono::minutes(15)));
  const auto late = sigv4::check_time(claim, claim.time + std::chrono::minutes(19));
  ASSERT_FALSE(late);
  // The sentence of AWS (IAM User Guide, "Troubleshoot Signature Version 4").
  EXPECT_EQ(late.error().message,
            "Signature expired: 20150830T123600Z is now earlier than 20150830T124000Z "
            "(20150830T125500Z - 15 min.)");
  EXPECT_EQ(sigv4::as_told_by(sigv4::Family::json, late.error()).code, "InvalidSignatureException");
  EXPECT_EQ(sigv4::as_told_by(sigv4::Family::query, late.error()).code, "SignatureDoesNotMatch");
  EXPECT_EQ(sigv4::as_told_by(sigv4::Family::ec2, late.error()).code, "RequestExpired");
  EXPECT_EQ(sigv4::as_told_by(sigv4::Family::s3, late.error()).code, "RequestTimeTooSkewed");
  const auto early = sigv4::check_time(claim, claim.time - std::chrono::minutes(16));
  ASSERT_FALSE(early);
  EXPECT_THAT(early.error().message, HasSubstr("Signature not yet current: 20150830T123600Z"));
}

TEST(SigV4Time, TheDateOfTheScopeMustBeThatOfTheTimestamp) {
  Claim claim = claim_at("20150830T123600Z");
  claim.date = "20150829";
  const auto result = sigv4::check_time(claim, claim.time);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, "IncompleteSignature");
}

TEST(SigV4Claim, DateHeaderServesWhereXAmzDateIsMissing) {
  HttpRequest request = request_of("GET", "/", "h");
  request.headers.add("Date", "Sun, 30 Aug 2015 12:36:00 GMT");
  request.headers.add("Authorization",
                      "AWS4-HMAC-SHA256 Credential=A/20150830/r/s/aws4_request, "
                      "SignedHeaders=date;host, Signature=x");
  const auto claim = sigv4::read_claim(request);
  ASSERT_TRUE(claim) << claim.error().message;
  EXPECT_EQ(claim->timestamp, "20150830T123600Z");
}

TEST(SigV4Claim, WhatIsMissingIsNamed) {
  const auto error_of = [](std::string authorization) {
    HttpRequest request = request_of("GET", "/", "h");
    request.headers.add("X-Amz-Date", "20150830T123600Z");
    request.headers.add("Authorization", std::move(authorization));
    const auto claim = sigv4::read_claim(request);
    return claim ? std::string() : claim.error().message;
  };
  EXPECT_THAT(error_of("Bearer x"), HasSubstr("Unsupported signature algorithm"));
  EXPECT_THAT(error_of("AWS4-HMAC-SHA256 SignedHeaders=host, Signature=x"),
              HasSubstr("requires 'Credential' parameter"));
  EXPECT_THAT(error_of("AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=x"),
              HasSubstr("slash-delimited"));
  EXPECT_THAT(error_of("AWS4-HMAC-SHA256 Credential=A/20150830/r/s/aws4_request, "
                       "SignedHeaders=x-amz-date, Signature=x"),
              HasSubstr("'Host' or ':authority' must be a 'SignedHeader'"));
  EXPECT_EQ(sigv4::read_claim(request_of("GET", "/", "h"))->form, Claim::Form::none);
}

TEST(SigV4Claim, PresignedExpiryIsBounded) {
  const auto code_of = [](std::string expires) {
    const auto claim = sigv4::read_claim(request_of(
        "GET",
        "/b/"
        "k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=A%2F20150830%2Fr%2Fs3%2Faws4_request"
        "&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host&X-Amz-Signature=x&X-Amz-Expires=" +
            expires,
        "h"));
    return claim ? std::string() : claim.error().code;
  };
  EXPECT_EQ(code_of("604800"), "");
  EXPECT_EQ(code_of("604801"), "AuthorizationQueryParametersError");
  EXPECT_EQ(code_of("-1"), "AuthorizationQueryParametersError");
  EXPECT_EQ(code_of("soon"), "AuthorizationQueryParametersError");
  EXPECT_EQ(code_of("99999999999999999999"), "AuthorizationQueryParametersError");
}

TEST(SigV4Claim, S3WantsItsHeadersSigned) {
  HttpRequest request = request_of("PUT", "/b/k", "h");
  request.headers.add("x-amz-meta-a", "1");
  Claim claim;
  claim.signed_headers = {"host"};
  EXPECT_FALSE(sigv4::check_headers_signed(request, claim));
  claim.signed_headers = {"host", "x-amz-meta-a"};
  EXPECT_TRUE(sigv4::check_headers_signed(request, claim));
}

TEST(SigV4Families, EachHasItsWordsForAnUnknownKey) {
  const auto told = [](sigv4::Family family) {
    return sigv4::as_told_by(family, {ErrorKind::unauthorized, "InvalidClientTokenId", "", {}});
  };
  EXPECT_EQ(told(sigv4::Family::json).code, "UnrecognizedClientException");
  EXPECT_EQ(told(sigv4::Family::json).message,
            "The security token included in the request is invalid.");
  EXPECT_EQ(told(sigv4::Family::query).code, "InvalidClientTokenId");
  EXPECT_EQ(told(sigv4::Family::ec2).code, "AuthFailure");
  EXPECT_EQ(told(sigv4::Family::s3).code, "InvalidAccessKeyId");
  EXPECT_EQ(told(sigv4::Family::s3).kind, ErrorKind::forbidden);
}

}  // namespace
}  // namespace weir::wire
