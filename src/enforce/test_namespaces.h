// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "enforce/enforcer.h"
#include "enforce/process.h"

/// For live tests.
namespace weir::enforce::test {

/// Two network namespaces of the test's own, joined by a cable: `host` has weir0 (10.99.0.1,
/// fd99::1), `peer` has peer0 (10.99.0.2, fd99::2).
class Namespaces {
 public:
  explicit Namespaces(Runtime& runtime) : runtime_(runtime) {
    host_ = "weir-host-" + std::to_string(::getpid());
    peer_ = "weir-peer-" + std::to_string(::getpid());
    reason_ = make();
  }
  ~Namespaces() {
    {
      const std::lock_guard lock(mutex_);
      is_over_ = true;
    }
    changed_.notify_all();
    if (resident_.joinable()) resident_.join();
    run({"ip", "netns", "del", host_});
    run({"ip", "netns", "del", peer_});
  }
  Namespaces(const Namespaces&) = delete;
  Namespaces& operator=(const Namespaces&) = delete;

  /// Why they could not be made; "" if they were.
  const std::string& reason() const { return reason_; }
  const std::string& host() const { return host_; }
  const std::string& peer() const { return peer_; }

  /// For an Enforcer of the host.
  Config config() const {
    Config config;
    config.nft_command = {"ip", "netns", "exec", host_, "nft"};
    config.proc_net = "/proc/self/task/" + std::to_string(resident_id_) + "/net";
    return config;
  }

  bool run(const std::vector<std::string>& command) const {
    const auto result = run_process(runtime_, command, "", Duration(10'000));
    return result && result->exit_status == 0;
  }
  /// Runs nft inside the host and returns what it says.
  std::string nft(const std::vector<std::string>& arguments) const {
    std::vector<std::string> command = {"ip", "netns", "exec", host_, "nft"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const auto result = run_process(runtime_, command, "", Duration(10'000));
    return result ? result->output : result.error().message;
  }
  std::string table() const { return nft({"list", "ruleset"}); }

  /// A socket inside a namespace, bound to that port of every address; -1 if there is none.
  static int socket_in(const std::string& name, int family, int type, std::uint16_t port) {
    int fd = -1;
    std::thread inside([&] {
      if (enter(name)) fd = ::socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    });
    inside.join();
    sockaddr_in6 any{};
    const socklen_t size = fill(any, family, "", port);
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(fd, reinterpret_cast<sockaddr*>(&any), size) == 0) return fd;
    ::close(fd);
    return -1;
  }

  static socklen_t fill(sockaddr_in6& out, int family, const std::string& to, std::uint16_t port) {
    const auto parsed = net::Address::parse(to);
    if (family == AF_INET) {
      auto& v4 = reinterpret_cast<sockaddr_in&>(out);
      v4.sin_family = AF_INET;
      v4.sin_port = htons(port);
      v4.sin_addr.s_addr = parsed ? htonl(parsed->v4_value()) : 0;
      return sizeof v4;
    }
    out.sin6_family = AF_INET6;
    out.sin6_port = htons(port);
    for (std::size_t i = 0; parsed && i < 16; ++i) {
      const std::uint64_t half = i < 8 ? parsed->high() : parsed->low();
      out.sin6_addr.s6_addr[i] = static_cast<std::uint8_t>(half >> (56 - 8 * (i % 8)));
    }
    return sizeof out;
  }

  /// Sends a datagram of one byte: 0 or errno.
  static int send(int fd, int family, const std::string& to, std::uint16_t port) {
    sockaddr_in6 target{};
    const socklen_t size = fill(target, family, to, port);
    const auto sent = ::sendto(fd, "x", 1, 0, reinterpret_cast<sockaddr*>(&target), size);
    return sent == 1 ? 0 : errno;
  }
  /// Begins to connect and does not wait.
  static void begin_connect(int fd, const std::string& to, std::uint16_t port) {
    sockaddr_in6 target{};
    const socklen_t size = fill(target, AF_INET, to, port);
    static_cast<void>(::connect(fd, reinterpret_cast<sockaddr*>(&target), size));
  }
  /// Whether something can be read (a datagram, bytes, a connection) within five seconds.
  static bool arrives(int fd) {
    pollfd waiting{fd, POLLIN, 0};
    return ::poll(&waiting, 1, 5000) == 1;
  }
  static bool is_empty(int fd) {
    pollfd waiting{fd, POLLIN, 0};
    return ::poll(&waiting, 1, 0) == 0;
  }
  /// Takes one byte (or datagram) out.
  static bool take(int fd) {
    char bytes[16];
    return arrives(fd) && ::recv(fd, bytes, sizeof bytes, 0) > 0;
  }

 private:
  static bool enter(const std::string& name) {
    const int fd = ::open(("/run/netns/" + name).c_str(), O_RDONLY | O_CLOEXEC);
    const bool is_in = fd >= 0 && ::setns(fd, CLONE_NEWNET) == 0;
    if (fd >= 0) ::close(fd);
    return is_in;
  }

  std::string make() {
    if (::geteuid() != 0) return "needs root for network namespaces";
    if (!run({"ip", "netns", "add", host_}) || !run({"ip", "netns", "add", peer_})) {
      return "cannot make a network namespace";
    }
    const bool is_wired = run({"ip", "-n", host_, "link", "add", "weir0", "type", "veth", "peer",
                               "name", "peer0", "netns", peer_}) &&
                          address(host_, "weir0", "1") && address(peer_, "peer0", "2");
    if (!is_wired) return "cannot make a veth pair";
    start_resident();
    Enforcer enforcer(runtime_, config());
    if (const auto works = enforcer.probe(); !works) return works.error().message;
    return "";
  }
  bool address(const std::string& name, const std::string& device, const std::string& number) {
    return run({"ip", "-n", name, "addr", "add", "10.99.0." + number + "/24", "dev", device}) &&
           run({"ip", "-n", name, "addr", "add", "fd99::" + number + "/64", "dev", device,
                "nodad"}) &&
           run({"ip", "-n", name, "link", "set", device, "up"});
  }
  /// A thread that stays inside the host, so that its /proc/.../net can be read.
  void start_resident() {
    resident_ = std::thread([this] {
      std::unique_lock lock(mutex_);
      resident_id_ = enter(host_) ? ::gettid() : -1;
      changed_.notify_all();
      changed_.wait(lock, [this] { return is_over_; });
    });
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return resident_id_ != 0; });
  }

  Runtime& runtime_;
  std::string host_;
  std::string peer_;
  std::string reason_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_over_ = false;
  int resident_id_ = 0;
  std::thread resident_;
};

}  // namespace weir::enforce::test
