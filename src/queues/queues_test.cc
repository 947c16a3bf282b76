// SPDX-License-Identifier: Apache-2.0
#include "queues/queues.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace weir::queues {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using ::testing::SizeIs;
using namespace std::chrono_literals;

/// Refuses to write while told so.
class FailingStore final : public store::KvStore {
 public:
  Result<std::optional<std::string>> get(std::string_view key) const override {
    return inner_->get(key);
  }
  Result<void> write(const store::WriteBatch& batch) override {
    if (fails) return Error{ErrorKind::unavailable, "ServiceUnavailableException", "disk full"};
    return inner_->write(batch);
  }
  std::unique_ptr<store::Cursor> cursor() const override { return inner_->cursor(); }
  std::size_t records() const {
    std::size_t count = 0;
    const auto done = scan("sqs/", [&](std::string_view, std::string_view) { return ++count > 0; });
    WEIR_ASSERT(done);
    return count;
  }
  bool fails = false;

 private:
  std::unique_ptr<store::KvStore> inner_ = store::make_memory_store();
};

/// Queues on simulated time; `restart()` is a kill and a new start.
struct World {
  World() { start(); }
  void start() {
    queues = std::make_unique<Queues>(runtime, store, config);
    const auto loaded = queues->load();
    WEIR_ASSERT(loaded);
  }
  void restart() {
    runtime.quiesce();
    queues.reset();
    start();
  }
  void create(const std::string& name, Attributes attributes = {}) {
    if (name.ends_with(".fifo")) attributes["FifoQueue"] = "true";
    const auto created = queues->create(scope, name, attributes, {});
    EXPECT_TRUE(created) << created.error().message;
  }
  Result<Sent> send(const std::string& queue, Sending sending) {
    std::vector<Sending> messages;
    messages.push_back(std::move(sending));
    auto outcomes = queues->send(scope, queue, std::move(messages));
    if (!outcomes) return outcomes.error();
    return outcomes->front();
  }
  void send_all(const std::string& queue, const std::vector<std::string>& bodies) {
    for (const auto& body : bodies) EXPECT_TRUE(send(queue, {.body = body}));
  }
  std::vector<Received> take(const std::string& queue, int count = 10,
                             std::optional<int> visibility_s = {}) {
    auto received =
        queues->receive(scope, queue, {.count = count, .visibility_timeout_s = visibility_s});
    EXPECT_TRUE(received) << received.error().message;
    return received ? *std::move(received) : std::vector<Received>{};
  }
  std::vector<std::string> bodies(const std::string& queue, int count = 10,
                                  std::optional<int> visibility_s = {}) {
    std::vector<std::string> texts;
    for (auto& message : take(queue, count, visibility_s)) texts.push_back(message.body);
    return texts;
  }
  Result<void> remove(const std::string& queue, const std::string& handle) {
    auto outcomes = queues->remove_messages(scope, queue, {handle});
    if (!outcomes) return outcomes.error();
    return outcomes->front();
  }
  Result<void> hide(const std::string& queue, const std::string& handle, int timeout_s) {
    auto outcomes = queues->change_visibility(scope, queue, {{handle, timeout_s}});
    if (!outcomes) return outcomes.error();
    return outcomes->front();
  }
  std::string count(const std::string& queue, const std::string& which) {
    return queues->attributes(scope, queue)->at("ApproximateNumberOfMessages" + which);
  }

  const Scope scope{};
  SimulatedRuntime runtime{1};
  FailingStore store;
  Queues::Config config;
  std::unique_ptr<Queues> queues;
};

Sending fifo(std::string body, std::string group, std::string id) {
  return {.body = std::move(body), .group_id = std::move(group), .deduplication_id = std::move(id)};
}

TEST(Queues, AMessageIsReceivedHiddenAndComesBackUntilItIsDeleted) {
  World world;
  world.create("alarms", {{"VisibilityTimeout", "30"}});
  world.send_all("alarms", {"a"});
  const auto first = world.take("alarms");
  ASSERT_THAT(first, SizeIs(1));
  EXPECT_EQ(first[0].system_attributes.at("ApproximateReceiveCount"), "1");
  EXPECT_THAT(world.bodies("alarms"), IsEmpty());
  EXPECT_EQ(world.count("alarms", "NotVisible"), "1");
  world.runtime.advance(30s);
  const auto second = world.take("alarms");
  ASSERT_THAT(second, SizeIs(1));
  EXPECT_EQ(second[0].message_id, first[0].message_id);
  EXPECT_EQ(second[0].system_attributes.at("ApproximateReceiveCount"), "2");
  EXPECT_TRUE(world.remove("alarms", second[0].receipt_handle));
  EXPECT_TRUE(world.remove("alarms", second[0].receipt_handle));  // again
  world.runtime.advance(1h);
  EXPECT_THAT(world.bodies("alarms"), IsEmpty());
}

