// SPDX-License-Identifier: Apache-2.0
#include "api/sqs/sqs_api.h"

#include <algorithm>
#include <set>
#include <utility>

#include "api/sqs/receive.h"
#include "base/document.h"

namespace weir::api::sqs {

namespace {

constexpr std::size_t kBatchEntriesMax = 10;
constexpr std::size_t kBatchIdMax = 80;
constexpr int kReceivedMax = 10;
constexpr int kWaitMax_s = 20;
constexpr int kVisibilityMax_s = 43'200;
constexpr int kListMax = 1000;

Error batch_error(std::string_view code, std::string text) {
  return queues::queue_error("AWS.SimpleQueueService." + std::string(code), std::move(text));
}

std::optional<std::string> or_nothing(std::string text) {
  return text.empty() ? std::nullopt : std::optional(std::move(text));
}

std::string url_of(const wire::Request& request, const std::string& name) {
  return request.endpoint + '/' + request.scope.account + '/' + name;
}

/// The name in a queue URL or in its path. Errors: MissingParameter, NonExistentQueue for another
/// account.
Result<std::string> name_of(const wire::Request& request, const std::string& url) {
  if (url.empty()) return queues::missing_parameter("QueueUrl");
  const auto slash = url.rfind('/');
  if (slash == std::string::npos) return url;  // AWS takes a plain name too
  const std::string before = url.substr(0, slash);
  const auto account_at = before.rfind('/');
  const std::string account =
      account_at == std::string::npos ? before : before.substr(account_at + 1);
  if (account != request.scope.account) {
    return batch_error("NonExistentQueue", "The specified queue does not exist.");
  }
  return url.substr(slash + 1);
}

Result<int> within(const std::optional<int>& value, int otherwise, int min, int max,
                   std::string_view name, std::string_view reason) {
  const int number = value.value_or(otherwise);
  if (number >= min && number <= max) return number;
  return queues::invalid_value(std::to_string(number), name, reason);
}

Result<int> visibility_of(const std::optional<int>& value) {
  if (!value) return queues::missing_parameter("VisibilityTimeout");
  return within(value, 0, 0, kVisibilityMax_s, "VisibilityTimeout",
                "VisibilityTimeout must be an integer between 0 and 43200.");
}

// What SendMessage and an entry of SendMessageBatch have in common.
template <class Input>
Result<queues::Sending> to_sending(const Input& in) {
  queues::Sending sending;
  sending.body = in.message_body;
  sending.delay_s = in.delay_seconds;
  for (const auto& [name, value] : in.message_attributes) {
    const auto bytes = value.binary_value ? std::optional(value.binary_value->value) : std::nullopt;
    WEIR_TRY(auto attribute,
             queues::make_attribute(name, value.data_type, value.string_value, bytes));
    sending.attributes.emplace(name, std::move(attribute));
  }
  for (const auto& [name, value] : in.message_system_attributes) {
    if (name != "AWSTraceHeader" || value.data_type != "String" || !value.string_value) {
      return queues::queue_error("InvalidParameterValue",
                                 "Message system attribute name '" + name + "' is invalid.");
    }
    sending.trace_header = value.string_value;
  }
  sending.group_id = in.message_group_id.value_or("");
  sending.deduplication_id = in.message_deduplication_id.value_or("");
  return sending;
}

template <class Output>
Output to_output(queues::Sent sent) {
  Output output;
  output.message_id = std::move(sent.message_id);
  output.md5_of_message_body = std::move(sent.md5_of_body);
  output.md5_of_message_attributes = or_nothing(std::move(sent.md5_of_attributes));
  output.md5_of_message_system_attributes = or_nothing(std::move(sent.md5_of_system_attributes));
  output.sequence_number = or_nothing(std::move(sent.sequence_number));
  return output;
}

BatchResultErrorEntry failure(const std::string& id, const Error& error) {
  const bool is_sender = error.kind != ErrorKind::internal && error.kind != ErrorKind::unavailable;
  return {id, is_sender, error.code, error.message};
}

template <class Entry>
Result<void> check_batch(const std::vector<Entry>& entries, std::string_view what) {
  if (entries.empty()) {
    return batch_error("EmptyBatchRequest",
                       "There should be at least one " + std::string(what) + " in the request.");
  }
  if (entries.size() > kBatchEntriesMax) {
    return batch_error("TooManyEntriesInBatchRequest",
                       "Maximum number of entries per request are 10. You have sent " +
                           std::to_string(entries.size()) + ".");
  }
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  };
  std::set<std::string> ids;
  for (const Entry& entry : entries) {
    if (entry.id.empty() || entry.id.size() > kBatchIdMax ||
        !std::ranges::all_of(entry.id, is_allowed)) {
      return batch_error("InvalidBatchEntryId",
                         "A batch entry id can only contain alphanumeric characters, hyphens and "
                         "underscores. It can be at most 80 letters long.");
    }
    if (!ids.insert(entry.id).second) {
      return batch_error("BatchEntryIdsNotDistinct", "Id " + entry.id + " repeated.");
    }
  }
  return {};
}

// Outcomes of the entries that were tried, in the order of their ids.
template <class Output>
void add_outcomes(Output& output, const std::vector<std::string>& ids,
                  const std::vector<Result<void>>& outcomes) {
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (outcomes[i]) {
      output.successful.push_back({ids[i]});
    } else {
      output.failed.push_back(failure(ids[i], outcomes[i].error()));
    }
  }
}

