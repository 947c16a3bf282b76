// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sql/parser.h"
#include "sql/translator.h"
#include "store/kv_store.h"

// Any text is either a statement or a syntax error, and what parses as a query translates or says
// why not.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  static const auto store = store::make_memory_store();
  static const sql::Catalog catalog(*store);
  const auto statement =
      sql::parse_statement(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!statement) return 0;
  const auto* query = std::get_if<sql::ast::QueryPtr>(&statement->body);
  if (query == nullptr) return 0;
  const sql::TranslateContext context{&catalog, {}, "default", {}, {"1", "x"}};
  const auto translation = sql::translate(**query, context);
  return translation && translation->sql.empty() ? -1 : 0;
}
