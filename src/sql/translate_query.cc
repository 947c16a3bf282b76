// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>
#include <charconv>

#include "sql/translator_impl.h"

namespace weir::sql {
namespace {

using Kind = ast::Expression::Kind;

/// The number of an output column, if the expression is a plain integer.
std::optional<std::size_t> ordinal(const ast::Expression& e) {
  if (e.kind != Kind::integer) return std::nullopt;
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(e.text.data(), e.text.data() + e.text.size(), value);
  if (error != std::errc() || end != e.text.data() + e.text.size()) return 0;
  return value;
}

bool is_plain_name(const ast::Expression& e) {
  return e.kind == Kind::column && e.name.size() == 1;
}

template <class List, class Print>
std::string joined(const List& list, const Print& print) {
  std::string out;
  for (const auto& one : list) {
    if (!out.empty()) out += ", ";
    out += print(one);
  }
  return out;
}

}  // namespace

Error sql_error(std::string_view code, Position at, std::string_view text) {
  return {ErrorKind::invalid, std::string(code),
          "line " + std::to_string(at.line) + ':' + std::to_string(at.column) + ": " +
              std::string(text)};
}

std::string quote_identifier(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

std::string quote_string(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += '\'';
    out += c;
  }
  return out + '\'';
}

Result<Translation> translate(const ast::Query& query, const TranslateContext& context) {
  return Translator(context).run(query);
}

Result<Translation> Translator::run(const ast::Query& top) {
  WEIR_TRY(QueryText text, query(top, nullptr));
  return Translation{std::move(text.sql), std::move(text.columns), std::move(reads_)};
}

std::vector<std::string> Translator::unique_names(const std::vector<OutputColumn>& columns) {
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (const OutputColumn& column : columns) {
    std::string name = to_lower(column.name);
    for (int n = 2; !seen.insert(name).second; ++n) {
      name = to_lower(column.name) + '_' + std::to_string(n);
    }
    names.push_back(std::move(name));
  }
  return names;
}

Result<QueryText> Translator::query(const ast::Query& q, const NameScope* outer) {
  touched_query_ = true;
  const std::size_t known = common_tables_.size();
  WEIR_TRY(const std::string head, with(q, outer));
  auto text = body(q, outer);
  common_tables_.resize(known);
  if (text) text->sql.insert(0, head);
  return text;
}

Result<std::string> Translator::with(const ast::Query& q, const NameScope* outer) {
  if (q.with.empty()) return std::string();
  std::string out = q.recursive ? "WITH RECURSIVE " : "WITH ";
  for (std::size_t i = 0; i < q.with.size(); ++i) {
    const ast::CommonTable& one = q.with[i];
    CommonTable known{to_lower(one.name.text), next_alias(), {}};
    if (q.recursive) WEIR_CHECK(recursive_columns(one, known, outer));
    WEIR_TRY(QueryText text, query(*one.query, outer));
    if (!one.columns.empty() && one.columns.size() != text.columns.size()) {
      return sql_error("MISMATCHED_COLUMN_ALIASES", one.name.at,
                       "Column alias list has " + std::to_string(one.columns.size()) +
                           " entries but WITH query '" + one.name.text + "' has " +
                           std::to_string(text.columns.size()) + " columns");
    }
    for (std::size_t c = 0; c < one.columns.size(); ++c) text.columns[c].name = one.columns[c].text;
    if (q.recursive && !common_tables_.empty() && common_tables_.back().alias == known.alias) {
      common_tables_.pop_back();
    }
    known.columns = text.columns;
    out += (i == 0 ? "" : ", ") + quote_identifier(known.alias) + '(' +
           joined(unique_names(known.columns), quote_identifier) + ") AS (" + text.sql + ')';
    common_tables_.push_back(std::move(known));
  }
  return out + ' ';
}

Result<void> Translator::recursive_columns(const ast::CommonTable& table, CommonTable& known,
                                           const NameScope* outer) {
  const auto* set = std::get_if<ast::SetOperation>(&table.query->body);
  if (set == nullptr) return {};
  // The first term gives names and types, so that the second can refer to them.
  const std::size_t reads = reads_.size();
  WEIR_TRY(const QueryText first, query(*set->left, outer));
  reads_.resize(reads);
  known.columns = first.columns;
  for (std::size_t c = 0; c < known.columns.size() && c < table.columns.size(); ++c) {
    known.columns[c].name = table.columns[c].text;
  }
  common_tables_.push_back(known);
  return {};
}

Result<QueryText> Translator::body(const ast::Query& q, const NameScope* outer) {
  if (const auto* one = std::get_if<ast::Select>(&q.body)) return select(*one, q, outer);
  QueryText text;
  if (const auto* set = std::get_if<ast::SetOperation>(&q.body)) {
    WEIR_TRY(text, set_operation(*set, q, outer));
  } else if (const auto* rows = std::get_if<std::vector<ast::ExpressionPtr>>(&q.body)) {
    WEIR_TRY(text, values(*rows, outer));
  } else if (const auto* name = std::get_if<ast::Name>(&q.body)) {
    ast::Relation named_table;
    named_table.at = q.at;
    named_table.name = *name;
    WEIR_TRY(const RelationText of, relation(named_table, outer));
    std::string list;
    for (const Field& field : of.fields) {
      if (field.is_hidden) continue;
      list += (list.empty() ? "" : ", ") + field.sql;
      text.columns.push_back({field.label, field.type});
    }
    text.sql = "SELECT " + list + " FROM " + of.sql;
  } else {
    WEIR_TRY(text, query(*std::get<ast::QueryPtr>(q.body), outer));
    text.sql = '(' + text.sql + ')';
  }
  if (!q.order_by.empty()) {
    WEIR_TRY(const std::string order, order_outputs(q.order_by, text));
    text.sql += order;
  }
  WEIR_TRY(const std::string tail, limit(q));
  text.sql += tail;
  return text;
}

Result<QueryText> Translator::set_operation(const ast::SetOperation& set, const ast::Query& q,
                                            const NameScope* outer) {
  WEIR_TRY(QueryText left, query(*set.left, outer));
  WEIR_TRY(const QueryText right, query(*set.right, outer));
  if (left.columns.size() != right.columns.size()) {
    return sql_error(
        "TYPE_MISMATCH", q.at,
        set.op + " query has different number of fields: " + std::to_string(left.columns.size()) +
            ", " + std::to_string(right.columns.size()));
  }
  for (std::size_t i = 0; i < left.columns.size(); ++i) {
    SqlType& type = left.columns[i].type;
    const SqlType& other = right.columns[i].type;
    const auto common = common_type(type, other);
    if (!common) {
      return sql_error("TYPE_MISMATCH", q.at,
                       "column " + std::to_string(i + 1) + " in " + set.op +
                           " query has incompatible types: " + trino_name(type) + ", " +
                           trino_name(other));
    }
    type =
        type.is(SqlType::Kind::unknown) || other.is(SqlType::Kind::unknown) ? SqlType() : *common;
  }
  left.sql = '(' + left.sql + ") " + set.op + (set.all ? " ALL (" : " (") + right.sql + ')';
  return left;
}

Result<QueryText> Translator::values(const std::vector<ast::ExpressionPtr>& rows,
                                     const NameScope* outer) {
  NameScope scope;
  scope.outer = outer;
  QueryText out;
  std::string list;
  for (const auto& row : rows) {
    std::vector<const ast::Expression*> cells;
    if (row->kind == Kind::row) {
      for (const auto& cell : row->arguments) cells.push_back(cell.get());
    } else {
      cells.push_back(row.get());
    }
    if (out.columns.empty()) {
      for (std::size_t i = 0; i < cells.size(); ++i) {
        out.columns.push_back({"_col" + std::to_string(i), SqlType::Kind::null});
      }
    }
    if (cells.size() != out.columns.size()) {
      return sql_error("TYPE_MISMATCH", row->at, "Values rows have mismatched types");
    }
    std::string text;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      WEIR_TRY(const Typed cell, expression(*cells[i], scope));
      const auto common = common_type(out.columns[i].type, cell.type);
      if (!common)
        return sql_error("TYPE_MISMATCH", cells[i]->at, "Values rows have mismatched types");
      out.columns[i].type = *common;
      text += (i == 0 ? "" : ", ") + cell.sql;
    }
    list += (list.empty() ? "(" : ", (") + text + ')';
  }
  const std::string alias = quote_identifier(next_alias());
  out.sql = "SELECT * FROM (VALUES " + list + ") AS " + alias + '(' +
            joined(unique_names(out.columns), quote_identifier) + ')';
  return out;
}