// Members of a policy document as AWS writes them: one value stands alone.
Document one_or_list(Document::List values) {
  return values.size() == 1 ? std::move(values.front()) : Document(std::move(values));
}

}  // namespace

void SqsApi::add_to(wire::OperationTable& table) {
  table.add<CreateQueue>(*this, &SqsApi::create);
  table.add<DeleteQueue>(*this, &SqsApi::remove);
  table.add<GetQueueUrl>(*this, &SqsApi::url);
  table.add<ListQueues>(*this, &SqsApi::list);
  table.add<ListDeadLetterSourceQueues>(*this, &SqsApi::sources);
  table.add<GetQueueAttributes>(*this, &SqsApi::attributes);
  table.add<SetQueueAttributes>(*this, &SqsApi::set_attributes);
  table.add<PurgeQueue>(*this, &SqsApi::purge);
  table.add<TagQueue>(*this, &SqsApi::tag);
  table.add<UntagQueue>(*this, &SqsApi::untag);
  table.add<ListQueueTags>(*this, &SqsApi::tags);
  table.add<AddPermission>(*this, &SqsApi::add_permission);
  table.add<RemovePermission>(*this, &SqsApi::remove_permission);
  table.add<SendMessage>(*this, &SqsApi::send);
  table.add<DeleteMessage>(*this, &SqsApi::remove_message);
  table.add<ChangeMessageVisibility>(*this, &SqsApi::change_visibility);
  table.add<SendMessageBatch>(*this, &SqsApi::send_batch);
  table.add<DeleteMessageBatch>(*this, &SqsApi::remove_batch);
  table.add<ChangeMessageVisibilityBatch>(*this, &SqsApi::visibility_batch);
  table.add_later<ReceiveMessage>(*this, &SqsApi::receive);
}

// --- queues -----------------------------------------------------------------------------------

Result<CreateQueue::Output> SqsApi::create(const Request& request, const CreateQueue::Input& in) {
  if (in.queue_name.empty()) return queues::missing_parameter("QueueName");
  WEIR_CHECK(queues_.create(request.scope, in.queue_name, in.attributes, in.tags));
  return CreateQueue::Output{url_of(request, in.queue_name)};
}

Result<Empty> SqsApi::remove(const Request& request, const DeleteQueue::Input& in) {
  WEIR_TRY(const std::string name, name_of(request, in.queue_url));
  WEIR_CHECK(queues_.remove(request.scope, name));
  return Empty{};
}

Result<GetQueueUrl::Output> SqsApi::url(const Request& request, const GetQueueUrl::Input& in) {
  if (in.queue_name.empty()) return queues::missing_parameter("QueueName");
  Request of_owner = request;
  if (in.owner) of_owner.scope.account = *in.owner;
  WEIR_CHECK(queues_.queue(of_owner.scope, in.queue_name));
  return GetQueueUrl::Output{url_of(of_owner, in.queue_name)};
}

Result<ListQueues::Output> SqsApi::list(const Request& request, const ListQueues::Input& in) {
  WEIR_TRY(const int count, within(in.max_results, kListMax, 1, kListMax, "MaxResults",
                                   "MaxResults must be an integer between 1 and 1000."));
  WEIR_TRY(auto page, queues_.list(request.scope, in.prefix.value_or(""),
                                   static_cast<std::size_t>(count), in.next_token.value_or("")));
  ListQueues::Output output;
  for (const std::string& name : page.names) {
    if (!output.queue_urls) output.queue_urls.emplace();
    output.queue_urls->push_back(url_of(request, name));
  }
  // Without MaxResults AWS answers the first 1000 and no token.
  if (in.max_results) output.next_token = or_nothing(std::move(page.next_token));
  return output;
}

