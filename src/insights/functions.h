// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "insights/value.h"

namespace weir::insights {

class Regex;
struct RunContext;

/// What a scalar function may use beside its arguments.
struct CallContext {
  Arena& arena;
  const RunContext& run;
  const Regex* regex;  // of the argument that is a regular expression

  Value text(std::string_view made) const { return Value::of(arena.copy(made)); }
};

/// What an argument has to be, checked when the query is compiled.
enum class Argument : std::uint8_t {
  any,
  period,    // `5m`; the value is in milliseconds, or minus a number of months
  regex,     // `/.../` or a text that is one; not among the values
  constant,  // a literal
  zone,      // a literal time zone that is known
  subnet,    // a subnet such as `10.0.0.0/8`; a literal is checked
};

/// A row of the table of scalar functions.
struct Function {
  std::string_view name;
  std::size_t arguments_min = 0;
  std::size_t arguments_max = 0;
  Value (*call)(std::span<const Value> arguments, const CallContext& context) = nullptr;
  /// What the arguments must be; beyond the list they are `any`.
  std::vector<Argument> arguments = {};
  /// A field that comes before the arguments: `bin(5m)` means `datefloor(@timestamp, 5m)`.
  std::string_view implied_field = {};
};

inline constexpr std::size_t kArgumentsMany = 256;

// One list for each file functions_*.cc.
std::span<const Function> number_functions();
std::span<const Function> time_functions();
std::span<const Function> general_functions();
std::span<const Function> json_functions();
std::span<const Function> ip_functions();
std::span<const Function> string_functions();
std::span<const Function> hash_functions();

/// By its name in any case; nullptr if there is none.
const Function* find_function(std::string_view name);
/// All names, for "did you mean".
std::vector<std::string_view> function_names();

bool equal_ignoring_case(std::string_view a, std::string_view b);
/// The name that differs least from `word`; "" if none is near.
std::string_view nearest(std::string_view word, std::span<const std::string_view> names);

/// The beginning of the period that holds `ms`. `period`: milliseconds, or minus a number of
/// calendar months.
std::int64_t floor_time(std::int64_t ms, std::int64_t period);
std::int64_t next_time(std::int64_t floor_ms, std::int64_t period);

}  // namespace weir::insights
