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

}  // namespace

// Only the scan gains from wider registers; the conversions wait for their many small loads.
const Kernels& avx512_kernels() {
  static const Kernels kernels = {scan, avx2_kernels().int32s, avx2_kernels().int64s,
                                  avx2_kernels().addresses, avx2_kernels().texts};
  return kernels;
}

}  // namespace weir::flow::detail

#endif
