// SPDX-License-Identifier: Apache-2.0
//
// Packets and IP bytes per 5-tuple of whole capture files, from file to flow record, equal what an
// independent tool counts: tshark dissects each frame, and only its header fields of the outermost
// IP packet are added up here.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "daemon/traffic.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

struct Counts {
  std::int64_t packets = 0;
  std::int64_t bytes = 0;
  bool operator==(const Counts&) const = default;
};
void PrintTo(const Counts& counts, std::ostream* out) {
  *out << counts.packets << " packets, " << counts.bytes << " bytes";
}
/// `source destination source-port destination-port protocol`
using Tuples = std::map<std::string, Counts>;

std::string tuple(std::string_view source, std::string_view destination, std::int64_t source_port,
                  std::int64_t destination_port, std::int64_t protocol) {
  return std::string(source) + ' ' + std::string(destination) + ' ' + std::to_string(source_port) +
         ' ' + std::to_string(destination_port) + ' ' + std::to_string(protocol);
}

// ---- Weir ----

Tuples count_with_weir(const fs::path& path) {
  using flow::Field;
  Tuples tuples;
  flow::Meter::Config config;
  config.nodata = false;
  config.hide_unlogged = false;
  const auto summary = daemon::Traffic::replay(
      path, {}, config, [&](const flow::Context&, std::span<const flow::Record> records) {
        for (const flow::Record& record : records) {
          Counts& counts = tuples[tuple(
              record.value(Field::pkt_srcaddr), record.value(Field::pkt_dstaddr),
              record.number_or(Field::srcport, -1), record.number_or(Field::dstport, -1),
              record.number_or(Field::protocol, -1))];
          counts.packets += record.number_or(Field::packets, 0);
          counts.bytes += record.number_or(Field::bytes, 0);
        }
      });
  EXPECT_TRUE(summary) << summary.error().message;
  return tuples;
}

// ---- tshark ----

constexpr std::array kFields = {"frame.interface_id",
                                "frame.protocols",
                                "frame.len",
                                "ip.src",
                                "ip.dst",
                                "ip.len",
                                "ip.proto",
                                "ip.id",
                                "ip.frag_offset",
                                "ip.flags.mf",
                                "ip.hdr_len",
                                "ipv6.src",
                                "ipv6.dst",
                                "ipv6.plen",
                                "ipv6.nxt",
                                "ipv6.hopopts.nxt",
                                "ipv6.routing.nxt",
                                "ipv6.fraghdr.nxt",
                                "ipv6.dstopts.nxt",
                                "ipv6.fraghdr.offset",
                                "ipv6.fraghdr.more",
                                "ipv6.fraghdr.ident",
                                "ipv6.opt.jumbo",
                                "tcp.srcport",
                                "tcp.dstport",
                                "udp.srcport",
                                "udp.dstport",
                                "sctp.srcport",
                                "sctp.dstport"};

/// The first (outermost) occurrence of each field in one frame.
class Frame {
 public:
  explicit Frame(std::string_view line) {
    for (const char* name : kFields) {
      const std::size_t end = std::min(line.find('\t'), line.size());
      values_[name] = std::string(line.substr(0, end));
      line.remove_prefix(std::min(end + 1, line.size()));
    }
  }
  const std::string& text(const char* name) const { return values_.at(name); }
  /// Decimal or 0x...; True and False; 0 if absent.
  std::int64_t number(const char* name) const {
    const std::string& value = text(name);
    if (value == "True") return 1;
    return std::strtoll(value.c_str(), nullptr, 0);
  }
  bool has(const char* name) const { return !text(name).empty(); }

 private:
  std::map<std::string_view, std::string> values_;
};

/// Which IP is outermost: 4, 6, or 0 for none.
int outer_version(const Frame& frame) {
  std::string_view rest = frame.text("frame.protocols");
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    if (rest.substr(0, end) == "ip") return 4;
    if (rest.substr(0, end) == "ipv6") return 6;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return 0;
}

