// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/counters.h"
#include "delivery/compactor.h"
#include "delivery/delivery.h"
#include "delivery/intake.h"
#include "delivery/journal.h"
#include "delivery/log_writer.h"
#include "delivery/object_writer.h"
#include "delivery/subscription.h"

/// Private to the module: what the files of Delivery share.
namespace weir::delivery {

/// How a flow log's destination has been doing.
struct Health {
  int attempts = 0;  // failed in a row
  Time next_attempt;
  Duration delay{0};
};

struct Delivery::Impl {
  Impl(Runtime& runtime_in, store::KvStore& store, vpc::Network& network_in, logs::Logs& logs,
       objects::Objects& objects, Config config_in, StreamTransport* transport_in);

  // delivery.cc: from the queue to log groups and journal.
  void drain();
  Result<void> store_or_send(std::vector<Batch>& batches);
  bool has_room(const Batch& batch) const;
  bool send_events(const Batch& batch);
  void retry_events(const SubscriptionPtr& flow_log, bool is_forced);
  void deliver_waiting(bool is_forced);
  void look_for_deleted();
  void give_up(const std::string& flow_log_id);
  void tell_losses();
  bool may_try(const SubscriptionPtr& flow_log) const;
  void succeeded(const SubscriptionPtr& flow_log);
  void failed(const SubscriptionPtr& flow_log, const Error& error);

  // delivery_files.cc: from the journal to files.
  struct DueSlot {
    SubscriptionPtr flow_log;
    Journal::Slot slot;
    std::uint64_t bytes = 0;  // to write at least
  };
  void post_writer();
  void write_files(bool is_everything);
  std::vector<DueSlot> due_slots(bool is_everything);
  Result<void> write_slot(const DueSlot& due);
  void compact();

  // delivery_streams.cc: from the journal to delivery streams.
  void pump_stream(const SubscriptionPtr& flow_log, bool is_forced);
  Result<std::optional<Journal::Request>> next_request(const SubscriptionPtr& flow_log,
                                                       bool is_forced);
  void send_request(const SubscriptionPtr& flow_log, Journal::Request request);
  void request_ended(const SubscriptionPtr& flow_log, const Journal::Request& request,
                     const Result<void>& outcome);
  Result<void> make_smaller(const SubscriptionPtr& flow_log, const Journal::Request& request);

  Runtime& runtime;
  vpc::Network& network;
  const Config config;
  StreamTransport* const transport;  // nullptr: there are no streams
  LossSink loss_sink;
  Intake intake;
  Counter& retries =
      counter("weir_delivery_failures_total", "Failed attempts to deliver to a destination.");
  Counter& stored_records =
      counter("weir_delivery_records_stored_total",
              "Flow records in the store or at their destination: a crash does not lose them.");
  Gauge& backlog =
      gauge("weir_delivery_backlog_bytes", "Flow records in the store that are not delivered yet.");

  /// Held while files are written and merged, which may take seconds; taken before `turn`.
  std::mutex file_turn;
  ObjectWriter object_writer;
  Compactor compactor;
  Time next_compaction;
  std::atomic<bool> is_writer_posted{false};

  /// Held while journal and log groups are written, never while a file is: a record is in its log
  /// group at once, whatever the buckets do. accept() takes neither.
  std::mutex turn;
  // Under `turn`:
  Journal journal;
  LogWriter log_writer;
  std::map<std::string, Health> health;
  std::set<std::string> deleted;    // flow logs that are gone, with something waiting
  std::set<std::string> in_flight;  // flow logs with a request at their stream
  std::map<std::string, std::size_t> request_max;  // records; what the endpoint was found to take
  std::uint64_t changes_seen = 0;
  std::optional<Error> last_error;
  Timer timer;
};

}  // namespace weir::delivery
