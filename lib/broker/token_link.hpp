#pragma once
// A broker's token as one of its links.

#include "broker/broker.hpp"
#include "token/source.hpp"

namespace mombridge {

/// Down once there is no token to log in with; up, with a detail, while one that is not renewed still lasts. [any
/// thread]
inline LinkStatus token_link(const token::Source& source) {
  auto status = source.status();
  return {"token", status.working ? LinkStatus::State::up : LinkStatus::State::failing, status.detail};
}

}  // namespace mombridge
