#pragma once
// A loopback TCP relay whose connections can be broken at will, with the broker none the wiser before and after.

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/fd.hpp"

namespace mombridge::conformance {

/// Listens on a port of its own and passes bytes on to `host`:`port`, a thread for each connection.
class Relay {
 public:
  enum class Cut { reset, close };  ///< how the peers learn of it: RST, or FIN after what was passed on already

  Relay(std::string host, std::string port);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  [[nodiscard]] std::string port() const { return std::to_string(port_); }
  /// [any thread] Breaks every present connection and returns when they are broken; new ones are taken as before.
  void cut(Cut how);

 private:
  struct Link {
    Fd client, server, wake;  ///< `wake` is written when the link shall end
    std::atomic<bool> reset{false};
    std::thread thread;
  };
  void accept_loop();
  void run(Link& link);
  [[nodiscard]] Fd connect_to_server() const;

  const std::string host_, server_port_;
  Fd listener_, stop_;
  uint16_t port_ = 0;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Link>> links_;
  std::thread acceptor_;
};

}  // namespace mombridge::conformance
