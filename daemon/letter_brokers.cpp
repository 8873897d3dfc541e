#include "daemon/letter_brokers.hpp"

#include "daemon/builtin.hpp"

namespace mombridge {

namespace {

constexpr Duration kPatience = std::chrono::seconds(10);

}  // namespace

Result<Broker*> ConfiguredLetterBrokers::connect(const std::string& name) {
  if (stopped_) return fail("given up");
  auto& client = clients_[name];
  if (client) return &client->broker();
  auto* section = config_.broker(name);
  if (!section || !broker_kind(section->type).client_settings)
    return fail("only the running bridge can reach broker '" + name + "'");
  client = std::make_unique<ClientBroker>(
      *section, config::ClientOptions{.reply_to = {}, .id = {}, .exchange = exchange_}, static_cast<Sink&>(*this));
  if (auto connected = client->connect(kPatience); !connected) {
    client.reset();
    return fail(connected.error().in(name));
  }
  return &client->broker();
}

void ConfiguredLetterBrokers::stop() {
  stopped_ = true;
  for (auto& [name, client] : clients_)
    if (client) client->stop();
}

}  // namespace mombridge
