// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/document.h"
#include "base/result.h"
#include "base/runtime.h"
#include "collect/receiver.h"
#include "daemon/config.h"
#include "daemon/live_flows.h"
#include "wire/http.h"
#include "wire/operation.h"

namespace weir::daemon {

/// All domain services, wired to each other in the direction in which data flow, and their API
/// faces. CI mode makes a new one at each reset; everything else of the daemon stays.
class World {
 public:
  struct Place {
    std::string endpoint;          // URL of the daemon, for links
    std::uint16_t api_port = 0;    // of the listener, for the guard against locking oneself out
    std::filesystem::path folder;  // objects, query work; in CI mode a temporary one
  };

  /// Opens the store and reads everything back. Error: what cannot be opened.
  static Result<std::unique_ptr<World>> open(Runtime& runtime, const Config& config,
                                             const Place& place);
  /// stop(), then quiesces the runtime.
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// Begins to capture and to enforce. What cannot begin (rights are missing) is logged and in
  /// status().
  void start_traffic();
  /// Ends capture and delivers the records of the windows that were open.
  void stop_traffic();

  const std::vector<const wire::OperationTable*>& tables() const;
  wire::HttpResponse handle_s3(wire::HttpRequest& request);
  /// The refusal of an unsigned S3 request, or nothing.
  std::optional<wire::HttpResponse> admit_s3(const wire::HttpRequest& head);
  /// A delivery of AWS over HTTP, into a log group of the host's account and region.
  collect::Receiver::Answer receive(std::string_view log_group,
                                    const collect::Receiver::Request& request);
  Result<std::string> certificate_name();
  Result<std::string> certificate_pem();
  /// What a link in a mail shows (AlarmGraphs).
  wire::HttpResponse alarm_graph(const wire::HttpRequest& request);
  /// The flows of the windows that are open, for /_weir/flows. Begins to capture interfaces that no
  /// flow log covers, for as long as somebody asks at least every kLookTime; `started` in the
  /// answer says so. Errors: the query does not read, or the daemon does not capture.
  Result<Document> flows(FlowQuery query);
  static constexpr Duration kLookTime{30'000};
  /// For /_weir/health: what runs and what does not.
  Document status() const;

 private:
  struct Impl;
  explicit World(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::daemon
