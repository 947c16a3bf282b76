// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <span>
#include <thread>
#include <utility>

#include "insights/discover.h"
#include "insights/engine.h"
#include "insights/events.h"
#include "insights/plan.h"

namespace weir::insights {
namespace {

constexpr std::chrono::milliseconds kSlice(20);  // a worker's turn before others get theirs
constexpr std::size_t kPartialMax = 100'000;     // rows or groups that a snapshot copies
constexpr std::size_t kJoinRowsMax = 50'000;     // of the right side (User Guide, join)

Error no_lookup(const std::string& table, const std::string& column) {
  return {ErrorKind::invalid, "MalformedQueryException",
          column.empty() ? "The lookup table '" + table + "' does not exist."
                         : "The lookup table '" + table + "' has no column '" + column + "'."};
}

Error subquery_too_slow(Duration time_max) {  // text unverified
  return {ErrorKind::limit, "LimitExceededException",
          "A sub-query ran longer than " + std::to_string(time_max.count() / 1000) +
              " seconds. Filter its events or shorten its time range."};
}

/// One plan over its events: the query itself or one of its sub-queries.
struct Job {
  struct Worker {
    std::mutex mutex;  // of the state; the worker's, but for the moment of a snapshot
    std::unique_ptr<Gather::State> state;
  };
  const Plan* plan = nullptr;
  bool is_main = false;
  RunContext context;
  std::vector<logs::Scan> scans;
  std::atomic<std::size_t> scan = 0;
  std::vector<std::unique_ptr<Worker>> workers;
  std::atomic<std::size_t> workers_left = 0;
  std::optional<std::chrono::nanoseconds> deadline;  // of a sub-query
  std::size_t filters_end = 0;  // steps of the first stage up to its last filter
};

/// Everything behind the first gather, on one thread.
Result<Batch> finish_stages(const Plan& plan, Batch batch, const RunContext& context) {
  for (std::size_t i = 1; i < plan.stages.size(); ++i) {
    for (const auto& step : plan.stages[i].steps) WEIR_CHECK(step->apply(batch, context));
    if (!plan.stages[i].gather) break;
    const auto state = plan.stages[i].gather->begin(context);
    WEIR_CHECK(state->add(batch, context));
    WEIR_TRY(Batch next, state->finish(context));
    next.hold(std::make_shared<Batch>(std::move(batch)));  // texts that rows still point to
    batch = std::move(next);
  }
  return batch;
}

std::vector<Row> to_rows(const Plan& plan, Batch& batch) {
  std::vector<OutputColumn> outputs = plan.outputs;
  if (plan.pointer) outputs.push_back({"@ptr", *plan.pointer});
  std::vector<Row> rows(std::min(batch.rows(), plan.limit));
  for (const OutputColumn& output : outputs) {
    const ColumnPtr column = batch.column(output.slot);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Value value = column->at(i, batch.arena());
      if (!value.is_null()) rows[i].push_back({output.name, text_of(value)});
    }
  }
  return rows;
}

}  // namespace

struct Run::Impl : std::enable_shared_from_this<Run::Impl> {
  Impl(Runtime& runtime_in, const logs::Logs& logs_in, Query query_in, RunOptions options_in,
       std::function<void()> on_end_in)
      : runtime(runtime_in),
        logs(logs_in),
        query(std::move(query_in)),
        options(std::move(options_in)),
        on_end(std::move(on_end_in)) {}

  void prepare();
  void start_next();
  Result<void> open(Job& job, const SubQuery* sub);
  Result<void> open_scans(Job& job, std::vector<std::string> groups, Time from, Time to);
  Result<void> find_lookups(Job& job);
  void work(Job& job, std::size_t worker);
  Result<bool> work_slice(Job& job, Job::Worker& worker);
  Result<void> work_block(Job& job, Job::Worker& worker, const logs::ScannedBlock& block);
  void worker_done(Job& job);
  Result<Batch> finish(Job& job);
  Result<void> finish_subquery(Job& job, std::size_t number);
  Result<void> finish_main(Job& job);
  void end(RunState final_state, std::optional<Error> error = {});
  const FlowShape* shape_of(const std::string& group);
  std::vector<Row> partial_rows();
  template <class Task>
  void post(Task task);

  Runtime& runtime;
  const logs::Logs& logs;
  const Query query;
  const RunOptions options;
  std::function<void()> on_end;
  std::vector<std::unique_ptr<Job>> jobs;  // the sub-queries, then the query
  std::atomic<std::size_t> current = 0;    // the job that runs

  std::atomic<bool> is_stopping{false};
  std::atomic<bool> has_enough{false};
  std::atomic<std::uint64_t> matched{0};
  std::atomic<std::uint64_t> scanned{0};
  std::atomic<std::uint64_t> bytes{0};
  // Of blocks that a filter ruled out by what the block says of its columns.
  std::atomic<std::uint64_t> records_ruled_out{0};
  std::atomic<std::uint64_t> bytes_ruled_out{0};

