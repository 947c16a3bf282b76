// SPDX-License-Identifier: Apache-2.0
#include "objects/objects.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "base/base64.h"
#include "base/log.h"
#include "objects/digest.h"
#include "objects/files.h"
#include "objects/prepared.h"
#include "objects/rules.h"

namespace weir::objects {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrivateFolder = ".weir";

}  // namespace

Objects::Objects(Runtime& runtime, Config config)
    : runtime_(runtime),
      config_(std::move(config)),
      tree_(runtime, config_.is_durable),
      lock_clock_(runtime) {}

Objects::~Objects() = default;

fs::path Objects::temporary_folder() const { return config_.folder / kPrivateFolder / "tmp"; }
fs::path Objects::temporary() const { return temporary_folder() / runtime_.hex(24); }
fs::path Objects::bucket_folder(std::string_view bucket) const { return config_.folder / bucket; }
fs::path Objects::bucket_record(std::string_view bucket) const {
  return config_.folder / kPrivateFolder / "buckets" / (std::string(bucket) + ".json");
}
fs::path Objects::uploads_folder(std::string_view bucket) const {
  return config_.folder / kPrivateFolder / "uploads" / bucket;
}

Result<void> Objects::load() {
  std::error_code failed;
  const fs::path own = config_.folder / kPrivateFolder;
  // Only files: the folders in it are others' (the listener's spool).
  for (const auto& entry : fs::directory_iterator(temporary_folder(), failed)) {
    if (entry.is_regular_file(failed)) remove_quietly(entry.path());
  }
  for (const char* name : {"tmp", "buckets", "uploads"}) {
    fs::create_directories(own / name, failed);
    if (failed) {
      return Error{ErrorKind::unavailable, "InternalError",
                   "cannot make the folder " + (own / name).string() + ": " + failed.message() +
                       " (the daemon needs write access to its data folder)"};
    }
  }
  if (config_.is_durable) {
    for (const fs::path& folder : {own, config_.folder, config_.folder.parent_path()}) {
      WEIR_CHECK(sync_folder(folder.empty() ? fs::path(".") : folder));
    }
  }
  WEIR_CHECK(lock_clock_.load(own / "lock-clock", config_.is_durable));
  return load_buckets();
}

Result<void> Objects::clear() {
  std::unique_lock lifetime(lifetime_);
  std::error_code failed;
  std::vector<fs::path> going = {config_.folder / kPrivateFolder / "buckets",
                                 config_.folder / kPrivateFolder / "uploads",
                                 config_.folder / kPrivateFolder / "lock-clock"};
  for (const auto& entry : fs::directory_iterator(config_.folder, failed)) {
    if (entry.path().filename() != kPrivateFolder) going.push_back(entry.path());
  }
  for (const fs::path& path : going) {
    fs::remove_all(path, failed);
    if (failed) {
      return Error{ErrorKind::unavailable, "InternalError",
                   "cannot remove " + path.string() + ": " + failed.message()};
    }
  }
  *completed_.lock() = {};
  tree_.forget_folders();
  return load();
}

