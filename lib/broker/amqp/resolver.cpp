#include "broker/amqp/resolver.hpp"

#include <cstring>
#include <mutex>
#include <netdb.h>

#include "base/thread.hpp"

namespace mombridge::amqp {

struct Resolution::Shared {
  std::mutex mutex;
  EventLoop* loop = nullptr;  ///< null: the answer is not wanted any more
  Callback callback;          ///< touched on the loop's thread only

  static void answer(const std::shared_ptr<Shared>& self, Result<std::vector<Address>> addresses) {
    std::lock_guard lock(self->mutex);
    if (!self->loop) return;
    self->loop->post([self, addresses = std::move(addresses)]() mutable {
      if (auto waiting = std::exchange(self->callback, nullptr)) waiting(std::move(addresses));
    });
  }
};

Result<std::vector<Address>> look_up(const std::string& host, const std::string& port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  int error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &list);
  // A machine with nothing but loopback has no configured address at all.
  if (error) {
    hints.ai_flags = AI_NUMERICSERV;
    error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &list);
  }
  if (error) return fail("cannot resolve '" + host + "': " + ::gai_strerror(error));
  std::vector<Address> addresses;
  for (auto* a = list; a; a = a->ai_next) {
    Address address;
    std::memcpy(&address.storage, a->ai_addr, a->ai_addrlen);
    address.size = a->ai_addrlen;
    address.family = a->ai_family;
    addresses.push_back(address);
  }
  ::freeaddrinfo(list);
  return addresses;
}

Resolution::Resolution(EventLoop& loop, Lookup lookup, const std::string& host, const std::string& port,
                       Callback callback)
    : shared_(std::make_shared<Shared>()) {
  shared_->loop = &loop;
  shared_->callback = std::move(callback);
  auto started = start_detached("resolve", [shared = shared_, lookup = std::move(lookup), host, port] {
    Shared::answer(shared, lookup(host, port));
  });
  if (!started) Shared::answer(shared_, fail(started.error().in("cannot resolve '" + host + "'")));
}

Resolution::~Resolution() {
  std::lock_guard lock(shared_->mutex);
  shared_->loop = nullptr;
  shared_->callback = nullptr;
}

}  // namespace mombridge::amqp
