#include "broker/amqp/resolver.hpp"

#include <cstring>
#include <mutex>
#include <netdb.h>
#include <thread>

namespace mombridge::amqp {

struct Resolution::Shared {
  std::mutex mutex;
  EventLoop* loop = nullptr;  ///< null: nobody waits any longer
  Callback callback;          ///< touched on the loop's thread only
};

namespace {

Result<std::vector<Address>> resolve(const std::string& host, const std::string& port) {
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

}  // namespace

Resolution::Resolution(EventLoop& loop, const std::string& host, const std::string& port, Callback callback)
    : shared_(std::make_shared<Shared>()) {
  shared_->loop = &loop;
  shared_->callback = std::move(callback);
  std::thread([shared = shared_, host, port] {
    auto addresses = resolve(host, port);
    std::lock_guard lock(shared->mutex);
    if (!shared->loop) return;
    shared->loop->post([shared, addresses = std::move(addresses)]() mutable {
      auto waiting = std::exchange(shared->callback, nullptr);
      if (waiting) waiting(std::move(addresses));
    });
  }).detach();
}

Resolution::~Resolution() {
  std::lock_guard lock(shared_->mutex);
  shared_->loop = nullptr;
  shared_->callback = nullptr;
}

}  // namespace mombridge::amqp
