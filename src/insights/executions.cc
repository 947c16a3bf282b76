// SPDX-License-Identifier: Apache-2.0
#include "insights/executions.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <utility>

#include "base/counters.h"
#include "base/guarded.h"
#include "base/log.h"
#include "insights/store_keys.h"

namespace weir::insights {
namespace {

constexpr std::size_t kChunkBytesMax = 1u << 20;  // of rows in one value of the store
constexpr std::size_t kBatchBytesMax = 4u << 20;  // of one write
constexpr Duration kForgetPeriod = std::chrono::minutes(10);

Error no_such_query() {  // text unverified
  return {ErrorKind::not_found, "ResourceNotFoundException", "The specified query does not exist."};
}

/// Opens once; who waits goes on then.
class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    is_open_ = true;
    opened_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    opened_.wait(lock, [this] { return is_open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool is_open_ = false;
};

/// A query that has not ended. Shared by the queue, its run's end, its timeout and the calls that
/// look at it.
struct Active {
  Active(Scope scope_in, Executions::Start start_in)
      : scope(std::move(scope_in)), start(std::move(start_in)) {}

  const Scope scope;
  const Executions::Start start;
  Guarded<Execution> execution;
  Guarded<std::shared_ptr<Run>> run;  // none while it waits
  std::atomic<bool> is_cancelled{false};
  std::atomic<bool> is_timed_out{false};
  std::atomic<bool> was_asked_for{false};
  std::atomic<TimerId> timeout{0};
  std::chrono::nanoseconds begun{0};
  Guarded<std::vector<Row>> rows_so_far;  // of a run that was stopped
  /// Shared with the timer that ends the waiting.
  std::shared_ptr<Gate> end = std::make_shared<Gate>();

  /// What it has so far stays as its result.
  void stop_run() {
    const std::shared_ptr<Run> running = *run.lock();
    if (!running || running->is_final()) return;
    std::vector<Row> rows = running->snapshot().rows;
    *rows_so_far.lock() = std::move(rows);
    running->stop();
  }
};
using ActivePtr = std::shared_ptr<Active>;

}  // namespace

struct Executions::Impl {
  struct Kept {
    Scope scope;
    std::size_t bytes = 0;
  };
  using Age = std::pair<std::int64_t, std::string>;  // created, id
  struct State {
    std::map<std::string, ActivePtr, std::less<>> active;
    std::deque<ActivePtr> queue;
    std::size_t running = 0;
    std::map<Age, Kept> kept;  // what has ended, the oldest first
    std::size_t kept_bytes = 0;
    bool is_shut_down = false;
  };

  Impl(Runtime& runtime_in, store::KvStore& store_in, const logs::Logs& logs_in, Context context_in,
       Config config_in)
      : runtime(runtime_in),
        store(store_in),
        logs(logs_in),
        context(std::move(context_in)),
        config(config_in) {}

  Result<void> load_scope_of(std::string_view key, std::string_view value, State& into);
  void pump();
  void begin(const ActivePtr& active);
  void finish(const ActivePtr& active);
  /// Stores what has ended; its record says so when its rows are there.
  void store_end(const ActivePtr& active, Execution& done, std::span<const Row> rows);
  Result<void> store_rows(const Scope& scope, Execution& done, std::span<const Row> rows);
  void forget_old();
  void wait_for_end(Active& active);
  ActivePtr find(const Scope& scope, std::string_view id) const;
  Result<Execution> stored(const Scope& scope, std::string_view id) const;
  Result<Results> stored_page(const Scope& scope, std::string_view id, std::size_t first,
                              std::size_t limit) const;

