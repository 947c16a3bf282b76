// SPDX-License-Identifier: Apache-2.0
// Runs the SQL statements of its arguments in a DuckDB in memory, with DuckDB's own defaults.
#include <duckdb.h>

#include <cstdio>

int main(int count, char** arguments) {
  duckdb_database database = nullptr;
  duckdb_connection connection = nullptr;
  if (duckdb_open(nullptr, &database) == DuckDBError) return 1;
  if (duckdb_connect(database, &connection) == DuckDBError) return 1;
  int code = 0;
  for (int i = 1; i < count && code == 0; ++i) {
    duckdb_result result;
    if (duckdb_query(connection, arguments[i], &result) == DuckDBError) {
      std::fprintf(stderr, "%s\n", duckdb_result_error(&result));
      code = 1;
    }
    duckdb_destroy_result(&result);
  }
  duckdb_disconnect(&connection);
  duckdb_close(&database);
  return code;
}
