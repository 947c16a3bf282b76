// SPDX-License-Identifier: Apache-2.0
//
// Plays a capture file through parser, flow table and formatter and writes the records of the
// default format to a file: weir_bench_replay CAPTURE OUTPUT. Prints seconds, packets and records.

#include <chrono>
#include <fstream>
#include <iostream>
#include <string>

#include "daemon/traffic.h"
#include "flow/format.h"

int main(int count, char** arguments) {
  using namespace weir;
  if (count != 3) {
    std::cerr << "usage: weir_bench_replay CAPTURE OUTPUT\n";
    return 2;
  }
  std::ofstream output(arguments[2], std::ios::binary);
  std::string text;
  const auto start = std::chrono::steady_clock::now();
  const auto summary = daemon::Traffic::replay(
      arguments[1], {}, {}, [&](const flow::Context&, std::span<const flow::Record> records) {
        text.clear();
        for (const flow::Record& record : records) {
          flow::Format::standard().append(record, text);
          text += '\n';
        }
        output << text;
      });
  if (!summary) {
    std::cerr << summary.error().message << '\n';
    return 1;
  }
  output.close();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  std::cout << seconds.count() << ' ' << summary->meter.packets << ' ' << summary->meter.records
            << '\n';
  return 0;
}
