// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "alarms/alarm_rule.h"

/// Any text is either refused or a rule that can be evaluated.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using weir::alarms::AlarmRule;
  using weir::alarms::StateValue;
  const weir::Scope scope{"123456789012", "us-east-1"};
  const auto rule = AlarmRule::parse(scope, {reinterpret_cast<const char*>(data), size});
  if (!rule) return 0;
  for (const auto state : {StateValue::ok, StateValue::alarm, StateValue::insufficient_data}) {
    static_cast<void>(rule->evaluate([&](const std::string&) { return state; }));
  }
  return 0;
}
