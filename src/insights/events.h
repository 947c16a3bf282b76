// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "insights/batch.h"
#include "insights/discover.h"
#include "insights/expression.h"
#include "logs/scan.h"

namespace weir::insights {

/// Fields that every event has.
enum class SystemField : std::uint8_t {
  message,
  timestamp,
  ingestion_time,
  log_stream,
  log,
  ptr,
  event_id,  // has no name: what breaks ties
  fields,    // has no name: every discovered field, as a JSON map of texts
};
std::optional<SystemField> find_system_field(std::string_view name);

/// The fields of events that a plan uses, with their slots.
struct EventFields {
  struct System {
    SystemField field;
    Slot slot;
  };
  std::vector<System> system;
  std::vector<std::string> discovered;  // names, in the order of `discovered_slots`
  std::vector<Slot> discovered_slots;
};

/// Where an event is: what stands in `@ptr`.
struct EventPointer {
  std::string group;
  std::string stream;
  logs::EventId id;

  std::string text() const;
  static std::optional<EventPointer> parse(std::string_view text);
};

/// Gives batches the fields of the events of one block: from its columns where it is stored by
/// columns, else out of the text, and in both cases only those that are asked for.
///
/// Threads: one.
class EventLoader : public Loader, public FieldFacts {
 public:
  /// `custom`: the shape of the group's records if it is known; may be nullptr. `account` is part
  /// of
  /// `@log`. Both outlive the loader.
  EventLoader(const EventFields& fields, const logs::ScannedBlock& block, const FlowShape* custom,
              const std::string& account);
  void load(Slot slot, Batch& batch) override;
  /// By the bounds and dictionaries of the block's columns.
  bool may_equal(Slot slot, const Value& value) const override;

 private:
  void load_system(SystemField field, Slot slot, Batch& batch);
  bool load_stored(std::size_t place, Batch& batch);
  void load_found(Batch& batch);
  std::string all_fields(std::size_t row, Arena& arena) const;
  const FlowShape* stored_shape() const;
  Column read_stored(logs::Column stored, Batch& batch);
  std::string_view text_field(SystemField field, std::size_t row, Arena& arena) const;

  const EventFields& fields_;
  const logs::ScannedBlock& block_;
  const FlowShape* custom_;
  const std::string& account_;
  FieldFinder finder_;
  mutable bool shape_is_known_ = false;
  mutable const FlowShape* shape_ = nullptr;  // of the stored columns
};

}  // namespace weir::insights
