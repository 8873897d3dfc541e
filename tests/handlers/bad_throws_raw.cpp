// Throws across the ABI, which handler.hpp would not let happen: from the function that config `in` names ("create",
// "start", "handle", "stop", "destroy").
#include <stdexcept>
#include <string>

#include "mombridge/handler.h"

namespace {

struct Self {
  const mombridge_host* host;
  std::string in;
  void here(const char* function) const {
    if (in == function) throw std::runtime_error("thrown across the ABI");
  }
};

mombridge_status create(const mombridge_host* host, void** self, char*, size_t) {
  mombridge_slice in{};
  host->config_get(host->ctx, mombridge_text("in"), &in);
  Self made{host, std::string(static_cast<const char*>(in.data), in.size)};
  made.here("create");
  *self = new Self(made);
  return MOMBRIDGE_OK;
}

mombridge_status start(void* self, char*, size_t) {
  static_cast<Self*>(self)->here("start");
  return MOMBRIDGE_OK;
}

mombridge_status handle(void* self, const mombridge_message*, mombridge_request_id id) {
  auto* s = static_cast<Self*>(self);
  s->here("handle");
  mombridge_result ok{};
  ok.struct_size = sizeof ok;
  return s->host->complete(s->host->ctx, id, &ok);
}

void stop(void* self) { static_cast<Self*>(self)->here("stop"); }

void destroy(void* self) {
  Self gone = *static_cast<Self*>(self);
  delete static_cast<Self*>(self);
  gone.here("destroy");
}

constexpr mombridge_handler kTable{sizeof(mombridge_handler),
                                   MOMBRIDGE_ABI_MAJOR,
                                   MOMBRIDGE_ABI_MINOR,
                                   0,
                                   0,
                                   "bad_throws_raw",
                                   "1.0",
                                   create,
                                   start,
                                   handle,
                                   stop,
                                   destroy};

}  // namespace

extern "C" const mombridge_handler* mombridge_handler_entry(uint32_t, uint32_t) { return &kTable; }
