// SPDX-License-Identifier: Apache-2.0
//
// Reads a file of flow records with a header in several ways, each on one thread and with every
// field typed as far as it goes:
//   weir_bench_records FILE ROUNDS
// Prints a line for each way: its name, the median of its CPU seconds, its records and their sum of
// `bytes`, and the median of how many times its CPU time is that of the first way in the same
// round.

#include <duckdb.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <functional>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "flow/columns.h"
#include "flow/format.h"

namespace {

using weir::flow::Field;

struct Outcome {
  std::int64_t records = 0;
  std::int64_t bytes = 0;
};

/// Calls `take(text, is_end)`, which returns how much it used, with a file's content piece by
/// piece.
template <class Take>
void for_each_piece(const char* path, Take take) {
  constexpr std::size_t kPiece = 256u << 10;
  std::vector<char> buffer(kPiece);
  const int file = ::open(path, O_RDONLY | O_CLOEXEC);
  std::size_t filled = 0;
  while (true) {
    const ssize_t n = ::read(file, buffer.data() + filled, buffer.size() - filled);
    if (n < 0) std::exit(1);
    filled += static_cast<std::size_t>(n);
    const std::size_t used = take(std::string_view(buffer.data(), filled), n == 0);
    std::copy(buffer.begin() + static_cast<std::ptrdiff_t>(used),
              buffer.begin() + static_cast<std::ptrdiff_t>(filled), buffer.begin());
    filled -= used;
    if (n == 0) break;
  }
  ::close(file);
}

std::string content(const char* path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  std::string text(static_cast<std::size_t>(file.tellg()), '\0');
  file.seekg(0);
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  return text;
}

Outcome to_columns(const char* path, weir::flow::Simd simd) {
  weir::flow::ColumnReader reader({.simd = simd});
  weir::flow::Columns columns;
  Outcome outcome;
  for_each_piece(path, [&](std::string_view text, bool is_end) {
    std::size_t used = 0;
    while (const std::size_t n = reader.read(text.substr(used), is_end, columns)) {
      used += n;
      outcome.records += static_cast<std::int64_t>(columns.rows());
      for (const std::int64_t bytes : columns.find(Field::bytes)->int64s()) outcome.bytes += bytes;
    }
    return used;
  });
  return outcome;
}

Outcome to_records(const char* path) {
  const std::string text = content(path);
  weir::flow::Reader reader(text);
  weir::flow::Record record;
  Outcome outcome;
  while (reader.next(record)) {
    ++outcome.records;
    outcome.bytes += record.number_or(Field::bytes, 0);
  }
  return outcome;
}

/// Lines cut at blanks into strings, numbers of the default format converted: what a script does.
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

/// What makes DuckDB type and deliver every column, with the cheapest use of each.
std::string duckdb_query_for(const char* path) {
  std::string columns;
  std::string uses;
  std::ifstream file(path);
  std::string header;
  std::getline(file, header);
  const auto format = weir::flow::Format::from_header(header);
  if (!format) std::exit(1);
  for (const Field field : format->fields()) {
    using weir::flow::FieldKind;
    const auto& row = weir::flow::info(field);
    const std::string name(row.column_name);
    columns += columns.empty() ? "{" : ",";
    columns += "'" + name + "':'" +
               (row.kind == FieldKind::int32   ? "INT"
                : row.kind == FieldKind::int64 ? "BIGINT"
                                               : "VARCHAR") +
               "'";
    uses += ",count(\"" + name + "\")";
  }
  return "SELECT count(*), sum(bytes)" + uses + " FROM read_csv('" + path +
         "', delim=' ', header=true, nullstr='-', auto_detect=false, columns=" + columns + "})";
}

Outcome with_duckdb(duckdb_connection connection, const std::string& query) {
  duckdb_result result;
  if (duckdb_query(connection, query.c_str(), &result) != DuckDBSuccess) {
    std::cerr << "duckdb failed: " << duckdb_result_error(&result) << '\n';
    std::exit(1);
  }
  const Outcome outcome{duckdb_value_int64(&result, 0, 0), duckdb_value_int64(&result, 1, 0)};
  duckdb_destroy_result(&result);
  return outcome;
}

double cpu_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Way {
  std::string name;
  std::function<Outcome()> run;
  std::vector<double> seconds = {};
  Outcome outcome = {};
};

void print(const std::vector<Way>& ways) {
  for (const Way& way : ways) {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < way.seconds.size(); ++i) {
      ratios.push_back(way.seconds[i] / ways.front().seconds[i]);
    }
    std::cout << way.name << '\t' << median(way.seconds) << '\t' << way.outcome.records << '\t'
              << way.outcome.bytes << '\t' << median(ratios) << '\n';
  }
}

}  // namespace

int main(int count, char** arguments) {
  using weir::flow::Simd;
  if (count != 3) {
    std::cerr << "usage: weir_bench_records FILE ROUNDS\n";
    return 2;
  }
  const char* const path = arguments[1];
  duckdb_database database;
  duckdb_connection connection;
  duckdb_result result;
  if (duckdb_open(nullptr, &database) != DuckDBSuccess ||
      duckdb_connect(database, &connection) != DuckDBSuccess ||
      duckdb_query(connection, "SET threads=1", &result) != DuckDBSuccess) {
    std::cerr << "duckdb does not start\n";
    return 1;
  }
  duckdb_destroy_result(&result);
  const std::string query = duckdb_query_for(path);

  std::vector<Way> ways;
  const std::pair<const char*, Simd> kinds[] = {{"Weir columns, AVX-512", Simd::avx512},
                                                {"Weir columns, AVX2", Simd::avx2},
                                                {"Weir columns, portable", Simd::portable}};
  for (const auto& [name, simd] : kinds) {
    if (weir::flow::is_supported(simd)) {
      ways.push_back({name, [path, kind = simd] { return to_columns(path, kind); }});
    }
  }
  ways.push_back({"Weir records", [&] { return to_records(path); }});
  ways.push_back({"plain split (C++)", [&] { return with_split(path); }});
  ways.push_back({"DuckDB read_csv", [&] { return with_duckdb(connection, query); }});
  for (int round = 0; round < std::atoi(arguments[2]); ++round) {
    for (Way& way : ways) {
      const double before = cpu_seconds();
      way.outcome = way.run();
      way.seconds.push_back(cpu_seconds() - before);
    }
  }
  print(ways);
  duckdb_disconnect(&connection);
  duckdb_close(&database);
  return 0;
}
