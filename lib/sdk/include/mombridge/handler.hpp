// Handlers in C++20: derive from Handler, answer each Request, name the class in MOMBRIDGE_HANDLER. Header-only, on top
// of handler.h; exceptions stay inside. A whole plugin:
//
//   class Greeter : public mombridge::sdk::Handler {
//    public:
//     using Handler::Handler;
//     void handle(const mombridge::sdk::MessageView&, mombridge::sdk::Request& request) override {
//       request.reply(greeting_);
//     }
//    private:
//     const std::string greeting_ = config().get("greeting", "Hi there too");
//   };
//   MOMBRIDGE_HANDLER(Greeter, "greeter", "1.0");
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "mombridge/handler.h"
#include "mombridge/sdk/config.hpp"
#include "mombridge/sdk/host.hpp"
#include "mombridge/sdk/message.hpp"

namespace mombridge::sdk {

// Throw it out of handle() to dead-letter the message, from however deep. Any other exception means retry.
class Reject : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// One message's open question, to be answered once. Move it out of handle() to answer later, from any thread, at the
// latest before stop() returns. Destroyed unanswered it answers retry. One thread at a time.
// Every answer returns ok if the bridge took it, invalid if this object was answered or moved from before, not_found
// if the bridge had given up waiting; in all cases the request is over.
class Request {
 public:
  Request(const Host& host, mombridge_request_id id) noexcept : host_(&host.raw()), id_(id) {}
  Request(Request&& other) noexcept : host_(std::exchange(other.host_, nullptr)), id_(other.id_) {}
  Request& operator=(Request&& other) noexcept {
    if (this != &other) {
      drop();
      host_ = std::exchange(other.host_, nullptr);
      id_ = other.id_;
    }
    return *this;
  }
  ~Request() { drop(); }

  // Done, and this is the answer: to the message's own reply address, else to the route's reply_to. If there is no
  // memory to build it, throws and stays open.
  Status reply(const Message& message) {
    detail::Wire wire(message);
    return finish(MOMBRIDGE_OK, {}, &wire.message());
  }
  // Copies nothing but what the bridge copies.
  Status reply(std::string_view body) noexcept {
    mombridge_message message{};
    message.struct_size = sizeof message;
    message.body = slice(body);
    return finish(MOMBRIDGE_OK, {}, &message);
  }
  // Done, no answer.
  Status done() noexcept { return finish(MOMBRIDGE_OK, {}, nullptr); }
  // Failed, may work later; the bridge bounds the attempts.
  Status retry(std::string_view why) noexcept { return finish(MOMBRIDGE_RETRY, why, nullptr); }
  // Will never work: to the dead letters.
  Status reject(std::string_view why) noexcept { return finish(MOMBRIDGE_REJECT, why, nullptr); }

  // Is the answer still owed by this object?
  explicit operator bool() const noexcept { return host_ != nullptr; }
  mombridge_request_id id() const noexcept { return id_; }

 private:
  Status finish(mombridge_status verdict, std::string_view why, const mombridge_message* reply) noexcept {
    if (host_ == nullptr) return Status::invalid;
    const mombridge_host* host = std::exchange(host_, nullptr);
    const mombridge_result result{.struct_size = sizeof result, .status = verdict, .error = slice(why), .reply = reply};
    return static_cast<Status>(host->complete(host->ctx, id_, &result));
  }
  void drop() noexcept {
    if (host_ != nullptr) retry("the handler dropped the message without an answer");
  }

  const mombridge_host* host_;
  mombridge_request_id id_;
};

// One instance: one section under `handlers:`. The constructor reads the configuration and allocates, no more:
// `mombridge check` runs it too. What it throws is shown to the user.
class Handler {
 public:
  explicit Handler(Host host) noexcept : host_(host) {}
  Handler(const Handler&) = delete;
  Handler& operator=(const Handler&) = delete;
  virtual ~Handler() = default;

  // [lifecycle] Opens files, starts threads. Throw to stop the bridge from starting; stop() is then not called.
  virtual void start() {}
  // [worker] Several at a time, unless MOMBRIDGE_HANDLER names MOMBRIDGE_HANDLER_SERIAL. Answer `request`, or move it
  // away to answer later; if it is still here unanswered on return, the answer is retry. `message` ends on return.
  // What it throws is an answer too: Reject rejects, anything else means retry, with its text.
  virtual void handle(const MessageView& message, Request& request) = 0;
  // [lifecycle] No handle() runs any more. Answer or drop what is open, join every thread of yours.
  virtual void stop() {}