  std::mutex shapes_mutex;
  std::map<std::string, std::unique_ptr<FlowShape>> shapes;

  mutable std::mutex mutex;  // of what follows
  std::condition_variable idle;
  int slices = 0;  // under way
  bool is_closed = false;
  RunState state = RunState::running;
  std::optional<Error> error;
  std::vector<Row> rows;
  std::uint64_t bytes_skipped = 0;
  std::uint64_t groups_scanned = 0;
  std::mutex merging;  // the states of the workers are being merged
};

/// A slice: nothing is touched any more once the run is closed.
template <class Task>
void Run::Impl::post(Task task) {
  runtime.post_background([self = shared_from_this(), task = std::move(task)] {
    {
      const std::lock_guard lock(self->mutex);
      if (self->is_closed) return;
      ++self->slices;
    }
    task(*self);
    const std::lock_guard lock(self->mutex);
    --self->slices;
    self->idle.notify_all();
  });
}

void Run::Impl::end(RunState final_state, std::optional<Error> why) {
  std::function<void()> tell;
  {
    const std::lock_guard lock(mutex);
    if (state != RunState::running) return;
    state = final_state;
    error = std::move(why);
    tell = std::exchange(on_end, {});
  }
  is_stopping = true;
  if (tell) tell();
}

const FlowShape* Run::Impl::shape_of(const std::string& group) {
  const std::lock_guard lock(shapes_mutex);
  const auto [found, is_new] = shapes.try_emplace(group);
  if (is_new && options.flow_formats) {
    const std::vector<std::string> fields = options.flow_formats(options.scope, group);
    if (!fields.empty()) found->second = std::make_unique<FlowShape>(fields);
  }
  return found->second.get();
}

void Run::Impl::prepare() {
  if (is_stopping) return;
  const Plan& plan = query.plan();
  {
    const std::lock_guard lock(merging);
    for (const SubQuery& sub : plan.subqueries) {
      jobs.push_back(std::make_unique<Job>());
      jobs.back()->plan = sub.plan.get();
    }
    jobs.push_back(std::make_unique<Job>());
    jobs.back()->plan = &plan;
    jobs.back()->is_main = true;
    jobs.back()->context.subqueries.resize(plan.subqueries.size());
    jobs.back()->context.joins.resize(plan.subqueries.size());
  }
  start_next();
}

Result<void> Run::Impl::open_scans(Job& job, std::vector<std::string> groups, Time from, Time to) {
  job.context.from_ms = from.ms;
  job.context.to_ms = to.ms;
  std::vector<std::pair<Time, Time>> spans = {{from, to}};
  if (job.plan->compare_with) {
    const Duration span = to - from + Duration(1);
    const bool is_just_before = job.plan->compare_with->count() == 0;
    const Duration back = is_just_before ? span : *job.plan->compare_with;
    // The API's end time is a second that belongs to the query: a day has a second more.
    if (back < span - std::chrono::seconds(1)) {
      return Error{ErrorKind::invalid, "MalformedQueryException",
                   "the earlier time to compare with overlaps the query's own; choose a shorter "
                   "time range"};
    }
    spans.emplace_back(from - back, std::min(to - back, from - Duration(1)));
  }
  for (const auto& [first, last] : spans) {
    WEIR_TRY(logs::Scan scan,
             logs.scan(options.scope,
                       {.groups = groups, .from = first, .to = last, .newest_first = true}));
    job.scans.push_back(std::move(scan));
  }
  const std::lock_guard lock(mutex);
  groups_scanned += groups.size();
  return {};
}

Result<void> Run::Impl::find_lookups(Job& job) {
  for (const Plan::Lookup& wanted : job.plan->lookups) {
    auto table = options.lookups ? options.lookups(options.scope, wanted.table) : nullptr;
    if (!table) return no_lookup(wanted.table, "");
    for (const auto* columns : {&wanted.keys, &wanted.columns}) {
      for (const std::string& column : *columns) {
        if (!LookupIndex::place_of(*table, column)) return no_lookup(wanted.table, column);
      }
    }
    job.context.lookups.emplace_back(
        std::move(table), wanted.keys,
        wanted.is_cidr ? LookupIndex::Kind::cidr : LookupIndex::Kind::exact);
  }
  return {};
}

