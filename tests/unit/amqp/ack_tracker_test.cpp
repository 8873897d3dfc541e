#include "broker/amqp/ack_tracker.hpp"

#include <algorithm>
#include <random>
#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace mombridge::amqp {
namespace {

/// The broker's side: what it has delivered on the channel and not been told about. What RabbitMQ would close the
/// channel for fails the test.
class Channel {
 public:
  uint64_t deliver() {
    tracker.delivered();
    unsettled_.insert(++last_);
    return last_;
  }
  void flush(uint64_t patience = 0, bool all = false) {
    tracker.flush(
        patience, all, [this](uint64_t tag) { multiple(tag); }, [this](uint64_t tag) { single(tag); });
  }
  void nack(uint64_t tag) {
    EXPECT_EQ(unsettled_.erase(tag), 1u) << "nacked twice: " << tag;
    tracker.nacked(tag);
  }
  [[nodiscard]] const std::set<uint64_t>& unsettled() const { return unsettled_; }

  AckTracker tracker;
  std::vector<uint64_t> multiples, singles;

 private:
  void multiple(uint64_t tag) {
    // rabbit_channel:collect_acks/3: also with `multiple`, the tag itself must be one that it waits for.
    EXPECT_TRUE(unsettled_.contains(tag)) << "unknown delivery tag " << tag;
    unsettled_.erase(unsettled_.begin(), unsettled_.upper_bound(tag));
    multiples.push_back(tag);
  }
  void single(uint64_t tag) {
    EXPECT_EQ(unsettled_.erase(tag), 1u) << "unknown delivery tag " << tag;
    singles.push_back(tag);
  }
  std::set<uint64_t> unsettled_;
  uint64_t last_ = 0;
};

using Tags = std::vector<uint64_t>;

TEST(AckTracker, OneAckForEverythingUpToTheFirstOpenOne) {
  Channel c;
  for (int i = 0; i < 10; ++i) c.deliver();
  for (uint64_t t : {3, 1, 2, 5}) c.tracker.accepted(t);
  c.flush(100);
  EXPECT_EQ(c.multiples, Tags{3});
  EXPECT_EQ(c.singles, Tags{});
  EXPECT_EQ(c.tracker.gathered(), 1u);
  c.flush(100);
  EXPECT_EQ(c.multiples, Tags{3}) << "nothing new, nothing said";
  c.tracker.accepted(4);
  c.flush(100);
  EXPECT_EQ(c.multiples, (Tags{3, 5}));
}

TEST(AckTracker, WhatGathersAboveAnOpenOneIsAcknowledgedOneByOne) {
  Channel c;
  for (int i = 0; i < 10; ++i) c.deliver();
  for (uint64_t t = 2; t <= 5; ++t) c.tracker.accepted(t);
  c.flush(4);
  EXPECT_EQ(c.singles, Tags{}) << "not more than the patience";
  c.tracker.accepted(6);
  c.flush(4);
  EXPECT_EQ(c.singles, (Tags{2, 3, 4, 5, 6}));
  EXPECT_EQ(c.tracker.gathered(), 0u);
  c.tracker.accepted(8);
  c.flush(4, true);
  EXPECT_EQ(c.singles.back(), 8u) << "all means all";
  c.tracker.accepted(1);
  c.flush(4);
  EXPECT_EQ(c.multiples, Tags{1}) << "those said already are passed over";
  EXPECT_EQ(c.unsettled(), (std::set<uint64_t>{7, 9, 10}));
}

TEST(AckTracker, NackedOnesAreNotAcknowledged) {
  Channel c;
  for (int i = 0; i < 4; ++i) c.deliver();
  c.nack(1);
  c.nack(2);
  c.flush();
  EXPECT_EQ(c.multiples, Tags{}) << "an ack of tags that are settled closes the channel";
  c.tracker.accepted(3);
  c.nack(4);
  c.flush();
  EXPECT_EQ(c.multiples, Tags{3}) << "4 is settled already, so an ack up to it would close the channel";
  EXPECT_TRUE(c.unsettled().empty());
}

TEST(AckTracker, AgreesWithASimpleModelInAnyOrder) {
  std::mt19937 random(4711);
  for (int round = 0; round < 300; ++round) {
    Channel c;
    std::vector<uint64_t> open;
    std::set<uint64_t> accepted;
    size_t window = 1 + random() % 60;
    for (int step = 0; step < 400; ++step) {
      if (open.size() < window && random() % 2) open.push_back(c.deliver());
      if (!open.empty() && random() % 2) {
        std::swap(open[random() % open.size()], open.back());
        if (random() % 8)
          c.tracker.accepted(open.back()), accepted.insert(open.back());
        else
          c.nack(open.back());
        open.pop_back();
      }
      if (random() % 3 == 0) {
        c.flush(window / 2, random() % 16 == 0);
        for (auto tag : open) EXPECT_TRUE(c.unsettled().contains(tag)) << "acknowledged before it was settled: " << tag;
        EXPECT_LE(c.tracker.gathered(), window / 2 + 1);
      }
    }
    c.flush(0, true);
    std::ranges::sort(open);
    EXPECT_EQ(Tags(c.unsettled().begin(), c.unsettled().end()), open) << "and what was accepted is said in the end";
  }
}

}  // namespace
}  // namespace mombridge::amqp
