#pragma once
// What names one partition.

#include <cstdint>
#include <string>
#include <utility>

namespace mombridge::kafka {

/// Topic and number.
using PartitionKey = std::pair<std::string, int32_t>;

}  // namespace mombridge::kafka
