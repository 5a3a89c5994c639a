/* A row of `make bench`, for a runtime in C:

     exec ROW COUNT MEGABYTES

   Prints the average nanoseconds of COUNT runs, in a process that uses this much memory. */
#define _POSIX_C_SOURCE 200809L
#include <libhooks/hooks.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char state[] = "{\"ociVersion\":\"1.0.2\",\"id\":\"bench\",\"status\":\"stopped\",\"bundle\":\"/tmp\"}";
static const char config[] = "{\"ociVersion\":\"1.0.2\",\"process\":{\"args\":[\"sh\"],\"cwd\":\"/\"},\"root\":{\"path\":\"rootfs\"}}";

static int
once (int filters)
{
  hooks_filter_result_t *filtered = NULL;
  hooks_exec_result_t *ran = NULL;
  int good;

  if (filters)
    {
      if (hooks_exec_filter ("[{\"path\":\"/bin/cat\"}]", config, NULL, &filtered, NULL) < 0)
        return 0;
      good = hooks_filter_result_status (filtered) == 0;
      hooks_filter_result_free (filtered);
      return good;
    }
  if (hooks_exec_run ("{\"path\":\"/bin/true\"}", state, sizeof state - 1, NULL, &ran, NULL) < 0)
    return 0;
  good = hooks_exec_result_exit_status (ran) == 0;
  hooks_exec_result_free (ran);
  return good;
}

int
main (int argc, char **argv)
{
  long count = argc == 4 ? atol (argv[2]) : 0;
  size_t bytes = argc == 4 ? (size_t) atol (argv[3]) << 20 : 0;
  struct timespec started, done;
  char *memory;
  long i;

  if (count <= 0)
    return 2;
  memory = (char *) malloc (bytes + 1);
  if (memory == NULL)
    return 1;
  memset (memory, 1, bytes + 1);
  clock_gettime (CLOCK_MONOTONIC, &started);
  for (i = 0; i < count; i++)
    if (!once (strcmp (argv[1], "filter") == 0))
      return 1;
  clock_gettime (CLOCK_MONOTONIC, &done);
  printf ("%.0f\n", ((double) (done.tv_sec - started.tv_sec) * 1e9
                     + (double) (done.tv_nsec - started.tv_nsec))
                        / (double) count);
  return memory[bytes] != 1;
}
