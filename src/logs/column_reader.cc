// SPDX-License-Identifier: Apache-2.0
#include "logs/column_reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <limits>
#include <utility>

namespace weir::logs {
namespace {

constexpr std::size_t kWordPadding =
    32;  // behind the words, so that 32 bytes can be copied at once
constexpr std::size_t kRowSlack = kColumnsMax * (kValueBytesMax + 1) + kWordPadding;

bool are_addresses(ColumnForm form) {
  return form == ColumnForm::addresses || form == ColumnForm::addresses_by_dictionary;
}
bool is_by_dictionary(ColumnForm form) {
  return form == ColumnForm::numbers_by_dictionary || form == ColumnForm::addresses_by_dictionary;
}

/// Turns lengths into where each thing ends; false if they do not add up to `size`.
bool add_up(std::vector<std::uint32_t>& lengths, std::size_t size) {
  std::uint64_t end = 0;
  for (std::uint32_t& length : lengths) {
    end += length;
    if (end > size) return false;
    length = static_cast<std::uint32_t>(end);
  }
  return end == size;
}

struct DigitPairs {
  std::array<char, 200> digits;
  constexpr DigitPairs() : digits() {
    for (std::size_t i = 0; i < 100; ++i) {
      digits[2 * i] = static_cast<char>('0' + i / 10);
      digits[2 * i + 1] = static_cast<char>('0' + i % 10);
    }
  }
};
constexpr DigitPairs kPairs;

/// Each octet's digits and a point, and how long that is.
struct Octets {
  struct Octet {
    std::array<char, 4> text;
    std::uint8_t size;
  };
  std::array<Octet, 256> octets;
  constexpr Octets() : octets() {
    for (std::size_t i = 0; i < 256; ++i) {
      Octet& octet = octets[i];
      if (i >= 100) octet.text[octet.size++] = static_cast<char>('0' + i / 100);
      if (i >= 10) octet.text[octet.size++] = static_cast<char>('0' + i / 10 % 10);
      octet.text[octet.size++] = static_cast<char>('0' + i % 10);
      octet.text[octet.size++] = '.';
    }
  }
};
constexpr Octets kOctets;

}  // namespace

char* write_number(char* out, std::uint64_t number) {
  if (number < 10) {
    *out = static_cast<char>('0' + number);
    return out + 1;
  }
  std::array<char, kValueBytesMax> digits;
  std::size_t at = digits.size();
  while (number >= 10) {
    at -= 2;
    std::memcpy(&digits[at], &kPairs.digits[number % 100 * 2], 2);
    number /= 100;
  }
  if (number > 0) digits[--at] = static_cast<char>('0' + number);
  const std::size_t size = digits.size() - at;
  std::memcpy(out, &digits[at], size);
  return out + size;
}

char* write_address(char* out, std::uint32_t address) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    const Octets::Octet& octet = kOctets.octets[address >> shift & 0xff];
    std::memcpy(out, octet.text.data(), 4);
    out += octet.size;
  }
  return out - 1;
}

std::optional<ColumnReader> ColumnReader::open(std::string_view bytes, std::size_t rows) {
  ColumnReader columns;
  columns.rows_ = rows;
  ByteReader reader(bytes);
  const std::uint64_t count = reader.number();
  if (count == 0 || count > kColumnsMax || !columns.open_odd_rows(reader)) return std::nullopt;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (!columns.open_part(bytes, reader.text())) return std::nullopt;
  }
  if (reader.failed() || !reader.done()) return std::nullopt;
  return columns;
}

bool ColumnReader::open_odd_rows(ByteReader& reader) {
  const std::uint64_t count = reader.number();
  if (reader.failed() || count > rows_) return false;
  if (count == 0) return true;
  std::string_view text;
  if (!take_numbers(reader, count, odd_rows_) || !take_numbers(reader, count, odd_ends_) ||
      !take_packed(reader, odd_text_, text)) {
    return false;
  }
  if (text.data() != odd_text_.data()) odd_text_ = text;
  const bool are_ascending =
      std::ranges::adjacent_find(odd_rows_, std::greater_equal<>()) == odd_rows_.end();
  return are_ascending && odd_rows_.back() < rows_ && add_up(odd_ends_, odd_text_.size());
}