TEST(Queues, RestartKeepsMessagesCountsHandlesAndTimeouts) {
  World world;
  world.create("q", {{"VisibilityTimeout", "60"}});
  world.send_all("q", {"a", "b"});
  const auto first = world.take("q", 1);
  world.restart();
  EXPECT_THAT(world.bodies("q", 10, 5), ElementsAre("b"));  // "a" is still hidden
  world.runtime.advance(61s);
  const auto again = world.take("q");
  ASSERT_THAT(again, SizeIs(2));
  EXPECT_EQ(again[0].system_attributes.at("ApproximateReceiveCount"), "2");
  EXPECT_EQ(again[0].system_attributes.at("ApproximateFirstReceiveTimestamp"),
            first[0].system_attributes.at("ApproximateFirstReceiveTimestamp"));
  EXPECT_TRUE(world.remove("q", first[0].receipt_handle));
  EXPECT_TRUE(world.remove("q", again[1].receipt_handle));
  world.restart();
  EXPECT_EQ(world.count("q", ""), "0");
  EXPECT_EQ(world.count("q", "NotVisible"), "0");
  EXPECT_EQ(world.store.records(), 1u);  // the queue
}

TEST(Queues, DelayHidesAMessageAtFirst) {
  World world;
  world.create("q", {{"DelaySeconds", "10"}});
  world.send_all("q", {"later"});
  EXPECT_TRUE(world.send("q", {.body = "now", .delay_s = 0}));
  EXPECT_THAT(world.bodies("q"), ElementsAre("now"));
  EXPECT_EQ(world.count("q", "Delayed"), "1");
  world.restart();
  EXPECT_THAT(world.bodies("q"), IsEmpty());
  world.runtime.advance(10s);
  EXPECT_THAT(world.bodies("q"), ElementsAre("later"));
}

TEST(Queues, VisibilityCanBeShortenedAndLengthened) {
  World world;
  world.create("q");
  world.send_all("q", {"a"});
  const std::string handle = world.take("q")[0].receipt_handle;
  EXPECT_TRUE(world.hide("q", handle, 100));
  world.runtime.advance(99s);
  EXPECT_THAT(world.bodies("q"), IsEmpty());
  EXPECT_TRUE(world.hide("q", handle, 0));
  const auto again = world.hide("q", handle, 10);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, "AWS.SimpleQueueService.MessageNotInflight");
  EXPECT_THAT(world.bodies("q"), ElementsAre("a"));
  const auto unknown = world.hide("q", "nonsense", 10);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, "ReceiptHandleIsInvalid");
}

TEST(Queues, OldMessagesVanish) {
  World world;
  world.create("q", {{"MessageRetentionPeriod", "60"}});
  world.send_all("q", {"a"});
  world.runtime.advance(59s);
  world.send_all("q", {"b"});
  world.runtime.advance(1s);
  EXPECT_THAT(world.bodies("q", 10, 0), ElementsAre("b"));
  world.runtime.advance(5min);
  EXPECT_EQ(world.store.records(), 1u);
}

TEST(Queues, MessagesReceivedTooOftenGoToTheDeadLetterQueue) {
  World world;
  world.create("dead");
  world.create(
      "q", {{"RedrivePolicy", R"({"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead",)"
                              R"("maxReceiveCount":"2"})"},
            {"VisibilityTimeout", "1"}});
  world.send_all("q", {"poison", "good"});
  EXPECT_THAT(world.bodies("q", 1), ElementsAre("poison"));
  world.runtime.advance(1s);
  EXPECT_THAT(world.bodies("q", 1), ElementsAre("poison"));
  world.runtime.advance(1s);
  EXPECT_THAT(world.bodies("q", 1), ElementsAre("good"));
  world.restart();
  const auto dead = world.take("dead");
  ASSERT_THAT(dead, SizeIs(1));
  EXPECT_EQ(dead[0].body, "poison");
  EXPECT_EQ(dead[0].system_attributes.at("DeadLetterQueueSourceArn"),
            "arn:aws:sqs:us-east-1:000000000000:q");
  const auto sources = world.queues->dead_letter_sources(world.scope, "dead", 10, "");
  EXPECT_THAT(sources->names, ElementsAre("q"));
}

