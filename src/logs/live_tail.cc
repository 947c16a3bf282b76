// SPDX-License-Identifier: Apache-2.0
#include "logs/live_tail.h"

#include <algorithm>
#include <deque>
#include <mutex>
#include <utility>

#include "base/counters.h"
#include "base/guarded.h"
#include "base/log.h"
#include "logs/arrivals.h"
#include "logs/errors.h"
#include "logs/logs.h"

namespace weir::logs {
namespace {

constexpr std::size_t kBlocksAtOnce = 16;

struct Metrics {
  Gauge& sessions = gauge("weir_logs_live_tail_sessions", "Live tail sessions that are open.");
  Counter& events = counter("weir_logs_live_tail_events_total", "Events put into updates.");
  Counter& passed_over = counter("weir_logs_live_tail_passed_over_total",
                                 "Matching events left out of updates that are samples.");
  Counter& dropped = counter("weir_logs_live_tail_dropped_total",
                             "Events in updates that a slow reader never took.");
};

Metrics& metrics() {
  static Metrics all;
  return all;
}

std::size_t bytes_of(const LiveTail::Update& update) {
  std::size_t bytes = 0;
  for (const LiveTail::Event& event : update.events) bytes += event.message.size();
  return bytes;
}

/// The update of the second that is under way.
class Sample {
 public:
  /// Where the next matching event goes: nothing if it is left out.
  LiveTail::Event* add(std::size_t bytes, Runtime& runtime) {
    ++matched_;
    if (bytes_ + bytes > LiveTail::kUpdateBytesMax) return nullptr;
    if (update_.events.size() < LiveTail::kUpdateEventsMax) {
      bytes_ += bytes;
      return &update_.events.emplace_back();
    }
    // Algorithm R: each of the events that matched is as likely to be kept.
    const std::uint64_t place = runtime.random_below(matched_);
    if (place >= update_.events.size()) return nullptr;
    LiveTail::Event& replaced = update_.events[place];
    bytes_ += bytes;
    bytes_ -= std::min(bytes_, replaced.message.size());
    return &replaced;
  }
  void look_at(std::size_t events) { looked_at_ += events; }
  bool is_exhausted() const { return looked_at_ > LiveTail::kLookedAtMax; }
  void pass_over() { is_incomplete_ = true; }

  LiveTail::Update finish() {
    LiveTail::Update update = std::move(update_);
    update.is_sampled = is_incomplete_ || matched_ > update.events.size();
    std::ranges::stable_sort(update.events, {}, &LiveTail::Event::timestamp);
    metrics().events.add(update.events.size());
    metrics().passed_over.add(matched_ - update.events.size());
    *this = Sample();
    return update;
  }

 private:
  LiveTail::Update update_;
  std::size_t bytes_ = 0;
  std::size_t matched_ = 0;
  std::size_t looked_at_ = 0;
  bool is_incomplete_ = false;
};

}  // namespace

/// Filled by the follower's runs and by the timer, emptied by the reader.
struct LiveTail::Session::Shared {
  struct Waiting {
    std::deque<Update> updates;
    std::size_t events = 0;
    std::size_t bytes = 0;
    State state = State::open;
    bool is_abandoned = false;
    std::function<void()> ready;
  };

  Shared(Runtime& runtime_in, Scope scope_in, Query query_in)
      : scope(std::move(scope_in)),
        query(std::move(query_in)),
        id(runtime_in.uuid()),
        runtime(&runtime_in),
        ends(runtime_in.now() + kSessionTimeMax) {}

  bool wants_group(std::string_view name) const {
    return std::ranges::find(query.log_group_names, name) != query.log_group_names.end();
  }
  bool wants_stream(std::string_view name) const {
    if (query.stream_names.empty() && query.stream_prefixes.empty()) return true;
    return std::ranges::find(query.stream_names, name) != query.stream_names.end() ||
           std::ranges::any_of(query.stream_prefixes, [name](const std::string& prefix) {
             return name.starts_with(prefix);
           });
  }

  bool is_over() const {
    auto now = waiting.lock();
    return now->is_abandoned || now->state != State::open;
  }

  /// Reads what has arrived; runs on a worker, one run at a time.
  void read() {
    Arrivals::Follower* reading = nullptr;  // stays: it waits for this run before it goes
    {
      const std::scoped_lock lock(follower_mutex);
      reading = follower.get();
    }
    while (reading != nullptr && !is_over()) {
      if (sample.lock()->is_exhausted()) {
        reading->skip();
        return sample.lock()->pass_over();
      }
      auto part = reading->read(kBlocksAtOnce);
      if (!part) {
        log::error("live tail cannot read log events", {{"error", part.error().message}});
        return end(State::failed);
      }
      for (const Arrivals::Arrival& arrival : part->arrivals) take_in(arrival);
      reading->advance(part->next);
      if (part->at_end) return;
    }
  }

  void take_in(const Arrivals::Arrival& arrival) {
    if (!wants_stream(arrival.log_stream_name)) return;
    const Block& block = arrival.block;
    matching.clear();
    for (std::size_t i = 0; i < block.size(); ++i) {
      subject.reset(block.message(i));
      if (query.pattern.matches(subject)) matching.push_back(i);
    }
    auto sampled = sample.lock();
    for (const std::size_t i : matching) {
      const std::string_view message = block.message(i);
      Event* const event = sampled->add(message.size(), *runtime);
      if (event == nullptr) continue;
      const EventId event_id = block.id(i);
      *event = {.log_group_name = arrival.log_group_name,
                .log_stream_name = arrival.log_stream_name,
                .message = std::string(message),
                .timestamp = event_id.timestamp,
                .ingestion = event_id.ingestion};
    }
    sampled->look_at(block.size());
  }

