// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "alarms/alarm.h"
#include "base/shape.h"
#include "dashboards/dashboards.h"
#include "widgets/widgets.h"
#include "wire/operation.h"

namespace weir::api::cloudwatch {

/// Creates or replaces a dashboard.
struct PutDashboard {
  static constexpr std::string_view name = "PutDashboard";
  struct Input {
    std::optional<std::string> dashboard_name;
    std::optional<std::string> dashboard_body;
    std::vector<alarms::Tag> tags;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::dashboard_name>("DashboardName"),
          optional<&S::dashboard_body>("DashboardBody"),
          optional<&S::tags>("Tags"),
      };
      return {"PutDashboardInput", members};
    }
  };
  struct Output {
    std::vector<dashboards::Message> dashboard_validation_messages;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          optional<&S::dashboard_validation_messages>("DashboardValidationMessages")};
      return {"PutDashboardOutput", members};
    }
  };
};

struct GetDashboard {
  static constexpr std::string_view name = "GetDashboard";
  struct Input {
    std::optional<std::string> dashboard_name;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {optional<&S::dashboard_name>("DashboardName")};
      return {"GetDashboardInput", members};
    }
  };
  struct Output {
    std::string dashboard_arn;
    std::string dashboard_body;
    std::string dashboard_name;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          optional<&S::dashboard_arn>("DashboardArn"),
          optional<&S::dashboard_body>("DashboardBody"),
          optional<&S::dashboard_name>("DashboardName"),
      };
      return {"GetDashboardOutput", members};
    }
  };
};

struct ListDashboards {
  static constexpr std::string_view name = "ListDashboards";
  struct Input {
    std::optional<std::string> dashboard_name_prefix;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::dashboard_name_prefix>("DashboardNamePrefix"),
          optional<&S::next_token>("NextToken"),
      };
      return {"ListDashboardsInput", members};
    }
  };
  struct Output {
    std::vector<dashboards::Entry> dashboard_entries;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          optional<&S::dashboard_entries>("DashboardEntries"),
          optional<&S::next_token>("NextToken"),
      };
      return {"ListDashboardsOutput", members};
    }
  };
};

struct DeleteDashboards {
  static constexpr std::string_view name = "DeleteDashboards";
  struct Input {
    std::optional<std::vector<std::string>> dashboard_names;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {optional<&S::dashboard_names>("DashboardNames")};
      return {"DeleteDashboardsInput", members};
    }
  };
  struct Output {
    static Shape shape() { return {"DeleteDashboardsOutput", {}}; }
  };
};

/// A chart as a PNG. With the format image/png a Query answer is the file itself.
struct GetMetricWidgetImage {
  static constexpr std::string_view name = "GetMetricWidgetImage";
  struct Input {
    std::optional<std::string> metric_widget;
    std::optional<std::string> output_format;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::metric_widget>("MetricWidget"),
          optional<&S::output_format>("OutputFormat"),
      };
      return {"GetMetricWidgetImageInput", members};
    }
  };
  struct Output {
    Bytes metric_widget_image;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {optional<&S::metric_widget_image>("MetricWidgetImage")};
      return {"GetMetricWidgetImageOutput", members};
    }
  };
};

/// The AWS face of dashboards::Dashboards and widgets::Widgets.
class DashboardsApi {
 public:
  /// `sources` is what expressions in widgets may use besides metrics. All must outlive this.
  DashboardsApi(dashboards::Dashboards& dashboards, const metrics::Metrics& metrics,
                const alarms::Alarms& alarms, metric_math::Sources sources)
      : dashboards_(dashboards), widgets_(metrics, alarms, sources) {}
  /// This must outlive the table.
  void add_to(wire::OperationTable& table);

 private:
  using Request = wire::Request;
  Result<PutDashboard::Output> put(const Request&, const PutDashboard::Input&);
  Result<GetDashboard::Output> get(const Request&, const GetDashboard::Input&);
  Result<ListDashboards::Output> list(const Request&, const ListDashboards::Input&);
  Result<DeleteDashboards::Output> remove(const Request&, const DeleteDashboards::Input&);
  Result<wire::Answer> image(const Request&, const GetMetricWidgetImage::Input&);

  dashboards::Dashboards& dashboards_;
  widgets::Widgets widgets_;
};

}  // namespace weir::api::cloudwatch
