#pragma once
// As where the limit on threads is reached.

#include <pthread.h>

namespace mombridge::test {

/// While it lives, no thread of the default stack size can be made in this process: that size is more than there is
/// address space. A limit on processes (RLIMIT_NPROC) would not bind root.
class NoThreads {
 public:
  NoThreads() {
    pthread_attr_t attributes;
    ::pthread_getattr_default_np(&attributes);
    ::pthread_attr_getstacksize(&attributes, &usual_);
    ::pthread_attr_destroy(&attributes);
    set(kTooLarge);
  }
  ~NoThreads() { set(usual_); }
  NoThreads(const NoThreads&) = delete;
  NoThreads& operator=(const NoThreads&) = delete;

 private:
  static constexpr size_t kTooLarge = size_t{1} << 50;

  static void set(size_t stack_bytes) {
    pthread_attr_t attributes;
    ::pthread_attr_init(&attributes);
    ::pthread_attr_setstacksize(&attributes, stack_bytes);
    ::pthread_setattr_default_np(&attributes);
    ::pthread_attr_destroy(&attributes);
  }

  size_t usual_ = 0;
};

}  // namespace mombridge::test
