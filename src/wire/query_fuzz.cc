// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>

#include "wire/query.h"
#include "wire/test_shapes.h"

// A form is parsed and bound as both Query protocols do it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using weir::BindOptions;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto tree = weir::wire::parse_query(weir::wire::parse_form(text));
  if (!tree) return 0;
  for (const auto names : {BindOptions::Names::query, BindOptions::Names::ec2}) {
    weir::wire::test::All all;
    std::vector<weir::Violation> violations;
    const auto bound = weir::bind(weir::type_of<weir::wire::test::All>(), &all, *tree,
                                  {.textual = true, .names = names}, violations);
    if (bound) weir::violation_message(violations);
  }
  return 0;
}
