#include "broker/first_token.hpp"

#include <future>
#include <mutex>

namespace mombridge {

Result<std::shared_ptr<token::Source>> first_token(const std::string& broker, const token::Settings& settings,
                                                   Duration patience) {
  auto source = std::make_shared<token::Source>(broker, settings);
  std::promise<void> looked;
  std::once_flag once;
  {
    auto watch = source->watch([&] { std::call_once(once, [&] { looked.set_value(); }); });
    source->start();
    looked.get_future().wait_for(patience);
  }
  if (auto present = source->present(); !present) return fail(present.error());
  return source;
}

}  // namespace mombridge
