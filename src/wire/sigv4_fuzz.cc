// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>

#include "wire/aws_chunked.h"
#include "wire/sigv4.h"

// The first line is the target, the second the Authorization header, the rest an aws-chunked body.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace sigv4 = weir::wire::sigv4;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto line = [&] {
    const std::size_t end = text.find('\n');
    const std::string_view out = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    return std::string(out);
  };
  weir::wire::HttpRequest request;
  request.method = "PUT";
  weir::wire::set_target(request, line());
  request.headers.add("Host", "h");
  request.headers.add("X-Amz-Date", "20150830T123600Z");
  request.headers.add("Authorization", line());
  const auto claim = sigv4::read_claim(request);
  if (claim) {
    (void)sigv4::check_time(*claim, weir::Time::from_seconds(1440938160));
    for (const bool normal : {false, true}) {
      (void)sigv4::verify(request, *claim, "secret", {normal, normal}, sigv4::kUnsigned);
    }
    (void)sigv4::verify_v2(request, *claim, "secret", "bucket");
    (void)sigv4::check_headers_signed(request, *claim);
  }

  const bool is_signed = size % 2 == 0;
  weir::wire::AwsChunkedDecoder::Options options;
  options.has_trailers = size % 3 == 0;
  if (is_signed) options.signer.emplace();
  std::size_t content = 0;
  weir::wire::AwsChunkedDecoder decoder(std::move(options), [&](std::string_view piece) {
    content += piece.size();
    return weir::Result<void>();
  });
  const std::size_t half = text.size() / 2;
  if (decoder.feed(text.substr(0, half)) && decoder.feed(text.substr(half))) (void)decoder.finish();
  WEIR_ASSERT(content <= text.size());
  return 0;
}
