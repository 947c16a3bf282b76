// SPDX-License-Identifier: Apache-2.0
#include "daemon/alarm_details.h"

#include <algorithm>
#include <utility>

#include "base/counters.h"
#include "base/log.h"
#include "base/scope.h"
#include "respond/alarm_message.h"

namespace weir::daemon {
namespace {

Counter& without_records() {
  return counter("weir_sns_mails_without_records_total",
                 "Mails about alarms that went without log records, because too many waited for "
                 "them or the look-up failed.");
}

}  // namespace

void AlarmDetails::find(const notify::Delivery& delivery, Found found) {
  std::optional<client::AlarmDetails> kept;
  bool is_first = false;
  {
    auto state = state_.lock();
    const auto known = state->kept.find(delivery.message_id);
    if (known != state->kept.end()) {
      kept = known->second;
    } else if (state->waiting >= kWaitingMax) {
      kept.emplace();
      without_records().add();
    } else {
      auto job = std::ranges::find(state->jobs, delivery.message_id, &Job::message_id);
      if (job == state->jobs.end()) {
        is_first = state->jobs.empty();
        state->jobs.push_back(
            {delivery.message_id, delivery.topic_arn, delivery.common_message, {}});
        job = std::prev(state->jobs.end());
      }
      job->waiting.push_back(std::move(found));
      ++state->waiting;
    }
  }
  if (kept) return found(*std::move(kept));
  if (is_first) runtime_.post([this] { work(); });
}

// The job stays in the list while it is under way, so that mails of the same message join it.
void AlarmDetails::work() {
  Job about;
  {
    auto state = state_.lock();
    const Job& first = state->jobs.front();
    about = {first.message_id, first.topic_arn, first.message, {}};
  }
  const client::AlarmDetails details = look_up(about);
  std::vector<Found> waiting;
  bool has_more = false;
  {
    auto state = state_.lock();
    waiting = std::move(state->jobs.front().waiting);
    state->jobs.pop_front();
    state->waiting -= waiting.size();
    has_more = !state->jobs.empty();
    state->kept.emplace(about.message_id, details);
    state->order.push_back(about.message_id);
    if (state->order.size() > kKeptMax) {
      state->kept.erase(state->order.front());
      state->order.pop_front();
    }
  }
  if (has_more) runtime_.post([this] { work(); });
  for (const Found& found : waiting) found(details);
}

client::AlarmDetails AlarmDetails::look_up(const Job& job) const {
  client::AlarmDetails details;
  const auto alarm = respond::AlarmMessage::parse(job.message);
  const auto topic = Arn::parse(job.topic_arn);
  if (topic && graph_url_) details.graph_url = graph_url_(job.message);
  if (!alarm || alarm->state != "ALARM") return details;
  if (!topic || topic->scope.account != alarm->scope.account) return details;
  auto records = respond::first_matching_records(runtime_, logs_, *alarm, limits_);
  if (!records) {
    without_records().add();
    log::warn("the log events behind an alarm were not found for its mail",
              {{"alarm", alarm->name}, {"error", records.error().message}});
    return details;
  }
  details.has_more_records = records->has_more;
  for (auto& record : records->records) {
    details.records.push_back({record.time, std::move(record.log_group), std::move(record.text)});
  }
  return details;
}

}  // namespace weir::daemon
