/* Runs 1000 hooks of several kinds with barely enough file descriptors, in one thread and in 16
   threads, and checks that no process and no file descriptor is left. Also tests the processes that
   hooks leave running. With the argument "seccomp", the system refuses pidfd_open(2). */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "test.h"
#include "seccomp.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#define RUNS 1000
#define THREADS 16

/* The directory of the hooks' files. */
static char *dir;
/* The path of this program, which is also the daemon of a hook. */
static char self[4096];

static hooks_exec_result_t *
run (const char *script, int timeout_ms)
{
  hooks_exec_options_t *o = hooks_exec_options_new ();
  hooks_exec_result_t *r = NULL;
  hooks_error_t *err = NULL;
  char *hook = text ("{\"path\":\"/bin/sh\",\"args\":[\"sh\",\"-c\",\"%s\"]}", script);

  if (hooks_exec_options_set_timeout_ms (o, timeout_ms) != 0
      || hooks_exec_run (hook, "{}", 2, o, &r, &err) != HOOKS_STATUS_OK)
    printf ("  %s\n", hooks_error_message (err));
  free (hook);
  hooks_error_free (err);
  hooks_exec_options_free (o);
  return r;
}

/* Opens a FIFO, and waits until another process opens the other end. */
static int
opened (const char *name, int flags)
{
  char *path = text ("%s/%s", dir, name);
  int fd = open (path, flags | O_CLOEXEC);

  if (fd < 0)
    die (path);
  free (path);
  return fd;
}

static void
make_fifo (const char *name)
{
  char *path = text ("%s/%s", dir, name);

  if (mkfifo (path, 0600) != 0)
    die (path);
  free (path);
}

struct share
{
  int runs;
  int good;
};

/* Runs several kinds of hooks. The daemons keep their output open, and wait until the FIFO "gate"
   is closed. */
static void *
run_many (void *arg)
{
  struct share *share = (struct share *) arg;
  char *daemon = text ("exec 3>%s/alive 4<%s/gate; read -r go <&4 & exit 0", dir, dir);
  const char *scripts[] = { "cat", "exit 3", "exec sleep 600", daemon };
  int i;

  for (i = 0; i < share->runs; i++)
    {
      int kind = i % 4;
      hooks_exec_result_t *r = run (scripts[kind], kind == 2 ? i % 3 : -1);
      int status = hooks_exec_result_exit_status (r);

      share->good += r != NULL
                     && (kind == 2 ? hooks_exec_result_timed_out (r)
                         && hooks_exec_result_signal (r) == SIGKILL
                                   : status == (kind == 1 ? 3 : 0));
      hooks_exec_result_free (r);
    }
  free (daemon);
  return NULL;
}

/* Returns how many file descriptors a run needs at once: with fewer, the hook cannot be started. */
static int
needed (int open_now)
{
  struct rlimit old, tight;
  int more;

  if (getrlimit (RLIMIT_NOFILE, &old) != 0)
    die ("getrlimit");
  tight = old;
  for (more = 0; more < 64; more++)
    {
      hooks_exec_result_t *r = NULL;

      tight.rlim_cur = (rlim_t) (open_now + more);
      if (setrlimit (RLIMIT_NOFILE, &tight) != 0)
        die ("setrlimit");
      if (hooks_exec_run ("{\"path\":\"/bin/true\"}", NULL, 0, NULL, &r, NULL) == HOOKS_STATUS_OK)
        {
          hooks_exec_result_free (r);
          break;
        }
    }
  setrlimit (RLIMIT_NOFILE, &old);
  return more;
}

static void
test_many (int threads)
{
  struct share shares[THREADS];
  pthread_t ids[THREADS];
  struct rlimit old, tight;
  int alive, gate, status, i, fds, tasks, need, good = 0;
  char byte;
  pid_t other = fork ();

  if (other == 0)
    {
      pause ();
      _exit (0);
    }
  make_fifo ("alive");
  make_fifo ("gate");
  /* Opened in both directions, so that no daemon waits for this process. */
  alive = opened ("alive", O_RDONLY | O_NONBLOCK);
  gate = opened ("gate", O_RDWR);
  fds = entries ("/proc/self/fd");
  tasks = entries ("/proc/self/task");
  need = needed (gate + 1);
  if (getrlimit (RLIMIT_NOFILE, &old) != 0)
    die ("getrlimit");
  tight = old;
  tight.rlim_cur = (rlim_t) (gate + 1 + need * threads);
  if (setrlimit (RLIMIT_NOFILE, &tight) != 0)
    die ("setrlimit");
  for (i = 0; i < threads; i++)
    {
      shares[i].runs = RUNS / threads + (i < RUNS % threads);
      shares[i].good = 0;
      if (pthread_create (&ids[i], NULL, run_many, &shares[i]) != 0)
        die ("pthread_create");
    }
  for (i = 0; i < threads; i++)
    {
      pthread_join (ids[i], NULL);
      good += shares[i].good;
    }
  setrlimit (RLIMIT_NOFILE, &old);
  printf ("stress: %d threads, %d runs succeeded, %d file descriptors for one run\n", threads,
          good, need);
  CHECK (good == RUNS);
  CHECK (entries ("/proc/self/fd") == fds && entries ("/proc/self/task") == tasks);
  CHECK (waitpid (other, &status, WNOHANG) == 0 && kill (other, SIGKILL) == 0);
  CHECK (waitpid (other, &status, 0) == other && WIFSIGNALED (status)
         && WTERMSIG (status) == SIGKILL);
  CHECK (waitpid (-1, NULL, WNOHANG) == -1 && errno == ECHILD);
  /* Now the daemons end; after the last one, the read ends, too. */
  close (gate);
  fcntl (alive, F_SETFL, 0);
  while (read (alive, &byte, 1) > 0)
    ;
  close (alive);
}

