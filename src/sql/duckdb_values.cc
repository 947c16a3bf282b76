// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <vector>

#include <arpa/inet.h>

#include "sql/date_formats.h"
#include "sql/duckdb_engine.h"
#include "sql/duckdb_internal.h"

// Values as Athena writes them (Athena reference of types: Java's number texts, blanks in
// timestamps).
namespace weir::sql {
namespace {

using TK = SqlType::Kind;
__extension__ using Int128 = __int128;
__extension__ using Uint128 = unsigned __int128;

template <class Float>
std::string java_text(Float value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  if (value == 0) return std::signbit(value) ? "-0.0" : "0.0";
  // The shortest digits that read back the same: d.ddde+xx.
  std::array<char, 64> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 std::chars_format::scientific)
                       .ptr;
  std::string text(buffer.data(), end);
  const std::size_t e = text.find('e');
  int exponent = 0;
  std::from_chars(text.data() + e + (text[e + 1] == '+' ? 2 : 1), text.data() + text.size(),
                  exponent);
  std::string digits = text.substr(0, e);
  const std::string sign = digits[0] == '-' ? "-" : "";
  std::erase_if(digits, [](char c) { return c == '-' || c == '.'; });
  if (exponent < -3 || exponent >= 7) {
    const std::string fraction = digits.size() > 1 ? digits.substr(1) : "0";
    return sign + digits[0] + '.' + fraction + 'E' + std::to_string(exponent);
  }
  if (exponent < 0)
    return sign + "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  const auto whole = static_cast<std::size_t>(exponent) + 1;
  if (digits.size() <= whole) return sign + digits + std::string(whole - digits.size(), '0') + ".0";
  return sign + digits.substr(0, whole) + '.' + digits.substr(whole);
}

std::string wide_text(Uint128 value) {
  std::string out;
  do {
    out += static_cast<char>('0' + static_cast<int>(value % 10));
    value /= 10;
  } while (value != 0);
  std::reverse(out.begin(), out.end());
  return out;
}
Uint128 join(std::uint64_t upper, std::uint64_t lower) {
  return (static_cast<Uint128>(upper) << 64) | lower;
}
std::string wide_text(duckdb_hugeint value) {
  const auto bits = static_cast<Int128>(join(static_cast<std::uint64_t>(value.upper), value.lower));
  if (bits >= 0) return wide_text(static_cast<Uint128>(bits));
  return '-' + wide_text(~static_cast<Uint128>(bits) + 1);
}

std::string two(std::int64_t value) { return (value < 10 ? "0" : "") + std::to_string(value); }

/// Microseconds of a day as `12:34:56.789`.
std::string clock_text(std::int64_t micros) {
  std::string fraction = std::to_string(micros / 1000 % 1000);
  fraction.insert(0, 3 - fraction.size(), '0');
  return two(micros / 3'600'000'000) + ':' + two(micros / 60'000'000 % 60) + ':' +
         two(micros / 1'000'000 % 60) + '.' + fraction;
}

std::string interval_text(const duckdb_interval& value, const SqlType& shown) {
  if (shown.is(TK::interval_year)) {
    const int months = value.months;
    return (months < 0 ? "-" : "") + std::to_string(std::abs(months) / 12) + '-' +
           std::to_string(std::abs(months) % 12);
  }
  constexpr std::int64_t kDay = 86'400'000'000;
  const std::int64_t total =
      (static_cast<std::int64_t>(value.months) * 30 + value.days) * kDay + value.micros;
  const std::int64_t size = std::abs(total);
  return (total < 0 ? "-" : "") + std::to_string(size / kDay) + ' ' + clock_text(size % kDay);
}

std::string uuid_text(duckdb_hugeint value) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  const Uint128 bits = join(static_cast<std::uint64_t>(value.upper) ^ (1ull << 63), value.lower);
  std::string out;
  for (int i = 31; i >= 0; --i) {
    out += kDigits[static_cast<std::size_t>((bits >> (4 * i)) & 15)];
    if (i == 24 || i == 20 || i == 16 || i == 12) out += '-';
  }
  return out;
}

std::string owned_text(char* text) {
  std::string out = text == nullptr ? "" : text;
  duckdb_free(text);
  return out;
}

}  // namespace

std::string java_double(double value) { return java_text(value); }
std::string java_float(float value) { return java_text(value); }

