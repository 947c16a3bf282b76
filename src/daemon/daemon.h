// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "daemon/config.h"

namespace weir::daemon {

/// `0.1.0`.
std::string_view version();

/// Where the access keys of that configuration are kept.
std::filesystem::path credentials_file(const Config& config);

/// A running Weir: runtime, world and listener. The composition root; nothing else knows all
/// modules.
///
/// Threads: start() and stop() from one thread; everything in between runs on the daemon's own
/// threads.
class Daemon {
 public:
  /// Error: what could not be opened, bound or read, and what would help. Missing rights for
  /// capture or packet filtering are no error: they are logged and shown in /_weir/health, and the
  /// rest runs.
  static Result<std::unique_ptr<Daemon>> start(Config config);
  /// Stops.
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  /// Answers what is under way, closes all flow windows, delivers their records, closes the store.
  /// Idempotent.
  void stop();
  /// The URL under which clients reach it (with the bound port where the configuration says 0).
  const std::string& endpoint() const;

 private:
  struct Impl;
  explicit Daemon(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::daemon
