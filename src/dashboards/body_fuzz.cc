// SPDX-License-Identifier: Apache-2.0
// Dashboard bodies and metric widgets: any JSON is checked without harm, and what has no error can
// be read.
#include <cstdlib>

#include "dashboards/body.h"
#include "dashboards/times.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)weir::dashboards::read_time(text, weir::Time{1});
  const auto document = weir::parse_json(text);
  if (!document) return 0;
  const auto of_body = weir::dashboards::check_body(*document);
  if (of_body.errors.size() > weir::dashboards::Messages::kMax) std::abort();
  weir::dashboards::Messages of_widget;
  (void)weir::dashboards::check_metric_widget(*document, "", weir::dashboards::Usage::image,
                                              of_widget);
  const auto* metrics = document->find("metrics");
  if (metrics == nullptr || metrics->list() == nullptr || !of_widget.errors.empty()) return 0;
  weir::dashboards::Messages again;
  const auto rows = weir::dashboards::read_rows(*metrics, "", again);
  if (rows.size() != metrics->list()->size()) std::abort();
  return 0;
}
