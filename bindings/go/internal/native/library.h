/* The header of libhooks, or what to do about it. */
#if !__has_include(<libhooks/hooks.h>)
#error "libhooks/hooks.h is not here: install libhooks (its README says how), and let PKG_CONFIG_PATH name the folder of libhooks.pc"
#else
#include <libhooks/hooks.h>
#if HOOKS_VERSION_NUMBER < HOOKS_MAKE_VERSION (0, 1, 0)
#error "this package needs libhooks 0.1.0 or later"
#endif
#endif