Result<Objects::Prepared> Objects::prepare(const PutSource& source,
                                           const std::optional<Checksum>& checksum,
                                           std::string_view content_md5) const {
  Prepared prepared;
  const ChecksumAlgorithm algorithm = checksum ? checksum->algorithm : ChecksumAlgorithm::crc64nvme;
  const bool is_sha256_known = algorithm == ChecksumAlgorithm::sha256 && !source.sha256_hex.empty();
  Digester digester(source.md5_hex.empty(),
                    is_sha256_known ? std::nullopt : std::optional(algorithm));
  if (const auto* bytes = std::get_if<std::string_view>(&source.content)) {
    prepared.size = bytes->size();
    WEIR_CHECK(check_put_size(prepared.size));
    digester.add(*bytes);
  } else {
    const fs::path& path = std::get<fs::path>(source.content);
    WEIR_TRY(const File file, open_for_reading(path));
    WEIR_CHECK(read_pieces(file, path, [&](std::string_view piece) {
      prepared.size += piece.size();
      digester.add(piece);
    }));
    WEIR_CHECK(check_put_size(prepared.size));
    prepared.file = path;
  }
  prepared.etag = source.md5_hex.empty() ? digester.md5_hex() : source.md5_hex;
  const std::string value =
      is_sha256_known ? from_hex(source.sha256_hex).value_or("") : digester.checksum_bytes();
  prepared.checksum = Checksum{algorithm, base64_encode(value), false};
  WEIR_CHECK(verify_digests(prepared.etag, prepared.checksum, checksum, content_md5));

  // Everything said about the bytes is true: now they may go to the disk.
  const auto* bytes = std::get_if<std::string_view>(&source.content);
  const fs::path target = temporary();
  if (bytes != nullptr) {
    prepared.own(target);
    WEIR_TRY(const File file, create_file(target));
    WEIR_CHECK(write_all(file, *bytes, target));
    return prepared;
  }
  WEIR_CHECK(prepared.bring_to_file_system_of(target));
  return prepared;
}

Result<ObjectInfo> Objects::commit(const Scope& scope, std::string_view bucket_name,
                                   const Prepared& prepared, ObjectInfo info,
                                   const Tree::Check& check, std::string_view event,
                                   const Requester& requester) {
  const fs::path metadata_file = temporary();
  BucketRef owner;
  Result<ObjectInfo> done = [&]() -> Result<ObjectInfo> {
    std::shared_lock lifetime(lifetime_);
    WEIR_TRY(owner, find_bucket(scope, bucket_name));  // it may have been deleted meanwhile
    WEIR_CHECK(protect(*owner, info, info.retention, info.legal_hold));
    return tree_.commit(bucket_folder(bucket_name), prepared.file, metadata_file, std::move(info),
                        owner->version_mode(), check);
  }();
  if (!done) {
    remove_quietly(metadata_file);
    return done;
  }
  WEIR_CHECK(tell(event, *owner, *done, requester));
  for (const PutCallback& callback : on_put_) {
    callback(owner->scope(), std::string(bucket_name), *done);
  }
  return done;
}

Result<void> Objects::tell(std::string_view name, const Bucket& bucket, ObjectInfo object,
                           const Requester& requester) const {
  if (on_event_.empty() || !bucket.settings.notification) return {};
  const Event event{std::string(name), runtime_.now(), bucket, std::move(object), requester};
  for (const EventCallback& callback : on_event_) WEIR_CHECK(callback(event));
  return {};
}

Result<void> Objects::protect(const Bucket& bucket, ObjectInfo& info,
                              std::optional<Retention> retention, std::optional<bool> legal_hold) {
  if (!retention && !legal_hold && !bucket.is_locking()) return {};
  WEIR_TRY(const Time now, lock_clock_.for_start());
  WEIR_CHECK(check_retention(bucket, retention, legal_hold, now));
  info.retention = retention ? std::move(retention) : default_retention(bucket, now);
  info.legal_hold = legal_hold;
  return {};
}

Result<ObjectInfo> Objects::put(const Scope& scope, std::string_view bucket_name,
                                std::string_view key, PutSource source, PutOptions options) {
  WEIR_CHECK(find_bucket(scope, bucket_name));
  WEIR_CHECK(check_key(key));
  WEIR_CHECK(check_metadata(options.attributes));
  WEIR_TRY(const Prepared prepared, prepare(source, options.checksum, options.content_md5));
  ObjectInfo info;
  info.key = key;
  info.etag = prepared.etag;
  info.checksum = prepared.checksum;
  info.attributes = std::move(options.attributes);
  info.retention = std::move(options.retention);
  info.legal_hold = options.legal_hold;
  return commit(
      scope, bucket_name, prepared, std::move(info),
      [&](const ObjectInfo* present) {
        return check_write_conditions(present, options.if_match, options.if_none_match, key);
      },
      event::kPut, options.requester);
}

