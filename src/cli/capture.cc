// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "cli/cli.h"
#include "cli/commands.h"
#include "daemon/interfaces.h"
#include "daemon/traffic.h"
#include "flow/format.h"

namespace weir::cli {
namespace {

constexpr std::size_t kOutputBufferBytes = 1u << 20;

/// Who stands in the records of a capture file, which does not say it.
flow::Context context_of(const daemon::Config& config) {
  flow::Context context;
  context.account_id = config.account;
  context.region = config.region;
  context.interface_id = "eni-00000000000000000";
  return context;
}

void append_json(std::string& out, const flow::Format& format, const flow::Record& record) {
  out += '{';
  for (const flow::Field field : format.fields()) {
    if (out.back() != '{') out += ',';
    append_json_string(out, flow::info(field).name);
    out += ':';
    if (const auto number = record.number(field)) {
      out += std::to_string(*number);
    } else if (const std::string value = record.value(field); value == "-") {
      out += "null";
    } else {
      append_json_string(out, value);
    }
  }
  out += "}\n";
}

void summary(const daemon::Traffic::Summary& done) {
  std::cerr << done.frames << " frames, " << done.meter.packets << " packets, " << done.meter.bytes
            << " IP bytes, " << done.meter.records << " records in " << done.meter.windows
            << " windows";
  if (done.frames_other > 0) std::cerr << ", " << done.frames_other << " frames without IP";
  if (done.frames_malformed > 0) std::cerr << ", " << done.frames_malformed << " malformed frames";
  if (done.meter.packets_unlogged > 0) {
    std::cerr << ", " << done.meter.packets_unlogged
              << " packets that AWS never logs (--hide-unlogged false shows them)";
  }
  if (done.meter.packets_skipped > 0)
    std::cerr << ", " << done.meter.packets_skipped << " packets skipped (--flows-max)";
  std::cerr << '\n';
}

}  // namespace

int capture(const daemon::Config& config, const CaptureOptions& options) {
  const auto format = flow::Format::parse(options.format);
  if (!format) return fail(format.error());
  flow::Meter::Config meter = daemon::meter_config(config);
  meter.window = std::chrono::seconds(options.window_s);
  std::string out;
  const auto flush = [&out] {
    std::cout.write(out.data(), static_cast<std::streamsize>(out.size()));
    out.clear();
  };
  if (options.header) out.append(format->header()).append("\n");
  const auto done =
      daemon::Traffic::replay(options.file, context_of(config), meter,
                              [&](const flow::Context&, std::span<const flow::Record> records) {
                                for (const flow::Record& record : records) {
                                  if (options.json) {
                                    append_json(out, *format, record);
                                  } else {
                                    format->append(record, out);
                                    out += '\n';
                                  }
                                  if (out.size() >= kOutputBufferBytes) flush();
                                }
                              });
  flush();
  std::cout.flush();
  if (!done) return fail(done.error());
  summary(*done);
  return std::cout ? kSuccess
                   : fail({ErrorKind::unavailable, "Output", "cannot write to standard output"});
}

}  // namespace weir::cli
