// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/document.h"

namespace weir::api::logs {

/// The `errorType` with which PutLogEvents rejects an entity, "" if it takes it. The rules are
/// those of the CloudWatch User Guide, "How to add related information to telemetry"; which of them
/// gives which type is unverified.
std::string entity_problem(const Document& entity, std::string_view log_group_class);

}  // namespace weir::api::logs
