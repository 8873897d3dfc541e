// Reads a configuration and says exactly what is wrong with it: `mombridge check` shows each text that the constructor
// throws, with the place of the plugin in the file. Answers a net price in cents with the gross price.
//   handlers: {price: {plugin: price.so, config: {currency: EUR, markets: [DE, FR], tax: {DE: 19, FR: 20}}}}
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "mombridge/handler.hpp"

using namespace mombridge::sdk;

class Price : public Handler {
 public:
  explicit Price(Host host) : Handler(host), currency_(config().require("currency")) {
    if (currency_.size() != 3 || !std::ranges::all_of(currency_, [](char c) { return c >= 'A' && c <= 'Z'; })) {
      throw ConfigError("config.currency: expected three capital letters such as EUR, found '" + currency_ + "'");
    }
    for (const std::string& market : config().list("markets")) {
      // require() and get() name the key themselves where it is missing or no number.
      const int tax = config().require<int>("tax." + market);
      if (tax < 0 || tax > 100) {
        throw ConfigError("config.tax." + market + ": expected a percentage from 0 to 100, found " +
                          std::to_string(tax));
      }
      tax_[market] = tax;
    }
    if (tax_.empty()) throw ConfigError("config.markets: expected a list of at least one market");
  }

  void handle(const MessageView& message, Request& request) override {
    const std::string market(message.header("market").value_or(tax_.begin()->first));
    const auto tax = tax_.find(market);
    if (tax == tax_.end()) throw Reject("there are no prices for market '" + market + "'");
    const std::int64_t gross = cents(message.body()) * (100 + tax->second) / 100;
    const std::string rest = std::to_string(gross % 100);
    request.reply(currency_ + " " + std::to_string(gross / 100) + (rest.size() == 1 ? ".0" : ".") + rest);
  }

 private:
  static std::int64_t cents(std::string_view text) {
    constexpr std::int64_t kHighest = 1'000'000'000'000;
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < 0 || value > kHighest) {
      throw Reject("the body is no price in cents");
    }
    return value;
  }

  const std::string currency_;
  std::map<std::string, int> tax_;  // by market, in percent
};

MOMBRIDGE_HANDLER(Price, "price", "1.0");
