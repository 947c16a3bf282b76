// SPDX-License-Identifier: Apache-2.0
#include "sql/ddl.h"

#include <algorithm>
#include <map>
#include <set>

#include "sql/functions.h"
#include "sql/partitions.h"
#include "sql/result_files.h"
#include "sql/table_format.h"
#include "sql/translator_impl.h"

namespace weir::sql {
namespace {

constexpr std::string_view kTaskFailed =
    "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. ";

Error hive_error(std::string_view code, std::string message) {
  return {ErrorKind::invalid, std::string(code), std::move(message)};
}

std::string padded(std::string text) {
  constexpr std::size_t kWidth = 20;
  if (text.size() < kWidth) text.resize(kWidth, ' ');
  return text;
}

DdlResult lines(std::initializer_list<std::string> columns, std::vector<std::string> rows) {
  DdlResult out;
  for (const std::string& name : columns) out.columns.push_back(text_column(name));
  out.rows = std::move(rows);
  return out;
}

std::string describe_row(const Column& column) {
  return padded(column.name) + '\t' + padded(column.type) + '\t' +
         padded(column.comment.value_or(""));
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') out += '\\';
    out += c;
  }
  return out;
}

void append_columns(std::vector<std::string>& out, const std::vector<Column>& columns) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    std::string line = "  `" + columns[i].name + "` " + columns[i].type;
    if (columns[i].comment) line += " COMMENT '" + escaped(*columns[i].comment) + '\'';
    out.push_back(line + (i + 1 < columns.size() ? ", " : ")"));
  }
}

void append_properties(std::vector<std::string>& out,
                       const std::map<std::string, std::string>& properties, std::string_view end) {
  std::size_t left = properties.size();
  for (const auto& [key, value] : properties) {
    out.push_back("  '" + escaped(key) + "'='" + escaped(value) + '\'' +
                  (--left > 0 ? ", " : std::string(end)));
  }
}

/// One star may be retried at a time: linear in practice, quadratic at worst.
bool matches_glob(std::string_view name, std::string_view glob) {
  std::size_t n = 0;
  std::size_t g = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_name = 0;
  while (n < name.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      star_name = n;
    } else if (g < glob.size() && glob[g] == name[n]) {
      ++g;
      ++n;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      n = ++star_name;
    } else {
      return false;
    }
  }
  while (g < glob.size() && glob[g] == '*') ++g;
  return g == glob.size();
}

}  // namespace

bool matches_pattern(std::string_view name, std::string_view pattern) {
  constexpr std::size_t kPatternMax = 256;
  std::string text = to_lower(pattern.substr(0, kPatternMax));
  // `a.*` is the regular expression for the same thing.
  for (std::size_t at = text.find(".*"); at != std::string::npos; at = text.find(".*"))
    text.erase(at, 1);
  const std::string lowered = to_lower(name);
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find('|', begin), text.size());
    if (matches_glob(lowered, std::string_view(text).substr(begin, end - begin))) return true;
    begin = end + 1;
  }
  return false;
}

std::vector<std::string> create_table_text(const Table& table) {
  std::vector<std::string> out;
  out.push_back("CREATE EXTERNAL TABLE `" + table.database + '.' + table.name + "`(");
  append_columns(out, table.columns);
  if (table.comment) out.push_back("COMMENT '" + escaped(*table.comment) + '\'');
  if (!table.partition_keys.empty()) {
    out.emplace_back("PARTITIONED BY ( ");
    append_columns(out, table.partition_keys);
  }
  const auto delimiter = table.serde_parameters.find("field.delim");
  if (table.serde.ends_with("LazySimpleSerDe") && delimiter != table.serde_parameters.end()) {
    out.emplace_back("ROW FORMAT DELIMITED ");
    out.push_back("  FIELDS TERMINATED BY '" + escaped(delimiter->second) + "' ");
  } else {
    out.emplace_back("ROW FORMAT SERDE ");
    out.push_back("  '" + table.serde + "' ");
    if (!table.serde_parameters.empty()) {
      out.emplace_back("WITH SERDEPROPERTIES ( ");
      append_properties(out, table.serde_parameters, ") ");
    }
  }
  out.emplace_back("STORED AS INPUTFORMAT ");
  out.push_back("  '" + table.input_format + "' ");
  out.emplace_back("OUTPUTFORMAT ");
  out.push_back("  '" + table.output_format + '\'');
  out.emplace_back("LOCATION");
  out.push_back("  '" + table.location + '\'');
  out.emplace_back("TBLPROPERTIES (");
  append_properties(out, table.parameters, ")");
  return out;
}