  // [thread-safe]
  const Host& host() const noexcept { return host_; }

 protected:
  Config config() const noexcept { return host_.config(); }

 private:
  Host host_;
};

namespace detail {

inline void write_error(char* err, std::size_t size, std::string_view text) noexcept {
  if (err == nullptr || size == 0) return;
  const std::size_t length = std::min(text.size(), size - 1);
  std::memcpy(err, text.data(), length);
  err[length] = '\0';
}

// Runs `step`; what it throws becomes a status and a text.
template <class Step>
mombridge_status contain(char* err, std::size_t size, Step&& step) noexcept {
  try {
    step();
    return MOMBRIDGE_OK;
  } catch (const ConfigError& thrown) {
    write_error(err, size, thrown.what());
    return MOMBRIDGE_INVALID;
  } catch (const std::exception& thrown) {
    write_error(err, size, thrown.what());
  } catch (...) {
    write_error(err, size, "the handler threw something that is no std::exception");
  }
  return MOMBRIDGE_INTERNAL;
}

template <class H>
mombridge_status create(const mombridge_host* host, void** self, char* err, std::size_t size) noexcept {
  return contain(err, size, [&] { *self = static_cast<Handler*>(new H(Host(*host))); });
}

inline mombridge_status start(void* self, char* err, std::size_t size) noexcept {
  return contain(err, size, [&] { static_cast<Handler*>(self)->start(); });
}

// An exception after the answer cannot change it any more, but must not vanish.
inline void answer_throw(Handler& handler, Request& request, bool reject, std::string_view text) noexcept {
  if (!request) {
    handler.host().error(text);
  } else if (reject) {
    request.reject(text);
  } else {
    request.retry(text);
  }
}

inline mombridge_status handle(void* self, const mombridge_message* message, mombridge_request_id id) noexcept {
  Handler& handler = *static_cast<Handler*>(self);
  Request request(handler.host(), id);
  try {
    handler.handle(MessageView(*message), request);
  } catch (const Reject& thrown) {
    answer_throw(handler, request, true, thrown.what());
  } catch (const std::exception& thrown) {
    answer_throw(handler, request, false, thrown.what());
  } catch (...) {
    answer_throw(handler, request, false, "the handler threw something that is no std::exception");
  }
  return MOMBRIDGE_OK;
}

inline void stop(void* self) noexcept {
  char text[512] = "";
  Handler& handler = *static_cast<Handler*>(self);
  if (contain(text, sizeof text, [&] { handler.stop(); }) != MOMBRIDGE_OK) handler.host().error(text);
}

inline void destroy(void* self) noexcept { delete static_cast<Handler*>(self); }

}  // namespace detail

// The table for a handler class. `name` and `version` must live as long as the process.
template <std::derived_from<Handler> H>
constexpr mombridge_handler make_table(const char* name, const char* version, std::uint32_t flags = 0) noexcept {
  return {.struct_size = sizeof(mombridge_handler),
          .abi_major = MOMBRIDGE_ABI_MAJOR,
          .abi_minor = MOMBRIDGE_ABI_MINOR,
          .flags = flags,
          .reserved = 0,
          .name = name,
          .version = version,
          .create = &detail::create<H>,
          .start = &detail::start,
          .handle = &detail::handle,
          .stop = &detail::stop,
          .destroy = &detail::destroy};
}

}  // namespace mombridge::sdk

// MOMBRIDGE_HANDLER(Class, "name", "version") or MOMBRIDGE_HANDLER(Class, "name", "version", MOMBRIDGE_HANDLER_SERIAL),
// once per plugin, at namespace scope. The table stands inside the entry function, not in a template or an inline
// variable: GCC makes those unique across the whole process, and two plugins with classes of one name would share one.
#define MOMBRIDGE_HANDLER(Class, name, version, ...)                                                     \
  extern "C" const mombridge_handler* mombridge_handler_entry(std::uint32_t host_major, std::uint32_t) { \
    static constexpr mombridge_handler table =                                                           \
        ::mombridge::sdk::make_table<Class>(name, version __VA_OPT__(, ) __VA_ARGS__);                   \
    return host_major == MOMBRIDGE_ABI_MAJOR ? &table : nullptr;                                         \
  }                                                                                                      \
  static_assert(true)
