// SPDX-License-Identifier: Apache-2.0
#include "cli/result_table.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <system_error>

namespace weir::cli {
namespace {

constexpr std::size_t kUncutMax = 24;  // as wide as timestamps, addresses and interface ids
constexpr std::size_t kCutMin = 12;
constexpr std::string_view kGap = "  ";
constexpr std::string_view kEllipsis = "…";

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

/// The first `count` characters.
std::string_view beginning(std::string_view text, std::size_t count) {
  std::size_t at = 0;
  while (at < text.size() && (count > 0 || is_continuation(text[at]))) {
    if (!is_continuation(text[at])) --count;
    ++at;
  }
  return text.substr(0, at);
}

/// What a terminal would act upon becomes visible.
std::string visible(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      std::array<char, 5> escape{};
      std::snprintf(escape.data(), escape.size(), "\\x%02x", static_cast<unsigned>(byte));
      out += escape.data();
    } else {
      out += c;
    }
  }
  return out;
}

/// Shares, too: `12.5%`.
bool is_number(std::string_view text) {
  if (text.ends_with('%')) text.remove_suffix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

struct Column {
  std::vector<std::string> cells;  // the first is the title
  std::size_t width = 0;
  bool is_right = false;
};

Column column_of(const ResultTable& table, const std::string& name) {
  Column column;
  column.cells.push_back(visible(name));
  bool has_values = false;
  bool has_others = false;
  for (const auto& row : table.rows) {
    const auto value = row.find(name);
    column.cells.push_back(value == row.end() ? std::string() : visible(value->second));
    if (value == row.end()) continue;
    has_values = true;
    has_others = has_others || !is_number(value->second);
  }
  column.is_right = has_values && !has_others;
  for (const std::string& cell : column.cells) {
    column.width = std::max(column.width, shown_width(cell));
  }
  return column;
}

void narrow(std::vector<Column>& columns, std::size_t width_max) {
  std::size_t total = kGap.size() * (columns.size() - 1);
  for (const Column& column : columns) total += column.width;
  std::vector<Column*> wide;
  for (Column& column : columns) {
    if (column.width > kUncutMax) wide.push_back(&column);
  }
  while (total > width_max && !wide.empty()) {
    Column& widest = **std::ranges::max_element(wide, {}, &Column::width);
    if (widest.width <= kCutMin) return;
    --widest.width;
    --total;
  }
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of("\",\r\n") == text.npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

}  // namespace

std::size_t shown_width(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return !is_continuation(c); }));
}

void ResultTable::add(const std::vector<std::pair<std::string, std::string>>& row) {
  auto& added = rows.emplace_back();
  auto place = columns.begin();
  for (const auto& [name, value] : row) {
    added.insert_or_assign(name, value);
    const auto known = std::ranges::find(columns, name);
    place = (known == columns.end() ? columns.insert(place, name) : known) + 1;
  }
}

std::vector<std::string> aligned(const ResultTable& table, std::size_t width_max) {
  std::vector<Column> columns;
  for (const std::string& name : table.columns) columns.push_back(column_of(table, name));
  if (width_max > 0 && !columns.empty()) narrow(columns, width_max);
  std::vector<std::string> lines;
  for (std::size_t row = 0; row <= table.rows.size(); ++row) {
    std::string line;
    for (const Column& column : columns) {
      std::string cell = column.cells[row];
      if (shown_width(cell) > column.width) {
        cell = std::string(beginning(cell, column.width - 1)).append(kEllipsis);
      }
      const std::string space(column.width - shown_width(cell), ' ');
      if (!line.empty() || &column != &columns.front()) line += kGap;
      line += column.is_right ? space + cell : cell + space;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string as_csv(const ResultTable& table) {
  std::string out;
  const auto line = [&out, &table](auto value_of) {
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      out += (i == 0 ? "" : ",") + csv_field(value_of(table.columns[i]));
    }
    out += "\r\n";
  };
  line([](const std::string& name) { return name; });
  for (const auto& row : table.rows) {
    line([&row](const std::string& name) {
      const auto value = row.find(name);
      return value == row.end() ? std::string() : value->second;
    });
  }
  return out;
}

std::string with_carets(std::string_view text, std::size_t begin, std::size_t end) {
  begin = std::min(begin, text.size());
  end = std::clamp(end, begin, text.size());
  const std::size_t before = begin == 0 ? text.npos : text.rfind('\n', begin - 1);
  const std::size_t line_begin = before == text.npos ? 0 : before + 1;
  const std::size_t line_end = std::min(text.find('\n', begin), text.size());
  const std::string_view line = text.substr(line_begin, line_end - line_begin);
  const std::string_view marked = text.substr(begin, std::min(end, line_end) - begin);
  std::string carets;
  for (const char c : text.substr(line_begin, begin - line_begin)) {
    if (!is_continuation(c)) carets += c == '\t' ? '\t' : ' ';
  }
  carets.append(std::max<std::size_t>(1, shown_width(marked)), '^');
  return std::string(line) + '\n' + carets;
}

std::string short_count(double value) {
  constexpr std::string_view kUnits = " kMGTPE";
  std::size_t unit = 0;
  while (value >= 999.5 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  std::array<char, 32> text{};
  if (unit == 0) {
    std::snprintf(text.data(), text.size(), "%.0f", value);
  } else {
    std::snprintf(text.data(), text.size(), value < 9.95 ? "%.1f%c" : "%.0f%c", value,
                  kUnits[unit]);
  }
  return text.data();
}

}  // namespace weir::cli
