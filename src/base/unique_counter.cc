// SPDX-License-Identifier: Apache-2.0
#include "base/unique_counter.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace weir {
namespace {

constexpr unsigned kRankMax = 64 - UniqueCounter::kIndexBits + 1;

double sigma(double x) {
  if (x == 1.0) return std::numeric_limits<double>::infinity();
  double y = 1.0;
  double z = x;
  for (double before = -1.0; z != before;) {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  }
  return z;
}

double tau(double x) {
  if (x == 0.0 || x == 1.0) return 0.0;
  double y = 1.0;
  double z = 1.0 - x;
  for (double before = -1.0; z != before;) {
    x = std::sqrt(x);
    before = z;
    y *= 0.5;
    z -= (1.0 - x) * (1.0 - x) * y;
  }
  return z / 3.0;
}

}  // namespace

void UniqueCounter::add(std::uint64_t hash) {
  const std::size_t index = hash >> (64 - kIndexBits);
  // The bit behind the hash ends the run of zeros of a hash that has no other.
  const std::uint64_t rest = hash << kIndexBits | std::uint64_t{1} << (kIndexBits - 1);
  const auto rank = static_cast<std::uint8_t>(std::countl_zero(rest) + 1);
  registers_[index] = std::max(registers_[index], rank);
}

void UniqueCounter::merge(const UniqueCounter& other) {
  for (std::size_t i = 0; i < kRegisters; ++i) {
    registers_[i] = std::max(registers_[i], other.registers_[i]);
  }
}

double UniqueCounter::estimate() const {
  std::array<std::size_t, kRankMax + 1> counts{};
  for (const std::uint8_t rank : registers_) ++counts[rank];
  constexpr auto kSize = static_cast<double>(kRegisters);
  double sum = kSize * tau(1.0 - static_cast<double>(counts[kRankMax]) / kSize);
  for (unsigned rank = kRankMax - 1; rank >= 1; --rank) {
    sum = 0.5 * (sum + static_cast<double>(counts[rank]));
  }
  sum += kSize * sigma(static_cast<double>(counts[0]) / kSize);
  return kSize * kSize / (2.0 * std::log(2.0) * sum);
}

std::string_view UniqueCounter::bytes() const {
  return {reinterpret_cast<const char*>(registers_.data()), registers_.size()};
}

Result<UniqueCounter> UniqueCounter::read(std::string_view bytes) {
  UniqueCounter counter;
  const bool fits =
      bytes.size() == kRegisters && std::all_of(bytes.begin(), bytes.end(), [](char rank) {
        return static_cast<unsigned char>(rank) <= kRankMax;
      });
  if (!fits) return Error{ErrorKind::internal, "InternalServiceError", "damaged unique counter"};
  std::memcpy(counter.registers_.data(), bytes.data(), kRegisters);
  return counter;
}

}  // namespace weir
