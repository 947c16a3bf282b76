// SPDX-License-Identifier: Apache-2.0
#ifdef __x86_64__

#include <immintrin.h>

#include "flow/column_kernels.h"

namespace weir::flow::detail {
namespace {

// Every function here has its own target, so that the file builds everywhere and nothing of it is
// shared with code that runs on older processors. For the same reason no library function is
// called.
#define WEIR_AVX2 [[gnu::target("avx2,bmi,bmi2,lzcnt,popcnt")]]

constexpr std::uint32_t kBlock = 64;

struct Masks {
  std::uint64_t blanks;
  std::uint64_t newlines;
};

WEIR_AVX2 inline std::uint64_t mask_of(__m256i low, __m256i high) {
  return static_cast<std::uint32_t>(_mm256_movemask_epi8(low)) |
         std::uint64_t{static_cast<std::uint32_t>(_mm256_movemask_epi8(high))} << 32;
}

WEIR_AVX2 inline Masks masks_at(const char* at) {
  const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
  const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + 32));
  const __m256i blank = _mm256_set1_epi8(0x20);
  const __m256i newline = _mm256_set1_epi8('\n');
  return {mask_of(_mm256_cmpeq_epi8(_mm256_min_epu8(low, blank), low),
                  _mm256_cmpeq_epi8(_mm256_min_epu8(high, blank), high)),
          mask_of(_mm256_cmpeq_epi8(low, newline), _mm256_cmpeq_epi8(high, newline))};
}

/// The places of the bits. Their number is hard to foretell, so a usual line's share is written in
/// any case.
WEIR_AVX2 inline void write_places(std::uint64_t mask, std::uint32_t base, std::uint32_t count,
                                   std::uint32_t* out) {
  constexpr std::uint32_t kUsual = 12;
#pragma GCC unroll 12
  for (std::uint32_t i = 0; i < kUsual; ++i) {
    out[i] = base + static_cast<std::uint32_t>(_tzcnt_u64(mask));
    mask = _blsr_u64(mask);
  }
  for (std::uint32_t i = kUsual; i < count; ++i) {
    out[i] = base + static_cast<std::uint32_t>(_tzcnt_u64(mask));
    mask = _blsr_u64(mask);
  }
}

/// For each LF its place among the blanks.
WEIR_AVX2 inline std::uint32_t write_newlines(const Masks& masks, std::uint32_t blanks,
                                              std::uint32_t* out) {
  const auto count = static_cast<std::uint32_t>(_mm_popcnt_u64(masks.newlines));
  std::uint64_t rest = masks.newlines;
  std::uint32_t i = 0;
  do {
    const std::uint64_t below = _blsmsk_u64(rest) >> 1;
    out[i] = blanks + static_cast<std::uint32_t>(_mm_popcnt_u64(masks.blanks & below));
    rest = _blsr_u64(rest);
  } while (++i < count);
  return count;
}

/// Whether a blank follows another one and they are not CR LF.
WEIR_AVX2 inline bool has_gap(const char* at, std::uint64_t beside) {
  for (; beside != 0; beside = _blsr_u64(beside)) {
    const char* const blank = at + _tzcnt_u64(beside);
    if (*blank != '\n' || blank[-1] != '\r') return true;
  }
  return false;
}

WEIR_AVX2 Scanned scan(const char* text, std::uint32_t from, std::uint32_t to, std::uint32_t* ends,
                       std::uint32_t* newlines) {
  Scanned out;
  std::uint64_t before = 0;
  for (std::uint32_t base = from; base < to; base += kBlock) {
    Masks masks;
    if (to - base >= kBlock) {
      masks = masks_at(text + base);
    } else {
      alignas(32) char tail[kBlock];
      for (std::uint32_t i = 0; i < kBlock; ++i) tail[i] = i < to - base ? text[base + i] : 'x';
      masks = masks_at(tail);
    }
    const auto count = static_cast<std::uint32_t>(_mm_popcnt_u64(masks.blanks));
    write_places(masks.blanks, base, count, ends + out.blanks);
    out.newlines += write_newlines(masks, out.blanks, newlines + out.newlines);
    out.blanks += count;
    const std::uint64_t beside = masks.blanks & (masks.blanks << 1 | before);
    if (beside != 0 && !out.has_gaps) out.has_gaps = has_gap(text + base, beside);
    before = masks.blanks >> 63;
  }
  return out;
}

