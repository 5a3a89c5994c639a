/* Prints the answers of the C library about hook directories: door DIRECTORY... */
#include <libhooks/hooks.h>
#include <stdio.h>
#include <string.h>

/* Prints the codes of the diagnostics in JSON. */
static void
print_codes (const char *json)
{
  static const char key[] = "\"code\":\"";

  while ((json = strstr (json, key)) != NULL)
    {
      json += sizeof key - 1;
      printf (" %.*s", (int) strcspn (json, "\""), json);
    }
  putchar ('\n');
}

static void
ask (const char *dir, const char *name, int policy)
{
  hooks_options_t *o = hooks_options_new ();
  hooks_manager_t *m = NULL;
  hooks_error_t *err = NULL;
  char *json = NULL;

  if (hooks_options_set_policy (o, policy) != HOOKS_STATUS_OK)
    printf ("no such policy\n");
  if (hooks_manager_new (&dir, 1, NULL, 0, o, &m, &err) == HOOKS_STATUS_OK)
    {
      printf ("%s %s loaded", name, dir);
      if (hooks_manager_diagnostics (m, &json, NULL) == HOOKS_STATUS_OK)
        print_codes (json);
    }
  else
    {
      printf ("%s %s refused", name, dir);
      print_codes (hooks_error_json (err));
    }
  hooks_string_free (json);
  hooks_error_free (err);
  hooks_manager_free (m);
  hooks_options_free (o);
}

int
main (int argc, char **argv)
{
  int i;

  for (i = 1; i < argc; i++)
    {
      ask (argv[i], "strict", HOOKS_POLICY_STRICT);
      ask (argv[i], "compatible", HOOKS_POLICY_COMPATIBLE);
    }
  return 0;
}
