// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <limits>
#include <numbers>

#include "insights/functions.h"

namespace weir::insights {
namespace {

using Arguments = std::span<const Value>;

Value of_number(const Number& number) {
  return number.is_integer ? Value::of(number.integer) : Value::of(number.real);
}

/// An integer where it fits into one.
Value of_integral(double number) {
  constexpr double kMax = 9.2e18;
  return std::abs(number) < kMax ? Value::of(static_cast<std::int64_t>(number)) : Value::of(number);
}

template <class Real>
Value apply(Arguments a, Real real) {
  const auto number = number_of(a[0]);
  return number ? Value::of(real(number->real)) : Value();
}

Value absolute(Arguments a, const CallContext&) {
  const auto number = number_of(a[0]);
  if (!number) return {};
  if (number->is_integer && number->integer != std::numeric_limits<std::int64_t>::min()) {
    return Value::of(std::abs(number->integer));
  }
  return Value::of(std::abs(number->real));
}

template <double (*round_real)(double)>
Value integral(Arguments a, const CallContext&) {
  const auto number = number_of(a[0]);
  if (!number) return {};
  return number->is_integer ? of_number(*number) : of_integral(round_real(number->real));
}

double up(double x) { return std::ceil(x); }
double down(double x) { return std::floor(x); }
double toward_zero(double x) { return std::trunc(x); }

Value square_root(Arguments a, const CallContext&) {
  return apply(a, [](double x) { return std::sqrt(x); });
}
Value logarithm(Arguments a, const CallContext&) {
  return apply(a, [](double x) { return std::log(x); });
}

template <bool is_greatest>
Value extreme(Arguments a, const CallContext&) {
  Value best;
  for (const Value& value : a) {
    if (!number_of(value)) continue;
    const bool is_better =
        best.is_null() || (is_greatest ? compare(value, best) > 0 : compare(value, best) < 0);
    if (is_better) best = value;
  }
  const auto number = number_of(best);
  return number && best.kind == Value::Kind::text ? of_number(*number) : best;
}

Value round_to(Arguments a, const CallContext&) {
  constexpr double kDigitsMax = 15;
  const auto number = number_of(a[0]);
  const auto digits = a.size() > 1 ? number_of(a[1]) : Number::of(std::int64_t{0});
  if (!number || !digits) return {};
  if (number->is_integer && digits->real >= 0) return of_number(*number);
  if (std::abs(digits->real) > kDigitsMax) return {};
  const double scale = std::pow(10.0, std::trunc(digits->real));
  const double rounded = std::round(number->real * scale) / scale;
  return digits->real <= 0 ? of_integral(rounded) : Value::of(rounded);
}

Value haversine(Arguments a, const CallContext&) {
  constexpr double kEarthKm = 6371.0088;  // mean radius (IUGG)
  double radians[4];
  for (std::size_t i = 0; i < 4; ++i) {
    const auto number = number_of(a[i]);
    if (!number) return {};
    radians[i] = number->real * std::numbers::pi / 180;
  }
  const double lat = std::sin((radians[2] - radians[0]) / 2);
  const double lon = std::sin((radians[3] - radians[1]) / 2);
  const double h = lat * lat + std::cos(radians[0]) * std::cos(radians[2]) * lon * lon;
  return Value::of(2 * kEarthKm * std::asin(std::min(1.0, std::sqrt(h))));
}

Value to_number(Arguments a, const CallContext&) {
  const auto number = number_of(a[0]);
  return number ? of_number(*number) : Value();
}
Value to_double(Arguments a, const CallContext&) {
  return apply(a, [](double x) { return x; });
}

const Function kFunctions[] = {
    {"abs", 1, 1, absolute},
    {"ceil", 1, 1, integral<up>},
    {"floor", 1, 1, integral<down>},
    {"sqrt", 1, 1, square_root},
    {"log", 1, 1, logarithm},
    {"greatest", 1, kArgumentsMany, extreme<true>},
    {"least", 1, kArgumentsMany, extreme<false>},
    {"round", 1, 2, round_to},
    {"haversine", 4, 4, haversine},
    {"toNumber", 1, 1, to_number},
    {"toInt", 1, 1, integral<toward_zero>},
    {"toLong", 1, 1, integral<toward_zero>},
    {"toDouble", 1, 1, to_double},
};

}  // namespace

std::span<const Function> number_functions() { return kFunctions; }

}  // namespace weir::insights
