/* Rows of `make bench`:

     reload CALLS RATE

   THREADS threads make CALLS calls of hooks_manager_hooks each. Prints their calls per second
   together, and the number of reloads. One more thread reloads RATE times per second, or as often
   as it can, and writes a hook file before each reload. If RATE is 0, it does not run. */
#define _POSIX_C_SOURCE 200809L
#include <libhooks/hooks.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define THREADS 8
#define HOOKS 10
#define CHANGED 5

static const char config[]
    = "{\"ociVersion\":\"1.0.2\",\"process\":{\"args\":[\"/bin/sh\"],\"cwd\":\"/\"},\"annotations\":{\"org.example.key-3\":\"on\"}}";
static char directory[] = "/tmp/libhooks-bench-XXXXXX";
static char files[HOOKS][64];
static char prepared[64];

static hooks_manager_t *manager;
static pthread_barrier_t ready;
static long calls;
static long reloads;
static long rate;

/* Shared by the threads. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int matching = THREADS;
static int failed;

static int
write_hook (const char *path, int i, long mark)
{
  FILE *file = fopen (path, "w");

  if (file == NULL)
    return 0;
  fprintf (file,
           "{\"version\": \"1.0.0\", \"hook\": {\"path\": \"/bin/sh\", \"args\": [\"%ld\"]}, \"when\": {\"annotations\": "
           "{\"^org\\\\.example\\\\.key-%d$\": \"^(true|on)$\"}, \"commands\": [\"^/bin/(ba)?sh$\"]}, \"stages\": [\"poststop\"]}",
           mark, i);
  return fclose (file) == 0;
}

static void
done (int good)
{
  pthread_mutex_lock (&mutex);
  failed |= !good;
  pthread_mutex_unlock (&mutex);
}

static void *
match (void *unused)
{
  int good = 1;
  long i;

  (void) unused;
  pthread_barrier_wait (&ready);
  for (i = 0; i < calls && good; i++)
    {
      char *injected = NULL;

      good = hooks_manager_hooks (manager, config, NULL, 0, &injected, NULL, NULL)
             == HOOKS_STATUS_OK;
      hooks_string_free (injected);
    }
  done (good);
  pthread_mutex_lock (&mutex);
  matching--;
  pthread_mutex_unlock (&mutex);
  return NULL;
}

static int
calls_continue (void)
{
  int continues;

  pthread_mutex_lock (&mutex);
  continues = matching > 0;
  pthread_mutex_unlock (&mutex);
  return continues;
}

static void *
reload (void *unused)
{
  struct timespec next;
  int good = 1;

  (void) unused;
  pthread_barrier_wait (&ready);
  clock_gettime (CLOCK_MONOTONIC, &next);
  for (; calls_continue () && good; reloads++)
    {
      good = write_hook (prepared, CHANGED, reloads) && rename (prepared, files[CHANGED]) == 0
             && hooks_manager_reload (manager, NULL) == HOOKS_STATUS_OK;
      next.tv_nsec += 1000000000 / rate;
      next.tv_sec += next.tv_nsec / 1000000000;
      next.tv_nsec %= 1000000000;
      /* Returns at once if that time is over. */
      clock_nanosleep (CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
    }
  done (good);
  return NULL;
}

static double
run (int with_reloads)
{
  const char *directories[] = { directory };
  pthread_t threads[THREADS + 1];
  struct timespec started, over;
  int i;

  if (hooks_manager_new (directories, 1, NULL, 0, NULL, &manager, NULL) < 0
      || pthread_barrier_init (&ready, NULL, (unsigned) (THREADS + with_reloads + 1)) != 0)
    return -1;
  for (i = 0; i < THREADS + with_reloads; i++)
    if (pthread_create (&threads[i], NULL, i < THREADS ? match : reload, NULL) != 0)
      return -1;
  clock_gettime (CLOCK_MONOTONIC, &started);
  pthread_barrier_wait (&ready);
  for (i = 0; i < THREADS; i++)
    pthread_join (threads[i], NULL);
  clock_gettime (CLOCK_MONOTONIC, &over);
  if (with_reloads)
    pthread_join (threads[THREADS], NULL);
  hooks_manager_free (manager);
  if (failed)
    return -1;
  return (double) (over.tv_sec - started.tv_sec) + (double) (over.tv_nsec - started.tv_nsec) / 1e9;
}

int
main (int argc, char **argv)
{
  double seconds;
  int i, good = 1;

  calls = argc == 3 ? atol (argv[1]) : 0;
  if (calls <= 0)
    return 2;
  if (mkdtemp (directory) == NULL)
    return 1;
  snprintf (prepared, sizeof prepared, "%s/prepared", directory);
  for (i = 0; i < HOOKS; i++)
    {
      snprintf (files[i], sizeof files[i], "%s/%02d.json", directory, i);
      good = good && write_hook (files[i], i, 0);
    }
  rate = atol (argv[2]);
  seconds = good ? run (rate != 0) : -1;
  for (i = 0; i < HOOKS; i++)
    unlink (files[i]);
  unlink (prepared);
  rmdir (directory);
  if (seconds <= 0)
    return 1;
  printf ("%.0f\n%ld\n", THREADS * (double) calls / seconds, reloads);
  return 0;
}