Result<QueryText> Translator::select(const ast::Select& s, const ast::Query& q,
                                     const NameScope* outer) {
  SelectState state;
  SelectState* const enclosing = std::exchange(select_, nullptr);
  struct Restore {
    SelectState*& place;
    SelectState* value;
    ~Restore() { place = value; }
  } const restore{select_, enclosing};

  RelationText from;
  if (s.from) {
    WEIR_TRY(from, relation(*s.from, outer));
  }
  const NameScope scope{std::move(from.fields), outer};
  state.scope = &scope;
  std::string tail;
  if (s.from) tail += " FROM " + from.sql;
  if (s.where) {
    WEIR_TRY(const std::string condition, where(*s.where, scope));
    tail += " WHERE " + condition;
  }
  select_ = &state;
  if (!s.group_by.empty()) {
    WEIR_TRY(const std::string keys, group_by(s, scope));
    tail += " GROUP BY " + keys;
  }
  state.ungrouped.clear();
  WEIR_TRY(const std::vector<Item> list, items(s, scope));
  if (s.having) {
    state.has_aggregate = true;
    WEIR_TRY(const std::string condition, boolean(*s.having, scope, "HAVING clause"));
    tail += " HAVING " + condition;
  }
  if (!s.windows.empty()) {
    std::string text;
    for (const auto& [name, definition] : s.windows) {
      WEIR_TRY(const std::string one, window(definition, scope));
      text +=
          (text.empty() ? "" : ", ") + quote_identifier(to_lower(name.text)) + " AS (" + one + ')';
    }
    tail += " WINDOW " + text;
  }
  WEIR_TRY(const std::string order, order_by(q.order_by, list, scope));
  if (!s.group_by.empty() || state.has_aggregate) WEIR_CHECK(check_grouping(state));

  QueryText out;
  for (const Item& item : list) out.columns.push_back({item.label, item.value.type});
  const std::vector<std::string> names = unique_names(out.columns);
  std::string columns;
  for (std::size_t i = 0; i < list.size(); ++i) {
    columns += (i == 0 ? "" : ", ") + list[i].value.sql + " AS " + quote_identifier(names[i]);
  }
  out.sql = std::string("SELECT ") + (s.distinct ? "DISTINCT " : "") + columns + tail + order;
  WEIR_TRY(const std::string count, limit(q));
  out.sql += count;
  return out;
}

