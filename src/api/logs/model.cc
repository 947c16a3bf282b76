// SPDX-License-Identifier: Apache-2.0
#include "api/logs/model.h"

#include <charconv>
#include <cstdint>

#include "base/document.h"

namespace weir::api::logs {
namespace {

/// `queryCompileError {location {startCharOffset, endCharOffset}, message}`.
bool compile_error_member(const Error& error, Document& body) {
  if (error.code != "MalformedQueryException" || error.details.empty()) return false;
  Document& compile_error = body["queryCompileError"];
  Document& location = compile_error["location"];
  for (const auto& [name, value] : error.details) {
    std::int64_t offset = 0;
    const char* const end = value.data() + value.size();
    if (std::from_chars(value.data(), end, offset).ptr == end) location[name] = offset;
  }
  compile_error["message"] = error.message;
  return true;
}

}  // namespace

wire::ServiceModel logs_model() {
  return {.signing_name = "logs",
          .target_prefix = "Logs_20140328",
          .api_version = "2014-03-28",
          .xml_namespace = {},
          .cbor_service = {},
          .validation_code = "InvalidParameterException",
          .protocols = {.json_1_1 = true},
          .error_names = {},
          .error_members = &compile_error_member};
}

}  // namespace weir::api::logs
