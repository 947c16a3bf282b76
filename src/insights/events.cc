// SPDX-License-Identifier: Apache-2.0
#include "insights/events.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <utility>

#include "base/base64.h"
#include "base/counters.h"
#include "base/log.h"
#include "insights/json.h"

namespace weir::insights {
namespace {

using Form = Column::Form;

constexpr std::pair<std::string_view, SystemField> kSystemFields[] = {
    {"@message", SystemField::message},
    {"@timestamp", SystemField::timestamp},
    {"@ingestionTime", SystemField::ingestion_time},
    {"@logStream", SystemField::log_stream},
    {"@log", SystemField::log},
    {"@ptr", SystemField::ptr},
};

/// Bytes in the order of the ids.
using EventKey = std::array<char, 26>;
EventKey key_of(const logs::EventId& id) {
  EventKey key;
  char* out = key.data();
  const auto put = [&out](std::uint64_t number, int bytes) {
    while (bytes-- > 0) *out++ = static_cast<char>(number >> (8 * bytes));
  };
  put(static_cast<std::uint64_t>(id.timestamp.ms), 8);
  put(static_cast<std::uint64_t>(id.ingestion.ms), 8);
  put(id.batch, 8);
  put(id.index, 2);
  return key;
}

/// The words of a stored dictionary; the texts stay in `stored`, which the batch holds.
std::shared_ptr<const std::vector<Value>> words_of(const logs::Column& stored) {
  auto words = std::make_shared<std::vector<Value>>();
  words->reserve(stored.dictionary_size());
  for (std::uint32_t code = 0; code < stored.dictionary_size(); ++code) {
    words->push_back(Value::of(stored.word(code)));
  }
  return words;
}

bool has_only_flow_ends(const logs::BlockColumns& columns) {
  constexpr std::size_t kActionPlace = 12;
  const auto action = columns.read(kActionPlace);
  const auto status = columns.read(kActionPlace + 1);
  if (!action || !status || action->kind != logs::Column::Kind::text ||
      status->kind != logs::Column::Kind::text) {
    return false;
  }
  for (std::uint32_t code = 0; code < action->dictionary_size(); ++code) {
    if (!is_flow_end(action->word(code), "OK")) return false;
  }
  for (std::uint32_t code = 0; code < status->dictionary_size(); ++code) {
    if (!is_flow_end("-", status->word(code))) return false;
  }
  return true;
}

}  // namespace

std::optional<SystemField> find_system_field(std::string_view name) {
  for (const auto& [field_name, field] : kSystemFields) {
    if (field_name == name) return field;
  }
  return std::nullopt;
}

std::string EventPointer::text() const {
  return base64_encode(group + '\n' + stream + '\n' + id.text());
}

std::optional<EventPointer> EventPointer::parse(std::string_view text) {
  const auto decoded = base64_decode(text);
  if (!decoded) return std::nullopt;
  const std::size_t first = decoded->find('\n');
  const std::size_t last = decoded->rfind('\n');
  if (first == std::string::npos || first == last) return std::nullopt;
  const auto id = logs::EventId::parse(std::string_view(*decoded).substr(last + 1));
  if (!id) return std::nullopt;
  return EventPointer{decoded->substr(0, first), decoded->substr(first + 1, last - first - 1), *id};
}

EventLoader::EventLoader(const EventFields& fields, const logs::ScannedBlock& block,
                         const FlowShape* custom, const std::string& account)
    : fields_(fields),
      block_(block),
      custom_(custom),
      account_(account),
      finder_(fields.discovered, custom) {}

void EventLoader::load(Slot slot, Batch& batch) {
  for (const EventFields::System& one : fields_.system) {
    if (one.slot == slot) return load_system(one.field, slot, batch);
  }
  const auto found =
      std::find(fields_.discovered_slots.begin(), fields_.discovered_slots.end(), slot);
  if (found == fields_.discovered_slots.end()) return;
  const auto place = static_cast<std::size_t>(found - fields_.discovered_slots.begin());
  if (!load_stored(place, batch)) load_found(batch);
}

std::string_view EventLoader::text_field(SystemField field, std::size_t row, Arena& arena) const {
  if (field == SystemField::message) return block_.message(row);
  const logs::EventId id = block_.id(row);
  if (field == SystemField::event_id) {
    const EventKey key = key_of(id);
    return arena.copy({key.data(), key.size()});
  }
  return arena.copy(EventPointer{block_.group(), block_.stream(), id}.text());
}

std::string EventLoader::all_fields(std::size_t row, Arena& arena) const {
  std::string json = "{";
  discover_all(block_.message(row), custom_, arena, [&](const std::string& name, const Value& v) {
    if (v.is_null()) return;
    if (json.size() > 1) json += ',';
    append_json_string(name, json);
    json += ':';
    append_json_string(text_in(v, arena), json);
  });
  return json + '}';
}

void EventLoader::load_system(SystemField field, Slot slot, Batch& batch) {
  Column column;
  const std::size_t rows = batch.rows();
  switch (field) {
    case SystemField::message:
    case SystemField::ptr:
    case SystemField::event_id:
      column.form = Form::values;
      column.values.resize(rows);
      for (std::size_t i = 0; i < rows; ++i) {
        column.values[i] = Value::of(text_field(field, batch.origin(i), batch.arena()));
      }
      break;
    case SystemField::fields:
      column.form = Form::values;
      for (std::size_t i = 0; i < rows; ++i) {
        const std::string json = all_fields(batch.origin(i), batch.arena());
        column.values.push_back(Value::of_tree(batch.arena().copy(json)));
      }
      break;
    case SystemField::timestamp:
    case SystemField::ingestion_time:
      column.form = Form::integers;
      column.is_time = true;
      column.integers.resize(rows);
      for (std::size_t i = 0; i < rows; ++i) {
        const logs::EventId id = block_.id(batch.origin(i));
        column.integers[i] = field == SystemField::timestamp ? id.timestamp.ms : id.ingestion.ms;
      }
      break;
    case SystemField::log_stream:
      column.constant = Value::of(batch.arena().copy(block_.stream()));
      break;
    case SystemField::log:
      column.constant = Value::of(batch.arena().copy(account_ + ':' + block_.group()));
      break;
  }
  batch.set(slot, std::make_shared<const Column>(std::move(column)));
}

const FlowShape* EventLoader::stored_shape() const {
  if (shape_is_known_) return shape_;
  shape_is_known_ = true;
  const logs::BlockColumns* const columns = block_.columns();
  if (columns == nullptr) return nullptr;
  if (custom_ != nullptr && columns->count() == custom_->names().size()) {
    shape_ = custom_;
  } else if (columns->count() == FlowShape::standard().names().size() &&
             columns->kind(0) == logs::Column::Kind::number && has_only_flow_ends(*columns)) {
    shape_ = &FlowShape::standard();
  }
  return shape_;
}

bool EventLoader::may_equal(Slot slot, const Value& value) const {
  const auto found =
      std::find(fields_.discovered_slots.begin(), fields_.discovered_slots.end(), slot);
  const logs::BlockColumns* const columns = block_.columns();
  if (found == fields_.discovered_slots.end() || columns == nullptr ||
      !columns->odd_rows().empty()) {
    return true;
  }
  const FlowShape* const shape = stored_shape();
  if (shape == nullptr) return true;
  const std::size_t place = shape->place(
      fields_.discovered[static_cast<std::size_t>(found - fields_.discovered_slots.begin())]);
  if (place == FlowShape::npos) return true;
  const auto number = number_of(value);
  if (!number) return value.kind != Value::Kind::text || columns->may_have(place, value.text);
  // Words may be other spellings of the number.
  if (!number->is_integer || columns->kind(place) == logs::Column::Kind::text) return true;
  return columns->may_have(place, std::to_string(number->integer));
}

bool EventLoader::load_stored(std::size_t place, Batch& batch) {
  const FlowShape* const shape = stored_shape();
  if (shape == nullptr || !block_.columns()->odd_rows().empty()) return false;
  const std::size_t column_place = shape->place(fields_.discovered[place]);
  const Slot slot = fields_.discovered_slots[place];
  if (column_place == FlowShape::npos) {
    batch.set(slot, Column::of(Value()));
    return true;
  }
  auto stored = block_.columns()->read(column_place);
  if (!stored) {  // the text, which is read instead, fails the query if it is damaged too
    counter("weir_insights_damaged_columns_total",
            "Columns of stored events that could not be unpacked; the text was read instead")
        .add();
    static std::once_flag told;
    std::call_once(told, [&] {
      log::warn("a column of stored events is damaged, its text is read instead",
                {{"group", block_.group()}, {"error", stored.error().message}});
    });
    return false;
  }
  batch.set(slot, std::make_shared<const Column>(read_stored(*std::move(stored), batch)));
  return true;
}

Column EventLoader::read_stored(logs::Column stored, Batch& batch) {
  Column column;
  column.missing = Value::of("-");
  switch (stored.kind) {
    case logs::Column::Kind::number: {
      column.form = Form::integers;
      column.integers = std::move(stored.numbers);
      if (std::find(column.integers.begin(), column.integers.end(), logs::Column::kNull) !=
          column.integers.end()) {
        column.nulls.resize(column.integers.size());
        for (std::size_t i = 0; i < column.integers.size(); ++i) {
          column.nulls[i] = column.integers[i] == logs::Column::kNull ? 1 : 0;
        }
      }
      break;
    }
    case logs::Column::Kind::ipv4:
      column.form = Form::addresses;
      column.codes = std::move(stored.addresses);
      column.nulls = std::move(stored.is_null);
      break;
    case logs::Column::Kind::text: {
      const auto held = std::make_shared<const logs::Column>(std::move(stored));
      batch.hold(held);
      column.form = Form::words;
      column.words = words_of(*held);
      column.codes = held->codes;
      break;
    }
  }
  return batch.origins().empty() ? column : column.keep(batch.origins());
}

void EventLoader::load_found(Batch& batch) {
  const std::size_t count = fields_.discovered.size();
  std::vector<Column> columns(count);
  for (Column& column : columns) {
    column.form = Form::values;
    column.values.resize(batch.rows());
  }
  std::vector<Value> values(count);
  for (std::size_t i = 0; i < batch.rows(); ++i) {
    finder_.find(block_.message(batch.origin(i)), values, batch.arena());
    for (std::size_t k = 0; k < count; ++k) columns[k].values[i] = values[k];
  }
  for (std::size_t k = 0; k < count; ++k) {
    if (batch.has(fields_.discovered_slots[k])) continue;
    batch.set(fields_.discovered_slots[k], std::make_shared<const Column>(std::move(columns[k])));
  }
}

}  // namespace weir::insights
