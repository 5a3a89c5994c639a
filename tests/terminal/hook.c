/* Runs a shell script as a hook: hook SCRIPT [TIMEOUT]. Prints the result. */
#include <libhooks/hooks.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
main (int argc, char **argv)
{
  const char *environment = "\"env\":[\"PATH=/usr/bin:/bin\"]";
  hooks_exec_options_t *o = hooks_exec_options_new ();
  hooks_exec_result_t *r = NULL;
  hooks_error_t *err = NULL;
  char hook[4096];
  int status;

  if (argc < 2)
    return 2;
  /* The driver passes only scripts that need no escapes. */
  snprintf (hook, sizeof hook, "{\"path\":\"/bin/sh\",\"args\":[\"sh\",\"-c\",\"%s\"],%s}", argv[1], environment);
  if (argc > 2)
    hooks_exec_options_set_timeout_ms (o, 1000L * atoi (argv[2]));
  hooks_exec_options_set_output_fds (o, 1, 2);
  status = hooks_exec_run (hook, NULL, 0, o, &r, &err);
  if (status != 0)
    printf ("error: %s\n", hooks_error_message (err));
  else
    printf ("ended: %s\n", hooks_exec_result_message (r) == NULL ? "well" : hooks_exec_result_message (r));
  status = status != 0 || hooks_exec_result_message (r) != NULL;
  hooks_exec_result_free (r);
  hooks_error_free (err);
  hooks_exec_options_free (o);
  return status;
}
