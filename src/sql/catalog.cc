// SPDX-License-Identifier: Apache-2.0
#include "sql/catalog.h"

#include <algorithm>

#include "sql/types.h"

namespace weir::sql {
namespace {

constexpr std::string_view kDefault = "default";

// Names have no control characters and no slashes, so that one key never begins with another
// name's.
std::string database_key(const Scope& scope, std::string_view name) {
  return "athena/" + scope.key() + "d/" + to_lower(name);
}
std::string table_prefix(const Scope& scope, std::string_view database) {
  return "athena/" + scope.key() + "t/" + to_lower(database) + '/';
}
std::string table_key(const Scope& scope, std::string_view database, std::string_view name) {
  return table_prefix(scope, database) + to_lower(name);
}
std::string partition_prefix(const Scope& scope, std::string_view database,
                             std::string_view table) {
  return "athena/" + scope.key() + "p/" + to_lower(database) + '/' + to_lower(table) + '/';
}
std::string partition_key(const std::string& prefix, const std::vector<std::string>& values) {
  std::string key = prefix;
  for (const std::string& value : values) key += value + '\001';
  return key;
}
Result<void> check_values(const Table& table, const Partition& partition) {
  if (partition.values.size() == table.partition_keys.size()) return {};
  return Error{ErrorKind::invalid, "InvalidInputException",
               "The number of partition keys do not match the number of partition values"};
}

Error not_found(std::string text) {
  return {ErrorKind::not_found, "EntityNotFoundException", std::move(text)};
}
Error exists(std::string text) {
  return {ErrorKind::already_exists, "AlreadyExistsException", std::move(text)};
}

Result<void> check_name(std::string_view kind, std::string_view name) {
  const bool fits =
      !name.empty() && name.size() <= 255 &&
      std::all_of(name.begin(), name.end(), [](unsigned char c) { return c >= 0x20 && c != '/'; });
  if (fits) return {};
  return Error{ErrorKind::invalid, "InvalidInputException",
               std::string(kind) +
                   " name must be 1 to 255 characters without slashes: " + std::string(name)};
}

template <class T>
Result<std::optional<T>> read(const store::KvStore& store, const std::string& key) {
  WEIR_TRY(const auto text, store.get(key));
  if (!text) return std::optional<T>();
  WEIR_TRY(T value, from_json_text<T>(*text));
  return std::optional<T>(std::move(value));
}

template <class T>
Result<std::vector<T>> read_all(const store::KvStore& store, const std::string& prefix) {
  std::vector<T> out;
  Result<void> outcome;
  WEIR_CHECK(store.scan(prefix, [&](std::string_view, std::string_view text) {
    auto value = from_json_text<T>(text);
    if (value) {
      out.push_back(*std::move(value));
    } else {
      outcome = std::move(value).error();
    }
    return static_cast<bool>(outcome);
  }));
  WEIR_CHECK(std::move(outcome));
  return out;
}

}  // namespace

Result<std::optional<Database>> Catalog::database(const Scope& scope, std::string_view name) const {
  WEIR_TRY(auto found, read<Database>(store_, database_key(scope, name)));
  if (!found && to_lower(name) == kDefault) found = Database{std::string(kDefault), {}, {}, {}};
  return found;
}

Result<std::vector<Database>> Catalog::databases(const Scope& scope) const {
  WEIR_TRY(auto out, read_all<Database>(store_, "athena/" + scope.key() + "d/"));
  const auto place =
      std::lower_bound(out.begin(), out.end(), kDefault,
                       [](const Database& d, std::string_view name) { return d.name < name; });
  if (place == out.end() || place->name != kDefault) {
    out.insert(place, Database{std::string(kDefault), {}, {}, {}});
  }
  return out;
}

Result<void> Catalog::create_database(const Scope& scope, const Database& made) {
  WEIR_CHECK(check_name("Database", made.name));
  const std::lock_guard lock(writing_);
  Database stored = made;
  stored.name = to_lower(made.name);
  WEIR_TRY(const auto found, database(scope, stored.name));
  if (found) return exists("Database " + stored.name + " already exists");
  return store_.put(database_key(scope, stored.name), to_json_text(stored));
}

Result<void> Catalog::update_database(const Scope& scope, const Database& changed) {
  const std::lock_guard lock(writing_);
  WEIR_TRY(const auto found, database(scope, changed.name));
  if (!found) return not_found("Database " + changed.name + " not found");
  return store_.put(database_key(scope, changed.name), to_json_text(changed));
}

Result<void> Catalog::drop_database(const Scope& scope, std::string_view name, bool cascade) {
  const std::lock_guard lock(writing_);
  WEIR_TRY(const auto found, database(scope, name));
  if (!found) return not_found("Database " + std::string(name) + " not found");
  WEIR_TRY(const auto inside, tables(scope, name));
  if (!inside.empty() && !cascade) {
    return Error{ErrorKind::conflict, "InvalidInputException",
                 "Database " + std::string(name) + " is not empty. One or more tables exist."};
  }
  store::WriteBatch batch;
  batch.erase(database_key(scope, name));
  for (const Table& table : inside) {
    batch.erase(table_key(scope, name, table.name));
    batch.erase_prefix(partition_prefix(scope, name, table.name));
  }
  return store_.write(batch);
}

Result<std::optional<Table>> Catalog::table(const Scope& scope, std::string_view database_name,
                                            std::string_view name) const {
  return read<Table>(store_, table_key(scope, database_name, name));
}

Result<std::vector<Table>> Catalog::tables(const Scope& scope,
                                           std::string_view database_name) const {
  return read_all<Table>(store_, table_prefix(scope, database_name));
}

Result<void> Catalog::create_table(const Scope& scope, const Table& made) {
  WEIR_CHECK(check_name("Table", made.name));
  const std::lock_guard lock(writing_);
  WEIR_TRY(const auto database_found, database(scope, made.database));
  if (!database_found) return not_found("Database " + made.database + " not found");
  WEIR_TRY(const auto found, table(scope, made.database, made.name));
  if (found) return exists("Table " + made.name + " already exists");
  Table stored = made;
  stored.database = to_lower(made.database);
  stored.name = to_lower(made.name);
  return store_.put(table_key(scope, stored.database, stored.name), to_json_text(stored));
}

Result<void> Catalog::update_table(const Scope& scope, const Table& changed, std::int64_t version) {
  const std::lock_guard lock(writing_);
  WEIR_TRY(const auto found, table(scope, changed.database, changed.name));
  if (!found) return not_found("Table " + changed.name + " not found");
  if (version != 0 && version != found->version) {
    return Error{ErrorKind::conflict, "ConcurrentModificationException",
                 "Update table failed due to concurrent modifications."};
  }
  Table stored = changed;
  stored.version = found->version + 1;
  return store_.put(table_key(scope, changed.database, changed.name), to_json_text(stored));
}

Result<void> Catalog::drop_table(const Scope& scope, std::string_view database_name,
                                 std::string_view name) {
  const std::lock_guard lock(writing_);
  WEIR_TRY(const auto found, table(scope, database_name, name));
  if (!found) return not_found("Table " + std::string(name) + " not found");
  store::WriteBatch batch;
  batch.erase(table_key(scope, database_name, name));
  batch.erase_prefix(partition_prefix(scope, database_name, name));
  return store_.write(batch);
}

Result<std::vector<Partition>> Catalog::partitions(const Scope& scope, const Table& of) const {
  std::vector<Partition> all;
  WEIR_CHECK(each_partition(scope, of, {}, [&](Partition partition) {
    all.push_back(std::move(partition));
    return true;
  }));
  return all;
}

Result<void> Catalog::each_partition(const Scope& scope, const Table& of,
                                     const std::vector<std::string>& after,
                                     const std::function<bool(Partition partition)>& visit) const {
  const std::string prefix = partition_prefix(scope, of.database, of.name);
  const std::string from = partition_key(prefix, after);
  const auto cursor = store_.cursor();
  cursor->seek(from);
  if (!after.empty() && cursor->valid() && cursor->key() == from) cursor->next();
  for (; cursor->valid() && cursor->key().starts_with(prefix); cursor->next()) {
    WEIR_TRY(Partition partition, from_json_text<Partition>(cursor->value()));
    if (!visit(std::move(partition))) return {};
  }
  return cursor->status();
}

Result<std::optional<Partition>> Catalog::partition(const Scope& scope, const Table& of,
                                                    const std::vector<std::string>& values) const {
  const std::string prefix = partition_prefix(scope, of.database, of.name);
  return read<Partition>(store_, partition_key(prefix, values));
}

Result<void> Catalog::update_partition(const Scope& scope, const Table& of,
                                       const std::vector<std::string>& values,
                                       const Partition& changed) {
  const std::lock_guard lock(writing_);
  const std::string prefix = partition_prefix(scope, of.database, of.name);
  WEIR_TRY(const auto found, partition(scope, of, values));
  if (!found) return not_found("Partition not found.");
  store::WriteBatch batch;
  if (changed.values != values) {
    WEIR_CHECK(check_values(of, changed));
    WEIR_TRY(const auto in_the_way, partition(scope, of, changed.values));
    if (in_the_way) return exists("Partition already exists.");
    batch.erase(partition_key(prefix, values));
  }
  batch.put(partition_key(prefix, changed.values), to_json_text(changed));
  return store_.write(batch);
}

Result<std::size_t> Catalog::add_partitions(const Scope& scope, const Table& of,
                                            const std::vector<Partition>& added) {
  const std::lock_guard lock(writing_);
  const std::string prefix = partition_prefix(scope, of.database, of.name);
  store::WriteBatch batch;
  std::size_t count = 0;
  for (const Partition& partition : added) {
    WEIR_CHECK(check_values(of, partition));
    const std::string key = partition_key(prefix, partition.values);
    WEIR_TRY(const auto found, store_.get(key));
    if (found) continue;
    batch.put(key, to_json_text(partition));
    if (++count > kPartitionsMax) {
      return Error{ErrorKind::limit, "ResourceNumberLimitExceededException",
                   "more than " + std::to_string(kPartitionsMax) + " partitions"};
    }
  }
  if (!batch.empty()) WEIR_CHECK(store_.write(batch));
  return count;
}

Result<std::size_t> Catalog::drop_partitions(const Scope& scope, const Table& of,
                                             const std::vector<Partition>& dropped) {
  const std::lock_guard lock(writing_);
  const std::string prefix = partition_prefix(scope, of.database, of.name);
  store::WriteBatch batch;
  std::size_t count = 0;
  for (const Partition& partition : dropped) {
    const std::string key = partition_key(prefix, partition.values);
    WEIR_TRY(const auto found, store_.get(key));
    if (!found) continue;
    batch.erase(key);
    ++count;
  }
  if (!batch.empty()) WEIR_CHECK(store_.write(batch));
  return count;
}

}  // namespace weir::sql
