// SPDX-License-Identifier: Apache-2.0
#include "sql/duckdb_engine.h"

#include <atomic>

#include "sql/duckdb_internal.h"
#include "sql/translator.h"

namespace weir::sql {
namespace {

using OwnedConfig = Owned<duckdb_config, duckdb_destroy_config>;
using OwnedPrepared = Owned<duckdb_prepared_statement, duckdb_destroy_prepare>;
using OwnedPending = Owned<duckdb_pending_result, duckdb_destroy_pending>;
using OwnedChunk = Owned<duckdb_data_chunk, duckdb_destroy_data_chunk>;

class OwnedResult {
 public:
  OwnedResult() = default;
  ~OwnedResult() { duckdb_destroy_result(&value_); }
  OwnedResult(const OwnedResult&) = delete;
  OwnedResult& operator=(const OwnedResult&) = delete;
  duckdb_result* get() { return &value_; }

 private:
  duckdb_result value_{};
};

Error interrupted() {
  return {ErrorKind::invalid, "QUERY_INTERRUPTED", "the query was interrupted"};
}

Result<void> run_on(duckdb_connection connection, const std::string& sql) {
  OwnedResult result;
  if (duckdb_query(connection, sql.c_str(), result.get()) == DuckDBError) {
    return engine_error(duckdb_result_error(result.get()));
  }
  return {};
}

}  // namespace

struct DuckDb::Impl {
  duckdb_database database = nullptr;
  ~Impl() { duckdb_close(&database); }
};

struct DuckDb::Session::Impl {
  duckdb_connection connection = nullptr;
  std::atomic<bool> is_interrupted{false};
  std::int64_t bytes_read = 0;
  ~Impl() { duckdb_disconnect(&connection); }

