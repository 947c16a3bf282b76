// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/document.h"
#include "base/result.h"
#include "base/runtime.h"
#include "client/http_client.h"
#include "client/signed_client.h"
#include "daemon/config.h"
#include "server/credentials.h"

namespace weir::cli {

/// The key for calls of the daemon: `name` of its own file of keys ("": the first) where that can
/// be read, else what AWS clients find in the environment.
Result<server::AccessKey> daemon_key(const daemon::Config& config, const std::string& name);

/// Calls operations of the running daemon, signed as any AWS client would.
///
/// Threads: used by one; it blocks.
class DaemonClient {
 public:
  /// A service of the daemon that speaks JSON 1.1.
  struct Service {
    std::string_view signing_name;   // "logs"
    std::string_view target_prefix;  // "Logs_20140328"
  };
  /// `key`: see daemon_key().
  static Result<DaemonClient> make(Runtime& runtime, const daemon::Config& config,
                                   const Service& service, const std::string& key);

  /// Error: code and message of the service; further members of the body as details, numbers too,
  /// those of inner structures by their own names.
  Result<Document> call(std::string_view operation, const Document& input) const;

 private:
  DaemonClient(std::unique_ptr<client::HttpClient> http,
               std::unique_ptr<client::SignedClient> client, std::string target_prefix)
      : http_(std::move(http)), client_(std::move(client)), target_(std::move(target_prefix)) {}

  std::unique_ptr<client::HttpClient> http_;
  std::unique_ptr<client::SignedClient> client_;
  std::string target_;
};

}  // namespace weir::cli
