// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "alarms/alarm.h"
#include "base/runtime.h"

/// The decision of an alarm over one window: pure, without clock and store.
namespace weir::alarms {

/// One period of the window; without a value if no sample came (or none that the statistic can
/// use).
struct Slot {
  Time start;
  std::optional<double> value;
  double sample_count = 0;
  bool is_breaching = false;
  double lower = 0;  // the band, of an alarm that has one
  double upper = 0;
};

struct Rules {
  int periods = 1;     // N, EvaluationPeriods
  int datapoints = 1;  // M, DatapointsToAlarm
  MissingData missing = MissingData::missing;
  /// Fewer samples than this in the judged points keep the state (percentile alarms that ignore low
  /// counts).
  double samples_min = 0;
};

struct Decision {
  /// Nothing: the state stays as it is.
  std::optional<StateValue> state;
  std::vector<Slot>
      points;      // what was judged, newest first; missing ones that were filled are among them
  int filled = 0;  // missing points that TreatMissingData took as breaching or not breaching
  bool filled_breaching = false;
};

/// How many periods are looked at for N: more than N, so that late or sparse data do not look
/// missing. The formula is unpublished; these values were probed on the service and agree with the
/// User Guide's example.
int evaluation_range(int periods, int period_s);

/// `window` holds evaluation_range() slots, newest first.
Decision decide(std::span<const Slot> window, const Rules& rules);

/// Samples below which a percentile is not significant (User Guide, "Percentile-based alarms and
/// low data samples").
double significant_samples(double percentile);

}  // namespace weir::alarms
