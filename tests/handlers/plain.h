/* What the C test plugins share: the instance is the host table itself, and a table is written in one line. */
#ifndef MOMBRIDGE_TESTS_HANDLERS_PLAIN_H
#define MOMBRIDGE_TESTS_HANDLERS_PLAIN_H

#include <stdlib.h>

#include "mombridge/handler.h"

static inline mombridge_status plain_create(const mombridge_host* host, void** self, char* err, size_t err_size) {
  (void)err;
  (void)err_size;
  *self = (void*)host;
  return MOMBRIDGE_OK;
}

static inline void plain_destroy(void* self) { (void)self; }

/* Completes `id` with a verdict, and with `reply` as body unless it is NULL; returns what the host says. */
static inline mombridge_status plain_complete(const void* self, mombridge_request_id id, mombridge_status status,
                                              const char* reply) {
  const mombridge_host* host = self;
  mombridge_message message = {.struct_size = sizeof message, .body = mombridge_text(reply)};
  mombridge_result result = {.struct_size = sizeof result, .status = status, .reply = reply ? &message : NULL};
  return host->complete(host->ctx, id, &result);
}

/* The body as a decimal number, `fallback` if it is empty. */
static inline int32_t plain_number(const mombridge_message* message, int32_t fallback) {
  char text[16] = "";
  size_t size = message->body.size < sizeof text - 1 ? message->body.size : sizeof text - 1;
  if (size == 0) return fallback;
  memcpy(text, message->body.data, size);
  return (int32_t)strtol(text, NULL, 10);
}

/* A table with every mandatory field; later designators override: PLAIN_TABLE("x", .handle = handle). Those overrides
 * are the point, so the warning about them is off in tests/handlers. */
#define PLAIN_TABLE(plugin, ...)                                                                                  \
  {                                                                                                               \
    .struct_size = sizeof(mombridge_handler), .abi_major = MOMBRIDGE_ABI_MAJOR, .abi_minor = MOMBRIDGE_ABI_MINOR, \
    .name = plugin, .version = "1.0", .create = plain_create, .destroy = plain_destroy, __VA_ARGS__               \
  }

/* The entry function, with that table. */
#define PLAIN_HANDLER(plugin, ...)                                                             \
  const mombridge_handler* mombridge_handler_entry(uint32_t host_major, uint32_t host_minor) { \
    static const mombridge_handler table = PLAIN_TABLE(plugin, __VA_ARGS__);                   \
    (void)host_major;                                                                          \
    (void)host_minor;                                                                          \
    return &table;                                                                             \
  }                                                                                            \
  _Static_assert(1, "takes the semicolon")

#endif
