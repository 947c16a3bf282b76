// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/shape.h"

namespace weir::alarms {

/// Describes a member that `Derived` has from a base class: the table of a described struct needs
/// it to be reached from `Derived`.
template <class Derived, auto P, class... C>
constexpr Member inherited(std::string_view name, C... constraints) {
  Member member = weir::optional<P>(name, constraints...);
  member.get = [](const void* s) -> const void* { return &(static_cast<const Derived*>(s)->*P); };
  member.get_mutable = [](void* s) -> void* { return &(static_cast<Derived*>(s)->*P); };
  return member;
}

}  // namespace weir::alarms
