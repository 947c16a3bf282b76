// SPDX-License-Identifier: Apache-2.0
#include "api/cloudwatch/dashboards.h"

#include <memory>

#include "api/cloudwatch/cloudwatch_api.h"
#include "metrics/page_token.h"

namespace weir::api::cloudwatch {

namespace {

constexpr std::string_view kPagePurpose = "ListDashboards";

Error required_parameter(std::string_view parameter) {
  return {ErrorKind::invalid, "MissingParameter",
          "The parameter " + std::string(parameter) + " is required."};
}

}  // namespace

void DashboardsApi::add_to(wire::OperationTable& table) {
  table.add<PutDashboard>(*this, &DashboardsApi::put);
  table.add<GetDashboard>(*this, &DashboardsApi::get);
  table.add<ListDashboards>(*this, &DashboardsApi::list);
  table.add<DeleteDashboards>(*this, &DashboardsApi::remove);
  table.add_later<GetMetricWidgetImage>(*this, &DashboardsApi::image);
}

Result<PutDashboard::Output> DashboardsApi::put(const Request& request,
                                                const PutDashboard::Input& in) {
  if (!in.dashboard_name) return required_parameter("DashboardName");
  if (!in.dashboard_body) return required_parameter("DashboardBody");
  PutDashboard::Output out;
  WEIR_TRY(
      out.dashboard_validation_messages,
      dashboards_.put(request.scope, *in.dashboard_name, *in.dashboard_body, tag_map(in.tags)));
  return out;
}

Result<GetDashboard::Output> DashboardsApi::get(const Request& request,
                                                const GetDashboard::Input& in) {
  if (!in.dashboard_name) return required_parameter("DashboardName");
  WEIR_TRY(std::string body, dashboards_.body(request.scope, *in.dashboard_name));
  return GetDashboard::Output{dashboards::Dashboards::arn(request.scope, *in.dashboard_name),
                              std::move(body), *in.dashboard_name};
}

Result<ListDashboards::Output> DashboardsApi::list(const Request& request,
                                                   const ListDashboards::Input& in) {
  const std::string prefix = in.dashboard_name_prefix.value_or("");
  const std::string purpose = std::string(kPagePurpose) + ' ' + prefix;
  std::string after;
  if (in.next_token && !in.next_token->empty()) {
    auto position = metrics::read_page_token(purpose, *in.next_token);
    if (!position) {
      return Error{ErrorKind::invalid, "InvalidParameterValue",
                   "Request parameter NextToken is invalid"};
    }
    after = *std::move(position);
  }
  ListDashboards::Output out;
  WEIR_TRY(out.dashboard_entries, dashboards_.list(request.scope, prefix, after));
  if (out.dashboard_entries.size() == dashboards::Dashboards::kPageMax) {
    const std::string& last = out.dashboard_entries.back().name;
    WEIR_TRY(const auto more, dashboards_.list(request.scope, prefix, last));
    if (!more.empty()) out.next_token = metrics::make_page_token(purpose, last);
  }
  return out;
}

Result<DeleteDashboards::Output> DashboardsApi::remove(const Request& request,
                                                       const DeleteDashboards::Input& in) {
  if (!in.dashboard_names) return required_parameter("DashboardNames");
  WEIR_CHECK(dashboards_.remove(request.scope, *in.dashboard_names));
  return DeleteDashboards::Output{};
}

Result<wire::Answer> DashboardsApi::image(const Request& request,
                                          const GetMetricWidgetImage::Input& in) {
  if (!in.metric_widget) return required_parameter("MetricWidget");
  const std::string format = in.output_format.value_or("png");
  if (format != "png" && format != "image/png") {
    return Error{ErrorKind::invalid, "InvalidParameterValue",
                 "The value " + format +
                     " for parameter OutputFormat is invalid. Valid values are png and image/png."};
  }
  GetMetricWidgetImage::Output out;
  WEIR_TRY(out.metric_widget_image.value, widgets_.image(request.scope, *in.metric_widget));
  wire::Answer answer{.type = &type_of<GetMetricWidgetImage::Output>(), .value = nullptr};
  if (format == "image/png") {
    answer.raw = std::make_shared<const wire::RawContent>(
        wire::RawContent{"image/png", out.metric_widget_image.value});
  }
  answer.value = std::make_shared<const GetMetricWidgetImage::Output>(std::move(out));
  return answer;
}

}  // namespace weir::api::cloudwatch
