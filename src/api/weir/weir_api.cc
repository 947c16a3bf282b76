// SPDX-License-Identifier: Apache-2.0
#include "api/weir/weir_api.h"

#include <utility>

namespace weir::api {
namespace {

constexpr int kPageDefault = 1000;

}  // namespace

wire::ServiceModel weir_model() {
  return {.signing_name = "weir",
          .target_prefix = "Weir_20261101",
          .api_version = "2026-11-01",
          .xml_namespace = {},
          .cbor_service = {},
          .validation_code = "InvalidParameterException",
          .protocols = {.json_1_1 = true},
          .error_names = {}};
}

void WeirApi::add_to(wire::OperationTable& table) {
  table.add<ImportLogEvents>(*this, &WeirApi::import_events);
  table.add<ListImports>(*this, &WeirApi::list_imports);
  table.add<ExplainAlarm>(*this, &WeirApi::explain_alarm);
}

Result<ImportLogEvents::Output> WeirApi::import_events(const wire::Request& request,
                                                       const ImportLogEvents::Input& in) {
  const weir::logs::Logs::ImportBatch batch{.reached = {.source = in.source,
                                                        .version = in.version,
                                                        .position = in.position,
                                                        .is_complete = in.is_complete},
                                            .from = in.from,
                                            .streams = in.streams,
                                            .grown_from = in.grown_from.value_or("")};
  WEIR_TRY(const auto result, logs_.import_events(request.scope, in.log_group_name, batch));
  return ImportLogEvents::Output{
      .position = result.position, .stored = result.stored, .expired = result.expired};
}

Result<ExplainAlarm::Output> WeirApi::explain_alarm(const wire::Request& request,
                                                    const ExplainAlarm::Input& in) {
  WEIR_TRY(auto explanation, alarms_.explain(request.scope, in.alarm_name));
  return ExplainAlarm::Output{std::move(explanation)};
}

Result<ListImports::Output> WeirApi::list_imports(const wire::Request& request,
                                                  const ListImports::Input& in) {
  WEIR_TRY(auto page, logs_.imports(request.scope, in.log_group_name, in.source_prefix.value_or(""),
                                    in.next_token.value_or(""),
                                    static_cast<std::size_t>(in.limit.value_or(kPageDefault))));
  ListImports::Output out;
  out.imports = std::move(page.items);
  if (!page.next.empty()) out.next_token = std::move(page.next);
  return out;
}

}  // namespace weir::api
