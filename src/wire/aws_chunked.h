// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/digest.h"
#include "wire/http.h"
#include "wire/sigv4.h"

namespace weir::wire {

/// Undoes the aws-chunked framing of S3 uploads, piece by piece, and verifies chunk and trailer
/// signatures (Amazon S3 API Reference, "Signature calculations for the authorization header:
/// transferring payload in multiple chunks"). Content is passed on before its chunk's signature is
/// known, so it counts only after `finish()`.
///
/// Memory: one line of the framing; trailers up to kTrailersBytesMax.
class AwsChunkedDecoder {
 public:
  static constexpr std::size_t kLineBytesMax = 8u << 10;
  static constexpr std::size_t kTrailersBytesMax = 16u << 10;

  struct Options {
    std::optional<std::uint64_t> decoded_length;  // x-amz-decoded-content-length
    std::optional<sigv4::ChunkSigner> signer;     // chunks are signed
    bool has_trailers = false;
  };
  using Sink = std::function<Result<void>(std::string_view content)>;

  AwsChunkedDecoder(Options options, Sink sink);

  /// Errors: IncompleteBody for broken framing, SignatureDoesNotMatch, or what the sink returns. No
  /// more after one.
  Result<void> feed(std::string_view bytes);
  /// Everything has been fed. Errors: IncompleteBody if the last chunk is missing or the length is
  /// another.
  Result<void> finish();
  const Headers& trailers() const { return trailers_; }

 private:
  enum class State : std::uint8_t { head, content, content_end, trailers, done };
  Result<void> take_line(std::string_view line);
  Result<void> take_head(std::string_view line);
  Result<void> take_trailer(std::string_view line);
  Result<void> end_of_chunk();
  Result<void> end_of_trailers();

  Options options_;
  Sink sink_;
  State state_ = State::head;
  std::string line_;
  std::uint64_t chunk_left_ = 0;
  std::uint64_t decoded_ = 0;
  bool is_last_ = false;
  std::string chunk_signature_;
  Digest chunk_digest_{Digest::Algorithm::sha256};
  std::size_t trailers_bytes_ = 0;
  std::string trailer_lines_;
  std::string trailer_signature_;
  Headers trailers_;
};

}  // namespace weir::wire
