// SPDX-License-Identifier: Apache-2.0
#include "import/destination.h"

namespace weir::import {
namespace {

constexpr std::int64_t kSecondsMax = 4'398'046'511;  // what an event id can hold (the year 2109)

class NoSink final : public SourceSink {
 public:
  Result<std::string_view> add(const Entry&) override { return std::string_view(); }
  Result<void> finish(bool) override { return {}; }
};

class NoDestination final : public Destination {
 public:
  Result<Start> start(const SourceInfo&) override { return Start{}; }
  Result<std::unique_ptr<SourceSink>> open(const SourceInfo&, Start) override {
    return std::unique_ptr<SourceSink>(std::make_unique<NoSink>());
  }
};

std::optional<Time> seconds_at(const Entry& entry, int place) {
  const auto seconds = read_integer(FieldPlaces::at(entry, place));
  return seconds ? FieldPlaces::seconds(*seconds) : std::nullopt;
}

}  // namespace

std::unique_ptr<Destination> no_destination() { return std::make_unique<NoDestination>(); }

void FieldPlaces::look(const Entry& entry) {
  if (format == entry.format) return;
  *this = FieldPlaces();
  format = entry.format;
  const auto fields = entry.format->fields();
  for (int place = 0; place < static_cast<int>(fields.size()); ++place) {
    switch (fields[static_cast<std::size_t>(place)]) {
      case flow::Field::start:
        start = place;
        break;
      case flow::Field::end:
        end = place;
        break;
      case flow::Field::interface_id:
        interface_id = place;
        break;
      case flow::Field::resource_id:
        resource_id = place;
        break;
      default:
        break;
    }
  }
}

std::string_view FieldPlaces::at(const Entry& entry, int place) {
  if (place < 0) return {};
  const std::string_view value = entry.values[static_cast<std::size_t>(place)];
  return value == "-" ? std::string_view() : value;
}

std::optional<Time> FieldPlaces::seconds(std::int64_t seconds) {
  if (seconds > kSecondsMax) return std::nullopt;
  return Time::from_seconds(seconds);
}

std::optional<Time> FieldPlaces::time_around(const Entry& entry) const {
  if (entry.time || start >= 0 || end >= 0) return entry.time;
  return entry.file_time;
}

std::optional<Time> FieldPlaces::time_of(const Entry& entry) const {
  if (const auto time = seconds_at(entry, start)) return time;
  if (const auto time = seconds_at(entry, end)) return time;
  return time_around(entry);
}

std::optional<Time> FieldPlaces::end_of(const Entry& entry) const {
  if (const auto time = seconds_at(entry, end)) return time;
  if (const auto time = seconds_at(entry, start)) return time;
  return time_around(entry);
}

}  // namespace weir::import
