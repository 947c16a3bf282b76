// SPDX-License-Identifier: Apache-2.0
#include "capture/pcap_file_source.h"

#include <pcap/pcap.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

namespace weir::capture {
namespace {

constexpr std::int64_t kSecondsMax = 9'000'000'000;  // fits into 64 bits of nanoseconds

struct Closer {
  void operator()(pcap_t* file) const { pcap_close(file); }
};

Error cannot_read(const std::filesystem::path& path, std::string_view why) {
  return {ErrorKind::invalid, "CaptureFile",
          "cannot read capture file " + path.string() + ": " + std::string(why)};
}

/// libpcap's number of a link type differs from that in files for a few old types.
std::optional<net::LinkType> link_type_of(int dlt) {
  if (dlt == DLT_RAW) return net::LinkType::raw;
  if (!net::is_known_link_type(dlt)) return std::nullopt;
  return static_cast<net::LinkType>(dlt);
}

}  // namespace

struct PcapFileSource::Impl {
  std::filesystem::path path;
  std::unique_ptr<pcap_t, Closer> file;
  SourceCounters counters;
  std::optional<FrameParser> parser;
};

PcapFileSource::PcapFileSource(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PcapFileSource::~PcapFileSource() = default;

Result<std::unique_ptr<PcapFileSource>> PcapFileSource::open(const std::filesystem::path& path) {
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  std::array<char, PCAP_ERRBUF_SIZE> why{};
  impl->file.reset(pcap_open_offline_with_tstamp_precision(path.c_str(), PCAP_TSTAMP_PRECISION_NANO,
                                                           why.data()));
  if (!impl->file) return cannot_read(path, why.data());
  const int dlt = pcap_datalink(impl->file.get());
  const auto link = link_type_of(dlt);
  if (!link) {
    const char* const name = pcap_datalink_val_to_description_or_dlt(dlt);
    return cannot_read(path, "link type " + std::string(name) + " is not supported");
  }
  impl->parser.emplace(*link, impl->counters);
  return std::unique_ptr<PcapFileSource>(new PcapFileSource(std::move(impl)));
}

Result<void> PcapFileSource::run(const std::stop_token& stop, const BatchSink& sink) {
  constexpr int kEnd = PCAP_ERROR_BREAK;
  FrameParser& parser = *impl_->parser;
  while (!stop.stop_requested()) {
    pcap_pkthdr* header = nullptr;
    const u_char* bytes = nullptr;
    const int code = pcap_next_ex(impl_->file.get(), &header, &bytes);
    if (code == kEnd) break;
    if (code != 1) {
      parser.flush(0, sink);
      return cannot_read(impl_->path, pcap_geterr(impl_->file.get()));
    }
    const std::int64_t seconds = std::clamp<std::int64_t>(header->ts.tv_sec, 0, kSecondsMax);
    // With nanosecond precision the field for microseconds holds nanoseconds.
    const std::int64_t time_ns = seconds * 1'000'000'000 + header->ts.tv_usec;
    parser.add({bytes, header->caplen}, header->len, time_ns, net::Course::unknown);
    if (parser.is_full()) parser.flush(0, sink);
  }
  parser.flush(0, sink);
  return {};
}

const SourceCounters& PcapFileSource::counters() const { return impl_->counters; }

}  // namespace weir::capture
