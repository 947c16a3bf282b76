// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/runtime.h"

namespace weir::cli {

/// SIGINT and SIGTERM of this process as something to wait for. From its beginning on they end
/// nothing by themselves.
///
/// Threads: one; make it before other threads, which inherit that they do not get the signals.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  /// Readable when a signal has come.
  int fd() const { return fd_; }
  /// Until a signal comes (true, and it is forgotten) or the time has passed.
  bool wait(Duration time) const;

 private:
  int fd_;
};

}  // namespace weir::cli
