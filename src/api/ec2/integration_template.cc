// SPDX-License-Identifier: Apache-2.0
#include "api/ec2/integration_template.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <set>
#include <utility>

#include "base/document.h"
#include "flow/field.h"
#include "flow/format.h"
#include "vpc/errors.h"
#include "vpc/flow_logs.h"

namespace weir::api::ec2 {
namespace {

using Map = Document::Map;
using List = Document::List;

constexpr std::string_view kFrequencies[] = {"none", "daily", "weekly", "monthly"};

Error invalid(std::string message) {
  return {ErrorKind::invalid, "InvalidParameter", std::move(message)};
}

struct Calendar {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  unsigned weekday = 0;  // from Sunday
};

Calendar calendar(Time time) {
  using namespace std::chrono;
  const sys_seconds moment{seconds(time.seconds())};
  const auto day = floor<days>(moment);
  const year_month_day date{day};
  const hh_mm_ss clock{moment - day};
  return {static_cast<int>(date.year()),
          static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()),
          static_cast<int>(clock.hours().count()),
          static_cast<int>(clock.minutes().count()),
          static_cast<int>(clock.seconds().count()),
          weekday(day).c_encoding()};
}

template <class... Numbers>
std::string printed(const char* format, Numbers... numbers) {
  char text[96];
  std::snprintf(text, sizeof text, format, numbers...);
  return text;
}

/// For names: 202601022304.
std::string digits(const std::optional<Time>& time) {
  if (!time) return {};
  const Calendar c = calendar(*time);
  return printed("%04d%02u%02u%02d%02d", c.year, c.month, c.day, c.hour, c.minute);
}

/// How AWS dates the name of a template: `Wed Jul 21 00:57:56 UTC 2021`.
std::string long_date(Time time) {
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const Calendar c = calendar(time);
  return printed("%s %s %02u %02d:%02d:%02d UTC %04d", kDays[c.weekday], kMonths[c.month - 1],
                 c.day, c.hour, c.minute, c.second, c.year);
}

/// Names in Athena have no dashes.
std::string plain(std::string_view id) {
  std::string out(id);
  std::erase(out, '-');
  return out;
}

/// `s3://bucket/folder/` of `arn:aws:s3:::bucket/folder`.
std::string location_of(const std::string& arn) {
  std::string location = "s3://" + arn.substr(arn.rfind(":::") + 3);
  if (!location.ends_with('/')) location += '/';
  return location;
}

/// Where the partitions of a table are.
struct Layout {
  std::string root;    // s3://bucket/.../<region>/
  std::string format;  // of the folders behind it, as a Java date pattern
  std::string unit;    // of the finest one
};

Layout layout_of(const Scope& scope, const vpc::FlowLog& flow_log) {
  const vpc::DestinationOptions options =
      flow_log.destination_options.value_or(vpc::DestinationOptions{});
  Layout layout;
  layout.root = location_of(flow_log.destination.value_or("")) + "AWSLogs/";
  if (options.hive_compatible_partitions) {
    layout.root += "aws-account-id=" + scope.account +
                   "/aws-service=vpcflowlogs/aws-region=" + scope.region + '/';
    layout.format = "'year='yyyy'/month='MM'/day='dd";
    if (options.per_hour_partition) layout.format += "'/hour='HH";
  } else {
    layout.root += scope.account + "/vpcflowlogs/" + scope.region + '/';
    layout.format = options.per_hour_partition ? "yyyy/MM/dd/HH" : "yyyy/MM/dd";
  }
  layout.unit = options.per_hour_partition ? "HOURS" : "DAYS";
  return layout;
}

/// The folder of that time, in the layout's format.
std::string folder_of(const vpc::FlowLog& flow_log, Time time) {
  const vpc::DestinationOptions options =
      flow_log.destination_options.value_or(vpc::DestinationOptions{});
  const Calendar c = calendar(time);
  std::string folder = options.hive_compatible_partitions
                           ? printed("year=%04d/month=%02u/day=%02u", c.year, c.month, c.day)
                           : printed("%04d/%02u/%02u", c.year, c.month, c.day);
  if (options.per_hour_partition)
    folder += options.hive_compatible_partitions ? printed("/hour=%02d", c.hour)
                                                 : printed("/%02d", c.hour);
  return folder;
}

std::string_view hive_type(flow::FieldKind kind) {
  switch (kind) {
    case flow::FieldKind::int32:
      return "int";
    case flow::FieldKind::int64:
      return "bigint";
    case flow::FieldKind::address:
    case flow::FieldKind::text:
      break;
  }
  return "string";
}

Document storage_of(const flow::Format& format, bool is_parquet, const std::string& location) {
  List columns;
  for (const flow::Field field : format.fields()) {
    const flow::FieldInfo& about = flow::info(field);
    columns.push_back(Map{{"Name", about.column_name}, {"Type", hive_type(about.kind)}});
  }
  const std::string_view input =
      is_parquet ? "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
                 : "org.apache.hadoop.mapred.TextInputFormat";
  const std::string_view output =
      is_parquet ? "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"
                 : "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat";
  Map serde{{"SerializationLibrary",
             is_parquet ? "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
                        : "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"}};
  // `-` is what a record has where there is no value.
  if (!is_parquet) {
    serde.emplace_back("Parameters", Map{{"field.delim", " "},
                                         {"serialization.format", " "},
                                         {"serialization.null.format", "-"}});
  }
  return Map{{"Columns", std::move(columns)}, {"Location", location},
             {"InputFormat", input},          {"OutputFormat", output},
             {"SerdeInfo", std::move(serde)}, {"Compressed", true}};
}

struct Names {
  std::string database;
  std::string table;
  std::string work_group;
};

Names names_of(const vpc::FlowLog& flow_log, const AthenaIntegration& integration) {
  const std::string id = plain(flow_log.id);
  const std::string base = id + integration.partition_load_frequency +
                           digits(integration.partition_start) + digits(integration.partition_end);
  return {"vpcflowlogsathenadatabase" + id, base, base + "workgroup"};
}

Document table_input(const Scope& scope, const vpc::FlowLog& flow_log, const flow::Format& format,
                     const std::string& name, const std::optional<Time>& from,
                     const std::optional<Time>& to) {
  const Layout layout = layout_of(scope, flow_log);
  const bool is_parquet =
      flow_log.destination_options.value_or(vpc::DestinationOptions{}).file_format == "parquet";
  const std::string begin = folder_of(flow_log, from.value_or(flow_log.created));
  const std::string end = to ? folder_of(flow_log, *to) : "NOW";
  Map parameters{{"EXTERNAL", "true"},
                 {"classification", is_parquet ? "parquet" : "csv"},
                 {"projection.enabled", "true"},
                 {"projection.day.type", "date"},
                 {"projection.day.format", layout.format},
                 {"projection.day.range", begin + ',' + end},
                 {"projection.day.interval", "1"},
                 {"projection.day.interval.unit", layout.unit},
                 {"storage.location.template", layout.root + "${day}"}};
  if (!is_parquet) parameters.emplace_back("skip.header.line.count", "1");
  return Map{{"Name", name},
             {"TableType", "EXTERNAL_TABLE"},
             {"PartitionKeys", List{Map{{"Name", "day"}, {"Type", "string"}}}},
             {"Parameters", std::move(parameters)},
             {"StorageDescriptor", storage_of(format, is_parquet, layout.root)}};
}

Document table_of(const Scope& scope, const vpc::FlowLog& flow_log, const flow::Format& format,
                  const AthenaIntegration& integration) {
  return Map{{"Type", "AWS::Glue::Table"},
             {"Properties",
              Map{{"CatalogId", Map{{"Ref", "AWS::AccountId"}}},
                  {"DatabaseName", Map{{"Ref", "VpcFlowLogsAthenaDatabase"}}},
                  {"TableInput",
                   table_input(scope, flow_log, format, names_of(flow_log, integration).table,
                               integration.partition_start, integration.partition_end)}}}};
}

void add_queries(Map& resources, const std::string& suffix, const Names& names,
                 const flow::Format& format) {
  for (const IntegrationQuery& query : integration_queries()) {
    if (!query.fits(format)) continue;
    resources.emplace_back(
        std::string(query.name) + suffix,
        Map{{"Type", "AWS::Athena::NamedQuery"},
            {"Properties", Map{{"Database", Map{{"Ref", "VpcFlowLogsAthenaDatabase"}}},
                               {"Name", query.name},
                               {"Description", query.description},
                               {"QueryString", query.text(names.database, names.table)},
                               {"WorkGroup", Map{{"Ref", "VpcFlowLogsWorkGroup" + suffix}}}}}});
  }
}

Document work_group_of(const AthenaIntegration& integration, const std::string& name) {
  return Map{{"Type", "AWS::Athena::WorkGroup"},
             {"Properties",
              Map{{"Name", name},
                  {"WorkGroupConfiguration",
                   Map{{"EnforceWorkGroupConfiguration", true},
                       {"ResultConfiguration",
                        Map{{"OutputLocation", location_of(integration.result_destination)}}}}}}}};
}

Result<void> check_integration(const AthenaIntegration& integration, Time now) {
  if (integration.result_destination.empty())
    return vpc::missing_parameter(
        "IntegrateService.AthenaIntegration.IntegrationResultS3DestinationArn");
  WEIR_CHECK(vpc::bucket_of(integration.result_destination));
  const std::string& frequency = integration.partition_load_frequency;
  if (frequency.empty())
    return vpc::missing_parameter("IntegrateService.AthenaIntegration.PartitionLoadFrequency");
  if (std::find(std::begin(kFrequencies), std::end(kFrequencies), frequency) ==
      std::end(kFrequencies)) {
    return vpc::invalid_value(frequency, "PartitionLoadFrequency",
                              "It is none, daily, weekly or monthly.");
  }
  const auto& [start, end] = std::pair(integration.partition_start, integration.partition_end);
  if (frequency == "none") {
    if (!start || !end) {
      return invalid(
          "PartitionStartDate and PartitionEndDate can't be empty if PartitionLoadFrequency is "
          "none.");
    }
    if (*start > now || *end > now) {
      return invalid(
          "PartitionStartDate and PartitionEndDate must be in the past if PartitionLoadFrequency "
          "is none.");
    }
  }
  if (start && end && *start > *end)
    return invalid("PartitionStartDate must not be later than PartitionEndDate.");
  return {};
}

}  // namespace

