/* The header of libhooks, or an error that says how to install it. */
#if !__has_include(<libhooks/hooks.h>)
#error "no libhooks/hooks.h: install libhooks, and add the folder of libhooks.pc to PKG_CONFIG_PATH"
#else
#include <libhooks/hooks.h>
#if HOOKS_VERSION_NUMBER < HOOKS_MAKE_VERSION (0, 1, 0)
#error "this package needs libhooks 0.1.0 or later"
#endif
#endif