struct Place {
  std::uint32_t begin;
  std::uint32_t length;
};
WEIR_AVX2 inline Place place_of(const Rows& rows, std::uint32_t row, std::uint32_t word) {
  const std::uint32_t* const end = rows.ends + rows.first[row] + word;
  return {end[-1] + 1, *end - end[-1] - 1};
}

/// The rows of a few that were no plain values: `-` is absent, the others are left.
WEIR_AVX2 std::uint32_t sort_out(const Rows& rows, std::uint32_t word, std::uint32_t row,
                                 std::uint32_t unusual, Cell* cells, std::uint32_t* left) {
  std::uint32_t count = 0;
  for (; unusual != 0; unusual = _blsr_u32(unusual)) {
    const std::uint32_t at = row + _tzcnt_u32(unusual);
    if (at >= rows.count) break;
    const Place place = place_of(rows, at, word);
    if (place.length == 1 && rows.text[place.begin] == '-') {
      cells[at] = Cell::absent;
    } else {
      left[count++] = at;
    }
  }
  return count;
}

WEIR_AVX2 inline void store_values(Cell* cells, std::uint32_t count) {
  constexpr std::uint64_t kValues = 0x0101010101010101U * static_cast<std::uint8_t>(Cell::value);
  __builtin_memcpy(cells, &kValues, count);
}

WEIR_AVX2 inline long long load64(const void* at) {
  long long out;
  __builtin_memcpy(&out, at, sizeof out);
  return out;
}
WEIR_AVX2 inline __m128i pair(const void* low, const void* high) {
  return _mm_insert_epi64(_mm_cvtsi64_si128(load64(low)), load64(high), 1);
}

/// The blanks around the word of four rows: in each lane the one before (low) and the one behind.
WEIR_AVX2 inline __m256i blanks_around(const std::uint32_t* ends, const std::uint32_t* first) {
  return _mm256_inserti128_si256(
      _mm256_castsi128_si256(pair(ends + first[0] - 1, ends + first[1] - 1)),
      pair(ends + first[2] - 1, ends + first[3] - 1), 1);
}

/// Four numbers in lanes of 64 bits, and which of the rows held one, a bit for each.
struct Numbers {
  __m256i values;
  std::uint32_t usual;
};

/// How long the word of four rows is, from the blanks around it.
WEIR_AVX2 inline __m256i lengths_of(__m256i around) {
  const __m256i begin = _mm256_add_epi64(_mm256_and_si256(around, _mm256_set1_epi64x(0xffffffff)),
                                         _mm256_set1_epi64x(1));
  return _mm256_sub_epi64(_mm256_srli_epi64(around, 32), begin);
}

