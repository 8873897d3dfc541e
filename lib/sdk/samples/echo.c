/* Answers every request with its own body, in plain C11. */
#include "mombridge/handler.h"

static mombridge_status create(const mombridge_host* host, void** self, char* err, size_t err_size) {
  (void)err;
  (void)err_size;
  *self = (void*)host; /* all the state there is; the host outlives the instance */
  return MOMBRIDGE_OK;
}

static mombridge_status handle(void* self, const mombridge_message* message, mombridge_request_id id) {
  const mombridge_host* host = self;
  mombridge_message reply = {.struct_size = sizeof reply, .body = message->body, .content_type = message->content_type};
  mombridge_result result = {.struct_size = sizeof result, .status = MOMBRIDGE_OK, .reply = &reply};
  host->complete(host->ctx, id, &result);
  return MOMBRIDGE_OK; /* it means that complete() is called once, whatever complete() said */
}

static void destroy(void* self) { (void)self; }

const mombridge_handler* mombridge_handler_entry(uint32_t host_major, uint32_t host_minor) {
  static const mombridge_handler table = {.struct_size = sizeof table,
                                          .abi_major = MOMBRIDGE_ABI_MAJOR,
                                          .abi_minor = MOMBRIDGE_ABI_MINOR,
                                          .name = "echo",
                                          .version = "1.0",
                                          .create = create,
                                          .handle = handle,
                                          .destroy = destroy};
  (void)host_minor; /* nothing newer than 1.0 is used */
  return host_major == MOMBRIDGE_ABI_MAJOR ? &table : NULL;
}
