// SPDX-License-Identifier: Apache-2.0
// ReceiveMessage: hands out messages, and moves those to the dead letters that came too often.
#include <utility>

#include "queues/queues_impl.h"

namespace weir::queues {

namespace {

// Looked at in one receive, so that a queue full of dead letters does not hold it up for long.
constexpr std::size_t kTakenMax = 200;

}  // namespace

struct Queues::Impl::Taken {
  struct Message {
    MessageIndex::Entry entry;
    StoredMessage stored;
  };
  struct Moving {
    Message message;
    std::uint64_t sequence = 0;  // in the dead-letter queue; 0 until it has a place there
  };
  std::vector<Message> given;
  std::vector<Moving> moving;
  std::vector<MessageIndex::Entry> expired;
  LiveRef dead_letters;
  bool is_empty() const { return given.empty() && moving.empty() && expired.empty(); }
};

LiveRef Queues::Impl::dead_letter_queue(const Live& live) const {
  const auto redrive = live.queue.redrive();
  if (!redrive) return nullptr;
  const auto target = Arn::parse(redrive->dead_letter_arn);
  WEIR_ASSERT(target);  // checked when it was set
  const auto found = queues.find({target->scope, target->resource});
  return found == queues.end() ? nullptr : found->second;
}

// With the lock held.
void Queues::Impl::take(Live& live, const Receiving& receiving, Taken& taken) {
  const Time now = runtime.now();
  live.index.refresh(now);
  const Duration hidden = std::chrono::seconds(
      receiving.visibility_timeout_s.value_or(live.queue.number("VisibilityTimeout")));
  const Duration retention = std::chrono::seconds(live.queue.number("MessageRetentionPeriod"));
  const auto redrive = live.queue.redrive();
  taken.dead_letters = dead_letter_queue(live);
  const auto wanted = static_cast<std::size_t>(receiving.count);
  // One round gives only what is visible at its beginning: with a timeout of 0 a message would come
  // back for ever.
  for (std::size_t looked_at = 0; looked_at < kTakenMax && taken.given.size() < wanted;) {
    auto entries = live.index.take(wanted - taken.given.size(), now, now + hidden);
    if (entries.empty()) break;
    looked_at += entries.size();
    const std::size_t given_before = taken.given.size();
    for (MessageIndex::Entry& entry : entries) {
      if (entry.sent + retention <= now) {
        taken.expired.push_back(std::move(entry));
      } else if (taken.dead_letters && entry.receives > redrive->receives_max) {
        taken.moving.push_back({.message = {std::move(entry), {}}});
      } else {
        taken.given.push_back({std::move(entry), {}});
      }
    }
    if (hidden == Duration(0) || taken.given.size() > given_before) break;
  }
}

// A message that is not there was purged meanwhile.
Result<void> Queues::Impl::read(const Live& live, Taken& taken) {
  const auto fill = [&](Taken::Message& message) -> Result<bool> {
    WEIR_TRY(const auto text,
             store.get(record_key(live.scope, 'm', live.id, message.entry.sequence)));
    if (!text) return false;
    WEIR_TRY(message.stored, from_json_text<StoredMessage>(*text));
    return true;
  };
  std::vector<Taken::Message> given;
  for (Taken::Message& message : taken.given) {
    WEIR_TRY(const bool is_there, fill(message));
    if (is_there) {
      given.push_back(std::move(message));
    } else {
      taken.expired.push_back(message.entry);
    }
  }
  taken.given = std::move(given);
  std::vector<Taken::Moving> moving;
  for (Taken::Moving& one : taken.moving) {
    WEIR_TRY(const bool is_there, fill(one.message));
    if (is_there) {
      moving.push_back(std::move(one));
    } else {
      taken.expired.push_back(one.message.entry);
    }
  }
  taken.moving = std::move(moving);
  return {};
}

// With the lock held.
void Queues::Impl::plan_writes(Live& live, Taken& taken, store::WriteBatch& batch) {
  for (const Taken::Message& message : taken.given) {
    const MessageIndex::Entry& entry = message.entry;
    batch.put(record_key(live.scope, 'r', live.id, entry.sequence),
              to_json_text(Receipt{entry.visible_at, entry.first_received, entry.receives,
                                   static_cast<std::int64_t>(entry.receipt)}));
  }
  const auto erase = [&](std::uint64_t sequence) {
    batch.erase(record_key(live.scope, 'm', live.id, sequence));
    batch.erase(record_key(live.scope, 'r', live.id, sequence));
  };
  for (const MessageIndex::Entry& entry : taken.expired) erase(entry.sequence);
  if (taken.moving.empty() || taken.dead_letters->is_gone) return;
  Live& target = *taken.dead_letters;
  const Time now = runtime.now();
  for (Taken::Moving& moving : taken.moving) {
    erase(moving.message.entry.sequence);
    StoredMessage& message = moving.message.stored;
    message.dead_letter_source = arn("sqs", live.scope, live.queue.name);
    message.visible_at = now;
    // A standard queue counts retention from the first sending (Developer Guide, "Dead-letter
    // queues").
    if (target.is_fifo) message.sent = now;
    MessageIndex::Entry entry;
    entry.sequence = moving.sequence = next_sequence(target);
    entry.sent = message.sent;
    entry.visible_at = now;
    if (target.is_fifo) entry.group = message.group_id;
    batch.put(record_key(target.scope, 'm', target.id, entry.sequence), to_json_text(message));
    target.index.add(std::move(entry), now);
    ++messages;
  }
}

// With the lock held.
void Queues::Impl::finish(Live& live, Taken& taken, bool is_written) {
  const Time now = runtime.now();
  if (is_written) {
    for (const MessageIndex::Entry& entry : taken.expired) forget_message(live, entry.sequence);
  } else {
    for (const Taken::Message& message : taken.given) live.index.put_back(message.entry, now);
    for (const MessageIndex::Entry& entry : taken.expired) live.index.put_back(entry, now);
  }
  for (const Taken::Moving& moving : taken.moving) {
    const bool has_moved = is_written && moving.sequence != 0;
    if (has_moved) {
      forget_message(live, moving.message.entry.sequence);
      taken.dead_letters->index.set_stored(moving.sequence, now);
    } else {
      live.index.put_back(moving.message.entry, now);
      if (moving.sequence != 0) forget_message(*taken.dead_letters, moving.sequence);
    }
  }
  if (!taken.moving.empty()) wake(*taken.dead_letters);
  wake(live);  // a FIFO group may go on behind its dead letters
}

Result<std::vector<Received>> Queues::receive(const Scope& scope, const std::string& name,
                                              const Receiving& receiving) {
  Impl::Taken taken;
  LiveRef live;
  {
    const std::lock_guard lock(impl_->mutex);
    WEIR_TRY(live, impl_->find(scope, name));
    if (live->index.counts().in_flight >= impl_->config.in_flight_max) {
      return queue_error("OverLimit", "Too many messages are in flight.");
    }
    impl_->take(*live, receiving, taken);
  }
  std::vector<Received> received;
  if (taken.is_empty()) return received;
  auto done = impl_->read(*live, taken);
  if (done) {
    store::WriteBatch batch;
    {
      const std::lock_guard lock(impl_->mutex);
      impl_->plan_writes(*live, taken, batch);
    }
    if (!batch.empty()) done = impl_->store.write(batch);
  }
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->finish(*live, taken, bool(done));
    impl_->arm(live);
  }
  if (!done) return done.error();
  for (auto& [entry, stored] : taken.given) {
    Received& message = received.emplace_back();
    message.receipt_handle = make_handle(live->id, entry);
    auto& system = message.system_attributes;
    system["SenderId"] = stored.sender;
    system["SentTimestamp"] = std::to_string(stored.sent.ms);
    system["ApproximateReceiveCount"] = std::to_string(entry.receives);
    system["ApproximateFirstReceiveTimestamp"] = std::to_string(entry.first_received.ms);
    if (live->is_fifo) {
      system["SequenceNumber"] = sequence_text(entry.sequence);
      system["MessageDeduplicationId"] = stored.deduplication_id;
    }
    if (!stored.group_id.empty()) system["MessageGroupId"] = stored.group_id;
    if (stored.trace_header) system["AWSTraceHeader"] = *stored.trace_header;
    if (!stored.dead_letter_source.empty()) {
      system["DeadLetterQueueSourceArn"] = stored.dead_letter_source;
    }
    message.message_id = std::move(stored.id);
    message.body = std::move(stored.body);
    message.attributes = std::move(stored.attributes);
  }
  return received;
}

}  // namespace weir::queues
