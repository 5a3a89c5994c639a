//! The engines by version. A new version of an engine gets a range of its own only if a value or a
//! fact differs; else `checked` names it.
//!
//! `tests/suites/engine_table.sh` compares this table with the engines that are installed, and
//! `docs/engines.md` is generated from it.

use super::engine::{Engine, Fact, Subject};
use super::loading::{BUILDAH, BUILDAH_1_27, CRIO, CRIO_1_18, PODMAN, PODMAN_3};

const fn fact(subject: Subject, text: &'static str, source: &'static str) -> Fact {
    Fact { subject, text, source }
}

pub(super) const ENGINES: &[Engine] = &[
    Engine {
        name: "podman",
        title: "Podman",
        from: Some("3.0.0"),
        below: Some("4.6.0"),
        checked: Some("4.5.0"),
        loading: Some(PODMAN_3),
        facts: &[
            PODMAN_DIRECTORIES,
            fact(
                Subject::Configuration,
                "`hooks_dir` in the section `[engine]` of containers.conf, a list in increasing \
                 preference, replaces the default; an empty list means no hooks. `podman \
                 --hooks-dir DIR`, which may be repeated, and in which a comma separates \
                 directories, replaces both. Several directories are one set.",
                "containers/podman v4.3.1: cmd/podman/root.go, libpod/container_internal.go \
                 (setupOCIHooks); containers.conf(5); measured with 4.3.1",
            ),
            PODMAN_ROOTLESS,
            PODMAN_LOADING,
            fact(
                Subject::Stages,
                "All six stages of OCI. The hooks of `prestart` are added to `hooks.prestart`, \
                 those of `poststop` to no config.",
                "containers/common pkg/hooks/hooks.go, pkg/hooks/1.0.0/hook.go as vendored by \
                 containers/podman v4.3.1 (v3.4.4: pkg/hooks in its own repository); measured \
                 with 4.3.1",
            ),
            PODMAN_EXTENSION_STAGES,
            fact(
                Subject::Annotations,
                "Those of `--annotation`, of containers.conf (`annotations`) and of the image, and \
                 Podman's own, such as `io.podman.annotations.autoremove`, `io.container.manager` \
                 and `org.opencontainers.image.stopSignal`.",
                "containers/podman v4.3.1: pkg/specgen/generate/container.go, oci_linux.go, \
                 libpod/container_internal_common.go; measured with 4.3.1, except the image's",
            ),
            PODMAN_BIND_MOUNTS,
            fact(
                Subject::Environment,
                "Hooks in the config get those of the runtime. `precreate` and `poststop` hooks, \
                 which Podman runs, have no variables, and Podman's own working directory.",
                "containers/podman v4.3.1: libpod/container_internal.go; measured with 4.3.1 and \
                 runc 1.1.5",
            ),
        ],
    },
    Engine {
        name: "podman",
        title: "Podman",
        from: Some("4.6.0"),
        below: Some("5.0.0"),
        checked: Some("4.9.3"),
        loading: Some(PODMAN_3),
        facts: &[
            PODMAN_DIRECTORIES,
            fact(
                Subject::Configuration,
                "`hooks_dir` in the section `[engine]` of containers.conf, a list in increasing \
                 preference, replaces the default. `podman --hooks-dir DIR`, which may be \
                 repeated, and in which a comma separates directories, replaces both. Several \
                 directories are one set. An empty list means no hooks up to 4.7; since 4.8 it \
                 means the two well-known directories, each a set of its own, for root only.",
                "containers/podman v4.7.0, v4.8.0, v4.9.3: cmd/podman/root.go, \
                 libpod/container_internal.go (setupOCIHooks)",
            ),
            PODMAN_ROOTLESS,
            PODMAN_LOADING,
            fact(
                Subject::Stages,
                "All six stages of OCI. The hooks of `prestart` are added to `hooks.prestart`, \
                 those of `poststop` to no config.",
                "containers/common pkg/hooks/hooks.go, pkg/hooks/1.0.0/hook.go as vendored by \
                 containers/podman v4.9.3",
            ),
            PODMAN_EXTENSION_STAGES,
            PODMAN_ANNOTATIONS,
            PODMAN_BIND_MOUNTS,
            PODMAN_ENVIRONMENT,
        ],
    },
    Engine {
        name: "podman",
        title: "Podman",
        from: Some("5.0.0"),
        below: None,
        checked: Some("6.0.0-dev"),
        loading: Some(PODMAN),
        facts: &[
            PODMAN_DIRECTORIES,
            fact(
                Subject::Configuration,
                "`hooks_dir` in the section `[engine]` of containers.conf, a list in increasing \
                 preference, replaces the default. `podman --hooks-dir DIR`, which may be \
                 repeated, replaces both; a comma is part of DIR. Several directories are one set. \
                 An empty list means the two well-known directories, each a set of its own, for \
                 root only.",
                "containers/podman v5.0.0, v5.8.2, 6.0.0-dev (c6580b4a52): cmd/podman/root.go, \
                 libpod/container_internal.go (setupOCIHooks)",
            ),
            PODMAN_ROOTLESS,
            PODMAN_LOADING,
            fact(
                Subject::Stages,
                "All six stages of OCI. The hooks of `prestart` are added to \
                 `hooks.createRuntime`, those of `poststop` to no config.",
                "go.podman.io/common pkg/hooks/hooks.go, pkg/hooks/1.0.0/hook.go as vendored by \
                 containers/podman v5.0.0 (as containers/common), v5.8.2, 6.0.0-dev (c6580b4a52)",
            ),
            PODMAN_EXTENSION_STAGES,
            PODMAN_ANNOTATIONS,
            PODMAN_BIND_MOUNTS,
            PODMAN_ENVIRONMENT,
        ],
    },
    Engine {
        name: "buildah",
        title: "Buildah",
        from: Some("1.27.0"),
        below: Some("1.35.0"),
        checked: Some("1.34.0"),
        loading: Some(BUILDAH_1_27),
        facts: &[
            BUILDAH_DIRECTORIES,
            BUILDAH_CONFIGURATION,
            BUILDAH_ROOTLESS,
            BUILDAH_LOADING,
            fact(
                Subject::Stages,
                "All six stages of OCI. The hooks of `prestart` are added to `hooks.prestart`.",
                "containers/common pkg/hooks/hooks.go as vendored by containers/buildah v1.28.2; \
                 measured with 1.28.2",
            ),
            BUILDAH_EXTENSION_STAGES,
            BUILDAH_ANNOTATIONS,
            BUILDAH_BIND_MOUNTS,
            BUILDAH_ENVIRONMENT,
        ],
    },
    Engine {
        name: "buildah",
        title: "Buildah",
        from: Some("1.35.0"),
        below: None,
        checked: Some("1.44.0"),
        loading: Some(BUILDAH),
        facts: &[
            BUILDAH_DIRECTORIES,
            BUILDAH_CONFIGURATION,
            BUILDAH_ROOTLESS,
            BUILDAH_LOADING,
            fact(
                Subject::Stages,
                "All six stages of OCI. The hooks of `prestart` are added to \
                 `hooks.createRuntime`.",
                "go.podman.io/common pkg/hooks/hooks.go as vendored by containers/buildah v1.35.0 \
                 (as containers/common), v1.44.0",
            ),
            BUILDAH_EXTENSION_STAGES,
            BUILDAH_ANNOTATIONS,
            BUILDAH_BIND_MOUNTS,
            BUILDAH_ENVIRONMENT,
        ],
    },
    Engine {
        name: "crio",
        title: "CRI-O",
        from: Some("1.18.0"),
        below: Some("1.31.0"),
        checked: Some("1.30.14"),
        loading: Some(CRIO_1_18),
        facts: &[
            CRIO_DIRECTORIES,
            CRIO_CONFIGURATION,
            CRIO_LOADING,
            fact(
                Subject::Stages,
                "All six stages of OCI. The hooks of `prestart` are added to `hooks.prestart`.",
                "pkg/hooks/hooks.go as vendored by cri-o/cri-o v1.18.0 (containers/libpod), \
                 v1.24.0 (containers/podman), v1.30.14 (containers/common)",
            ),
            CRIO_EXTENSION_STAGES,
            CRIO_ANNOTATIONS,
            CRIO_BIND_MOUNTS,
            CRIO_ENVIRONMENT,
        ],
    },
    Engine {
        name: "crio",
        title: "CRI-O",
        from: Some("1.31.0"),
        below: None,
        checked: Some("1.36.3"),
        loading: Some(CRIO),
        facts: &[
            CRIO_DIRECTORIES,
            CRIO_CONFIGURATION,
            CRIO_LOADING,
            fact(
                Subject::Stages,
                "All six stages of OCI. The hooks of `prestart` are added to \
                 `hooks.createRuntime`.",
                "go.podman.io/common pkg/hooks/hooks.go as vendored by cri-o/cri-o v1.31.0 (as \
                 containers/common), v1.36.3",
            ),
            CRIO_EXTENSION_STAGES,
            CRIO_ANNOTATIONS,
            CRIO_BIND_MOUNTS,
            CRIO_ENVIRONMENT,
        ],
    },
    Engine {
        name: "containerd",
        title: "containerd",
        from: None,
        below: None,
        checked: Some("2.3.4"),
        loading: None,
        facts: &[
            fact(
                Subject::Directories,
                "None: containerd reads no hook directories.",
                "containerd/containerd v2.3.4: no file names hooks.d or the package of the engines \
                 that read it",
            ),
            fact(
                Subject::Instead,
                "Use the plugin hook-injector of NRI, which reads \
                 /usr/share/containers/oci/hooks.d and /etc/containers/oci/hooks.d as one set, \
                 without extension stages (--engine crio with both as --hooks-dir accepts the same \
                 files); or add hooks to a bundle with oci-hooks inject before a runtime starts it.",
                "containerd/nri v0.12.2: plugins/hook-injector/hook-injector.go",
            ),
        ],
    },
    Engine {
        name: "docker",
        title: "Docker",
        from: None,
        below: None,
        checked: Some("28.5.2"),
        loading: None,
        facts: &[
            fact(
                Subject::Directories,
                "None: Docker reads no hook directories.",
                "moby/moby v28.5.2: no file names hooks.d or the package of the engines that read \
                 it",
            ),
            fact(
                Subject::Instead,
                "Configure a runtime (`runtimes` in daemon.json) that runs oci-hooks inject \
                 --in-place on the bundle and then the real runtime.",
                "measured with Docker 20.10.24 and runc 1.1.5",
            ),
        ],
    },
    Engine {
        name: "nerdctl",
        title: "nerdctl",
        from: None,
        below: None,
        checked: Some("2.3.5"),
        loading: None,
        facts: &[
            fact(
                Subject::Directories,
                "None: nerdctl reads no hook directories. It adds hooks of its own to its \
                 containers, for networks.",
                "containerd/nerdctl v2.3.5: pkg/cmd/container/create.go; no file names hooks.d or \
                 the package of the engines that read it",
            ),
            fact(
                Subject::Instead,
                "Use `nerdctl run --runtime PROGRAM` with a program that runs oci-hooks inject \
                 --in-place on the bundle and then the real runtime.",
                "containerd/nerdctl v2.3.5: docs/command-reference.md (--runtime)",
            ),
        ],
    },
    Engine {
        name: "k3s",
        title: "k3s",
        from: None,
        below: None,
        checked: None,
        loading: None,
        facts: &[
            fact(
                Subject::Directories,
                "None: k3s runs containers with containerd, which reads no hook directories.",
                "k3s-io/k3s 053afed3ef: pkg/agent/templates/templates.go; containerd/containerd \
                 v2.3.4",
            ),
            fact(
                Subject::Instead,
                "Use the plugin hook-injector of NRI, as with containerd.",
                "containerd/nri v0.12.2: plugins/hook-injector/hook-injector.go",
            ),
        ],
    },
];

