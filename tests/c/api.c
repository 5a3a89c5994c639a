/* Tests every function of the C API: its results, and its errors for every bad argument. */
#define _XOPEN_SOURCE 700

#include "test.h"

#define CONFIG \
  "{\"ociVersion\":\"1.0.2\", \"process\":{\"args\":[\"/bin/sh\"]},\"annotations\":{\"a\":\"b\"},\"x\":1e400}"
#define DETECT HOOKS_BIND_MOUNTS_DETECT

#define HOOK(path, when, stages) \
  "{\"version\":\"1.0.0\",\"hook\":{\"path\":\"" path "\"},\"when\":{" when "},\"stages\":[" stages "]}"
#define ALWAYS HOOK ("/bin/true", "\"always\":true", "\"prestart\"")

static const char not_utf8[] = { '{', '"', (char) 0xff, '"', ':', '1', '}', '\0' };
static const char *const null_string[1] = { NULL };
static const char *const bad_strings[2] = { "precreate", not_utf8 };
static const char *const stages[2] = { "precreate", "poststop" };

/* Longer than any array: the library must read nothing, and must not overflow. */
static const size_t absurd = ((size_t) -1) / 2;

static hooks_manager_t *
manager_of (const char *dir)
{
  hooks_manager_t *m = NULL;
  const char *dirs[1];

  dirs[0] = dir;
  EXPECT (HOOKS_STATUS_OK, "", hooks_manager_new (dirs, 1, stages, 2, NULL, &m, &err));
  return m;
}

static void
test_version (void)
{
  CHECK (strcmp (hooks_version (), HOOKS_VERSION) == 0);
  CHECK (hooks_version_number () == HOOKS_VERSION_NUMBER);
  CHECK (HOOKS_MAKE_VERSION (1, 2, 3) == 0x010203);
}

/* Programs were compiled with these numbers. */
static void
test_numbers (void)
{
  CHECK (HOOKS_STATUS_OK == 0);
  CHECK (HOOKS_STATUS_INVALID_ARGUMENT == -1);
  CHECK (HOOKS_STATUS_UTF8 == -2);
  CHECK (HOOKS_STATUS_JSON == -3);
  CHECK (HOOKS_STATUS_IO == -4);
  CHECK (HOOKS_STATUS_HOOK_FILE == -5);
  CHECK (HOOKS_STATUS_MATCH == -6);
  CHECK (HOOKS_STATUS_STAGE == -7);
  CHECK (HOOKS_STATUS_HOOK_FAILED == -8);
  CHECK (HOOKS_STATUS_TIMEOUT == -9);
  CHECK (HOOKS_STATUS_CANCELLED == -10);
  CHECK (HOOKS_STATUS_PANIC == -11);
  CHECK (HOOKS_STATUS_NO_JSON_SUFFIX == -12);
  CHECK (HOOKS_STATUS_STRICT == -13);
  CHECK (HOOKS_BIND_MOUNTS_DETECT == -1);
  CHECK (HOOKS_POLICY_COMPATIBLE == 0);
  CHECK (HOOKS_POLICY_STRICT == 1);
  CHECK (HOOKS_POLICY_LENIENT == 2);
  CHECK (HOOKS_LOG_ERROR == 0);
  CHECK (HOOKS_LOG_WARNING == 1);
  CHECK (HOOKS_LOG_INFO == 2);
  CHECK (HOOKS_LOG_DEBUG == 3);
}

/* Every free function accepts NULL, and every getter returns its documented value for NULL. */
static void
test_null_objects (void)
{
  hooks_string_free (NULL);
  hooks_error_free (NULL);
  hooks_options_free (NULL);
  hooks_manager_free (NULL);
  hooks_snapshot_free (NULL);
  CHECK (hooks_error_code (NULL) == HOOKS_STATUS_OK);
  CHECK (hooks_error_errno (NULL) == 0);
  CHECK (hooks_error_message (NULL) == NULL);
  CHECK (hooks_error_json (NULL) == NULL);
  CHECK (hooks_manager_generation (NULL) == 0);
  CHECK (hooks_manager_snapshot (NULL) == NULL);
  CHECK (hooks_snapshot_generation (NULL) == 0);
}

/* `err` may be NULL, and is not changed on success; outputs are not changed on failure. */
static void
test_conventions (const char *dir)
{
  hooks_manager_t *m = manager_of (dir);
  hooks_error_t *const mark = (hooks_error_t *) &checks;
  hooks_error_t *err = mark;
  char mark_text[] = "mark";
  char *out = NULL;
  char *config = mark_text;
  char *extra = mark_text;

  CHECK (hooks_manager_hooks (m, CONFIG, NULL, 0, &out, NULL, &err) == HOOKS_STATUS_OK);
  CHECK (err == mark);
  hooks_string_free (out);
  CHECK (hooks_manager_hooks (m, CONFIG, NULL, 0, NULL, NULL, NULL) == HOOKS_STATUS_OK);
  CHECK (hooks_manager_hooks (m, "[]", NULL, 0, &config, &extra, NULL) == HOOKS_STATUS_JSON);
  CHECK (hooks_manager_hooks (NULL, CONFIG, NULL, 0, &config, &extra, NULL)
         == HOOKS_STATUS_INVALID_ARGUMENT);
  CHECK (config == mark_text && extra == mark_text);
  hooks_manager_free (m);
}

