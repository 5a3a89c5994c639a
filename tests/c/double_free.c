/* A control: it frees one string twice, so a memory check that accepts it does not work. */
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
  hooks_manager_free (m);
  hooks_string_free (list);
  hooks_string_free (list);
  return 0;
}
