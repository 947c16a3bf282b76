// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"

namespace weir::vpc {

/// Tells when devices, addresses or routes change, in this network namespace and in those of
/// /run/netns that are named: also when one of these appears, goes, or is another one of the same
/// name.
///
/// Threads: one of its own, on which `callback` runs, never two at a time.
/// Time: events that come within `settle` of the first one are one call; the next call is no
/// sooner than `settle` after the end of this one. Events that the kernel had to throw away
/// (ENOBUFS) count as an event, for the callback looks at everything anyway.
class InterfaceWatch {
 public:
  struct Config {
    std::vector<std::string> namespaces = {};
    bool neighbours = false;  // also changes of neighbour tables, for addresses of guests
    Duration settle{50};
  };
  struct Stats {
    std::uint64_t events = 0;    // datagrams of the kernel
    std::uint64_t overruns = 0;  // the kernel threw events away
    std::uint64_t calls = 0;
  };
  using Callback = std::function<void()>;

  /// Error: kind unavailable, the kernel gives no such socket. A namespace that is not there, or
  /// must not be entered, is tried again every second.
  static Result<std::unique_ptr<InterfaceWatch>> start(Runtime& runtime, Config config,
                                                       Callback callback);
  /// Waits for a call that is under way.
  ~InterfaceWatch();
  InterfaceWatch(const InterfaceWatch&) = delete;
  InterfaceWatch& operator=(const InterfaceWatch&) = delete;

  Stats stats() const;

 private:
  struct Impl;
  explicit InterfaceWatch(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::vpc
