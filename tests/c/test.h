/* Shared by the test programs: checks that are counted, files in a temporary directory, and
   requests in the binary format. */
#ifndef TEST_H
#define TEST_H

#include <libhooks/hooks.h>

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Not every program uses every helper. */
#if defined(__GNUC__)
#define MAYBE_UNUSED __attribute__ ((unused))
#else
#define MAYBE_UNUSED
#endif

static int checks;
static int failures;

#define CHECK(condition) check ((condition) ? 1 : 0, __FILE__, __LINE__, #condition)

static MAYBE_UNUSED int
check (int good, const char *file, int line, const char *condition)
{
  checks++;
  if (!good)
    {
      failures++;
      printf ("%s:%d: failed: %s\n", file, line, condition);
    }
  return good;
}

/* Checks a call with `&err` as its last argument: it returns `want`, and the error has that status
   and a message that contains `part`. */
#define EXPECT(want, part, call)                                      \
  do                                                                  \
    {                                                                 \
      hooks_error_t *err = NULL;                                      \
      int got_ = (call);                                              \
      expect ((want), (part), got_, err, __FILE__, __LINE__, #call);  \
      hooks_error_free (err);                                         \
    }                                                                 \
  while (0)

static MAYBE_UNUSED void
expect (int want, const char *part, int got, const hooks_error_t *err, const char *file, int line,
        const char *call)
{
  const char *message = hooks_error_message (err);
  const char *json = hooks_error_json (err);
  int good = got == want && hooks_error_code (err) == want;

  if (want == HOOKS_STATUS_OK)
    good = good && err == NULL && message == NULL && json == NULL && hooks_error_errno (err) == 0;
  else
    good = good && message != NULL && message[0] != '\0' && strstr (message, part) != NULL
           && json != NULL && json[0] == '{' && json[strlen (json) - 1] == '}'
           && (want != HOOKS_STATUS_IO || hooks_error_errno (err) > 0);
  if (!check (good, file, line, call))
    printf ("  wanted %d with \"%s\", got %d, code %d, errno %d, \"%s\", %s\n", want, part, got,
            hooks_error_code (err), hooks_error_errno (err), message ? message : "(null)",
            json ? json : "(null)");
}

static MAYBE_UNUSED int
summary (const char *program)
{
  printf ("%s: %d checks, %d failed\n", program, checks, failures);
  return failures == 0 && checks > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static MAYBE_UNUSED void
die (const char *failed)
{
  perror (failed);
  exit (EXIT_FAILURE);
}

/* Returns formatted text in new memory, as printf writes it. */
static MAYBE_UNUSED char *
text (const char *format, ...)
{
  va_list args;
  char *result;
  int len;

  va_start (args, format);
  len = vsnprintf (NULL, 0, format, args);
  va_end (args);
  result = (char *) malloc ((size_t) len + 1);
  if (len < 0 || result == NULL)
    die ("text");
  va_start (args, format);
  vsnprintf (result, (size_t) len + 1, format, args);
  va_end (args);
  return result;
}

static MAYBE_UNUSED void
write_bytes (const char *dir, const char *name, const char *bytes, size_t len)
{
  char *path = text ("%s/%s", dir, name);
  FILE *file = fopen (path, "wb");

  if (file == NULL || fwrite (bytes, 1, len, file) != len || fclose (file) != 0)
    die (path);
  free (path);
}

static MAYBE_UNUSED void
write_file (const char *dir, const char *name, const char *content)
{
  write_bytes (dir, name, content, strlen (content));
}

/* Makes a directory in `parent`, or in TMPDIR if `parent` is NULL. */
static MAYBE_UNUSED char *
new_dir (const char *parent)
{
  const char *tmp = parent ? parent : getenv ("TMPDIR");
  char *path = text ("%s/hooks-XXXXXX", tmp ? tmp : "/tmp");

  if (mkdtemp (path) == NULL)
    die (path);
  return path;
}

/* Removes a directory with its content, and frees its name. */
static MAYBE_UNUSED void
remove_dir (char *path)
{
  DIR *dir = opendir (path);
  struct dirent *entry;

  if (dir == NULL)
    die (path);
  while ((entry = readdir (dir)) != NULL)
    {
      char *child;
      struct stat st;

      if (strcmp (entry->d_name, ".") == 0 || strcmp (entry->d_name, "..") == 0)
        continue;
      child = text ("%s/%s", path, entry->d_name);
      if (lstat (child, &st) == 0 && S_ISDIR (st.st_mode))
        {
          remove_dir (child);
          continue;
        }
      unlink (child);
      free (child);
    }
  closedir (dir);
  rmdir (path);
  free (path);
}

/* Returns the seconds of a clock that cannot be set. */
static MAYBE_UNUSED double
now (void)
{
  struct timespec ts;

  clock_gettime (CLOCK_MONOTONIC, &ts);
  return (double) ts.tv_sec + (double) ts.tv_nsec / 1e9;
}

/* Returns the number of entries of a directory. */
static MAYBE_UNUSED int
entries (const char *path)
{
  DIR *d = opendir (path);
  int count = 0;

  if (d == NULL)
    die (path);
  while (readdir (d) != NULL)
    count++;
  closedir (d);
  return count;
}

/* A request for hooks_snapshot_match(), in the binary format. */
struct request
{
  unsigned char bytes[512];
  size_t len;
};

static MAYBE_UNUSED void
put_number (struct request *r, uint32_t number)
{
  memcpy (r->bytes + r->len, &number, sizeof number);
  r->len += sizeof number;
}

static MAYBE_UNUSED void
put_bytes (struct request *r, const char *bytes, size_t len)
{
  put_number (r, (uint32_t) len);
  memcpy (r->bytes + r->len, bytes, len);
  r->len += len;
}

#endif
