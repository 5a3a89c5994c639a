/* Tests hooks_options_set_reader(), hooks_decode(), hooks_read_file_with_options() and related
   functions. */
#define _XOPEN_SOURCE 700

#include "test.h"

#define OURS "{\"version\":\"9.9.9\",\"argv\":\"\\u0000\"}"
#define HOOK \
  "{\"version\":\"1.0.0\",\"hook\":{\"path\":\"/bin/true\"},\"when\":{\"commands\":[\"sh$\"],\"always\":false,\"or\":true},\"stages\":[\"poststop\"]}"

struct reader
{
  int calls;
  int bad;
  int answer;
  const char *text;
};

static int
on_read (void *userdata, const char *version, const void *content, size_t len, char **text_out)
{
  struct reader *reader = (struct reader *) userdata;

  reader->calls++;
  if (strcmp (version, "9.9.9") != 0 || len != sizeof OURS - 1 || memcmp (content, OURS, len) != 0
      || *text_out != NULL)
    reader->bad++;
  *text_out = hooks_string_new (reader->text);
  return reader->answer;
}

static void
test_reader (const char *dir)
{
  static const char not_utf8[] = { (char) 0xff, '\0' };
  static const struct
  {
    int answer;
    const char *text;
    int status;
    const char *message;
  } answers[] = {
    { HOOKS_READER_HOOK, HOOK, HOOKS_STATUS_OK, "" },
    { HOOKS_READER_HOOK, "null", HOOKS_STATUS_HOOK_FILE, "nil hook" },
    { HOOKS_READER_HOOK, "{", HOOKS_STATUS_HOOK_FILE, "9.9.9: the reader's hook: " },
    { HOOKS_READER_HOOK, not_utf8, HOOKS_STATUS_HOOK_FILE, "9.9.9: the reader's hook is not UTF-8" },
    { HOOKS_READER_HOOK, NULL, HOOKS_STATUS_HOOK_FILE, "9.9.9: the reader returned no hook" },
    { HOOKS_READER_FAILED, "not mine", HOOKS_STATUS_HOOK_FILE, "9.9.9: not mine" },
    { HOOKS_READER_FAILED, NULL, HOOKS_STATUS_HOOK_FILE, "9.9.9: the reader failed without a message" },
    { HOOKS_READER_UNRECOGNIZED, NULL, HOOKS_STATUS_HOOK_FILE, "unrecognized hook version: \"9.9.9\"" },
    { HOOKS_READER_DEFAULT, "freed", HOOKS_STATUS_HOOK_FILE, "unrecognized hook version: \"9.9.9\"" },
    { 4, "freed", HOOKS_STATUS_HOOK_FILE, "9.9.9: the reader returned 4, not a HOOKS_READER_ number" },
  };
  char *path = text ("%s/a.json", dir);
  const char *dirs[1];
  size_t i;

  dirs[0] = dir;
  for (i = 0; i < sizeof answers / sizeof answers[0]; i++)
    {
      struct reader reader = { 0, 0, 0, NULL };
      hooks_options_t *o = hooks_options_new ();
      hooks_manager_t *m = NULL;
      char *hook = NULL;
      char *list = NULL;

      reader.answer = answers[i].answer;
      reader.text = answers[i].text;
      CHECK (hooks_options_set_reader (o, on_read, &reader) == HOOKS_STATUS_OK);
      EXPECT (answers[i].status, answers[i].message,
              hooks_read_file_with_options (path, NULL, 0, o, &hook, &err));
      CHECK ((hook != NULL) == (answers[i].status == HOOKS_STATUS_OK));
      EXPECT (answers[i].status, answers[i].message,
              hooks_read_dir_with_options (dir, NULL, 0, o, &list, &err));
      CHECK (list != NULL
             && (strstr (list, "a.json") != NULL) == (answers[i].status == HOOKS_STATUS_OK));
      EXPECT (answers[i].status, answers[i].message,
              hooks_manager_new (dirs, 1, NULL, 0, o, &m, &err));
      hooks_options_free (o);
      CHECK (reader.calls == 3 && reader.bad == 0);
      if (m != NULL)
        {
          char *config = NULL;

          EXPECT (HOOKS_STATUS_OK, "", hooks_manager_reload (m, &err));
          CHECK (reader.calls == 4);
          /* One condition that matches is enough, so "or" was read. */
          EXPECT (HOOKS_STATUS_OK, "",
                  hooks_manager_hooks (m, "{\"process\":{\"args\":[\"/bin/sh\"]}}", NULL, 0,
                                       &config, NULL, &err));
          CHECK (config != NULL && strstr (config, "poststop") != NULL);
          hooks_string_free (config);
        }
      hooks_manager_free (m);
      hooks_string_free (hook);
      hooks_string_free (list);
    }
  free (path);
  CHECK (hooks_options_set_reader (NULL, on_read, NULL) == HOOKS_STATUS_INVALID_ARGUMENT);
}

