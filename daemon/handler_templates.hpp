#pragma once
// What a new handler's project consists of: the files of lib/sdk/templates, as they are.

#include <string_view>

namespace mombridge::templates {

extern const std::string_view kSourceC, kSourceCpp, kTest, kBuild, kBridge, kCases;

}  // namespace mombridge::templates
