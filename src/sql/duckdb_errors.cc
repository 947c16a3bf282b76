// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>
#include <utility>

#include "sql/duckdb_internal.h"

namespace weir::sql {
namespace {

/// The text behind `Conversion Error: ` and before the excerpt of the statement (which is our
/// translation).
std::string_view bare(std::string_view text) {
  const std::size_t excerpt = text.find("\n");
  text = text.substr(0, excerpt);
  const std::size_t head = text.find(" Error: ");
  return head == std::string_view::npos ? text : text.substr(head + 8);
}

std::string_view between(std::string_view text, std::string_view before, std::string_view after) {
  const std::size_t begin = text.find(before);
  if (begin == std::string_view::npos) return {};
  const std::size_t end = text.find(after, begin + before.size());
  if (end == std::string_view::npos) return {};
  return text.substr(begin + before.size(), end - begin - before.size());
}

struct TypeName {
  std::string_view engine;
  std::string_view trino;
};
constexpr TypeName kTypeNames[] = {{"INT8", "TINYINT"}, {"INT16", "SMALLINT"}, {"INT32", "INT"},
                                   {"INT64", "BIGINT"}, {"DOUBLE", "DOUBLE"},  {"FLOAT", "REAL"},
                                   {"BOOL", "BOOLEAN"}};

Error of(std::string_view code, std::string message) {
  return {ErrorKind::invalid, std::string(code), std::move(message)};
}

/// `Could not convert string 'abc' to INT32`: Trino says `Cannot cast 'abc' to INT`.
Error conversion(std::string_view text) {
  const std::string_view value = between(text, "string '", "' to ");
  const std::size_t to = text.rfind(" to ");
  if (!value.empty() && to != std::string_view::npos) {
    const std::string_view type = text.substr(to + 4);
    for (const TypeName& name : kTypeNames) {
      if (name.engine == type) {
        return of("INVALID_CAST_ARGUMENT",
                  "Cannot cast '" + std::string(value) + "' to " + std::string(name.trino));
      }
    }
  }
  if (text.find("out of range") != std::string_view::npos) {
    return of("NUMERIC_VALUE_OUT_OF_RANGE", std::string(text));
  }
  return of("INVALID_CAST_ARGUMENT", std::string(text));
}

/// `Overflow in addition of INT64 (a + b)!`: Trino says `bigint addition overflow: a + b`.
Error out_of_range(std::string_view text) {
  const std::string_view operation = between(text, "Overflow in ", " of ");
  const std::string_view operands = between(text, "(", ")");
  const std::string_view type = between(text, " of ", " (");
  if (operation.empty() || operands.empty())
    return of("NUMERIC_VALUE_OUT_OF_RANGE", std::string(text));
  std::string name = "bigint";
  for (const TypeName& one : kTypeNames) {
    if (one.engine != type) continue;
    name = one.trino == "INT" ? "integer" : std::string(one.trino);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  }
  return of("NUMERIC_VALUE_OUT_OF_RANGE",
            name + ' ' + std::string(operation) + " overflow: " + std::string(operands));
}

/// A prepared statement's error has no type but its text begins with one.
duckdb_error_type type_of(std::string_view whole) {
  static constexpr std::pair<std::string_view, duckdb_error_type> kHeads[] = {
      {"INTERRUPT", DUCKDB_ERROR_INTERRUPT},
      {"Conversion", DUCKDB_ERROR_CONVERSION},
      {"Out of Range", DUCKDB_ERROR_OUT_OF_RANGE},
      {"Out of Memory", DUCKDB_ERROR_OUT_OF_MEMORY},
      {"IO", DUCKDB_ERROR_IO},
      {"Permission", DUCKDB_ERROR_PERMISSION},
      {"Binder", DUCKDB_ERROR_BINDER},
      {"Catalog", DUCKDB_ERROR_CATALOG},
      {"Invalid Input", DUCKDB_ERROR_INVALID_INPUT},
      {"Invalid", DUCKDB_ERROR_INVALID},
      {"Not implemented", DUCKDB_ERROR_NOT_IMPLEMENTED},
  };
  for (const auto& [head, type] : kHeads) {
    if (whole.starts_with(head)) return type;
  }
  return DUCKDB_ERROR_INTERNAL;
}

/// Our own functions put `CODE: text` into their message.
std::optional<Error> own(std::string_view text) {
  static constexpr std::string_view kCodes[] = {"DIVISION_BY_ZERO", "NUMERIC_VALUE_OUT_OF_RANGE",
                                                "INVALID_CAST_ARGUMENT",
                                                "INVALID_FUNCTION_ARGUMENT"};
  for (const std::string_view code : kCodes) {
    const std::size_t at = text.find(std::string(code) + ": ");
    if (at != std::string_view::npos)
      return of(code, std::string(text.substr(at + code.size() + 2)));
  }
  return std::nullopt;
}

}  // namespace

Error engine_error(std::string_view whole) {
  const std::string_view text = bare(whole);
  if (auto error = own(text)) return *std::move(error);
  const duckdb_error_type type = type_of(whole);
  switch (type) {
    case DUCKDB_ERROR_INTERRUPT:
      return of("QUERY_INTERRUPTED", "the query was interrupted");
    case DUCKDB_ERROR_CONVERSION:
      return conversion(text);
    case DUCKDB_ERROR_OUT_OF_RANGE:
      return out_of_range(text);
    case DUCKDB_ERROR_DIVIDE_BY_ZERO:
      return of("DIVISION_BY_ZERO", "Division by zero");
    case DUCKDB_ERROR_OUT_OF_MEMORY:
      return of("EXCEEDED_LOCAL_MEMORY_LIMIT", "Query exhausted resources at this scale factor");
    case DUCKDB_ERROR_IO:
    case DUCKDB_ERROR_PERMISSION:
      return of("HIVE_CANNOT_OPEN_SPLIT", std::string(text));
    case DUCKDB_ERROR_BINDER:
      if (text.find("aggregate") != std::string_view::npos ||
          text.find("GROUP BY") != std::string_view::npos) {
        return of("EXPRESSION_NOT_AGGREGATE", std::string(text));
      }
      return of("TYPE_MISMATCH", std::string(text));
    case DUCKDB_ERROR_INVALID:
    case DUCKDB_ERROR_INVALID_INPUT:
      if (text.find("agic bytes") != std::string_view::npos ||
          text.find("arquet") != std::string_view::npos ||
          text.find("GZIP") != std::string_view::npos ||
          text.find("gzip") != std::string_view::npos) {
        return of("HIVE_BAD_DATA", std::string(text));
      }
      if (text.find("More than one row") != std::string_view::npos) {
        return of("SUBQUERY_MULTIPLE_ROWS", "Scalar sub-query has returned multiple rows");
      }
      return of("INVALID_FUNCTION_ARGUMENT", std::string(text));
    case DUCKDB_ERROR_NOT_IMPLEMENTED:
      return of("NOT_SUPPORTED", std::string(text));
    default:
      return of("GENERIC_INTERNAL_ERROR", std::string(text));
  }
}

}  // namespace weir::sql