Result<ListDeadLetterSourceQueues::Output> SqsApi::sources(
    const Request& request, const ListDeadLetterSourceQueues::Input& in) {
  WEIR_TRY(const std::string name, name_of(request, in.queue_url));
  WEIR_TRY(const int count, within(in.max_results, kListMax, 1, kListMax, "MaxResults",
                                   "MaxResults must be an integer between 1 and 1000."));
  WEIR_TRY(auto page,
           queues_.dead_letter_sources(request.scope, name, static_cast<std::size_t>(count),
                                       in.next_token.value_or("")));
  ListDeadLetterSourceQueues::Output output;
  for (const std::string& source : page.names) output.queue_urls.push_back(url_of(request, source));
  if (in.max_results) output.next_token = or_nothing(std::move(page.next_token));
  return output;
}

Result<GetQueueAttributes::Output> SqsApi::attributes(const Request& request,
                                                      const GetQueueAttributes::Input& in) {
  WEIR_TRY(const std::string name, name_of(request, in.queue_url));
  for (const std::string& wanted : in.attribute_names) {
    if (!queues::is_attribute_name(wanted)) {
      return queues::queue_error("InvalidAttributeName", "Unknown Attribute " + wanted + ".");
    }
  }
  WEIR_TRY(auto shown, queues_.attributes(request.scope, name));
  const auto is_wanted = [&](const std::string& attribute) {
    return std::ranges::any_of(in.attribute_names, [&](const std::string& wanted) {
      return wanted == "All" || wanted == attribute;
    });
  };
  std::erase_if(shown, [&](const auto& entry) { return !is_wanted(entry.first); });
  GetQueueAttributes::Output output;
  if (!shown.empty()) output.attributes = std::move(shown);
  return output;
}

Result<Empty> SqsApi::set_attributes(const Request& request, const SetQueueAttributes::Input& in) {
  WEIR_TRY(const std::string name, name_of(request, in.queue_url));
  if (in.attributes.empty()) return queues::missing_parameter("Attribute.Name");
  WEIR_CHECK(queues_.set_attributes(request.scope, name, in.attributes));
  return Empty{};
}

Result<Empty> SqsApi::purge(const Request& request, const PurgeQueue::Input& in) {
  WEIR_TRY(const std::string name, name_of(request, in.queue_url));
  WEIR_CHECK(queues_.purge(request.scope, name));
  return Empty{};
}

Result<Empty> SqsApi::tag(const Request& request, const TagQueue::Input& in) {
  WEIR_TRY(const std::string name, name_of(request, in.queue_url));
  if (in.tags.empty()) return queues::missing_parameter("Tags");
  WEIR_CHECK(queues_.tag(request.scope, name, in.tags));
  return Empty{};
}

Result<Empty> SqsApi::untag(const Request& request, const UntagQueue::Input& in) {
  WEIR_TRY(const std::string name, name_of(request, in.queue_url));
  if (in.tag_keys.empty()) {
    return queues::queue_error("InvalidParameterValue", "Tag keys can't be null.");
  }
  WEIR_CHECK(queues_.untag(request.scope, name, in.tag_keys));
  return Empty{};
}

Result<ListQueueTags::Output> SqsApi::tags(const Request& request, const ListQueueTags::Input& in) {
  WEIR_TRY(const std::string name, name_of(request, in.queue_url));
  WEIR_TRY(auto queue, queues_.queue(request.scope, name));
  ListQueueTags::Output output;
  if (!queue.tags.empty()) output.tags = std::move(queue.tags);
  return output;
}

