// Unit tests of handlers without the daemon: FakeHost plays the bridge for one instance. Any test framework.
//
//   FakeHost bridge(mombridge_handler_entry);          // the test program links the handler's source; or
//   FakeHost bridge(open_plugin("build/greeter.so"));  // the built plugin; or
//   FakeHost bridge(make_table<MyHandler>("x", "1"));  // a class
//   bridge.config("greeting", "Hello").broker("lake").start();
//   EXPECT_EQ(bridge.request({.body = "Hi there"})->reply->body, "Hello");
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <dlfcn.h>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mombridge/handler.h"
#include "mombridge/sdk/message.hpp"

namespace mombridge::sdk::testing {

// How a request ended.
struct Completion {
  Status verdict = Status::internal;
  std::string error{};
  std::optional<Message> reply{};
};

struct Published {
  std::string broker;
  Message message;
};

struct Logged {
  std::int32_t severity;  // MOMBRIDGE_LOG_*
  std::string text;
};

// Loads a .so as the bridge does, and never unloads it. Throws std::runtime_error with dlerror's text.
inline const mombridge_handler& open_plugin(const std::string& path) {
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) throw std::runtime_error(dlerror());
  const auto entry = reinterpret_cast<decltype(&mombridge_handler_entry)>(dlsym(library, MOMBRIDGE_ENTRY_SYMBOL));
  if (entry == nullptr) throw std::runtime_error(path + " does not export " MOMBRIDGE_ENTRY_SYMBOL);
  const mombridge_handler* table = entry(MOMBRIDGE_ABI_MAJOR, MOMBRIDGE_ABI_MINOR);
  if (table == nullptr) throw std::runtime_error(path + " does not support this version");
  return *table;
}

// One instance of one handler. All functions may be called from any thread, save for the life cycle.
class FakeHost {
 public:
  enum class Publishing {
    confirm,  // at once, on the stack of publish(): the case that finds handlers that hold a lock
    hold,     // until settle()
    refuse    // publish() itself returns BUSY
  };

  explicit FakeHost(const mombridge_handler& handler) : handler_(handler) {
    host_ = {.struct_size = sizeof host_,
             .ctx = this,
             .name = mombridge_text("under_test"),
             .log = &on_log,
             .config_get = &on_config_get,
             .complete = &on_complete,
             .publish = &on_publish,
             .count = &on_count};
  }
  explicit FakeHost(decltype(&mombridge_handler_entry) entry)
      : FakeHost(*entry(MOMBRIDGE_ABI_MAJOR, MOMBRIDGE_ABI_MINOR)) {}
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;
  ~FakeHost() { stop(); }

  // Before create(). Paths are dotted as in config_get().
  FakeHost& config(std::string path, std::string value) {
    config_[std::move(path)] = std::move(value);
    return *this;
  }

  // Announces a section under `brokers:` to which the handler may publish. To any other one publish() returns
  // NOT_FOUND, as the bridge does. Before start().
  FakeHost& broker(std::string name) {
    brokers_.insert(std::move(name));
    return *this;
  }

  // Configures the instance. Throws std::runtime_error with the handler's error text.
  FakeHost& create() {
    char error[512] = "";
    if (handler_.create(&host_, &self_, error, sizeof error) != MOMBRIDGE_OK) throw std::runtime_error(error);
    created_ = true;
    return *this;
  }
  // Creates it if need be, and starts it. Throws as create().
  FakeHost& start() {
    if (!created_) create();
    char error[512] = "";
    running_ = true;
    if (handler_.start != nullptr && handler_.start(self_, error, sizeof error) != MOMBRIDGE_OK) {
      running_ = false;
      throw std::runtime_error(error);
    }
    started_ = true;
    return *this;
  }
  // Stops and destroys it; the destructor does the same. Open requests end as retry, open publishes as closed.
  void stop() {
    if (std::exchange(started_, false) && handler_.stop != nullptr) handler_.stop(self_);
    running_ = false;
    give_back();
    if (std::exchange(created_, false)) handler_.destroy(self_);
  }

