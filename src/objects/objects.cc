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
constexpr std::size_t kBucketRecordBytesMax = 1u << 20;

}  // namespace

Objects::Objects(Runtime& runtime, Config config)
    : runtime_(runtime), config_(std::move(config)), tree_(runtime, config_.is_durable) {}

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
  return load_buckets();
}

Result<void> Objects::load_buckets() {
  std::map<std::string, Bucket, std::less<>> found;
  std::error_code failed;
  for (const auto& entry :
       fs::directory_iterator(config_.folder / kPrivateFolder / "buckets", failed)) {
    if (entry.path().extension() != ".json") continue;
    WEIR_TRY(const auto text, read_small_file(entry.path(), kBucketRecordBytesMax));
    if (!text) continue;
    WEIR_TRY(Bucket bucket, from_json_text<Bucket>(*text));
    found.insert_or_assign(bucket.name, std::move(bucket));
  }
  if (failed)
    return Error{ErrorKind::unavailable, "InternalError",
                 "cannot list the buckets: " + failed.message()};
  for (const auto& entry : fs::directory_iterator(config_.folder, failed)) {
    const std::string name = entry.path().filename();
    if (!is_bucket_name(name) || found.contains(name)) continue;
    struct stat status;
    if (::stat(entry.path().c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) continue;
    Bucket bucket;
    bucket.name = name;
    bucket.account = config_.scope_of_found_buckets.account;
    bucket.region = config_.scope_of_found_buckets.region;
    bucket.created = Time::from_seconds(status.st_mtim.tv_sec);
    found.emplace(name, std::move(bucket));
  }
  if (failed)
    return Error{ErrorKind::unavailable, "InternalError",
                 "cannot list the buckets: " + failed.message()};
  *buckets_.lock() = std::move(found);
  return {};
}

Result<void> Objects::clear() {
  std::unique_lock lifetime(lifetime_);
  std::error_code failed;
  std::vector<fs::path> going = {config_.folder / kPrivateFolder / "buckets",
                                 config_.folder / kPrivateFolder / "uploads"};
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

Result<void> Objects::save_bucket(const Bucket& bucket) const {
  return replace_file(temporary(), bucket_record(bucket.name), to_json_text(bucket),
                      config_.is_durable);
}

Result<bool> Objects::create_bucket(const Scope& scope, std::string_view name) {
  if (!is_bucket_name(name)) {
    return Error{ErrorKind::invalid,
                 "InvalidBucketName",
                 "The specified bucket is not valid.",
                 {{"BucketName", std::string(name)}}};
  }
  std::unique_lock lifetime(lifetime_);
  Bucket bucket;
  {
    auto buckets = buckets_.lock();
    if (const auto found = buckets->find(name); found != buckets->end()) {
      if (found->second.account != scope.account) {
        return Error{
            ErrorKind::already_exists,
            "BucketAlreadyExists",
            "The requested bucket name is not available. The bucket namespace is shared by "
            "all users of the system. Please select a different name and try again.",
            {{"BucketName", std::string(name)}}};
      }
      if (found->second.region == "us-east-1" && scope.region == "us-east-1") return false;
      return Error{
          ErrorKind::already_exists,
          "BucketAlreadyOwnedByYou",
          "Your previous request to create the named bucket succeeded and you already own it.",
          {{"BucketName", std::string(name)}}};
    }
    const auto own = std::count_if(buckets->begin(), buckets->end(), [&](const auto& each) {
      return each.second.account == scope.account;
    });
    if (static_cast<std::size_t>(own) >= kBucketsMax) {
      return Error{ErrorKind::limit, "TooManyBuckets",
                   "You have attempted to create more buckets than allowed"};
    }
  }
  bucket.name = name;
  bucket.account = scope.account;
  bucket.region = scope.region;
  bucket.created = runtime_.now();
  WEIR_CHECK(save_bucket(bucket));
  std::error_code failed;
  fs::create_directory(bucket_folder(name), failed);
  if (failed) {
    return Error{ErrorKind::unavailable, "InternalError",
                 "cannot make the folder of the bucket: " + failed.message()};
  }
  buckets_.lock()->insert_or_assign(bucket.name, bucket);
  return true;
}

Result<void> Objects::delete_bucket(const Scope& scope, std::string_view name) {
  std::unique_lock lifetime(lifetime_);
  WEIR_TRY(const Bucket found, bucket(scope, name));
  bool is_empty = true;
  Tree::Visitor visitor{.folder = [](const std::string&) { return Tree::Step::go_on; },
                        .object = [&](const std::string&) -> Result<Tree::Step> {
                          is_empty = false;
                          return Tree::Step::stop;
                        }};
  WEIR_CHECK(tree_.walk(bucket_folder(name), "", visitor));
  if (!is_empty) {
    return Error{ErrorKind::conflict,
                 "BucketNotEmpty",
                 "The bucket you tried to delete is not empty",
                 {{"BucketName", found.name}}};
  }
  // The record goes last: without it, what is left of the folder would look like a bucket that
  // somebody put there.
  std::error_code failed;
  fs::remove_all(uploads_folder(name), failed);
  if (!failed) fs::remove_all(bucket_folder(name), failed);
  if (!failed) fs::remove(bucket_record(name), failed);
  if (failed) {
    return Error{ErrorKind::unavailable, "InternalError",
                 "cannot remove the bucket: " + failed.message()};
  }
  tree_.forget_folders();
  if (config_.is_durable) {
    WEIR_CHECK(sync_folder(config_.folder));
    WEIR_CHECK(sync_folder(bucket_record(name).parent_path()));
  }
  buckets_.lock()->erase(found.name);
  return {};
}

Result<Bucket> Objects::bucket(const Scope& scope, std::string_view name) const {
  auto buckets = buckets_.lock();
  const auto found = buckets->find(name);
  if (found == buckets->end()) return no_such_bucket(name);
  if (found->second.account != scope.account) {
    return Error{ErrorKind::forbidden, "AccessDenied", "Access Denied"};
  }
  return found->second;
}

std::vector<Bucket> Objects::buckets(const Scope& scope) const {
  std::vector<Bucket> own;
  auto all = buckets_.lock();
  for (const auto& [name, bucket] : *all) {
    if (bucket.account == scope.account) own.push_back(bucket);
  }
  return own;
}

Result<void> Objects::update_bucket(const Scope& scope, std::string_view name,
                                    const std::function<void(Bucket&)>& change) {
  std::unique_lock lifetime(lifetime_);
  WEIR_TRY(Bucket changed, bucket(scope, name));
  change(changed);
  if (changed.policy.size() > kPolicyBytesMax) {
    return Error{ErrorKind::invalid, "MalformedPolicy",
                 "Policies must not be longer than 20480 bytes"};
  }
  WEIR_CHECK(save_bucket(changed));
  buckets_.lock()->insert_or_assign(changed.name, changed);
  return {};
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
                                   const Tree::Check& check) {
  const fs::path metadata_file = temporary();
  Scope owner;
  Result<ObjectInfo> done = [&]() -> Result<ObjectInfo> {
    std::shared_lock lifetime(lifetime_);
    WEIR_TRY(const Bucket found, bucket(scope, bucket_name));  // it may have been deleted meanwhile
    owner = found.scope();
    return tree_.commit(bucket_folder(bucket_name), prepared.file, metadata_file, std::move(info),
                        check);
  }();
  if (!done) {
    remove_quietly(metadata_file);
    return done;
  }
  for (const PutCallback& callback : on_put_) callback(owner, std::string(bucket_name), *done);
  return done;
}

Result<ObjectInfo> Objects::put(const Scope& scope, std::string_view bucket_name,
                                std::string_view key, PutSource source, PutOptions options) {
  WEIR_CHECK(bucket(scope, bucket_name));
  WEIR_CHECK(check_key(key));
  WEIR_CHECK(check_metadata(options.attributes));
  WEIR_TRY(const Prepared prepared, prepare(source, options.checksum, options.content_md5));
  ObjectInfo info;
  info.key = key;
  info.etag = prepared.etag;
  info.checksum = prepared.checksum;
  info.attributes = std::move(options.attributes);
  return commit(scope, bucket_name, prepared, std::move(info), [&](const ObjectInfo* present) {
    return check_write_conditions(present, options.if_match, options.if_none_match, key);
  });
}

Result<std::shared_ptr<const OpenObject>> Objects::open(const Scope& scope,
                                                        std::string_view bucket_name,
                                                        std::string_view key) const {
  WEIR_CHECK(bucket(scope, bucket_name));
  WEIR_CHECK(check_key(key));
  WEIR_TRY(auto opened, tree_.open(bucket_folder(bucket_name), key));
  if (opened == nullptr) return no_such_key(key);
  return opened;
}

Result<ObjectInfo> Objects::head(const Scope& scope, std::string_view bucket_name,
                                 std::string_view key) const {
  WEIR_CHECK(bucket(scope, bucket_name));
  WEIR_CHECK(check_key(key));
  WEIR_TRY(auto found, tree_.find(bucket_folder(bucket_name), key));
  if (!found) return no_such_key(key);
  return *std::move(found);
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
                                               std::string_view key, std::optional<ByteRange> range,
                                               const Conditions& conditions,
                                               ObjectInfo& source) const {
  WEIR_TRY(const auto object, open(scope, bucket_name, key));
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
                                 std::optional<Attributes> attributes, PutOptions options) {
  WEIR_CHECK(bucket(scope, to_bucket));
  WEIR_CHECK(check_key(to_key));
  if (from_bucket == to_bucket && from_key == to_key && !attributes) {
    return Error{
        ErrorKind::invalid, "InvalidRequest",
        "This copy request is illegal because it is trying to copy an object to itself without "
        "changing the object's metadata, storage class, website redirect location or encryption "
        "attributes."};
  }
  ObjectInfo info;
  WEIR_TRY(Prepared copied, copy_source(scope, from_bucket, from_key, {}, source_conditions, info));
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
  if (attributes) info.attributes = *std::move(attributes);
  WEIR_CHECK(check_metadata(info.attributes));
  return commit(scope, to_bucket, copied, std::move(info), [&](const ObjectInfo* present) {
    return check_write_conditions(present, options.if_match, options.if_none_match, to_key);
  });
}

Result<void> Objects::remove(const Scope& scope, std::string_view bucket_name, std::string_view key,
                             const std::optional<std::string>& if_match) {
  std::shared_lock lifetime(lifetime_);
  WEIR_CHECK(bucket(scope, bucket_name));
  WEIR_CHECK(check_key(key));
  return tree_.remove(bucket_folder(bucket_name), key, [&](const ObjectInfo* present) {
    return check_write_conditions(present, if_match, false, key);
  });
}

Result<void> Objects::set_tags(const Scope& scope, std::string_view bucket_name,
                               std::string_view key, std::map<std::string, std::string> tags) {
  std::shared_lock lifetime(lifetime_);
  WEIR_CHECK(bucket(scope, bucket_name));
  WEIR_CHECK(check_key(key));
  return tree_.change(bucket_folder(bucket_name), key, temporary(),
                      [&](ObjectInfo& info) { info.attributes.tags = std::move(tags); });
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