Result<void> Translator::check_grouping(const SelectState& state) const {
  if (state.ungrouped.empty()) return {};
  const ast::Identifier& first = state.ungrouped[0];
  return sql_error(
      "EXPRESSION_NOT_AGGREGATE", first.at,
      '\'' + first.text + "' must be an aggregate expression or appear in GROUP BY clause");
}

Result<std::string> Translator::where(const ast::Expression& condition, const NameScope& scope) {
  WEIR_TRY(std::string text, boolean(condition, scope, "WHERE clause"));
  prune(condition, scope);
  return text;
}

void Translator::prune(const ast::Expression& condition, const NameScope& scope) {
  if (condition.kind == Kind::binary_op && condition.op == "AND") {
    for (const auto& part : condition.arguments) prune(*part, scope);
    return;
  }
  touched_.clear();
  touched_query_ = false;
  const std::size_t reads = reads_.size();
  const auto text = expression(condition, scope);
  reads_.resize(reads);
  if (!text || touched_.empty() || touched_query_) return;
  const int read = touched_[0].read;
  const bool prunes =
      read >= 0 && std::all_of(touched_.begin(), touched_.end(), [&](const Touched& column) {
        return column.read == read && column.is_partition;
      });
  if (prunes) reads_[static_cast<std::size_t>(read)].predicates.push_back(text->sql);
}

