// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "sql/catalog.h"
#include "sql/duckdb_engine.h"
#include "sql/object_files.h"
#include "sql/translator.h"

namespace weir::sql {

/// Makes the tables of a query readable: finds the objects of the partitions that can hold an
/// answer, and creates a temporary view of that name over their files in the session.
class TableScans {
 public:
  static constexpr std::size_t kFilesMax = 1'000'000;

  TableScans(const Catalog& catalog, ObjectFiles& objects, const Scope& scope, Time now)
      : catalog_(catalog), objects_(objects), scope_(scope), now_(now) {}

  Result<void> prepare(DuckDb::Session& session, const TableRead& read);
  /// Stored size of the text files of all tables so far: they are read whole.
  std::int64_t text_bytes() const { return text_bytes_; }
  /// Of the columnar ones: the engine reads a part and counts it.
  std::int64_t columnar_bytes() const { return columnar_bytes_; }

 private:
  struct File {
    std::string local;
    std::string uri;
    std::size_t partition = 0;
    std::uint64_t size = 0;
  };
  struct Found {
    std::vector<std::vector<std::string>> partitions;  // values
    std::vector<File> files;
  };
  Result<Found> find(DuckDb::Session& session, const TableRead& read);
  Result<Found> find_plain(const TableRead& read);
  Result<Found> find_partitioned(DuckDb::Session& session, const TableRead& read);
  Result<Found> find_projected(DuckDb::Session& session, const TableRead& read,
                               const class Projection& projection);
  /// Which of the partitions satisfy the predicates of the read.
  Result<std::vector<bool>> prune(DuckDb::Session& session, const TableRead& read,
                                  const std::vector<std::vector<std::string>>& partitions);
  Result<void> list(const std::string& bucket, const std::string& prefix, std::size_t partition,
                    Found& found);
  Result<void> add_file(const std::string& bucket, const ObjectFiles::Entry& entry,
                        std::size_t partition, Found& found);
  Result<std::string> view(DuckDb::Session& session, const TableRead& read, const Found& found);

  const Catalog& catalog_;
  ObjectFiles& objects_;
  Scope scope_;
  Time now_;
  std::int64_t text_bytes_ = 0;
  std::int64_t columnar_bytes_ = 0;
};

}  // namespace weir::sql
