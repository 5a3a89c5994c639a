/* threads [RELOADS]: tests that 8 threads can inject with one manager during reloads. The files of
   the manager alternate between two sets; each result must be the result of one of the sets. */
#define _XOPEN_SOURCE 700

#include "test.h"

#include <pthread.h>

#define THREADS 8
#define CONFIG "{\"process\":{\"args\":[\"/bin/sh\"]},\"hooks\":{}}"

struct worker
{
  const hooks_manager_t *manager;
  const char *expected[2];
  const int *stop;
  pthread_t thread;
  long calls;
  long seen[2];
  long bad;
};

static void *
work (void *argument)
{
  struct worker *w = (struct worker *) argument;

  while (!__atomic_load_n (w->stop, __ATOMIC_RELAXED))
    {
      hooks_snapshot_t *s = hooks_manager_snapshot (w->manager);
      char *config = NULL;
      char *list = NULL;

      if (hooks_manager_hooks (w->manager, CONFIG, NULL, 0, &config, NULL, NULL) != HOOKS_STATUS_OK)
        w->bad++;
      else if (strcmp (config, w->expected[0]) == 0)
        w->seen[0]++;
      else if (strcmp (config, w->expected[1]) == 0)
        w->seen[1]++;
      else
        w->bad++;
      hooks_string_free (config);
      /* A snapshot also has one of the sets, and is never newer than the manager. */
      if (hooks_snapshot_list (s, &list, NULL) != HOOKS_STATUS_OK
          || (strstr (list, "a-1.json") != NULL) == (strstr (list, "b-1.json") != NULL)
          || hooks_snapshot_generation (s) > hooks_manager_generation (w->manager))
        w->bad++;
      hooks_string_free (list);
      hooks_snapshot_free (s);
      w->calls++;
    }
  return NULL;
}

/* Makes a directory with three hooks; `expected` receives the config with these hooks. */
static char *
new_set (const char *parent, const char *letter, char **expected)
{
  char *dir = text ("%s/%s", parent, letter);
  hooks_manager_t *m = NULL;
  const char *dirs[1];
  int i;

  if (mkdir (dir, 0700) != 0)
    die (dir);
  for (i = 1; i <= 3; i++)
    {
      char *name = text ("%s-%d.json", letter, i);
      char *hook = text ("{\"version\":\"1.0.0\",\"hook\":{\"path\":\"/bin/true\",\"args\":[\"true\",\"%s\"]},"
                         "\"when\":{\"commands\":[\"^/bin/s[a-h]$\"]},\"stages\":[\"prestart\",\"poststop\"]}",
                         name);

      write_file (dir, name, hook);
      free (hook);
      free (name);
    }
  dirs[0] = dir;
  EXPECT (HOOKS_STATUS_OK, "", hooks_manager_new (dirs, 1, NULL, 0, NULL, &m, &err));
  EXPECT (HOOKS_STATUS_OK, "", hooks_manager_hooks (m, CONFIG, NULL, 0, expected, NULL, &err));
  hooks_manager_free (m);
  return dir;
}

int
main (int argc, char **argv)
{
  int reloads = argc > 1 ? atoi (argv[1]) : 1000;
  char *root = new_dir (NULL);
  char *link_path = text ("%s/hooks.d", root);
  char *new_path = text ("%s/new", root);
  char *sets[2];
  char *expected[2] = { NULL, NULL };
  struct worker workers[THREADS];
  const char *dirs[1];
  hooks_manager_t *m = NULL;
  long calls = 0, bad = 0, seen[2] = { 0, 0 };
  uint64_t generation;
  int stop = 0;
  int i;

  sets[0] = new_set (root, "a", &expected[0]);
  sets[1] = new_set (root, "b", &expected[1]);
  if (!CHECK (expected[0] != NULL && expected[1] != NULL && strcmp (expected[0], expected[1]) != 0))
    return summary ("threads");
  dirs[0] = link_path;
  if (symlink (sets[0], link_path) != 0)
    die (link_path);
  EXPECT (HOOKS_STATUS_OK, "", hooks_manager_new (dirs, 1, NULL, 0, NULL, &m, &err));
  generation = hooks_manager_generation (m);

  memset (workers, 0, sizeof workers);
  for (i = 0; i < THREADS; i++)
    {
      workers[i].manager = m;
      workers[i].expected[0] = expected[0];
      workers[i].expected[1] = expected[1];
      workers[i].stop = &stop;
      if (pthread_create (&workers[i].thread, NULL, work, &workers[i]) != 0)
        die ("pthread_create");
    }
  for (i = 1; i <= reloads; i++)
    {
      if (symlink (sets[i % 2], new_path) != 0 || rename (new_path, link_path) != 0)
        die (new_path);
      EXPECT (HOOKS_STATUS_OK, "", hooks_manager_reload (m, &err));
      CHECK (hooks_manager_generation (m) > generation);
      generation = hooks_manager_generation (m);
    }
  __atomic_store_n (&stop, 1, __ATOMIC_RELAXED);
  for (i = 0; i < THREADS; i++)
    {
      pthread_join (workers[i].thread, NULL);
      calls += workers[i].calls;
      bad += workers[i].bad;
      seen[0] += workers[i].seen[0];
      seen[1] += workers[i].seen[1];
    }
  hooks_manager_free (m);
  printf ("%d reloads, %ld calls in %d threads: %ld with the first set, %ld with the second set, "
          "%ld with neither\n",
          reloads, calls, THREADS, seen[0], seen[1], bad);
  CHECK (bad == 0);
  CHECK (seen[0] > 0 && seen[1] > 0);
  for (i = 0; i < 2; i++)
    {
      hooks_string_free (expected[i]);
      free (sets[i]);
    }
  free (link_path);
  free (new_path);
  remove_dir (root);
  return summary ("threads");
}
