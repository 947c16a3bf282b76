// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "sql/translator_impl.h"

// Function calls: overloads, aggregates with their clauses, windows, lambdas.
namespace weir::sql {
namespace {

using EK = ast::Expression::Kind;
using TK = SqlType::Kind;

std::string joined(const std::vector<Typed>& arguments, std::string_view separator,
                   std::string_view behind = "") {
  std::string out;
  for (const Typed& argument : arguments) {
    if (!out.empty()) out += separator;
    out += argument.sql + std::string(behind);
  }
  return out;
}

/// Puts arguments into a template of the functions table.
std::string expand(std::string_view text, const std::vector<Typed>& arguments,
                   std::string_view filter, bool ignore_nulls) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view rest = text.substr(i);
    if (rest[0] != '$' || rest.size() < 2) {
      out += rest[0];
    } else if (rest[1] >= '1' && rest[1] <= '9') {
      const auto index = static_cast<std::size_t>(rest[1] - '1');
      if (index < arguments.size()) out += arguments[index].sql;
      ++i;
    } else if (rest[1] == '*') {
      out += joined(arguments, ", ");
      ++i;
    } else if (rest[1] == '|') {
      out += joined(arguments, " || ");
      ++i;
    } else if (rest.starts_with("$null")) {
      out += joined(arguments, " OR ", " IS NULL");
      i += 4;
    } else if (rest.starts_with("$type")) {
      out += quote_string(trino_name(arguments[0].type));
      i += 4;
    } else if (rest[1] == 'f') {
      out += filter;
      ++i;
    } else if (rest[1] == 'i') {
      if (ignore_nulls) out += " IGNORE NULLS";
      ++i;
    } else {
      out += rest[0];  // a dollar sign of a regular expression
    }
  }
  return out;
}

Error unexpected_parameters(Position at, const std::string& name,
                            const std::vector<SqlType>& types) {
  std::string list;
  for (const SqlType& type : types) list += (list.empty() ? "" : ", ") + trino_name(type);
  return sql_error("FUNCTION_NOT_FOUND", at,
                   "Unexpected parameters (" + list + ") for function " + name +
                       ". Expected: " + expected_signatures(name));
}

}  // namespace

Result<Typed> Translator::lambda(const E& e, const std::vector<SqlType>& types,
                                 const NameScope& scope) {
  NameScope inner;
  inner.outer = &scope;
  std::string head;
  for (std::size_t i = 0; i < e.name.size(); ++i) {
    Field field;
    field.label = e.name[i].text;
    field.name = to_lower(field.label);
    field.sql = "weir_" + next_alias();
    if (i < types.size()) field.type = types[i];
    head += (i == 0 ? "" : ", ") + field.sql;
    inner.fields.push_back(std::move(field));
  }
  WEIR_TRY(const Typed body, expression(*e.arguments[0], inner));
  SqlType type(TK::function);
  type.arguments.push_back(body.type);
  return Typed{"(lambda " + head + ": " + body.sql + ')', std::move(type)};
}

Result<std::vector<Typed>> Translator::call_arguments(const E& e, const NameScope& scope,
                                                      SqlType& lambda_type) {
  std::vector<Typed> out;
  for (const auto& argument : e.arguments) {
    if (argument->kind != EK::lambda) {
      WEIR_TRY(Typed one, expression(*argument, scope));
      out.push_back(std::move(one));
      continue;
    }
    // The elements of the first argument are what the lambda is called with.
    std::vector<SqlType> types;
    if (!out.empty() && out[0].type.is(TK::array) && argument->name.size() == 1) {
      types.push_back(out[0].type.arguments[0]);
    }
    if (!out.empty() && out[0].type.is(TK::map)) types = out[0].type.arguments;
    if (out.size() >= 2 && out[0].type.is(TK::array)) {  // reduce(): the state, then the element
      types = {out[1].type};
      if (argument->name.size() == 2) types.push_back(out[0].type.arguments[0]);
    }
    WEIR_TRY(Typed one, lambda(*argument, types, scope));
    lambda_type = one.type.arguments[0];
    out.push_back(std::move(one));
  }
  return out;
}

