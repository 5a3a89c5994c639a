/* The floor of `make bench`: the cost of only reading the files that a load of hooks reads.

     floor new DIRECTORY COUNT EXECUTABLE...    prints the average nanoseconds of COUNT loads
     floor cold DIRECTORY CONFIG EXECUTABLE...  loads once, and prints the config unchanged

   A load lists the directory, opens each hook file, gets its size, reads it once, closes it, and
   calls stat(2) on each executable. It ignores the content. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char buffer[1 << 20];

static double
now (void)
{
  struct timespec time;

  clock_gettime (CLOCK_MONOTONIC, &time);
  return (double) time.tv_sec * 1e9 + (double) time.tv_nsec;
}

/* Reads a file, and returns its length in bytes; -1 if it cannot be read. */
static ssize_t
read_once (const char *path)
{
  struct stat status;
  ssize_t length;
  int fd = open (path, O_RDONLY | O_CLOEXEC);

  if (fd < 0)
    return -1;
  length = fstat (fd, &status) == 0 && status.st_size < (off_t) sizeof buffer
               ? read (fd, buffer, (size_t) status.st_size)
               : -1;
  close (fd);
  return length;
}

static int
load (const char *directory, char **executables)
{
  struct stat status;
  struct dirent *entry;
  DIR *listing = opendir (directory);
  char path[4096];
  int good = 1;

  if (listing == NULL)
    return 0;
  while (good && (entry = readdir (listing)) != NULL)
    if (entry->d_name[0] != '.')
      {
        snprintf (path, sizeof path, "%s/%s", directory, entry->d_name);
        good = read_once (path) >= 0;
      }
  closedir (listing);
  for (; good && *executables != NULL; executables++)
    good = stat (*executables, &status) == 0;
  return good;
}

int
main (int argc, char **argv)
{
  double started;
  ssize_t length;
  long i, count;

  if (argc < 4)
    return 2;
  if (strcmp (argv[1], "cold") == 0)
    {
      if (!load (argv[2], argv + 4) || (length = read_once (argv[3])) < 0)
        return 1;
      return write (STDOUT_FILENO, buffer, (size_t) length) != length;
    }
  count = atol (argv[3]);
  started = now ();
  for (i = 0; i < count; i++)
    if (!load (argv[2], argv + 4))
      return 1;
  printf ("%.0f\n", (now () - started) / (double) count);
  return 0;
}
