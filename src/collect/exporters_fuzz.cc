// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/log.h"
#include "collect/exporters.h"
#include "flow/format.h"

namespace {

using namespace weir;

void check_record(const flow::Context& context, const flow::Record& record) {
  const std::string line = flow::Format::standard().line(record);
  flow::Record again;
  WEIR_ASSERT(flow::Format::standard().read(line, again));
  WEIR_ASSERT(record.text(flow::Field::interface_id) == context.interface_id);
  WEIR_ASSERT(record.start_time() <= record.end_time() && record.start_time().ms >= 0);
  WEIR_ASSERT(record.number_or(flow::Field::packets, 0) >= 0);
  WEIR_ASSERT(record.number_or(flow::Field::bytes, 0) >= 0);
}

}  // namespace

/// Any bytes as datagrams (each behind a byte for sender and time, and two bytes of length) of
/// several exporters: every flow ends up in a record that reads, every loss is bounded, and so is
/// what is kept.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  log::configure(log::Level::off, log::Format::text);
  collect::Exporters::Config config;
  config.sessions_max = 4;
  config.interfaces.interfaces_max = 16;
  config.interfaces.account_id = "123456789012";
  std::uint64_t records = 0;
  collect::Exporters exporters(
      config,
      [&](const flow::Context& context, std::span<const flow::Record> batch) {
        for (const flow::Record& record : batch) check_record(context, record);
        records += batch.size();
      },
      nullptr);
  Time now = Time::from_seconds(1'767'225'600);
  collect::Cursor in({data, size});
  while (in.left() > 3) {
    const std::uint8_t control = in.u8();
    const std::size_t length = in.u16();
    const auto datagram = in.take(length < in.left() ? length : in.left());
    const collect::Peer peer{net::Address::v4(0x0a000000u | (control & 7u)), 2055};
    exporters.accept(peer, datagram, now);
    now = now + Duration(control * 1000);
    exporters.tick(now);
    WEIR_ASSERT(exporters.sessions() <= config.sessions_max);
    WEIR_ASSERT(exporters.interfaces().size() <= config.interfaces.interfaces_max);
  }
  exporters.flush(now);
  const auto& kept = exporters.interfaces().stats();
  WEIR_ASSERT(records == kept.records + kept.skip_records);
  WEIR_ASSERT(exporters.stats().flows == kept.records + kept.flows_unassigned);
  return 0;
}
