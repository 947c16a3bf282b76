// SPDX-License-Identifier: Apache-2.0
#include "sql/athena.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <limits>
#include <system_error>

#include "base/counters.h"
#include "base/log.h"
#include "sql/athena_state.h"
#include "sql/ddl.h"
#include "sql/error_types.h"
#include "sql/parser.h"
#include "sql/partitions.h"
#include "sql/types.h"

// Store: kinds of keys behind athena/<account>/<region>/
//   e/<id>  execution           o/<time, newest first><id>  its work group   k/<token>  id by
//   request token w/<name>  work group        q/<id>  named query         n/<token>  named query by
//   request token d, t, p  catalog (catalog.cc)
// and athena-live/<account>/<region>/<id>: executions that are not final.
namespace weir::sql {
namespace {

constexpr std::size_t kTokenMin = 32;
constexpr std::size_t kTokenMax = 128;
constexpr std::size_t kForgottenPerStart = 8;
constexpr std::string_view kLive = "athena-live/";

std::string live_key(const Scope& scope, std::string_view id) {
  return std::string(kLive) + scope.key() + std::string(id);
}

Error execution_not_found(std::string_view id) {
  return invalid_request("QUERY_EXECUTION_NOT_FOUND",
                         "QueryExecution " + std::string(id) + " was not found");
}

/// What the result object is called, behind the id.
std::string_view result_ending(const ast::Statement& statement) {
  return statement.subtype == "SELECT" || statement.subtype == "SHOW_FUNCTIONS" ? ".csv" : ".txt";
}

Result<void> check_token(const std::optional<std::string>& token) {
  if (!token || token->empty()) {
    return invalid_request("INVALID_INPUT", "clientRequestToken is null or empty");
  }
  if (token->size() < kTokenMin || token->size() > kTokenMax) {
    return invalid_request("INVALID_INPUT", "clientRequestToken must be 32 to 128 characters long");
  }
  return {};
}

}  // namespace

std::string Athena::Impl::order_key(const Scope& scope, Time submitted, std::string_view id) {
  std::string out = key(scope, "o", "");
  store::append_u64(
      out, std::numeric_limits<std::uint64_t>::max() - static_cast<std::uint64_t>(submitted.ms));
  return out + std::string(id);
}

Athena::Athena(Runtime& runtime, store::KvStore& store, ObjectFiles& objects, Config config)
    : impl_(std::make_unique<Impl>(runtime, store, objects, std::move(config))) {}
Athena::~Athena() = default;

Catalog& Athena::catalog() { return impl_->catalog; }
const Catalog& Athena::catalog() const { return impl_->catalog; }

Result<void> Athena::load() {
  std::error_code error;
  const std::filesystem::path folder = impl_->config.work_folder;
  std::filesystem::remove_all(folder, error);
  std::filesystem::create_directories(folder / "results", error);
  if (!error) std::filesystem::create_directories(folder / "spill", error);
  if (error) {
    return Error{ErrorKind::unavailable, "InternalServerException",
                 "cannot make the SQL work folder " + folder.string() + ": " + error.message()};
  }
  std::vector<std::pair<Scope, std::string>> live;
  WEIR_CHECK(impl_->store.scan(kLive, [&](std::string_view key, std::string_view) {
    key.remove_prefix(kLive.size());
    Scope scope = Scope::take_from(key);
    live.emplace_back(std::move(scope), std::string(key));
    return true;
  }));
  for (const auto& [scope, id] : live) {
    WEIR_TRY(StoredExecution stored, impl_->stored(scope, id));
    auto job = std::make_shared<Job>();
    job->scope = scope;
    const bool was_running = stored.execution.status.state == "RUNNING";
    *job->stored.lock() = std::move(stored);
    impl_->state.lock()->jobs.emplace(id, job);
    if (was_running) {
      ++impl_->state.lock()->running;
      impl_->finish(job, Error{ErrorKind::internal, "GENERIC_INTERNAL_ERROR",
                               "the daemon was restarted while the query ran"});
    } else {
      impl_->state.lock()->queue.push_back(job);
    }
  }
  impl_->pump();
  return {};
}

void Athena::shut_down() {
  std::vector<Impl::JobPtr> running;
  {
    auto state = impl_->state.lock();
    state->is_shut_down = true;
    for (const auto& [id, job] : state->jobs) running.push_back(job);
  }
  for (const auto& job : running) job->interrupt();
}

Result<std::string> Athena::Impl::output_folder(const StartQuery& query,
                                                const WorkGroup& group) const {
  const auto& own = group.configuration.result;
  const std::optional<std::string> of_group = own ? own->output_location : std::nullopt;
  const std::optional<std::string> of_query =
      query.result ? query.result->output_location : std::nullopt;
  const bool enforced = group.configuration.enforce.value_or(true) && of_group;
  std::string folder = enforced   ? *of_group
                       : of_query ? *of_query
                                  : of_group.value_or(config.output_location);
  if (folder.empty()) {
    return invalid_request(
        "INVALID_INPUT",
        "No output location provided. An output location is required either through the "
        "Workgroup result configuration setting or as an API input.");
  }
  if (!parse_s3(folder)) {
    return invalid_request("INVALID_INPUT", "outputLocation is not a valid S3 path.");
  }
  if (folder.back() != '/') folder += '/';
  return folder;
}

Result<std::optional<std::string>> Athena::Impl::same_request(const Scope& scope,
                                                              const StartQuery& query,
                                                              const StoredExecution& now) const {
  WEIR_TRY(const auto id, store.get(key(scope, "k", *query.token)));
  if (!id) return std::optional<std::string>();
  auto before = stored(scope, *id);
  if (!before) return std::optional<std::string>();  // older than the history
  const QueryExecution& old = before->execution;
  const auto folder = [](const QueryExecution& e) {
    const std::string text = e.result.output_location.value_or("");
    return text.substr(0, text.rfind('/'));
  };
  const bool same =
      old.query == now.execution.query && old.context.database == now.execution.context.database &&
      old.context.catalog == now.execution.context.catalog && folder(old) == folder(now.execution);
  if (!same)
    return invalid_request("IDEMPOTENT_PARAMETER_MISMATCH", "Idempotent parameters do not match");
  return id;
}

void Athena::Impl::forget_old(const Scope& scope, store::WriteBatch& batch) const {
  // The oldest stand last; a few per start keep the history in bounds without a timer.
  const std::string prefix = key(scope, "o", "");
  const auto cursor = store.cursor();
  cursor->seek_back(store::prefix_end(prefix));
  for (std::size_t n = 0; n < kForgottenPerStart && cursor->valid(); ++n, cursor->previous()) {
    std::string_view rest = cursor->key();
    if (!rest.starts_with(prefix)) return;
    rest.remove_prefix(prefix.size());
    if (rest.size() <= 8) return;
    const auto submitted = std::numeric_limits<std::uint64_t>::max() - store::read_u64(rest);
    if (runtime.now() - Time{static_cast<std::int64_t>(submitted)} < config.history) return;
    const auto old = stored(scope, rest.substr(8));
    if (old && !old->execution.status.is_final()) return;
    if (old && old->token) batch.erase(key(scope, "k", *old->token));
    batch.erase(key(scope, "e", rest.substr(8)));
    batch.erase(std::string(cursor->key()));
  }
}

Result<std::string> Athena::start(const Scope& scope, const StartQuery& query) {
  Impl& impl = *impl_;
  WEIR_CHECK(check_token(query.token));
  const auto group = impl.work_group(scope, query.work_group);
  if (!group) return invalid_request("INVALID_INPUT", "WorkGroup is not found.");
  if (group->state != "ENABLED") {
    return invalid_request("INVALID_INPUT", "WorkGroup " + group->name + " is disabled.");
  }
  WEIR_TRY(const std::string folder, impl.output_folder(query, *group));
  auto parsed = parse_statement(query.query);
  if (!parsed) {
    const std::string& code = parsed.error().code;
    return invalid_request(code == "INVALID_INPUT" ? code : "MALFORMED_QUERY",
                           parsed.error().message);
  }
  const ast::Statement& statement = *parsed;
  const std::string bucket = parse_s3(folder)->bucket;
  WEIR_TRY(const bool has_bucket, impl.objects.has_bucket(scope, bucket));
  if (!has_bucket) {
    return invalid_request("INVALID_INPUT", "Unable to verify/create output bucket " + bucket);
  }
  StoredExecution made;
  QueryExecution& execution = made.execution;
  execution.id = impl.runtime.uuid();
  execution.query = statement.text;
  execution.statement_type = statement.type;
  execution.substatement_type = statement.subtype;
  if (query.result) execution.result = *query.result;
  execution.result.output_location = folder + execution.id + std::string(result_ending(statement));
  if (query.context) execution.context = *query.context;
  if (execution.context.catalog) execution.context.catalog = to_lower(*execution.context.catalog);
  execution.status.submitted = impl.runtime.now();
  execution.work_group = group->name;
  if (!query.parameters.empty()) execution.parameters = query.parameters;
  made.token = query.token;

  Ddl ddl(impl.catalog, impl.objects, scope, execution.context.database.value_or("default"),
          execution.status.submitted);
  if (auto checked = ddl.check(statement); !checked) {
    return invalid_request("INVALID_INPUT", checked.error().message);
  }
  WEIR_TRY(const auto before, impl.same_request(scope, query, made));
  if (before) return *before;
  if (impl.state.lock()->jobs.size() >= static_cast<std::size_t>(impl.config.queued_max) +
                                            static_cast<std::size_t>(impl.config.running_max)) {
    counter("weir_athena_queries_refused_total", "Queries refused because the queue was full")
        .add();
    return Error{ErrorKind::limit,
                 "TooManyRequestsException",
                 "You have exceeded the limit for the number of queries you can run concurrently. "
                 "Please reduce "
                 "the number of concurrent queries submitted by this account.",
                 {{"Reason", "CONCURRENT_QUERY_LIMIT_EXCEEDED"}}};
  }
  store::WriteBatch batch;
  batch.put(Impl::key(scope, "e", execution.id), to_json_text(made));
  batch.put(Impl::order_key(scope, execution.status.submitted, execution.id), execution.work_group);
  batch.put(Impl::key(scope, "k", *query.token), execution.id);
  batch.put(live_key(scope, execution.id), "");
  impl.forget_old(scope, batch);
  WEIR_CHECK(impl.store.write(batch));
  auto job = std::make_shared<Job>();
  job->scope = scope;
  std::string id = execution.id;
  *job->stored.lock() = std::move(made);
  impl.enqueue(std::move(job));
  return id;
}

void Athena::Impl::enqueue(JobPtr job) {
  {
    const std::string id = job->stored.lock()->execution.id;
    auto locked = state.lock();
    locked->jobs.emplace(id, job);
    locked->queue.push_back(std::move(job));
  }
  pump();
}

void Athena::Impl::pump() {
  while (true) {
    JobPtr job;
    {
      auto locked = state.lock();
      if (locked->is_shut_down || locked->queue.empty() || locked->running >= config.running_max)
        return;
      job = std::move(locked->queue.front());
      locked->queue.pop_front();
      ++locked->running;
    }
    runtime.post([this, job] { run(job); });
  }
}

void Athena::Impl::run(const JobPtr& job) {
  const auto begun = runtime.monotonic();
  const Time now = runtime.now();
  {
    auto stored = job->stored.lock();
    stored->execution.status.state = "RUNNING";
    stored->execution.statistics.queue_ms =
        std::max<std::int64_t>(1, (now - stored->execution.status.submitted).count());
  }
  // A crash from here on means FAILED; the statement might have had effects already.
  Result<void> outcome;
  const StoredExecution running = *job->stored.lock();
  outcome = store.put(key(job->scope, "e", running.execution.id), to_json_text(running));
  if (outcome) {
    const TimerId timeout = runtime.after(config.query_timeout, [job] {
      job->is_timed_out = true;
      job->interrupt();
    });
    outcome = executor.run(*job);
    runtime.cancel(timeout);
  }
  const auto spent = std::chrono::duration_cast<Duration>(runtime.monotonic() - begun).count();
  {
    auto stored = job->stored.lock();
    stored->execution.statistics.engine_ms = std::max<std::int64_t>(1, spent);
  }
  finish(job, outcome);
  pump();
}

void Athena::Impl::finish(const JobPtr& job, const Result<void>& outcome) {
  StoredExecution done = *job->stored.lock();
  QueryExecution& execution = done.execution;
  execution.status.completed = runtime.now();
  auto& statistics = execution.statistics;
  statistics.preprocessing_ms = 1;
  statistics.service_ms = 1;
  if (!statistics.queue_ms) statistics.queue_ms = 1;
  if (!statistics.engine_ms) statistics.engine_ms = 1;
  if (!statistics.scanned_bytes) statistics.scanned_bytes = 0;
  statistics.total_ms = *statistics.queue_ms + *statistics.engine_ms + 2;
  statistics.reuse = ResultReuseInformation{};
  if (outcome) {
    execution.status.state = "SUCCEEDED";
  } else if (job->is_cancelled) {
    execution.status.state = "CANCELLED";
    execution.status.reason = "Query cancelled by user";
  } else {
    Error error = outcome.error();
    if (job->is_timed_out) error = {ErrorKind::limit, "EXCEEDED_TIME_LIMIT", "Query timeout"};
    execution.status.state = "FAILED";
    execution.status.reason = failure_reason(error);
    execution.status.error = failure_details(error);
    executor.write_failure(done, job->scope, *execution.status.reason);
  }
  counter("weir_athena_queries_total", "Queries by their end",
          "state=\"" + execution.status.state + '"')
      .add();
  store::WriteBatch batch;
  batch.put(key(job->scope, "e", execution.id), to_json_text(done));
  batch.erase(live_key(job->scope, execution.id));
  if (const auto written = store.write(batch); !written) {
    // The record stays live, so the next start will say what became of it.
    log::error("cannot store the end of a query",
               {{"execution", execution.id}, {"error", written.error().message}});
  }
  const std::string id = execution.id;
  *job->stored.lock() = std::move(done);
  auto locked = state.lock();
  locked->jobs.erase(id);
  --locked->running;
}

Result<StoredExecution> Athena::Impl::stored(const Scope& scope, std::string_view id) const {
  JobPtr job;
  {
    auto locked = state.lock();
    const auto found = locked->jobs.find(id);
    if (found != locked->jobs.end() && found->second->scope == scope) job = found->second;
  }
  if (job) return StoredExecution(*job->stored.lock());
  WEIR_TRY(const auto text, store.get(key(scope, "e", id)));
  if (!text) return execution_not_found(id);
  return from_json_text<StoredExecution>(*text);
}

Result<QueryExecution> Athena::execution(const Scope& scope, std::string_view id) const {
  WEIR_TRY(StoredExecution found, impl_->stored(scope, id));
  return std::move(found.execution);
}

Result<void> Athena::stop(const Scope& scope, std::string_view id) {
  WEIR_TRY(const StoredExecution found, impl_->stored(scope, id));
  if (found.execution.status.is_final()) return {};
  Impl::JobPtr job;
  bool was_queued = false;
  {
    auto state = impl_->state.lock();
    const auto known = state->jobs.find(id);
    if (known == state->jobs.end()) return {};  // it has just ended
    job = known->second;
    job->is_cancelled = true;
    const auto place = std::find(state->queue.begin(), state->queue.end(), job);
    was_queued = place != state->queue.end();
    if (was_queued) {
      state->queue.erase(place);
      ++state->running;  // finish() takes it back
    }
  }
  if (was_queued) {
    impl_->finish(job, Error{ErrorKind::invalid, "QUERY_INTERRUPTED", "stopped before it began"});
  } else {
    job->interrupt();
  }
  return {};
}

Result<Page<std::string>> Athena::list_executions(const Scope& scope, std::string_view work_group,
                                                  std::size_t limit, std::string_view token) const {
  const std::string prefix = Impl::key(scope, "o", "");
  const auto cursor = impl_->store.cursor();
  Page<std::string> page;
  std::string begin = prefix;
  if (!token.empty()) {
    // The token is the id of the last one given out.
    const auto last = impl_->stored(scope, token);
    if (!last) return invalid_request("INVALID_INPUT", "Invalid NextToken");
    begin = Impl::order_key(scope, last->execution.status.submitted, token) + '\001';
  }
  for (cursor->seek(begin); cursor->valid() && cursor->key().starts_with(prefix); cursor->next()) {
    if (cursor->value() != work_group) continue;
    if (page.items.size() == limit) {
      page.next_token = page.items.back();
      break;
    }
    page.items.emplace_back(cursor->key().substr(prefix.size() + 8));
  }
  WEIR_CHECK(cursor->status());
  return page;
}

Result<ResultPage> Athena::results(const Scope& scope, std::string_view id, std::size_t limit,
                                   std::string_view token) const {
  WEIR_TRY(const StoredExecution found, impl_->stored(scope, id));
  const std::string& state = found.execution.status.state;
  if (state == "CANCELLED") return invalid_request("RESULT_NOT_FOUND", "Could not find results");
  if (state == "FAILED") {
    return invalid_request("INVALID_QUERY_EXECUTION_STATE",
                           "Query did not finish successfully. Final query state: FAILED");
  }
  if (state != "SUCCEEDED") {
    return invalid_request("INVALID_QUERY_EXECUTION_STATE",
                           "Query has not yet finished. Current state: " + state);
  }
  std::uint64_t offset = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), offset);
  if (!token.empty() && (error != std::errc() || end != token.data() + token.size())) {
    return invalid_request("INVALID_INPUT", "Invalid NextToken");
  }
  const auto location = parse_s3(*found.execution.result.output_location);
  WEIR_ASSERT(location.has_value());
  const auto file = impl_->objects.local_path(scope, location->bucket, location->key);
  if (!file) return invalid_request("RESULT_NOT_FOUND", "Could not find results");
  ResultPage page;
  page.columns = found.columns;
  page.update_count = found.update_count;
  ResultReader reader(*file, result_format(found.execution), offset);
  if (offset == 0 && found.execution.substatement_type == "EXPLAIN") {
    page.rows.push_back(Row{{Datum{found.columns.at(0).name}}});
  }
  while (page.rows.size() < limit) {
    WEIR_TRY(auto row, reader.next());
    if (!row) return page;
    page.rows.push_back(*std::move(row));
  }
  const std::uint64_t next = reader.offset();
  WEIR_TRY(const auto more, reader.next());
  if (more) page.next_token = std::to_string(next);
  return page;
}

}  // namespace weir::sql