Ddl::TableName Ddl::resolve(const ast::Name& name) const {
  TableName out{to_lower(database_), to_lower(name.back().text)};
  if (name.size() > 1) out.database = to_lower(name[name.size() - 2].text);
  return out;
}

Result<Table> Ddl::need_table(const ast::Name& name) const {
  const TableName wanted = resolve(name);
  WEIR_TRY(auto found, catalog_.table(scope_, wanted.database, wanted.table));
  if (found) return *std::move(found);
  return hive_error("TABLE_NOT_FOUND", "FAILED: SemanticException [Error 10001]: Table not found " +
                                           wanted.database + '.' + wanted.table);
}

Result<std::string> Ddl::need_database(const ast::Name& name) const {
  std::string wanted = to_lower(name.empty() ? database_ : name.back().text);
  WEIR_TRY(const auto found, catalog_.database(scope_, wanted));
  if (found) return wanted;
  return hive_error("SCHEMA_NOT_FOUND",
                    "FAILED: SemanticException [Error 10072]: Database does not exist: " + wanted);
}

Result<void> Ddl::check(const ast::Statement& statement) const {
  const ast::Name* name = nullptr;
  if (const auto* describe = std::get_if<ast::Describe>(&statement.body)) name = &describe->name;
  if (const auto* show = std::get_if<ast::Show>(&statement.body)) {
    if (show->kind == ast::Show::Kind::columns) name = &show->name;
  }
  if (name == nullptr) return {};
  const TableName wanted = resolve(*name);
  WEIR_TRY(const auto found, catalog_.table(scope_, wanted.database, wanted.table));
  if (found) return {};
  return Error{ErrorKind::invalid, "INVALID_INPUT",
               "Entity Not Found: Table " + wanted.database + '.' + wanted.table + " not found"};
}

Result<DdlResult> Ddl::run(const ast::Statement& statement) {
  return std::visit(*this, statement.body);
}

Result<DdlResult> Ddl::operator()(const ast::QueryPtr&) {
  return Error{ErrorKind::internal, "GENERIC_INTERNAL_ERROR", "a query is not DDL"};
}
Result<DdlResult> Ddl::operator()(const ast::Explain&) {
  return Error{ErrorKind::internal, "GENERIC_INTERNAL_ERROR", "EXPLAIN is not DDL"};
}

Result<DdlResult> Ddl::operator()(const ast::CreateDatabase& s) {
  WEIR_TRY(const auto found, catalog_.database(scope_, s.name.text));
  if (found && s.if_not_exists) return DdlResult{};
  auto made = catalog_.create_database(
      scope_, {to_lower(s.name.text), s.comment, s.location, s.properties});
  if (made) return DdlResult{};
  if (made.error().kind == ErrorKind::already_exists) {
    return hive_error("SCHEMA_ALREADY_EXISTS",
                      std::string(kTaskFailed) + "Database " + s.name.text + " already exists");
  }
  return std::move(made).error();
}

Result<DdlResult> Ddl::operator()(const ast::DropDatabase& s) {
  auto dropped = catalog_.drop_database(scope_, s.name.text, s.cascade);
  if (dropped) return DdlResult{};
  if (dropped.error().kind == ErrorKind::not_found) {
    if (s.if_exists) return DdlResult{};
    return hive_error(
        "SCHEMA_NOT_FOUND",
        "FAILED: SemanticException [Error 10072]: Database does not exist: " + s.name.text);
  }
  if (dropped.error().kind == ErrorKind::conflict) {
    return hive_error("SCHEMA_NOT_EMPTY",
                      std::string(kTaskFailed) + "InvalidOperationException(message:Database " +
                          s.name.text + " is not empty. One or more tables exist.)");
  }
  return std::move(dropped).error();
}

