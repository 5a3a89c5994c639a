/* Tests running hooks in several kinds of processes: a process that SIGPIPE would kill, that
   ignores SIGCHLD, that waits for any child in another thread, or whose file descriptors are not
   close-on-exec. With the argument "seccomp", the system refuses pidfd_open(2). The argument
   "valgrind" skips the tests that valgrind does not support. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "test.h"
#include "seccomp.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#define SH(script) "{\"path\":\"/bin/sh\",\"args\":[\"sh\",\"-c\",\"" script "\"]}"

/* In seconds. No test needs as long; SIGALRM ends a test that hangs. */
#define TEST_TIMEOUT 300

/* Whether valgrind runs this. There, posix_spawn(3) does not report an exec that fails, since
   parent and child share no memory. */
static int valgrind;

static hooks_exec_result_t *
run (const char *hook, const void *state, size_t len, const hooks_exec_options_t *o)
{
  hooks_exec_result_t *r = NULL;

  EXPECT (HOOKS_STATUS_OK, "", hooks_exec_run (hook, state, len, o, &r, &err));
  return r;
}

static int
says (const hooks_exec_result_t *r, const char *wanted)
{
  const char *message = hooks_exec_result_message (r);
  int good = wanted == NULL ? message == NULL : message != NULL && strcmp (message, wanted) == 0;

  if (!good)
    printf ("  wanted \"%s\", got \"%s\"\n", wanted ? wanted : "(null)",
            message ? message : "(null)");
  return good;
}

static int
wrote (const hooks_exec_result_t *r, const char *wanted)
{
  size_t len = 0;
  const uint8_t *bytes = hooks_exec_result_stdout (r, &len);
  /* The pointer is valid even without output: languages with a garbage collector check pointers. */
  int good = (uintptr_t) bytes >= 4096 && len == strlen (wanted) && memcmp (bytes, wanted,
                                                                            len) == 0;

  if (!good)
    printf ("  wanted \"%s\", got \"%.*s\"\n", wanted, (int) len, (const char *) bytes);
  return good;
}

