// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/cloudwatch/cloudwatch_api.h"
#include "api/cloudwatch/dashboards.h"
#include "api/cloudwatch/insight_rule_series.h"
#include "api/cloudwatch/model.h"
#include "logs/logs.h"
#include "wire/cbor.h"
#include "wire/dispatch.h"

namespace weir::api::cloudwatch {

inline constexpr std::string_view kTarget = "GraniteServiceVersion20100801.";

/// The face over real requests of all three protocols, on virtual time and without a socket.
struct CloudWatchWorld {
  SimulatedRuntime runtime{1};
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  metrics::Metrics metrics{runtime, *store};
  std::vector<alarms::Action> actions;
  alarms::Alarms alarms{runtime, *store, metrics,
                        [this](const Scope&, const alarms::Action& action) -> Result<void> {
                          actions.push_back(action);
                          return {};
                        }};
  logs::Logs logs{runtime, *store, [](auto&&...) { return Result<void>(); }, {}};
  contributors::Contributors contributors{runtime, *store, logs.arrivals(), {}};
  CloudWatchApi api{metrics, alarms, contributors};
  dashboards::Dashboards dashboards{runtime, *store};
  InsightRuleSeries insight_rules{contributors};
  DashboardsApi dashboards_api{
      dashboards, metrics, alarms, {.bands = nullptr, .insight_rules = &insight_rules}};
  wire::OperationTable table{cloudwatch_model()};
  wire::Caller caller{.scope = {"123456789012", "us-east-1"},
                      .access_key = "AKIA",
                      .service = "monitoring",
                      .source_ip = "127.0.0.1",
                      .endpoint = "http://127.0.0.1:4566",
                      .request_id = "7d4f4b4e-0000-4000-8000-000000000000"};

  CloudWatchWorld() {
    EXPECT_TRUE(metrics.load());
    EXPECT_TRUE(alarms.load());
    EXPECT_TRUE(logs.load());
    EXPECT_TRUE(contributors.load());
    api.set_dashboards(dashboards);
    api.add_to(table);
    dashboards_api.add_to(table);
  }
  ~CloudWatchWorld() { runtime.quiesce(); }

  wire::HttpResponse send(wire::HttpRequest request) {
    request.method = "POST";
    request.target = request.path = request.path.empty() ? "/" : request.path;
    request.caller = caller;
    auto response = wire::dispatch(table, request);
    runtime.run_ready();
    return response;
  }
  wire::HttpResponse query(const std::string& form) {
    wire::HttpRequest request;
    request.headers.add("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
    request.body.content = form + "&Version=2010-08-01";
    return send(std::move(request));
  }
  wire::HttpResponse json(std::string_view operation, std::string body,
                          bool is_query_mode = false) {
    wire::HttpRequest request;
    request.headers.add("Content-Type", "application/x-amz-json-1.0");
    request.headers.add("X-Amz-Target", std::string(kTarget) + std::string(operation));
    if (is_query_mode) request.headers.add("x-amzn-query-mode", "true");
    request.body.content = std::move(body);
    return send(std::move(request));
  }
  wire::HttpResponse cbor(std::string_view operation, const Document& body) {
    wire::HttpRequest request;
    request.path = "/service/GraniteServiceVersion20100801/operation/" + std::string(operation);
    request.headers.add("Content-Type", "application/cbor");
    request.headers.add("smithy-protocol", "rpc-v2-cbor");
    request.body.content = wire::to_cbor(body);
    return send(std::move(request));
  }
  static std::string text(const wire::HttpResponse& response) {
    return std::get<std::string>(response.body);
  }
  /// The answer of a JSON call that must succeed.
  Document answer(std::string_view operation, std::string body) {
    const auto response = json(operation, std::move(body));
    EXPECT_EQ(response.status, 200) << text(response);
    const auto tree = parse_json(text(response).empty() ? "{}" : text(response));
    EXPECT_TRUE(tree);
    return tree ? *tree : Document();
  }
};

}  // namespace weir::api::cloudwatch
