// SPDX-License-Identifier: Apache-2.0
#include "delivery/delivery.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/counters.h"
#include "base/guarded.h"
#include "base/log.h"
#include "delivery/journal.h"
#include "delivery/log_writer.h"
#include "delivery/object_writer.h"
#include "delivery/subscription.h"
#include "logs/logs.h"
#include "objects/objects.h"
#include "vpc/network.h"

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

/// Records of one interface for one flow log.
struct Batch {
  SubscriptionPtr to;
  std::shared_ptr<const flow::Context> interface;  // shared with the cache
  std::vector<Line> lines;
};

/// Records of one interface that are lost for one flow log.
struct Skipped {
  SubscriptionPtr to;
  std::shared_ptr<const flow::Context> interface;
  std::int64_t start_s = 0;
  std::int64_t end_s = 0;
};

/// What accept() shares with the drain.
struct Queue {
  std::deque<Batch> batches;
  std::size_t bytes = 0;
  std::map<std::string, Skipped> skipped;  // by flow log and interface
  bool is_drain_posted = false;
  bool is_stopped = false;
};

/// The flow logs of the interfaces that were seen, as of one state of the network.
struct Cache {
  struct Entry {
    std::shared_ptr<const flow::Context> interface;
    std::vector<SubscriptionPtr> flow_logs;
  };
  std::uint64_t changes = 0;
  std::map<std::string, Entry, std::less<>> by_interface;
};

/// How a flow log's destination has been doing.
struct Health {
  int attempts = 0;  // failed in a row
  Time next_attempt;
  Duration delay{0};
};

std::size_t bytes_of(const std::vector<Line>& lines) {
  std::size_t bytes = 0;
  for (const Line& line : lines) bytes += line.bytes();
  return bytes;
}

}  // namespace

struct Delivery::Impl {
  Impl(Runtime& runtime_in, store::KvStore& store, vpc::Network& network_in, logs::Logs& logs,
       objects::Objects& objects, Config config_in)
      : runtime(runtime_in),
        network(network_in),
        config(config_in),
        journal(store),
        log_writer(logs),
        object_writer(objects) {
    network.on_change([count = changes](const Scope&) { count->fetch_add(1); });
  }

  Cache::Entry flow_logs_of(const Scope& scope, const flow::Context& interface);
  std::vector<SubscriptionPtr> subscriptions(const Scope& scope, const flow::Context& interface);
  void enqueue(Batch batch);
  void mark_skipped(Queue& to, const Batch& batch);
  void post_drain(Queue& to);

  void drain();
  std::vector<Batch> take_queue();
  Result<void> store_or_send(std::vector<Batch>& batches);
  bool send_events(const Batch& batch);
  void retry_events(const SubscriptionPtr& flow_log, bool is_forced);
  void write_files(bool is_everything);
  Result<void> write_slot(const SubscriptionPtr& flow_log, const Journal::Slot& slot);
  bool is_due(const Journal::Slot& slot, const Journal::Waiting& waiting) const;
  void look_for_deleted();
  void tick(bool is_everything);
  bool may_try(const SubscriptionPtr& flow_log) const;
  void succeeded(const SubscriptionPtr& flow_log);
  void failed(const SubscriptionPtr& flow_log, const Error& error);

  Runtime& runtime;
  vpc::Network& network;
  const Config config;
  // Shared with the network's callback, which outlives this.
  std::shared_ptr<std::atomic<std::uint64_t>> changes =
      std::make_shared<std::atomic<std::uint64_t>>(1);
  Guarded<Cache> cache;
  Guarded<Queue> queue;
  Counter& records =
      counter("weir_delivery_records_total", "Flow records taken over for delivery.");
  Counter& skipped = counter("weir_delivery_records_skipped_total",
                             "Flow records lost because queue or backlog were full.");
  Counter& retries =
      counter("weir_delivery_failures_total", "Failed attempts to deliver to a destination.");
  Gauge& backlog =
      gauge("weir_delivery_backlog_bytes", "Flow records in the store that are not delivered yet.");

  // Below: whoever has the turn. No reader waits for it, and accept() never takes it.
  std::mutex turn;
  Journal journal;
  LogWriter log_writer;
  ObjectWriter object_writer;
  std::map<std::string, Health> health;
  std::set<std::string> deleted;  // flow logs that are gone and have something waiting
  std::uint64_t changes_seen = 0;
  std::optional<Error> last_error;
  Timer timer;
};

std::vector<SubscriptionPtr> Delivery::Impl::subscriptions(const Scope& scope,
                                                           const flow::Context& interface) {
  vpc::Eni eni;
  eni.scope = scope;
  eni.id = interface.interface_id;
  eni.subnet_id = interface.subnet_id;
  eni.vpc_id = interface.vpc_id;
  std::vector<SubscriptionPtr> all;
  for (vpc::FlowLog& log : network.flow_logs_for(eni)) {
    const std::string id = log.id;
    auto made = Subscription::make(scope, std::move(log));
    if (made) {
      all.push_back(*std::move(made));
      continue;
    }
    log::error("flow log cannot be delivered", {{"flow_log", id}, {"error", made.error().message}});
    if (const auto shown = network.set_delivery_error(scope, id, "Unknown error"); !shown) {
      log::warn("cannot show a delivery error",
                {{"flow_log", id}, {"error", shown.error().message}});
    }
  }
  return all;
}