/// At most eight digits in each of four lanes, joined to pairs and fours. `text`: what stands
/// before the word's end.
WEIR_AVX2 inline Numbers eight_digits(__m256i text, __m256i length) {
  const __m256i low = _mm256_set1_epi64x(0xffffffff);
  // The least number with 8 (which counts as 0 here), 1, 2, ... digits.
  const __m256i least =
      _mm256_setr_epi32(10'000'000, 0, 10, 100, 1'000, 10'000, 100'000, 1'000'000);
  // Only the last `length` bytes stay.
  const __m256i mask = _mm256_sllv_epi64(
      _mm256_set1_epi8(-1), _mm256_sub_epi64(_mm256_set1_epi64x(64), _mm256_slli_epi64(length, 3)));
  const __m256i digits = _mm256_and_si256(_mm256_xor_si256(text, _mm256_set1_epi8('0')), mask);
  const __m256i fours = _mm256_madd_epi16(_mm256_maddubs_epi16(digits, _mm256_set1_epi16(0x010a)),
                                          _mm256_set1_epi32(0x00010064));
  const __m256i values = _mm256_add_epi64(_mm256_mul_epu32(fours, _mm256_set1_epi64x(10'000)),
                                          _mm256_srli_epi64(fours, 32));
  const __m256i is_good =
      _mm256_cmpeq_epi64(_mm256_subs_epu8(digits, _mm256_set1_epi8(9)), _mm256_setzero_si256());
  const __m256i is_short =
      _mm256_cmpgt_epi64(_mm256_and_si256(_mm256_permutevar8x32_epi32(least, length), low), values);
  const __m256i is_long = _mm256_cmpgt_epi64(length, _mm256_set1_epi64x(8));
  return {values, static_cast<std::uint32_t>(_mm256_movemask_pd(_mm256_castsi256_pd(
                      _mm256_andnot_si256(_mm256_or_si256(is_short, is_long), is_good))))};
}

/// The eight bytes before the end of the word of four rows.
WEIR_AVX2 inline __m256i eight_before(const char* text, const std::uint32_t* ends,
                                      const std::uint32_t* first) {
  const char* const before = text - 8;
  return _mm256_setr_epi64x(load64(before + ends[first[0]]), load64(before + ends[first[1]]),
                            load64(before + ends[first[2]]), load64(before + ends[first[3]]));
}

WEIR_AVX2 std::uint32_t int32s(const Rows& rows, std::uint32_t word, Cell* cells, std::int32_t* out,
                               std::uint32_t* left) {
  const __m256i evens = _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6);
  const std::uint32_t* const ends = rows.ends + word;
  std::uint32_t count = 0;
  for (std::uint32_t row = 0; row < rows.count; row += 4) {
    const std::uint32_t* const first = rows.first + row;
    const Numbers numbers =
        eight_digits(eight_before(rows.text, ends, first), lengths_of(blanks_around(ends, first)));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + row),
                     _mm256_castsi256_si128(_mm256_permutevar8x32_epi32(numbers.values, evens)));
    store_values(cells + row, 4);
    if (numbers.usual != 0xf) {
      count += sort_out(rows, word, row, numbers.usual ^ 0xf, cells, left + count);
    }
  }
  return count;
}

/// 16 bytes of each of two rows.
WEIR_AVX2 inline __m256i two(const void* low, const void* high) {
  return _mm256_inserti128_si256(
      _mm256_castsi128_si256(_mm_loadu_si128(static_cast<const __m128i*>(low))),
      _mm_loadu_si128(static_cast<const __m128i*>(high)), 1);
}

/// 16 zeros, then 16 ones: the last `n` bytes of 16 are those from `n` on.
alignas(32) constexpr std::uint8_t kLast[32] = {
    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

/// At most 16 digits of each of two rows, joined to pairs, fours and eights. Returns whether both
/// are numbers.
WEIR_AVX2 inline bool sixteen_digits(const char* text, Place a, Place b, std::int64_t* out) {
  const __m256i nine = _mm256_set1_epi8(9);
  const std::uint32_t a_length = a.length < 16 ? a.length : 16;
  const std::uint32_t b_length = b.length < 16 ? b.length : 16;
  const char* const before = text - 16;
  const __m256i mask = two(kLast + a_length, kLast + b_length);
  const __m256i digits = _mm256_and_si256(
      _mm256_xor_si256(two(before + a.begin + a.length, before + b.begin + b.length),
                       _mm256_set1_epi8('0')),
      mask);
  const __m256i fours = _mm256_madd_epi16(_mm256_maddubs_epi16(digits, _mm256_set1_epi16(0x010a)),
                                          _mm256_set1_epi32(0x00010064));
  const __m256i eights =
      _mm256_madd_epi16(_mm256_packus_epi32(fours, fours), _mm256_set1_epi32(0x00012710));
  const __m256i value = _mm256_add_epi64(_mm256_mul_epu32(eights, _mm256_set1_epi64x(100'000'000)),
                                         _mm256_srli_epi64(eights, 32));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out),
                   _mm256_castsi256_si128(_mm256_permute4x64_epi64(value, 0x88)));
  const std::uint32_t zeros = static_cast<std::uint32_t>(text[a.begin] == '0' && a.length > 1) |
                              static_cast<std::uint32_t>(text[b.begin] == '0' && b.length > 1);
  const __m256i over = _mm256_subs_epu8(digits, nine);
  return (zeros | static_cast<std::uint32_t>(_mm256_testz_si256(over, over) == 0) |
          static_cast<std::uint32_t>(a.length > 16) | static_cast<std::uint32_t>(b.length > 16)) ==
         0;
}