TEST(Queues, ADeadLetterTargetMustExistAndAllowTheQueue) {
  World world;
  world.create("dead", {{"RedriveAllowPolicy", R"({"redrivePermission":"denyAll"})"}});
  world.create("q");
  const auto set = [&](const std::string& name) {
    return world.queues->set_attributes(
        world.scope, "q",
        {{"RedrivePolicy", R"({"maxReceiveCount":3,"deadLetterTargetArn":")" +
                               arn("sqs", world.scope, name) + R"("})"}});
  };
  EXPECT_THAT(set("none").error().message, HasSubstr("Dead letter target does not exist."));
  EXPECT_THAT(set("dead").error().message, HasSubstr("does not allow"));
  EXPECT_THAT(set("dead.fifo").error().message, HasSubstr("must be same type"));
}

TEST(Queues, FifoKeepsTheOrderOfAGroupAndHoldsItBackWhileOneIsInFlight) {
  World world;
  world.create("q.fifo", {{"VisibilityTimeout", "30"}});
  for (const auto* text : {"1", "2", "3"}) {
    EXPECT_TRUE(world.send("q.fifo", fifo(std::string("a") + text, "a", std::string("a") + text)));
    EXPECT_TRUE(world.send("q.fifo", fifo(std::string("b") + text, "b", std::string("b") + text)));
  }
  const auto first = world.take("q.fifo", 2);
  ASSERT_THAT(first, SizeIs(2));
  EXPECT_EQ(first[0].body, "a1");
  EXPECT_EQ(first[1].body, "a2");
  EXPECT_THAT(world.bodies("q.fifo"), ElementsAre("b1", "b2", "b3"));
  EXPECT_THAT(world.bodies("q.fifo"), IsEmpty());
  EXPECT_TRUE(world.remove("q.fifo", first[0].receipt_handle));
  EXPECT_THAT(world.bodies("q.fifo"), IsEmpty());  // a2 is in flight
  EXPECT_TRUE(world.hide("q.fifo", first[1].receipt_handle, 0));
  EXPECT_THAT(world.bodies("q.fifo"), ElementsAre("a2", "a3"));
  world.restart();
  EXPECT_THAT(world.bodies("q.fifo"), IsEmpty());
  world.runtime.advance(30s);
  EXPECT_THAT(world.bodies("q.fifo"), ElementsAre("b1", "b2", "b3", "a2", "a3"));
  const auto late = world.remove("q.fifo", first[1].receipt_handle);
  ASSERT_FALSE(late);
  EXPECT_THAT(late.error().message, HasSubstr("The receipt handle has expired."));
}

TEST(Queues, FifoTakesAMessageOnceInFiveMinutes) {
  World world;
  world.create("q.fifo", {{"ContentBasedDeduplication", "true"}});
  const auto first = world.send("q.fifo", {.body = "same", .group_id = "g"});
  const auto second = world.send("q.fifo", {.body = "same", .group_id = "g"});
  EXPECT_EQ(first->message_id, second->message_id);
  EXPECT_EQ(first->sequence_number, second->sequence_number);
  EXPECT_THAT(world.bodies("q.fifo"), ElementsAre("same"));
  world.restart();
  EXPECT_EQ(world.send("q.fifo", {.body = "same", .group_id = "g"})->message_id, first->message_id);
  world.runtime.advance(5min);
  EXPECT_NE(world.send("q.fifo", {.body = "same", .group_id = "g"})->message_id, first->message_id);
  world.runtime.advance(20min);
  EXPECT_EQ(world.store.records(), 4u);  // queue, two messages, one receipt
}

TEST(Queues, FifoAsksForGroupAndDeduplication) {
  World world;
  world.create("q.fifo");
  world.create("q");
  EXPECT_EQ(world.send("q.fifo", {.body = "m"}).error().code, "MissingParameter");
  EXPECT_THAT(world.send("q.fifo", {.body = "m", .group_id = "g"}).error().message,
              HasSubstr("ContentBasedDeduplication enabled or MessageDeduplicationId"));
  EXPECT_THAT(world.send("q", {.body = "m", .deduplication_id = "d"}).error().message,
              HasSubstr("not valid for this queue type"));
}

