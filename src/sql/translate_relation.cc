// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "sql/parser.h"
#include "sql/translator_impl.h"

namespace weir::sql {
namespace {

using TK = SqlType::Kind;

std::string quoted_list(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + quote_identifier(name);
  return out;
}

/// What the parts of a table's name say, missing ones filled in.
struct TableName {
  std::string catalog = "awsdatacatalog";
  std::string database;
  std::string table;
};
TableName table_name(const ast::Name& name, const std::string& database) {
  TableName out;
  out.database = to_lower(database);
  const std::size_t n = name.size();
  out.table = to_lower(name[n - 1].text);
  if (n > 1) out.database = to_lower(name[n - 2].text);
  if (n > 2) out.catalog = to_lower(name[n - 3].text);
  return out;
}

}  // namespace

Result<RelationText> Translator::relation(const ast::Relation& r, const NameScope* outer) {
  RelationText out;
  switch (r.kind) {
    case ast::Relation::Kind::table: {
      WEIR_TRY(out, table(r));
      break;
    }
    case ast::Relation::Kind::subquery: {
      WEIR_TRY(out, subquery(r, outer));
      break;
    }
    case ast::Relation::Kind::unnest: {
      WEIR_TRY(out, unnest(r, outer));
      break;
    }
    case ast::Relation::Kind::join: {
      WEIR_TRY(out, join(r, outer));
      break;
    }
  }
  if (!r.sample_method.empty()) {
    WEIR_TRY(const Typed percent, expression(*r.sample_percent, NameScope{}));
    out.sql += " TABLESAMPLE " + r.sample_method + " (" + percent.sql + " PERCENT)";
  }
  return out;
}

/// A relation `sql` with these columns, under a new alias and the names that the query gives.
Result<RelationText> Translator::named(const ast::Relation& r, const std::string& sql,
                                       const std::vector<OutputColumn>& columns,
                                       std::string_view name, std::string_view database) {
  if (!r.column_aliases.empty() && r.column_aliases.size() != columns.size()) {
    return sql_error("MISMATCHED_COLUMN_ALIASES", r.at,
                     "Column alias list has " + std::to_string(r.column_aliases.size()) +
                         " entries but '" + r.alias->text + "' has " +
                         std::to_string(columns.size()) + " columns available");
  }
  RelationText out;
  const std::string alias = next_alias();
  const std::vector<std::string> names = unique_names(columns);
  out.sql = sql + " AS " + quote_identifier(alias) + '(' + quoted_list(names) + ')';
  for (std::size_t i = 0; i < columns.size(); ++i) {
    Field field;
    field.label = r.column_aliases.empty() ? columns[i].name : r.column_aliases[i].text;
    field.name = to_lower(field.label);
    field.type = columns[i].type;
    field.sql = quote_identifier(alias) + '.' + quote_identifier(names[i]);
    field.relation = r.alias ? to_lower(r.alias->text) : std::string(name);
    field.database = r.alias ? "" : std::string(database);
    out.fields.push_back(std::move(field));
  }
  return out;
}

Result<RelationText> Translator::table(const ast::Relation& r) {
  if (r.name.size() > 3) {
    return sql_error("SYNTAX_ERROR", r.at, "Too many dots in table name");
  }
  const TableName name = table_name(r.name, context_.database);
  if (r.name.size() == 1) {
    for (auto known = common_tables_.rbegin(); known != common_tables_.rend(); ++known) {
      if (known->name == name.table) return common_table(r, *known);
    }
  }
  if (name.catalog != "awsdatacatalog") {
    return sql_error("CATALOG_NOT_FOUND", r.at, "Catalog '" + name.catalog + "' does not exist");
  }
  if (name.database == "information_schema") return information_schema(r, name.table);
  WEIR_TRY(const auto database, context_.catalog->database(context_.scope, name.database));
  if (!database && name.database != "default") {
    return sql_error("SCHEMA_NOT_FOUND", r.at, "Schema '" + name.database + "' does not exist");
  }
  WEIR_TRY(auto found, context_.catalog->table(context_.scope, name.database, name.table));
  constexpr std::string_view kPartitions = "$partitions";
  if (!found && name.table.ends_with(kPartitions)) {
    WEIR_TRY(found,
             context_.catalog->table(context_.scope, name.database,
                                     name.table.substr(0, name.table.size() - kPartitions.size())));
    if (found && !found->partition_keys.empty()) return partitions_table(r, *found);
    found.reset();
  }
  if (!found) {
    return sql_error(
        "TABLE_NOT_FOUND", r.at,
        "Table '" + name.catalog + '.' + name.database + '.' + name.table + "' does not exist");
  }
  return found->is_view() ? view(r, *found) : catalog_table(r, *found);
}

Result<RelationText> Translator::common_table(const ast::Relation& r, const CommonTable& known) {
  return named(r, quote_identifier(known.alias), known.columns, known.name, "");
}

Result<RelationText> Translator::catalog_table(const ast::Relation& r, const Table& found) {
  TableRead read;
  read.table = found;
  read.view = "weir_t" + std::to_string(reads_.size());
  std::vector<OutputColumn> columns;
  for (const auto* list : {&found.columns, &found.partition_keys}) {
    for (const Column& column : *list) {
      WEIR_TRY(SqlType type, parse_hive_type(column.type));
      columns.push_back({column.name, std::move(type)});
    }
  }
  // The view has the columns of the table, the keys of the partitions, and last "$path".
  columns.push_back({"$path", TK::varchar});
  ast::Relation plain;
  plain.at = r.at;
  plain.alias = r.alias;
  WEIR_TRY(RelationText out,
           named(plain, quote_identifier(read.view), columns, found.name, found.database));
  if (!r.column_aliases.empty() && r.column_aliases.size() + 1 != columns.size()) {
    return sql_error("MISMATCHED_COLUMN_ALIASES", r.at,
                     "Column alias list has " + std::to_string(r.column_aliases.size()) +
                         " entries but '" + r.alias->text + "' has " +
                         std::to_string(columns.size() - 1) + " columns available");
  }
  for (std::size_t i = 0; i < out.fields.size(); ++i) {
    Field& field = out.fields[i];
    field.read = static_cast<int>(reads_.size());
    field.column = columns[i].name;
    field.is_partition = i >= found.columns.size() && i + 1 < out.fields.size();
    field.is_hidden = i + 1 == out.fields.size();
    if (i < r.column_aliases.size()) {
      field.label = r.column_aliases[i].text;
      field.name = to_lower(field.label);
    }
  }
  const std::vector<std::string> names = unique_names(columns);
  read.key_columns.assign(names.begin() + static_cast<std::ptrdiff_t>(found.columns.size()),
                          names.end() - 1);
  const std::string& first = out.fields[0].sql;
  read.alias = first.substr(1, first.find('"', 1) - 1);
  reads_.push_back(std::move(read));
  return out;
}

Result<RelationText> Translator::view(const ast::Relation& r, const Table& found) {
  if (view_depth_ >= kViewDepthMax) {
    return sql_error("VIEW_IS_RECURSIVE", r.at,
                     "Statement stack overflow in view '" + found.name + '\'');
  }
  WEIR_TRY(const ast::Statement statement, parse_statement(found.view_text.value_or("")));
  const auto* inner = std::get_if<ast::QueryPtr>(&statement.body);
  if (inner == nullptr) {
    return sql_error("INVALID_VIEW", r.at, "View '" + found.name + "' is not a query");
  }
  // A view sees neither the common tables nor the database of the query that uses it.
  TranslateContext own = context_;
  own.database = found.database;
  Translator nested(own);
  nested.view_depth_ = view_depth_ + 1;
  nested.aliases_ = aliases_;
  nested.reads_ = std::move(reads_);
  auto text = nested.query(**inner, nullptr);
  reads_ = std::move(nested.reads_);
  aliases_ = nested.aliases_;
  if (!text) return std::move(text).error();
  for (std::size_t i = 0; i < text->columns.size() && i < found.columns.size(); ++i) {
    text->columns[i].name = found.columns[i].name;
  }
  return named(r, '(' + text->sql + ')', text->columns, found.name, found.database);
}

RelationText Translator::constant_rows(
    const std::vector<OutputColumn>& columns,
    const std::vector<std::vector<std::optional<std::string>>>& rows) const {
  std::string list;
  for (const auto& row : rows) {
    std::string cells;
    for (std::size_t i = 0; i < row.size(); ++i) {
      cells += (i == 0 ? "CAST(" : ", CAST(") + (row[i] ? quote_string(*row[i]) : "NULL") + " AS " +
               duckdb_name(columns[i].type) + ')';
    }
    list += (list.empty() ? "(" : ", (") + cells + ')';
  }
  RelationText out;
  if (!list.empty()) {
    out.sql = "(VALUES " + list + ')';
    return out;
  }
  for (const OutputColumn& column : columns) {
    list += (list.empty() ? "CAST(NULL AS " : ", CAST(NULL AS ") + duckdb_name(column.type) + ')';
  }
  out.sql = "(SELECT " + list + " WHERE false)";
  return out;
}

Result<RelationText> Translator::partitions_table(const ast::Relation& r, const Table& found) {
  std::vector<OutputColumn> columns;
  for (const Column& key : found.partition_keys) {
    WEIR_TRY(SqlType type, parse_hive_type(key.type));
    columns.push_back({key.name, std::move(type)});
  }
  WEIR_TRY(const auto partitions, context_.catalog->partitions(context_.scope, found));
  std::vector<std::vector<std::optional<std::string>>> rows;
  for (const Partition& partition : partitions) {
    rows.emplace_back(partition.values.begin(), partition.values.end());
  }
  return named(r, constant_rows(columns, rows).sql, columns, found.name + "$partitions",
               found.database);
}

Result<RelationText> Translator::information_schema(const ast::Relation& r, std::string_view name) {
  const auto text = [](std::initializer_list<std::string_view> names) {
    std::vector<OutputColumn> out;
    for (const std::string_view one : names) out.push_back({std::string(one), TK::varchar});
    return out;
  };
  const std::string catalog = "awsdatacatalog";
  std::vector<OutputColumn> columns;
  std::vector<std::vector<std::optional<std::string>>> rows;
  WEIR_TRY(const auto databases, context_.catalog->databases(context_.scope));
  if (name == "schemata") {
    columns = text({"catalog_name", "schema_name"});
    for (const Database& database : databases) rows.push_back({catalog, database.name});
  } else if (name == "tables" || name == "columns" || name == "views") {
    columns = name == "tables" ? text({"table_catalog", "table_schema", "table_name", "table_type"})
              : name == "views"
                  ? text({"table_catalog", "table_schema", "table_name", "view_definition"})
                  : text({"table_catalog", "table_schema", "table_name", "column_name",
                          "ordinal_position", "column_default", "is_nullable", "data_type"});
    if (name == "columns") columns[4].type = TK::bigint;
    for (const Database& database : databases) {
      WEIR_TRY(const auto tables, context_.catalog->tables(context_.scope, database.name));
      for (const Table& one : tables) {
        if (name == "tables") {
          rows.push_back({catalog, database.name, one.name, one.is_view() ? "VIEW" : "BASE TABLE"});
        } else if (name == "views" && one.is_view()) {
          rows.push_back({catalog, database.name, one.name, one.view_text});
        } else if (name == "columns") {
          int position = 0;
          for (const auto* list : {&one.columns, &one.partition_keys}) {
            for (const Column& column : *list) {
              WEIR_TRY(const SqlType type, parse_hive_type(column.type));
              rows.push_back({catalog, database.name, one.name, column.name,
                              std::to_string(++position), std::nullopt, "YES", trino_name(type)});
            }
          }
        }
      }
    }
  } else {
    return sql_error(
        "TABLE_NOT_FOUND", r.at,
        "Table 'awsdatacatalog.information_schema." + std::string(name) + "' does not exist");
  }
  return named(r, constant_rows(columns, rows).sql, columns, name, "information_schema");
}

Result<RelationText> Translator::subquery(const ast::Relation& r, const NameScope* outer) {
  WEIR_TRY(const QueryText text, query(*r.query, outer));
  return named(r, (r.lateral ? "LATERAL (" : "(") + text.sql + ')', text.columns, "", "");
}

Result<RelationText> Translator::unnest(const ast::Relation& r, const NameScope* outer) {
  // DuckDB unnests side by side in one SELECT list and pads with NULL, as Trino does.
  NameScope scope;
  scope.outer = outer;
  std::string inner;
  std::string longest;
  std::string list;
  std::vector<OutputColumn> columns;
  int made = 0;
  const auto add = [&](const std::string& array, const SqlType& element) {
    const std::string name = quote_identifier("u" + std::to_string(made++));
    inner += (inner.empty() ? "unnest(" : ", unnest(") + array + ") AS " + name;
    longest += (longest.empty() ? "coalesce(len(" : ", coalesce(len(") + array + "), 0)";
    if (!element.is(TK::row)) {
      list += (list.empty() ? "" : ", ") + name;
      columns.push_back({"_col" + std::to_string(columns.size()), element});
      return;
    }
    for (std::size_t i = 0; i < element.arguments.size(); ++i) {
      const bool has_name = !element.fields[i].empty();
      const std::string which = has_name ? quote_string(element.fields[i]) : std::to_string(i + 1);
      list += (list.empty() ? "struct_extract(" : ", struct_extract(") + name + ", " + which + ')';
      columns.push_back({has_name ? element.fields[i] : "_col" + std::to_string(columns.size()),
                         element.arguments[i]});
    }
  };
  for (const auto& e : r.unnested) {
    WEIR_TRY(const Typed value, expression(*e, scope));
    if (value.type.is(TK::map)) {
      add("map_keys(" + value.sql + ')', value.type.arguments[0]);
      add("map_values(" + value.sql + ')', value.type.arguments[1]);
    } else if (value.type.is(TK::array)) {
      add(value.sql, value.type.arguments[0]);
    } else if (!value.type.is_known()) {
      add(value.sql, SqlType());
    } else {
      return sql_error("INVALID_FUNCTION_ARGUMENT", e->at,
                       "Cannot unnest type: " + trino_name(value.type));
    }
  }
  if (r.ordinality) {
    const std::string name = quote_identifier("u" + std::to_string(made));
    inner += ", unnest(generate_series(1, " + (made > 1 ? "greatest(" + longest + ')' : longest) +
             ")) AS " + name;
    list += ", " + name;
    columns.push_back({"ordinality", TK::bigint});
  }
  return named(r, "LATERAL (SELECT " + list + " FROM (SELECT " + inner + "))", columns, "", "");
}

Result<RelationText> Translator::join(const ast::Relation& r, const NameScope* outer) {
  if (r.natural) return sql_error("NOT_SUPPORTED", r.at, "Natural join not supported");
  WEIR_TRY(RelationText left, relation(*r.left, outer));
  // Only UNNEST and LATERAL see the left side.
  NameScope beside{left.fields, outer};
  const bool sees_left = r.right->kind == ast::Relation::Kind::unnest || r.right->lateral;
  WEIR_TRY(RelationText right, relation(*r.right, sees_left ? &beside : outer));

  // Rows of a side that may be filled up with NULL must not be dropped beforehand by its partition.
  const auto keep = [](std::vector<Field>& fields) {
    for (Field& field : fields) field.is_partition = false;
  };
  if (r.join == "LEFT" || r.join == "FULL") keep(right.fields);
  if (r.join == "RIGHT" || r.join == "FULL") keep(left.fields);

  RelationText out;
  const bool nested = r.right->kind == ast::Relation::Kind::join;
  out.sql = left.sql + ' ' + r.join + " JOIN " + (nested ? '(' + right.sql + ')' : right.sql);
  if (!r.using_columns.empty()) {
    WEIR_TRY(const std::string condition, join_using(r, left, right));
    out.sql += " ON " + condition;
  }
  out.fields = std::move(left.fields);
  std::move(right.fields.begin(), right.fields.end(), std::back_inserter(out.fields));
  if (r.on) {
    const NameScope both{out.fields, outer};
    WEIR_TRY(const std::string condition, boolean(*r.on, both, "JOIN ON clause"));
    if (r.join == "INNER") prune(*r.on, both);
    out.sql += " ON " + condition;
  }
  return out;
}

Result<std::string> Translator::join_using(const ast::Relation& r, RelationText& left,
                                           RelationText& right) {
  std::string condition;
  std::vector<Field> shared;
  for (const ast::Identifier& column : r.using_columns) {
    const std::string name = to_lower(column.text);
    const auto take = [&](std::vector<Field>& fields, std::string_view side) -> Result<Field> {
      const auto found = std::find_if(fields.begin(), fields.end(),
                                      [&](const Field& f) { return f.name == name; });
      if (found == fields.end()) {
        return sql_error(
            "COLUMN_NOT_FOUND", column.at,
            "Column '" + column.text + "' is missing from " + std::string(side) + " side of join");
      }
      Field field = *found;
      if (field.read >= 0)
        reads_[static_cast<std::size_t>(field.read)].columns.insert(field.column);
      fields.erase(found);
      return field;
    };
    WEIR_TRY(Field a, take(left.fields, "left"));
    WEIR_TRY(const Field b, take(right.fields, "right"));
    if (!common_type(a.type, b.type)) {
      return sql_error("TYPE_MISMATCH", column.at,
                       "Cannot apply operator: " + trino_name(a.type) + " = " + trino_name(b.type));
    }
    condition += (condition.empty() ? "(" : " AND (") + a.sql + " = " + b.sql + ')';
    a.relation.clear();
    if (r.join == "RIGHT") a.sql = b.sql;
    if (r.join == "FULL") a.sql = "coalesce(" + a.sql + ", " + b.sql + ')';
    shared.push_back(std::move(a));
  }
  left.fields.insert(left.fields.begin(), std::make_move_iterator(shared.begin()),
                     std::make_move_iterator(shared.end()));
  return condition;
}

}  // namespace weir::sql
