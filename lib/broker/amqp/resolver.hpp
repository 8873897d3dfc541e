#pragma once
// Name resolution off the loop: getaddrinfo blocks for as long as the resolver's time-outs say.

#include <functional>
#include <memory>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <vector>

#include "base/event_loop.hpp"
#include "base/result.hpp"

namespace mombridge::amqp {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  int family = AF_UNSPEC;
};

/// One lookup. Dropping it forgets the answer; the helper thread ends by itself.
class Resolution {
 public:
  using Callback = std::function<void(Result<std::vector<Address>>)>;

  /// [loop] Calls back on the loop's thread, never before this returns. The loop must not be destroyed before this.
  Resolution(EventLoop& loop, const std::string& host, const std::string& port, Callback callback);
  ~Resolution();

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace mombridge::amqp
