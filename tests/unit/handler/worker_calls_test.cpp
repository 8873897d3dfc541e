// What becomes of each call when its worker ends; without a process.

#include "handler/abi.hpp"
#include "handler/worker/calls.hpp"
#include "running.hpp"

namespace mombridge::handler::worker {
namespace {

using handler::test::TestCall;
using testing::ElementsAre;
using testing::HasSubstr;

/// A handler's calls, and a worker that is played by the test.
class WorkerCalls : public testing::Test {
 protected:
  WorkerCalls() {
    Fd ignored;
    page = std::move(*Page::make(ignored));
    for (int i = 0; i < 5; ++i) all.push_back(std::make_unique<TestCall>(std::to_string(i)));
  }

  void add_all() {
    for (auto& call : all) calls.add(*call);
  }
  /// Sends what may be sent. Returns the bodies, and keeps the ids.
  std::vector<std::string> send() {
    FrameBuffer out;
    calls.send(out, slots);
    std::vector<std::string> bodies;
    FrameStream stream;
    if (out.size()) std::memcpy(stream.room(out.size()), out.data(), out.size());
    stream.arrived(out.size());
    for (auto frame = stream.next(); frame && *frame; frame = stream.next()) {
      ByteReader reader((*frame)->fields);
      ids.push_back(reader.number<uint64_t>());
      WireMessage message;
      EXPECT_TRUE(message.read(reader, stream.files()));
      bodies.emplace_back(view(message.get()->body));
    }
    return bodies;
  }
  /// handle() was called for so many of those that were sent.
  void begin(size_t count) { page.content().begun = ids[count - 1]; }
  void answer(size_t index) {
    FrameBuffer out;
    write_result(out, {.id = ids[index], .how = WireResult::How::completed}, nullptr);
    BodyFiles none;
    EXPECT_TRUE(calls.result(ByteReader(out.view().substr(5)), none, slots));
  }
  Calls::Lost end_worker() {
    ids.clear();
    return calls.worker_ended(page, "the worker was killed by SIGSEGV");
  }
  [[nodiscard]] std::vector<int> finished() const {
    std::vector<int> times;
    for (auto& call : all) times.push_back(call->times);
    return times;
  }

  static config::Handler played() {
    config::Handler config;
    config.name = "played";
    config.timeout = 10ms;
    return config;
  }

