// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "api/sqs/batch_operations.h"
#include "api/sqs/message_operations.h"
#include "api/sqs/permission_operations.h"
#include "api/sqs/queue_operations.h"
#include "base/runtime.h"
#include "queues/queues.h"
#include "wire/operation.h"

namespace weir::api::sqs {

/// The AWS face of queues::Queues. The URL of a queue is `<endpoint of the
/// caller>/<account>/<name>`; of a URL that a caller sends only account and name are looked at, so
/// any host will do.
///
/// A ReceiveMessage that waits holds no thread: its answer comes later (wire::LaterAnswer).
class SqsApi {
 public:
  SqsApi(Runtime& runtime, queues::Queues& queues) : runtime_(runtime), queues_(queues) {}
  /// This must outlive the table.
  void add_to(wire::OperationTable& table);

 private:
  using Request = wire::Request;
  Result<CreateQueue::Output> create(const Request&, const CreateQueue::Input&);
  Result<Empty> remove(const Request&, const DeleteQueue::Input&);
  Result<GetQueueUrl::Output> url(const Request&, const GetQueueUrl::Input&);
  Result<ListQueues::Output> list(const Request&, const ListQueues::Input&);
  Result<ListDeadLetterSourceQueues::Output> sources(const Request&,
                                                     const ListDeadLetterSourceQueues::Input&);
  Result<GetQueueAttributes::Output> attributes(const Request&, const GetQueueAttributes::Input&);
  Result<Empty> set_attributes(const Request&, const SetQueueAttributes::Input&);
  Result<Empty> purge(const Request&, const PurgeQueue::Input&);
  Result<Empty> tag(const Request&, const TagQueue::Input&);
  Result<Empty> untag(const Request&, const UntagQueue::Input&);
  Result<ListQueueTags::Output> tags(const Request&, const ListQueueTags::Input&);
  Result<Empty> add_permission(const Request&, const AddPermission::Input&);
  Result<Empty> remove_permission(const Request&, const RemovePermission::Input&);

  Result<SendMessage::Output> send(const Request&, const SendMessage::Input&);
  Result<wire::Answer> receive(const Request&, const ReceiveMessage::Input&);
  Result<Empty> remove_message(const Request&, const DeleteMessage::Input&);
  Result<Empty> change_visibility(const Request&, const ChangeMessageVisibility::Input&);

  Result<SendMessageBatch::Output> send_batch(const Request&, const SendMessageBatch::Input&);
  Result<DeleteMessageBatch::Output> remove_batch(const Request&, const DeleteMessageBatch::Input&);
  Result<ChangeMessageVisibilityBatch::Output> visibility_batch(
      const Request&, const ChangeMessageVisibilityBatch::Input&);

  Runtime& runtime_;
  queues::Queues& queues_;
};

}  // namespace weir::api::sqs
