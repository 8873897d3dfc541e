#include "base/thread.hpp"

#include <cstdlib>
#include <exception>
#include <memory>
#include <sysexits.h>
#include <system_error>

#include "base/crash.hpp"
#include "base/log.hpp"

namespace mombridge {

namespace {

/// What a thread starts with. The new thread deletes it.
struct Begin {
  std::string name;
  Thread::Entry entry;
};

/// Without destructors, because other threads are still running on what these would destroy.
[[noreturn]] void end_process(const std::string& thread, const char* reason) noexcept {
  log::error("a thread ended with an exception, so the process ends", {{"thread", thread}, {"reason", reason}});
  std::_Exit(EX_SOFTWARE);
}

void* run(void* argument) noexcept {
  std::unique_ptr<Begin> begin(static_cast<Begin*>(argument));
  ::pthread_setname_np(::pthread_self(), begin->name.substr(0, 15).c_str());
  crash::AlternateStack for_signals;
  try {
    begin->entry();
    begin->entry = nullptr;  // here, because destructors of what the entry holds may throw too
  } catch (const std::exception& e) {
    end_process(begin->name, e.what());
  } catch (...) {
    end_process(begin->name, "an exception of unknown type");
  }
  return nullptr;
}

}  // namespace

Result<Thread> Thread::start(std::string name, Entry entry, size_t stack_bytes) {
  auto begin = std::make_unique<Begin>(Begin{std::move(name), std::move(entry)});
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  if (stack_bytes) ::pthread_attr_setstacksize(&attributes, stack_bytes);
  pthread_t thread{};
  int error = ::pthread_create(&thread, &attributes, run, begin.get());
  ::pthread_attr_destroy(&attributes);
  if (error) return fail("cannot make thread '" + begin->name + "': " + std::generic_category().message(error));
  (void)begin.release();  // the thread owns it now
  return Thread(thread);
}

Thread& Thread::operator=(Thread&& other) noexcept {
  if (this != &other) {
    join();
    thread_ = std::exchange(other.thread_, std::nullopt);
  }
  return *this;
}

void Thread::join() noexcept {
  if (thread_ && ::pthread_equal(*thread_, ::pthread_self())) return detach();
  if (auto thread = std::exchange(thread_, std::nullopt)) ::pthread_join(*thread, nullptr);
}

void Thread::detach() noexcept {
  if (auto thread = std::exchange(thread_, std::nullopt)) ::pthread_detach(*thread);
}

Result<> start_detached(std::string name, Thread::Entry entry) {
  auto thread = Thread::start(std::move(name), std::move(entry));
  if (!thread) return fail(thread.error());
  thread->detach();
  return {};
}

void run_all(const std::string& name, const std::vector<Thread::Entry>& tasks) {
  std::vector<Thread> threads;
  std::vector<const Thread::Entry*> left;
  for (auto& task : tasks) {
    if (auto thread = Thread::start(name, task))
      threads.push_back(std::move(*thread));
    else
      left.push_back(&task);
  }
  for (auto* task : left) (*task)();
}

}  // namespace mombridge
