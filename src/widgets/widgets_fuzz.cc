// SPDX-License-Identifier: Apache-2.0
// Any text as a metric widget: refused, or drawn within its bounds.
#include <algorithm>
#include <cstdlib>

#include "widgets/widgets.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  static SimulatedRuntime runtime(1);
  static const auto store = store::make_memory_store();
  static metrics::Metrics metrics(runtime, *store);
  static alarms::Alarms alarms(runtime, *store, metrics, [](auto&&...) { return Result<void>(); });
  static const bool is_loaded =
      metrics.load() && alarms.load() && metrics.put({}, "App", {{.metric_name = "m", .value = 1}});
  if (!is_loaded) std::abort();
  const widgets::Widgets widgets(metrics, alarms);
  const auto chart = widgets.chart({}, {reinterpret_cast<const char*>(data), size});
  if (!chart) return 0;
  charts::Chart small = *chart;  // the time goes into widgets, not into compressing pixels
  small.width = std::min(small.width, 300);
  small.height = std::min(small.height, 300);
  const auto png = charts::render_png(small);
  if (!png && png.error().kind != ErrorKind::invalid) std::abort();
  return 0;
}