std::optional<duckdb_uhugeint> parse_ipaddress(std::string_view text) {
  constexpr std::size_t kTextMax = 45;
  if (text.size() > kTextMax) return std::nullopt;
  const std::string copy(text);
  std::array<unsigned char, 16> bytes{};
  if (copy.find(':') == std::string::npos) {
    bytes[10] = bytes[11] = 0xFF;
    if (inet_pton(AF_INET, copy.c_str(), bytes.data() + 12) != 1) return std::nullopt;
  } else if (inet_pton(AF_INET6, copy.c_str(), bytes.data()) != 1) {
    return std::nullopt;
  }
  duckdb_uhugeint out{0, 0};
  for (std::size_t i = 0; i < 8; ++i) {
    out.upper = out.upper << 8 | bytes[i];
    out.lower = out.lower << 8 | bytes[i + 8];
  }
  return out;
}

std::string ipaddress_text(duckdb_uhugeint address) {
  std::array<unsigned char, 16> bytes{};
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[i] = static_cast<unsigned char>(address.upper >> (56 - 8 * i));
    bytes[i + 8] = static_cast<unsigned char>(address.lower >> (56 - 8 * i));
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool is_v4 = address.upper == 0 && address.lower >> 32 == 0xFFFF;
  inet_ntop(is_v4 ? AF_INET : AF_INET6, bytes.data() + (is_v4 ? 12 : 0), text.data(), text.size());
  return text.data();
}

SqlType type_of_column(duckdb_logical_type type) {
  switch (duckdb_get_type_id(type)) {
    case DUCKDB_TYPE_BOOLEAN:
      return TK::boolean;
    case DUCKDB_TYPE_TINYINT:
      return TK::tinyint;
    case DUCKDB_TYPE_SMALLINT:
      return TK::smallint;
    case DUCKDB_TYPE_INTEGER:
      return TK::integer;
    case DUCKDB_TYPE_UTINYINT:
    case DUCKDB_TYPE_USMALLINT:
    case DUCKDB_TYPE_UINTEGER:
    case DUCKDB_TYPE_UBIGINT:
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_HUGEINT:
      return TK::bigint;
    case DUCKDB_TYPE_FLOAT:
      return TK::real;
    case DUCKDB_TYPE_DOUBLE:
      return TK::double_;
    case DUCKDB_TYPE_DECIMAL:
      return SqlType(TK::decimal, duckdb_decimal_width(type), duckdb_decimal_scale(type));
    case DUCKDB_TYPE_BLOB:
      return TK::varbinary;
    case DUCKDB_TYPE_DATE:
      return TK::date;
    case DUCKDB_TYPE_TIME:
      return TK::time;
    case DUCKDB_TYPE_TIME_TZ:
      return TK::time_tz;
    case DUCKDB_TYPE_TIMESTAMP:
      return TK::timestamp;
    case DUCKDB_TYPE_TIMESTAMP_TZ:
      return TK::timestamp_tz;
    case DUCKDB_TYPE_INTERVAL:
      return TK::interval_day;
    case DUCKDB_TYPE_UUID:
      return TK::uuid;
    case DUCKDB_TYPE_UHUGEINT:
      return TK::ipaddress;
    case DUCKDB_TYPE_SQLNULL:
      return TK::null;
    case DUCKDB_TYPE_LIST: {
      const OwnedType child(duckdb_list_type_child_type(type));
      return SqlType::array_of(type_of_column(child.get()));
    }
    case DUCKDB_TYPE_MAP: {
      const OwnedType key(duckdb_map_type_key_type(type));
      const OwnedType value(duckdb_map_type_value_type(type));
      return SqlType::map_of(type_of_column(key.get()), type_of_column(value.get()));
    }
    case DUCKDB_TYPE_STRUCT: {
      SqlType out(TK::row);
      for (idx_t i = 0; i < duckdb_struct_type_child_count(type); ++i) {
        const OwnedType child(duckdb_struct_type_child_type(type, i));
        out.fields.push_back(owned_text(duckdb_struct_type_child_name(type, i)));
        out.arguments.push_back(type_of_column(child.get()));
      }
      return out;
    }
    default: {
      const std::string alias = owned_text(duckdb_logical_type_get_alias(type));
      return alias == "JSON" ? SqlType(TK::json) : SqlType(TK::varchar);
    }
  }
}

