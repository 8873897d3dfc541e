#include "daemon/service_notify.hpp"

#include <ctime>

#include <systemd/sd-daemon.h>

namespace mombridge::service {

void ready(const std::string& status) { sd_notify(0, ("READY=1\nSTATUS=" + status).c_str()); }

// The time belongs to it: sd_notify(3), RELOADING=1.
void reloading() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  auto microseconds = static_cast<uint64_t>(now.tv_sec) * 1'000'000 + static_cast<uint64_t>(now.tv_nsec) / 1000;
  sd_notify(0, ("RELOADING=1\nSTATUS=reloading\nMONOTONIC_USEC=" + std::to_string(microseconds)).c_str());
}

void stopping() { sd_notify(0, "STOPPING=1\nSTATUS=draining"); }
void status(const std::string& text) { sd_notify(0, ("STATUS=" + text).c_str()); }
void watchdog() { sd_notify(0, "WATCHDOG=1"); }

Duration watchdog_interval() {
  uint64_t microseconds = 0;
  if (sd_watchdog_enabled(0, &microseconds) <= 0) return Duration::zero();
  return std::chrono::microseconds(microseconds / 2);
}

}  // namespace mombridge::service
