#include "admin/status_question.hpp"

#include <atomic>
#include <future>

#include <gtest/gtest.h>

namespace mombridge::admin {
namespace {

class StatusQuestionTest : public testing::Test {
 protected:
  StatusQuestionTest() {
    main_.start();
    own_.start();
  }
  ~StatusQuestionTest() override {
    own_.stop();
    main_.call([this] { question.reset(); });
    main_.stop();
  }

  /// What the answer says; nothing: there was none in time.
  std::future<std::optional<std::string>> ask(bool wants_figures = false) {
    auto said = std::make_shared<std::promise<std::optional<std::string>>>();
    own_.post([this, said, wants_figures] {
      question->ask(wants_figures, [said](const Status* status) {
        said->set_value(status ? std::optional(status->name) : std::nullopt);
      });
    });
    return said->get_future();
  }

  EventLoop main_{"main"}, own_{"own"};
  std::atomic<int> looks{0}, wanted{0};
  std::unique_ptr<StatusQuestion> question = std::make_unique<StatusQuestion>(
      main_, own_,
      [this](bool wants_figures) {
        EXPECT_TRUE(main_.in_loop());
        ++looks;
        if (wants_figures) ++wanted;
        Status status;
        status.name = "the bridge";
        return status;
      },
      200ms);
};

TEST_F(StatusQuestionTest, TheMainLoopAnswers) {
  EXPECT_EQ(ask().get(), "the bridge");
  EXPECT_EQ(ask().get(), "the bridge");
  EXPECT_EQ(looks, 2);
}

TEST_F(StatusQuestionTest, ABusyMainLoopIsNotWaitedFor) {
  std::promise<void> free;
  main_.post([&] { free.get_future().wait(); });
  auto first = ask(), second = ask();
  EXPECT_EQ(first.get(), std::nullopt);
  EXPECT_EQ(second.get(), std::nullopt);
  EXPECT_FALSE(question->main_stuck()) << "it is busy for less than a second";
  free.set_value();
  EXPECT_EQ(ask().get(), "the bridge") << "a late answer to another question changes nothing";
}

TEST_F(StatusQuestionTest, OneLookServesAllWhoWait) {
  std::promise<void> free;
  main_.post([&] { free.get_future().wait(); });
  auto first = ask(), second = ask();
  own_.call([] {});
  free.set_value();
  EXPECT_EQ(first.get(), "the bridge");
  EXPECT_EQ(second.get(), "the bridge");
  EXPECT_EQ(looks, 1);
}

TEST_F(StatusQuestionTest, FiguresAreWantedByThoseWhoSaySoAlone) {
  ask().get();
  EXPECT_EQ(wanted, 0);
  std::promise<void> free;
  main_.post([&] { free.get_future().wait(); });
  auto probe = ask(), scrape = ask(true);
  own_.call([] {});
  free.set_value();
  probe.get();
  scrape.get();
  EXPECT_EQ(looks, 2);
  EXPECT_EQ(wanted, 1) << "also where one look serves both";
  ask().get();
  EXPECT_EQ(wanted, 1);
}

}  // namespace
}  // namespace mombridge::admin