/* A hook that is not valid is returned in addition to its error. */
static void
test_invalid_hook (void)
{
  char *dir = new_dir (NULL);
  char *path = text ("%s/a.json", dir);
  char *hook = NULL;

  write_file (dir, "a.json",
              "{\"version\":\"1.0.0\",\"hook\":{\"path\":\"/bin/true\"},\"stages\":[\"nowhere\"]}");
  EXPECT (HOOKS_STATUS_STAGE, "unknown stage",
          hooks_read_file_with_options (path, NULL, 0, NULL, &hook, &err));
  CHECK (hook != NULL && strstr (hook, "nowhere") != NULL);
  hooks_string_free (hook);
  hook = NULL;
  EXPECT (HOOKS_STATUS_STAGE, "unknown stage", hooks_read_file (path, NULL, 0, &hook, &err));
  CHECK (hook == NULL);
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "path is NULL",
          hooks_read_file_with_options (NULL, NULL, 0, NULL, &hook, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "path is NULL",
          hooks_read_dir_with_options (NULL, NULL, 0, NULL, &hook, &err));
  EXPECT (HOOKS_STATUS_IO, "no such file",
          hooks_read_file_with_options ("/nonexistent.json", NULL, 0, NULL, &hook, &err));
  CHECK (hook == NULL);
  EXPECT (HOOKS_STATUS_IO, "no such file",
          hooks_read_dir_with_options ("/nonexistent", NULL, 0, NULL, NULL, &err));
  free (path);
  remove_dir (dir);
}