ColumnReader::ColumnReader(duckdb_vector vector, duckdb_logical_type type, const SqlType& shown)
    : type_(duckdb_get_type_id(type)),
      shown_(shown),
      data_(duckdb_vector_get_data(vector)),
      validity_(duckdb_vector_get_validity(vector)) {
  const auto shown_child = [&](std::size_t i) {
    return i < shown_.arguments.size() ? shown_.arguments[i] : SqlType();
  };
  const auto add = [&](duckdb_vector child, duckdb_logical_type child_type, std::size_t i) {
    SqlType of = shown_child(i);
    if (of.is(TK::unknown) || of.is(TK::null)) of = type_of_column(child_type);
    children_.emplace_back(child, child_type, of);
  };
  if (type_ == DUCKDB_TYPE_DECIMAL) {
    decimal_storage_ = duckdb_decimal_internal_type(type);
    scale_ = duckdb_decimal_scale(type);
  } else if (type_ == DUCKDB_TYPE_LIST) {
    const OwnedType child(duckdb_list_type_child_type(type));
    add(duckdb_list_vector_get_child(vector), child.get(), 0);
  } else if (type_ == DUCKDB_TYPE_MAP) {
    // A map is a list of structs (key, value).
    const duckdb_vector entries = duckdb_list_vector_get_child(vector);
    const OwnedType key(duckdb_map_type_key_type(type));
    const OwnedType value(duckdb_map_type_value_type(type));
    add(duckdb_struct_vector_get_child(entries, 0), key.get(), 0);
    add(duckdb_struct_vector_get_child(entries, 1), value.get(), 1);
  } else if (type_ == DUCKDB_TYPE_STRUCT) {
    for (idx_t i = 0; i < duckdb_struct_type_child_count(type); ++i) {
      const OwnedType child(duckdb_struct_type_child_type(type, i));
      add(duckdb_struct_vector_get_child(vector, i), child.get(), i);
      names_.push_back(owned_text(duckdb_struct_type_child_name(type, i)));
    }
  }
}

bool ColumnReader::is_null(idx_t row) const {
  return type_ == DUCKDB_TYPE_SQLNULL ||
         (validity_ != nullptr && !duckdb_validity_row_is_valid(validity_, row));
}

void ColumnReader::append(std::string& out, idx_t row) const {
  switch (type_) {
    case DUCKDB_TYPE_BOOLEAN:
      out += at<bool>(row) ? "true" : "false";
      return;
    case DUCKDB_TYPE_DECIMAL:
      append_decimal(out, row);
      return;
    case DUCKDB_TYPE_UUID:
      out += uuid_text(at<duckdb_hugeint>(row));
      return;
    case DUCKDB_TYPE_VARCHAR:
    case DUCKDB_TYPE_BLOB: {
      auto text = at<duckdb_string_t>(row);
      const std::string_view bytes(duckdb_string_t_data(&text), duckdb_string_t_length(text));
      if (type_ == DUCKDB_TYPE_VARCHAR) {
        out += bytes;
        return;
      }
      static constexpr std::string_view kDigits = "0123456789abcdef";
      for (std::size_t i = 0; i < bytes.size(); ++i) {
        const auto byte = static_cast<unsigned char>(bytes[i]);
        if (i > 0) out += ' ';
        out += kDigits[byte >> 4];
        out += kDigits[byte & 15];
      }
      return;
    }
    case DUCKDB_TYPE_LIST:
    case DUCKDB_TYPE_MAP:
    case DUCKDB_TYPE_STRUCT:
      append_nested(out, row);
      return;
    case DUCKDB_TYPE_DATE:
    case DUCKDB_TYPE_TIME:
    case DUCKDB_TYPE_TIME_TZ:
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_TZ:
    case DUCKDB_TYPE_TIMESTAMP_S:
    case DUCKDB_TYPE_TIMESTAMP_MS:
    case DUCKDB_TYPE_TIMESTAMP_NS:
    case DUCKDB_TYPE_INTERVAL:
      append_moment(out, row);
      return;
    default:
      append_number(out, row);
  }
}

void ColumnReader::append_number(std::string& out, idx_t row) const {
  switch (type_) {
    case DUCKDB_TYPE_TINYINT:
      out += std::to_string(at<std::int8_t>(row));
      return;
    case DUCKDB_TYPE_SMALLINT:
      out += std::to_string(at<std::int16_t>(row));
      return;
    case DUCKDB_TYPE_INTEGER:
      out += std::to_string(at<std::int32_t>(row));
      return;
    case DUCKDB_TYPE_BIGINT:
      out += std::to_string(at<std::int64_t>(row));
      return;
    case DUCKDB_TYPE_UTINYINT:
      out += std::to_string(at<std::uint8_t>(row));
      return;
    case DUCKDB_TYPE_USMALLINT:
      out += std::to_string(at<std::uint16_t>(row));
      return;
    case DUCKDB_TYPE_UINTEGER:
      out += std::to_string(at<std::uint32_t>(row));
      return;
    case DUCKDB_TYPE_UBIGINT:
      out += std::to_string(at<std::uint64_t>(row));
      return;
    case DUCKDB_TYPE_HUGEINT:
      out += wide_text(at<duckdb_hugeint>(row));
      return;
    case DUCKDB_TYPE_UHUGEINT:
      out += ipaddress_text(at<duckdb_uhugeint>(row));
      return;
    case DUCKDB_TYPE_FLOAT:
      out += java_float(at<float>(row));
      return;
    case DUCKDB_TYPE_DOUBLE:
      out += java_double(at<double>(row));
      return;
    default:
      out += "(value of an unknown type)";
  }
}

