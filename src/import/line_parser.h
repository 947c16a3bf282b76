// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/runtime.h"
#include "flow/format.h"
#include "import/entry.h"

namespace weir::import {

/// What stands around a record in its container.
struct Around {
  std::optional<Time> time = {};  // of the log event
  std::string_view stream = {};   // its log stream
};

/// Turns lines of text into entries: knows headers, the time in front of a line of a CloudWatch
/// Logs export, extra blanks, and the format in force.
///
/// A header decides from there on; without one the given format; without that the first line, where
/// flow::Format::detect() can tell. A line with another number of values is damaged: nothing is
/// guessed.
class LineParser {
 public:
  LineParser(std::optional<flow::Format> format, Visitor& visitor);

  /// Error: of the visitor.
  Result<void> line(std::string_view text, std::uint64_t number, const Around& around = {});
  /// For values that did not come as one line.
  Result<void> values(const flow::Format& format, std::span<const std::string_view> values,
                      std::uint64_t number, const Around& around = {});

  /// For values(): keeps a format and makes it the one in force.
  const flow::Format& use(flow::Format format);
  /// What was used last; nullptr if no line could tell.
  const flow::Format* format() const { return format_; }
  std::uint64_t headers() const { return headers_; }

  void damage(std::uint64_t number, std::string reason, std::string_view text);

 private:
  void take_header(std::string_view text, std::uint64_t number);
  const flow::Format& keep(flow::Format format);
  Result<void> emit(const flow::Format& format, std::string_view line,
                    std::span<const std::string_view> values, std::uint64_t number,
                    const Around& around);

  Visitor& visitor_;
  std::list<flow::Format> formats_;  // all that were used: entries point to them
  const flow::Format* format_ = nullptr;
  std::uint64_t headers_ = 0;
  std::array<std::string_view, flow::Format::kFieldsMax> values_;
  std::string joined_;
};

/// `2022-03-03 19:00:40.000` or ISO 8601; nothing otherwise.
std::optional<Time> read_time(std::string_view text);

}  // namespace weir::import
