#pragma once
// A server that does what the test says, and a user of a Connection that notes what it is told.

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "base/event_loop.hpp"
#include "broker/amqp/connection.hpp"
#include "frame_socket.hpp"

namespace mombridge::amqp::test {

/// The arguments of a method, written by `write`.
template <class Write>
std::string arguments(Write write) {
  Buffer out;
  Writer writer(out);
  write(writer);
  return out.str();
}

/// connection.close or channel.close.
std::string close_arguments(uint16_t code, std::string_view text);

struct Greeting {
  std::string properties;  ///< entries of server-properties; empty: RabbitMQ 3.10.8
  std::string mechanisms = "PLAIN AMQPLAIN";
  uint32_t frame_max = 131072;
  uint16_t heartbeat = 0;
  uint16_t channel_max = 2047;
};

/// Listens on a loopback port.
class ScriptedServer {
 public:
  explicit ScriptedServer(int family = AF_INET, uint16_t port = 0, int backlog = 16);
  [[nodiscard]] std::string port() const { return std::to_string(port_); }
  /// The next connection; fails the test where none comes.
  FrameSocket accept();
  /// Whether anybody connects within that time. Only if so, accept() returns at once.
  [[nodiscard]] bool pending(Duration patience) const;
  /// accept(), and the server's part of the login up to start-ok, whose arguments are kept.
  FrameSocket greet(const Greeting& greeting = {});
  /// greet(), and the rest of the login.
  FrameSocket login(const Greeting& greeting = {});
  /// Takes no further connections: whoever knocks hears nothing.
  void swallow();

  std::string start_ok, tune_ok, open;  ///< what the client said, as arguments

 private:
  Fd listener_;
  uint16_t port_ = 0;
  std::vector<Fd> fillers_;
};

/// A Connection on a loop of its own, which opens channels 1 and 7, and its events as lines: "opened", "closed REASON",
/// "method CHANNEL ID", "header CHANNEL SIZE PROPERTIES", "body CHANNEL BYTES", "blocked REASON", "unblocked".
class Client final : private ConnectionUser {
 public:
  static constexpr uint16_t kFirstChannel = 1, kLastChannel = 7;
  explicit Client(const ScriptedServer& server) : Client({server.port()}) {}
  explicit Client(const std::vector<std::string>& ports, ConnectorMeans means = {}, token::Source* tokens = nullptr);
  ~Client();
  void open() {
    run([this] { connection->open(); });
  }
  /// Runs on the loop and waits for it. What the server had written before has then been read.
  void run(const std::function<void()>& task) { loop.call(task); }
  /// The next event; "" after kPatience.
  std::string next();
  [[nodiscard]] bool quiet();  ///< no event is waiting

  Settings settings;
  std::string pause_after;  ///< the event at which reading is paused, from within it
  EventLoop loop{"test"};
  std::unique_ptr<Connection> connection;

 private:
  struct Channel final : ChannelUser {
    Channel(Client& owner, uint16_t n) : client(owner), number(std::to_string(n)) {}
    void method(amqp_method_number_t id, void*, std::string_view) override {
      client.note("method " + number + " " + std::to_string(id));
    }
    void content_header(uint64_t size, std::string_view properties) override {
      client.note("header " + number + " " + std::to_string(size) + " " + std::string(properties));
    }
    void content_body(std::string_view part) override { client.note("body " + number + " " + std::string(part)); }

    Client& client;
    std::string number;
  };

  void note(std::string event);
  void opened() override;
  void closed(const Error& error) override { note("closed " + error.text); }
  void blocked(const std::string& reason) override { note("blocked " + reason); }
  void unblocked() override { note("unblocked"); }

  Channel first_{*this, kFirstChannel}, last_{*this, kLastChannel};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> events_;
};

}  // namespace mombridge::amqp::test