Cache::Entry Delivery::Impl::flow_logs_of(const Scope& scope, const flow::Context& interface) {
  const std::uint64_t now = changes->load();
  const std::string key = scope.key() + interface.interface_id;
  {
    auto known = cache.lock();
    if (known->changes != now) {
      known->by_interface.clear();
      known->changes = now;
    }
    const auto found = known->by_interface.find(key);
    if (found != known->by_interface.end() && *found->second.interface == interface)
      return found->second;
  }
  Cache::Entry entry{std::make_shared<const flow::Context>(interface),
                     subscriptions(scope, interface)};
  auto known = cache.lock();
  if (known->changes == now) known->by_interface.insert_or_assign(key, entry);
  return entry;
}

void Delivery::Impl::mark_skipped(Queue& to, const Batch& batch) {
  if (batch.lines.empty()) return;
  skipped.add(batch.lines.size());
  const std::string key = batch.to->id() + '/' + batch.interface->interface_id;
  const auto [found, is_new] = to.skipped.try_emplace(
      key, Skipped{batch.to, batch.interface, batch.lines[0].start_s, batch.lines[0].end_s});
  for (const Line& line : batch.lines) {
    found->second.start_s = std::min(found->second.start_s, line.start_s);
    found->second.end_s = std::max(found->second.end_s, line.end_s);
  }
}

void Delivery::Impl::post_drain(Queue& to) {
  if (to.is_drain_posted) return;
  to.is_drain_posted = true;
  runtime.post([this] { drain(); });
}

void Delivery::Impl::enqueue(Batch batch) {
  auto to = queue.lock();
  if (to->is_stopped) {
    skipped.add(batch.lines.size());
    return;
  }
  const std::size_t bytes = bytes_of(batch.lines);
  if (to->bytes + bytes > config.queue_bytes_max) {
    mark_skipped(*to, batch);
  } else {
    records.add(batch.lines.size());
    to->bytes += bytes;
    to->batches.push_back(std::move(batch));
  }
  post_drain(*to);
}

/// Everything that waits, SKIPDATA included.
std::vector<Batch> Delivery::Impl::take_queue() {
  std::deque<Batch> batches;
  std::map<std::string, Skipped> lost;
  {
    auto from = queue.lock();
    batches.swap(from->batches);
    lost.swap(from->skipped);
    from->bytes = 0;
    from->is_drain_posted = false;
  }
  std::vector<Batch> all(std::make_move_iterator(batches.begin()),
                         std::make_move_iterator(batches.end()));
  for (const auto& [key, skip] : lost) {
    all.push_back(
        {skip.to, skip.interface, {skip.to->skip_line(*skip.interface, skip.start_s, skip.end_s)}});
  }
  return all;
}

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
  const std::string& id = batch.to->id();
  const std::string& interface_id = batch.interface->interface_id;
  if (!journal.has_events(id) && may_try(batch.to)) {
    const auto sent = log_writer.put(*batch.to, batch.to->stream(interface_id), batch.lines);
    if (sent) {
      succeeded(batch.to);
      return true;
    }
    failed(batch.to, sent.error());
  }
  journal.add_events(batch.to, interface_id, batch.lines);
  return false;
}

/// Error: the store took nothing; what it should have taken is left in `batches`.
Result<void> Delivery::Impl::store_or_send(std::vector<Batch>& batches) {
  std::vector<Batch> kept;
  for (Batch& batch : batches) {
    if (journal.bytes() > config.backlog_bytes_max &&
        (batch.to->is_to_files() || journal.has_events(batch.to->id()))) {
      mark_skipped(*queue.lock(), batch);
      continue;
    }
    if (!batch.to->is_to_files()) {
      if (!send_events(batch)) kept.push_back(std::move(batch));
      continue;
    }
    std::map<Time, std::vector<Line>> by_slot;
    for (const Line& line : batch.lines) {
      by_slot[columnar::slot_start(Time::from_seconds(line.end_s), config.file_slot)].push_back(
          line);
    }
    for (const auto& [slot, lines] : by_slot) journal.add_lines(batch.to, slot, lines);
    kept.push_back(std::move(batch));
  }
  batches = std::move(kept);
  return journal.commit(runtime.now());
}

void Delivery::Impl::drain() {
  const std::lock_guard has_turn(turn);
  std::vector<Batch> batches = take_queue();
  if (const auto stored = store_or_send(batches); !stored) {
    last_error = stored.error();
    log::error("cannot store flow records, will retry", {{"error", stored.error().message}});
    // Back to where they were; the next tick tries again.
    auto to = queue.lock();
    for (auto batch = batches.rbegin(); batch != batches.rend(); ++batch) {
      to->bytes += bytes_of(batch->lines);
      to->batches.push_front(std::move(*batch));
    }
  }
  tick(false);
}

