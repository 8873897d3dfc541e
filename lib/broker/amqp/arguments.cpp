#include "broker/amqp/arguments.hpp"

namespace mombridge::amqp {

std::vector<amqp_table_entry_t> entries(const Arguments& arguments) {
  std::vector<amqp_table_entry_t> all;
  for (auto& [name, value] : arguments) {
    amqp_table_entry_t entry{};
    entry.key = bytes(name);
    if (auto* b = std::get_if<bool>(&value))
      entry.value = {.kind = AMQP_FIELD_KIND_BOOLEAN, .value = {.boolean = *b}};
    else if (auto* i = std::get_if<int64_t>(&value))
      entry.value = {.kind = AMQP_FIELD_KIND_I64, .value = {.i64 = *i}};
    else if (auto* d = std::get_if<double>(&value))
      entry.value = {.kind = AMQP_FIELD_KIND_F64, .value = {.f64 = *d}};
    else
      entry.value = {.kind = AMQP_FIELD_KIND_UTF8, .value = {.bytes = bytes(std::get<std::string>(value))}};
    all.push_back(entry);
  }
  return all;
}

}  // namespace mombridge::amqp
