// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <utility>

#include "base/document.h"
#include "base/result.h"

namespace weir::wire {

/// Parameters of AWS Query or EC2 Query to a tree: each dot in a name goes one level down, so
/// `MetricData.member.1.Value=3` is `{"MetricData": {"member": {"1": {"Value": "3"}}}}`. bind()
/// knows what the numbers, `member`, `entry` and the capital letters stand for. A name that has
/// parts below it has no value of its own; of equal names the last one wins. Numbers are in numeric
/// order. Error: invalid, MalformedQueryString, when a bound of `limits` is passed.
Result<Document> parse_query(std::span<const std::pair<std::string, std::string>> parameters,
                             DocumentLimits limits = {.depth_max = 32, .nodes_max = 500'000});

}  // namespace weir::wire
