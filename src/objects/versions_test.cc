// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "objects/lifecycle.h"
#include "objects/notifications.h"
#include "objects/objects.h"

namespace weir::objects {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class VersionsTest : public ::testing::Test {
 protected:
  VersionsTest() {
    std::string name = (fs::temp_directory_path() / "weir-versions-XXXXXX").string();
    WEIR_ASSERT(::mkdtemp(name.data()) != nullptr);
    folder_ = name;
    open();
    EXPECT_TRUE(objects_->create_bucket(scope_, "bucket"));
    EXPECT_TRUE(objects_->create_bucket(scope_, "locked", true));
    set_versioning("Enabled");
  }
  ~VersionsTest() override { fs::remove_all(folder_); }

  void open() {
    objects_ = std::make_unique<Objects>(runtime_,
                                         Objects::Config{.folder = folder_, .is_durable = false});
    ASSERT_TRUE(objects_->load());
  }
  void set_versioning(const std::string& status) {
    ASSERT_TRUE(objects_->update_bucket(scope_, "bucket", [&](Bucket& bucket) -> Result<void> {
      bucket.settings.versioning = Versioning{status, {}};
      return {};
    }));
  }
  std::string put(std::string_view key, std::string_view text, std::string_view bucket = "bucket") {
    const auto put = objects_->put(scope_, bucket, key, PutSource::bytes(text));
    EXPECT_TRUE(put) << put.error().message;
    return put ? std::string(put->shown_version()) : "";
  }
  std::string get(std::string_view key, std::string_view version = {}) const {
    const auto object = objects_->open(scope_, "bucket", key, version);
    if (!object) return object.error().code;
    return *(*object)->read(0, (*object)->info().size);
  }
  Result<Removed> remove(std::string_view key, std::string version = {},
                         std::string_view bucket = "bucket") {
    RemoveOptions options;
    options.version_id = std::move(version);
    return objects_->remove(scope_, bucket, key, options);
  }
  /// `key=etag's text` cannot be told, so: `key:M` for markers, `key:size`, `*` behind the latest.
  std::vector<std::string> versions(VersionQuery query = {}) const {
    const auto listing = objects_->versions(scope_, "bucket", std::move(query));
    EXPECT_TRUE(listing);
    std::vector<std::string> shown;
    for (const ObjectInfo& version : listing->versions) {
      shown.push_back(version.key + ':' +
                      (version.is_delete_marker ? "M" : std::to_string(version.size)) +
                      (version.is_latest ? "*" : ""));
    }
    return shown;
  }
  std::vector<std::string> keys() const {
    std::vector<std::string> all;
    const auto listing = objects_->list(scope_, "bucket", {});
    EXPECT_TRUE(listing);
    for (const auto& object : listing->objects) all.push_back(object.key);
    return all;
  }

  fs::path folder_;
  SimulatedRuntime runtime_{1};
  Scope scope_;
  std::unique_ptr<Objects> objects_;
};

TEST_F(VersionsTest, PutsKeepWhatWasThere) {
  const std::string first = put("a/k", "1");
  const std::string second = put("a/k", "22");
  const std::string third = put("a/k", "333");
  EXPECT_EQ(get("a/k"), "333");
  EXPECT_EQ(get("a/k", first), "1");
  EXPECT_EQ(get("a/k", second), "22");
  EXPECT_EQ(get("a/k", third), "333");
  EXPECT_EQ(get("a/k", std::string(32, '0')), "NoSuchVersion");
  EXPECT_EQ(get("a/k", "../x"), "InvalidArgument");
  EXPECT_THAT(versions(), ElementsAre("a/k:3*", "a/k:2", "a/k:1"));
  EXPECT_THAT(keys(), ElementsAre("a/k"));
  open();
  EXPECT_THAT(versions(), ElementsAre("a/k:3*", "a/k:2", "a/k:1"));
}

TEST_F(VersionsTest, AnOrdinaryToolSeesTheCurrentVersionAtItsPath) {
  put("a/k", "1");
  put("a/k", "22");
  std::ifstream in(folder_ / "bucket" / "a" / "k");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), "22");
}

