// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "insights/batch.h"
#include "insights/engine.h"
#include "insights/events.h"
#include "insights/expression.h"

namespace weir::insights {

/// A command that handles one batch after the other. Threads: any number at a time.
class Step {
 public:
  virtual ~Step() = default;
  /// Error: LimitExceededException, a bound is reached.
  virtual Result<void> apply(Batch& batch, const RunContext& run) const = 0;
  /// The slots that it reads.
  virtual std::vector<Slot> reads() const = 0;
  /// Whether every row leaves as one row.
  virtual bool keeps_rows() const { return true; }
  /// Whether each row leaves as it would alone, so that rows may be dropped before as well as
  /// after.
  virtual bool is_rowwise() const { return false; }
  /// The step keeps this many first rows and does nothing else.
  virtual std::optional<std::size_t> first_rows() const { return std::nullopt; }
  /// Whether it drops rows of events by a condition (`filter`).
  virtual bool is_filter() const { return false; }
  /// False: it drops all of these events.
  virtual bool may_keep(const FieldFacts&) const { return true; }
};

/// A command that needs all rows before it gives the first. Every worker fills a state of its own;
/// they are merged into one.
class Gather {
 public:
  class State {
   public:
    virtual ~State() = default;
    /// Error: LimitExceededException, a bound of the run is reached.
    virtual Result<void> add(Batch& batch, const RunContext& run) = 0;
    virtual Result<void> merge(const State& other, const RunContext& run) = 0;
    /// The rows in their order. Leaves the state as it is.
    virtual Result<Batch> finish(const RunContext& run) const = 0;
    /// How much there is to copy in a merge, in rows.
    virtual std::size_t size() const = 0;
    /// No more rows are needed.
    virtual bool is_full() const { return false; }
  };
  virtual ~Gather() = default;
  virtual std::unique_ptr<State> begin(const RunContext& run) const = 0;
  virtual std::vector<Slot> reads() const = 0;
  /// Told once, when the plan is complete: the slots that are read after it.
  virtual void keep(std::vector<Slot>) {}
  /// Told, if it is so, when the plan is complete: only the first rows of the result are used.
  virtual void want(std::size_t) {}
};

struct OutputColumn {
  std::string name;
  Slot slot = 0;
};

/// Some steps and what gathers their rows; the last stage of a plan has no gather.
struct Stage {
  std::vector<std::unique_ptr<Step>> steps;
  std::unique_ptr<Gather> gather;
};

/// A query within a query.
struct SubQuery {
  enum class Use : std::uint8_t {
    values,   // of its only field, for `in (...)`
    join,     // rows that are found by their keys
    columns,  // rows that are found by their places, for `appendcols`
  };
  std::shared_ptr<const Plan> plan;
  Use use = Use::values;
};

/// What compile() makes.
struct Plan {
  std::vector<Source> sources;
  std::size_t slots = 0;
  EventFields fields;
  std::vector<Stage> stages;
  std::vector<OutputColumn> outputs;
  std::optional<Slot> pointer;  // of `@ptr`, if rows are events
  std::size_t limit = Limits::kRowsDefault;
  std::vector<SubQuery> subqueries;
  /// A table that a command reads, and which of its columns must be there.
  struct Lookup {
    std::string table;
    bool is_cidr = false;
    std::vector<std::string> keys = {};
    std::vector<std::string> columns = {};  // that the command gives out
  };
  std::vector<Lookup> lookups;
  std::vector<std::string> warnings;
  std::vector<std::string> standard_commands;  // used ones that class INFREQUENT_ACCESS has not
  /// `diff`, `logcompare`: how much earlier the other time span is; 0: just before.
  std::optional<Duration> compare_with;
};

}  // namespace weir::insights
