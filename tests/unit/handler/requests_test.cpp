#include "handler/requests.hpp"

#include "running.hpp"

namespace mombridge::handler::test {
namespace {

const TimePoint kSoon = Clock::now() - 1s, kNever = Clock::now() + 24h;
Verdict ok() { return {}; }

/// Opens a request, and completes it while handle() runs: nothing is finished by that.
mombridge_request_id complete_early(Requests& requests, TestCall& call, TimePoint deadline) {
  auto id = requests.open(call, deadline);
  std::optional<Requests::Finished> finished;
  EXPECT_EQ(requests.complete(id, ok(), finished), Requests::Completion::taken);
  EXPECT_FALSE(finished);
  return id;
}

TEST(Requests, NothingIsFinishedWhileHandleRuns) {
  Requests requests;
  TestCall call;
  auto id = complete_early(requests, call, kNever);
  std::optional<Requests::Finished> finished;
  auto returned = requests.returned(id, std::nullopt);
  ASSERT_TRUE(returned.finished);
  EXPECT_EQ(returned.finished->call, &call);
  EXPECT_EQ(returned.finished->verdict.kind, Verdict::Kind::ok);
  EXPECT_EQ(requests.complete(id, ok(), finished), Requests::Completion::not_open);
}

TEST(Requests, ACompletionComesAfterHandle) {
  Requests requests;
  TestCall call;
  auto id = requests.open(call, kNever);
  EXPECT_FALSE(requests.returned(id, std::nullopt).finished);
  std::optional<Requests::Finished> finished;
  EXPECT_EQ(requests.complete(id, ok(), finished), Requests::Completion::taken);
  ASSERT_TRUE(finished);
  EXPECT_EQ(requests.complete(id, ok(), finished), Requests::Completion::not_open);
}

TEST(Requests, IdsAreNeverUsedAgain) {
  Requests one, other;
  TestCall call;
  auto first = one.open(call, kNever);
  auto second = other.open(call, kNever);
  EXPECT_NE(first, second);
  EXPECT_NE(first, 0u);
}

TEST(Requests, OverdueOnceEach) {
  Requests requests;
  TestCall running, answered, open;
  auto a = requests.open(running, kSoon);
  auto b = requests.open(answered, kSoon);
  auto c = requests.open(open, kSoon);
  TestCall later;
  requests.open(later, kNever);
  std::optional<Requests::Finished> finished;
  EXPECT_EQ(requests.returned(b, ok()).finished->call, &answered);
  EXPECT_EQ(requests.returned(c, std::nullopt).finished->verdict.kind, Verdict::Kind::retry);  // late already
  EXPECT_EQ(requests.next_deadline(), kSoon);
  auto overdue = requests.overdue(Clock::now());
  ASSERT_TRUE(overdue);
  EXPECT_TRUE(overdue->running);
  EXPECT_EQ(overdue->finished.call, &running);
  EXPECT_EQ(overdue->finished.verdict.kind, Verdict::Kind::reject);
  EXPECT_EQ(requests.written_off(), 1u);
  EXPECT_FALSE(requests.overdue(Clock::now()));
  EXPECT_EQ(requests.next_deadline(), kNever);
  // What it says now is too late, and its thread is there again.
  EXPECT_EQ(requests.complete(a, ok(), finished), Requests::Completion::not_open);
  auto returned = requests.returned(a, ok());
  EXPECT_FALSE(returned.finished);
  EXPECT_TRUE(returned.written_off);
  EXPECT_EQ(requests.written_off(), 0u);
}

TEST(Requests, OverdueEndsWhatNobodyAnswered) {
  Requests requests;
  TestCall call;
  auto id = requests.open(call, Clock::now() + 50ms);
  EXPECT_FALSE(requests.returned(id, std::nullopt).finished);
  auto overdue = requests.overdue(kNever);
  ASSERT_TRUE(overdue);
  EXPECT_FALSE(overdue->running);
  EXPECT_EQ(overdue->finished.call, &call);
  std::optional<Requests::Finished> finished;
  EXPECT_EQ(requests.complete(id, ok(), finished), Requests::Completion::not_open);
  EXPECT_FALSE(requests.next_deadline());
}

// It has answered, and does not come back even so: its answer counts.
TEST(Requests, OverdueTakesWhatWasCompletedMeanwhile) {
  Requests requests;
  TestCall call;
  auto id = complete_early(requests, call, kSoon);
  auto overdue = requests.overdue(Clock::now());
  ASSERT_TRUE(overdue);
  EXPECT_TRUE(overdue->running);
  EXPECT_EQ(overdue->finished.verdict.kind, Verdict::Kind::ok);
  EXPECT_TRUE(requests.returned(id, std::nullopt).written_off);
}

TEST(Requests, CloseGivesBackAllButWhatIsInHandle) {
  Requests requests;
  TestCall running, open;
  auto first = requests.open(running, kNever);
  auto id = requests.open(open, kNever);
  EXPECT_FALSE(requests.returned(id, std::nullopt).finished);
  requests.close();
  EXPECT_EQ(open.times, 1);
  EXPECT_EQ(open.verdict.kind, Verdict::Kind::retry);
  EXPECT_EQ(running.times, 0);
  auto late = requests.returned(first, ok());
  ASSERT_TRUE(late.finished);
  requests.hand_over(*late.finished);
  EXPECT_EQ(running.times, 0) << "its owner may be gone";
}

}  // namespace
}  // namespace mombridge::handler::test
