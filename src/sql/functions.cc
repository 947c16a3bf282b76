// SPDX-License-Identifier: Apache-2.0
#include "sql/functions.h"

#include <algorithm>

namespace weir::sql {
namespace {

using K = SqlType::Kind;
constexpr auto kAggregate = Function::Kind::aggregate;
constexpr auto kWindow = Function::Kind::window;
constexpr int kMany = 127;  // Athena's bound of arguments

// Names that begin with weir_ are C++ functions (duckdb_functions.cc).
// Order: by name; overloads of a name in the order of preference.
constexpr Function kFunctions[] = {
    {"abs", "n", 1, 1, "abs($1)", "1"},
    {"acos", "n", 1, 1, "acos($1)", "D"},
    {"all_match", "al", 2, 2, "coalesce(list_bool_and(list_transform($1, $2)), true)", "o"},
    {"any_match", "al", 2, 2, "coalesce(list_bool_or(list_transform($1, $2)), false)", "o"},
    {"any_value", "", 1, 1, "any_value($1)", "1", kAggregate},
    {"approx_distinct", "", 1, 2, "approx_count_distinct($1)", "N", kAggregate},
    {"approx_percentile", "nn", 2, 2, "#approx_quantile($1, $2)", "1", kAggregate},
    {"approx_percentile", "na", 2, 2, "approx_quantile($1, $2)", "A", kAggregate},
    {"arbitrary", "", 1, 1, "any_value($1)", "1", kAggregate},
    {"array_agg", "", 1, 1, "list($1)", "A", kAggregate},
    {"array_distinct", "a", 1, 1, "list_distinct($1)", "1"},
    {"array_except", "aa", 2, 2,
     "list_distinct(list_filter($1, lambda weir_x: NOT list_contains($2, weir_x)))", "1"},
    {"array_intersect", "aa", 2, 2, "list_intersect($1, $2)", "1"},
    {"array_join", "at", 2, 2, "array_to_string($1, $2)", "t"},
    {"array_join", "att", 3, 3,
     "array_to_string(list_transform($1, lambda weir_x: coalesce(CAST(weir_x AS VARCHAR), $3)), "
     "$2)",
     "t"},
    {"array_max", "a", 1, 1, "list_max($1)", "e"},
    {"array_min", "a", 1, 1, "list_min($1)", "e"},
    {"array_position", "a*", 2, 2, "#coalesce(list_position($1, $2), 0)", "N"},
    {"array_remove", "a*", 2, 2, "list_filter($1, lambda weir_x: weir_x <> $2)", "1"},
    {"array_sort", "a", 1, 1, "list_sort($1, 'ASC', 'NULLS LAST')", "1"},
    {"array_sum", "a", 1, 1, "list_sum($1)", "e"},
    {"array_union", "aa", 2, 2, "list_distinct(list_concat($1, $2))", "1"},
    {"arrays_overlap", "aa", 2, 2, "list_has_any($1, $2)", "o"},
    {"asin", "n", 1, 1, "asin($1)", "D"},
    {"atan", "n", 1, 1, "atan($1)", "D"},
    {"atan2", "nn", 2, 2, "atan2($1, $2)", "D"},
    {"at_timezone", "st", 2, 2, "timezone($2, CAST($1 AS TIMESTAMPTZ))", "s"},
    {"avg", "n", 1, 1, "avg($1)", "D", kAggregate},
    {"bit_count", "ii", 2, 2, "#bit_count(CAST($1 AS BIGINT))", "N"},
    {"bitwise_and", "ii", 2, 2, "(CAST($1 AS BIGINT) & CAST($2 AS BIGINT))", "N"},
    {"bitwise_and_agg", "i", 1, 1, "bit_and(CAST($1 AS BIGINT))", "N", kAggregate},
    {"bitwise_left_shift", "ii", 2, 2, "weir_shift_left(CAST($1 AS BIGINT), CAST($2 AS BIGINT))",
     "1"},
    {"bitwise_not", "i", 1, 1, "(-1 - CAST($1 AS BIGINT))", "N"},
    {"bitwise_or", "ii", 2, 2, "(CAST($1 AS BIGINT) | CAST($2 AS BIGINT))", "N"},
    {"bitwise_or_agg", "i", 1, 1, "bit_or(CAST($1 AS BIGINT))", "N", kAggregate},
    {"bitwise_right_shift", "ii", 2, 2, "weir_shift_right(CAST($1 AS BIGINT), CAST($2 AS BIGINT))",
     "1"},
    {"bitwise_xor", "ii", 2, 2, "xor(CAST($1 AS BIGINT), CAST($2 AS BIGINT))", "N"},
    {"bitwise_xor_agg", "i", 1, 1, "bit_xor(CAST($1 AS BIGINT))", "N", kAggregate},
    {"bool_and", "o", 1, 1, "bool_and($1)", "o", kAggregate},
    {"bool_or", "o", 1, 1, "bool_or($1)", "o", kAggregate},
    {"cardinality", "a", 1, 1, "len($1)", "N"},
    {"cardinality", "m", 1, 1, "#cardinality($1)", "N"},
    {"cbrt", "n", 1, 1, "weir_cbrt(CAST($1 AS DOUBLE))", "D"},
    {"ceil", "n", 1, 1, "#ceil($1)", "1"},
    {"ceiling", "n", 1, 1, "#ceil($1)", "1"},
    {"chr", "i", 1, 1, "chr(CAST($1 AS INTEGER))", "t"},
    {"coalesce", "", 2, kMany, "coalesce($*)", "C"},
    {"codepoint", "t", 1, 1, "unicode($1)", "n"},
    {"concat", "a", 2, kMany, "($|)", "1"},
    {"concat", "t", 2, kMany, "($|)", "t"},
    {"concat_ws", "tt", 2, kMany, "concat_ws($*)", "t"},
    {"contains", "tp", 2, 2, "weir_ip_contains($1, $2)", "o"},
    {"contains", "a*", 2, 2, "list_contains($1, $2)", "o"},
    {"corr", "nn", 2, 2, "corr($1, $2)", "D", kAggregate},
    {"cos", "n", 1, 1, "cos($1)", "D"},
    {"count", "", 0, 1, "count($*)", "N", kAggregate},
    {"count_if", "o", 1, 1, "#count_if($1)", "N", kAggregate},
    {"covar_pop", "nn", 2, 2, "covar_pop($1, $2)", "D", kAggregate},
    {"covar_samp", "nn", 2, 2, "covar_samp($1, $2)", "D", kAggregate},
    {"cume_dist", "", 0, 0, "cume_dist()", "D", kWindow},
    {"current_timezone", "", 0, 0, "'UTC'", "t"},
    {"date", "", 1, 1, "CAST($1 AS DATE)", "d"},
    {"date_add", "tid", 3, 3,
     "CAST(($3 + CAST((CAST($2 AS VARCHAR) || ' ' || $1) AS INTERVAL)) AS DATE)", "d"},
    {"date_add", "tis", 3, 3, "($3 + CAST((CAST($2 AS VARCHAR) || ' ' || $1) AS INTERVAL))", "3"},
    {"date_diff", "t**", 3, 3, "date_sub($1, CAST($2 AS TIMESTAMP), CAST($3 AS TIMESTAMP))", "N"},
    {"date_format", "*t", 2, 2, "weir_date_format(CAST($1 AS TIMESTAMP), $2)", "t"},
    {"date_parse", "tt", 2, 2, "weir_date_parse($1, $2)", "s"},
    {"date_trunc", "td", 2, 2, "CAST(date_trunc($1, $2) AS DATE)", "d"},
    {"date_trunc", "ts", 2, 2, "date_trunc($1, $2)", "2"},
    {"day", "*", 1, 1, "day($1)", "N"},
    {"day_of_month", "*", 1, 1, "day($1)", "N"},
    {"day_of_week", "*", 1, 1, "isodow($1)", "N"},
    {"day_of_year", "*", 1, 1, "dayofyear($1)", "N"},
    {"degrees", "n", 1, 1, "degrees($1)", "D"},
    {"dense_rank", "", 0, 0, "dense_rank()", "N", kWindow},
    {"dow", "*", 1, 1, "isodow($1)", "N"},
    {"doy", "*", 1, 1, "dayofyear($1)", "N"},
    {"e", "", 0, 0, "exp(1e0)", "D"},
    {"element_at", "ai", 2, 2, "($1)[$2]", "e"},
    {"element_at", "m*", 2, 2, "($1)[$2]", "v"},
    {"entropy", "n", 1, 1, "entropy($1)", "D", kAggregate},
    {"every", "o", 1, 1, "bool_and($1)", "o", kAggregate},
    {"exp", "n", 1, 1, "exp($1)", "D"},
    {"filter", "al", 2, 2, "list_filter($1, $2)", "1"},
    {"first_value", "", 1, 1, "first_value($1$i)", "1", kWindow},
    {"flatten", "a", 1, 1, "flatten($1)", "e"},
    {"floor", "n", 1, 1, "#floor($1)", "1"},
    {"format_datetime", "*t", 2, 2, "weir_joda_format(CAST($1 AS TIMESTAMP), $2)", "t"},
    {"from_base64", "t", 1, 1, "from_base64($1)", "b"},
    {"from_hex", "t", 1, 1, "unhex($1)", "b"},
    {"from_iso8601_date", "t", 1, 1, "CAST($1 AS DATE)", "d"},
    {"from_iso8601_timestamp", "t", 1, 1, "CAST($1 AS TIMESTAMPTZ)", "z"},
    {"from_unixtime", "n", 1, 1, "to_timestamp(CAST($1 AS DOUBLE))", "z"},
    {"from_unixtime", "nt", 2, 2, "timezone($2, to_timestamp(CAST($1 AS DOUBLE)))", "s"},
    {"from_utf8", "b", 1, 1, "decode($1)", "t"},
    {"geometric_mean", "n", 1, 1, "geometric_mean($1)", "D", kAggregate},
    {"greatest", "", 2, kMany, "CASE WHEN $null THEN NULL ELSE greatest($*) END", "C"},
    {"hamming_distance", "tt", 2, 2, "hamming($1, $2)", "N"},
    {"histogram", "", 1, 1, "histogram($1)", "?", kAggregate},
    {"hour", "*", 1, 1, "hour($1)", "N"},
    {"if", "o**", 3, 3, "CASE WHEN $1 THEN $2 ELSE $3 END", "2"},
    {"if", "o*", 2, 2, "CASE WHEN $1 THEN $2 END", "2"},
    {"index", "tt", 2, 2, "strpos($1, $2)", "N"},
    {"infinity", "", 0, 0, "CAST('Infinity' AS DOUBLE)", "D"},
    {"is_finite", "n", 1, 1, "isfinite(CAST($1 AS DOUBLE))", "o"},
    {"is_infinite", "n", 1, 1, "isinf(CAST($1 AS DOUBLE))", "o"},
    {"is_nan", "n", 1, 1, "isnan(CAST($1 AS DOUBLE))", "o"},
    {"json_array_contains", "j*", 2, 2, "json_contains($1, to_json($2))", "o"},
    {"json_array_length", "j", 1, 1, "#json_array_length($1)", "N"},
    {"json_extract", "jt", 2, 2, "json_extract($1, $2)", "j"},
    {"json_extract_scalar", "jt", 2, 2,
     "CASE WHEN json_type($1, $2) NOT IN ('OBJECT', 'ARRAY', 'NULL') THEN json_extract_string($1, "
     "$2) END",
     "t"},
    {"json_format", "j", 1, 1, "CAST($1 AS VARCHAR)", "t"},
    {"json_parse", "t", 1, 1, "CAST($1 AS JSON)", "j"},
    {"lag", "", 1, 3, "lag($*$i)", "1", kWindow},
    {"last_day_of_month", "*", 1, 1, "last_day($1)", "d"},
    {"last_value", "", 1, 1, "last_value($1$i)", "1", kWindow},
    {"lead", "", 1, 3, "lead($*$i)", "1", kWindow},
    {"least", "", 2, kMany, "CASE WHEN $null THEN NULL ELSE least($*) END", "C"},
    {"length", "t", 1, 1, "length($1)", "N"},
    {"length", "b", 1, 1, "octet_length($1)", "N"},
    {"levenshtein_distance", "tt", 2, 2, "levenshtein($1, $2)", "N"},
    {"listagg", "tt", 1, 2, "string_agg($*)", "t", kAggregate},
    {"ln", "n", 1, 1, "ln($1)", "D"},
    {"log", "nn", 2, 2, "log($1, $2)", "D"},
    {"log10", "n", 1, 1, "log10($1)", "D"},
    {"log2", "n", 1, 1, "log2($1)", "D"},
    {"lower", "t", 1, 1, "lower($1)", "t"},
    {"lpad", "tit", 3, 3, "lpad($1, CAST($2 AS INTEGER), $3)", "t"},
    {"ltrim", "tt", 1, 2, "ltrim($*)", "t"},
    {"map", "", 0, 0, "map()", "?"},
    {"map", "aa", 2, 2, "map($1, $2)", "m"},
    {"map_agg", "", 2, 2, "map(list($1)$f, list($2)$f)", "M", kAggregate},
    {"map_concat", "mm", 2, kMany, "map_concat($*)", "1"},
    {"map_entries", "m", 1, 1, "map_entries($1)", "E"},
    {"map_filter", "ml", 2, 2, "map_from_entries(list_filter(map_entries($1), $2))", "1"},
    {"map_from_entries", "a", 1, 1, "map_from_entries($1)", "?"},
    {"map_keys", "m", 1, 1, "map_keys($1)", "K"},
    {"map_values", "m", 1, 1, "map_values($1)", "V"},
    {"max", "", 1, 1, "max($1)", "1", kAggregate},
    {"max", "*i", 2, 2, "max($1, $2)", "A", kAggregate},
    {"max_by", "", 2, 2, "max_by($1, $2)", "1", kAggregate},
    {"max_by", "**i", 3, 3, "max_by($1, $2, $3)", "A", kAggregate},
    {"md5", "b", 1, 1, "unhex(md5($1))", "b"},
    {"millisecond", "*", 1, 1, "(millisecond($1) % 1000)", "N"},
    {"min", "", 1, 1, "min($1)", "1", kAggregate},
    {"min", "*i", 2, 2, "min($1, $2)", "A", kAggregate},
    {"min_by", "", 2, 2, "min_by($1, $2)", "1", kAggregate},
    {"min_by", "**i", 3, 3, "min_by($1, $2, $3)", "A", kAggregate},
    {"minute", "*", 1, 1, "minute($1)", "N"},
    {"mod", "ii", 2, 2, "#weir_modulo(CAST($1 AS BIGINT), CAST($2 AS BIGINT))", "C"},
    {"mod", "nn", 2, 2, "mod($1, $2)", "C"},
    {"month", "*", 1, 1, "month($1)", "N"},
    {"nan", "", 0, 0, "CAST('NaN' AS DOUBLE)", "D"},
    {"none_match", "al", 2, 2, "NOT coalesce(list_bool_or(list_transform($1, $2)), false)", "o"},
    {"nth_value", "*i", 2, 2, "nth_value($1, $2$i)", "1", kWindow},
    {"ntile", "i", 1, 1, "ntile($1)", "N", kWindow},
    {"nullif", "", 2, 2, "nullif($1, $2)", "1"},
    {"parse_datetime", "tt", 2, 2, "CAST(weir_joda_parse($1, $2) AS TIMESTAMPTZ)", "z"},
    {"percent_rank", "", 0, 0, "percent_rank()", "D", kWindow},
    {"pi", "", 0, 0, "pi()", "D"},
    {"pow", "nn", 2, 2, "pow($1, $2)", "D"},
    {"power", "nn", 2, 2, "pow($1, $2)", "D"},
    {"quarter", "*", 1, 1, "quarter($1)", "N"},
    {"radians", "n", 1, 1, "radians($1)", "D"},
    {"rand", "", 0, 0, "random()", "D"},
    {"random", "", 0, 0, "random()", "D"},
    {"random", "i", 1, 1, "#floor(random() * $1)", "1"},
    {"rank", "", 0, 0, "rank()", "N", kWindow},
    {"reduce", "a*ll", 4, 4, "list_reduce($1, $3, $2)", "2"},
    {"regexp_count", "tt", 2, 2, "len(regexp_extract_all($1, $2))", "N"},
    {"regexp_extract", "tti", 2, 3, "CASE WHEN regexp_matches($1, $2) THEN regexp_extract($*) END",
     "t"},
    {"regexp_extract_all", "tti", 2, 3, "regexp_extract_all($*)", "T"},
    {"regexp_like", "tt", 2, 2, "regexp_matches($1, $2)", "o"},
    {"regexp_replace", "tt", 2, 2, "regexp_replace($1, $2, '', 'g')", "t"},
    {"regexp_replace", "ttt", 3, 3,
     "regexp_replace($1, $2, regexp_replace(replace($3, '\\', '\\\\'), '\\$(\\d)', '\\\\\\1', "
     "'g'), 'g')",
     "t"},
    {"regexp_split", "tt", 2, 2, "string_split_regex($1, $2)", "T"},
    {"regr_intercept", "nn", 2, 2, "regr_intercept($1, $2)", "D", kAggregate},
    {"regr_slope", "nn", 2, 2, "regr_slope($1, $2)", "D", kAggregate},
    {"repeat", "*i", 2, 2, "list_transform(range(CAST($2 AS BIGINT)), lambda weir_x: $1)", "A"},
    {"replace", "tt", 2, 2, "replace($1, $2, '')", "t"},
    {"replace", "ttt", 3, 3, "replace($1, $2, $3)", "t"},
    {"reverse", "a", 1, 1, "list_reverse($1)", "1"},
    {"reverse", "t", 1, 1, "reverse($1)", "t"},
    {"round", "n", 1, 1, "#round($1)", "1"},
    {"round", "ni", 2, 2, "#round($1, $2)", "1"},
    {"row_number", "", 0, 0, "row_number()", "N", kWindow},
    {"rpad", "tit", 3, 3, "rpad($1, CAST($2 AS INTEGER), $3)", "t"},
    {"rtrim", "tt", 1, 2, "rtrim($*)", "t"},
    {"second", "*", 1, 1, "second($1)", "N"},
    {"sequence", "ii", 2, 2,
     "generate_series(CAST($1 AS BIGINT), CAST($2 AS BIGINT), CASE WHEN $1 <= $2 THEN 1 ELSE -1 "
     "END)",
     "A"},
    {"sequence", "iii", 3, 3,
     "generate_series(CAST($1 AS BIGINT), CAST($2 AS BIGINT), CAST($3 AS BIGINT))", "A"},
    {"sequence", "dd", 2, 2,
     "list_transform(generate_series($1, $2, INTERVAL '1' DAY), lambda weir_x: CAST(weir_x AS "
     "DATE))",
     "A"},
    {"sequence", "ddv", 3, 3,
     "list_transform(generate_series($1, $2, $3), lambda weir_x: CAST(weir_x AS DATE))", "A"},
    {"sequence", "ssv", 3, 3, "generate_series($1, $2, $3)", "A"},
    {"set_agg", "", 1, 1, "list_distinct(list($1)$f)", "A", kAggregate},
    {"sha1", "b", 1, 1, "unhex(sha1($1))", "b"},
    {"sha256", "b", 1, 1, "unhex(sha256($1))", "b"},
    {"sign", "n", 1, 1, "#sign($1)", "1"},
    {"sin", "n", 1, 1, "sin($1)", "D"},
    {"slice", "aii", 3, 3, "list_slice($1, $2, $2 + $3 - 1)", "1"},
    {"split", "tt", 2, 2, "string_split($1, $2)", "T"},
    {"split_part", "tti", 3, 3, "(string_split($1, $2))[$3]", "t"},
    {"sqrt", "n", 1, 1, "sqrt($1)", "D"},
    {"starts_with", "tt", 2, 2, "starts_with($1, $2)", "o"},
    {"stddev", "n", 1, 1, "stddev_samp($1)", "D", kAggregate},
    {"stddev_pop", "n", 1, 1, "stddev_pop($1)", "D", kAggregate},
    {"stddev_samp", "n", 1, 1, "stddev_samp($1)", "D", kAggregate},
    {"strpos", "tt", 2, 2, "strpos($1, $2)", "N"},
    {"substr", "ti", 2, 2, "weir_substr($1, $2)", "t"},
    {"substr", "tii", 3, 3, "weir_substr3($1, $2, $3)", "t"},
    {"substring", "ti", 2, 2, "weir_substr($1, $2)", "t"},
    {"substring", "tii", 3, 3, "weir_substr3($1, $2, $3)", "t"},
    {"sum", "n", 1, 1, "#sum($1)", "S", kAggregate},
    {"sum", "v", 1, 1, "sum($1)", "1", kAggregate},
    {"tan", "n", 1, 1, "tan($1)", "D"},
    {"to_base64", "b", 1, 1, "to_base64($1)", "t"},
    {"to_hex", "b", 1, 1, "hex($1)", "t"},
    {"to_iso8601", "d", 1, 1, "strftime($1, '%Y-%m-%d')", "t"},
    {"to_iso8601", "s", 1, 1, "weir_iso8601(CAST($1 AS TIMESTAMPTZ))", "t"},
    {"to_milliseconds", "v", 1, 1, "epoch_ms($1)", "N"},
    {"to_unixtime", "s", 1, 1, "epoch($1)", "D"},
    {"to_utf8", "t", 1, 1, "encode($1)", "b"},
    {"transform", "al", 2, 2, "list_transform($1, $2)", "L"},
    {"translate", "ttt", 3, 3, "translate($1, $2, $3)", "t"},
    {"trim", "tt", 1, 2, "trim($*)", "t"},
    {"truncate", "n", 1, 1, "#trunc($1)", "1"},
    {"typeof", "", 1, 1, "$type", "t"},
    {"upper", "t", 1, 1, "upper($1)", "t"},
    {"url_decode", "t", 1, 1, "url_decode($1)", "t"},
    {"url_encode", "t", 1, 1, "url_encode($1)", "t"},
    {"uuid", "", 0, 0, "uuid()", "?"},
    {"var_pop", "n", 1, 1, "var_pop($1)", "D", kAggregate},
    {"var_samp", "n", 1, 1, "var_samp($1)", "D", kAggregate},
    {"variance", "n", 1, 1, "var_samp($1)", "D", kAggregate},
    {"week", "*", 1, 1, "week($1)", "N"},
    {"week_of_year", "*", 1, 1, "week($1)", "N"},
    {"with_timezone", "st", 2, 2, "timezone($2, CAST($1 AS TIMESTAMP))", "z"},
    {"year", "*", 1, 1, "year($1)", "N"},
    {"year_of_week", "*", 1, 1, "isoyear($1)", "N"},
    {"yow", "*", 1, 1, "isoyear($1)", "N"},
};

bool fits(char guard, const SqlType& type) {
  if (!type.is_known()) return true;
  switch (guard) {
    case 't':
      return type.is_text();
    case 'n':
      return type.is_numeric();
    case 'i':
      return type.is_integral();
    case 'f':
      return type.is(K::real) || type.is(K::double_);
    case 'a':
      return type.is(K::array);
    case 'm':
      return type.is(K::map);
    case 'r':
      return type.is(K::row);
    case 'd':
      return type.is(K::date);
    case 's':
      return type.is(K::timestamp) || type.is(K::timestamp_tz) || type.is(K::date);
    case 'p':
      return type.is(K::ipaddress);
    case 'b':
      return type.is(K::varbinary);
    case 'o':
      return type.is(K::boolean);
    case 'l':
      return type.is(K::function);
    case 'j':
      return type.is(K::json) || type.is_text();
    case 'v':
      return type.is_interval();
    default:
      return !type.is(K::function);
  }
}

bool fits(const Function& function, std::span<const SqlType> arguments) {
  const int count = static_cast<int>(arguments.size());
  if (count < function.arguments_min || count > function.arguments_max) return false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (function.guard.empty()) {
      if (arguments[i].is(K::function)) return false;
    } else if (!fits(function.guard[std::min(i, function.guard.size() - 1)], arguments[i])) {
      return false;
    }
  }
  return true;
}

std::string_view guard_name(char guard) {
  switch (guard) {
    case 't':
      return "varchar";
    case 'n':
      return "double";
    case 'i':
      return "bigint";
    case 'f':
      return "double";
    case 'a':
      return "array(T)";
    case 'm':
      return "map(K,V)";
    case 'd':
      return "date";
    case 's':
      return "timestamp(p)";
    case 'p':
      return "ipaddress";
    case 'b':
      return "varbinary";
    case 'o':
      return "boolean";
    case 'l':
      return "function(T,R)";
    case 'j':
      return "json";
    case 'v':
      return "interval";
    default:
      return "T";
  }
}

SqlType sum_type(const SqlType& of) {
  if (of.is_integral()) return K::bigint;
  if (of.is(K::decimal)) return SqlType(K::decimal, 38, of.scale);
  return of;
}

SqlType element_of(const SqlType& type, std::size_t which) {
  return which < type.arguments.size() ? type.arguments[which] : SqlType();
}

}  // namespace

