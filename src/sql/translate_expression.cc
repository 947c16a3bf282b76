// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>
#include <charconv>

#include "sql/parser.h"
#include "sql/translator_impl.h"

namespace weir::sql {
namespace {

using EK = ast::Expression::Kind;
using TK = SqlType::Kind;

bool is_moment(const SqlType& type) {
  return type.is(TK::date) || type.is(TK::timestamp) || type.is(TK::timestamp_tz);
}

std::string dotted(const ast::Name& name) {
  std::string out;
  for (const ast::Identifier& part : name) out += (out.empty() ? "" : ".") + part.text;
  return out;
}

/// A literal other than zero, so that a division by it needs no check.
bool is_nonzero_literal(const ast::Expression& e) {
  return e.kind == EK::integer && e.text.find_first_not_of('0') != std::string::npos;
}

}  // namespace

Error Translator::type_mismatch(const E& e, std::string_view op, const SqlType& a,
                                const SqlType& b) const {
  return sql_error(
      "TYPE_MISMATCH", e.at,
      "Cannot apply operator: " + trino_name(a) + ' ' + std::string(op) + ' ' + trino_name(b));
}

Result<Typed> Translator::expression(const E& e, const NameScope& scope) {
  SelectState* const state = select_;
  const std::size_t before = state == nullptr ? 0 : state->ungrouped.size();
  auto out = dispatch(e, scope);
  // A grouping expression may contain columns that are no keys themselves.
  if (out && state != nullptr && state->ungrouped.size() > before &&
      state->group_keys.contains(out->sql)) {
    state->ungrouped.resize(before);
  }
  return out;
}

Result<Typed> Translator::dispatch(const E& e, const NameScope& scope) {
  switch (e.kind) {
    case EK::null:
    case EK::boolean:
    case EK::integer:
    case EK::decimal:
    case EK::real:
    case EK::string:
    case EK::binary:
      return literal(e);
    case EK::typed:
      return typed_literal(e);
    case EK::interval:
      return interval(e);
    case EK::parameter:
      return parameter(e, scope);
    case EK::column:
      return column(e, scope);
    case EK::dereference: {
      WEIR_TRY(Typed base, expression(*e.arguments[0], scope));
      return field_of(std::move(base), e.name[0], e);
    }
    case EK::subscript:
      return subscript(e, scope);
    case EK::unary:
      return unary(e, scope);
    case EK::binary_op:
      return binary(e, scope);
    case EK::distinct_from:
    case EK::is_null:
    case EK::between:
    case EK::in_list:
    case EK::like:
      return predicate(e, scope);
    case EK::in_query:
    case EK::quantified:
    case EK::exists:
    case EK::subquery:
      return in_query(e, scope);
    case EK::case_:
      return case_expression(e, scope);
    case EK::cast:
      return cast(e, scope);
    case EK::try_: {
      WEIR_TRY(Typed inner, expression(*e.arguments[0], scope));
      return Typed{"TRY(" + inner.sql + ')', inner.type};
    }
    case EK::at_time_zone: {
      WEIR_TRY(const Typed value, expression(*e.arguments[0], scope));
      WEIR_TRY(const Typed zone, expression(*e.arguments[1], scope));
      return Typed{"timezone(" + zone.sql + ", CAST(" + value.sql + " AS TIMESTAMPTZ))",
                   TK::timestamp};
    }
    case EK::extract:
    case EK::call:
    case EK::grouping:
      return call(e, scope);
    case EK::lambda:
      return lambda(e, {}, scope);
    case EK::row:
      return row(e, scope);
    case EK::array:
      return array(e, scope);
    case EK::current:
      return current(e);
  }
  return sql_error("NOT_SUPPORTED", e.at, "expression is not supported");
}

Result<Typed> Translator::literal(const E& e) const {
  switch (e.kind) {
    case EK::boolean:
      return Typed{e.text == "TRUE" ? "true" : "false", TK::boolean};
    case EK::integer: {
      std::int64_t value = 0;
      const auto [end, error] =
          std::from_chars(e.text.data(), e.text.data() + e.text.size(), value);
      if (error != std::errc() || *end != '\0') {
        return sql_error("INVALID_LITERAL", e.at, "Invalid numeric literal: " + e.text);
      }
      const bool is_small = value <= 2147483647;
      return Typed{std::to_string(value), is_small ? TK::integer : TK::bigint};
    }
    case EK::decimal:
      return Typed{e.text + (e.text.back() == '.' ? "0e0" : "e0"), TK::double_};
    case EK::real:
      return Typed{e.text, TK::double_};
    case EK::string:
      return Typed{quote_string(e.text),
                   SqlType(TK::varchar,
                           static_cast<int>(std::count_if(e.text.begin(), e.text.end(), [](char c) {
                             return (static_cast<unsigned char>(c) & 0xC0u) != 0x80u;
                           })))};
    case EK::binary: {
      std::string digits;
      for (const char c : e.text) {
        if (std::isspace(static_cast<unsigned char>(c)) != 0) continue;
        if (std::isxdigit(static_cast<unsigned char>(c)) == 0) {
          return sql_error("INVALID_LITERAL", e.at,
                           "Binary literal can only contain hexadecimal digits");
        }
        digits += c;
      }
      if (digits.size() % 2 != 0) {
        return sql_error("INVALID_LITERAL", e.at,
                         "Binary literal must contain an even number of digits");
      }
      return Typed{"unhex(" + quote_string(digits) + ')', TK::varbinary};
    }
    default:
      return Typed{"NULL", TK::null};
  }
}

Result<Typed> Translator::typed_literal(const E& e) const {
  const auto wrong = [&] {
    return sql_error("INVALID_LITERAL", e.at,
                     quote_string(e.text) + " is not a valid " + e.unit + " literal");
  };
  const auto all_in = [](std::string_view text, std::string_view set) {
    return !text.empty() && text.find_first_not_of(set) == std::string_view::npos;
  };
  switch (e.type.kind) {
    case TK::unknown:
      return sql_error("TYPE_NOT_FOUND", e.at, "Unknown type: " + e.unit);
    case TK::date:
      if (!all_in(e.text, "0123456789-+ ")) return wrong();
      return Typed{"DATE " + quote_string(e.text), TK::date};
    case TK::timestamp:
    case TK::timestamp_tz: {
      // `2026-08-01 10:00:00.000 Europe/Berlin`: a zone is what follows the time of day.
      const std::size_t time = e.text.find_first_of(" T");
      const std::size_t zone =
          time == std::string::npos ? time : e.text.find_first_not_of("0123456789:.", time + 1);
      const std::size_t dot = e.text.find('.');
      const std::size_t digits =
          dot == std::string::npos
              ? 0
              : std::min(e.text.find_first_not_of("0123456789", dot + 1), e.text.size()) - dot - 1;
      if (!all_in(std::string_view(e.text).substr(0, std::min(time, e.text.size())),
                  "0123456789-")) {
        return wrong();
      }
      const bool zoned = zone != std::string::npos;
      return Typed{(zoned ? "TIMESTAMPTZ " : "TIMESTAMP ") + quote_string(e.text),
                   SqlType(zoned ? TK::timestamp_tz : TK::timestamp, static_cast<int>(digits))};
    }
    case TK::decimal: {
      const std::size_t dot = e.text.find('.');
      const std::size_t sign = e.text.starts_with('-') || e.text.starts_with('+') ? 1 : 0;
      if (!all_in(std::string_view(e.text).substr(sign), "0123456789.")) return wrong();
      const int scale = dot == std::string::npos ? 0 : static_cast<int>(e.text.size() - dot - 1);
      const int digits =
          static_cast<int>(e.text.size() - sign) - (dot == std::string::npos ? 0 : 1);
      if (digits < 1 || digits > 38) return wrong();
      const SqlType type(TK::decimal, digits, scale);
      return Typed{"CAST(" + quote_string(e.text) + " AS " + duckdb_name(type) + ')', type};
    }
    default: {
      const Typed text{quote_string(e.text), TK::varchar};
      return Typed{cast_text(text, e.type, false), e.type};
    }
  }
}

Result<Typed> Translator::interval(const E& e) const {
  const std::string& unit = e.unit;
  const std::string& last = e.to_unit.empty() ? e.unit : e.to_unit;
  const auto wrong = [&] {
    return sql_error("INVALID_LITERAL", e.at,
                     quote_string(e.text) + " is not a valid INTERVAL literal");
  };
  if (e.text.empty() || e.text.find_first_not_of("0123456789-:. ") != std::string::npos)
    return wrong();
  const bool is_year = unit == "YEAR" || unit == "MONTH";
  if (is_year != (last == "YEAR" || last == "MONTH")) return wrong();
  std::string text;
  if (e.to_unit.empty()) {
    if (e.text.find_first_of(unit == "SECOND" ? "-: " : "-:. ") != std::string::npos)
      return wrong();
    text = e.text + ' ' + unit;
  } else if (is_year) {
    const std::size_t dash = e.text.find('-');
    if (dash == std::string::npos || e.text.find_first_of(":. ") != std::string::npos)
      return wrong();
    text = e.text.substr(0, dash) + " years " + e.text.substr(dash + 1) + " months";
  } else {
    // Days stand before a blank; the rest is hours, minutes, seconds from the first unit on.
    std::string rest = e.text;
    if (unit == "DAY") {
      const std::size_t blank = e.text.find(' ');
      if (blank == std::string::npos) return wrong();
      text = e.text.substr(0, blank) + " days ";
      rest = e.text.substr(blank + 1);
    }
    if (unit == "MINUTE") rest = "0:" + rest;
    if (last == "HOUR") rest += ":0:0";
    if (last == "MINUTE") rest += ":0";
    text += rest;
  }
  const std::string sql = "INTERVAL " + quote_string(text);
  return Typed{e.negated ? "(-" + sql + ')' : sql, is_year ? TK::interval_year : TK::interval_day};
}

Result<Typed> Translator::current(const E& e) const {
  const std::string stamp = to_iso8601(context_.now);  // 2026-01-31T12:34:56.789Z
  const std::string date = stamp.substr(0, 10);
  const std::string time = stamp.substr(11, 12);
  if (e.text == "CURRENT_DATE") return Typed{"DATE " + quote_string(date), TK::date};
  if (e.text == "CURRENT_TIMESTAMP") {
    return Typed{"TIMESTAMPTZ " + quote_string(date + ' ' + time + "+00"), TK::timestamp_tz};
  }
  if (e.text == "LOCALTIMESTAMP") {
    return Typed{"TIMESTAMP " + quote_string(date + ' ' + time), TK::timestamp};
  }
  if (e.text == "LOCALTIME") return Typed{"TIME " + quote_string(time), TK::time};
  if (e.text == "CURRENT_TIME") {
    return Typed{"CAST(" + quote_string(time + "+00") + " AS TIMETZ)", TK::time_tz};
  }
  if (e.text == "CURRENT_SCHEMA") return Typed{quote_string(context_.database), TK::varchar};
  if (e.text == "CURRENT_CATALOG") return Typed{"'awsdatacatalog'", TK::varchar};
  return Typed{quote_string(context_.scope.account), TK::varchar};
}

Result<Typed> Translator::parameter(const E& e, const NameScope&) {
  const auto index = static_cast<std::size_t>(e.index);
  if (index >= context_.parameters.size()) {
    return sql_error("INVALID_PARAMETER_USAGE", e.at,
                     "Incorrect number of parameters: expected " + std::to_string(index + 1) +
                         " but found " + std::to_string(context_.parameters.size()));
  }
  const std::string& text = context_.parameters[index];
  // What reads as an expression without columns is one; anything else is a string.
  if (const auto parsed = parse_expression(text)) {
    const NameScope nothing;
    if (auto value = expression(**parsed, nothing)) return value;
  }
  return Typed{quote_string(text), TK::varchar};
}

Result<Typed> Translator::column(const E& e, const NameScope& scope) {
  const std::size_t parts = e.name.size();
  for (const NameScope* in = &scope; in != nullptr; in = in->outer) {
    // Leading parts may be catalog, database and relation; trailing ones fields of a row.
    for (std::size_t before = std::min<std::size_t>(parts - 1, 3) + 1; before-- > 0;) {
      const std::string name = to_lower(e.name[before].text);
      const Field* found = nullptr;
      for (const Field& field : in->fields) {
        if (field.name != name) continue;
        if (before > 0 && field.relation != to_lower(e.name[before - 1].text)) continue;
        if (before > 1 && field.database != to_lower(e.name[before - 2].text)) continue;
        if (before > 2 && to_lower(e.name[0].text) != "awsdatacatalog") continue;
        if (found != nullptr) {
          return sql_error("AMBIGUOUS_NAME", e.at, "Column '" + dotted(e.name) + "' is ambiguous");
        }
        found = &field;
      }
      if (found == nullptr) continue;
      touched_.push_back({found->read, found->is_partition});
      if (found->read >= 0) {
        reads_[static_cast<std::size_t>(found->read)].columns.insert(found->column);
      }
      if (select_ != nullptr && select_->scope == in && select_->aggregate_depth == 0 &&
          !select_->group_keys.contains(found->sql)) {
        select_->ungrouped.push_back({dotted(e.name), e.at, false});
      }
      Typed out{found->sql, found->type};
      for (std::size_t i = before + 1; i < parts; ++i) {
        WEIR_TRY(out, field_of(std::move(out), e.name[i], e));
      }
      return out;
    }
  }
  return sql_error("COLUMN_NOT_FOUND", e.at, "Column '" + dotted(e.name) + "' cannot be resolved");
}

Result<Typed> Translator::field_of(Typed base, const ast::Identifier& field, const E& whole) const {
  const std::string name = to_lower(field.text);
  const std::string sql = "struct_extract(" + base.sql + ", " + quote_string(name) + ')';
  if (!base.type.is_known()) return Typed{sql, {}};
  if (!base.type.is(TK::row)) {
    return sql_error("TYPE_MISMATCH", whole.at,
                     "Expression " + dotted(whole.name) + " is not of type ROW");
  }
  for (std::size_t i = 0; i < base.type.fields.size(); ++i) {
    if (to_lower(base.type.fields[i]) == name) {
      return Typed{"struct_extract(" + base.sql + ", " + quote_string(base.type.fields[i]) + ')',
                   base.type.arguments[i]};
    }
  }
  return sql_error("COLUMN_NOT_FOUND", field.at, "Column '" + field.text + "' cannot be resolved");
}

Result<Typed> Translator::subscript(const E& e, const NameScope& scope) {
  WEIR_TRY(const Typed base, expression(*e.arguments[0], scope));
  WEIR_TRY(const Typed index, expression(*e.arguments[1], scope));
  if (base.type.is(TK::row)) {
    std::size_t n = 0;
    std::from_chars(index.sql.data(), index.sql.data() + index.sql.size(), n);
    if (n < 1 || n > base.type.arguments.size()) {
      return sql_error("INVALID_FUNCTION_ARGUMENT", e.at, "ROW index out of bounds: " + index.sql);
    }
    const std::string& field = base.type.fields[n - 1];
    return Typed{"struct_extract(" + base.sql + ", " +
                     (field.empty() ? std::to_string(n) : quote_string(field)) + ')',
                 base.type.arguments[n - 1]};
  }
  if (base.type.is_known() && !base.type.is(TK::array) && !base.type.is(TK::map)) {
    return type_mismatch(e, "[]", base.type, index.type);
  }
  SqlType type;
  if (base.type.is(TK::array)) type = base.type.arguments[0];
  if (base.type.is(TK::map)) type = base.type.arguments[1];
  return Typed{'(' + base.sql + ")[" + index.sql + ']', type};
}

Result<std::string> Translator::boolean(const E& e, const NameScope& scope, std::string_view what) {
  WEIR_TRY(Typed out, expression(e, scope));
  if (out.type.is_known() && !out.type.is(TK::boolean)) {
    return sql_error(
        "TYPE_MISMATCH", e.at,
        std::string(what) + " must evaluate to a boolean: actual type " + trino_name(out.type));
  }
  return std::move(out.sql);
}

Result<Typed> Translator::unary(const E& e, const NameScope& scope) {
  if (e.op == "NOT") {
    WEIR_TRY(const std::string inner,
             boolean(*e.arguments[0], scope, "Value of logical NOT expression"));
    return Typed{"(NOT " + inner + ')', TK::boolean};
  }
  WEIR_TRY(Typed inner, expression(*e.arguments[0], scope));
  if (inner.type.is_known() && !inner.type.is_numeric() && !inner.type.is_interval()) {
    return sql_error("TYPE_MISMATCH", e.at, "Cannot negate " + trino_name(inner.type));
  }
  if (e.op == "+") return inner;
  return Typed{"(-" + inner.sql + ')', inner.type};
}

Result<Typed> Translator::binary(const E& e, const NameScope& scope) {
  if (e.op == "AND" || e.op == "OR") {
    std::string text;
    for (const auto& term : e.arguments) {
      WEIR_TRY(const std::string one, boolean(*term, scope, "Logical expression term"));
      text += (text.empty() ? "(" : ' ' + e.op + ' ') + one;
    }
    return Typed{text + ')', TK::boolean};
  }
  WEIR_TRY(const Typed left, expression(*e.arguments[0], scope));
  WEIR_TRY(const Typed right, expression(*e.arguments[1], scope));
  if (e.op == "||") {
    const bool lists = left.type.is(TK::array) || right.type.is(TK::array);
    if (lists) {
      if (!right.type.is(TK::array) && right.type.is_known()) {
        return Typed{"list_append(" + left.sql + ", " + right.sql + ')', left.type};
      }
      if (!left.type.is(TK::array) && left.type.is_known()) {
        return Typed{"list_prepend(" + left.sql + ", " + right.sql + ')', right.type};
      }
      return Typed{'(' + left.sql + " || " + right.sql + ')', left.type};
    }
    for (const Typed* side : {&left, &right}) {
      if (side->type.is_known() && !side->type.is_text() && !side->type.is(TK::varbinary)) {
        return sql_error("FUNCTION_NOT_FOUND", e.at,
                         "Unexpected parameters (" + trino_name(left.type) + ", " +
                             trino_name(right.type) +
                             ") for function concat. Expected: " + expected_signatures("concat"));
      }
    }
    return Typed{'(' + left.sql + " || " + right.sql + ')',
                 left.type.is(TK::varbinary) ? SqlType(TK::varbinary) : SqlType(TK::varchar)};
  }
  const bool compares = e.op == "=" || e.op == "<>" || e.op[0] == '<' || e.op[0] == '>';
  if (!compares) return arithmetic(e, left, right);
  if (!common_type(left.type, right.type)) return type_mismatch(e, e.op, left.type, right.type);
  return Typed{'(' + left.sql + ' ' + e.op + ' ' + right.sql + ')', TK::boolean};
}

Result<Typed> Translator::arithmetic(const E& e, const Typed& left, const Typed& right) const {
  const SqlType& a = left.type;
  const SqlType& b = right.type;
  const std::string plain = '(' + left.sql + ' ' + e.op + ' ' + right.sql + ')';
  if (is_moment(a) || is_moment(b) || a.is_interval() || b.is_interval()) {
    return moment_arithmetic(e, left, right);
  }
  if ((a.is_known() && !a.is_numeric()) || (b.is_known() && !b.is_numeric())) {
    return type_mismatch(e, e.op, a, b);
  }
  if (!a.is_known() || !b.is_known()) return Typed{plain, {}};
  const SqlType type = *common_type(a, b);
  if (e.op == "/" || e.op == "%") return divide(e, left, right, type);
  // Decimals grow; the engine knows by how much.
  return Typed{plain, type.is(TK::decimal) ? SqlType() : type};
}

Result<Typed> Translator::divide(const E& e, const Typed& left, const Typed& right,
                                 const SqlType& type) const {
  if (!type.is_integral()) {
    const std::string op = ' ' + e.op + ' ';
    return Typed{'(' + left.sql + op + right.sql + ')', type.is(TK::decimal) ? SqlType() : type};
  }
  // Division by zero is an error in Trino and NULL on DuckDB.
  if (is_nonzero_literal(*e.arguments[1])) {
    return Typed{'(' + left.sql + (e.op == "/" ? " // " : " % ") + right.sql + ')', type};
  }
  const std::string function = e.op == "/" ? "weir_divide" : "weir_modulo";
  return Typed{"CAST(" + function + "(CAST(" + left.sql + " AS BIGINT), CAST(" + right.sql +
                   " AS BIGINT)) AS " + duckdb_name(type) + ')',
               type};
}

Result<Typed> Translator::moment_arithmetic(const E& e, const Typed& left,
                                            const Typed& right) const {
  const SqlType& a = left.type;
  const SqlType& b = right.type;
  const std::string plain = '(' + left.sql + ' ' + e.op + ' ' + right.sql + ')';
  const bool sums = e.op == "+" || e.op == "-";
  if (is_moment(a) && b.is_interval() && sums) {
    if (a.is(TK::date)) return Typed{"CAST(" + plain + " AS DATE)", a};
    return Typed{plain, a};
  }
  if (a.is_interval() && is_moment(b) && e.op == "+") {
    if (b.is(TK::date)) return Typed{"CAST(" + plain + " AS DATE)", b};
    return Typed{plain, b};
  }
  if (is_moment(a) && is_moment(b) && e.op == "-") {
    return Typed{"(CAST(" + left.sql + " AS TIMESTAMP) - CAST(" + right.sql + " AS TIMESTAMP))",
                 TK::interval_day};
  }
  if (a.is_interval() && a.kind == b.kind && sums) return Typed{plain, a};
  if (a.is_interval() && b.is_numeric() && (e.op == "*" || e.op == "/")) return Typed{plain, a};
  if (a.is_numeric() && b.is_interval() && e.op == "*") return Typed{plain, b};
  if (!a.is_known() || !b.is_known()) return Typed{plain, {}};
  return type_mismatch(e, e.op, a, b);
}

Result<Typed> Translator::predicate(const E& e, const NameScope& scope) {
  std::vector<Typed> parts;
  for (const auto& argument : e.arguments) {
    WEIR_TRY(Typed one, expression(*argument, scope));
    parts.push_back(std::move(one));
  }
  const std::string no = e.negated ? " NOT" : "";
  std::string text = '(' + parts[0].sql;
  switch (e.kind) {
    case EK::is_null:
      text += " IS" + no + " NULL";
      break;
    case EK::distinct_from:
      if (!common_type(parts[0].type, parts[1].type)) {
        return type_mismatch(e, "IS DISTINCT FROM", parts[0].type, parts[1].type);
      }
      text += " IS" + no + " DISTINCT FROM " + parts[1].sql;
      break;
    case EK::between:
      if (!common_type(parts[0].type, parts[1].type) ||
          !common_type(parts[0].type, parts[2].type)) {
        return sql_error("TYPE_MISMATCH", e.at,
                         "Cannot check if " + trino_name(parts[0].type) + " is BETWEEN " +
                             trino_name(parts[1].type) + " and " + trino_name(parts[2].type));
      }
      text += no + " BETWEEN " + parts[1].sql + " AND " + parts[2].sql;
      break;
    case EK::in_list:
      text += no + " IN (";
      for (std::size_t i = 1; i < parts.size(); ++i) {
        if (!common_type(parts[0].type, parts[i].type)) {
          return sql_error("TYPE_MISMATCH", e.arguments[i]->at,
                           "IN value and list items must be the same type or coercible to a common "
                           "type. Cannot find common type between " +
                               trino_name(parts[0].type) + " and " + trino_name(parts[i].type));
        }
        text += (i == 1 ? "" : ", ") + parts[i].sql;
      }
      text += ')';
      break;
    default:
      for (std::size_t i = 0; i < 2; ++i) {
        if (parts[i].type.is_known() && !parts[i].type.is_text()) {
          return sql_error("TYPE_MISMATCH", e.at,
                           std::string(i == 0 ? "Left side of" : "Pattern for") +
                               " LIKE expression must evaluate to a varchar (actual: " +
                               trino_name(parts[i].type) + ')');
        }
      }
      text += no + " LIKE " + parts[1].sql;
      if (parts.size() > 2) text += " ESCAPE " + parts[2].sql;
  }
  return Typed{text + ')', TK::boolean};
}

Result<Typed> Translator::in_query(const E& e, const NameScope& scope) {
  Typed left;
  if (!e.arguments.empty()) {
    WEIR_TRY(left, expression(*e.arguments[0], scope));
  }
  WEIR_TRY(const QueryText inner, query(*e.query, &scope));
  if (e.kind == EK::exists) return Typed{"EXISTS (" + inner.sql + ')', TK::boolean};
  if (inner.columns.size() != 1) {
    return sql_error("TYPE_MISMATCH", e.query->at,
                     "Multiple columns returned by subquery are not yet supported. Found " +
                         std::to_string(inner.columns.size()));
  }
  const SqlType& type = inner.columns[0].type;
  if (e.kind == EK::subquery) return Typed{'(' + inner.sql + ')', type};
  if (!common_type(left.type, type)) {
    return sql_error("TYPE_MISMATCH", e.at,
                     "Value expression and result of subquery must be of the same type: " +
                         trino_name(left.type) + " vs " + trino_name(type));
  }
  const std::string op =
      e.kind == EK::in_query ? (e.negated ? "NOT IN" : "IN") : e.op + ' ' + e.unit;
  return Typed{'(' + left.sql + ' ' + op + " (" + inner.sql + "))", TK::boolean};
}

Result<Typed> Translator::case_expression(const E& e, const NameScope& scope) {
  std::string text = "CASE";
  std::size_t next = 0;
  Typed operand;
  if (e.has_operand) {
    WEIR_TRY(operand, expression(*e.arguments[next++], scope));
    text += ' ' + operand.sql;
  }
  SqlType type(TK::null);
  const auto result = [&](const E& value) -> Result<std::string> {
    WEIR_TRY(Typed one, expression(value, scope));
    const auto common = common_type(type, one.type);
    if (!common) {
      return sql_error(
          "TYPE_MISMATCH", value.at,
          "All CASE results must be the same type or coercible to a common type. Cannot "
          "find common type between " +
              trino_name(type) + " and " + trino_name(one.type));
    }
    type = *common;
    return std::move(one.sql);
  };
  const std::size_t end = e.arguments.size() - (e.has_else ? 1 : 0);
  while (next + 1 < end + 1 && next < end) {
    const E& when = *e.arguments[next++];
    WEIR_TRY(const Typed condition, expression(when, scope));
    if (e.has_operand ? !common_type(operand.type, condition.type)
                      : condition.type.is_known() && !condition.type.is(TK::boolean)) {
      return sql_error("TYPE_MISMATCH", when.at,
                       e.has_operand
                           ? "CASE operand type does not match WHEN clause operand type: " +
                                 trino_name(operand.type) + " vs " + trino_name(condition.type)
                           : "CASE WHEN clause must evaluate to a boolean (actual: " +
                                 trino_name(condition.type) + ')');
    }
    WEIR_TRY(const std::string then, result(*e.arguments[next++]));
    text += " WHEN " + condition.sql + " THEN " + then;
  }
  if (e.has_else) {
    WEIR_TRY(const std::string other, result(*e.arguments.back()));
    text += " ELSE " + other;
  }
  return Typed{text + " END", type};
}

Result<Typed> Translator::row(const E& e, const NameScope& scope) {
  std::string text = "row(";
  SqlType type(TK::row);
  for (const auto& argument : e.arguments) {
    WEIR_TRY(Typed one, expression(*argument, scope));
    text += (type.arguments.empty() ? "" : ", ") + one.sql;
    type.arguments.push_back(std::move(one.type));
    type.fields.emplace_back();
  }
  return Typed{text + ')', type};
}

Result<Typed> Translator::array(const E& e, const NameScope& scope) {
  std::string text = "[";
  SqlType element(TK::null);
  for (const auto& argument : e.arguments) {
    WEIR_TRY(const Typed one, expression(*argument, scope));
    const auto common = common_type(element, one.type);
    if (!common) {
      return sql_error("TYPE_MISMATCH", argument->at,
                       "All ARRAY elements must be the same type or coercible to a common type. "
                       "Cannot find common type between " +
                           trino_name(element) + " and " + trino_name(one.type));
    }
    element = *common;
    text += (text.size() == 1 ? "" : ", ") + one.sql;
  }
  return Typed{text + ']', SqlType::array_of(std::move(element))};
}

}  // namespace weir::sql
