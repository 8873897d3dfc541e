#include "handler/plugin_messages.hpp"

#include "handler/abi.hpp"

namespace mombridge::handler {

Result<std::unique_ptr<OwnedMessage>> PluginMessages::take(const mombridge_message* message) {
  unsigned dropped = 0;
  auto taken = copy(message, dropped);
  if (dropped) {
    dropped_.add(dropped);
    log_.event(log::Level::warn, "headers dropped: a handler wrote names that belong to a broker or to bridges",
               {{"handler", handler_}, {"headers", dropped}});
  }
  return taken;
}

}  // namespace mombridge::handler