  Runtime& runtime;
  store::KvStore& store;
  const logs::Logs& logs;
  const Context context;
  const Config config;
  mutable Guarded<State> state;
  std::atomic<std::size_t> waiters{0};
  Timer forgetting;
};

Executions::Executions(Runtime& runtime, store::KvStore& store, const logs::Logs& logs,
                       Context context, Config config)
    : impl_(std::make_unique<Impl>(runtime, store, logs, std::move(context), config)) {}

Executions::~Executions() {
  impl_->forgetting = Timer();
  shut_down();
}

const Executions::Context& Executions::context() const { return impl_->context; }

// ---- Start and end of the process ---------------------------------------------------------------

Result<void> Executions::Impl::load_scope_of(std::string_view key, std::string_view value,
                                             State& into) {
  key.remove_prefix(kStorePrefix.size());
  const Scope scope = Scope::take_from(key);
  if (!key.starts_with("q/")) return {};
  WEIR_TRY(Execution found, from_json_text<Execution>(value));
  if (!found.is_final()) {
    found.status = "Failed";
    found.reason = "the daemon ended while the query ran";
    store::WriteBatch batch;
    batch.put(store_key(scope, "q/", found.id), to_json_text(found));
    batch.erase(live_key(scope, found.id));
    batch.erase_prefix(rows_prefix(scope, found.id));
    WEIR_CHECK(store.write(batch));
  }
  const auto bytes = static_cast<std::size_t>(found.row_bytes);
  into.kept[{found.created_ms, found.id}] = {.scope = scope, .bytes = bytes};
  into.kept_bytes += bytes;
  return {};
}

Result<void> Executions::load() {
  Impl& impl = *impl_;
  Impl::State loaded;
  Result<void> outcome;
  WEIR_CHECK(impl.store.scan(kStorePrefix, [&](std::string_view key, std::string_view value) {
    outcome = impl.load_scope_of(key, value, loaded);
    return static_cast<bool>(outcome);
  }));
  WEIR_CHECK(outcome);
  *impl.state.lock() = std::move(loaded);
  impl.forget_old();
  impl.forgetting = Timer(impl.runtime, kForgetPeriod, [&impl] { impl.forget_old(); });
  return {};
}

void Executions::shut_down() {
  std::vector<ActivePtr> running;
  {
    auto state = impl_->state.lock();
    state->is_shut_down = true;
    for (const auto& [id, active] : state->active) running.push_back(active);
  }
  for (const ActivePtr& active : running) {
    active->stop_run();
    active->end->open();
  }
}

// ---- The life of a query ------------------------------------------------------------------------

Result<std::string> Executions::start(const Scope& scope, Start start) {
  Impl& impl = *impl_;
  Execution made;
  made.id = impl.runtime.uuid();
  made.text = start.text;
  made.shown = with_source(start.text, start.log_groups, start.from, start.to);
  made.status = "Scheduled";
  made.log_groups = start.log_groups;
  made.created_ms = impl.runtime.now().ms;
  made.user_identity = start.user_identity;
  WEIR_TRY(auto key, impl.store.get(store_key(scope, "k")));
  made.encryption_key = key.value_or("");

  auto active = std::make_shared<Active>(scope, std::move(start));
  *active->execution.lock() = made;
  {
    auto state = impl.state.lock();
    const auto open = std::ranges::count_if(
        state->active, [&scope](const auto& item) { return item.second->scope == scope; });
    if (static_cast<std::size_t>(open) >= impl.config.queries_max || state->is_shut_down) {
      return Error{ErrorKind::limit, "LimitExceededException",
                   "Account maximum query concurrency limit of [" +
                       std::to_string(impl.config.queries_max) + "] reached."};
    }
    state->active.emplace(made.id, active);
  }
  store::WriteBatch batch;
  batch.put(store_key(scope, "q/", made.id), to_json_text(made));
  batch.put(order_key(scope, made.created_ms, made.id), "");
  batch.put(live_key(scope, made.id), "");
  if (auto written = impl.store.write(batch); !written) {
    impl.state.lock()->active.erase(made.id);
    return std::move(written).error();
  }
  impl.state.lock()->queue.push_back(std::move(active));
  impl.pump();
  return made.id;
}

void Executions::Impl::pump() {
  while (true) {
    ActivePtr next;
    {
      auto locked = state.lock();
      if (locked->is_shut_down || locked->queue.empty() || locked->running >= config.running_max) {
        return;
      }
      next = std::move(locked->queue.front());
      locked->queue.pop_front();
      ++locked->running;
    }
    begin(next);
  }
}

void Executions::Impl::begin(const ActivePtr& active) {
  active->execution.lock()->status = "Running";
  active->begun = runtime.monotonic();
  RunOptions options;
  options.scope = active->scope;
  options.log_groups = active->start.log_groups;
  options.from = active->start.from;
  options.to = active->start.to;
  options.flow_formats = context.flow_formats;
  options.lookups = context.lookups;
  options.workers = config.workers;
  options.memory_bytes_max = config.memory_bytes_max / config.running_max;
  active->timeout = runtime.after(config.timeout, [active] {
    active->is_timed_out = true;
    active->stop_run();
  });
  {
    // The run may end before it is known here; finish() waits for this lock. finish() is a task of
    // its own because it destroys the run, which waits for what the run has under way.
    auto run = active->run.lock();
    *run = std::make_shared<Run>(runtime, logs, active->start.query, std::move(options),
                                 [this, weak = std::weak_ptr(active)] {
                                   runtime.post_background([this, weak] {
                                     if (const ActivePtr ended = weak.lock()) finish(ended);
                                   });
                                 });
  }
  if (active->is_cancelled || active->is_timed_out) active->stop_run();
}

void Executions::Impl::finish(const ActivePtr& active) {
  const auto run = std::exchange(*active->run.lock(), nullptr);
  runtime.cancel(active->timeout);
  Execution done = *active->execution.lock();
  Snapshot end;
  if (run) {
    end = run->snapshot();
    const auto spent = runtime.monotonic() - active->begun;
    done.duration_ms = std::chrono::duration_cast<Duration>(spent).count();
  } else {
    end.state = RunState::cancelled;  // before it began
  }
  done.take(end.statistics);
  switch (end.state) {
    case RunState::complete:
      done.status = "Complete";
      break;
    case RunState::running:
    case RunState::cancelled:
      if (end.rows.empty()) end.rows = std::move(*active->rows_so_far.lock());
      done.status = active->is_timed_out ? "Timeout" : "Cancelled";
      if (active->is_timed_out) done.reason = "it ran longer than a query may";
      break;
    case RunState::failed:
      done.status = "Failed";
      done.reason = end.error ? end.error->message : "";
      break;
  }
  store_end(active, done, end.rows);
  counter("weir_insights_queries_total", "Queries by their end", "status=\"" + done.status + '"')
      .add();
  const auto bytes = static_cast<std::size_t>(done.row_bytes);
  {
    auto locked = state.lock();
    locked->active.erase(done.id);
    locked->kept[{done.created_ms, done.id}] = {.scope = active->scope, .bytes = bytes};
    locked->kept_bytes += bytes;
    if (run) --locked->running;
  }
  active->end->open();
  forget_old();
  pump();
}

void Executions::Impl::store_end(const ActivePtr& active, Execution& done,
                                 std::span<const Row> rows) {
  if (const auto written = store_rows(active->scope, done, rows); !written) {
    done.status = "Failed";
    done.reason = "the results cannot be stored: " + written.error().message;
    done.row_count = done.row_bytes = 0;
  }
  store::WriteBatch batch;
  if (done.row_count == 0) batch.erase_prefix(rows_prefix(active->scope, done.id));
  batch.put(store_key(active->scope, "q/", done.id), to_json_text(done));
  batch.erase(live_key(active->scope, done.id));
  if (const auto written = store.write(batch); !written) {
    // What is stored says that it runs, and nothing does: it shows as failed.
    log::error("cannot store the end of a query",
               {{"query", done.id}, {"error", written.error().message}});
  }
}

Result<void> Executions::Impl::store_rows(const Scope& scope, Execution& done,
                                          std::span<const Row> rows) {
  store::WriteBatch batch;
  std::size_t batch_bytes = 0;
  for (std::size_t first = 0; first < rows.size();) {
    std::size_t last = first;
    std::size_t bytes = 0;
    do {
      bytes += bytes_of(rows[last++]);
    } while (last < rows.size() && bytes + bytes_of(rows[last]) <= kChunkBytesMax);
    std::string chunk = pack_rows(rows.subspan(first, last - first));
    done.row_bytes += static_cast<std::int64_t>(chunk.size());
    batch_bytes += chunk.size();
    batch.put(rows_key(scope, done.id, first), std::move(chunk));
    first = last;
    if (batch_bytes >= kBatchBytesMax || first == rows.size()) {
      WEIR_CHECK(store.write(batch));
      batch = store::WriteBatch();
      batch_bytes = 0;
    }
  }
  done.row_count = static_cast<std::int64_t>(rows.size());
  return {};
}

/// What is too old, and the oldest of what is too much.
void Executions::Impl::forget_old() {
  std::vector<std::pair<Age, Kept>> old;
  {
    auto locked = state.lock();
    const std::int64_t oldest = (runtime.now() - config.kept).ms;
    while (!locked->kept.empty()) {
      const auto first = locked->kept.begin();
      const bool is_much = locked->kept.size() > config.executions_max ||
                           locked->kept_bytes > config.result_bytes_max;
      if (first->first.first >= oldest && !is_much) break;
      if (is_much && locked->kept.size() == 1) break;  // the newest stays whatever its size
      locked->kept_bytes -= first->second.bytes;
      old.emplace_back(*first);
      locked->kept.erase(first);
    }
  }
  for (const auto& [age, kept] : old) {
    store::WriteBatch batch;
    batch.erase(store_key(kept.scope, "q/", age.second));
    batch.erase(order_key(kept.scope, age.first, age.second));
    batch.erase_prefix(rows_prefix(kept.scope, age.second));
    if (const auto written = store.write(batch); !written) {
      auto locked = state.lock();  // tried again with the next ones
      locked->kept.emplace(age, kept);
      locked->kept_bytes += kept.bytes;
      log::warn("cannot remove old query results",
                {{"query", age.second}, {"error", written.error().message}});
      return;
    }
  }
}

Result<void> Executions::stop(const Scope& scope, std::string_view id) {
  WEIR_TRY(const Execution found, execution(scope, id));
  const ActivePtr active = impl_->find(scope, id);
  if (!active) {  // text unverified
    return Error{ErrorKind::invalid, "InvalidParameterException",
                 "Cannot end query " + std::string(id) + " with status " + found.status};
  }
  active->is_cancelled = true;
  bool was_waiting = false;
  {
    auto state = impl_->state.lock();
    const auto place = std::ranges::find(state->queue, active);
    was_waiting = place != state->queue.end();
    if (was_waiting) state->queue.erase(place);
  }
  if (was_waiting) {
    impl_->finish(active);
  } else {
    active->stop_run();
  }
  return {};
}

// ---- Looking ------------------------------------------------------------------------------------

ActivePtr Executions::Impl::find(const Scope& scope, std::string_view id) const {
  auto locked = state.lock();
  const auto found = locked->active.find(id);
  if (found == locked->active.end() || found->second->scope != scope) return nullptr;
  return found->second;
}

Result<Execution> Executions::Impl::stored(const Scope& scope, std::string_view id) const {
  WEIR_TRY(const auto text, store.get(store_key(scope, "q/", id)));
  if (!text) return no_such_query();
  WEIR_TRY(Execution found, from_json_text<Execution>(*text));
  if (!found.is_final()) {  // its end could not be stored
    found.status = "Failed";
    found.reason = "its end could not be stored";
  }
  return found;
}

Result<Execution> Executions::execution(const Scope& scope, std::string_view id) const {
  const ActivePtr active = impl_->find(scope, id);
  if (!active) return impl_->stored(scope, id);
  Execution shown = *active->execution.lock();
  const std::shared_ptr<Run> run = *active->run.lock();
  if (run) {
    shown.take(run->statistics());
    shown.duration_ms =
        std::chrono::duration_cast<Duration>(impl_->runtime.monotonic() - active->begun).count();
  }
  return shown;
}

void Executions::Impl::wait_for_end(Active& active) {
  if (config.first_wait <= Duration(0) || active.was_asked_for.exchange(true)) return;
  if (waiters.fetch_add(1) < kWaitersMax) {
    const TimerId timer = runtime.after(config.first_wait, [end = active.end] { end->open(); });
    active.end->wait();
    runtime.cancel(timer);
  }
  waiters.fetch_sub(1);
}

Result<Executions::Results> Executions::results(const Scope& scope, std::string_view id,
                                                std::size_t first, std::size_t limit) {
  limit = std::min(limit, kRowsPageMax);
  if (const ActivePtr active = impl_->find(scope, id)) impl_->wait_for_end(*active);
  const ActivePtr active = impl_->find(scope, id);
  if (!active) return impl_->stored_page(scope, id, first, limit);
  Results page;
  page.execution = *active->execution.lock();
  const std::shared_ptr<Run> run = *active->run.lock();
  if (!run) return page;
  Snapshot so_far = run->snapshot();
  page.execution.take(so_far.statistics);
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < std::min(limit, so_far.rows.size()); ++i) {
    bytes += bytes_of(so_far.rows[i]);
    if (i > 0 && bytes > kPageBytesMax) break;
    page.rows.push_back(std::move(so_far.rows[i]));
  }
  return page;
}

Result<Executions::Results> Executions::Impl::stored_page(const Scope& scope, std::string_view id,
                                                          std::size_t first,
                                                          std::size_t limit) const {
  Results page;
  WEIR_TRY(page.execution, stored(scope, id));
  const std::string prefix = rows_prefix(scope, id);
  const auto cursor = store.cursor();
  std::size_t bytes = 0;
  std::size_t row = first;
  cursor->seek_back(rows_key(scope, id, first));
  for (; cursor->valid() && cursor->key().starts_with(prefix); cursor->next()) {
    const std::size_t chunk_first = store::read_u64(cursor->key().substr(prefix.size()));
    WEIR_TRY(std::vector<Row> rows, unpack_rows(cursor->value()));
    for (; row - chunk_first < rows.size(); ++row) {
      Row& next = rows[row - chunk_first];
      bytes += bytes_of(next);
      const bool is_full = page.rows.size() == limit;
      if (is_full || (!page.rows.empty() && bytes > kPageBytesMax)) {
        page.next = row;
        return page;
      }
      page.rows.push_back(std::move(next));
    }
  }
  WEIR_CHECK(cursor->status());
  return page;
}

Result<logs::Page<Execution>> Executions::list(const Scope& scope, const ListQuery& query) const {
  const std::string prefix = store_key(scope, "o/");
  constexpr std::size_t kTimeBytes = 8;
  logs::Page<Execution> page;
  const auto cursor = impl_->store.cursor();
  for (cursor->seek(query.after.empty() ? prefix : prefix + query.after + '\0');
       cursor->valid() && cursor->key().starts_with(prefix); cursor->next()) {
    const std::string place(cursor->key().substr(prefix.size()));
    if (place.size() <= kTimeBytes) continue;
    const auto found = execution(scope, std::string_view(place).substr(kTimeBytes));
    if (!found) continue;  // forgotten just now
    if (!query.status.empty() && found->status != query.status) continue;
    if (!query.log_group.empty() &&
        std::ranges::find(found->log_groups, query.log_group) == found->log_groups.end()) {
      continue;
    }
    if (page.items.size() == query.limit) {
      const Execution& last = page.items.back();
      page.next = order_key(scope, last.created_ms, last.id).substr(prefix.size());
      break;
    }
    page.items.push_back(*found);
  }
  WEIR_CHECK(cursor->status());
  return page;
}

Result<void> Executions::set_encryption_key(const Scope& scope, std::string_view key) {
  if (key.empty()) return impl_->store.erase(store_key(scope, "k"));
  return impl_->store.put(store_key(scope, "k"), std::string(key));
}

}  // namespace weir::insights
