// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/runtime.h"
#include "base/scope.h"
#include "logs/logs.h"

namespace weir::respond {

/// One decision. Empty members are left out of the event.
struct AuditEvent {
  std::string_view action;  // block, would-block, extend, merge, evict, expire, unblock, skip, fail
  std::string cidr = {};
  std::string acl_id = {};
  int rule_number = 0;
  std::vector<std::string> eni_ids = {};
  std::string alarm_name = {};
  std::int64_t events = 0;
  Time expires = {};
  std::string reason = {};
};

/// Writes decisions into the log group kAuditLogGroup of the scope, in a stream for each day, and
/// into the daemon's log. What cannot be written is an error in the daemon's log.
class Audit {
 public:
  Audit(Runtime& runtime, logs::Logs& logs) : runtime_(runtime), logs_(logs) {}
  void write(const Scope& scope, const AuditEvent& event);

 private:
  Runtime& runtime_;
  logs::Logs& logs_;
};

}  // namespace weir::respond
