// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "insights/value.h"

namespace weir::insights {

/// Most fields of one event (User Guide, "Supported logs and discovered fields").
inline constexpr std::size_t kDiscoveredMax = 200;

/// The names of the fields of a record by their place: `srcAddr`, `startTime`, `pktSrcAddr`.
class FlowShape {
 public:
  /// AWS's default format, 14 fields.
  static const FlowShape& standard();
  /// From the names of a record's fields (`srcaddr`, `tcp-flags`); what is no such name is turned
  /// into camel case all the same.
  explicit FlowShape(std::span<const std::string> record_fields);

  std::span<const std::string> names() const { return names_; }
  /// The place of a name, or npos.
  std::size_t place(std::string_view name) const;
  static constexpr std::size_t npos = static_cast<std::size_t>(-1);

 private:
  std::vector<std::string> names_;
};

/// `pkt-srcaddr` -> `pktSrcAddr`, `start` -> `startTime`.
std::string camel_case(std::string_view record_field);

/// The words of a line that are parted by single blanks; more than `out` holds are counted only.
std::size_t split_words(std::string_view line, std::span<std::string_view> out);
/// Whether the values at the places of action and log-status are such.
bool is_flow_end(std::string_view action, std::string_view log_status);

/// Finds fields in messages: flow-log records by their shape, JSON by its paths, Lambda's platform
/// lines by their labels. Each message is looked at once for all names.
///
/// Threads: one.
class FieldFinder {
 public:
  /// `custom`: the shape of the group's records if it is known; may be nullptr.
  FieldFinder(std::span<const std::string> names, const FlowShape* custom);
  /// Sets `out`, one for each name; null for what the message does not have.
  void find(std::string_view message, std::span<Value> out, Arena& arena);

 private:
  struct ShapePlaces {
    const FlowShape* shape = nullptr;
    std::vector<std::size_t> places;
  };
  bool find_flow(std::string_view message, std::span<Value> out);

  std::span<const std::string> names_;
  std::vector<std::string_view> paths_;
  bool wants_json_ = false;
  bool wants_lambda_ = false;
  ShapePlaces standard_;
  ShapePlaces custom_;
};

/// Every field of a message in the order in which it stands there, up to kDiscoveredMax.
void discover_all(std::string_view message, const FlowShape* custom, Arena& arena,
                  const std::function<void(const std::string& name, const Value&)>& each);

}  // namespace weir::insights
