// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "collect/exporters.h"

namespace weir::collect {

/// Receives NetFlow v5, NetFlow v9, IPFIX and sFlow v5 over UDP; every port takes all of them.
///
/// Threads: one of its own, which waits in the kernel; both callbacks are called on it. start(),
/// stop() and the destructor from one thread, status() from any. While `sink` is busy the socket
/// buffers fill, then the kernel drops and counts, and every interface gets a SKIPDATA record.
/// Memory: receive buffers of kDatagramsAtOnce * 64 KiB, and what Exporters says.
class Collector {
 public:
  static constexpr std::size_t kDatagramsAtOnce = 32;

  struct Listen {
    std::string address;     // IPv4 or IPv6; 0.0.0.0 and :: are all interfaces
    std::uint16_t port = 0;  // 0: any free one, see ports()
  };
  struct Config {
    std::vector<Listen> listen;
    std::size_t socket_buffer_bytes = 8u << 20;  // less without CAP_NET_ADMIN: net.core.rmem_max
    Exporters::Config exporters;
  };

  /// Binds the sockets and begins. Error: what could not be bound and why.
  static Result<std::unique_ptr<Collector>> start(Runtime& runtime, Config config,
                                                  Interfaces::Sink sink,
                                                  Interfaces::OnInterface on_interface);
  /// Stops.
  ~Collector();
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  /// Hands over what has arrived and ends the thread. No callback is called after it. Idempotent.
  void stop();
  /// The bound ports in the order of Config::listen.
  std::vector<std::uint16_t> ports() const;

  struct Status {
    Exporters::Stats exporters;
    Interfaces::Stats interfaces;
    std::size_t interface_count = 0;
    std::uint64_t socket_drops = 0;  // datagrams that the kernel dropped: the buffer was full
  };
  /// As of the last datagrams or the last second.
  Status status() const;

 private:
  struct Impl;
  explicit Collector(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::collect