TEST(Queues, AFailedWriteLeavesEverythingAsItWas) {
  World world;
  world.create("q.fifo");
  EXPECT_TRUE(world.send("q.fifo", fifo("1", "g", "1")));
  world.store.fails = true;
  EXPECT_FALSE(world.send("q.fifo", fifo("2", "g", "2")));
  EXPECT_FALSE(world.queues->receive(world.scope, "q.fifo", {}));
  world.store.fails = false;
  EXPECT_TRUE(world.send("q.fifo", fifo("2", "g", "2")));
  const auto received = world.take("q.fifo");
  ASSERT_THAT(received, SizeIs(2));
  EXPECT_EQ(received[0].system_attributes.at("ApproximateReceiveCount"), "1");
  world.store.fails = true;
  EXPECT_FALSE(world.remove("q.fifo", received[0].receipt_handle));
  world.store.fails = false;
  EXPECT_TRUE(world.remove("q.fifo", received[0].receipt_handle));
}

TEST(Queues, AWaitingReceiverIsCalledWhenAMessageComesOrBecomesVisible) {
  World world;
  world.create("q", {{"VisibilityTimeout", "5"}});
  int calls = 0;
  const auto wait = [&](Duration most) {
    auto made = world.queues->wait(world.scope, "q", world.runtime.now() + most,
                                   [&](Queues::WaitEnd) { ++calls; });
    EXPECT_TRUE(made);
    return *std::move(made);
  };
  auto first = wait(20s);
  world.runtime.advance(1s);
  EXPECT_EQ(calls, 0);
  world.send_all("q", {"a"});
  world.runtime.run_ready();
  EXPECT_EQ(calls, 1);
  EXPECT_THAT(world.bodies("q"), ElementsAre("a"));
  first.reset();
  auto second = wait(20s);
  world.runtime.advance(5s);
  EXPECT_EQ(calls, 2);
  second.reset();
  EXPECT_THAT(world.bodies("q"), ElementsAre("a"));
  auto third = wait(2s);
  world.runtime.advance(2s);
  EXPECT_EQ(calls, 3);  // its time was over
}

TEST(Queues, AReceiverThatLeftPassesItsTurnOn) {
  World world;
  world.create("q");
  std::vector<int> called;
  const auto wait = [&](int number) {
    return *world.queues->wait(world.scope, "q", world.runtime.now() + 20s,
                               [&called, number](Queues::WaitEnd) { called.push_back(number); });
  };
  auto first = wait(1);
  auto second = wait(2);
  world.send_all("q", {"a"});
  world.runtime.run_ready();
  EXPECT_THAT(called, ElementsAre(1));
  first.reset();  // without a receive
  world.runtime.run_ready();
  EXPECT_THAT(called, ElementsAre(1, 2));
}

TEST(Queues, WaitsMayOutliveTheQueues) {
  World world;
  world.create("q");
  std::vector<Queues::WaitEnd> ends;
  auto wait = *world.queues->wait(world.scope, "q", world.runtime.now() + 20s,
                                  [&](Queues::WaitEnd end) { ends.push_back(end); });
  world.runtime.quiesce();
  world.queues.reset();
  EXPECT_THAT(ends, ElementsAre(Queues::WaitEnd::destroyed));
  wait.reset();
}

TEST(Queues, PurgeAndDeleteLeaveNothingBehind) {
  World world;
  world.create("q");
  world.send_all("q", {"a", "b"});
  EXPECT_THAT(world.bodies("q", 1), ElementsAre("a"));
  EXPECT_TRUE(world.queues->purge(world.scope, "q"));
  EXPECT_EQ(world.queues->purge(world.scope, "q").error().code,
            "AWS.SimpleQueueService.PurgeQueueInProgress");
  EXPECT_THAT(world.bodies("q"), IsEmpty());
  EXPECT_EQ(world.store.records(), 1u);
  world.send_all("q", {"c"});
  EXPECT_TRUE(world.queues->remove(world.scope, "q"));
  EXPECT_EQ(world.store.records(), 0u);
  EXPECT_EQ(world.queues->receive(world.scope, "q", {}).error().code,
            "AWS.SimpleQueueService.NonExistentQueue");
}

