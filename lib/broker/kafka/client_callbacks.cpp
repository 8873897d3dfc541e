#include "broker/kafka/client_callbacks.hpp"

#include <cstdio>
#include <string>
#include <string_view>

#include "base/counters.hpp"
#include "base/log.hpp"
#include "broker/kafka/login.hpp"
#include "broker/kafka/login_error.hpp"

namespace mombridge::kafka {

namespace {
/// Made when the program starts, because making it may throw.
Counter& thrown = counter("callback_exceptions");

/// A setting that changes nothing is no warning, and what is wrong with a certificate the link says in clear words.
bool is_quiet(std::string_view facility) { return facility == "CONFWARN" || facility == "SSLCERTVRFY"; }
}  // namespace

ClientContext::ClientContext(const Settings& settings)
    : credentials(settings.security.sasl),
      verification(Login(settings).ca),
      tls_files(settings.security.tls),
      tokens(settings.tokens, sockets) {}

void count_exception() noexcept { thrown.add(); }

ClientContext* context_of(const rd_kafka_t* client) noexcept {
  return static_cast<ClientContext*>(rd_kafka_opaque(client));
}

// The link's state says what matters; these lines are for a closer look.
void write_log(const rd_kafka_t* client, int level, const char* facility, const char* text) noexcept {
  static log::RepeatedBy repeated;
  constexpr int kWarning = 4;
  contained([&] {
    std::string_view name = rd_kafka_name(client);
    // A client that is being ended complains of the connections that were cut for it.
    auto* context = context_of(client);
    bool ends = context && context->sockets.is_cut();
    bool is_over =
        login_was_overtaken(text) || (context && context->tokens.has_source() && ended_without_a_reason(text));
    bool loud = level <= kWarning && !is_quiet(facility) && !ends && !is_over;
    if (!loud) return log::debug(text, {{"client", name}, {"facility", facility}});
    repeated.event(std::string(name) + ' ' + facility, log::Level::warn, text,
                   {{"client", name}, {"facility", facility}});
  });
}

void ignore_log(const rd_kafka_t*, int, const char*, const char*) noexcept {}

int open_socket(int domain, int type, int protocol, void* opaque) noexcept {
  contained([&] { static_cast<ClientContext*>(opaque)->credentials.renew(); });
  return ::socket(domain, type | SOCK_CLOEXEC, protocol);
}

int connect_socket(int fd, const sockaddr* address, int size, const char*, void* opaque) noexcept {
  return static_cast<ClientContext*>(opaque)->sockets.connect(fd, address, static_cast<socklen_t>(size));
}

int close_socket(int fd, void* opaque) noexcept { return static_cast<ClientContext*>(opaque)->sockets.close(fd); }

int verify_certificate(rd_kafka_t*, const char* server, int32_t, int* error, int, const char* der, size_t size,
                       char* text, size_t text_size, void* opaque) noexcept {
  contained([&] {
    auto& verification = static_cast<ClientContext*>(opaque)->verification;
    verification.note(server, *error, {der, size});
    if (*error) std::snprintf(text, text_size, "%s", verification.of(server).c_str());
  });
  return *error == 0;
}

}  // namespace mombridge::kafka