bool ColumnReader::open_part(std::string_view all, std::string_view bytes) {
  if (bytes.empty() || bytes[0] < 0 || bytes[0] > static_cast<char>(ColumnForm::words)) {
    return false;
  }
  Part part;
  part.form = static_cast<ColumnForm>(bytes[0]);
  ByteReader reader(bytes.substr(1));
  if (part.form != ColumnForm::words) {
    part.least = reader.number();
    part.greatest = part.least + reader.number();
    part.null_count = reader.number();
    constexpr std::uint64_t kNumberMax = std::numeric_limits<std::int64_t>::max();
    const std::uint64_t greatest_max = are_addresses(part.form) ? 0xffffffff : kNumberMax;
    if (part.greatest < part.least || part.greatest > greatest_max) return false;
  }
  part.begin = static_cast<std::size_t>(reader.rest().data() - all.data());
  part.size = reader.rest().size();
  parts_.push_back(part);
  return !reader.failed();
}

Column::Kind ColumnReader::kind(std::size_t column) const {
  const ColumnForm form = parts_[column].form;
  if (form == ColumnForm::words) return Column::Kind::text;
  return are_addresses(form) ? Column::Kind::ipv4 : Column::Kind::number;
}

std::optional<BlockColumns::Bounds> ColumnReader::bounds(std::size_t column) const {
  const Part& part = parts_[column];
  if (part.form == ColumnForm::words) return std::nullopt;
  return BlockColumns::Bounds{static_cast<std::int64_t>(part.least),
                              static_cast<std::int64_t>(part.greatest)};
}

std::string_view ColumnReader::odd_line(std::size_t index) const {
  const std::uint32_t begin = index == 0 ? 0 : odd_ends_[index - 1];
  return std::string_view(odd_text_).substr(begin, odd_ends_[index] - begin);
}

/// The values as they are stored: one for each row, or the distinct ones and the codes of the rows.
template <class Number>
bool ColumnReader::take_distinct(ByteReader& reader, const Part& part, std::vector<Number>& values,
                                 std::vector<std::uint32_t>& codes) const {
  const bool has_codes = is_by_dictionary(part.form);
  const std::uint64_t count = has_codes ? reader.number() : rows_;
  if (count > rows_ || !take_numbers(reader, count, values)) return false;
  const std::uint64_t distance = part.greatest - part.least;
  for (const Number value : values) {
    if (static_cast<std::uint64_t>(value) - part.least > distance) return false;
  }
  if (!has_codes) return true;
  if (!take_numbers(reader, rows_, codes)) return false;
  return std::ranges::all_of(codes, [count](std::uint32_t code) { return code < count; });
}

template <class Number>
bool ColumnReader::take_values(ByteReader& reader, const Part& part,
                               std::vector<Number>& values) const {
  std::vector<std::uint32_t> codes;
  if (!take_distinct(reader, part, values, codes)) return false;
  if (codes.empty()) return true;
  std::vector<Number> expanded(rows_);
  for (std::size_t row = 0; row < rows_; ++row) expanded[row] = values[codes[row]];
  values = std::move(expanded);
  return true;
}

bool ColumnReader::read_stored(std::string_view bytes, std::size_t column, Stored& out) const {
  const Part& part = parts_[column];
  ByteReader reader(bytes.substr(part.begin, part.size));
  if (part.form == ColumnForm::words) {
    Column words;
    if (!take_words(reader, words) || !take_numbers(reader, rows_, out.codes)) return false;
    const std::size_t count = words.word_ends.size();
    return std::ranges::all_of(out.codes, [count](std::uint32_t code) { return code < count; });
  }
  std::string scratch;
  std::string_view nulls;
  if (part.null_count > 0 && !take_plane(reader, rows_, scratch, nulls)) return false;
  out.nulls = nulls;
  return are_addresses(part.form) ? take_distinct(reader, part, out.addresses, out.codes)
                                  : take_distinct(reader, part, out.numbers, out.codes);
}

