// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>
#include <vector>

#include "import/readers.h"

namespace weir::import {
namespace {

constexpr std::size_t kColumnsMax = 1000;

/// The fields that Logs Insights discovers in flow logs of the default format, and what they are
/// called there (CloudWatch Logs User Guide, "Supported logs and discovered fields").
constexpr std::pair<std::string_view, flow::Field> kDiscovered[] = {
    {"version", flow::Field::version},
    {"accountId", flow::Field::account_id},
    {"interfaceId", flow::Field::interface_id},
    {"srcAddr", flow::Field::srcaddr},
    {"dstAddr", flow::Field::dstaddr},
    {"srcPort", flow::Field::srcport},
    {"dstPort", flow::Field::dstport},
    {"protocol", flow::Field::protocol},
    {"packets", flow::Field::packets},
    {"bytes", flow::Field::bytes},
    {"startTime", flow::Field::start},
    {"endTime", flow::Field::end},
    {"action", flow::Field::action},
    {"logStatus", flow::Field::log_status},
};

std::optional<flow::Field> field_of(std::string_view name) {
  for (const auto& [discovered, field] : kDiscovered) {
    if (name == discovered) return field;
  }
  const flow::FieldInfo* known = flow::find_field(name);
  return known != nullptr ? std::optional(known->field) : std::nullopt;
}

/// Cuts a row (RFC 4180) into its cells, quotes undone. False if a quote is open at its end: the
/// row goes on behind the line end.
bool split_row(std::string_view row, std::vector<std::string>& cells) {
  cells.clear();
  std::string cell;
  bool is_quoted = false;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const char c = row[i];
    if (is_quoted) {
      if (c != '"') {
        cell += c;
      } else if (i + 1 < row.size() && row[i + 1] == '"') {
        cell += c;
        ++i;
      } else {
        is_quoted = false;
      }
    } else if (c == '"' && cell.empty()) {
      is_quoted = true;
    } else if (c == ',') {
      cells.push_back(std::exchange(cell, {}));
    } else {
      cell += c;
    }
  }
  cells.push_back(std::move(cell));
  return !is_quoted;
}

class CsvRows {
 public:
  explicit CsvRows(columnar::ByteSource& bytes) : lines_(bytes) {}

  /// False at the end. Error: also for a row of more than LineReader::kLineBytesMax bytes.
  Result<bool> next(std::vector<std::string>& cells) {
    std::string_view line;
    WEIR_TRY(bool more, lines_.next(line));
    if (!more) return false;
    number_ = lines_.number();
    if (split_row(line, cells)) return true;
    std::string row(line);
    do {
      WEIR_TRY(more, lines_.next(line));
      row.append(1, '\n').append(line);
      if (!more || row.size() > columnar::LineReader::kLineBytesMax) {
        return Error{ErrorKind::invalid, "InvalidData",
                     "the quote opened in line " + std::to_string(number_) + " has no end"};
      }
    } while (!split_row(row, cells));
    return true;
  }
  std::uint64_t number() const { return number_; }

 private:
  columnar::LineReader lines_;
  std::uint64_t number_ = 0;
};

/// What the columns of a result mean.
struct Columns {
  std::optional<std::size_t> message;
  std::optional<std::size_t> timestamp;
  std::optional<std::size_t> stream;
  std::vector<std::size_t> fields;  // columns that hold fields, in the order of `format`
  std::optional<flow::Format> format;
  std::size_t count = 0;
};

Result<Columns> columns_of(const std::vector<std::string>& names) {
  Columns columns;
  columns.count = names.size();
  std::vector<flow::Field> fields;
  for (std::size_t i = 0; i < names.size() && i < kColumnsMax; ++i) {
    std::string_view name = names[i];
    if (i == 0 && name.starts_with("\xef\xbb\xbf")) name.remove_prefix(3);
    if (name == "@message") columns.message = i;
    if (name == "@timestamp") columns.timestamp = i;
    if (name == "@logStream") columns.stream = i;
    const auto field = field_of(name);
    if (!field || std::ranges::find(fields, *field) != fields.end()) continue;
    fields.push_back(*field);
    columns.fields.push_back(i);
  }
  if (columns.message) return columns;
  if (fields.empty()) {
    return Error{ErrorKind::invalid, "NoFlowLog",
                 "the CSV has neither a column @message nor any field of flow logs"};
  }
  WEIR_TRY(columns.format, flow::Format::from_fields(std::move(fields)));
  return columns;
}

bool is_value(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) <= 0x20; });
}

Result<void> take_row(const Columns& columns, const std::vector<std::string>& cells,
                      std::uint64_t number, BatchReader& records) {
  if (cells.size() != columns.count) {
    if (cells.size() == 1 && cells[0].empty()) return {};
    records.damage(number,
                   "the row has " + std::to_string(cells.size()) + " cells and the header " +
                       std::to_string(columns.count),
                   cells[0]);
    return {};
  }
  Around around;
  if (columns.timestamp) around.time = read_time(cells[*columns.timestamp]);
  if (columns.stream) around.stream = cells[*columns.stream];
  if (columns.message) return records.line(cells[*columns.message], number, around);
  std::vector<std::string_view> values;
  for (const std::size_t column : columns.fields) {
    const std::string& cell = cells[column];
    if (!is_value(cell)) {
      records.damage(number, "a value holds a blank", cell);
      return {};
    }
    values.push_back(cell.empty() ? std::string_view("-") : std::string_view(cell));
  }
  return records.values(values, number, around);
}

}  // namespace

Result<void> read_csv(columnar::ByteSource& bytes, BatchReader& records) {
  CsvRows rows(bytes);
  std::vector<std::string> cells;
  WEIR_TRY(bool more, rows.next(cells));
  if (!more) return {};
  WEIR_TRY(const Columns columns, columns_of(cells));
  if (columns.format) records.use(*columns.format);
  while (true) {
    WEIR_TRY(more, rows.next(cells));
    if (!more) return {};
    WEIR_CHECK(take_row(columns, cells, rows.number(), records));
  }
}

}  // namespace weir::import
