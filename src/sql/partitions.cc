// SPDX-License-Identifier: Apache-2.0
#include "sql/partitions.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include "columnar/flow_files.h"
#include "sql/date_formats.h"
#include "sql/translator_impl.h"

namespace weir::sql {
namespace {

std::string trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0)
    text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0)
    text.remove_suffix(1);
  return std::string(text);
}

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> out;
  while (true) {
    const std::size_t end = text.find(at);
    out.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

/// Property names ignore case.
std::optional<std::string> property(const Table& table, std::string_view name) {
  const std::string wanted = to_lower(name);
  for (const auto& [key, value] : table.parameters) {
    if (to_lower(key) == wanted) return value;
  }
  return std::nullopt;
}

std::optional<std::int64_t> integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Error wrong(const std::string& what) {
  return {ErrorKind::invalid, "HIVE_METASTORE_ERROR",
          "Invalid partition projection configuration: " + what};
}

/// `NOW`, `NOW-3YEARS`, `NOW + 1 MONTH` in microseconds; nothing if the text is not of that form.
std::optional<std::int64_t> relative_bound(std::string_view text, Time now) {
  std::string rest;
  for (const char c : text) {
    if (std::isspace(static_cast<unsigned char>(c)) == 0) {
      rest += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
  }
  if (!rest.starts_with("NOW")) return std::nullopt;
  rest.erase(0, 3);
  const std::int64_t micros = now.ms * 1000;
  if (rest.empty()) return micros;
  const std::int64_t sign = rest[0] == '-' ? -1 : rest[0] == '+' ? 1 : 0;
  const std::size_t unit_at = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
  const auto count = integer(std::string_view(rest).substr(1, unit_at - 1));
  if (sign == 0 || !count || *count > 100'000) return std::nullopt;
  std::string unit = rest.substr(unit_at);
  if (unit.ends_with('S')) unit.pop_back();
  const std::int64_t by = sign * *count;
  if (unit == "YEAR" || unit == "MONTH") {
    CalendarTime t = to_calendar(micros);
    const std::int64_t months = t.year * 12 + t.month - 1 + by * (unit == "YEAR" ? 12 : 1);
    t.year = months / 12;
    t.month = static_cast<unsigned>(months % 12) + 1;
    t.day = std::min(t.day, 28u);
    return from_calendar(t);
  }
  static constexpr std::pair<std::string_view, std::int64_t> kUnits[] = {
      {"WEEK", 604'800}, {"DAY", 86'400}, {"HOUR", 3'600}, {"MINUTE", 60}, {"SECOND", 1}};
  for (const auto& [name, seconds] : kUnits) {
    if (name == unit) return micros + by * seconds * 1'000'000;
  }
  return std::nullopt;
}

}  // namespace

std::optional<S3Location> parse_s3(std::string_view uri) {
  constexpr std::string_view kScheme = "s3://";
  if (!uri.starts_with(kScheme)) return std::nullopt;
  uri.remove_prefix(kScheme.size());
  const std::size_t slash = uri.find('/');
  S3Location out{std::string(uri.substr(0, slash)), {}};
  if (slash != std::string_view::npos) out.key = uri.substr(slash + 1);
  if (out.bucket.empty()) return std::nullopt;
  return out;
}

std::string as_folder(std::string_view key) {
  std::string out(key);
  if (!out.empty() && out.back() != '/') out += '/';
  return out;
}

bool Projection::Column::holds(std::string_view value) const {
  switch (type) {
    case Type::enumeration:
      return std::find(values.begin(), values.end(), value) != values.end();
    case Type::integer: {
      const auto number = integer(value);
      return number && *number >= low && *number <= high && (digits == 0 || value.size() >= digits);
    }
    case Type::date: {
      const auto micros = java_parse(value, format);
      return micros && *micros >= low && *micros <= high;
    }
    case Type::injected:
      return !value.empty();
  }
  return false;
}

Result<std::optional<Projection>> Projection::of(const Table& table, Time now) {
  const auto enabled = property(table, "projection.enabled");
  if (!enabled || to_lower(trimmed(*enabled)) != "true" || table.partition_keys.empty()) {
    return std::optional<Projection>();
  }
  Projection out;
  for (std::size_t i = 0; i < table.partition_keys.size(); ++i) {
    WEIR_CHECK(out.read_column(table, i, now));
  }
  WEIR_CHECK(out.read_template(table));
  return std::optional<Projection>(std::move(out));
}

Result<void> Projection::read_column(const Table& table, std::size_t index, Time now) {
  const std::string& name = table.partition_keys[index].name;
  const std::string prefix = "projection." + name + '.';
  const auto type = property(table, prefix + "type");
  if (!type) {
    return Error{
        ErrorKind::invalid, "HIVE_METASTORE_ERROR",
        "Table " + table.database + '.' + table.name +
            " is configured for partition projection, but the following partition columns are "
            "missing projection configuration: [" +
            name + ']'};
  }
  Column column;
  const std::string kind = to_lower(trimmed(*type));
  const auto range = property(table, prefix + "range");
  const std::vector<std::string> bounds = range ? split(*range, ',') : std::vector<std::string>{};
  if (kind == "enum") {
    column.type = Column::Type::enumeration;
    column.values = split(property(table, prefix + "values").value_or(""), ',');
  } else if (kind == "integer") {
    column.type = Column::Type::integer;
    if (bounds.size() != 2) return wrong(prefix + "range needs two numbers");
    const auto low = integer(trimmed(bounds[0]));
    const auto high = integer(trimmed(bounds[1]));
    if (!low || !high) return wrong(prefix + "range needs two numbers");
    column.low = *low;
    column.high = *high;
    const auto digits = integer(trimmed(property(table, prefix + "digits").value_or("0")));
    column.digits = static_cast<std::size_t>(std::clamp<std::int64_t>(digits.value_or(0), 0, 19));
  } else if (kind == "date") {
    column.type = Column::Type::date;
    column.format = property(table, prefix + "format").value_or("");
    if (column.format.empty() || bounds.size() != 2)
      return wrong(prefix + "format and range are needed");
    for (std::size_t i = 0; i < 2; ++i) {
      auto bound = relative_bound(bounds[i], now);
      if (!bound) {
        const auto literal = java_parse(trimmed(bounds[i]), column.format);
        if (!literal)
          return wrong(prefix + "range: " + bounds[i] + " is not of the format " + column.format);
        bound = *literal;
      }
      (i == 0 ? column.low : column.high) = *bound;
    }
    // A relative lower bound lies inside of a unit of the format; that unit belongs to the range.
    if (const auto text = java_format(column.low, column.format)) {
      if (const auto rounded = java_parse(*text, column.format)) column.low = *rounded;
    }
  } else if (kind != "injected") {
    return wrong(prefix + "type is " + kind);
  }
  columns_.push_back(std::move(column));
  return {};
}

Result<void> Projection::read_template(const Table& table) {
  std::string text;
  if (const auto given = property(table, "storage.location.template")) {
    text = *given;
  } else {
    text = table.location;
    if (!text.ends_with('/')) text += '/';
    for (const auto& key : table.partition_keys) text += key.name + "=${" + key.name + "}/";
  }
  const auto location = parse_s3(text);
  if (!location) return wrong("storage.location.template is not an S3 path");
  root_.bucket = location->bucket;
  std::string_view rest = location->key;
  root_.key = rest.substr(0, rest.find("${"));
  rest.remove_prefix(root_.key.size());
  while (!rest.empty()) {
    if (!rest.starts_with("${")) {
      const std::size_t end = rest.find("${");
      pieces_.push_back({std::string(rest.substr(0, end)), std::nullopt});
      rest.remove_prefix(std::min(end, rest.size()));
      continue;
    }
    const std::size_t end = rest.find('}');
    if (end == std::string_view::npos) return wrong("storage.location.template has an open ${");
    const std::string name = to_lower(rest.substr(2, end - 2));
    const auto key = std::find_if(table.partition_keys.begin(), table.partition_keys.end(),
                                  [&](const auto& one) { return one.name == name; });
    if (key == table.partition_keys.end()) return wrong("storage.location.template names " + name);
    pieces_.push_back({{}, static_cast<std::size_t>(key - table.partition_keys.begin())});
    rest.remove_prefix(end + 1);
  }
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (std::none_of(pieces_.begin(), pieces_.end(),
                     [&](const Piece& p) { return p.column == i; })) {
      return wrong("storage.location.template does not name " + table.partition_keys[i].name);
    }
  }
  return {};
}

std::optional<std::vector<std::string>> Projection::match(std::string_view key) const {
  if (!key.starts_with(root_.key)) return std::nullopt;
  std::string_view rest = key.substr(root_.key.size());
  std::vector<std::string> out(columns_.size());
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    if (!pieces_[i].column) {
      if (!rest.starts_with(pieces_[i].text)) return std::nullopt;
      rest.remove_prefix(pieces_[i].text.size());
      continue;
    }
    const Column& column = columns_[*pieces_[i].column];
    // A date may have slashes in it; nothing else has.
    const auto slashes = std::count(column.format.begin(), column.format.end(), '/');
    const bool has_text = i + 1 < pieces_.size() && !pieces_[i + 1].column;
    const std::string_view stop = has_text ? std::string_view(pieces_[i + 1].text) : "/";
    std::size_t end = rest.find(stop);
    while (end != std::string_view::npos &&
           std::count(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(end), '/') <
               slashes) {
      end = rest.find(stop, end + 1);
    }
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view value = rest.substr(0, end);
    if (std::count(value.begin(), value.end(), '/') != slashes || !column.holds(value))
      return std::nullopt;
    out[*pieces_[i].column] = value;
    rest.remove_prefix(end);
  }
  if (!rest.empty() && rest[0] == '/') rest.remove_prefix(1);
  return rest.empty() ? std::nullopt : std::optional(std::move(out));
}

std::string partition_name(const Table& table, const Partition& partition) {
  std::string out;
  for (std::size_t i = 0; i < table.partition_keys.size() && i < partition.values.size(); ++i) {
    out += (i == 0 ? "" : "/") + table.partition_keys[i].name + '=';
    for (const char c : partition.values[i]) {
      static constexpr std::string_view kEscaped = "\"#%'*/:=?\\{[]^";
      if (kEscaped.find(c) == std::string_view::npos) {
        out += c;
        continue;
      }
      static constexpr std::string_view kDigits = "0123456789ABCDEF";
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
  }
  return out;
}

std::optional<std::vector<std::string>> hive_values(const Table& table, std::string_view path,
                                                    std::size_t& folder_length) {
  std::vector<std::string> out;
  std::size_t at = 0;
  for (const auto& key : table.partition_keys) {
    const std::size_t slash = path.find('/', at);
    if (slash == std::string_view::npos) return std::nullopt;
    const std::string_view folder = path.substr(at, slash - at);
    const std::size_t equals = folder.find('=');
    if (equals == std::string_view::npos || to_lower(folder.substr(0, equals)) != key.name)
      return std::nullopt;
    if (folder.find(':') != std::string_view::npos) return std::nullopt;
    out.push_back(columnar::hive_unescape(folder.substr(equals + 1)));
    at = slash + 1;
  }
  folder_length = at;
  return out;
}

}  // namespace weir::sql
