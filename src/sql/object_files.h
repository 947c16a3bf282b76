// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/scope.h"

namespace weir::sql {

/// What SQL needs of the object store: names, sizes and local files. The daemon adapts
/// objects::Objects to it.
///
/// Threads: all functions may be called from any thread.
class ObjectFiles {
 public:
  struct Entry {
    std::string key;
    std::uint64_t size = 0;
  };
  using Visit = std::function<bool(const Entry&)>;
  virtual ~ObjectFiles() = default;

  virtual Result<bool> has_bucket(const Scope& scope, std::string_view bucket) = 0;
  /// Calls `visit` for each object whose key begins with `prefix`, in key order, until it returns
  /// false. A bucket that does not exist is an Error of kind not_found.
  virtual Result<void> list(const Scope& scope, std::string_view bucket, std::string_view prefix,
                            const Visit& visit) = 0;
  /// The file that holds the object. It may vanish when the object is deleted.
  virtual Result<std::filesystem::path> local_path(const Scope& scope, std::string_view bucket,
                                                   std::string_view key) = 0;
  /// Stores the object durably. `file` is taken over (renamed or copied, then removed).
  virtual Result<void> put_file(const Scope& scope, std::string_view bucket, std::string_view key,
                                const std::filesystem::path& file,
                                std::string_view content_type) = 0;
};

/// Objects in a plain directory tree without an S3 service: `root`/bucket/key. For tests and for
/// queries over files that somebody has on disk.
class FolderFiles final : public ObjectFiles {
 public:
  explicit FolderFiles(std::filesystem::path root) : root_(std::move(root)) {}
  Result<bool> has_bucket(const Scope& scope, std::string_view bucket) override;
  Result<void> list(const Scope& scope, std::string_view bucket, std::string_view prefix,
                    const Visit& visit) override;
  Result<std::filesystem::path> local_path(const Scope& scope, std::string_view bucket,
                                           std::string_view key) override;
  Result<void> put_file(const Scope& scope, std::string_view bucket, std::string_view key,
                        const std::filesystem::path& file, std::string_view content_type) override;

 private:
  std::filesystem::path root_;
};

}  // namespace weir::sql