const PODMAN_DIRECTORIES: Fact = fact(
    Subject::Directories,
    "/usr/share/containers/oci/hooks.d. (The manual page names /etc/containers/oci/hooks.d too, \
     but Podman does not read it by default.)",
    "containers/common pkg/config/default.go (DefaultHooksDirs) as vendored by containers/podman \
     v3.4.4, v4.3.1, v4.9.3, v5.8.2, 6.0.0-dev (c6580b4a52); measured with 4.3.1",
);
const PODMAN_ROOTLESS: Fact = fact(
    Subject::Rootless,
    "The same directory by default. The user's containers.conf may name others.",
    "containers/common pkg/config/default.go as vendored by containers/podman v4.3.1, v5.8.2; \
     containers.conf(5)",
);
const PODMAN_LOADING: Fact = fact(
    Subject::Loading,
    "The files are read each time that a container starts. If a directory is refused, the \
     container does not start.",
    "containers/podman v4.3.1, v5.8.2: libpod/container_internal_common.go (generateSpec); \
     measured with 4.3.1",
);
const PODMAN_EXTENSION_STAGES: Fact = fact(
    Subject::ExtensionStages,
    "`precreate`, before the runtime gets the config, and `poststop`, after the container was \
     deleted.",
    "containers/podman v3.4.4, v4.3.1, v5.8.2, 6.0.0-dev (c6580b4a52): \
     libpod/container_internal.go (setupOCIHooks, postDeleteHooks); measured with 4.3.1",
);
const PODMAN_ANNOTATIONS: Fact = fact(
    Subject::Annotations,
    "Those of `--annotation` and of containers.conf (`annotations`), and Podman's own, such as \
     `io.container.manager` and `org.opencontainers.image.stopSignal`. Those of the image do not \
     count.",
    "containers/podman v4.6.0, v5.8.2, 6.0.0-dev (c6580b4a52): \
     pkg/specgen/generate/container.go, oci_linux.go, libpod/container_internal_common.go; \
     Podman's own measured with 4.3.1",
);
const PODMAN_BIND_MOUNTS: Fact = fact(
    Subject::BindMounts,
    "Mounts that the user or the image asks for, of every type: `--volume`, `--mount`, `--tmpfs`, \
     volumes of the image. Mounts that Podman adds do not count.",
    "containers/podman v4.3.1, v5.8.2, 6.0.0-dev (c6580b4a52): \
     pkg/specgen/generate/container_create.go (WithUserVolumes), libpod/container_internal.go; \
     --volume and --tmpfs measured with 4.3.1",
);
const PODMAN_ENVIRONMENT: Fact = fact(
    Subject::Environment,
    "Hooks in the config get those of the runtime. `precreate` and `poststop` hooks, which Podman \
     runs, have no variables, and the bundle as working directory.",
    "containers/podman v4.6.0, v5.8.2, 6.0.0-dev (c6580b4a52): libpod/container_internal.go",
);
const BUILDAH_DIRECTORIES: Fact = fact(
    Subject::Directories,
    "/usr/share/containers/oci/hooks.d, then /etc/containers/oci/hooks.d, each a set of its own: a \
     file of the second does not mask one of the first, and both hooks run.",
    "containers/buildah v1.28.2, v1.44.0: run_linux.go (setupOCIHooks); measured with 1.28.2",
);
const BUILDAH_CONFIGURATION: Fact = fact(
    Subject::Configuration,
    "`buildah build --hooks-dir DIR`, which may be repeated, in increasing preference, replaces \
     the default. Several directories are one set. Buildah does not use `hooks_dir` of \
     containers.conf.",
    "containers/buildah v1.28.2, v1.44.0: pkg/cli/common.go, pkg/parse/parse.go, run_linux.go \
     (setupOCIHooks)",
);
const BUILDAH_ROOTLESS: Fact = fact(
    Subject::Rootless,
    "Without --hooks-dir, no directory is read.",
    "containers/buildah v1.28.2, v1.44.0: run_linux.go (setupOCIHooks)",
);
const BUILDAH_LOADING: Fact = fact(
    Subject::Loading,
    "The files are read for each RUN. If a directory is refused, the RUN fails.",
    "containers/buildah v1.28.2, v1.44.0: run_linux.go (Run, setupOCIHooks); measured with 1.28.2",
);
const BUILDAH_EXTENSION_STAGES: Fact = fact(
    Subject::ExtensionStages,
    "None. A file with another stage, such as `precreate`, makes Buildah refuse its directory.",
    "containers/buildah v1.28.2, v1.44.0: run_linux.go (setupOCIHooks); measured with 1.28.2",
);
const BUILDAH_ANNOTATIONS: Fact = fact(
    Subject::Annotations,
    "Those of the image that is built, such as those of its base image, as they are before the \
     RUN. `--annotation` of the same build does not count.",
    "containers/buildah v1.28.2, v1.44.0: run_linux.go (ImageAnnotations), config.go, \
     imagebuildah/stage_executor.go; --annotation measured with 1.28.2",
);
const BUILDAH_BIND_MOUNTS: Fact = fact(
    Subject::BindMounts,
    "`--volume` of the build, and volumes that the base image declares. `RUN --mount` and mounts \
     that Buildah adds do not count.",
    "containers/buildah v1.28.2, v1.44.0: run_linux.go (Run), imagebuildah/executor.go; --volume \
     and RUN --mount measured with 1.28.2",
);
const BUILDAH_ENVIRONMENT: Fact = fact(
    Subject::Environment,
    "Those of the runtime, which gets the variables of Buildah. With --isolation chroot no runtime \
     is used, and no hook runs.",
    "containers/buildah v1.28.2, v1.44.0: run_linux.go, chroot; measured with 1.28.2 and runc \
     1.1.5, except --isolation chroot",
);
const CRIO_DIRECTORIES: Fact = fact(
    Subject::Directories,
    "/usr/share/containers/oci/hooks.d. CRI-O makes it if it does not exist.",
    "cri-o/cri-o v1.18.0, v1.24.0, v1.30.0, v1.36.3: pkg/config/config.go",
);
const CRIO_CONFIGURATION: Fact = fact(
    Subject::Configuration,
    "`hooks_dir` in the section `[crio.runtime]` of crio.conf and its drop-ins, a list in \
     increasing preference, replaces the default. `crio --hooks-dir DIR`, which may be repeated or \
     have commas, or the variable CONTAINER_HOOKS_DIR replaces both. Several directories are one \
     set. A path that is not a directory is skipped.",
    "cri-o/cri-o v1.20.0, v1.36.3: internal/criocli/criocli.go, pkg/config/config.go; crio(8)",
);
const CRIO_LOADING: Fact = fact(
    Subject::Loading,
    "The files are read when CRI-O starts, and again when a directory changes. If a directory is \
     refused at the start, CRI-O does not start. At a change, CRI-O logs the error.",
    "cri-o/cri-o v1.36.3: internal/lib/container_server.go, cmd/crio/main.go; \
     go.podman.io/common pkg/hooks/monitor.go",
);
const CRIO_EXTENSION_STAGES: Fact = fact(
    Subject::ExtensionStages,
    "None. A file with another stage, such as `precreate`, makes CRI-O refuse its directory.",
    "cri-o/cri-o v1.18.0, v1.24.0, v1.30.0, v1.36.3: internal/lib/container_server.go",
);
const CRIO_ANNOTATIONS: Fact = fact(
    Subject::Annotations,
    "Those of the container and of the pod in the request of the kubelet; the pod's win. Those \
     that CRI-O adds to the config do not count.",
    "cri-o/cri-o v1.20.0: server/container_create_linux.go, v1.36.3: server/container_create.go; \
     crio(8)",
);
const CRIO_BIND_MOUNTS: Fact = fact(
    Subject::BindMounts,
    "Every mount in the request of the kubelet, including those that the kubelet adds. Mounts that \
     CRI-O adds do not count.",
    "cri-o/cri-o v1.20.0: server/container_create_linux.go, v1.36.3: server/container_create.go; \
     crio(8)",
);
const CRIO_ENVIRONMENT: Fact = fact(
    Subject::Environment,
    "Those of the runtime. CRI-O runs no hook itself.",
    "cri-o/cri-o v1.36.3: server/container_create.go (extension stage hooks are discarded)",
);
