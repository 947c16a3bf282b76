// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "client/s3_client.h"
#include "columnar/byte_source.h"

/// Where an import comes from: files and folders, objects of a bucket, standard input.
namespace weir::import {

/// One file or object.
struct SourceInfo {
  std::string name;     // `file:///path`, `s3://bucket/key` or `stdin:<random>`
  std::string version;  // ETag, or size and samples of a file: other contents, other version
  std::uint64_t bytes = 0;
  Time modified;

  /// What people call it: the path without `file://`.
  std::string_view shown() const;
  /// The slot in a name that AWS gave (`..._20260131T1205Z_...`), else when it was modified.
  Time time() const;
};

/// A place that holds sources. Their order is that of their names as bytes.
///
/// Threads: list() and late() from one thread; open() from any.
class Sources {
 public:
  virtual ~Sources() = default;
  /// All names begin with it.
  virtual std::string prefix() const = 0;
  /// Calls `take` for each source until it is false. Error: the place or a part of it cannot be
  /// listed.
  using Take = std::function<bool(const SourceInfo& source)>;
  virtual Result<void> list(const Take& take) = 0;
  /// The same for those that may be new since the list before; where that cannot be told, all.
  virtual Result<void> list_new(const Take& take) { return list(take); }
  virtual Result<std::unique_ptr<columnar::ByteSource>> open(const SourceInfo& source) = 0;
  /// Whether the content that had that version is the beginning of what the source holds now: a
  /// file that grew. False where that cannot be told.
  virtual bool is_grown_from(const SourceInfo& source, std::string_view version) const;
  /// The path of a source that is a local file; "" otherwise.
  virtual std::filesystem::path local_file(const SourceInfo& source) const;
};

/// A file, or a folder with everything below it (names that begin with a dot are passed over).
/// Error: there is no such path.
///
/// The version of a file is its size and a hash of samples of its content (the beginning, the end
/// and some between), so that a copied or touched file stays what it was.
Result<std::unique_ptr<Sources>> local_sources(const std::filesystem::path& path);
/// What comes on a descriptor, once.
std::unique_ptr<Sources> input_sources(Runtime& runtime);

struct S3Location {
  std::string bucket;
  std::string prefix;
  /// `s3://bucket[/prefix]`; nothing if the text does not begin so.
  static std::optional<S3Location> parse(std::string_view text);
};
/// The objects below a prefix; folder markers and what AWS puts there as a test of its permission
/// are passed over.
///
/// list_new() looks only at yesterday and today where keys have AWS's date folders
/// (`.../2026/01/31/` or `.../year=2026/month=01/day=31/`), so that late objects are found and a
/// bucket of years is not listed at every look; other accounts and regions, and older keys, are
/// found by the full list that it makes every kFullListPeriod.
///
/// `client` must outlive it.
constexpr Duration kFullListPeriod = std::chrono::minutes(10);
std::unique_ptr<Sources> s3_sources(Runtime& runtime, client::S3Client& client,
                                    S3Location location);

/// The part of a key in front of its date folders, and whether they are Hive's; nothing if it has
/// none.
struct DateFolders {
  std::string before;
  bool is_hive = false;
  static std::optional<DateFolders> of(std::string_view key);
  /// The folder of a day, below `before`.
  std::string day(Time time) const;
};

/// Reads ahead on a worker, so that reading and unpacking go on while the caller works.
std::unique_ptr<columnar::ByteSource> prefetch(Runtime& runtime,
                                               std::unique_ptr<columnar::ByteSource> source);

}  // namespace weir::import
