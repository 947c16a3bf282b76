// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "sql/executor.h"

/// Private to athena*.cc.
namespace weir::sql {

struct Athena::Impl {
  Impl(Runtime& runtime_in, store::KvStore& store_in, ObjectFiles& objects_in, Config config_in)
      : runtime(runtime_in),
        store(store_in),
        objects(objects_in),
        config(std::move(config_in)),
        catalog(store),
        engine(runtime, config),
        executor(runtime, catalog, objects, engine, config) {}

  using JobPtr = std::shared_ptr<Job>;  // see Job
  struct State {
    std::deque<JobPtr> queue;
    std::map<std::string, JobPtr, std::less<>> jobs;  // queued and running, by id
    int running = 0;
    bool is_shut_down = false;
  };

  // Keys: athena/<account>/<region>/<kind>/...
  static std::string key(const Scope& scope, std::string_view kind, std::string_view name) {
    return "athena/" + scope.key() + std::string(kind) + '/' + std::string(name);
  }
  static std::string order_key(const Scope& scope, Time submitted, std::string_view id);

  Result<WorkGroup> work_group(const Scope& scope, std::string_view name) const;
  Result<std::string> output_folder(const StartQuery& query, const WorkGroup& group) const;
  Result<std::optional<std::string>> same_request(const Scope& scope, const StartQuery& query,
                                                  const StoredExecution& now) const;
  Result<StoredExecution> stored(const Scope& scope, std::string_view id) const;
  void forget_old(const Scope& scope, store::WriteBatch& batch) const;
  void enqueue(JobPtr job);
  void pump();
  void run(const JobPtr& job);
  void finish(const JobPtr& job, const Result<void>& outcome);

  Runtime& runtime;
  store::KvStore& store;
  ObjectFiles& objects;
  Config config;
  Catalog catalog;
  Engine engine;
  Executor executor;
  Guarded<State> state;
};

}  // namespace weir::sql
