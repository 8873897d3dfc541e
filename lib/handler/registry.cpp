#include "handler/registry.hpp"

#include <algorithm>
#include <utility>

namespace mombridge::handler {

Registry::Registry(EventLoop* timers, const Registry* former) : timers_(timers) {
  if (!former) return;
  for (auto& handler : former->all()) former_.emplace_back(handler);
}

std::vector<std::shared_ptr<Instance>> Registry::all() const {
  auto handlers = handlers_;
  for (auto& weak : former_)
    if (auto handler = weak.lock(); handler && std::ranges::find(handlers, handler) == handlers.end())
      handlers.push_back(std::move(handler));
  return handlers;
}

Result<> Registry::load(const config::Handler& config) {
  auto handler = Instance::load(config, timers_);
  if (!handler) return fail(handler.error());
  handlers_.push_back(std::move(*handler));
  return {};
}

void Registry::keep(const std::string& name, const Registry& former) {
  for (auto& handler : former.handlers_)
    if (handler->runner().name() == name) handlers_.push_back(handler);
}

std::vector<std::string> Registry::replaced_on_disk(config::Isolation isolation) const {
  std::vector<std::string> names;
  for (auto& handler : handlers_)
    if (handler->isolation() == isolation && handler->replaced_on_disk()) names.push_back(handler->runner().name());
  return names;
}

Result<> Registry::start(const FindBroker& find_broker) {
  for (auto& handler : handlers_)
    if (auto ok = handler->start(find_broker); !ok) return ok;
  return {};
}

void Registry::stop(Duration patience) {
  auto deadline = Clock::now() + patience;
  auto handlers = all();
  for (auto& handler : handlers) handler->runner().stop_taking();  // they end side by side
  for (auto handler = handlers.rbegin(); handler != handlers.rend(); ++handler)
    (*handler)->stop(std::max(deadline - Clock::now(), Duration::zero()));
}

void Registry::close(Duration patience) {
  auto deadline = Clock::now() + patience;
  for (auto& handler : all()) handler->close(std::max(deadline - Clock::now(), Duration::zero()));
}

bool Registry::left_behind() const {
  return Instance::any_left_behind() ||
         std::ranges::any_of(all(), [](auto& handler) { return handler->runner().left_behind(); });
}

uint64_t Registry::unconfirmed() const {
  uint64_t sum = 0;
  for (auto& handler : all()) sum += handler->runner().unconfirmed();
  return sum;
}

std::unordered_map<std::string, Handler*> Registry::by_name() const {
  std::unordered_map<std::string, Handler*> all;
  for (auto& handler : handlers_) all[handler->runner().name()] = &handler->handler();
  return all;
}

std::vector<const Runner*> Registry::runners() const {
  std::vector<const Runner*> all;
  for (auto& handler : handlers_) all.push_back(&handler->runner());
  return all;
}

}  // namespace mombridge::handler
