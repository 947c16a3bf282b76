// SPDX-License-Identifier: Apache-2.0
#include "insights/functions.h"

namespace weir::insights {
namespace {

using Arguments = std::span<const Value>;

Value is_present(Arguments a, const CallContext&) { return Value::of_bool(!a[0].is_null()); }

Value coalesce(Arguments a, const CallContext&) {
  for (const Value& value : a) {
    if (!value.is_null()) return value;
  }
  return {};
}

Value if_then(Arguments a, const CallContext&) { return is_true(a[0]) ? a[1] : a[2]; }

Value case_of(Arguments a, const CallContext&) {
  std::size_t i = 0;
  for (; i + 1 < a.size(); i += 2) {
    if (is_true(a[i])) return a[i + 1];
  }
  return i < a.size() ? a[i] : Value();
}

Value is_numeric(Arguments a, const CallContext&) {
  return Value::of_bool(number_of(a[0]).has_value());
}

Value message_size(Arguments a, const CallContext&) {
  return Value::of(static_cast<std::int64_t>(a[0].text.size()));
}

constexpr std::size_t kCaseArgumentsMax = 21;  // 10 branches and the default

const Function kFunctions[] = {
    {"ispresent", 1, 1, is_present}, {"coalesce", 1, kArgumentsMany, coalesce},
    {"if", 3, 3, if_then},           {"case", 2, kCaseArgumentsMax, case_of},
    {"isNumeric", 1, 1, is_numeric}, {"messageSize", 0, 0, message_size, {}, "@message"},
};

}  // namespace

std::span<const Function> general_functions() { return kFunctions; }

}  // namespace weir::insights
