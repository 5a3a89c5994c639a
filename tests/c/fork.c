/* fork [FORKS [THREADS]]: tests the children of a process whose threads match patterns that are not
   compiled yet. Each child gets the same result as its parent within 5 seconds, frees all objects,
   and exits with 0. */
#define _XOPEN_SOURCE 700

#include "test.h"

#include <pthread.h>
#include <sys/wait.h>
#include <time.h>

#define MAX_THREADS 8
#define FORKS_PER_MANAGER 4
#define PATTERNS 100
#define CONFIG "{\"process\":{\"args\":[\"/bin/sh\"]},\"annotations\":{\"key\":\"value\"}}"

struct round
{
  hooks_manager_t *manager;
  const char *expected;
  int stop;
  long calls;
  long bad;
};

static int
answers (const hooks_manager_t *m, const char *expected)
{
  char *config = NULL;
  int good = hooks_manager_hooks (m, CONFIG, NULL, 0, &config, NULL, NULL) == HOOKS_STATUS_OK
             && strcmp (config, expected) == 0;

  hooks_string_free (config);
  return good;
}

static void *
work (void *argument)
{
  struct round *r = (struct round *) argument;

  while (!__atomic_load_n (&r->stop, __ATOMIC_RELAXED))
    {
      if (!answers (r->manager, r->expected))
        __atomic_add_fetch (&r->bad, 1, __ATOMIC_RELAXED);
      __atomic_add_fetch (&r->calls, 1, __ATOMIC_RELAXED);
    }
  return NULL;
}

/* Writes a hook of which only the last pattern matches. The patterns before it must be compiled to
   find that they do not match. `round` makes them new in each round, in case the library keeps
   compiled patterns. */
static void
write_hook (const char *dir, int round)
{
  char *path = text ("%s/hook.json", dir);
  FILE *file = fopen (path, "w");
  int i;

  if (file == NULL)
    die (path);
  fprintf (file, "{\"version\":\"1.0.0\",\"hook\":{\"path\":\"/bin/true\"},\"stages\":[\"prestart\"],"
                 "\"when\":{\"annotations\":{\"^k[a-z]+%dy?|^key$\":\"^v[a-z]*e$\"},\"commands\":[",
           round);
  for (i = 0; i < PATTERNS; i++)
    fprintf (file, "\"^a[0-9]+b?(x|yz)*%d_%d$\",", round, i);
  fprintf (file, "\"^/b[a-z]+/s[h-k]$\"]}}");
  if (fclose (file) != 0)
    die (path);
  free (path);
}

/* Runs in a child. */
static void
child (struct round *r, const char *const *dirs, hooks_error_t *error)
{
  hooks_manager_t *m = NULL;
  hooks_snapshot_t *s;
  int status = 0;

  alarm (5);
  if (!answers (r->manager, r->expected))
    status = 1;
  s = hooks_manager_snapshot (r->manager);
  if (s == NULL || hooks_snapshot_generation (s) != hooks_manager_generation (r->manager))
    status = 2;
  /* A new manager in the child works, too. */
  if (hooks_manager_new (dirs, 1, NULL, 0, NULL, &m, NULL) != HOOKS_STATUS_OK
      || !answers (m, r->expected))
    status = 3;
  if (hooks_manager_reload (r->manager, NULL) != HOOKS_STATUS_OK
      || !answers (r->manager, r->expected))
    status = 4;
  hooks_snapshot_free (s);
  hooks_manager_free (m);
  hooks_manager_free (r->manager);
  hooks_error_free (error);
  _exit (status);
}

int
main (int argc, char **argv)
{
  int forks = argc > 1 ? atoi (argv[1]) : 1000;
  int threads = argc > 2 ? atoi (argv[2]) : MAX_THREADS;
  char *dir = new_dir (NULL);
  const char *dirs[1];
  char *expected = NULL;
  hooks_manager_t *m = NULL;
  long calls = 0, bad = 0;
  int forked = 0, good = 0, round = 0;

  dirs[0] = dir;
  write_file (dir, "hook.json",
              "{\"version\":\"1.0.0\",\"hook\":{\"path\":\"/bin/true\"},\"when\":{\"always\":true},\"stages\":[\"prestart\"]}");
  EXPECT (HOOKS_STATUS_OK, "", hooks_manager_new (dirs, 1, NULL, 0, NULL, &m, &err));
  EXPECT (HOOKS_STATUS_OK, "", hooks_manager_hooks (m, CONFIG, NULL, 0, &expected, NULL, &err));
  hooks_manager_free (m);
  if (!CHECK (expected != NULL && strstr (expected, "/bin/true") != NULL && threads <= MAX_THREADS))
    return summary ("fork");

  while (forked < forks)
    {
      struct round r = { NULL, expected, 0, 0, 0 };
      hooks_error_t *error = NULL;
      pthread_t ids[MAX_THREADS];
      pid_t pids[FORKS_PER_MANAGER];
      int i;

      write_hook (dir, round);
      EXPECT (HOOKS_STATUS_OK, "", hooks_manager_new (dirs, 1, NULL, 0, NULL, &r.manager, &err));
      /* Both the parent and the child free an error that was made before the fork. */
      CHECK (hooks_manager_hooks (r.manager, "[]", NULL, 0, NULL, NULL, &error)
             == HOOKS_STATUS_JSON);
      for (i = 0; i < threads; i++)
        if (pthread_create (&ids[i], NULL, work, &r) != 0)
          die ("pthread_create");
      for (i = 0; i < FORKS_PER_MANAGER; i++)
        {
          /* The fork happens at different moments of the first matches. */
          struct timespec pause = { 0, (round * 37 + i * 101) % 400 * 1000L };

          nanosleep (&pause, NULL);
          fflush (stdout);
          pids[i] = fork ();
          if (pids[i] < 0)
            die ("fork");
          if (pids[i] == 0)
            child (&r, dirs, error);
        }
      for (i = 0; i < FORKS_PER_MANAGER; i++)
        {
          int status = 0;

          forked++;
          if (waitpid (pids[i], &status, 0) == pids[i] && WIFEXITED (status)
              && WEXITSTATUS (status) == 0)
            good++;
          else
            printf ("round %d: a child ended with status %#x\n", round, (unsigned) status);
        }
      __atomic_store_n (&r.stop, 1, __ATOMIC_RELAXED);
      for (i = 0; i < threads; i++)
        pthread_join (ids[i], NULL);
      CHECK (answers (r.manager, expected));
      calls += r.calls;
      bad += r.bad;
      hooks_error_free (error);
      hooks_manager_free (r.manager);
      round++;
    }
  printf ("%d forks with %d managers, %d children succeeded; %ld calls in %d threads, %ld bad\n",
          forked, round, good, calls, threads, bad);
  CHECK (good == forked);
  CHECK (bad == 0);
  hooks_string_free (expected);
  remove_dir (dir);
  return summary ("fork");
}
