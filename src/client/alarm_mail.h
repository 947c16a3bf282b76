// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/runtime.h"
#include "notify/transport.h"

namespace weir::client {

/// A line of a log that an alarm counted.
struct MailRecord {
  Time time;
  std::string log_group;
  std::string text;
};

/// What this installation knows of the alarm behind a notification, beyond what the message says.
struct AlarmDetails {
  std::vector<MailRecord> records = {};  // the first that matched, oldest first
  bool has_more_records = false;
  std::string graph_url = {};  // a picture of the metric, "" for none
};

/// Finds the details of an alarm's notification.
///
/// Threads: find() from any thread; it must not block for long. `found` is called exactly once, on
/// any thread; it is dropped without a call only when the runtime is quiesced. A look-up that fails
/// or takes too long answers what it has: no mail waits for it in vain.
class AlarmDetailsSource {
 public:
  using Found = std::function<void(AlarmDetails)>;
  virtual ~AlarmDetailsSource() = default;
  virtual void find(const notify::Delivery& delivery, Found found) = 0;
};

/// An alarm's message (CloudWatch User Guide, "Notifying users on alarm changes") as far as a
/// person wants to read it. All texts are UTF-8; what the message lacks is "".
struct AlarmNews {
  std::string name;
  std::string state;  // ALARM, OK, INSUFFICIENT_DATA
  std::string old_state;
  std::string region;  // `EU (Frankfurt)`
  std::string reason;
  std::string since;  // `2026-01-31 12:34:56 UTC`
  std::string description;
  std::string account;
  std::string arn;
  std::string condition;  // `SUM of VPCFlow/Rejected over 60 s > 10.0, 2 of 3 periods`, or the rule
  std::string dimensions;                        // `k = v, k2 = v2`
  std::vector<std::string> triggering_children;  // composite alarms: ARNs

  /// Nothing if `message` is not the JSON of an alarm.
  static std::optional<AlarmNews> read(std::string_view message);
};

/// `ALARM: "name" in EU (Frankfurt)`, the subject that alarms publish with.
std::string alarm_subject(const AlarmNews& alarm);

/// What a person needs on a phone, in short lines: state, reason, condition, records, the graph,
/// and how to silence. Ends with a line end.
std::string alarm_text(const AlarmNews& alarm, const AlarmDetails& details);

/// The same as HTML without any outside resource. `unsubscribe_url` stands below it.
std::string alarm_html(const AlarmNews& alarm, const AlarmDetails& details,
                       std::string_view unsubscribe_url);

}  // namespace weir::client