Result<DdlResult> Ddl::operator()(const ast::CreateTable& s) {
  Table table = s.table;
  const TableName name = resolve(s.name);
  table.database = name.database;
  table.name = name.table;
  table.created = now_;
  if (!parse_s3(table.location)) {
    return hive_error("INVALID_TABLE_PROPERTY",
                      std::string(kTaskFailed) +
                          "MetaException(message:Location is not an S3 path: " + table.location +
                          ')');
  }
  if (table.serde.empty()) table.serde = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe";
  if (table.input_format.empty()) {
    table.input_format = "org.apache.hadoop.mapred.TextInputFormat";
    table.output_format = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat";
  }
  table.parameters["EXTERNAL"] = "TRUE";
  table.parameters["transient_lastDdlTime"] = std::to_string(now_.seconds());
  std::set<std::string> seen;
  for (const Column& column : table.columns) {
    if (!seen.insert(column.name).second) {
      return hive_error(
          "DUPLICATE_COLUMN_NAME",
          "FAILED: SemanticException [Error 10036]: Duplicate column name: " + column.name);
    }
  }
  for (const Column& key : table.partition_keys) {
    if (!seen.insert(key.name).second) {
      return hive_error(
          "DUPLICATE_COLUMN_NAME",
          "FAILED: SemanticException [Error 10035]: Column repeated in partitioning columns");
    }
  }
  WEIR_CHECK(table_format(table));
  auto made = catalog_.create_table(scope_, table);
  if (made) return DdlResult{};
  switch (made.error().kind) {
    case ErrorKind::already_exists:
      if (s.if_not_exists) return DdlResult{};
      return hive_error("TABLE_ALREADY_EXISTS", std::string(kTaskFailed) +
                                                    "AlreadyExistsException(message:Table " +
                                                    table.name + " already exists)");
    case ErrorKind::not_found:
      return hive_error(
          "SCHEMA_NOT_FOUND",
          "FAILED: SemanticException [Error 10072]: Database does not exist: " + table.database);
    default:
      return std::move(made).error();
  }
}

Result<DdlResult> Ddl::operator()(const ast::CreateView& s) {
  TranslateContext context{&catalog_, scope_, database_, now_, {}};
  WEIR_TRY(const Translation query, translate(*s.query, context));
  const TableName name = resolve(s.name);
  Table view;
  view.database = name.database;
  view.name = name.table;
  view.type = "VIRTUAL_VIEW";
  view.created = now_;
  view.view_text = s.text;
  view.parameters = {{"presto_view", "true"}, {"comment", "Presto View"}};
  for (const OutputColumn& column : query.columns) {
    view.columns.push_back({to_lower(column.name), hive_name(column.type), std::nullopt});
  }
  WEIR_TRY(const auto found, catalog_.table(scope_, view.database, view.name));
  if (found && !(s.replace && found->is_view())) {
    return sql_error("TABLE_ALREADY_EXISTS", s.name[0].at,
                     (found->is_view() ? "View '" : "Table '") +
                         ("awsdatacatalog." + view.database) + '.' + view.name +
                         "' already exists");
  }
  if (found) {
    WEIR_CHECK(catalog_.update_table(scope_, view));
    return DdlResult{};
  }
  auto made = catalog_.create_table(scope_, view);
  if (made) return DdlResult{};
  if (made.error().kind != ErrorKind::not_found) return std::move(made).error();
  return sql_error("SCHEMA_NOT_FOUND", s.name[0].at,
                   "Schema '" + view.database + "' does not exist");
}

Result<DdlResult> Ddl::operator()(const ast::DropTable& s) {
  const TableName name = resolve(s.name);
  WEIR_TRY(const auto found, catalog_.table(scope_, name.database, name.table));
  const bool fits = found && found->is_view() == s.view;
  if (!fits) {
    if (s.if_exists) return DdlResult{};
    if (s.view) {
      return sql_error(
          "TABLE_NOT_FOUND", s.name[0].at,
          "View 'awsdatacatalog." + name.database + '.' + name.table + "' does not exist");
    }
    return hive_error("TABLE_NOT_FOUND",
                      "FAILED: SemanticException [Error 10001]: Table not found " + name.database +
                          '.' + name.table);
  }
  WEIR_CHECK(catalog_.drop_table(scope_, name.database, name.table));
  return DdlResult{};
}

Result<Partition> Ddl::partition_of(const Table& table, const ast::PartitionSpec& spec,
                                    const std::optional<std::string>& location) const {
  Partition out;
  for (const Column& key : table.partition_keys) {
    const auto found = std::find_if(spec.begin(), spec.end(),
                                    [&](const auto& one) { return one.first == key.name; });
    if (found == spec.end() || spec.size() != table.partition_keys.size()) {
      return hive_error(
          "INVALID_PARTITION_SPEC",
          "FAILED: SemanticException [Error 10006]: Partition spec does not name the partition "
          "columns of " +
              table.database + '.' + table.name);
    }
    out.values.push_back(found->second);
  }
  if (out.values.empty()) {
    return hive_error(
        "INVALID_PARTITION_SPEC",
        "FAILED: SemanticException Table is not partitioned: " + table.database + '.' + table.name);
  }
  out.location =
      location ? *location : as_folder(table.location) + partition_name(table, out) + '/';
  if (!parse_s3(out.location)) {
    return hive_error("INVALID_PARTITION_SPEC",
                      std::string(kTaskFailed) +
                          "MetaException(message:Location is not an S3 path: " + out.location +
                          ')');
  }
  return out;
}

