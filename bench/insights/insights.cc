// SPDX-License-Identifier: Apache-2.0
// AWS's sample queries for VPC flow logs, over records in the log store (Weir) and over the same
// records as a text file (DuckDB, read_csv), taking turns. Prints both times and their ratio.
//
//     weir_bench_insights [records] [rounds] [folder] [words of the sample's name]
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <duckdb.h>

#include "insights/engine.h"
#include "logs/logs.h"
#include "store/kv_store.h"

namespace {

using namespace weir;

constexpr std::int64_t kStartMs = 1'767'225'600'000;
constexpr std::size_t kBatch = 7'000;  // records of a PutLogEvents call of about a megabyte

struct Sample {
  const char* name;
  const char* insights;
  const char* sql;
};
const Sample kSamples[] = {
    {"host pairs by packets",
     "stats sum(packets) as p by srcAddr, dstAddr | sort p desc | limit 15",
     "SELECT srcaddr, dstaddr, sum(packets) AS p FROM t GROUP BY ALL ORDER BY p DESC LIMIT 15"},
    {"receivers from a subnet",
     "filter isIpv4InSubnet(srcAddr, \"10.1.0.0/16\") | stats sum(bytes) as b by dstAddr | sort b "
     "desc | limit 15",
     "SELECT dstaddr, sum(bytes) AS b FROM t WHERE starts_with(srcaddr, '10.1.') GROUP BY ALL "
     "ORDER "
     "BY b DESC LIMIT 15"},
    {"UDP talkers", "filter protocol = 17 | stats count(*) by srcAddr",
     "SELECT srcaddr, count(*) FROM t WHERE protocol = 17 GROUP BY ALL"},
    {"hours with skipped records",
     "filter logStatus = \"SKIPDATA\" | stats count(*) by bin(1h) as t | sort t",
     "SELECT start // 3600 AS h, count(*) FROM t WHERE log_status = 'SKIPDATA' GROUP BY ALL ORDER "
     "BY "
     "h"},
    {"latest of each connection",
     "filter interfaceId = \"eni-00000003\" | sort @timestamp desc | dedup srcAddr, dstAddr, "
     "srcPort, dstPort, protocol | limit 20",
     "SELECT DISTINCT ON (srcaddr, dstaddr, srcport, dstport, protocol) * FROM t WHERE "
     "interface_id "
     "= 'eni-00000003' ORDER BY start DESC LIMIT 20"},
    {"mean and peak bytes", "stats avg(bytes), max(bytes) by dstAddr",
     "SELECT dstaddr, avg(bytes), max(bytes) FROM t GROUP BY ALL"},
    {"NAT gateway, both directions",
     "filter (dstAddr like '10.2.0.1' and srcAddr like '10.1.') or (srcAddr like '10.2.0.1' and "
     "dstAddr like '10.1.') | stats sum(bytes) as b by srcAddr, dstAddr | sort b desc | limit 10",
     "SELECT srcaddr, dstaddr, sum(bytes) AS b FROM t WHERE (contains(dstaddr, '10.2.0.1') AND "
     "contains(srcaddr, '10.1.')) OR (contains(srcaddr, '10.2.0.1') AND contains(dstaddr, "
     "'10.1.')) "
     "GROUP BY ALL ORDER BY b DESC LIMIT 10"},
    {"rejects over time", "filter action = \"REJECT\" | stats count(*) as n by bin(10m)",
     "SELECT start // 600 AS b, count(*) FROM t WHERE action = 'REJECT' GROUP BY ALL"},
    {"port-scan suspects",
     "filter action = \"REJECT\" | stats count_distinct(dstPort) as ports by srcAddr | filter "
     "ports "
     "> 20 | sort ports desc",
     "SELECT srcaddr, count(DISTINCT dstport) AS ports FROM t WHERE action = 'REJECT' GROUP BY ALL "
     "HAVING ports > 20 ORDER BY ports DESC"},
};

/// Hosts of some subnets that talk to a few servers, a tenth refused, a thousandth without data.
class Records {
 public:
  std::string next(std::int64_t second) {
    if (below(1000) == 0) {
      return "2 123456789010 eni-0000000" + std::to_string(below(8)) + " - - - - - - - " +
             std::to_string(second) + " " + std::to_string(second + 60) + " - SKIPDATA";
    }
    const bool is_refused = below(10) == 0;
    const std::string client = "10." + std::to_string(below(4)) + "." + std::to_string(below(4)) +
                               "." + std::to_string(below(250));
    const std::string server = "10.2.0." + std::to_string(below(40));
    const bool is_reply = below(2) == 0;
    const std::string client_port = std::to_string(32768 + below(28000));
    const std::string server_port =
        is_refused ? std::to_string(below(1024)) : (below(3) == 0 ? "53" : "443");
    return "2 123456789010 eni-0000000" + std::to_string(below(8)) + " " +
           (is_reply ? server : client) + " " + (is_reply ? client : server) + " " +
           (is_reply ? server_port : client_port) + " " + (is_reply ? client_port : server_port) +
           (server_port == "53" ? " 17 " : " 6 ") + std::to_string(1 + below(100)) + " " +
           std::to_string(40 + below(100'000)) + " " + std::to_string(second) + " " +
           std::to_string(second + 60) + (is_refused ? " REJECT OK" : " ACCEPT OK");
  }

 private:
  std::uint64_t below(std::uint64_t bound) {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return (state_ >> 33) % bound;
  }
  std::uint64_t state_ = 1;
};

void check(bool is_good, const char* what) {
  if (is_good) return;
  std::fprintf(stderr, "%s\n", what);
  std::exit(1);
}

void fill(logs::Logs& logs, const Scope& scope, std::size_t count, const std::string& file) {
  std::ofstream text(file);
  Records records;
  std::vector<logs::ImportStream> streams(1);
  std::int64_t position = 0;
  for (std::size_t i = 0; i < count; i += kBatch) {
    streams[0].log_stream_name = "eni-" + std::to_string(i / kBatch % 8);
    streams[0].log_events.clear();
    for (std::size_t k = i; k < std::min(count, i + kBatch); ++k) {
      const std::int64_t second = kStartMs / 1000 + static_cast<std::int64_t>(k) / 500;
      streams[0].log_events.push_back({second * 1000, records.next(second)});
      text << streams[0].log_events.back().message << '\n';
    }
    logs::Logs::ImportBatch batch;
    batch.from = position++;
    batch.reached = {.source = "bench", .version = "1", .position = position};
    batch.streams = streams;
    check(static_cast<bool>(logs.import_events(scope, "/vpc/flow", batch)), "import failed");
  }
}

struct Spent {
  double wall = 0;
  double cpu = 0;
};
template <class Work>
Spent measure(Work work) {
  const auto begin = std::chrono::steady_clock::now();
  timespec cpu_begin{};
  timespec cpu_end{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu_begin);
  work();
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu_end);
  return {std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(),
          static_cast<double>(cpu_end.tv_sec - cpu_begin.tv_sec) +
              static_cast<double>(cpu_end.tv_nsec - cpu_begin.tv_nsec) * 1e-9};
}

std::size_t run_insights(Runtime& runtime, const logs::Logs& logs, const Scope& scope,
                         const char* text) {
  const auto query = insights::compile(text);
  check(static_cast<bool>(query), "the query does not compile");
  insights::RunOptions options;
  options.scope = scope;
  options.log_groups = {"/vpc/flow"};
  options.from = {0};
  options.to = {kStartMs * 2};
  std::mutex mutex;
  std::condition_variable ended;
  bool has_ended = false;
  insights::Run run(runtime, logs, *query, options, [&] {
    const std::lock_guard lock(mutex);
    has_ended = true;
    ended.notify_all();
  });
  std::unique_lock lock(mutex);
  ended.wait(lock, [&] { return has_ended; });
  lock.unlock();
  const insights::Snapshot got = run.snapshot();
  check(got.state == insights::RunState::complete, "the query failed");
  return got.rows.size();
}

class Duck {
 public:
  explicit Duck(const std::string& file) {
    check(duckdb_open(nullptr, &database_) == DuckDBSuccess, "duckdb_open");
    check(duckdb_connect(database_, &connection_) == DuckDBSuccess, "duckdb_connect");
    run("SET threads = " + std::to_string(std::thread::hardware_concurrency()));
    run("CREATE VIEW t AS SELECT * FROM read_csv('" + file +
        "', delim = ' ', header = false, nullstr = '-', columns = {'version': 'INTEGER', "
        "'account_id': 'VARCHAR', 'interface_id': 'VARCHAR', 'srcaddr': 'VARCHAR', 'dstaddr': "
        "'VARCHAR', 'srcport': 'INTEGER', 'dstport': 'INTEGER', 'protocol': 'INTEGER', 'packets': "
        "'BIGINT', 'bytes': 'BIGINT', 'start': 'BIGINT', 'end': 'BIGINT', 'action': 'VARCHAR', "
        "'log_status': 'VARCHAR'})");
  }
  ~Duck() {
    duckdb_disconnect(&connection_);
    duckdb_close(&database_);
  }
  Duck(const Duck&) = delete;
  Duck& operator=(const Duck&) = delete;
  std::size_t run(const std::string& sql) {
    duckdb_result result;
    const bool is_good = duckdb_query(connection_, sql.c_str(), &result) == DuckDBSuccess;
    if (!is_good) std::fprintf(stderr, "%s\n", duckdb_result_error(&result));
    check(is_good, "DuckDB failed");
    const auto rows = static_cast<std::size_t>(duckdb_row_count(&result));
    duckdb_destroy_result(&result);
    return rows;
  }