TEST_F(VersionsTest, ADeleteHidesAndItsRemovalUncovers) {
  const std::string first = put("k", "1");
  const auto marker = remove("k");
  ASSERT_TRUE(marker);
  EXPECT_TRUE(marker->is_delete_marker);
  EXPECT_EQ(get("k"), "NoSuchKey");
  EXPECT_EQ(get("k", marker->version_id), "MethodNotAllowed");
  EXPECT_EQ(get("k", first), "1");
  EXPECT_THAT(keys(), IsEmpty());
  EXPECT_THAT(versions(), ElementsAre("k:M*", "k:1"));
  EXPECT_THAT(
      objects_->head(scope_, "bucket", "k").error().details,
      ::testing::Contains(std::pair<std::string, std::string>("x-amz-delete-marker", "true")));
  EXPECT_TRUE(remove("k", marker->version_id)->is_delete_marker);
  EXPECT_EQ(get("k"), "1");
  EXPECT_THAT(versions(), ElementsAre("k:1*"));
}

TEST_F(VersionsTest, RemovingTheCurrentVersionBringsTheOneBelow) {
  const std::string first = put("k", "1");
  const std::string second = put("k", "22");
  ASSERT_TRUE(remove("k", second));
  EXPECT_EQ(get("k"), "1");
  ASSERT_TRUE(remove("k", first));
  EXPECT_EQ(get("k"), "NoSuchKey");
  EXPECT_THAT(versions(), IsEmpty());
  EXPECT_TRUE(remove("k", first)) << "a version that is gone is no error";
}

TEST_F(VersionsTest, AMarkerBelowTheCurrentVersionComesBack) {
  const std::string first = put("k", "1");
  const auto marker = remove("k");
  const std::string second = put("k", "22");
  EXPECT_THAT(versions(), ElementsAre("k:2*", "k:M", "k:1"));
  ASSERT_TRUE(remove("k", second));
  EXPECT_EQ(get("k"), "NoSuchKey");
  EXPECT_THAT(versions(), ElementsAre("k:M*", "k:1"));
  ASSERT_TRUE(remove("k", marker->version_id));
  EXPECT_EQ(get("k"), "1");
}

TEST_F(VersionsTest, TheMarkerOfAnotherVersionUncoversTheRightOne) {
  const std::string first = put("k", "1");
  const std::string second = put("k", "22");
  const auto marker = remove("k");
  ASSERT_TRUE(remove("k", second));
  EXPECT_THAT(versions(), ElementsAre("k:M*", "k:1"));
  ASSERT_TRUE(remove("k", marker->version_id));
  EXPECT_EQ(get("k"), "1");
  EXPECT_THAT(versions(), ElementsAre("k:1*"));
}

// S3 User Guide, "Adding objects to versioning-suspended buckets" and "Deleting objects from ...".
TEST_F(VersionsTest, SuspendedBucketsHaveOneNullVersion) {
  const std::string kept = put("k", "1");
  set_versioning("Suspended");
  EXPECT_EQ(put("k", "22"), "null");
  EXPECT_EQ(put("k", "333"), "null");
  EXPECT_THAT(versions(), ElementsAre("k:3*", "k:1"));
  EXPECT_EQ(get("k", "null"), "333");
  const auto marker = remove("k");
  EXPECT_EQ(marker->version_id, "null");
  EXPECT_THAT(versions(), ElementsAre("k:M*", "k:1"));
  EXPECT_EQ(put("k", "4444"), "null");
  EXPECT_THAT(versions(), ElementsAre("k:4*", "k:1"));
  set_versioning("Enabled");
  put("k", "55555");
  EXPECT_THAT(versions(), ElementsAre("k:5*", "k:4", "k:1"));
  set_versioning("Suspended");
  put("k", "666666");
  EXPECT_THAT(versions(), ElementsAre("k:6*", "k:5", "k:1"));
  EXPECT_EQ(get("k", kept), "1");
}