Result<DdlResult> Ddl::operator()(const ast::AlterTable& s) {
  using Alter = ast::AlterTable::Kind;
  WEIR_TRY(Table table, need_table(s.name));
  std::vector<Partition> partitions;
  for (const auto& [spec, location] : s.partitions) {
    WEIR_TRY(Partition one, partition_of(table, spec, location));
    partitions.push_back(std::move(one));
  }
  switch (s.kind) {
    case Alter::add_partition: {
      if (!s.if_exists) {
        WEIR_TRY(const auto known, catalog_.partitions(scope_, table));
        const bool repeats = std::any_of(known.begin(), known.end(), [&](const Partition& old) {
          return std::any_of(partitions.begin(), partitions.end(),
                             [&](const Partition& one) { return one.values == old.values; });
        });
        if (repeats) {
          return hive_error("PARTITION_ALREADY_EXISTS",
                            std::string(kTaskFailed) +
                                "AlreadyExistsException(message:Partition already exists.)");
        }
      }
      WEIR_CHECK(catalog_.add_partitions(scope_, table, partitions));
      return DdlResult{};
    }
    case Alter::drop_partition: {
      WEIR_TRY(const std::size_t dropped, catalog_.drop_partitions(scope_, table, partitions));
      if (dropped < partitions.size() && !s.if_exists) {
        return hive_error("PARTITION_NOT_FOUND",
                          "FAILED: SemanticException [Error 10006]: Partition not found");
      }
      return DdlResult{};
    }
    case Alter::set_location:
      if (!parse_s3(s.location)) {
        return hive_error("INVALID_TABLE_PROPERTY",
                          std::string(kTaskFailed) +
                              "MetaException(message:Location is not an S3 path: " + s.location +
                              ')');
      }
      table.location = s.location;
      break;
    case Alter::set_properties:
      for (const auto& [key, value] : s.properties) table.parameters[key] = value;
      break;
    case Alter::add_columns:
      table.columns.insert(table.columns.end(), s.columns.begin(), s.columns.end());
      break;
    case Alter::replace_columns:
      table.columns = s.columns;
      break;
  }
  table.parameters["transient_lastDdlTime"] = std::to_string(now_.seconds());
  WEIR_CHECK(catalog_.update_table(scope_, table));
  return DdlResult{};
}

Result<DdlResult> Ddl::operator()(const ast::RepairTable& s) {
  WEIR_TRY(const Table table, need_table(s.name));
  const auto location = parse_s3(table.location);
  if (!location)
    return hive_error("INVALID_TABLE_PROPERTY",
                      "FAILED: Location is not an S3 path: " + table.location);
  const std::string root = as_folder(location->key);
  std::map<std::vector<std::string>, std::string> found;
  const auto listed =
      objects_.list(scope_, location->bucket, root, [&](const ObjectFiles::Entry& entry) {
        std::size_t length = 0;
        const std::string_view path = std::string_view(entry.key).substr(root.size());
        if (auto values = hive_values(table, path, length)) {
          found.emplace(*std::move(values), "s3://" + location->bucket + '/' +
                                                entry.key.substr(0, root.size() + length));
        }
        return found.size() < kPartitionsPerRepairMax;
      });
  if (!listed) {
    return hive_error("HIVE_FILESYSTEM_ERROR", std::string(kTaskFailed) + listed.error().message);
  }
  WEIR_TRY(const auto known, catalog_.partitions(scope_, table));
  for (const Partition& old : known) found.erase(old.values);
  std::vector<Partition> added;
  std::string names;
  for (const auto& [values, folder] : found) {
    added.push_back({values, folder});
    names += '\t' + table.name + ':' + partition_name(table, added.back());
  }
  WEIR_CHECK(catalog_.add_partitions(scope_, table, added));
  DdlResult out;
  if (added.empty()) return out;
  out.rows.push_back("Partitions not in metastore:" + names);
  for (const Partition& one : added) {
    out.rows.push_back("Repair: Added partition to metastore " + table.name + ':' +
                       partition_name(table, one));
  }
  return out;
}

Result<DdlResult> Ddl::operator()(const ast::Show& s) {
  using What = ast::Show::Kind;
  switch (s.kind) {
    case What::databases:
    case What::tables:
    case What::views:
    case What::functions:
      return show_objects(s);
    default:
      return show_table(s);
  }
}