Result<void> Run::Impl::open(Job& job, const SubQuery* sub) {
  const Plan& plan = *job.plan;
  std::vector<std::string> groups = options.log_groups;
  Time from = options.from;
  Time to = options.to;
  if (sub != nullptr && !plan.sources.empty()) {
    WEIR_TRY(groups, resolve_groups(logs, options.scope, plan.sources));
    if (plan.sources[0].from) from = plan.sources[0].from->at(runtime.now());
    if (plan.sources[0].to) to = plan.sources[0].to->at(runtime.now());
  }
  if (sub != nullptr) job.deadline = runtime.monotonic() + options.subquery_time_max;
  const std::size_t count = options.workers != 0
                                ? options.workers
                                : std::max<std::size_t>(1, std::thread::hardware_concurrency());
  job.context.now_ms = runtime.now().ms;
  job.context.slots = plan.slots;
  job.context.groups_max = options.groups_max;
  job.context.rows_max = options.rows_max;
  job.context.memory_bytes_max = options.memory_bytes_max / count;
  WEIR_CHECK(find_lookups(job));
  WEIR_CHECK(open_scans(job, std::move(groups), from, to));
  const auto& steps = plan.stages[0].steps;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (steps[i]->is_filter()) job.filters_end = i + 1;
  }
  const std::lock_guard lock(merging);
  for (std::size_t i = 0; i < count; ++i) {
    job.workers.push_back(std::make_unique<Job::Worker>());
    job.workers.back()->state = plan.stages[0].gather->begin(job.context);
  }
  job.workers_left = count;
  return {};
}

void Run::Impl::start_next() {
  const std::size_t number = current;
  Job& job = *jobs[number];
  const auto& subqueries = query.plan().subqueries;
  const SubQuery* const sub = number < subqueries.size() ? &subqueries[number] : nullptr;
  if (auto opened = open(job, sub); !opened) {
    return end(RunState::failed, std::move(opened).error());
  }
  has_enough = false;
  const std::size_t count = job.workers.size();
  for (std::size_t i = 0; i < count; ++i) {
    post([&job, i](Impl& self) { self.work(job, i); });
  }
}

void Run::Impl::work(Job& job, std::size_t worker) {
  const auto goes_on = work_slice(job, *job.workers[worker]);
  if (!goes_on) {
    end(RunState::failed, goes_on.error());
    return worker_done(job);
  }
  if (!*goes_on) return worker_done(job);
  post([&job, worker](Impl& self) { self.work(job, worker); });
}

/// False: there is nothing more to do.
Result<bool> Run::Impl::work_slice(Job& job, Job::Worker& worker) {
  const auto begin = runtime.monotonic();
  do {
    if (is_stopping || has_enough) return false;
    if (job.deadline && runtime.monotonic() >= *job.deadline)
      return subquery_too_slow(options.subquery_time_max);
    const std::size_t place = job.scan;
    if (place >= job.scans.size()) return false;
    WEIR_TRY(const std::optional<logs::ScannedBlock> block, job.scans[place].next());
    if (!block) {
      std::size_t expected = place;
      job.scan.compare_exchange_strong(expected, place + 1);
      continue;
    }
    WEIR_CHECK(work_block(job, worker, *block));
  } while (runtime.monotonic() - begin < kSlice);
  return true;
}

Result<void> Run::Impl::work_block(Job& job, Job::Worker& worker, const logs::ScannedBlock& block) {
  const Plan& plan = *job.plan;
  EventLoader loader(plan.fields, block, shape_of(block.group()), options.scope.account);
  const Stage& stage = plan.stages[0];
  const auto filters = std::span(stage.steps).first(job.filters_end);
  const bool may_match =
      std::ranges::all_of(filters, [&](const auto& step) { return step->may_keep(loader); });
  if (!may_match) {
    records_ruled_out += block.size();
    bytes_ruled_out += block.message_bytes();
    return {};
  }
  Batch batch(plan.slots, block.size(), &loader);
  for (std::size_t i = 0; i < stage.steps.size(); ++i) {
    if (i == job.filters_end && job.is_main) matched += batch.rows();
    if (batch.rows() > 0) WEIR_CHECK(stage.steps[i]->apply(batch, job.context));
  }
  if (job.filters_end == stage.steps.size() && job.is_main) matched += batch.rows();
  scanned += block.size();
  bytes += block.message_bytes();
  if (batch.rows() == 0) return block.status();
  const std::lock_guard lock(worker.mutex);
  WEIR_CHECK(worker.state->add(batch, job.context));
  if (worker.state->is_full()) has_enough = true;
  return block.status();
}

void Run::Impl::worker_done(Job& job) {
  if (--job.workers_left > 0) return;
  if (is_stopping) return end(RunState::cancelled);
  const std::size_t number = current;
  const bool is_main = job.is_main;
  auto done = is_main ? finish_main(job) : finish_subquery(job, number);
  if (!done) return end(RunState::failed, std::move(done).error());
  if (is_main) return end(RunState::complete);
  ++current;
  start_next();
}

