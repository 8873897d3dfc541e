/* Answers each request with a greeting:
 *   handlers: {@NAME@: {plugin: @NAME@.so, config: {greeting: "Hello, "}}}
 * What each function may do, and on which thread, stands in mombridge/handler.h. */
#include <stdio.h>
#include <stdlib.h>

#include "mombridge/handler.h"

typedef struct {
  const mombridge_host* host;
  mombridge_slice greeting; /* the host's memory, valid until destroy() */
} instance;

/* Reads the configuration and allocates, no more: `mombridge check` calls it, too. */
static mombridge_status create(const mombridge_host* host, void** self, char* err, size_t err_size) {
  instance* made = calloc(1, sizeof *made);
  if (!made) {
    snprintf(err, err_size, "there is no memory");
    return MOMBRIDGE_INTERNAL;
  }
  made->host = host;
  made->greeting = mombridge_text("Hello, ");
  host->config_get(host->ctx, mombridge_text("greeting"), &made->greeting); /* without the key, it stays */
  *self = made;
  return MOMBRIDGE_OK;
}

/* Several at a time, on threads of the bridge. Returns the verdict, or OK and calls complete() once. */
static mombridge_status handle(void* self, const mombridge_message* message, mombridge_request_id id) {
  const instance* me = self;
  const mombridge_host* host = me->host;
  mombridge_message reply = {.struct_size = sizeof reply};
  mombridge_result result = {.struct_size = sizeof result, .status = MOMBRIDGE_OK, .reply = &reply};
  size_t size = me->greeting.size + message->body.size;
  char* text;
  if (message->body.size == 0) {
    result.status = MOMBRIDGE_REJECT;
    result.error = mombridge_text("there is nobody to greet");
    host->complete(host->ctx, id, &result);
    return MOMBRIDGE_OK;
  }
  text = malloc(size);
  if (!text) return MOMBRIDGE_RETRY;
  if (me->greeting.size) memcpy(text, me->greeting.data, me->greeting.size);
  memcpy(text + me->greeting.size, message->body.data, message->body.size);
  reply.body.data = text;
  reply.body.size = size;
  host->count(host->ctx, mombridge_text("greetings"), 1);
  host->complete(host->ctx, id, &result); /* copies what it needs */
  free(text);
  return MOMBRIDGE_OK;
}

static void destroy(void* self) { free(self); }

const mombridge_handler* mombridge_handler_entry(uint32_t host_major, uint32_t host_minor) {
  static const mombridge_handler table = {.struct_size = sizeof table,
                                          .abi_major = MOMBRIDGE_ABI_MAJOR,
                                          .abi_minor = MOMBRIDGE_ABI_MINOR,
                                          .name = "@NAME@",
                                          .version = "0.1",
                                          .create = create,
                                          .handle = handle,
                                          .destroy = destroy};
  (void)host_minor; /* nothing newer than 1.0 is used */
  return host_major == MOMBRIDGE_ABI_MAJOR ? &table : NULL;
}