  const config::Handler config = played();
  HostFrames host{"played", [] {}};
  Page page;
  BodySlots slots{page};
  std::vector<std::unique_ptr<TestCall>> all;
  Calls calls{config, host};
  std::vector<mombridge_request_id> ids;
};

TEST_F(WorkerCalls, GoTogetherAndEndOnce) {
  add_all();
  EXPECT_THAT(send(), ElementsAre("0", "1", "2", "3", "4"));
  EXPECT_THAT(send(), ElementsAre());
  answer(3);
  answer(3);
  answer(0);
  EXPECT_THAT(finished(), ElementsAre(1, 0, 0, 1, 0));
  EXPECT_EQ(all[3]->verdict.kind, Verdict::Kind::ok);
  calls.give_back_all(page);
  EXPECT_THAT(finished(), ElementsAre(1, 1, 1, 1, 1));
  EXPECT_EQ(all[4]->verdict.reason, "the bridge is stopping");
}

TEST_F(WorkerCalls, WhatHadBegunGoesAloneAndTheRestTogether) {
  add_all();
  send();
  begin(3);
  answer(0);
  auto lost = end_worker();
  EXPECT_EQ(lost.calls, 4u);
  EXPECT_FALSE(lost.rejected);
  EXPECT_THAT(send(), ElementsAre("1"));
  EXPECT_THAT(send(), ElementsAre()) << "nothing goes beside a suspect";
  answer(0);
  EXPECT_THAT(send(), ElementsAre("2"));
  answer(1);
  EXPECT_THAT(send(), ElementsAre("3", "4"));
  EXPECT_THAT(finished(), ElementsAre(1, 1, 1, 0, 0));
  for (size_t i = 2; i < 4; ++i) answer(i);
}

TEST_F(WorkerCalls, WhatEndsTwoWorkersIsRejected) {
  add_all();
  send();
  begin(1);
  end_worker();
  EXPECT_THAT(send(), ElementsAre("0"));
  begin(1);
  EXPECT_TRUE(end_worker().rejected);
  EXPECT_EQ(all[0]->verdict.kind, Verdict::Kind::reject);
  EXPECT_EQ(all[0]->verdict.reason,
            "the worker was killed by SIGSEGV while it had this message alone, as one before it had ended with it");
  EXPECT_THAT(send(), ElementsAre("1", "2", "3", "4"));
  EXPECT_THAT(finished(), ElementsAre(1, 0, 0, 0, 0));
  calls.give_back_all(page);
}

// A worker that ends by itself, whatever it gets, must not cost one message after the other.
TEST_F(WorkerCalls, WhatHadNotBegunAloneIsTriedOnceMoreAndNotForEver) {
  add_all();
  send();
  begin(1);
  end_worker();
  page.content().begun = 0;
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(send(), ElementsAre("0"));
    EXPECT_FALSE(end_worker().rejected);
  }
  EXPECT_THAT(send(), ElementsAre("0"));
  EXPECT_TRUE(end_worker().rejected) << "and not for ever";
  calls.give_back_all(page);
}

TEST_F(WorkerCalls, AThreadThatIsInHandleNamesItsCall) {
  add_all();
  send();
  page.content().running[7] = ids[2];
  end_worker();
  EXPECT_THAT(send(), ElementsAre("2"));
  calls.give_back_all(page);
}

TEST_F(WorkerCalls, AHandleThatDoesNotReturnIsTheOnlyCause) {
  add_all();
  send();
  begin(3);
  page.content().running[0] = ids[1];
  FrameBuffer out;
  EXPECT_FALSE(calls.look(page, out));
  std::optional<std::string> reason;
  EXPECT_TRUE(handler::test::eventually([&] { return (reason = calls.look(page, out)).has_value(); }));
  EXPECT_EQ(*reason, "handle() had not returned after 10ms");
  EXPECT_EQ(end_worker().calls, 5u);
  EXPECT_THAT(send(), ElementsAre("1"));
  answer(0);
  EXPECT_THAT(send(), ElementsAre("0", "2", "3", "4")) << "the others have nothing to do with it";
  calls.give_back_all(page);
}

TEST_F(WorkerCalls, ALateAnswerCostsAnAttemptAndNoWorker) {
  add_all();
  send();
  begin(2);
  FrameBuffer out;
  EXPECT_TRUE(handler::test::eventually([&] {
    EXPECT_FALSE(calls.look(page, out));
    return all[1]->times > 0;
  }));
  EXPECT_EQ(all[0]->verdict.reason, "the handler did not answer in time");
  EXPECT_EQ(all[1]->verdict.kind, Verdict::Kind::retry);
  EXPECT_GT(out.size(), 0u) << "the worker hears of it";
  answer(0);
  EXPECT_THAT(finished(), ElementsAre(1, 1, 0, 0, 0)) << "an answer after that hits nothing";
  calls.give_back_all(page);
}

TEST_F(WorkerCalls, APageThatWasWrittenOverDoesNotSaveTheCause) {
  add_all();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(send().size(), 5u);
    end_worker();  // it says that nothing had begun
  }
  EXPECT_EQ(send().size(), 5u);
  end_worker();
  EXPECT_THAT(send(), ElementsAre("0")) << "from the third death on each goes alone";
  calls.give_back_all(page);
}

TEST_F(WorkerCalls, AWorkerThatAsksAndDoesNotReadBreaksTheProtocol) {
  FrameBuffer out, question;
  BodyFiles none;
  FrameWriter(question, FrameType::find_broker).text("shop");
  Frame frame{FrameType::find_broker, question.view().substr(5)};
  EXPECT_TRUE(*host.take(frame, none, out));
  (void)out.extend(kLargestFrame);  // one call that is on its way
  EXPECT_TRUE(*host.take(frame, none, out));
  (void)out.extend(size_t{64} << 20);
  EXPECT_EQ(host.take(frame, none, out).error().text, "it does not read what it is sent");
}

TEST_F(WorkerCalls, WhatCannotBeSentIsRejected) {
  std::string_view huge("x", size_t{1} << 40);  // never read
  all[0]->content.body = huge;
  add_all();
  EXPECT_EQ(send().size(), 4u);
  EXPECT_EQ(all[0]->verdict.kind, Verdict::Kind::reject);
  EXPECT_THAT(all[0]->verdict.reason, HasSubstr("the body has 1099511627776 bytes"));
  calls.give_back_all(page);
}

}  // namespace
}  // namespace mombridge::handler::worker