void ColumnReader::append_decimal(std::string& out, idx_t row) const {
  std::string digits;
  switch (decimal_storage_) {
    case DUCKDB_TYPE_SMALLINT:
      digits = std::to_string(at<std::int16_t>(row));
      break;
    case DUCKDB_TYPE_INTEGER:
      digits = std::to_string(at<std::int32_t>(row));
      break;
    case DUCKDB_TYPE_BIGINT:
      digits = std::to_string(at<std::int64_t>(row));
      break;
    default:
      digits = wide_text(at<duckdb_hugeint>(row));
  }
  const bool negative = digits[0] == '-';
  if (negative) digits.erase(0, 1);
  const auto scale = static_cast<std::size_t>(scale_);
  if (digits.size() <= scale) digits.insert(0, scale + 1 - digits.size(), '0');
  if (scale > 0) digits.insert(digits.size() - scale, ".");
  out += (negative ? "-" : "") + digits;
}

void ColumnReader::append_moment(std::string& out, idx_t row) const {
  switch (type_) {
    case DUCKDB_TYPE_DATE:
      out += date_text(at<std::int32_t>(row));
      return;
    case DUCKDB_TYPE_TIME:
      out += clock_text(at<std::int64_t>(row));
      return;
    case DUCKDB_TYPE_TIME_TZ: {
      const auto parts = duckdb_from_time_tz(at<duckdb_time_tz>(row));
      const duckdb_time time = duckdb_to_time(parts.time);
      const int minutes = std::abs(parts.offset) / 60;
      out += clock_text(time.micros) + (parts.offset < 0 ? '-' : '+') + two(minutes / 60) + ':' +
             two(minutes % 60);
      return;
    }
    case DUCKDB_TYPE_INTERVAL:
      out += interval_text(at<duckdb_interval>(row), shown_);
      return;
    default:
      break;
  }
  std::int64_t micros = at<std::int64_t>(row);
  if (type_ == DUCKDB_TYPE_TIMESTAMP_S) micros *= 1'000'000;
  if (type_ == DUCKDB_TYPE_TIMESTAMP_MS) micros *= 1'000;
  if (type_ == DUCKDB_TYPE_TIMESTAMP_NS) micros /= 1'000;
  const bool is_moment = shown_.is(TK::timestamp) || shown_.is(TK::timestamp_tz);
  out += moment_text(micros, is_moment ? shown_.precision : 3);
  if (type_ == DUCKDB_TYPE_TIMESTAMP_TZ) out += " UTC";
}

void ColumnReader::append_child(std::string& out, std::size_t child, idx_t row) const {
  if (children_[child].is_null(row)) {
    out += "null";
  } else {
    children_[child].append(out, row);
  }
}

void ColumnReader::append_nested(std::string& out, idx_t row) const {
  if (type_ == DUCKDB_TYPE_STRUCT) {
    out += '{';
    for (std::size_t i = 0; i < children_.size(); ++i) {
      if (i > 0) out += ", ";
      const bool has_shown = shown_.is(TK::row) && i < shown_.fields.size();
      const std::string& name = has_shown ? shown_.fields[i] : names_[i];
      if (!name.empty()) out += name + '=';
      append_child(out, i, row);
    }
    out += '}';
    return;
  }
  const auto entry = at<duckdb_list_entry>(row);
  if (type_ == DUCKDB_TYPE_LIST) {
    out += '[';
    for (idx_t i = 0; i < entry.length; ++i) {
      if (i > 0) out += ", ";
      append_child(out, 0, entry.offset + i);
    }
    out += ']';
    return;
  }
  // Athena shows the keys of a map in order.
  std::vector<std::pair<std::string, std::string>> pairs(entry.length);
  for (idx_t i = 0; i < entry.length; ++i) {
    append_child(pairs[i].first, 0, entry.offset + i);
    append_child(pairs[i].second, 1, entry.offset + i);
  }
  std::sort(pairs.begin(), pairs.end());
  out += '{';
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    out += (i == 0 ? "" : ", ") + pairs[i].first + '=' + pairs[i].second;
  }
  out += '}';
}

}  // namespace weir::sql
