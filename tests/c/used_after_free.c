/* A control: it uses a manager after it was freed, inside the library. With an argument, another
   thread uses it while it is freed. A sanitizer that accepts it does not work. */
#include <libhooks/hooks.h>

#include <pthread.h>
#include <stddef.h>

static void *
use (void *manager)
{
  char *injected = NULL;
  int i;

  for (i = 0; i < 1000; i++)
    {
      (void) hooks_manager_hooks ((const hooks_manager_t *) manager, "{}", NULL, 0, &injected,
                                  NULL, NULL);
      hooks_string_free (injected);
      injected = NULL;
    }
  return NULL;
}

int
main (int argc, char **argv)
{
  hooks_manager_t *m = NULL;
  pthread_t thread;

  (void) argv;
  if (hooks_manager_new (NULL, 0, NULL, 0, NULL, &m, NULL) != HOOKS_STATUS_OK)
    return 1;
  if (argc > 1 && pthread_create (&thread, NULL, use, m) != 0)
    return 1;
  hooks_manager_free (m);
  if (argc > 1)
    pthread_join (thread, NULL);
  else
    use (m);
  return 0;
}
