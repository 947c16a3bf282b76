// SPDX-License-Identifier: Apache-2.0
#include "columnar/parquet_reader.h"

#include <duckdb.h>

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

std::string scan_of(const std::filesystem::path& file) {
  return " FROM read_parquet(" + quote(file.native(), '\'') + ", hive_partitioning = false)";
}

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

  Result<void> open() {
    const std::string memory = std::to_string(ParquetRows::kMemoryMiB) + "MiB";
    const char* const settings[][2] = {{"threads", "1"},
                                       {"memory_limit", memory.c_str()},
                                       {"autoinstall_known_extensions", "false"},
                                       {"autoload_known_extensions", "false"},
                                       {"temp_directory", ""}};
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

}  // namespace

Result<std::vector<std::string>> ParquetRows::columns(const std::filesystem::path& file) {
  Database database;
  WEIR_CHECK(database.open());
  Query query;
  WEIR_CHECK(query.run(database.connection(), "SELECT *" + scan_of(file) + " LIMIT 0"));
  std::vector<std::string> names;
  for (idx_t i = 0; i < duckdb_column_count(&query.result()); ++i) {
    names.emplace_back(duckdb_column_name(&query.result(), i));
  }
  return names;
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
  WEIR_CHECK(query.run(database.connection(), sql + scan_of(file)));
  std::vector<std::string_view> cells(columns.size());
  while (duckdb_data_chunk chunk = duckdb_fetch_chunk(query.result())) {
    const auto visited = visit_rows(chunk, cells, visit);
    duckdb_destroy_data_chunk(&chunk);
    WEIR_CHECK(visited);
  }
  if (const char* message = duckdb_result_error(&query.result()); message != nullptr) {
    return unreadable(message);
  }
  return {};
}

}  // namespace weir::columnar
