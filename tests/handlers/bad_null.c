/* Has no handle function. */
#include "plain.h"

PLAIN_HANDLER("bad_null", .handle = NULL);