WEIR_AVX2 std::uint32_t int64s(const Rows& rows, std::uint32_t word, Cell* cells, std::int64_t* out,
                               std::uint32_t* left) {
  const std::uint32_t* const ends = rows.ends + word;
  std::uint32_t count = 0;
  for (std::uint32_t row = 0; row < rows.count; row += 4) {
    const std::uint32_t* const first = rows.first + row;
    const __m256i lengths = lengths_of(blanks_around(ends, first));
    const __m256i is_long = _mm256_cmpgt_epi64(lengths, _mm256_set1_epi64x(8));
    std::uint32_t usual = 0;
    if (_mm256_testz_si256(is_long, is_long) != 0) {
      const Numbers numbers = eight_digits(eight_before(rows.text, ends, first), lengths);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + row), numbers.values);
      usual = numbers.usual;
    } else {
      for (std::uint32_t i = 0; i < 4; i += 2) {
        const bool are_good = sixteen_digits(rows.text, place_of(rows, row + i, word),
                                             place_of(rows, row + i + 1, word), out + row + i);
        usual |= (are_good ? 3U : 0U) << i;
      }
    }
    store_values(cells + row, 4);
    if (usual != 0xf) count += sort_out(rows, word, row, usual ^ 0xf, cells, left + count);
  }
  return count;
}

/// How the digits of an IPv4 address go to four lanes, for one choice of the numbers' lengths.
struct alignas(32) Dotted {
  std::uint8_t shuffle[16] = {};
  std::uint32_t least = 0;  // in each byte: the least number of so many digits: 0, 10 or 100
  std::uint32_t marks = 0;  // a bit for each dot and for the end
};
constexpr std::uint32_t kDottedBits = 8;
/// Sends the 81 possible marks to different entries; found by trial.
constexpr std::uint32_t dotted_index(std::uint32_t marks) {
  return static_cast<std::uint32_t>(marks * 0x281b2300U) >> (32 - kDottedBits);
}
struct DottedTable {
  Dotted entries[1U << kDottedBits];
};
constexpr Dotted dotted_of(const std::uint32_t (&lengths)[4]) {
  constexpr std::uint8_t kNothing = 0x80;
  constexpr std::uint32_t kLeast[4] = {0, 0, 10, 100};
  Dotted out;
  std::uint32_t at = 0;
  for (std::uint32_t number = 0; number < 4; ++number) {
    const std::uint32_t length = lengths[number];
    for (std::uint32_t i = 0; i < 3; ++i) {
      const bool is_there = i + length >= 3;
      out.shuffle[4 * number + i] =
          is_there ? static_cast<std::uint8_t>(at + i + length - 3) : kNothing;
    }
    out.shuffle[4 * number + 3] = kNothing;
    out.least |= kLeast[length] << (8 * number);
    at += length;
    out.marks |= 1U << at;
    ++at;
  }
  return out;
}
constexpr DottedTable make_dotted() {
  DottedTable table;
  for (std::uint32_t choice = 0; choice < 81; ++choice) {
    const std::uint32_t lengths[4] = {choice / 27 + 1, choice / 9 % 3 + 1, choice / 3 % 3 + 1,
                                      choice % 3 + 1};
    const Dotted entry = dotted_of(lengths);
    table.entries[dotted_index(entry.marks)] = entry;
  }
  return table;
}
constexpr DottedTable kDotted = make_dotted();
constexpr bool has_all_choices() {
  std::uint32_t used = 0;
  for (const Dotted& entry : kDotted.entries) used += entry.marks != 0 ? 1 : 0;
  return used == 81;
}
static_assert(has_all_choices());

/// A bit for each dot of the word, and for its end.
WEIR_AVX2 inline std::uint32_t marks_of(std::uint32_t dots, std::uint32_t length) {
  const std::uint32_t end = length < 16 ? length : 16;
  return _bzhi_u32(dots, end) | 1U << end;
}

