// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "daemon/streams.h"
#include "functions/functions.h"
#include "logs/export_tasks.h"
#include "logs/subscription_filter.h"
#include "objects/objects.h"

/// Where log groups hand on: what subscriptions and exports write to. What they hold outlives them;
/// any thread.
namespace weir::daemon {

/// Payloads to local commands, as the event of a Lambda function: `{"awslogs":{"data":"<base64 of
/// gzip>"}}`.
class FunctionTarget final : public logs::SubscriptionTransport {
 public:
  explicit FunctionTarget(functions::Functions& functions) : functions_(functions) {}
  void send(Parcel parcel, Done done) override;

 private:
  functions::Functions& functions_;
};

/// Payloads to delivery streams, each as one record.
class StreamTarget final : public logs::SubscriptionTransport {
 public:
  explicit StreamTarget(HttpStreams& streams) : streams_(streams) {}
  void send(Parcel parcel, Done done) override;

 private:
  HttpStreams& streams_;
};

/// Exported files into buckets.
class BucketSink final : public logs::ExportSink {
 public:
  explicit BucketSink(objects::Objects& objects) : objects_(objects) {}
  Result<bool> has_bucket(const Scope& scope, std::string_view bucket) override;
  Result<void> put(const Scope& scope, std::string_view bucket, std::string_view key,
                   std::string_view bytes) override;

 private:
  objects::Objects& objects_;
};

}  // namespace weir::daemon
