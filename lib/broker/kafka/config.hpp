#pragma once
// How a `type: kafka` section is read into kafka::Settings.

#include "broker/kafka/settings.hpp"
#include "config/load.hpp"

namespace mombridge::kafka {

config::KindReader reader();

}  // namespace mombridge::kafka
