/* A row of `make bench`, in C:

     monitor COUNT

   Prints for each of COUNT changes how many nanoseconds passed from the rename of a hook file into
   its directory until hooks_manager_hooks used it. A thread waits for changes; in
   benches/go/monitor/main.go, a goroutine does. */
#define _POSIX_C_SOURCE 200809L
#include <libhooks/hooks.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define HOOKS 10
#define CHANGED 5

/* Longer than the library's debounce of 20 ms. */
static const struct timespec quiet = { 0, 40 * 1000 * 1000 };
static const char config[] = "{\"ociVersion\":\"1.0.2\",\"process\":{\"args\":[\"sh\"],\"cwd\":\"/\"}}";
/* In memory, so that the disk is not measured. */
static char parent[] = "/dev/shm/libhooks-bench-XXXXXX";

static void *
serve (void *monitor)
{
  while (hooks_monitor_wait ((hooks_monitor_t *) monitor, -1, NULL, NULL) == HOOKS_STATUS_OK)
    ;
  return NULL;
}

static int
write_hook (const char *path, long mark)
{
  FILE *file = fopen (path, "w");

  if (file == NULL)
    return 0;
  fprintf (file,
           "{\"version\": \"1.0.0\", \"hook\": {\"path\": \"/bin/sh\", \"args\": [\"mark %ld\"]}, \"when\": {\"always\": true}, "
           "\"stages\": [\"poststop\"]}",
           mark);
  return fclose (file) == 0;
}

static double
now (void)
{
  struct timespec time;

  clock_gettime (CLOCK_MONOTONIC, &time);
  return (double) time.tv_sec * 1e9 + (double) time.tv_nsec;
}

/* Renames a new hook file into its directory, and returns the nanoseconds until it is used; -1 on
   failure. */
static double
change (const hooks_manager_t *manager, const char *prepared, const char *path, long to)
{
  char mark[32];
  double started;

  snprintf (mark, sizeof mark, "\"mark %ld\"", to);
  if (!write_hook (prepared, to))
    return -1;
  started = now ();
  if (rename (prepared, path) < 0)
    return -1;
  for (;;)
    {
      char *injected = NULL;
      int seen;

      if (hooks_manager_hooks (manager, config, NULL, 0, &injected, NULL, NULL) < 0)
        return -1;
      seen = strstr (injected, mark) != NULL;
      hooks_string_free (injected);
      if (seen)
        return now () - started;
      /* The scheduler often queues the woken thread after this one, which would delay it until the
         next tick of the scheduler by polling. */
      sched_yield ();
    }
}

static int
run (const char *directory, long count)
{
  hooks_manager_t *manager = NULL;
  hooks_monitor_t *monitor = NULL;
  pthread_t thread;
  char prepared[64], path[64];
  double latency = 0;
  long i;

  snprintf (prepared, sizeof prepared, "%s/prepared", parent);
  snprintf (path, sizeof path, "%s/%02d.json", directory, CHANGED);
  if (hooks_manager_new (&directory, 1, NULL, 0, NULL, &manager, NULL) < 0
      || hooks_monitor_new (manager, &monitor, NULL) < 0
      || pthread_create (&thread, NULL, serve, monitor) != 0)
    return 0;
  for (i = 0; i < count && latency >= 0; i++)
    {
      nanosleep (&quiet, NULL);
      latency = change (manager, prepared, path, i);
      if (latency >= 0)
        printf ("%.0f\n", latency);
    }
  hooks_monitor_cancel (monitor);
  pthread_join (thread, NULL);
  hooks_monitor_free (monitor);
  hooks_manager_free (manager);
  return latency >= 0;
}

int
main (int argc, char **argv)
{
  long count = argc == 2 ? atol (argv[1]) : 0;
  char directory[48], path[64];
  int i, good;

  if (count <= 0)
    return 2;
  if (mkdtemp (parent) == NULL)
    return 1;
  snprintf (directory, sizeof directory, "%s/hooks.d", parent);
  good = mkdir (directory, 0755) == 0;
  for (i = 0; i < HOOKS; i++)
    {
      snprintf (path, sizeof path, "%s/%02d.json", directory, i);
      good = good && write_hook (path, -1);
    }
  good = good && run (directory, count);
  for (i = 0; i < HOOKS; i++)
    {
      snprintf (path, sizeof path, "%s/%02d.json", directory, i);
      unlink (path);
    }
  rmdir (directory);
  rmdir (parent);
  return !good;
}
