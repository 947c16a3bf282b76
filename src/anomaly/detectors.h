// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "anomaly/detector.h"
#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "metric_math/program.h"
#include "metrics/metrics.h"
#include "store/kv_store.h"

namespace weir::anomaly {

struct Config {
  std::size_t detectors_max = 500;  // per account and region, as on AWS
  std::size_t models_max = 2000;    // in memory, about 10 KiB each; the longest unused go first
  Duration refresh_period = std::chrono::minutes(15);
  /// While less than a day has been learnt.
  Duration refresh_period_early = std::chrono::minutes(5);
  Duration model_idle_max = std::chrono::hours(24);  // unused models of a period nobody asks for
};

/// A detector as it is shown.
struct Detector {
  StoredDetector stored;
  std::string state;  // PENDING_TRAINING, TRAINED_INSUFFICIENT_DATA, TRAINED
};

struct DetectorQuery {
  static constexpr int kRecordsMax = 100;
  static constexpr std::size_t kIdsMax = 50;
  std::optional<std::string> namespace_name = {};
  std::optional<std::string> metric_name = {};
  std::optional<std::vector<metrics::Dimension>> dimensions = {};  // exactly these
  bool with_single = true;
  bool with_math = false;
  std::vector<std::string> ids = {};
  int records_max = kRecordsMax;
  std::string next_token = {};
};
struct DetectorPage {
  std::vector<Detector> detectors;  // in order of namespace and name
  std::string next_token;           // "" at the end
};

/// Anomaly detectors, and the bands that their models give.
///
/// A model (model.h) belongs to a detector and a period. It is learnt from what `metrics` has of
/// the last two weeks, when a band is first asked for and then again every `refresh_period` on a
/// worker of low priority; only the settings of detectors are stored.
///
/// Threads: all functions from any thread; models are learnt without a lock.
class Detectors {
 public:
  Detectors(Runtime& runtime, store::KvStore& store, metrics::Metrics& metrics, Config config = {});
  ~Detectors();
  Detectors(const Detectors&) = delete;
  Detectors& operator=(const Detectors&) = delete;

  /// Reads the detectors back and begins to learn; once, before the rest.
  Result<void> load();

  /// Creates the detector, or replaces the settings of the one of the same subject. Gives its id.
  Result<std::string> put(const Scope& scope, Definition definition);
  /// Error: InvalidNextToken, InvalidParameterValue for too large a page.
  Result<DetectorPage> describe(const Scope& scope, const DetectorQuery& query) const;
  /// Error: ResourceNotFoundException.
  Result<void> remove(const Scope& scope, const Subject& subject);
  Result<void> remove(const Scope& scope, std::string_view id);

  /// For GetMetricData: a model that is not there is learnt at once. Without a detector the band
  /// has no points, and says so.
  metric_math::Bands& bands();
  /// For alarms: a detector that is missing is created (User Guide, "Deleting an anomaly detection
  /// model": an alarm makes it again). Nobody waits here: while the first model is being learnt the
  /// answer is an Error of kind unavailable.
  metric_math::Bands& alarm_bands();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::anomaly
