// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/document.h"
#include "base/result.h"
#include "base/runtime.h"
#include "cli/stop_signal.h"
#include "daemon/config.h"
#include "server/credentials.h"
#include "wire/http.h"

namespace weir::cli {

/// The key for calls of the daemon: `name` of its own file of keys ("": the first) where that can
/// be read, else what AWS clients find in the environment.
Result<server::AccessKey> daemon_key(const daemon::Config& config, const std::string& name);

/// A service of the daemon that speaks JSON 1.1.
struct Service {
  std::string_view signing_name;
  std::string_view target_prefix;
};
inline constexpr Service kLogs{.signing_name = "logs", .target_prefix = "Logs_20140328"};
inline constexpr Service kMetrics{.signing_name = "monitoring",
                                  .target_prefix = "GraniteServiceVersion20100801"};

inline constexpr Service kAthena{.signing_name = "athena", .target_prefix = "AmazonAthena"};

/// The running daemon as the commands see it: its own pages, and operations signed as any AWS
/// client would sign them, with plain answers or answers that are streams.
///
/// Threads: used by one; it blocks. Bounds: 5 s for a page, a minute for a call, three tries of a
/// call that is throttled or fails inside the daemon, 30 s of silence in a stream, 256 MiB of an
/// answer that is no stream.
/// Error: kind unavailable without an answer or for an answer that may pass; else with code and
/// message of the service, and further members of the answer as details, numbers too, those of
/// inner structures by their own names.
class DaemonClient {
 public:
  using Parameters = std::vector<std::pair<std::string, std::string>>;
  /// Takes the next bytes of a stream. Its Error ends the stream.
  using Take = std::function<Result<void>(std::string_view bytes)>;

  /// Without a key only pages can be asked for. `stop`: ends what is under way.
  explicit DaemonClient(const daemon::Config& config, server::AccessKey key = {},
                        const StopSignal* stop = nullptr);
  ~DaemonClient();
  DaemonClient(const DaemonClient&) = delete;
  DaemonClient& operator=(const DaemonClient&) = delete;

  /// One of the daemon's own pages (`/_weir/...`), which need no key.
  Result<Document> page(const std::string& path, const Parameters& parameters = {});
  Result<Document> call(const Service& service, std::string_view operation, const Document& input);
  /// Gives each piece of the answer to `take` until it ends, and its Error back.
  Result<void> stream(const Service& service, std::string_view operation, const Document& input,
                      const Take& take);

  /// Makes a bucket of the key's account; one that is there already is as good.
  Result<void> create_bucket(const std::string& name);
  const std::string& account() const { return key_.account; }
  const std::string& region() const { return config_.region; }

  /// The user stopped the program: what was under way ended without a result.
  bool is_stopped() const { return is_stopped_; }
  /// What the daemon's clock said in its last answer (whole seconds).
  Time server_time() const { return server_time_; }
  /// Until the time has passed or the user has stopped the program.
  void wait(Duration time);

 private:
  struct Request;
  struct Transfer;
  Request signed_request(const Service& service, std::string_view operation,
                         const Document& input) const;
  void sign(Request& made, wire::HttpRequest& request, std::string_view service) const;
  Result<void> perform(const Request& request, Transfer& transfer);
  Result<void> drive(void* easy, Transfer& transfer, const std::string& url);

  const daemon::Config& config_;
  const server::AccessKey key_;
  const StopSignal* const stop_;
  mutable SystemRuntime runtime_{1};  // for its clock
  bool is_stopped_ = false;
  Time server_time_;
};

}  // namespace weir::cli