void Delivery::Impl::retry_events(const SubscriptionPtr& flow_log, bool is_forced) {
  if (!journal.has_events(flow_log->id()) || !(is_forced || may_try(flow_log))) return;
  const auto done = journal.deliver_events(flow_log->id(), [&](const Journal::Events& events) {
    const auto sent = log_writer.put(*flow_log, events.stream, events.lines);
    if (!sent) failed(flow_log, sent.error());
    return static_cast<bool>(sent);
  });
  if (!done) return failed(flow_log, done.error());
  if (!journal.has_events(flow_log->id())) succeeded(flow_log);
}

bool Delivery::Impl::is_due(const Journal::Slot& slot, const Journal::Waiting& waiting) const {
  if (waiting.bytes >= config.file_text_bytes_max || deleted.contains(slot.flow_log_id))
    return true;
  // Records of a slot long ago (a late window, an imported file) gather for a while, too.
  const Time complete =
      std::max(slot.start + config.file_slot, waiting.first_taken) + config.file_delay;
  return runtime.now() >= complete;
}

Result<void> Delivery::Impl::write_slot(const SubscriptionPtr& flow_log,
                                        const Journal::Slot& slot) {
  while (journal.slots().contains(slot)) {
    WEIR_TRY(const auto chunks, journal.chunks(slot, config.file_text_bytes_max));
    if (chunks.empty())
      return Error{ErrorKind::internal, "InternalError",
                   "lines of a slot are missing in the store"};
    WEIR_CHECK(object_writer.put(*flow_log, slot.start, chunks));
    WEIR_CHECK(journal.erase(slot, chunks));
  }
  return {};
}

void Delivery::Impl::write_files(bool is_everything) {
  std::vector<Journal::Slot> due;
  for (const auto& [slot, waiting] : journal.slots()) {
    if (is_everything || is_due(slot, waiting)) due.push_back(slot);
  }
  for (const Journal::Slot& slot : due) {
    const auto known = journal.flow_logs().find(slot.flow_log_id);
    if (known == journal.flow_logs().end()) continue;  // given up
    const SubscriptionPtr flow_log = known->second;
    if (!is_everything && !may_try(flow_log)) continue;
    if (const auto written = write_slot(flow_log, slot); written) {
      succeeded(flow_log);
    } else {
      failed(flow_log, written.error());
    }
  }
}

/// A flow log that was deleted is delivered at once, and given up if that does not succeed.
void Delivery::Impl::look_for_deleted() {
  const std::uint64_t now = changes->load();
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
    if (is_hopeless) {
      log::error("records of a deleted flow log are given up", {{"flow_log", *id}});
      if (const auto gone = journal.forget(*id); !gone) {
        log::error("cannot forget a flow log",
                   {{"flow_log", *id}, {"error", gone.error().message}});
      }
      health.erase(*id);
    }
    id = is_hopeless || !journal.flow_logs().contains(*id) ? deleted.erase(id) : std::next(id);
  }
}

void Delivery::Impl::tick(bool is_everything) {
  look_for_deleted();
  const std::map<std::string, SubscriptionPtr> waiting = journal.flow_logs();
  for (const auto& [id, flow_log] : waiting) retry_events(flow_log, is_everything);
  write_files(is_everything);
  backlog.set(static_cast<std::int64_t>(journal.bytes()));
}

Delivery::Delivery(Runtime& runtime, store::KvStore& store, vpc::Network& network, logs::Logs& logs,
                   objects::Objects& objects, Config config)
    : impl_(std::make_unique<Impl>(runtime, store, network, logs, objects, config)) {}

Delivery::~Delivery() = default;

Result<void> Delivery::load() {
  {
    const std::lock_guard has_turn(impl_->turn);
    WEIR_CHECK(impl_->journal.load(impl_->runtime.now()));
  }
  impl_->timer = Timer(impl_->runtime, kTick, [impl = impl_.get()] { impl->drain(); });
  return {};
}

void Delivery::accept(const Scope& scope, const flow::Context& interface,
                      std::span<const flow::Record> records) {
  const Cache::Entry entry = impl_->flow_logs_of(scope, interface);
  for (const SubscriptionPtr& flow_log : entry.flow_logs) {
    Batch batch{flow_log, entry.interface, {}};
    for (const flow::Record& record : records) {
      if (flow_log->takes(record)) batch.lines.push_back(flow_log->line(record));
    }
    if (!batch.lines.empty()) impl_->enqueue(std::move(batch));
  }
}

Result<void> Delivery::flush() {
  {
    const std::lock_guard has_turn(impl_->turn);
    impl_->last_error.reset();
  }
  impl_->drain();
  const std::lock_guard has_turn(impl_->turn);
  impl_->tick(true);
  const bool is_anything_left = impl_->journal.bytes() > 0 || !impl_->queue.lock()->batches.empty();
  if (is_anything_left && impl_->last_error) return *impl_->last_error;
  return {};
}

void Delivery::stop() {
  impl_->queue.lock()->is_stopped = true;
  impl_->timer = {};
  if (const auto flushed = flush(); !flushed) {
    log::warn("flow records wait in the store for the next start",
              {{"error", flushed.error().message}});
  }
}

}  // namespace weir::delivery
