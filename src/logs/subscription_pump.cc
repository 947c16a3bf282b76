// SPDX-License-Identifier: Apache-2.0
#include "logs/subscription_pump.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/counters.h"
#include "base/log.h"

namespace weir::logs {
namespace {

constexpr std::string_view kRandom = "Random";
constexpr double kJitter = 0.2;  // part of a pause that chance takes away

/// What a target refuses in the same way at every attempt. A target that is not there may come
/// back: a command that somebody takes out of the configuration for an hour loses nothing.
bool is_final(ErrorKind kind) {
  return kind == ErrorKind::invalid || kind == ErrorKind::forbidden || kind == ErrorKind::too_large;
}

/// When the block was put.
Time time_of(const Arrivals::Arrival& arrival) {
  const std::size_t events = arrival.block.size();
  return events == 0 ? Time{} : arrival.block.id(events - 1).ingestion;
}

}  // namespace

Shape SubscriptionPosition::shape() {
  using S = SubscriptionPosition;
  static constexpr Member members[] = {
      required<&S::next>("next"),
      optional<&S::retrying_since_ms>("retryingSince"),
  };
  return {"SubscriptionPosition", members};
}

SubscriptionPump::SubscriptionPump(const Surroundings& around, std::string position_key,
                                   Compiled compiled)
    : around_(around),
      position_key_(std::move(position_key)),
      label_(compiled->filter.log_group_name + ": " + compiled->filter.filter_name),
      compiled_(std::move(compiled)) {}

// ---- Life ---------------------------------------------------------------------------------------

SubscriptionPosition SubscriptionPump::start(std::optional<SubscriptionPosition> position) {
  const Compiled compiled = this->compiled();
  std::optional<Arrivals::Number> from;
  if (position) from = static_cast<Arrivals::Number>(position->next);
  const std::lock_guard lock(mutex_);
  // The follower is destroyed, and its last wake-up waited for, before this.
  follower_ = around_.logs.arrivals().follow(
      compiled->scope, from,
      [group = compiled->filter.log_group_name](std::string_view name) { return name == group; },
      [this] { step(); });
  saved_.next = static_cast<std::int64_t>(follower_->position());
  if (position) {
    saved_.retrying_since_ms = position->retrying_since_ms;
    failing_since_ = Time{position->retrying_since_ms};
  }
  return saved_;
}

void SubscriptionPump::stop() {
  std::unique_ptr<Arrivals::Follower> follower;
  {
    const std::lock_guard lock(mutex_);
    is_stopped_ = true;
    follower = std::move(follower_);
  }
}

SubscriptionPump::Compiled SubscriptionPump::compiled() const { return *compiled_.lock(); }

void SubscriptionPump::replace(Compiled compiled) {
  *compiled_.lock() = std::move(compiled);
  const std::lock_guard lock(mutex_);
  failing_since_ = Time{};
  saved_.retrying_since_ms = 0;
  failed_steps_ = 0;
  is_paused_ = false;
  message_bytes_max_ = SubscriptionPayload::kMessageBytesMax;  // maybe another target
  if (!round_) return post_step();
  round_->is_abandoned = true;
  for (Lane& lane : round_->lanes) {
    if (!lane.is_paused) continue;
    lane.is_paused = false;
    ++lane.turn;
    ++round_->ended;
  }
  if (round_->ended == round_->started) end_round();
}

std::optional<SubscriptionPosition> SubscriptionPump::unsaved_position() {
  const std::lock_guard lock(mutex_);
  if (is_stopped_ || round_ || !follower_) return std::nullopt;
  const auto next = static_cast<std::int64_t>(follower_->position());
  if (next == saved_.next) return std::nullopt;
  saved_.next = next;
  return saved_;
}

SubscriptionPump::Counts SubscriptionPump::take_counts() {
  const std::lock_guard lock(mutex_);
  Counts counts = counts_;
  counts_ = Counts{.target_kind = counts_.target_kind};
  return counts;
}

void SubscriptionPump::post_step() {
  around_.runtime.post([self = shared_from_this()] { self->step(); });
}

Duration SubscriptionPump::pause(int failures) const {
  Duration pause = kPauseMin;
  for (int i = 1; i < failures && pause < kPauseMax; ++i) pause *= 2;
  const double part = 1 - kJitter * around_.runtime.random_unit();
  return Duration(
      static_cast<Duration::rep>(static_cast<double>(std::min(pause, kPauseMax).count()) * part));
}

// ---- A step: from arrivals to payloads ----------------------------------------------------------

void SubscriptionPump::step() {
  const std::lock_guard lock(mutex_);
  if (is_stopped_ || is_paused_ || round_ || !follower_) return;
  const Found found = make_round();
  if (found == Found::failure) return pause_step();
  failed_steps_ = 0;
  if (found == Found::more) post_step();
  if (found == Found::round) start_lanes();
}

/// Tries again later to begin a round.
void SubscriptionPump::pause_step() {
  is_paused_ = true;
  around_.runtime.after(pause(++failed_steps_), [self = shared_from_this()] {
    {
      const std::lock_guard lock(self->mutex_);
      self->is_paused_ = false;
    }
    self->step();
  });
}

SubscriptionPump::Found SubscriptionPump::make_round() {
  auto part = follower_->read(kBlocksMax);
  if (!part) {
    log::warn("a subscription cannot read its log group, will retry",
              {{"subscription", label_}, {"error", part.error().message}});
    return Found::failure;
  }
  Round round;
  round.next = part->next;
  round.compiled = compiled();
  if (!part->arrivals.empty() && round.compiled->takes_group()) {
    auto target = around_.find_target(*round.compiled);
    if (!target) return without_target(target.error(), *part);
    round.target = *std::move(target);
    if (failed_steps_ > 0) failing_since_ = Time{};  // it has come back
    pack(round, part->arrivals);
  }
  if (round.lanes.empty()) {
    follower_->advance(round.next);
    return part->at_end ? Found::nothing : Found::more;
  }
  counts_.target_kind = round.target.kind;
  for (Lane& lane : round.lanes) lane.failing_since = failing_since_;
  round_ = std::move(round);
  return Found::round;
}

/// What is to be sent cannot even be packed, because it is not known where it goes.
SubscriptionPump::Found SubscriptionPump::without_target(const Error& error,
                                                         const Arrivals::Follower::Part& part) {
  ++counts_.errors;
  Time arrived;
  std::uint64_t events = 0;
  for (const Arrivals::Arrival& arrival : part.arrivals) {
    arrived = std::max(arrived, time_of(arrival));
    events += arrival.block.size();
  }
  if (!is_hopeless(error, failing_since_, arrived)) {
    if (failing_since_.ms == 0) {
      failing_since_ = around_.runtime.now();
      remember_failure(failing_since_);
      log::warn("a subscription has no target, will retry",
                {{"subscription", label_}, {"error", error.message}});
    }
    return Found::failure;
  }
  drop(events, error);
  if (is_final(error.kind)) failing_since_ = Time{};
  move_to(part.next);
  return Found::more;
}

void SubscriptionPump::pack(Round& round, const std::vector<Arrivals::Arrival>& arrivals) const {
  const CompiledSubscription& compiled = *round.compiled;
  const bool is_random = compiled.filter.distribution == kRandom;
  std::map<std::string_view, std::size_t> lanes;
  struct Open {
    std::unique_ptr<SubscriptionPayload> payload;
    Time arrived;
  };
  std::map<std::string_view, Open> open;  // by stream
  const auto push = [&](std::string_view stream, Parcel parcel) {
    parcel.id = around_.runtime.uuid();
    const auto [place, is_new] = lanes.try_emplace(stream, round.lanes.size());
    if (is_random) place->second = round.lanes.size();
    if (place->second == round.lanes.size()) {
      round.lanes.push_back({.log_stream_name = std::string(stream)});
    }
    round.lanes[place->second].parcels.push_back(std::move(parcel));
  };
  const auto close = [&](std::string_view stream, Open& full) {
    push(stream, {.id = {},
                  .data = full.payload->finish(),
                  .events = {},
                  .event_count = full.payload->events(),
                  .message_bytes = full.payload->message_bytes(),
                  .arrived = full.arrived});
    full = {};
  };
  Subject subject;
  for (const Arrivals::Arrival& arrival : arrivals) {
    const std::string_view stream = arrival.log_stream_name;
    const Time arrived = time_of(arrival);
    Parcel for_group{.arrived = arrived};
    Open& filling = open[stream];
    for (std::size_t i = 0; i < arrival.block.size(); ++i) {
      subject.reset(arrival.block.message(i));
      if (!compiled.pattern.matches(subject)) continue;
      if (round.target.transport == nullptr) {
        for_group.events.push_back(
            {arrival.block.id(i).timestamp.ms, std::string(subject.message())});
        continue;
      }
      if (filling.payload && !filling.payload->has_room(subject.message().size())) {
        close(stream, filling);
      }
      if (!filling.payload) {
        filling.payload =
            std::make_unique<SubscriptionPayload>(compiled, stream, message_bytes_max_);
      }
      filling.payload->add(arrival.block.id(i), subject);
      filling.arrived = std::max(filling.arrived, arrived);
    }
    for_group.event_count = for_group.events.size();
    if (for_group.event_count > 0) push(stream, std::move(for_group));
  }
  for (auto& [stream, last] : open) {
    if (last.payload) close(stream, last);
  }
}

// ---- A round: payloads to the target ------------------------------------------------------------

/// With the lock.
void SubscriptionPump::start_lanes() {
  Round& round = *round_;
  while (!round.is_abandoned && round.started < round.lanes.size() &&
         round.started - round.ended < kInFlightMax) {
    post_send(round.started++);
  }
}

void SubscriptionPump::post_send(std::size_t lane) {
  around_.runtime.post([self = shared_from_this(), lane, turn = round_->lanes[lane].turn] {
    self->send(lane, turn);
  });
}

void SubscriptionPump::send(std::size_t lane, std::uint64_t turn) {
  SubscriptionTransport::Parcel parcel;
  std::vector<InputLogEvent> events;
  std::string stream;
  SubscriptionTarget target;
  {
    const std::lock_guard lock(mutex_);
    if (is_stopped_ || !round_ || lane >= round_->lanes.size()) return;
    Lane& mine = round_->lanes[lane];
    if (mine.turn != turn) return;
    if (round_->is_abandoned) return end_lane();
    mine.is_paused = false;
    target = round_->target;
    stream = mine.log_stream_name;
    events = mine.parcels.front().events;
    parcel.id = mine.parcels.front().id;
    parcel.data = mine.parcels.front().data;
  }
  if (target.transport == nullptr) return completed(lane, put_events(target, stream, events));
  parcel.target_arn = target.arn;
  parcel.created = around_.runtime.now();
  target.transport->send(std::move(parcel), [self = shared_from_this(), lane](Result<void> result) {
    self->around_.runtime.post(
        [self, lane, result = std::move(result)] { self->completed(lane, result); });
  });
}

Result<void> SubscriptionPump::put_events(const SubscriptionTarget& target,
                                          const std::string& stream,
                                          const std::vector<InputLogEvent>& events) {
  Logs& logs = around_.logs;
  if (auto made = logs.create_log_stream(target.scope, target.log_group_name, stream);
      !made && made.error().kind != ErrorKind::already_exists) {
    return made;
  }
  const auto put = logs.put_log_events(target.scope, target.log_group_name, stream, events);
  if (!put) return put.error();
  if (put->rejected_any()) {
    log::warn("a log group did not accept the age of all events of a subscription",
              {{"subscription", label_}, {"target", target.arn}});
  }
  return {};
}

void SubscriptionPump::completed(std::size_t lane, const Result<void>& result) {
  static Counter& forwarded =
      counter("weir_subscription_events_total", "Log events delivered by subscriptions.");
  const std::lock_guard lock(mutex_);
  if (is_stopped_ || !round_) return;
  Lane& mine = round_->lanes[lane];
  const Parcel& parcel = mine.parcels.front();
  if (result) {
    forwarded.add(parcel.event_count);
    counts_.events += parcel.event_count;
    counts_.bytes += parcel.data.size();
    for (const InputLogEvent& event : parcel.events) counts_.bytes += event.message.size();
  } else if (try_again(lane, result.error())) {
    return;
  }
  // Behind what was dropped after a day the next goes on failing, so that what waits for a target
  // that is gone is never more than that of a day.
  if (result || is_final(result.error().kind)) mine.failing_since = failing_since_ = Time{};
  mine.failures = 0;
  mine.parcels.pop_front();
  if (mine.parcels.empty() || round_->is_abandoned) return end_lane();
  post_send(lane);
}

/// With the lock. False: the parcel is dropped.
bool SubscriptionPump::try_again(std::size_t lane, const Error& error) {
  Lane& mine = round_->lanes[lane];
  ++(error.kind == ErrorKind::limit ? counts_.throttled : counts_.errors);
  if (round_->is_abandoned) return false;  // it will be read again
  if (error.kind == ErrorKind::too_large && make_smaller(mine)) {
    post_send(lane);
    return true;
  }
  if (is_hopeless(error, mine.failing_since, mine.parcels.front().arrived)) {
    drop(mine.parcels.front().event_count, error);
    return false;
  }
  if (mine.failing_since.ms == 0) {
    mine.failing_since = around_.runtime.now();
    if (failing_since_.ms == 0) failing_since_ = mine.failing_since;
    remember_failure(mine.failing_since);
    log::warn("a subscription cannot deliver, will retry",
              {{"subscription", label_}, {"target", round_->target.arn}, {"error", error.message}});
  }
  mine.is_paused = true;
  const std::uint64_t turn = ++mine.turn;
  around_.runtime.after(pause(++mine.failures),
                        [self = shared_from_this(), lane, turn] { self->send(lane, turn); });
  return true;
}

/// The target (or a proxy before it) takes no payload of that size: sends the first of the lane as
/// two, and no more such ones. False if one event alone is too large.
bool SubscriptionPump::make_smaller(Lane& lane) {
  Parcel& first = lane.parcels.front();
  auto halves = halves_of(first.data);
  if (!halves || !*halves) return false;
  log::info("the target of a subscription finds a payload too large, will send smaller ones",
            {{"subscription", label_}, {"events", first.event_count}});
  Parcel second{.id = around_.runtime.uuid(),
                .data = std::move((*halves)->second),
                .events = {},
                .event_count = first.event_count - first.event_count / 2,
                .message_bytes = first.message_bytes / 2,
                .arrived = first.arrived};
  first.id = around_.runtime.uuid();
  first.data = std::move((*halves)->first);
  first.event_count /= 2;
  first.message_bytes /= 2;
  message_bytes_max_ = std::min(message_bytes_max_, std::max(first.message_bytes, kPayloadMin));
  lane.parcels.insert(lane.parcels.begin() + 1, std::move(second));
  return true;
}

bool SubscriptionPump::is_hopeless(const Error& error, Time failing_since, Time arrived) const {
  return is_final(error.kind) ||
         (failing_since.ms != 0 &&
          around_.runtime.now() - std::max(failing_since, arrived) >= around_.retry_time_max);
}

/// So that the time of retries goes on over a restart.
void SubscriptionPump::remember_failure(Time since) {
  if (saved_.retrying_since_ms != 0) return;
  saved_.retrying_since_ms = since.ms;
  if (const auto saved = around_.store.put(position_key_, to_json_text(saved_)); !saved) {
    log::warn("cannot write down since when a subscription fails",
              {{"subscription", label_}, {"error", saved.error().message}});
  }
}

void SubscriptionPump::drop(std::uint64_t events, const Error& error) const {
  static Counter& dropped = counter("weir_subscription_events_dropped_total",
                                    "Log events that no target of a subscription took.");
  dropped.add(events);
  log::error("log events of a subscription are dropped",
             {{"subscription", label_}, {"events", events}, {"error", error.message}});
}

/// With the lock.
void SubscriptionPump::end_lane() {
  ++round_->ended;
  start_lanes();
  if (round_->ended == round_->started) end_round();
}

/// With the lock.
void SubscriptionPump::end_round() {
  if (!round_->is_abandoned) move_to(round_->next);
  round_.reset();
  post_step();
}

/// With the lock. If the position cannot be written, what was delivered is delivered again after a
/// crash.
void SubscriptionPump::move_to(Arrivals::Number next) {
  saved_ = {.next = static_cast<std::int64_t>(next), .retrying_since_ms = failing_since_.ms};
  if (const auto saved = around_.store.put(position_key_, to_json_text(saved_)); !saved) {
    log::warn("cannot write down how far a subscription has come",
              {{"subscription", label_}, {"error", saved.error().message}});
  }
  follower_->advance(next);
}

}  // namespace weir::logs
