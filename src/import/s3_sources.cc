// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <future>
#include <set>
#include <utility>

#include "import/sources.h"

namespace weir::import {
namespace {

constexpr std::size_t kGroupsMax = 10'000;  // places with date folders; more: full lists only
constexpr Duration kDay = std::chrono::hours(24);

bool is_digits(std::string_view text, std::size_t count) {
  return text.size() == count &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// What is in a bucket beside its log objects.
bool is_other(const client::S3Client::Object& object) {
  const std::string_view key = object.key;
  const std::string_view name = key.substr(key.rfind('/') + 1);
  return name.empty() || name == "aws-logs-write-test" || name == "ConfigWritabilityCheckFile" ||
         key.starts_with("_weir_import/");
}

/// Reads an object piece by piece, the next one while the last is used.
class ObjectSource final : public columnar::ByteSource {
 public:
  ObjectSource(Runtime& runtime, client::S3Client& client, std::string bucket,
               client::S3Client::Object object)
      : runtime_(runtime), client_(client), bucket_(std::move(bucket)), object_(std::move(object)) {
    fetch();
  }
  ~ObjectSource() override {
    if (coming_.valid()) coming_.wait();
  }
  ObjectSource(const ObjectSource&) = delete;
  ObjectSource& operator=(const ObjectSource&) = delete;

  Result<std::string_view> next() override {
    if (!coming_.valid()) return std::string_view();
    WEIR_TRY(piece_, coming_.get());
    fetch();
    return std::string_view(piece_);
  }

 private:
  void fetch() {
    if (offset_ >= object_.size) return;
    const std::uint64_t from = offset_;
    const std::uint64_t length =
        std::min<std::uint64_t>(client::S3Client::kPieceBytes, object_.size - from);
    offset_ += length;
    // Shared: std::function wants to be copyable.
    const auto done = std::make_shared<std::promise<Result<std::string>>>();
    coming_ = done->get_future();
    runtime_.post([this, done, from, length] {
      done->set_value(client_.get(bucket_, object_, from, length));
    });
  }

  Runtime& runtime_;
  client::S3Client& client_;
  const std::string bucket_;
  const client::S3Client::Object object_;
  std::uint64_t offset_ = 0;
  std::future<Result<std::string>> coming_;
  std::string piece_;
};

class S3Sources final : public Sources {
 public:
  S3Sources(Runtime& runtime, client::S3Client& client, S3Location location)
      : runtime_(runtime), client_(client), location_(std::move(location)) {}

  std::string prefix() const override { return name_of(location_.prefix); }

  Result<void> list(const Take& take) override {
    last_full_ = runtime_.now();
    groups_.clear();
    has_other_keys_ = false;
    return list_from({.prefix = location_.prefix}, take);
  }

  Result<void> list_new(const Take& take) override {
    const Time now = runtime_.now();
    const bool knows_all = !has_other_keys_ && groups_.size() < kGroupsMax && !groups_.empty();
    if (!knows_all || now - last_full_ >= kFullListPeriod) return list(take);
    const std::set<std::string> before = groups_;
    for (const std::string& group : before) {
      const auto folders = DateFolders::of(group);
      if (!folders) continue;
      // Everything from yesterday on: `start-after` a day's folder leaves out only what is before.
      WEIR_CHECK(
          list_from({.prefix = folders->before, .start_after = folders->day(now - kDay)}, take));
    }
    return {};
  }

  Result<std::unique_ptr<columnar::ByteSource>> open(const SourceInfo& source) override {
    client::S3Client::Object object{.key = source.name.substr(name_of("").size()),
                                    .etag = source.version,
                                    .size = source.bytes,
                                    .last_modified = source.modified};
    return std::unique_ptr<columnar::ByteSource>(
        std::make_unique<ObjectSource>(runtime_, client_, location_.bucket, std::move(object)));
  }

 private:
  std::string name_of(const std::string& key) const {
    return "s3://" + location_.bucket + '/' + key;
  }

  void note(const std::string& key) {
    const auto folders = DateFolders::of(key);
    if (!folders) {
      has_other_keys_ = true;
    } else if (groups_.size() < kGroupsMax) {
      groups_.insert(folders->day(Time{}));  // stands for the place and the kind of its folders
    }
  }

  Result<void> list_from(client::S3Client::ListQuery query, const Take& take) {
    do {
      WEIR_TRY(const auto listing, client_.list(location_.bucket, query));
      for (const auto& object : listing.objects) {
        if (is_other(object)) continue;
        note(object.key);
        const bool goes_on = take({.name = name_of(object.key),
                                   .version = object.etag,
                                   .bytes = object.size,
                                   .modified = object.last_modified});
        if (!goes_on) return {};
      }
      query.token = listing.next;
    } while (!query.token.empty());
    return {};
  }

  Runtime& runtime_;
  client::S3Client& client_;
  const S3Location location_;
  std::set<std::string> groups_;
  bool has_other_keys_ = false;
  Time last_full_;
};

}  // namespace

std::optional<S3Location> S3Location::parse(std::string_view text) {
  constexpr std::string_view kScheme = "s3://";
  if (!text.starts_with(kScheme)) return std::nullopt;
  text.remove_prefix(kScheme.size());
  const std::size_t slash = text.find('/');
  S3Location location{.bucket = std::string(text.substr(0, slash)), .prefix = {}};
  if (slash != std::string_view::npos) location.prefix = text.substr(slash + 1);
  return location;
}

std::optional<DateFolders> DateFolders::of(std::string_view key) {
  for (std::size_t at = 0; at < key.size();) {
    const std::size_t slash = std::min(key.find('/', at), key.size());
    const std::string_view folder = key.substr(at, slash - at);
    const bool is_hive = folder.starts_with("year=") && is_digits(folder.substr(5), 4);
    const std::string_view month = key.substr(std::min(slash + 1, key.size()));
    const bool is_plain =
        is_digits(folder, 4) && is_digits(month.substr(0, 2), 2) && month.substr(2, 1) == "/";
    if (is_hive || is_plain) {
      return DateFolders{.before = std::string(key.substr(0, at)), .is_hive = is_hive};
    }
    at = slash + 1;
  }
  return std::nullopt;
}

std::string DateFolders::day(Time time) const {
  const std::string date = to_iso8601(time).substr(0, 10);  // yyyy-mm-dd
  const std::string year = date.substr(0, 4);
  const std::string month = date.substr(5, 2);
  const std::string of_month = date.substr(8, 2);
  return is_hive ? before + "year=" + year + "/month=" + month + "/day=" + of_month + '/'
                 : before + year + '/' + month + '/' + of_month + '/';
}

std::unique_ptr<Sources> s3_sources(Runtime& runtime, client::S3Client& client,
                                    S3Location location) {
  return std::make_unique<S3Sources>(runtime, client, std::move(location));
}

}  // namespace weir::import
