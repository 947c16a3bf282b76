// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "objects/files.h"
#include "objects/objects.h"

namespace weir::objects {

/// `file` is removed with this if the store made it and nobody has moved it away.
struct Objects::Prepared {
  Prepared() = default;
  Prepared(Prepared&& other) noexcept { *this = std::move(other); }
  Prepared& operator=(Prepared&& other) noexcept {
    file = std::move(other.file);
    is_own = std::exchange(other.is_own, false);
    size = other.size;
    etag = std::move(other.etag);
    checksum = std::move(other.checksum);
    return *this;
  }
  ~Prepared() {
    if (is_own) remove_quietly(file);
  }
  void own(std::filesystem::path path) {
    file = std::move(path);
    is_own = true;
  }

  std::filesystem::path file;
  bool is_own = false;
  std::uint64_t size = 0;
  std::string etag;
  std::optional<Checksum> checksum;

  /// If `file` is on another file system than `target`, copies it there.
  Result<void> bring_to_file_system_of(const std::filesystem::path& target);
};

}  // namespace weir::objects
