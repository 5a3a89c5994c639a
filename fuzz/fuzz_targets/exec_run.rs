//! Passes a config through a hook: a shell that prints parts of the input. This is slow, since each
//! input starts a process.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use libhooks::exec::{FilterOptions, RunOptions, Stream, filter};
use libhooks::{Config, OciHook};
use libhooks_fuzz::{fields, json, mutate, planted, timed};

const CONFIG: &str =
    r#"{"ociVersion":"1.0.2","process":{"args":["/bin/sh"]},"x":[1e400,{"a/b~":"\ud800"}]}"#;
const SCRIPT: &str = r#"printf %s "$1"; printf %s "$2" >&2; exit "$3""#;

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate::json(data, size, max_size, seed)
});

// The fields: the hook's stdout, its stderr, and a byte for its exit status.
fuzz_target!(|data: &[u8]| {
    let text =
        |field: Option<&[u8]>| String::from_utf8_lossy(field.unwrap_or_default()).into_owned();
    let mut fields = fields(data);
    let (stdout, stderr) = (text(fields.next()), text(fields.next()));
    let status = fields.next().and_then(<[u8]>::first).copied().unwrap_or_default();
    timed(|| run(&stdout, &stderr, status));
});

fn run(stdout: &str, stderr: &str, status: u8) {
    let args = ["sh", "-c", SCRIPT, "sh", stdout, stderr, &status.to_string()].map(str::to_owned);
    // With this prefix, the variable has no meaning for the shell or the loader.
    let env = vec![format!("FUZZ_{stderr}")];
    let hook = OciHook { path: "/bin/sh".to_owned(), args: args.into(), env, timeout: Some(60) };
    let (mut said, mut printed) = (Vec::new(), Vec::new());
    let mut output = |stream: Stream, bytes: &[u8]| {
        if stream == Stream::Stdout { &mut printed } else { &mut said }.extend_from_slice(bytes);
        Ok(())
    };
    let options = FilterOptions::new().run(RunOptions::new().output(&mut output)).patches(true);
    let mut result = filter(&[hook], CONFIG, options).unwrap();
    json::assert_valid(&result.to_json());
    if planted("odd-exit-status-is-success") && status > 2 {
        result.failure = None;
    }
    if planted("exit-status-7-is-success") && status == 7 {
        result.failure = None;
    }
    if stdout.contains('\0') || stderr.contains('\0') {
        assert!(result.runs.is_empty() && result.failure.is_some());
        assert_eq!(result.config, CONFIG);
        return;
    }
    let [ran] = &result.runs[..] else { panic!("{result:?}") };
    assert_eq!(
        (&ran.stdout.tail[..], &ran.stderr.tail[..]),
        (stdout.as_bytes(), stderr.as_bytes())
    );
    assert_eq!((&printed[..], &said[..]), (stdout.as_bytes(), stderr.as_bytes()));
    assert_eq!(ran.exit_status, Some(status.into()));
    let is_config = status == 0 && Config::parse(stdout).is_ok();
    assert_eq!(result.failure.is_none(), is_config, "{result:?}");
    assert_eq!(result.config, if is_config { stdout } else { CONFIG });
    if let Some(failure) = &result.failure {
        assert!(!failure.message().is_empty());
        assert_eq!(failure.hook, Some(0));
    }
    assert_eq!(result.patches.unwrap().len(), usize::from(is_config));
}
