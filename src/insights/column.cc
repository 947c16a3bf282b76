// SPDX-License-Identifier: Apache-2.0
#include "insights/column.h"

#include <algorithm>
#include <utility>

#include "net/address.h"

namespace weir::insights {
namespace {

template <class T>
std::vector<T> chosen(const std::vector<T>& all, std::span<const std::uint32_t> rows) {
  std::vector<T> out;
  if (all.empty()) return out;
  out.resize(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) out[i] = all[rows[i]];
  return out;
}

}  // namespace

std::shared_ptr<const Column> Column::of(Value value) {
  auto column = std::make_shared<Column>();
  column->constant = value;
  return column;
}

Column Column::of(std::vector<Value> all) {
  Column column;
  const bool are_integers = std::ranges::all_of(
      all, [](const Value& value) { return value.kind == Value::Kind::integer; });
  if (are_integers) {
    column.form = Form::integers;
    column.integers.reserve(all.size());
    for (const Value& value : all) column.integers.push_back(value.integer);
  } else {
    column.form = Form::values;
    column.values = std::move(all);
  }
  return column;
}

Value Column::at(std::size_t row, Arena& arena) const {
  if (is_missing(row)) return missing;
  switch (form) {
    case Form::constant:
      return constant;
    case Form::integers:
      return is_time ? Value::of_time(integers[row]) : Value::of(integers[row]);
    case Form::reals:
      return Value::of(reals[row]);
    case Form::addresses: {
      char text[net::Address::kWriteMax];
      const char* const end = net::Address::v4(codes[row]).write(text);
      return Value::of(arena.copy({text, static_cast<std::size_t>(end - text)}));
    }
    case Form::words:
      return (*words)[codes[row]];
    case Form::values:
      return values[row];
  }
  return {};
}

Column Column::keep(std::span<const std::uint32_t> rows) const {
  Column out;
  out.form = form;
  out.is_time = is_time;
  out.constant = constant;
  out.missing = missing;
  out.words = words;
  out.nulls = chosen(nulls, rows);
  out.integers = chosen(integers, rows);
  out.reals = chosen(reals, rows);
  out.codes = chosen(codes, rows);
  out.values = chosen(values, rows);
  return out;
}

}  // namespace weir::insights
