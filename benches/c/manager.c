/* Rows of `make bench`, from C: manager new DIRECTORY COUNT              nanoseconds of a
   hooks_manager_new, on the average of COUNT manager hooks DIRECTORY CONFIG COUNT     nanoseconds
   of a hooks_manager_hooks, likewise manager explain DIRECTORY CONFIG COUNT   of a
   hooks_manager_explain manager memory DIRECTORY                 kilobytes that a process is larger
   for with these hooks, and one hook matched manager growth DIRECTORY CONFIG COUNT    kilobytes
   that it grows by in COUNT calls, after a thousand manager cold DIRECTORY CONFIG            what
   an engine does once for a container: prints the config with its hooks */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <libhooks/hooks.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static double
now (void)
{
  struct timespec time;

  clock_gettime (CLOCK_MONOTONIC, &time);
  return (double) time.tv_sec * 1e9 + (double) time.tv_nsec;
}

/* Reads a file into memory of its own; NULL: it cannot be read. */
static char *
read_file (const char *path)
{
  struct stat status;
  char *text = NULL;
  ssize_t length = -1;
  int fd = open (path, O_RDONLY | O_CLOEXEC);

  if (fd < 0)
    return NULL;
  if (fstat (fd, &status) == 0)
    text = malloc ((size_t) status.st_size + 1);
  if (text != NULL)
    length = read (fd, text, (size_t) status.st_size);
  close (fd);
  if (length < 0)
    return NULL;
  text[length] = '\0';
  return text;
}

/* Resident memory in kilobytes, without what is mapped from files: code is read when it first runs.
   This file counts pages; what statm says is off by some on each processor. */
static long
resident (void)
{
  char line[256];
  long size = 0;
  FILE *file = fopen ("/proc/self/smaps_rollup", "r");

  if (file == NULL)
    return 0;
  while (fgets (line, sizeof line, file) != NULL)
    if (sscanf (line, "Anonymous: %ld kB", &size) == 1)
      break;
  fclose (file);
  return size;
}

static hooks_manager_t *
load (const char *directory)
{
  hooks_manager_t *manager = NULL;

  return hooks_manager_new (&directory, 1, NULL, 0, NULL, &manager, NULL) == HOOKS_STATUS_OK ? manager : NULL;
}

static int
once (const hooks_manager_t *manager, const char *config, int explain)
{
  char *out = NULL;
  int status = explain ? hooks_manager_explain (manager, config, NULL, -1, &out, NULL)
                       : hooks_manager_hooks (manager, config, NULL, -1, &out, NULL, NULL);

  hooks_string_free (out);
  return status == HOOKS_STATUS_OK;
}

static int
calls (const hooks_manager_t *manager, const char *config, int explain, long count)
{
  int good = 1;

  while (count-- > 0 && good)
    good = once (manager, config, explain);
  return good;
}

static int
measure_new (const char *directory, long count)
{
  double spent = 0;
  long i;

  for (i = 0; i < count; i++)
    {
      double begun = now ();
      hooks_manager_t *manager = load (directory);

      spent += now () - begun;
      if (manager == NULL)
        return 0;
      hooks_manager_free (manager);
    }
  printf ("%.0f\n", spent / (double) count);
  return 1;
}

static int
measure_hooks (const char *directory, const char *config, int explain, long count)
{
  hooks_manager_t *manager = load (directory);
  double begun;

  /* What is made at the first match is there then. */
  if (manager == NULL || config == NULL || !calls (manager, config, explain, 2))
    return 0;
  begun = now ();
  if (!calls (manager, config, explain, count))
    return 0;
  printf ("%.0f\n", (now () - begun) / (double) count);
  hooks_manager_free (manager);
  return 1;
}

static int
measure_growth (const char *directory, const char *config, long count)
{
  hooks_manager_t *manager = load (directory);
  long before;

  if (manager == NULL || config == NULL || !calls (manager, config, 0, 1000))
    return 0;
  /* What asking takes is there the second time. */
  resident ();
  before = resident ();
  if (!calls (manager, config, 0, count))
    return 0;
  printf ("%ld\n", resident () - before);
  hooks_manager_free (manager);
  return 1;
}

static int
measure_memory (const char *directory)
{
  /* One without hooks first: what the library needs but once is not the hooks'. */
  hooks_manager_t *none = NULL, *manager;
  long before;

  if (hooks_manager_new (NULL, 0, NULL, 0, NULL, &none, NULL) != HOOKS_STATUS_OK)
    return 0;
  /* What asking takes is there the second time. */
  resident ();
  before = resident ();
  manager = load (directory);
  if (manager == NULL)
    return 0;
  printf ("%ld\n", resident () - before);
  hooks_manager_free (manager);
  hooks_manager_free (none);
  return 1;
}

static int
cold (const char *directory, const char *config)
{
  hooks_manager_t *manager = load (directory);
  char *injected = NULL;

  if (manager == NULL || config == NULL || hooks_manager_hooks (manager, config, NULL, -1, &injected, NULL, NULL) < 0)
    return 0;
  /* It ends here, so nothing is freed. */
  return write (STDOUT_FILENO, injected, strlen (injected)) >= 0;
}

int
main (int argc, char **argv)
{
  const char *what = argc > 2 ? argv[1] : "";

  if (strcmp (what, "new") == 0 && argc == 4)
    return !measure_new (argv[2], atol (argv[3]));
  if (strcmp (what, "hooks") == 0 && argc == 5)
    return !measure_hooks (argv[2], read_file (argv[3]), 0, atol (argv[4]));
  if (strcmp (what, "explain") == 0 && argc == 5)
    return !measure_hooks (argv[2], read_file (argv[3]), 1, atol (argv[4]));
  if (strcmp (what, "memory") == 0 && argc == 3)
    return !measure_memory (argv[2]);
  if (strcmp (what, "growth") == 0 && argc == 5)
    return !measure_growth (argv[2], read_file (argv[3]), atol (argv[4]));
  if (strcmp (what, "cold") == 0 && argc == 4)
    return !cold (argv[2], read_file (argv[3]));
  return 2;
}
