// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "base/runtime.h"
#include "objects/configurations.h"
#include "objects/types.h"

namespace weir::objects {

class Objects;

/// When and by which rule an object goes.
struct Expiry {
  Time at;  // a midnight UTC
  std::string rule_id;
};
/// The earliest expiry of a current version that is no delete marker; nothing if no enabled rule
/// takes it. S3 User Guide, "How S3 Lifecycle expires": the midnight UTC after its last change plus
/// the days.
std::optional<Expiry> expiry_of(const Lifecycle& lifecycle, const ObjectInfo& object);
/// Whether a noncurrent version goes at `now`. `noncurrent_since`: when its successor came;
/// `newer`: noncurrent versions of its key that are newer.
bool is_noncurrent_expired(const Lifecycle& lifecycle, const ObjectInfo& version,
                           Time noncurrent_since, std::size_t newer, Time now);
/// Whether a delete marker goes that is the only version of its key.
bool is_marker_expired(const Lifecycle& lifecycle, const ObjectInfo& marker, Time now);
bool is_upload_expired(const Lifecycle& lifecycle, const Upload& upload, Time now);

/// Enforces the lifecycle rules of all buckets: at start and at every midnight UTC, in slices of
/// kKeysPerSlice keys with other work between them.
///
/// Lifetime: quiesce the Runtime before this is destroyed.
class LifecycleRunner {
 public:
  static constexpr std::size_t kKeysPerSlice = 500;
  static constexpr std::size_t kUploadsPerRun = 10'000;  // of a bucket; the rest goes the next day

  LifecycleRunner(Runtime& runtime, Objects& objects) : runtime_(runtime), objects_(objects) {}
  void start();

 private:
  struct Run {
    std::vector<std::string> buckets;
    std::size_t next = 0;
    std::string after;
  };
  void run();
  void slice(Run run);

  Runtime& runtime_;
  Objects& objects_;
  std::atomic<bool> is_running_{false};
};

}  // namespace weir::objects