TEST(Queues, NamesAndAttributesAreChecked) {
  World world;
  const auto create = [&](const std::string& name, const Attributes& attributes = {}) {
    return world.queues->create(world.scope, name, attributes, {});
  };
  EXPECT_EQ(create("a b").error().code, "InvalidParameterValue");
  EXPECT_FALSE(create(std::string(81, 'a')));
  EXPECT_FALSE(create("a.fifo"));
  EXPECT_FALSE(create("a", {{"FifoQueue", "true"}}));
  EXPECT_EQ(create("a", {{"Nonsense", "1"}}).error().message, "Unknown Attribute Nonsense.");
  EXPECT_EQ(create("a", {{"VisibilityTimeout", "43201"}}).error().code, "InvalidAttributeValue");
  EXPECT_EQ(create("a", {{"ContentBasedDeduplication", "true"}}).error().code,
            "InvalidAttributeName");
  EXPECT_TRUE(create("a", {{"VisibilityTimeout", "10"}}));
  EXPECT_TRUE(create("a", {{"VisibilityTimeout", "10"}}));
  EXPECT_EQ(create("a", {{"VisibilityTimeout", "11"}}).error().code, "QueueAlreadyExists");
}

TEST(Queues, ListsGoPageByPage) {
  World world;
  for (const auto* name : {"a1", "a2", "a3", "b1"}) world.create(name);
  const auto first = world.queues->list(world.scope, "a", 2, "");
  EXPECT_THAT(first->names, ElementsAre("a1", "a2"));
  const auto second = world.queues->list(world.scope, "a", 2, first->next_token);
  EXPECT_THAT(second->names, ElementsAre("a3"));
  EXPECT_EQ(second->next_token, "");
  EXPECT_FALSE(world.queues->list(world.scope, "a", 2, "%%%"));
}

TEST(Queues, TheNumberOfMessagesIsBounded) {
  World world;
  world.config.messages_max = 2;
  world.restart();
  world.create("q");
  world.send_all("q", {"a", "b"});
  EXPECT_EQ(world.send("q", {.body = "c"}).error().code, "OverLimit");
  EXPECT_TRUE(world.remove("q", world.take("q")[0].receipt_handle));
  EXPECT_TRUE(world.send("q", {.body = "c"}));
}

// SQS API Reference: the digests that its examples show.
TEST(QueueMessage, DigestsAreThoseOfAws) {
  EXPECT_EQ(md5_hex("This is a test message"), "fafb00f5732ab283681e124bf8747ed1");
  EXPECT_EQ(md5_of_attributes({}), "");
  // Worked by hand after the Developer Guide's description: length, name, length, type, 1, length,
  // value.
  const std::string bytes(
      "\0\0\0\1n\0\0\0\6Number\1\0\0\0\1"
      "7",
      21);
  EXPECT_EQ(md5_of_attributes({{"n", {"Number", Bytes{"7"}}}}), md5_hex(bytes));
}

TEST(QueueMessage, BodiesAreTextThatXmlCanCarry) {
  EXPECT_TRUE(check_sending({.body = "tab\t line\n \xc3\xa4 \xf0\x9f\x98\x80"}));
  const std::vector<std::string> refused{std::string("\1"),           std::string("\xff"),
                                         std::string("\xc0\x80"),     std::string("\xed\xa0\x80"),
                                         std::string("\xef\xbf\xbf"), std::string("a\0b", 3)};
  for (const std::string& bad : refused) {
    EXPECT_EQ(check_sending({.body = bad}).error().code, "InvalidMessageContents");
  }
}

TEST(QueueMessage, AttributesAreTypedAndFilled) {
  EXPECT_TRUE(make_attribute("a", "Number.int", "7", std::nullopt));
  EXPECT_THAT(make_attribute("a", "Number", "x", std::nullopt).error().message,
              HasSubstr("to a number"));
  EXPECT_THAT(make_attribute("a", "Strange", "x", std::nullopt).error().message,
              HasSubstr("supported type prefixes"));
  EXPECT_THAT(make_attribute("a", "Binary", "x", std::nullopt).error().message,
              HasSubstr("must use field 'Binary'"));
  EXPECT_FALSE(make_attribute("a..b", "String", "x", std::nullopt));
}

}  // namespace
}  // namespace weir::queues
