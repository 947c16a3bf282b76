// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace weir::sql {

/// ASCII letters in lower case, as names compare.
std::string to_lower(std::string_view text);

/// A type of Trino's SQL. `unknown` is what the translator could not tell: it then asks the engine.
struct SqlType {
  enum class Kind : std::uint8_t {
    unknown,  // not determined by the translator
    null,     // the type of NULL alone
    boolean,
    tinyint,
    smallint,
    integer,
    bigint,
    real,
    double_,
    decimal,
    varchar,
    character,
    varbinary,
    date,
    time,
    time_tz,
    timestamp,
    timestamp_tz,
    interval_day,
    interval_year,
    array,
    map,
    row,
    json,
    uuid,
    ipaddress,
    function,  // a lambda
  };
  static constexpr int kUnbounded = 2147483647;  // length of varchar

  Kind kind = Kind::unknown;
  int precision =
      0;  // decimal: digits; varchar and char: length; time and timestamp: fraction digits
  int scale = 0;
  std::vector<SqlType> arguments;   // array: 1, map: 2, row: its fields
  std::vector<std::string> fields;  // row: names, "" where a field has none

  SqlType() = default;
  SqlType(Kind k);
  SqlType(Kind k, int p, int s = 0) : kind(k), precision(p), scale(s) {}
  static SqlType array_of(SqlType element);
  static SqlType map_of(SqlType key, SqlType value);

  bool is(Kind k) const { return kind == k; }
  bool is_integral() const { return kind >= Kind::tinyint && kind <= Kind::bigint; }
  bool is_numeric() const { return kind >= Kind::tinyint && kind <= Kind::decimal; }
  bool is_text() const { return kind == Kind::varchar || kind == Kind::character; }
  bool is_interval() const { return kind == Kind::interval_day || kind == Kind::interval_year; }
  bool is_known() const { return kind != Kind::unknown && kind != Kind::null; }
  bool operator==(const SqlType&) const = default;
};

/// Trino's spelling: `varchar(3)`, `array(bigint)`, `row(a integer)`.
std::string trino_name(const SqlType& type);
/// The type word of ColumnInfo: `varchar`, `float`, `timestamp with time zone`.
std::string column_info_name(const SqlType& type);
/// DuckDB's spelling: `BIGINT[]`. Unknown is an Error.
std::string duckdb_name(const SqlType& type);
/// Hive's spelling to a type: `int`, `struct<a:int,b:string>`, `decimal(10,2)`. Error: kind
/// invalid.
Result<SqlType> parse_hive_type(std::string_view text);
std::string hive_name(const SqlType& type);

/// A type to which both convert implicitly; nothing if there is none. Unknown and null give way.
std::optional<SqlType> common_type(const SqlType& a, const SqlType& b);

/// Precision, scale and case sensitivity as ColumnInfo reports them.
struct TypeFacts {
  int precision = 0;
  int scale = 0;
  bool case_sensitive = false;
};
TypeFacts facts_of(const SqlType& type);

}  // namespace weir::sql
