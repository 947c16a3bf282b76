// SPDX-License-Identifier: Apache-2.0
#include "columnar/parquet.h"

#include <duckdb.h>

#include <charconv>
#include <utility>

namespace weir::columnar {
namespace {

constexpr std::string_view kTable = "records";

using Settings = std::vector<std::pair<std::string, std::string>>;

/// Columns are compressed one row group at a time; this is what the memory of one writer is bounded
/// by beside its rows.
Settings settings(std::string work_folder) {
  return {{"threads", "1"},
          {"autoinstall_known_extensions", "false"},
          {"autoload_known_extensions", "false"},
          {"temp_directory", std::move(work_folder)}};
}

Error duckdb_error(std::string_view action, const char* message) {
  return {ErrorKind::internal, "InternalError",
          "cannot " + std::string(action) + ": " +
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

std::string_view type_name(ColumnType type) {
  switch (type) {
    case ColumnType::int32:
      return "INTEGER";
    case ColumnType::int64:
      return "BIGINT";
    case ColumnType::string:
      return "VARCHAR";
  }
  return "VARCHAR";
}

duckdb_type type_id(ColumnType type) {
  switch (type) {
    case ColumnType::int32:
      return DUCKDB_TYPE_INTEGER;
    case ColumnType::int64:
      return DUCKDB_TYPE_BIGINT;
    case ColumnType::string:
      return DUCKDB_TYPE_VARCHAR;
  }
  return DUCKDB_TYPE_VARCHAR;
}

/// How every file is written.
std::string copy_options() {
  return "(FORMAT parquet, COMPRESSION gzip, ROW_GROUP_SIZE " +
         std::to_string(ParquetWriter::kRowGroupRows) + ")";
}

/// A database in memory.
class Session {
 public:
  Session() = default;
  ~Session() {
    if (connection_ != nullptr) duckdb_disconnect(&connection_);
    if (database_ != nullptr) duckdb_close(&database_);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Result<void> open(const Settings& settings);
  Result<void> run(const std::string& sql);
  duckdb_connection connection() const { return connection_; }

 private:
  duckdb_database database_ = nullptr;
  duckdb_connection connection_ = nullptr;
};

Result<void> Session::open(const Settings& settings) {
  duckdb_config config = nullptr;
  if (duckdb_create_config(&config) == DuckDBError)
    return duckdb_error("configure DuckDB", nullptr);
  for (const auto& [name, value] : settings) {
    if (duckdb_set_config(config, name.c_str(), value.c_str()) == DuckDBError) {
      duckdb_destroy_config(&config);
      return duckdb_error("set DuckDB's " + name, nullptr);
    }
  }
  char* message = nullptr;
  const duckdb_state opened = duckdb_open_ext(nullptr, &database_, config, &message);
  duckdb_destroy_config(&config);
  if (opened == DuckDBError) {
    const Error error = duckdb_error("open DuckDB", message);
    duckdb_free(message);
    return error;
  }
  if (duckdb_connect(database_, &connection_) == DuckDBError)
    return duckdb_error("connect to DuckDB", nullptr);
  return {};
}

Result<void> Session::run(const std::string& sql) {
  duckdb_result result;
  const duckdb_state state = duckdb_query(connection_, sql.c_str(), &result);
  Result<void> outcome;
  if (state == DuckDBError) outcome = duckdb_error("run a statement", duckdb_result_error(&result));
  duckdb_destroy_result(&result);
  return outcome;
}

/// One table, filled by chunks.
class DuckDbWriter final : public ParquetWriter {
 public:
  explicit DuckDbWriter(std::vector<Column> columns) : columns_(std::move(columns)) {}
  ~DuckDbWriter() override {
    if (chunk_ != nullptr) duckdb_destroy_data_chunk(&chunk_);
    if (appender_ != nullptr) duckdb_appender_destroy(&appender_);
  }
  DuckDbWriter(const DuckDbWriter&) = delete;
  DuckDbWriter& operator=(const DuckDbWriter&) = delete;

  Result<void> open();
  Result<void> add(std::string_view line) override;
  Result<void> finish(const std::filesystem::path& file) override;

 private:
  Result<void> set_cell(std::size_t column, std::string_view value);
  Result<void> flush_chunk();

  std::vector<Column> columns_;
  Session session_;
  duckdb_appender appender_ = nullptr;
  duckdb_data_chunk chunk_ = nullptr;
  idx_t rows_ = 0;  // in chunk_
};

Result<void> DuckDbWriter::open() {
  WEIR_CHECK(session_.open(settings("")));
  std::string sql = "CREATE TABLE " + std::string(kTable) + " (";
  std::vector<duckdb_logical_type> types;
  for (const Column& column : columns_) {
    if (!types.empty()) sql += ", ";
    sql += quote(column.name, '"') + ' ' + std::string(type_name(column.type));
    types.push_back(duckdb_create_logical_type(type_id(column.type)));
  }
  chunk_ = duckdb_create_data_chunk(types.data(), types.size());
  for (duckdb_logical_type& type : types) duckdb_destroy_logical_type(&type);
  WEIR_CHECK(session_.run(sql + ')'));
  if (duckdb_appender_create(session_.connection(), nullptr, kTable.data(), &appender_) ==
      DuckDBError) {
    return duckdb_error("append to a table", duckdb_appender_error(appender_));
  }
  return {};
}

Result<void> DuckDbWriter::set_cell(std::size_t column, std::string_view value) {
  duckdb_vector vector = duckdb_data_chunk_get_vector(chunk_, column);
  duckdb_vector_ensure_validity_writable(vector);
  std::uint64_t* validity = duckdb_vector_get_validity(vector);
  if (value == "-") {
    duckdb_validity_set_row_invalid(validity, rows_);
    return {};
  }
  duckdb_validity_set_row_valid(validity, rows_);
  if (columns_[column].type == ColumnType::string) {
    duckdb_vector_assign_string_element_len(vector, rows_, value.data(), value.size());
    return {};
  }
  const auto parse = [&](auto* data) {
    const char* end = value.data() + value.size();
    const auto [stop, error] = std::from_chars(value.data(), end, data[rows_]);
    return error == std::errc() && stop == end && !value.empty();
  };
  void* data = duckdb_vector_get_data(vector);
  const bool is_number = columns_[column].type == ColumnType::int32
                             ? parse(static_cast<std::int32_t*>(data))
                             : parse(static_cast<std::int64_t*>(data));
  if (is_number) return {};
  return Error{ErrorKind::invalid, "InvalidData",
               "the value '" + std::string(value) + "' of " + columns_[column].name +
                   " is no number of " +
                   (columns_[column].type == ColumnType::int32 ? "32" : "64") + " bits"};
}

Result<void> DuckDbWriter::add(std::string_view line) {
  WEIR_ASSERT(appender_ != nullptr);
  for (std::size_t column = 0; column < columns_.size(); ++column) {
    const std::size_t blank = line.find(' ');
    const bool is_last = column + 1 == columns_.size();
    if (is_last != (blank == std::string_view::npos)) {
      return Error{ErrorKind::invalid, "InvalidData",
                   "a record does not have " + std::to_string(columns_.size()) + " fields"};
    }
    WEIR_CHECK(set_cell(column, line.substr(0, blank)));
    line.remove_prefix(is_last ? line.size() : blank + 1);
  }
  if (++rows_ == duckdb_vector_size()) return flush_chunk();
  return {};
}

Result<void> DuckDbWriter::flush_chunk() {
  if (rows_ == 0) return {};
  duckdb_data_chunk_set_size(chunk_, rows_);
  rows_ = 0;
  if (duckdb_append_data_chunk(appender_, chunk_) == DuckDBError) {
    return duckdb_error("append records", duckdb_appender_error(appender_));
  }
  duckdb_data_chunk_reset(chunk_);
  return {};
}

Result<void> DuckDbWriter::finish(const std::filesystem::path& file) {
  WEIR_ASSERT(appender_ != nullptr);
  WEIR_CHECK(flush_chunk());
  if (duckdb_appender_flush(appender_) == DuckDBError) {
    return duckdb_error("append records", duckdb_appender_error(appender_));
  }
  duckdb_appender_destroy(&appender_);
  return session_.run("COPY " + std::string(kTable) + " TO " + quote(file.native(), '\'') + ' ' +
                      copy_options());
}

}  // namespace

Result<std::unique_ptr<ParquetWriter>> ParquetWriter::make(std::vector<Column> columns) {
  if (columns.empty())
    return Error{ErrorKind::invalid, "InvalidData", "a Parquet file needs at least one column"};
  auto writer = std::make_unique<DuckDbWriter>(std::move(columns));
  WEIR_CHECK(writer->open());
  return std::unique_ptr<ParquetWriter>(std::move(writer));
}

Result<void> merge_parquet(std::span<const std::filesystem::path> from,
                           const std::filesystem::path& to, std::string_view order_by,
                           const std::filesystem::path& work_folder,
                           std::uint64_t memory_bytes_max) {
  WEIR_ASSERT(!from.empty());
  Session session;
  Settings with = settings(work_folder.native());
  with.emplace_back("memory_limit",
                    std::to_string(std::max<std::uint64_t>(memory_bytes_max, 64u << 20)) + "B");
  WEIR_CHECK(session.open(with));
  std::string files;
  for (const std::filesystem::path& file : from) {
    files += files.empty() ? "[" : ", ";
    files += quote(file.native(), '\'');
  }
  const std::string by = order_by.empty() ? "" : " ORDER BY " + quote(order_by, '"');
  return session.run("COPY (SELECT * FROM read_parquet(" + files + "])" + by + ") TO " +
                     quote(to.native(), '\'') + ' ' + copy_options());
}

}  // namespace weir::columnar
