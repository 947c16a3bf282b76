// SPDX-License-Identifier: Apache-2.0
#include "respond/audit.h"

#include <array>
#include <utility>

#include "base/document.h"
#include "base/log.h"
#include "respond/responder.h"

namespace weir::respond {

namespace {

std::string to_text(Time now, const AuditEvent& event) {
  Document::Map out{{"time", to_iso8601(now)}, {"action", event.action}};
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) out.emplace_back(name, value);
  };
  add("cidr", event.cidr);
  add("networkAclId", event.acl_id);
  if (event.rule_number != 0) out.emplace_back("ruleNumber", event.rule_number);
  if (!event.eni_ids.empty()) {
    out.emplace_back("networkInterfaceIds",
                     Document::List(event.eni_ids.begin(), event.eni_ids.end()));
  }
  add("alarmName", event.alarm_name);
  if (event.events != 0) out.emplace_back("events", event.events);
  if (event.expires.ms != 0) out.emplace_back("expires", to_iso8601(event.expires));
  add("reason", event.reason);
  return to_json(std::move(out));
}

Result<void> put(logs::Logs& logs, const Scope& scope, Time now, std::string text) {
  const std::string stream = to_iso8601(now).substr(0, 10);
  WEIR_CHECK(logs.ensure_stream(scope, kAuditLogGroup, stream));
  const std::array events{logs::InputLogEvent{now.ms, std::move(text)}};
  WEIR_CHECK(logs.put_log_events(scope, kAuditLogGroup, stream, events));
  return {};
}

}  // namespace

void Audit::write(const Scope& scope, const AuditEvent& event) {
  log::info("automatic response", {{"action", event.action},
                                   {"cidr", event.cidr},
                                   {"acl", event.acl_id},
                                   {"rule", event.rule_number},
                                   {"alarm", event.alarm_name},
                                   {"reason", event.reason}});
  const Time now = runtime_.now();
  if (const auto written = put(logs_, scope, now, to_text(now, event)); !written) {
    log::error("cannot write down an automatic response", {{"error", written.error().message}});
  }
}

}  // namespace weir::respond
