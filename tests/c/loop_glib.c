/* Tests a monitor in a main loop of GLib. */
#include "test.h"

#include <glib-unix.h>

struct state
{
  hooks_monitor_t *mon;
  GMainLoop *loop;
  char *dir;
  int reloads;
};

static gboolean
on_readable (gint fd, GIOCondition condition, gpointer data)
{
  struct state *s = (struct state *) data;
  bool reloaded = false;

  (void) fd;
  (void) condition;
  EXPECT (HOOKS_STATUS_OK, "", hooks_monitor_dispatch (s->mon, &reloaded, &err));
  s->reloads += reloaded;
  if (s->reloads == 2)
    g_main_loop_quit (s->loop);
  else if (reloaded)
    write_file (s->dir, "b.json", "{");
  return G_SOURCE_CONTINUE;
}

static gboolean
on_idle (gpointer data)
{
  write_file (((struct state *) data)->dir, "a.json", "{");
  return G_SOURCE_REMOVE;
}

static gboolean
on_timeout (gpointer data)
{
  g_main_loop_quit (((struct state *) data)->loop);
  return G_SOURCE_REMOVE;
}

int
main (void)
{
  struct state s = { NULL, NULL, NULL, 0 };
  const char *dirs[1];
  hooks_manager_t *m = NULL;

  dirs[0] = s.dir = new_dir (NULL);
  s.loop = g_main_loop_new (NULL, FALSE);
  EXPECT (HOOKS_STATUS_OK, "", hooks_manager_new (dirs, 1, NULL, 0, NULL, &m, &err));
  EXPECT (HOOKS_STATUS_OK, "", hooks_monitor_new (m, &s.mon, &err));
  g_unix_fd_add (hooks_monitor_fd (s.mon), G_IO_IN, on_readable, &s);
  g_idle_add (on_idle, &s);
  g_timeout_add_seconds (60, on_timeout, &s);
  g_main_loop_run (s.loop);
  CHECK (s.reloads == 2);
  hooks_monitor_free (s.mon);
  hooks_manager_free (m);
  g_main_loop_unref (s.loop);
  remove_dir (s.dir);
  return summary ("loop_glib");
}
