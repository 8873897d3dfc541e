/* Returns NULL from the entry function: it does not support this bridge. */
#include "plain.h"

const mombridge_handler* mombridge_handler_entry(uint32_t host_major, uint32_t host_minor) {
  (void)host_major;
  (void)host_minor;
  return NULL;
}
