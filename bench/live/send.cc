// SPDX-License-Identifier: Apache-2.0
//
// Sends UDP datagrams of many flows out of a device, as fast as asked for:
//   weir_bench_send DEVICE HARDWARE_ADDRESS PACKETS PACKETS_PER_SECOND FLOWS
// At most kPacketsMax packets and kSecondsMax seconds. Prints how many the device took and the
// seconds. The datagrams go to an address that nobody has, so nothing answers.

#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kPacketsMax = 5'000'000;
constexpr double kSecondsMax = 10;
constexpr std::size_t kFrameBytes = 128;
constexpr std::size_t kAtOnceMax = 64;
constexpr std::size_t kFlowsMax = 60'000;
constexpr double kBurstsPerSecond = 10'000;

using Frame = std::array<std::uint8_t, kFrameBytes>;

void put_u16(std::uint8_t* at, std::size_t value) {
  at[0] = static_cast<std::uint8_t>(value >> 8);
  at[1] = static_cast<std::uint8_t>(value);
}

/// UDP 10.99.0.2 -> 10.99.1.9, without a checksum, the port tells the flow.
Frame frame_to(const std::array<std::uint8_t, 6>& hardware_address, std::size_t flow) {
  Frame out{};
  std::copy(hardware_address.begin(), hardware_address.end(), out.begin());
  const std::uint8_t rest[] = {2,  0, 0,  0,  0, 2, 0x08, 0,  0x45, 0, 0,  0,  0, 1,
                               64, 0, 64, 17, 0, 0, 10,   99, 0,    2, 10, 99, 1, 9};
  std::copy(std::begin(rest), std::end(rest), out.begin() + 6);
  std::uint8_t* const ip = out.data() + 14;
  put_u16(ip + 2, kFrameBytes - 14);
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < 20; i += 2) sum += std::uint32_t{ip[i]} << 8 | ip[i + 1];
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  put_u16(ip + 10, ~sum & 0xffff);
  put_u16(ip + 20, 1024 + flow);
  put_u16(ip + 22, 4433);
  put_u16(ip + 24, kFrameBytes - 34);
  return out;
}

class Sender {
 public:
  Sender(int socket, std::vector<Frame> frames)
      : socket_(socket), frames_(std::move(frames)), parts_(kAtOnceMax), messages_(kAtOnceMax) {
    for (std::size_t i = 0; i < kAtOnceMax; ++i) {
      messages_[i].msg_hdr.msg_iov = &parts_[i];
      messages_[i].msg_hdr.msg_iovlen = 1;
    }
  }
  /// How many of at most kAtOnceMax the device took; negative if it will take none.
  int send(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      parts_[i] = {frames_[(next_ + i) % frames_.size()].data(), kFrameBytes};
    }
    const int sent = ::sendmmsg(socket_, messages_.data(), static_cast<unsigned>(count), 0);
    if (sent < 0) return errno == ENOBUFS || errno == EAGAIN || errno == EINTR ? 0 : -1;
    next_ += static_cast<std::size_t>(sent);
    return sent;
  }

 private:
  int socket_;
  std::vector<Frame> frames_;
  std::vector<iovec> parts_;
  std::vector<mmsghdr> messages_;
  std::size_t next_ = 0;
};

int open_device(const char* device) {
  const int out = ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_ifindex = static_cast<int>(::if_nametoindex(device));
  const int one = 1;
  const bool is_open =
      out >= 0 && ::bind(out, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      ::setsockopt(out, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof one) == 0;
  if (!is_open) std::perror("cannot open the device");
  return is_open ? out : -1;
}

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// In small bursts, each when it is due.
int run(Sender& sender, std::uint64_t packets, double rate) {
  const auto burst = static_cast<std::size_t>(
      std::clamp(rate / kBurstsPerSecond, 1.0, static_cast<double>(kAtOnceMax)));
  const auto begin = Clock::now();
  std::uint64_t sent = 0;
  double now = 0;
  while (sent < packets && now < kSecondsMax) {
    now = seconds_since(begin);
    if (static_cast<double>(sent) > now * rate) continue;
    const int taken = sender.send(std::min<std::uint64_t>(burst, packets - sent));
    if (taken < 0) {
      std::perror("cannot send");
      return 1;
    }
    sent += static_cast<std::uint64_t>(taken);
  }
  std::printf("%llu %.3f\n", static_cast<unsigned long long>(sent), seconds_since(begin));
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  std::array<unsigned, 6> octets{};
  if (count != 6 || std::sscanf(arguments[2], "%x:%x:%x:%x:%x:%x", &octets[0], &octets[1],
                                &octets[2], &octets[3], &octets[4], &octets[5]) != 6) {
    std::fprintf(
        stderr,
        "usage: weir_bench_send DEVICE HARDWARE_ADDRESS PACKETS PACKETS_PER_SECOND FLOWS\n");
    return 2;
  }
  std::array<std::uint8_t, 6> to;
  std::transform(octets.begin(), octets.end(), to.begin(),
                 [](unsigned octet) { return static_cast<std::uint8_t>(octet); });
  const std::uint64_t packets =
      std::min<std::uint64_t>(std::strtoull(arguments[3], nullptr, 10), kPacketsMax);
  const double rate = std::max(1.0, std::strtod(arguments[4], nullptr));
  const std::size_t flows =
      std::clamp<std::size_t>(std::strtoull(arguments[5], nullptr, 10), 1, kFlowsMax);
  const int socket = open_device(arguments[1]);
  if (socket < 0) return 1;
  std::vector<Frame> frames;
  for (std::size_t flow = 0; flow < flows; ++flow) frames.push_back(frame_to(to, flow));
  Sender sender(socket, std::move(frames));
  const int code = run(sender, packets, rate);
  ::close(socket);
  return code;
}
