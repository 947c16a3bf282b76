// SPDX-License-Identifier: Apache-2.0
// FilterLogEvents through stored flow records on one thread, by kind of pattern, each to its end.
// Prints how much text a second that is.
//
//     weir_bench_filter [records] [rounds]
//     weir_bench_filter write <file> <records> <first second>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "logs/logs.h"
#include "store/kv_store.h"

namespace {

using namespace weir;

constexpr std::size_t kBatch = 7'000;  // records of a PutLogEvents call of about a megabyte
constexpr std::size_t kStreams = 4;

struct Sample {
  const char* name;
  const char* pattern;
};
const Sample kSamples[] = {
    {"nothing, no number", "nowhere"},
    {"a rare word", "SKIPDATA"},
    {"a rare address", "\"198.51.100.77\""},
    {"the start of an address", "\"198.51.\""},
    {"a number that is nowhere", "987654321"},
    {"a number in a column of many", "77777"},
    {"a rare number of three digits", "\"4 997 1\""},
    {"a frequent and a rare word", "ACCEPT SKIPDATA"},
    {"across columns", "\"6 1 40 \""},
    {"across columns, frequent words", "\"REJECT SKIPDATA\""},
    {"none of the frequent words", "-ACCEPT -REJECT"},
    {"one of two rare terms", "?SKIPDATA ?\"198.51.100.77\""},
    {"regular expression", "%198\\.51\\.100\\.[0-9]+%"},
    {"[...] two comparisons, rare",
     "[v, acct, eni, src, dst, sport = 3389, dport = 22, proto, packets, bytes, start, end, "
     "action = REJECT, status]"},
    {"[...] an ordering", "[v, a, e, src, dst, sp, dp, pr, packets, bytes >= 99999, ...]"},
    {"[...] an address with *", "[v, a, e, src = 198.51.*, ...]"},
    {"[...] from the right", "[..., action, status = SKIPDATA]"},
    {"[...] a text and an ordering",
     "[v, a, e, src, dst, sp, dp = 22 || dp = 389, pr, packets > 98, bytes > 99000, s, n, "
     "action = REJECT, status = OK]"},
    {"[...] regular expression", "[v, a, e, src = %^198\\.51%, ...]"},
    {"JSON", "{ $.action = REJECT }"},
};

/// Hosts of some subnets that talk to a few servers, a tenth refused, a few without data, and one
/// rare address.
class Records {
 public:
  std::string next(std::int64_t second) {
    const std::string times = std::to_string(second) + " " + std::to_string(second + 59);
    const std::string begin = "2 123456789010 eni-0a1b2c3d4e5f6071" + std::to_string(below(8));
    if (below(100'000) == 0) return begin + " - - - - - - - " + times + " - SKIPDATA";
    const bool is_refused = below(10) == 0;
    const std::string client = below(100'000) == 0 ? "198.51.100.77"
                                                   : "203.0." + std::to_string(below(256)) + "." +
                                                         std::to_string(below(256));
    const std::string port = std::to_string(is_refused ? below(1024) : below(3) == 0 ? 53 : 443);
    return begin + " " + client + " 10.0.0." + std::to_string(below(64)) + " " +
           std::to_string(1024 + below(64'000)) + " " + port + (port == "53" ? " 17 " : " 6 ") +
           std::to_string(1 + below(100)) + " " + std::to_string(40 + below(100'000)) + " " +
           times + (is_refused ? " REJECT OK" : " ACCEPT OK");
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

std::size_t fill(SimulatedRuntime& runtime, logs::Logs& logs, const Scope& scope,
                 std::size_t count) {
  const std::int64_t start = runtime.now().ms / 1000 - 7200;
  std::size_t bytes = 0;
  Records records;
  std::vector<logs::InputLogEvent> events;
  for (std::size_t s = 0; s < kStreams; ++s) {
    check(static_cast<bool>(logs.ensure_stream(scope, "/vpc/flow", "eni-" + std::to_string(s))),
          "ensure_stream failed");
  }
  for (std::size_t i = 0; i < count; i += kBatch) {
    events.clear();
    for (std::size_t k = i; k < std::min(count, i + kBatch); ++k) {
      const std::int64_t second = start + static_cast<std::int64_t>(k * 7200 / count);
      events.push_back({second * 1000, records.next(second)});
      bytes += events.back().message.size() + 1;
    }
    const std::string stream = "eni-" + std::to_string(i / kBatch % kStreams);
    check(static_cast<bool>(logs.put_log_events(scope, "/vpc/flow", stream, events)), "put failed");
  }
  for (int i = 0; i < 60; ++i) runtime.advance(std::chrono::seconds(10));  // blocks are merged
  return bytes;
}

/// The same records as a text, over two hours.
void write_text(const char* file, std::size_t count, std::int64_t start) {
  std::ofstream text(file);
  Records records;
  for (std::size_t k = 0; k < count; ++k) {
    text << records.next(start + static_cast<std::int64_t>(k * 7200 / count)) << '\n';
  }
  text.close();
  check(!text.fail(), "the text cannot be written");
}

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// Pages to the end; how many events matched.
std::size_t search(const logs::Logs& logs, const Scope& scope, const char* pattern) {
  logs::Logs::FilterQuery query;
  auto compiled = logs::FilterPattern::compile(pattern);
  check(static_cast<bool>(compiled), pattern);
  query.pattern = *std::move(compiled);
  std::size_t found = 0;
  do {
    auto page = logs.filter_events(scope, "/vpc/flow", query);
    check(static_cast<bool>(page), "filter_events failed");
    found += page->events.size();
    query.token = page->next_token;
  } while (!query.token.empty());
  return found;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 5 && std::string_view(argv[1]) == "write") {
    write_text(argv[2], std::strtoull(argv[3], nullptr, 10), std::atoll(argv[4]));
    return 0;
  }
  const std::size_t count = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 2'000'000;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 5;
  SimulatedRuntime runtime(1);
  const auto store = store::make_memory_store();
  const Scope scope;
  logs::Logs logs(runtime, *store,
                  [](const Scope&, std::string_view,
                     std::span<const logs::MetricValue>) -> Result<void> { return {}; },
                  {});
  check(static_cast<bool>(logs.load()), "load failed");
  const std::size_t bytes = fill(runtime, logs, scope, count);
  std::printf("%zu records, %.1f MB of text, median of %d by CPU time\n", count,
              static_cast<double>(bytes) / 1e6, rounds);
  for (const Sample& sample : kSamples) {
    std::vector<double> spent;
    std::size_t found = 0;
    for (int i = 0; i < rounds; ++i) {
      const double begin = cpu_seconds();
      found = search(logs, scope, sample.pattern);
      spent.push_back(cpu_seconds() - begin);
    }
    std::ranges::sort(spent);
    const double median = spent[spent.size() / 2];
    std::printf("%-34s %9zu found %8.1f ms %6.2f GB/s %7.1f M records/s\n", sample.name, found,
                median * 1e3, static_cast<double>(bytes) / median / 1e9,
                static_cast<double>(count) / median / 1e6);
    std::fflush(stdout);
  }
}
