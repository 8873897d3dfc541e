#include <atomic>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include "handler/worker/outbox.hpp"

namespace mombridge::handler::worker {
namespace {

TEST(WorkerOutbox, IsFinishedWhenAnotherThreadHasWrittenWhatWasAddedLast) {
  int both[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, both), 0);
  Fd ours(both[0]), theirs(both[1]);
  std::atomic<bool> gone{false};
  Outbox outbox(ours.get(), [&] { gone = true; });
  // More than the socket takes, so that its writer waits for the reader.
  const std::string large(8 << 20, 'x'), last = "the last";
  std::jthread writer([&] { outbox.send([&](FrameBuffer& out) { out.append(large); }); });
  char byte = 0;
  ASSERT_EQ(::recv(theirs.get(), &byte, 1, 0), 1);
  outbox.send([&](FrameBuffer& out) { out.append(last); });
  size_t read = 1;
  std::string end;
  std::jthread reader([&] {
    std::string bytes(1 << 16, '\0');
    for (ssize_t n = 0; (n = ::recv(theirs.get(), bytes.data(), bytes.size(), 0)) > 0;) {
      read += static_cast<size_t>(n);
      end = (end + bytes.substr(0, static_cast<size_t>(n)));
      end = end.substr(end.size() - std::min(end.size(), last.size()));
    }
  });
  outbox.finish();
  ::shutdown(ours.get(), SHUT_WR);  // as the end of the process does
  reader.join();
  EXPECT_EQ(read, large.size() + last.size());
  EXPECT_EQ(end, last);
  EXPECT_FALSE(gone);
}

}  // namespace
}  // namespace mombridge::handler::worker
