// SPDX-License-Identifier: Apache-2.0
// Queues themselves: create, delete, attributes, tags, lists; load and housekeeping.
#include "queues/queues.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/base64.h"
#include "base/log.h"
#include "queues/queues_impl.h"

namespace weir::queues {

namespace {

constexpr Duration kHousekeepingPeriod = std::chrono::minutes(1);
constexpr Duration kPurgePause = std::chrono::seconds(60);
constexpr std::size_t kExpiredMax = 10'000;  // of one queue, in one round
constexpr std::size_t kTokenBytesMax = 2048;

Result<std::string> parse_token(const std::string& token) {
  if (token.empty()) return std::string();
  auto name = token.size() <= kTokenBytesMax ? base64_decode(token) : std::nullopt;
  if (!name) {
    return queue_error("InvalidParameterValue", "Invalid or expired next token.");
  }
  return *std::move(name);
}

// AWS answers a repeated CreateQueue if what was given is what the queue has.
Result<void> check_same(const Scope& scope, const Queue& queue, const Attributes& attributes) {
  const Attributes shown = queue.shown(scope);
  for (const auto& [name, value] : attributes) {
    const auto found = shown.find(name);
    if (found != shown.end() && found->second == value) continue;
    if (found == shown.end() && value.empty()) continue;
    return queue_error("QueueAlreadyExists",
                       "A queue already exists with the same name and a different value for "
                       "attribute " +
                           name);
  }
  return {};
}

void set_attributes_of(Queue& queue, const Attributes& attributes) {
  for (const auto& [name, value] : attributes) {
    if (value.empty()) {
      queue.attributes.erase(name);
    } else {
      queue.attributes[name] = value;
    }
  }
}

}  // namespace

Error no_such_queue() {
  return queue_error("AWS.SimpleQueueService.NonExistentQueue",
                     "The specified queue does not exist.");
}

std::string queue_key(const Scope& scope, std::string_view name) {
  return std::string(kStorePrefix) + scope.key() + "q/" + std::string(name);
}

std::string record_prefix(const Scope& scope, char kind, std::string_view queue_id) {
  return std::string(kStorePrefix) + scope.key() + kind + '/' + std::string(queue_id) + '/';
}

std::string record_key(const Scope& scope, char kind, std::string_view queue_id,
                       std::uint64_t sequence) {
  std::string key = record_prefix(scope, kind, queue_id);
  store::append_u64(key, sequence);
  return key;
}

Shape Receipt::shape() {
  using S = Receipt;
  static constexpr Member members[] = {
      required<&S::visible_at>("visibleAt"),
      required<&S::first_received>("firstReceived"),
      required<&S::receives>("receives"),
      required<&S::receipt>("receipt"),
  };
  return {"QueueReceipt", members};
}

Shape Deduplication::shape() {
  using S = Deduplication;
  static constexpr Member members[] = {
      required<&S::key>("key"),
      required<&S::message_id>("messageId"),
      required<&S::until>("until"),
  };
  return {"QueueDeduplication", members};
}

Queues::Queues(Runtime& runtime, store::KvStore& store, Config config)
    : impl_(std::make_shared<Impl>(runtime, store, config)) {}

Queues::~Queues() {
  std::vector<std::function<void()>> ends;
  {
    const std::lock_guard lock(impl_->mutex);
    for (const auto& [name, live] : impl_->queues) {
      for (Sleeper* sleeper : live->waiting) ends.push_back(sleeper->end());
      live->waiting.clear();
    }
  }
  for (const auto& end : ends) end();
}

// --- load -------------------------------------------------------------------------------------

namespace {

/// Reads the records of the queues in key order: of each scope d, m, q and r.
class Loader {
 public:
  explicit Loader(Time now) : now_(now) {}

