// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "import/batch.h"
#include "import/sources.h"

namespace weir::import {

/// Takes the records of one source, in order.
///
/// Threads: one at a time. Destroying it without finish() leaves the source unfinished: what was
/// not yet handed over is forgotten and comes again.
class SourceSink {
 public:
  virtual ~SourceSink() = default;
  /// A row that is a record but cannot be taken.
  struct Refused {
    std::size_t row = 0;
    std::string_view why;
  };
  /// Adds to `refused` what cannot be taken, in order. Error: of the destination.
  virtual Result<void> add(const Batch& batch, std::vector<Refused>& refused) = 0;
  /// Hands over what is left. `is_complete`: the source was read to its end, so it need not be read
  /// again.
  virtual Result<void> finish(bool is_complete) = 0;
  /// Records that the destination did not store, because of their age.
  virtual std::uint64_t expired() const { return 0; }
};

/// Where the records of an import go.
class Destination {
 public:
  virtual ~Destination() = default;
  /// How much of a source is there already.
  struct Start {
    bool is_complete = false;
    std::int64_t position = 0;  // records
    std::string grown_from;     // the version of which there is that much, if it is an earlier one
  };
  /// Called for sources in the order of their names, on one thread. `place` holds the source.
  virtual Result<Start> start(const SourceInfo& source, const Sources& place) = 0;
  /// Called on a worker. nullptr: the source is complete (known only now).
  virtual Result<std::unique_ptr<SourceSink>> open(const SourceInfo& source, Start start) = 0;
};

/// Takes everything and keeps nothing: `--check`.
std::unique_ptr<Destination> no_destination();

}  // namespace weir::import
