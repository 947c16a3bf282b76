// SPDX-License-Identifier: Apache-2.0
#include "daemon/bucket_events.h"
#include "daemon/deliveries.h"
#include "daemon/flow_log_tables.h"
#include "daemon/world.h"

#include <atomic>

#include "alarms/alarms.h"
#include "anomaly/detectors.h"
#include "api/athena/athena_api.h"
#include "api/athena/model.h"
#include "api/glue/glue_api.h"
#include "api/glue/model.h"
#include "api/cloudwatch/cloudwatch_api.h"
#include "api/cloudwatch/dashboards.h"
#include "api/cloudwatch/insight_rule_series.h"
#include "api/cloudwatch/model.h"
#include "api/ec2/ec2_api.h"
#include "api/ec2/model.h"
#include "api/logs/insights_api.h"
#include "api/logs/live_tail.h"
#include "api/logs/deliveries.h"
#include "api/logs/destinations.h"
#include "api/logs/export_tasks.h"
#include "api/logs/logs_api.h"
#include "api/logs/lookup_tables.h"
#include "api/logs/model.h"
#include "api/logs/resource_policies.h"
#include "api/logs/subscription_filters.h"
#include "api/s3/s3_api.h"
#include "api/sns/model.h"
#include "api/sns/sns_api.h"
#include "api/sqs/model.h"
#include "api/sqs/sqs_api.h"
#include "api/sts/model.h"
#include "api/sts/sts_api.h"
#include "api/weir/weir_api.h"
#include "base/guarded.h"
#include "base/log.h"
#include "client/transports.h"
#include "collect/collector.h"
#include "collect/receiver.h"
#include "contributors/contributors.h"
#include "daemon/alarm_details.h"
#include "daemon/alarm_graphs.h"
#include "dashboards/dashboards.h"
#include "daemon/hand_over.h"
#include "daemon/insights.h"
#include "daemon/interfaces.h"
#include "daemon/streams.h"
#include "daemon/receive.h"
#include "daemon/subscriptions.h"
#include "daemon/traffic.h"
#include "delivery/delivery.h"
#include "enforce/enforcer.h"
#include "insights/executions.h"
#include "insights/index_policies.h"
#include "insights/lookup_tables.h"
#include "insights/query_definitions.h"
#include "functions/functions.h"
#include "logs/arrivals.h"
#include "logs/destinations.h"
#include "logs/export_tasks.h"
#include "logs/logs.h"
#include "logs/resource_policies.h"
#include "logs/subscriptions.h"
#include "logs/vended_deliveries.h"
#include "metrics/metrics.h"
#include "notify/notify.h"
#include "queues/queues.h"
#include "objects/lifecycle.h"
#include "objects/notifications.h"
#include "objects/objects.h"
#include "respond/responder.h"
#include "sql/athena.h"
#include "sql/store_files.h"
#include "store/kv_store.h"
#include "vpc/network.h"

