// SPDX-License-Identifier: Apache-2.0
#include "sim/world.h"

#include <cstdlib>

#include "base/document.h"
#include "daemon/hand_over.h"
#include "daemon/interfaces.h"
#include "net/packet.h"

namespace weir::sim {
namespace {

constexpr Duration kTick{1000};  // how often the meter is told the time, as by a capture thread
constexpr std::uint32_t kPacketBytes = 60;
constexpr std::string_view kHost = "10.0.0.10";
constexpr std::string_view kRemote = "198.51.100.66";

template <class T>
T expect(Result<T> result) {
  if (!result) std::fprintf(stderr, "%s\n", result.error().message.c_str());
  WEIR_ASSERT(static_cast<bool>(result));
  return *std::move(result);
}
void expect(const Result<void>& result) {
  if (!result) std::fprintf(stderr, "%s\n", result.error().message.c_str());
  WEIR_ASSERT(static_cast<bool>(result));
}

std::filesystem::path temporary_folder() {
  char name[] = "/tmp/weir-sim-XXXXXX";
  WEIR_ASSERT(::mkdtemp(name) != nullptr);
  return name;
}

vpc::HostInterface host_interface() {
  vpc::HostInterface device;
  device.name = "eth0";
  device.mac = "02:00:00:00:00:01";
  device.addresses = {{std::string(kHost), 24}};
  return device;
}

net::Address address(std::string_view text) {
  const auto parsed = net::Address::parse(text);
  WEIR_ASSERT(parsed.has_value());
  return *parsed;
}

}  // namespace

std::vector<std::string> Inbox::alarm_states() const {
  std::vector<std::string> states;
  for (const auto& delivery : deliveries_) {
    const auto message = parse_json(delivery.message);
    const Document* state = message ? message->find("NewStateValue") : nullptr;
    if (state != nullptr && state->string() != nullptr) states.push_back(*state->string());
  }
  return states;
}

World::World(std::uint64_t seed)
    : runtime_(seed), folder_(temporary_folder()), store_(store::make_memory_store()) {
  objects_ = std::make_unique<objects::Objects>(runtime_, objects::Objects::Config{folder_, false});
  vpc::Config network;
  network.machine_id = "simulated";
  network_ = std::make_unique<vpc::Network>(runtime_, *store_, network);
  metrics_ = std::make_unique<metrics::Metrics>(runtime_, *store_);
  logs_ = std::make_unique<logs::Logs>(runtime_, *store_, daemon::metric_sink(*metrics_),
                                       logs::Logs::Config{});
  notify::Transports transports;
  transports.functions["inbox"] = &inbox_;
  notify_ = std::make_unique<notify::Notify>(
      runtime_, *store_, transports, notify::Signer(runtime_, *store_), notify::Notify::Config{});
  alarms_ =
      std::make_unique<alarms::Alarms>(runtime_, *store_, *metrics_, daemon::action_sink(*notify_));
  delivery_ = std::make_unique<delivery::Delivery>(runtime_, *store_, *network_, *logs_, *objects_,
                                                   delivery::Delivery::Config{});
  expect(objects_->load());
  expect(network_->load());
  expect(metrics_->load());
  expect(notify_->load());
  expect(alarms_->load());
  expect(logs_->load());
  expect(delivery_->load());
  expect(network_->set_interfaces({host_interface()}));
}

World::~World() {
  runtime_.quiesce();
  std::error_code ignored;  // a temporary folder
  std::filesystem::remove_all(folder_, ignored);
}

std::string World::create_flow_log(vpc::NewFlowLogs request) {
  request.resource_ids = {network_->host_enis().at(0).vpc_id};
  request.resource_type = "VPC";
  request.traffic_type = "ALL";
  request.max_aggregation_interval_s = 60;
  const vpc::CreatedFlowLogs created =
      expect(network_->create_flow_logs(scope_, std::move(request)));
  WEIR_ASSERT(created.flow_log_ids.size() == 1);
  if (!meter_) {
    auto interfaces = expect(daemon::captured_interfaces(*network_));
    flow::Meter::Config config;
    config.window = interfaces.at(0).window;
    const auto context = std::make_shared<const flow::Context>(interfaces.at(0).context);
    meter_ =
        std::make_unique<flow::Meter>(context, config, [this, context](const flow::Record& record) {
          delivery_->accept(scope_, *context, {&record, 1});
        });
  }
  return created.flow_log_ids[0];
}

void World::watch_rejects(const RejectAlarm& wanted) {
  vpc::NewFlowLogs request;
  request.log_group_name = "flows";
  request.permission_arn = "arn:aws:iam::000000000000:role/flow-logs";
  create_flow_log(std::move(request));
  expect(logs_->ensure_group(scope_, "flows"));
  logs::MetricFilter filter;
  filter.filter_name = "rejects";
  filter.filter_pattern =
      "[version, account, eni, source, destination, srcport, destport=" +
      std::to_string(wanted.port) +
      ", protocol=6, packets, bytes, windowstart, windowend, action=REJECT, status]";
  filter.metric_transformations = {{.metric_name = "Rejects",
                                    .metric_namespace = "Sim",
                                    .metric_value = "$packets",
                                    .default_value = {},
                                    .dimensions = {},
                                    .unit = {}}};
  expect(logs_->put_metric_filter(scope_, "flows", filter));

  const std::string topic = expect(notify_->create_topic(scope_, "team", {}, {}));
  expect(
      notify_->subscribe(scope_, {topic, "lambda", arn("lambda", scope_, "function:inbox"), {}}));
  alarms::AlarmConfig alarm;
  alarm.alarm_name = "rejects";
  alarm.namespace_name = "Sim";
  alarm.metric_name = "Rejects";
  alarm.statistic = "Sum";
  alarm.period_s = wanted.period_s;
  alarm.evaluation_periods = 1;
  alarm.threshold = wanted.threshold;
  alarm.comparison_operator = "GreaterThanOrEqualToThreshold";
  alarm.treat_missing_data = "notBreaching";
  alarm.alarm_actions = {topic};
  alarm.ok_actions = {topic};
  expect(alarms_->put_metric_alarm(scope_, alarm));
}

void World::archive(const std::string& bucket) {
  expect(objects_->create_bucket(scope_, bucket));
  vpc::NewFlowLogs request;
  request.destination_type = "s3";
  request.destination = "arn:aws:s3:::" + bucket;
  create_flow_log(std::move(request));
}

void World::packet(const Packets& packets) {
  net::Packet packet;
  packet.time_ns = runtime_.now().ms * 1'000'000;
  packet.source = address(kRemote);
  packet.destination = address(kHost);
  packet.source_port = ++source_port_;
  packet.destination_port = packets.to_port;
  packet.protocol = 6;
  packet.tcp_flags = net::tcp_flag::kSyn;
  packet.ip_bytes = kPacketBytes;
  meter_->add(packet, flow::Direction::ingress);
  if (packets.are_refused)
    meter_->refused(packet, flow::Direction::ingress, {"NACL", "acl-1", 90}, true);
}

void World::send(const Packets& packets) {
  WEIR_ASSERT(meter_ != nullptr && packets.per_minute > 0);
  const Duration gap(60'000 / packets.per_minute);
  for (Duration at{0}; at < packets.lasting; at += gap) {
    runtime_.after(at, [this, packets] { packet(packets); });
  }
}

void World::advance(Duration by) {
  const Time end = runtime_.now() + by;
  while (runtime_.now() < end) {
    runtime_.advance(std::min(kTick, end - runtime_.now()));
    if (meter_) meter_->advance(runtime_.now());
  }
}

}  // namespace weir::sim
