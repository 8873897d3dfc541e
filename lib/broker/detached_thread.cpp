#include "broker/detached_thread.hpp"

#include <cerrno>
#include <exception>
#include <memory>
#include <new>
#include <pthread.h>
#include <utility>

#include "base/log.hpp"

namespace mombridge {

namespace {

struct Task {
  std::string name;
  std::function<void()> run;
};

void* run_task(void* argument) noexcept {
  std::unique_ptr<Task> task(static_cast<Task*>(argument));
  constexpr size_t kShownName = 15;
  pthread_setname_np(pthread_self(), task->name.substr(0, kShownName).c_str());
  try {
    task->run();
  } catch (const std::exception& error) {
    log::error("a thread ended by an exception", {{"reason", error.what()}});
  } catch (...) {
    log::error("a thread ended by an exception");
  }
  return nullptr;
}

}  // namespace

int start_detached(const std::string& name, std::function<void()> run) noexcept {
  std::unique_ptr<Task> task(new (std::nothrow) Task{name, std::move(run)});
  if (!task) return ENOMEM;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread{};
  int error = pthread_create(&thread, &attributes, run_task, task.get());
  pthread_attr_destroy(&attributes);
  if (error) return error;
  (void)task.release();  // the thread owns it now
  return 0;
}

}  // namespace mombridge
