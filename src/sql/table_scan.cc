// SPDX-License-Identifier: Apache-2.0
#include "sql/table_scan.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "sql/partitions.h"
#include "sql/table_format.h"
#include "sql/translator_impl.h"

namespace weir::sql {
namespace {

constexpr std::size_t kPruneBatch = 20'000;  // partitions in one VALUES list

Error bad_location(const Table& table, std::string_view location) {
  return {ErrorKind::invalid, "HIVE_METASTORE_ERROR",
          "location of " + table.database + '.' + table.name +
              " is not an S3 path: " + std::string(location)};
}

/// Objects whose name begins with `_` or `.` are invisible to Athena, and so are folder markers.
bool is_visible(const ObjectFiles::Entry& entry) {
  const std::size_t slash = entry.key.rfind('/');
  const std::string_view name =
      std::string_view(entry.key).substr(slash == std::string::npos ? 0 : slash + 1);
  return entry.size > 0 && !name.empty() && name[0] != '_' && name[0] != '.';
}

Result<std::string> typed_constant(const std::string& value, const Column& key) {
  WEIR_TRY(const SqlType type, parse_hive_type(key.type));
  if (type.is_text()) return quote_string(value);
  return "CAST(" + quote_string(value) + " AS " + duckdb_name(type) + ')';
}

Result<void> parquet_columns(DuckDb::Session& session, const std::string& files,
                             std::set<std::string>& out) {
  return session.query(
      "SELECT DISTINCT lower(name) FROM parquet_schema(" + files + ')', {},
      [](const auto&) { return Result<void>(); },
      [&](const DuckDb::Values& values) {
        out.insert(values[0].value_or(""));
        return Result<void>();
      });
}

}  // namespace

Result<void> TableScans::add_file(const std::string& bucket, const ObjectFiles::Entry& entry,
                                  std::size_t partition, Found& found) {
  if (found.files.size() >= kFilesMax) {
    return Error{ErrorKind::limit, "EXCEEDED_SPLIT_LIMIT",
                 "the query reads more than " + std::to_string(kFilesMax) + " objects"};
  }
  auto local = objects_.local_path(scope_, bucket, entry.key);
  if (!local) {
    if (local.error().kind == ErrorKind::not_found) return {};  // deleted since it was listed
    return std::move(local).error();
  }
  found.files.push_back(
      {local->string(), "s3://" + bucket + '/' + entry.key, partition, entry.size});
  return {};
}

Result<void> TableScans::list(const std::string& bucket, const std::string& prefix,
                              std::size_t partition, Found& found) {
  Result<void> outcome;
  const auto listed = objects_.list(scope_, bucket, prefix, [&](const ObjectFiles::Entry& entry) {
    if (is_visible(entry)) outcome = add_file(bucket, entry, partition, found);
    return static_cast<bool>(outcome);
  });
  if (!listed) {
    return Error{listed.error().kind, "HIVE_FILESYSTEM_ERROR",
                 "cannot list s3://" + bucket + '/' + prefix + ": " + listed.error().message};
  }
  return outcome;
}

Result<TableScans::Found> TableScans::find(DuckDb::Session& session, const TableRead& read) {
  if (read.table.partition_keys.empty()) return find_plain(read);
  WEIR_TRY(const auto projection, Projection::of(read.table, now_));
  if (projection) return find_projected(session, read, *projection);
  return find_partitioned(session, read);
}

Result<TableScans::Found> TableScans::find_plain(const TableRead& read) {
  const auto location = parse_s3(read.table.location);
  if (!location) return bad_location(read.table, read.table.location);
  Found found;
  found.partitions.emplace_back();
  WEIR_CHECK(list(location->bucket, as_folder(location->key), 0, found));
  return found;
}

Result<TableScans::Found> TableScans::find_partitioned(DuckDb::Session& session,
                                                       const TableRead& read) {
  WEIR_TRY(const auto partitions, catalog_.partitions(scope_, read.table));
  Found found;
  for (const Partition& partition : partitions) found.partitions.push_back(partition.values);
  WEIR_TRY(const std::vector<bool> wanted, prune(session, read, found.partitions));
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    if (!wanted[i]) continue;
    const auto location = parse_s3(partitions[i].location);
    if (!location) return bad_location(read.table, partitions[i].location);
    WEIR_CHECK(list(location->bucket, as_folder(location->key), i, found));
  }
  return found;
}

Result<TableScans::Found> TableScans::find_projected(DuckDb::Session& session,
                                                     const TableRead& read,
                                                     const Projection& projection) {
  Found all;
  std::map<std::vector<std::string>, std::size_t> known;
  std::vector<std::pair<ObjectFiles::Entry, std::size_t>> entries;
  const S3Location& root = projection.root();
  const auto listed =
      objects_.list(scope_, root.bucket, root.key, [&](const ObjectFiles::Entry& entry) {
        if (!is_visible(entry)) return true;
        const auto values = projection.match(entry.key);
        if (!values) return true;
        const auto [place, is_new] = known.emplace(*values, known.size());
        if (is_new) all.partitions.push_back(*values);
        entries.emplace_back(entry, place->second);
        return entries.size() <= kFilesMax * 4;
      });
  if (!listed) {
    return Error{
        listed.error().kind, "HIVE_FILESYSTEM_ERROR",
        "cannot list s3://" + root.bucket + '/' + root.key + ": " + listed.error().message};
  }
  WEIR_TRY(const std::vector<bool> wanted, prune(session, read, all.partitions));
  for (const auto& [entry, partition] : entries) {
    if (wanted[partition]) WEIR_CHECK(add_file(root.bucket, entry, partition, all));
  }
  return all;
}

