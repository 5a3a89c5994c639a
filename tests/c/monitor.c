/* monitor [CYCLES]: tests monitors in poll and epoll, in a thread, cancelled from a thread and from
   a signal handler, and in a process that gets signals and forks. With tests/c/slow_read.c
   preloaded and SLOW_READ set, it tests that no other thread waits while hook files are read
   slowly. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "test.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#define CONFIG "{\"process\":{\"args\":[\"/bin/sh\"]}}"
/* In milliseconds. A test that passes does not wait as long. */
#define LONG 60000

static int
compare (const void *a, const void *b)
{
  double difference = *(const double *) a - *(const double *) b;

  return difference < 0 ? -1 : difference > 0;
}

/* Returns the number of inotify watches of this process. */
static int
watches (void)
{
  DIR *d = opendir ("/proc/self/fdinfo");
  struct dirent *entry;
  int count = 0;

  if (d == NULL)
    die ("/proc/self/fdinfo");
  while ((entry = readdir (d)) != NULL)
    {
      char *path = text ("/proc/self/fdinfo/%s", entry->d_name);
      FILE *file = fopen (path, "r");
      char line[512];

      while (file != NULL && fgets (line, sizeof line, file) != NULL)
        count += strncmp (line, "inotify wd:", 11) == 0;
      if (file != NULL)
        fclose (file);
      free (path);
    }
  closedir (d);
  return count;
}

/* Renames a hook file into the directory, so that it is complete when it appears. */
static void
put_hook (const char *dir, const char *name, const char *mark)
{
  char *hook = text ("{\"version\":\"1.0.0\",\"hook\":{\"path\":\"/bin/true\",\"args\":[\"true\",\"%s\"]},"
                     "\"when\":{\"always\":true},\"stages\":[\"poststop\"]}",
                     mark);
  char *from = text ("%s/.new", dir);
  char *to = text ("%s/%s", dir, name);

  write_file (dir, ".new", hook);
  if (rename (from, to) != 0)
    die (to);
  free (hook);
  free (from);
  free (to);
}

/* Returns whether the hooks have this mark. */
static int
has (const hooks_manager_t *m, const char *mark)
{
  char *config = NULL;
  int found = hooks_manager_hooks (m, CONFIG, NULL, 0, &config, NULL, NULL) == HOOKS_STATUS_OK
              && strstr (config, mark) != NULL;

  hooks_string_free (config);
  return found;
}

