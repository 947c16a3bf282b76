// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/runtime.h"
#include "daemon/streams.h"
#include "functions/functions.h"
#include "logs/logs.h"
#include "notify/transport.h"
#include "queues/queues.h"

/// Where SNS delivers inside this daemon. What they hold outlives them; any thread.
namespace weir::daemon {

/// Protocol sqs, and the dead letters of all protocols: into a queue of this daemon.
class QueueTransport final : public notify::Transport, public notify::DeadLetters {
 public:
  QueueTransport(Runtime& runtime, queues::Queues& queues) : runtime_(runtime), queues_(queues) {}
  void send(const notify::Delivery& delivery, Done done) override;
  Result<void> put(const notify::DeadLetter& letter) override;

 private:
  Result<void> put(const std::string& queue_arn, queues::Sending sending);

  Runtime& runtime_;
  queues::Queues& queues_;
};

/// Protocol lambda: a local command gets the event.
class FunctionTransport final : public notify::Transport {
 public:
  explicit FunctionTransport(functions::Functions& functions) : functions_(functions) {}
  void send(const notify::Delivery& delivery, Done done) override;

 private:
  functions::Functions& functions_;
};

/// Protocol firehose: the body as one record of a delivery stream.
class StreamTransport final : public notify::Transport {
 public:
  explicit StreamTransport(HttpStreams& streams) : streams_(streams) {}
  void send(const notify::Delivery& delivery, Done done) override;

 private:
  HttpStreams& streams_;
};

/// Delivery status into log groups, which it creates.
class LogStatus final : public notify::StatusLog {
 public:
  LogStatus(Runtime& runtime, logs::Logs& logs) : runtime_(runtime), logs_(logs) {}
  void write(const Scope& scope, const std::string& log_group, Time time,
             const std::string& line) override;

 private:
  Result<void> put(const Scope& scope, const std::string& log_group, Time time,
                   const std::string& line);

  Runtime& runtime_;
  logs::Logs& logs_;
};

}  // namespace weir::daemon
