// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>

#include "net/packet.h"

namespace weir::net {
namespace {

void ParseTcpOverEthernet(benchmark::State& state) {
  std::array<std::uint8_t, 54> frame{};
  frame[12] = 8;
  frame[14] = 0x45;
  frame[17] = 40;
  frame[23] = 6;
  frame[26] = 10;
  frame[30] = 10;
  frame[46] = 0x50;
  Packet packet;
  for (auto _ : state) {
    ++frame[29];
    benchmark::DoNotOptimize(parse_frame(LinkType::ethernet, frame, frame.size(), packet));
    benchmark::DoNotOptimize(packet);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(ParseTcpOverEthernet);

}  // namespace
}  // namespace weir::net
