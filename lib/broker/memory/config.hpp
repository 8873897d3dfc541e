#pragma once
// How a `type: memory` section is read into memory::Settings.

#include "broker/memory/settings.hpp"
#include "config/load.hpp"

namespace mombridge::memory {

config::KindReader reader();

}  // namespace mombridge::memory
