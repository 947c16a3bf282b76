// SPDX-License-Identifier: Apache-2.0
#include "notify/delivery_queue.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <utility>

#include "base/counters.h"
#include "base/guarded.h"
#include "base/log.h"

namespace weir::notify {

namespace {

// sns-queue/<account>/<region>/d/<message id>/<subscription id> and .../m/<message id>.
constexpr std::string_view kPrefix = "sns-queue/";
// A wait is lengthened by up to a tenth, so that many failed deliveries do not come back at once.
constexpr double kJitter = 0.1;
constexpr Duration kEndRetryDelay = std::chrono::seconds(20);
constexpr std::size_t kDeliveryCost = 512;  // bytes of a StoredDelivery in memory

std::string message_key(const Scope& scope, std::string_view message_id) {
  return std::string(kPrefix) + scope.key() + "m/" + std::string(message_id);
}

std::string delivery_key(const Scope& scope, const StoredDelivery& delivery) {
  const auto colon = delivery.subscription_arn.rfind(':');
  return std::string(kPrefix) + scope.key() + "d/" + delivery.message_id + '/' +
         delivery.subscription_arn.substr(colon + 1);
}

struct Lane;

/// What a delivery is about, in memory.
struct Content {
  std::shared_ptr<const StoredMessage> message;  // shared by the deliveries of the message
  StoredDelivery delivery;
};

// Owned by State::items. While an attempt is under way only that attempt touches it.
struct Item {
  std::string key;
  std::string message_key;
  Lane* lane = nullptr;
  std::optional<Content> content = {};  // unset: in the store only
  std::size_t cost = 0;                 // of `content`
  int attempts = 0;                     // as written, or about to be
  bool has_slot = false;                // its place in the lane's rate has come
  bool holds_lane = false;              // waits for its retry, and the lane with it
};

struct Lane {
  std::string name;
  std::deque<Item*> ready = {};
  std::size_t items = 0;  // ready, waiting and in flight
  std::size_t in_flight = 0;
  bool is_ordered = false;
  bool is_failing = false;
  bool is_listed = false;  // in State::turns
  Time next_slot = {};     // of a limited rate
};

struct State {
  std::map<std::string, std::unique_ptr<Item>, std::less<>> items;
  std::map<std::string, std::unique_ptr<Lane>, std::less<>> lanes;
  std::map<std::string, std::size_t, std::less<>> references;  // message key -> deliveries left
  std::multimap<Time, Item*> waiting;
  std::deque<Lane*> turns;  // lanes that may have something to start
  std::size_t in_flight = 0;
  std::size_t reserved = 0;  // being written by add()
  std::size_t cached = 0;    // bytes of all contents
  store::WriteBatch writes;  // ends and retries that are not written yet
  bool is_writing = false;
  std::optional<TimerId> timer;
  Time timer_at;
};

Counter& outcomes(const char* outcome) {
  return counter("weir_sns_delivery_attempts_total", "Attempts to deliver a notification.",
                 std::string("outcome=\"") + outcome + '"');
}
Counter& failed_total() {
  return counter("weir_sns_notifications_failed_total",
                 "Deliveries given up: refused by the endpoint or out of retries.");
}
Gauge& waiting_gauge() {
  return gauge("weir_sns_deliveries_waiting", "Deliveries stored and not finished.");
}

void list(State& state, Lane& lane) {
  if (lane.is_listed || lane.ready.empty()) return;
  lane.is_listed = true;
  state.turns.push_back(&lane);
}

void make_ready(State& state, Item& item) {
  item.lane->ready.push_back(&item);
  list(state, *item.lane);
}

Item& insert(State& state, std::string key, std::string message, const StoredDelivery& delivery) {
  const bool is_ordered = !delivery.order.empty();
  std::string name = delivery.protocol + ' ' + delivery.endpoint;
  if (is_ordered) name += '\n' + delivery.order;
  auto& lane = state.lanes[name];
  if (!lane) lane = std::make_unique<Lane>(Lane{.name = name, .is_ordered = is_ordered});
  auto item = std::make_unique<Item>(
      Item{.key = std::move(key), .message_key = std::move(message), .lane = lane.get()});
  ++lane->items;
  ++state.references[item->message_key];
  waiting_gauge().add(1);
  Item& inserted = *item;
  state.items.insert_or_assign(inserted.key, std::move(item));
  return inserted;
}

// A lane with a rate limit is remembered until its next slot has come (and then until its next use:
// there are no more of them than subscriptions with a limit).
void forget_if_idle(State& state, Lane& lane, Time now) {
  if (lane.items == 0 && !lane.is_listed && lane.next_slot <= now) state.lanes.erase(lane.name);
}

void keep(State& state, Item& item, Content content, std::size_t cost, std::size_t cache_max) {
  if (state.cached + cost > cache_max) return;
  state.cached += cost;
  item.cost = cost;
  item.content = std::move(content);
}

// Whether it was the message's last delivery.
bool remove(State& state, Item& item, Time now) {
  state.cached -= item.cost;
  --item.lane->items;
  forget_if_idle(state, *item.lane, now);
  const auto references = state.references.find(item.message_key);
  const bool is_last = --references->second == 0;
  if (is_last) state.references.erase(references);
  waiting_gauge().add(-1);
  state.items.erase(item.key);
  return is_last;
}

}  // namespace

Shape StoredMessage::shape() {
  using S = StoredMessage;
  static constexpr Member members[] = {
      required<&S::id>("id"),
      required<&S::type>("type"),
      required<&S::topic_arn>("topicArn"),
      optional<&S::subject>("subject"),
      required<&S::message>("message"),
      optional<&S::email_text>("emailText"),
      optional<&S::is_structured>("isStructured"),
      optional<&S::attributes>("attributes"),
      required<&S::timestamp>("timestamp"),
      optional<&S::token>("token"),
      optional<&S::group_id>("groupId"),
      optional<&S::deduplication_id>("deduplicationId"),
      optional<&S::sequence_number>("sequenceNumber"),
  };
  return {"SnsMessage", members};
}

Shape StoredDelivery::shape() {
  using S = StoredDelivery;
  static constexpr Member members[] = {
      required<&S::message_id>("messageId"), required<&S::subscription_arn>("subscriptionArn"),
      required<&S::protocol>("protocol"),    required<&S::endpoint>("endpoint"),
      required<&S::attempts>("attempts"),    required<&S::due>("due"),
      optional<&S::begun>("begun"),          optional<&S::order>("order"),
      optional<&S::sequence>("sequence"),
  };
  return {"SnsDelivery", members};
}

struct DeliveryQueue::Impl {
  Runtime& runtime;
  store::KvStore& store;
  const Limits limits;
  const Prepare prepare;
  const Ended ended;
  Guarded<State> state{};