 private:
  duckdb_database database_ = nullptr;
  duckdb_connection connection_ = nullptr;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t count = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 10'000'000;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 5;
  const std::filesystem::path folder =
      argc > 3 ? argv[3] : std::filesystem::temp_directory_path() / "weir_bench_insights";
  const std::string_view wanted = argc > 4 ? argv[4] : "";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  {
    SystemRuntime runtime(std::max(1u, std::thread::hardware_concurrency()));
    auto store = store::open_rocksdb_store(folder / "store");
    check(static_cast<bool>(store), "the store does not open");
    const Scope scope;
    logs::MetricSink sink = [](const Scope&, std::string_view,
                               std::span<const logs::MetricValue>) -> Result<void> { return {}; };
    logs::Logs logs(runtime, **store, sink, {});
    check(static_cast<bool>(logs.load()), "load failed");
    const std::string file = folder / "records.log";
    fill(logs, scope, count, file);
    Duck duck(file);
    std::printf("%zu records, %.1f MB of text, median of %d, seconds\n", count,
                static_cast<double>(std::filesystem::file_size(file)) / 1e6, rounds);
    std::printf("%-30s %8s %8s %6s | %8s %8s %6s\n", "query", "weir", "duckdb", "ratio", "weir cpu",
                "duck cpu", "ratio");
    for (const Sample& sample : kSamples) {
      if (std::string_view(sample.name).find(wanted) == std::string_view::npos) continue;
      std::vector<double> weir_wall, duck_wall, weir_cpu, duck_cpu;
      for (int i = 0; i < rounds; ++i) {
        const Spent a = measure([&] { run_insights(runtime, logs, scope, sample.insights); });
        const Spent b = measure([&] { duck.run(sample.sql); });
        weir_wall.push_back(a.wall);
        weir_cpu.push_back(a.cpu);
        duck_wall.push_back(b.wall);
        duck_cpu.push_back(b.cpu);
      }
      std::printf("%-30s %8.3f %8.3f %6.2f | %8.3f %8.3f %6.2f\n", sample.name, median(weir_wall),
                  median(duck_wall), median(weir_wall) / median(duck_wall), median(weir_cpu),
                  median(duck_cpu), median(weir_cpu) / median(duck_cpu));
      std::fflush(stdout);
    }
    runtime.quiesce();
  }
  std::filesystem::remove_all(folder);
}
