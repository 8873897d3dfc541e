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

/// The addresses of a host and a port, in the order in which they should be tried. May block. [any thread]
using Lookup = std::function<Result<std::vector<Address>>(const std::string& host, const std::string& port)>;

/// A Lookup that asks the system.
Result<std::vector<Address>> look_up(const std::string& host, const std::string& port);

/// One lookup on a thread of its own. Destroying it forgets the answer; the thread ends by itself.
class Resolution {
 public:
  using Callback = std::function<void(Result<std::vector<Address>>)>;

  /// [loop] Calls back on the loop's thread, never before this returns; also where no thread can be started. The loop
  /// must not be destroyed before this.
  Resolution(EventLoop& loop, Lookup lookup, const std::string& host, const std::string& port, Callback callback);
  ~Resolution();
  Resolution(const Resolution&) = delete;
  Resolution& operator=(const Resolution&) = delete;

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace mombridge::amqp
