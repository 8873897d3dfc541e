#include "broker/kafka/client_callbacks.hpp"

#include <string_view>

#include "base/counters.hpp"
#include "base/log.hpp"

namespace mombridge::kafka {

namespace {
/// Made when the program starts, because making it may throw.
Counter& thrown = counter("callback_exceptions");
}  // namespace

void count_exception() noexcept { thrown.add(); }

ClientContext* context_of(const rd_kafka_t* client) noexcept {
  return static_cast<ClientContext*>(rd_kafka_opaque(client));
}

// The link's state says what matters; these lines are for a closer look.
void write_log(const rd_kafka_t* client, int level, const char* facility, const char* text) noexcept {
  static log::Repeated repeated;
  constexpr int kWarning = 4;
  contained([&] {
    std::string_view name = rd_kafka_name(client);
    // A client that is being ended complains of the connections that were cut for it.
    auto* context = context_of(client);
    bool ends = context && context->sockets.is_cut();
    bool loud = level <= kWarning && std::string_view(facility) != "CONFWARN" && !ends;
    if (!loud) return log::debug(text, {{"client", name}, {"facility", facility}});
    repeated.event(log::Level::warn, text, {{"client", name}, {"facility", facility}});
  });
}

void ignore_log(const rd_kafka_t*, int, const char*, const char*) noexcept {}

int connect_socket(int fd, const sockaddr* address, int size, const char*, void* opaque) noexcept {
  return static_cast<ClientContext*>(opaque)->sockets.connect(fd, address, static_cast<socklen_t>(size));
}

int close_socket(int fd, void* opaque) noexcept { return static_cast<ClientContext*>(opaque)->sockets.close(fd); }

}  // namespace mombridge::kafka
