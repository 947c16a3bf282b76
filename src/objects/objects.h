// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "objects/types.h"

namespace weir::objects {

/// Buckets and objects in a folder of plain files: a bucket is a folder, an ordinary key is its
/// path, so every other program can read the objects. docs/formats/objects.md describes the layout;
/// key_path.h how odd keys are written.
///
/// Threads: all functions may be called from any thread. Readers never wait for a put that is
/// writing. Durability: an answered write survives kill -9 and power loss. Whoever reads sees the
/// old or the new object, never a mixture, also after a crash (the commit is the rename of the data
/// file, whose metadata already lies beside it under a name that says which version of the file it
/// describes). Files that other programs put into a bucket are objects without metadata. Errors:
/// the codes and texts of S3. Disk trouble: kind unavailable, code InternalError, the file is
/// named.
class Objects {
 public:
  struct Config {
    std::filesystem::path folder;
    /// Off only where nothing needs to survive (CI mode, tests).
    bool is_durable = true;
  };
  static constexpr std::size_t kKeyBytesMax = 1024;
  static constexpr std::uint64_t kPutBytesMax = 5ull << 30;
  static constexpr std::uint64_t kPartBytesMin = 5ull << 20;
  static constexpr int kPartsMax = 10000;
  static constexpr std::size_t kMetadataBytesMax = 2048;
  static constexpr std::size_t kBucketsMax = 10000;
  static constexpr std::size_t kPolicyBytesMax = 20 * 1024;

  Objects(Runtime& runtime, Config config);
  ~Objects();

  /// Reads the buckets and removes what a crash left unfinished. Call once, before anything else.
  Result<void> load();
  /// Forgets all buckets and objects (CI mode).
  Result<void> clear();

  // Buckets.
  /// Made anew: true. Own already: false in us-east-1, BucketAlreadyOwnedByYou elsewhere.
  Result<bool> create_bucket(const Scope& scope, std::string_view bucket);
  Result<void> delete_bucket(const Scope& scope, std::string_view bucket);
  Result<Bucket> bucket(const Scope& scope, std::string_view bucket) const;
  std::vector<Bucket> buckets(const Scope& scope) const;
  /// Changes policy or tags.
  Result<void> update_bucket(const Scope& scope, std::string_view bucket,
                             const std::function<void(Bucket&)>& change);

  // Objects.
  Result<ObjectInfo> put(const Scope& scope, std::string_view bucket, std::string_view key,
                         PutSource source, PutOptions options = {});
  Result<std::shared_ptr<const OpenObject>> open(const Scope& scope, std::string_view bucket,
                                                 std::string_view key) const;
  Result<ObjectInfo> head(const Scope& scope, std::string_view bucket, std::string_view key) const;
  /// The whole object. Error EntityTooLarge above `bytes_max`.
  Result<std::string> get(const Scope& scope, std::string_view bucket, std::string_view key,
                          std::uint64_t bytes_max) const;
  /// `attributes`: instead of the source's.
  Result<ObjectInfo> copy(const Scope& scope, std::string_view from_bucket,
                          std::string_view from_key, std::string_view to_bucket,
                          std::string_view to_key, const Conditions& source_conditions = {},
                          std::optional<Attributes> attributes = {}, PutOptions options = {});
  /// A missing key is no error. `if_match`: an ETag.
  Result<void> remove(const Scope& scope, std::string_view bucket, std::string_view key,
                      const std::optional<std::string>& if_match = {});
  Result<Listing> list(const Scope& scope, std::string_view bucket, ListQuery query) const;
  Result<void> set_tags(const Scope& scope, std::string_view bucket, std::string_view key,
                        std::map<std::string, std::string> tags);

  /// The file of an object, for readers that open files themselves (DuckDB).
  Result<std::filesystem::path> local_path(std::string_view bucket, std::string_view key) const;
  /// Where a file is best written that put() is to take over: the move is then a rename.
  std::filesystem::path spool_folder() const;

  // Multipart uploads.
  Result<Upload> create_upload(const Scope& scope, std::string_view bucket, std::string_view key,
                               Attributes attributes,
                               std::optional<ChecksumAlgorithm> algorithm = {},
                               bool is_full_object_checksum = false);
  Result<Part> put_part(const Scope& scope, std::string_view bucket, std::string_view key,
                        std::string_view upload_id, int number, PutSource source,
                        std::optional<Checksum> checksum = {}, std::string_view content_md5 = {});
  Result<Part> copy_part(const Scope& scope, std::string_view from_bucket,
                         std::string_view from_key, std::optional<ByteRange> range,
                         const Conditions& source_conditions, std::string_view bucket,
                         std::string_view key, std::string_view upload_id, int number);
  Result<ObjectInfo> complete_upload(const Scope& scope, std::string_view bucket,
                                     std::string_view key, std::string_view upload_id,
                                     const std::vector<CompletedPart>& parts,
                                     CompleteOptions options = {});
  Result<void> abort_upload(const Scope& scope, std::string_view bucket, std::string_view key,
                            std::string_view upload_id);
  Result<Upload> upload(const Scope& scope, std::string_view bucket, std::string_view key,
                        std::string_view upload_id) const;
  /// By number.
  Result<std::vector<Part>> parts(const Scope& scope, std::string_view bucket, std::string_view key,
                                  std::string_view upload_id) const;
  Result<UploadListing> uploads(const Scope& scope, std::string_view bucket,
                                const UploadQuery& query) const;

  using PutCallback =
      std::function<void(const Scope& owner, const std::string& bucket, const ObjectInfo& object)>;
  /// Called on the writer's thread after the object is durable. Register before the first put.
  void on_put(PutCallback callback);

 private:
  struct Prepared;  // a temporary file with everything known of it
  struct Place;     // where the object of a key lies
  static constexpr std::size_t kStripes = 64;

  std::filesystem::path bucket_folder(std::string_view bucket) const;
  std::filesystem::path temporary() const;
  std::shared_mutex& stripe(std::string_view bucket, std::string_view key) const;
  Result<void> check_key(std::string_view key) const;
  Result<void> save_bucket(const Bucket& bucket) const;
  Result<Prepared> prepare(PutSource source, const std::optional<Checksum>& checksum,
                           std::string_view content_md5) const;
  Result<ObjectInfo> commit(const Bucket& bucket, std::string_view key, Prepared prepared,
                            const PutOptions& options, std::vector<std::uint64_t> part_sizes);
  Result<void> make_folders(const std::filesystem::path& root, std::string_view relative);
  Result<std::shared_ptr<const OpenObject>> open_file(std::string_view bucket,
                                                      std::string_view key) const;
  std::filesystem::path upload_folder(std::string_view bucket, std::string_view upload_id) const;
  Result<std::filesystem::path> join_parts(const std::filesystem::path& folder,
                                           const std::vector<CompletedPart>& parts) const;

  Runtime& runtime_;
  Config config_;
  Guarded<std::map<std::string, Bucket, std::less<>>> buckets_;
  mutable std::array<std::shared_mutex, kStripes> stripes_;  // one per key, by its hash
  /// Shared: whoever looks up or lists files. Exclusive: moving a file out of the way of a folder.
  mutable std::shared_mutex layout_;
  /// Folders whose own entry is known to be durable; forgotten when full.
  Guarded<std::set<std::string>> durable_folders_;
  std::vector<PutCallback> on_put_;
};

}  // namespace weir::objects
