// SPDX-License-Identifier: Apache-2.0
// Messages of Queues: send, delete, change of visibility, waiting receivers.
#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdio>
#include <utility>

#include "base/base64.h"
#include "queues/queues_impl.h"

namespace weir::queues {

namespace {

constexpr std::size_t kIdMax = 128;  // of groups and deduplication

// SQS API Reference, SendMessage: alphanumerics and punctuation.
bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= kIdMax &&
         std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

Result<void> check_ids(const Queue& queue, const Sending& sending) {
  constexpr std::string_view kWrong =
      "can only include alphanumeric and punctuation characters. 1 to 128 in length";
  if (!sending.group_id.empty() && !is_id(sending.group_id)) {
    return queue_error("InvalidParameterValue", "MessageGroupId " + std::string(kWrong));
  }
  if (!sending.deduplication_id.empty() && !is_id(sending.deduplication_id)) {
    return queue_error("InvalidParameterValue", "MessageDeduplicationId " + std::string(kWrong));
  }
  if (!queue.is_fifo()) {
    if (sending.deduplication_id.empty()) return {};
    return invalid_value(sending.deduplication_id, "MessageDeduplicationId",
                         "The request includes a parameter that is not valid for this queue type.");
  }
  if (sending.group_id.empty()) return missing_parameter("MessageGroupId");
  if (sending.deduplication_id.empty() && !queue.flag("ContentBasedDeduplication")) {
    return queue_error("InvalidParameterValue",
                       "The queue should either have ContentBasedDeduplication enabled or "
                       "MessageDeduplicationId provided explicitly");
  }
  if (sending.delay_s) {
    return invalid_value(std::to_string(*sending.delay_s), "DelaySeconds",
                         "The request include parameter that is not valid for this queue type.");
  }
  return {};
}

Sent sent_for(const Sending& sending, std::string message_id) {
  Sent sent;
  sent.message_id = std::move(message_id);
  sent.md5_of_body = md5_hex(sending.body);
  sent.md5_of_attributes = md5_of_attributes(sending.attributes);
  if (sending.trace_header) {
    sent.md5_of_system_attributes =
        md5_of_attributes({{"AWSTraceHeader", {"String", Bytes{*sending.trace_header}}}});
  }
  return sent;
}

}  // namespace

std::string sequence_text(std::uint64_t sequence) {
  char text[24];
  std::snprintf(text, sizeof text, "%020llu", static_cast<unsigned long long>(sequence));
  return text;
}

std::string make_handle(const std::string& queue_id, const MessageIndex::Entry& entry) {
  return base64_encode(queue_id + ' ' + std::to_string(entry.sequence) + ' ' +
                       std::to_string(entry.receipt));
}

std::optional<Handle> parse_handle(const std::string& text) {
  constexpr std::size_t kHandleMax = 1024;
  const auto plain = text.size() <= kHandleMax ? base64_decode(text) : std::nullopt;
  if (!plain) return std::nullopt;
  const auto first = plain->find(' ');
  const auto second = first == std::string::npos ? first : plain->find(' ', first + 1);
  if (second == std::string::npos) return std::nullopt;
  Handle handle;
  handle.queue_id = plain->substr(0, first);
  const auto number = [&](std::size_t from, std::size_t to, std::uint64_t& out) {
    const char* const end = plain->data() + to;
    const auto [stop, error] = std::from_chars(plain->data() + from, end, out);
    return error == std::errc() && stop == end;
  };
  if (!number(first + 1, second, handle.sequence) ||
      !number(second + 1, plain->size(), handle.receipt)) {
    return std::nullopt;
  }
  return handle;
}

// --- send -------------------------------------------------------------------------------------

// Grows over restarts too, so that a handle never names another message.
std::uint64_t Queues::Impl::next_sequence(Live& live) const {
  const std::uint64_t by_time = static_cast<std::uint64_t>(runtime.now().ms) << 20;
  live.last_sequence = std::max(live.last_sequence + 1, by_time);
  return live.last_sequence;
}

std::optional<Live::Known> Queues::Impl::known(Live& live, const std::string& key) {
  const auto found = live.deduplications.find(key);
  if (found == live.deduplications.end() || found->second.until <= runtime.now()) {
    return std::nullopt;
  }
  return found->second;
}

// With the lock held.
Result<Sent> Queues::Impl::plan(Live& live, const Sending& sending, std::vector<Planned>& planned,
                                store::WriteBatch& batch) {
  WEIR_CHECK(check_sending(sending));
  const auto bytes_max = static_cast<std::size_t>(live.queue.number("MaximumMessageSize"));
  if (message_bytes(sending) > bytes_max) {
    return queue_error("InvalidParameterValue",
                       "One or more parameters are invalid. Reason: Message must be shorter than " +
                           std::to_string(bytes_max) + " bytes.");
  }
  WEIR_CHECK(check_ids(live.queue, sending));

  const Time now = runtime.now();
  const bool is_fifo = live.is_fifo;
  StoredMessage message;
  std::string key;
  if (is_fifo) {
    message.deduplication_id =
        sending.deduplication_id.empty() ? sha256_hex(sending.body) : sending.deduplication_id;
    key = live.queue.deduplicates_in_groups() ? sending.group_id + '\n' + message.deduplication_id
                                              : message.deduplication_id;
    if (const auto earlier = known(live, key)) {
      planned.push_back(
          {.sequence = earlier->sequence, .deduplication_key = key, .is_repeated = true});
      Sent sent = sent_for(sending, earlier->message_id);
      sent.sequence_number = sequence_text(earlier->sequence);
      return sent;
    }
  }
  if (messages >= config.messages_max || (is_fifo && deduplications >= config.deduplications_max)) {
    return queue_error("OverLimit", "The limit of stored messages is reached.");
  }

  message.id = runtime.uuid();
  message.body = sending.body;
  message.attributes = sending.attributes;
  message.trace_header = sending.trace_header;
  message.sender = live.scope.account;
  message.sent = now;
  const int delay_s = sending.delay_s.value_or(live.queue.number("DelaySeconds"));
  message.visible_at = now + std::chrono::seconds(delay_s);
  message.group_id = sending.group_id;

  MessageIndex::Entry entry;
  entry.sequence = next_sequence(live);
  entry.sent = now;
  entry.visible_at = message.visible_at;
  if (is_fifo) entry.group = message.group_id;
  batch.put(record_key(live.scope, 'm', live.id, entry.sequence), to_json_text(message));
  if (is_fifo) {
    const Time until = now + kDeduplicationLife;
    if (!live.deduplications.contains(key)) ++deduplications;
    live.deduplications[key] = {entry.sequence, message.id, until, false};
    live.deduplication_order.emplace_back(until, key);
    batch.put(record_key(live.scope, 'd', live.id, entry.sequence),
              to_json_text(Deduplication{key, message.id, until}));
  }
  planned.push_back({.sequence = entry.sequence, .deduplication_key = key});
  Sent sent = sent_for(sending, message.id);
  if (is_fifo) sent.sequence_number = sequence_text(entry.sequence);
  live.index.add(std::move(entry), now);
  ++messages;
  return sent;
}

Result<std::vector<Result<Sent>>> Queues::send(const Scope& scope, const std::string& name,
                                               std::vector<Sending> messages) {
  std::vector<Result<Sent>> outcomes;
  std::vector<Impl::Planned> planned;
  store::WriteBatch batch;
  LiveRef live;
  {
    const std::lock_guard lock(impl_->mutex);
    WEIR_TRY(live, impl_->find(scope, name));
    for (std::size_t i = 0; i < messages.size(); ++i) {
      outcomes.push_back(impl_->plan(*live, messages[i], planned, batch));
      if (outcomes.back()) planned.back().position = i;
    }
  }
  const Result<void> written = batch.empty() ? Result<void>() : impl_->store.write(batch);
  std::unique_lock lock(impl_->mutex);
  for (const Impl::Planned& message : planned) {
    if (message.is_repeated) continue;
    const auto known = live->deduplications.find(message.deduplication_key);
    if (written) {
      live->index.set_stored(message.sequence, impl_->runtime.now());
      if (known != live->deduplications.end()) known->second.is_stored = true;
    } else {
      impl_->forget_message(*live, message.sequence);
      impl_->forget_deduplication(*live, message.deduplication_key);
    }
  }
  impl_->stored.notify_all();
  impl_->wake(*live);
  impl_->arm(live);
  if (!written) return written.error();
  // A repeated message is acknowledged when the earlier one is on disk.
  for (const Impl::Planned& message : planned) {
    if (!message.is_repeated) continue;
    const auto earlier = [&]() -> const Live::Known* {
      const auto found = live->deduplications.find(message.deduplication_key);
      const bool is_there =
          found != live->deduplications.end() && found->second.sequence == message.sequence;
      return is_there ? &found->second : nullptr;
    };
    impl_->stored.wait(lock, [&] { return !earlier() || earlier()->is_stored; });
    if (!earlier()) {
      outcomes[message.position] =
          Error{ErrorKind::unavailable, "ServiceUnavailable", "The message could not be stored."};
    }
  }
  return outcomes;
}

// --- delete, visibility -----------------------------------------------------------------------

namespace {

Error invalid_handle(const std::string& text) {
  return queue_error("ReceiptHandleIsInvalid",
                     "The input receipt handle \"" + text + "\" is not a valid receipt handle.");
}

Error expired_handle(const std::string& text, std::string_view reason) {
  return invalid_value(text, "ReceiptHandle", reason);
}

}  // namespace

Result<std::vector<Result<void>>> Queues::remove_messages(const Scope& scope,
                                                          const std::string& name,
                                                          const std::vector<std::string>& handles) {
  std::vector<Result<void>> outcomes;
  std::vector<std::uint64_t> sequences;
  store::WriteBatch batch;
  LiveRef live;
  {
    const std::lock_guard lock(impl_->mutex);
    WEIR_TRY(live, impl_->find(scope, name));
    live->index.refresh(impl_->runtime.now());
    for (const std::string& text : handles) {
      const auto handle = parse_handle(text);
      if (!handle || handle->queue_id != live->id) {
        outcomes.emplace_back(invalid_handle(text));
        continue;
      }
      outcomes.emplace_back();
      const auto* entry = live->index.find(handle->sequence);
      if (entry == nullptr) continue;  // deleted already
      if (live->is_fifo && (!entry->is_in_flight || entry->receipt != handle->receipt)) {
        outcomes.back() = expired_handle(text, "The receipt handle has expired.");
        continue;
      }
      sequences.push_back(handle->sequence);
      batch.erase(record_key(scope, 'm', live->id, handle->sequence));
      batch.erase(record_key(scope, 'r', live->id, handle->sequence));
    }
  }
  if (batch.empty()) return outcomes;
  WEIR_CHECK(impl_->store.write(batch));
  const std::lock_guard lock(impl_->mutex);
  for (const std::uint64_t sequence : sequences) impl_->forget_message(*live, sequence);
  impl_->wake(*live);  // the group of a FIFO queue may go on
  return outcomes;
}

Result<std::vector<Result<void>>> Queues::change_visibility(
    const Scope& scope, const std::string& name, const std::vector<Visibility>& changes) {
  std::vector<Result<void>> outcomes;
  std::vector<std::pair<std::uint64_t, Time>> hidden;
  store::WriteBatch batch;
  LiveRef live;
  {
    const std::lock_guard lock(impl_->mutex);
    WEIR_TRY(live, impl_->find(scope, name));
    const Time now = impl_->runtime.now();
    live->index.refresh(now);
    for (const Visibility& change : changes) {
      const auto handle = parse_handle(change.handle);
      if (!handle || handle->queue_id != live->id) {
        outcomes.emplace_back(invalid_handle(change.handle));
        continue;
      }
      const auto* entry = live->index.find(handle->sequence);
      if (entry == nullptr || entry->receipt != handle->receipt) {
        outcomes.emplace_back(expired_handle(
            change.handle,
            "Message does not exist or is not available for visibility timeout change."));
        continue;
      }
      if (!entry->is_in_flight) {
        outcomes.emplace_back(queue_error("AWS.SimpleQueueService.MessageNotInflight",
                                          "The message referred to is not in flight."));
        continue;
      }
      outcomes.emplace_back();
      const Time until = now + std::chrono::seconds(change.timeout_s);
      hidden.emplace_back(entry->sequence, until);
      batch.put(record_key(scope, 'r', live->id, entry->sequence),
                to_json_text(Receipt{until, entry->first_received, entry->receives,
                                     static_cast<std::int64_t>(entry->receipt)}));
    }
  }
  if (batch.empty()) return outcomes;
  WEIR_CHECK(impl_->store.write(batch));
  const std::lock_guard lock(impl_->mutex);
  for (const auto& [sequence, until] : hidden) {
    live->index.hide_until(sequence, until, impl_->runtime.now());
  }
  impl_->wake(*live);
  impl_->arm(live);
  return outcomes;
}

// --- waiting ----------------------------------------------------------------------------------

namespace {

/// What is called once; shared by the wait, its timer and what wakes it.
struct Call {
  std::function<void(Queues::WaitEnd)> ended;
  std::atomic<bool> is_made{false};
  void make(Queues::WaitEnd end) {
    if (!is_made.exchange(true)) ended(end);
  }
};

}  // namespace

class Queues::Impl::Waiting final : public Wait, public Sleeper {
 public:
  Waiting(const std::shared_ptr<Impl>& impl, LiveRef live, Time until,
          std::function<void(WaitEnd)> ended)
      : impl_(impl),
        runtime_(impl->runtime),
        live_(std::move(live)),
        call_(std::make_shared<Call>()) {
    call_->ended = std::move(ended);
    timer_ = runtime_.at(until, [call = call_] { call->make(WaitEnd::ready); });
  }
  ~Waiting() override {
    runtime_.cancel(timer_);
    const auto impl = impl_.lock();
    if (!impl) return;
    const std::lock_guard lock(impl->mutex);
    live_->waiting.remove(this);
    // It may have gone without receiving what it was woken for.
    if (was_woken_) impl->wake(*live_);
  }
  void wake() override {
    was_woken_ = true;
    runtime_.post([call = call_] { call->make(WaitEnd::ready); });
  }
  std::function<void()> end() override {
    return [call = call_] { call->make(WaitEnd::destroyed); };
  }

