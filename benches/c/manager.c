/* Rows of `make bench`, in C. Each command prints one number; `cold` prints a config:

     manager new DIRECTORY COUNT             average nanoseconds of COUNT calls of
                                             hooks_manager_new
     manager hooks DIRECTORY CONFIG COUNT    the same for hooks_manager_hooks
     manager explain DIRECTORY CONFIG COUNT  the same for hooks_manager_explain
     manager memory DIRECTORY                kilobytes of memory for these hooks
     manager growth DIRECTORY CONFIG COUNT   kilobytes that the process grows by in COUNT calls,
                                             after 1000 calls
     manager cold DIRECTORY CONFIG           the config with its hooks: the work of an engine for
                                             one container */
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

/* Returns the content of a file in new memory; NULL if it cannot be read. */
static char *
read_file (const char *path)
{
  struct stat status;
  char *content = NULL;
  ssize_t length = -1;
  int fd = open (path, O_RDONLY | O_CLOEXEC);

  if (fd < 0)
    return NULL;
  if (fstat (fd, &status) == 0)
    content = malloc ((size_t) status.st_size + 1);
  if (content != NULL)
    length = read (fd, content, (size_t) status.st_size);
  close (fd);
  if (length < 0)
    return NULL;
  content[length] = '\0';
  return content;
}

/* Returns the resident memory in kilobytes, without mapped files, because code is read when it
   first runs. smaps_rollup counts pages; statm is inexact by some pages for each processor. */
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

  hooks_manager_new (&directory, 1, NULL, 0, NULL, &manager, NULL);
  return manager;
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
      double started = now ();
      hooks_manager_t *manager = load (directory);

      spent += now () - started;
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
  double started;

  /* The first calls make objects that later calls use. */
  if (manager == NULL || config == NULL || !calls (manager, config, explain, 2))
    return 0;
  started = now ();
  if (!calls (manager, config, explain, count))
    return 0;
  printf ("%.0f\n", (now () - started) / (double) count);
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
  /* The first call of resident() allocates memory itself. */
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
  /* A manager without hooks comes first: memory that the library needs once is not counted. */
  hooks_manager_t *empty = NULL, *manager;
  long before;

  if (hooks_manager_new (NULL, 0, NULL, 0, NULL, &empty, NULL) != HOOKS_STATUS_OK)
    return 0;
  /* The first call of resident() allocates memory itself. */
  resident ();
  before = resident ();
  manager = load (directory);
  if (manager == NULL)
    return 0;
  printf ("%ld\n", resident () - before);
  hooks_manager_free (manager);
  hooks_manager_free (empty);
  return 1;
}

static int
cold (const char *directory, const char *config)
{
  hooks_manager_t *manager = load (directory);
  char *injected = NULL;

  if (manager == NULL || config == NULL
      || hooks_manager_hooks (manager, config, NULL, -1, &injected, NULL, NULL) < 0)
    return 0;
  /* The process ends here, so it frees nothing. */
  return write (STDOUT_FILENO, injected, strlen (injected)) >= 0;
}

int
main (int argc, char **argv)
{
  const char *row = argc > 2 ? argv[1] : "";

  if (strcmp (row, "new") == 0 && argc == 4)
    return !measure_new (argv[2], atol (argv[3]));
  if (strcmp (row, "hooks") == 0 && argc == 5)
    return !measure_hooks (argv[2], read_file (argv[3]), 0, atol (argv[4]));
  if (strcmp (row, "explain") == 0 && argc == 5)
    return !measure_hooks (argv[2], read_file (argv[3]), 1, atol (argv[4]));
  if (strcmp (row, "memory") == 0 && argc == 3)
    return !measure_memory (argv[2]);
  if (strcmp (row, "growth") == 0 && argc == 5)
    return !measure_growth (argv[2], read_file (argv[3]), atol (argv[4]));
  if (strcmp (row, "cold") == 0 && argc == 4)
    return !cold (argv[2], read_file (argv[3]));
  return 2;
}
