// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>

/// Structured logging: a fixed lower-case phrase and fields. One line on standard error, or JSON.
namespace weir::log {

struct Field {
  Field(std::string_view name_in, std::string_view value_in) : name(name_in), value(value_in) {}
  Field(std::string_view name_in, const char* value_in) : name(name_in), value(value_in) {}
  Field(std::string_view name_in, const std::string& value_in) : name(name_in), value(value_in) {}
  template <class N>
    requires std::integral<N> || std::floating_point<N>
  Field(std::string_view name_in, N number) : name(name_in), value(std::to_string(number)) {}
  std::string_view name;
  std::string value;
};
using Fields = std::initializer_list<Field>;

enum class Level { debug, info, warn, error, off };
enum class Format { text, json };

void configure(Level level, Format format);

void debug(std::string_view phrase, Fields fields = {});
void info(std::string_view phrase, Fields fields = {});
void warn(std::string_view phrase, Fields fields = {});
/// Somebody must act.
void error(std::string_view phrase, Fields fields = {});

}  // namespace weir::log
