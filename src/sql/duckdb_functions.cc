// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <string>

#include "sql/date_formats.h"
#include "sql/duckdb_engine.h"
#include "sql/duckdb_internal.h"

// What DuckDB does not have, or has with another meaning: C++ functions whose names begin with
// weir_, and the type ipaddress.
namespace weir::sql {
namespace {

using OwnedFunction = Owned<duckdb_scalar_function, duckdb_destroy_scalar_function>;
using OwnedCast = Owned<duckdb_cast_function, duckdb_destroy_cast_function>;

/// A chunk of arguments and the column for the answers. A NULL argument makes a NULL answer.
class Call {
 public:
  Call(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output)
      : info_(info), input_(input), output_(output) {}

  idx_t rows() const { return duckdb_data_chunk_get_size(input_); }
  std::size_t arguments() const { return duckdb_data_chunk_get_column_count(input_); }
  bool has_null(idx_t row) const {
    for (idx_t i = 0; i < arguments(); ++i) {
      uint64_t* validity = duckdb_vector_get_validity(duckdb_data_chunk_get_vector(input_, i));
      if (validity != nullptr && !duckdb_validity_row_is_valid(validity, row)) return true;
    }
    return false;
  }
  template <class T>
  T value(idx_t argument, idx_t row) const {
    return static_cast<const T*>(
        duckdb_vector_get_data(duckdb_data_chunk_get_vector(input_, argument)))[row];
  }
  /// Points into the chunk: the inlined form of short strings lives in the vector itself.
  std::string_view text(idx_t argument, idx_t row) const {
    auto* strings = static_cast<duckdb_string_t*>(
        duckdb_vector_get_data(duckdb_data_chunk_get_vector(input_, argument)));
    return {duckdb_string_t_data(&strings[row]), duckdb_string_t_length(strings[row])};
  }
  template <class T>
  void answer(idx_t row, T value) {
    static_cast<T*>(duckdb_vector_get_data(output_))[row] = value;
  }
  void answer_text(idx_t row, std::string_view text) {
    duckdb_vector_assign_string_element_len(output_, row, text.data(), text.size());
  }
  void answer_null(idx_t row) {
    duckdb_vector_ensure_validity_writable(output_);
    duckdb_validity_set_row_invalid(duckdb_vector_get_validity(output_), row);
  }
  void fail(std::string_view code, std::string_view message) {
    const std::string text = std::string(code) + ": " + std::string(message);
    duckdb_scalar_function_set_error(info_, text.c_str());
  }
  void fail(const Error& error) { fail(error.code, error.message); }

