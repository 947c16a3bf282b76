// SPDX-License-Identifier: Apache-2.0
#include "sql/translator_impl.h"

// CAST and TRY_CAST with Trino's rounding, texts and refusals.
namespace weir::sql {

using TK = SqlType::Kind;

Result<Typed> Translator::cast(const E& e, const NameScope& scope) {
  if (e.type.is(TK::unknown)) {
    return sql_error("TYPE_NOT_FOUND", e.at, "Unknown type: " + e.text);
  }
  if (e.type.is(TK::decimal) &&
      (e.type.precision < 1 || e.type.precision > 38 || e.type.scale > e.type.precision)) {
    return sql_error(
        "INVALID_FUNCTION_ARGUMENT", e.at,
        "DECIMAL precision must be in range [1, 38]: " + std::to_string(e.type.precision));
  }
  WEIR_TRY(const Typed value, expression(*e.arguments[0], scope));
  const bool from_nested =
      value.type.is(TK::array) || value.type.is(TK::map) || value.type.is(TK::row);
  const bool to_nested = e.type.is(TK::array) || e.type.is(TK::map) || e.type.is(TK::row);
  const bool refused =
      (value.type.is_numeric() && (e.type.is(TK::date) || e.type.is(TK::timestamp) ||
                                   e.type.is(TK::timestamp_tz) || e.type.is(TK::ipaddress))) ||
      (value.type.is(TK::date) && e.type.is_numeric()) ||
      (value.type.is(TK::boolean) && e.type.is(TK::date)) ||
      (from_nested && !to_nested && !e.type.is(TK::json)) ||
      (to_nested && value.type.is_known() && !from_nested && !value.type.is(TK::json));
  if (refused) {
    return sql_error("TYPE_MISMATCH", e.at,
                     "Cannot cast " + trino_name(value.type) + " to " + trino_name(e.type));
  }
  SqlType type = e.type;
  return Typed{cast_text(value, type, e.is_try), type};
}

std::string Translator::cast_text(const Typed& value, const SqlType& to, bool is_try) const {
  const SqlType& from = value.type;
  const std::string verb = is_try ? "TRY_CAST(" : "CAST(";
  const auto plain = [&](const std::string& sql) {
    return verb + sql + " AS " + duckdb_name(to) + ')';
  };
  if (to.is_text()) return cast_to_text(value, to, is_try);
  if (to.is(TK::json)) {
    return from.is(TK::json) ? value.sql : "to_json(" + value.sql + ')';
  }
  if (to.is_integral()) {
    if (from.is_text()) {
      // Trino takes whole numbers only; DuckDB would round `2.5`.
      return plain((is_try ? "weir_try_bigint(" : "weir_to_bigint(") + value.sql + ')');
    }
    if (from.is(TK::double_) || from.is(TK::real) || from.is(TK::decimal)) {
      return plain("round(" + value.sql + ')');  // half up, as in Trino
    }
  }
  if (to.is(TK::date) && from.is_text()) {
    return (is_try ? "weir_try_date(" : "weir_to_date(") + value.sql + ')';
  }
  if (to.is(TK::varbinary) && from.is_text()) return "encode(" + value.sql + ')';
  return plain(value.sql);
}

std::string Translator::cast_to_text(const Typed& value, const SqlType& to, bool is_try) const {
  const SqlType& from = value.type;
  std::string text;
  switch (from.kind) {
    case TK::double_:
      text = "weir_double_text(" + value.sql + ')';
      break;
    case TK::real:
      text = "weir_real_text(" + value.sql + ')';
      break;
    case TK::timestamp:
      text = "strftime(" + value.sql + ", '%Y-%m-%d %H:%M:%S.%g')";
      break;
    case TK::timestamp_tz:
      text = "strftime(" + value.sql + ", '%Y-%m-%d %H:%M:%S.%g UTC')";
      break;
    case TK::json:
      text = "json_extract_string(" + value.sql + ", '$')";
      break;
    case TK::varbinary:
      text = "decode(" + value.sql + ')';
      break;
    case TK::varchar:
    case TK::character:
      text = value.sql;
      break;
    default:
      text = (is_try ? "TRY_CAST(" : "CAST(") + value.sql + " AS VARCHAR)";
  }
  if (to.precision == SqlType::kUnbounded) return text;
  const std::string length = std::to_string(to.precision);
  if (to.is(TK::character)) return "rpad(" + text + ", " + length + ", ' ')";
  return from.is_text() && from.precision <= to.precision ? text
                                                          : "left(" + text + ", " + length + ')';
}

}  // namespace weir::sql