Result<std::string> Translator::group_by(const ast::Select& s, const NameScope& scope) {
  using Element = ast::GroupingElement::Kind;
  std::string out;
  for (const ast::GroupingElement& element : s.group_by) {
    std::string text;
    for (const auto& set : element.sets) {
      const bool nested = element.kind == Element::sets || set.size() != 1;
      WEIR_TRY(const std::string one, grouping_set(set, s, scope, nested));
      text += (text.empty() ? "" : ", ") + one;
    }
    if (element.kind == Element::rollup) text = "ROLLUP (" + text + ')';
    if (element.kind == Element::cube) text = "CUBE (" + text + ')';
    if (element.kind == Element::sets) text = "GROUPING SETS (" + text + ')';
    out += (out.empty() ? "" : ", ") + text;
  }
  return out;
}

Result<std::string> Translator::grouping_set(const std::vector<ast::ExpressionPtr>& set,
                                             const ast::Select& s, const NameScope& scope,
                                             bool parentheses) {
  std::string out;
  for (const auto& one : set) {
    const ast::Expression* key = one.get();
    if (const auto number = ordinal(*one)) {
      if (*number == 0 || *number > s.items.size() || !s.items[*number - 1].expression) {
        return sql_error("INVALID_COLUMN_REFERENCE", one->at,
                         "GROUP BY position " + one->text + " is not in select list");
      }
      key = s.items[*number - 1].expression.get();
    }
    const bool had_aggregate = std::exchange(select_->has_aggregate, false);
    WEIR_TRY(const Typed text, expression(*key, scope));
    if (std::exchange(select_->has_aggregate, had_aggregate)) {
      return sql_error("EXPRESSION_NOT_SCALAR", one->at,
                       "GROUP BY clause cannot contain aggregations, window functions or grouping "
                       "operations: [" +
                           text.sql + ']');
    }
    select_->group_keys.insert(text.sql);
    out += (out.empty() ? "" : ", ") + text.sql;
  }
  return parentheses ? '(' + out + ')' : out;
}

Result<std::vector<Translator::Item>> Translator::items(const ast::Select& s,
                                                        const NameScope& scope) {
  std::vector<Item> out;
  for (const ast::SelectItem& item : s.items) {
    if (!item.expression) {
      WEIR_CHECK(star(item, scope, out));
      continue;
    }
    Item one;
    WEIR_TRY(one.value, expression(*item.expression, scope));
    if (one.value.type.is(SqlType::Kind::function)) {
      return sql_error("TYPE_MISMATCH", item.at,
                       "Lambda expression should always be used inside a function");
    }
    const ast::Expression& e = *item.expression;
    one.is_aliased = item.alias.has_value();
    if (item.alias) {
      one.label = item.alias->text;
    } else if ((e.kind == Kind::column || e.kind == Kind::dereference) && !e.name.empty()) {
      one.label = e.name.back().text;
    } else {
      one.label = "_col" + std::to_string(out.size());
    }
    out.push_back(std::move(one));
  }
  return out;
}

Result<void> Translator::star(const ast::SelectItem& item, const NameScope& scope,
                              std::vector<Item>& out) {
  const std::size_t before = out.size();
  for (const Field& field : scope.fields) {
    if (field.is_hidden) continue;
    if (!item.qualifier.empty()) {
      const std::size_t n = item.qualifier.size();
      if (to_lower(item.qualifier[n - 1].text) != field.relation) continue;
      if (n > 1 && to_lower(item.qualifier[n - 2].text) != field.database) continue;
    }
    if (select_ != nullptr && select_->scope == &scope &&
        !select_->group_keys.contains(field.sql)) {
      select_->ungrouped.push_back({field.label, item.at, false});
    }
    if (field.read >= 0) reads_[static_cast<std::size_t>(field.read)].columns.insert(field.column);
    out.push_back({{field.sql, field.type}, field.label, false});
  }
  if (out.size() > before) return {};
  if (item.qualifier.empty()) {
    return sql_error("COLUMN_NOT_FOUND", item.at,
                     "SELECT * not allowed in queries without FROM clause");
  }
  return sql_error("TABLE_NOT_FOUND", item.at,
                   "Unable to resolve reference " + item.qualifier.back().text);
}