 private:
  duckdb_function_info info_;
  duckdb_data_chunk input_;
  duckdb_vector output_;
};

/// Turns `bool f(Call&, row)` (false: it failed, stop) into what the C API calls.
template <bool (*F)(Call&, idx_t)>
void each_row(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
  Call call(info, input, output);
  for (idx_t row = 0; row < call.rows(); ++row) {
    if (call.has_null(row)) {
      call.answer_null(row);
    } else if (!F(call, row)) {
      return;
    }
  }
}

bool divide(Call& call, idx_t row) {
  const auto a = call.value<std::int64_t>(0, row);
  const auto b = call.value<std::int64_t>(1, row);
  if (b == 0) return call.fail("DIVISION_BY_ZERO", "Division by zero"), false;
  if (b == -1) {
    if (a == std::numeric_limits<std::int64_t>::min()) {
      return call.fail("NUMERIC_VALUE_OUT_OF_RANGE", "bigint division overflow"), false;
    }
    return call.answer<std::int64_t>(row, -a), true;
  }
  return call.answer<std::int64_t>(row, a / b), true;
}

bool modulo(Call& call, idx_t row) {
  const auto b = call.value<std::int64_t>(1, row);
  if (b == 0) return call.fail("DIVISION_BY_ZERO", "Division by zero"), false;
  return call.answer<std::int64_t>(row, b == -1 ? 0 : call.value<std::int64_t>(0, row) % b), true;
}

bool shift_left(Call& call, idx_t row) {
  const auto by = call.value<std::int64_t>(1, row);
  const auto bits = static_cast<std::uint64_t>(call.value<std::int64_t>(0, row));
  return call.answer(row,
                     by < 0 || by > 63 ? std::int64_t{0} : static_cast<std::int64_t>(bits << by)),
         true;
}

bool shift_right(Call& call, idx_t row) {
  const auto by = call.value<std::int64_t>(1, row);
  const auto bits = static_cast<std::uint64_t>(call.value<std::int64_t>(0, row));
  return call.answer(row,
                     by < 0 || by > 63 ? std::int64_t{0} : static_cast<std::int64_t>(bits >> by)),
         true;
}

bool double_text(Call& call, idx_t row) {
  return call.answer_text(row, java_double(call.value<double>(0, row))), true;
}
bool cube_root(Call& call, idx_t row) {
  const auto value = call.value<double>(0, row);
  double root = std::cbrt(value);
  // One step of Newton's: Java's result is exact for cubes, the C library's is not.
  if (std::isfinite(root) && root != 0) root -= (root * root * root - value) / (3 * root * root);
  return call.answer(row, root), true;
}
bool real_text(Call& call, idx_t row) {
  return call.answer_text(row, java_float(call.value<float>(0, row))), true;
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool to_bigint(Call& call, idx_t row) {
  const std::string_view text = call.text(0, row);
  const auto value = whole_number(text);
  if (!value) {
    return call.fail("INVALID_CAST_ARGUMENT", "Cannot cast '" + std::string(text) + "' to BIGINT"),
           false;
  }
  return call.answer(row, *value), true;
}
bool try_bigint(Call& call, idx_t row) {
  const auto value = whole_number(call.text(0, row));
  if (!value) return call.answer_null(row), true;
  return call.answer(row, *value), true;
}

bool to_date(Call& call, idx_t row) {
  const std::string_view text = call.text(0, row);
  const auto days = parse_date(text);
  if (!days) {
    return call.fail("INVALID_CAST_ARGUMENT", "Value cannot be cast to date: " + std::string(text)),
           false;
  }
  return call.answer(row, *days), true;
}
bool try_date(Call& call, idx_t row) {
  const auto days = parse_date(call.text(0, row));
  if (!days) return call.answer_null(row), true;
  return call.answer(row, *days), true;
}

template <Result<std::string> (*Format)(std::int64_t, std::string_view)>
bool format_moment(Call& call, idx_t row) {
  const auto text = Format(call.value<std::int64_t>(0, row), call.text(1, row));
  if (!text) return call.fail(text.error()), false;
  return call.answer_text(row, *text), true;
}
template <Result<std::int64_t> (*Parse)(std::string_view, std::string_view)>
bool parse_moment(Call& call, idx_t row) {
  const auto micros = Parse(call.text(0, row), call.text(1, row));
  if (!micros) return call.fail(micros.error()), false;
  return call.answer(row, *micros), true;
}

bool iso8601(Call& call, idx_t row) {
  std::string text = moment_text(call.value<std::int64_t>(0, row), 3);
  text[text.find(' ')] = 'T';
  return call.answer_text(row, text + 'Z'), true;
}

/// Trino counts code points from 1, from the end if negative; 0 and what lies outside give the
/// empty string.
bool substring(Call& call, idx_t row) {
  const std::string_view text = call.text(0, row);
  std::int64_t start = call.value<std::int64_t>(1, row);
  const std::int64_t wanted = call.arguments() > 2 ? call.value<std::int64_t>(2, row)
                                                   : std::numeric_limits<std::int64_t>::max();
  const auto is_start = [&](std::size_t i) {
    return (static_cast<unsigned char>(text[i]) & 0xC0u) != 0x80u;
  };
  std::int64_t length = 0;
  for (std::size_t i = 0; i < text.size(); ++i) length += is_start(i) ? 1 : 0;
  if (start < 0) start = start < -length ? 0 : start + length + 1;
  if (start < 1 || start > length || wanted <= 0) return call.answer_text(row, ""), true;
  std::size_t from = text.size();
  std::size_t to = text.size();
  std::int64_t point = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is_start(i)) continue;
    ++point;
    if (point == start) from = i;
    if (point > start && point - start == wanted) {
      to = i;
      break;
    }
  }
  return call.answer_text(row, text.substr(from, to - from)), true;
}

bool ip_contains(Call& call, idx_t row) {
  const std::string_view network = call.text(0, row);
  const auto address = call.value<duckdb_uhugeint>(1, row);
  const std::size_t slash = network.find('/');
  const auto base = parse_ipaddress(network.substr(0, slash));
  int bits = -1;
  if (slash != std::string_view::npos) {
    const std::string_view digits = network.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (error != std::errc() || end != digits.data() + digits.size()) bits = -1;
  }
  const bool is_v4 = network.find(':') == std::string_view::npos;
  if (!base || bits < 0 || bits > (is_v4 ? 32 : 128)) {
    return call.fail("INVALID_FUNCTION_ARGUMENT", "Invalid CIDR: " + std::string(network)), false;
  }
  const auto mask = [](int ones) {
    return ones <= 0 ? 0ull : ones >= 64 ? ~0ull : ~0ull << (64 - ones);
  };
  const int prefix = is_v4 ? bits + 96 : bits;
  const bool inside = ((base->upper ^ address.upper) & mask(prefix)) == 0 &&
                      ((base->lower ^ address.lower) & mask(prefix - 64)) == 0;
  return call.answer<bool>(row, inside), true;
}

bool cast_to_ipaddress(duckdb_function_info info, idx_t count, duckdb_vector input,
                       duckdb_vector output) {
  const bool is_try = duckdb_cast_function_get_cast_mode(info) == DUCKDB_CAST_TRY;
  auto* texts = static_cast<duckdb_string_t*>(duckdb_vector_get_data(input));
  auto* answers = static_cast<duckdb_uhugeint*>(duckdb_vector_get_data(output));
  uint64_t* validity = duckdb_vector_get_validity(input);
  bool all = true;
  for (idx_t row = 0; row < count; ++row) {
    std::optional<duckdb_uhugeint> address;
    const bool is_null = validity != nullptr && !duckdb_validity_row_is_valid(validity, row);
    if (!is_null) {
      const std::string_view text(duckdb_string_t_data(&texts[row]),
                                  duckdb_string_t_length(texts[row]));
      address = parse_ipaddress(text);
      if (!address) {
        const std::string message =
            "INVALID_CAST_ARGUMENT: Cannot cast value to IPADDRESS: " + std::string(text);
        duckdb_cast_function_set_row_error(info, message.c_str(), row, output);
        if (!is_try) return false;
        all = false;
      }
    }
    if (address) {
      answers[row] = *address;
    } else {
      duckdb_vector_ensure_validity_writable(output);
      duckdb_validity_set_row_invalid(duckdb_vector_get_validity(output), row);
    }
  }
  return all;
}

bool cast_from_ipaddress(duckdb_function_info, idx_t count, duckdb_vector input,
                         duckdb_vector output) {
  const auto* addresses = static_cast<const duckdb_uhugeint*>(duckdb_vector_get_data(input));
  uint64_t* validity = duckdb_vector_get_validity(input);
  for (idx_t row = 0; row < count; ++row) {
    if (validity != nullptr && !duckdb_validity_row_is_valid(validity, row)) {
      duckdb_vector_ensure_validity_writable(output);
      duckdb_validity_set_row_invalid(duckdb_vector_get_validity(output), row);
      continue;
    }
    const std::string text = ipaddress_text(addresses[row]);
    duckdb_vector_assign_string_element_len(output, row, text.data(), text.size());
  }
  return true;
}

duckdb_logical_type make_ipaddress() {
  duckdb_logical_type type = duckdb_create_logical_type(DUCKDB_TYPE_UHUGEINT);
  duckdb_logical_type_set_alias(type, "ipaddress");
  return type;
}

Error refused(std::string_view what) {
  return {ErrorKind::internal, "GENERIC_INTERNAL_ERROR",
          "the SQL engine refused " + std::string(what) + " (is it of the expected version?)"};
}

/// DUCKDB_TYPE_UHUGEINT stands for ipaddress.
Result<void> add(duckdb_connection connection, const char* name,
                 std::initializer_list<duckdb_type> parameters, duckdb_type result,
                 duckdb_scalar_function_t function) {
  const auto make = [](duckdb_type type) {
    return type == DUCKDB_TYPE_UHUGEINT ? make_ipaddress() : duckdb_create_logical_type(type);
  };
  const OwnedFunction scalar(duckdb_create_scalar_function());
  duckdb_scalar_function_set_name(scalar.get(), name);
  for (const duckdb_type parameter : parameters) {
    const OwnedType type(make(parameter));
    duckdb_scalar_function_add_parameter(scalar.get(), type.get());
  }
  const OwnedType type(make(result));
  duckdb_scalar_function_set_return_type(scalar.get(), type.get());
  duckdb_scalar_function_set_function(scalar.get(), function);
  if (duckdb_register_scalar_function(connection, scalar.get()) == DuckDBError)
    return refused(name);
  return {};
}

Result<void> add_cast(duckdb_connection connection, duckdb_logical_type from,
                      duckdb_logical_type to, duckdb_cast_function_t function) {
  const OwnedCast cast(duckdb_create_cast_function());
  duckdb_cast_function_set_source_type(cast.get(), from);
  duckdb_cast_function_set_target_type(cast.get(), to);
  duckdb_cast_function_set_function(cast.get(), function);
  if (duckdb_register_cast_function(connection, cast.get()) == DuckDBError)
    return refused("a cast");
  return {};
}

}  // namespace