  std::size_t limit(const Lane& lane) const {
    return lane.is_failing || lane.is_ordered ? 1 : limits.in_flight_per_endpoint_max;
  }

  // Starts attempts while there are free places; lanes take turns.
  void pump() {
    std::vector<Item*> starting;
    {
      auto locked = state.lock();
      while (locked->in_flight < limits.in_flight_max && !locked->turns.empty()) {
        Lane& lane = *locked->turns.front();
        locked->turns.pop_front();
        lane.is_listed = false;
        if (lane.items == 0) {
          forget_if_idle(*locked, lane, runtime.now());
          continue;
        }
        if (lane.ready.empty() || lane.in_flight >= limit(lane)) continue;
        starting.push_back(lane.ready.front());
        lane.ready.pop_front();
        ++lane.in_flight;
        ++locked->in_flight;
        list(*locked, lane);
      }
    }
    for (Item* item : starting) {
      runtime.post([this, item] { attempt(*item); });
    }
  }

  // With the lock held: `writes` will be written, together with what comes until then.
  void write_soon(State& locked) {
    if (std::exchange(locked.is_writing, true)) return;
    runtime.post([this] { write_all(); });
  }

  void write_all() {
    for (;;) {
      store::WriteBatch batch;
      {
        auto locked = state.lock();
        batch = std::exchange(locked->writes, {});
        if (batch.empty()) {
          locked->is_writing = false;
          return;
        }
      }
      if (const auto written = store.write(batch); !written) {
        log::error("cannot store the ends of notifications, after a restart they are sent again",
                   {{"error", written.error().message}});
      }
    }
  }

