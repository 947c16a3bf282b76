// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/sqs/message_operations.h"
#include "base/runtime.h"
#include "queues/queues.h"
#include "wire/operation.h"

/// ReceiveMessage; private to the module.
namespace weir::api::sqs {

/// What a receiver wants to see of a message.
struct Selection {
  explicit Selection(const ReceiveMessage::Input& in);
  ReceiveMessage::Output output(std::vector<queues::Received> received) const;

  std::vector<std::string> system_names;
  std::vector<std::string> attribute_names;
};

/// A receive that is to wait until `until` for messages, with a receive on a worker whenever some
/// may be there.
Result<std::shared_ptr<wire::LaterAnswer>> make_long_poll(Runtime& runtime, queues::Queues& queues,
                                                          const Scope& scope,
                                                          const std::string& queue,
                                                          queues::Receiving receiving,
                                                          Selection selection, Time until);

}  // namespace weir::api::sqs
