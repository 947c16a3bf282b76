// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "flow/format.h"
#include "import/entry.h"
#include "import/sources.h"

namespace weir::import {

/// Takes the entries of one source, in order.
///
/// Threads: one at a time. Destroying it without finish() leaves the source unfinished: what was
/// not yet handed over is forgotten and comes again.
class SourceSink {
 public:
  virtual ~SourceSink() = default;
  /// Why the entry cannot be taken ("" if it is), or the Error of the destination.
  virtual Result<std::string_view> add(const Entry& entry) = 0;
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
    std::int64_t position = 0;  // entries
  };
  /// Called for sources in the order of their names, on one thread.
  virtual Result<Start> start(const SourceInfo& source) = 0;
  /// Called on a worker. nullptr: the source is complete (known only now).
  virtual Result<std::unique_ptr<SourceSink>> open(const SourceInfo& source, Start start) = 0;
};

/// Takes everything and keeps nothing: `--check`.
std::unique_ptr<Destination> no_destination();

/// Where the fields that matter to an import stand in a format; -1 for what it does not have.
class FieldPlaces {
 public:
  const flow::Format* format = nullptr;
  int start = -1;
  int end = -1;
  int interface_id = -1;
  int resource_id = -1;

  /// Brings them up to date for an entry; cheap while the format stays.
  void look(const Entry& entry);
  /// The value at a place; "" where it is absent.
  static std::string_view at(const Entry& entry, int place);
  /// Unix seconds as they stand in a record; nothing beyond what an event can have.
  static std::optional<Time> seconds(std::int64_t seconds);
  /// Start, else end, else the time of the log event. Where the format has neither start nor end
  /// and there is no event, that of the file. Nothing if all that are missing or unreadable.
  std::optional<Time> time_of(const Entry& entry) const;
  /// The same, but end before start.
  std::optional<Time> end_of(const Entry& entry) const;

 private:
  std::optional<Time> time_around(const Entry& entry) const;
};

}  // namespace weir::import
