// SPDX-License-Identifier: Apache-2.0
#include "logs/scan.h"

#include <algorithm>
#include <set>
#include <span>
#include <utility>

#include "logs/block.h"
#include "logs/errors.h"
#include "logs/logs_impl.h"
#include "logs/scan_impl.h"

namespace weir::logs {

// ---- A block ------------------------------------------------------------------------------------

namespace {

template <class Value>
void keep(std::vector<Value>& values, std::span<const std::uint32_t> rows) {
  if (values.empty()) return;
  for (std::size_t i = 0; i < rows.size(); ++i) values[i] = values[rows[i]];  // rows ascend
  values.resize(rows.size());
}

}  // namespace

struct ScannedBlock::Impl final : BlockColumns {
  std::string group;
  std::string stream;
  Block block;
  // The rows that the query asks for; `is_whole`: all.
  bool is_whole = true;
  std::vector<std::uint32_t> rows;
  std::vector<std::uint32_t> odd_of_rows;
  Result<void> status;

  std::size_t size() const { return is_whole ? block.size() : rows.size(); }
  std::size_t row(std::size_t index) const { return is_whole ? index : rows[index]; }
  void choose(Time from, Time to);

  std::size_t count() const override { return block.columns()->count(); }
  Column::Kind kind(std::size_t column) const override { return block.columns()->kind(column); }
  Result<Column> read(std::size_t column) const override;
  std::optional<Bounds> bounds(std::size_t column) const override {
    return block.columns()->bounds(column);
  }
  bool may_have(std::size_t column, std::string_view token) const override {
    return block.may_have(column, token);
  }
  std::span<const std::uint32_t> odd_rows() const override {
    return is_whole ? block.columns()->odd_rows() : std::span<const std::uint32_t>(odd_of_rows);
  }
};

void ScannedBlock::Impl::choose(Time from, Time to) {
  is_whole = block.info().first >= from && block.info().last <= to;
  if (is_whole) return;
  for (std::uint32_t i = 0; i < block.size(); ++i) {
    const std::int64_t at = block.timestamps()[i];
    if (at >= from.ms && at <= to.ms) rows.push_back(i);
  }
  if (block.columns() == nullptr) return;
  for (const std::uint32_t odd : block.columns()->odd_rows()) {
    const auto place = std::ranges::lower_bound(rows, odd);
    if (place == rows.end() || *place != odd) continue;
    odd_of_rows.push_back(static_cast<std::uint32_t>(place - rows.begin()));
  }
}

Result<Column> ScannedBlock::Impl::read(std::size_t column) const {
  WEIR_TRY(Column found, block.column(column));
  if (!is_whole) {
    keep(found.numbers, rows);
    keep(found.addresses, rows);
    keep(found.is_null, rows);
    keep(found.codes, rows);
  }
  return found;
}

ScannedBlock::ScannedBlock(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ScannedBlock::ScannedBlock(ScannedBlock&&) noexcept = default;
ScannedBlock& ScannedBlock::operator=(ScannedBlock&&) noexcept = default;
ScannedBlock::~ScannedBlock() = default;

const std::string& ScannedBlock::group() const { return impl_->group; }
const std::string& ScannedBlock::stream() const { return impl_->stream; }
std::size_t ScannedBlock::size() const { return impl_->size(); }
bool ScannedBlock::is_in_order() const { return impl_->block.is_in_order(); }
EventId ScannedBlock::id(std::size_t row) const { return impl_->block.id(impl_->row(row)); }

std::string_view ScannedBlock::message(std::size_t row) const {
  if (impl_->status) impl_->status = impl_->block.unpack_messages();
  return impl_->status ? impl_->block.message(impl_->row(row)) : std::string_view();
}

const BlockColumns* ScannedBlock::columns() const {
  return impl_->block.columns() == nullptr ? nullptr : impl_.get();
}

std::uint64_t ScannedBlock::message_bytes() const {
  return impl_->block.info().message_bytes * impl_->size() / impl_->block.size();
}

Result<void> ScannedBlock::status() const { return impl_->status; }

// ---- The walk -----------------------------------------------------------------------------------

Scan::Scan(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Scan::Scan(Scan&&) noexcept = default;
Scan& Scan::operator=(Scan&&) noexcept = default;
Scan::~Scan() = default;

/// To the first block of the source that may be in the range.
void Scan::Impl::place() {
  const Source& stream = sources[source];
  const Group& group = groups[stream.group];
  if (newest_first) {
    cursor->seek_back(block_key(group.prefix, stream.stream_id, to, ~0ULL));
  } else {  // a block that begins earlier may reach into the range
    const Time first{std::max<std::int64_t>(0, group.from.ms - stream.block_span_ms_max)};
    cursor->seek(block_key(group.prefix, stream.stream_id, first, 0));
  }
  is_placed = true;
}

/// Whether the cursor is at a block of the source.
bool Scan::Impl::is_at_block() const {
  const Source& stream = sources[source];
  const std::string& prefix = groups[stream.group].prefix;
  return cursor->valid() && cursor->key().size() == prefix.size() + 24 &&
         cursor->key().starts_with(prefix) &&
         store::read_u64(cursor->key().substr(prefix.size())) ==
             static_cast<std::uint64_t>(stream.stream_id);
}

/// Whether no block from here on has events of the query.
bool Scan::Impl::is_behind() const {
  const Source& stream = sources[source];
  const Group& group = groups[stream.group];
  const std::string_view first_bytes = cursor->key().substr(group.prefix.size() + 8);
  const Time first{static_cast<std::int64_t>(store::read_u64(first_bytes))};
  return newest_first ? first + Duration(stream.block_span_ms_max) < group.from : first > to;
}

Result<std::optional<Scan::Impl::Found>> Scan::Impl::find_next() {
  const std::lock_guard lock(reading);
  while (source < sources.size()) {
    if (!is_placed) place();
    if (!is_at_block() || is_behind()) {
      WEIR_CHECK(cursor->status());
      ++source;
      is_placed = false;
      continue;
    }
    WEIR_TRY(const BlockInfo info, BlockInfo::read(cursor->value()));
    const bool is_wanted = info.last >= groups[sources[source].group].from && info.first <= to;
    std::optional<Found> found;
    if (is_wanted) found = Found{source, std::string(cursor->value())};
    newest_first ? cursor->previous() : cursor->next();
    if (found) return found;
  }
  return std::optional<Found>();
}

Result<std::optional<ScannedBlock>> Scan::next() {
  while (true) {
    WEIR_TRY(auto found, impl_->find_next());
    if (!found) return std::optional<ScannedBlock>();
    const Impl::Source& source = impl_->sources[found->source];
    const Impl::Group& group = impl_->groups[source.group];
    auto block = std::make_unique<ScannedBlock::Impl>();
    block->group = group.name;
    block->stream = source.stream;
    WEIR_TRY(block->block, Block::read(std::move(found->bytes)));
    block->choose(group.from, impl_->to);
    if (block->size() == 0) continue;
    std::optional<ScannedBlock> scanned(ScannedBlock(std::move(block)));
    impl_->blocks.fetch_add(1, std::memory_order_relaxed);
    impl_->records.fetch_add(scanned->size(), std::memory_order_relaxed);
    impl_->bytes.fetch_add(scanned->message_bytes(), std::memory_order_relaxed);
    return scanned;
  }
}

Scan::Progress Scan::progress() const {
  return {.blocks = impl_->blocks.load(std::memory_order_relaxed),
          .records = impl_->records.load(std::memory_order_relaxed),
          .bytes = impl_->bytes.load(std::memory_order_relaxed),
          .stored_bytes = impl_->stored_bytes};
}

// ---- Which streams ------------------------------------------------------------------------------

namespace {

template <class Add>
void choose_streams(const GroupState& group, const ScanQuery& query, Add add) {
  if (query.stream_names.empty()) {
    for (auto stream = group.streams.lower_bound(query.stream_prefix);
         stream != group.streams.end() && stream->first.starts_with(query.stream_prefix);
         ++stream) {
      add(stream->second->data);
    }
  }
  const std::set<std::string_view> names(query.stream_names.begin(), query.stream_names.end());
  for (const std::string_view name : names) {
    const auto stream = group.streams.find(name);
    if (stream != group.streams.end()) add(stream->second->data);
  }
}

}  // namespace

Result<Scan> Logs::scan(const Scope& scope, const ScanQuery& query) const {
  auto plan = std::make_unique<Scan::Impl>();
  plan->to = std::min(query.to, EventId::greatest().timestamp);
  plan->newest_first = query.newest_first;
  // Before the streams are looked up, so that blocks that are merged meanwhile are not longer than
  // these say.
  plan->cursor = impl_->store.cursor();
  const std::set<std::string_view> names(query.groups.begin(), query.groups.end());
  const Time now = impl_->runtime.now();
  {
    auto locked = impl_->state.lock();
    for (const std::string_view name : names) {
      const GroupState* group = Impl::find_group(*locked, scope, name);
      if (group == nullptr) return group_missing();
      const Time from = std::max(query.from, oldest_kept(now, group->data.retention_in_days));
      choose_streams(*group, query, [&](const LogStream& stream) {
        const bool is_in_time = stream.last_event_ms && *stream.last_event_ms >= from.ms &&
                                *stream.first_event_ms <= plan->to.ms;
        if (!is_in_time) return;
        plan->sources.push_back({.group = plan->groups.size(),
                                 .stream_id = stream.id,
                                 .block_span_ms_max = stream.block_span_ms_max,
                                 .stream = stream.name,
                                 .last_event_ms = *stream.last_event_ms});
        plan->stored_bytes += static_cast<std::uint64_t>(stream.stored_bytes);
      });
      plan->groups.push_back({std::string(name), events_key(scope, group->data.id), from});
    }
  }
  if (query.newest_first) {
    std::ranges::stable_sort(plan->sources, std::greater<>(), &Scan::Impl::Source::last_event_ms);
  }
  return Scan(std::move(plan));
}

}  // namespace weir::logs