bool IntegrationQuery::fits(const flow::Format& format) const {
  return std::ranges::all_of(needs, [&](std::string_view column) {
    const flow::FieldInfo* field = flow::find_field(column);
    return field != nullptr && format.has(field->field);
  });
}

std::string IntegrationQuery::text(const std::string& database, const std::string& table) const {
  constexpr std::string_view kTable = "{table}";
  std::string out(sql);
  const std::string quoted = '"' + database + "\".\"" + table + '"';
  return out.replace(out.find(kTable), kTable.size(), quoted);
}

Document flow_log_table(const Scope& scope, const vpc::FlowLog& flow_log,
                        const flow::Format& format, const std::string& name) {
  return table_input(scope, flow_log, format, name, std::nullopt, std::nullopt);
}

Shape AthenaIntegration::shape() {
  using S = AthenaIntegration;
  static constexpr Member members[] = {
      optional<&S::result_destination>("IntegrationResultS3DestinationArn"),
      optional<&S::partition_load_frequency>("PartitionLoadFrequency"),
      optional<&S::partition_start>("PartitionStartDate"),
      optional<&S::partition_end>("PartitionEndDate"),
  };
  return {"AthenaIntegration", members};
}

Shape IntegrateServices::shape() {
  using S = IntegrateServices;
  static constexpr Member members[] = {
      optional<&S::athena_integrations>("AthenaIntegrations").query("AthenaIntegration"),
  };
  return {"IntegrateServices", members};
}

