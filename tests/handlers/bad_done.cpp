// Publishes each message to "shop" and misbehaves when that is done, as config `does` says: "throw" lets an exception
// out of the callback, "block" stays in it until the file `until` exists. The request is completed first, or last.
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>

#include "mombridge/handler.h"

namespace {

struct Self {
  const mombridge_host* host;
  std::string does, until;
};

struct Published {
  Self* self;
  mombridge_request_id id;

  void complete() const {
    mombridge_result ok{};
    ok.struct_size = sizeof ok;
    self->host->complete(self->host->ctx, id, &ok);
  }
};

void done(void* user, mombridge_status, mombridge_slice) {
  auto published = *static_cast<Published*>(user);
  delete static_cast<Published*>(user);
  if (published.self->does == "throw") {
    published.complete();
    throw std::runtime_error("thrown out of a callback");
  }
  while (!std::filesystem::exists(published.self->until)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  published.complete();
}

std::string text_of(const mombridge_host* host, const char* path) {
  mombridge_slice value{};
  host->config_get(host->ctx, mombridge_text(path), &value);
  return {static_cast<const char*>(value.data), value.size};
}

mombridge_status create(const mombridge_host* host, void** self, char*, size_t) {
  *self = new Self{host, text_of(host, "does"), text_of(host, "until")};
  return MOMBRIDGE_OK;
}

mombridge_status handle(void* self, const mombridge_message* message, mombridge_request_id id) {
  auto* s = static_cast<Self*>(self);
  auto copy = *message;
  copy.target = mombridge_text("out");
  auto* user = new Published{s, id};
  auto status = s->host->publish(s->host->ctx, mombridge_text("shop"), &copy, done, user);
  if (status != MOMBRIDGE_OK) delete user;
  return status;
}

void destroy(void* self) { delete static_cast<Self*>(self); }

constexpr mombridge_handler kTable{sizeof(mombridge_handler),
                                   MOMBRIDGE_ABI_MAJOR,
                                   MOMBRIDGE_ABI_MINOR,
                                   0,
                                   0,
                                   "bad_done",
                                   "1.0",
                                   create,
                                   nullptr,
                                   handle,
                                   nullptr,
                                   destroy};

}  // namespace

extern "C" const mombridge_handler* mombridge_handler_entry(uint32_t, uint32_t) { return &kTable; }
