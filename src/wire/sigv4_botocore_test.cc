// SPDX-License-Identifier: Apache-2.0
// Goal: what AWS's own signer makes is accepted, for odd paths, queries and headers, in every form.
// Method: botocore (Debian's python3-botocore) signs random requests in a child process; each must
// verify here, and must not once its body hash or secret is another. Skipped where botocore is not
// installed.
#include <gtest/gtest.h>

#include <cstdio>
#include <memory>

#include "base/document.h"
#include "wire/digest.h"
#include "wire/sigv4.h"

namespace weir::wire {
namespace {

constexpr std::string_view kSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), &::pclose);
  std::string out;
  char piece[4096];
  while (const std::size_t n = std::fread(piece, 1, sizeof piece, pipe.get())) out.append(piece, n);
  return out;
}

HttpRequest request_of(const Document& made) {
  HttpRequest request;
  request.method = *made.find("method")->string();
  set_target(request, *made.find("target")->string());
  for (const auto& [name, value] : *made.find("headers")->map()) {
    request.headers.add(name, *value.string());
  }
  request.body.content = *made.find("body")->string();
  return request;
}

void check(const Document& made) {
  const HttpRequest request = request_of(made);
  const std::string& kind = *made.find("kind")->string();
  const auto claim = sigv4::read_claim(request);
  ASSERT_TRUE(claim) << claim.error().message;
  if (kind == "presigned_v2") {
    EXPECT_EQ(claim->form, sigv4::Claim::Form::presigned_v2);
    const auto verified = sigv4::verify_v2(request, *claim, kSecret, "");
    EXPECT_TRUE(verified) << verified.error().details[1].second;
    return;
  }
  EXPECT_EQ(claim->form == sigv4::Claim::Form::header, kind == "header");
  const auto rule = sigv4::PathRule::of_service(claim->service);
  const std::string payload =
      claim->payload_hash.empty() ? sha256_hex(request.body.text()) : claim->payload_hash;
  EXPECT_TRUE(sigv4::verify(request, *claim, kSecret, rule, payload))
      << sigv4::canonical_request(request, *claim, rule, payload);
  EXPECT_FALSE(sigv4::verify(request, *claim, kSecret, rule, sha256_hex("another body")));
  EXPECT_FALSE(sigv4::verify(request, *claim, "another secret", rule, payload));
}

TEST(SigV4AgainstBotocore, RandomRequestsVerify) {
  const std::string python = "/usr/bin/python3";
  if (std::system((python + " -c 'import botocore' 2>/dev/null").c_str()) != 0) {
    GTEST_SKIP() << "python3-botocore is not installed";
  }
  const std::string lines =
      output_of(python + " " WEIR_SOURCE_DIR "/src/wire/sigv4_botocore.py 7 60");
  std::size_t count = 0;
  for (std::size_t at = 0; at < lines.size(); ++count) {
    const std::size_t end = lines.find('\n', at);
    const std::string line = lines.substr(at, end - at);
    at = end + 1;
    const auto made = parse_json(line);
    ASSERT_TRUE(made) << line;
    SCOPED_TRACE(line);
    check(*made);
  }
  EXPECT_EQ(count, 60u * 7u);
}

}  // namespace
}  // namespace weir::wire