Result<std::vector<bool>> TableScans::prune(
    DuckDb::Session& session, const TableRead& read,
    const std::vector<std::vector<std::string>>& partitions) {
  std::vector<bool> wanted(partitions.size(), read.predicates.empty());
  if (read.predicates.empty()) return wanted;
  const auto& keys = read.table.partition_keys;
  std::string condition;
  for (const std::string& one : read.predicates)
    condition += (condition.empty() ? "" : " AND ") + one;
  std::string names = "weir_index";
  for (const std::string& key : read.key_columns) names += ", " + quote_identifier(key);
  for (std::size_t begin = 0; begin < partitions.size(); begin += kPruneBatch) {
    const std::size_t end = std::min(begin + kPruneBatch, partitions.size());
    std::string rows;
    for (std::size_t i = begin; i < end; ++i) {
      rows += (rows.empty() ? "(" : ", (") + std::to_string(i);
      for (std::size_t k = 0; k < keys.size() && k < partitions[i].size(); ++k) {
        WEIR_TRY(const std::string value, typed_constant(partitions[i][k], keys[k]));
        rows += ", " + value;
      }
      rows += ')';
    }
    WEIR_CHECK(session.query(
        "SELECT weir_index FROM (VALUES " + rows + ") AS " + quote_identifier(read.alias) + '(' +
            names + ") WHERE " + condition,
        {}, [](const auto&) { return Result<void>(); },
        [&](const DuckDb::Values& values) {
          std::size_t index = 0;
          const std::string& text = values[0].value_or("");
          std::from_chars(text.data(), text.data() + text.size(), index);
          if (index < wanted.size()) wanted[index] = true;
          return Result<void>();
        }));
  }
  return wanted;
}

Result<void> TableScans::prepare(DuckDb::Session& session, const TableRead& read) {
  WEIR_TRY(const Found found, find(session, read));
  WEIR_TRY(const std::string sql, view(session, read, found));
  return session.run("CREATE TEMP VIEW " + quote_identifier(read.view) + " AS " + sql);
}

Result<std::string> TableScans::view(DuckDb::Session& session, const TableRead& read,
                                     const Found& found) {
  const Table& table = read.table;
  WEIR_TRY(const TableFormat format, table_format(table));
  std::string files;
  for (const File& file : found.files) {
    files += (files.empty() ? "[" : ", ") + quote_string(file.local);
    const bool is_text = format.kind == TableFormat::Kind::text;
    (is_text ? text_bytes_ : columnar_bytes_) += static_cast<std::int64_t>(file.size);
  }
  files += ']';

  // Parquet columns that no file has are NULL; only those that the query names are looked for.
  std::set<std::string> present;
  if (format.kind == TableFormat::Kind::parquet && !found.files.empty()) {
    WEIR_CHECK(parquet_columns(session, quote_string(found.files[0].local), present));
    const bool all =
        std::all_of(table.columns.begin(), table.columns.end(), [&](const Column& column) {
          return present.contains(column.name) || !read.columns.contains(column.name);
        });
    if (!all) WEIR_CHECK(parquet_columns(session, files, present));
  }
  std::string list;
  const auto add = [&](const std::string& expression) {
    list += (list.empty() ? "" : ", ") + expression;
  };
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const std::string& name = table.columns[i].name;
    const bool absent = format.kind == TableFormat::Kind::parquet && !present.contains(name);
    WEIR_TRY(const SqlType type, parse_hive_type(table.columns[i].type));
    const bool is_null = found.files.empty() || absent || !read.columns.contains(name);
    add((is_null ? "CAST(NULL AS " + duckdb_name(type) + ')' : format.columns[i]) + " AS c" +
        std::to_string(i));
  }
  bool needs_partition = read.columns.contains("$path");
  for (std::size_t k = 0; k < table.partition_keys.size(); ++k) {
    needs_partition = needs_partition || read.columns.contains(table.partition_keys[k].name);
  }
  needs_partition = needs_partition && !found.files.empty();
  for (std::size_t k = 0; k < table.partition_keys.size(); ++k) {
    WEIR_TRY(const SqlType type, parse_hive_type(table.partition_keys[k].type));
    const std::string name = 'k' + std::to_string(k);
    add((needs_partition ? "p." + name : "CAST(NULL AS " + duckdb_name(type) + ')') + " AS " +
        name);
  }
  add(needs_partition ? "p.path AS path" : "CAST(NULL AS VARCHAR) AS path");
  if (found.files.empty()) return "SELECT " + list + " WHERE false";

  std::string relation = format.relation;
  relation.replace(relation.find("$files"), 6, files);
  std::string sql = "SELECT " + list + " FROM " + relation + " AS f";
  if (!needs_partition) return sql;
  // Which partition a row belongs to is known by its file.
  std::string names = "file, path";
  for (std::size_t k = 0; k < table.partition_keys.size(); ++k) names += ", k" + std::to_string(k);
  std::string rows;
  for (const File& file : found.files) {
    rows += (rows.empty() ? "(" : ", (") + quote_string(file.local) + ", " + quote_string(file.uri);
    for (std::size_t k = 0; k < table.partition_keys.size(); ++k) {
      WEIR_TRY(const std::string value,
               typed_constant(found.partitions[file.partition][k], table.partition_keys[k]));
      rows += ", " + value;
    }
    rows += ')';
  }
  return sql + " JOIN (VALUES " + rows + ") AS p(" + names + ") ON f.weir_file = p.file";
}

}  // namespace weir::sql