Result<Batch> Run::Impl::finish(Job& job) {
  const std::lock_guard lock(merging);
  job.context.memory_bytes_max = options.memory_bytes_max;
  Gather::State& first = *job.workers[0]->state;
  for (std::size_t i = 1; i < job.workers.size(); ++i) {
    WEIR_CHECK(first.merge(*job.workers[i]->state, job.context));
    job.workers[i]->state.reset();
  }
  WEIR_TRY(Batch batch, first.finish(job.context));
  return finish_stages(*job.plan, std::move(batch), job.context);
}

Result<void> Run::Impl::finish_subquery(Job& job, std::size_t number) {
  WEIR_TRY(Batch made, finish(job));
  const auto batch = std::make_shared<Batch>(std::move(made));
  RunContext& context = jobs.back()->context;
  const auto& outputs = job.plan->outputs;
  const SubQuery::Use use = query.plan().subqueries[number].use;
  if (use == SubQuery::Use::values) {
    const ColumnPtr column = batch->column(outputs[0].slot);
    const std::size_t count = std::min(batch->rows(), job.plan->limit);
    for (std::size_t i = 0; i < count; ++i) {
      context.subqueries[number].add(column->at(i, batch->arena()));
    }
    return {};
  }
  if (use == SubQuery::Use::join && batch->rows() > kJoinRowsMax) {
    return Error{ErrorKind::limit, "LimitExceededException",
                 "The sub-query of a join gives more than 50000 rows."};
  }
  JoinTable& table = context.joins[number];
  for (const OutputColumn& output : outputs) {
    table.names.push_back(output.name);
    table.columns.push_back(batch->column(output.slot));
  }
  table.row_count = std::min(batch->rows(), job.plan->limit);
  table.rows = batch;
  table.index = std::make_shared<JoinTable::Index>();
  return {};
}

Result<void> Run::Impl::finish_main(Job& job) {
  WEIR_TRY(Batch batch, finish(job));
  std::vector<Row> made = to_rows(*job.plan, batch);
  std::uint64_t skipped = 0;
  for (const logs::Scan& scan : job.scans) {
    const auto progress = scan.progress();
    if (has_enough && progress.stored_bytes > progress.bytes) {
      skipped += progress.stored_bytes - progress.bytes;
    }
  }
  const std::lock_guard lock(mutex);
  rows = std::move(made);
  bytes_skipped = skipped;
  return {};
}

/// What the workers have so far as if it were all. None if it is too much to copy, or being merged.
std::vector<Row> Run::Impl::partial_rows() {
  const std::unique_lock lock(merging, std::try_to_lock);
  if (!lock) return {};
  if (jobs.empty() || current + 1 != jobs.size()) return {};
  Job& job = *jobs.back();
  if (job.workers.empty()) return {};
  const auto merged = job.plan->stages[0].gather->begin(job.context);
  for (const auto& worker : job.workers) {
    const std::lock_guard worker_lock(worker->mutex);
    if (!worker->state || worker->state->size() > kPartialMax) return {};
    if (!merged->merge(*worker->state, job.context)) return {};
  }
  auto batch = merged->finish(job.context);
  if (!batch) return {};
  auto done = finish_stages(*job.plan, *std::move(batch), job.context);
  return done ? to_rows(*job.plan, *done) : std::vector<Row>();
}

Run::Run(Runtime& runtime, const logs::Logs& logs, Query query, RunOptions options,
         std::function<void()> on_end)
    : impl_(std::make_shared<Impl>(runtime, logs, std::move(query), std::move(options),
                                   std::move(on_end))) {
  impl_->post([](Impl& self) { self.prepare(); });
}

Run::~Run() {
  impl_->is_stopping = true;
  std::unique_lock lock(impl_->mutex);
  impl_->is_closed = true;
  impl_->idle.wait(lock, [this] { return impl_->slices == 0; });
  for (const auto& job : impl_->jobs) job->scans.clear();
}

void Run::stop() { impl_->end(RunState::cancelled); }

bool Run::is_final() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->state != RunState::running;
}

Statistics Run::statistics() const {
  Statistics out;
  out.records_matched = impl_->matched;
  out.records_scanned = impl_->scanned;
  out.bytes_scanned = impl_->bytes;
  out.records_skipped = impl_->records_ruled_out;
  const std::lock_guard lock(impl_->mutex);
  out.bytes_skipped = impl_->bytes_skipped + impl_->bytes_ruled_out;
  out.log_groups_scanned = impl_->groups_scanned;
  return out;
}

Snapshot Run::snapshot() const {
  Snapshot out;
  if (!is_final()) out.rows = impl_->partial_rows();
  out.statistics = statistics();
  const std::lock_guard lock(impl_->mutex);
  out.state = impl_->state;
  out.error = impl_->error;
  if (out.state == RunState::complete) out.rows = impl_->rows;
  return out;
}

}  // namespace weir::insights
