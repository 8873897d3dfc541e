#pragma once
// One flow of messages: where a sender puts them, how often, how large.

#include <cstdint>
#include <cstdlib>
#include <map>
#include <sstream>
#include <string>

namespace faults {

struct Flow {
  std::string name;
  std::string to;        ///< queue or topic
  double rate = 100;     ///< messages a second
  uint64_t size = 300;   ///< bytes of body
  uint64_t keys = 8;     ///< so many keys take turns
  uint64_t count = 0;    ///< ends after so many; 0: never by itself
  std::string reply_to;  ///< not empty: every message is a request
};

/// "name=ak,to=queue,rate=200,size=300,keys=8,count=0,reply=queue"
inline Flow parse_flow(const std::string& text) {
  std::map<std::string, std::string> values;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');)
    values[part.substr(0, part.find('='))] = part.substr(part.find('=') + 1);
  Flow flow;
  flow.name = values["name"];
  flow.to = values["to"];
  flow.reply_to = values["reply"];
  if (values.contains("rate")) flow.rate = std::atof(values["rate"].c_str());
  if (values.contains("size")) flow.size = std::strtoull(values["size"].c_str(), nullptr, 10);
  if (values.contains("keys")) flow.keys = std::strtoull(values["keys"].c_str(), nullptr, 10);
  if (values.contains("count")) flow.count = std::strtoull(values["count"].c_str(), nullptr, 10);
  return flow;
}

}  // namespace faults