  Result<void> read(std::string_view key, std::string_view value) {
    std::string_view rest = key.substr(kStorePrefix.size());
    const Scope scope = Scope::take_from(rest);
    const char kind = rest.empty() ? '\0' : rest.front();
    if (rest.size() < 2 || rest[1] != '/') return {};
    rest.remove_prefix(2);
    if (kind == 'q') {
      WEIR_TRY(Queue queue, from_json_text<Queue>(value));
      const std::string name = queue.name;
      queues[{scope, name}] = std::make_shared<Live>(scope, std::move(queue));
      return {};
    }
    const auto slash = rest.find('/');
    if (slash == std::string_view::npos || rest.size() - slash - 1 != 8) return {};
    auto& records = records_[std::string(rest.substr(0, slash))];
    records.scope = scope;
    const std::uint64_t sequence = store::read_u64(rest.substr(slash + 1));
    if (kind == 'm') {
      WEIR_TRY(const StoredMessage message, from_json_text<StoredMessage>(value));
      MessageIndex::Entry entry;
      entry.sequence = sequence;
      entry.sent = message.sent;
      entry.visible_at = message.visible_at;
      entry.is_stored = true;
      entry.group = message.group_id;
      records.messages.emplace(sequence, std::move(entry));
    } else if (kind == 'r') {
      WEIR_TRY(const Receipt receipt, from_json_text<Receipt>(value));
      records.receipts.emplace(sequence, receipt);
    } else if (kind == 'd') {
      WEIR_TRY(Deduplication known, from_json_text<Deduplication>(value));
      records.deduplications.emplace(sequence, std::move(known));
    }
    return {};
  }

  void fill(Live& live) {
    auto& records = records_[live.queue.id];
    for (auto& [sequence, entry] : records.messages) {
      if (const auto receipt = records.receipts.find(sequence); receipt != records.receipts.end()) {
        entry.visible_at = receipt->second.visible_at;
        entry.first_received = receipt->second.first_received;
        entry.receives = receipt->second.receives;
        entry.receipt = static_cast<std::uint64_t>(receipt->second.receipt);
        entry.is_in_flight = entry.visible_at > now_;
      }
      live.last_sequence = std::max(live.last_sequence, sequence);
      live.index.add(entry, now_);
    }
    for (auto& [sequence, known] : records.deduplications) {
      live.last_sequence = std::max(live.last_sequence, sequence);
      live.deduplication_order.emplace_back(known.until, known.key);
      live.deduplications[known.key] = {sequence, known.message_id, known.until, true};
    }
  }

  /// Records of queues that are gone: written while the queue was being deleted.
  store::WriteBatch orphans() const {
    std::set<std::string, std::less<>> known;
    for (const auto& [name, live] : queues) known.insert(live->id);
    store::WriteBatch batch;
    for (const auto& [id, records] : records_) {
      if (known.contains(id)) continue;
      for (const char kind : {'m', 'r', 'd'}) {
        batch.erase_prefix(record_prefix(records.scope, kind, id));
      }
    }
    return batch;
  }

  std::map<std::pair<Scope, std::string>, LiveRef> queues;

