// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sql/types.h"

namespace weir::sql {

/// A function of Trino and what it is on DuckDB: one line of the table in functions.cc.
///
/// `guard` has one letter per argument; the last one holds for all further ones, "" accepts
/// anything:
///   * any   t text   n number   i integral   f real, double   a array   m map   r row   d date   s
///   timestamp p ipaddress   b varbinary   o boolean   l lambda   j json or text   v interval
/// An argument whose type is not known passes every guard, so the first fitting line of a name is
/// the usual one.
///
/// `sql` is the DuckDB text: `$1` an argument, `$*` all of them, `$|` all joined by ||, `$null`
/// "one of them is NULL", `$f` the place for FILTER and OVER of an aggregate that is more than one
/// plain call (elsewhere they are appended). A leading `#` casts the whole to the result type.
///
/// `result`: o boolean, n integer, N bigint, D double, t varchar, b varbinary, d date, s timestamp,
/// z timestamp with time zone, p ipaddress, j json, 1..9 type of that argument, e element of the
/// first, v its map value, K array of map keys, V array of map values, E array of rows (key,
/// value), A array of the first, L array of the lambda's result, C common type of all, S of a sum,
/// M map of the first two, T array of text, ? unknown.
struct Function {
  enum class Kind : std::uint8_t { scalar, aggregate, window };
  std::string_view name;
  std::string_view guard;
  int arguments_min;
  int arguments_max;
  std::string_view sql;
  std::string_view result;
  Kind kind = Kind::scalar;
};

std::span<const Function> functions();

/// What was found of a name: nothing, overloads that do not fit, or the one that fits.
struct FunctionMatch {
  bool is_known = false;
  const Function* function = nullptr;
};
FunctionMatch find_function(std::string_view name, std::span<const SqlType> arguments);

/// The overloads as Trino lists them behind "Expected: ".
std::string expected_signatures(std::string_view name);

/// The type that `function` has for these arguments; `lambda` is the type of its lambda's body.
SqlType result_type(const Function& function, std::span<const SqlType> arguments,
                    const SqlType& lambda);

}  // namespace weir::sql
