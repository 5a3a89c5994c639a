/* Tests a library with the feature `planted-panic`: after a panic, each function returns
   HOOKS_STATUS_PANIC, NULL or 0, and all objects can be freed. Prints the name of each function on
   a line; tests/suites/c.sh checks that stderr stays empty. */
#define _XOPEN_SOURCE 700

#include "test.h"

#define ALWAYS \
  "{\"version\":\"1.0.0\",\"hook\":{\"path\":\"/bin/true\"},\"when\":{\"always\":true},\"stages\":[\"prestart\"]}"

static void
plant (const char *name)
{
  printf ("%s\n", name);
  if (setenv ("HOOKS_PANIC_IN", name, 1) != 0)
    die ("setenv");
}

static void
lift (void)
{
  if (unsetenv ("HOOKS_PANIC_IN") != 0)
    die ("unsetenv");
}

/* For a function that returns a status: the error names the function. */
#define PANICS(name, call)                              \
  do                                                    \
    {                                                   \
      hooks_error_t *err = NULL;                        \
      int got_;                                         \
      plant (#name);                                    \
      got_ = name call;                                 \
      lift ();                                          \
      expect (HOOKS_STATUS_PANIC, #name, got_, err, __FILE__, __LINE__, #name); \
      hooks_error_free (err);                           \
    }                                                   \
  while (0)

/* For a function that returns another type, or a status without an error. */
#define RETURNS(name, call, value)    \
  do                                  \
    {                                 \
      int good_;                      \
      plant (#name);                  \
      good_ = name call == (value);   \
      lift ();                        \
      CHECK (good_ && #name != NULL); \
    }                                 \
  while (0)

/* For a function that frees: the panic has no effect. It happens before the object is freed. */
#define FREES(name, call) \
  do                      \
    {                     \
      plant (#name);      \
      name call;          \
      lift ();            \
      name call;          \
    }                     \
  while (0)

static void
on_log (void *userdata, int level, const char *message, const char *fields_json)
{
  (void) userdata;
  (void) level;
  (void) message;
  (void) fields_json;
}

int
main (void)
{
  char *dir = new_dir (NULL);
  char *file = text ("%s/a.json", dir);
  const char *dirs[1];
  hooks_options_t *o = NULL;
  hooks_manager_t *m = NULL;
  hooks_manager_t *unset = NULL;
  hooks_snapshot_t *s = NULL;
  hooks_monitor_t *mon = NULL;
  bool reloaded = true;
  hooks_exec_options_t *e = NULL;
  hooks_exec_result_t *ran = NULL;
  hooks_filter_result_t *filtered = NULL;
  hooks_error_t *error = NULL;
  struct request r = { { 0 }, 0 };
  char mark[] = "mark";
  char *out = mark;
  char *config = NULL;
  size_t count = 7;
  bool match = true;

  lift ();
  dirs[0] = dir;
  write_file (dir, "a.json", ALWAYS);
  put_number (&r, 0);
  put_number (&r, 0);

  /* Not a function, but the step that makes an error after a function has failed. */
  if (setenv ("HOOKS_PANIC_IN", "making an error", 1) != 0)
    die ("setenv");
  CHECK (hooks_validate ("{", NULL, 0, &error) == HOOKS_STATUS_PANIC);
  CHECK (hooks_validate ("{", NULL, 0, NULL) == HOOKS_STATUS_JSON);
  lift ();
  CHECK (hooks_error_code (error) == HOOKS_STATUS_PANIC && hooks_error_json (error)[0] == '{');
  hooks_error_free (error);
  error = NULL;

  RETURNS (hooks_version, (), NULL);
  RETURNS (hooks_version_number, (), 0);

  RETURNS (hooks_options_new, (), NULL);
  o = hooks_options_new ();
  RETURNS (hooks_options_set_policy, (o, HOOKS_POLICY_LENIENT), HOOKS_STATUS_PANIC);
  RETURNS (hooks_options_set_keep_last_good, (o, 1), HOOKS_STATUS_PANIC);
  RETURNS (hooks_options_set_log, (o, on_log, NULL), HOOKS_STATUS_PANIC);
  RETURNS (hooks_options_set_log_level, (o, HOOKS_LOG_INFO), HOOKS_STATUS_PANIC);
  RETURNS (hooks_options_set_reader, (o, NULL, NULL), HOOKS_STATUS_PANIC);
  RETURNS (hooks_options_set_root, (o, NULL), HOOKS_STATUS_PANIC);

  PANICS (hooks_manager_new, (dirs, 1, NULL, 0, o, &unset, &err));
  CHECK (unset == NULL);
  EXPECT (HOOKS_STATUS_OK, "", hooks_manager_new (dirs, 1, NULL, 0, o, &m, &err));
  PANICS (hooks_manager_hooks, (m, "{}", NULL, 0, &out, &out, &err));
  PANICS (hooks_manager_explain, (m, "{}", NULL, 0, &out, &err));
  PANICS (hooks_manager_list, (m, &out, &err));
  PANICS (hooks_manager_diagnostics, (m, &out, &err));
  PANICS (hooks_manager_reload, (m, &err));
  RETURNS (hooks_manager_generation, (m), 0);
  RETURNS (hooks_manager_snapshot, (m), NULL);
  s = hooks_manager_snapshot (m);
  RETURNS (hooks_snapshot_generation, (s), 0);
  RETURNS (hooks_snapshot_len, (s), 0);
  PANICS (hooks_snapshot_list, (s, &out, &err));
  PANICS (hooks_snapshot_hook, (s, 0, &out, &err));
  PANICS (hooks_snapshot_match, (s, r.bytes, r.len, 0, NULL, 0, &count, &err));
  CHECK (count == 7);
  PANICS (hooks_monitor_new, (m, &mon, &err));
  CHECK (mon == NULL);
  EXPECT (HOOKS_STATUS_OK, "", hooks_monitor_new (m, &mon, &err));
  RETURNS (hooks_monitor_fd, (mon), -1);
  PANICS (hooks_monitor_dispatch, (mon, &reloaded, &err));
  PANICS (hooks_monitor_wait, (mon, 0, &reloaded, &err));
  PANICS (hooks_monitor_changes, (mon, &out, &err));
  /* A signal handler may call it, so no code in it can panic. */
  RETURNS (hooks_monitor_cancel, (mon), HOOKS_STATUS_OK);
  EXPECT (HOOKS_STATUS_CANCELLED, "cancelled", hooks_monitor_wait (mon, -1, &reloaded, &err));
  CHECK (reloaded);
  FREES (hooks_monitor_free, (mon));
  PANICS (hooks_read_file, (file, NULL, 0, &out, &err));
  PANICS (hooks_read_dir, (dir, NULL, 0, &out, &err));
  PANICS (hooks_read_file_with_options, (file, NULL, 0, NULL, &out, &err));
  PANICS (hooks_read_dir_with_options, (dir, NULL, 0, NULL, &out, &err));
  PANICS (hooks_decode, ("{}", 2, NULL, &out, &err));
  PANICS (hooks_validate, (ALWAYS, NULL, 0, &err));
  PANICS (hooks_when_match, ("{}", "{}", NULL, 0, &match, &err));
  PANICS (hooks_when_match_request, ("{}", r.bytes, r.len, 0, &match, &err));
  RETURNS (hooks_string_new, ("text"), NULL);

  RETURNS (hooks_exec_options_new, (), NULL);
  e = hooks_exec_options_new ();
  RETURNS (hooks_exec_options_set_dir, (e, "/"), HOOKS_STATUS_PANIC);
  RETURNS (hooks_exec_options_set_timeout_ms, (e, 1), HOOKS_STATUS_PANIC);
  RETURNS (hooks_exec_options_set_post_kill_timeout_ms, (e, 1), HOOKS_STATUS_PANIC);
  RETURNS (hooks_exec_options_set_capture_limit, (e, 1), HOOKS_STATUS_PANIC);
  RETURNS (hooks_exec_options_set_output_fds, (e, -1, -1), HOOKS_STATUS_PANIC);
  RETURNS (hooks_exec_options_set_merge_stderr, (e, 1), HOOKS_STATUS_PANIC);
  RETURNS (hooks_exec_options_set_process_group, (e, HOOKS_GROUP_OWN), HOOKS_STATUS_PANIC);
  RETURNS (hooks_exec_options_set_output_fn, (e, NULL, NULL), HOOKS_STATUS_PANIC);
  RETURNS (hooks_exec_options_set_cancel_fd, (e, -1), HOOKS_STATUS_PANIC);
  RETURNS (hooks_exec_options_set_output_annotations, (e, 1), HOOKS_STATUS_PANIC);
  RETURNS (hooks_exec_options_set_patches, (e, 1), HOOKS_STATUS_PANIC);
  RETURNS (hooks_exec_options_set_log, (e, NULL, NULL), HOOKS_STATUS_PANIC);
  PANICS (hooks_exec_run, ("{\"path\":\"/bin/true\"}", NULL, 0, e, &ran, &err));
  CHECK (ran == NULL
         && hooks_exec_run ("{\"path\":\"/bin/false\"}", NULL, 0, e, &ran,
                            NULL) == HOOKS_STATUS_OK);
  RETURNS (hooks_exec_result_exit_status, (ran), -1);
  RETURNS (hooks_exec_result_signal, (ran), 0);
  RETURNS (hooks_exec_result_timed_out, (ran), false);
  RETURNS (hooks_exec_result_duration_us, (ran), 0);
  RETURNS (hooks_exec_result_message, (ran), NULL);
  RETURNS (hooks_exec_result_json, (ran), NULL);
  RETURNS (hooks_exec_result_stdout, (ran, NULL), NULL);
  RETURNS (hooks_exec_result_stderr, (ran, NULL), NULL);
  PANICS (hooks_exec_filter, ("[]", "{}", e, &filtered, &err));
  CHECK (filtered == NULL
         && hooks_exec_filter ("[{\"path\":\"/bin/cat\"}]", "{}", e, &filtered,
                               NULL) == HOOKS_STATUS_OK);
  RETURNS (hooks_filter_result_status, (filtered), HOOKS_STATUS_PANIC);
  RETURNS (hooks_filter_result_message, (filtered), NULL);
  RETURNS (hooks_filter_result_json, (filtered), NULL);
  RETURNS (hooks_filter_result_config, (filtered), NULL);
  RETURNS (hooks_filter_result_count, (filtered), 0);
  RETURNS (hooks_filter_result_hook, (filtered, 0), NULL);
  RETURNS (hooks_filter_result_patch, (filtered, 0), NULL);
  FREES (hooks_filter_result_free, (filtered));
  FREES (hooks_exec_result_free, (ran));
  FREES (hooks_exec_options_free, (e));
  CHECK (match && out == mark);

  CHECK (hooks_read_file ("/nonexistent/x.json", NULL, 0, NULL, &error) == HOOKS_STATUS_IO);
  CHECK (hooks_error_errno (error) != 0);
  RETURNS (hooks_error_code, (error), HOOKS_STATUS_PANIC);
  RETURNS (hooks_error_errno, (error), 0);
  RETURNS (hooks_error_message, (error), NULL);
  RETURNS (hooks_error_json, (error), NULL);

  /* All objects still work, and can be freed. */
  EXPECT (HOOKS_STATUS_OK, "", hooks_manager_hooks (m, "{}", NULL, 0, &config, NULL, &err));
  CHECK (config != NULL && strstr (config, "/bin/true") != NULL);
  FREES (hooks_string_free, (config));
  FREES (hooks_error_free, (error));
  FREES (hooks_snapshot_free, (s));
  FREES (hooks_manager_free, (m));
  FREES (hooks_options_free, (o));

  free (file);
  remove_dir (dir);
  return summary ("panic");
}