/* The daemon: writes 1 MiB to its stdout once the gate opens, and then reports the result. */
static int
be_daemon (const char *gate, const char *done)
{
  static char block[4096];
  int fd = open (gate, O_RDONLY);
  int i, bad = 0;

  if (fd < 0 || read (fd, block, 1) != 1)
    return 1;
  for (i = 0; i < 256; i++)
    if (write (1, block, sizeof block) < 0 && errno != EAGAIN)
      bad = errno;
  fd = open (done, O_WRONLY);
  return fd >= 0 && write (fd, bad == 0 ? "alive" : "error", 5) == 5 ? 0 : 1;
}

/* A process that a hook leaves running continues to write; it does not block and does not die. It
   starts to write after the run has returned. */
static void
test_daemon (const char *name, const char *script)
{
  char *gate = text ("gate-%s", name);
  char *done = text ("done-%s", name);
  hooks_exec_result_t *r;
  char result[8] = { 0 };
  int fd;

  make_fifo (gate);
  make_fifo (done);
  r = run (script, -1);
  CHECK (hooks_exec_result_exit_status (r) == 0);
  hooks_exec_result_free (r);
  fd = opened (gate, O_WRONLY);
  CHECK (write (fd, "go\n", 3) == 3);
  close (fd);
  fd = opened (done, O_RDONLY);
  CHECK (read (fd, result, sizeof result - 1) >= 5 && strncmp (result, "alive", 5) == 0);
  close (fd);
  free (gate);
  free (done);
}

static void
test_grandchild (void)
{
  double started = now ();
  hooks_exec_result_t *r = run ("sleep 600 & echo $!; wait", 200);
  double late = now () - started - 0.2;
  const char *pid = (const char *) hooks_exec_result_stdout (r, NULL);
  char *path = text ("/proc/%ld/stat", strtol (pid ? pid : "0", NULL, 10));
  char line[256];
  FILE *file;

  CHECK (hooks_exec_result_timed_out (r) && strtol (pid ? pid : "0", NULL, 10) > 0);
  printf ("stress: returned %.1f ms after the timeout\n", late * 1e3);
  CHECK (late < 5);
  /* The process is gone, or a zombie until init reaps it. Otherwise, SIGALRM ends this test. */
  while ((file = fopen (path, "r")) != NULL)
    {
      int zombie = fgets (line, sizeof line, file) == NULL || strstr (line, ") Z ") != NULL;

      fclose (file);
      if (zombie)
        break;
    }
  free (path);
  hooks_exec_result_free (r);
}

int
main (int argc, char **argv)
{
  const char *path;
  char *script;
  ssize_t len;

  if (argc == 4 && strcmp (argv[1], "daemon") == 0)
    return be_daemon (argv[2], argv[3]);
  alarm (280);
  if (argc > 1 && strcmp (argv[1], "seccomp") == 0)
    refuse_pidfd_open ();
  len = readlink ("/proc/self/exe", self, sizeof self - 1);
  if (len < 0)
    die ("/proc/self/exe");
  dir = new_dir (NULL);
  test_many (1);
  remove_dir (dir);
  dir = new_dir (NULL);
  test_many (THREADS);
  script = text ("(read -r go <%s/gate-sh; i=0; while [ $i -lt 1024 ]; do "
                 "printf %%01024d 0 2>/dev/null; i=$((i + 1)); done; echo alive >%s/done-sh) & exit 0",
                 dir, dir);
  test_daemon ("sh", script);
  free (script);
  /* The hook does not inherit the environment, but this program may need LD_LIBRARY_PATH. */
  path = getenv ("LD_LIBRARY_PATH");
  script = text ("LD_LIBRARY_PATH=%s %s daemon %s/gate-c %s/done-c & exit 0", path ? path : "",
                 self, dir, dir);
  test_daemon ("c", script);
  free (script);
  test_grandchild ();
  remove_dir (dir);
  return summary ("stress");
}