Shape GetFlowLogsIntegrationTemplate::Input::shape() {
  using S = Input;
  static constexpr Member members[] = {
      optional<&S::dry_run>("DryRun"),
      required<&S::flow_log_id>("FlowLogId"),
      required<&S::config_destination>("ConfigDeliveryS3DestinationArn"),
      required<&S::integrate_services>("IntegrateServices").query("IntegrateService"),
  };
  return {"GetFlowLogsIntegrationTemplateRequest", members};
}

Shape GetFlowLogsIntegrationTemplate::Output::shape() {
  using S = Output;
  static constexpr Member members[] = {optional<&S::result>("result")};
  return {"GetFlowLogsIntegrationTemplateResult", members};
}

Result<std::string> integration_template(const Scope& scope, const vpc::FlowLog& flow_log,
                                         const std::vector<AthenaIntegration>& integrations,
                                         Time now) {
  if (flow_log.destination_type != "s3") {
    return invalid("The flow log " + flow_log.id + " does not publish to Amazon S3.");
  }
  if (integrations.empty()) return vpc::missing_parameter("IntegrateService.AthenaIntegration");
  if (integrations.size() > kAthenaIntegrationsMax) {
    return vpc::invalid_value(std::to_string(integrations.size()) + " items",
                              "IntegrateService.AthenaIntegration", "At most 10 are allowed.");
  }
  WEIR_TRY(const flow::Format format, flow::Format::parse(flow_log.log_format));
  Map resources{
      {"VpcFlowLogsAthenaDatabase",
       Map{{"Type", "AWS::Glue::Database"},
           {"Properties",
            Map{{"CatalogId", Map{{"Ref", "AWS::AccountId"}}},
                {"DatabaseInput", Map{{"Name", names_of(flow_log, integrations[0]).database}}}}}}}};
  std::set<std::string> tables;
  for (std::size_t i = 0; i < integrations.size(); ++i) {
    WEIR_CHECK(check_integration(integrations[i], now));
    const Names names = names_of(flow_log, integrations[i]);
    if (!tables.insert(names.table).second)
      return invalid("Two Athena integrations have the same frequency and dates.");
    const std::string suffix = std::to_string(i + 1);
    resources.emplace_back("VpcFlowLogsWorkGroup" + suffix,
                           work_group_of(integrations[i], names.work_group));
    resources.emplace_back("VpcFlowLogsTable" + suffix,
                           table_of(scope, flow_log, format, integrations[i]));
    add_queries(resources, suffix, names, format);
  }
  return to_pretty_json(
      Map{{"AWSTemplateFormatVersion", "2010-09-09"},
          {"Description", "Queries the files of the VPC flow log " + flow_log.id + " with Athena"},
          {"Resources", std::move(resources)}});
}

