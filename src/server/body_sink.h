// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/aws_chunked.h"
#include "wire/digest.h"
#include "wire/http.h"

namespace weir::server {

/// Takes a request body as it arrives: undoes aws-chunked, counts, hashes, keeps it in memory and,
/// beyond a limit, in a file. What has been kept is dropped with the sink unless finish() handed it
/// over.
///
/// Threads: one at a time. feed() may write to the file and hash: not on a thread that must not
/// wait.
class BodySink {
 public:
  struct Options {
    std::uint64_t content_bytes_max = 0;
    std::uint64_t memory_bytes_max = 0;
    /// The file for what does not fit into memory; without one, memory_bytes_max is the end.
    std::filesystem::path spool_file;
    bool hash = false;
    std::optional<wire::AwsChunkedDecoder::Options> chunked;
  };

  explicit BodySink(Options options);
  ~BodySink();
  BodySink(const BodySink&) = delete;
  BodySink& operator=(const BodySink&) = delete;

  /// Errors: too_large EntityTooLarge; unavailable SlowDown if the disk does not take it; those of
  /// the decoder.
  Result<void> feed(std::string_view bytes);
  /// The whole body has been fed.
  Result<wire::Body> finish();
  /// What is kept in memory now.
  std::size_t memory_bytes() const { return memory_.capacity(); }

 private:
  Result<void> keep(std::string_view content);
  Result<void> to_file(std::string_view content);

  Options options_;
  std::optional<wire::AwsChunkedDecoder> decoder_;
  std::optional<wire::Digest> sha256_;
  std::optional<wire::Digest> md5_;
  std::uint64_t size_ = 0;
  std::string memory_;
  int file_ = -1;
  bool handed_over_ = false;
};

}  // namespace weir::server
