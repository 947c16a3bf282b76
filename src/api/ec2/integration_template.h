// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/ec2/common.h"
#include "base/document.h"
#include "flow/format.h"
#include "vpc/network.h"

namespace weir::api::ec2 {

inline constexpr std::size_t kAthenaIntegrationsMax = 10;

/// One table over the files of a flow log, for one range of time.
struct AthenaIntegration {
  std::string result_destination;        // ARN of a bucket, with or without folder
  std::string partition_load_frequency;  // none, daily, weekly, monthly
  std::optional<Time> partition_start;
  std::optional<Time> partition_end;
  static Shape shape();
};

struct IntegrateServices {
  std::vector<AthenaIntegration> athena_integrations;
  static Shape shape();
};

/// A CloudFormation template for querying a flow log's files with Athena.
struct GetFlowLogsIntegrationTemplate {
  static constexpr std::string_view name = "GetFlowLogsIntegrationTemplate";
  static constexpr std::string_view partial =
      "the tables find their partitions by projection (one column `day`), so there is no Lambda "
      "function, role or schedule; the SQL of the 16 named queries is our own";
  static constexpr bool has_dry_run_handler = true;

  struct Input {
    bool dry_run = false;
    std::string flow_log_id;
    std::string config_destination;
    IntegrateServices integrate_services;
    static Shape shape();
  };
  struct Output {
    std::string result;
    static Shape shape();
  };
};

/// The template as JSON (which is YAML, too): a Glue database, and for each integration a work
/// group, a table and the named queries whose fields the flow log has. The table finds its
/// partitions by projection, so there is nothing to load: no Lambda function, role or schedule; the
/// load frequency only decides whether the table ends now or at `partition_end`. Error: what AWS
/// refuses. `now` bounds what lies in the past.
Result<std::string> integration_template(const Scope& scope, const vpc::FlowLog& flow_log,
                                         const std::vector<AthenaIntegration>& integrations,
                                         Time now);

/// The Glue TableInput of a table over all files of a flow log to S3, from its creation on.
Document flow_log_table(const Scope& scope, const vpc::FlowLog& flow_log,
                        const flow::Format& format, const std::string& name);

/// A saved query of the template. `needs` are column names; in `sql`, `{table}` stands for the
/// table.
struct IntegrationQuery {
  std::string_view name;
  std::string_view description;
  std::vector<std::string_view> needs;
  std::string_view sql;

  /// Whether records of that format have all that it needs.
  bool fits(const flow::Format& format) const;
  std::string text(const std::string& database, const std::string& table) const;
};
/// All 16 of them, in the order of the VPC User Guide ("Query flow logs using Amazon Athena").
const std::vector<IntegrationQuery>& integration_queries();

/// Stores a template in a bucket and returns its URL.
using TemplateStore = std::function<Result<std::string>(
    const Scope&, const std::string& bucket, const std::string& key, const std::string& text)>;

/// Answers the URL of the template, which it puts where the request says (as AWS does; the
/// API reference only says "the generated template").
class IntegrationTemplateApi {
 public:
  explicit IntegrationTemplateApi(vpc::Network& network) : network_(network) {}
  void add_to(wire::OperationTable& table);
  /// Without one the answer is the template itself.
  void set_store(TemplateStore store) { store_ = std::move(store); }

 private:
  Result<GetFlowLogsIntegrationTemplate::Output> get(const wire::Request&,
                                                     const GetFlowLogsIntegrationTemplate::Input&);

  vpc::Network& network_;
  TemplateStore store_;
};

}  // namespace weir::api::ec2
