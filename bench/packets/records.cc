// SPDX-License-Identifier: Apache-2.0
//
// Reads a file of flow records in one of three ways and prints seconds, records and the sum of
// `bytes`:
//   weir_bench_records weir|split|duckdb FILE
// Each uses one thread and types all 14 fields as far as it goes.

#include <duckdb.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "flow/format.h"

namespace {

struct Outcome {
  std::int64_t records = 0;
  std::int64_t bytes = 0;
};

std::string content(const char* path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  std::string text(static_cast<std::size_t>(file.tellg()), '\0');
  file.seekg(0);
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  return text;
}

Outcome with_weir(const char* path) {
  const std::string text = content(path);
  weir::flow::Reader reader(text);
  weir::flow::Record record;
  Outcome outcome;
  while (reader.next(record)) {
    ++outcome.records;
    outcome.bytes += record.number_or(weir::flow::Field::bytes, 0);
  }
  return outcome;
}

/// Lines cut at blanks into strings, numbers converted: what a script does.
Outcome with_split(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::vector<std::string> words;
  Outcome outcome;
  std::getline(file, line);  // the header
  while (std::getline(file, line)) {
    words.clear();
    for (std::size_t at = 0; at < line.size();) {
      const std::size_t end = std::min(line.find(' ', at), line.size());
      words.push_back(line.substr(at, end - at));
      at = end + 1;
    }
    for (const std::size_t i : {0U, 5U, 6U, 7U, 8U, 9U, 10U, 11U}) {
      const std::int64_t number = std::stoll(words[i]);
      if (i == 9) outcome.bytes += number;
    }
    ++outcome.records;
  }
  return outcome;
}

Outcome with_duckdb(const char* path) {
  const std::string query = std::string(
                                "SELECT count(*), sum(bytes), max(length(account_id || "
                                "interface_id || srcaddr || dstaddr "
                                "|| action || log_status)), max(version + srcport + dstport + "
                                "protocol + packets + start + "
                                "\"end\") FROM read_csv('") +
                            path +
                            "', delim=' ', header=true, nullstr='-', auto_detect=false, "
                            "columns={'version':'INT','account_id':"
                            "'VARCHAR','interface_id':'VARCHAR','srcaddr':'VARCHAR','dstaddr':'"
                            "VARCHAR','srcport':'INT','dstport':"
                            "'INT','protocol':'INT','packets':'BIGINT','bytes':'BIGINT','start':'"
                            "BIGINT','end':'BIGINT','action':"
                            "'VARCHAR','log_status':'VARCHAR'})";
  duckdb_database database;
  duckdb_connection connection;
  duckdb_result result;
  if (duckdb_open(nullptr, &database) != DuckDBSuccess ||
      duckdb_connect(database, &connection) != DuckDBSuccess ||
      duckdb_query(connection, "SET threads=1", nullptr) != DuckDBSuccess ||
      duckdb_query(connection, query.c_str(), &result) != DuckDBSuccess) {
    std::cerr << "duckdb failed: " << duckdb_result_error(&result) << '\n';
    std::exit(1);
  }
  const Outcome outcome{duckdb_value_int64(&result, 0, 0), duckdb_value_int64(&result, 1, 0)};
  duckdb_destroy_result(&result);
  duckdb_disconnect(&connection);
  duckdb_close(&database);
  return outcome;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    std::cerr << "usage: weir_bench_records weir|split|duckdb FILE\n";
    return 2;
  }
  const std::string_view way = arguments[1];
  const auto start = std::chrono::steady_clock::now();
  const Outcome outcome = way == "weir"    ? with_weir(arguments[2])
                          : way == "split" ? with_split(arguments[2])
                                           : with_duckdb(arguments[2]);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  std::cout << seconds.count() << ' ' << outcome.records << ' ' << outcome.bytes << '\n';
  return 0;
}
