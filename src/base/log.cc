// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <memory>

#include "base/document.h"

namespace weir::log {
namespace {

std::atomic<Format> g_format{Format::text};

spdlog::logger& logger() {
  static const auto instance = [] {
    auto made = std::make_shared<spdlog::logger>(
        "weir", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%-5l%$ %v", spdlog::pattern_time_type::utc);
    made->set_level(spdlog::level::info);
    return made;
  }();
  return *instance;
}

bool needs_quotes(std::string_view value) {
  return value.empty() || std::any_of(value.begin(), value.end(), [](char c) {
           return static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '=' || c == '\x7f';
         });
}

std::string text_line(std::string_view phrase, Fields fields) {
  std::string line(phrase);
  for (const Field& field : fields) {
    line.append(" ").append(field.name).append("=");
    if (needs_quotes(field.value)) {
      append_json_string(line, field.value);
    } else {
      line += field.value;
    }
  }
  return line;
}

std::string json_line(spdlog::level::level_enum level, std::string_view phrase, Fields fields) {
  std::string line = "{\"level\":";
  append_json_string(line, std::string_view(spdlog::level::to_string_view(level).data()));
  line += ",\"message\":";
  append_json_string(line, phrase);
  for (const Field& field : fields) {
    line += ',';
    append_json_string(line, field.name);
    line += ':';
    append_json_string(line, field.value);
  }
  return line + '}';
}

void write(spdlog::level::level_enum level, std::string_view phrase, Fields fields) {
  if (!logger().should_log(level)) return;
  const std::string line =
      g_format == Format::json ? json_line(level, phrase, fields) : text_line(phrase, fields);
  logger().log(level, spdlog::string_view_t(line.data(), line.size()));
  if (level >= spdlog::level::warn) logger().flush();
}

}  // namespace

void configure(Level level, Format format) {
  static constexpr spdlog::level::level_enum kLevels[] = {spdlog::level::debug, spdlog::level::info,
                                                          spdlog::level::warn, spdlog::level::err,
                                                          spdlog::level::off};
  logger().set_level(kLevels[static_cast<std::size_t>(level)]);
  logger().set_pattern(format == Format::json ? "%v" : "%Y-%m-%dT%H:%M:%S.%eZ %^%-5l%$ %v",
                       spdlog::pattern_time_type::utc);
  g_format = format;
}

void debug(std::string_view phrase, Fields fields) { write(spdlog::level::debug, phrase, fields); }
void info(std::string_view phrase, Fields fields) { write(spdlog::level::info, phrase, fields); }
void warn(std::string_view phrase, Fields fields) { write(spdlog::level::warn, phrase, fields); }
void error(std::string_view phrase, Fields fields) { write(spdlog::level::err, phrase, fields); }

}  // namespace weir::log