std::span<const Function> functions() { return kFunctions; }

FunctionMatch find_function(std::string_view name, std::span<const SqlType> arguments) {
  FunctionMatch match;
  for (const Function& function : kFunctions) {
    if (function.name != name) continue;
    match.is_known = true;
    if (fits(function, arguments)) {
      match.function = &function;
      return match;
    }
  }
  return match;
}

std::string expected_signatures(std::string_view name) {
  std::string out;
  for (const Function& function : kFunctions) {
    if (function.name != name) continue;
    out += out.empty() ? "" : ", ";
    out += std::string(name) + '(';
    const int shown = std::max(function.arguments_min, std::min(function.arguments_max, 1));
    for (int i = 0; i < shown; ++i) {
      const std::string_view guard = function.guard;
      const char letter =
          guard.empty() ? '*' : guard[std::min(static_cast<std::size_t>(i), guard.size() - 1)];
      out += (i == 0 ? "" : ", ") + std::string(guard_name(letter));
    }
    out += ')';
  }
  return out;
}

SqlType result_type(const Function& function, std::span<const SqlType> arguments,
                    const SqlType& lambda) {
  const SqlType first = arguments.empty() ? SqlType() : arguments[0];
  switch (const char rule = function.result[0]) {
    case 'o':
      return K::boolean;
    case 'n':
      return K::integer;
    case 'N':
      return K::bigint;
    case 'D':
      return K::double_;
    case 't':
      return K::varchar;
    case 'b':
      return K::varbinary;
    case 'd':
      return K::date;
    case 's':
      return K::timestamp;
    case 'z':
      return K::timestamp_tz;
    case 'p':
      return K::ipaddress;
    case 'j':
      return K::json;
    case 'e':
      return first.is(K::array) ? element_of(first, 0) : SqlType();
    case 'v':
      return first.is(K::map) ? element_of(first, 1) : SqlType();
    case 'K':
      return first.is(K::map) ? SqlType::array_of(element_of(first, 0)) : SqlType();
    case 'V':
      return first.is(K::map) ? SqlType::array_of(element_of(first, 1)) : SqlType();
    case 'A':
      return SqlType::array_of(first);
    case 'L':
      return SqlType::array_of(lambda);
    case 'T':
      return SqlType::array_of(K::varchar);
    case 'S':
      return sum_type(first);
    case 'm':
      if (arguments.size() < 2 || !first.is(K::array) || !arguments[1].is(K::array)) return {};
      return SqlType::map_of(element_of(first, 0), element_of(arguments[1], 0));
    case 'M':
      return arguments.size() > 1 ? SqlType::map_of(first, arguments[1]) : SqlType();
    case 'C': {
      SqlType common = first;
      for (const SqlType& type : arguments) common = common_type(common, type).value_or(SqlType());
      return common;
    }
    default:
      if (rule >= '1' && rule <= '9') {
        const auto index = static_cast<std::size_t>(rule - '1');
        return index < arguments.size() ? arguments[index] : SqlType();
      }
      return {};
  }
}

}  // namespace weir::sql
