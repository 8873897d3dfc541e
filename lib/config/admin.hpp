#pragma once
// `admin:`, apart from the rest because its token is read again when it is used.

#include "config/config.hpp"
#include "config/live_secret.hpp"

namespace mombridge::config {

struct Admin {
  Listener listener;
  LiveSecret token;  ///< empty: none, and the listener is local
};

}  // namespace mombridge::config