/// One packet as tshark sees it.
struct Seen {
  std::string source;
  std::string destination;
  std::int64_t protocol = 0;
  std::int64_t bytes = 0;
  std::int64_t fragment_id = 0;
  bool is_later_fragment = false;
  bool is_first_fragment = false;
};

/// What the frame holds behind its link header, where the IP header gives no length (BIG TCP).
std::int64_t frame_payload(const Frame& frame) {
  constexpr std::int64_t kEthernet = 14;
  return frame.number("frame.len") - kEthernet;
}

Seen seen_v4(const Frame& frame) {
  Seen seen{frame.text("ip.src"), frame.text("ip.dst"), frame.number("ip.proto"),
            frame.number("ip.len"), frame.number("ip.id")};
  if (seen.bytes == 0) seen.bytes = frame_payload(frame);
  seen.is_later_fragment = frame.number("ip.frag_offset") != 0;
  seen.is_first_fragment = !seen.is_later_fragment && frame.number("ip.flags.mf") != 0;
  return seen;
}

Seen seen_v6(const Frame& frame) {
  Seen seen{frame.text("ipv6.src"), frame.text("ipv6.dst"), frame.number("ipv6.nxt"),
            40 + frame.number("ipv6.plen"), frame.number("ipv6.fraghdr.ident")};
  if (frame.number("ipv6.plen") == 0 && seen.protocol != 59) seen.bytes = frame_payload(frame);
  const std::map<std::int64_t, const char*> chain = {{0, "ipv6.hopopts.nxt"},
                                                     {43, "ipv6.routing.nxt"},
                                                     {44, "ipv6.fraghdr.nxt"},
                                                     {60, "ipv6.dstopts.nxt"}};
  for (int i = 0; i < 8; ++i) {
    const auto header = chain.find(seen.protocol);
    if (header == chain.end() || !frame.has(header->second)) break;
    seen.protocol = frame.number(header->second);
  }
  seen.is_later_fragment = frame.number("ipv6.fraghdr.offset") != 0;
  seen.is_first_fragment = !seen.is_later_fragment && frame.number("ipv6.fraghdr.more") != 0;
  return seen;
}

using Ports = std::pair<std::int64_t, std::int64_t>;

Ports ports_of(const Frame& frame, std::int64_t protocol) {
  switch (protocol) {
    case 6:
      return {frame.number("tcp.srcport"), frame.number("tcp.dstport")};
    case 17:
      return {frame.number("udp.srcport"), frame.number("udp.dstport")};
    case 132:
      return {frame.number("sctp.srcport"), frame.number("sctp.dstport")};
    default:
      return {0, 0};
  }
}

/// Adds up the frames of one file; fragments get the ports of their first one.
class Sum {
 public:
  void add(const Frame& frame) {
    const int version = outer_version(frame);
    if (version == 0) return;
    Seen seen = version == 4 ? seen_v4(frame) : seen_v6(frame);
    Ports ports{0, 0};
    const auto key = std::tuple(seen.source, seen.destination, seen.fragment_id);
    if (!seen.is_later_fragment) ports = ports_of(frame, seen.protocol);
    if (seen.is_first_fragment) fragments_[key] = {ports, seen.protocol};
    if (const auto first = fragments_.find(key);
        seen.is_later_fragment && first != fragments_.end()) {
      std::tie(ports, seen.protocol) = first->second;
    }
    Counts& counts =
        tuples[tuple(seen.source, seen.destination, ports.first, ports.second, seen.protocol)];
    ++counts.packets;
    counts.bytes += seen.bytes;
  }
  Tuples tuples;

 private:
  std::map<std::tuple<std::string, std::string, std::int64_t>, std::pair<Ports, std::int64_t>>
      fragments_;
};

