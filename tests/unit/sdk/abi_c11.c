/* Compiles, as pedantic C11, what a C author uses of the header. Its numbers are compared with C++'s in abi_test.cpp.
 */
#include "mombridge/handler.h"

_Static_assert(sizeof(mombridge_slice) == 2 * sizeof(void*), "slices stand in arrays and are frozen");
_Static_assert(sizeof(mombridge_header) == 4 * sizeof(void*), "headers stand in arrays and are frozen");

size_t c11_size_of_message(void);
size_t c11_size_of_message(void) { return sizeof(mombridge_message); }

int c11_has_flags(const mombridge_message* message);
int c11_has_flags(const mombridge_message* message) { return MOMBRIDGE_HAS(mombridge_message, message, flags); }
