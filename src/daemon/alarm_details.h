// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "base/runtime.h"
#include "client/alarm_mail.h"
#include "logs/logs.h"
#include "respond/matching_records.h"

namespace weir::daemon {

/// Looks up what a mail about an alarm shows beside the alarm's message: the first log events
/// behind it, and a link to its graph.
///
/// A message goes to many mailboxes, so what was found is kept for the last kKeptMax messages.
/// Look-ups happen one at a time on a worker and are bounded (respond::MatchingRecordsLimits);
/// above kWaitingMax mails that wait for one, further mails go without records. A message can only
/// show events of the account that the topic belongs to, whatever alarm it claims to come from.
///
/// Threads: any. Lifetime: quiesce the Runtime before destroying this; `logs` outlives it.
class AlarmDetails final : public client::AlarmDetailsSource {
 public:
  static constexpr std::size_t kKeptMax = 64;
  static constexpr std::size_t kWaitingMax = 1024;
  /// The address of a picture of an alarm's metric, from the alarm's JSON; "" for none.
  using GraphUrl = std::function<std::string(const std::string& message)>;

  AlarmDetails(Runtime& runtime, const logs::Logs& logs, respond::MatchingRecordsLimits limits = {})
      : runtime_(runtime), logs_(logs), limits_(limits) {}

  /// To be called before the first find().
  void set_graph_url(GraphUrl graph_url) { graph_url_ = std::move(graph_url); }

  void find(const notify::Delivery& delivery, Found found) override;

 private:
  struct Job {
    std::string message_id;
    std::string topic_arn;
    std::string message;
    std::vector<Found> waiting;
  };
  struct State {
    std::map<std::string, client::AlarmDetails> kept;  // by message id
    std::deque<std::string> order;                     // of `kept`
    std::deque<Job> jobs;                              // the first is under way
    std::size_t waiting = 0;                           // in all jobs
  };

  void work();
  client::AlarmDetails look_up(const Job& job) const;

  Runtime& runtime_;
  const logs::Logs& logs_;
  const respond::MatchingRecordsLimits limits_;
  GraphUrl graph_url_;
  Guarded<State> state_;
};

}  // namespace weir::daemon
