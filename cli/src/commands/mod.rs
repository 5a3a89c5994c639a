//! The commands, one module each. No command uses another one.

pub mod completion;
pub mod engines;
pub mod explain;
pub mod filter;
pub mod inject;
pub mod lint;
pub mod list;
pub mod migrate;
pub mod run;
pub mod schema;
pub mod version;
pub mod watch;

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::{filter, inject};
    use crate::arguments::{Arguments, Command, evaluations};

    #[test]
    fn inject_and_filter_evaluate_each_hook_once() {
        let place = tempfile::tempdir().unwrap();
        let path = |name: &str| place.path().join(name).to_str().unwrap().to_owned();
        std::fs::create_dir(path("hooks.d")).unwrap();
        for (name, command) in [("a", "sh$"), ("b", "ls$")] {
            let when = format!(r#"{{"commands": ["{command}"]}}"#);
            let hook = r#"{"path": "/bin/cat"}"#;
            let text = format!(
                r#"{{"version": "1.0.0", "hook": {hook}, "when": {when}, "stages": ["precreate"]}}"#
            );
            std::fs::write(path(&format!("hooks.d/{name}.json")), text).unwrap();
        }
        std::fs::write(path("config.json"), r#"{"process": {"args": ["sh"]}}"#).unwrap();
        for (name, options) in [("inject", &["--extension-stage=precreate"][..]), ("filter", &[])] {
            let (hooks, output, config) = (path("hooks.d"), path(name), path("config.json"));
            let words = ["oci-hooks", name, "--hooks-dir", &hooks, "--output", &output, &config];
            let arguments = Arguments::try_parse_from(words.iter().chain(options)).unwrap();
            evaluations::take();
            let code = match &arguments.command {
                Command::Inject(arguments) => inject::run(arguments),
                Command::Filter(arguments) => filter::run(arguments),
                other => panic!("{other:?}"),
            };
            assert_eq!(code.unwrap(), std::process::ExitCode::SUCCESS, "{name}");
            assert_eq!(evaluations::take(), 2, "{name} evaluates each of two hooks once");
        }
    }
}
