// SPDX-License-Identifier: Apache-2.0
#include "columnar/gzip.h"

#include <libdeflate.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>

namespace weir::columnar {
namespace {

constexpr unsigned kReadBytes = 256u << 10;

struct FreeCompressor {
  void operator()(libdeflate_compressor* compressor) const {
    libdeflate_free_compressor(compressor);
  }
};
struct FreeDecompressor {
  void operator()(libdeflate_decompressor* decompressor) const {
    libdeflate_free_decompressor(decompressor);
  }
};
struct CloseGzip {
  void operator()(gzFile_s* file) const { gzclose_r(file); }
};

Error broken(std::string_view what) {
  return {ErrorKind::invalid, "InvalidData", "broken gzip data: " + std::string(what)};
}

Error cannot_read(const std::filesystem::path& file, std::string_view why) {
  return {ErrorKind::unavailable, "InternalError",
          "cannot read " + file.string() + ": " + std::string(why)};
}

Error line_too_long(const std::filesystem::path& file, std::size_t line_bytes_max) {
  return {ErrorKind::too_large, "InvalidData",
          file.string() + " has a line of more than " + std::to_string(line_bytes_max) + " bytes"};
}

}  // namespace

std::string gzip(std::string_view text, int level) {
  const std::unique_ptr<libdeflate_compressor, FreeCompressor> compressor(
      libdeflate_alloc_compressor(level));
  WEIR_ASSERT(compressor != nullptr);
  std::string out(libdeflate_gzip_compress_bound(compressor.get(), text.size()), '\0');
  const std::size_t size =
      libdeflate_gzip_compress(compressor.get(), text.data(), text.size(), out.data(), out.size());
  WEIR_ASSERT(size > 0);
  out.resize(size);
  return out;
}

Result<std::string> gunzip(std::string_view bytes, std::size_t text_bytes_max) {
  const std::unique_ptr<libdeflate_decompressor, FreeDecompressor> decompressor(
      libdeflate_alloc_decompressor());
  WEIR_ASSERT(decompressor != nullptr);
  std::string out;
  std::size_t room = std::min(text_bytes_max, std::max<std::size_t>(bytes.size() * 4, 4096));
  while (!bytes.empty()) {
    const std::size_t before = out.size();
    out.resize(before + room);
    std::size_t used = 0;
    std::size_t made = 0;
    const auto result = libdeflate_gzip_decompress_ex(
        decompressor.get(), bytes.data(), bytes.size(), out.data() + before, room, &used, &made);
    if (result == LIBDEFLATE_INSUFFICIENT_SPACE) {
      out.resize(before);
      if (before + room >= text_bytes_max) {
        return Error{
            ErrorKind::too_large, "InvalidData",
            "gzip data holds more than " + std::to_string(text_bytes_max) + " bytes of text"};
      }
      room = std::min(room * 2, text_bytes_max - before);
      continue;
    }
    if (result != LIBDEFLATE_SUCCESS) return broken("the stream is damaged or cut short");
    out.resize(before + made);
    bytes.remove_prefix(used);
    room = std::min(room, text_bytes_max - out.size());
  }
  return out;
}

Result<void> read_lines(const std::filesystem::path& file,
                        const std::function<bool(std::string_view line)>& visit,
                        LineLimits limits) {
  errno = 0;
  const std::unique_ptr<gzFile_s, CloseGzip> stream(gzopen(file.c_str(), "rbe"));
  if (stream == nullptr) return cannot_read(file, std::generic_category().message(errno));
  gzbuffer(stream.get(), kReadBytes);
  std::string buffer;
  std::size_t scanned = 0;  // bytes of `buffer` known to hold no line end
  while (true) {
    const std::size_t before = buffer.size();
    buffer.resize(before + kReadBytes);
    const int got = gzread(stream.get(), buffer.data() + before, kReadBytes);
    buffer.resize(before + static_cast<std::size_t>(std::max(got, 0)));
    std::size_t start = 0;
    for (std::size_t end = buffer.find('\n', scanned); end != std::string::npos;
         end = buffer.find('\n', start)) {
      if (!visit(std::string_view(buffer).substr(start, end - start))) return {};
      start = end + 1;
    }
    buffer.erase(0, start);
    scanned = buffer.size();
    if (buffer.size() > limits.line_bytes_max) return line_too_long(file, limits.line_bytes_max);
    if (got > 0) continue;
    int code = Z_OK;
    const char* message = gzerror(stream.get(), &code);
    if (code == Z_ERRNO) return cannot_read(file, std::generic_category().message(errno));
    if (code != Z_OK) return broken(file.string() + ": " + message);
    break;
  }
  if (!buffer.empty()) visit(buffer);
  return {};
}

}  // namespace weir::columnar
