// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>

#include "wire/xml.h"

// Any bytes are read or refused; any text that is written can be read.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)weir::wire::parse_xml(text);
  weir::wire::XmlWriter xml;
  xml.open("root");
  xml.element("child", text);
  xml.close();
  WEIR_ASSERT(weir::wire::parse_xml(xml.take()));
  return 0;
}