Result<Typed> Translator::call(const E& e, const NameScope& scope) {
  if (e.kind == EK::grouping) {
    std::string list;
    if (select_ != nullptr) select_->has_aggregate = true;
    for (const auto& argument : e.arguments) {
      WEIR_TRY(const Typed one, expression(*argument, scope));
      list += (list.empty() ? "" : ", ") + one.sql;
    }
    return Typed{"CAST(grouping(" + list + ") AS INTEGER)", TK::integer};
  }
  // EXTRACT(unit FROM x) is the function of that name.
  const std::string name = e.kind == EK::extract ? to_lower(e.unit) : to_lower(e.name.back().text);
  if (name == "now" && e.arguments.empty()) {
    E now;
    now.kind = EK::current;
    now.text = "CURRENT_TIMESTAMP";
    return current(now);
  }
  std::vector<SqlType> types;
  const std::string shown = e.name.empty() ? name : to_lower(e.name.back().text);
  // Whether it is an aggregate must be known before its arguments are looked at.
  const auto all = functions();
  const auto first =
      std::find_if(all.begin(), all.end(), [&](const Function& f) { return f.name == name; });
  if (first == all.end()) {
    return sql_error("FUNCTION_NOT_FOUND", e.at, "Function '" + shown + "' not registered");
  }
  const bool aggregates = first->kind == Function::Kind::aggregate && !e.over;
  if (aggregates && select_ != nullptr) {
    if (select_->aggregate_depth > 0) {
      return sql_error("NESTED_AGGREGATION", e.at,
                       "Cannot nest aggregations inside aggregation '" + shown + '\'');
    }
    select_->has_aggregate = true;
    ++select_->aggregate_depth;
  }
  SelectState* const state = select_;
  SqlType lambda_type;
  auto arguments = call_arguments(e, scope, lambda_type);
  std::string filter;
  Result<std::string> suffix = std::string();
  Result<std::string> order = std::string();
  if (arguments) suffix = aggregate_suffix(e, scope);
  if (arguments && suffix) order = sort_list(e.order_by, scope);
  if (aggregates && state != nullptr) --state->aggregate_depth;
  if (!arguments) return std::move(arguments).error();
  WEIR_TRY(filter, std::move(suffix));

  for (const Typed& argument : *arguments) types.push_back(argument.type);
  const FunctionMatch match = find_function(name, types);
  if (match.function == nullptr) return unexpected_parameters(e.at, shown, types);
  if (e.star && name != "count") return unexpected_parameters(e.at, shown, types);
  if (match.function->kind == Function::Kind::window && !e.over) {
    return sql_error("MISSING_OVER", e.at, "Window function " + shown + " requires an OVER clause");
  }
  if (match.function->kind == Function::Kind::scalar && (e.over || e.filter || e.distinct)) {
    return sql_error(
        "FUNCTION_NOT_AGGREGATE", e.at,
        "DISTINCT, FILTER and OVER are not supported for non-aggregation function " + shown);
  }
  const SqlType type = result_type(*match.function, types, lambda_type);
  std::string text(match.function->sql);
  const bool casts = text.starts_with('#');
  if (casts) text.erase(0, 1);
  const std::size_t open = text.find('(');
  const bool composed = text.find("$f") != std::string::npos;
  if (e.star) text = "count(*)";
  if (composed && (e.distinct || !e.order_by.empty() || e.over)) {
    return sql_error("NOT_SUPPORTED", e.at,
                     "DISTINCT, ORDER BY and OVER of " + shown + " are not supported");
  }
  if (e.distinct) text.insert(open + 1, "DISTINCT ");
  if (!order) return std::move(order).error();
  text = expand(text, *arguments, filter, e.ignore_nulls);
  if (!order->empty()) text.insert(text.size() - 1, " ORDER BY " + *order);
  if (!composed) text += filter;
  if (casts && type.is_known()) text = "CAST(" + text + " AS " + duckdb_name(type) + ')';
  return Typed{text, type};
}

Result<std::string> Translator::aggregate_suffix(const E& e, const NameScope& scope) {
  std::string out;
  if (e.filter) {
    WEIR_TRY(const std::string condition, boolean(*e.filter, scope, "FILTER expression"));
    out += " FILTER (WHERE " + condition + ')';
  }
  if (!e.over) return out;
  const ast::Window& over = *e.over;
  const bool only_name =
      over.name && over.partition_by.empty() && over.order_by.empty() && over.frame.empty();
  if (only_name) return out + " OVER " + quote_identifier(to_lower(over.name->text));
  WEIR_TRY(const std::string definition, window(over, scope));
  return out + " OVER (" + definition + ')';
}

Result<std::string> Translator::sort_list(const std::vector<ast::SortItem>& sort,
                                          const NameScope& scope) {
  std::string out;
  for (const ast::SortItem& item : sort) {
    WEIR_TRY(const Typed key, expression(*item.expression, scope));
    out += (out.empty() ? "" : ", ") + key.sql + sort_suffix(item);
  }
  return out;
}

Result<std::string> Translator::window(const ast::Window& w, const NameScope& scope) {
  std::string out = w.name ? quote_identifier(to_lower(w.name->text)) : "";
  const auto add = [&](const std::string& text) { out += (out.empty() ? "" : " ") + text; };
  if (!w.partition_by.empty()) {
    std::string list;
    for (const auto& e : w.partition_by) {
      WEIR_TRY(const Typed key, expression(*e, scope));
      list += (list.empty() ? "" : ", ") + key.sql;
    }
    add("PARTITION BY " + list);
  }
  if (!w.order_by.empty()) {
    WEIR_TRY(const std::string list, sort_list(w.order_by, scope));
    add("ORDER BY " + list);
  }
  if (w.frame.empty()) return out;
  WEIR_TRY(const std::string start, frame_bound(w.start, scope));
  if (!w.end) {
    add(w.frame + ' ' + start);
    return out;
  }
  WEIR_TRY(const std::string end, frame_bound(*w.end, scope));
  add(w.frame + " BETWEEN " + start + " AND " + end);
  return out;
}

Result<std::string> Translator::frame_bound(const ast::FrameBound& bound, const NameScope& scope) {
  using Bound = ast::FrameBound::Kind;
  switch (bound.kind) {
    case Bound::unbounded_preceding:
      return std::string("UNBOUNDED PRECEDING");
    case Bound::unbounded_following:
      return std::string("UNBOUNDED FOLLOWING");
    case Bound::current_row:
      return std::string("CURRENT ROW");
    case Bound::preceding:
    case Bound::following: {
      WEIR_TRY(const Typed value, expression(*bound.value, scope));
      return value.sql + (bound.kind == Bound::preceding ? " PRECEDING" : " FOLLOWING");
    }
  }
  return std::string("CURRENT ROW");
}

}  // namespace weir::sql
