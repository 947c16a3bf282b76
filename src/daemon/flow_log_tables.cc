// SPDX-License-Identifier: Apache-2.0
#include "daemon/flow_log_tables.h"

#include <algorithm>
#include <utility>

#include "api/ec2/integration_template.h"
#include "api/glue/documents.h"
#include "base/log.h"
#include "flow/format.h"
#include "sql/types.h"

namespace weir::daemon {
namespace {

constexpr std::size_t kTokenSize = 64;  // Athena's tokens have 32 to 128 characters

std::string key_of(const Scope& scope, const std::string& flow_log_id) {
  return "flow-log-tables/" + scope.key() + flow_log_id;
}

/// What is left of a text for a table's name; "" if that is nothing or would begin with a digit.
std::string table_name(std::string_view text) {
  std::string name;
  for (const char c : sql::to_lower(text)) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    if (fits) {
      name += c;
    } else if (!name.empty() && name.back() != '_') {
      name += '_';
    }
  }
  while (name.ends_with('_')) name.pop_back();
  return name.empty() || (name[0] >= '0' && name[0] <= '9') ? std::string() : name;
}

std::string plain_id(std::string id) {
  std::erase(id, '-');
  return id;
}

}  // namespace

void FlowLogTables::update(const Scope& scope) {
  const std::lock_guard lock(updating_);
  const auto state = network_.state(scope);
  if (!state) return;  // the change that led here has told
  for (const auto& [id, flow_log] : (*state)->flow_logs) {
    if (flow_log.destination_type != "s3" || made_.contains(key_of(scope, id))) continue;
    if (const auto made = make(scope, flow_log); !made) {
      log::warn("cannot make the table of a flow log, will retry",
                {{"flow_log", id}, {"error", made.error().message}});
    }
  }
}

Result<void> FlowLogTables::make(const Scope& scope, const vpc::FlowLog& flow_log) {
  const std::string key = key_of(scope, flow_log.id);
  WEIR_TRY(const auto known, store_.get(key));
  if (!known) {
    WEIR_TRY(const std::string table, make_table(scope, flow_log));
    WEIR_TRY(const flow::Format format, flow::Format::parse(flow_log.log_format));
    for (const api::ec2::IntegrationQuery& query : api::ec2::integration_queries()) {
      if (!query.fits(format)) continue;
      std::string token = plain_id(flow_log.id) + std::string(query.name);
      token.resize(kTokenSize, '0');  // made again after a crash, a query is the same one
      WEIR_CHECK(athena_.create_named_query(scope,
                                            {.name = std::string(query.name) + ' ' + table,
                                             .description = std::string(query.description),
                                             .database = std::string(kDatabase),
                                             .query = query.text(std::string(kDatabase), table),
                                             .id = {}},
                                            token));
    }
    WEIR_CHECK(store_.put(key, table));
  }
  made_.insert(key);
  return {};
}

/// The name of the table. One that is there already under the flow log's id is of an attempt that
/// did not come to its end.
Result<std::string> FlowLogTables::make_table(const Scope& scope, const vpc::FlowLog& flow_log) {
  sql::Catalog& catalog = athena_.catalog();
  sql::Database database{.name = std::string(kDatabase),
                         .description = "The files of flow logs, a table for each flow log"};
  database.created = runtime_.now();
  if (const auto made = catalog.create_database(scope, database);
      !made && made.error().kind != ErrorKind::already_exists) {
    return made.error();
  }
  const auto tag = std::ranges::find(flow_log.tags, "Name", &vpc::Tag::key);
  std::string name = tag == flow_log.tags.end() ? std::string() : table_name(tag->value);
  if (!name.empty()) {
    WEIR_TRY(const auto taken, catalog.table(scope, kDatabase, name));
    if (taken) name.clear();
  }
  if (name.empty()) name = plain_id(flow_log.id);
  WEIR_TRY(const flow::Format format, flow::Format::parse(flow_log.log_format));
  WEIR_TRY(sql::Table table,
           api::glue::table_from(std::string(kDatabase),
                                 api::ec2::flow_log_table(scope, flow_log, format, name)));
  table.created = runtime_.now();
  const auto made = catalog.create_table(scope, table);
  if (!made && made.error().kind != ErrorKind::already_exists) return made.error();
  return name;
}

}  // namespace weir::daemon
