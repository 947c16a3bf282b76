// SPDX-License-Identifier: Apache-2.0
#include "capture/pcap_file_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
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

}  // namespace
}  // namespace weir::capture