static void
test_options (const char *dir)
{
  hooks_options_t *o = hooks_options_new ();
  hooks_manager_t *m = NULL;
  const char *dirs[1];

  dirs[0] = dir;
  CHECK (o != NULL);
  CHECK (hooks_options_set_policy (o, HOOKS_POLICY_STRICT) == HOOKS_STATUS_OK);
  CHECK (hooks_options_set_policy (o, HOOKS_POLICY_LENIENT) == HOOKS_STATUS_OK);
  CHECK (hooks_options_set_policy (o, 9) == HOOKS_STATUS_INVALID_ARGUMENT);
  CHECK (hooks_options_set_policy (o, -1) == HOOKS_STATUS_INVALID_ARGUMENT);
  CHECK (hooks_options_set_policy (NULL, 0) == HOOKS_STATUS_INVALID_ARGUMENT);
  CHECK (hooks_options_set_keep_last_good (o, 1) == HOOKS_STATUS_OK);
  CHECK (hooks_options_set_keep_last_good (o, 0) == HOOKS_STATUS_OK);
  CHECK (hooks_options_set_keep_last_good (o, 7) == HOOKS_STATUS_INVALID_ARGUMENT);
  CHECK (hooks_options_set_keep_last_good (NULL, 1) == HOOKS_STATUS_INVALID_ARGUMENT);
  CHECK (hooks_options_set_log (o, NULL, NULL) == HOOKS_STATUS_OK);
  CHECK (hooks_options_set_log (NULL, NULL, NULL) == HOOKS_STATUS_INVALID_ARGUMENT);
  /* The manager has its own copy of the options. */
  EXPECT (HOOKS_STATUS_OK, "", hooks_manager_new (dirs, 1, stages, 2, o, &m, &err));
  hooks_options_free (o);
  EXPECT (HOOKS_STATUS_OK, "", hooks_manager_reload (m, &err));
  hooks_manager_free (m);
}

/* The root of "/" has the same files as the process. */
static void
test_root (const char *dir)
{
  hooks_options_t *o = hooks_options_new ();
  hooks_manager_t *m = NULL;
  hooks_manager_t *inside = NULL;
  const char *dirs[1];
  const char *top[1] = { "/" };
  char *out = NULL;

  CHECK (hooks_options_set_root (NULL, "/") == HOOKS_STATUS_INVALID_ARGUMENT);
  CHECK (hooks_options_set_root (o, NULL) == HOOKS_STATUS_OK);
  CHECK (hooks_options_set_root (o, "/") == HOOKS_STATUS_OK);
  dirs[0] = dir;
  EXPECT (HOOKS_STATUS_OK, "", hooks_manager_new (dirs, 1, stages, 2, o, &m, &err));
  EXPECT (HOOKS_STATUS_OK, "", hooks_manager_reload (m, &err));

  /* The directory itself as the root: its hook files are in "/", and paths do not contain it. */
  CHECK (hooks_options_set_root (o, dir) == HOOKS_STATUS_OK);
  CHECK (hooks_options_set_policy (o, HOOKS_POLICY_LENIENT) == HOOKS_STATUS_OK);
  EXPECT (HOOKS_STATUS_OK, "", hooks_manager_new (top, 1, stages, 2, o, &inside, &err));
  EXPECT (HOOKS_STATUS_OK, "", hooks_manager_diagnostics (inside, &out, &err));
  CHECK (strstr (out, "\"path\":\"/") != NULL && strstr (out, dir) == NULL);
  hooks_string_free (out);
  CHECK (hooks_read_file_with_options ("/nowhere.json", stages, 2, o, NULL, NULL)
         == HOOKS_STATUS_IO);
  out = NULL;
  CHECK (hooks_read_dir_with_options ("/nowhere", stages, 2, o, &out, NULL) == HOOKS_STATUS_IO);
  hooks_string_free (out);
  hooks_manager_free (inside);

  /* After an error the options are not usable, so no other root is read by mistake. */
  CHECK (hooks_options_set_root (o, "/nonexistent/root") == HOOKS_STATUS_IO);
  inside = NULL;
  EXPECT (HOOKS_STATUS_IO, "open /nonexistent/root: no such file or directory",
          hooks_manager_new (dirs, 1, stages, 2, o, &inside, &err));
  CHECK (inside == NULL);
  CHECK (hooks_options_set_root (o, NULL) == HOOKS_STATUS_OK);
  EXPECT (HOOKS_STATUS_OK, "", hooks_manager_new (dirs, 1, stages, 2, o, &inside, &err));
  hooks_options_free (o);
  hooks_manager_free (inside);
  hooks_manager_free (m);
}

struct log
{
  int lines;
  int bad;
  hooks_manager_t *reenter;
};

static void
on_log (void *userdata, int level, const char *message, const char *fields_json)
{
  struct log *log = (struct log *) userdata;

  log->lines++;
  if (level < HOOKS_LOG_ERROR || level > HOOKS_LOG_DEBUG || message[0] == '\0'
      || fields_json[0] != '{')
    log->bad++;
  /* No lock is held, so the callback may call the library. */
  if (log->reenter != NULL && hooks_manager_generation (log->reenter) == 0)
    log->bad++;
}

static void
test_log (void)
{
  char *dir = new_dir (NULL);
  hooks_options_t *o = hooks_options_new ();
  hooks_manager_t *m = NULL;
  struct log log = { 0, 0, NULL };
  const char *dirs[1];
  char *json = NULL;
  int lines;

  dirs[0] = dir;
  write_file (dir, "bad.json", "{");
  CHECK (hooks_options_set_policy (o, HOOKS_POLICY_LENIENT) == HOOKS_STATUS_OK);
  CHECK (hooks_options_set_log (o, on_log, &log) == HOOKS_STATUS_OK);
  EXPECT (HOOKS_STATUS_OK, "", hooks_manager_new (dirs, 1, NULL, 0, o, &m, &err));
  hooks_options_free (o);
  CHECK (log.lines > 0);
  lines = log.lines;
  log.reenter = m;
  EXPECT (HOOKS_STATUS_OK, "", hooks_manager_reload (m, &err));
  CHECK (log.lines > lines && log.bad == 0);
  EXPECT (HOOKS_STATUS_OK, "", hooks_manager_diagnostics (m, &json, &err));
  CHECK (json != NULL && json[0] == '[' && strstr (json, "bad.json") != NULL);
  hooks_string_free (json);
  hooks_manager_free (m);
  remove_dir (dir);
}

