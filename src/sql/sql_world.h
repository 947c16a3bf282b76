// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/runtime.h"
#include "sql/athena.h"
#include "store/kv_store.h"

namespace weir::sql {

/// For tests: Athena on virtual time over a temporary folder of objects, with a bucket `lake` and
/// the database `net` whose table `flow` is AWS's text table of version 2 records with four rows.
class SqlWorld {
 public:
  SqlWorld();
  ~SqlWorld();

  struct Answer {
    std::vector<std::string> rows;  // without the header; values between ` | `
    std::string types;              // same
    std::string error;              // reason of the failure, or the text of the refusal
    std::string state;
    std::string id;
  };
  /// Starts the statement in database `net`, lets time pass until it ends, and reads the result.
  Answer run(const std::string& sql, const std::vector<std::string>& parameters = {});
  /// Only starts it.
  Result<std::string> start(const std::string& sql, const std::string& token = "");
  /// Writes an object of bucket `lake`; a key that ends in .gz is compressed.
  void put(const std::string& key, const std::string& text);
  std::string get(const std::string& key) const;
  /// As after a restart of the daemon: the store and the objects stay.
  void restart();

  Scope scope;
  std::filesystem::path folder;
  SimulatedRuntime runtime{7, Time::from_seconds(1785542400)};  // 2026-08-01T00:00:00Z
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  std::unique_ptr<ObjectFiles> objects;
  std::unique_ptr<Athena> athena;

 private:
  int tokens_ = 0;
};

}  // namespace weir::sql
