// SPDX-License-Identifier: Apache-2.0
#ifdef __x86_64__

#include <immintrin.h>

#include "flow/column_kernels.h"

namespace weir::flow::detail {
namespace {

// See column_kernels_avx2.cc: own targets, no library functions.
#define WEIR_AVX512 \
  [[gnu::target("avx2,bmi,bmi2,lzcnt,popcnt,avx512f,avx512bw,avx512vl,avx512vbmi2,avx512bitalg")]]

constexpr std::uint32_t kBlock = 64;

/// The places of the bits, 16 at a time.
WEIR_AVX512 inline void write_places(std::uint64_t mask, std::uint32_t base, std::uint32_t count,
                                     std::uint32_t* out) {
  alignas(64) static constexpr std::uint8_t kPlaces[kBlock] = {
      0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
      22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
      44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
  const __m512i places = _mm512_maskz_compress_epi8(mask, _mm512_load_si512(kPlaces));
  const __m512i from = _mm512_set1_epi32(static_cast<int>(base));
  _mm512_storeu_si512(out,
                      _mm512_add_epi32(_mm512_cvtepu8_epi32(_mm512_castsi512_si128(places)), from));
  if (count <= 16) return;
  _mm512_storeu_si512(
      out + 16, _mm512_add_epi32(_mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(places, 1)), from));
  if (count <= 32) return;
  _mm512_storeu_si512(
      out + 32, _mm512_add_epi32(_mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(places, 2)), from));
  _mm512_storeu_si512(
      out + 48, _mm512_add_epi32(_mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(places, 3)), from));
}

/// For each LF its place among the blanks.
WEIR_AVX512 inline std::uint32_t write_newlines(std::uint64_t blanks, std::uint64_t newlines,
                                                std::uint32_t before, std::uint32_t* out) {
  const auto count = static_cast<std::uint32_t>(_mm_popcnt_u64(newlines));
  std::uint32_t i = 0;
  do {
    const std::uint64_t below = _blsmsk_u64(newlines) >> 1;
    out[i] = before + static_cast<std::uint32_t>(_mm_popcnt_u64(blanks & below));
    newlines = _blsr_u64(newlines);
  } while (++i < count);
  return count;
}

/// Whether a blank follows another one and they are not CR LF.
WEIR_AVX512 inline bool has_gap(const char* at, std::uint64_t beside) {
  for (; beside != 0; beside = _blsr_u64(beside)) {
    const char* const blank = at + _tzcnt_u64(beside);
    if (*blank != '\n' || blank[-1] != '\r') return true;
  }
  return false;
}

WEIR_AVX512 inline void scan_block(__m512i bytes, const char* text, std::uint32_t base,
                                   std::uint32_t* ends, std::uint32_t* newlines,
                                   std::uint64_t& before, Scanned& out) {
  const std::uint64_t blanks = _mm512_cmple_epu8_mask(bytes, _mm512_set1_epi8(0x20));
  const std::uint64_t feeds = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\n'));
  const auto count = static_cast<std::uint32_t>(_mm_popcnt_u64(blanks));
  write_places(blanks, base, count, ends + out.blanks);
  out.newlines += write_newlines(blanks, feeds, out.blanks, newlines + out.newlines);
  out.blanks += count;
  const std::uint64_t beside = blanks & (blanks << 1 | before);
  if (beside != 0 && !out.has_gaps) out.has_gaps = has_gap(text + base, beside);
  before = blanks >> 63;
}

WEIR_AVX512 Scanned scan(const char* text, std::uint32_t from, std::uint32_t to,
                         std::uint32_t* ends, std::uint32_t* newlines) {
  Scanned out;
  std::uint64_t before = 0;
  std::uint32_t base = from;
  for (; to - base >= kBlock; base += kBlock) {
    scan_block(_mm512_loadu_si512(text + base), text, base, ends, newlines, before, out);
  }
  if (base == to) return out;
  // What lies behind `to` is not read, and no blank.
  const __mmask64 there = _bzhi_u64(~std::uint64_t{0}, to - base);
  scan_block(_mm512_mask_loadu_epi8(_mm512_set1_epi8('x'), there, text + base), text, base, ends,
             newlines, before, out);
  return out;
}

WEIR_AVX512 inline long long load64(const void* at) {
  long long out;
  __builtin_memcpy(&out, at, sizeof out);
  return out;
}
WEIR_AVX512 inline __m128i load128(const void* at) {
  return _mm_loadu_si128(static_cast<const __m128i*>(at));
}

