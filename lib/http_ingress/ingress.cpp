#include "http_ingress/ingress.hpp"

#include <exception>
#include <utility>

#include "config/ingress.hpp"

namespace mombridge::http_ingress {

Result<std::unique_ptr<Ingress>> Ingress::listen(const std::shared_ptr<const config::Config>& config,
                                                 handler::FindBroker find_broker, MakeClient make_client) {
  auto socket = admin::ListeningSocket::open(config->ingress->listener, "ingress.listen");
  if (!socket) return fail(socket.error());
  return std::unique_ptr<Ingress>(
      new Ingress(config, std::move(*socket), std::move(find_broker), std::move(make_client)));
}

Ingress::Ingress(const std::shared_ptr<const config::Config>& config, admin::ListeningSocket socket,
                 handler::FindBroker find_broker, MakeClient make_client)
    : listen_(config->ingress->listener.listen),
      requests_(loop_, std::make_shared<const Rules>(config), std::move(find_broker), std::move(make_client), counts_),
      listener_(loop_, std::move(socket), requests_, Listener::most_connections()) {
  loop_.before_sleep([this] { return requests_.serve(); });
}

Result<> Ingress::start() {
  listener_.start();
  try {
    loop_.start();
  } catch (const std::exception& e) {
    return fail(e.what());
  }
  started_ = true;
  return {};
}

void Ingress::use(const std::shared_ptr<const config::Config>& config, const topology::Difference& difference) {
  if (!config->ingress) return;
  loop_.post([this, rules = std::make_shared<const Rules>(config), difference] { requests_.use(rules, difference); });
}

bool Ingress::listens_by(const Ingress* ingress, const config::Config& config) {
  if (!ingress || !config.ingress) return !ingress && !config.ingress;
  return config::same_place(ingress->listen_, config.ingress->listener.listen);
}

void Ingress::drain() {
  loop_.post([this] {
    requests_.drain();
    listener_.close_after_answers();
  });
}

void Ingress::stop() {
  if (!std::exchange(started_, false)) return;
  loop_.call([this] { requests_.stop(); });
  loop_.stop();
}

admin::Status::Ingress Ingress::status() const {
  admin::Status::Ingress status{.listen = listen_.text,
                                .connections = listener_.connections(),
                                .open = requests_.open(),
                                .waiting_bytes = requests_.bytes(),
                                .unheard = counts_.unheard.value(),
                                .late_replies = counts_.late_replies.value(),
                                .ends = {}};
  for (auto& [labels, counts] : counts_.ends.all())
    for (size_t i = 0; i < kEndCount; ++i)
      if (auto count = counts->ends[i].value()) status.ends.push_back({labels[0], std::string(kEnds[i]), count});
  return status;
}

}  // namespace mombridge::http_ingress
