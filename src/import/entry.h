// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/runtime.h"
#include "flow/format.h"

namespace weir::import {

/// One flow-log record of a source: what every file format is turned into. All members are valid
/// during the call only.
struct Entry {
  const flow::Format* format = nullptr;
  std::string_view line;                     // one blank between values
  std::span<const std::string_view> values;  // as many as the format has fields; `-` is absent
  std::uint64_t number = 0;                  // of the line, event or row in the source, from 1
  std::optional<Time> time;                  // of the log event around it, if there was one
  std::string_view stream;                   // its log stream, "" if not known
  Time file_time = {};  // of the file around it: for formats without start and end only

  /// The value of a field, "" if the format does not have it or the value is `-`.
  std::string_view value(flow::Field field) const;
};

/// Something in a source that is no record and is not guessed to be one.
struct Damage {
  std::uint64_t number = 0;  // as Entry::number
  std::string reason;
  std::string text;  // its beginning
};

/// Receives what a reader finds, in the order of the source.
class Visitor {
 public:
  virtual ~Visitor() = default;
  /// An Error ends the reading and is its result. What cannot be taken although it is a record is
  /// reported with on_damage() by the visitor itself.
  virtual Result<void> on_entry(const Entry& entry) = 0;
  virtual void on_damage(Damage damage) = 0;
};

/// Decimal digits only, at most 18; nothing otherwise.
std::optional<std::int64_t> read_integer(std::string_view text);

/// Splits at runs of bytes up to 0x20. At most `out.size()` values are stored; the number of all is
/// returned.
std::size_t split_values(std::string_view line, std::span<std::string_view> out);

}  // namespace weir::import
