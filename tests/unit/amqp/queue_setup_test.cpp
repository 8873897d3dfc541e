// What is known of a queue, and what a refusal or a reconnect means for it.

#include "broker/amqp/queue_setup.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "entry.hpp"

namespace mombridge::amqp {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

Subscription declared(QueueDeclaration declaration) {
  return test::Entry{.queue = "q", .declare = std::move(declaration)};
}
Subscription with_argument(const std::string& name, Argument value) {
  return declared({.arguments = {{name, std::move(value)}}});
}
const Subscription kTheirs = test::Entry{.queue = "q"};
const Subscription kPrivate = test::Entry{.queue = "", .bindings = {{"amq.topic", {"#"}}}};

TEST(QueueLifetime, WhichQueuesNeedTheirConsumer) {
  EXPECT_THAT(lifetime(kPrivate).needs_consumer(), HasSubstr("exclusive"));
  EXPECT_THAT(lifetime(declared(private_queue())).needs_consumer(), HasSubstr("exclusive"));
  EXPECT_THAT(lifetime(declared({.auto_delete = true})).needs_consumer(), HasSubstr("auto_delete"));
  EXPECT_THAT(lifetime(with_argument("x-expires", int64_t{8000})).needs_consumer(),
              testing::AllOf(HasSubstr("x-expires"), HasSubstr("8000 ms")));
  for (auto* name : {"x-max-length", "x-max-length-bytes", "x-message-ttl"})
    EXPECT_THAT(lifetime(with_argument(name, int64_t{9})).needs_consumer(), HasSubstr(name));
}

TEST(QueueLifetime, WhichDoNot) {
  EXPECT_THAT(lifetime(kTheirs).needs_consumer(), IsEmpty()) << "nothing is known of it";
  EXPECT_THAT(lifetime(declared({})).needs_consumer(), IsEmpty());
  EXPECT_THAT(lifetime(declared({.durable = false})).needs_consumer(), IsEmpty());
  EXPECT_THAT(lifetime(with_argument("x-queue-type", std::string("quorum"))).needs_consumer(), IsEmpty());
  auto refusing = with_argument("x-max-length", int64_t{9});
  refusing.declare->arguments["x-overflow"] = std::string("reject-publish");
  EXPECT_THAT(lifetime(refusing).needs_consumer(), IsEmpty()) << "it refuses what is new and keeps what it has";
}

TEST(QueueSetup, TheFirstTimeNothingIsLost) {
  for (auto& subscription : {kPrivate, kTheirs, declared({}), declared(private_queue())})
    EXPECT_THAT(QueueSetup(subscription).lost(), IsEmpty());
}

TEST(QueueSetup, WhatLastsAsLongAsItsConnectionHasLostSomethingAtEachReconnect) {
  for (auto& subscription : {kPrivate, declared(private_queue())}) {
    QueueSetup setup(subscription);
    EXPECT_TRUE(setup.kept_by_connection());
    setup.declared("amq.gen-1");
    setup.consuming();
    EXPECT_THAT(setup.lost(), IsEmpty()) << "another channel of the same connection finds everything";
    setup.connection_ended();
    setup.declared("amq.gen-2");
    EXPECT_THAT(setup.lost(), HasSubstr("published meanwhile"));
    setup.consuming();
    EXPECT_THAT(setup.lost(), IsEmpty()) << "said once";
  }
}

TEST(QueueSetup, TheNameThatTheServerGaveHoldsForItsConnection) {
  QueueSetup setup(kPrivate);
  EXPECT_EQ(setup.name(), "");
  setup.declared("amq.gen-1");
  EXPECT_EQ(setup.name(), "amq.gen-1");
  setup.connection_ended();
  EXPECT_EQ(setup.name(), "");
  QueueSetup named(kTheirs);
  named.declared("q");
  EXPECT_EQ(named.name(), "q");
}

TEST(QueueSetup, AQueueThatWasDeletedMeanwhileIsMadeAnewAndThatIsSaid) {
  auto subscription = declared({.auto_delete = true});
  QueueSetup setup(subscription);
  EXPECT_FALSE(setup.make_it()) << "it was declared, not looked for: a 404 is about something else";
  setup.consuming();
  setup.connection_ended();
  EXPECT_THAT(setup.lost(), IsEmpty()) << "it is still there";
  EXPECT_TRUE(setup.make_it());
  EXPECT_FALSE(setup.make_it()) << "once on a connection";
  EXPECT_THAT(setup.lost(), HasSubstr("was deleted"));
  setup.consuming();
  EXPECT_THAT(setup.lost(), IsEmpty());
}

TEST(QueueSetup, AQueueThatIsUsedAsItIsIsOnlyLookedForTheFirstTime) {
  auto subscription = declared({});
  subscription.passive_first = true;
  QueueSetup setup(subscription);
  EXPECT_TRUE(setup.make_it());
  EXPECT_THAT(setup.lost(), IsEmpty()) << "the bridge had none before";
}

TEST(QueueSetup, SomebodyElsesIsNeverMade) {
  QueueSetup setup(kTheirs);
  setup.consuming();
  setup.connection_ended();
  EXPECT_FALSE(setup.make_it());
}

TEST(QueueSetup, RefusalsSayWhatToDoAndWhetherTryingSoonHelps) {
  auto subscription = declared({});
  QueueSetup ours(subscription), theirs(kTheirs);
  auto refused = theirs.refused(404, "404 NOT_FOUND - no queue 'q' in vhost '/'");
  EXPECT_THAT(refused.error.text, testing::AllOf(HasSubstr("404 NOT_FOUND - no queue 'q'"), HasSubstr("declare: {}")));
  EXPECT_FALSE(refused.lasting) << "it may be made at any time";
  EXPECT_THAT(ours.refused(404, "404 NOT_FOUND - no exchange 'x' in vhost '/'").error.text,
              HasSubstr("make the exchange"));
  refused = ours.refused(406, "406 PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for queue 'q'");
  EXPECT_THAT(refused.error.text, testing::AllOf(HasSubstr("'x-queue-type'"), HasSubstr("leave `declare` out")));
  EXPECT_TRUE(refused.lasting);
  EXPECT_THAT(ours.refused(403, "403 ACCESS_REFUSED - access to queue 'q' refused").error.text,
              HasSubstr("permission"));
  EXPECT_THAT(ours.refused(403, "403 ACCESS_REFUSED - queue 'q' in exclusive use").error.text,
              HasSubstr("another consumer"));
  EXPECT_TRUE(theirs.refused(405, "405 RESOURCE_LOCKED").lasting) << "it is exclusive to somebody else";
}

TEST(QueueSetup, OurOwnExclusiveQueueIsFreeSoon) {
  auto subscription = declared(private_queue());
  QueueSetup setup(subscription);
  EXPECT_TRUE(setup.refused(405, "405 RESOURCE_LOCKED").lasting) << "somebody else has it";
  setup.consuming();
  setup.connection_ended();
  auto refused = setup.refused(405, "405 RESOURCE_LOCKED");
  EXPECT_FALSE(refused.lasting);
  EXPECT_THAT(refused.error.text, HasSubstr("the connection before"));
}

// RabbitMQ 4 answers with the whole connection.
TEST(QueueSetup, ATransientQueueThatTheBrokerDoesNotPermit) {
  auto subscription = declared({.durable = false});
  auto refused = QueueSetup(subscription)
                     .refused(541,
                              "closed by the broker: 541 INTERNAL_ERROR - Feature `transient_nonexcl_queues` is "
                              "deprecated. Its use is not permitted");
  EXPECT_THAT(refused.error.text, HasSubstr("durable: false"));
  EXPECT_TRUE(refused.lasting);
  EXPECT_FALSE(QueueSetup(subscription).refused(541, "closed by the broker: 541 INTERNAL_ERROR").lasting)
      << "a cluster that is about to lose or find its majority says no more";
}

}  // namespace
}  // namespace mombridge::amqp
