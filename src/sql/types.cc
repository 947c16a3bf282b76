// SPDX-License-Identifier: Apache-2.0
#include "sql/types.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace weir::sql {
namespace {

using Kind = SqlType::Kind;
constexpr int kTypeDepthMax = 32;

struct Spelling {
  Kind kind;
  std::string_view trino;
  std::string_view info;
  std::string_view duckdb;
  std::string_view hive;
};
constexpr Spelling kSpellings[] = {
    {Kind::unknown, "unknown", "varchar", "VARCHAR", "string"},
    {Kind::null, "unknown", "unknown", "INTEGER", "string"},
    {Kind::boolean, "boolean", "boolean", "BOOLEAN", "boolean"},
    {Kind::tinyint, "tinyint", "tinyint", "TINYINT", "tinyint"},
    {Kind::smallint, "smallint", "smallint", "SMALLINT", "smallint"},
    {Kind::integer, "integer", "integer", "INTEGER", "int"},
    {Kind::bigint, "bigint", "bigint", "BIGINT", "bigint"},
    {Kind::real, "real", "float", "FLOAT", "float"},
    {Kind::double_, "double", "double", "DOUBLE", "double"},
    {Kind::decimal, "decimal", "decimal", "DECIMAL", "decimal"},
    {Kind::varchar, "varchar", "varchar", "VARCHAR", "string"},
    {Kind::character, "char", "char", "VARCHAR", "char"},
    {Kind::varbinary, "varbinary", "varbinary", "BLOB", "binary"},
    {Kind::date, "date", "date", "DATE", "date"},
    {Kind::time, "time", "time", "TIME", "time"},
    {Kind::time_tz, "time with time zone", "time with time zone", "TIMETZ", "time"},
    {Kind::timestamp, "timestamp", "timestamp", "TIMESTAMP", "timestamp"},
    {Kind::timestamp_tz, "timestamp with time zone", "timestamp with time zone", "TIMESTAMPTZ",
     "timestamp"},
    {Kind::interval_day, "interval day to second", "interval day to second", "INTERVAL",
     "interval"},
    {Kind::interval_year, "interval year to month", "interval year to month", "INTERVAL",
     "interval"},
    {Kind::array, "array", "array", "", "array"},
    {Kind::map, "map", "map", "", "map"},
    {Kind::row, "row", "row", "", "struct"},
    {Kind::json, "json", "json", "JSON", "string"},
    {Kind::uuid, "uuid", "uuid", "UUID", "string"},
    {Kind::ipaddress, "ipaddress", "ipaddress", "ipaddress", "string"},
    {Kind::function, "function", "varchar", "VARCHAR", "string"},
};
const Spelling& spelling(Kind kind) { return kSpellings[static_cast<std::size_t>(kind)]; }

int default_precision(Kind kind) {
  switch (kind) {
    case Kind::varchar:
      return SqlType::kUnbounded;
    case Kind::character:
      return 1;
    case Kind::decimal:
      return 38;
    case Kind::time:
    case Kind::time_tz:
    case Kind::timestamp:
    case Kind::timestamp_tz:
      return 3;
    default:
      return 0;
  }
}

/// Hive's type grammar, by recursive descent over the text.
class HiveTypes {
 public:
  explicit HiveTypes(std::string_view text) : rest_(text) {}

  Result<SqlType> all() {
    WEIR_TRY(SqlType type, one(0));
    blanks();
    if (!rest_.empty()) return wrong();
    return type;
  }

