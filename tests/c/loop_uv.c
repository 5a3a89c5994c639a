/* Tests a monitor in an event loop of libuv. */
#define _XOPEN_SOURCE 700

#include "test.h"

#include <uv.h>

static hooks_monitor_t *mon;
static char *dir;
static int reloads;

static void
on_readable (uv_poll_t *handle, int status, int events)
{
  bool reloaded = false;

  CHECK (status == 0 && events == UV_READABLE);
  EXPECT (HOOKS_STATUS_OK, "", hooks_monitor_dispatch (mon, &reloaded, &err));
  reloads += reloaded;
  if (reloads == 2)
    uv_stop (handle->loop);
  else if (reloaded)
    write_file (dir, "b.json", "{");
}

static void
on_start (uv_timer_t *handle)
{
  (void) handle;
  write_file (dir, "a.json", "{");
}

static void
on_timeout (uv_timer_t *handle)
{
  uv_stop (handle->loop);
}

int
main (void)
{
  const char *dirs[1];
  hooks_manager_t *m = NULL;
  uv_loop_t *loop = uv_default_loop ();
  uv_poll_t poll;
  uv_timer_t start, timeout;

  dirs[0] = dir = new_dir (NULL);
  EXPECT (HOOKS_STATUS_OK, "", hooks_manager_new (dirs, 1, NULL, 0, NULL, &m, &err));
  EXPECT (HOOKS_STATUS_OK, "", hooks_monitor_new (m, &mon, &err));
  CHECK (uv_poll_init (loop, &poll, hooks_monitor_fd (mon)) == 0);
  CHECK (uv_poll_start (&poll, UV_READABLE, on_readable) == 0);
  uv_timer_init (loop, &start);
  uv_timer_start (&start, on_start, 0, 0);
  uv_timer_init (loop, &timeout);
  uv_timer_start (&timeout, on_timeout, 60000, 0);
  uv_run (loop, UV_RUN_DEFAULT);
  CHECK (reloads == 2);
  /* The loop must release the file descriptor before the monitor closes it. */
  uv_close ((uv_handle_t *) &poll, NULL);
  uv_close ((uv_handle_t *) &start, NULL);
  uv_close ((uv_handle_t *) &timeout, NULL);
  uv_run (loop, UV_RUN_DEFAULT);
  uv_loop_close (loop);
  hooks_monitor_free (mon);
  hooks_manager_free (m);
  remove_dir (dir);
  return summary ("loop_uv");
}