  // Sees to it that the timer fires when the first waiting delivery is due.
  void arm(State& locked) {
    if (locked.waiting.empty()) return;
    const Time due = locked.waiting.begin()->first;
    if (locked.timer && locked.timer_at <= due) return;
    if (locked.timer) runtime.cancel(*locked.timer);
    locked.timer_at = due;
    locked.timer = runtime.at(due, [this] { wake(); });
  }

  void wake() {
    {
      auto locked = state.lock();
      locked->timer.reset();
      const Time now = runtime.now();
      while (!locked->waiting.empty() && locked->waiting.begin()->first <= now) {
        Item* item = locked->waiting.begin()->second;
        locked->waiting.erase(locked->waiting.begin());
        if (std::exchange(item->holds_lane, false)) {
          --item->lane->in_flight;
          item->lane->ready.push_front(item);
          list(*locked, *item->lane);
        } else {
          make_ready(*locked, *item);
        }
      }
      arm(*locked);
    }
    pump();
  }

  void attempt(Item& item) {
    auto content = content_of(item);
    if (!content) {
      log::error("stored notification cannot be read, dropped",
                 {{"key", item.key}, {"error", content.error().message}});
      failed_total().add();
      return finish(item, false);
    }
    auto prepared = prepare(*content->message, content->delivery);
    if (!prepared) {
      const Outcome outcome{Outcome::Kind::retry, 0, prepared.error().message};
      const auto retry = RetryPolicy::for_protocol(content->delivery.protocol);
      return settle(item, *std::move(content), retry, outcome);
    }
    if (!*prepared) return finish(item, false);
    if ((*prepared)->receives_per_second && !take_slot(item, *(*prepared)->receives_per_second)) {
      return pump();
    }
    send(item, *std::move(content), **prepared);
  }

  void send(Item& item, Content content, Prepared& prepared) {
    prepared.delivery.id = item.key;
    prepared.delivery.attempt = content.delivery.attempts + 1;
    // The outcome comes on the transport's thread, which must not wait for the disk. The content is
    // shared because a std::function is copied.
    auto shared = std::make_shared<Content>(std::move(content));
    auto done = [this, &item, shared, retry = prepared.retry](Outcome outcome) {
      runtime.post([this, &item, shared, retry, outcome = std::move(outcome)] {
        settle(item, std::move(*shared), retry, outcome);
      });
    };
    if (prepared.transport) {
      prepared.transport->send(prepared.delivery, std::move(done));
    } else {
      done({Outcome::Kind::retry, 0, "no transport for this protocol is configured"});
    }
  }

  Result<Content> content_of(const Item& item) const {
    if (item.content) return *item.content;
    const Error missing{ErrorKind::internal, "InternalError", "missing in the store"};
    WEIR_TRY(const auto delivery_text, store.get(item.key));
    WEIR_TRY(const auto message_text, store.get(item.message_key));
    if (!delivery_text || !message_text) return missing;
    WEIR_TRY(StoredMessage message, from_json_text<StoredMessage>(*message_text));
    WEIR_TRY(StoredDelivery delivery, from_json_text<StoredDelivery>(*delivery_text));
    delivery.attempts = std::max(delivery.attempts, item.attempts);
    return Content{std::make_shared<const StoredMessage>(std::move(message)), std::move(delivery)};
  }

  // A limited rate gives each delivery a moment of its own; it waits for that outside the lane.
  bool take_slot(Item& item, int per_second) {
    if (std::exchange(item.has_slot, false)) return true;
    auto locked = state.lock();
    Lane& lane = *item.lane;
    const Time now = runtime.now();
    const Time slot = std::max(now, lane.next_slot);
    lane.next_slot = slot + Duration(std::max(1, 1000 / per_second));
    if (slot <= now) return true;
    item.has_slot = true;
    release(*locked, lane);
    locked->waiting.emplace(slot, &item);
    arm(*locked);
    return false;
  }

