// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>

#include "base/document.h"
#include "wire/test_shapes.h"

// A body is parsed and bound as the AWS JSON protocols do it; what was read can be written and read
// again. (Not to the same text: the parser may miss the last place of a number.)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto tree = weir::parse_json(text);
  if (!tree) return 0;
  weir::wire::test::All all;
  std::vector<weir::Violation> violations;
  const auto bound =
      weir::bind(weir::type_of<weir::wire::test::All>(), &all, *tree, {}, violations);
  if (bound) weir::violation_message(violations);
  WEIR_ASSERT(weir::parse_json(weir::to_json(*tree)));
  return 0;
}
