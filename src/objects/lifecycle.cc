// SPDX-License-Identifier: Apache-2.0
#include "objects/lifecycle.h"

#include <algorithm>
#include <mutex>
#include <shared_mutex>

#include "base/counters.h"
#include "base/log.h"
#include "objects/objects.h"

namespace weir::objects {
namespace {

constexpr std::int64_t kDay = 86'400'000;

/// The midnight UTC at or after that moment.
Time next_midnight(std::int64_t ms) { return {(ms + kDay - 1) / kDay * kDay}; }

bool has_tag(const ObjectInfo& object, const LifecycleTag& tag) {
  const auto found = object.attributes.tags.find(tag.key);
  return found != object.attributes.tags.end() && found->second == tag.value;
}

bool is_size_taken(const std::optional<std::int64_t>& larger_than,
                   const std::optional<std::int64_t>& less_than, std::uint64_t size) {
  const auto bytes = static_cast<std::int64_t>(size);
  return (!larger_than || bytes > *larger_than) && (!less_than || bytes < *less_than);
}

bool takes_key(const LifecycleRule& rule, std::string_view key) {
  if (rule.status != "Enabled") return false;
  if (rule.prefix) return key.starts_with(*rule.prefix);
  if (!rule.filter) return true;
  if (rule.filter->prefix && !key.starts_with(*rule.filter->prefix)) return false;
  const auto& all_of = rule.filter->all_of;
  return !all_of || !all_of->prefix || key.starts_with(*all_of->prefix);
}

bool takes(const LifecycleRule& rule, const ObjectInfo& object) {
  if (!takes_key(rule, object.key)) return false;
  if (!rule.filter) return true;
  const LifecycleFilter& filter = *rule.filter;
  if (filter.tag && !has_tag(object, *filter.tag)) return false;
  if (!is_size_taken(filter.larger_than, filter.less_than, object.size)) return false;
  if (!filter.all_of) return true;
  const LifecycleAnd& all_of = *filter.all_of;
  return std::all_of(all_of.tags.begin(), all_of.tags.end(),
                     [&](const LifecycleTag& tag) { return has_tag(object, tag); }) &&
         is_size_taken(all_of.larger_than, all_of.less_than, object.size);
}

Counter& expired() {
  static Counter& count = counter("weir_s3_expired_total",
                                  "Objects, versions, delete markers and "
                                  "uploads that lifecycle rules removed.");
  return count;
}

}  // namespace

std::optional<Expiry> expiry_of(const Lifecycle& lifecycle, const ObjectInfo& object) {
  std::optional<Expiry> earliest;
  for (const LifecycleRule& rule : lifecycle.rules) {
    if (!rule.expiration || !takes(rule, object)) continue;
    std::optional<Time> at;
    if (rule.expiration->days) {
      at = next_midnight(object.last_modified.ms + *rule.expiration->days * kDay);
    } else if (rule.expiration->date) {
      const auto date = parse_iso8601(*rule.expiration->date);
      if (date) at = *date;
    }
    if (at && (!earliest || *at < earliest->at)) earliest = Expiry{*at, rule.id.value_or("")};
  }
  return earliest;
}

bool is_noncurrent_expired(const Lifecycle& lifecycle, const ObjectInfo& version,
                           Time noncurrent_since, std::size_t newer, Time now) {
  return std::any_of(lifecycle.rules.begin(), lifecycle.rules.end(),
                     [&](const LifecycleRule& rule) {
                       const auto& action = rule.noncurrent_expiration;
                       if (!action || !action->days || !takes(rule, version)) return false;
                       if (newer < static_cast<std::size_t>(action->newer_versions.value_or(0)))
                         return false;
                       return next_midnight(noncurrent_since.ms + *action->days * kDay) <= now;
                     });
}

bool is_marker_expired(const Lifecycle& lifecycle, const ObjectInfo& marker, Time now) {
  return std::any_of(lifecycle.rules.begin(), lifecycle.rules.end(),
                     [&](const LifecycleRule& rule) {
                       if (!rule.expiration || !takes(rule, marker)) return false;
                       if (rule.expiration->expired_object_delete_marker.value_or(false))
                         return true;
                       // A rule with days or a date removes such markers, too (S3 User Guide,
                       // "Expiring objects").
                       const auto at = expiry_of(Lifecycle{{rule}}, marker);
                       return at && at->at <= now;
                     });
}

bool is_upload_expired(const Lifecycle& lifecycle, const Upload& upload, Time now) {
  return std::any_of(
      lifecycle.rules.begin(), lifecycle.rules.end(), [&](const LifecycleRule& rule) {
        return rule.abort_uploads && rule.abort_uploads->days && takes_key(rule, upload.key) &&
               next_midnight(upload.initiated.ms + *rule.abort_uploads->days * kDay) <= now;
      });
}

Result<std::string> Objects::expire(std::string_view bucket_name, Time now, std::string_view after,
                                    std::size_t keys_max) {
  std::shared_lock lifetime(lifetime_);
  const auto found = any_bucket(bucket_name);
  if (!found || !(*found)->settings.lifecycle) return std::string();
  std::vector<std::string> keys;
  Tree::Visitor visitor;
  visitor.folder = [&](const std::string& key_prefix) {
    const bool is_done = key_prefix < after && !after.starts_with(key_prefix);
    return is_done ? Tree::Step::skip : Tree::Step::go_on;
  };
  visitor.object = [&](const std::string& key) -> Result<Tree::Step> {
    if (key <= after) return Tree::Step::go_on;
    if (keys.size() >= keys_max) return Tree::Step::stop;
    keys.push_back(key);
    return Tree::Step::go_on;
  };
  WEIR_CHECK(tree_.walk(bucket_folder(bucket_name), "", visitor, true, after));
  for (const std::string& key : keys) WEIR_CHECK(expire_key(**found, key, now));
  return keys.size() < keys_max ? std::string() : keys.back();
}

/// What is locked stays; the rules come back to it the next day.
Result<void> Objects::expire_key(const Bucket& bucket, const std::string& key, Time now) {
  const Lifecycle& lifecycle = *bucket.settings.lifecycle;
  const auto remove = [&](std::string version_id) -> Result<void> {
    RemoveOptions options;
    options.version_id = std::move(version_id);
    const auto removed = remove_from(bucket, key, options, event::kExpired, event::kExpiredMarker);
    if (removed) expired().add();
    if (!removed && removed.error().code != "AccessDenied") return removed.error();
    return {};
  };
  WEIR_TRY(const std::vector<ObjectInfo> versions, tree_.versions(bucket_folder(bucket.name), key));
  std::size_t newer = 0;
  for (std::size_t i = 1; i < versions.size(); ++i) {
    const bool is_expired =
        is_noncurrent_expired(lifecycle, versions[i], versions[i - 1].last_modified, newer, now);
    ++newer;
    if (is_expired) WEIR_CHECK(remove(std::string(versions[i].shown_version())));
  }
  if (versions.empty()) return {};
  const ObjectInfo& current = versions.front();
  if (current.is_delete_marker) {
    if (versions.size() == 1 && is_marker_expired(lifecycle, current, now)) {
      return remove(std::string(current.shown_version()));
    }
    return {};
  }
  const auto at = expiry_of(lifecycle, current);
  if (at && at->at <= now) return remove("");
  return {};
}

Result<void> Objects::expire_uploads(std::string_view bucket_name, Time now,
                                     std::size_t uploads_max) {
  const auto found = any_bucket(bucket_name);
  if (!found || !(*found)->settings.lifecycle) return {};
  UploadQuery query;
  query.max_uploads = uploads_max;
  WEIR_TRY(const UploadListing listing, uploads((*found)->scope(), bucket_name, query));
  for (const Upload& upload : listing.uploads) {
    if (!is_upload_expired(*(*found)->settings.lifecycle, upload, now)) continue;
    const auto aborted = abort_upload((*found)->scope(), bucket_name, upload.key, upload.id);
    if (aborted) expired().add();
    if (!aborted && aborted.error().code != "NoSuchUpload") return aborted.error();
  }
  return {};
}

void LifecycleRunner::start() {
  run();
  const Time now = runtime_.now();
  const Time midnight = next_midnight(now.ms + 1);
  runtime_.at(midnight, [this] { start(); });
}

void LifecycleRunner::run() {
  if (is_running_.exchange(true)) return;  // yesterday's is not done
  Run run;
  run.buckets = objects_.buckets_with_lifecycle();
  runtime_.post_background([this, run = std::move(run)]() mutable { slice(std::move(run)); });
}

void LifecycleRunner::slice(Run run) {
  if (run.next >= run.buckets.size()) {
    is_running_ = false;
    return;
  }
  const std::string& bucket = run.buckets[run.next];
  const Time now = runtime_.now();
  Result<void> done;
  if (run.after.empty()) done = objects_.expire_uploads(bucket, now, kUploadsPerRun);
  if (done) {
    auto after = objects_.expire(bucket, now, run.after, kKeysPerSlice);
    if (after) {
      run.after = *std::move(after);
    } else {
      done = after.error();
    }
  }
  if (!done) {
    log::error("lifecycle rules of a bucket are not enforced, will retry at midnight",
               {{"bucket", bucket}, {"error", done.error().message}});
    run.after.clear();
  }
  if (run.after.empty()) ++run.next;
  runtime_.post_background([this, run = std::move(run)]() mutable { slice(std::move(run)); });
}

}  // namespace weir::objects
