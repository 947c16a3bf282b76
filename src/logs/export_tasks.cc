// SPDX-License-Identifier: Apache-2.0
#include "logs/export_tasks.h"

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "base/log.h"
#include "logs/errors.h"
#include "logs/export_run.h"

namespace weir::logs {
namespace {

constexpr std::string_view kPrefix = "logs.exports/";

std::string key_of(const Scope& scope, std::string_view task_id) {
  return std::string(kPrefix).append(scope.key()).append(task_id);
}

bool is_ended(const ExportTask& task) {
  return task.status == "COMPLETED" || task.status == "CANCELLED" || task.status == "FAILED";
}

/// The newest first; ids decide between equals.
bool comes_before(const ExportTask& a, const ExportTask& b) {
  return std::pair(b.creation_time_ms, std::string_view(a.task_id)) <
         std::pair(a.creation_time_ms, std::string_view(b.task_id));
}

}  // namespace

Shape ExportTask::shape() {
  using S = ExportTask;
  static constexpr Member members[] = {
      required<&S::task_id>("taskId"),
      optional<&S::task_name>("taskName"),
      required<&S::log_group_name>("logGroupName"),
      optional<&S::log_stream_name_prefix>("logStreamNamePrefix"),
      required<&S::from_ms>("from"),
      required<&S::to_ms>("to"),
      required<&S::destination>("destination"),
      required<&S::destination_prefix>("destinationPrefix"),
      required<&S::status>("status"),
      optional<&S::message>("message"),
      required<&S::creation_time_ms>("creationTime"),
      optional<&S::completion_time_ms>("completionTime"),
  };
  return {"StoredExportTask", members};
}

struct ExportTasks::Impl {
  using Tasks = std::map<std::string, ExportTask, std::less<>>;  // by id
  struct State {
    std::map<Scope, Tasks> tasks;
    std::deque<std::pair<Scope, std::string>> pending;  // ids
    std::size_t running = 0;
  };

  Impl(Runtime& runtime_in, store::KvStore& store_in, Logs& logs_in, ExportSink& sink_in,
       Config config_in)
      : runtime(runtime_in), store(store_in), logs(logs_in), sink(sink_in), config(config_in) {}

  Result<void> load() {
    State loaded;
    Result<void> read;
    WEIR_CHECK(store.scan(kPrefix, [&](std::string_view key, std::string_view value) {
      key.remove_prefix(kPrefix.size());
      const Scope scope = Scope::take_from(key);
      auto task = from_json_text<ExportTask>(value);
      if (!task) {
        read = task.error();
        return false;
      }
      if (task->status == "PENDING_CANCEL") {
        task->status = "CANCELLED";
        task->completion_time_ms = runtime.now().ms;
      }
      if (!is_ended(*task)) {
        task->status = "PENDING";
        loaded.pending.emplace_back(scope, task->task_id);
      }
      std::string id = task->task_id;
      loaded.tasks[scope].emplace(std::move(id), *std::move(task));
      return true;
    }));
    WEIR_CHECK(read);
    *state.lock() = std::move(loaded);
    start_pending();
    return {};
  }

  /// Changes a task in the store and then in memory; nothing if it is not there any more.
  template <class Change>
  Result<void> change(const Scope& scope, std::string_view id, Change change_task) {
    const std::lock_guard lock(control);
    ExportTask task;
    {
      auto locked = state.lock();
      const auto found = locked->tasks[scope].find(id);
      if (found == locked->tasks[scope].end()) return {};
      task = found->second;
    }
    change_task(task);
    WEIR_CHECK(store.put(key_of(scope, id), to_json_text(task)));
    state.lock()->tasks[scope].find(id)->second = std::move(task);
    return {};
  }

  Result<void> check_and_make_room(const Scope& scope) {
    store::WriteBatch batch;
    std::vector<std::string> forgotten;
    {
      auto locked = state.lock();
      const Tasks& tasks = locked->tasks[scope];
      std::vector<const ExportTask*> ended;
      for (const auto& [id, task] : tasks) {
        if (is_ended(task)) ended.push_back(&task);
      }
      if (tasks.size() - ended.size() >= config.active_max) return limit_exceeded();
      std::ranges::sort(ended, [](const auto* a, const auto* b) { return comes_before(*a, *b); });
      while (!ended.empty() && ended.size() >= config.kept_max) {
        forgotten.push_back(ended.back()->task_id);
        ended.pop_back();
      }
    }
    for (const std::string& id : forgotten) batch.erase(key_of(scope, id));
    if (!batch.empty()) WEIR_CHECK(store.write(batch));
    auto locked = state.lock();
    for (const std::string& id : forgotten) locked->tasks[scope].erase(id);
    return {};
  }

  void start_pending() {
    for (;;) {
      std::pair<Scope, std::string> next;
      {
        auto locked = state.lock();
        if (locked->running >= kRunningMax || locked->pending.empty()) return;
        next = std::move(locked->pending.front());
        locked->pending.pop_front();
        ++locked->running;
      }
      runtime.post([this, next] { begin(next.first, next.second); });
    }
  }

