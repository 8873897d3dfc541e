#include "daemon/service_notify.hpp"

#include <systemd/sd-daemon.h>

namespace mombridge::service {

void ready() { sd_notify(0, "READY=1\nSTATUS=running"); }
void stopping() { sd_notify(0, "STOPPING=1\nSTATUS=draining"); }
void status(const std::string& text) { sd_notify(0, ("STATUS=" + text).c_str()); }
void watchdog() { sd_notify(0, "WATCHDOG=1"); }

Duration watchdog_interval() {
  uint64_t microseconds = 0;
  if (sd_watchdog_enabled(0, &microseconds) <= 0) return Duration::zero();
  return std::chrono::microseconds(microseconds / 2);
}

}  // namespace mombridge::service
