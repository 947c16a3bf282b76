// SPDX-License-Identifier: Apache-2.0
#include "objects/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace weir::objects {
namespace {

constexpr std::size_t kPieceBytes = 256u << 10;

}  // namespace

void File::close() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

Error system_error(std::string_view action, const std::filesystem::path& path) {
  const int code = errno;
  std::string message = "cannot " + std::string(action) + ' ' + path.string() + ": " +
                        std::generic_category().message(code);
  if (code == ENOSPC || code == EDQUOT) message += " (free space there)";
  if (code == EMFILE) message += " (raise the limit of open files)";
  return Error{ErrorKind::unavailable, "InternalError", std::move(message)};
}

Result<File> open_for_reading(const std::filesystem::path& path) {
  File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return system_error("open", path);
  return file;
}

Result<File> create_file(const std::filesystem::path& path) {
  File file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!file) return system_error("create", path);
  return file;
}

Result<void> write_all(const File& file, std::string_view bytes,
                       const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return system_error("write", path);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<std::string> read_at(int descriptor, std::uint64_t offset, std::uint64_t length) {
  std::string out(length, '\0');
  std::size_t have = 0;
  while (have < length) {
    const ssize_t got =
        ::pread(descriptor, out.data() + have, length - have, static_cast<off_t>(offset + have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("read", "an object");
    if (got == 0) {
      return Error{ErrorKind::unavailable, "InternalError", "the file of the object was cut short"};
    }
    have += static_cast<std::size_t>(got);
  }
  return out;
}

Result<void> read_pieces(const File& file, const std::filesystem::path& path,
                         const std::function<void(std::string_view)>& add) {
  std::string piece(kPieceBytes, '\0');
  for (off_t offset = 0;;) {
    const ssize_t got = ::pread(file.get(), piece.data(), piece.size(), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("read", path);
    if (got == 0) return {};
    add(std::string_view(piece).substr(0, static_cast<std::size_t>(got)));
    offset += got;
  }
}

Result<std::optional<std::string>> read_small_file(const std::filesystem::path& path,
                                                   std::size_t bytes_max) {
  File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file && (errno == ENOENT || errno == ENOTDIR)) return std::optional<std::string>();
  if (!file) return system_error("open", path);
  struct stat status;
  if (::fstat(file.get(), &status) != 0) return system_error("examine", path);
  if (static_cast<std::uint64_t>(status.st_size) > bytes_max) {
    return Error{ErrorKind::internal, "InternalError", path.string() + " is larger than expected"};
  }
  WEIR_TRY(std::string text, read_at(file.get(), 0, static_cast<std::uint64_t>(status.st_size)));
  return std::optional(std::move(text));
}

Result<void> sync_file(const File& file, const std::filesystem::path& path) {
  if (::fsync(file.get()) != 0) return system_error("sync", path);
  return {};
}

Result<void> sync_folder(const std::filesystem::path& folder) {
  File file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!file) return system_error("open", folder);
  return sync_file(file, folder);
}

Result<void> replace_file(const std::filesystem::path& temporary, const std::filesystem::path& path,
                          std::string_view bytes, bool is_durable) {
  WEIR_TRY(const File file, create_file(temporary));
  Result<void> written = write_all(file, bytes, temporary);
  if (written && is_durable) written = sync_file(file, temporary);
  if (written && ::rename(temporary.c_str(), path.c_str()) != 0) {
    written = system_error("rename to", path);
  }
  if (!written) {
    remove_quietly(temporary);
    return written;
  }
  return is_durable ? sync_folder(path.parent_path()) : Result<void>();
}

Result<void> append_range(const File& from, std::uint64_t offset, std::uint64_t length,
                          const File& to, const std::filesystem::path& to_path) {
  if (::lseek(to.get(), 0, SEEK_END) < 0) return system_error("seek in", to_path);
  auto position = static_cast<off_t>(offset);
  while (length > 0) {
    const ssize_t copied = ::copy_file_range(from.get(), &position, to.get(), nullptr, length, 0);
    if (copied < 0 && errno == EINTR) continue;
    if (copied <= 0) break;  // not across these file systems, or the source is short
    length -= static_cast<std::uint64_t>(copied);
  }
  while (length > 0) {
    const std::uint64_t piece = std::min<std::uint64_t>(length, kPieceBytes);
    WEIR_TRY(const std::string bytes,
             read_at(from.get(), static_cast<std::uint64_t>(position), piece));
    WEIR_CHECK(write_all(to, bytes, to_path));
    position += static_cast<off_t>(piece);
    length -= piece;
  }
  return {};
}

void remove_quietly(const std::filesystem::path& path) {
  std::error_code ignored;  // it may be gone already; a leftover is removed at the next start
  std::filesystem::remove(path, ignored);
}

}  // namespace weir::objects
