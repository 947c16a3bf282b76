// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "sql/types.h"

namespace weir::sql {

/// The embedded DuckDB, shut in: it reads files below the given folders only, loads no extension,
/// opens no connection, and spills into one folder up to a bound. What it runs is text that the
/// translator wrote.
///
/// Threads: session() may be called from any thread; a Session belongs to one thread, except
/// interrupt(). Errors: code as Trino names the failure (DIVISION_BY_ZERO, INVALID_CAST_ARGUMENT,
/// HIVE_BAD_DATA ...).
class DuckDb {
 public:
  struct Config {
    std::vector<std::string> folders;
    std::string spill_folder;
    std::uint64_t memory_bytes_max = 1ull << 30;
    std::uint64_t spill_bytes_max = 10ull << 30;
    int threads = 0;  // 0: one per core
  };
  using Values = std::vector<std::optional<std::string>>;

  class Session {
   public:
    /// Called once with the columns' types, before the first row.
    using Begin = std::function<Result<void>(const std::vector<SqlType>&)>;
    using Sink = std::function<Result<void>(const Values&)>;
    ~Session();
    Result<void> run(const std::string& sql);
    /// Streams the rows as Athena writes values. `types`: what the translator knows of the columns;
    /// unknown ones are taken from the engine.
    Result<void> query(const std::string& sql, std::vector<SqlType> types, const Begin& begin,
                       const Sink& sink);
    /// Bytes read from files since the session began.
    std::int64_t bytes_read() const;
    /// From any thread: what runs, and everything after it, fails with code QUERY_INTERRUPTED.
    void interrupt();

   private:
    friend class DuckDb;
    struct Impl;
    explicit Session(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
  };

  static Result<std::unique_ptr<DuckDb>> open(const Config& config);
  ~DuckDb();
  Result<std::unique_ptr<Session>> session();
  /// `v1.5.6`
  static std::string version();

 private:
  struct Impl;
  explicit DuckDb(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// `1.0E7`: as Java's Double.toString writes it.
std::string java_double(double value);
std::string java_float(float value);

}  // namespace weir::sql
