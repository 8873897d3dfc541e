/* Compiled against a later minor version: its table says 1.7 and has fields that this bridge does not know. */
#include "plain.h"

static mombridge_status handle(void* self, const mombridge_message* message, mombridge_request_id id) {
  (void)message;
  plain_complete(self, id, MOMBRIDGE_OK, "newer");
  return MOMBRIDGE_OK;
}

const mombridge_handler* mombridge_handler_entry(uint32_t host_major, uint32_t host_minor) {
  static const struct {
    mombridge_handler known;
    void (*unknown[4])(void);
  } table = {.known = PLAIN_TABLE("good_newer_minor", .struct_size = sizeof table, .abi_minor = 7, .handle = handle)};
  (void)host_major;
  (void)host_minor;
  return &table.known;
}
