// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace weir::bench {

/// An HTTP server that answers 200 to everything and writes down when what came: one thread, epoll.
/// The path of a request is its endpoint; a body that holds `sent=<nanoseconds>;` is a
/// notification.
class Sink {
 public:
  Sink();
  ~Sink();
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  int port() const { return port_; }
  std::uint64_t notifications() const { return notifications_.load(); }
  /// Nanoseconds from the publication to the arrival of each notification, of all endpoints but
  /// `but`.
  std::vector<std::int64_t> latencies(const std::string& but) const;
  /// The confirmation tokens by path.
  std::map<std::string, std::string> tokens() const;
  void forget();

 private:
  struct Connection;
  void run();
  void take(const std::string& path, const std::string& body);
  bool read(Connection& connection);

  int listener_ = -1;
  int epoll_ = -1;
  int port_ = 0;
  std::atomic<bool> is_stopping_{false};
  std::atomic<std::uint64_t> notifications_{0};
  mutable std::mutex mutex_;
  std::map<std::string, std::vector<std::int64_t>> latencies_;
  std::map<std::string, std::string> tokens_;
  std::thread thread_;
};

std::int64_t monotonic_ns();

}  // namespace weir::bench
