// SPDX-License-Identifier: Apache-2.0
#include "metrics/statistic.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>

namespace weir::metrics {

namespace {

using Kind = Statistic::Kind;

struct Name {
  std::string_view text;
  Kind kind;
};
constexpr Name kBasic[] = {{"SampleCount", Kind::sample_count},
                           {"Average", Kind::average},
                           {"Sum", Kind::sum},
                           {"Minimum", Kind::minimum},
                           {"Maximum", Kind::maximum}};
constexpr Name kShort[] = {{"tm", Kind::trimmed_mean},
                           {"tc", Kind::trimmed_count},
                           {"ts", Kind::trimmed_sum},
                           {"wm", Kind::winsorized_mean}};
constexpr Name kRange[] = {{"TM(", Kind::trimmed_mean},
                           {"TC(", Kind::trimmed_count},
                           {"TS(", Kind::trimmed_sum},
                           {"WM(", Kind::winsorized_mean},
                           {"PR(", Kind::percentile_rank}};

constexpr std::size_t kTextMax = 64;
constexpr std::size_t kDecimalsMax = 10;  // User Guide: "up to ten decimal places"

/// Digits, perhaps with a fraction. No sign, no exponent.
std::optional<double> parse_number(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789.") != std::string_view::npos) return {};
  const std::size_t dot = text.find('.');
  if (dot != std::string_view::npos && text.size() - dot - 1 > kDecimalsMax) return {};
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return number;
}

std::optional<double> parse_percent(std::string_view text) {
  const auto number = parse_number(text);
  return number && *number <= 100 ? number : std::nullopt;
}

/// The smallest value with at least `fraction` of the samples at or below it.
double quantile(const Distribution& distribution, double fraction) {
  const double rank = fraction * distribution.count();
  double below = 0;
  for (const auto& entry : distribution.entries()) {
    below += entry.count;
    if (below >= rank * (1 - 1e-12)) return entry.value;
  }
  return distribution.entries().empty() ? 0 : distribution.entries().back().value;
}

struct Kept {
  double count = 0;
  double sum = 0;
};

/// The samples between two ranks; a sample that a rank cuts counts in part.
Kept keep_ranks(const Distribution& distribution, double from, double to) {
  Kept kept;
  double below = 0;
  for (const auto& entry : distribution.entries()) {
    const double count = std::min(below + entry.count, to) - std::max(below, from);
    if (count > 0) {
      kept.count += count;
      kept.sum += count * entry.value;
    }
    below += entry.count;
  }
  return kept;
}

Kept keep_values(const Distribution& distribution, double above, double up_to) {
  Kept kept;
  for (const auto& entry : distribution.entries()) {
    if (entry.value <= above || entry.value > up_to) continue;
    kept.count += entry.count;
    kept.sum += entry.count * entry.value;
  }
  return kept;
}

double clamped_sum(const Distribution& distribution, double low, double high) {
  double sum = 0;
  for (const auto& entry : distribution.entries()) {
    sum += entry.count * std::min(std::max(entry.value, low), high);
  }
  return sum;
}

}  // namespace

std::optional<Statistic> Statistic::parse(std::string_view text) {
  Statistic out;
  out.name_ = text;
  if (text.size() > kTextMax) return {};
  constexpr std::string_view kSuffixes[] = {"_E", "_L", "_H"};
  for (const std::string_view suffix : kSuffixes) {
    if (!text.ends_with(suffix)) continue;
    text.remove_suffix(suffix.size());
    if (text.ends_with(')')) return {};  // not of the range forms
    break;
  }
  for (const Name& name : kBasic) {
    if (text != name.text) continue;
    out.kind_ = name.kind;
    return out;
  }
  out.by_percent_ = true;
  if (text == "IQM") {
    out.kind_ = Kind::trimmed_mean;
    out.low_ = {true, 25};
    out.high_ = {true, 75};
    return out;
  }
  if (text.starts_with('p')) {
    const auto percent = parse_percent(text.substr(1));
    if (!percent) return {};
    out.kind_ = Kind::percentile;
    out.high_ = {true, *percent};
    return out;
  }
  if (text.starts_with('o') || text.starts_with('u')) {
    const auto value = parse_number(text.substr(1));
    if (!value) return {};
    out.kind_ = Kind::percentile_rank;
    out.by_percent_ = false;
    (text[0] == 'o' ? out.low_ : out.high_) = {true, *value};
    return out;
  }
  for (const Name& name : kShort) {
    if (!text.starts_with(name.text)) continue;
    const auto percent = parse_percent(text.substr(name.text.size()));
    if (!percent) return {};
    out.kind_ = name.kind;
    out.high_ = {true, *percent};
    return out;
  }
  for (const Name& name : kRange) {
    if (!text.starts_with(name.text) || !text.ends_with(')')) continue;
    out.kind_ = name.kind;
    return out.parse_range(text.substr(name.text.size(), text.size() - name.text.size() - 1))
               ? std::optional(out)
               : std::nullopt;
  }
  return {};
}

bool Statistic::parse_range(std::string_view inside) {
  const std::size_t colon = inside.find(':');
  if (colon == std::string_view::npos) return false;
  std::string_view parts[] = {inside.substr(0, colon), inside.substr(colon + 1)};
  by_percent_ = inside.find('%') != std::string_view::npos;
  if (by_percent_ && kind_ == Kind::percentile_rank) return false;
  Bound* bounds[] = {&low_, &high_};
  for (int i = 0; i < 2; ++i) {
    if (parts[i].empty()) continue;
    if (by_percent_) {
      if (!parts[i].ends_with('%')) return false;
      parts[i].remove_suffix(1);
    }
    const auto number = by_percent_ ? parse_percent(parts[i]) : parse_number(parts[i]);
    if (!number) return false;
    *bounds[i] = {true, *number};
  }
  if (!low_.is_set && !high_.is_set) return false;
  return !low_.is_set || !high_.is_set || low_.at < high_.at;
}

std::optional<double> Statistic::percentile() const {
  if (kind_ != Kind::percentile) return {};
  return high_.at / 100;
}

std::optional<double> Statistic::of(const Aggregate& bucket) const {
  if (bucket.empty()) return {};
  switch (kind_) {
    case Kind::sample_count:
      return bucket.sample_count;
    case Kind::average:
      return bucket.sum / bucket.sample_count;
    case Kind::sum:
      return bucket.sum;
    case Kind::minimum:
      return bucket.minimum;
    case Kind::maximum:
      return bucket.maximum;
    default:
      break;
  }
  if (!bucket.has_distribution) return {};
  if (kind_ == Kind::percentile) {
    const double value = quantile(bucket.distribution, high_.at / 100);
    return std::clamp(value, bucket.minimum, bucket.maximum);
  }
  return of_trimmed(bucket.distribution);
}

std::optional<double> Statistic::of_trimmed(const Distribution& samples) const {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const double total = samples.count();
  if (kind_ == Kind::winsorized_mean) {
    double low = -kInfinity;
    double high = kInfinity;
    if (low_.is_set) low = by_percent_ ? quantile(samples, low_.at / 100) : low_.at;
    if (high_.is_set) high = by_percent_ ? quantile(samples, high_.at / 100) : high_.at;
    return clamped_sum(samples, low, high) / total;
  }
  const Kept kept = by_percent_ ? keep_ranks(samples, low_.is_set ? total * low_.at / 100 : 0,
                                             high_.is_set ? total * high_.at / 100 : total)
                                : keep_values(samples, low_.is_set ? low_.at : -kInfinity,
                                              high_.is_set ? high_.at : kInfinity);
  switch (kind_) {
    case Kind::trimmed_count:
      return kept.count;
    case Kind::trimmed_sum:
      return kept.sum;
    case Kind::percentile_rank:
      return 100 * kept.count / total;
    default:
      return kept.count > 0 ? std::optional(kept.sum / kept.count) : std::nullopt;
  }
}

}  // namespace weir::metrics