std::vector<fs::path> captures() {
  std::vector<fs::path> paths;
  for (const char* folder : {"pcaps", "flowlogs"}) {
    const fs::path data = fs::path(WEIR_SOURCE_DIR) / "../shared/data" / folder;
    if (!fs::is_directory(data)) continue;
    for (const auto& entry : fs::directory_iterator(data)) {
      const auto extension = entry.path().extension();
      if (extension == ".pcap" || extension == ".pcapng") paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

/// Counts of all captures in one run, since each start of tshark takes half a second: mergecap puts
/// the files behind each other and gives every one its interface number. Empty if the tools are
/// missing.
const std::map<std::string, Tuples>& counts_of_tshark() {
  static const std::map<std::string, Tuples> counts = [] {
    std::string command = "mergecap -a -I none -w -";
    for (const fs::path& path : captures()) command += " '" + path.string() + "'";
    command +=
        " 2>/dev/null | tshark -n -r - -o ip.defragment:FALSE -o ipv6.defragment:FALSE"
        " -T fields -E separator=/t -E occurrence=f";
    for (const char* name : kFields) command += std::string(" -e ") + name;
    command += " 2>/dev/null";
    std::map<std::string, Tuples> out;
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
    if (!pipe) return out;
    std::vector<Sum> sums(captures().size());
    bool any = false;
    char* line = nullptr;
    std::size_t size = 0;
    for (ssize_t length; (length = ::getline(&line, &size, pipe.get())) > 0; any = true) {
      const Frame frame(std::string_view(line, static_cast<std::size_t>(length - 1)));
      sums.at(static_cast<std::size_t>(frame.number("frame.interface_id"))).add(frame);
    }
    std::free(line);
    for (std::size_t i = 0; any && i < sums.size(); ++i) {
      out[captures()[i].filename()] = std::move(sums[i].tuples);
    }
    return out;
  }();
  return counts;
}

// ---- comparison ----

/// What differs, line by line; empty if nothing does.
std::vector<std::string> differences(const Tuples& weir, const Tuples& tshark) {
  std::vector<std::string> out;
  const auto describe = [](const Tuples& tuples, const std::string& key) {
    const auto found = tuples.find(key);
    return found == tuples.end() ? std::string("nothing") : testing::PrintToString(found->second);
  };
  Tuples all = weir;
  all.insert(tshark.begin(), tshark.end());
  for (const auto& [key, counts] : all) {
    const std::string ours = describe(weir, key);
    const std::string theirs = describe(tshark, key);
    if (ours != theirs) out.push_back(key + ": weir " + ours + ", tshark " + theirs);
  }
  return out;
}

/// Where tshark is known to be wrong: the exact difference that is expected, and why.
struct Exception {
  std::string_view file;
  std::string_view reason;
  std::vector<std::string> differences;
};
const std::vector<Exception>& exceptions() {
  static const std::vector<Exception> list = {
      {"tcpdump-bigtcp-ipv6.pcap",
       "tshark 4.0 takes payload length 0 (BIG TCP) for an empty packet and shows no TCP ports. "
       "The bytes "
       "behind the IPv6 header are a9 03 a1 03: ports 43267 and 41219",
       {"2604:1380:4091:ce00::b 2604:1380:4091:ce00::d 0 0 6: weir nothing, tshark 1 packets, "
        "80040 bytes",
        "2604:1380:4091:ce00::b 2604:1380:4091:ce00::d 43267 41219 6: weir 1 packets, 80040 bytes, "
        "tshark "
        "nothing"}},
  };
  return list;
}

class PcapParity : public testing::TestWithParam<fs::path> {};

TEST_P(PcapParity, EqualsTshark) {
  if (counts_of_tshark().empty()) GTEST_SKIP() << "tshark and mergecap are not installed";
  const std::string file = GetParam().filename();
  std::vector<std::string> expected;
  for (const Exception& exception : exceptions()) {
    if (exception.file == file) expected = exception.differences;
  }
  const Tuples& tshark = counts_of_tshark().at(file);
  EXPECT_EQ(differences(count_with_weir(GetParam()), tshark), expected);
}

std::string name_of(const testing::TestParamInfo<fs::path>& info) {
  std::string name = info.param.filename().string();
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); },
      '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(Captures, PcapParity, testing::ValuesIn(captures()), name_of);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(PcapParity);

TEST(PcapParityData, IsThere) {
  if (captures().empty()) GTEST_SKIP() << "the captures are not here (../shared/data/pcaps)";
  EXPECT_GE(captures().size(), 70U);
}

}  // namespace
}  // namespace weir
