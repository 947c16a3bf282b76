// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "import/object_destination.h"

namespace weir::import {
namespace {

class BucketStore final : public ObjectStore {
 public:
  BucketStore(client::S3Client& client, std::string bucket)
      : client_(client), bucket_(std::move(bucket)) {}
  Result<void> put(const std::string& key, std::string body,
                   const std::string& content_type) override {
    return client_.put(bucket_, key, std::move(body), content_type);
  }
  Result<std::optional<std::string>> get(const std::string& key) override {
    return client_.get_small(bucket_, key);
  }

 private:
  client::S3Client& client_;
  const std::string bucket_;
};

Error cannot_write(const std::filesystem::path& file, const std::string& why) {
  return {ErrorKind::unavailable, "CannotWrite", "cannot write " + file.string() + ": " + why};
}

class FolderStore final : public ObjectStore {
 public:
  explicit FolderStore(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Written beside its place, synced and renamed.
  Result<void> put(const std::string& key, std::string body, const std::string&) override {
    const std::filesystem::path file = folder_ / key;
    const std::filesystem::path part = file.string() + ".part";
    std::error_code failure;
    std::filesystem::create_directories(file.parent_path(), failure);
    if (failure) return cannot_write(file, failure.message());
    const int descriptor = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (descriptor < 0) return cannot_write(file, std::generic_category().message(errno));
    std::string_view rest = body;
    bool is_written = true;
    while (!rest.empty() && is_written) {
      const ssize_t size = ::write(descriptor, rest.data(), rest.size());
      is_written = size > 0 || (size < 0 && errno == EINTR);
      if (size > 0) rest.remove_prefix(static_cast<std::size_t>(size));
    }
    is_written = is_written && ::fsync(descriptor) == 0;
    const int reason = errno;
    ::close(descriptor);
    if (!is_written) return cannot_write(file, std::generic_category().message(reason));
    std::filesystem::rename(part, file, failure);
    if (failure) return cannot_write(file, failure.message());
    return {};
  }

  Result<std::optional<std::string>> get(const std::string& key) override {
    std::ifstream in(folder_ / key, std::ios::binary);
    if (!in) return std::optional<std::string>();
    return std::optional(std::string(std::istreambuf_iterator<char>(in), {}));
  }

 private:
  const std::filesystem::path folder_;
};

}  // namespace

std::unique_ptr<ObjectStore> bucket_store(client::S3Client& client, std::string bucket) {
  return std::make_unique<BucketStore>(client, std::move(bucket));
}

std::unique_ptr<ObjectStore> folder_store(std::filesystem::path folder) {
  return std::make_unique<FolderStore>(std::move(folder));
}

}  // namespace weir::import
