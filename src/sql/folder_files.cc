// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <system_error>
#include <vector>

#include "sql/object_files.h"

namespace weir::sql {
namespace {

namespace fs = std::filesystem;

Error failed(std::string_view what, const fs::path& path, const std::error_code& why) {
  return {
      why == std::errc::no_such_file_or_directory ? ErrorKind::not_found : ErrorKind::unavailable,
      "InternalError", "cannot " + std::string(what) + ' ' + path.string() + ": " + why.message()};
}

}  // namespace

Result<bool> FolderFiles::has_bucket(const Scope&, std::string_view bucket) {
  return fs::is_directory(root_ / bucket);
}

Result<void> FolderFiles::list(const Scope&, std::string_view bucket, std::string_view prefix,
                               const Visit& visit) {
  const fs::path folder = root_ / bucket;
  std::error_code error;
  std::vector<Entry> entries;
  // Below the deepest folder that the prefix names completely.
  const fs::path begin =
      folder /
      prefix.substr(0, prefix.rfind('/') == std::string_view::npos ? 0 : prefix.rfind('/'));
  if (!fs::is_directory(folder)) {
    return Error{ErrorKind::not_found, "NoSuchBucket", "The specified bucket does not exist"};
  }
  if (!fs::exists(begin, error)) return {};
  fs::recursive_directory_iterator walk(begin, error);
  for (; !error && walk != fs::recursive_directory_iterator(); walk.increment(error)) {
    if (!walk->is_regular_file(error)) continue;
    std::string key = fs::relative(walk->path(), folder, error).generic_string();
    if (!error && key.starts_with(prefix))
      entries.push_back({std::move(key), walk->file_size(error)});
  }
  if (error) return failed("list", begin, error);
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.key < b.key; });
  for (const Entry& entry : entries) {
    if (!visit(entry)) break;
  }
  return {};
}

Result<fs::path> FolderFiles::local_path(const Scope&, std::string_view bucket,
                                         std::string_view key) {
  fs::path path = root_ / bucket / key;
  if (!fs::exists(path)) {
    return failed("find", path, std::make_error_code(std::errc::no_such_file_or_directory));
  }
  return path;
}

Result<void> FolderFiles::put_file(const Scope&, std::string_view bucket, std::string_view key,
                                   const fs::path& file, std::string_view) {
  const fs::path to = root_ / bucket / key;
  std::error_code error;
  fs::create_directories(to.parent_path(), error);
  if (!error) fs::rename(file, to, error);
  if (error) return failed("write", to, error);
  return {};
}

}  // namespace weir::sql