  void add_bytes_read();
  Result<void> stream(duckdb_result* result, std::vector<SqlType> types, const Begin& begin,
                      const Sink& sink);
};

DuckDb::DuckDb(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DuckDb::~DuckDb() = default;
std::string DuckDb::version() { return duckdb_library_version(); }

Result<std::unique_ptr<DuckDb>> DuckDb::open(const Config& config) {
  const auto failed = [](std::string why) {
    return Error{ErrorKind::internal, "GENERIC_INTERNAL_ERROR",
                 "cannot open the SQL engine: " + std::move(why)};
  };
  if (!version().starts_with("v1.5.")) {
    return failed("libduckdb.so is " + version() + ", needed is v1.5 (run tools/setup again)");
  }
  OwnedConfig options;
  if (duckdb_create_config(options.out()) == DuckDBError)
    return failed("no memory for its configuration");
  const duckdb_config raw = options.get();
  duckdb_set_config(raw, "autoinstall_known_extensions", "false");
  duckdb_set_config(raw, "autoload_known_extensions", "false");
  duckdb_set_config(raw, "memory_limit",
                    (std::to_string(config.memory_bytes_max >> 20) + "MiB").c_str());
  duckdb_set_config(raw, "temp_directory", config.spill_folder.c_str());
  duckdb_set_config(raw, "max_temp_directory_size",
                    (std::to_string(config.spill_bytes_max >> 20) + "MiB").c_str());
  if (config.threads > 0) duckdb_set_config(raw, "threads", std::to_string(config.threads).c_str());

  auto impl = std::make_unique<Impl>();
  char* message = nullptr;
  if (duckdb_open_ext(nullptr, &impl->database, raw, &message) == DuckDBError) {
    std::string why = message == nullptr ? "unknown reason" : message;
    duckdb_free(message);
    return failed(std::move(why));
  }
  std::unique_ptr<DuckDb> engine(new DuckDb(std::move(impl)));
  Session::Impl first;
  if (duckdb_connect(engine->impl_->database, &first.connection) == DuckDBError)
    return failed("no connection");
  WEIR_CHECK(register_functions(first.connection));
  std::string folders;
  for (const std::string& folder : config.folders) {
    folders += (folders.empty() ? "" : ", ") + quote_string(folder);
  }
  // The order matters: nothing can be allowed any more once external access is off.
  for (const std::string& sql : {std::string("SET GLOBAL TimeZone = 'UTC'"),
                                 "SET GLOBAL allowed_directories = [" + folders + ']',
                                 std::string("SET GLOBAL enable_external_access = false")}) {
    WEIR_CHECK(run_on(first.connection, sql));
  }
  return engine;
}

Result<std::unique_ptr<DuckDb::Session>> DuckDb::session() {
  auto impl = std::make_unique<Session::Impl>();
  if (duckdb_connect(impl_->database, &impl->connection) == DuckDBError) {
    return Error{ErrorKind::internal, "GENERIC_INTERNAL_ERROR",
                 "cannot open a session of the SQL engine"};
  }
  WEIR_CHECK(run_on(impl->connection, "PRAGMA enable_profiling = 'no_output'"));
  WEIR_CHECK(run_on(impl->connection,
                    R"(PRAGMA custom_profiling_settings = '{"TOTAL_BYTES_READ": "true"}')"));
  return std::unique_ptr<Session>(new Session(std::move(impl)));
}

DuckDb::Session::Session(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DuckDb::Session::~Session() = default;

void DuckDb::Session::interrupt() {
  impl_->is_interrupted = true;
  duckdb_interrupt(impl_->connection);
}

std::int64_t DuckDb::Session::bytes_read() const { return impl_->bytes_read; }

void DuckDb::Session::Impl::add_bytes_read() {
  const duckdb_profiling_info info = duckdb_get_profiling_info(connection);
  if (info == nullptr) return;
  duckdb_value value = duckdb_profiling_info_get_value(info, "TOTAL_BYTES_READ");
  if (value == nullptr) return;
  bytes_read += duckdb_get_int64(value);
  duckdb_destroy_value(&value);
}

Result<void> DuckDb::Session::run(const std::string& sql) {
  if (impl_->is_interrupted) return interrupted();
  return run_on(impl_->connection, sql);
}

Result<void> DuckDb::Session::query(const std::string& sql, std::vector<SqlType> types,
                                    const Begin& begin, const Sink& sink) {
  if (impl_->is_interrupted) return interrupted();
  OwnedPrepared prepared;
  if (duckdb_prepare(impl_->connection, sql.c_str(), prepared.out()) == DuckDBError) {
    return engine_error(duckdb_prepare_error(prepared.get()));
  }
  OwnedPending pending;
  if (duckdb_pending_prepared_streaming(prepared.get(), pending.out()) == DuckDBError) {
    return engine_error(duckdb_pending_error(pending.get()));
  }
  OwnedResult result;
  if (duckdb_execute_pending(pending.get(), result.get()) == DuckDBError) {
    return engine_error(duckdb_result_error(result.get()));
  }
  WEIR_CHECK(impl_->stream(result.get(), std::move(types), begin, sink));
  impl_->add_bytes_read();
  return {};
}

Result<void> DuckDb::Session::Impl::stream(duckdb_result* result, std::vector<SqlType> types,
                                           const Begin& begin, const Sink& sink) {
  const idx_t columns = duckdb_column_count(result);
  types.resize(columns);
  for (idx_t i = 0; i < columns; ++i) {
    const OwnedType type(duckdb_column_logical_type(result, i));
    if (types[i].is(SqlType::Kind::unknown)) types[i] = type_of_column(type.get());
  }
  WEIR_CHECK(begin(types));
  Values values(columns);
  while (true) {
    if (is_interrupted) return interrupted();
    const OwnedChunk chunk(duckdb_fetch_chunk(*result));
    if (chunk.get() == nullptr) break;
    std::vector<ColumnReader> readers;
    for (idx_t i = 0; i < columns; ++i) {
      const OwnedType type(duckdb_column_logical_type(result, i));
      readers.emplace_back(duckdb_data_chunk_get_vector(chunk.get(), i), type.get(), types[i]);
    }
    const idx_t rows = duckdb_data_chunk_get_size(chunk.get());
    for (idx_t row = 0; row < rows; ++row) {
      for (idx_t i = 0; i < columns; ++i) {
        if (readers[i].is_null(row)) {
          values[i].reset();
        } else {
          if (values[i]) values[i]->clear();
          if (!values[i]) values[i].emplace();
          readers[i].append(*values[i], row);
        }
      }
      WEIR_CHECK(sink(values));
    }
  }
  if (const char* message = duckdb_result_error(result); message != nullptr && *message != '\0') {
    return engine_error(message);
  }
  return is_interrupted ? Result<void>(interrupted()) : Result<void>();
}

}  // namespace weir::sql
