// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"

namespace weir::respond {

/// What a response needs of the JSON that a CloudWatch alarm publishes (CloudWatch User Guide,
/// "Notifying users on alarm changes").
struct AlarmMessage {
  Scope scope;  // of the alarm's ARN
  std::string name;
  std::string state;  // ALARM, OK, INSUFFICIENT_DATA
  std::string metric_namespace;
  std::string metric_name;
  std::map<std::string, std::string> dimensions;
  /// The datapoints that raised the alarm: [start, end). Taken from the times in the reason, which
  /// names them; without any, the evaluation window before the change.
  Time start;
  Time end;

  /// Error (kind invalid): `message` is no alarm on a single metric; the message says what is
  /// missing.
  static Result<AlarmMessage> parse(std::string_view message);
};

}  // namespace weir::respond
