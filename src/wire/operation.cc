// SPDX-License-Identifier: Apache-2.0
#include "wire/operation.h"

namespace weir::wire {

const Operation* OperationTable::find(std::string_view name) const {
  const auto found = operations_.find(name);
  return found == operations_.end() ? nullptr : &found->second;
}

}  // namespace weir::wire