TEST_F(VersionsTest, WhatWasThereBeforeVersionsIsTheNullVersion) {
  ASSERT_TRUE(objects_->create_bucket(scope_, "plain"));
  ASSERT_TRUE(objects_->put(scope_, "plain", "k", PutSource::bytes("1")));
  ASSERT_TRUE(objects_->update_bucket(scope_, "plain", [](Bucket& bucket) -> Result<void> {
    bucket.settings.versioning = Versioning{"Enabled", {}};
    return {};
  }));
  ASSERT_TRUE(objects_->put(scope_, "plain", "k", PutSource::bytes("22")));
  const auto old = objects_->open(scope_, "plain", "k", "null");
  ASSERT_TRUE(old);
  EXPECT_EQ(*(*old)->read(0, 1), "1");
}

TEST_F(VersionsTest, PagesGoOnBehindTheirMarkers) {
  for (int i = 0; i < 3; ++i) {
    put("a", std::string(static_cast<std::size_t>(i + 1), 'x'));
    put("a/b", std::string(static_cast<std::size_t>(i + 1), 'x'));
    put("c", std::string(static_cast<std::size_t>(i + 1), 'x'));
  }
  ASSERT_TRUE(remove("c"));
  const auto whole = versions();
  EXPECT_THAT(whole, ElementsAre("a:3*", "a:2", "a:1", "a/b:3*", "a/b:2", "a/b:1", "c:M*", "c:3",
                                 "c:2", "c:1"));
  for (std::size_t size = 1; size < 5; ++size) {
    std::vector<std::string> all;
    VersionQuery query;
    query.max_keys = size;
    for (int page = 0; page < 20; ++page) {
      const auto listing = objects_->versions(scope_, "bucket", query);
      ASSERT_TRUE(listing);
      for (const auto& one : versions(query)) all.push_back(one);
      if (!listing->is_truncated) break;
      query.key_marker = listing->next_key;
      query.version_id_marker = listing->next_version_id;
    }
    EXPECT_EQ(all, whole) << size;
  }
  VersionQuery folded;
  folded.delimiter = "/";
  EXPECT_THAT(objects_->versions(scope_, "bucket", folded)->common_prefixes, ElementsAre("a/"));
}

TEST_F(VersionsTest, AClockThatGoesBackKeepsTheOrder) {
  put("k", "1");
  SimulatedRuntime earlier(2, Time::from_seconds(1000));
  Objects objects(earlier, {.folder = folder_, .is_durable = false});
  ASSERT_TRUE(objects.load());
  ASSERT_TRUE(objects.put(scope_, "bucket", "k", PutSource::bytes("22")));
  ASSERT_TRUE(objects.remove(scope_, "bucket", "k"));
  EXPECT_THAT(versions(), ElementsAre("k:M*", "k:2", "k:1"));
}

TEST_F(VersionsTest, BucketsWithVersionsAreNotEmpty) {
  const std::string only = put("k", "1");
  const auto marker = remove("k");
  EXPECT_EQ(objects_->delete_bucket(scope_, "bucket").error().code, "BucketNotEmpty");
  ASSERT_TRUE(remove("k", only));
  EXPECT_EQ(objects_->delete_bucket(scope_, "bucket").error().code, "BucketNotEmpty");
  ASSERT_TRUE(remove("k", marker->version_id));
  EXPECT_TRUE(objects_->delete_bucket(scope_, "bucket"));
}

