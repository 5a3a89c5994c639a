/* Makes the system refuse pidfd_open(2), as some sandboxes do. */
#ifndef SECCOMP_H
#define SECCOMP_H

#include "test.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static void
refuse_pidfd_open (void)
{
  struct sock_filter code[] = {
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr)),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_open, 0, 1),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program;

  program.len = sizeof code / sizeof code[0];
  program.filter = code;
  if (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0
      || prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
    die ("seccomp");
  if (syscall (SYS_pidfd_open, getpid (), 0) >= 0 || errno != EPERM)
    die ("pidfd_open is not refused");
}

#endif
