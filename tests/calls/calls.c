/* calls PLACE [strict]: loads the hooks of two directories in PLACE, reloads and watches them, and
   finds hooks for a container. Before each step it looks for a file "/step: NAME", so that the
   steps are visible in the output of strace. */
#define _POSIX_C_SOURCE 200809L
#include <libhooks/hooks.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char config[]
    = "{\"ociVersion\":\"1.0.2\",\"process\":{\"args\":[\"/bin/sh\"],\"cwd\":\"/\"}}";
static const char hook[]
    = "{\"version\":\"1.0.0\",\"hook\":{\"path\":\"%s/program\"},"
      "\"when\":{\"always\":true},\"stages\":[\"poststop\"]}";
static char directories[2][512];

#define CHECK(condition)                                                                           \
  do                                                                                               \
    if (!(condition))                                                                              \
      {                                                                                            \
        fprintf (stderr, "calls.c:%d: %s\n", __LINE__, #condition);                                \
        exit (1);                                                                                  \
      }                                                                                            \
  while (0)

static void
step (const char *name)
{
  char path[64];

  snprintf (path, sizeof path, "/step: %s", name);
  CHECK (access (path, F_OK) < 0);
}

/* Renames a new hook file into the first directory. */
static void
put (const char *place, const char *name)
{
  char prepared[512], path[1024];
  FILE *file;

  snprintf (prepared, sizeof prepared, "%s/prepared", place);
  snprintf (path, sizeof path, "%s/%s", directories[0], name);
  file = fopen (prepared, "w");
  CHECK (file != NULL);
  CHECK (fprintf (file, hook, place) > 0);
  CHECK (fclose (file) == 0);
  CHECK (rename (prepared, path) == 0);
}

static void
match (const hooks_manager_t *manager)
{
  char *injected = NULL;

  CHECK (hooks_manager_hooks (manager, config, NULL, 0, &injected, NULL, NULL) == HOOKS_STATUS_OK);
  CHECK (strstr (injected, "poststop") != NULL);
  hooks_string_free (injected);
}

int
main (int argc, char **argv)
{
  const char *dirs[2] = { directories[0], directories[1] };
  hooks_options_t *options = hooks_options_new ();
  hooks_manager_t *manager = NULL;
  hooks_monitor_t *monitor = NULL;
  bool reloaded = false;

  CHECK (argc >= 2);
  snprintf (directories[0], sizeof directories[0], "%s/first.d", argv[1]);
  snprintf (directories[1], sizeof directories[1], "%s/second.d", argv[1]);
  CHECK (options != NULL);
  if (argc > 2)
    CHECK (hooks_options_set_policy (options, HOOKS_POLICY_STRICT) == HOOKS_STATUS_OK);

  step ("new");
  CHECK (hooks_manager_new (dirs, 2, NULL, 0, options, &manager, NULL) == HOOKS_STATUS_OK);
  step ("hooks");
  match (manager);
  step ("reload");
  CHECK (hooks_manager_reload (manager, NULL) == HOOKS_STATUS_OK);
  step ("");
  put (argv[1], "new.json");
  step ("reload-changed");
  CHECK (hooks_manager_reload (manager, NULL) == HOOKS_STATUS_OK);
  step ("monitor");
  CHECK (hooks_monitor_new (manager, &monitor, NULL) == HOOKS_STATUS_OK);
  step ("first-dispatch");
  CHECK (hooks_monitor_dispatch (monitor, &reloaded, NULL) == HOOKS_STATUS_OK);
  step ("");
  put (argv[1], "newer.json");
  step ("wait");
  do
    CHECK (hooks_monitor_wait (monitor, -1, &reloaded, NULL) == HOOKS_STATUS_OK);
  while (!reloaded);
  step ("hooks-again");
  match (manager);
  step ("");
  hooks_monitor_free (monitor);
  hooks_manager_free (manager);
  hooks_options_free (options);
  return 0;
}
