// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "base/document.h"
#include "dashboards/body.h"

/// Checks of JSON in the words of the schema validator behind AWS's. Private to this module.
namespace weir::dashboards {

/// A value and where it stands.
class Node {
 public:
  Node(const Document& value, std::string path, Messages& messages)
      : value_(value), path_(std::move(path)), messages_(messages) {}

  const Document& value() const { return value_; }
  const std::string& path() const { return path_; }
  Messages& messages() const { return messages_; }
  void error(std::string text) const { messages_.error(path_, std::move(text)); }
  void warn(std::string text) const { messages_.warn(path_, std::move(text)); }

  // Each says whether the value is one, and writes an error if not.
  bool is_object() const;
  bool is_array() const;
  bool is_string() const;
  bool is_boolean() const;
  bool is_number() const;
  bool is_integer() const;

  /// The member, if the value is an object that has it.
  bool has(std::string_view name) const { return value_.find(name) != nullptr; }
  Node at(std::string_view name) const;
  Node item(std::size_t index) const;
  std::size_t size() const { return value_.list() == nullptr ? 0 : value_.list()->size(); }

  // Checks of a member if it is there.
  void string(std::string_view name, std::size_t length_max = 0) const;
  void boolean(std::string_view name) const;
  void number(std::string_view name) const;
  void integer(std::string_view name, double min, double max) const;
  void one_of(std::string_view name, std::initializer_list<std::string_view> values) const;
  void color(std::string_view name) const;
  /// A date or, relative to now, a duration with a sign.
  void time(std::string_view name) const;
  /// 1, 5, 10, 20, 30 or a multiple of 60.
  void period(std::string_view name) const;
  /// True if it is an object.
  bool object(std::string_view name) const;
  /// True if it is a list within the bounds.
  bool array(std::string_view name, std::size_t min, std::size_t max) const;
  void strings(std::string_view name, std::size_t min, std::size_t max) const;
  bool requires_member(std::string_view name) const;
  /// Warns of members that are none of these.
  void only(std::initializer_list<std::string_view> names) const;

 private:
  const Document& value_;
  std::string path_;
  Messages& messages_;
};

}  // namespace weir::dashboards
