// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/sns/policies.h"
#include "api/sns/publish.h"
#include "api/sns/subscriptions.h"
#include "api/sns/topics.h"
#include "notify/notify.h"
#include "wire/operation.h"

namespace weir::api::sns {

/// The AWS face of notify::Notify.
///
/// ConfirmSubscription and Unsubscribe come without a signature too (a link in a mail); their
/// scope is then that of the ARN.
class SnsApi {
 public:
  explicit SnsApi(notify::Notify& notify) : notify_(notify) {}
  /// This must outlive the table.
  void add_to(wire::OperationTable& table);

 private:
  using Request = wire::Request;
  Result<CreateTopic::Output> create_topic(const Request&, const CreateTopic::Input&);
  Result<Empty> delete_topic(const Request&, const DeleteTopic::Input&);
  Result<ListTopics::Output> list_topics(const Request&, const ListTopics::Input&);
  Result<GetTopicAttributes::Output> topic_attributes(const Request&,
                                                      const GetTopicAttributes::Input&);
  Result<Empty> set_topic_attributes(const Request&, const SetTopicAttributes::Input&);
  Result<TagResource::Output> tag(const Request&, const TagResource::Input&);
  Result<UntagResource::Output> untag(const Request&, const UntagResource::Input&);
  Result<ListTagsForResource::Output> tags(const Request&, const ListTagsForResource::Input&);

  Result<Empty> add_permission(const Request&, const AddPermission::Input&);
  Result<Empty> remove_permission(const Request&, const RemovePermission::Input&);
  Result<GetDataProtectionPolicy::Output> data_protection(const Request&,
                                                          const GetDataProtectionPolicy::Input&);
  Result<Empty> set_data_protection(const Request&, const PutDataProtectionPolicy::Input&);

  Result<Subscribe::Output> subscribe(const Request&, const Subscribe::Input&);
  Result<ConfirmSubscription::Output> confirm(const Request&, const ConfirmSubscription::Input&);
  Result<Empty> unsubscribe(const Request&, const Unsubscribe::Input&);
  Result<ListSubscriptions::Output> list(const Request&, const ListSubscriptions::Input&);
  Result<ListSubscriptionsByTopic::Output> list_by_topic(const Request&,
                                                         const ListSubscriptionsByTopic::Input&);
  Result<GetSubscriptionAttributes::Output> subscription_attributes(
      const Request&, const GetSubscriptionAttributes::Input&);
  Result<Empty> set_subscription_attributes(const Request&,
                                            const SetSubscriptionAttributes::Input&);

  Result<Publish::Output> publish(const Request&, const Publish::Input&);
  Result<PublishBatch::Output> publish_batch(const Request&, const PublishBatch::Input&);

  notify::Notify& notify_;
};

}  // namespace weir::api::sns
