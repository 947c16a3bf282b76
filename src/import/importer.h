// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "flow/format.h"
#include "import/destination.h"
#include "import/sources.h"

namespace weir::import {

/// What an import has come to; for a progress line. Numbers only grow.
struct Progress {
  std::atomic<std::uint64_t> sources{0};  // read to their end, passed over or failed
  std::atomic<std::uint64_t> sources_listed{0};
  std::atomic<std::uint64_t> bytes{0};  // read, packed
  std::atomic<std::uint64_t> bytes_listed{0};
  std::atomic<bool> is_all_listed{false};  // the listed numbers are those of everything
  std::atomic<std::uint64_t> records{0};
  std::atomic<std::uint64_t> damaged{0};
};

/// What an import was.
struct Summary {
  std::uint64_t sources = 0;        // read
  std::uint64_t sources_known = 0;  // passed over: imported before
  std::uint64_t sources_failed = 0;
  std::uint64_t bytes = 0;  // packed
  std::uint64_t records = 0;
  std::uint64_t damaged = 0;                   // lines, events, rows
  std::uint64_t expired = 0;                   // records older than the retention of the log group
  std::map<std::string, std::uint64_t> kinds;  // "gzip text" and so on: sources
  std::map<std::string, std::uint64_t> formats;  // `${...}`: records
  std::optional<Time> first;                     // of all records
  std::optional<Time> last;
  struct Found {
    std::string source;  // as people call it
    std::uint64_t number = 0;
    std::string reason;
    std::string text;
  };
  std::vector<Found> damages;   // the first Importer::Config::damages_max
  std::vector<Found> failures;  // the first as many

  bool is_clean() const { return sources_failed == 0 && damaged == 0; }
};

/// Brings sources to a destination, several at a time.
///
/// A damaged line is counted and named, a damaged source is named, and the rest goes on; an Error
/// of the destination ends the import, which can be repeated.
///
/// Threads: run() blocks; sources are read on workers of the runtime, which needs at least
/// kWorkersPerJob for each job and one more. `stop` and progress() from any thread.
class Importer {
 public:
  static constexpr std::size_t kWorkersPerJob = 5;
  struct Config {
    std::size_t jobs = 2;
    std::optional<flow::Format> format;  // of lines without a header
    std::size_t damages_max = 20;
    /// Go on looking for new sources until `stop`.
    bool follow = false;
    Duration poll_period{5'000};
    /// Local files that changed later than this before a look are still being written.
    Duration settle_time{2'000};
  };
  Importer(Runtime& runtime, Destination& destination, Config config,
           const std::atomic<bool>& stop);
  ~Importer();
  Importer(const Importer&) = delete;
  Importer& operator=(const Importer&) = delete;

  /// Error: of the destination, or a place cannot be listed. What was done until then is in the
  /// summary.
  Result<void> run(const std::vector<std::unique_ptr<Sources>>& places);
  Summary summary() const;
  const Progress& progress() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::import
