#pragma once
// Which permission is missing, with the command that gives it.

#include <initializer_list>
#include <string>
#include <string_view>

namespace mombridge::kafka {

/// "allow the operations Describe and Read on topic orders (kafka-acls.sh --add --allow-principal User:bridge
/// --operation Describe --operation Read --topic orders)". `resource`: "topic", "group" or "cluster"; `name`: of that
/// resource, empty for the cluster. `principal` as Login::principal() gives it.
std::string allow(std::initializer_list<std::string_view> operations, std::string_view resource, std::string_view name,
                  const std::string& principal);

}  // namespace mombridge::kafka