/// The dots choose a shuffle that brings each number's digits to its lane; two rows at a time.
WEIR_AVX2 std::uint32_t addresses(const Rows& rows, std::uint32_t word, Cell* cells,
                                  std::uint32_t* out, std::uint32_t* left) {
  const __m256i dot = _mm256_set1_epi8('.');
  const __m256i zero = _mm256_set1_epi8('0');
  const __m256i nine = _mm256_set1_epi8(9);
  const __m256i weights = _mm256_set1_epi32(0x00010a64);  // 100, 10, 1, 0
  const __m256i ones = _mm256_set1_epi16(1);
  const __m256i most = _mm256_set1_epi32(255);
  const __m256i backwards = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(12, 8, 4, 0, 12, 8, 4, 0, 12, 8, 4, 0, 12, 8, 4, 0));
  std::uint32_t count = 0;
  for (std::uint32_t row = 0; row < rows.count; row += 2) {
    const Place a = place_of(rows, row, word);
    const Place b = place_of(rows, row + 1, word);
    const __m256i text = two(rows.text + a.begin, rows.text + b.begin);
    const auto dots =
        static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(text, dot)));
    const std::uint32_t a_marks = marks_of(dots, a.length);
    const std::uint32_t b_marks = marks_of(dots >> 16, b.length);
    const Dotted& a_entry = kDotted.entries[dotted_index(a_marks)];
    const Dotted& b_entry = kDotted.entries[dotted_index(b_marks)];
    const __m256i digits =
        _mm256_shuffle_epi8(_mm256_xor_si256(text, zero), two(a_entry.shuffle, b_entry.shuffle));
    const __m256i numbers = _mm256_madd_epi16(_mm256_maddubs_epi16(digits, weights), ones);
    const __m256i least = _mm256_cvtepu8_epi32(_mm_set_epi64x(
        0, static_cast<long long>(std::uint64_t{b_entry.least} << 32 | a_entry.least)));
    const __m256i bad = _mm256_or_si256(
        _mm256_subs_epu8(digits, nine),
        _mm256_or_si256(_mm256_cmpgt_epi32(least, numbers), _mm256_cmpgt_epi32(numbers, most)));
    const __m256i values = _mm256_shuffle_epi8(numbers, backwards);
    _mm_storel_epi64(
        reinterpret_cast<__m128i*>(out + row),
        _mm_unpacklo_epi32(_mm256_castsi256_si128(values), _mm256_extracti128_si256(values, 1)));
    store_values(cells + row, 2);
    const std::uint32_t differ = (a_entry.marks ^ a_marks) | (b_entry.marks ^ b_marks);
    if ((differ | static_cast<std::uint32_t>(_mm256_testz_si256(bad, bad) == 0)) != 0) {
      count += sort_out(rows, word, row, 3, cells, left + count);
    }
  }
  return count;
}

WEIR_AVX2 void texts(const Rows& rows, std::uint32_t word, Cell* cells, Slice* out) {
  const __m256i low = _mm256_set1_epi64x(0xffffffff);
  const __m256i one = _mm256_set1_epi64x(1);
  for (std::uint32_t row = 0; row < rows.count; row += 4) {
    const __m256i around = blanks_around(rows.ends + word, rows.first + row);
    const __m256i offset = _mm256_add_epi64(_mm256_and_si256(around, low), one);
    const __m256i length = _mm256_sub_epi64(_mm256_srli_epi64(around, 32), offset);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + row),
                        _mm256_or_si256(offset, _mm256_slli_epi64(length, 32)));
    store_values(cells + row, 4);
    auto single = static_cast<std::uint32_t>(
        _mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpeq_epi64(length, one))));
    for (; single != 0; single = _blsr_u32(single)) {
      const std::uint32_t at = row + _tzcnt_u32(single);
      const bool dash = rows.text[place_of(rows, at, word).begin] == '-';
      cells[at] = dash ? Cell::absent : Cell::value;
    }
  }
}

}  // namespace

const Kernels& avx2_kernels() {
  static constexpr Kernels kKernels = {scan, int32s, int64s, addresses, texts};
  return kKernels;
}

}  // namespace weir::flow::detail

#endif
