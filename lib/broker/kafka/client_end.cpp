#include "broker/kafka/client_end.hpp"

#include <condition_variable>
#include <mutex>

#include "base/counters.hpp"
#include "base/log.hpp"
#include "base/thread.hpp"
#include "broker/kafka/client.hpp"
#include "broker/kafka/client_callbacks.hpp"

namespace mombridge::kafka {

namespace {

constexpr Duration kPatience = std::chrono::seconds(3);

// A consumer that has not committed yet what it was told to, and cannot any more, gives up when its session is over.
// Source: librdkafka 2.0.2, rd_kafka_cgrp_try_terminate().
Duration patience_with(rd_kafka_t* client) {
  if (rd_kafka_type(client) != RD_KAFKA_CONSUMER) return kPatience;
  return kPatience + std::chrono::milliseconds(std::stoi(property_of(client, "session.timeout.ms")));
}

/// Counts what is not over yet.
class Unfinished {
 public:
  void add() {
    std::lock_guard lock(mutex_);
    ++count_;
  }
  void finish() {
    std::lock_guard lock(mutex_);
    --count_;
    changed_.notify_all();
  }
  [[nodiscard]] bool await_none(Duration patience) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [this] { return count_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t count_ = 0;
};

/// Of the shared clients. Never destroyed, because a thread may use it while the process ends.
Unfinished& ending() {
  static auto* instance = new Unfinished;
  return *instance;
}

void destroy(rd_kafka_t* client) noexcept {
  std::unique_ptr<ClientContext> context(context_of(client));  // used by the client until it has ended
  if (context) context->tokens.end();
  rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

void end_shared(rd_kafka_t* client) noexcept {
  stop_sending(client);
  ending().add();
  auto end = [client] {
    end_client(client);
    ending().finish();
  };
  // Where no thread can be made the caller waits after all.
  if (!start_detached("kafka:end", end)) end();
}

}  // namespace

SharedClient share(Client client) { return {client.release(), end_shared}; }

void stop_sending(rd_kafka_t* client) noexcept {
  auto* context = context_of(client);
  if (!context) return;
  context->tokens.end();
  context->sockets.cut();
}

bool await_clients_ended(Duration patience) { return ending().await_none(patience); }

void end_client(rd_kafka_t* client) noexcept {
  auto ended = std::make_shared<Unfinished>();
  ended->add();
  auto patience = patience_with(client);
  auto end = [client, ended] {
    destroy(client);
    ended->finish();
  };
  if (!start_detached("kafka:destroy", end)) end();
  if (ended->await_none(patience)) return;
  counter("kafka_clients_left_behind").add();
  log::error("a Kafka client does not end, it is left behind",
             {{"seconds", std::chrono::duration_cast<std::chrono::seconds>(patience).count()}});
}

}  // namespace mombridge::kafka