  void release(State& locked, Lane& lane) {
    --lane.in_flight;
    --locked.in_flight;
    list(locked, lane);
  }

  void settle(Item& item, Content content, const RetryPolicy& policy, const Outcome& outcome) {
    StoredDelivery& delivery = content.delivery;
    ++delivery.attempts;
    if (outcome.kind == Outcome::Kind::delivered) {
      outcomes("delivered").add();
      return end(item, std::move(content), outcome);
    }
    outcomes(outcome.kind == Outcome::Kind::rejected ? "rejected" : "retry").add();
    const auto delay = policy.delay_before(delivery.attempts);
    if (outcome.kind == Outcome::Kind::rejected || !delay) {
      return end(item, std::move(content), outcome);
    }
    log::debug("notification not delivered, will retry", {{"endpoint", delivery.endpoint},
                                                          {"attempt", delivery.attempts},
                                                          {"status", outcome.status_code},
                                                          {"reason", outcome.detail}});
    retry_after(item, std::move(content), *delay);
  }

  // The retry happens even if it cannot be written; after a crash it would begin with fewer
  // attempts counted.
  void retry_after(Item& item, Content content, Duration delay) {
    const double stretch = 1 + kJitter * runtime.random_unit();
    const Duration wait(static_cast<std::int64_t>(double(delay.count()) * stretch));
    content.delivery.due = runtime.now() + wait;
    std::string text = to_json_text(content.delivery);
    {
      auto locked = state.lock();
      Lane& lane = *item.lane;
      locked->writes.put(item.key, std::move(text));
      write_soon(*locked);
      lane.is_failing = true;
      if (lane.is_ordered) {
        item.holds_lane = true;
        --locked->in_flight;
      } else {
        release(*locked, lane);
      }
      locked->waiting.emplace(content.delivery.due, &item);
      item.attempts = content.delivery.attempts;
      if (item.content) item.content = std::move(content);
      arm(*locked);
    }
    pump();
  }

  void end(Item& item, Content content, const Outcome& outcome) {
    const StoredDelivery& delivery = content.delivery;
    const bool is_delivered = outcome.kind == Outcome::Kind::delivered;
    if (const auto done = ended(*content.message, delivery, outcome); !done) {
      log::warn("the end of a notification cannot be recorded, will retry",
                {{"endpoint", delivery.endpoint}, {"error", done.error().message}});
      return retry_after(item, std::move(content), kEndRetryDelay);
    }
    if (!is_delivered) {
      failed_total().add();
      log::warn("notification given up", {{"subscription", delivery.subscription_arn},
                                          {"endpoint", delivery.endpoint},
                                          {"message_id", delivery.message_id},
                                          {"attempts", delivery.attempts},
                                          {"status", outcome.status_code},
                                          {"reason", outcome.detail}});
    }
    finish(item, outcome.kind == Outcome::Kind::retry);
  }

  void finish(Item& item, bool is_failing) {
    {
      auto locked = state.lock();
      item.lane->is_failing = is_failing;
      release(*locked, *item.lane);
      locked->writes.erase(item.key);
      const std::string message = item.message_key;
      if (remove(*locked, item, runtime.now())) locked->writes.erase(message);
      write_soon(*locked);
    }
    pump();
  }

