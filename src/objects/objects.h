// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "objects/events.h"
#include "objects/locks.h"
#include "objects/tree.h"
#include "objects/types.h"

namespace weir::objects {

/// Buckets and objects in a folder of plain files: a bucket is a folder, an ordinary key is its
/// path, so every other program can read the objects. tree.h describes the layout, key_path.h how
/// odd keys are written. Files that other programs put into a bucket are objects without metadata.
///
/// Threads: all functions may be called from any thread. Readers never wait for a put that is
/// writing.
///
/// Durability: an answered write survives kill -9 and power loss. Whoever reads sees the old or the
/// new object, never a mixture, also after a crash.
///
/// Errors: the codes and texts of S3. Disk trouble: kind unavailable, code InternalError, the file
/// is named.
class Objects {
 public:
  struct Config {
    std::filesystem::path folder = {};
    /// Off only where nothing needs to survive (CI mode, tests).
    bool is_durable = true;
    /// Whose the folders are that are there without ever having been created as buckets.
    Scope scope_of_found_buckets = {};
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
  /// Made anew: true. Own already: false in us-east-1, BucketAlreadyOwnedByYou elsewhere. With
  /// `has_object_lock` it has versions and Object Lock from its beginning.
  Result<bool> create_bucket(const Scope& scope, std::string_view bucket,
                             bool has_object_lock = false);
  Result<void> delete_bucket(const Scope& scope, std::string_view bucket);
  Result<Bucket> bucket(const Scope& scope, std::string_view bucket) const;
  /// Whoever it belongs to. Shared: an immutable state, replaced by changes. Error NoSuchBucket.
  Result<std::shared_ptr<const Bucket>> any_bucket(std::string_view bucket) const;
  std::vector<Bucket> buckets(const Scope& scope) const;
  /// Changes policy, tags or configurations; an Error of `change` leaves all as it was. Error
  /// InvalidBucketState for what Object Lock forbids.
  Result<void> update_bucket(const Scope& scope, std::string_view bucket,
                             const std::function<Result<void>(Bucket&)>& change);

  // Objects. `version_id`: "" is the current version; one that is no id is InvalidArgument, one
  // that does not exist NoSuchVersion, one that is a delete marker MethodNotAllowed.
  Result<ObjectInfo> put(const Scope& scope, std::string_view bucket, std::string_view key,
                         PutSource source, PutOptions options = {});
  Result<std::shared_ptr<const OpenObject>> open(const Scope& scope, std::string_view bucket,
                                                 std::string_view key,
                                                 std::string_view version_id = {}) const;
  /// The Error NoSuchKey has the details `x-amz-delete-marker` and `x-amz-version-id` if a delete
  /// marker is the current version.
  Result<ObjectInfo> head(const Scope& scope, std::string_view bucket, std::string_view key,
                          std::string_view version_id = {}) const;
  /// The whole object. Error EntityTooLarge above `bytes_max`.
  Result<std::string> get(const Scope& scope, std::string_view bucket, std::string_view key,
                          std::uint64_t bytes_max) const;
  /// `attributes`: instead of the source's.
  Result<ObjectInfo> copy(const Scope& scope, std::string_view from_bucket,
                          std::string_view from_key, std::string_view to_bucket,
                          std::string_view to_key, const Conditions& source_conditions = {},
                          std::optional<Attributes> attributes = {}, PutOptions options = {},
                          std::string_view from_version = {});
  /// A missing key is no error. Error AccessDenied for a locked version.
  Result<Removed> remove(const Scope& scope, std::string_view bucket, std::string_view key,
                         const RemoveOptions& options = {});
  Result<Listing> list(const Scope& scope, std::string_view bucket, ListQuery query) const;
  Result<VersionListing> versions(const Scope& scope, std::string_view bucket,
                                  VersionQuery query) const;
  Result<ObjectInfo> set_tags(const Scope& scope, std::string_view bucket, std::string_view key,
                              std::map<std::string, std::string> tags,
                              std::string_view version_id = {}, const Requester& requester = {});
  /// Nothing: takes the retention away.
  Result<void> set_retention(const Scope& scope, std::string_view bucket, std::string_view key,
                             std::string_view version_id, std::optional<Retention> retention,
                             bool bypasses_governance);
  Result<void> set_legal_hold(const Scope& scope, std::string_view bucket, std::string_view key,
                              std::string_view version_id, bool is_held);

  /// The file of an object, for readers that open files themselves (DuckDB).
  Result<std::filesystem::path> local_path(std::string_view bucket, std::string_view key) const;
  /// Where a file is best written that put() is to take over: the move is then a rename. load()
  /// removes files that are left in it, but no folders.
  std::filesystem::path spool_folder() const { return temporary_folder(); }