bool ColumnReader::take_words(ByteReader& reader, Column& out) const {
  const std::uint64_t count = reader.number();
  if (reader.failed() || count > rows_ || !take_numbers(reader, count, out.word_ends)) return false;
  std::string_view words;
  if (!take_packed(reader, out.words, words) || !add_up(out.word_ends, words.size())) return false;
  if (words.find(' ') != words.npos) return false;
  if (words.data() != out.words.data()) out.words = words;
  out.words.append(kWordPadding, '\0');
  return true;
}

bool ColumnReader::read_words(std::string_view bytes, std::size_t column, Column& out) const {
  const Part& part = parts_[column];
  ByteReader reader(bytes.substr(part.begin, part.size));
  return part.form == ColumnForm::words && take_words(reader, out);
}

bool ColumnReader::read(std::string_view bytes, std::size_t column, Column& out) const {
  const Part& part = parts_[column];
  ByteReader reader(bytes.substr(part.begin, part.size));
  out.kind = kind(column);
  if (part.form == ColumnForm::words) {
    if (!take_words(reader, out) || !take_numbers(reader, rows_, out.codes)) return false;
    const std::size_t count = out.word_ends.size();
    return std::ranges::all_of(out.codes, [count](std::uint32_t code) { return code < count; });
  }
  std::string scratch;
  std::string_view nulls;
  if (part.null_count > 0 && !take_plane(reader, rows_, scratch, nulls)) return false;
  if (are_addresses(part.form)) {
    out.is_null.assign(nulls.begin(), nulls.end());
    return take_values(reader, part, out.addresses);
  }
  if (!take_values(reader, part, out.numbers)) return false;
  for (std::size_t row = 0; row < nulls.size(); ++row) {
    if (nulls[row] != 0) out.numbers[row] = Column::kNull;
  }
  return true;
}

namespace {

/// Four octets parted by points.
std::optional<std::uint32_t> read_address(std::string_view text) {
  std::uint32_t address = 0;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (int octet = 0; octet < 4; ++octet) {
    if (octet > 0 && (at == end || *at++ != '.')) return std::nullopt;
    std::uint8_t value = 0;
    const auto read = std::from_chars(at, end, value);
    if (read.ec != std::errc()) return std::nullopt;
    address = address << 8 | value;
    at = read.ptr;
  }
  return at == end ? std::optional(address) : std::nullopt;
}

}  // namespace

template <class Number>
bool ColumnReader::may_have_number(ByteReader reader, const Part& part, Number number) const {
  if (!is_by_dictionary(part.form)) return true;
  std::string scratch;
  std::string_view nulls;
  if (part.null_count > 0 && !take_plane(reader, rows_, scratch, nulls)) return true;
  const std::uint64_t count = reader.number();
  std::vector<Number> dictionary;
  if (count > rows_ || !take_numbers(reader, count, dictionary)) return true;
  return std::ranges::find(dictionary, number) != dictionary.end();
}