  /// Each second.
  void finish_update() {
    Update update = sample.lock()->finish();
    std::function<void()> ready;
    {
      auto now = waiting.lock();
      if (now->state != State::open) return;
      now->events += update.events.size();
      now->bytes += bytes_of(update);
      now->updates.push_back(std::move(update));
      while (now->updates.size() > kUpdatesMax || now->events > kWaitingEventsMax ||
             (now->bytes > kWaitingBytesMax && now->updates.size() > 1)) {
        metrics().dropped.add(now->updates.front().events.size());
        forget_first(*now);
      }
      ready = now->ready;
    }
    if (ready) ready();
  }

  void end(State state) {
    std::function<void()> ready;
    {
      auto now = waiting.lock();
      if (now->state == State::open) now->state = state;
      ready = now->ready;
    }
    if (ready) ready();
  }

  static Update forget_first(Waiting& now) {
    Update update = std::move(now.updates.front());
    now.updates.pop_front();
    now.events -= update.events.size();
    now.bytes -= bytes_of(update);
    return update;
  }

  const Scope scope;
  const Query query;
  const std::string id;
  Runtime* const runtime;
  const Time ends;
  Subject subject;                    // of read()
  std::vector<std::size_t> matching;  // of take_in()
  Guarded<Sample> sample;
  Guarded<Waiting> waiting;
  std::mutex follower_mutex;
  std::unique_ptr<Arrivals::Follower> follower;  // set and taken away by the LiveTail
};

LiveTail::Session::Session(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}

LiveTail::Session::~Session() {
  auto now = shared_->waiting.lock();
  now->is_abandoned = true;
  now->ready = nullptr;
}

void LiveTail::Session::on_ready(std::function<void()> ready) {
  shared_->waiting.lock()->ready = std::move(ready);
}

const std::string& LiveTail::Session::id() const { return shared_->id; }

LiveTail::Session::Next LiveTail::Session::take() {
  auto now = shared_->waiting.lock();
  if (now->updates.empty()) return {.update = std::nullopt, .state = now->state};
  return {.update = Shared::forget_first(*now), .state = State::open};
}

struct LiveTail::Impl {
  using Shared = Session::Shared;
  using Sessions = std::vector<std::shared_ptr<Shared>>;  // shared with their readers

  Impl(Runtime& runtime_in, Logs& logs_in, std::size_t sessions_max_in)
      : runtime(runtime_in), logs(logs_in), sessions_max(sessions_max_in) {}

  Result<void> check_groups(const Scope& scope, const Query& query) const {
    for (const std::string& name : query.log_group_names) {
      WEIR_TRY(const LogGroupStatus group, logs.log_group(scope, name));
      if (group.group.log_group_class != "STANDARD") {
        return Error{ErrorKind::invalid, "InvalidOperationException",
                     "StartLiveTail is not supported for log groups of class " +
                         group.group.log_group_class};
      }
    }
    return {};
  }

  /// Each second: an update for each session; ends those that are over.
  void tick() {
    Sessions open = *sessions.lock();
    const Time now = runtime.now();
    for (const auto& session : open) {
      session->finish_update();
      if (now >= session->ends) session->end(Session::State::timed_out);
    }
    Sessions over;
    {
      auto all = sessions.lock();
      const auto end = std::ranges::stable_partition(
          *all, [](const auto& session) { return !session->is_over(); });
      over.assign(end.begin(), end.end());
      all->erase(end.begin(), end.end());
    }
    remove(over);
  }

  static void remove(const Sessions& over) {
    for (const auto& session : over) {
      std::unique_ptr<Arrivals::Follower> gone;  // waits for a run of it, without the lock
      const std::scoped_lock lock(session->follower_mutex);
      gone = std::move(session->follower);
    }
    metrics().sessions.add(-static_cast<std::int64_t>(over.size()));
  }

  Runtime& runtime;
  Logs& logs;
  std::size_t sessions_max;
  Guarded<Sessions> sessions;
  std::once_flag ticking;
  Timer timer;
};

LiveTail::LiveTail(Runtime& runtime, Logs& logs, std::size_t sessions_max)
    : impl_(std::make_unique<Impl>(runtime, logs, sessions_max)) {}

LiveTail::~LiveTail() {
  impl_->timer = Timer();
  const Impl::Sessions open = std::exchange(*impl_->sessions.lock(), {});
  for (const auto& session : open) session->end(Session::State::failed);
  Impl::remove(open);
}

Result<std::unique_ptr<LiveTail::Session>> LiveTail::start(const Scope& scope, Query query) {
  WEIR_CHECK(impl_->check_groups(scope, query));
  auto shared = std::make_shared<Session::Shared>(impl_->runtime, scope, std::move(query));
  std::unique_ptr<Session> session(new Session(shared));
  Session::Shared* const filled = shared.get();  // the follower goes before it
  {
    auto sessions = impl_->sessions.lock();
    const auto same_scope = std::ranges::count_if(*sessions, [&scope](const auto& other) {
      return other->scope == scope && !other->is_over();
    });
    if (static_cast<std::size_t>(same_scope) >= impl_->sessions_max) return limit_exceeded();
    sessions->push_back(shared);
  }
  metrics().sessions.add(1);
  {
    const std::scoped_lock lock(shared->follower_mutex);
    shared->follower = impl_->logs.arrivals().follow(
        scope, std::nullopt, [filled](std::string_view name) { return filled->wants_group(name); },
        [filled] { filled->read(); });
  }
  std::call_once(impl_->ticking, [this] {
    impl_->timer = Timer(impl_->runtime, kPeriod, [this] { impl_->tick(); });
  });
  return session;
}

}  // namespace weir::logs
