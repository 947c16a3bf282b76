// SPDX-License-Identifier: Apache-2.0
#include "delivery/delivery.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "delivery/delivery_impl.h"
#include "logs/logs.h"
#include "objects/objects.h"

namespace weir::delivery {
namespace {

/// How often due slots and retries are looked for.
constexpr Duration kTick = std::chrono::seconds(1);
/// What cannot be delivered for a deleted flow log is given up after so many attempts: nobody can
/// mend it any more.
constexpr int kAttemptsAfterDeletionMax = 10;

/// AWS's words for what went wrong (VPC User Guide, "Troubleshoot VPC Flow Logs").
std::string delivery_error(const Error& error) {
  switch (error.kind) {
    case ErrorKind::limit:
      return "Rate limited";
    case ErrorKind::not_found:
    case ErrorKind::forbidden:
    case ErrorKind::unauthorized:
      return "Access error";
    default:
      return "Unknown error";
  }
}

}  // namespace

Delivery::Impl::Impl(Runtime& runtime_in, store::KvStore& store, vpc::Network& network_in,
                     logs::Logs& logs, objects::Objects& objects, Config config_in,
                     StreamTransport* transport_in)
    : runtime(runtime_in),
      network(network_in),
      config(config_in),
      transport(transport_in),
      intake(network_in, config_in.queue_bytes_max, [this] { runtime.post([this] { drain(); }); }),
      object_writer(objects),
      compactor(store, objects, config_in.compaction),
      journal(store),
      log_writer(logs) {}

bool Delivery::Impl::may_try(const SubscriptionPtr& flow_log) const {
  const auto known = health.find(flow_log->id());
  return known == health.end() || runtime.now() >= known->second.next_attempt;
}

void Delivery::Impl::succeeded(const SubscriptionPtr& flow_log) {
  health.erase(flow_log->id());
  if (const auto shown =
          network.set_delivery_error(flow_log->scope(), flow_log->id(), std::nullopt);
      !shown) {
    log::warn("cannot show a delivery error",
              {{"flow_log", flow_log->id()}, {"error", shown.error().message}});
  }
}

void Delivery::Impl::failed(const SubscriptionPtr& flow_log, const Error& error) {
  retries.add(1);
  last_error = error;
  Health& now = health[flow_log->id()];
  now.attempts += 1;
  now.delay = std::clamp(now.delay * 2, config.retry_delay_min, config.retry_delay_max);
  now.next_attempt = runtime.now() + now.delay;
  log::warn("flow-log delivery failed, will retry",
            {{"flow_log", flow_log->id()}, {"attempt", now.attempts}, {"error", error.message}});
  if (const auto shown =
          network.set_delivery_error(flow_log->scope(), flow_log->id(), delivery_error(error));
      !shown) {
    log::warn("cannot show a delivery error",
              {{"flow_log", flow_log->id()}, {"error", shown.error().message}});
  }
}

/// Events to their log group. False: it refused them, or has refused others before; they are
/// collected for the journal.
bool Delivery::Impl::send_events(const Batch& batch) {
  const SubscriptionPtr& to = batch.target.to;
  const std::string& interface_id = batch.target.interface->interface_id;
  if (!to->is_to_stream() && !journal.has_events(to->id()) && may_try(to)) {
    const auto refused = log_writer.put(*to, to->stream(interface_id), batch.lines);
    if (refused) {
      intake.lose(to, interface_id, *refused);
      succeeded(to);
      return true;
    }
    failed(to, refused.error());
  }
  journal.add_events(to, interface_id, batch.lines);
  return false;
}

/// A flow log may fill as much of the backlog as it leaves free, so one whose destination is gone
/// never keeps the others from delivering.
bool Delivery::Impl::has_room(const Batch& batch) const {
  const SubscriptionPtr& to = batch.target.to;
  const bool goes_through = !to->is_to_files() && !to->is_to_stream() &&
                            !journal.has_events(to->id());  // to a group that takes it at once
  if (goes_through) return true;
  const std::uint64_t used = std::min(journal.bytes(), config.backlog_bytes_max);
  return journal.bytes_of(to->id()) <= config.backlog_bytes_max - used;
}

/// Error: the store took nothing; what it should have taken is left in `batches`.
Result<void> Delivery::Impl::store_or_send(std::vector<Batch>& batches) {
  std::vector<Batch> kept;
  std::uint64_t records = 0;  // of `kept`
  for (Batch& batch : batches) {
    const SubscriptionPtr& to = batch.target.to;
    if (!has_room(batch)) {
      intake.skip(batch);
      continue;
    }
    const std::size_t size = batch.lines.size();
    if (!to->is_to_files() && send_events(batch)) {
      stored_records.add(size);
      continue;
    }
    records += size;
    if (!to->is_to_files()) {
      kept.push_back(std::move(batch));
      continue;
    }
    std::map<Time, std::vector<Line>> by_slot;
    for (const Line& line : batch.lines) {
      by_slot[columnar::slot_start(Time::from_seconds(line.end_s), config.file_slot)].push_back(
          line);
    }
    for (const auto& [slot, lines] : by_slot) journal.add_lines(to, slot, lines);
    kept.push_back(std::move(batch));
  }
  batches = std::move(kept);
  WEIR_CHECK(journal.commit(runtime.now()));
  stored_records.add(records);
  return {};
}

void Delivery::Impl::drain() {
  {
    const std::lock_guard has_turn(turn);
    std::vector<Batch> batches = intake.take();
    if (const auto stored = store_or_send(batches); !stored) {
      last_error = stored.error();
      log::error("cannot store flow records, will retry", {{"error", stored.error().message}});
      intake.put_back(std::move(batches));  // the next tick tries again
    }
    look_for_deleted();
    deliver_waiting(false);
  }
  tell_losses();
  post_writer();
}

/// What waits for log groups and streams.
void Delivery::Impl::deliver_waiting(bool is_forced) {
  const std::map<std::string, SubscriptionPtr> waiting = journal.flow_logs();
  for (const auto& [id, flow_log] : waiting) {
    if (flow_log->is_to_stream()) {
      pump_stream(flow_log, is_forced);
    } else {
      retry_events(flow_log, is_forced);
    }
  }
  backlog.set(static_cast<std::int64_t>(journal.bytes()));
}

void Delivery::Impl::tell_losses() {
  for (const Loss& loss : intake.take_losses()) {
    log::warn("flow records are lost", {{"flow_log", loss.flow_log_id},
                                        {"interface", loss.interface_id},
                                        {"records", loss.records}});
    if (loss_sink) loss_sink(loss);
  }
}

void Delivery::Impl::retry_events(const SubscriptionPtr& flow_log, bool is_forced) {
  if (!journal.has_events(flow_log->id()) || !(is_forced || may_try(flow_log))) return;
  const auto done = journal.deliver_events(flow_log->id(), [&](const Journal::Events& events) {
    const auto refused = log_writer.put(*flow_log, events.stream, events.lines);
    if (!refused) {
      failed(flow_log, refused.error());
      return false;
    }
    intake.lose(flow_log, events.interface_id, *refused);
    return true;
  });
  if (!done) return failed(flow_log, done.error());
  if (!journal.has_events(flow_log->id())) succeeded(flow_log);
}

/// A flow log that was deleted is delivered at once, and given up if that does not succeed.
void Delivery::Impl::look_for_deleted() {
  const std::uint64_t now = intake.changes();
  if (now != changes_seen) {
    changes_seen = now;
    for (const auto& [id, flow_log] : journal.flow_logs()) {
      const auto state = network.state(flow_log->scope());
      if (state && !(*state)->flow_logs.contains(id)) deleted.insert(id);
    }
  }
  for (auto id = deleted.begin(); id != deleted.end();) {
    const auto known = health.find(*id);
    const bool is_hopeless =
        known != health.end() && known->second.attempts >= kAttemptsAfterDeletionMax;
    if (is_hopeless) give_up(*id);
    id = is_hopeless || !journal.flow_logs().contains(*id) ? deleted.erase(id) : std::next(id);
  }
}

void Delivery::Impl::give_up(const std::string& flow_log_id) {
  const auto known = journal.flow_logs().find(flow_log_id);
  if (known == journal.flow_logs().end()) return;
  const SubscriptionPtr flow_log = known->second;
  const auto gone = journal.forget(flow_log_id);
  if (!gone) {
    log::error("cannot forget a flow log",
               {{"flow_log", flow_log_id}, {"error", gone.error().message}});
    return;
  }
  log::error("records of a deleted flow log are given up", {{"flow_log", flow_log_id}});
  intake.lose(flow_log, "", *gone);
  health.erase(flow_log_id);
}

Delivery::Delivery(Runtime& runtime, store::KvStore& store, vpc::Network& network, logs::Logs& logs,
                   objects::Objects& objects, Config config, StreamTransport* streams)
    : impl_(std::make_unique<Impl>(runtime, store, network, logs, objects, config, streams)) {}

Delivery::~Delivery() = default;

void Delivery::on_loss(LossSink sink) { impl_->loss_sink = std::move(sink); }

Result<void> Delivery::load() {
  {
    const std::lock_guard has_turn(impl_->turn);
    WEIR_CHECK(impl_->journal.load(impl_->runtime.now()));
    impl_->backlog.set(static_cast<std::int64_t>(impl_->journal.bytes()));
  }
  if (const auto finished = impl_->compactor.recover(); !finished) {
    log::warn("a merge of flow-log files is not finished yet",
              {{"error", finished.error().message}});
  }
  impl_->timer = Timer(impl_->runtime, kTick, [impl = impl_.get()] { impl->drain(); });
  return {};
}

void Delivery::accept(const Scope& scope, const flow::Context& interface,
                      std::span<const flow::Record> records) {
  impl_->intake.accept(scope, interface, records);
}

Result<void> Delivery::flush() {
  {
    const std::lock_guard has_turn(impl_->turn);
    impl_->last_error.reset();
  }
  impl_->drain();
  {
    const std::lock_guard has_turn(impl_->turn);
    impl_->deliver_waiting(true);
  }
  impl_->write_files(true);
  impl_->tell_losses();
  const std::lock_guard has_turn(impl_->turn);
  const bool is_anything_left = impl_->journal.bytes() > 0 || !impl_->intake.is_empty();
  if (is_anything_left && impl_->last_error) return *impl_->last_error;
  return {};
}

void Delivery::stop() {
  impl_->intake.stop();
  impl_->timer = {};
  if (const auto flushed = flush(); !flushed) {
    log::warn("flow records wait in the store for the next start",
              {{"error", flushed.error().message}});
  }
}

}  // namespace weir::delivery
