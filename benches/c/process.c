/* process COUNT PROGRAM ARGUMENT...

   Prints for each of COUNT runs of a program the nanoseconds from start to end, and the maximum
   resident memory in kilobytes. Discards the output of the program. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static double
now (void)
{
  struct timespec time;

  clock_gettime (CLOCK_MONOTONIC, &time);
  return (double) time.tv_sec * 1e9 + (double) time.tv_nsec;
}

int
main (int argc, char **argv)
{
  posix_spawn_file_actions_t actions;
  long i, count = argc > 2 ? atol (argv[1]) : 0;

  if (count <= 0)
    return 2;
  if (posix_spawn_file_actions_init (&actions) != 0
      || posix_spawn_file_actions_addopen (&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) != 0
      || posix_spawn_file_actions_adddup2 (&actions, STDOUT_FILENO, STDERR_FILENO) != 0)
    return 1;
  for (i = 0; i < count; i++)
    {
      struct rusage usage;
      double started = now ();
      int status;
      pid_t pid;

      if (posix_spawnp (&pid, argv[2], &actions, NULL, argv + 2, environ) != 0
          || wait4 (pid, &status, 0, &usage) < 0 || status != 0)
        return 1;
      printf ("%.0f\n%ld\n", now () - started, usage.ru_maxrss);
    }
  return 0;
}
