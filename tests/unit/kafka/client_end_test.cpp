// A client that does not come to its end in time.

#include "broker/kafka/client_end.hpp"

#include <atomic>
#include <condition_variable>
#include <dlfcn.h>
#include <mutex>
#include <sys/socket.h>

#include "base/counters.hpp"
#include "broker/kafka/client.hpp"
#include "broker/kafka/producer_client.hpp"
#include "mock_cluster.hpp"
#include "parts.hpp"

namespace {

/// Keeps librdkafka's threads in sendmsg(), as a network or a machine that stands still would.
class SendGate {
 public:
  static constexpr size_t kLarge = 20'000;
  /// From now on whoever sends at least so many bytes waits.
  void close(size_t least) {
    std::lock_guard lock(mutex_);
    least_ = least;
    sent_ = 0;
  }
  void open() {
    std::lock_guard lock(mutex_);
    least_ = SIZE_MAX;
    changed_.notify_all();
  }
  ssize_t send(int fd, const msghdr* message, int flags) {
    static auto* original = reinterpret_cast<decltype(&::sendmsg)>(::dlsym(RTLD_NEXT, "sendmsg"));
    size_t size = 0;
    for (size_t i = 0; i < message->msg_iovlen; ++i) size += message->msg_iov[i].iov_len;
    bool waited = wait(size);
    auto result = original(fd, message, flags);
    if (waited && result > 0) sent_ += static_cast<size_t>(result);
    if (waited) --waiting;
    return result;
  }
  /// Bytes that were sent by those that had to wait.
  [[nodiscard]] size_t sent() const { return sent_; }
  std::atomic<int> waiting{0};

 private:
  bool wait(size_t size) {
    std::unique_lock lock(mutex_);
    if (size < least_) return false;
    ++waiting;
    changed_.wait(lock, [&] { return size < least_; });
    return true;
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t least_ = SIZE_MAX;
  std::atomic<size_t> sent_{0};
};

SendGate& gate() {
  static auto* instance = new SendGate;
  return *instance;
}

}  // namespace

// Stands before the C library's, for librdkafka as well.
extern "C" ssize_t sendmsg(int fd, const msghdr* message, int flags) { return gate().send(fd, message, flags); }

namespace mombridge::kafka {
namespace {

class ClientEnd : public PartTest {
 protected:
  void TearDown() override {
    gate().open();
    PartTest::TearDown();
  }
  static void no_more() { EXPECT_TRUE(await_clients_ended(kPatience)); }
  SharedClient client() {
    auto settings = make_settings(mock.servers(), "g", {});
    auto made = make_client(RD_KAFKA_PRODUCER, *settings, producer_properties(*settings), ClientLog::silent);
    EXPECT_TRUE(made);
    return share(std::move(*made));
  }
  MockCluster mock;
};

TEST_F(ClientEnd, ComesWithTheLastThatSharesIt) {
  auto one = client();
  std::weak_ptr<rd_kafka_t> watched = one;
  auto other = one;
  one.reset();
  EXPECT_FALSE(watched.expired());
  other.reset();
  EXPECT_TRUE(watched.expired());
  no_more();
}

TEST_F(ClientEnd, NobodyWaitsForAClientThatHangsAndItIsCounted) {
  auto before = counter("kafka_clients_left_behind").value();
  gate().close(1);
  auto hanging = client();
  ASSERT_TRUE(await([] { return gate().waiting > 0; })) << "its first request";
  auto began = Clock::now();
  hanging.reset();
  EXPECT_LT(Clock::now() - began, 1s);
  EXPECT_FALSE(await_clients_ended(10ms));
  EXPECT_TRUE(await([&] { return counter("kafka_clients_left_behind").value() == before + 1; }));
  gate().open();
  no_more();
}

TEST_F(ClientEnd, SendsNothingFromABodyThatWasGivenBack) {
  ProducerClient* producer = nullptr;
  auto publication = std::make_unique<TestPublication>("topic", std::string(10 * SendGate::kLarge, 'x'));
  auto settings = make_settings(mock.servers(), "g", {});
  on_loop([&] {
    producer = new ProducerClient(loop, [] {});
    ASSERT_TRUE(producer->make(*settings, producer_properties(*settings)));
    gate().close(SendGate::kLarge);
    unsigned dropped = 0;
    ASSERT_EQ(producer->produce(*publication, 0, false, dropped), RD_KAFKA_RESP_ERR_NO_ERROR);
  });
  ASSERT_TRUE(await([] { return gate().waiting > 0; })) << "the request with the body";
  auto under_way = producer->shared();  // a call has it
  std::vector<ProducedRecord> left;
  auto began = Clock::now();
  on_loop([&] { left = producer->end(100ms, [](auto&, auto) { ADD_FAILURE() << "reported"; }); });
  EXPECT_LT(Clock::now() - began, 2s);
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0].publication, publication.get());
  gate().open();
  ASSERT_TRUE(await([] { return gate().waiting == 0; }));
  EXPECT_EQ(gate().sent(), 0u);
  publication.reset();
  under_way.reset();
  on_loop([&] { delete producer; });
  no_more();
}

}  // namespace
}  // namespace mombridge::kafka
