// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "insights/expression.h"
#include "insights/value.h"

namespace weir::insights {

/// `a op b` of an operator that is no comparison; an integer where the result is one exactly and
/// both sides are. Nothing if the result is no number (a division by zero).
std::optional<Number> arithmetic(Operator op, const Number& a, const Number& b);

}  // namespace weir::insights