  std::string status_of(const Scope& scope, std::string_view id) const {
    auto locked = state.lock();
    const auto found = locked->tasks[scope].find(id);
    return found == locked->tasks[scope].end() ? "" : found->second.status;
  }

  void begin(const Scope& scope, const std::string& id) {
    ExportTask task;
    const auto begun = change(scope, id, [&](ExportTask& changed) {
      if (changed.status == "PENDING") changed.status = "RUNNING";
      task = changed;
    });
    if (!begun) return end(scope, id, "FAILED", begun.error().message);
    // Shared: a task of the Runtime has to be copyable.
    go_on(scope, id, std::make_shared<ExportRun>(logs, sink, scope, std::move(task)));
  }

  void go_on(const Scope& scope, const std::string& id, const std::shared_ptr<ExportRun>& run) {
    if (status_of(scope, id) != "RUNNING") return end(scope, id, "CANCELLED", "");
    const auto more = run->step();
    if (!more) return end(scope, id, "FAILED", more.error().message);
    if (!*more) return end(scope, id, "COMPLETED", "Completed successfully");
    runtime.post([this, scope, id, run] { go_on(scope, id, run); });
  }

  void end(const Scope& scope, const std::string& id, std::string_view status,
           std::string_view message) {
    const auto changed = change(scope, id, [&](ExportTask& task) {
      task.status = status;
      task.message = message;
      task.completion_time_ms = runtime.now().ms;
    });
    if (!changed) {
      log::warn("cannot write down the end of an export, the next start does it again",
                {{"task", id}, {"error", changed.error().message}});
      auto locked = state.lock();
      const auto found = locked->tasks[scope].find(id);
      if (found != locked->tasks[scope].end()) found->second.status = status;
    }
    if (status == "FAILED") log::warn("an export failed", {{"task", id}, {"error", message}});
    --state.lock()->running;
    start_pending();
  }

  Runtime& runtime;
  store::KvStore& store;
  Logs& logs;
  ExportSink& sink;
  const Config config;
  std::mutex control;  // one change of tasks at a time
  mutable Guarded<State> state;
};

ExportTasks::ExportTasks(Runtime& runtime, store::KvStore& store, Logs& logs, ExportSink& sink,
                         Config config)
    : impl_(std::make_unique<Impl>(runtime, store, logs, sink, config)) {}

ExportTasks::~ExportTasks() = default;

Result<void> ExportTasks::load() { return impl_->load(); }

Result<std::string> ExportTasks::create(const Scope& scope, ExportTask task) {
  WEIR_TRY(const bool has_bucket, impl_->sink.has_bucket(scope, task.destination));
  if (!has_bucket) {
    return invalid_parameter(
        "The given bucket does not exist. Please make sure the bucket is valid.");
  }
  WEIR_CHECK(impl_->logs.log_group(scope, task.log_group_name));
  if (task.from_ms > task.to_ms) {
    return invalid_parameter("The time range is invalid: from is later than to.");
  }
  while (task.destination_prefix.ends_with('/')) task.destination_prefix.pop_back();
  task.status = "PENDING";
  task.message.clear();
  task.completion_time_ms.reset();
  task.task_id = impl_->runtime.uuid();
  task.creation_time_ms = impl_->runtime.now().ms;
  {
    const std::lock_guard control(impl_->control);
    WEIR_CHECK(impl_->check_and_make_room(scope));
    WEIR_CHECK(impl_->store.put(key_of(scope, task.task_id), to_json_text(task)));
    auto state = impl_->state.lock();
    state->tasks[scope].emplace(task.task_id, task);
    state->pending.emplace_back(scope, task.task_id);
  }
  impl_->start_pending();
  return task.task_id;
}

Result<Page<ExportTask>> ExportTasks::list(const Scope& scope, const Query& query) const {
  std::vector<ExportTask> tasks;
  {
    auto state = impl_->state.lock();
    for (const auto& [id, task] : state->tasks[scope]) tasks.push_back(task);
  }
  std::ranges::sort(tasks, comes_before);
  auto first = tasks.begin();
  if (!query.after.empty()) {
    first = std::ranges::find(tasks, query.after, &ExportTask::task_id);
    if (first == tasks.end()) return bad_token();
    ++first;
  }
  Page<ExportTask> page;
  for (; first != tasks.end(); ++first) {
    if (!query.task_id.empty() && first->task_id != query.task_id) continue;
    if (!query.status.empty() && first->status != query.status) continue;
    if (page.items.size() == query.limit) {
      page.next = page.items.back().task_id;
      break;
    }
    page.items.push_back(*first);
  }
  return page;
}

Result<void> ExportTasks::cancel(const Scope& scope, std::string_view task_id) {
  std::string was;
  WEIR_CHECK(impl_->change(scope, task_id, [&](ExportTask& task) {
    was = task.status;
    if (!is_ended(task)) task.status = "PENDING_CANCEL";
  }));
  if (was.empty()) return not_found("The specified export task does not exist.");
  if (was == "PENDING" || was == "RUNNING" || was == "PENDING_CANCEL") return {};
  return Error{ErrorKind::invalid, "InvalidOperationException",
               "The specified export task has already finished"};
}

}  // namespace weir::logs