// Goal: compliance holds against everybody and everything, until its time and not longer.
TEST_F(VersionsTest, ComplianceCannotBeShortenedByAnyone) {
  const std::string version = put("k", "1", "locked");
  const Retention month{"COMPLIANCE", runtime_.now() + std::chrono::hours(24 * 30)};
  ASSERT_TRUE(objects_->set_retention(scope_, "locked", "k", version, month, false));
  const auto refused = [&](const Result<void>& result) {
    return !result && result.error().code == "AccessDenied";
  };
  EXPECT_TRUE(refused(objects_->set_retention(scope_, "locked", "k", version, {}, true)));
  Retention shorter = month;
  shorter.until = month.until - std::chrono::hours(1);
  EXPECT_TRUE(refused(objects_->set_retention(scope_, "locked", "k", version, shorter, true)));
  Retention softer = month;
  softer.mode = "GOVERNANCE";
  EXPECT_TRUE(refused(objects_->set_retention(scope_, "locked", "k", version, softer, true)));
  RemoveOptions forced;
  forced.version_id = version;
  forced.bypasses_governance = true;
  EXPECT_EQ(objects_->remove(scope_, "locked", "k", forced).error().code, "AccessDenied");
  EXPECT_EQ(objects_->delete_bucket(scope_, "locked").error().code, "BucketNotEmpty");
  EXPECT_EQ(objects_
                ->update_bucket(scope_, "locked",
                                [](Bucket& bucket) -> Result<void> {
                                  bucket.settings.versioning = Versioning{"Suspended", {}};
                                  return {};
                                })
                .error()
                .code,
            "InvalidBucketState");
  EXPECT_TRUE(remove("k", "", "locked")) << "a marker hides it only";
  Retention longer = month;
  longer.until = month.until + std::chrono::hours(1);
  EXPECT_TRUE(objects_->set_retention(scope_, "locked", "k", version, longer, false));
  runtime_.advance(std::chrono::hours(24 * 30));
  EXPECT_EQ(remove("k", version, "locked").error().code, "AccessDenied");
  runtime_.advance(std::chrono::hours(2));
  EXPECT_TRUE(remove("k", version, "locked"));
}

TEST_F(VersionsTest, GovernanceBreaksWithBypassAndHoldsDoNot) {
  ASSERT_TRUE(objects_->update_bucket(scope_, "locked", [](Bucket& bucket) -> Result<void> {
    bucket.settings.object_lock->rule = ObjectLockRule{DefaultRetention{"GOVERNANCE", 1, {}}};
    return {};
  }));
  const std::string version = put("k", "1", "locked");
  EXPECT_EQ(objects_->head(scope_, "locked", "k")->retention->mode, "GOVERNANCE");
  EXPECT_EQ(remove("k", version, "locked").error().code, "AccessDenied");
  ASSERT_TRUE(objects_->set_legal_hold(scope_, "locked", "k", version, true));
  RemoveOptions forced;
  forced.version_id = version;
  forced.bypasses_governance = true;
  EXPECT_EQ(objects_->remove(scope_, "locked", "k", forced).error().code, "AccessDenied");
  ASSERT_TRUE(objects_->set_legal_hold(scope_, "locked", "k", version, false));
  EXPECT_TRUE(objects_->remove(scope_, "locked", "k", forced));
}

/// A clock that somebody sets.
class SetClock final : public Runtime {
 public:
  Time now() const override { return {base_.now().ms + shift_ms}; }
  std::chrono::nanoseconds monotonic() const override { return base_.monotonic(); }
  std::uint64_t random() override { return base_.random(); }
  TimerId after(Duration delay, Task task) override { return base_.after(delay, std::move(task)); }
  void cancel(TimerId timer) override { base_.cancel(timer); }
  void post(Task task) override { base_.post(std::move(task)); }
  void post_background(Task task) override { base_.post_background(std::move(task)); }
  void quiesce() override { base_.quiesce(); }
  std::int64_t shift_ms = 0;

 private:
  SimulatedRuntime base_{3};
};

TEST_F(VersionsTest, SettingTheClockForwardEndsNoLock) {
  SetClock clock;
  Objects objects(clock, {.folder = folder_, .is_durable = false});
  ASSERT_TRUE(objects.load());
  const auto put = objects.put(scope_, "locked", "k", PutSource::bytes("1"));
  ASSERT_TRUE(objects.set_retention(scope_, "locked", "k", put->version_id,
                                    Retention{"COMPLIANCE", clock.now() + std::chrono::hours(1)},
                                    false));
  clock.shift_ms = 86'400'000;
  RemoveOptions options;
  options.version_id = put->version_id;
  EXPECT_EQ(objects.remove(scope_, "locked", "k", options).error().code, "AccessDenied");
}