 private:
  struct Records {
    Scope scope;
    std::map<std::uint64_t, MessageIndex::Entry> messages;
    std::map<std::uint64_t, Receipt> receipts;
    std::map<std::uint64_t, Deduplication> deduplications;
  };
  const Time now_;
  std::map<std::string, Records> records_;  // by queue id
};

}  // namespace

Result<void> Queues::load() {
  Loader loader(impl_->runtime.now());
  Result<void> done;
  WEIR_CHECK(impl_->store.scan(kStorePrefix, [&](std::string_view key, std::string_view value) {
    done = loader.read(key, value);
    return bool(done);
  }));
  WEIR_CHECK(done);
  const store::WriteBatch orphans = loader.orphans();
  if (!orphans.empty()) WEIR_CHECK(impl_->store.write(orphans));
  const std::lock_guard lock(impl_->mutex);
  for (auto& [name, live] : loader.queues) {
    loader.fill(*live);
    impl_->messages += live->index.size();
    impl_->deduplications += live->deduplications.size();
  }
  impl_->queues = std::move(loader.queues);
  impl_->housekeeping =
      Timer(impl_->runtime, kHousekeepingPeriod, [impl = impl_.get()] { impl->keep_house(); });
  return {};
}

// --- housekeeping -----------------------------------------------------------------------------

void Queues::Impl::keep_house() {
  std::vector<LiveRef> all;
  {
    const std::lock_guard lock(mutex);
    for (const auto& [name, live] : queues) all.push_back(live);
  }
  for (const LiveRef& live : all) {
    if (const auto done = expire(*live); !done) {
      log::warn("cannot forget expired messages of a queue, will retry",
                {{"queue_id", live->id}, {"error", done.error().message}});
    }
  }
}

Result<void> Queues::Impl::expire(Live& live) {
  const Time now = runtime.now();
  store::WriteBatch batch;
  std::vector<std::uint64_t> old;
  std::vector<std::string> known;
  {
    const std::lock_guard lock(mutex);
    if (live.is_gone) return {};
    const Duration retention = std::chrono::seconds(live.queue.number("MessageRetentionPeriod"));
    old = live.index.older_than(now - retention, kExpiredMax);
    for (const std::uint64_t sequence : old) {
      batch.erase(record_key(live.scope, 'm', live.id, sequence));
      batch.erase(record_key(live.scope, 'r', live.id, sequence));
    }
    for (const auto& [until, key] : live.deduplication_order) {
      if (until > now || known.size() == kExpiredMax) break;
      const auto found = live.deduplications.find(key);
      if (found == live.deduplications.end()) continue;
      batch.erase(record_key(live.scope, 'd', live.id, found->second.sequence));
      known.push_back(key);
    }
  }
  if (batch.empty()) return {};
  WEIR_CHECK(store.write(batch));
  const std::lock_guard lock(mutex);
  for (const std::uint64_t sequence : old) forget_message(live, sequence);
  for (const std::string& key : known) {
    const auto found = live.deduplications.find(key);
    if (found != live.deduplications.end() && found->second.until <= now) {
      forget_deduplication(live, key);
    }
  }
  while (!live.deduplication_order.empty() && live.deduplication_order.front().first <= now &&
         !live.deduplications.contains(live.deduplication_order.front().second)) {
    live.deduplication_order.pop_front();
  }
  return {};
}

void Queues::Impl::forget_message(Live& live, std::uint64_t sequence) {
  if (live.index.find(sequence) == nullptr) return;
  live.index.erase(sequence, runtime.now());
  if (!live.is_gone) --messages;
}

void Queues::Impl::forget_deduplication(Live& live, const std::string& key) {
  if (live.deduplications.erase(key) != 0 && !live.is_gone) --deduplications;
}

// --- queues -----------------------------------------------------------------------------------

Result<LiveRef> Queues::Impl::find(const Scope& scope, const std::string& name) const {
  const auto found = queues.find({scope, name});
  if (found == queues.end()) return no_such_queue();
  return found->second;
}

Result<void> Queues::Impl::save(Live& live, Queue changed) {
  changed.modified = runtime.now();
  WEIR_CHECK(store.put(queue_key(live.scope, changed.name), to_json_text(changed)));
  const std::lock_guard lock(mutex);
  live.queue = std::move(changed);
  return {};
}

// With `mutex` held.
Result<void> Queues::Impl::check_dead_letter_target(const Scope& scope, const Queue& queue) const {
  const auto redrive = queue.redrive();
  if (!redrive) return {};
  const auto invalid = [&](std::string_view reason) {
    return invalid_value(queue.attributes.at("RedrivePolicy"), "RedrivePolicy", reason);
  };
  const auto target = Arn::parse(redrive->dead_letter_arn);
  WEIR_ASSERT(target);  // checked with the attribute
  const auto found = queues.find({target->scope, target->resource});
  if (found == queues.end()) return invalid("Dead letter target does not exist.");
  if (!found->second->queue.allows_dead_letters_of(arn("sqs", scope, queue.name))) {
    return invalid("Dead letter target does not allow this queue (RedriveAllowPolicy).");
  }
  return {};
}

Result<void> Queues::create(const Scope& scope, const std::string& name,
                            const Attributes& attributes, const Tags& tags) {
  const auto fifo = attributes.find("FifoQueue");
  const bool is_fifo = fifo != attributes.end() && fifo->second == "true";
  WEIR_CHECK(check_queue_name(name, is_fifo));
  Queue wanted;
  wanted.name = name;
  wanted.id = impl_->runtime.hex(32);
  wanted.created = wanted.modified = impl_->runtime.now();
  wanted.tags = tags;
  WEIR_CHECK(check_attributes(scope, wanted, attributes));
  WEIR_CHECK(check_tags(tags));
  set_attributes_of(wanted, attributes);

  const std::lock_guard changing(impl_->changes);
  {
    const std::lock_guard lock(impl_->mutex);
    if (const auto existing = impl_->find(scope, name)) {
      return check_same(scope, (*existing)->queue, attributes);
    }
    if (impl_->queues.size() >= impl_->config.queues_max) {
      return queue_error("OverLimit", "The limit of queues is reached.");
    }
    WEIR_CHECK(impl_->check_dead_letter_target(scope, wanted));
  }
  WEIR_CHECK(impl_->store.put(queue_key(scope, name), to_json_text(wanted)));
  const std::lock_guard lock(impl_->mutex);
  impl_->queues[{scope, name}] = std::make_shared<Live>(scope, std::move(wanted));
  return {};
}

Result<void> Queues::remove(const Scope& scope, const std::string& name) {
  const std::lock_guard changing(impl_->changes);
  LiveRef live;
  {
    const std::lock_guard lock(impl_->mutex);
    WEIR_TRY(live, impl_->find(scope, name));
  }
  store::WriteBatch batch;
  batch.erase(queue_key(scope, name));
  for (const char kind : {'m', 'r', 'd'}) {
    batch.erase_prefix(record_prefix(scope, kind, live->id));
  }
  WEIR_CHECK(impl_->store.write(batch));
  const std::lock_guard lock(impl_->mutex);
  impl_->messages -= live->index.size();
  impl_->deduplications -= live->deduplications.size();
  live->is_gone = true;
  impl_->queues.erase({scope, name});
  impl_->wake_all(*live);
  return {};
}

Result<Queue> Queues::queue(const Scope& scope, const std::string& name) const {
  const std::lock_guard lock(impl_->mutex);
  WEIR_TRY(const LiveRef live, impl_->find(scope, name));
  return live->queue;
}

Result<Attributes> Queues::attributes(const Scope& scope, const std::string& name) const {
  const std::lock_guard lock(impl_->mutex);
  WEIR_TRY(const LiveRef live, impl_->find(scope, name));
  live->index.refresh(impl_->runtime.now());
  const MessageIndex::Counts counts = live->index.counts();
  Attributes shown = live->queue.shown(scope);
  shown["ApproximateNumberOfMessages"] = std::to_string(counts.visible);
  shown["ApproximateNumberOfMessagesNotVisible"] = std::to_string(counts.in_flight);
  shown["ApproximateNumberOfMessagesDelayed"] = std::to_string(counts.delayed);
  return shown;
}

Result<void> Queues::set_attributes(const Scope& scope, const std::string& name,
                                    const Attributes& attributes) {
  const std::lock_guard changing(impl_->changes);
  LiveRef live;
  Queue changed;
  {
    const std::lock_guard lock(impl_->mutex);
    WEIR_TRY(live, impl_->find(scope, name));
    changed = live->queue;
    WEIR_CHECK(check_attributes(scope, changed, attributes));
    const auto fifo = attributes.find("FifoQueue");
    if (fifo != attributes.end() && fifo->second != "true") {
      return queue_error("InvalidAttributeValue", "Invalid value for the parameter FifoQueue.");
    }
    set_attributes_of(changed, attributes);
    WEIR_CHECK(impl_->check_dead_letter_target(scope, changed));
  }
  return impl_->save(*live, std::move(changed));
}

Result<void> Queues::tag(const Scope& scope, const std::string& name, const Tags& tags) {
  const std::lock_guard changing(impl_->changes);
  WEIR_TRY(Queue changed, queue(scope, name));
  for (const auto& [key, value] : tags) changed.tags.insert_or_assign(key, value);
  WEIR_CHECK(check_tags(changed.tags));
  LiveRef live;
  {
    const std::lock_guard lock(impl_->mutex);
    WEIR_TRY(live, impl_->find(scope, name));
  }
  return impl_->save(*live, std::move(changed));
}

Result<void> Queues::untag(const Scope& scope, const std::string& name,
                           const std::vector<std::string>& keys) {
  const std::lock_guard changing(impl_->changes);
  WEIR_TRY(Queue changed, queue(scope, name));
  for (const std::string& key : keys) changed.tags.erase(key);
  LiveRef live;
  {
    const std::lock_guard lock(impl_->mutex);
    WEIR_TRY(live, impl_->find(scope, name));
  }
  return impl_->save(*live, std::move(changed));
}

Result<Page> Queues::list(const Scope& scope, const std::string& prefix, std::size_t count,
                          const std::string& next_token) const {
  WEIR_TRY(const std::string after, parse_token(next_token));
  Page page;
  const std::lock_guard lock(impl_->mutex);
  for (auto i = impl_->queues.lower_bound({scope, std::max(prefix, after)});
       i != impl_->queues.end() && i->first.first == scope && i->first.second.starts_with(prefix);
       ++i) {
    if (!after.empty() && i->first.second <= after) continue;
    if (page.names.size() == count) {
      page.next_token = base64_encode(page.names.back());
      break;
    }
    page.names.push_back(i->first.second);
  }
  return page;
}

Result<Page> Queues::dead_letter_sources(const Scope& scope, const std::string& name,
                                         std::size_t count, const std::string& next_token) const {
  WEIR_TRY(const std::string after, parse_token(next_token));
  const std::string target = arn("sqs", scope, name);
  Page page;
  const std::lock_guard lock(impl_->mutex);
  WEIR_CHECK(impl_->find(scope, name));
  for (auto i = impl_->queues.lower_bound({scope, after});
       i != impl_->queues.end() && i->first.first == scope; ++i) {
    const auto redrive = i->second->queue.redrive();
    if (i->first.second <= after || !redrive || redrive->dead_letter_arn != target) continue;
    if (page.names.size() == count) {
      page.next_token = base64_encode(page.names.back());
      break;
    }
    page.names.push_back(i->first.second);
  }
  return page;
}

Result<void> Queues::purge(const Scope& scope, const std::string& name) {
  const Time now = impl_->runtime.now();
  LiveRef live;
  std::vector<std::uint64_t> there;
  {
    const std::lock_guard lock(impl_->mutex);
    WEIR_TRY(live, impl_->find(scope, name));
    if (live->purged && now - *live->purged < kPurgePause) {
      return queue_error(
          "AWS.SimpleQueueService.PurgeQueueInProgress",
          "Only one PurgeQueue operation on " + name + " is allowed every 60 seconds.");
    }
    there = live->index.older_than(now, live->index.size());
  }
  store::WriteBatch batch;
  for (const char kind : {'m', 'r'}) batch.erase_prefix(record_prefix(scope, kind, live->id));
  WEIR_CHECK(impl_->store.write(batch));
  const std::lock_guard lock(impl_->mutex);
  for (const std::uint64_t sequence : there) impl_->forget_message(*live, sequence);
  live->purged = now;
  return {};
}

}  // namespace weir::queues
