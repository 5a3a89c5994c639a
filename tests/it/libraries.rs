//! The dynamic loader and the libraries that programs need: which are missing, and the limits of
//! the search.

use libhooks::Code;

use crate::elf;
use crate::programs::{Files, LOADER, codes_in, glibc, image};

#[test]
fn loaders_and_libraries_are_looked_for_inside_the_root() {
    let dynamic = || elf::ours().loader(LOADER);
    let (program, other) = (dynamic().needed(&["libz.so"]), elf::of_machine(true, true, 4711));
    let library = || elf::ours().bytes();
    let musl = || elf::ours().loader("/lib/ld-musl-x.so.1").needed(&["libz.so"]);
    let of_library = || elf::ours().soname("libz.so").needed(&["libq.so"]).bytes();
    let loader = || (LOADER, glibc());
    let (missing_loader, missing_library) = (Some(Code::MissingLoader), Some(Code::MissingLibrary));
    let table: &[(&str, Files<'_>, Option<Code>)] = &[
        ("static", &[("/hook", library())], None),
        ("static-pie", &[("/hook", elf::ours().runpath("/x").bytes())], None),
        ("no loader", &[("/hook", dynamic().bytes())], missing_loader),
        ("no libraries", &[("/hook", dynamic().bytes()), loader()], None),
        (
            "a loader for another machine",
            &[("/hook", dynamic().bytes()), (LOADER, other.bytes())],
            missing_loader,
        ),
        ("no loader of musl", &[("/hook", musl().bytes())], missing_loader),
        // (It is not known where musl's loader searches.)
        (
            "a loader of musl",
            &[("/hook", musl().bytes()), ("/lib/ld-musl-x.so.1", library())],
            None,
        ),
        (
            "musl's loader in the place of glibc's",
            &[("/hook", program.bytes()), (LOADER, elf::ours().soname("libc.so").bytes())],
            None,
        ),
        ("a loader without a name", &[("/hook", program.bytes()), (LOADER, library())], None),
        ("no library", &[("/hook", program.bytes()), loader()], missing_library),
        (
            "a library",
            &[("/hook", program.bytes()), loader(), ("/usr/lib/libz.so", library())],
            None,
        ),
        (
            "a library for another machine",
            &[("/hook", program.bytes()), loader(), ("/usr/lib/libz.so", other.bytes())],
            missing_library,
        ),
        (
            "a library for some processors",
            &[
                ("/hook", program.bytes()),
                loader(),
                ("/usr/lib/glibc-hwcaps/x86-64-v3/libz.so", library()),
            ],
            None,
        ),
        (
            "a library of a library",
            &[("/hook", program.bytes()), loader(), ("/lib/libz.so", of_library())],
            missing_library,
        ),
        (
            "RUNPATH",
            &[
                ("/hook", program.clone().runpath("/x:$ORIGIN/own").bytes()),
                loader(),
                ("/own/libz.so", library()),
            ],
            None,
        ),
        (
            "RUNPATH without it",
            &[("/hook", program.clone().runpath("${ORIGIN}/own").bytes()), loader()],
            missing_library,
        ),
        (
            "RUNPATH is for the program only",
            &[
                ("/hook", program.clone().runpath("/own").bytes()),
                loader(),
                ("/own/libz.so", of_library()),
                ("/own/libq.so", library()),
            ],
            missing_library,
        ),
        (
            "RPATH is also for its libraries",
            &[
                ("/hook", program.clone().rpath("/own").bytes()),
                loader(),
                ("/own/libz.so", of_library()),
                ("/own/libq.so", library()),
            ],
            None,
        ),
        (
            "a relative RUNPATH",
            &[("/hook", program.clone().runpath("own").bytes()), loader()],
            None,
        ),
        (
            "a variable that is not known",
            &[("/hook", program.clone().runpath("/$PLATFORM").bytes()), loader()],
            None,
        ),
        (
            "the configuration",
            &[
                ("/hook", program.bytes()),
                loader(),
                ("/etc/ld.so.conf", b"# some\ninclude ld.so.conf.d/*.conf\n".to_vec()),
                ("/etc/ld.so.conf.d/own.conf", b"/own # ours\n".to_vec()),
                ("/own/libz.so", library()),
            ],
            None,
        ),
        (
            "the cache",
            &[
                ("/hook", program.bytes()),
                loader(),
                ("/etc/ld.so.cache", b"cache\0libz.so\0/x/libz.so\0".to_vec()),
            ],
            None,
        ),
    ];
    for (kind, files, want) in table {
        let root = image(files);
        let (codes, messages) = codes_in(root.path(), "A=b");
        assert_eq!(codes, want.as_slice(), "{kind}: {messages:?}");
        // With these variables, it is not known what the loader does.
        for env in ["LD_LIBRARY_PATH=/x", "LD_PRELOAD=/x.so"] {
            let want = want.filter(|code| *code != Code::MissingLibrary);
            assert_eq!(codes_in(root.path(), env).0, want.as_slice(), "{kind}: {env}");
        }
    }
    let files = [("/hook", program.bytes()), loader(), ("/lib/libz.so", of_library())];
    assert_eq!(
        codes_in(image(&files).path(), "A=b").1,
        ["the program uses /lib/libz.so, which needs the library \"libq.so\": not found"]
    );
}

/// With more directories than this, nothing is reported.
#[test]
fn the_directories_of_libraries_are_limited() {
    let program = |needed| elf::ours().loader(LOADER).needed(needed).bytes();
    let loader = || glibc();
    let directories = |count| (0..count).map(|n| format!("/{n}\n")).collect::<String>();
    // The directories of the configuration, and what is below them.
    for (count, want) in [(1500, &[Code::MissingLibrary; 3][..]), (2000, &[])] {
        let files = [
            ("/hook", program(&["liba.so", "libb.so", "libc.so"])),
            (LOADER, loader()),
            ("/etc/ld.so.conf", directories(count).into_bytes()),
        ];
        assert_eq!(codes_in(image(&files).path(), "A=b").0, want, "{count}");
    }
    // Those of libraries.
    let path: &str = "/a:".repeat(1300).leak();
    let names: Vec<&str> = (0..8).map(|n| &*format!("lib{n}.so").leak()).collect();
    let paths: Vec<String> = names.iter().map(|name| format!("/lib/{name}")).collect();
    for (count, want) in [(7, &[Code::MissingLibrary][..]), (8, &[])] {
        let mut needed = names[..count].to_vec();
        needed.push("libq.so");
        let mut files = vec![("/hook", program(needed.leak())), (LOADER, loader())];
        let library = elf::ours().runpath(path.trim_end_matches(':')).bytes();
        files.extend(paths.iter().map(|path| (path.as_str(), library.clone())));
        let (codes, messages) = codes_in(image(&files).path(), "A=b");
        assert_eq!(codes, want, "{count}: {messages:?}");
    }
}

/// The first 32 libraries that are missing are looked for in the loader's cache, which is large.
#[test]
fn the_cache_is_searched_for_few_libraries() {
    let names: Vec<&str> = (0..33).map(|n| &*format!("lib{n}.so").leak()).collect();
    let program = elf::ours().loader(LOADER).needed(names.clone().leak()).bytes();
    let loader = glibc();
    for (count, want) in [(31, &[Code::MissingLibrary][..]), (32, &[])] {
        let cache = names.iter().take(count).map(|name| format!("{name}\0")).collect::<String>();
        let files = [
            ("/hook", program.clone()),
            (LOADER, loader.clone()),
            ("/etc/ld.so.cache", cache.into_bytes()),
        ];
        assert_eq!(codes_in(image(&files).path(), "A=b").0, want, "{count}");
    }
}

/// Hostile files must not take much memory: with more names than this, nothing is reported.
#[test]
fn the_names_of_libraries_are_limited() {
    for (count, want) in [(1000, Some(Code::MissingLibrary)), (2100, None)] {
        let names: &[&str] = vec!["libq.so"; count].leak();
        let library = || elf::ours().needed(names).bytes();
        let program = elf::ours().loader(LOADER).needed(&["liby.so", "libz.so"]).bytes();
        let loader = glibc();
        let files = [
            ("/hook", program),
            (LOADER, loader),
            ("/lib/liby.so", library()),
            ("/lib/libz.so", library()),
        ];
        let (codes, messages) = codes_in(image(&files).path(), "A=b");
        assert_eq!(codes, want.as_slice(), "{count}: {messages:?}");
    }
}