static void
test_new (const char *dir)
{
  hooks_manager_t *const mark = (hooks_manager_t *) &checks;
  hooks_manager_t *m = mark;
  hooks_error_t *error = NULL;
  const char *dirs[3];
  char *list = NULL;

  dirs[0] = "/nonexistent/hooks.d";
  dirs[1] = dir;
  dirs[2] = NULL;
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "dirs is NULL",
          hooks_manager_new (NULL, 1, NULL, 0, NULL, &m, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "dirs[2] is NULL",
          hooks_manager_new (dirs, 3, NULL, 0, NULL, &m, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "dirs",
          hooks_manager_new (dirs, absurd, NULL, 0, NULL, &m, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "dirs",
          hooks_manager_new (dirs, (size_t) -1, NULL, 0, NULL, &m, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "dirs",
          hooks_manager_new (NULL, (size_t) -1, NULL, 0, NULL, &m, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "stages is NULL",
          hooks_manager_new (dirs, 1, NULL, 1, NULL, &m, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "stages[0]",
          hooks_manager_new (dirs, 1, null_string, 1, NULL, &m, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "stages",
          hooks_manager_new (dirs, 1, stages, absurd, NULL, &m, &err));
  EXPECT (HOOKS_STATUS_UTF8, "stages[1]",
          hooks_manager_new (dirs, 1, bad_strings, 2, NULL, &m, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "out is NULL",
          hooks_manager_new (dirs, 1, NULL, 0, NULL, NULL, &err));
  CHECK (m == mark);
  CHECK (hooks_manager_new (dirs, 1, bad_strings, 2, NULL, &m, &error) == HOOKS_STATUS_UTF8);
  CHECK (strstr (hooks_error_json (error), "\"code\":\"not-utf8\"") != NULL);
  hooks_error_free (error);
  CHECK (hooks_manager_new (dirs, 1, NULL, 0, NULL, &m, NULL) == HOOKS_STATUS_OK);
  hooks_manager_free (m);
  m = mark;

  /* The name of a directory is any bytes; a directory that does not exist is not an error. */
  dirs[2] = not_utf8;
  EXPECT (HOOKS_STATUS_OK, "", hooks_manager_new (dirs, 3, stages, 2, NULL, &m, &err));
  CHECK (m != NULL && m != mark);
  CHECK (hooks_manager_generation (m) > 0);
  hooks_manager_free (m);

  /* Without directories there are no hooks. The length decides, not the pointer. */
  EXPECT (HOOKS_STATUS_OK, "", hooks_manager_new (NULL, 0, NULL, 0, NULL, &m, &err));
  EXPECT (HOOKS_STATUS_OK, "", hooks_manager_list (m, &list, &err));
  CHECK (list != NULL && list[0] == '{' && strstr (list, ".json") == NULL);
  hooks_string_free (list);
  hooks_manager_free (m);
  EXPECT (HOOKS_STATUS_OK, "", hooks_manager_new (null_string, 0, null_string, 0, NULL, &m, &err));
  hooks_manager_free (m);

  dirs[0] = "/dev/null";
  m = mark;
  EXPECT (HOOKS_STATUS_IO, "/dev/null", hooks_manager_new (dirs, 1, NULL, 0, NULL, &m, &err));
  CHECK (m == mark);
}

/* With three bad files in two directories, the diagnostics have all three with every policy, and
   the valid hooks are kept. */
static void
test_all_problems (void)
{
  char *one = new_dir (NULL);
  char *two = new_dir (NULL);
  hooks_manager_t *m = NULL;
  const char *dirs[2];
  int policy;

  dirs[0] = one;
  dirs[1] = two;
  write_file (one, "first-bad.json", "{");
  write_file (one, "second-bad.json", HOOK ("/bin/true", "\"always\":true", "\"nowhere\""));
  write_file (one, "good.json", ALWAYS);
  write_file (two, "third-bad.json", "");
  for (policy = HOOKS_POLICY_COMPATIBLE; policy <= HOOKS_POLICY_LENIENT; policy++)
    {
      hooks_options_t *o = hooks_options_new ();
      hooks_error_t *error = NULL;
      char *diagnostics = NULL;
      const char *json;
      int status;

      CHECK (hooks_options_set_policy (o, policy) == HOOKS_STATUS_OK);
      m = NULL;
      status = hooks_manager_new (dirs, 2, NULL, 0, o, &m, &error);
      if (policy == HOOKS_POLICY_LENIENT)
        {
          CHECK (status == HOOKS_STATUS_OK && m != NULL && error == NULL);
          EXPECT (HOOKS_STATUS_OK, "", hooks_manager_diagnostics (m, &diagnostics, &err));
          json = diagnostics;
        }
      else
        {
          CHECK (status < 0 && m == NULL && error != NULL && hooks_error_code (error) == status);
          json = hooks_error_json (error);
        }
      CHECK (json != NULL && strstr (json, "first-bad.json") != NULL
             && strstr (json, "second-bad.json") != NULL
             && strstr (json, "third-bad.json") != NULL);
      hooks_string_free (diagnostics);
      hooks_error_free (error);
      hooks_options_free (o);
      hooks_manager_free (m);
    }
  remove_dir (one);
  remove_dir (two);
}

/* A bad file that is alone in a directory causes an error that names it, and does not block. */
static void
bad_file (const char *dir, const char *name, const char *code)
{
  hooks_manager_t *m = NULL;
  hooks_error_t *error = NULL;
  char *path = text ("%s/%s", dir, name);
  const char *dirs[1];
  const char *json;
  int status;

  dirs[0] = dir;
  status = hooks_manager_new (dirs, 1, NULL, 0, NULL, &m, &error);
  json = hooks_error_json (error);
  if (!CHECK (status < 0 && m == NULL && json != NULL && strstr (json, name) != NULL
              && strstr (json, code) != NULL))
    printf ("  %s: wanted %s, got %d, %s\n", name, code, status, json ? json : "(null)");
  hooks_error_free (error);
  error = NULL;
  status = hooks_read_file (path, NULL, 0, NULL, &error);
  CHECK (status < 0 && hooks_error_code (error) == status
         && hooks_error_message (error)[0] != '\0');
  hooks_error_free (error);
  if (remove (path) != 0)
    die (path);
  free (path);
}

static void
test_strict (void)
{
  char *dir = new_dir (NULL);
  char *path = text ("%s/a.json", dir);
  const char *dirs[1];
  hooks_options_t *o = hooks_options_new ();
  hooks_manager_t *m = NULL;
  hooks_error_t *error = NULL;

  dirs[0] = dir;
  write_file (dir, "a.json",
              "{\"version\":\"1.0.0\",\"hook\":{\"path\":\"/bin/true\"},\"stages\":[\"prestart\"],\"x\":1}");
  if (chmod (dir, 0755) != 0 || chmod (path, 0644) != 0)
    die (path);
  CHECK (hooks_options_set_policy (o, HOOKS_POLICY_STRICT) == HOOKS_STATUS_OK);
  /* Other warnings do not make loading fail. */
  CHECK (hooks_manager_new (dirs, 1, NULL, 0, o, &m, &error) == HOOKS_STATUS_OK);
  hooks_manager_free (m);
  m = NULL;
  if (chmod (path, 0666) != 0)
    die (path);
  CHECK (hooks_manager_new (dirs, 1, NULL, 0, o, &m, &error) == HOOKS_STATUS_STRICT);
  CHECK (m == NULL && strstr (hooks_error_json (error), "writable-by-others") != NULL);
  hooks_error_free (error);
  hooks_options_free (o);
  if (remove (path) != 0 || remove (dir) != 0)
    die (path);
  free (path);
  free (dir);
}

static void
test_bad_files (void)
{
  static const char zero[] = "{\"version\":\"1.0.0\",\"hook\":{\"path\":\"/a\\u0000b\"},\"stages\":[]}";
  static const char raw_zero[] = "{\"version\":\"1.0.0\",\0\"hook\":{\"path\":\"/bin/true\"},\"stages\":[]}";
  char *dir = new_dir (NULL);
  char *path = text ("%s/fifo.json", dir);
  hooks_error_t *error = NULL;
  size_t size = (size_t) 17 << 20;
  char *large = (char *) malloc (size);

  if (large == NULL || mkfifo (path, 0600) != 0)
    die (path);
  bad_file (dir, "fifo.json", "not-regular-file");
  free (path);

  path = text ("%s/directory.json", dir);
  if (mkdir (path, 0700) != 0)
    die (path);
  bad_file (dir, "directory.json", "directory.json");
  free (path);

  path = text ("%s/socket.json", dir);
  if (mknod (path, S_IFSOCK | 0600, 0) != 0)
    die (path);
  bad_file (dir, "socket.json", "socket.json");
  free (path);

  path = text ("%s/zero.json", dir);
  if (symlink ("/dev/zero", path) != 0)
    die (path);
  bad_file (dir, "zero.json", "not-regular-file");
  free (path);

  memset (large, ' ', size);
  write_bytes (dir, "large.json", large, size);
  bad_file (dir, "large.json", "file-too-large");
  free (large);

  write_file (dir, "empty.json", "");
  bad_file (dir, "empty.json", "unexpected end of JSON input");
  write_file (dir, "bom.json", "\xef\xbb\xbf" ALWAYS);
  bad_file (dir, "bom.json", "json-syntax");
  write_bytes (dir, "raw-zero.json", raw_zero, sizeof raw_zero - 1);
  bad_file (dir, "raw-zero.json", "json-syntax");

  /* A quoted NUL does not end the message. */
  write_file (dir, "nul.json", zero);
  path = text ("%s/nul.json", dir);
  CHECK (hooks_read_file (path, NULL, 0, NULL, &error) < 0);
  CHECK (error != NULL && strstr (hooks_error_message (error), "/a") != NULL
         && strstr (strstr (hooks_error_message (error), "/a"), "b") != NULL);
  hooks_error_free (error);
  free (path);
  remove_dir (dir);
}

static void
test_hooks (const char *dir)
{
  hooks_manager_t *m = manager_of (dir);
  char *config = NULL;
  char *extra = NULL;

  EXPECT (HOOKS_STATUS_OK, "",
          hooks_manager_hooks (m, CONFIG, NULL, DETECT, &config, &extra, &err));
  CHECK (config != NULL && strstr (config, "/bin/true") != NULL
         && strstr (config, "createRuntime") != NULL);
  CHECK (config != NULL && strstr (config, "/bin/false") == NULL);
  CHECK (extra != NULL && strstr (extra, "\"precreate\"") != NULL);
  hooks_string_free (config);
  hooks_string_free (extra);

  /* Each output may be NULL; the annotations from the caller replace those of the config. */
  config = extra = NULL;
  EXPECT (HOOKS_STATUS_OK, "", hooks_manager_hooks (m, CONFIG, "{}", 0, NULL, &extra, &err));
  CHECK (extra != NULL && strcmp (extra, "{}") == 0);
  hooks_string_free (extra);
  EXPECT (HOOKS_STATUS_OK, "",
          hooks_manager_hooks (m, CONFIG, "{\"a\":\"b\"}", 1, &config, NULL, &err));
  CHECK (config != NULL && strstr (config, "/bin/false") != NULL);
  hooks_string_free (config);

  EXPECT (HOOKS_STATUS_OK, "", hooks_manager_explain (m, CONFIG, NULL, DETECT, &config, &err));
  CHECK (config != NULL && config[0] == '{');
  hooks_string_free (config);
  EXPECT (HOOKS_STATUS_OK, "", hooks_manager_list (m, &config, &err));
  CHECK (config != NULL && strstr (config, "always.json") != NULL
         && strstr (config, "mounts.json") != NULL);
  hooks_string_free (config);
  EXPECT (HOOKS_STATUS_OK, "", hooks_manager_diagnostics (m, &config, &err));
  CHECK (config != NULL && config[0] == '[');
  hooks_string_free (config);
  hooks_manager_free (m);
}

/* Returns a config with `depth` nested arrays under an unknown key. */
static char *
nested (size_t depth)
{
  static const char head[] = "{\"x\":";
  char *result = (char *) malloc (sizeof head + 2 * depth);

  if (result == NULL)
    die ("nested");
  memcpy (result, head, sizeof head - 1);
  memset (result + sizeof head - 1, '[', depth - 1);
  memset (result + sizeof head - 1 + depth - 1, ']', depth - 1);
  result[sizeof head - 1 + 2 * (depth - 1)] = '}';
  result[sizeof head + 2 * (depth - 1)] = '\0';
  return result;
}

static void
bad_config (const hooks_manager_t *m, int status, const char *part, const char *config)
{
  char mark[] = "mark";
  char *out = mark;
  char *extra = mark;
  bool match = true;

  EXPECT (status, part, hooks_manager_hooks (m, config, NULL, DETECT, &out, &extra, &err));
  EXPECT (status, part, hooks_manager_explain (m, config, NULL, DETECT, &out, &err));
  EXPECT (status, part, hooks_when_match ("{\"always\":true}", config, NULL, DETECT, &match, &err));
  CHECK (out == mark && extra == mark && match);
}

static void
bad_annotations (const hooks_manager_t *m, int status, const char *part, const char *annotations)
{
  char mark[] = "mark";
  char *out = mark;
  char *extra = mark;
  bool match = true;

  EXPECT (status, part, hooks_manager_hooks (m, CONFIG, annotations, 0, &out, &extra, &err));
  EXPECT (status, part, hooks_manager_explain (m, CONFIG, annotations, 0, &out, &err));
  EXPECT (status, part,
          hooks_when_match ("{\"always\":true}", CONFIG, annotations, 0, &match, &err));
  CHECK (out == mark && extra == mark && match);
}

static void
test_bad_calls (const char *dir)
{
  hooks_manager_t *m = manager_of (dir);
  char mark[] = "mark";
  char *out = mark;
  bool match = true;
  char *deep;
  int bad;

  bad_config (m, HOOKS_STATUS_INVALID_ARGUMENT, "config_json is NULL", NULL);
  bad_config (m, HOOKS_STATUS_UTF8, "config_json", not_utf8);
  bad_config (m, HOOKS_STATUS_JSON, "", "");
  bad_config (m, HOOKS_STATUS_JSON, "", "null");
  bad_config (m, HOOKS_STATUS_JSON, "", "[]");
  bad_config (m, HOOKS_STATUS_JSON, "", "3");
  bad_config (m, HOOKS_STATUS_JSON, "", "\"{}\"");
  bad_config (m, HOOKS_STATUS_JSON, "unexpected end of JSON input",
              "{\"process\":{\"args\":[\"/bin/sh\"]}");
  bad_config (m, HOOKS_STATUS_JSON, "unexpected end of JSON input", "{\"process");
  bad_config (m, HOOKS_STATUS_JSON, "", "{} {}");
  bad_config (m, HOOKS_STATUS_JSON, "", "{\"hooks\":{},\"hooks\":{}}");
  bad_config (m, HOOKS_STATUS_JSON, "", "{\"hooks\":{},\"\\u0068ooks\":{}}");
  bad_config (m, HOOKS_STATUS_JSON, "", "{\"Hooks\":{},\"hooks\":{}}");
  bad_config (m, HOOKS_STATUS_JSON, "", "{\"process\":{\"args\":[\"a\"],\"args\":[\"b\"]}}");
  bad_config (m, HOOKS_STATUS_JSON, "", "{\"process\":{},\"Process\":{}}");
  bad_config (m, HOOKS_STATUS_JSON, "", "{\"annotations\":{\"a\":\"b\",\"a\":\"c\"}}");
  bad_config (m, HOOKS_STATUS_JSON, "", "{\"annotations\":[]}");
  bad_config (m, HOOKS_STATUS_JSON, "", "{\"annotations\":{\"a\":1}}");
  bad_config (m, HOOKS_STATUS_JSON, "", "{\"process\":3}");
  bad_config (m, HOOKS_STATUS_JSON, "", "{\"process\":{\"args\":\"/bin/sh\"}}");
  deep = nested (10001);
  bad_config (m, HOOKS_STATUS_JSON, "", deep);
  free (deep);
  deep = nested (100000);
  bad_config (m, HOOKS_STATUS_JSON, "", deep);
  deep[strlen (deep) / 2] = '\0';
  bad_config (m, HOOKS_STATUS_JSON, "", deep);
  free (deep);
  deep = nested (10000);
  EXPECT (HOOKS_STATUS_OK, "", hooks_manager_hooks (m, deep, NULL, 0, NULL, NULL, &err));
  free (deep);

  bad_annotations (m, HOOKS_STATUS_UTF8, "annotations_json", not_utf8);
  bad_annotations (m, HOOKS_STATUS_JSON, "", "");
  bad_annotations (m, HOOKS_STATUS_JSON, "", "[]");
  bad_annotations (m, HOOKS_STATUS_JSON, "", "\"a\"");
  bad_annotations (m, HOOKS_STATUS_JSON, "", "{\"a\":1}");
  bad_annotations (m, HOOKS_STATUS_JSON, "", "{\"a\":{}}");
  bad_annotations (m, HOOKS_STATUS_JSON, "", "{\"a\":\"b\"");
  deep = nested (100000);
  bad_annotations (m, HOOKS_STATUS_JSON, "", deep);
  free (deep);

  for (bad = -3; bad < 9; bad++)
    {
      int status = bad >= -1 && bad <= 1 ? HOOKS_STATUS_OK : HOOKS_STATUS_INVALID_ARGUMENT;

      EXPECT (status, "has_bind_mounts",
              hooks_manager_hooks (m, CONFIG, NULL, bad, NULL, NULL, &err));
      EXPECT (status, "has_bind_mounts",
              hooks_when_match ("{\"always\":true}", CONFIG, NULL, bad, &match, &err));
      CHECK (match);
      EXPECT (status, "has_bind_mounts", hooks_manager_explain (m, CONFIG, NULL, bad, &out, &err));
      if (out != mark)
        hooks_string_free (out);
      out = mark;
    }

  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "m is NULL",
          hooks_manager_hooks (NULL, CONFIG, NULL, 0, &out, &out, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "m is NULL",
          hooks_manager_explain (NULL, CONFIG, NULL, 0, &out, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "json_out is NULL",
          hooks_manager_explain (m, CONFIG, NULL, 0, NULL, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "m is NULL", hooks_manager_list (NULL, &out, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "json_out is NULL", hooks_manager_list (m, NULL, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "m is NULL", hooks_manager_diagnostics (NULL, &out, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "json_out is NULL",
          hooks_manager_diagnostics (m, NULL, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "m is NULL", hooks_manager_reload (NULL, &err));
  CHECK (out == mark);
  hooks_manager_free (m);
}

static void
test_reload (void)
{
  char *dir = new_dir (NULL);
  hooks_manager_t *m = manager_of (dir);
  hooks_snapshot_t *before = hooks_manager_snapshot (m);
  uint64_t generation = hooks_manager_generation (m);
  hooks_options_t *o = hooks_options_new ();
  const char *dirs[1];
  char *list = NULL;

  CHECK (before != NULL && hooks_snapshot_generation (before) == generation);
  write_file (dir, "new.json", ALWAYS);
  EXPECT (HOOKS_STATUS_OK, "", hooks_manager_reload (m, &err));
  CHECK (hooks_manager_generation (m) > generation);
  EXPECT (HOOKS_STATUS_OK, "", hooks_manager_list (m, &list, &err));
  CHECK (list != NULL && strstr (list, "new.json") != NULL);
  hooks_string_free (list);
  hooks_manager_free (m);

  /* The snapshot has not changed, and outlives the manager. */
  EXPECT (HOOKS_STATUS_OK, "", hooks_snapshot_list (before, &list, &err));
  CHECK (list != NULL && strstr (list, "new.json") == NULL);
  CHECK (hooks_snapshot_generation (before) == generation);
  hooks_string_free (list);
  hooks_snapshot_free (before);

  /* With the strict policy, a reload fails on an error, and the old hooks stay. */
  dirs[0] = dir;
  m = NULL;
  CHECK (hooks_options_set_policy (o, HOOKS_POLICY_STRICT) == HOOKS_STATUS_OK);
  EXPECT (HOOKS_STATUS_OK, "", hooks_manager_new (dirs, 1, stages, 2, o, &m, &err));
  write_file (dir, "new.json", "{");
  CHECK (hooks_manager_reload (m, NULL) < 0);
  EXPECT (HOOKS_STATUS_OK, "", hooks_manager_list (m, &list, &err));
  CHECK (list != NULL && strstr (list, "new.json") != NULL);
  hooks_string_free (list);
  hooks_options_free (o);
  hooks_manager_free (m);
  remove_dir (dir);
}

static void
test_snapshot (const char *dir)
{
  hooks_manager_t *m = manager_of (dir);
  hooks_snapshot_t *s = hooks_manager_snapshot (m);
  struct request r = { { 0 }, 0 };
  uint32_t indexes[8] = { 99, 99, 99, 99, 99, 99, 99, 99 };
  const size_t mark = 77;
  size_t count = mark;
  char *list = NULL;
  size_t len;

  hooks_manager_free (m);
  EXPECT (HOOKS_STATUS_OK, "", hooks_snapshot_list (s, &list, &err));
  CHECK (list != NULL && strstr (list, "always.json") != NULL);
  hooks_string_free (list);
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "s is NULL", hooks_snapshot_list (NULL, &list, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "json_out is NULL", hooks_snapshot_list (s, NULL, &err));

  put_number (&r, 2);
  put_bytes (&r, "/bin/sh", 7);
  put_number (&r, 2);
  put_bytes (&r, "a", 1);
  put_bytes (&r, "b", 1);
  put_bytes (&r, "\xff\0\xfe", 3);
  put_bytes (&r, "", 0);
  /* The order is always.json, annotation.json, mounts.json. */
  EXPECT (HOOKS_STATUS_OK, "",
          hooks_snapshot_match (s, r.bytes, r.len, 1, indexes, 8, &count, &err));
  CHECK (count == 3 && indexes[0] == 0 && indexes[1] == 1 && indexes[2] == 2 && indexes[3] == 99);
  EXPECT (HOOKS_STATUS_OK, "",
          hooks_snapshot_match (s, r.bytes, r.len, 0, indexes, 8, &count, &err));
  CHECK (count == 2 && indexes[0] == 0 && indexes[1] == 1);
  /* With too little space, the count is the number of positions that are needed. */
  indexes[1] = 99;
  EXPECT (HOOKS_STATUS_OK, "",
          hooks_snapshot_match (s, r.bytes, r.len, 1, indexes, 1, &count, &err));
  CHECK (count == 3 && indexes[0] == 0 && indexes[1] == 99);
  count = mark;
  EXPECT (HOOKS_STATUS_OK, "", hooks_snapshot_match (s, r.bytes, r.len, 1, NULL, 0, &count, &err));
  CHECK (count == 3);

  count = mark;
  /* The request is truncated at each byte, or has more bytes at its end. */
  for (len = 0; len < r.len; len++)
    {
      unsigned char *cut = (unsigned char *) malloc (len + 1);

      if (cut == NULL)
        die ("malloc");
      memcpy (cut, r.bytes, len);
      EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "",
              hooks_snapshot_match (s, cut, len, 0, indexes, 8, &count, &err));
      free (cut);
    }
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "",
          hooks_snapshot_match (s, r.bytes, r.len + 1, 0, indexes, 8, &count, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "request is NULL",
          hooks_snapshot_match (s, NULL, 0, 0, indexes, 8, &count, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "len",
          hooks_snapshot_match (s, r.bytes, (size_t) -1, 0, indexes, 8, &count, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "s is NULL",
          hooks_snapshot_match (NULL, r.bytes, r.len, 0, indexes, 8, &count, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "has_bind_mounts",
          hooks_snapshot_match (s, r.bytes, r.len, DETECT, indexes, 8, &count, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "has_bind_mounts",
          hooks_snapshot_match (s, r.bytes, r.len, 7, indexes, 8, &count, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "indexes is NULL",
          hooks_snapshot_match (s, r.bytes, r.len, 0, NULL, 8, &count, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "count_out is NULL",
          hooks_snapshot_match (s, r.bytes, r.len, 0, indexes, 8, NULL, &err));

  /* An unknown kind of process; lengths that exceed the request, and that would overflow. */
  r.len = 0;
  put_number (&r, 3);
  put_number (&r, 0);
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "",
          hooks_snapshot_match (s, r.bytes, r.len, 0, indexes, 8, &count, &err));
  r.len = 0;
  put_number (&r, 2);
  put_number (&r, 0xffffffff);
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "",
          hooks_snapshot_match (s, r.bytes, r.len, 0, indexes, 8, &count, &err));
  r.len = 0;
  put_number (&r, 0);
  put_number (&r, 0xffffffff);
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "",
          hooks_snapshot_match (s, r.bytes, r.len, 0, indexes, 8, &count, &err));
  CHECK (count == mark);
  hooks_snapshot_free (s);
}

/* A hook has the condition `commands`, and the process has no args. */
static void
test_match_error (void)
{
  char *dir = new_dir (NULL);
  hooks_manager_t *m;
  hooks_snapshot_t *s;
  struct request r = { { 0 }, 0 };
  char mark[] = "mark";
  char *out = mark;
  size_t count = 0;

  write_file (dir, "always.json", ALWAYS);
  write_file (dir, "commands.json", HOOK ("/bin/true", "\"commands\":[\"sh$\"]", "\"prestart\""));
  m = manager_of (dir);
  s = hooks_manager_snapshot (m);
  EXPECT (HOOKS_STATUS_MATCH,
          "matching hook \"commands.json\": process.args must have at least one entry",
          hooks_manager_hooks (m, "{\"process\":{}}", NULL, 0, &out, NULL, &err));
  CHECK (out == mark);
  put_number (&r, 1);
  put_number (&r, 0);
  EXPECT (HOOKS_STATUS_MATCH, "process.args must have at least one entry",
          hooks_snapshot_match (s, r.bytes, r.len, 0, NULL, 0, &count, &err));
  r.len = 0;
  put_number (&r, 0);
  put_number (&r, 0);
  EXPECT (HOOKS_STATUS_OK, "", hooks_snapshot_match (s, r.bytes, r.len, 0, NULL, 0, &count, &err));
  CHECK (count == 1);
  hooks_snapshot_free (s);
  hooks_manager_free (m);
  remove_dir (dir);
}

static void
test_read (const char *dir)
{
  char *file = text ("%s/annotation.json", dir);
  char *missing = text ("%s/missing.json", dir);
  char *bad_dir = new_dir (NULL);
  char *bad = text ("%s/bad.json", bad_dir);
  char mark[] = "mark";
  char *out = NULL;
  bool match = false;

  EXPECT (HOOKS_STATUS_OK, "", hooks_read_file (file, stages, 2, &out, &err));
  CHECK (out != NULL && strstr (out, "/bin/true") != NULL);
  hooks_string_free (out);
  EXPECT (HOOKS_STATUS_OK, "", hooks_read_file (file, stages, 2, NULL, &err));
  out = mark;
  EXPECT (HOOKS_STATUS_STAGE, "unknown stage \"precreate\"",
          hooks_read_file (file, NULL, 0, &out, &err));
  EXPECT (HOOKS_STATUS_NO_JSON_SUFFIX, "", hooks_read_file (dir, stages, 2, &out, &err));
  EXPECT (HOOKS_STATUS_IO, "no such file or directory",
          hooks_read_file (missing, stages, 2, &out, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "path is NULL",
          hooks_read_file (NULL, stages, 2, &out, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "stages is NULL",
          hooks_read_file (file, NULL, 2, &out, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "stages[0]",
          hooks_read_file (file, null_string, 1, &out, &err));
  EXPECT (HOOKS_STATUS_UTF8, "stages[1]", hooks_read_file (file, bad_strings, 2, &out, &err));
  CHECK (out == mark);

  EXPECT (HOOKS_STATUS_OK, "", hooks_read_dir (dir, stages, 2, &out, &err));
  CHECK (out != mark && strstr (out, "\"always.json\"") != NULL
         && strstr (out, "\"mounts.json\"") != NULL);
  hooks_string_free (out);
  EXPECT (HOOKS_STATUS_OK, "", hooks_read_dir (dir, stages, 2, NULL, &err));
  out = mark;
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "path is NULL",
          hooks_read_dir (NULL, stages, 2, &out, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "stages is NULL",
          hooks_read_dir (dir, NULL, 2, &out, &err));
  EXPECT (HOOKS_STATUS_UTF8, "stages[1]", hooks_read_dir (dir, bad_strings, 2, &out, &err));
  CHECK (out == mark);

  /* The valid hooks are returned in addition to the error. */
  write_file (bad_dir, "bad.json", "{");
  write_file (bad_dir, "good.json", ALWAYS);
  EXPECT (HOOKS_STATUS_HOOK_FILE, "bad.json", hooks_read_dir (bad_dir, NULL, 0, &out, &err));
  if (CHECK (out != mark))
    {
      CHECK (strstr (out, "\"good.json\"") != NULL && strstr (out, "\"bad.json\"") == NULL);
      hooks_string_free (out);
    }
  out = mark;
  EXPECT (HOOKS_STATUS_HOOK_FILE, "bad.json", hooks_read_file (bad, NULL, 0, &out, &err));
  CHECK (out == mark);

  EXPECT (HOOKS_STATUS_OK, "", hooks_validate (ALWAYS, NULL, 0, &err));
  EXPECT (HOOKS_STATUS_OK, "",
          hooks_validate (HOOK ("/bin/true", "", "\"precreate\""), stages, 2, &err));
  EXPECT (HOOKS_STATUS_STAGE, "unknown stage \"precreate\"",
          hooks_validate (HOOK ("/bin/true", "", "\"precreate\""), NULL, 0, &err));
  EXPECT (HOOKS_STATUS_HOOK_FILE, "nil hook", hooks_validate ("null", NULL, 0, &err));
  EXPECT (HOOKS_STATUS_HOOK_FILE, "hook.path",
          hooks_validate ("{\"version\":\"1.0.0\"}", NULL, 0, &err));
  EXPECT (HOOKS_STATUS_JSON, "", hooks_validate ("{", NULL, 0, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "hook_json is NULL", hooks_validate (NULL, NULL, 0, &err));
  EXPECT (HOOKS_STATUS_UTF8, "hook_json", hooks_validate (not_utf8, NULL, 0, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "stages is NULL", hooks_validate (ALWAYS, NULL, 1, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "stages[0]",
          hooks_validate (ALWAYS, null_string, 1, &err));
  EXPECT (HOOKS_STATUS_UTF8, "stages[1]", hooks_validate (ALWAYS, bad_strings, 2, &err));

  EXPECT (HOOKS_STATUS_OK, "",
          hooks_when_match ("{\"commands\":[\"sh$\"]}", CONFIG, NULL, 0, &match, &err));
  CHECK (match);
  EXPECT (HOOKS_STATUS_OK, "",
          hooks_when_match ("{\"annotations\":{\"^a$\":\"c\"}}", CONFIG, NULL, 0, &match, &err));
  CHECK (!match);
  EXPECT (HOOKS_STATUS_OK, "",
          hooks_when_match ("{\"annotations\":{\"^a$\":\"c\"}}", CONFIG, "{\"a\":\"c\"}", 0,
                            &match, &err));
  CHECK (match);
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "when_json is NULL",
          hooks_when_match (NULL, CONFIG, NULL, 0, &match, &err));
  EXPECT (HOOKS_STATUS_UTF8, "when_json",
          hooks_when_match (not_utf8, CONFIG, NULL, 0, &match, &err));
  EXPECT (HOOKS_STATUS_HOOK_FILE, "command: error parsing regexp: missing closing )",
          hooks_when_match ("{\"commands\":[\"(\"]}", CONFIG, NULL, 0, &match, &err));
  EXPECT (HOOKS_STATUS_MATCH, "process.args must have at least one entry",
          hooks_when_match ("{\"commands\":[\"a\"]}", "{\"process\":{}}", NULL, 0, &match, &err));
  EXPECT (HOOKS_STATUS_JSON, "", hooks_when_match ("{", CONFIG, NULL, 0, &match, &err));
  EXPECT (HOOKS_STATUS_INVALID_ARGUMENT, "match_out is NULL",
          hooks_when_match ("{}", CONFIG, NULL, 0, NULL, &err));
  CHECK (match);
  free (file);
  free (missing);
  free (bad);
  remove_dir (bad_dir);
}

int
main (void)
{
  char *dir;

  setvbuf (stdout, NULL, _IOLBF, 0);
  dir = new_dir (NULL);
  write_file (dir, "always.json", ALWAYS);
  write_file (dir, "annotation.json",
              HOOK ("/bin/true", "\"annotations\":{\"^a$\":\"^b$\"}", "\"precreate\""));
  write_file (dir, "mounts.json", HOOK ("/bin/false", "\"hasBindMounts\":true", "\"poststart\""));
  write_file (dir, "README", "not a hook file");
  test_version ();
  test_numbers ();
  test_null_objects ();
  test_conventions (dir);
  test_options (dir);
  test_root (dir);
  test_log ();
  test_new (dir);
  test_all_problems ();
  test_strict ();
  test_bad_files ();
  test_hooks (dir);
  test_bad_calls (dir);
  test_reload ();
  test_snapshot (dir);
  test_match_error ();
  test_read (dir);
  remove_dir (dir);
  return summary ("api");
}
