// SPDX-License-Identifier: Apache-2.0
#include "objects/locks.h"

#include <algorithm>
#include <charconv>

#include "objects/files.h"

namespace weir::objects {
namespace {

constexpr std::int64_t kDay = 86'400'000;

Error is_protected() {
  return {ErrorKind::forbidden, "AccessDenied",
          "Access Denied because object protected by object lock."};
}

bool is_held(const ObjectInfo& version, Time now) {
  return version.retention && version.retention->until > now;
}

}  // namespace

Result<void> LockClock::load(const std::filesystem::path& file, bool is_durable) {
  file_ = file;
  is_durable_ = is_durable;
  WEIR_TRY(const auto text, read_small_file(file, 64));
  Time saved;
  if (text) {
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), saved.ms);
    if (error != std::errc{}) {
      return Error{ErrorKind::unavailable, "InternalError",
                   "the time in " + file.string() +
                       " is damaged (Object Lock needs it; it is a number of milliseconds)"};
    }
  }
  const Time now = runtime_.now();
  *state_.lock() = {now, runtime_.monotonic(), std::max(now, saved), saved};
  return {};
}

Time LockClock::for_expiry() const {
  auto state = state_.lock();
  const auto passed = std::chrono::duration_cast<Duration>(runtime_.monotonic() - state->started);
  return std::min(runtime_.now(), state->start + passed + kSlack);
}

Result<Time> LockClock::for_start() {
  const Time now = for_expiry();
  Time latest;
  bool is_old = false;
  {
    auto state = state_.lock();
    state->latest = std::max(state->latest, now);
    latest = state->latest;
    is_old = latest - state->saved > kSaveEvery;
    if (is_old) state->saved = latest;
  }
  if (is_old) {
    WEIR_CHECK(replace_file(std::filesystem::path(file_.native() + '.' + runtime_.hex(8)), file_,
                            std::to_string(latest.ms), is_durable_));
  }
  return std::max(latest, runtime_.now());
}

Result<void> check_unlocked(const ObjectInfo& version, bool bypasses_governance, Time now) {
  if (version.legal_hold.value_or(false)) return is_protected();
  if (!is_held(version, now)) return {};
  if (version.retention->mode == "GOVERNANCE" && bypasses_governance) return {};
  return is_protected();
}

Result<void> check_retention_change(const ObjectInfo& version,
                                    const std::optional<Retention>& wanted,
                                    bool bypasses_governance, Time now) {
  if (!is_held(version, now)) return {};
  const Retention& present = *version.retention;
  const bool is_longer = wanted && wanted->until >= present.until;
  if (present.mode == "COMPLIANCE") {
    if (is_longer && wanted->mode == "COMPLIANCE") return {};
    return is_protected();
  }
  if (is_longer || bypasses_governance) return {};
  return is_protected();
}

std::optional<Retention> default_retention(const Bucket& bucket, Time now) {
  const auto& lock = bucket.settings.object_lock;
  if (!lock || !lock->rule || !lock->rule->by_default) return std::nullopt;
  const DefaultRetention& wanted = *lock->rule->by_default;
  constexpr int kDaysOfYear = 365;  // unverified: AWS may count calendar years
  const std::int64_t days = wanted.days ? *wanted.days : wanted.years.value_or(0) * kDaysOfYear;
  return Retention{wanted.mode, Time{now.ms + days * kDay}};
}

Result<void> check_retention(const Bucket& bucket, const std::optional<Retention>& retention,
                             const std::optional<bool>& legal_hold, Time now) {
  if (!retention && !legal_hold) return {};
  if (!bucket.is_locking()) {
    return Error{ErrorKind::invalid, "InvalidRequest",
                 "Bucket is missing Object Lock Configuration"};
  }
  if (retention && retention->until <= now) {
    return Error{ErrorKind::invalid, "InvalidArgument",
                 "The retain until date must be in the future!"};
  }
  return {};
}

}  // namespace weir::objects
