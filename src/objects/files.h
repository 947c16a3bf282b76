// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

/// The few calls to the system that the store is made of. Errors name the call and the path.
namespace weir::objects {

/// Closes its descriptor.
class File {
 public:
  File() = default;
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File() { close(); }
  File(File&& other) noexcept : descriptor_(other.release()) {}
  File& operator=(File&& other) noexcept {
    if (this != &other) {
      close();
      descriptor_ = other.release();
    }
    return *this;
  }

  explicit operator bool() const { return descriptor_ >= 0; }
  int get() const { return descriptor_; }
  int release() {
    const int descriptor = descriptor_;
    descriptor_ = -1;
    return descriptor;
  }

 private:
  void close();
  int descriptor_ = -1;
};

/// From errno: kind unavailable, code InternalError.
Error system_error(std::string_view action, const std::filesystem::path& path);

Result<File> open_for_reading(const std::filesystem::path& path);
/// A file that did not exist.
Result<File> create_file(const std::filesystem::path& path);
Result<void> write_all(const File& file, std::string_view bytes, const std::filesystem::path& path);
Result<std::string> read_at(int descriptor, std::uint64_t offset, std::uint64_t length);
/// Calls `add` with the file's bytes, piece by piece.
Result<void> read_pieces(const File& file, const std::filesystem::path& path,
                         const std::function<void(std::string_view)>& add);
/// All of a file; nothing if there is none. Larger ones than `bytes_max` are an Error.
Result<std::optional<std::string>> read_small_file(const std::filesystem::path& path,
                                                   std::size_t bytes_max);
Result<void> sync_file(const File& file, const std::filesystem::path& path);
Result<void> sync_folder(const std::filesystem::path& folder);
/// Writes `temporary`, renames it to `path`; syncs file and folder if `is_durable`.
Result<void> replace_file(const std::filesystem::path& temporary, const std::filesystem::path& path,
                          std::string_view bytes, bool is_durable);
/// `length` bytes of `from` behind what `to` holds; shares the blocks where the file system can.
Result<void> append_range(const File& from, std::uint64_t offset, std::uint64_t length,
                          const File& to, const std::filesystem::path& to_path);
/// Removes the file if it is there.
void remove_quietly(const std::filesystem::path& path);

}  // namespace weir::objects
