// SPDX-License-Identifier: Apache-2.0
#include "columnar/parquet_reader.h"

#include <duckdb.h>

#include <algorithm>

namespace weir::columnar {
namespace {

Error unreadable(const char* message) {
  return {ErrorKind::invalid, "InvalidData",
          std::string("the Parquet data cannot be read: ") +
              (message != nullptr ? message : "DuckDB gives no reason")};
}

std::string quote(std::string_view text, char mark) {
  std::string out(1, mark);
  for (const char c : text) {
    out += c;
    if (c == mark) out += c;
  }
  return out + mark;
}

std::string scan_of(std::span<const std::filesystem::path> files) {
  std::string list;
  for (const std::filesystem::path& file : files) {
    list += list.empty() ? "[" : ", ";
    list += quote(file.native(), '\'');
  }
  return " FROM read_parquet(" + list + "], hive_partitioning = false)";
}

struct Limits {
  std::uint64_t memory_bytes_max = std::uint64_t{ParquetRows::kMemoryMiB} << 20;
  std::string work_folder = {};
};

/// A database in memory that reads files only.
class Database {
 public:
  Database() = default;
  ~Database() {
    if (connection_ != nullptr) duckdb_disconnect(&connection_);
    if (database_ != nullptr) duckdb_close(&database_);
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  Result<void> open(const Limits& limits = {}) {
    const std::string memory = std::to_string(limits.memory_bytes_max) + "B";
    const char* const settings[][2] = {{"threads", "1"},
                                       {"memory_limit", memory.c_str()},
                                       {"autoinstall_known_extensions", "false"},
                                       {"autoload_known_extensions", "false"},
                                       {"temp_directory", limits.work_folder.c_str()}};
    duckdb_config config = nullptr;
    if (duckdb_create_config(&config) == DuckDBError) return unreadable(nullptr);
    for (const auto& [name, value] : settings) {
      if (duckdb_set_config(config, name, value) == DuckDBError) {
        duckdb_destroy_config(&config);
        return unreadable(name);
      }
    }
    const duckdb_state opened = duckdb_open_ext(nullptr, &database_, config, nullptr);
    duckdb_destroy_config(&config);
    if (opened == DuckDBError || duckdb_connect(database_, &connection_) == DuckDBError) {
      return unreadable(nullptr);
    }
    return {};
  }
  duckdb_connection connection() const { return connection_; }

 private:
  duckdb_database database_ = nullptr;
  duckdb_connection connection_ = nullptr;
};

/// A query whose rows come while it runs.
class Query {
 public:
  Query() = default;
  ~Query() {
    duckdb_destroy_result(&result_);
    if (pending_ != nullptr) duckdb_destroy_pending(&pending_);
    if (statement_ != nullptr) duckdb_destroy_prepare(&statement_);
  }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  Result<void> run(duckdb_connection connection, const std::string& sql) {
    if (duckdb_prepare(connection, sql.c_str(), &statement_) == DuckDBError) {
      return unreadable(duckdb_prepare_error(statement_));
    }
    if (duckdb_pending_prepared_streaming(statement_, &pending_) == DuckDBError) {
      return unreadable(duckdb_pending_error(pending_));
    }
    if (duckdb_execute_pending(pending_, &result_) == DuckDBError) {
      return unreadable(duckdb_result_error(&result_));
    }
    return {};
  }
  duckdb_result& result() { return result_; }

 private:
  duckdb_prepared_statement statement_ = nullptr;
  duckdb_pending_result pending_ = nullptr;
  duckdb_result result_{};
};

std::string_view text_at(duckdb_string_t* strings, idx_t row) {
  duckdb_string_t& value = strings[row];
  return {duckdb_string_t_data(&value), duckdb_string_t_length(value)};
}

/// All columns of the chunk are VARCHAR.
Result<void> visit_rows(duckdb_data_chunk chunk, std::vector<std::string_view>& cells,
                        const ParquetRows::Visit& visit) {
  std::vector<duckdb_string_t*> data;
  std::vector<std::uint64_t*> validity;
  for (idx_t column = 0; column < cells.size(); ++column) {
    duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, column);
    data.push_back(static_cast<duckdb_string_t*>(duckdb_vector_get_data(vector)));
    validity.push_back(duckdb_vector_get_validity(vector));
  }
  const idx_t rows = duckdb_data_chunk_get_size(chunk);
  for (idx_t row = 0; row < rows; ++row) {
    for (std::size_t column = 0; column < cells.size(); ++column) {
      const bool is_null =
          validity[column] != nullptr && !duckdb_validity_row_is_valid(validity[column], row);
      cells[column] = is_null ? std::string_view() : text_at(data[column], row);
    }
    WEIR_CHECK(visit(cells));
  }
  return {};
}

std::string_view sql_type(ColumnType type) {
  switch (type) {
    case ColumnType::int32:
      return "INTEGER";
    case ColumnType::int64:
      return "BIGINT";
    case ColumnType::string:
      break;
  }
  return "VARCHAR";
}

/// A chunk whose columns have the types of the encoder's.
class TypedChunk {
 public:
  TypedChunk(duckdb_data_chunk chunk, const std::vector<Column>& columns)
      : chunk_(chunk), columns_(columns) {}

