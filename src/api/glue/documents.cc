// SPDX-License-Identifier: Apache-2.0
#include "api/glue/documents.h"

#include <algorithm>
#include <initializer_list>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/base64.h"
#include "base/shape.h"

namespace weir::api::glue {
namespace {

constexpr std::string_view kViewBegin = "/* Presto View: ";
constexpr std::string_view kViewEnd = " */";
constexpr std::string_view kExpandedView = "/* Presto View */";
constexpr std::string_view kStorage = "StorageDescriptor";
constexpr std::string_view kSerde = "SerdeInfo";

using Texts = std::map<std::string, std::string>;

// The members that have a meaning here, each struct as Glue calls it.

struct SerdeInfo {
  std::optional<std::string> library;
  std::optional<Texts> parameters;
  static Shape shape() {
    using S = SerdeInfo;
    static constexpr Member members[] = {optional<&S::library>("SerializationLibrary"),
                                         optional<&S::parameters>("Parameters")};
    return {"SerDeInfo", members};
  }
};

struct StorageDescriptor {
  std::optional<std::vector<sql::Column>> columns;
  std::optional<std::string> location;
  std::optional<std::string> input_format;
  std::optional<std::string> output_format;
  std::optional<SerdeInfo> serde;
  static Shape shape() {
    using S = StorageDescriptor;
    static constexpr Member members[] = {
        optional<&S::columns>("Columns"), optional<&S::location>("Location"),
        optional<&S::input_format>("InputFormat"), optional<&S::output_format>("OutputFormat"),
        optional<&S::serde>("SerdeInfo")};
    return {"StorageDescriptor", members};
  }
};

struct TableInput {
  std::string name;
  std::optional<std::string> description;
  std::optional<StorageDescriptor> storage;
  std::optional<std::vector<sql::Column>> partition_keys;
  std::optional<std::string> view_text;
  std::optional<std::string> view_expanded;
  std::optional<std::string> type;
  std::optional<Texts> parameters;
  static Shape shape() {
    using S = TableInput;
    static constexpr Member members[] = {
        required<&S::name>("Name", length(1, 255)),
        optional<&S::description>("Description", length(0, 2048)),
        optional<&S::storage>("StorageDescriptor"),
        optional<&S::partition_keys>("PartitionKeys"),
        optional<&S::view_text>("ViewOriginalText", length(0, 409600)),
        optional<&S::view_expanded>("ViewExpandedText", length(0, 409600)),
        optional<&S::type>("TableType", length(0, 255)),
        optional<&S::parameters>("Parameters")};
    return {"TableInput", members};
  }
};

struct DatabaseInput {
  std::string name;
  std::optional<std::string> description;
  std::optional<std::string> location;
  std::optional<Texts> parameters;
  static Shape shape() {
    using S = DatabaseInput;
    static constexpr Member members[] = {required<&S::name>("Name", length(1, 255)),
                                         optional<&S::description>("Description", length(0, 2048)),
                                         optional<&S::location>("LocationUri", length(1, 1024)),
                                         optional<&S::parameters>("Parameters")};
    return {"DatabaseInput", members};
  }
};

struct PartitionInput {
  std::optional<std::vector<std::string>> values;
  std::optional<StorageDescriptor> storage;
  static Shape shape() {
    using S = PartitionInput;
    static constexpr Member members[] = {optional<&S::values>("Values"),
                                         optional<&S::storage>("StorageDescriptor")};
    return {"PartitionInput", members};
  }
};

template <class T>
Result<T> read(const Document& input) {
  T value;
  WEIR_CHECK(bind_checked(type_of<T>(), &value, input, {}, "InvalidInputException"));
  return value;
}

void drop(Document& document, std::initializer_list<std::string_view> names) {
  Document::Map* map = document.map();
  if (map == nullptr) return;
  std::erase_if(*map, [&](const Document::Member& member) {
    return std::ranges::find(names, member.first) != names.end();
  });
}

/// The members of a storage descriptor that nobody interprets, where there are any.
void drop_storage(Document& document, std::initializer_list<std::string_view> names) {
  if (document.find(kStorage) == nullptr) return;
  Document& storage = document[kStorage];
  drop(storage, names);
  if (storage.map() != nullptr && storage.map()->empty()) drop(document, {kStorage});
}

Document unless_empty(Document document) {
  if (document.map() == nullptr || document.map()->empty()) return {};
  return document;
}

/// A tree to add members to.
Document tree_of(const Document& other) {
  return other.is_null() ? Document(Document::Map{}) : other;
}

/// The query of a view that Athena or Trino wrote, else the text as it is.
std::string view_query(const std::string& text) {
  if (!text.starts_with(kViewBegin) || !text.ends_with(kViewEnd)) return text;
  const std::size_t size = text.size() - kViewBegin.size() - kViewEnd.size();
  const auto json = base64_decode(std::string_view(text).substr(kViewBegin.size(), size));
  if (!json) return text;
  const auto view = parse_json(*json);
  const Document* query = view ? view->find("originalSql") : nullptr;
  return query != nullptr && query->string() != nullptr ? *query->string() : text;
}

std::string encoded_view(const sql::Table& table) {
  Document::List columns;
  for (const sql::Column& column : table.columns) {
    columns.push_back(Document::Map{{"name", column.name}, {"type", column.type}});
  }
  const Document view = Document::Map{{"originalSql", table.view_text.value_or("")},
                                      {"catalog", "awsdatacatalog"},
                                      {"schema", table.database},
                                      {"columns", std::move(columns)},
                                      {"runAsInvoker", false},
                                      {"properties", Document::Map{}}};
  return std::string(kViewBegin) + base64_encode(to_json(view)) + std::string(kViewEnd);
}

Document columns_document(const std::vector<sql::Column>& columns) {
  Document::List list;
  for (const sql::Column& column : columns) list.push_back(to_document(column));
  return list;
}

/// The part of the tree under `name`, made if there is none.
Document& part(Document& document, std::string_view name) {
  Document& found = document[name];
  if (found.map() == nullptr) found = Document::Map{};
  return found;
}

void write_storage(Document& out, const sql::Table& table, const std::string& location) {
  Document& storage = part(out, kStorage);
  storage["Columns"] = columns_document(table.columns);
  if (!location.empty()) storage["Location"] = location;
  if (!table.input_format.empty()) storage["InputFormat"] = table.input_format;
  if (!table.output_format.empty()) storage["OutputFormat"] = table.output_format;
  if (!table.serde.empty() || !table.serde_parameters.empty()) {
    Document& serde = part(storage, kSerde);
    serde["SerializationLibrary"] = table.serde;
    serde["Parameters"] = to_document(table.serde_parameters);
  }
}

}  // namespace

Result<sql::Database> database_from(const Document& input) {
  WEIR_TRY(DatabaseInput in, read<DatabaseInput>(input));
  sql::Database database{.name = std::move(in.name),
                         .description = std::move(in.description),
                         .location = std::move(in.location),
                         .parameters = std::move(in.parameters).value_or(Texts())};
  Document other = input;
  drop(other, {"Name", "Description", "LocationUri", "Parameters"});
  database.other = unless_empty(std::move(other));
  return database;
}

Result<sql::Table> table_from(const std::string& database, const Document& input) {
  WEIR_TRY(TableInput in, read<TableInput>(input));
  sql::Table table;
  table.database = database;
  table.name = std::move(in.name);
  table.type = in.type.value_or("");
  table.comment = std::move(in.description);
  table.partition_keys = std::move(in.partition_keys).value_or(std::vector<sql::Column>());
  table.parameters = std::move(in.parameters).value_or(Texts());
  if (in.view_text) table.view_text = view_query(*in.view_text);
  if (in.storage) {
    StorageDescriptor& storage = *in.storage;
    table.columns = std::move(storage.columns).value_or(std::vector<sql::Column>());
    table.location = storage.location.value_or("");
    table.input_format = storage.input_format.value_or("");
    table.output_format = storage.output_format.value_or("");
    if (storage.serde) {
      table.serde = storage.serde->library.value_or("");
      table.serde_parameters = std::move(storage.serde->parameters).value_or(Texts());
    }
  }
  Document other = input;
  drop(other,
       {"Name", "Description", "PartitionKeys", "TableType", "Parameters", "ViewOriginalText"});
  if (Document* storage = other.find(kStorage) == nullptr ? nullptr : &other[kStorage]) {
    if (storage->find(kSerde) != nullptr) {
      drop((*storage)[kSerde], {"SerializationLibrary", "Parameters"});
    }
  }
  drop_storage(other, {"Columns", "Location", "InputFormat", "OutputFormat"});
  table.other = unless_empty(std::move(other));
  return table;
}

Result<sql::Partition> partition_from(const Document& input) {
  WEIR_TRY(PartitionInput in, read<PartitionInput>(input));
  sql::Partition partition;
  partition.values = std::move(in.values).value_or(std::vector<std::string>());
  if (in.storage) partition.location = in.storage->location.value_or("");
  Document other = input;
  drop(other, {"Values"});
  drop_storage(other, {"Location"});
  partition.other = unless_empty(std::move(other));
  return partition;
}

Document database_document(const Scope& scope, const sql::Database& database) {
  Document out = tree_of(database.other);
  out["Name"] = database.name;
  if (database.description) out["Description"] = *database.description;
  if (database.location) out["LocationUri"] = *database.location;
  out["Parameters"] = to_document(database.parameters);
  if (database.created) out["CreateTime"] = *database.created;
  out["CatalogId"] = scope.account;
  return out;
}

Document table_document(const Scope& scope, const sql::Table& table) {
  Document out = tree_of(table.other);
  out["Name"] = table.name;
  out["DatabaseName"] = table.database;
  if (table.comment) out["Description"] = *table.comment;
  out["CreateTime"] = table.created;
  out["UpdateTime"] = table.updated.value_or(table.created);
  write_storage(out, table, table.location);
  out["PartitionKeys"] = columns_document(table.partition_keys);
  if (table.view_text) {
    const bool is_of_presto = table.parameters.contains("presto_view");
    out["ViewOriginalText"] = is_of_presto ? encoded_view(table) : *table.view_text;
    if (is_of_presto) out["ViewExpandedText"] = std::string(kExpandedView);
  }
  if (!table.type.empty()) out["TableType"] = table.type;
  out["Parameters"] = to_document(table.parameters);
  out["IsRegisteredWithLakeFormation"] = false;
  out["CatalogId"] = scope.account;
  out["VersionId"] = std::to_string(table.version);
  return out;
}

/// A partition that says nothing of its columns or format has the table's.
Document partition_document(const Scope& scope, const sql::Table& table,
                            const sql::Partition& partition) {
  Document out = tree_of(partition.other);
  Document::List values;
  for (const std::string& value : partition.values) values.push_back(value);
  out["Values"] = std::move(values);
  out["DatabaseName"] = table.database;
  out["TableName"] = table.name;
  if (partition.created) out["CreationTime"] = *partition.created;
  Document like_table{Document::Map{}};
  write_storage(like_table, table, partition.location);
  Document& storage = part(out, kStorage);
  for (auto& [name, value] : *like_table[kStorage].map()) {
    if (storage.find(name) == nullptr) storage[name] = std::move(value);
  }
  if (out.find("Parameters") == nullptr) out["Parameters"] = Document::Map{};
  out["CatalogId"] = scope.account;
  return out;
}

}  // namespace weir::api::glue
