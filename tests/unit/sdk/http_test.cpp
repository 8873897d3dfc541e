// http.so with many messages at a time, through the fake bridge and a server of its own. What becomes of one message is
// in test_http.py.
#include <chrono>
#include <condition_variable>
#include <httplib.h>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mombridge/testing.hpp"

namespace mombridge::sdk::testing {
namespace {

using ::testing::HasSubstr;

constexpr std::chrono::seconds kPatience(60);

// Answers when so many requests are there at the same time as it waits for.
class Server {
 public:
  explicit Server(std::size_t awaited) : awaited_(awaited) {
    server_.new_task_queue = [] { return new httplib::ThreadPool(32); };
    server_.Post("/together", [this](const httplib::Request&, httplib::Response& response) {
      std::unique_lock lock(mutex_);
      peak_ = std::max(peak_, ++here_);
      changed_.notify_all();
      changed_.wait_for(lock, kPatience, [this] { return peak_ >= awaited_ || over_; });
      --here_;
      response.set_content("done", "text/plain");
    });
    server_.Post("/busy", [this](const httplib::Request&, httplib::Response& response) {
      const std::lock_guard lock(mutex_);
      times_.push_back(std::chrono::steady_clock::now());
      response.status = times_.size() == 1 ? 503 : 200;
      if (response.status == 503) response.set_header("Retry-After", "1");
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  ~Server() {
    release();
    server_.stop();
    thread_.join();
  }

  std::string url(const std::string& path) const { return "http://127.0.0.1:" + std::to_string(port_) + path; }
  void release() {
    const std::lock_guard lock(mutex_);
    over_ = true;
    changed_.notify_all();
  }
  bool wait_for(std::size_t here) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return peak_ >= here; });
  }
  std::size_t peak() {
    const std::lock_guard lock(mutex_);
    return peak_;
  }
  std::vector<std::chrono::steady_clock::time_point> times() {
    const std::lock_guard lock(mutex_);
    return times_;
  }

 private:
  httplib::Server server_;
  int port_ = 0;
  std::thread thread_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::size_t awaited_, here_ = 0, peak_ = 0;
  bool over_ = false;
  std::vector<std::chrono::steady_clock::time_point> times_;
};

TEST(Http, HasAsManyRequestsAtATimeAsItMay) {
  Server server(8);
  FakeHost bridge(open_plugin(HTTP_SO));
  bridge.config("url", server.url("/together")).config("connections", "8").config("timeout", "5m").start();
  std::vector<mombridge_request_id> ids;
  for (int i = 0; i < 20; ++i) ids.push_back(bridge.send({.target = "x", .body = std::to_string(i)}));
  for (const auto id : ids) {
    const auto end = bridge.wait(id, kPatience);
    ASSERT_TRUE(end && end->reply) << (end ? end->error : "still open");
    EXPECT_EQ(end->reply->body, "done");
  }
  EXPECT_EQ(server.peak(), 8u);
  EXPECT_EQ(bridge.counts()["requests"], 20u);
}

TEST(Http, GivesBackWhatIsNotAnsweredAtItsStop) {
  Server server(99);
  FakeHost bridge(open_plugin(HTTP_SO));
  bridge.config("url", server.url("/together")).config("connections", "1").config("timeout", "5m").start();
  const auto sent = bridge.send({.target = "x"}), waiting = bridge.send({.target = "x"});
  ASSERT_TRUE(server.wait_for(1));
  bridge.stop();
  EXPECT_EQ(bridge.wait(sent)->verdict, Status::retry);
  EXPECT_EQ(bridge.wait(waiting)->verdict, Status::retry);
}

TEST(Http, LeavesAnEndpointAloneForAsLongAsItAsks) {
  Server server(1);
  FakeHost bridge(open_plugin(HTTP_SO));
  bridge.config("url", server.url("/busy")).config("connections", "1").config("timeout", "5m").start();
  const auto first = bridge.send({.target = "x"}), second = bridge.send({.target = "x"});
  EXPECT_EQ(bridge.wait(first, kPatience)->verdict, Status::retry);
  EXPECT_THAT(bridge.wait(first)->error, HasSubstr("HTTP/1.1 503"));
  EXPECT_EQ(bridge.wait(second, kPatience)->verdict, Status::ok);
  ASSERT_EQ(server.times().size(), 2u);
  EXPECT_GE(server.times()[1] - server.times()[0], std::chrono::milliseconds(990));
  EXPECT_EQ(bridge.counts()["pauses"], 1u);
}

TEST(Http, GivesBackWhatExpiresWhileItWaits) {
  Server server(99);
  FakeHost bridge(open_plugin(HTTP_SO));
  bridge.config("url", server.url("/together")).config("connections", "1").config("timeout", "5m").start();
  const auto sent = bridge.send({.target = "x"});
  ASSERT_TRUE(server.wait_for(1));
  const auto late = bridge.send({.target = "x", .deadline_ms = 1});
  EXPECT_EQ(bridge.wait(late, kPatience)->error, "its time was over before it could be sent");
  EXPECT_FALSE(bridge.wait(sent, std::chrono::milliseconds(1)));
}

TEST(Http, APauseIsNoLongerThanItIsAllowed) {
  Server server(1);
  FakeHost bridge(open_plugin(HTTP_SO));
  bridge.config("url", server.url("/busy")).config("max_retry_after", "0s").config("timeout", "5m").start();
  EXPECT_EQ(bridge.wait(bridge.send({.target = "x"}), kPatience)->verdict, Status::retry);
  EXPECT_EQ(bridge.wait(bridge.send({.target = "x"}), kPatience)->verdict, Status::ok);
  EXPECT_FALSE(bridge.counts().contains("pauses"));
}

}  // namespace
}  // namespace mombridge::sdk::testing
