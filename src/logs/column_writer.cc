// SPDX-License-Identifier: Apache-2.0
#include "logs/column_writer.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>
#include <vector>

#include "base/result.h"

namespace weir::logs {
namespace {

constexpr std::size_t kOddRowsDivisor = 16;    // more odd rows than one of so many: not by columns
constexpr std::size_t kMisfitsDivisor = 64;    // of one column: then it is text
constexpr std::size_t kDictionaryDivisor = 8;  // more distinct numbers: no dictionary
constexpr std::size_t kDictionaryDigits = 3;   // numbers below 256 need none
constexpr std::uint64_t kBlanks = 0x2020202020202020;
constexpr std::uint64_t kZeros = 0x3030303030303030;
constexpr std::uint64_t kLow = 0x7f7f7f7f7f7f7f7f;

/// The eight bytes from `at` on, the first one lowest.
std::uint64_t load(const char* at) {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

/// The number of eight digits, the first one in the lowest byte; nothing if there is another
/// character.
std::optional<std::uint64_t> eight_digits(std::uint64_t word) {
  const std::uint64_t digits = word ^ kZeros;
  if (((digits | (digits + 0x0606060606060606)) & 0xf0f0f0f0f0f0f0f0) != 0) return std::nullopt;
  std::uint64_t pairs = (digits * 10) + (digits >> 8);
  pairs = ((pairs & 0x000000ff000000ff) * 0x000f424000000064 +
           ((pairs >> 16) & 0x000000ff000000ff) * 0x0000271000000001) >>
          32;
  return pairs;
}

/// Up to eight digits.
std::optional<std::uint64_t> few_digits(const char* at, std::size_t size) {
  const auto spare = static_cast<unsigned>(8 * (8 - size));
  if (spare == 0) return eight_digits(load(at));
  return eight_digits((load(at) << spare) | (kZeros >> (64 - spare)));
}

/// Only what std::to_string() writes, up to 18 digits.
std::optional<std::uint64_t> canonical_number(std::string_view token) {
  const std::size_t size = token.size();
  if (size == 0 || size > 18 || (token[0] == '0' && size > 1)) return std::nullopt;
  if (size <= 8) return few_digits(token.data(), size);
  const auto low = eight_digits(load(token.data() + size - 8));
  if (!low) return std::nullopt;
  if (size <= 16) {
    const auto high = few_digits(token.data(), size - 8);
    if (!high) return std::nullopt;
    return *high * 100'000'000 + *low;
  }
  const auto middle = eight_digits(load(token.data() + size - 16));
  const auto high = few_digits(token.data(), size - 16);
  if (!middle || !high) return std::nullopt;
  return (*high * 100'000'000 + *middle) * 100'000'000 + *low;
}

std::optional<std::uint32_t> canonical_address(std::string_view token) {
  if (token.size() < 7 || token.size() > 15) return std::nullopt;
  std::uint32_t address = 0;
  std::size_t at = 0;
  for (int octets = 1;; ++octets) {
    unsigned octet = 0;
    std::size_t digits = 0;
    for (; at < token.size() && digits < 4; ++at, ++digits) {
      const unsigned digit = static_cast<unsigned char>(token[at]) - unsigned{'0'};
      if (digit > 9) break;
      octet = octet * 10 + digit;
    }
    const bool is_canonical = digits == 1 || (digits > 0 && token[at - digits] != '0');
    if (!is_canonical || octet > 255) return std::nullopt;
    address = address << 8 | octet;
    if (octets == 4) break;
    if (at == token.size() || token[at++] != '.') return std::nullopt;
  }
  if (at != token.size()) return std::nullopt;
  return address;
}

std::uint64_t mix(std::uint64_t hash, std::uint64_t word) {
  hash = (hash ^ word) * 0x9e3779b97f4a7c15;
  return hash ^ (hash >> 29);
}

std::uint64_t hash_of(std::string_view token) {
  const char* at = token.data();
  const std::size_t size = token.size();
  if (size == 0) return 0;
  if (size < 8) return mix(size, load(at) << (64 - 8 * size));
  std::uint64_t hash = size;
  for (std::size_t i = 0; i + 8 < size; i += 8) hash = mix(hash, load(at + i));
  return mix(hash, load(at + size - 8));
}

/// Which of the things seen before equals this one. Open addressing, never more than half full.
class Places {
 public:
  explicit Places(std::size_t things_max)
      : mask_(std::bit_ceil(things_max * 2 + 2) - 1), codes_(mask_ + 1, 0) {}
  /// The code of a thing that `is_equal(code)` knows, or `next`, which is then taken.
  template <class IsEqual>
  std::uint32_t find_or_add(std::uint64_t hash, std::uint32_t next, IsEqual is_equal) {
    for (std::size_t at = (hash >> 20) & mask_;; at = (at + 1) & mask_) {
      if (codes_[at] == 0) {
        codes_[at] = next + 1;
        return next;
      }
      if (is_equal(codes_[at] - 1)) return codes_[at] - 1;
    }
  }

 private:
  std::size_t mask_;
  std::vector<std::uint32_t> codes_;  // and one; 0: free
};

/// The distinct numbers, ascending, and which one each row has; nothing if there are many.
struct NumberDictionary {
  std::vector<std::uint64_t> numbers;
  std::vector<std::uint64_t> codes;
};

std::optional<NumberDictionary> dictionary_of(std::span<const std::uint64_t> numbers) {
  const std::size_t limit = numbers.size() / kDictionaryDivisor;
  Places places(limit);
  std::vector<std::uint64_t> found;
  NumberDictionary dictionary;
  dictionary.codes.reserve(numbers.size());
  for (const std::uint64_t number : numbers) {
    const std::uint32_t code =
        places.find_or_add(mix(0, number), static_cast<std::uint32_t>(found.size()),
                           [&](std::uint32_t other) { return found[other] == number; });
    if (code == found.size()) {
      if (code == limit) return std::nullopt;
      found.push_back(number);
    }
    dictionary.codes.push_back(code);
  }
  dictionary.numbers = found;
  std::ranges::sort(dictionary.numbers);
  std::vector<std::uint64_t> renamed(found.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto place = std::ranges::lower_bound(dictionary.numbers, found[i]);
    renamed[i] = static_cast<std::uint64_t>(place - dictionary.numbers.begin());
  }
  for (std::uint64_t& code : dictionary.codes) code = renamed[code];
  return dictionary;
}

class ColumnWriter {
 public:
  ColumnWriter(std::string_view text, std::span<const std::uint32_t> ends, Effort effort)
      : text_(text), ends_(ends), effort_(effort), is_odd_(ends.size(), 0) {}

  std::optional<std::string> write();

 private:
  /// Numbers or addresses of a column; rows that are null or odd repeat what was before.
  struct Values {
    std::vector<std::uint64_t> numbers;
    std::string nulls;  // 1 for each `-`
    std::size_t null_count = 0;
  };

  std::size_t rows() const { return ends_.size(); }
  std::uint32_t line_begin(std::size_t row) const { return row == 0 ? 0 : ends_[row - 1]; }
  std::string_view token(std::size_t row, std::size_t column) const {
    const std::uint32_t* const token_ends = &token_ends_[row * columns_];
    const std::uint32_t begin = column == 0 ? line_begin(row) : token_ends[column - 1] + 1;
    return text_.substr(begin, token_ends[column] - begin);
  }
  bool split_lines();
  bool split_line(std::size_t row);
  void mark_odd(std::size_t row);
  template <class Parse>
  std::optional<Values> parse(std::size_t column, Parse parse_token);
  std::string column_bytes(std::size_t column);
  void put_values(std::string& out, const Values& values, bool are_addresses) const;
  void put_words(std::string& out, std::size_t column) const;
  void put_odd_rows(std::string& out) const;

  std::string_view text_;
  std::span<const std::uint32_t> ends_;
  Effort effort_;
  std::size_t columns_ = 0;
  std::vector<std::uint32_t> token_ends_;  // row by row
  std::vector<std::uint8_t> is_odd_;
  std::size_t odd_count_ = 0;
};

void ColumnWriter::mark_odd(std::size_t row) {
  odd_count_ += is_odd_[row] == 0;
  is_odd_[row] = 1;
}

/// False if the line has another number of tokens.
bool ColumnWriter::split_line(std::size_t row) {
  const std::uint32_t end = ends_[row];
  std::uint32_t* out = &token_ends_[row * columns_];
  std::uint32_t* const last = out + columns_ - 1;
  for (std::uint32_t at = line_begin(row); at < end; at += 8) {
    const std::uint64_t other = load(text_.data() + at) ^ kBlanks;
    std::uint64_t blanks = ~(((other & kLow) + kLow) | other | kLow);
    if (end - at < 8) blanks &= (std::uint64_t{1} << (8 * (end - at))) - 1;
    for (; blanks != 0; blanks &= blanks - 1) {
      if (out == last) return false;
      *out++ = at + static_cast<std::uint32_t>(std::countr_zero(blanks)) / 8;
    }
  }
  *out = end;
  return out == last;
}

bool ColumnWriter::split_lines() {
  const std::string_view first = text_.substr(0, ends_[0]);
  columns_ = static_cast<std::size_t>(std::ranges::count(first, ' ')) + 1;
  if (columns_ < 2 || columns_ > kColumnsMax) return false;
  token_ends_.resize(rows() * columns_);
  for (std::size_t row = 0; row < rows(); ++row) {
    if (split_line(row)) continue;
    mark_odd(row);
    if (odd_count_ > rows() / kOddRowsDivisor) return false;
    std::fill_n(&token_ends_[row * columns_], columns_, line_begin(row));
  }
  return true;
}

/// The column's values, if but few do not fit; their rows become odd.
template <class Parse>
std::optional<ColumnWriter::Values> ColumnWriter::parse(std::size_t column, Parse parse_token) {
  Values values;
  values.numbers.resize(rows());
  std::vector<std::size_t> misfits;
  std::uint64_t before = 0;
  bool is_first = true;
  for (std::size_t row = 0; row < rows(); ++row) {
    values.numbers[row] = before;
    if (is_odd_[row] != 0) continue;
    const std::string_view text = token(row, column);
    if (const auto number = parse_token(text)) {
      before = *number;
      values.numbers[row] = before;
      if (is_first) std::fill_n(values.numbers.begin(), row, before);
      is_first = false;
    } else if (text == "-") {
      if (values.nulls.empty()) values.nulls.assign(rows(), '\0');
      values.nulls[row] = 1;
      ++values.null_count;
    } else {
      if (misfits.size() == rows() / kMisfitsDivisor) return std::nullopt;
      misfits.push_back(row);
    }
  }
  if (is_first) return std::nullopt;  // only nulls
  for (const std::size_t row : misfits) mark_odd(row);
  return values;
}

void ColumnWriter::put_values(std::string& out, const Values& values, bool are_addresses) const {
  const auto [least, greatest] = std::ranges::minmax(values.numbers);
  const bool has_few = std::to_string(greatest - least).size() < kDictionaryDigits;
  const auto dictionary = has_few ? std::nullopt : dictionary_of(values.numbers);
  const auto form = are_addresses
                        ? (dictionary ? ColumnForm::addresses_by_dictionary : ColumnForm::addresses)
                        : (dictionary ? ColumnForm::numbers_by_dictionary : ColumnForm::numbers);
  out.push_back(static_cast<char>(form));
  put_number(out, least);
  put_number(out, greatest - least);
  put_number(out, values.null_count);
  if (values.null_count > 0) put_plane(out, values.nulls, effort_);
  const Base base = are_addresses ? Base::zero : Base::least;
  if (dictionary) {
    put_number(out, dictionary->numbers.size());
    put_numbers(out, dictionary->numbers, base, effort_);
    put_numbers(out, dictionary->codes, Base::least, effort_);
  } else {
    put_numbers(out, values.numbers, base, effort_);
  }
}

void ColumnWriter::put_words(std::string& out, std::size_t column) const {
  Places places(rows());
  std::vector<std::string_view> words;
  std::vector<std::uint64_t> lengths;
  std::vector<std::uint64_t> codes(rows(), 0);
  std::string joined;
  for (std::size_t row = 0; row < rows(); ++row) {
    if (is_odd_[row] != 0) {
      if (row > 0) codes[row] = codes[row - 1];
      continue;
    }
    const std::string_view text = token(row, column);
    if (row > 0 && codes[row - 1] < words.size() && words[codes[row - 1]] == text) {
      codes[row] = codes[row - 1];
      continue;
    }
    const std::uint32_t code =
        places.find_or_add(hash_of(text), static_cast<std::uint32_t>(words.size()),
                           [&](std::uint32_t other) { return words[other] == text; });
    if (code == words.size()) {
      words.push_back(text);
      lengths.push_back(text.size());
      joined += text;
    }
    codes[row] = code;
  }
  out.push_back(static_cast<char>(ColumnForm::words));
  put_number(out, words.size());
  put_numbers(out, lengths, Base::least, effort_);
  put_packed(out, joined, effort_);
  put_numbers(out, codes, Base::least, effort_);
}

std::string ColumnWriter::column_bytes(std::size_t column) {
  std::string bytes;
  if (const auto numbers = parse(column, canonical_number)) {
    put_values(bytes, *numbers, false);
  } else if (const auto addresses = parse(column, canonical_address)) {
    put_values(bytes, *addresses, true);
  } else {
    put_words(bytes, column);
  }
  return bytes;
}

void ColumnWriter::put_odd_rows(std::string& out) const {
  put_number(out, odd_count_);
  if (odd_count_ == 0) return;
  std::vector<std::uint64_t> odd;
  std::vector<std::uint64_t> lengths;
  std::string joined;
  for (std::size_t row = 0; row < rows(); ++row) {
    if (is_odd_[row] == 0) continue;
    const std::string_view line = text_.substr(line_begin(row), ends_[row] - line_begin(row));
    odd.push_back(row);
    lengths.push_back(line.size());
    joined += line;
  }
  put_numbers(out, odd, Base::least, effort_);
  put_numbers(out, lengths, Base::least, effort_);
  put_packed(out, joined, effort_);
}

std::optional<std::string> ColumnWriter::write() {
  if (rows() < kColumnRowsMin || !split_lines()) return std::nullopt;
  std::vector<std::string> columns;
  for (std::size_t column = 0; column < columns_; ++column) {
    columns.push_back(column_bytes(column));
    if (odd_count_ > rows() / kOddRowsDivisor) return std::nullopt;
  }
  std::string out;
  put_number(out, columns_);
  put_odd_rows(out);
  for (const std::string& column : columns) put_text(out, column);
  return out;
}

}  // namespace

std::optional<std::string> pack_columns(std::string_view text, std::span<const std::uint32_t> ends,
                                        Effort effort) {
  WEIR_ASSERT(!ends.empty() && text.size() == ends.back() + kTextPadding);
  return ColumnWriter(text, ends, effort).write();
}

}  // namespace weir::logs