  // Multipart uploads.
  Result<Upload> create_upload(const Scope& scope, std::string_view bucket, std::string_view key,
                               Attributes attributes,
                               std::optional<ChecksumAlgorithm> algorithm = {},
                               bool is_full_object_checksum = false,
                               std::optional<Retention> retention = {},
                               std::optional<bool> legal_hold = {});
  Result<Part> put_part(const Scope& scope, std::string_view bucket, std::string_view key,
                        std::string_view upload_id, int number, PutSource source,
                        std::optional<Checksum> checksum = {}, std::string_view content_md5 = {});
  Result<Part> copy_part(const Scope& scope, std::string_view from_bucket,
                         std::string_view from_key, std::optional<ByteRange> range,
                         const Conditions& source_conditions, std::string_view bucket,
                         std::string_view key, std::string_view upload_id, int number,
                         std::string_view from_version = {});
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

  /// Called on the writer's thread when something is durable and before it is answered; its Error
  /// becomes the answer. Register before the first write.
  using EventCallback = std::function<Result<void>(const Event& event)>;
  void on_event(EventCallback callback) { on_event_.push_back(std::move(callback)); }

  /// One slice of what the lifecycle rules of a bucket demand at `now`: looks at up to
  /// `keys_max` keys behind `after`. The last key it looked at; "" at the end.
  Result<std::string> expire(std::string_view bucket, Time now, std::string_view after,
                             std::size_t keys_max);
  /// Aborts the uploads of a bucket that its rules call too old; at most `uploads_max`.
  Result<void> expire_uploads(std::string_view bucket, Time now, std::size_t uploads_max);
  std::vector<std::string> buckets_with_lifecycle() const;

 private:
  struct Prepared;  // a file with everything known of it, ready to become an object or a part

  std::filesystem::path temporary_folder() const;
  std::filesystem::path temporary() const;  // a free name in it
  std::filesystem::path bucket_folder(std::string_view bucket) const;
  std::filesystem::path bucket_record(std::string_view bucket) const;
  std::filesystem::path uploads_folder(std::string_view bucket) const;
  Result<void> load_buckets();
  Result<void> save_bucket(const Bucket& bucket) const;
  using BucketRef = std::shared_ptr<const Bucket>;
  Result<BucketRef> find_bucket(const Scope& scope, std::string_view bucket) const;
  Result<ObjectInfo> head_of(const Bucket& bucket, std::string_view key,
                             std::string_view version_id) const;
  Error missing(const Bucket& bucket, std::string_view key) const;
  Result<Removed> remove_from(const Bucket& bucket, std::string_view key,
                              const RemoveOptions& options, std::string_view event_delete,
                              std::string_view event_marker);
  Result<void> expire_key(const Bucket& bucket, const std::string& key, Time now);
  Result<void> tell(std::string_view name, const Bucket& bucket, ObjectInfo object,
                    const Requester& requester) const;
  /// The protection that a new version gets.
  Result<void> protect(const Bucket& bucket, ObjectInfo& info, std::optional<Retention> retention,
                       std::optional<bool> legal_hold);
  Result<Prepared> prepare(const PutSource& source, const std::optional<Checksum>& checksum,
                           std::string_view content_md5) const;
  Result<ObjectInfo> commit(const Scope& scope, std::string_view bucket, const Prepared& prepared,
                            ObjectInfo info, const Tree::Check& check, std::string_view event,
                            const Requester& requester);
  Result<Prepared> copy_source(const Scope& scope, std::string_view bucket, std::string_view key,
                               std::string_view version_id, std::optional<ByteRange> range,
                               const Conditions& conditions, ObjectInfo& source) const;

  struct UploadFolder;
  Result<UploadFolder> find_upload(const Scope& scope, std::string_view bucket,
                                   std::string_view key, std::string_view upload_id) const;
  Result<Part> store_part(const UploadFolder& upload, int number, const Prepared& prepared);
  Result<Prepared> join(const UploadFolder& upload, const std::vector<CompletedPart>& parts,
                        const CompleteOptions& options, ObjectInfo& info) const;
  std::shared_mutex& upload_lock(std::string_view upload_id) const;

  Runtime& runtime_;
  const Config config_;
  Tree tree_;
  LockClock lock_clock_;
  Guarded<std::map<std::string, BucketRef, std::less<>>> buckets_;
  /// Shared: a put into a bucket. Exclusive: deleting buckets.
  mutable std::shared_mutex lifetime_;
  static constexpr std::size_t kUploadLocks = 64;
  mutable std::array<std::shared_mutex, kUploadLocks> upload_locks_;  // shared: storing a part
  /// Answers to repeated completions; the oldest are forgotten.
  static constexpr std::size_t kCompletedMax = 1000;
  struct Completed {
    std::deque<std::string> order;
    std::map<std::string, ObjectInfo, std::less<>> by_upload;
  };
  Guarded<Completed> completed_;
  std::vector<PutCallback> on_put_;
  std::vector<EventCallback> on_event_;
};

}  // namespace weir::objects