  // Calls handle() on this thread. Needs start().
  mombridge_request_id send(const Message& message, std::uint32_t attempt = 1) {
    detail::Wire wire(message);
    wire.message().source = mombridge_text("fake");
    wire.message().attempt = attempt;
    // As the bridge does it, ids are unique in the process, so one that strays to another instance hits nothing.
    static std::atomic<mombridge_request_id> last{0};
    const mombridge_request_id id = ++last;
    {
      const std::lock_guard lock(mutex_);
      open_.insert(id);
    }
    std::unique_lock serial(serial_, std::defer_lock);
    if ((handler_.flags & MOMBRIDGE_HANDLER_SERIAL) != 0) serial.lock();
    const mombridge_status status = handler_.handle(self_, &wire.message(), id);
    if (status != MOMBRIDGE_OK) end(id, {.verdict = verdict_of(status), .error = "returned by handle()"});
    return id;
  }
  // How it ended, waiting for at most `patience`; nothing if it is still open then.
  std::optional<Completion> wait(mombridge_request_id id,
                                 std::chrono::milliseconds patience = std::chrono::seconds(5)) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, patience, [&] { return ended_.contains(id); })) return std::nullopt;
    return ended_.at(id);
  }
  std::optional<Completion> request(const Message& message) { return wait(send(message)); }
  // What the bridge does when its patience ends: `id` is no longer open, an answer is late.
  void give_up(mombridge_request_id id) { end(id, {.verdict = Status::retry, .error = "timed out"}); }

  void publishing(Publishing mode) { publishing_ = mode; }
  // Ends a held publish, by its index in published(). Does nothing if it has ended or asked for no callback.
  void settle(std::size_t index, Status status, std::string_view error = {}) {
    Pending pending;
    {
      const std::lock_guard lock(mutex_);
      pending = std::exchange(pending_.at(index), {});
    }
    if (pending.done != nullptr) {
      pending.done(pending.user, static_cast<mombridge_status>(status), slice(error));
    }
  }

  // Copies, for a look from the test's thread.
  std::vector<Published> published() const { return locked(published_); }
  std::vector<Logged> logs() const { return locked(logs_); }
  std::map<std::string, std::uint64_t> counts() const { return locked(counts_); }
  // Completions that hit no open request: late, repeated or invented.
  std::uint64_t strays() const { return locked(strays_); }

 private:
  struct Pending {
    mombridge_publish_done done = nullptr;
    void* user = nullptr;
  };

  template <class T>
  T locked(const T& value) const {
    const std::lock_guard lock(mutex_);
    return value;
  }

  static FakeHost& self(void* ctx) { return *static_cast<FakeHost*>(ctx); }
  static Status verdict_of(mombridge_status status) {
    return status == MOMBRIDGE_OK || status == MOMBRIDGE_REJECT ? static_cast<Status>(status) : Status::retry;
  }

  bool end(mombridge_request_id id, Completion completion) {
    const std::lock_guard lock(mutex_);
    if (open_.erase(id) == 0) return false;
    ended_[id] = std::move(completion);
    changed_.notify_all();
    return true;
  }
  void give_back() {
    const std::set<mombridge_request_id> open = locked(open_);
    for (const mombridge_request_id id : open) end(id, {.verdict = Status::retry, .error = "stopped"});
    const std::size_t publishes = locked(pending_).size();
    for (std::size_t i = 0; i < publishes; ++i) settle(i, Status::closed, "stopped");
  }

  static void on_log(void* ctx, std::int32_t severity, mombridge_slice text) {
    const std::lock_guard lock(self(ctx).mutex_);
    self(ctx).logs_.push_back({severity, std::string(view(text))});
  }
  static mombridge_status on_config_get(void* ctx, mombridge_slice path, mombridge_slice* out) {
    const auto found = self(ctx).config_.find(std::string(view(path)));
    if (found == self(ctx).config_.end()) return MOMBRIDGE_NOT_FOUND;
    *out = slice(found->second);
    return MOMBRIDGE_OK;
  }
  static mombridge_status on_complete(void* ctx, mombridge_request_id id, const mombridge_result* result) {
    const bool valid = result != nullptr && result->struct_size >= MOMBRIDGE_RESULT_SIZE_1_0 &&
                       result->status <= MOMBRIDGE_OK && result->status >= MOMBRIDGE_REJECT;
    Completion completion{.verdict = Status::retry, .error = "invalid result"};
    if (valid) {
      completion = {.verdict = static_cast<Status>(result->status), .error = std::string(view(result->error))};
      if (result->reply != nullptr) completion.reply = Message::copy_of(MessageView(*result->reply));
    }
    if (self(ctx).end(id, std::move(completion))) return valid ? MOMBRIDGE_OK : MOMBRIDGE_INVALID;
    const std::lock_guard lock(self(ctx).mutex_);
    ++self(ctx).strays_;
    return MOMBRIDGE_NOT_FOUND;
  }
  static mombridge_status on_publish(void* ctx, mombridge_slice broker, const mombridge_message* message,
                                     mombridge_publish_done done, void* user) {
    FakeHost& host = self(ctx);
    if (!host.running_) return MOMBRIDGE_CLOSED;
    if (!host.brokers_.contains(view(broker))) return MOMBRIDGE_NOT_FOUND;
    if (message == nullptr || message->struct_size < MOMBRIDGE_MESSAGE_SIZE_1_0 || message->target.size == 0 ||
        (message->header_count != 0 && message->headers == nullptr)) {
      return MOMBRIDGE_INVALID;
    }
    if (host.publishing_ == Publishing::refuse) return MOMBRIDGE_BUSY;
    std::size_t index = 0;
    {
      const std::lock_guard lock(host.mutex_);
      index = host.published_.size();
      host.published_.push_back({std::string(view(broker)), Message::copy_of(MessageView(*message))});
      host.pending_.push_back({done, user});
    }
    if (host.publishing_ == Publishing::confirm) host.settle(index, Status::ok);
    return MOMBRIDGE_OK;
  }
  static void on_count(void* ctx, mombridge_slice counter, std::uint64_t by) {
    const std::lock_guard lock(self(ctx).mutex_);
    self(ctx).counts_[std::string(view(counter))] += by;
  }

  const mombridge_handler handler_;
  mombridge_host host_{};
  void* self_ = nullptr;
  bool created_ = false;
  bool started_ = false;
  std::atomic<bool> running_{false};
  std::atomic<Publishing> publishing_{Publishing::confirm};
  std::map<std::string, std::string> config_;
  std::set<std::string, std::less<>> brokers_;
  std::mutex serial_;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::set<mombridge_request_id> open_;
  std::map<mombridge_request_id, Completion> ended_;
  std::vector<Published> published_;
  std::vector<Pending> pending_;
  std::vector<Logged> logs_;
  std::map<std::string, std::uint64_t> counts_;
  std::uint64_t strays_ = 0;
};

}  // namespace mombridge::sdk::testing
