// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/document.h"
#include "base/result.h"
#include "base/shape.h"
#include "capture/flow_expression.h"
#include "flow/context.h"
#include "flow/meter.h"
#include "logs/filter_pattern.h"

namespace weir::daemon {

/// What somebody wants to see of the flows in the windows that are open now (`weir flows`).
struct FlowQuery {
  std::string filter = {};      // a filter pattern about the flow as a record of the default format
  std::string expression = {};  // a libpcap expression: `tcp dst port 22`
  std::string sort = "bytes";
  std::int64_t limit = 50;
  static Shape shape();
};

/// A flow of an open window and whose it is. The references are valid during the call.
struct LiveFlow {
  const flow::Context& interface;
  std::string_view device;
  const flow::Meter::OpenFlow& flow;
};

/// Chooses, sorts and counts flows.
///
/// Threads: one at a time. Memory: `FlowQuery::limit` rows.
class LiveFlows {
 public:
  /// Errors (kind invalid): a filter or expression that does not read.
  static Result<LiveFlows> make(FlowQuery query);

  void add(const LiveFlow& live);
  /// `{"flows": [...], "matched": n, "packets": n, "bytes": n}`, packets and bytes of all that
  /// matched.
  Document answer() const;

 private:
  struct Row {
    std::int64_t rank = 0;
    Document shown;
  };
  LiveFlows(FlowQuery query, logs::FilterPattern filter)
      : query_(std::move(query)), filter_(std::move(filter)) {}
  bool is_wanted(const LiveFlow& live);
  std::int64_t rank_of(const flow::Meter::OpenFlow& flow) const;

  FlowQuery query_;
  logs::FilterPattern filter_;
  std::optional<capture::FlowExpression> expression_;
  logs::Subject subject_;
  std::string line_;
  std::vector<Row> rows_;  // a heap with the lowest rank on top
  std::uint64_t matched_ = 0;
  std::uint64_t packets_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace weir::daemon
