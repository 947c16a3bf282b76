// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include "alarms/outbox.h"
#include "base/document.h"
#include "base/fnv.h"

namespace weir::alarms {

namespace {

constexpr std::string_view kWorstFirst[] = {"ALARM", "INSUFFICIENT_DATA", "OK"};

std::string text_of(const Document& message, std::string_view name) {
  const Document* const value = message.find(name);
  return value != nullptr && value->string() != nullptr ? *value->string() : "";
}

}  // namespace

Action grouped(std::span<const OutboxRecord> records) {
  Document::List messages;
  std::map<std::string, int> states;
  std::string lines;
  std::string ids;
  std::string region;
  for (const OutboxRecord& record : records) {
    auto parsed = parse_json(record.message);
    WEIR_ASSERT(parsed);  // we wrote it
    const std::string state = text_of(*parsed, "NewStateValue");
    ++states[state];
    region = text_of(*parsed, "Region");
    lines += "- " + state + ": " + record.alarm_name + " (was " +
             text_of(*parsed, "OldStateValue") + ", " + text_of(*parsed, "StateChangeTime") +
             ")\n  " + text_of(*parsed, "NewStateReason") + '\n';
    ids += record.id;
    messages.push_back(*std::move(parsed));
  }
  std::string worst;
  std::string counts;
  for (const std::string_view state : kWorstFirst) {
    const auto found = states.find(std::string(state));
    if (found == states.end()) continue;
    if (worst.empty()) worst = state;
    counts += (counts.empty() ? "" : ", ") + std::to_string(found->second) + ' ' + found->first;
  }
  const std::string count = std::to_string(records.size());
  Action action;
  action.id = records.front().id + '+' + count + '-' + std::to_string(fnv1a(ids));
  action.arn = records.front().arn;
  action.subject = worst + ": " + count + " alarms in " + region;
  action.alarm_name = records.front().alarm_name;
  action.email_text =
      count + " alarms in the " + region + " region changed together (" + counts + ").\n\n" + lines;
  action.message =
      to_json(Document(Document::Map{{"AlarmCount", static_cast<std::int64_t>(records.size())},
                                     {"NewStateValue", worst},
                                     {"Region", region},
                                     {"Alarms", std::move(messages)}}));
  return action;
}

}  // namespace weir::alarms
