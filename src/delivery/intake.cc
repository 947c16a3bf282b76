// SPDX-License-Identifier: Apache-2.0
#include "delivery/intake.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/log.h"

namespace weir::delivery {
namespace {

std::size_t bytes_of(const std::vector<Line>& lines) {
  std::size_t bytes = 0;
  for (const Line& line : lines) bytes += line.bytes();
  return bytes;
}

std::string key_of(const SubscriptionPtr& flow_log, const std::string& interface_id) {
  return flow_log->id() + '/' + interface_id;
}

}  // namespace

Intake::Intake(vpc::Network& network, std::size_t queue_bytes_max, std::function<void()> wake)
    : network_(network), queue_bytes_max_(queue_bytes_max), wake_(std::move(wake)) {
  network.on_change([count = changes_](const Scope&) { count->fetch_add(1); });
}

std::vector<Target> Intake::find_targets(const Scope& scope,
                                         const std::shared_ptr<const flow::Context>& interface) {
  vpc::Eni eni;
  eni.scope = scope;
  eni.id = interface->interface_id;
  eni.subnet_id = interface->subnet_id;
  eni.vpc_id = interface->vpc_id;
  vpc::Tags tags;
  if (const auto state = network_.state(scope)) {
    const auto known = (*state)->enis.find(eni.id);
    if (known != (*state)->enis.end()) tags = known->second.tags;
  }
  std::vector<Target> all;
  for (vpc::FlowLog& log : network_.flow_logs_for(eni)) {
    const std::string id = log.id;
    auto made = Subscription::make(scope, std::move(log));
    if (made) {
      all.push_back({*made, interface, (*made)->tag_values(tags)});
      continue;
    }
    log::error("flow log cannot be delivered", {{"flow_log", id}, {"error", made.error().message}});
    if (const auto shown = network_.set_delivery_error(scope, id, "Unknown error"); !shown) {
      log::warn("cannot show a delivery error",
                {{"flow_log", id}, {"error", shown.error().message}});
    }
  }
  return all;
}

std::vector<Target> Intake::targets_of(const Scope& scope, const flow::Context& interface) {
  const std::uint64_t now = changes_->load();
  const std::string key = scope.key() + interface.interface_id;
  {
    auto known = cache_.lock();
    if (known->changes != now) {
      known->by_interface.clear();
      known->changes = now;
    }
    const auto found = known->by_interface.find(key);
    if (found != known->by_interface.end() && *found->second.interface == interface)
      return found->second.targets;
  }
  Cache::Entry entry{std::make_shared<const flow::Context>(interface), {}};
  entry.targets = find_targets(scope, entry.interface);
  auto known = cache_.lock();
  if (known->changes == now) known->by_interface.insert_or_assign(key, entry);
  return entry.targets;
}

void Intake::accept(const Scope& scope, const flow::Context& interface,
                    std::span<const flow::Record> records) {
  for (const Target& target : targets_of(scope, interface)) {
    Batch batch{target, {}};
    for (const flow::Record& record : records) {
      if (target.to->takes(record)) batch.lines.push_back(target.to->line(record, target.tags));
    }
    if (!batch.lines.empty()) enqueue(std::move(batch));
  }
}

void Intake::count_loss(Queue& in, const SubscriptionPtr& flow_log, const std::string& interface_id,
                        std::uint64_t records) {
  skipped_.add(records);
  const auto [found, is_new] = in.losses.try_emplace(
      key_of(flow_log, interface_id), Loss{flow_log->scope(), flow_log->id(), interface_id, 0});
  found->second.records += records;
}

void Intake::mark_skipped(Queue& in, const Batch& batch) {
  if (batch.lines.empty()) return;
  const std::string& interface_id = batch.target.interface->interface_id;
  if (!batch.is_skip) count_loss(in, batch.target.to, interface_id, batch.lines.size());
  const auto [found, is_new] =
      in.skipped.try_emplace(key_of(batch.target.to, interface_id),
                             Skipped{batch.target, batch.lines[0].start_s, batch.lines[0].end_s});
  for (const Line& line : batch.lines) {
    found->second.start_s = std::min(found->second.start_s, line.start_s);
    found->second.end_s = std::max(found->second.end_s, line.end_s);
  }
}

void Intake::wake(Queue& in) {
  if (std::exchange(in.is_woken, true)) return;
  wake_();
}

void Intake::enqueue(Batch batch) {
  auto to = queue_.lock();
  const std::size_t bytes = bytes_of(batch.lines);
  if (to->is_stopped) {
    count_loss(*to, batch.target.to, batch.target.interface->interface_id, batch.lines.size());
    return;
  }
  if (to->bytes + bytes > queue_bytes_max_) {
    mark_skipped(*to, batch);
  } else {
    records_.add(batch.lines.size());
    to->bytes += bytes;
    to->batches.push_back(std::move(batch));
  }
  wake(*to);
}

std::vector<Batch> Intake::take() {
  std::deque<Batch> batches;
  std::map<std::string, Skipped> lost;
  {
    auto from = queue_.lock();
    batches.swap(from->batches);
    lost.swap(from->skipped);
    from->bytes = 0;
    from->is_woken = false;
  }
  std::vector<Batch> all(std::make_move_iterator(batches.begin()),
                         std::make_move_iterator(batches.end()));
  for (const auto& [key, skip] : lost) {
    Line line = skip.target.to->skip_line(*skip.target.interface, skip.target.tags, skip.start_s,
                                          skip.end_s);
    all.push_back({skip.target, {std::move(line)}, true});
  }
  return all;
}

void Intake::put_back(std::vector<Batch> batches) {
  auto to = queue_.lock();
  for (auto batch = batches.rbegin(); batch != batches.rend(); ++batch) {
    to->bytes += bytes_of(batch->lines);
    to->batches.push_front(std::move(*batch));
  }
}

void Intake::skip(const Batch& batch) { mark_skipped(*queue_.lock(), batch); }

void Intake::lose(const SubscriptionPtr& flow_log, const std::string& interface_id,
                  std::uint64_t records) {
  if (records > 0) count_loss(*queue_.lock(), flow_log, interface_id, records);
}

std::vector<Loss> Intake::take_losses() {
  std::vector<Loss> all;
  auto from = queue_.lock();
  for (auto& [key, loss] : std::exchange(from->losses, {})) all.push_back(std::move(loss));
  return all;
}

bool Intake::is_empty() { return queue_.lock()->batches.empty(); }

void Intake::stop() { queue_.lock()->is_stopped = true; }

}  // namespace weir::delivery