Error Objects::missing(const Bucket& bucket, std::string_view key) const {
  Error error = no_such_key(key);
  if (bucket.version_mode() == VersionMode::off) return error;
  const auto marker = tree_.current_marker(bucket_folder(bucket.name), key);
  if (!marker) return marker.error();
  if (*marker) {
    error.details.emplace_back("x-amz-delete-marker", "true");
    error.details.emplace_back("x-amz-version-id", (*marker)->shown_version());
  }
  return error;
}

Result<ObjectInfo> Objects::head_of(const Bucket& bucket, std::string_view key,
                                    std::string_view version_id) const {
  WEIR_CHECK(check_key(key));
  if (version_id.empty()) {
    WEIR_TRY(auto found, tree_.find(bucket_folder(bucket.name), key));
    if (!found) return missing(bucket, key);
    return *std::move(found);
  }
  WEIR_CHECK(check_version_id(version_id));
  WEIR_TRY(auto found, tree_.find_version(bucket_folder(bucket.name), key, version_id));
  if (!found) return no_such_version(key, version_id);
  if (found->is_delete_marker) return is_marker(*found);
  return *std::move(found);
}

Result<std::shared_ptr<const OpenObject>> Objects::open(const Scope& scope,
                                                        std::string_view bucket_name,
                                                        std::string_view key,
                                                        std::string_view version_id) const {
  WEIR_TRY(const BucketRef found, find_bucket(scope, bucket_name));
  WEIR_CHECK(check_key(key));
  if (version_id.empty()) {
    WEIR_TRY(auto opened, tree_.open(bucket_folder(bucket_name), key));
    if (opened == nullptr) return missing(*found, key);
    return opened;
  }
  WEIR_CHECK(check_version_id(version_id));
  WEIR_TRY(auto opened, tree_.open_version(bucket_folder(bucket_name), key, version_id));
  if (opened != nullptr) return opened;
  WEIR_CHECK(head_of(*found, key, version_id));  // says why
  return no_such_version(key, version_id);
}

Result<ObjectInfo> Objects::head(const Scope& scope, std::string_view bucket_name,
                                 std::string_view key, std::string_view version_id) const {
  WEIR_TRY(const BucketRef found, find_bucket(scope, bucket_name));
  return head_of(*found, key, version_id);
}

Result<std::string> Objects::get(const Scope& scope, std::string_view bucket_name,
                                 std::string_view key, std::uint64_t bytes_max) const {
  WEIR_TRY(const auto object, open(scope, bucket_name, key));
  if (object->info().size > bytes_max) {
    return Error{ErrorKind::too_large, "EntityTooLarge",
                 "the object " + std::string(key) + " has " + std::to_string(object->info().size) +
                     " bytes, more than " + std::to_string(bytes_max)};
  }
  return object->read(0, object->info().size);
}

/// A copy of (a range of) the source in a temporary file.
Result<Objects::Prepared> Objects::copy_source(const Scope& scope, std::string_view bucket_name,
                                               std::string_view key, std::string_view version_id,
                                               std::optional<ByteRange> range,
                                               const Conditions& conditions,
                                               ObjectInfo& source) const {
  WEIR_TRY(const auto object, open(scope, bucket_name, key, version_id));
  source = object->info();
  if (check(conditions, source) != ConditionVerdict::holds)
    return precondition_failed("x-amz-copy-source-if");
  if (range && (range->length == 0 || range->offset + range->length > source.size)) {
    return Error{
        ErrorKind::invalid, "InvalidArgument",
        "Range specified is not valid for source object of size: " + std::to_string(source.size)};
  }
  const ByteRange wanted = range.value_or(ByteRange{0, source.size});
  WEIR_CHECK(check_put_size(wanted.length));
  Prepared copied;
  copied.own(temporary());
  copied.size = wanted.length;
  WEIR_TRY(const File to, create_file(copied.file));
  WEIR_TRY(const File from, open_for_reading(object->path()));
  WEIR_CHECK(append_range(from, wanted.offset, wanted.length, to, copied.file));
  return copied;
}