bool ColumnReader::may_have(std::string_view bytes, std::size_t column,
                            std::string_view token) const {
  const Part& part = parts_[column];
  if (part.form == ColumnForm::words) {
    Column words;
    if (!read_words(bytes, column, words)) return true;
    for (std::uint32_t code = 0; code < words.dictionary_size(); ++code) {
      if (words.word(code) == token) return true;
    }
    return false;
  }
  if (token == "-") return part.null_count > 0;
  const ByteReader reader(bytes.substr(part.begin, part.size));
  if (are_addresses(part.form)) {
    const auto address = read_address(token);
    return address && *address >= part.least && *address <= part.greatest &&
           may_have_number(reader, part, *address);
  }
  std::int64_t number = 0;
  const auto read = std::from_chars(token.data(), token.data() + token.size(), number);
  if (read.ec != std::errc() || read.ptr != token.data() + token.size() || number < 0) return false;
  return static_cast<std::uint64_t>(number) >= part.least &&
         static_cast<std::uint64_t>(number) <= part.greatest &&
         may_have_number(reader, part, number);
}

namespace {

/// Where the next token goes.
struct Line {
  char* out;
  const char* limit;

  bool add_word(std::string_view word) {
    if (static_cast<std::size_t>(limit - out) < word.size()) return false;
    if (word.size() <= kWordPadding) {
      std::memcpy(out, word.data(), kWordPadding);
    } else {
      std::memcpy(out, word.data(), word.size());
    }
    out += word.size();
    return true;
  }
  bool add(const Column& column, std::size_t row) {
    switch (column.kind) {
      case Column::Kind::number:
        if (column.numbers[row] == Column::kNull) {
          *out++ = '-';
        } else {
          out = write_number(out, static_cast<std::uint64_t>(column.numbers[row]));
        }
        return true;
      case Column::Kind::ipv4:
        if (!column.is_null.empty() && column.is_null[row] != 0) {
          *out++ = '-';
        } else {
          out = write_address(out, column.addresses[row]);
        }
        return true;
      case Column::Kind::text:
        return add_word(column.word(column.codes[row]));
    }
    return false;
  }
};

}  // namespace

bool ColumnReader::read_text(std::string_view bytes, std::size_t size, std::string& text,
                             std::vector<std::uint32_t>& ends) const {
  return write_lines(bytes, std::nullopt, size, text, ends) && text.size() == size;
}

bool ColumnReader::read_lines(std::string_view bytes, std::span<const std::uint32_t> rows,
                              std::size_t size, std::string& text,
                              std::vector<std::uint32_t>& ends) const {
  return write_lines(bytes, rows, size, text, ends);
}

/// Lines of together at most `size` bytes.
bool ColumnReader::write_lines(std::string_view bytes,
                               std::optional<std::span<const std::uint32_t>> wanted,
                               std::size_t size, std::string& text,
                               std::vector<std::uint32_t>& ends) const {
  std::vector<Column> columns(count());
  for (std::size_t i = 0; i < count(); ++i) {
    if (!read(bytes, i, columns[i])) return false;
  }
  if (size > kPackedBytesMax) return false;
  text.resize(size + kRowSlack);
  ends.resize(rows_);
  Line line{text.data(), text.data() + size};
  std::size_t next_wanted = 0;
  for (std::size_t row = 0; row < rows_; ++row) {
    const bool is_wanted =
        !wanted || (next_wanted < wanted->size() && (*wanted)[next_wanted] == row);
    next_wanted += is_wanted;
    if (!is_wanted) {
      ends[row] = static_cast<std::uint32_t>(line.out - text.data());
      continue;
    }
    const auto odd = std::ranges::lower_bound(odd_rows_, row);
    if (odd != odd_rows_.end() && *odd == row) {
      const std::string_view whole = odd_line(static_cast<std::size_t>(odd - odd_rows_.begin()));
      if (static_cast<std::size_t>(line.limit - line.out) < whole.size()) return false;
      line.out = std::ranges::copy(whole, line.out).out;
    } else {
      for (const Column& column : columns) {
        if (line.out > line.limit || !line.add(column, row)) return false;
        *line.out++ = ' ';
      }
      --line.out;
    }
    if (line.out > line.limit) return false;
    ends[row] = static_cast<std::uint32_t>(line.out - text.data());
  }
  text.resize(static_cast<std::size_t>(line.out - text.data()));
  return true;
}

}  // namespace weir::logs