std::string Translator::sort_suffix(const ast::SortItem& item) {
  std::string out = item.descending ? " DESC" : " ASC";
  return out + (item.nulls_first.value_or(false) ? " NULLS FIRST" : " NULLS LAST");
}

Result<std::string> Translator::order_by(const std::vector<ast::SortItem>& sort,
                                         const std::vector<Item>& list, const NameScope& scope) {
  if (sort.empty()) return std::string();
  // Output names win over input columns, as in Trino; inside an expression they stand for their
  // text.
  NameScope names;
  names.outer = &scope;
  for (const Item& item : list) {
    if (!item.is_aliased) continue;
    Field field;
    field.name = to_lower(item.label);
    field.label = item.label;
    field.type = item.value.type;
    field.sql = item.value.sql;
    names.fields.push_back(std::move(field));
  }
  std::string out;
  for (const ast::SortItem& item : sort) {
    std::string key;
    if (const auto number = ordinal(*item.expression)) {
      if (*number == 0 || *number > list.size()) {
        return sql_error("INVALID_COLUMN_REFERENCE", item.expression->at,
                         "ORDER BY position " + item.expression->text + " is not in select list");
      }
      key = std::to_string(*number);
    } else if (is_plain_name(*item.expression)) {
      const std::string name = to_lower(item.expression->name[0].text);
      const auto found = std::find_if(list.begin(), list.end(),
                                      [&](const Item& one) { return to_lower(one.label) == name; });
      if (found != list.end()) key = std::to_string(found - list.begin() + 1);
    }
    if (key.empty()) {
      WEIR_TRY(const Typed text, expression(*item.expression, names));
      key = text.sql;
    }
    out += (out.empty() ? " ORDER BY " : ", ") + key + sort_suffix(item);
  }
  return out;
}

Result<std::string> Translator::order_outputs(const std::vector<ast::SortItem>& sort,
                                              QueryText& text) {
  // A set operation sorts by what it answers; wrapped into a SELECT, so that expressions are
  // possible.
  const std::string alias = next_alias();
  const std::vector<std::string> names = unique_names(text.columns);
  NameScope scope;
  std::vector<Item> list;
  for (std::size_t i = 0; i < names.size(); ++i) {
    Field field;
    field.name = to_lower(text.columns[i].name);
    field.label = text.columns[i].name;
    field.type = text.columns[i].type;
    field.sql = quote_identifier(alias) + '.' + quote_identifier(names[i]);
    list.push_back({{field.sql, field.type}, field.label, false});
    scope.fields.push_back(std::move(field));
  }
  text.sql = "SELECT * FROM (" + text.sql + ") AS " + quote_identifier(alias) + '(' +
             joined(names, quote_identifier) + ')';
  return order_by(sort, list, scope);
}

Result<std::string> Translator::row_count(const ast::Expression& count) {
  std::string digits = count.text;
  if (count.kind == Kind::parameter) {
    const auto index = static_cast<std::size_t>(count.index);
    digits = index < context_.parameters.size() ? context_.parameters[index] : "";
  }
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || value < 0) {
    return sql_error("INVALID_LIMIT_CLAUSE", count.at, "Invalid limit: " + digits);
  }
  return std::to_string(value);
}

Result<std::string> Translator::limit(const ast::Query& q) {
  std::string out;
  if (q.limit) {
    WEIR_TRY(const std::string count, row_count(*q.limit));
    out += " LIMIT " + count;
  }
  if (q.offset) {
    WEIR_TRY(const std::string count, row_count(*q.offset));
    out += " OFFSET " + count;
  }
  return out;
}

}  // namespace weir::sql
