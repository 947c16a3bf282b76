// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/document.h"
#include "base/result.h"
#include "base/runtime.h"
#include "daemon/config.h"
#include "server/credentials.h"

namespace weir::cli {

/// The running daemon as an AWS client sees it: signed JSON 1.1 calls of CloudWatch Logs, and
/// answers that are streams.
///
/// Threads: one.
class StreamClient {
 public:
  /// Interrupts wait on `stop_fd`, which becomes readable once (a signalfd).
  StreamClient(const daemon::Config& config, server::AccessKey key, int stop_fd);
  ~StreamClient();
  StreamClient(const StreamClient&) = delete;
  StreamClient& operator=(const StreamClient&) = delete;

  /// Error: kind unavailable without an answer; else with AWS's code and text.
  Result<Document> call(std::string_view operation, const Document& input);
  /// Gives each piece of the answer to `take` until it ends. An Error of `take` ends it and is
  /// returned.
  using Take = std::function<Result<void>(std::string_view bytes)>;
  Result<void> stream(std::string_view operation, const Document& input, const Take& take);

  bool is_stopped() const { return is_stopped_; }
  /// What the daemon's clock said in its last answer (whole seconds).
  Time server_time() const { return server_time_; }
  /// Until the time has passed or the user has stopped the program.
  void wait(Duration time);

 private:
  struct Transfer;
  Result<void> perform(std::string_view operation, const Document& input, Transfer& transfer);

  const daemon::Config& config_;
  const server::AccessKey key_;
  const int stop_fd_;
  SystemRuntime runtime_{1};  // for its clock
  bool is_stopped_ = false;
  Time server_time_;
};

}  // namespace weir::cli