static void
test_null (void)
{
  hooks_exec_options_t *o = hooks_exec_options_new ();
  hooks_exec_result_t *r = NULL;
  hooks_filter_result_t *f = NULL;
  size_t len = 7;

  hooks_exec_options_free (NULL);
  hooks_exec_result_free (NULL);
  hooks_filter_result_free (NULL);
  CHECK (hooks_exec_result_exit_status (NULL) == -1 && hooks_exec_result_signal (NULL) == 0);
  CHECK (!hooks_exec_result_timed_out (NULL) && hooks_exec_result_duration_us (NULL) == 0);
  CHECK (hooks_exec_result_message (NULL) == NULL && hooks_exec_result_json (NULL) == NULL);
  CHECK (hooks_exec_result_stdout (NULL, &len) == NULL && len == 0);
  CHECK (hooks_exec_result_stderr (NULL, NULL) == NULL);
  CHECK (hooks_filter_result_status (NULL) == 0 && hooks_filter_result_message (NULL) == NULL);
  CHECK (hooks_filter_result_config (NULL) == NULL && hooks_filter_result_count (NULL) == 0);
  CHECK (hooks_filter_result_hook (NULL, 0) == NULL && hooks_filter_result_json (NULL) == NULL);
  CHECK (hooks_filter_result_patch (NULL, 0) == NULL);

  CHECK (hooks_exec_options_set_dir (NULL, "/") == HOOKS_STATUS_INVALID_ARGUMENT);
  CHECK (hooks_exec_options_set_timeout_ms (NULL, 1) == HOOKS_STATUS_INVALID_ARGUMENT);
  CHECK (hooks_exec_options_set_timeout_ms (o, -2) == HOOKS_STATUS_INVALID_ARGUMENT);
  CHECK (hooks_exec_options_set_post_kill_timeout_ms (NULL, 1) == HOOKS_STATUS_INVALID_ARGUMENT);
  CHECK (hooks_exec_options_set_post_kill_timeout_ms (o, INT64_C (9223372036854))
         == HOOKS_STATUS_OK);
  CHECK (hooks_exec_options_set_post_kill_timeout_ms (o, INT64_C (9223372036855))
         == HOOKS_STATUS_INVALID_ARGUMENT);
  CHECK (hooks_exec_options_set_post_kill_timeout_ms (o, INT64_MAX)
         == HOOKS_STATUS_INVALID_ARGUMENT);
  CHECK (hooks_exec_options_set_capture_limit (NULL, 1) == HOOKS_STATUS_INVALID_ARGUMENT);
  CHECK (hooks_exec_options_set_output_fds (NULL, 1, 2) == HOOKS_STATUS_INVALID_ARGUMENT);
  CHECK (hooks_exec_options_set_output_fds (o, -2, -1) == HOOKS_STATUS_INVALID_ARGUMENT);
  CHECK (hooks_exec_options_set_output_fds (o, -1, -2) == HOOKS_STATUS_INVALID_ARGUMENT);
  CHECK (hooks_exec_options_set_merge_stderr (NULL, 0) == HOOKS_STATUS_INVALID_ARGUMENT);
  CHECK (hooks_exec_options_set_merge_stderr (o, 2) == HOOKS_STATUS_INVALID_ARGUMENT);
  CHECK (hooks_exec_options_set_process_group (NULL, HOOKS_GROUP_AUTO)
         == HOOKS_STATUS_INVALID_ARGUMENT);
  CHECK (hooks_exec_options_set_process_group (o, -1) == HOOKS_STATUS_INVALID_ARGUMENT);
  CHECK (hooks_exec_options_set_process_group (o, 3) == HOOKS_STATUS_INVALID_ARGUMENT);
  CHECK (hooks_exec_options_set_output_fn (NULL, NULL, NULL) == HOOKS_STATUS_INVALID_ARGUMENT);
  CHECK (hooks_exec_options_set_cancel_fd (NULL, -1) == HOOKS_STATUS_INVALID_ARGUMENT);
  CHECK (hooks_exec_options_set_cancel_fd (o, -2) == HOOKS_STATUS_INVALID_ARGUMENT);
  CHECK (hooks_exec_options_set_output_annotations (NULL, 0) == HOOKS_STATUS_INVALID_ARGUMENT);
  CHECK (hooks_exec_options_set_output_annotations (o, 2) == HOOKS_STATUS_INVALID_ARGUMENT);
  CHECK (hooks_exec_options_set_patches (NULL, 0) == HOOKS_STATUS_INVALID_ARGUMENT);
  CHECK (hooks_exec_options_set_patches (o, 2) == HOOKS_STATUS_INVALID_ARGUMENT);
  CHECK (hooks_exec_options_set_log (NULL, NULL, NULL) == HOOKS_STATUS_INVALID_ARGUMENT);
  hooks_exec_options_free (o);

  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "hook_json is NULL",
          hooks_exec_run (NULL, NULL, 0, NULL, &r, &err));
  EXPECT (HOOKS_STATUS_JSON, "", hooks_exec_run ("{", NULL, 0, NULL, &r, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "hook_json must be one hook, got 0",
          hooks_exec_run ("[]", NULL, 0, NULL, &r, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "exec: no command",
          hooks_exec_run ("{}", NULL, 0, NULL, &r, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "state is NULL",
          hooks_exec_run (SH ("exit 0"), NULL, 1, NULL, &r, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "out is NULL",
          hooks_exec_run (SH ("exit 0"), NULL, 0, NULL, NULL, &err));
  if (!valgrind)
    EXPECT (HOOKS_STATUS_IO, "fork/exec /nowhere: no such file or directory",
            hooks_exec_run ("{\"path\":\"/nowhere\"}", NULL, 0, NULL, &r, &err));
  CHECK (r == NULL);
  if (!valgrind)
    {
      hooks_error_t *reason = NULL;

      /* /dev/null is no program: the error says why it did not start. */
      CHECK (hooks_exec_run ("{\"path\":\"/dev/null\"}", NULL, 0, NULL, &r, &reason)
             == HOOKS_STATUS_IO);
      CHECK (strstr (hooks_error_json (reason), "\"code\":\"not-executable\"") != NULL);
      hooks_error_free (reason);
    }
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "hooks_json is NULL",
          hooks_exec_filter (NULL, "{}", NULL, &f, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "config_json is NULL",
          hooks_exec_filter ("[]", NULL, NULL, &f, &err));
  EXPECT (HOOKS_STATUS_JSON, "", hooks_exec_filter ("[]", "null", NULL, &f, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "out is NULL",
          hooks_exec_filter ("[]", "{}", NULL, NULL, &err));
  CHECK (f == NULL);
}

static void
test_results (void)
{
  hooks_exec_options_t *o = hooks_exec_options_new ();
  hooks_exec_result_t *r = run (SH ("cat; echo oh >&2; exit 3"), "state", 5, NULL);
  size_t len = 0;
  const uint8_t *bytes;

  CHECK (hooks_exec_result_exit_status (r) == 3 && hooks_exec_result_signal (r) == 0);
  CHECK (says (r, "executing [sh -c cat; echo oh >&2; exit 3]: exit status 3")
         && wrote (r, "state"));
  bytes = hooks_exec_result_stderr (r, &len);
  CHECK (len == 3 && memcmp (bytes, "oh\n", 3) == 0);
  CHECK (hooks_exec_result_duration_us (r) > 0 && !hooks_exec_result_timed_out (r));
  CHECK (strstr (hooks_exec_result_json (r), "\"exitStatus\":3") != NULL);
  hooks_exec_result_free (r);

  r = run (SH ("kill -SEGV $$"), NULL, 0, NULL);
  CHECK (hooks_exec_result_exit_status (r) == -1 && hooks_exec_result_signal (r) == SIGSEGV);
  hooks_exec_result_free (r);

  CHECK (hooks_exec_options_set_dir (o, "/") == 0
         && hooks_exec_options_set_timeout_ms (o, 100) == 0);
  r = run (SH ("pwd; exec sleep 60"), NULL, 0, o);
  CHECK (hooks_exec_result_timed_out (r) && says (r, "context deadline exceeded")
         && wrote (r, "/\n"));
  hooks_exec_result_free (r);
  CHECK (hooks_exec_options_set_timeout_ms (o, -1) == 0
         && hooks_exec_options_set_capture_limit (o, 3) == 0);
  r = run (SH ("echo 12345"), NULL, 0, o);
  CHECK (wrote (r, "45\n"));
  hooks_exec_result_free (r);
  hooks_exec_options_free (o);
}

struct output
{
  char text[64];
  size_t len;
  int answer;
};

static int
on_output (void *userdata, int stream, const uint8_t *data, size_t len)
{
  struct output *output = (struct output *) userdata;

  if (len + 2 > sizeof output->text - output->len)
    return 1;
  output->text[output->len++] = stream == HOOKS_STREAM_STDOUT   ? 'o'
                                : stream == HOOKS_STREAM_STDERR ? 'e'
                                                                : '?';
  memcpy (output->text + output->len, data, len);
  output->len += len;
  return output->answer;
}

static void
test_output (void)
{
  hooks_exec_options_t *o = hooks_exec_options_new ();
  struct output output = { { 0 }, 0, 0 };
  hooks_exec_result_t *r;
  int ends[2], cancel[2];
  char text[16] = { 0 };

  CHECK (hooks_exec_options_set_output_fn (o, on_output, &output) == 0);
  r = run (SH ("echo 1; read -r x; echo 2 >&2"), NULL, 0, o);
  CHECK (says (r, NULL));
  hooks_exec_result_free (r);
  CHECK (strcmp (output.text, "o1\ne2\n") == 0);
  output.answer = 7;
  r = run (SH ("echo 1"), NULL, 0, o);
  CHECK (says (r, "executing [sh -c echo 1]: the output function returned 7")
         && hooks_exec_result_exit_status (r) == 0);
  hooks_exec_result_free (r);
  CHECK (hooks_exec_options_set_output_fn (o, NULL, NULL) == 0);

  CHECK (hooks_exec_options_set_merge_stderr (o, 1) == 0);
  r = run (SH ("echo 1; echo 2 >&2; echo 3"), NULL, 0, o);
  CHECK (says (r, NULL) && wrote (r, "1\n2\n3\n"));
  hooks_exec_result_free (r);
  CHECK (hooks_exec_options_set_merge_stderr (o, 0) == 0);

  if (pipe (ends) != 0 || pipe (cancel) != 0)
    die ("pipe");
  CHECK (hooks_exec_options_set_output_fds (o, ends[1], ends[1]) == 0);
  r = run (SH ("echo out; echo err >&2"), NULL, 0, o);
  CHECK (says (r, NULL) && wrote (r, ""));
  hooks_exec_result_free (r);
  CHECK (read (ends[0], text, sizeof text) == 8 && memcmp (text, "out\nerr\n", 8) == 0);
  CHECK (hooks_exec_options_set_output_fds (o, -1, -1) == 0);

  CHECK (hooks_exec_options_set_cancel_fd (o, cancel[0]) == 0);
  close (cancel[1]);
  r = run (SH ("exec sleep 60"), NULL, 0, o);
  CHECK (says (r, "context canceled") && hooks_exec_result_signal (r) == SIGKILL
         && !hooks_exec_result_timed_out (r));
  hooks_exec_result_free (r);
  hooks_exec_options_free (o);
  close (cancel[0]);
  close (ends[0]);
  close (ends[1]);
}

/* Checks each process group, and the processes that are killed at the timeout. */
static void
test_process_group (void)
{
  static const struct { int group; const char *killed; } cases[] = {
    { HOOKS_GROUP_OWN, "\"killed\":{\"scope\":\"group\"}" },
    { HOOKS_GROUP_CALLER, "\"killed\":{\"scope\":\"descendants\",\"count\":1}" },
  };
  size_t i;

  for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
    {
      hooks_exec_options_t *o = hooks_exec_options_new ();
      hooks_exec_result_t *r;
      const char *out;
      size_t len;
      char text[64] = { 0 };
      int pid, pgrp;

      CHECK (hooks_exec_options_set_process_group (o, cases[i].group) == 0);
      CHECK (hooks_exec_options_set_timeout_ms (o, 1000) == 0);
      r = run (SH ("sleep 1000 & read -r pid comm state ppid pgrp rest < /proc/self/stat; "
                   "echo $$ $pgrp; wait"),
               NULL, 0, o);
      CHECK (hooks_exec_result_timed_out (r)
             && strstr (hooks_exec_result_json (r), cases[i].killed) != NULL);
      out = (const char *) hooks_exec_result_stdout (r, &len);
      if (len < sizeof text)
        memcpy (text, out, len);
      CHECK (sscanf (text, "%d %d", &pid, &pgrp) == 2);
      CHECK (pgrp == (cases[i].group == HOOKS_GROUP_OWN ? pid : (int) getpgrp ()));
      hooks_exec_result_free (r);
      hooks_exec_options_free (o);
    }
}

/* The hook does not read its state, and SIGPIPE would kill this process. */
static void
test_unread_state (void)
{
  size_t len = (size_t) 256 << 20;
  char *state = (char *) malloc (len);
  struct sigaction action;
  hooks_exec_result_t *r;

  if (state == NULL || sigaction (SIGPIPE, NULL, &action) != 0)
    die ("state");
  CHECK (action.sa_handler == SIG_DFL);
  memset (state, 'x', len);
  r = run (SH ("exit 0"), state, len, NULL);
  CHECK (says (r, NULL));
  hooks_exec_result_free (r);
  r = run (SH ("exec 0<&-; exit 5"), state, len, NULL);
  CHECK (hooks_exec_result_exit_status (r) == 5);
  hooks_exec_result_free (r);
  free (state);
}

/* Runs a test in a child process, because the test changes settings of the whole process. */
static void
in_child (void (*body) (void))
{
  int status = 0;
  pid_t pid;

  fflush (stdout);
  pid = fork ();
  if (pid < 0)
    die ("fork");
  if (pid == 0)
    {
      failures = 0;
      alarm (TEST_TIMEOUT);
      body ();
      fflush (stdout);
      _exit (failures == 0 ? 0 : 1);
    }
  if (waitpid (pid, &status, 0) != pid)
    die ("waitpid");
  CHECK (WIFEXITED (status) && WEXITSTATUS (status) == 0);
}

#define LOST "executing [sh -c exit 3]: waitid: no child processes"

static void
with_sigchld_ignored (void)
{
  hooks_exec_options_t *o = hooks_exec_options_new ();
  hooks_exec_result_t *r;

  if (signal (SIGCHLD, SIG_IGN) == SIG_ERR)
    die ("signal");
  r = run (SH ("exit 3"), "state", 5, NULL);
  CHECK (hooks_exec_result_exit_status (r) == -1 && hooks_exec_result_signal (r) == 0
         && says (r, LOST));
  hooks_exec_result_free (r);
  CHECK (hooks_exec_options_set_timeout_ms (o, 50) == 0);
  r = run (SH ("exec sleep 60"), NULL, 0, o);
  CHECK (hooks_exec_result_timed_out (r) && says (r, "context deadline exceeded"));
  hooks_exec_result_free (r);
  if (!valgrind)
    EXPECT (HOOKS_STATUS_IO, "no such file",
            hooks_exec_run ("{\"path\":\"/nowhere\"}", NULL, 0, NULL, &r, &err));
  hooks_exec_options_free (o);
}

static volatile int reaping = 1;

static void *
reap_any (void *unused)
{
  (void) unused;
  while (reaping)
    if (waitpid (-1, NULL, 0) < 0)
      sched_yield ();
  return NULL;
}

static void
with_a_thread_that_reaps (void)
{
  hooks_exec_options_t *o = hooks_exec_options_new ();
  pthread_t thread;
  int lost = 0;
  int i;

  if (pthread_create (&thread, NULL, reap_any, NULL) != 0)
    die ("pthread_create");
  /* Both threads may reap the hook first. Repeat until the other thread was first once. */
  for (i = 0; i < 100 || (lost == 0 && i < 100000); i++)
    {
      hooks_exec_result_t *r = run (SH ("exit 3"), NULL, 0, NULL);
      int status = hooks_exec_result_exit_status (r);

      CHECK ((status == -1 && says (r, LOST)) || status == 3);
      lost += status == -1;
      hooks_exec_result_free (r);
    }
  CHECK (hooks_exec_options_set_timeout_ms (o, 50) == 0);
  for (i = 0; i < 5; i++)
    {
      hooks_exec_result_t *r = run (SH ("exec sleep 60"), NULL, 0, o);

      CHECK (hooks_exec_result_timed_out (r) && says (r, "context deadline exceeded"));
      hooks_exec_result_free (r);
    }
  CHECK (lost > 0);
  reaping = 0;
  pthread_join (thread, NULL);
  hooks_exec_options_free (o);
}

/* The file descriptors, the signal mask and the other children of the process do not change. */
static void
test_host (void)
{
  int fds[500];
  size_t i;
  sigset_t mask, after;
  pid_t other = fork ();
  hooks_exec_result_t *r;

  if (other == 0)
    {
      pause ();
      _exit (0);
    }
  for (i = 0; i < 500; i++)
    if ((fds[i] = open ("/dev/null", O_RDONLY)) < 0)
      die ("open");
  sigemptyset (&mask);
  sigaddset (&mask, SIGTERM);
  sigaddset (&mask, SIGCHLD);
  if (sigprocmask (SIG_SETMASK, &mask, NULL) != 0)
    die ("sigprocmask");
  r = run (SH ("cd /proc/self/fd; echo *; grep SigBlk /proc/self/status"), NULL, 0, NULL);
  /* dash lists the directory with one more file descriptor. */
  CHECK (wrote (r, "0 1 2 3\nSigBlk:\t0000000000000000\n"));
  hooks_exec_result_free (r);
  sigprocmask (SIG_SETMASK, NULL, &after);
  CHECK (sigismember (&after, SIGTERM) && sigismember (&after, SIGCHLD)
         && !sigismember (&after, SIGPIPE));
  sigemptyset (&mask);
  sigprocmask (SIG_SETMASK, &mask, NULL);
  for (i = 0; i < 500; i++)
    close (fds[i]);
  CHECK (kill (other, 0) == 0 && kill (other, SIGKILL) == 0 && waitpid (other, NULL, 0) == other);
}

static void *
run_in_thread (void *unused)
{
  hooks_exec_result_t *r = run (SH ("echo hi; exit 4"), "state", 5, NULL);

  CHECK (hooks_exec_result_exit_status (r) == 4 && wrote (r, "hi\n"));
  hooks_exec_result_free (r);
  return unused;
}

/* Hooks also run in a thread with a stack of 128 KiB, which is the default in some C libraries. */
static void
test_small_stack (void)
{
  pthread_attr_t attributes;
  pthread_t thread;

  if (pthread_attr_init (&attributes) != 0
      || pthread_attr_setstacksize (&attributes, (size_t) 128 << 10) != 0
      || pthread_create (&thread, &attributes, run_in_thread, NULL) != 0)
    die ("pthread_create");
  pthread_join (thread, NULL);
  pthread_attr_destroy (&attributes);
}

/* A descendant that keeps the output open does not delay the result. */
static void
test_descendants (void)
{
  hooks_exec_options_t *o = hooks_exec_options_new ();
  hooks_exec_result_t *r;
  double started = now ();

  r = run (SH ("sleep 60 & echo hook"), NULL, 0, NULL);
  CHECK (says (r, NULL) && wrote (r, "hook\n") && now () - started < 30);
  hooks_exec_result_free (r);
  CHECK (hooks_exec_options_set_timeout_ms (o, 50) == 0);
  started = now ();
  r = run (SH ("sleep 60 & sleep 60; echo never"), NULL, 0, o);
  CHECK (hooks_exec_result_timed_out (r) && wrote (r, "") && now () - started < 30);
  hooks_exec_result_free (r);
  hooks_exec_options_free (o);
}

static void
on_log (void *userdata, int level, const char *message, const char *fields)
{
  int *lines = (int *) userdata;

  CHECK (level == HOOKS_LOG_DEBUG && strcmp (message, "hook 0 (/bin/sh) changed the config") == 0);
  CHECK (strcmp (fields, "{\"hook\":0,\"path\":\"/bin/sh\",\"patch\":"
                         "[{\"op\":\"replace\",\"path\":\"/x\",\"value\":2e400}]}")
         == 0);
  *lines += 1;
}

static void
test_filter (void)
{
  hooks_exec_options_t *o = hooks_exec_options_new ();
  hooks_filter_result_t *f = NULL;
  const hooks_exec_result_t *r;
  int lines = 0;

  EXPECT (HOOKS_STATUS_OK, "",
          hooks_exec_filter ("[" SH ("sed s/1/2/") "," SH ("echo oh >&2; exit 9") "]",
                             "{\"x\": 1e400}", NULL, &f, &err));
  CHECK (hooks_filter_result_status (f) == HOOKS_STATUS_HOOK_FAILED
         && hooks_filter_result_count (f) == 2);
  CHECK (strcmp (hooks_filter_result_config (f), "{\"x\": 2e400}") == 0);
  CHECK (strcmp (hooks_filter_result_message (f),
                 "hook 1 (/bin/sh): executing [sh -c echo oh >&2; exit 9]: exit status 9: oh") == 0);
  r = hooks_filter_result_hook (f, 1);
  CHECK (hooks_exec_result_exit_status (r) == 9 && hooks_filter_result_hook (f, 2) == NULL);
  CHECK (strstr (hooks_filter_result_json (f),
                 "\"stderr\":\"oh\",\"kind\":\"hook-failed\"") != NULL);
  CHECK (hooks_filter_result_patch (f, 0) == NULL
         && strstr (hooks_filter_result_json (f), "\"patches\":null") != NULL);
  hooks_filter_result_free (f);

  CHECK (hooks_exec_options_set_patches (o, 1) == 0
         && hooks_exec_options_set_log (o, on_log, &lines) == 0);
  EXPECT (HOOKS_STATUS_OK, "",
          hooks_exec_filter ("[" SH ("sed s/1/2/") "," SH ("cat") "," SH ("exit 9") "]",
                             "{\"x\": 1e400}", o, &f, &err));
  CHECK (strcmp (hooks_filter_result_patch (f, 0),
                 "[{\"op\":\"replace\",\"path\":\"/x\",\"value\":2e400}]") == 0);
  CHECK (strcmp (hooks_filter_result_patch (f, 1), "[]") == 0
         && hooks_filter_result_patch (f, 2) == NULL);
  CHECK (hooks_filter_result_patch (f, 3) == NULL && lines == 1);
  hooks_filter_result_free (f);
  hooks_exec_options_free (o);

  EXPECT (HOOKS_STATUS_OK, "", hooks_exec_filter ("null", "{}", NULL, &f, &err));
  CHECK (hooks_filter_result_status (f) == 0 && hooks_filter_result_message (f) == NULL);
  CHECK (hooks_filter_result_count (f) == 0 && strcmp (hooks_filter_result_config (f), "{}") == 0);
  hooks_filter_result_free (f);
}

int
main (int argc, char **argv)
{
  alarm (TEST_TIMEOUT);
  if (argc > 1 && strcmp (argv[1], "seccomp") == 0)
    refuse_pidfd_open ();
  valgrind = argc > 1 && strcmp (argv[1], "valgrind") == 0;
  test_null ();
  test_results ();
  test_output ();
  test_process_group ();
  test_unread_state ();
  in_child (with_sigchld_ignored);
  in_child (with_a_thread_that_reaps);
  test_host ();
  test_small_stack ();
  test_descendants ();
  test_filter ();
  return summary ("exec");
}
