// SPDX-License-Identifier: Apache-2.0
#include "sql/error_types.h"

namespace weir::sql {
namespace {

struct Known {
  std::string_view code;
  int category;
  int type;
};
constexpr Known kKnown[] = {
    {"DIVISION_BY_ZERO", 2, 1001},
    {"TYPE_MISMATCH", 2, 1002},
    {"EXPRESSION_NOT_AGGREGATE", 2, 1006},
    {"COLUMN_NOT_FOUND", 2, 1006},
    {"CATALOG_NOT_FOUND", 2, 1006},
    {"AMBIGUOUS_NAME", 2, 1006},
    {"INVALID_LITERAL", 2, 1006},
    {"INVALID_CAST_ARGUMENT", 2, 1100},
    {"NUMERIC_VALUE_OUT_OF_RANGE", 2, 1100},
    {"INVALID_FUNCTION_ARGUMENT", 2, 1106},
    {"HIVE_FILESYSTEM_ERROR", 2, 1109},
    {"TABLE_ALREADY_EXISTS", 2, 1110},
    {"SCHEMA_ALREADY_EXISTS", 2, 1003},
    {"SCHEMA_NOT_EMPTY", 2, 1003},
    {"PARTITION_ALREADY_EXISTS", 2, 1003},
    {"INVALID_PARTITION_SPEC", 2, 1003},
    {"DUPLICATE_COLUMN_NAME", 2, 1003},
    {"NOT_SUPPORTED", 2, 1200},
    {"TABLE_NOT_FOUND", 2, 1301},
    {"SCHEMA_NOT_FOUND", 2, 1301},
    {"FUNCTION_NOT_FOUND", 2, 1303},
    {"HIVE_BAD_DATA", 2, 1100},
    {"HIVE_CANNOT_OPEN_SPLIT", 2, 1100},
    {"HIVE_METASTORE_ERROR", 1, 300},
    {"EXCEEDED_LOCAL_MEMORY_LIMIT", 2, 1},
    {"EXCEEDED_RESULT_LIMIT", 2, 1},
    {"EXCEEDED_TIME_LIMIT", 2, 1},
    {"GENERIC_INTERNAL_ERROR", 1, 200},
};

}  // namespace

std::string failure_reason(const Error& error) {
  if (error.message.starts_with("FAILED: ")) return error.message;
  return error.code + ": " + error.message;
}

AthenaError failure_details(const Error& error) {
  AthenaError out;
  out.message = failure_reason(error);
  for (const Known& known : kKnown) {
    if (known.code != error.code) continue;
    out.category = known.category;
    out.type = known.type;
  }
  return out;
}

Error invalid_request(std::string_view athena_code, std::string message) {
  return {ErrorKind::invalid,
          "InvalidRequestException",
          std::move(message),
          {{"AthenaErrorCode", std::string(athena_code)}, {"ErrorCode", std::string(athena_code)}}};
}

}  // namespace weir::sql