 private:
  const std::weak_ptr<Impl> impl_;
  Runtime& runtime_;
  LiveRef live_;
  std::shared_ptr<Call> call_;
  TimerId timer_;
  bool was_woken_ = false;
};

void Queues::Impl::wake(Live& live) {
  std::size_t turns = live.index.has_visible() ? live.index.counts().visible : 0;
  for (; turns > 0 && !live.waiting.empty(); --turns) {
    live.waiting.front()->wake();
    live.waiting.pop_front();
  }
}

void Queues::Impl::wake_all(Live& live) {
  for (Sleeper* waiting : live.waiting) waiting->wake();
  live.waiting.clear();
}

// While somebody waits, a timer runs for the message that becomes visible next.
void Queues::Impl::arm(const LiveRef& live) {
  const auto due = live->index.next_due();
  if (!due || live->waiting.empty() || live->is_gone) return;
  if (live->timer && live->timer_at <= *due) return;
  if (live->timer) runtime.cancel(*live->timer);
  live->timer_at = *due;
  live->timer = runtime.at(*due, [this, weak = std::weak_ptr<Live>(live)] {
    const LiveRef alive = weak.lock();
    if (!alive) return;
    const std::lock_guard lock(mutex);
    alive->timer.reset();
    alive->index.refresh(runtime.now());
    wake(*alive);
    arm(alive);
  });
}

Result<std::unique_ptr<Wait>> Queues::wait(const Scope& scope, const std::string& name, Time until,
                                           std::function<void(WaitEnd)> ended) {
  LiveRef live;
  {
    const std::lock_guard lock(impl_->mutex);
    WEIR_TRY(live, impl_->find(scope, name));
  }
  auto waiting = std::make_unique<Impl::Waiting>(impl_, live, until, std::move(ended));
  const std::lock_guard lock(impl_->mutex);
  live->waiting.push_back(waiting.get());
  live->index.refresh(impl_->runtime.now());
  if (live->is_gone) impl_->wake_all(*live);
  impl_->wake(*live);
  impl_->arm(live);
  return std::unique_ptr<Wait>(std::move(waiting));
}

}  // namespace weir::queues
