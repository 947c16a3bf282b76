// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>

namespace weir::client {

/// One exchange with a server, run by a TransferLoop on its thread. `easy` is libcurl's handle.
class Transfer {
 public:
  virtual ~Transfer() = default;
  /// Sets the options of this exchange.
  virtual void prepare(void* easy) = 0;
  /// The exchange ended with that CURLcode.
  virtual void finish(void* easy, int code) = 0;
  /// The loop ends while the exchange is under way; finish() will not be called.
  virtual void abandon() {}
};

/// Runs transfers on one thread of its own, a bounded number at a time.
///
/// Threads: add() from any thread. The destructor ends what is under way without finish().
class TransferLoop {
 public:
  struct Limits {
    std::size_t transfers_max = 256;
    std::size_t queued_max = 10'000;
  };
  explicit TransferLoop(Limits limits);
  ~TransferLoop();
  TransferLoop(const TransferLoop&) = delete;
  TransferLoop& operator=(const TransferLoop&) = delete;

  /// False if queued_max are waiting; `transfer` is then untouched.
  bool add(std::unique_ptr<Transfer>& transfer);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::client
