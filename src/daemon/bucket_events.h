// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "notify/notify.h"
#include "objects/notifications.h"
#include "queues/queues.h"

namespace weir::daemon {

/// Events of buckets to the topics and queues of this daemon. What it holds outlives it; any
/// thread.
class BucketEvents final : public objects::NotificationSink {
 public:
  BucketEvents(notify::Notify& notify, queues::Queues& queues) : notify_(notify), queues_(queues) {}
  Result<void> check(const Scope& bucket_owner, const std::string& arn) override;
  Result<void> send(const Scope& bucket_owner, const std::string& arn,
                    const Message& message) override;

 private:
  notify::Notify& notify_;
  queues::Queues& queues_;
};

}  // namespace weir::daemon
