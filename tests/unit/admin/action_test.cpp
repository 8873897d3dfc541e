#include "admin/action.hpp"

#include <future>
#include <thread>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace mombridge::admin {
namespace {

using namespace std::chrono_literals;

class ActionTest : public testing::Test {
 protected:
  ActionTest() {
    main.start();
    own.start();
  }
  ~ActionTest() override {
    own.stop();
    std::promise<void> gone;
    main.post([&] {
      question.reset();
      gone.set_value();
    });
    gone.get_future().wait();
    main.stop();
  }

  /// The status of what is answered to a request with this `timeout`.
  int ask(const Action& action, const std::string& timeout = "20s") {
    std::promise<int> answered;
    HttpRequest request{.method = "POST", .path = "/do", .parameters = {{"timeout", timeout}}};
    own.post([&] {
      question->ask(action, request, [&](const HttpResponse& response) { answered.set_value(response.status); });
    });
    return answered.get_future().get();
  }

  const Action quick = [](const HttpRequest&, Duration, const ActionDone& done) { done({.status = 204}); };
  EventLoop main{"main"}, own{"own"};
  std::unique_ptr<ActionQuestion> question = std::make_unique<ActionQuestion>(main, own);
};

TEST_F(ActionTest, TheActionRunsOnTheMainLoopAndMayAnswerLater) {
  std::thread::id at;
  Action at_once = [&](const HttpRequest& request, Duration patience, const ActionDone& done) {
    at = std::this_thread::get_id();
    done({.status = request.path == "/do" && patience == 20s ? 201 : 500});
  };
  EXPECT_EQ(ask(at_once), 201);
  EXPECT_NE(at, std::this_thread::get_id());
  Action later = [&](const HttpRequest&, Duration, const ActionDone& done) {
    main.after(20ms, [done] { done({.status = 202}); });
  };
  EXPECT_EQ(ask(later), 202);
}

TEST_F(ActionTest, AfterItsTimeTheAnswerIsThatItGoesOn) {
  ActionDone kept;
  Action never = [&](const HttpRequest&, Duration, const ActionDone& done) { kept = done; };
  EXPECT_EQ(ask(never, "20ms"), 504);
  main.post([&] { kept({.status = 200}); });  // belongs to nobody any more
  EXPECT_EQ(ask(quick), 204);
}

TEST_F(ActionTest, AMainLoopThatIsStuckKeepsNobodyWaiting) {
  std::promise<void> go_on;
  main.post([&, waiting = go_on.get_future().share()] { waiting.wait(); });
  bool done_then = false;
  Action action = [&](const HttpRequest&, Duration, const ActionDone& done) {
    done_then = true;
    done({});
  };
  EXPECT_EQ(ask(action, "20ms"), 504);
  go_on.set_value();
  EXPECT_EQ(ask(quick), 204);
  EXPECT_TRUE(done_then);
}

TEST_F(ActionTest, WhatIsNoDurationIsRefused) {
  Action action = [](const HttpRequest&, Duration, const ActionDone& done) { done({}); };
  for (auto* text : {"", "x", "0", "-1s"}) EXPECT_EQ(ask(action, text), 400) << text;
}

TEST_F(ActionTest, ItsEndIsSurvivedByWhatIsUnderWay) {
  ActionDone kept;
  std::promise<void> begun;
  Action action = [&](const HttpRequest&, Duration, const ActionDone& done) {
    kept = done;
    begun.set_value();
  };
  own.post([&] { question->ask(action, {}, [](const HttpResponse&) { FAIL(); }); });
  begun.get_future().wait();
  own.stop();
  std::promise<void> gone;
  main.post([&] {
    question.reset();
    kept({});
    gone.set_value();
  });
  gone.get_future().wait();
}

TEST(ErrorResponse, IsReadAgain) {
  auto response = error_response(409, "a \"b\"\n");
  EXPECT_EQ(response.status, 409);
  EXPECT_EQ(nlohmann::json::parse(response.body)["error"], "a \"b\"\\x0a");
  EXPECT_EQ(error_of(response.body), "a \"b\"\\x0a");
  EXPECT_EQ(error_of("plain\nwords"), "plain");
}

}  // namespace
}  // namespace mombridge::admin
