// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

/// Streams of bytes and lines in bounded memory, whatever the size of what they come from.
namespace weir::columnar {

/// Bytes that come piece by piece.
///
/// Threads: one at a time.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// The next piece, valid until the next call; empty at the end. After an Error the source is used
  /// up; the pieces before it were right.
  virtual Result<std::string_view> next() = 0;
};

/// Reads a file, or what else the system opens under that name (a pipe, /dev/stdin), in pieces.
/// Error: kind unavailable, names the file and the reason.
Result<std::unique_ptr<ByteSource>> open_file(const std::filesystem::path& file);
/// One piece.
std::unique_ptr<ByteSource> bytes_of(std::string text);

/// How a stream is packed, judged by its first bytes.
enum class Packing : std::uint8_t { none, gzip, zstd };
struct Unpacked {
  std::unique_ptr<ByteSource> bytes;
  Packing packing = Packing::none;
  bool is_parquet = false;  // begins with `PAR1`: wants to be read as a file
};
/// What the stream holds: all members of gzip (RFC 1952), all frames of zstd (RFC 8878, windows of
/// at most 128 MiB), and everything else as it is. Checksums, where there are some, are verified.
/// Bytes behind the last gzip member that begin no other are an error unless they are zeros (tapes
/// and some uploaders pad). Error of a piece: kind invalid, says what is damaged or that the stream
/// is cut short.
Result<Unpacked> unpack(std::unique_ptr<ByteSource> packed);

/// Lines of a stream.
class LineReader {
 public:
  static constexpr std::size_t kLineBytesMax = 1u << 20;

  /// `source` must outlive the reader.
  explicit LineReader(ByteSource& source) : source_(source) {}

  /// The next line without its line end (LF or CRLF) into `line`, valid until the next call; false
  /// at the end. Error: of the source, or a line of more than kLineBytesMax bytes (kind too_large).
  Result<bool> next(std::string_view& line);
  /// Of the line that was read last, counted from 1.
  std::uint64_t number() const { return number_; }

 private:
  Result<void> refill();

  ByteSource& source_;
  std::string buffer_;
  std::size_t at_ = 0;
  bool is_at_end_ = false;
  std::uint64_t number_ = 0;
};

}  // namespace weir::columnar
