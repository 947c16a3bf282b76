// SPDX-License-Identifier: Apache-2.0
#include "charts/color.h"

#include <charconv>
#include <iterator>

namespace weir::charts {

std::optional<Color> Color::parse(std::string_view text) {
  if (!text.starts_with('#') || (text.size() != 7 && text.size() != 4)) return {};
  text.remove_prefix(1);
  std::uint32_t digits = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), digits, 16);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  if (text.size() == 6) return of(digits);
  const auto doubled = [&](int shift) { return (digits >> shift & 0xF) * 0x11; };
  return of(doubled(8) << 16 | doubled(4) << 8 | doubled(0));
}

Color palette(std::size_t n, bool is_on_dark) {
  // Category 10 of the D3 library, as CloudWatch uses it, with light ones for the second round.
  static constexpr std::uint32_t kColors[] = {0x1F77B4, 0xFF7F0E, 0x2CA02C, 0xD62728, 0x9467BD,
                                              0x8C564B, 0xE377C2, 0x7F7F7F, 0xBCBD22, 0x17BECF,
                                              0xAEC7E8, 0xFFBB78, 0x98DF8A, 0xFF9896, 0xC5B0D5,
                                              0xC49C94, 0xF7B6D2, 0xC7C7C7, 0xDBDB8D, 0x9EDAE5};
  const Color color = Color::of(kColors[n % std::size(kColors)]);
  if (!is_on_dark) return color;
  const auto lighter = [](double part) { return part + (1 - part) * 0.22; };
  return {lighter(color.red), lighter(color.green), lighter(color.blue), 1};
}

}  // namespace weir::charts