Result<ObjectInfo> Objects::copy(const Scope& scope, std::string_view from_bucket,
                                 std::string_view from_key, std::string_view to_bucket,
                                 std::string_view to_key, const Conditions& source_conditions,
                                 std::optional<Attributes> attributes, PutOptions options,
                                 std::string_view from_version) {
  WEIR_CHECK(find_bucket(scope, to_bucket));
  WEIR_CHECK(check_key(to_key));
  if (from_bucket == to_bucket && from_key == to_key && from_version.empty() && !attributes) {
    return Error{
        ErrorKind::invalid, "InvalidRequest",
        "This copy request is illegal because it is trying to copy an object to itself without "
        "changing the object's metadata, storage class, website redirect location or encryption "
        "attributes."};
  }
  ObjectInfo info;
  WEIR_TRY(Prepared copied,
           copy_source(scope, from_bucket, from_key, from_version, {}, source_conditions, info));
  const bool is_one_part = info.etag.find('-') == std::string::npos;
  const bool keeps_checksum =
      info.checksum && !info.checksum->is_composite &&
      (!options.checksum || options.checksum->algorithm == info.checksum->algorithm);
  if (is_one_part && keeps_checksum) {
    copied.etag = info.etag;
    copied.checksum = info.checksum;
  } else {
    WEIR_TRY(const Prepared digested, prepare(PutSource::take(copied.file), options.checksum, ""));
    copied.etag = digested.etag;
    copied.checksum = digested.checksum;
  }
  info.key = to_key;
  info.etag = copied.etag;
  info.checksum = copied.checksum;
  info.part_sizes.clear();
  info.upload_id.clear();
  info.version_id.clear();
  info.order = 0;
  info.retention = std::move(options.retention);
  info.legal_hold = options.legal_hold;
  if (attributes) info.attributes = *std::move(attributes);
  WEIR_CHECK(check_metadata(info.attributes));
  return commit(
      scope, to_bucket, copied, std::move(info),
      [&](const ObjectInfo* present) {
        return check_write_conditions(present, options.if_match, options.if_none_match, to_key);
      },
      event::kCopy, options.requester);
}

Result<Removed> Objects::remove(const Scope& scope, std::string_view bucket_name,
                                std::string_view key, const RemoveOptions& options) {
  std::shared_lock lifetime(lifetime_);
  WEIR_TRY(const BucketRef found, find_bucket(scope, bucket_name));
  WEIR_CHECK(check_key(key));
  return remove_from(*found, key, options, event::kDelete, event::kMarker);
}

/// Under `lifetime_`.
Result<Removed> Objects::remove_from(const Bucket& bucket, std::string_view key,
                                     const RemoveOptions& options, std::string_view event_delete,
                                     std::string_view event_marker) {
  const fs::path root = bucket_folder(bucket.name);
  ObjectInfo gone;
  bool was_there = false;
  const auto check = [&](const ObjectInfo* present) -> Result<void> {
    WEIR_CHECK(check_write_conditions(present, options.if_match, false, key));
    was_there = present != nullptr;
    if (present != nullptr) gone = *present;
    const bool is_for_good = present != nullptr && (!options.version_id.empty() ||
                                                    bucket.version_mode() == VersionMode::off);
    if (!is_for_good) return {};
    return check_unlocked(*present, options.bypasses_governance, lock_clock_.for_expiry());
  };
  gone.key = key;
  const bool is_version = !options.version_id.empty();
  if (is_version) WEIR_CHECK(check_version_id(options.version_id));
  WEIR_TRY(Removed removed,
           is_version ? tree_.remove_version(root, key, options.version_id, temporary(), check)
                      : tree_.remove(root, key, temporary(), bucket.version_mode(), check));
  const bool is_marker_made = removed.is_delete_marker && !is_version;
  if (!was_there && !is_marker_made) return removed;
  if (is_marker_made) gone.version_id = removed.version_id;
  WEIR_CHECK(tell(is_marker_made ? event_marker : event_delete, bucket, std::move(gone),
                  options.requester));
  return removed;
}