static void
test_decode (void)
{
  static const char *const old = "{\"hook\":\"/x\",\"stages\":[\"anything\"]}";
  static const char not_utf8[] = { (char) 0xff, '\0' };
  char *hook = NULL;

  EXPECT (HOOKS_STATUS_OK, "", hooks_decode (old, strlen (old), NULL, &hook, &err));
  CHECK (hook != NULL && strstr (hook, "\"path\":\"/x\"") != NULL
         && strstr (hook, "\"or\":true") != NULL);
  hooks_string_free (hook);
  hook = NULL;
  EXPECT (HOOKS_STATUS_JSON, "hook", hooks_decode (old, strlen (old), "1.0.0", &hook, &err));
  EXPECT (HOOKS_STATUS_JSON, "missing required property: hook",
          hooks_decode ("null", 4, "0.1.0", &hook, &err));
  EXPECT (HOOKS_STATUS_JSON, "unexpected end of JSON input",
          hooks_decode ("", 0, "1.0.0", &hook, &err));
  EXPECT (HOOKS_STATUS_JSON, "version check: ", hooks_decode ("[]", 2, NULL, &hook, &err));
  /* Syntax errors come first; any content after the value is a syntax error. */
  EXPECT (HOOKS_STATUS_JSON, "after",
          hooks_decode ("{\"hook\":\"/x\",\"stages\":[]} x", 27, "0.1.0", &hook, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "version is \"2\"",
          hooks_decode ("{}", 2, "2", &hook, &err));
  EXPECT (HOOKS_STATUS_UTF8, "version", hooks_decode ("{}", 2, not_utf8, &hook, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "content is NULL",
          hooks_decode (NULL, 0, NULL, &hook, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "content",
          hooks_decode ("{}", (size_t) -1, NULL, &hook, &err));
  CHECK (hook == NULL);
  EXPECT (HOOKS_STATUS_OK, "", hooks_decode ("null", 4, "1.0.0", &hook, &err));
  CHECK (hook != NULL && strcmp (hook, "null") == 0);
  hooks_string_free (hook);
  EXPECT (HOOKS_STATUS_OK, "", hooks_decode ("{}", 2, "1.0.0", NULL, &err));
}

static void
test_snapshot_hook (void)
{
  char *dir = new_dir (NULL);
  hooks_manager_t *m = NULL;
  hooks_snapshot_t *s = NULL;
  const char *const stages[] = { "poststop" };
  const char *dirs[1];
  char *hook = NULL;
  char *list = NULL;

  dirs[0] = dir;
  write_file (dir, "a.json", HOOK);
  EXPECT (HOOKS_STATUS_OK, "", hooks_manager_new (dirs, 1, stages, 1, NULL, &m, &err));
  s = hooks_manager_snapshot (m);
  CHECK (hooks_snapshot_len (s) == 1 && hooks_snapshot_len (NULL) == 0);
  EXPECT (HOOKS_STATUS_OK, "", hooks_snapshot_hook (s, 0, &hook, &err));
  EXPECT (HOOKS_STATUS_OK, "", hooks_snapshot_list (s, &list, &err));
  CHECK (hook != NULL && list != NULL && strstr (list, hook) != NULL);
  CHECK (strstr (hook, "\"injected\":[],\"extensionStages\":[\"poststop\"]") != NULL);
  hooks_string_free (hook);
  hooks_string_free (list);
  hook = NULL;
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "index must be less than 1, the number of hooks, got 1",
          hooks_snapshot_hook (s, 1, &hook, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "json_out is NULL",
          hooks_snapshot_hook (s, 0, NULL, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "s is NULL", hooks_snapshot_hook (NULL, 0, &hook, &err));
  CHECK (hook == NULL);
  hooks_snapshot_free (s);
  hooks_manager_free (m);
  remove_dir (dir);
}

static void
test_when_match_request (void)
{
  struct request r = { { 0 }, 0 };
  bool match = false;

  put_number (&r, 0);
  put_number (&r, 1);
  put_bytes (&r, "a\xff", 2);
  put_bytes (&r, "\0", 1);
  EXPECT (HOOKS_STATUS_OK, "",
          hooks_when_match_request ("{\"annotations\":{\"^a.$\":\"^\\u0000$\"}}", r.bytes, r.len,
                                    0, &match, &err));
  CHECK (match);
  EXPECT (HOOKS_STATUS_OK, "",
          hooks_when_match_request ("{\"hasBindMounts\":true}", r.bytes, r.len, 0, &match, &err));
  CHECK (!match);
  match = true;
  EXPECT (HOOKS_STATUS_HOOK_FILE, "annotation key: error parsing regexp: ",
          hooks_when_match_request ("{\"annotations\":{\"(\":\"\"}}", r.bytes, r.len, 0, &match,
                                    &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "request",
          hooks_when_match_request ("{}", r.bytes, r.len - 1, 0, &match, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "request is NULL",
          hooks_when_match_request ("{}", NULL, 0, 0, &match, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "has_bind_mounts must be 0 or 1, got -1",
          hooks_when_match_request ("{}", r.bytes, r.len, -1, &match, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "match_out is NULL",
          hooks_when_match_request ("{}", r.bytes, r.len, 0, NULL, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "when_json is NULL",
          hooks_when_match_request (NULL, r.bytes, r.len, 0, &match, &err));
  EXPECT (HOOKS_STATUS_JSON, "when",
          hooks_when_match_request ("[]", r.bytes, r.len, 0, &match, &err));
  CHECK (match);
}

struct log
{
  int lines[4];
};

static void
on_log (void *userdata, int level, const char *message, const char *fields_json)
{
  (void) message;
  (void) fields_json;
  ((struct log *) userdata)->lines[level]++;
}

static void
test_log_level (const char *dir)
{
  int level;

  for (level = HOOKS_LOG_ERROR; level <= HOOKS_LOG_DEBUG; level++)
    {
      struct log log = { { 0, 0, 0, 0 } };
      hooks_options_t *o = hooks_options_new ();
      hooks_manager_t *m = NULL;
      const char *dirs[2];
      int i;

      dirs[0] = dirs[1] = dir;
      CHECK (hooks_options_set_policy (o, HOOKS_POLICY_LENIENT) == HOOKS_STATUS_OK);
      CHECK (hooks_options_set_log (o, on_log, &log) == HOOKS_STATUS_OK);
      CHECK (hooks_options_set_log_level (o, level) == HOOKS_STATUS_OK);
      CHECK (hooks_options_set_log_level (o, 4) == HOOKS_STATUS_INVALID_ARGUMENT);
      CHECK (hooks_options_set_log_level (o, -1) == HOOKS_STATUS_INVALID_ARGUMENT);
      EXPECT (HOOKS_STATUS_OK, "", hooks_manager_new (dirs, 1, NULL, 0, o, &m, &err));
      /* The file of an unknown version causes a line at the level error; the steps of the load are
         logged at the level debug. */
      CHECK (log.lines[HOOKS_LOG_ERROR] == 1);
      CHECK ((log.lines[HOOKS_LOG_DEBUG] > 0) == (level == HOOKS_LOG_DEBUG));
      for (i = level + 1; i <= HOOKS_LOG_DEBUG; i++)
        CHECK (log.lines[i] == 0);
      /* A known error is not logged again. */
      EXPECT (HOOKS_STATUS_OK, "", hooks_manager_reload (m, &err));
      CHECK (log.lines[HOOKS_LOG_ERROR] == 1);
      hooks_options_free (o);
      hooks_manager_free (m);
    }
  CHECK (hooks_options_set_log_level (NULL, HOOKS_LOG_INFO) == HOOKS_STATUS_INVALID_ARGUMENT);
}

int
main (void)
{
  char *dir = new_dir (NULL);

  write_file (dir, "a.json", OURS);
  test_reader (dir);
  test_log_level (dir);
  remove_dir (dir);
  test_invalid_hook ();
  test_decode ();
  test_snapshot_hook ();
  test_when_match_request ();
  CHECK (hooks_string_new (NULL) == NULL);
  return summary ("reader");
}