Result<DdlResult> Ddl::show_objects(const ast::Show& s) const {
  using What = ast::Show::Kind;
  const auto wanted = [&](const std::string& name) {
    return !s.pattern || matches_pattern(name, *s.pattern);
  };
  std::vector<std::string> rows;
  if (s.kind == What::databases) {
    WEIR_TRY(const auto databases, catalog_.databases(scope_));
    for (const Database& one : databases) {
      if (wanted(one.name)) rows.push_back(one.name);
    }
    return lines({"database_name"}, std::move(rows));
  }
  if (s.kind == What::functions) {
    for (const Function& one : functions()) {
      if ((rows.empty() || rows.back() != one.name) && wanted(std::string(one.name)))
        rows.emplace_back(one.name);
    }
    return lines({"Function"}, std::move(rows));
  }
  WEIR_TRY(const std::string database, need_database(s.name));
  WEIR_TRY(const auto tables, catalog_.tables(scope_, database));
  for (const Table& one : tables) {
    if (wanted(one.name) && (s.kind == What::tables || one.is_view())) rows.push_back(one.name);
  }
  return lines({s.kind == What::tables ? "tab_name" : "views"}, std::move(rows));
}

Result<DdlResult> Ddl::show_table(const ast::Show& s) const {
  using What = ast::Show::Kind;
  WEIR_TRY(const Table table, need_table(s.name));
  std::vector<std::string> rows;
  switch (s.kind) {
    case What::columns:
      for (const auto* list : {&table.columns, &table.partition_keys}) {
        for (const Column& column : *list) rows.push_back(padded(column.name));
      }
      return lines({"field"}, std::move(rows));
    case What::partitions: {
      if (table.partition_keys.empty()) {
        return hive_error("NOT_SUPPORTED", std::string(kTaskFailed) + "Table " + table.name +
                                               " is not a partitioned table");
      }
      WEIR_TRY(const auto partitions, catalog_.partitions(scope_, table));
      for (const Partition& one : partitions) rows.push_back(partition_name(table, one));
      return lines({"partition"}, std::move(rows));
    }
    case What::properties:
      for (const auto& [key, value] : table.parameters) {
        if (!s.pattern || key == *s.pattern) rows.push_back(key + '\t' + value);
      }
      return lines({"prpt_name", "prpt_value"}, std::move(rows));
    case What::create_view:
      if (!table.is_view()) {
        return hive_error("NOT_SUPPORTED",
                          "FAILED: SemanticException " + table.name + " is not a view");
      }
      rows = {"CREATE VIEW awsdatacatalog." + table.database + '.' + table.name + " AS",
              table.view_text.value_or("")};
      return lines({"create view"}, std::move(rows));
    default:
      if (table.is_view()) {
        return hive_error("NOT_SUPPORTED",
                          "FAILED: SemanticException " + table.name + " is a view");
      }
      return lines({"createtab_stmt"}, create_table_text(table));
  }
}

Result<DdlResult> Ddl::operator()(const ast::Describe& s) {
  WEIR_TRY(const Table table, need_table(s.name));
  std::vector<std::string> rows;
  for (const Column& column : table.columns) rows.push_back(describe_row(column));
  if (!table.partition_keys.empty()) {
    for (const Column& key : table.partition_keys) rows.push_back(describe_row(key));
    rows.emplace_back("\t \t ");
    rows.emplace_back("# Partition Information\t \t ");
    rows.push_back(padded("# col_name") + '\t' + padded("data_type") + '\t' + padded("comment"));
    rows.emplace_back("\t \t ");
    for (const Column& key : table.partition_keys) rows.push_back(describe_row(key));
  }
  if (s.extended) {
    rows.emplace_back("\t \t ");
    rows.emplace_back("# Detailed Table Information\t \t ");
    rows.push_back(padded("Database:") + '\t' + table.database + "\t ");
    rows.push_back(padded("CreateTime:") + '\t' + to_iso8601(table.created) + "\t ");
    rows.push_back(padded("Location:") + '\t' + table.location + "\t ");
    rows.push_back(padded("Table Type:") + '\t' + table.type + "\t ");
    rows.emplace_back("\t \t ");
    rows.emplace_back("# Storage Information\t \t ");
    rows.push_back(padded("SerDe Library:") + '\t' + table.serde + "\t ");
    rows.push_back(padded("InputFormat:") + '\t' + table.input_format + "\t ");
    rows.push_back(padded("OutputFormat:") + '\t' + table.output_format + "\t ");
  }
  return lines({"col_name", "data_type", "comment"}, std::move(rows));
}

}  // namespace weir::sql
