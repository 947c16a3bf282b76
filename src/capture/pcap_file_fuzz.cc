// SPDX-License-Identifier: Apache-2.0
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "capture/pcap_file_source.h"

/// Any file as capture file: no read outside, it ends, and every frame is accounted for.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  static const int file = ::memfd_create("capture", MFD_CLOEXEC);
  WEIR_ASSERT(::ftruncate(file, 0) == 0);
  WEIR_ASSERT(::pwrite(file, data, size, 0) == static_cast<ssize_t>(size));
  const auto source = capture::PcapFileSource::open("/proc/self/fd/" + std::to_string(file));
  if (!source) return 0;
  std::uint64_t packets = 0;
  const auto result = (*source)->run({}, [&](const capture::Batch& batch) {
    for (const net::Packet& packet : batch.packets) WEIR_ASSERT(packet.time_ns >= 0);
    packets += batch.packets.size();
  });
  const capture::SourceCounters& counters = (*source)->counters();
  WEIR_ASSERT(packets + counters.other.value() + counters.malformed.value() ==
              counters.frames.value());
  WEIR_ASSERT(result || !result.error().message.empty());
  return 0;
}