  Result<void> reserve(std::size_t count) {
    auto locked = state.lock();
    if (locked->items.size() + locked->reserved + count > limits.deliveries_max) {
      return Error{ErrorKind::unavailable, "Throttled", "Rate exceeded"};
    }
    locked->reserved += count;
    return {};
  }
};

DeliveryQueue::DeliveryQueue(Runtime& runtime, store::KvStore& store, Limits limits,
                             Prepare prepare, Ended ended)
    : impl_(new Impl{runtime, store, limits, std::move(prepare), std::move(ended)}) {}

DeliveryQueue::~DeliveryQueue() {
  auto locked = impl_->state.lock();
  // The gauge is the process's; a queue that goes takes its part back.
  waiting_gauge().add(-static_cast<std::int64_t>(locked->items.size()));
  if (locked->writes.empty()) return;
  if (const auto written = impl_->store.write(locked->writes); !written) {
    log::error("cannot store the ends of notifications, after a restart they are sent again",
               {{"error", written.error().message}});
  }
}

Result<void> DeliveryQueue::load() {
  std::set<std::string, std::less<>> messages;
  std::vector<std::pair<std::string, StoredDelivery>> deliveries;
  std::optional<Error> broken;
  const auto visit = [&](std::string_view key, std::string_view value) {
    std::string_view rest = key.substr(kPrefix.size());
    (void)Scope::take_from(rest);
    if (rest.starts_with("m/")) {
      messages.emplace(key);
      return true;
    }
    auto delivery = from_json_text<StoredDelivery>(value);
    if (!delivery) {
      broken = delivery.error();
      return false;
    }
    deliveries.emplace_back(key, std::move(*delivery));
    return true;
  };
  WEIR_CHECK(impl_->store.scan(kPrefix, visit));
  if (broken) return *broken;

  // Ordered ones begin in their order; the first of a lane says when.
  std::ranges::stable_sort(deliveries, {}, [](const auto& entry) { return entry.second.sequence; });
  // A delivery without its message had ended when the process died between two erasures.
  store::WriteBatch leftovers;
  {
    auto locked = impl_->state.lock();
    for (auto& [key, delivery] : deliveries) {
      std::string_view rest = std::string_view(key).substr(kPrefix.size());
      const Scope scope = Scope::take_from(rest);
      const std::string message = message_key(scope, delivery.message_id);
      if (!messages.contains(message)) {
        leftovers.erase(key);
        continue;
      }
      Item& item = insert(*locked, key, message, delivery);
      if (item.lane->is_ordered) {
        make_ready(*locked, item);
      } else {
        locked->waiting.emplace(delivery.due, &item);
      }
    }
    for (const std::string& message : messages) {
      if (!locked->references.contains(message)) leftovers.erase(message);
    }
    impl_->arm(*locked);
  }
  impl_->pump();
  return leftovers.empty() ? Result<void>{} : impl_->store.write(leftovers);
}

Result<void> DeliveryQueue::add(const Scope& scope, std::vector<Addition> additions,
                                store::WriteBatch with) {
  struct Written {
    std::string message_key;
    std::vector<std::string> keys;
    std::size_t cost = 0;  // of each delivery, in memory
  };
  std::vector<Written> written;
  std::size_t count = 0;
  const Time now = impl_->runtime.now();
  for (auto& [message, deliveries] : additions) {
    Written& one = written.emplace_back();
    if (deliveries.empty()) continue;
    one.message_key = message_key(scope, message.id);
    std::string text = to_json_text(message);
    one.cost = text.size() + kDeliveryCost;
    with.put(one.message_key, std::move(text));
    for (StoredDelivery& delivery : deliveries) {
      delivery.message_id = message.id;
      delivery.due = delivery.begun = now;
      one.keys.push_back(delivery_key(scope, delivery));
      with.put(one.keys.back(), to_json_text(delivery));
    }
    count += deliveries.size();
  }
  if (with.empty()) return {};
  WEIR_CHECK(impl_->reserve(count));
  const auto stored = impl_->store.write(with);
  {
    auto locked = impl_->state.lock();
    locked->reserved -= count;
    if (!stored) return stored;
    for (std::size_t a = 0; a < additions.size(); ++a) {
      auto& [message, deliveries] = additions[a];
      const auto shared = std::make_shared<const StoredMessage>(std::move(message));
      for (std::size_t i = 0; i < deliveries.size(); ++i) {
        Item& item =
            insert(*locked, std::move(written[a].keys[i]), written[a].message_key, deliveries[i]);
        keep(*locked, item, {shared, std::move(deliveries[i])}, written[a].cost,
             impl_->limits.cache_bytes_max);
        make_ready(*locked, item);
      }
    }
  }
  impl_->pump();
  return {};
}

std::size_t DeliveryQueue::waiting() const { return impl_->state.lock()->items.size(); }

}  // namespace weir::notify
