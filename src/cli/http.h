// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/document.h"
#include "base/result.h"

namespace weir::cli {

using Parameters = std::vector<std::pair<std::string, std::string>>;

/// Asks the running daemon for one of its own pages (`/_weir/...`). Bounded in time (5 s) and size
/// (64 MiB). Error: no answer, a status other than 200 (with the message of the answer), no JSON.
Result<Document> get_json(const std::string& endpoint, const std::string& path,
                          const Parameters& parameters = {});

}  // namespace weir::cli
