// SPDX-License-Identifier: Apache-2.0
#ifdef __x86_64__

#include <immintrin.h>

#include "flow/column_kernels.h"

namespace weir::flow::detail {
namespace {

// See column_kernels_avx2.cc: own targets, no library functions.
#define WEIR_AVX512 \
  [[gnu::target("avx2,bmi,bmi2,lzcnt,popcnt,avx512f,avx512bw,avx512vl,avx512vbmi2")]]

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

WEIR_AVX512 Scanned scan(const char* text, std::uint32_t from, std::uint32_t to,
                         std::uint32_t* ends, std::uint32_t* newlines) {
  Scanned out;
  std::uint64_t before = 0;
  for (std::uint32_t base = from; base < to; base += kBlock) {
    // What lies behind `to` is not read, and no blank.
    const std::uint32_t size = to - base;
    const __mmask64 there = size >= kBlock ? ~std::uint64_t{0} : _bzhi_u64(~std::uint64_t{0}, size);
    const __m512i bytes = _mm512_mask_loadu_epi8(_mm512_set1_epi8('x'), there, text + base);
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

/// The rows of four that were no plain values: `-` is absent, the others are left.
WEIR_AVX512 std::uint32_t sort_out(const Rows& rows, std::uint32_t word, std::uint32_t row,
                                   Cell* cells, std::uint32_t* left) {
  std::uint32_t count = 0;
  for (std::uint32_t at = row; at < row + 4 && at < rows.count; ++at) {
    const std::uint32_t* const end = rows.ends + rows.first[at] + word;
    if (*end - end[-1] == 2 && rows.text[*end - 1] == '-') {
      cells[at] = Cell::absent;
    } else {
      left[count++] = at;
    }
  }
  return count;
}

/// At most 16 digits of each of four rows, joined to pairs, fours and eights.
WEIR_AVX512 std::uint32_t int64s(const Rows& rows, std::uint32_t word, Cell* cells,
                                 std::int64_t* out, std::uint32_t* left) {
  const __m512i zero = _mm512_set1_epi8('0');
  const __m512i tens = _mm512_set1_epi16(0x010a);
  const __m512i hundreds = _mm512_set1_epi32(0x00010064);
  const __m512i thousands = _mm512_set1_epi32(0x00012710);
  const __m512i millions = _mm512_set1_epi64(100'000'000);
  const __m512i twice = _mm512_setr_epi64(0, 0, 1, 1, 2, 2, 3, 3);
  const __m512i bits = _mm512_setr_epi64(128, 64, 128, 64, 128, 64, 128, 64);
  constexpr std::uint32_t kValues = 0x01010101U * static_cast<std::uint32_t>(Cell::value);
  constexpr std::uint64_t kLastBytes = 0x8000'8000'8000'8000U;
  const char* const before = rows.text - 16;
  const std::uint32_t* const ends = rows.ends + word;
  std::uint32_t count = 0;
  for (std::uint32_t row = 0; row < rows.count; row += 4) {
    const std::uint32_t* const first = rows.first + row;
    const __m256i lengths = lengths_of(ends, first);
    const __m512i text = four(before + ends[first[0]], before + ends[first[1]],
                              before + ends[first[2]], before + ends[first[3]]);
    // Only the last bytes of each 16 stay: what is shifted out of two words of eight.
    const __m512i shift = _mm512_max_epi64(
        _mm512_setzero_si512(),
        _mm512_sub_epi64(bits,
                         _mm512_slli_epi64(
                             _mm512_permutexvar_epi64(twice, _mm512_castsi256_si512(lengths)), 3)));
    const __mmask64 there = _mm512_movepi8_mask(_mm512_sllv_epi64(_mm512_set1_epi8(-1), shift));
    const __m512i kept = _mm512_maskz_mov_epi8(there, _mm512_xor_si512(text, zero));
    const __m512i fours = _mm512_madd_epi16(_mm512_maddubs_epi16(kept, tens), hundreds);
    const __m512i eights = _mm512_madd_epi16(_mm512_packus_epi32(fours, fours), thousands);
    const __m512i value =
        _mm512_add_epi64(_mm512_mul_epu32(eights, millions), _mm512_srli_epi64(eights, 32));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + row),
                        _mm512_castsi512_si256(_mm512_maskz_compress_epi64(0x55, value)));
    __builtin_memcpy(cells + row, &kValues, 4);
    // A leading zero of more than one digit.
    const std::uint64_t leading = there & ~((there << 1) & 0xfffe'fffe'fffe'fffeU) & ~kLastBytes;
    const std::uint64_t bad = _mm512_cmpgt_epu8_mask(kept, _mm512_set1_epi8(9)) |
                              _mm512_mask_testn_epi8_mask(leading, kept, kept) |
                              _mm256_cmpgt_epi64_mask(lengths, _mm256_set1_epi64x(16));
    if (bad != 0) count += sort_out(rows, word, row, cells, left + count);
  }
  return count;
}

}  // namespace

// Conversions of shorter values gain nothing from wider registers.
const Kernels& avx512_kernels() {
  static const Kernels kernels = {scan, avx2_kernels().int32s, int64s, avx2_kernels().addresses,
                                  avx2_kernels().texts};
  return kernels;
}

}  // namespace weir::flow::detail

#endif
