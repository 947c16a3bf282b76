// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <algorithm>
#include <mutex>
#include <shared_mutex>
#include <system_error>

#include "objects/files.h"
#include "objects/objects.h"
#include "objects/rules.h"

namespace weir::objects {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBucketRecordBytesMax = 4u << 20;  // with all its configurations

}  // namespace

Result<void> Objects::load_buckets() {
  std::map<std::string, BucketRef, std::less<>> found;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(bucket_record("x").parent_path(), failed)) {
    if (entry.path().extension() != ".json") continue;
    WEIR_TRY(const auto text, read_small_file(entry.path(), kBucketRecordBytesMax));
    if (!text) continue;
    WEIR_TRY(Bucket bucket, from_json_text<Bucket>(*text));
    std::string name = bucket.name;
    found.insert_or_assign(std::move(name), std::make_shared<const Bucket>(std::move(bucket)));
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
    found.emplace(name, std::make_shared<const Bucket>(std::move(bucket)));
  }
  if (failed)
    return Error{ErrorKind::unavailable, "InternalError",
                 "cannot list the buckets: " + failed.message()};
  *buckets_.lock() = std::move(found);
  return {};
}

Result<void> Objects::save_bucket(const Bucket& bucket) const {
  return replace_file(temporary(), bucket_record(bucket.name), to_json_text(bucket),
                      config_.is_durable);
}

Result<bool> Objects::create_bucket(const Scope& scope, std::string_view name,
                                    bool has_object_lock) {
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
      if (found->second->account != scope.account) {
        return Error{
            ErrorKind::already_exists,
            "BucketAlreadyExists",
            "The requested bucket name is not available. The bucket namespace is shared by "
            "all users of the system. Please select a different name and try again.",
            {{"BucketName", std::string(name)}}};
      }
      if (found->second->region == "us-east-1" && scope.region == "us-east-1") return false;
      return Error{
          ErrorKind::already_exists,
          "BucketAlreadyOwnedByYou",
          "Your previous request to create the named bucket succeeded and you already own it.",
          {{"BucketName", std::string(name)}}};
    }
    const auto own = std::count_if(buckets->begin(), buckets->end(), [&](const auto& each) {
      return each.second->account == scope.account;
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
  bucket.settings.public_access_block = PublicAccessBlock{true, true, true, true};
  if (has_object_lock) {
    bucket.settings.object_lock = ObjectLock{"Enabled", {}};
    bucket.settings.versioning = Versioning{"Enabled", {}};
  }
  WEIR_CHECK(save_bucket(bucket));
  std::error_code failed;
  fs::create_directory(bucket_folder(name), failed);
  if (failed) {
    return Error{ErrorKind::unavailable, "InternalError",
                 "cannot make the folder of the bucket: " + failed.message()};
  }
  buckets_.lock()->insert_or_assign(bucket.name, std::make_shared<const Bucket>(bucket));
  return true;
}

Result<void> Objects::delete_bucket(const Scope& scope, std::string_view name) {
  std::unique_lock lifetime(lifetime_);
  WEIR_TRY(const BucketRef found, find_bucket(scope, name));
  bool is_empty = true;
  Tree::Visitor visitor{.folder = [](const std::string&) { return Tree::Step::go_on; },
                        .object = [&](const std::string&) -> Result<Tree::Step> {
                          is_empty = false;
                          return Tree::Step::stop;
                        }};
  WEIR_CHECK(tree_.walk(bucket_folder(name), "", visitor, true));
  if (!is_empty) {
    return Error{ErrorKind::conflict,
                 "BucketNotEmpty",
                 "The bucket you tried to delete is not empty",
                 {{"BucketName", found->name}}};
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
  buckets_.lock()->erase(found->name);
  return {};
}

Result<Objects::BucketRef> Objects::any_bucket(std::string_view name) const {
  auto buckets = buckets_.lock();
  const auto found = buckets->find(name);
  if (found == buckets->end()) return no_such_bucket(name);
  return found->second;
}

Result<Objects::BucketRef> Objects::find_bucket(const Scope& scope, std::string_view name) const {
  WEIR_TRY(BucketRef found, any_bucket(name));
  if (found->account != scope.account) {
    return Error{ErrorKind::forbidden, "AccessDenied", "Access Denied"};
  }
  return found;
}

Result<Bucket> Objects::bucket(const Scope& scope, std::string_view name) const {
  WEIR_TRY(const BucketRef found, find_bucket(scope, name));
  return *found;
}

std::vector<Bucket> Objects::buckets(const Scope& scope) const {
  std::vector<Bucket> own;
  auto all = buckets_.lock();
  for (const auto& [name, bucket] : *all) {
    if (bucket->account == scope.account) own.push_back(*bucket);
  }
  return own;
}

std::vector<std::string> Objects::buckets_with_lifecycle() const {
  std::vector<std::string> names;
  auto all = buckets_.lock();
  for (const auto& [name, bucket] : *all) {
    if (bucket->settings.lifecycle) names.push_back(name);
  }
  return names;
}

Result<void> Objects::update_bucket(const Scope& scope, std::string_view name,
                                    const std::function<Result<void>(Bucket&)>& change) {
  std::unique_lock lifetime(lifetime_);
  WEIR_TRY(Bucket changed, bucket(scope, name));
  const bool was_locking = changed.is_locking();
  const bool had_versions = changed.version_mode() == VersionMode::enabled;
  WEIR_CHECK(change(changed));
  if (changed.policy.size() > kPolicyBytesMax) {
    return Error{ErrorKind::invalid, "MalformedPolicy",
                 "Policies must not be longer than 20480 bytes"};
  }
  const bool has_versions = changed.version_mode() == VersionMode::enabled;
  if (was_locking && had_versions && !has_versions) {
    return Error{ErrorKind::conflict, "InvalidBucketState",
                 "An Object Lock configuration is present on this bucket, so the versioning state "
                 "cannot be changed."};
  }
  if (changed.is_locking() && !has_versions) {
    return Error{ErrorKind::conflict, "InvalidBucketState",
                 "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration"};
  }
  WEIR_CHECK(save_bucket(changed));
  std::string key = changed.name;
  auto shared = std::make_shared<const Bucket>(std::move(changed));
  buckets_.lock()->insert_or_assign(std::move(key), std::move(shared));
  return {};
}

}  // namespace weir::objects