namespace weir::daemon {
namespace {

constexpr Duration kCaptureWatchPeriod{10'000};
constexpr Duration kInterfacePollPeriod{2'000};  // where the kernel does not tell of changes
constexpr Duration kSafetyPollPeriod{30'000};    // where it does

enforce::Config enforcer_config(const Config& config, std::uint16_t api_port) {
  enforce::Config enforcer;
  enforcer.mode = config.enforces() ? enforce::Mode::on : enforce::Mode::off;
  enforcer.api_port = api_port;
  enforcer.force = config.enforce_force;
  return enforcer;
}

client::MailClient::Config mail_config(const Config& config) {
  using Tls = client::MailClient::Tls;
  client::MailClient::Config mail;
  mail.host = config.smtp_host;
  mail.port = static_cast<std::uint16_t>(config.smtp_port);
  mail.tls = config.smtp_tls == "none"       ? Tls::none
             : config.smtp_tls == "starttls" ? Tls::starttls
             : config.smtp_tls == "implicit" ? Tls::implicit
                                             : Tls::starttls_if_offered;
  mail.user = config.smtp_user;
  mail.password = config.smtp_password;
  mail.ca_file = config.smtp_ca_file;
  mail.from = config.smtp_from;
  return mail;
}

respond::Responder::Config respond_config(const Config& config) {
  respond::Responder::Config respond;
  respond.dry_run = !config.respond_block;
  for (const std::string& text : config.respond_allow) {
    const auto prefix = net::Prefix::parse(text);
    WEIR_ASSERT(static_cast<bool>(prefix));  // load_config() has checked it
    respond.allow.push_back(*prefix);
  }
  respond.block_time = std::chrono::seconds(config.respond_ttl_s);
  respond.blocks_per_acl_max = static_cast<std::size_t>(config.respond_blocks_max);
  respond.events_min = static_cast<std::uint64_t>(config.respond_events_min);
  return respond;
}

logs::Subscriptions::Config subscriptions_config(const Config& config) {
  logs::Subscriptions::Config subscriptions;
  subscriptions.filters_per_group_max = static_cast<std::size_t>(config.subscription_filters_max);
  return subscriptions;
}

delivery::Delivery::Config delivery_config(const Config& config) {
  delivery::Delivery::Config delivery;
  delivery.file_slot = std::chrono::seconds(config.s3_file_slot_s);
  delivery.file_delay = std::chrono::seconds(config.s3_file_delay_s);
  delivery.compaction.is_on = config.s3_compaction;
  delivery.compaction.delay = std::chrono::seconds(config.s3_compaction_delay_s);
  return delivery;
}

sql::Athena::Config athena_config(const Config& config, const World::Place& place) {
  sql::Athena::Config athena;
  athena.object_folders = {(place.folder / "objects").string()};
  athena.work_folder = (place.folder / "work" / "athena").string();
  athena.output_location = config.athena_output;
  athena.memory_bytes_max = static_cast<std::uint64_t>(config.athena_memory_mib) << 20;
  athena.query_timeout = std::chrono::seconds(config.athena_timeout_s);
  return athena;
}

logs::Logs::Config logs_config(const Config& config) {
  logs::Logs::Config logs;
  logs.log_groups_max = static_cast<std::size_t>(config.log_groups_max);
  logs.metric_filters_max = static_cast<std::size_t>(config.metric_filters_max);
  logs.arrivals_waiting_max = static_cast<std::uint64_t>(config.subscription_backlog_max);
  logs.retention_period = std::chrono::seconds(config.logs_retention_period_s);
  logs.merge_period = Duration(config.logs_merge_period_ms);
  logs.merge_bytes_max = static_cast<std::size_t>(config.logs_merge_mib) << 20;
  return logs;
}

client::AddressGuard sns_guard(const Config& config) {
  auto guard = client::AddressGuard::make(config.ephemeral && config.sns_allow.empty()
                                              ? std::vector<std::string>{"*"}
                                              : config.sns_allow);
  WEIR_ASSERT(guard);  // load_config() checks it
  return *std::move(guard);
}

client::HttpClient::Config sns_http_config(const Config& config) {
  client::HttpClient::Config http;
  http.guard = sns_guard(config);
  return http;
}

Result<std::unique_ptr<store::KvStore>> open_store(const Config& config,
                                                   const World::Place& place) {
  if (config.ephemeral) return store::make_memory_store();
  return store::open_rocksdb_store((place.folder / "store").string());
}

}  // namespace

struct World::Impl {
  Runtime& runtime;
  const Config config;
  std::unique_ptr<store::KvStore> store;

  objects::Objects objects;
  sql::StoreFiles object_files;
  vpc::Network network;
  enforce::Enforcer enforcer;
  metrics::Metrics metrics;
  logs::Logs logs;
  insights::LookupTables lookup_tables;
  insights::Executions executions;
  insights::QueryDefinitions query_definitions;
  insights::IndexPolicies index_policies;
  logs::LiveTail live_tail;
  std::unique_ptr<client::HttpClient> http;
  std::unique_ptr<client::HttpClient> sns_http;  // of its own: others chose where to connect
  std::unique_ptr<client::MailClient> mail;
  client::HttpTransport http_transport;
  AlarmDetails alarm_details;
  std::unique_ptr<client::MailTransport> mail_transport;
  HttpStreams streams;
  functions::Functions functions;
  FunctionTarget function_target;
  StreamTarget stream_target;
  logs::ResourcePolicies resource_policies;
  logs::Destinations destinations;
  logs::VendedDeliveries vended_deliveries;
  logs::Subscriptions subscriptions;
  BucketSink bucket_sink;
  logs::ExportTasks export_tasks;
  respond::Responder responder;
  queues::Queues queues;
  QueueTransport queue_transport;
  FunctionTransport function_transport;
  StreamTransport stream_transport;
  LogStatus log_status;
  notify::Notify notify;
  BucketEvents bucket_events;
  objects::Notifications bucket_notifications;
  objects::LifecycleRunner lifecycle;
  contributors::Contributors contributors;
  anomaly::Detectors detectors;
  api::cloudwatch::InsightRuleSeries insight_rules;
  alarms::Alarms alarms;
  AlarmGraphs alarm_graphs;
  dashboards::Dashboards dashboards;
  sql::Athena athena;
  FlowLogTables flow_log_tables;
  delivery::Delivery delivery;
  std::unique_ptr<Traffic> traffic;
  std::unique_ptr<collect::Collector> collector;
  collect::Receiver receiver;

  api::Ec2Api ec2_api;
  api::logs::LogsApi logs_api;
  api::logs::InsightsApi insights_api;
  api::logs::LookupTablesApi lookup_tables_api;
  api::logs::LiveTailApi live_tail_api;
  api::logs::SubscriptionFiltersApi subscription_filters_api;
  api::logs::DestinationsApi destinations_api;
  api::logs::DeliveriesApi deliveries_api;
  api::logs::ResourcePoliciesApi resource_policies_api;
  api::logs::ExportTasksApi export_tasks_api;
  api::cloudwatch::CloudWatchApi cloudwatch_api;
  api::cloudwatch::DashboardsApi dashboards_api;
  api::sns::SnsApi sns_api;
  api::sqs::SqsApi sqs_api;
  api::athena::AthenaApi athena_api;
  api::glue::GlueApi glue_api;
  api::StsApi sts_api;
  api::WeirApi weir_api;
  api::s3::S3Api s3_api;
  wire::OperationTable ec2_table{api::ec2_model()};
  wire::OperationTable logs_table{api::logs::logs_model()};
  wire::OperationTable cloudwatch_table{api::cloudwatch::cloudwatch_model()};
  wire::OperationTable sns_table{api::sns::sns_model()};
  wire::OperationTable sqs_table{api::sqs::sqs_model()};
  wire::OperationTable athena_table{api::athena::athena_model()};
  wire::OperationTable glue_table{api::glue::glue_model()};
  wire::OperationTable sts_table{api::sts_model()};
  wire::OperationTable weir_table{api::weir_model()};
  std::vector<const wire::OperationTable*> tables;

  Timer interface_poll;
  std::unique_ptr<vpc::InterfaceWatch> interface_watch;
  std::atomic<bool> refresh_posted{false};
  Guarded<std::string> capture_problem;
  Guarded<std::string> enforcement_problem;
  Guarded<std::string> collector_problem;

  Impl(Runtime& runtime_in, const Config& config_in, const Place& place,
       std::unique_ptr<store::KvStore> store_in)
      : runtime(runtime_in),
        config(config_in),
        store(std::move(store_in)),
        objects(runtime, {.folder = place.folder / "objects", .is_durable = !config.ephemeral}),
        object_files(objects),
        network(runtime, *store, network_config(config)),
        enforcer(runtime, enforcer_config(config, place.api_port)),
        metrics(runtime, *store),
        logs(runtime, *store, metric_sink(metrics), logs_config(config)),
        lookup_tables(runtime, *store),
        executions(runtime, *store, logs, insights_context(network, lookup_tables),
                   insights_config(config)),
        query_definitions(runtime, *store),
        index_policies(runtime, *store, logs),
        live_tail(runtime, logs, static_cast<std::size_t>(config.live_tail_sessions_max)),
        http(std::make_unique<client::HttpClient>(client::HttpClient::Config{})),
        sns_http(std::make_unique<client::HttpClient>(sns_http_config(config))),
        mail(config.smtp_host.empty() ? nullptr
                                      : std::make_unique<client::MailClient>(mail_config(config))),
        http_transport(*sns_http, sns_guard(config)),
        alarm_details(runtime, logs),
        mail_transport(mail ? std::make_unique<client::MailTransport>(*mail, &alarm_details)
                            : nullptr),
        streams(*http, config),
        functions(runtime, config.functions),
        function_target(functions),
        stream_target(streams),
        resource_policies(runtime, *store, {}),
        destinations(runtime, *store),
        vended_deliveries(runtime, *store),
        subscriptions(runtime, *store, logs, destinations,
                      {{"lambda", &function_target}, {"firehose", &stream_target}},
                      subscriptions_config(config)),
        bucket_sink(objects),
        export_tasks(runtime, *store, logs, bucket_sink,
                     {.active_max = static_cast<std::size_t>(config.export_tasks_max)}),
        responder(runtime, *store, logs, network, respond_config(config)),
        queues(runtime, *store, {}),
        queue_transport(runtime, queues),
        function_transport(functions),
        stream_transport(streams),
        log_status(runtime, logs),
        notify(runtime, *store, transports(), notify::Signer(runtime, *store),
               {.endpoint = place.endpoint}),
        bucket_events(notify, queues),
        bucket_notifications(runtime, *store, bucket_events),
        lifecycle(runtime, objects),
        contributors(runtime, *store, logs.arrivals(), {}),
        detectors(runtime, *store, metrics),
        insight_rules(contributors),
        alarms(runtime, *store, metrics, action_sink(notify),
               {.early_firing = config.alarms_early_firing,
                .group_within = std::chrono::seconds(config.alarms_group_s),
                .repeat_after = std::chrono::seconds(config.alarms_repeat_s)},
               {&detectors.alarm_bands(), &insight_rules}),
        alarm_graphs(runtime, *store, metrics, alarms, {&detectors.bands(), &insight_rules},
                     place.endpoint),
        dashboards(runtime, *store),
        athena(runtime, *store, object_files, athena_config(config, place)),
        flow_log_tables(runtime, *store, network, athena),
        delivery(runtime, *store, network, logs, objects, delivery_config(config), &streams),
        receiver(runtime, logs, {}),
        ec2_api(network),
        logs_api(logs),
        insights_api(runtime, logs, executions, query_definitions, index_policies),
        lookup_tables_api(lookup_tables),
        live_tail_api(live_tail),
        subscription_filters_api(subscriptions),
        destinations_api(subscriptions, destinations),
        deliveries_api(vended_deliveries),
        resource_policies_api(resource_policies),
        export_tasks_api(export_tasks),
        cloudwatch_api(metrics, alarms, contributors, detectors,
                       {&detectors.bands(), &insight_rules}),
        dashboards_api(dashboards, metrics, alarms, {&detectors.bands(), &insight_rules}),
        sns_api(notify),
        sqs_api(runtime, queues),
        athena_api(athena),
        glue_api(runtime, athena.catalog()),
        weir_api(logs, alarms),
        s3_api(runtime, objects, &bucket_notifications) {
    objects.on_event(
        [this](const objects::Event& event) { return bucket_notifications.accept(event); });
    alarm_details.set_graph_url(
        [this](const std::string& message) { return alarm_graphs.url(message); });
    ec2_api.set_template_store(
        [this, endpoint = place.endpoint](const Scope& scope, const std::string& bucket,
                                          const std::string& key,
                                          const std::string& text) -> Result<std::string> {
          objects::PutOptions options;
          options.attributes.content_type = "application/x-yaml";
          const auto put =
              objects.put(scope, bucket, key, objects::PutSource::bytes(text), std::move(options));
          if (!put) return put.error();
          return endpoint + '/' + bucket + '/' + wire::percent_encode(key, true);
        });
    ec2_api.add_to(ec2_table);
    logs_api.set_indexed_groups([this](const Scope& scope, std::span<const std::string> fields) {
      return index_policies.groups_with(scope, fields);
    });
    logs_api.add_to(logs_table);
    insights_api.add_to(logs_table);
    live_tail_api.add_to(logs_table);
    logs_api.add_taggable(logs::Destinations::kKind, destinations);
    logs_api.add_taggable(insights::LookupTables::kKind, lookup_tables);
    logs_api.add_taggable(logs::DeliverySource::kKind, vended_deliveries.sources());
    logs_api.add_taggable(logs::DeliveryDestination::kKind, vended_deliveries.destinations());
    logs_api.add_taggable(logs::VendedDelivery::kKind, vended_deliveries.deliveries());
    lookup_tables_api.add_to(logs_table);
    deliveries_api.add_to(logs_table);
    subscription_filters_api.add_to(logs_table);
    destinations_api.add_to(logs_table);
    resource_policies_api.add_to(logs_table);
    export_tasks_api.add_to(logs_table);
    cloudwatch_api.set_dashboards(dashboards);
    cloudwatch_api.add_to(cloudwatch_table);
    dashboards_api.add_to(cloudwatch_table);
    sns_api.add_to(sns_table);
    sqs_api.add_to(sqs_table);
    athena_api.add_to(athena_table);
    glue_api.add_to(glue_table);
    sts_api.add_to(sts_table);
    weir_api.add_to(weir_table);
    tables = {&ec2_table,    &logs_table, &cloudwatch_table, &sns_table, &sqs_table,
              &athena_table, &glue_table, &sts_table,        &weir_table};
  }

  notify::Transports transports() {
    notify::Transports carried;
    carried.protocols = {{"http", &http_transport}, {"https", &http_transport}};
    if (mail_transport) {
      carried.protocols["email"] = mail_transport.get();
      carried.protocols["email-json"] = mail_transport.get();
    }
    carried.protocols["sqs"] = &queue_transport;
    carried.protocols["firehose"] = &stream_transport;
    for (const auto& function : config.functions) {
      carried.functions[function.name] = &function_transport;
    }
    carried.functions[std::string(respond::kBlockFunction)] = &responder;
    carried.dead_letters = &queue_transport;
    carried.status_log = &log_status;
    return carried;
  }

  Result<void> load() {
    WEIR_CHECK(objects.load());
    WEIR_CHECK(network.load());
    network.on_change([this](const Scope& scope) { post_tables(scope); });
    network.set_destination_check(
        [this](const Scope& scope, std::string_view type, std::string_view name) -> Result<void> {
          bool exists = streams.knows(name);
          if (type == "s3") {
            WEIR_TRY(exists, object_files.has_bucket(scope, name));
          }
          if (exists) return {};
          return Error{ErrorKind::not_found, "LogDestinationNotFoundException",
                       "LogDestination: " + std::string(name) + " does not exist"};
        });
    WEIR_CHECK(metrics.load());
    WEIR_CHECK(queues.load());
    WEIR_CHECK(notify.load());
    WEIR_CHECK(bucket_notifications.load());
    lifecycle.start();
    WEIR_CHECK(responder.load());
    WEIR_CHECK(detectors.load());
    WEIR_CHECK(alarms.load());
    WEIR_CHECK(logs.load());
    WEIR_CHECK(executions.load());
    WEIR_CHECK(subscriptions.load());
    WEIR_CHECK(contributors.load());
    logs.arrivals().start();  // all durable followers are back
    WEIR_CHECK(export_tasks.load());
    WEIR_CHECK(athena.load());
    post_tables(network.config().host_scope);
    delivery.on_loss(loss_sink(runtime, metrics));
    return delivery.load();
  }

  /// CI mode shows the same network on every machine unless interfaces are named.
  bool shows_host() const {
    return !config.ephemeral || !config.interfaces.empty() || config.captures();
  }

  void start_traffic() {
    if (shows_host()) refresh_host_interfaces();
    start_collector();
    if (config.enforces()) {
      if (const auto set = network.set_gate(&enforcer); !set) {  // tried again at every check
        log::warn("network ACLs and security groups are not enforced",
                  {{"reason", set.error().message}});
      } else if (const auto able = enforcer.probe(); !able) {
        *enforcement_problem.lock() = able.error().message;
        log::warn("network ACLs and security groups cannot be enforced",
                  {{"reason", able.error().message}});
      }
    }
    if (config.captures()) start_capture();
    if (shows_host()) follow_interfaces();
  }

  void start_capture() {
    Traffic::Config wanted;
    wanted.meter = meter_config(config);
    wanted.meter.hash_seed = runtime.random();
    wanted.ring_bytes = static_cast<std::size_t>(config.capture_ring_mib) << 20;
    wanted.nflog_group = enforcer.config().nflog_group;
    traffic = std::make_unique<Traffic>(
        runtime, wanted,
        [this](const flow::Context& context, std::span<const flow::Record> records) {
          delivery.accept({context.account_id, context.region}, context, records);
        });
    if (config.enforces()) {
      if (const auto verdicts = traffic->start_verdicts(); !verdicts) {
        *enforcement_problem.lock() = verdicts.error().message;
        log::warn("refused packets are not seen", {{"reason", verdicts.error().message}});
      }
    }
    network.on_change([this](const Scope&) { post_refresh(); });
    post_refresh();
    capture_watch = Timer(runtime, kCaptureWatchPeriod, [this] {
      report_packets_lost();
      if (is_looked_at && runtime.now() >= looked_at_until.load()) {
        is_looked_at = false;
        post_refresh();
      }
    });
  }

  /// What the interfaces lost since the last time.
  void report_packets_lost() {
    std::map<std::string, std::uint64_t> now;  // interfaces that are gone are forgotten
    for (const auto& interface : traffic->status().interfaces) {
      const std::uint64_t lost = interface.meter.packets_lost + interface.meter.packets_skipped;
      const std::uint64_t reported = packets_lost_reported[interface.interface_id];
      // Less than before: the capture began anew.
      const std::uint64_t more = lost >= reported ? lost - reported : lost;
      now[interface.interface_id] = lost;
      if (more != 0) {
        publish_packets_lost(runtime, metrics, network.config().host_scope, interface.interface_id,
                             more);
      }
    }
    packets_lost_reported = std::move(now);
  }

  Result<Document> flows(FlowQuery query) {
    if (!traffic) {
      return Error{ErrorKind::invalid, "CaptureIsOff",
                   "this daemon does not capture (setting `capture`)"};
    }
    WEIR_TRY(LiveFlows view, LiveFlows::make(std::move(query)));
    looked_at_until = runtime.now() + kLookTime;
    const bool has_started = !is_looked_at.exchange(true);
    if (has_started) refresh_capture();
    const Traffic::Seen seen = traffic->look(std::move(view));
    Document answer = seen.flows.answer();
    answer["interfaces"] = static_cast<std::int64_t>(seen.interfaces);
    answer["interfaces_missing"] = static_cast<std::int64_t>(seen.missing);
    answer["started"] = has_started;
    if (const std::string problem = *capture_problem.lock(); !problem.empty()) {
      answer["problem"] = problem;
    }
    return answer;
  }

  /// Takes over what the host has, now and whenever the kernel tells of a change.
  void follow_interfaces() {
    auto watch = watch_interfaces(runtime, config, [this] { refresh_host_interfaces(); });
    if (watch) {
      interface_watch = *std::move(watch);
    } else {
      log::warn("network interfaces are only polled", {{"reason", watch.error().message}});
    }
    refresh_host_interfaces();  // what came before the watch
    interface_poll = Timer(runtime, interface_watch ? kSafetyPollPeriod : kInterfacePollPeriod,
                           [this] { refresh_host_interfaces(); });
  }

  /// Flows that routers and switches report.
  void start_collector() {
    auto wanted = collector_config(config);
    if (wanted.listen.empty()) return;
    auto started = collect::Collector::start(
        runtime, std::move(wanted),
        [this](const flow::Context& context, std::span<const flow::Record> records) {
          delivery.accept({context.account_id, context.region}, context, records);
        },
        [this](const collect::ExporterInterface& interface) { return declare(interface); });
    if (started) {
      collector = *std::move(started);
    } else {
      *collector_problem.lock() = started.error().message;
      log::warn("flows of other devices are not received", {{"reason", started.error().message}});
    }
  }

  /// The exporter's interface becomes an ENI.
  flow::Context declare(const collect::ExporterInterface& interface) {
    const Scope scope = network.config().host_scope;
    const auto eni = network.declare_interface(scope, declared(interface));
    const auto state = network.state(scope);
    if (!eni || !state) {
      log::warn("the interface of an exporter is not shown as a network interface",
                {{"exporter", interface.exporter.to_string()},
                 {"reason", eni ? state.error().message : eni.error().message}});
      return interface.context;
    }
    return context_of(*eni, **state);
  }

  Document collector_status() const {
    Document shown;
    shown["enabled"] = !collector_config(config).listen.empty();
    if (const std::string problem = *collector_problem.lock(); !problem.empty()) {
      shown["problem"] = problem;
    }
    if (!collector) return shown;
    Document::List ports;
    for (const std::uint16_t port : collector->ports()) ports.emplace_back(int{port});
    shown["ports"] = std::move(ports);
    const auto status = collector->status();
    const auto show = [&shown](std::string_view name, std::uint64_t count) {
      shown[name] = static_cast<std::int64_t>(count);
    };
    show("interfaces", status.interface_count);
    show("datagrams", status.exporters.datagrams);
    show("datagrams_refused", status.exporters.datagrams_refused);
    show("flows", status.exporters.flows);
    show("packets", status.interfaces.packets);
    show("bytes", status.interfaces.bytes);
    show("flows_lost", status.exporters.flows_lost);
    show("datagrams_lost", status.exporters.datagrams_lost + status.socket_drops);
    show("sets_lost", status.exporters.sets_lost);
    return shown;
  }

  /// The host's devices -> ENIs.
  void refresh_host_interfaces() {
    if (const auto done = network.refresh_interfaces(); !done) {
      log::warn("cannot take over network interfaces", {{"reason", done.error().message}});
    }
  }

  void post_tables(const Scope& scope) {
    runtime.post([this, scope] { flow_log_tables.update(scope); });
  }

  /// ENIs and flow logs -> what is captured. Changes that come together are one refresh.
  void post_refresh() {
    if (refresh_posted.exchange(true)) return;
    runtime.post([this] {
      refresh_posted = false;
      refresh_capture();
    });
  }

  void refresh_capture() {
    const std::lock_guard lock(refresh_mutex);
    if (!traffic) return;
    auto interfaces = captured_interfaces(network, is_looked_at);
    const auto set = interfaces ? traffic->set_interfaces(*std::move(interfaces))
                                : Result<void>(interfaces.error());
    auto problem = capture_problem.lock();
    const std::string now = set ? "" : set.error().message;
    if (!set && *problem != now) log::warn("cannot capture", {{"reason", now}});
    *problem = now;
  }

  void stop_traffic() {
    interface_watch.reset();
    interface_poll = Timer();
    capture_watch = Timer();
    const std::lock_guard lock(refresh_mutex);
    if (traffic) traffic->stop();
    if (collector) collector->stop();
    delivery.stop();
  }

  std::mutex refresh_mutex;  // Traffic is changed by one thread at a time
  Timer capture_watch;
  std::map<std::string, std::uint64_t> packets_lost_reported;  // by ENI; of capture_watch only
  std::atomic<bool> is_looked_at{false};
  std::atomic<Time> looked_at_until{Time{}};
};

World::World(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

World::~World() {
  impl_->stop_traffic();
  impl_->athena.shut_down();
  impl_->executions.shut_down();
  impl_->runtime.quiesce();
  impl_->mail.reset();  // their callbacks use the services below
  impl_->http.reset();
  impl_->sns_http.reset();
}

Result<std::unique_ptr<World>> World::open(Runtime& runtime, const Config& config,
                                           const Place& place) {
  WEIR_TRY(auto store, open_store(config, place));
  std::unique_ptr<World> world(
      new World(std::make_unique<Impl>(runtime, config, place, std::move(store))));
  WEIR_CHECK(world->impl_->load());
  return world;
}

void World::start_traffic() { impl_->start_traffic(); }
void World::stop_traffic() { impl_->stop_traffic(); }

const std::vector<const wire::OperationTable*>& World::tables() const { return impl_->tables; }
wire::HttpResponse World::handle_s3(wire::HttpRequest& request) {
  return impl_->s3_api.handle(request);
}
std::optional<wire::HttpResponse> World::admit_s3(const wire::HttpRequest& head) {
  return impl_->s3_api.admit(head);
}
collect::Receiver::Answer World::receive(std::string_view log_group,
                                         const collect::Receiver::Request& request) {
  return impl_->receiver.receive({impl_->config.account, impl_->config.region}, log_group, request);
}
wire::HttpResponse World::alarm_graph(const wire::HttpRequest& request) {
  return impl_->alarm_graphs.answer(request);
}
Result<Document> World::flows(FlowQuery query) { return impl_->flows(std::move(query)); }
Result<std::string> World::certificate_name() { return impl_->notify.certificate_name(); }
Result<std::string> World::certificate_pem() { return impl_->notify.certificate_pem(); }

Document World::status() const {
  Document status;
  Document& capture = status["capture"];
  capture["enabled"] = impl_->config.captures();
  if (const std::string problem = *impl_->capture_problem.lock(); !problem.empty()) {
    capture["problem"] = problem;
  }
  if (impl_->traffic) {
    const auto traffic = impl_->traffic->status();
    Document::List interfaces;
    for (const auto& one : traffic.interfaces) {
      Document shown;
      shown["device"] = one.device;
      shown["interface"] = one.interface_id;
      shown["running"] = one.is_running;
      if (!one.error.empty()) shown["problem"] = one.error;
      shown["packets"] = static_cast<std::int64_t>(one.meter.packets);
      shown["refused"] = static_cast<std::int64_t>(one.meter.packets_refused);
      shown["records"] = static_cast<std::int64_t>(one.meter.records);
      shown["kernel_drops"] = static_cast<std::int64_t>(one.kernel_drops);
      interfaces.push_back(std::move(shown));
    }
    capture["interfaces"] = std::move(interfaces);
    capture["verdicts_lost"] = static_cast<std::int64_t>(traffic.verdicts_lost);
  }
  Document& enforcement = status["enforcement"];
  enforcement["enabled"] = impl_->config.enforces();
  if (const std::string problem = *impl_->enforcement_problem.lock(); !problem.empty()) {
    enforcement["problem"] = problem;
  }
  const auto enforcing = impl_->enforcer.status();
  enforcement["active"] = enforcing.is_enforcing;
  if (enforcing.is_switched_off) enforcement["switched_off"] = true;
  enforcement["drifts"] = static_cast<std::int64_t>(enforcing.drifts);
  if (enforcing.last_drift.ms != 0) enforcement["last_drift"] = to_iso8601(enforcing.last_drift);
  if (!enforcing.problem.empty()) enforcement["problem"] = enforcing.problem;
  status["collect"] = impl_->collector_status();
  status["notifications_waiting"] = static_cast<std::int64_t>(impl_->notify.deliveries_waiting());
  return status;
}

}  // namespace weir::daemon
