// SPDX-License-Identifier: Apache-2.0
#include "api/sns/sns_api.h"

#include <utility>

namespace weir::api::sns {

namespace {

std::optional<std::string> token_or_nothing(std::string token) {
  return token.empty() ? std::nullopt : std::optional(std::move(token));
}

bool is_signed(const wire::Request& request) { return !request.access_key.empty(); }

// Of an unsigned request nothing but the ARN says which account and region are meant.
Scope scope_for(const wire::Request& request, const std::string& resource_arn) {
  if (is_signed(request)) return request.scope;
  const auto parsed = Arn::parse(resource_arn);
  return parsed ? parsed->scope : request.scope;
}

Result<notify::Tags> to_tags(const std::vector<Tag>& list) {
  notify::Tags tags;
  for (const Tag& tag : list) {
    if (!tags.emplace(tag.key, tag.value).second) {
      return notify::invalid_parameter("Duplicated keys are not allowed.");
    }
  }
  return tags;
}

template <class Output>
Output to_output(notify::Page<notify::SubscriptionRow> page) {
  Output output;
  for (auto& row : page.items) {
    output.subscriptions.push_back({std::move(row.subscription_arn), std::move(row.owner),
                                    std::move(row.protocol), std::move(row.endpoint),
                                    std::move(row.topic_arn)});
  }
  output.next_token = token_or_nothing(std::move(page.next_token));
  return output;
}

// What Publish and an entry of PublishBatch have in common.
template <class Input>
Result<notify::Publication> to_publication(const Input& in) {
  if (in.message_structure && *in.message_structure != "json") {
    return notify::invalid_parameter("MessageStructure");
  }
  notify::Publication publication;
  publication.message = in.message;
  publication.subject = in.subject;
  publication.is_structured = in.message_structure.has_value();
  publication.group_id = in.message_group_id.value_or("");
  publication.deduplication_id = in.message_deduplication_id.value_or("");
  for (const auto& [name, value] : in.message_attributes) {
    const auto bytes = value.binary_value ? std::optional(value.binary_value->value) : std::nullopt;
    WEIR_TRY(auto attribute,
             notify::make_attribute(name, value.data_type, value.string_value, bytes));
    publication.attributes.emplace(name, std::move(attribute));
  }
  return publication;
}

// Exactly one of three says where to; a topic may also be the target.
Result<std::string> destination(const Publish::Input& in) {
  if (in.phone_number) {
    return notify::invalid_parameter("PhoneNumber Reason: " + *in.phone_number +
                                     " is not valid to publish to");
  }
  if (in.topic_arn) return *in.topic_arn;
  if (!in.target_arn) {
    return notify::invalid_parameter(
        "TopicArn or TargetArn Reason: no value for required parameter");
  }
  const auto target = Arn::parse(*in.target_arn);
  if (!target || target->service != "sns" || target->resource.find('/') != std::string::npos) {
    return notify::invalid_parameter(
        "TargetArn Reason: No endpoint found for the target arn specified");
  }
  return *in.target_arn;
}

}  // namespace

void SnsApi::add_to(wire::OperationTable& table) {
  table.add<CreateTopic>(*this, &SnsApi::create_topic);
  table.add<DeleteTopic>(*this, &SnsApi::delete_topic);
  table.add<ListTopics>(*this, &SnsApi::list_topics);
  table.add<GetTopicAttributes>(*this, &SnsApi::topic_attributes);
  table.add<SetTopicAttributes>(*this, &SnsApi::set_topic_attributes);
  table.add<TagResource>(*this, &SnsApi::tag);
  table.add<UntagResource>(*this, &SnsApi::untag);
  table.add<ListTagsForResource>(*this, &SnsApi::tags);
  table.add<AddPermission>(*this, &SnsApi::add_permission);
  table.add<RemovePermission>(*this, &SnsApi::remove_permission);
  table.add<GetDataProtectionPolicy>(*this, &SnsApi::data_protection);
  table.add<PutDataProtectionPolicy>(*this, &SnsApi::set_data_protection);
  table.add<Subscribe>(*this, &SnsApi::subscribe);
  table.add<ConfirmSubscription>(*this, &SnsApi::confirm);
  table.add<Unsubscribe>(*this, &SnsApi::unsubscribe);
  table.add<ListSubscriptions>(*this, &SnsApi::list);
  table.add<ListSubscriptionsByTopic>(*this, &SnsApi::list_by_topic);
  table.add<GetSubscriptionAttributes>(*this, &SnsApi::subscription_attributes);
  table.add<SetSubscriptionAttributes>(*this, &SnsApi::set_subscription_attributes);
  table.add<Publish>(*this, &SnsApi::publish);
  table.add<PublishBatch>(*this, &SnsApi::publish_batch);
}

Result<CreateTopic::Output> SnsApi::create_topic(const Request& request,
                                                 const CreateTopic::Input& in) {
  WEIR_TRY(const notify::Tags tags, to_tags(in.tags));
  notify::Attributes attributes = in.attributes;
  if (in.data_protection_policy) attributes["DataProtectionPolicy"] = *in.data_protection_policy;
  WEIR_TRY(std::string arn, notify_.create_topic(request.scope, in.topic_name, attributes, tags));
  return CreateTopic::Output{std::move(arn)};
}

Result<Empty> SnsApi::delete_topic(const Request& request, const DeleteTopic::Input& in) {
  WEIR_CHECK(notify_.delete_topic(request.scope, in.topic_arn));
  return Empty{};
}

Result<ListTopics::Output> SnsApi::list_topics(const Request& request,
                                               const ListTopics::Input& in) {
  WEIR_TRY(auto page, notify_.list_topics(request.scope, in.next_token.value_or("")));
  ListTopics::Output output;
  for (std::string& arn : page.items) output.topics.push_back({std::move(arn)});
  output.next_token = token_or_nothing(std::move(page.next_token));
  return output;
}

Result<GetTopicAttributes::Output> SnsApi::topic_attributes(const Request& request,
                                                            const GetTopicAttributes::Input& in) {
  WEIR_TRY(auto attributes, notify_.topic_attributes(request.scope, in.topic_arn));
  return GetTopicAttributes::Output{std::move(attributes)};
}

Result<Empty> SnsApi::set_topic_attributes(const Request& request,
                                           const SetTopicAttributes::Input& in) {
  WEIR_CHECK(notify_.set_topic_attribute(request.scope, in.topic_arn, in.attribute_name,
                                         in.attribute_value.value_or("")));
  return Empty{};
}

Result<TagResource::Output> SnsApi::tag(const Request& request, const TagResource::Input& in) {
  WEIR_TRY(const notify::Tags tags, to_tags(in.tags));
  WEIR_CHECK(notify_.tag(request.scope, in.resource_arn, tags));
  return TagResource::Output{};
}

Result<UntagResource::Output> SnsApi::untag(const Request& request,
                                            const UntagResource::Input& in) {
  WEIR_CHECK(notify_.untag(request.scope, in.resource_arn, in.tag_keys));
  return UntagResource::Output{};
}

Result<ListTagsForResource::Output> SnsApi::tags(const Request& request,
                                                 const ListTagsForResource::Input& in) {
  WEIR_TRY(const notify::Tags tags, notify_.tags(request.scope, in.resource_arn));
  ListTagsForResource::Output output;
  for (const auto& [key, value] : tags) output.tags.push_back({key, value});
  return output;
}

Result<Empty> SnsApi::add_permission(const Request& request, const AddPermission::Input& in) {
  WEIR_CHECK(
      notify_.add_permission(request.scope, in.topic_arn, in.label, in.accounts, in.actions));
  return Empty{};
}

Result<Empty> SnsApi::remove_permission(const Request& request, const RemovePermission::Input& in) {
  WEIR_CHECK(notify_.remove_permission(request.scope, in.topic_arn, in.label));
  return Empty{};
}

Result<GetDataProtectionPolicy::Output> SnsApi::data_protection(
    const Request& request, const GetDataProtectionPolicy::Input& in) {
  WEIR_CHECK(notify_.topic_attributes(request.scope, in.resource_arn));
  return GetDataProtectionPolicy::Output{};
}

Result<Empty> SnsApi::set_data_protection(const Request& request,
                                          const PutDataProtectionPolicy::Input& in) {
  WEIR_CHECK(notify_.set_topic_attribute(request.scope, in.resource_arn, "DataProtectionPolicy",
                                         in.policy));
  return Empty{};
}

Result<Subscribe::Output> SnsApi::subscribe(const Request& request, const Subscribe::Input& in) {
  WEIR_TRY(auto subscribed,
           notify_.subscribe(request.scope,
                             {in.topic_arn, in.protocol, in.endpoint.value_or(""), in.attributes}));
  if (subscribed.is_pending && !in.return_subscription_arn) {
    return Subscribe::Output{"pending confirmation"};
  }
  return Subscribe::Output{std::move(subscribed.subscription_arn)};
}

Result<ConfirmSubscription::Output> SnsApi::confirm(const Request& request,
                                                    const ConfirmSubscription::Input& in) {
  const bool authenticate = in.authenticate_on_unsubscribe.value_or("") == "true";
  WEIR_TRY(std::string arn, notify_.confirm(scope_for(request, in.topic_arn), in.topic_arn,
                                            in.token, authenticate, is_signed(request)));
  return ConfirmSubscription::Output{std::move(arn)};
}

Result<Empty> SnsApi::unsubscribe(const Request& request, const Unsubscribe::Input& in) {
  WEIR_CHECK(notify_.unsubscribe(scope_for(request, in.subscription_arn), in.subscription_arn,
                                 is_signed(request)));
  return Empty{};
}

Result<ListSubscriptions::Output> SnsApi::list(const Request& request,
                                               const ListSubscriptions::Input& in) {
  WEIR_TRY(auto page, notify_.list_subscriptions(request.scope, in.next_token.value_or("")));
  return to_output<ListSubscriptions::Output>(std::move(page));
}

Result<ListSubscriptionsByTopic::Output> SnsApi::list_by_topic(
    const Request& request, const ListSubscriptionsByTopic::Input& in) {
  WEIR_TRY(auto page, notify_.list_subscriptions_by_topic(request.scope, in.topic_arn,
                                                          in.next_token.value_or("")));
  return to_output<ListSubscriptionsByTopic::Output>(std::move(page));
}

Result<GetSubscriptionAttributes::Output> SnsApi::subscription_attributes(
    const Request& request, const GetSubscriptionAttributes::Input& in) {
  WEIR_TRY(auto attributes, notify_.subscription_attributes(request.scope, in.subscription_arn));
  return GetSubscriptionAttributes::Output{std::move(attributes)};
}

Result<Empty> SnsApi::set_subscription_attributes(const Request& request,
                                                  const SetSubscriptionAttributes::Input& in) {
  WEIR_CHECK(notify_.set_subscription_attribute(
      request.scope, in.subscription_arn, in.attribute_name, in.attribute_value.value_or("")));
  return Empty{};
}

Result<Publish::Output> SnsApi::publish(const Request& request, const Publish::Input& in) {
  WEIR_TRY(const std::string topic_arn, destination(in));
  WEIR_TRY(const notify::Publication publication, to_publication(in));
  WEIR_TRY(auto published, notify_.publish(request.scope, topic_arn, publication));
  return Publish::Output{std::move(published.message_id),
                         token_or_nothing(std::move(published.sequence_number))};
}

Result<PublishBatch::Output> SnsApi::publish_batch(const Request& request,
                                                   const PublishBatch::Input& in) {
  std::vector<notify::BatchEntry> entries;
  for (const PublishBatchRequestEntry& entry : in.entries) {
    WEIR_TRY(notify::Publication publication, to_publication(entry));
    entries.push_back({entry.id, std::move(publication)});
  }
  WEIR_TRY(auto outcomes, notify_.publish_batch(request.scope, in.topic_arn, entries));
  PublishBatch::Output output;
  for (auto& [id, published] : outcomes) {
    if (published) {
      output.successful.push_back({id, std::move(published->message_id),
                                   token_or_nothing(std::move(published->sequence_number))});
    } else {
      const Error& error = published.error();
      const bool is_sender =
          error.kind != ErrorKind::internal && error.kind != ErrorKind::unavailable;
      output.failed.push_back({id, error.code, error.message, is_sender});
    }
  }
  return output;
}

}  // namespace weir::api::sns
