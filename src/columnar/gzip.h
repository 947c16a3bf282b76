// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

/// gzip text (RFC 1952). A file may be a sequence of members, so text is appended by appending a
/// member, and the file can be read at every moment.
namespace weir::columnar {

/// Level 6 is what gzip does by default.
constexpr int kGzipLevel = 6;

/// One complete member.
std::string gzip(std::string_view text, int level = kGzipLevel);

/// The text of all members of `bytes`. Error: broken data, or more than `text_bytes_max` of text.
Result<std::string> gunzip(std::string_view bytes, std::size_t text_bytes_max);

struct LineLimits {
  std::size_t line_bytes_max = 1u << 20;
};
/// Calls `visit` for each line (without its end) of a gzip or plain text file, until it returns
/// false. Uses memory for one line only. Error: the file cannot be read, is broken, or has a longer
/// line; the lines before were visited.
Result<void> read_lines(const std::filesystem::path& file,
                        const std::function<bool(std::string_view line)>& visit,
                        LineLimits limits = {});

}  // namespace weir::columnar
