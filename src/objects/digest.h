// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "objects/types.h"

namespace weir::objects {

/// MD5 and, if wanted, one checksum of bytes that come piece by piece.
class Digester {
 public:
  Digester(bool with_md5, std::optional<ChecksumAlgorithm> algorithm);
  ~Digester();
  Digester(const Digester&) = delete;
  Digester& operator=(const Digester&) = delete;

  void add(std::string_view bytes);
  /// Call each at most once, after the last add().
  std::string md5_hex();
  std::string checksum_bytes();
  Checksum checksum();

 private:
  std::optional<ChecksumAlgorithm> algorithm_;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

std::string md5_bytes(std::string_view bytes);
std::string checksum_bytes(ChecksumAlgorithm algorithm, std::string_view bytes);
/// Length of its value in bytes.
std::size_t checksum_size(ChecksumAlgorithm algorithm);
/// Error BadDigest, InvalidDigest or InvalidRequest if bytes with these digests are not what the
/// client said: a checksum (its value may be empty: nothing was said) and a Content-MD5 ("":
/// nothing).
Result<void> verify_digests(std::string_view md5_hex, const std::optional<Checksum>& actual,
                            const std::optional<Checksum>& expected, std::string_view content_md5);
std::string to_hex(std::string_view bytes);
/// Nothing for what is not pairs of hexadecimal digits.
std::optional<std::string> from_hex(std::string_view text);

}  // namespace weir::objects