TEST_F(VersionsTest, SettingTheClockBackShortensNoNewLock) {
  SetClock clock;
  Objects objects(clock, {.folder = folder_, .is_durable = false});
  ASSERT_TRUE(objects.load());
  ASSERT_TRUE(objects.update_bucket(scope_, "locked", [](Bucket& bucket) -> Result<void> {
    bucket.settings.object_lock->rule = ObjectLockRule{DefaultRetention{"COMPLIANCE", 1, {}}};
    return {};
  }));
  const Time before = clock.now();
  ASSERT_TRUE(objects.put(scope_, "locked", "first", PutSource::bytes("1")));
  clock.shift_ms = -10 * 86'400'000ll;
  const auto put = objects.put(scope_, "locked", "k", PutSource::bytes("1"));
  ASSERT_TRUE(put) << put.error().message;
  EXPECT_GE(put->retention->until, before + std::chrono::hours(24));
}

Lifecycle rule(LifecycleRule wanted) {
  wanted.status = "Enabled";
  wanted.filter = LifecycleFilter{};
  return Lifecycle{{std::move(wanted)}};
}

class LifecycleTest : public VersionsTest {
 protected:
  void set(Lifecycle lifecycle) {
    ASSERT_TRUE(objects_->update_bucket(scope_, "bucket", [&](Bucket& bucket) -> Result<void> {
      bucket.settings.lifecycle = std::move(lifecycle);
      return check(*bucket.settings.lifecycle);
    }));
  }
  void TearDown() override { runtime_.quiesce(); }
  void run(Duration time) { runtime_.advance(time); }
};

TEST_F(LifecycleTest, CurrentVersionsGoAtTheMidnightAfterTheirDays) {
  LifecycleRule wanted;
  wanted.id = "r";
  wanted.expiration.emplace().days = 1;
  set(rule(wanted));
  LifecycleRunner runner(runtime_, *objects_);
  runtime_.advance(std::chrono::hours(1));
  put("k", "1");
  runner.start();
  run(std::chrono::hours(24));
  EXPECT_EQ(get("k"), "1") << "a day is over, but no midnight after it";
  run(std::chrono::hours(24));
  EXPECT_EQ(get("k"), "NoSuchKey");
  EXPECT_THAT(versions(), ElementsAre("k:M*", "k:1"));
}

TEST_F(LifecycleTest, NoncurrentVersionsAndLonelyMarkersGo) {
  LifecycleRule wanted;
  wanted.noncurrent_expiration.emplace().days = 1;
  wanted.expiration.emplace().expired_object_delete_marker = true;
  set(rule(wanted));
  put("k", "1");
  put("k", "22");
  put("gone", "1");
  ASSERT_TRUE(remove("gone"));
  LifecycleRunner runner(runtime_, *objects_);
  runner.start();
  run(std::chrono::hours(25));
  EXPECT_THAT(versions(), ElementsAre("gone:M*", "k:2*"));
  run(std::chrono::hours(24));
  EXPECT_THAT(versions(), ElementsAre("k:2*"));
}

TEST_F(LifecycleTest, FiltersBySizeTagAndPrefix) {
  LifecycleRule wanted;
  wanted.status = "Enabled";
  wanted.expiration.emplace().days = 1;
  wanted.filter.emplace().all_of.emplace();
  wanted.filter->all_of->prefix = "logs/";
  wanted.filter->all_of->tags = {{"kind", "old"}};
  wanted.filter->all_of->larger_than = 2;
  const Lifecycle lifecycle{{wanted}};
  ObjectInfo object;
  object.key = "logs/a";
  object.size = 3;
  object.attributes.tags = {{"kind", "old"}};
  EXPECT_TRUE(expiry_of(lifecycle, object));
  object.size = 2;
  EXPECT_FALSE(expiry_of(lifecycle, object));
  object.size = 3;
  object.attributes.tags = {{"kind", "new"}};
  EXPECT_FALSE(expiry_of(lifecycle, object));
  object.attributes.tags = {{"kind", "old"}};
  object.key = "log";
  EXPECT_FALSE(expiry_of(lifecycle, object));
}

