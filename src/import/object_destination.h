// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/scope.h"
#include "client/s3_client.h"
#include "import/destination.h"

namespace weir::import {

/// Where objects are put: a bucket or a folder.
///
/// Threads: any.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;
  /// Writes or replaces, whole or not at all.
  virtual Result<void> put(const std::string& key, std::string body,
                           const std::string& content_type) = 0;
  /// Nothing if there is none.
  virtual Result<std::optional<std::string>> get(const std::string& key) = 0;
};
std::unique_ptr<ObjectStore> bucket_store(client::S3Client& client, std::string bucket);
std::unique_ptr<ObjectStore> folder_store(std::filesystem::path folder);

struct ObjectOptions {
  Scope scope;         // of keys, where neither the source's name nor its records tell
  std::string folder;  // in front of `AWSLogs/`
  bool is_hive_compatible = true;
  bool is_per_hour = false;
  std::size_t object_bytes_max = 32u << 20;    // a Parquet object is closed about there
  std::size_t buffered_bytes_max = 48u << 20;  // of one source; then its largest object is closed
  Runtime* workers = nullptr;                  // to compress on; must outlive the destination
};

/// Parquet objects with AWS's columns and types (ParquetEncoder) under AWS's keys (flow_files.h):
/// one or more for each source, day (or hour) and format, by the end of each record.
///
/// Keys follow from the source alone, so a source that is imported again replaces its objects
/// instead of doubling them. When all objects of a source are there, `_weir_import/<hash>.json`
/// (which no Athena table reads: its name begins with an underscore) says so, and the source is
/// passed over from then on.
///
/// `store` must outlive the destination.
std::unique_ptr<Destination> object_destination(ObjectStore& store, ObjectOptions options);

}  // namespace weir::import