// The policy is kept and shown; who may call is decided by the daemon's credentials alone.
Result<Empty> SqsApi::add_permission(const Request& request, const AddPermission::Input& in) {
  WEIR_TRY(const std::string name, name_of(request, in.queue_url));
  if (in.label.empty()) return queues::missing_parameter("Label");
  if (in.accounts.empty()) return queues::missing_parameter("AWSAccountIds");
  if (in.actions.empty()) return queues::missing_parameter("Actions");
  WEIR_TRY(const auto queue, queues_.queue(request.scope, name));
  const std::string queue_arn = arn("sqs", request.scope, name);
  const auto found = queue.attributes.find("Policy");
  Document policy = Document::Map{{"Version", "2008-10-17"},
                                  {"Id", queue_arn + "/SQSDefaultPolicy"},
                                  {"Statement", Document::List{}}};
  if (found != queue.attributes.end()) {
    WEIR_TRY(policy, parse_json(found->second));
  }
  if (policy["Statement"].list() == nullptr) policy["Statement"] = Document::List{};
  Document::List& statements = *policy["Statement"].list();
  for (const Document& statement : statements) {
    const Document* sid = statement.find("Sid");
    if (sid != nullptr && *sid == Document(in.label)) {
      return queues::invalid_value(in.label, "Label", "Already exists.");
    }
  }
  Document::List principals;
  for (const std::string& account : in.accounts) {
    principals.emplace_back("arn:aws:iam::" + account + ":root");
  }
  Document::List actions;
  for (const std::string& action : in.actions) actions.emplace_back("SQS:" + action);
  statements.emplace_back(
      Document::Map{{"Sid", in.label},
                    {"Effect", "Allow"},
                    {"Principal", Document::Map{{"AWS", one_or_list(std::move(principals))}}},
                    {"Action", one_or_list(std::move(actions))},
                    {"Resource", queue_arn}});
  WEIR_CHECK(queues_.set_attributes(request.scope, name, {{"Policy", to_json(policy)}}));
  return Empty{};
}

Result<Empty> SqsApi::remove_permission(const Request& request, const RemovePermission::Input& in) {
  WEIR_TRY(const std::string name, name_of(request, in.queue_url));
  WEIR_TRY(const auto queue, queues_.queue(request.scope, name));
  const auto found = queue.attributes.find("Policy");
  Document policy;
  if (found != queue.attributes.end()) {
    WEIR_TRY(policy, parse_json(found->second));
  }
  Document::List* statements =
      policy.map() != nullptr && policy.find("Statement") ? policy["Statement"].list() : nullptr;
  const auto has_label = [&](const Document& statement) {
    const Document* sid = statement.find("Sid");
    return sid != nullptr && *sid == Document(in.label);
  };
  if (statements == nullptr || std::erase_if(*statements, has_label) == 0) {
    return queues::invalid_value(in.label, "Label", "can't find label on existing policy.");
  }
  const std::string changed = statements->empty() ? "" : to_json(policy);
  WEIR_CHECK(queues_.set_attributes(request.scope, name, {{"Policy", changed}}));
  return Empty{};
}

// --- messages ---------------------------------------------------------------------------------

Result<SendMessage::Output> SqsApi::send(const Request& request, const SendMessage::Input& in) {
  WEIR_TRY(const std::string name, name_of(request, in.queue_url));
  WEIR_TRY(queues::Sending sending, to_sending(in));
  std::vector<queues::Sending> messages;
  messages.push_back(std::move(sending));
  WEIR_TRY(auto outcomes, queues_.send(request.scope, name, std::move(messages)));
  WEIR_TRY(queues::Sent sent, std::move(outcomes.front()));
  return to_output<SendMessage::Output>(std::move(sent));
}

Result<wire::Answer> SqsApi::receive(const Request& request, const ReceiveMessage::Input& in) {
  WEIR_TRY(const std::string name, name_of(request, in.queue_url));
  queues::Receiving receiving;
  WEIR_TRY(receiving.count,
           within(in.max_number_of_messages, 1, 1, kReceivedMax, "MaxNumberOfMessages",
                  "Must be between 1 and 10, if provided."));
  if (in.visibility_timeout) {
    WEIR_TRY(receiving.visibility_timeout_s, visibility_of(in.visibility_timeout));
  }
  WEIR_TRY(const auto queue, queues_.queue(request.scope, name));
  WEIR_TRY(const int wait_s,
           within(in.wait_time_seconds, queue.number("ReceiveMessageWaitTimeSeconds"), 0,
                  kWaitMax_s, "WaitTimeSeconds", "Must be >= 0 and <= 20, if provided."));
  WEIR_TRY(auto received, queues_.receive(request.scope, name, receiving));
  Selection selection(in);
  wire::Answer answer{.type = &type_of<ReceiveMessage::Output>(), .value = nullptr};
  if (!received.empty() || wait_s == 0) {
    answer.value =
        std::make_shared<const ReceiveMessage::Output>(selection.output(std::move(received)));
    return answer;
  }
  const Time until = runtime_.now() + std::chrono::seconds(wait_s);
  WEIR_TRY(answer.later, make_long_poll(runtime_, queues_, request.scope, name, receiving,
                                        std::move(selection), until));
  return answer;
}