TEST_F(LifecycleTest, OldUploadsAreAborted) {
  LifecycleRule wanted;
  wanted.abort_uploads.emplace().days = 1;
  set(rule(wanted));
  ASSERT_TRUE(objects_->create_upload(scope_, "bucket", "k", {}));
  LifecycleRunner runner(runtime_, *objects_);
  runner.start();
  run(std::chrono::hours(25));
  EXPECT_THAT(objects_->uploads(scope_, "bucket", {})->uploads, IsEmpty());
}

TEST_F(LifecycleTest, LockedVersionsStay) {
  const std::string version = put("k", "1", "locked");
  ASSERT_TRUE(objects_->set_legal_hold(scope_, "locked", "k", version, true));
  put("k", "22", "locked");
  LifecycleRule wanted;
  wanted.noncurrent_expiration.emplace().days = 1;
  ASSERT_TRUE(objects_->update_bucket(scope_, "locked", [&](Bucket& bucket) -> Result<void> {
    bucket.settings.lifecycle = rule(wanted);
    return {};
  }));
  LifecycleRunner runner(runtime_, *objects_);
  runner.start();
  run(std::chrono::hours(72));
  EXPECT_TRUE(objects_->head(scope_, "locked", "k", version));
}

class RecordingSink final : public NotificationSink {
 public:
  Result<void> check(const Scope&, const std::string& arn) override {
    if (arn.find("missing") == std::string::npos) return {};
    return Error{ErrorKind::not_found, "NotFound", "no such topic"};
  }
  Result<void> send(const Scope&, const std::string&, const Message& message) override {
    if (is_down) return Error{ErrorKind::unavailable, "Unavailable", "down"};
    bodies.push_back(message.body);
    return {};
  }
  bool is_down = false;
  std::vector<std::string> bodies;
};

TEST_F(VersionsTest, AnsweredEventsOutliveARestart) {
  const auto store = store::make_memory_store();
  RecordingSink sink;
  sink.is_down = true;
  ASSERT_TRUE(objects_->update_bucket(scope_, "bucket", [](Bucket& bucket) -> Result<void> {
    NotificationTarget target;
    target.id = "c";
    target.topic = "arn:aws:sns:us-east-1:000000000000:t";
    target.events = {"s3:ObjectCreated:*"};
    target.filter.emplace().key.emplace().rules = {{"Prefix", "logs/"}};
    bucket.settings.notification.emplace().topics = {target};
    return check(*bucket.settings.notification);
  }));
  {
    Notifications notifications(runtime_, *store, sink);
    ASSERT_TRUE(notifications.load());
    objects_->on_event([&](const Event& event) { return notifications.accept(event); });
    put("logs/a b", "1");
    put("other", "1");
    ASSERT_TRUE(remove("logs/a b"));
    EXPECT_EQ(notifications.waiting(), 1u);
    runtime_.run_ready();
    runtime_.quiesce();
  }
  sink.is_down = false;
  Notifications again(runtime_, *store, sink);
  ASSERT_TRUE(again.load());
  runtime_.run_ready();
  ASSERT_EQ(sink.bodies.size(), 1u);
  EXPECT_THAT(sink.bodies[0], HasSubstr("\"key\":\"logs/a+b\""));
  EXPECT_THAT(sink.bodies[0], HasSubstr("\"eventName\":\"ObjectCreated:Put\""));
  EXPECT_EQ(again.waiting(), 0u);
}

TEST(NotificationRules, OverlapIsRefused) {
  const auto target = [](std::string event, std::string prefix) {
    NotificationTarget made;
    made.topic = "arn:aws:sns:us-east-1:000000000000:t";
    made.events = {std::move(event)};
    made.filter.emplace().key.emplace().rules = {{"prefix", std::move(prefix)}};
    return made;
  };
  Notification wanted;
  wanted.topics = {target("s3:ObjectCreated:*", "a/"), target("s3:ObjectCreated:Put", "a/b")};
  EXPECT_THAT(check(wanted).error().message, HasSubstr("overlap"));
  wanted.topics[1] = target("s3:ObjectCreated:Put", "b/");
  EXPECT_TRUE(check(wanted));
  wanted.topics[1] = target("s3:ObjectRemoved:Delete", "a/b");
  EXPECT_TRUE(check(wanted));
}

}  // namespace
}  // namespace weir::objects
