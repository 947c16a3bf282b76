// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <charconv>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "flow/format.h"
#include "flow/meter.h"
#include "net/protocol.h"

namespace weir::flow {
namespace {

constexpr std::size_t kRecords = 200'000;

/// Lines of the default format, different enough that no branch is learnt by heart. The same
/// generator (a 64-bit LCG) writes the file for the comparison with DuckDB in bench/records.
std::string make_text() {
  std::string out;
  std::uint64_t state = 1;
  const auto next = [&](std::uint64_t bound) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (state >> 33) % bound;
  };
  for (std::size_t i = 0; i < kRecords; ++i) {
    std::ostringstream line;
    const std::uint64_t start = 1'767'603'600 + i / 100;
    line << "2 123456789010 eni-0a1b2c3d4e5f6" << 1000 + next(9000) << " " << 1 + next(223) << '.'
         << next(256) << '.' << next(256) << '.' << next(256) << " 10.0." << next(256) << '.'
         << next(256) << ' ' << 1024 + next(64000) << ' ' << (next(2) == 0 ? 443 : next(65536))
         << ' ' << (next(4) == 0 ? 17 : 6) << ' ' << 1 + next(10000) << ' ' << 40 + next(15'000'000)
         << ' ' << start << ' ' << start + next(60)
         << (next(5) == 0 ? " REJECT OK\n" : " ACCEPT OK\n");
    out += line.str();
  }
  return out;
}
const std::string& text() {
  static const std::string made = make_text();
  return made;
}

void report(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kRecords));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text().size()));
}

void ReadRecords(benchmark::State& state) {
  Record record;
  for (auto _ : state) {
    std::int64_t bytes = 0;
    Reader reader(text(), Format::standard());
    while (reader.next(record)) bytes += record.number_or(Field::bytes, 0);
    benchmark::DoNotOptimize(bytes);
  }
  report(state);
}
BENCHMARK(ReadRecords)->Unit(benchmark::kMillisecond);

/// What a script would do: cut the line at blanks into strings, convert the numbers and nothing
/// else.
void PlainSplit(benchmark::State& state) {
  for (auto _ : state) {
    std::int64_t bytes = 0;
    std::istringstream stream(text());
    std::string line;
    std::vector<std::string> words;
    while (std::getline(stream, line)) {
      words.clear();
      for (std::size_t at = 0; at < line.size();) {
        const std::size_t end = std::min(line.find(' ', at), line.size());
        words.push_back(line.substr(at, end - at));
        at = end + 1;
      }
      for (const std::size_t i : {0U, 5U, 6U, 7U, 8U, 9U, 10U, 11U}) {
        const std::int64_t number = std::stoll(words[i]);
        if (i == 9) bytes += number;
      }
    }
    benchmark::DoNotOptimize(bytes);
  }
  report(state);
}
BENCHMARK(PlainSplit)->Unit(benchmark::kMillisecond);

void FormatRecords(benchmark::State& state) {
  std::vector<Record> records;
  Reader reader(text(), Format::standard());
  Record record;
  while (reader.next(record)) records.push_back(record);
  std::string out;
  for (auto _ : state) {
    out.clear();
    for (const Record& one : records) {
      Format::standard().append(one, out);
      out += '\n';
    }
    benchmark::DoNotOptimize(out.data());
  }
  report(state);
}
BENCHMARK(FormatRecords)->Unit(benchmark::kMillisecond);

/// One packet each of `state.range(0)` flows in turn, windows closing as time passes.
void MeterPackets(benchmark::State& state) {
  std::vector<net::Packet> packets(static_cast<std::size_t>(state.range(0)));
  for (std::size_t i = 0; i < packets.size(); ++i) {
    packets[i].source = net::Address::v4(0x0a000000U + static_cast<std::uint32_t>(i));
    packets[i].destination = net::Address::v4(0xc0a80001U);
    packets[i].source_port = static_cast<std::uint16_t>(i);
    packets[i].destination_port = 443;
    packets[i].protocol = net::protocol::kTcp;
    packets[i].ip_bytes = 1500;
  }
  std::uint64_t records = 0;
  Meter meter(std::make_shared<const Context>(), {}, [&](const Record&) { ++records; });
  std::int64_t time_ns = 1'767'603'600'000'000'000;
  for (auto _ : state) {
    for (net::Packet& packet : packets) {
      packet.time_ns = time_ns += 1'000;
      meter.add(packet, Direction::ingress);
    }
  }
  benchmark::DoNotOptimize(records);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(MeterPackets)->Arg(100)->Arg(10'000)->Arg(500'000);

}  // namespace
}  // namespace weir::flow