 private:
  Error wrong() const {
    return {ErrorKind::invalid, "InvalidInputException",
            "Error: type expected at the position of '" + std::string(rest_.substr(0, 40)) + "'"};
  }
  void blanks() {
    while (!rest_.empty() && std::isspace(static_cast<unsigned char>(rest_[0])) != 0) {
      rest_.remove_prefix(1);
    }
  }
  bool take(char c) {
    blanks();
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::string word() {
    blanks();
    std::size_t n = 0;
    while (n < rest_.size() && std::string_view("<>(),: ").find(rest_[n]) == std::string_view::npos)
      ++n;
    std::string out(rest_.substr(0, n));
    std::transform(out.begin(), out.end(), out.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    rest_.remove_prefix(n);
    return out;
  }
  Result<int> number() {
    blanks();
    int value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc() || value < 0) return wrong();
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return value;
  }

  Result<SqlType> one(int depth) {
    if (depth > kTypeDepthMax) return wrong();
    const std::string name = word();
    if (name == "array") return array(depth);
    if (name == "map") return map(depth);
    if (name == "struct") return structure(depth);
    if (name == "integer") return SqlType(Kind::integer);
    for (const Spelling& s : kSpellings) {
      if (s.kind < Kind::boolean || s.kind > Kind::timestamp || s.kind == Kind::time ||
          s.kind == Kind::time_tz || s.hive != name) {
        continue;
      }
      return parameters(SqlType(s.kind));
    }
    if (name == "varchar") return parameters(SqlType(Kind::varchar));
    return wrong();
  }
  Result<SqlType> parameters(SqlType type) {
    if (type.is(Kind::decimal)) type.precision = 10;
    if (!take('(')) return type;
    WEIR_TRY(type.precision, number());
    if (take(',')) {
      WEIR_TRY(type.scale, number());
    }
    if (!take(')')) return wrong();
    const bool fits = type.is(Kind::decimal) ? type.precision >= 1 && type.precision <= 38 &&
                                                   type.scale <= type.precision
                                             : type.is_text();
    if (!fits) return wrong();
    return type;
  }
  Result<SqlType> array(int depth) {
    if (!take('<')) return wrong();
    WEIR_TRY(SqlType element, one(depth + 1));
    if (!take('>')) return wrong();
    return SqlType::array_of(std::move(element));
  }
  Result<SqlType> map(int depth) {
    if (!take('<')) return wrong();
    WEIR_TRY(SqlType key, one(depth + 1));
    if (!take(',')) return wrong();
    WEIR_TRY(SqlType value, one(depth + 1));
    if (!take('>')) return wrong();
    return SqlType::map_of(std::move(key), std::move(value));
  }
  Result<SqlType> structure(int depth) {
    SqlType type(Kind::row);
    if (!take('<')) return wrong();
    do {
      std::string field = word();
      if (field.empty() || !take(':')) return wrong();
      WEIR_TRY(SqlType of, one(depth + 1));
      type.fields.push_back(std::move(field));
      type.arguments.push_back(std::move(of));
    } while (take(','));
    if (!take('>')) return wrong();
    return type;
  }

  std::string_view rest_;
};

std::string quoted(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

std::string with_precision(std::string_view name, const SqlType& type) {
  // `timestamp(3) with time zone`: the number stands behind the first word.
  const std::size_t blank = std::min(name.find(' '), name.size());
  return std::string(name.substr(0, blank)) + '(' + std::to_string(type.precision) + ')' +
         std::string(name.substr(blank));
}

}  // namespace

std::string to_lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

SqlType::SqlType(Kind k) : kind(k), precision(default_precision(k)) {}

SqlType SqlType::array_of(SqlType element) {
  SqlType type(Kind::array);
  type.arguments.push_back(std::move(element));
  return type;
}

SqlType SqlType::map_of(SqlType key, SqlType value) {
  SqlType type(Kind::map);
  type.arguments.push_back(std::move(key));
  type.arguments.push_back(std::move(value));
  return type;
}

std::string trino_name(const SqlType& type) {
  const std::string_view name = spelling(type.kind).trino;
  switch (type.kind) {
    case Kind::decimal:
      return "decimal(" + std::to_string(type.precision) + ',' + std::to_string(type.scale) + ')';
    case Kind::varchar:
      return type.precision == SqlType::kUnbounded ? std::string(name) : with_precision(name, type);
    case Kind::character:
    case Kind::time:
    case Kind::time_tz:
    case Kind::timestamp:
    case Kind::timestamp_tz:
      return with_precision(name, type);
    case Kind::array:
    case Kind::map:
    case Kind::row: {
      std::string out(name);
      for (std::size_t i = 0; i < type.arguments.size(); ++i) {
        out += i == 0 ? "(" : ", ";
        if (i < type.fields.size() && !type.fields[i].empty()) out += type.fields[i] + ' ';
        out += trino_name(type.arguments[i]);
      }
      return out + ')';
    }
    default:
      return std::string(name);
  }
}

std::string column_info_name(const SqlType& type) { return std::string(spelling(type.kind).info); }

std::string duckdb_name(const SqlType& type) {
  switch (type.kind) {
    case Kind::decimal:
      return "DECIMAL(" + std::to_string(type.precision) + ',' + std::to_string(type.scale) + ')';
    case Kind::array:
      return duckdb_name(type.arguments[0]) + "[]";
    case Kind::map:
      return "MAP(" + duckdb_name(type.arguments[0]) + ", " + duckdb_name(type.arguments[1]) + ')';
    case Kind::row: {
      std::string out = "STRUCT(";
      for (std::size_t i = 0; i < type.arguments.size(); ++i) {
        const bool named = i < type.fields.size() && !type.fields[i].empty();
        out += i == 0 ? "" : ", ";
        out += quoted(named ? type.fields[i] : "field" + std::to_string(i)) + ' ' +
               duckdb_name(type.arguments[i]);
      }
      return out + ')';
    }
    default:
      return std::string(spelling(type.kind).duckdb);
  }
}

std::string hive_name(const SqlType& type) {
  switch (type.kind) {
    case Kind::decimal:
      return "decimal(" + std::to_string(type.precision) + ',' + std::to_string(type.scale) + ')';
    case Kind::character:
      return "char(" + std::to_string(type.precision) + ')';
    case Kind::varchar:
      return type.precision == SqlType::kUnbounded
                 ? "string"
                 : "varchar(" + std::to_string(type.precision) + ')';
    case Kind::array:
      return "array<" + hive_name(type.arguments[0]) + '>';
    case Kind::map:
      return "map<" + hive_name(type.arguments[0]) + ',' + hive_name(type.arguments[1]) + '>';
    case Kind::row: {
      std::string out = "struct<";
      for (std::size_t i = 0; i < type.arguments.size(); ++i) {
        out += (i == 0 ? "" : ",") + type.fields[i] + ':' + hive_name(type.arguments[i]);
      }
      return out + '>';
    }
    default:
      return std::string(spelling(type.kind).hive);
  }
}

Result<SqlType> parse_hive_type(std::string_view text) { return HiveTypes(text).all(); }

std::optional<SqlType> common_type(const SqlType& a, const SqlType& b) {
  if (!a.is_known()) return b;
  if (!b.is_known() || a == b) return a;
  if (a.is_numeric() && b.is_numeric()) {
    // Kinds stand in the order of their reach, but a decimal meets real and double halfway.
    if (a.is(Kind::decimal) && b.is(Kind::decimal)) {
      const int scale = std::max(a.scale, b.scale);
      const int whole = std::max(a.precision - a.scale, b.precision - b.scale);
      return SqlType(Kind::decimal, std::min(38, whole + scale), scale);
    }
    if (a.is(Kind::decimal)) return b.is_integral() ? a : b;
    if (b.is(Kind::decimal)) return a.is_integral() ? b : a;
    return a.kind < b.kind ? b : a;
  }
  if (a.is_text() && b.is_text()) {
    return SqlType(Kind::varchar, std::max(a.precision, b.precision));
  }
  const auto is_moment = [](const SqlType& t) {
    return t.is(Kind::date) || t.is(Kind::timestamp) || t.is(Kind::timestamp_tz);
  };
  if (is_moment(a) && is_moment(b)) return a.kind < b.kind ? b : a;
  if (a.kind == b.kind && a.arguments.size() == b.arguments.size()) {
    SqlType out = a;
    for (std::size_t i = 0; i < a.arguments.size(); ++i) {
      const auto common = common_type(a.arguments[i], b.arguments[i]);
      if (!common) return std::nullopt;
      out.arguments[i] = *common;
    }
    out.precision = std::max(a.precision, b.precision);
    return out;
  }
  return std::nullopt;
}

TypeFacts facts_of(const SqlType& type) {
  switch (type.kind) {
    case Kind::tinyint:
      return {3, 0, false};
    case Kind::smallint:
      return {5, 0, false};
    case Kind::integer:
      return {10, 0, false};
    case Kind::bigint:
      return {19, 0, false};
    case Kind::real:
    case Kind::double_:
      return {17, 0, false};
    case Kind::decimal:
      return {type.precision, type.scale, false};
    case Kind::unknown:
    case Kind::varchar:
    case Kind::character:
      return {type.is_text() ? type.precision : SqlType::kUnbounded, 0, true};
    case Kind::varbinary:
      return {1073741824, 0, false};
    case Kind::time:
    case Kind::time_tz:
    case Kind::timestamp:
    case Kind::timestamp_tz:
      return {type.precision, 0, false};
    default:
      return {};
  }
}

}  // namespace weir::sql
