// SPDX-License-Identifier: Apache-2.0
#include "flow/format.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "base/shape.h"
#include "flow/text.h"

namespace weir::flow {
namespace {

Error wrong_shape(std::string_view log_format, std::string_view why) {
  std::string message = "1 validation error detected: Value '" + std::string(log_format) +
                        "' at 'logFormat' has an invalid format";
  if (!why.empty()) message.append(": ").append(why);
  return {ErrorKind::invalid, "InvalidParameter", std::move(message)};
}

std::string unknown_field(std::string_view name) {
  static const std::vector<std::string_view> known = [] {
    std::vector<std::string_view> names;
    for (const FieldInfo& row : fields()) names.push_back(row.name);
    return names;
  }();
  std::string message = "unknown field '" + std::string(name) + "'";
  const std::string nearest = nearest_name(name, known);
  if (!nearest.empty()) message += " (did you mean '" + nearest + "'?)";
  return message;
}

bool contains(const std::vector<Field>& fields, Field field) {
  return std::find(fields.begin(), fields.end(), field) != fields.end();
}

Error cannot_tell(std::size_t words) {
  return {ErrorKind::invalid, "InvalidParameter",
          "cannot tell the fields of a flow-log line with " + std::to_string(words) +
              " values: it is no header and fits no format in table order; name the format"};
}

/// The version whose fields, in table order, are `count`; 0 if there is none.
int version_with(std::size_t count) {
  std::size_t sum = 0;
  for (const FieldInfo& row : fields().first(kAwsFieldCount)) {
    ++sum;
    const bool is_last = sum == kAwsFieldCount || fields()[sum].version != row.version;
    if (is_last && sum == count) return row.version;
  }
  return 0;
}

/// Whether the values that can have only a few forms have one, so that a custom order is not taken
/// for the table order.
bool is_plausible(const Record& record) {
  const std::string_view action = record.text(Field::action);
  const std::string_view status = record.text(Field::log_status);
  return record.has(Field::version) && (action.empty() || record.verdict()) &&
         (status == kOk || status == kNoData || status == kSkipData) &&
         record.odd(Field::end).empty();
}

}  // namespace

Format::Format(std::vector<Field> fields) : fields_(std::move(fields)) {
  for (const Field field : fields_) {
    const FieldInfo& row = info(field);
    slots_.push_back({field, row.kind, row.slot});
    version_ = std::max(version_, row.version);
  }
}

const Format& Format::standard() {
  static const Format format = all(2);
  return format;
}

Format Format::all(int version) {
  std::vector<Field> chosen;
  for (const FieldInfo& row : weir::flow::fields().first(kAwsFieldCount)) {
    if (row.version <= version) chosen.push_back(row.field);
  }
  return Format(std::move(chosen));
}

Result<Format> Format::from_fields(std::vector<Field> fields) {
  if (fields.empty() || fields.size() > kFieldsMax) {
    return Error{ErrorKind::invalid, "InvalidParameter", "a format needs 1 to 128 fields"};
  }
  return Format(std::move(fields));
}

Result<Format> Format::parse(std::string_view log_format) {
  if (log_format.empty()) return standard();
  std::vector<Field> chosen;
  std::string_view rest = log_format;
  while (true) {
    const std::size_t close = rest.find('}');
    if (!rest.starts_with("${") || close == std::string_view::npos || close == 2) {
      return wrong_shape(log_format, "");
    }
    const std::string_view name = rest.substr(2, close - 2);
    const FieldInfo* row = find_field(name);
    if (row == nullptr || row->name != name) return wrong_shape(log_format, unknown_field(name));
    if (contains(chosen, row->field)) {
      return wrong_shape(log_format, "field '" + std::string(name) + "' appears twice");
    }
    chosen.push_back(row->field);
    rest.remove_prefix(close + 1);
    if (rest.empty()) return Format(std::move(chosen));
    if (rest[0] != ' ') return wrong_shape(log_format, "");
    rest.remove_prefix(1);
  }
}

Result<Format> Format::from_header(std::string_view line) {
  std::vector<Field> chosen;
  std::string problem;
  text::for_each_word(line, [&](std::string_view word) {
    const FieldInfo* row = find_field(word);
    if (row == nullptr) {
      problem = unknown_field(word);
    } else if (contains(chosen, row->field)) {
      problem = "field '" + std::string(word) + "' appears twice";
    } else {
      chosen.push_back(row->field);
    }
    return problem.empty();
  });
  if (problem.empty() && chosen.empty()) problem = "it is empty";
  if (!problem.empty()) {
    return Error{ErrorKind::invalid, "InvalidParameter", "bad flow-log header: " + problem};
  }
  return Format(std::move(chosen));
}

bool Format::is_header(std::string_view line) {
  const std::size_t start = line.find_first_not_of(" \t");
  if (start == std::string_view::npos || line[start] < 'a' || line[start] > 'z') return false;
  bool any = false;
  return text::for_each_word(line,
                             [&](std::string_view word) {
                               any = true;
                               return find_field(word) != nullptr;
                             }) &&
         any;
}

Result<Format> Format::detect(std::string_view line) {
  if (is_header(line)) return from_header(line);
  std::size_t words = 0;
  text::for_each_word(line, [&](std::string_view) {
    ++words;
    return true;
  });
  const int version = version_with(words);
  if (version == 0) return cannot_tell(words);
  Format format = all(version);
  Record record;
  if (!format.read(line, record) || !is_plausible(record)) return cannot_tell(words);
  return format;
}

bool Format::has(Field field) const { return contains(fields_, field); }

std::string Format::text() const {
  std::string out;
  for (const Field field : fields_) {
    if (!out.empty()) out += ' ';
    out.append("${").append(info(field).name).append("}");
  }
  return out;
}

std::string Format::header() const {
  std::string out;
  for (const Field field : fields_) {
    if (!out.empty()) out += ' ';
    out += info(field).name;
  }
  return out;
}

void Format::append(const Record& record, std::string& out) const {
  // Short values are collected here, since appending each to a string costs more than writing it.
  constexpr std::size_t kRoom = 64;  // more than any number or address needs, with a blank
  static_assert(kRoom > net::Address::kWriteMax);
  std::array<char, 512> buffer;
  char* at = buffer.data();
  const auto flush = [&] {
    out.append(buffer.data(), static_cast<std::size_t>(at - buffer.data()));
    at = buffer.data();
  };
  for (const Slot& slot : slots_) {
    if (static_cast<std::size_t>(buffer.end() - at) < kRoom) flush();
    if (!record.has(slot.field)) {
      const std::string_view odd = record.odd(slot.field);
      if (!odd.empty()) {
        flush();
        out += odd;
      } else if (slot.field == Field::version) {
        at = std::to_chars(at, buffer.end(), version_).ptr;
      } else {
        *at++ = '-';
      }
    } else if (slot.kind == FieldKind::text) {
      const std::string_view text = record.texts_[slot.slot];
      if (text.size() >= static_cast<std::size_t>(buffer.end() - at)) flush();
      if (text.size() >= buffer.size()) {
        out += text;
      } else {
        at = std::copy(text.begin(), text.end(), at);
      }
    } else if (slot.kind == FieldKind::address) {
      at = record.addresses_[slot.slot].write(at);
    } else {
      at = std::to_chars(at, buffer.end(), record.numbers_[slot.slot]).ptr;
    }
    if (&slot != &slots_.back()) {
      if (at == buffer.end()) flush();
      *at++ = ' ';
    }
  }
  flush();
}

std::string Format::line(const Record& record) const {
  std::string out;
  append(record, out);
  return out;
}

void Format::read_value(const Slot& slot, const char* line, std::string_view value, Record& out) {
  if (value.size() == 1 && value[0] == '-') {
    // Kept, since a record without version is written with that of its format.
    if (slot.field == Field::version) out.set_odd(slot.field, value);
    return;
  }
  switch (slot.kind) {
    case FieldKind::int32:
    case FieldKind::int64: {
      const std::int64_t max = slot.kind == FieldKind::int32
                                   ? std::numeric_limits<std::int32_t>::max()
                                   : std::numeric_limits<std::int64_t>::max();
      if (!text::read_number(line, value, max, out.numbers_[slot.slot]))
        return out.set_odd(slot.field, value);
      break;
    }
    case FieldKind::address: {
      net::Address& address = out.addresses_[slot.slot];
      if (!text::read_address(value, address)) return out.set_odd(slot.field, value);
      break;
    }
    case FieldKind::text:
      out.texts_[slot.slot] = value;
      break;
  }
  out.present_ |= Record::bit(slot.field);
}

void Format::read_value(Field field, std::string_view value, Record& out) {
  const FieldInfo& row = info(field);
  read_value({field, row.kind, row.slot}, value.data(), value, out);
}

bool Format::read(std::string_view line, Record& out) const {
  out.clear();
  auto slot = slots_.begin();
  return text::for_each_word(line,
                             [&](std::string_view word) {
                               if (slot == slots_.end()) return false;
                               read_value(*slot++, line.data(), word, out);
                               return true;
                             }) &&
         slot == slots_.end();
}

Reader::Reader(std::string_view text, std::optional<Format> format)
    : rest_(text), format_(std::move(format)) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (rest_.starts_with(kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
}

bool Reader::next(Record& out) {
  while (!rest_.empty()) {
    const std::size_t length = std::min(rest_.find('\n'), rest_.size());
    const std::string_view line = rest_.substr(0, length);
    rest_.remove_prefix(std::min(length + 1, rest_.size()));
    ++line_;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    if (Format::is_header(line)) {
      take_header(line);
      continue;
    }
    if (!format_) {
      if (auto detected = Format::detect(line)) format_ = *std::move(detected);
    }
    if (format_ && format_->read(line, out)) {
      ++stats_.records;
      return true;
    }
    refuse();
  }
  return false;
}

void Reader::take_header(std::string_view line) {
  auto format = Format::from_header(line);
  if (!format) return refuse();
  format_ = *std::move(format);
  ++stats_.headers;
}

void Reader::refuse() {
  ++stats_.lines_refused;
  if (stats_.line_first_refused == 0) stats_.line_first_refused = line_;
}

}  // namespace weir::flow
