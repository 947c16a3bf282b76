// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>

#include "base/guarded.h"
#include "base/result.h"
#include "base/runtime.h"
#include "objects/types.h"

/// Object Lock: which versions may go, and until when they may not (S3 User Guide, "Locking
/// objects").
namespace weir::objects {

/// The time that locks go by. A clock that is set forward ends no lock: time passes no faster than
/// the machine's monotonic clock, from the moment of load(). A clock that is set back shortens no
/// new lock: it counts from the latest time that was ever seen (kept in a file). A clock that is
/// wrong while the daemon starts cannot be told from a right one.
///
/// Threads: any, after load().
class LockClock {
 public:
  explicit LockClock(Runtime& runtime) : runtime_(runtime) {}
  /// `file` need not exist. `is_durable` as of the store.
  Result<void> load(const std::filesystem::path& file, bool is_durable);
  /// For asking whether a lock has ended.
  Time for_expiry() const;
  /// For the beginning of a new lock; remembered on disk, at most every kSaveEvery.
  Result<Time> for_start();

 private:
  static constexpr Duration kSlack = std::chrono::minutes(5);  // what NTP may correct
  static constexpr Duration kSaveEvery = std::chrono::minutes(10);
  struct State {
    Time start;
    std::chrono::nanoseconds started{};
    Time latest;
    Time saved;
  };
  Runtime& runtime_;
  Guarded<State> state_;
  std::filesystem::path file_;
  bool is_durable_ = true;
};

/// Error AccessDenied while the version is protected. `now`: of for_expiry().
Result<void> check_unlocked(const ObjectInfo& version, bool bypasses_governance, Time now);
/// Whether `wanted` may replace the version's retention; nothing removes it.
Result<void> check_retention_change(const ObjectInfo& version,
                                    const std::optional<Retention>& wanted,
                                    bool bypasses_governance, Time now);
/// What a new version gets from its bucket's default. Nothing if there is none.
std::optional<Retention> default_retention(const Bucket& bucket, Time now);
/// Error InvalidRequest if the bucket has no Object Lock, InvalidArgument if the date is past.
Result<void> check_retention(const Bucket& bucket, const std::optional<Retention>& retention,
                             const std::optional<bool>& legal_hold, Time now);

}  // namespace weir::objects
