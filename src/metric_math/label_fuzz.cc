// SPDX-License-Identifier: Apache-2.0
// Dynamic labels, time zones and page tokens, all of them text from clients.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "metric_math/label.h"
#include "metrics/page_token.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Scope scope;
  metric_math::MetricStat metric;
  metric.metric = {"App", "m", {{"d", "v"}}};
  const Time times[] = {Time{60'000}, Time{120'000}};
  const double values[] = {1, 2};
  const metric_math::LabelInput input{scope, &metric, times, values, "m", Time{180'000}, text};
  static_cast<void>(metric_math::expand_label(text, input));
  static_cast<void>(metrics::read_page_token("p", text));
  return 0;
}
