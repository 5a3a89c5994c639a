/*
 * Injects the hooks of some directories into a container's config, as an OCI engine does before it
 * calls the runtime.
 *
 *   gcc -std=c99 inject.c $(pkg-config --cflags --libs libhooks) -o inject
 *   ./inject config.json hooks.d [more-hooks.d ...] > injected.json
 *
 * A file in a later directory masks the file of the same name in an earlier one. The default
 * directories are HOOKS_DEFAULT_DIR and HOOKS_OVERRIDE_DIR.
 */
#include <libhooks/hooks.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Returns the content of a file as a string, which the caller frees with free(). Returns NULL and
   sets errno on failure. */
static char *
read_file (const char *path)
{
  FILE *file = fopen (path, "rb");
  char *content = NULL;
  size_t len = 0;
  size_t cap = 0;

  if (file == NULL)
    return NULL;
  do
    {
      char *larger;

      cap = cap == 0 ? 65536 : 2 * cap;
      larger = (char *) realloc (content, cap);
      if (larger == NULL)
        break;
      content = larger;
      len += fread (content + len, 1, cap - len - 1, file);
    }
  while (len == cap - 1);
  if (content == NULL || ferror (file) || !feof (file))
    {
      int saved = errno;

      free (content);
      fclose (file);
      errno = saved;
      return NULL;
    }
  fclose (file);
  content[len] = '\0';
  /* The library would take a NUL as the end of the string, and ignore the rest. */
  if (strlen (content) != len)
    {
      free (content);
      errno = EINVAL;
      return NULL;
    }
  return content;
}

int
main (int argc, char **argv)
{
  static const char *const well_known[] = { HOOKS_DEFAULT_DIR, HOOKS_OVERRIDE_DIR };
  /* The extension stages, here as in Podman. This program must run their hooks itself. */
  static const char *const stages[] = { "precreate" };
  const char *const *dirs = well_known;
  size_t dirs_len = 2;
  char *config = NULL;
  char *injected = NULL;
  char *stage_hooks = NULL;
  hooks_manager_t *manager = NULL;
  hooks_error_t *err = NULL;
  int status = EXIT_FAILURE;

  if (argc < 2)
    {
      fprintf (stderr, "usage: %s CONFIG [HOOKS_DIR ...]\n", argv[0]);
      return 2;
    }
  if (argc > 2)
    {
      dirs = (const char *const *) (argv + 2);
      dirs_len = (size_t) (argc - 2);
    }

  config = read_file (argv[1]);
  if (config == NULL)
    {
      fprintf (stderr, "%s: %s: %s\n", argv[0], argv[1], strerror (errno));
      goto out;
    }
  if (hooks_manager_new (dirs, dirs_len, stages, 1, NULL, &manager, &err) != HOOKS_STATUS_OK)
    goto out;
  /* NULL: use the annotations of the config. DETECT: find bind mounts in its mounts. */
  if (hooks_manager_hooks (manager, config, NULL, HOOKS_BIND_MOUNTS_DETECT, &injected, &stage_hooks,
                           &err)
      != HOOKS_STATUS_OK)
    goto out;
  if (fputs (injected, stdout) == EOF || fflush (stdout) == EOF)
    {
      fprintf (stderr, "%s: stdout: %s\n", argv[0], strerror (errno));
      goto out;
    }
  if (strcmp (stage_hooks, "{}") != 0)
    fprintf (stderr, "for the caller to run: %s\n", stage_hooks);
  status = EXIT_SUCCESS;

out:
  /* Objects that were not made are NULL; freeing NULL does nothing. */
  if (err != NULL)
    fprintf (stderr, "%s: error %d: %s\n", argv[0], hooks_error_code (err),
             hooks_error_message (err));
  hooks_error_free (err);
  hooks_string_free (stage_hooks);
  hooks_string_free (injected);
  hooks_manager_free (manager);
  free (config);
  return status;
}
