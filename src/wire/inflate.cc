// SPDX-License-Identifier: Apache-2.0
#include "wire/inflate.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <memory>

namespace weir::wire {
namespace {

constexpr int kGzipWindow = 15 + 16;
constexpr std::size_t kStep = 64u << 10;

Error not_gzip() {
  return {ErrorKind::invalid, "MalformedHttpRequestException",
          "The request body could not be decoded as gzip."};
}

}  // namespace

Result<std::string> gunzip(std::string_view bytes, std::size_t bytes_max) {
  z_stream stream{};
  if (bytes.size() > std::numeric_limits<uInt>::max() ||
      inflateInit2(&stream, kGzipWindow) != Z_OK) {
    return not_gzip();
  }
  const std::unique_ptr<z_stream, decltype(&inflateEnd)> guard(&stream, &inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());

  std::string out;
  for (;;) {
    const std::size_t before = out.size();
    out.resize(before + kStep);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream.avail_out = kStep;
    const int state = inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
    if (out.size() > bytes_max) {
      return Error{
          ErrorKind::too_large, "RequestEntityTooLarge",
          "The decoded request body is larger than " + std::to_string(bytes_max) + " bytes."};
    }
    if (state == Z_STREAM_END) {
      if (stream.avail_in == 0) return out;
      if (inflateReset(&stream) != Z_OK) return not_gzip();
    } else if (state != Z_OK || (stream.avail_in == 0 && stream.avail_out > 0)) {
      return not_gzip();
    }
  }
}

}  // namespace weir::wire
