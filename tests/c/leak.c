/* A control: it leaks one string, so a memory check that accepts it does not work. */
#include <libhooks/hooks.h>

#include <stddef.h>

int
main (void)
{
  hooks_manager_t *m = NULL;
  char *list = NULL;

  if (hooks_manager_new (NULL, 0, NULL, 0, NULL, &m, NULL) != HOOKS_STATUS_OK
      || hooks_manager_list (m, &list, NULL) != HOOKS_STATUS_OK)
    return 1;
  list = NULL;
  hooks_manager_free (m);
  return list == NULL ? 0 : 1;
}
