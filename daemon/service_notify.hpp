#pragma once
// Telling the service manager how we are. Source: sd_notify(3). Everything here does nothing where there is none, and
// never blocks: what the manager does not read in time waits here where it must arrive, and is dropped else.

#include <string>

#include "base/clock.hpp"

namespace mombridge::service {

/// There is one.
[[nodiscard]] bool present();
/// Also the end of a reload, or of the start.
void ready(const std::string& status = "running");
/// Followed by ready().
void reloading();
void stopping();
void status(const std::string& text);
void watchdog();
/// How often watchdog() is due: half of what the unit's WatchdogSec allows; zero: no watchdog is asked for.
Duration watchdog_interval();

}  // namespace mombridge::service