Result<void> register_functions(duckdb_connection connection) {
  constexpr auto kText = DUCKDB_TYPE_VARCHAR;
  constexpr auto kBigint = DUCKDB_TYPE_BIGINT;
  constexpr auto kMoment = DUCKDB_TYPE_TIMESTAMP;
  const OwnedType ipaddress(make_ipaddress());
  const OwnedType text(duckdb_create_logical_type(kText));
  if (duckdb_register_logical_type(connection, ipaddress.get(), nullptr) == DuckDBError) {
    return refused("the type ipaddress");
  }
  WEIR_CHECK(add_cast(connection, text.get(), ipaddress.get(), cast_to_ipaddress));
  WEIR_CHECK(add_cast(connection, ipaddress.get(), text.get(), cast_from_ipaddress));
  WEIR_CHECK(add(connection, "weir_ip_contains", {kText, DUCKDB_TYPE_UHUGEINT}, DUCKDB_TYPE_BOOLEAN,
                 each_row<ip_contains>));
  WEIR_CHECK(add(connection, "weir_divide", {kBigint, kBigint}, kBigint, each_row<divide>));
  WEIR_CHECK(add(connection, "weir_modulo", {kBigint, kBigint}, kBigint, each_row<modulo>));
  WEIR_CHECK(add(connection, "weir_shift_left", {kBigint, kBigint}, kBigint, each_row<shift_left>));
  WEIR_CHECK(
      add(connection, "weir_shift_right", {kBigint, kBigint}, kBigint, each_row<shift_right>));
  WEIR_CHECK(
      add(connection, "weir_cbrt", {DUCKDB_TYPE_DOUBLE}, DUCKDB_TYPE_DOUBLE, each_row<cube_root>));
  WEIR_CHECK(
      add(connection, "weir_double_text", {DUCKDB_TYPE_DOUBLE}, kText, each_row<double_text>));
  WEIR_CHECK(add(connection, "weir_real_text", {DUCKDB_TYPE_FLOAT}, kText, each_row<real_text>));
  WEIR_CHECK(add(connection, "weir_to_bigint", {kText}, kBigint, each_row<to_bigint>));
  WEIR_CHECK(add(connection, "weir_try_bigint", {kText}, kBigint, each_row<try_bigint>));
  WEIR_CHECK(add(connection, "weir_to_date", {kText}, DUCKDB_TYPE_DATE, each_row<to_date>));
  WEIR_CHECK(add(connection, "weir_try_date", {kText}, DUCKDB_TYPE_DATE, each_row<try_date>));
  WEIR_CHECK(add(connection, "weir_date_format", {kMoment, kText}, kText,
                 each_row<format_moment<mysql_format>>));
  WEIR_CHECK(add(connection, "weir_date_parse", {kText, kText}, kMoment,
                 each_row<parse_moment<mysql_parse>>));
  WEIR_CHECK(add(connection, "weir_joda_format", {kMoment, kText}, kText,
                 each_row<format_moment<java_format>>));
  WEIR_CHECK(add(connection, "weir_joda_parse", {kText, kText}, kMoment,
                 each_row<parse_moment<java_parse>>));
  WEIR_CHECK(add(connection, "weir_iso8601", {DUCKDB_TYPE_TIMESTAMP_TZ}, kText, each_row<iso8601>));
  WEIR_CHECK(add(connection, "weir_substr", {kText, kBigint}, kText, each_row<substring>));
  return add(connection, "weir_substr3", {kText, kBigint, kBigint}, kText, each_row<substring>);
}

}  // namespace weir::sql