static void
test_arguments (const hooks_manager_t *m)
{
  hooks_monitor_t *mon = NULL;
  bool reloaded = true;
  char mark[] = "mark";
  char *json = mark;

  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "m is NULL", hooks_monitor_new (NULL, &mon, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "out is NULL", hooks_monitor_new (m, NULL, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "mon is NULL",
          hooks_monitor_dispatch (NULL, &reloaded, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "mon is NULL",
          hooks_monitor_wait (NULL, 0, &reloaded, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "mon is NULL", hooks_monitor_changes (NULL, &json, &err));
  CHECK (hooks_monitor_cancel (NULL) == HOOKS_STATUS_INVALID_ARGUMENT);
  CHECK (hooks_monitor_fd (NULL) == -1);
  hooks_monitor_free (NULL);
  CHECK (mon == NULL && reloaded && json == mark);

  EXPECT (HOOKS_STATUS_OK, "", hooks_monitor_new (m, &mon, &err));
  CHECK (hooks_monitor_fd (mon) > 2);
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "timeout_ms must be -1 or more, got -2",
          hooks_monitor_wait (mon, -2, &reloaded, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "json_out is NULL",
          hooks_monitor_changes (mon, NULL, &err));
  CHECK (reloaded);
  EXPECT (HOOKS_STATUS_OK, "", hooks_monitor_wait (mon, 0, &reloaded, &err));
  CHECK (!reloaded);
  EXPECT (HOOKS_STATUS_OK, "", hooks_monitor_wait (mon, 1, NULL, &err));
  EXPECT (HOOKS_STATUS_OK, "", hooks_monitor_dispatch (mon, NULL, &err));
  EXPECT (HOOKS_STATUS_OK, "", hooks_monitor_changes (mon, &json, &err));
  CHECK (strcmp (json, "[]") == 0);
  hooks_string_free (json);
  CHECK (hooks_monitor_cancel (mon) == HOOKS_STATUS_OK);
  EXPECT (HOOKS_STATUS_CANCELLED, "cancelled", hooks_monitor_dispatch (mon, &reloaded, &err));
  EXPECT (HOOKS_STATUS_CANCELLED, "cancelled", hooks_monitor_wait (mon, -1, &reloaded, &err));
  hooks_monitor_free (mon);
}

/* Tests a callback that calls the monitor that calls it. */
static hooks_monitor_t *calling;
static int called_back;

static void
on_log (void *userdata, int level, const char *message, const char *fields_json)
{
  (void) userdata;
  (void) level;
  (void) message;
  (void) fields_json;
  if (calling != NULL)
    {
      called_back++;
      EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "mon is already in use",
              hooks_monitor_dispatch (calling, NULL, &err));
      CHECK (hooks_monitor_fd (calling) > 2);
    }
}

static void
test_callback (const char *dir)
{
  const char *dirs[1];
  hooks_options_t *o = hooks_options_new ();
  hooks_manager_t *m = NULL;
  hooks_monitor_t *mon = NULL;

  dirs[0] = dir;
  CHECK (hooks_options_set_log (o, on_log, NULL) == HOOKS_STATUS_OK);
  EXPECT (HOOKS_STATUS_OK, "", hooks_manager_new (dirs, 1, NULL, 0, o, &m, &err));
  EXPECT (HOOKS_STATUS_OK, "", hooks_monitor_new (m, &mon, &err));
  calling = mon;
  EXPECT (HOOKS_STATUS_OK, "", hooks_monitor_dispatch (mon, NULL, &err));
  calling = NULL;
  CHECK (called_back > 0);
  hooks_manager_free (m);
  EXPECT (HOOKS_STATUS_OK, "", hooks_monitor_dispatch (mon, NULL, &err));
  hooks_monitor_free (mon);
  hooks_options_free (o);
}

/* In separate PID namespaces, a process and its child both have the PID 1. */
static int
both_have_pid_1 (void *argument)
{
  const char *dirs[1];
  hooks_manager_t *m = NULL;
  hooks_monitor_t *mon = NULL;
  int status = 0;
  pid_t pid;

  dirs[0] = (const char *) argument;
  EXPECT (HOOKS_STATUS_OK, "", hooks_manager_new (dirs, 1, NULL, 0, NULL, &m, &err));
  EXPECT (HOOKS_STATUS_OK, "", hooks_monitor_new (m, &mon, &err));
  if (unshare (CLONE_NEWPID) != 0)
    die ("unshare");
  pid = fork ();
  if (pid == 0)
    {
      CHECK (getpid () == 1);
      EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "belongs to the parent process",
              hooks_monitor_dispatch (mon, NULL, &err));
      CHECK (hooks_monitor_cancel (mon) == HOOKS_STATUS_OK);
      hooks_monitor_free (mon);
      fflush (stdout);
      _exit (failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
    }
  CHECK (getpid () == 1 && waitpid (pid, &status, 0) == pid);
  CHECK (WIFEXITED (status) && WEXITSTATUS (status) == EXIT_SUCCESS);
  EXPECT (HOOKS_STATUS_OK, "", hooks_monitor_dispatch (mon, NULL, &err));
  hooks_monitor_free (mon);
  hooks_manager_free (m);
  fflush (stdout);
  _exit (failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

static void
test_pid_namespaces (char *dir)
{
  int status = 0;
  pid_t outer = fork (), pid;

  if (outer == 0)
    {
      if (unshare (CLONE_NEWPID) != 0)
        _exit (77);
      fflush (stdout);
      pid = fork ();
      if (pid == 0)
        both_have_pid_1 (dir);
      _exit (waitpid (pid, &status, 0) == pid && WIFEXITED (status) ? WEXITSTATUS (status)
                                                                     : EXIT_FAILURE);
    }
  CHECK (waitpid (outer, &status, 0) == outer && WIFEXITED (status));
  if (WEXITSTATUS (status) == 77)
    printf ("SKIP: PID namespaces need root\n");
  else
    CHECK (WEXITSTATUS (status) == EXIT_SUCCESS);
}

/* Runs an event loop, with poll(2) or epoll(7), until the hooks have the mark. */
static void
loop (hooks_monitor_t *mon, const hooks_manager_t *m, const char *mark, int by_epoll)
{
  struct pollfd polled = { 0, POLLIN, 0 };
  struct epoll_event event;
  int epoll = epoll_create1 (EPOLL_CLOEXEC);

  memset (&event, 0, sizeof event);
  event.events = EPOLLIN;
  polled.fd = hooks_monitor_fd (mon);
  if (epoll < 0 || epoll_ctl (epoll, EPOLL_CTL_ADD, polled.fd, &event) != 0)
    die ("epoll");
  while (!has (m, mark))
    {
      if (!CHECK ((by_epoll ? epoll_wait (epoll, &event, 1, LONG) : poll (&polled, 1, LONG)) == 1))
        break;
      EXPECT (HOOKS_STATUS_OK, "", hooks_monitor_dispatch (mon, NULL, &err));
    }
  close (epoll);
}

static void
test_loops (hooks_manager_t *m, const char *dir)
{
  hooks_monitor_t *mon = NULL;
  char *json = NULL;
  int by_epoll;

  EXPECT (HOOKS_STATUS_OK, "", hooks_monitor_new (m, &mon, &err));
  for (by_epoll = 0; by_epoll <= 1; by_epoll++)
    {
      const char *mark = by_epoll ? "by epoll" : "by poll";

      put_hook (dir, "a.json", mark);
      loop (mon, m, mark, by_epoll);
      EXPECT (HOOKS_STATUS_OK, "", hooks_monitor_changes (mon, &json, &err));
      CHECK (strstr (json, "{\"change\":\"updated\",\"path\":\"") != NULL);
      hooks_string_free (json);
    }
  hooks_monitor_free (mon);
}

/* A thread that waits for changes. */
struct waiter
{
  hooks_monitor_t *mon;
  pthread_t thread;
  int reloads;
  int status;
  double returned;
};

static void *
wait_on (void *argument)
{
  struct waiter *w = (struct waiter *) argument;
  bool reloaded = false;

  while ((w->status = hooks_monitor_wait (w->mon, -1, &reloaded, NULL)) == HOOKS_STATUS_OK)
    __atomic_add_fetch (&w->reloads, reloaded, __ATOMIC_SEQ_CST);
  w->returned = now ();
  return NULL;
}

static void
start (struct waiter *w, const hooks_manager_t *m)
{
  memset (w, 0, sizeof *w);
  EXPECT (HOOKS_STATUS_OK, "", hooks_monitor_new (m, &w->mon, &err));
  if (pthread_create (&w->thread, NULL, wait_on, w) != 0)
    die ("pthread_create");
}

static double
stop (struct waiter *w)
{
  double started = now ();

  CHECK (hooks_monitor_cancel (w->mon) == HOOKS_STATUS_OK);
  pthread_join (w->thread, NULL);
  CHECK (w->status == HOOKS_STATUS_CANCELLED);
  hooks_monitor_free (w->mon);
  return w->returned - started;
}

/* Waits until the hooks have the mark, without calling the monitor. */
static int
await (const hooks_manager_t *m, const char *mark)
{
  double end = now () + LONG / 1e3;

  while (!has (m, mark))
    if (now () > end)
      return 0;
  return 1;
}

/* A signal handler in another thread reads this, so all accesses use __atomic builtins. */
static hooks_monitor_t *to_be_cancelled;
static volatile double cancelled_at;

static void
on_cancel (int number)
{
  int before = errno;

  (void) number;
  errno = EDOM;
  cancelled_at = now ();
  if (hooks_monitor_cancel (__atomic_load_n (&to_be_cancelled, __ATOMIC_ACQUIRE)) != HOOKS_STATUS_OK
      || errno != EDOM)
    abort ();
  errno = before;
}

static void
handle (int number, void (*handler) (int))
{
  struct sigaction action;

  memset (&action, 0, sizeof action);
  action.sa_handler = handler;
  sigemptyset (&action.sa_mask);
  if (sigaction (number, &action, NULL) != 0)
    die ("sigaction");
}

/* The test uses the median, because any thread may have to wait on a busy machine. */
#define ROUNDS 21

static void
show (const char *call, double *times)
{
  qsort (times, ROUNDS, sizeof *times, compare);
  printf ("%s returns after %.3f ms (median), %.3f ms (maximum)\n", call, times[ROUNDS / 2] * 1e3,
          times[ROUNDS - 1] * 1e3);
  CHECK (times[ROUNDS / 2] < 0.05);
}

static void
test_cancel (const hooks_manager_t *m)
{
  double times[ROUNDS];
  struct waiter w;
  int i;

  for (i = 0; i < ROUNDS; i++)
    {
      start (&w, m);
      times[i] = stop (&w);
    }
  show ("a wait that another thread cancels", times);

  handle (SIGALRM, on_cancel);
  for (i = 0; i < ROUNDS; i++)
    {
      start (&w, m);
      __atomic_store_n (&to_be_cancelled, w.mon, __ATOMIC_RELEASE);
      /* The handler runs in the waiting thread, or in this thread. */
      if (i % 2 == 0)
        pthread_kill (w.thread, SIGALRM);
      else
        raise (SIGALRM);
      pthread_join (w.thread, NULL);
      CHECK (w.status == HOOKS_STATUS_CANCELLED);
      times[i] = w.returned - cancelled_at;
      hooks_monitor_free (w.mon);
    }
  show ("a wait that a signal handler cancels", times);
}

static void
test_nothing_is_left (hooks_manager_t *m, int cycles)
{
  int descriptors, threads, i;
  struct waiter w;

  /* The first monitor may set up things that stay. */
  start (&w, m);
  stop (&w);
  descriptors = entries ("/proc/self/fd");
  threads = entries ("/proc/self/task");
  for (i = 0; i < cycles; i++)
    {
      if (i % 2 == 0)
        {
          start (&w, m);
          stop (&w);
        }
      else
        {
          hooks_monitor_t *mon = NULL;

          EXPECT (HOOKS_STATUS_OK, "", hooks_monitor_new (m, &mon, &err));
          if (i % 4 == 1)
            EXPECT (HOOKS_STATUS_OK, "", hooks_monitor_dispatch (mon, NULL, &err));
          CHECK (i > 8 || (watches () > 0 && entries ("/proc/self/fd") > descriptors));
          hooks_monitor_free (mon);
        }
    }
  CHECK (entries ("/proc/self/fd") == descriptors);
  CHECK (entries ("/proc/self/task") == threads);
  CHECK (watches () == 0);
}

/* Two threads run the handler at once, so all accesses use __atomic builtins. */
static int handled;
static int handled_elsewhere;
static pid_t hosts[2];

static void
on_usr1 (int number)
{
  int before = errno;
  pid_t self = (pid_t) syscall (SYS_gettid);

  (void) number;
  __atomic_add_fetch (&handled, 1, __ATOMIC_SEQ_CST);
  if (self != hosts[0] && self != __atomic_load_n (&hosts[1], __ATOMIC_SEQ_CST))
    __atomic_store_n (&handled_elsewhere, 1, __ATOMIC_SEQ_CST);
  errno = before;
}

static void *
record_and_wait (void *argument)
{
  __atomic_store_n (&hosts[1], (pid_t) syscall (SYS_gettid), __ATOMIC_SEQ_CST);
  return wait_on (argument);
}

/* A monitor starts no thread, so signal handlers run in the program's threads; and a signal does
   not end a wait. */
static void
test_signals (hooks_manager_t *m, const char *dir, int signals)
{
  struct waiter w;
  int threads = entries ("/proc/self/task");
  int i;

  hosts[0] = (pid_t) syscall (SYS_gettid);
  handle (SIGUSR1, on_usr1);
  memset (&w, 0, sizeof w);
  EXPECT (HOOKS_STATUS_OK, "", hooks_monitor_new (m, &w.mon, &err));
  CHECK (entries ("/proc/self/task") == threads);
  if (pthread_create (&w.thread, NULL, record_and_wait, &w) != 0)
    die ("pthread_create");
  while (__atomic_load_n (&hosts[1], __ATOMIC_SEQ_CST) == 0)
    sched_yield ();
  for (i = 0; i < signals; i++)
    {
      if (kill (getpid (), SIGUSR1) != 0 || (i % 2 == 0 && pthread_kill (w.thread, SIGUSR1) != 0))
        die ("kill");
      if (i % 1000 == 0)
        {
          char *mark = text ("signal %d.", i);

          put_hook (dir, "a.json", mark);
          CHECK (await (m, mark));
          CHECK (entries ("/proc/self/task") == threads + 1);
          free (mark);
        }
    }
  stop (&w);
  CHECK (__atomic_load_n (&handled, __ATOMIC_SEQ_CST) > 0);
  CHECK (!__atomic_load_n (&handled_elsewhere, __ATOMIC_SEQ_CST));
  printf ("%d signals sent, %d handled, %s\n", signals, handled,
          handled_elsewhere ? "some in other threads" : "all in the program's threads");
}

/* Runs in a child. SIGALRM ends it if it hangs. */
static void
child (hooks_manager_t *m, struct waiter *w, const char *mark)
{
  int before = entries ("/proc/self/fd");
  bool reloaded = false;
  char *json = NULL;

  alarm (20);
  checks = failures = 0;
  CHECK (has (m, mark));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "belongs to the parent process",
          hooks_monitor_changes (w->mon, &json, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "belongs to the parent process",
          hooks_monitor_dispatch (w->mon, &reloaded, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "belongs to the parent process",
          hooks_monitor_wait (w->mon, -1, &reloaded, &err));
  CHECK (hooks_monitor_cancel (w->mon) == HOOKS_STATUS_OK);
  hooks_monitor_free (w->mon);
  CHECK (entries ("/proc/self/fd") < before);
  CHECK (watches () == 0);
  hooks_manager_free (m);
  fflush (stdout);
  _exit (failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

static void
test_forks (hooks_manager_t *m, const char *dir, int forks)
{
  struct waiter w;
  int i, status, before;

  start (&w, m);
  put_hook (dir, "a.json", "before any fork");
  CHECK (await (m, "before any fork"));
  before = watches ();
  CHECK (before > 0);
  for (i = 0; i < forks; i++)
    {
      char *mark = text ("fork %d.", i);
      pid_t pid;

      put_hook (dir, "a.json", mark);
      CHECK (await (m, mark));
      /* The fork mostly happens during a reload. */
      if (i % 2 == 0)
        put_hook (dir, "b.json", mark);
      fflush (stdout);
      pid = fork ();
      if (pid < 0)
        die ("fork");
      if (pid == 0)
        child (m, &w, mark);
      CHECK (waitpid (pid, &status, 0) == pid && WIFEXITED (status)
             && WEXITSTATUS (status) == EXIT_SUCCESS);
      free (mark);
    }
  put_hook (dir, "a.json", "after all forks");
  CHECK (await (m, "after all forks"));
  CHECK (watches () == before);
  stop (&w);
}

/* Calls that match do not wait for a reload: with a lock, a call would sleep as long as a read. */
static void
test_slow_reads (hooks_manager_t *m, const char *dir)
{
  struct waiter w;
  uint64_t generation;
  long calls = 0, waited = 0;
  double most = 0, started;
  char *config = NULL;

  start (&w, m);
  generation = hooks_manager_generation (m);
  put_hook (dir, "a.json", "read slowly");
  started = now ();
  while (!has (m, "read slowly") && now () < started + LONG / 1e3)
    {
      struct rusage before, after;
      double then = now (), took;

      getrusage (RUSAGE_THREAD, &before);
      CHECK (hooks_manager_hooks (m, CONFIG, NULL, 0, &config, NULL, NULL) == HOOKS_STATUS_OK);
      getrusage (RUSAGE_THREAD, &after);
      took = now () - then;
      hooks_string_free (config);
      most = took > most ? took : most;
      /* A slow call may only have lost the processor; a call that waits gives it up itself. */
      waited += took > 0.02 && after.ru_nvcsw > before.ru_nvcsw;
      calls++;
    }
  CHECK (hooks_manager_generation (m) > generation);
  CHECK (now () - started >= 0.3);
  CHECK (calls >= 1000);
  CHECK (waited == 0);
  printf ("while files were read for %.0f ms: %ld calls, %ld waited, the slowest took %.3f ms\n",
          (now () - started) * 1e3, calls, waited, most * 1e3);
  stop (&w);
}

int
main (int argc, char **argv)
{
  int cycles = argc > 1 ? atoi (argv[1]) : 1000;
  char *dir = new_dir (NULL);
  const char *dirs[1];
  hooks_manager_t *m = NULL;

  dirs[0] = dir;
  put_hook (dir, "a.json", "first");
  put_hook (dir, "b.json", "second");
  EXPECT (HOOKS_STATUS_OK, "", hooks_manager_new (dirs, 1, NULL, 0, NULL, &m, &err));
  if (getenv ("SLOW_READ") != NULL)
    test_slow_reads (m, dir);
  else
    {
      test_arguments (m);
      test_callback (dir);
      /* Not under valgrind, which would report the parent's memory as leaked in the child. */
      if (cycles >= 10)
        test_pid_namespaces (dir);
      test_loops (m, dir);
      test_cancel (m);
      test_nothing_is_left (m, cycles);
      test_signals (m, dir, cycles * 10);
      test_forks (m, dir, cycles / 10);
    }
  hooks_manager_free (m);
  remove_dir (dir);
  return summary ("monitor");
}
