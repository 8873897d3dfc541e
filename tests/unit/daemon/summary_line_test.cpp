#include "daemon/summary_line.hpp"

#include <atomic>
#include <optional>
#include <thread>

#include <gmock/gmock.h>

#include "base/log.hpp"
#include "routing/route_counts.hpp"

namespace mombridge {
namespace {

using testing::HasSubstr;

size_t lines_in(const std::string& text) {
  size_t count = 0;
  for (size_t at = 0; (at = text.find("\"msg\":\"summary\"", at)) != std::string::npos; ++at) ++count;
  return count;
}

/// The interval is asked for twice in each look, so that a test knows how many have been.
class SummaryLineTest : public testing::Test {
 protected:
  SummaryLineTest() {
    testing::internal::CaptureStderr();
    log::init(log::Level::info, log::Format::json);
    loop_.start();
    loop_.call([this] {
      line_.emplace(loop_, [this] {
        ++asked_;
        return interval.load();
      });
    });
  }
  ~SummaryLineTest() override { loop_.stop(); }

  void wait_for_looks(unsigned looks) {
    auto enough = asked_ + 2 * looks;
    for (auto end = Clock::now() + 60s; asked_ < enough && Clock::now() < end;) std::this_thread::sleep_for(1ms);
    ASSERT_GE(asked_, enough);
  }
  void between_looks(const EventLoop::Task& task) { loop_.call(task); }
  std::string end() {
    loop_.call([this] { line_.reset(); });
    return testing::internal::GetCapturedStderr();
  }

  std::atomic<Duration> interval{20ms};
  Counter& received = routing::received_messages().at({"summary", "q"}).messages;

 private:
  std::atomic<unsigned> asked_{0};
  EventLoop loop_{"main"};
  std::optional<SummaryLine> line_;
};

TEST_F(SummaryLineTest, IsThereOnceForWhatMoved) {
  wait_for_looks(2);
  received.add(5);
  wait_for_looks(3);
  auto log = end();
  EXPECT_EQ(lines_in(log), 1u) << log;
  EXPECT_THAT(log, HasSubstr("\"received\":5,"));
}

TEST_F(SummaryLineTest, IsNotThereWhereItIsOff) {
  wait_for_looks(1);
  between_looks([this] {
    interval = Duration::zero();
    received.add(5);
  });
  wait_for_looks(1);
  EXPECT_EQ(lines_in(end()), 0u);
}

}  // namespace
}  // namespace mombridge