  Result<void> add_to(ParquetEncoder& encoder) {
    std::size_t left = duckdb_data_chunk_get_size(chunk_);
    for (std::size_t first = 0; left > 0;) {
      const std::size_t count = std::min<std::size_t>(left, encoder.rows_max());
      for (std::size_t i = 0; i < columns_.size(); ++i) add_column(encoder, i, first, count);
      WEIR_CHECK(encoder.end_rows(count));
      first += count;
      left -= count;
    }
    return {};
  }

 private:
  void add_column(ParquetEncoder& encoder, std::size_t index, std::size_t first,
                  std::size_t count) {
    duckdb_vector vector = duckdb_data_chunk_get_vector(chunk_, index);
    void* const data = duckdb_vector_get_data(vector);
    std::uint64_t* const validity = duckdb_vector_get_validity(vector);
    present_.clear();
    for (std::size_t row = first; validity != nullptr && row < first + count; ++row) {
      present_.push_back(duckdb_validity_row_is_valid(validity, row) ? 1 : 0);
    }
    switch (columns_[index].type) {
      case ColumnType::int32:
        return encoder.add(index, std::span(static_cast<const std::int32_t*>(data) + first, count),
                           present_);
      case ColumnType::int64:
        return encoder.add(index, std::span(static_cast<const std::int64_t*>(data) + first, count),
                           present_);
      case ColumnType::string:
        break;
    }
    texts_.clear();
    for (std::size_t row = first; row < first + count; ++row) {
      const bool is_there = present_.empty() || present_[row - first] != 0;
      texts_.push_back(is_there ? text_at(static_cast<duckdb_string_t*>(data), row)
                                : std::string_view());
    }
    encoder.add(index, std::span<const std::string_view>(texts_), present_);
  }

  duckdb_data_chunk chunk_;
  const std::vector<Column>& columns_;
  std::vector<std::uint8_t> present_;
  std::vector<std::string_view> texts_;
};

/// Passes the chunks of a query on.
template <class Take>
Result<void> for_each_chunk(duckdb_result& result, const Take& take) {
  while (duckdb_data_chunk chunk = duckdb_fetch_chunk(result)) {
    const Result<void> taken = take(chunk);
    duckdb_destroy_data_chunk(&chunk);
    WEIR_CHECK(taken);
  }
  if (const char* message = duckdb_result_error(&result); message != nullptr) {
    return unreadable(message);
  }
  return {};
}

Result<std::vector<std::string>> names_of(Database& database, const std::filesystem::path& file) {
  Query query;
  WEIR_CHECK(
      query.run(database.connection(), "SELECT *" + scan_of(std::span(&file, 1)) + " LIMIT 0"));
  std::vector<std::string> names;
  for (idx_t i = 0; i < duckdb_column_count(&query.result()); ++i) {
    names.emplace_back(duckdb_column_name(&query.result(), i));
  }
  return names;
}

}  // namespace

Result<std::vector<std::string>> ParquetRows::columns(const std::filesystem::path& file) {
  Database database;
  WEIR_CHECK(database.open());
  return names_of(database, file);
}

Result<void> ParquetRows::read(const std::filesystem::path& file,
                               std::span<const std::string> columns, const Visit& visit) {
  Database database;
  WEIR_CHECK(database.open());
  std::string sql = "SELECT ";
  for (const std::string& column : columns) {
    if (&column != columns.data()) sql += ", ";
    sql += "CAST(" + quote(column, '"') + " AS VARCHAR)";
  }
  Query query;
  WEIR_CHECK(query.run(database.connection(), sql + scan_of(std::span(&file, 1))));
  std::vector<std::string_view> cells(columns.size());
  return for_each_chunk(query.result(),
                        [&](duckdb_data_chunk chunk) { return visit_rows(chunk, cells, visit); });
}

Result<void> merge_parquet(std::span<const std::filesystem::path> from,
                           const std::vector<Column>& columns, std::string_view order_by,
                           const std::filesystem::path& work_folder, ParquetEncoder& encoder,
                           std::uint64_t memory_bytes_max) {
  WEIR_ASSERT(!from.empty());
  Database database;
  WEIR_CHECK(
      database.open({std::max<std::uint64_t>(memory_bytes_max, 64u << 20), work_folder.native()}));
  for (const std::filesystem::path& file : from) {
    WEIR_TRY(const auto names, names_of(database, file));
    if (!std::ranges::equal(names, columns, {}, {}, &Column::name)) {
      return Error{ErrorKind::invalid, "InvalidData",
                   file.native() + " has other columns than the files that it belongs to"};
    }
  }
  std::string sql = "SELECT ";
  for (const Column& column : columns) {
    if (&column != columns.data()) sql += ", ";
    sql += "CAST(" + quote(column.name, '"') + " AS " + std::string(sql_type(column.type)) + ')';
  }
  sql += scan_of(from);
  if (!order_by.empty()) sql += " ORDER BY " + quote(order_by, '"');
  Query query;
  WEIR_CHECK(query.run(database.connection(), sql));
  return for_each_chunk(query.result(), [&](duckdb_data_chunk chunk) {
    return TypedChunk(chunk, columns).add_to(encoder);
  });
}

}  // namespace weir::columnar