void IntegrationTemplateApi::add_to(wire::OperationTable& table) {
  add<GetFlowLogsIntegrationTemplate>(table, *this, &IntegrationTemplateApi::get);
}

Result<GetFlowLogsIntegrationTemplate::Output> IntegrationTemplateApi::get(
    const wire::Request& request, const GetFlowLogsIntegrationTemplate::Input& in) {
  WEIR_TRY(const auto state, network_.state(request.scope));
  const auto flow_log = state->flow_logs.find(in.flow_log_id);
  if (flow_log == state->flow_logs.end()) return vpc::no_such(in.flow_log_id, "fl-");
  WEIR_TRY(const std::string bucket, vpc::bucket_of(in.config_destination));
  const Time now = network_.now();
  WEIR_TRY(std::string text, integration_template(request.scope, flow_log->second,
                                                  in.integrate_services.athena_integrations, now));
  if (in.dry_run || !store_) return GetFlowLogsIntegrationTemplate::Output{std::move(text)};
  const std::string folder =
      location_of(in.config_destination).substr(std::string("s3://").size() + bucket.size() + 1);
  const std::string key =
      folder + "VPCFlowLogsIntegrationTemplate_" + in.flow_log_id + '_' + long_date(now) + ".yml";
  WEIR_TRY(std::string url, store_(request.scope, bucket, key, text));
  return GetFlowLogsIntegrationTemplate::Output{std::move(url)};
}

}  // namespace weir::api::ec2