Result<Empty> SqsApi::remove_message(const Request& request, const DeleteMessage::Input& in) {
  WEIR_TRY(const std::string name, name_of(request, in.queue_url));
  if (in.receipt_handle.empty()) return queues::missing_parameter("ReceiptHandle");
  WEIR_TRY(auto outcomes, queues_.remove_messages(request.scope, name, {in.receipt_handle}));
  WEIR_CHECK(outcomes.front());
  return Empty{};
}

Result<Empty> SqsApi::change_visibility(const Request& request,
                                        const ChangeMessageVisibility::Input& in) {
  WEIR_TRY(const std::string name, name_of(request, in.queue_url));
  if (in.receipt_handle.empty()) return queues::missing_parameter("ReceiptHandle");
  WEIR_TRY(const int timeout_s, visibility_of(in.visibility_timeout));
  WEIR_TRY(auto outcomes,
           queues_.change_visibility(request.scope, name, {{in.receipt_handle, timeout_s}}));
  WEIR_CHECK(outcomes.front());
  return Empty{};
}

// --- batches ----------------------------------------------------------------------------------

Result<SendMessageBatch::Output> SqsApi::send_batch(const Request& request,
                                                    const SendMessageBatch::Input& in) {
  WEIR_TRY(const std::string name, name_of(request, in.queue_url));
  WEIR_CHECK(check_batch(in.entries, "SendMessageBatchRequestEntry"));
  SendMessageBatch::Output output;
  std::vector<std::string> ids;
  std::vector<queues::Sending> messages;
  std::size_t bytes = 0;
  for (const SendMessageBatchRequestEntry& entry : in.entries) {
    auto sending = to_sending(entry);
    if (!sending) {
      output.failed.push_back(failure(entry.id, sending.error()));
      continue;
    }
    bytes += queues::message_bytes(*sending);
    ids.push_back(entry.id);
    messages.push_back(*std::move(sending));
  }
  if (bytes > static_cast<std::size_t>(queues::kMessageBytesMax)) {
    return batch_error("BatchRequestTooLong",
                       "Batch requests cannot be longer than 1048576 bytes. You have sent " +
                           std::to_string(bytes) + " bytes.");
  }
  WEIR_TRY(auto outcomes, queues_.send(request.scope, name, std::move(messages)));
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (!outcomes[i]) {
      output.failed.push_back(failure(ids[i], outcomes[i].error()));
      continue;
    }
    auto sent = to_output<SendMessageBatchResultEntry>(*std::move(outcomes[i]));
    sent.id = ids[i];
    output.successful.push_back(std::move(sent));
  }
  return output;
}

Result<DeleteMessageBatch::Output> SqsApi::remove_batch(const Request& request,
                                                        const DeleteMessageBatch::Input& in) {
  WEIR_TRY(const std::string name, name_of(request, in.queue_url));
  WEIR_CHECK(check_batch(in.entries, "DeleteMessageBatchRequestEntry"));
  std::vector<std::string> ids;
  std::vector<std::string> handles;
  for (const DeleteMessageBatchRequestEntry& entry : in.entries) {
    ids.push_back(entry.id);
    handles.push_back(entry.receipt_handle);
  }
  WEIR_TRY(const auto outcomes, queues_.remove_messages(request.scope, name, handles));
  DeleteMessageBatch::Output output;
  add_outcomes(output, ids, outcomes);
  return output;
}

Result<ChangeMessageVisibilityBatch::Output> SqsApi::visibility_batch(
    const Request& request, const ChangeMessageVisibilityBatch::Input& in) {
  WEIR_TRY(const std::string name, name_of(request, in.queue_url));
  WEIR_CHECK(check_batch(in.entries, "ChangeMessageVisibilityBatchRequestEntry"));
  ChangeMessageVisibilityBatch::Output output;
  std::vector<std::string> ids;
  std::vector<queues::Queues::Visibility> changes;
  for (const ChangeMessageVisibilityBatchRequestEntry& entry : in.entries) {
    const auto timeout_s = visibility_of(entry.visibility_timeout);
    if (!timeout_s) {
      output.failed.push_back(failure(entry.id, timeout_s.error()));
      continue;
    }
    ids.push_back(entry.id);
    changes.push_back({entry.receipt_handle, *timeout_s});
  }
  WEIR_TRY(const auto outcomes, queues_.change_visibility(request.scope, name, changes));
  add_outcomes(output, ids, outcomes);
  return output;
}

}  // namespace weir::api::sqs