Result<ObjectInfo> Objects::set_tags(const Scope& scope, std::string_view bucket_name,
                                     std::string_view key, std::map<std::string, std::string> tags,
                                     std::string_view version_id, const Requester& requester) {
  std::shared_lock lifetime(lifetime_);
  WEIR_TRY(const BucketRef found, find_bucket(scope, bucket_name));
  WEIR_CHECK(check_key(key));
  if (!version_id.empty()) WEIR_CHECK(check_version_id(version_id));
  const bool is_set = !tags.empty();
  WEIR_TRY(ObjectInfo changed, tree_.change(bucket_folder(bucket_name), key, version_id,
                                            temporary(), [&](ObjectInfo& info) -> Result<void> {
                                              info.attributes.tags = std::move(tags);
                                              return {};
                                            }));
  WEIR_CHECK(tell(is_set ? event::kTagsPut : event::kTagsDelete, *found, changed, requester));
  return changed;
}

Result<void> Objects::set_retention(const Scope& scope, std::string_view bucket_name,
                                    std::string_view key, std::string_view version_id,
                                    std::optional<Retention> retention, bool bypasses_governance) {
  std::shared_lock lifetime(lifetime_);
  WEIR_TRY(const BucketRef found, find_bucket(scope, bucket_name));
  WEIR_CHECK(check_key(key));
  if (!version_id.empty()) WEIR_CHECK(check_version_id(version_id));
  WEIR_TRY(const Time now, lock_clock_.for_start());
  if (!found->is_locking()) return check_retention(*found, Retention{}, {}, now);
  if (retention) WEIR_CHECK(check_retention(*found, retention, {}, now));
  const auto change = [&](ObjectInfo& info) -> Result<void> {
    WEIR_CHECK(
        check_retention_change(info, retention, bypasses_governance, lock_clock_.for_expiry()));
    info.retention = std::move(retention);
    return {};
  };
  WEIR_CHECK(tree_.change(bucket_folder(bucket_name), key, version_id, temporary(), change));
  return {};
}

Result<void> Objects::set_legal_hold(const Scope& scope, std::string_view bucket_name,
                                     std::string_view key, std::string_view version_id,
                                     bool is_held) {
  std::shared_lock lifetime(lifetime_);
  WEIR_TRY(const BucketRef found, find_bucket(scope, bucket_name));
  WEIR_CHECK(check_key(key));
  if (!version_id.empty()) WEIR_CHECK(check_version_id(version_id));
  WEIR_CHECK(check_retention(*found, {}, is_held, runtime_.now()));
  WEIR_CHECK(tree_.change(bucket_folder(bucket_name), key, version_id, temporary(),
                          [&](ObjectInfo& info) -> Result<void> {
                            info.legal_hold = is_held;
                            return {};
                          }));
  return {};
}

Result<fs::path> Objects::local_path(std::string_view bucket_name, std::string_view key) const {
  if (!buckets_.lock()->contains(bucket_name)) return no_such_bucket(bucket_name);
  WEIR_CHECK(check_key(key));
  WEIR_TRY(auto path, tree_.file_of(bucket_folder(bucket_name), key));
  if (!path) return no_such_key(key);
  return *std::move(path);
}

void Objects::on_put(PutCallback callback) { on_put_.push_back(std::move(callback)); }

}  // namespace weir::objects
