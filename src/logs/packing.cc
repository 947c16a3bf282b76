// SPDX-License-Identifier: Apache-2.0
#include "logs/packing.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>

#include <zstd.h>

#include "base/result.h"

namespace weir::logs {
namespace {

constexpr std::size_t kCompressBytesMin = 64;  // less does not get smaller
constexpr unsigned kPlanesMax = 8;

enum Plane : std::uint64_t { kRaw, kConstant, kCompressed };

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

int level_of(Effort effort) { return effort == Effort::fast ? 1 : 3; }

/// "" if that does not make it smaller.
std::string compress(std::string_view bytes, Effort effort) {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  if (bytes.size() < kCompressBytesMin) return {};
  std::string compressed(ZSTD_compressBound(bytes.size()), '\0');
  const std::size_t size = ZSTD_compressCCtx(context.get(), compressed.data(), compressed.size(),
                                             bytes.data(), bytes.size(), level_of(effort));
  WEIR_ASSERT(ZSTD_isError(size) == 0);
  compressed.resize(size < bytes.size() ? size : 0);
  return compressed;
}

bool decompress(std::string_view compressed, std::size_t size, std::string& bytes) {
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  if (size > kPackedBytesMax) return false;
  bytes.resize(size);
  return ZSTD_decompressDCtx(context.get(), bytes.data(), size, compressed.data(),
                             compressed.size()) == size;
}

bool is_constant(std::string_view bytes) {
  return std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

}  // namespace

void put_packed(std::string& out, std::string_view bytes, Effort effort) {
  const std::string compressed = compress(bytes, effort);
  put_number(out, compressed.empty() ? 0 : bytes.size());
  put_text(out, compressed.empty() ? bytes : compressed);
}

bool take_packed(ByteReader& reader, std::string& scratch, std::string_view& bytes) {
  const std::uint64_t size = reader.number();
  bytes = reader.text();
  if (reader.failed()) return false;
  if (size == 0) return bytes.size() <= kPackedBytesMax;
  if (!decompress(bytes, size, scratch)) return false;
  bytes = scratch;
  return true;
}

void put_plane(std::string& out, std::string_view bytes, Effort effort) {
  if (!bytes.empty() && is_constant(bytes)) {
    put_number(out, kConstant);
    put_text(out, bytes.substr(0, 1));
    return;
  }
  const std::string compressed = compress(bytes, effort);
  put_number(out, compressed.empty() ? kRaw : kCompressed);
  put_text(out, compressed.empty() ? bytes : compressed);
}

bool take_plane(ByteReader& reader, std::size_t count, std::string& scratch,
                std::string_view& bytes) {
  const std::uint64_t kind = reader.number();
  bytes = reader.text();
  if (reader.failed() || kind > kCompressed) return false;
  if (kind == kRaw) return bytes.size() == count;
  if (kind == kConstant) {
    if (bytes.size() != 1 || count > kPackedBytesMax) return false;
    scratch.assign(count, bytes[0]);
  } else if (!decompress(bytes, count, scratch)) {
    return false;
  }
  bytes = scratch;
  return true;
}

void put_numbers(std::string& out, std::span<const std::uint64_t> numbers, Base base,
                 Effort effort) {
  std::uint64_t least = 0;
  std::uint64_t greatest = 0;
  if (!numbers.empty()) {
    const auto [min, max] = std::ranges::minmax(numbers);
    least = base == Base::zero ? 0 : min;
    greatest = max;
  }
  const auto planes = static_cast<unsigned>((std::bit_width(greatest - least) + 7) / 8);
  put_number(out, least);
  put_number(out, planes);
  std::string plane(numbers.size(), '\0');
  for (unsigned shift = 0; shift < planes * 8; shift += 8) {
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      plane[i] = static_cast<char>((numbers[i] - least) >> shift);
    }
    put_plane(out, plane, effort);
  }
}

template <class Number>
bool take_numbers(ByteReader& reader, std::size_t count, std::vector<Number>& numbers) {
  const std::uint64_t least = reader.number();
  const std::uint64_t planes = reader.number();
  if (reader.failed() || planes > kPlanesMax || count > kPackedBytesMax) return false;
  numbers.assign(count, static_cast<Number>(least));
  std::string scratch;
  std::string_view plane;
  for (std::uint64_t shift = 0; shift < planes * 8; shift += 8) {
    if (!take_plane(reader, count, scratch, plane)) return false;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t part = static_cast<unsigned char>(plane[i]);
      numbers[i] = static_cast<Number>(static_cast<std::uint64_t>(numbers[i]) + (part << shift));
    }
  }
  return true;
}
template bool take_numbers(ByteReader&, std::size_t, std::vector<std::uint32_t>&);
template bool take_numbers(ByteReader&, std::size_t, std::vector<std::uint64_t>&);
template bool take_numbers(ByteReader&, std::size_t, std::vector<std::int64_t>&);

}  // namespace weir::logs
