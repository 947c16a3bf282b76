// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "logs/bytes.h"
#include "logs/logs_impl.h"

namespace weir::logs {
namespace {

constexpr std::uint64_t kStreamVersion = 2;
constexpr std::uint64_t kStreamVersion1 = 1;  // without small blocks
constexpr Duration kHousekeepingPeriod = std::chrono::seconds(5);

void put_optional(std::string& bytes, const std::optional<std::int64_t>& number) {
  put_number(bytes, number ? static_cast<std::uint64_t>(*number) + 1 : 0);
}

std::optional<std::int64_t> take_optional(ByteReader& reader) {
  const std::uint64_t number = reader.number();
  if (number == 0) return std::nullopt;
  return static_cast<std::int64_t>(number - 1);
}

}  // namespace

std::string pack_stream(const LogStream& stream) {
  std::string bytes;
  put_number(bytes, kStreamVersion);
  put_number(bytes, static_cast<std::uint64_t>(stream.id));
  put_number(bytes, static_cast<std::uint64_t>(stream.creation_time_ms));
  put_optional(bytes, stream.first_event_ms);
  put_optional(bytes, stream.last_event_ms);
  put_optional(bytes, stream.last_ingestion_ms);
  put_number(bytes, static_cast<std::uint64_t>(stream.stored_bytes));
  put_number(bytes, static_cast<std::uint64_t>(stream.block_span_ms_max));
  put_number(bytes, static_cast<std::uint64_t>(stream.small_blocks));
  put_optional(bytes, stream.small_blocks_from_ms);
  return bytes;
}

Result<LogStream> unpack_stream(std::string_view name, std::string_view bytes) {
  ByteReader reader(bytes);
  LogStream stream;
  stream.name = name;
  const std::uint64_t version = reader.number();
  stream.id = static_cast<std::int64_t>(reader.number());
  stream.creation_time_ms = static_cast<std::int64_t>(reader.number());
  stream.first_event_ms = take_optional(reader);
  stream.last_event_ms = take_optional(reader);
  stream.last_ingestion_ms = take_optional(reader);
  stream.stored_bytes = static_cast<std::int64_t>(reader.number());
  stream.block_span_ms_max = static_cast<std::int64_t>(reader.number());
  if (version == kStreamVersion) {
    stream.small_blocks = static_cast<std::int64_t>(reader.number());
    stream.small_blocks_from_ms = take_optional(reader);
  }
  if ((version != kStreamVersion && version != kStreamVersion1) || reader.failed()) {
    return Error{ErrorKind::internal, "InternalServerException",
                 "the stored log stream " + std::string(name) + " is damaged"};
  }
  return stream;
}

void GroupState::renew_filter_set() {
  std::vector<std::shared_ptr<const CompiledFilter>> in_order;
  for (const auto& [name, filter] : filters) in_order.push_back(filter);
  filter_set = std::make_shared<const FilterSet>(std::move(in_order));
}

Result<void> Logs::load() { return impl_->load(); }

Result<void> Logs::Impl::load() {
  housekeeping = Timer();
  publishing = Timer();
  retention = Timer();
  merging = Timer();
  hand_over.clear();
  arrivals.clear();
  defaults.clear();
  mergeable.lock()->clear();
  next_batch = runtime.random() >> 1;  // so that batches of two runs never meet

  State loaded;
  const auto cursor = store.cursor();
  for (cursor->seek(kStorePrefix); cursor->valid() && cursor->key().starts_with(kStorePrefix);) {
    std::string_view key = cursor->key().substr(kStorePrefix.size());
    const Scope scope = Scope::take_from(key);
    if (key.starts_with("e/") || key.starts_with("i/")) {  // read when somebody asks
      cursor->seek(store::prefix_end(store_key(scope, key.substr(0, 2))));
      continue;
    }
    if (key.starts_with(Arrivals::kKind)) {  // read when a follower gets there
      WEIR_CHECK(arrivals.load(scope));
      cursor->seek(store::prefix_end(store_key(scope, Arrivals::kKind)));
      continue;
    }
    WEIR_CHECK(load_pair(loaded, scope, key, cursor->value()));
    cursor->next();
  }
  WEIR_CHECK(cursor->status());
  finish_loading(loaded);
  *state.lock() = std::move(loaded);
  hand_over.work();
  start_timers();
  return {};
}

Result<void> Logs::Impl::load_pair(State& loaded, const Scope& scope, std::string_view key,
                                   std::string_view value) {
  const std::string_view kind = key.substr(0, 2);
  const std::string_view rest = key.substr(std::min<std::size_t>(2, key.size()));
  const std::size_t zero = rest.find('\0');
  const std::string_view member = zero == rest.npos ? std::string_view() : rest.substr(zero + 1);
  ScopeState& in_scope = loaded[scope];
  if (kind == HandOver::kKind) {
    hand_over.found(scope, store_key(scope, kind).append(rest));
  } else if (kind == DefaultValues::kKind) {
    defaults.found(scope, rest);
  } else if (kind == "g/") {
    WEIR_TRY(LogGroup group, from_json_text<LogGroup>(value));
    in_scope.next_id = std::max(in_scope.next_id, group.id + 1);
    in_scope.groups[std::string(rest)].data = std::move(group);
  } else if (kind == "f/") {
    WEIR_TRY(MetricFilter filter, from_json_text<MetricFilter>(value));
    WEIR_TRY(CompiledFilter compiled, CompiledFilter::compile(std::move(filter), scope));
    in_scope.groups[std::string(rest.substr(0, zero))].filters.insert_or_assign(
        std::string(member), std::make_shared<const CompiledFilter>(std::move(compiled)));
  } else if (kind == "s/") {
    auto stream = std::make_shared<StreamState>();
    WEIR_TRY(stream->data, unpack_stream(member, value));
    in_scope.next_id = std::max(in_scope.next_id, stream->data.id + 1);
    in_scope.groups[std::string(rest.substr(0, zero))].add(std::move(stream));
  } else {
    log::warn("unknown key in the store of log groups", {{"key", key}});
  }
  return {};
}

void Logs::Impl::finish_loading(State& loaded) {
  for (auto& [scope, in_scope] : loaded) {
    for (auto& [name, group] : in_scope.groups) {
      // Group, streams and filters are written and erased together.
      WEIR_ASSERT(group.data.name == name);
      group.renew_filter_set();
      for (const auto& [stream_name, stream] : group.streams) note_mergeable(scope, group, stream);
    }
  }
}

void Logs::Impl::start_timers() {
  housekeeping = Timer(runtime, kHousekeepingPeriod, [this] {
    publish_defaults();
    hand_over.work();
    arrivals.trim();
  });
  publishing = Timer(runtime, ServiceMetrics::kPeriod, [this] { service_metrics.publish(); });
  retention = Timer(runtime, config.retention_period, [this] { remove_expired(); });
  merging = Timer(runtime, config.merge_period, [this] {
    merge_blocks();
    reclaim_removed();
  });
}

}  // namespace weir::logs