/// 16 bytes of each of four rows.
WEIR_AVX512 inline __m512i four(const void* a, const void* b, const void* c, const void* d) {
  const __m256i low = _mm256_inserti128_si256(_mm256_castsi128_si256(load128(a)), load128(b), 1);
  const __m256i high = _mm256_inserti128_si256(_mm256_castsi128_si256(load128(c)), load128(d), 1);
  return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

/// How many bytes the word of each of four rows has.
WEIR_AVX512 inline __m256i lengths_of(const std::uint32_t* ends, const std::uint32_t* first) {
  const __m256i around =
      _mm256_setr_epi64x(load64(ends + first[0] - 1), load64(ends + first[1] - 1),
                         load64(ends + first[2] - 1), load64(ends + first[3] - 1));
  const __m256i before = _mm256_and_si256(around, _mm256_set1_epi64x(0xffffffff));
  return _mm256_sub_epi64(_mm256_srli_epi64(around, 32),
                          _mm256_add_epi64(before, _mm256_set1_epi64x(1)));
}

/// Those of four rows that were no plain values, a bit for each: `-` is absent, the others are
/// left.
WEIR_AVX512 std::uint32_t sort_out(const Rows& rows, std::uint32_t word, std::uint32_t row,
                                   std::uint32_t unusual, Cell* cells, std::uint32_t* left) {
  std::uint32_t count = 0;
  for (; unusual != 0; unusual = _blsr_u32(unusual)) {
    const std::uint32_t at = row + _tzcnt_u32(unusual);
    if (at >= rows.count) break;
    const std::uint32_t* const end = rows.ends + rows.first[at] + word;
    if (*end - end[-1] == 2 && rows.text[*end - 1] == '-') {
      cells[at] = Cell::absent;
    } else {
      left[count++] = at;
    }
  }
  return count;
}

/// The first digits of numbers that have more than one. `there`: the bytes that are digits, a bit
/// for each; `lasts`: each number's last byte.
template <class Lasts>
constexpr Lasts leading_of(Lasts there, Lasts lasts) {
  const Lasts follow = static_cast<Lasts>(there << 1) & static_cast<Lasts>(~(lasts << 1 | 1));
  return there & static_cast<Lasts>(~follow) & static_cast<Lasts>(~lasts);
}

/// At most 8 digits of each of four rows, joined to pairs and fours. Returns whether all are
/// numbers.
WEIR_AVX512 inline bool eight_digits(__m256i text, __m256i lengths, std::int64_t* out) {
  const __m256i shift = _mm256_sub_epi64(_mm256_set1_epi64x(64), _mm256_slli_epi64(lengths, 3));
  const std::uint32_t there = _mm256_movepi8_mask(_mm256_sllv_epi64(_mm256_set1_epi8(-1), shift));
  const __m256i digits =
      _mm256_maskz_mov_epi8(there, _mm256_xor_si256(text, _mm256_set1_epi8('0')));
  const __m256i fours = _mm256_madd_epi16(_mm256_maddubs_epi16(digits, _mm256_set1_epi16(0x010a)),
                                          _mm256_set1_epi32(0x00010064));
  const __m256i value = _mm256_add_epi64(_mm256_mul_epu32(fours, _mm256_set1_epi64x(10'000)),
                                         _mm256_srli_epi64(fours, 32));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), value);
  const std::uint32_t leading = leading_of<std::uint32_t>(there, 0x8080'8080U);
  return (_mm256_cmpgt_epu8_mask(digits, _mm256_set1_epi8(9)) |
          _mm256_mask_testn_epi8_mask(leading, digits, digits)) == 0;
}

/// At most 16 digits of each of four rows, joined to pairs, fours and eights. Returns whether all
/// are numbers.
WEIR_AVX512 inline bool sixteen_digits(__m512i text, __m256i lengths, std::int64_t* out) {
  const __m512i twice = _mm512_setr_epi64(0, 0, 1, 1, 2, 2, 3, 3);
  const __m512i bits = _mm512_setr_epi64(128, 64, 128, 64, 128, 64, 128, 64);
  // Only the last bytes of each 16 stay: what is shifted out of two words of eight.
  const __m512i shift = _mm512_max_epi64(
      _mm512_setzero_si512(),
      _mm512_sub_epi64(
          bits,
          _mm512_slli_epi64(_mm512_permutexvar_epi64(twice, _mm512_castsi256_si512(lengths)), 3)));
  const std::uint64_t there = _mm512_movepi8_mask(_mm512_sllv_epi64(_mm512_set1_epi8(-1), shift));
  const __m512i digits =
      _mm512_maskz_mov_epi8(there, _mm512_xor_si512(text, _mm512_set1_epi8('0')));
  const __m512i fours = _mm512_madd_epi16(_mm512_maddubs_epi16(digits, _mm512_set1_epi16(0x010a)),
                                          _mm512_set1_epi32(0x00010064));
  const __m512i eights =
      _mm512_madd_epi16(_mm512_packus_epi32(fours, fours), _mm512_set1_epi32(0x00012710));
  const __m512i value = _mm512_add_epi64(_mm512_mul_epu32(eights, _mm512_set1_epi64(100'000'000)),
                                         _mm512_srli_epi64(eights, 32));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out),
                      _mm512_castsi512_si256(_mm512_maskz_compress_epi64(0x55, value)));
  const std::uint64_t leading = leading_of<std::uint64_t>(there, 0x8000'8000'8000'8000U);
  return (_mm512_cmpgt_epu8_mask(digits, _mm512_set1_epi8(9)) |
          _mm512_mask_testn_epi8_mask(leading, digits, digits) |
          _mm256_cmpgt_epi64_mask(lengths, _mm256_set1_epi64x(16))) == 0;
}

WEIR_AVX512 std::uint32_t int64s(const Rows& rows, std::uint32_t word, Cell* cells,
                                 std::int64_t* out, std::uint32_t* left) {
  constexpr std::uint32_t kValues = 0x01010101U * static_cast<std::uint32_t>(Cell::value);
  const std::uint32_t* const ends = rows.ends + word;
  std::uint32_t count = 0;
  for (std::uint32_t row = 0; row < rows.count; row += 4) {
    const std::uint32_t* const first = rows.first + row;
    const __m256i lengths = lengths_of(ends, first);
    __builtin_memcpy(cells + row, &kValues, 4);
    bool is_good = false;
    if (_mm256_cmpgt_epi64_mask(lengths, _mm256_set1_epi64x(8)) == 0) {
      const char* const before = rows.text - 8;
      is_good = eight_digits(
          _mm256_setr_epi64x(load64(before + ends[first[0]]), load64(before + ends[first[1]]),
                             load64(before + ends[first[2]]), load64(before + ends[first[3]])),
          lengths, out + row);
    } else {
      const char* const before = rows.text - 16;
      is_good = sixteen_digits(four(before + ends[first[0]], before + ends[first[1]],
                                    before + ends[first[2]], before + ends[first[3]]),
                               lengths, out + row);
    }
    if (!is_good) count += sort_out(rows, word, row, 0xf, cells, left + count);
  }
  return count;
}

// The bit of the first byte of each of four rows in a mask of their 64.
constexpr std::uint64_t kFirsts = 0x0001'0001'0001'0001U;

/// What stands at each byte of four rows' addresses: a bit for each byte, 16 for each row.
struct Dotted {
  std::uint64_t digits;  // those of the word only
  std::uint64_t marks;   // dots of the word, and its end
  std::uint64_t starts;  // where a number starts
  std::uint64_t odd;     // what no address has there
};

WEIR_AVX512 inline Dotted dotted_of(__m512i text, std::uint64_t are_digits) {
  constexpr std::uint64_t kLongest = kFirsts << 15;
  const std::uint64_t blanks = _mm512_cmple_epu8_mask(text, _mm512_set1_epi8(0x20));
  const std::uint64_t dots = _mm512_cmpeq_epi8_mask(text, _mm512_set1_epi8('.'));
  const std::uint64_t ends = (blanks | kLongest) & ~((blanks | kLongest) - kFirsts);
  const std::uint64_t within = ends - kFirsts;  // of each row the bits below its end
  const std::uint64_t marks = (dots & within) | ends;
  const std::uint64_t starts = marks << 1 | kFirsts;
  const std::uint64_t strange = within & ~(are_digits | dots);
  return {are_digits & within, marks, starts, strange | (marks & starts) | (ends & ~blanks)};
}

/// The rows of which a bit is set, in 16 for each.
WEIR_AVX512 inline std::uint32_t rows_of(std::uint64_t bits) {
  return _mm_test_epi16_mask(_mm_cvtsi64_si128(static_cast<long long>(bits)), _mm_set1_epi16(-1));
}

/// The bytes at the marks, brought together.
WEIR_AVX512 inline void store_marked(std::uint64_t marks, __m512i numbers, std::uint32_t* out) {
  const __m128i backwards = _mm_setr_epi8(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
  const __m128i values = _mm512_castsi512_si128(_mm512_maskz_compress_epi8(marks, numbers));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_shuffle_epi8(values, backwards));
}

/// IPv4 addresses of four rows. Returns those that are none, a bit for each.
WEIR_AVX512 inline std::uint32_t four_addresses(__m512i text, std::uint32_t* out) {
  const __m512i tens_of = _mm512_broadcast_i32x4(
      _mm_setr_epi8(0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 0, 0, 0, 0, 0, 0));
  const __m512i hundreds_of =
      _mm512_broadcast_i32x4(_mm_setr_epi8(0, 100, -56, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
  const __m512i values = _mm512_sub_epi8(text, _mm512_set1_epi8('0'));
  const std::uint64_t are_digits = _mm512_cmple_epu8_mask(values, _mm512_set1_epi8(9));
  const Dotted at = dotted_of(text, are_digits);
  // At each mark the number that ends before it is put together.
  const __m512i digits = _mm512_maskz_mov_epi8(are_digits, values);
  const std::uint64_t has_hundreds = at.digits << 2 & at.digits << 3;
  const __m512i third = _mm512_maskz_mov_epi8(has_hundreds, _mm512_bslli_epi128(digits, 3));
  const __m512i ones = _mm512_bslli_epi128(digits, 1);
  const __m512i tens = _mm512_bslli_epi128(_mm512_shuffle_epi8(tens_of, digits), 2);
  const __m512i hundreds = _mm512_shuffle_epi8(hundreds_of, third);
  const __m512i numbers = _mm512_add_epi8(_mm512_add_epi8(ones, tens), hundreds);
  store_marked(at.marks, numbers, out);
  const std::uint64_t over = _mm512_cmplt_epu8_mask(numbers, hundreds) |
                             _mm512_cmpgt_epu8_mask(third, _mm512_set1_epi8(2)) |
                             (has_hundreds & at.digits << 4);
  const std::uint64_t leading =
      at.digits & at.starts & at.digits >> 1 & ~_mm512_test_epi8_mask(digits, digits);
  const __m128i counts = _mm_popcnt_epi16(_mm_cvtsi64_si128(static_cast<long long>(at.marks)));
  const __m128i miscounts = _mm_xor_si128(counts, _mm_cvtsi64_si128(0x0004'0004'0004'0004));
  const std::uint64_t bad = static_cast<std::uint64_t>(_mm_cvtsi128_si64(miscounts)) | at.odd |
                            (over & at.marks) | leading;
  if (bad == 0) return 0;
  const std::uint32_t bad_rows = rows_of(bad);
  // Four marks each for those rows too, so that the others' numbers come to their places.
  const std::uint64_t bytes = _pdep_u64(bad_rows, kFirsts) * 0xffff;
  store_marked((at.marks & ~bytes) | (bytes & kFirsts * 0xf), numbers, out);
  return bad_rows;
}

WEIR_AVX512 std::uint32_t addresses(const Rows& rows, std::uint32_t word, Cell* cells,
                                    std::uint32_t* out, std::uint32_t* left) {
  constexpr std::uint32_t kValues = 0x01010101U * static_cast<std::uint32_t>(Cell::value);
  const char* const text = rows.text + 1;
  const std::uint32_t* const before = rows.ends + word - 1;
  std::uint32_t count = 0;
  for (std::uint32_t row = 0; row < rows.count; row += 4) {
    const std::uint32_t* const first = rows.first + row;
    const std::uint32_t bad = four_addresses(four(text + before[first[0]], text + before[first[1]],
                                                  text + before[first[2]], text + before[first[3]]),
                                             out + row);
    __builtin_memcpy(cells + row, &kValues, 4);
    if (bad != 0) count += sort_out(rows, word, row, bad, cells, left + count);
  }
  return count;
}

}  // namespace

// Conversions of shorter values gain nothing from wider registers.
const Kernels& avx512_kernels() {
  static const Kernels kernels = {scan, avx2_kernels().int32s, int64s, addresses,
                                  avx2_kernels().texts};
  return kernels;
}

}  // namespace weir::flow::detail

#endif
