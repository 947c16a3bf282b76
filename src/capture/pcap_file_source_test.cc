// SPDX-License-Identifier: Apache-2.0
#include "capture/pcap_file_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

namespace weir::capture {
namespace {

using testing::HasSubstr;

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

/// A classic pcap file in the byte order of this machine.
std::string pcap_header(std::uint32_t link_type) {
  std::string out;
  put<std::uint32_t>(out, 0xa1b2c3d4);
  put<std::uint16_t>(out, 2);
  put<std::uint16_t>(out, 4);
  put<std::uint64_t>(out, 0);
  put<std::uint32_t>(out, 65535);
  put<std::uint32_t>(out, link_type);
  return out;
}
std::string pcap_record(std::uint32_t seconds, std::uint32_t micros, const std::string& bytes,
                        std::uint32_t original) {
  std::string out;
  put(out, seconds);
  put(out, micros);
  put(out, static_cast<std::uint32_t>(bytes.size()));
  put(out, original);
  return out + bytes;
}
/// An IPv4 header without anything behind, protocol 50.
std::string ip_header() {
  return std::string("\x45\0\0\x64\0\0\0\0\x40\x32\0\0\x0a\0\0\x01\x0a\0\0\x02", 20);
}

std::vector<std::int64_t> times(PcapFileSource& source) {
  std::vector<std::int64_t> out;
  const auto result = source.run({}, [&](const Batch& batch) {
    for (const net::Packet& packet : batch.packets) out.push_back(packet.time_ns);
  });
  EXPECT_TRUE(result) << result.error().message;
  return out;
}

class PcapFile : public testing::Test {
 protected:
  std::filesystem::path write(const std::string& content) {
    const auto path =
        std::filesystem::path(testing::TempDir()) /
        (std::string("weir_") + testing::UnitTest::GetInstance()->current_test_info()->name());
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }
};

TEST_F(PcapFile, PacketsHaveTheTimesAndLengthsOfTheFile) {
  const auto path = write(pcap_header(101) + pcap_record(1'700'000'000, 250'000, ip_header(), 100) +
                          pcap_record(1'700'000'001, 0, "\x45", 1));
  auto source = PcapFileSource::open(path);
  ASSERT_TRUE(source) << source.error().message;
  std::vector<net::Packet> packets;
  ASSERT_TRUE((*source)->run({}, [&](const Batch& batch) {
    packets.insert(packets.end(), batch.packets.begin(), batch.packets.end());
  }));
  ASSERT_EQ(packets.size(), 1U);
  EXPECT_EQ(packets[0].time_ns, 1'700'000'000'250'000'000);
  EXPECT_EQ(packets[0].ip_bytes, 100U);
  EXPECT_EQ((*source)->counters().frames.value(), 2U);
  EXPECT_EQ((*source)->counters().malformed.value(), 1U);
}

// Records that lie across the reader's pieces, batches that end anywhere, and one record that is
// longer than a piece.
TEST_F(PcapFile, LongFileIsReadWholeAndInOrder) {
  std::mt19937 random(5);
  std::string content = pcap_header(101);
  constexpr std::uint32_t kRecords = 20'000;
  for (std::uint32_t i = 0; i < kRecords; ++i) {
    const std::size_t more = i == 700 ? 600'000 : random() % 90;
    content += pcap_record(i, 0, ip_header() + std::string(more, 'x'), 100);
  }
  const auto source = PcapFileSource::open(write(content));
  ASSERT_TRUE(source) << source.error().message;
  const std::vector<std::int64_t> seen = times(**source);
  ASSERT_EQ(seen.size(), kRecords);
  for (std::uint32_t i = 0; i < kRecords; ++i) ASSERT_EQ(seen[i], std::int64_t{i} * 1'000'000'000);
  EXPECT_EQ((*source)->counters().frames.value(), kRecords);
}

TEST_F(PcapFile, CutOffFileIsAnErrorAfterWhatItHolds) {
  std::string content =
      pcap_header(101) + pcap_record(1, 0, ip_header(), 100) + pcap_record(2, 0, ip_header(), 100);
  content.resize(content.size() - 5);
  auto source = PcapFileSource::open(write(content));
  ASSERT_TRUE(source) << source.error().message;
  std::size_t packets = 0;
  const auto result =
      (*source)->run({}, [&](const Batch& batch) { packets += batch.packets.size(); });
  EXPECT_FALSE(result);
  EXPECT_EQ(packets, 1U);
}

TEST_F(PcapFile, OtherFilesAreRefusedWithTheirName) {
  const auto missing = PcapFileSource::open("/nonexistent/x.pcap");
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr("/nonexistent/x.pcap"));
  EXPECT_FALSE(PcapFileSource::open(write("this is no capture file at all, only text")));
}

TEST_F(PcapFile, UnknownLinkTypeIsRefused) {
  const auto source = PcapFileSource::open(write(pcap_header(105)));  // IEEE 802.11
  ASSERT_FALSE(source);
  EXPECT_THAT(source.error().message, HasSubstr("link type"));
}

TEST_F(PcapFile, CutOffFileIsToldWithThePlace) {
  std::string content = pcap_header(101) + pcap_record(1, 0, ip_header(), 100);
  const std::size_t good = content.size();
  content += pcap_record(2, 0, ip_header(), 100);
  for (const std::size_t size : {good + 1, good + 15, good + 16, content.size() - 1}) {
    auto source = PcapFileSource::open(write(content.substr(0, size)));
    ASSERT_TRUE(source);
    const auto result = (*source)->run({}, [](const Batch&) {});
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().message, HasSubstr("cut off"));
    EXPECT_THAT(result.error().message, HasSubstr("at byte " + std::to_string(good)));
  }
  content.replace(good + 8, 4, "\xff\xff\xff\x7f");
  auto source = PcapFileSource::open(write(content));
  const auto result = (*source)->run({}, [](const Batch&) {});
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("impossible length"));
}

std::string swapped(const std::string& content, std::size_t header_bytes) {
  std::string out = content;
  for (std::size_t at = 0; at < header_bytes; at += 4) std::reverse(&out[at], &out[at] + 4);
  return out;
}

TEST_F(PcapFile, OtherByteOrderAndNanoseconds) {
  std::string header = pcap_header(101);
  header.replace(0, 4, "\x4d\x3c\xb2\xa1");
  const std::string record = pcap_record(1'700'000'000, 123'456'789, ip_header(), 100);
  for (const bool is_swapped : {false, true}) {
    const std::string content =
        is_swapped ? swapped(header, 24) + swapped(record, 16) : header + record;
    auto source = PcapFileSource::open(write(content));
    ASSERT_TRUE(source) << source.error().message;
    EXPECT_THAT(times(**source), testing::ElementsAre(1'700'000'000'123'456'789));
  }
}

/// A pcapng block in the byte order of this machine.
std::string block(std::uint32_t type, std::string body) {
  body.resize((body.size() + 3) / 4 * 4);
  std::string out;
  put(out, type);
  put(out, static_cast<std::uint32_t>(body.size() + 12));
  out += body;
  put(out, static_cast<std::uint32_t>(body.size() + 12));
  return out;
}
std::string section() {
  std::string body;
  put<std::uint32_t>(body, 0x1a2b3c4d);
  put<std::uint32_t>(body, 1);
  put<std::int64_t>(body, -1);
  return block(0x0a0d0d0a, body);
}
std::string interface_block(std::uint16_t link, const std::string& options = "") {
  std::string body;
  put(body, link);
  put<std::uint16_t>(body, 0);
  put<std::uint32_t>(body, 0);
  return block(1, body + options);
}
std::string option(std::uint16_t code, std::string value) {
  std::string out;
  put(out, code);
  put(out, static_cast<std::uint16_t>(value.size()));
  value.resize((value.size() + 3) / 4 * 4);
  return out + value;
}
std::string packet_block(std::uint32_t interface, std::uint64_t units, const std::string& bytes) {
  std::string body;
  put(body, interface);
  put(body, static_cast<std::uint32_t>(units >> 32));
  put(body, static_cast<std::uint32_t>(units));
  put(body, static_cast<std::uint32_t>(bytes.size()));
  put<std::uint32_t>(body, 100);
  return block(6, body + bytes);
}

TEST_F(PcapFile, InterfacesOfOnePcapngHaveTheirOwnLinkTypeAndClock) {
  const std::string ethernet = std::string("\0\0\0\0\0\1\0\0\0\0\0\2\x08\0", 14) + ip_header();
  std::string offset;
  put<std::int64_t>(offset, 1'700'000'000);
  const std::string content =
      section() + interface_block(101) + interface_block(1, option(9, "\x09")) +
      block(0x0bad, "a block that nobody knows") +
      packet_block(0, 1'700'000'000'250'000, ip_header()) +
      packet_block(1, 1'700'000'001'000'000'007, ethernet) + section() +
      interface_block(101, option(9, "\x83") + option(14, offset)) +
      packet_block(0, 9, ip_header()) + block(3, std::string("\x64\0\0\0", 4) + ip_header());
  auto source = PcapFileSource::open(write(content));
  ASSERT_TRUE(source) << source.error().message;
  EXPECT_THAT(times(**source),
              testing::ElementsAre(1'700'000'000'250'000'000, 1'700'000'001'000'000'007,
                                   1'700'000'001'125'000'000, 1'700'000'001'125'000'000));
}

TEST_F(PcapFile, DamagedPcapngIsAnErrorAfterWhatItHolds) {
  const std::string good = section() + interface_block(101) + packet_block(0, 1, ip_header());
  std::string lengths = block(6, "0123456789abcdef0123456789");
  lengths.back() = 'x';
  std::string long_packet = packet_block(0, 1, ip_header());
  long_packet[20] = '\x7f';
  for (const std::string& bad :
       {packet_block(0, 1, ip_header()).substr(0, 20), std::string("\6\0\0\0\5\0\0\0\0\0\0\0", 12),
        packet_block(1, 1, ip_header()), lengths, long_packet, block(6, "short"), block(1, ""),
        interface_block(105) + packet_block(1, 1, ip_header()),
        block(0x0a0d0d0a, "no byte order here.."), std::string("\6\0\0", 3)}) {
    auto source = PcapFileSource::open(write(good + bad));
    ASSERT_TRUE(source);
    std::size_t packets = 0;
    const auto result =
        (*source)->run({}, [&](const Batch& batch) { packets += batch.packets.size(); });
    EXPECT_FALSE(result);
    EXPECT_EQ(packets, 1U);
  }
}

}  // namespace
}  // namespace weir::capture
