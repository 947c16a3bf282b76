// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "alarms/mute_schedule.h"

// Three lines: expression, duration, time zone.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using weir::Time;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string_view lines[3];
  for (auto& line : lines) {
    line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  const auto schedule = weir::alarms::MuteSchedule::make(lines[0], lines[1], lines[2]);
  if (!schedule) return 0;
  const auto start = schedule->next_start(Time::from_seconds(1'767'225'600));
  if (start && !schedule->window_at(*start)) __builtin_trap();
  return 0;
}
