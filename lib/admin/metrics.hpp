#pragma once
// The bridge's numbers as Prometheus reads them.

#include <string>

#include "admin/status.hpp"

namespace mombridge::admin {

inline constexpr const char* kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

/// What the status has and what is counted by labels, in Prometheus' text format. [any thread]
[[nodiscard]] std::string metrics_text(const Status& status);

}  // namespace mombridge::admin
