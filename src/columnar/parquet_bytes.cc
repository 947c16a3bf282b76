// SPDX-License-Identifier: Apache-2.0
#include "columnar/parquet_bytes.h"

#include <algorithm>
#include <array>
#include <bit>

namespace weir::columnar {
namespace {

static_assert(std::endian::native == std::endian::little);

/// Writes numbers of a few bits each behind each other, least bit first.
class BitWriter {
 public:
  /// Makes room for `count` numbers; finish() must follow.
  BitWriter(std::string& out, std::size_t count, int bit_width)
      : out_(out), at_(out.size()), bit_width_(bit_width) {
    size_ = at_ + (count * static_cast<std::size_t>(bit_width) + 7) / 8;
    out.resize(size_ + sizeof bits_);
  }

  /// Of at most `bit_width` bits.
  void put(std::uint64_t number) {
    bits_ |= number << filled_;
    filled_ += bit_width_;
    if (filled_ < 64) return;
    store();
    filled_ -= 64;
    // Shifting by 64 is undefined: nothing is left of the number then.
    const int left = bit_width_ - filled_;
    bits_ = left < 64 ? number >> left : 0;
  }

  void finish() {
    if (filled_ > 0) store();
    out_.resize(size_);
  }

 private:
  void store() {
    std::memcpy(out_.data() + at_, &bits_, sizeof bits_);
    at_ += sizeof bits_;
  }

  std::string& out_;
  std::size_t at_;
  std::size_t size_ = 0;
  const int bit_width_;
  std::uint64_t bits_ = 0;
  int filled_ = 0;
};

/// Filled up with zeros to a multiple of eight.
void append_packed(std::string& out, std::span<const std::uint32_t> numbers, int bit_width) {
  const std::size_t groups = (numbers.size() + 7) / 8;
  append_varint(out, (groups << 1) | 1);
  BitWriter bits(out, groups * 8, bit_width);
  for (const std::uint32_t number : numbers) bits.put(number);
  bits.finish();
}

std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}

}  // namespace

void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7f) | 0x80);
  out += static_cast<char>(value);
}

void append_hybrid(std::string& out, std::span<const std::uint32_t> numbers, int bit_width) {
  constexpr std::size_t kRunMin = 16;
  const int bytes = (bit_width + 7) / 8;
  std::size_t packed_from = 0;  // numbers that wait to be bit-packed
  std::size_t at = 0;
  while (at < numbers.size()) {
    std::size_t end = at + 1;
    while (end < numbers.size() && numbers[end] == numbers[at]) ++end;
    // What is packed comes in groups of eight, so it takes the first of a run as filling.
    const std::size_t filling = (8 - (at - packed_from) % 8) % 8;
    if (end - at >= kRunMin + filling || (end == numbers.size() && at == packed_from)) {
      const std::size_t run_from = at + (at > packed_from ? filling : 0);
      if (run_from > packed_from) {
        append_packed(out, numbers.subspan(packed_from, run_from - packed_from), bit_width);
      }
      append_varint(out, (end - run_from) << 1);
      for (int i = 0; i < bytes; ++i) out += static_cast<char>(numbers[at] >> (8 * i));
      packed_from = end;
    }
    at = end;
  }
  if (packed_from < numbers.size()) {
    append_packed(out, numbers.subspan(packed_from), bit_width);
  }
}

void append_delta(std::string& out, std::span<const std::int64_t> numbers, int bits) {
  constexpr std::size_t kBlock = 128;
  constexpr std::size_t kMiniBlocks = 4;
  constexpr std::size_t kMiniBlock = kBlock / kMiniBlocks;
  append_varint(out, kBlock);
  append_varint(out, kMiniBlocks);
  append_varint(out, numbers.size());
  append_varint(out, zigzag(numbers.empty() ? 0 : numbers.front()));
  const auto wrap = [bits](std::uint64_t difference) {
    return bits == 32 ? std::int64_t{static_cast<std::int32_t>(difference)}
                      : static_cast<std::int64_t>(difference);
  };
  const std::uint64_t mask = bits == 32 ? 0xffffffffU : ~std::uint64_t{0};
  std::array<std::int64_t, kBlock> differences;
  for (std::size_t from = 1; from < numbers.size(); from += kBlock) {
    const std::size_t count = std::min(kBlock, numbers.size() - from);
    for (std::size_t i = 0; i < count; ++i) {
      differences[i] = wrap(static_cast<std::uint64_t>(numbers[from + i]) -
                            static_cast<std::uint64_t>(numbers[from + i - 1]));
    }
    const std::int64_t least = *std::min_element(differences.begin(), differences.begin() + count);
    std::fill(differences.begin() + count, differences.end(), least);
    append_varint(out, zigzag(least));
    std::array<std::uint64_t, kBlock> above;
    for (std::size_t i = 0; i < kBlock; ++i) {
      above[i] =
          (static_cast<std::uint64_t>(differences[i]) - static_cast<std::uint64_t>(least)) & mask;
    }
    std::array<int, kMiniBlocks> widths{};
    for (std::size_t mini = 0; mini < kMiniBlocks; ++mini) {
      std::uint64_t all = 0;
      for (std::size_t i = 0; i < kMiniBlock; ++i) all |= above[mini * kMiniBlock + i];
      widths[mini] = static_cast<int>(std::bit_width(all));
      out += static_cast<char>(widths[mini]);
    }
    // Miniblocks behind the last value are not written; a begun one is, whole.
    for (std::size_t mini = 0; mini * kMiniBlock < count; ++mini) {
      if (widths[mini] == 0) continue;
      BitWriter packed(out, kMiniBlock, widths[mini]);
      for (std::size_t i = 0; i < kMiniBlock; ++i) packed.put(above[mini * kMiniBlock + i]);
      packed.finish();
    }
  }
}

}  // namespace weir::columnar
