//! Checks patterns without Go: the engines must agree with each other. The same pattern, written
//! differently, uses another engine: a literal, a few strings, an NFA whose states are the bits of
//! a word, or a Pike VM.
#![no_main]

use go_regexp::{Fault, Regexp, Unmatchable};
use libfuzzer_sys::fuzz_target;
use libhooks_fuzz::{fields, planted, timed};

// The fields of an input: the pattern, then the inputs to match.
fuzz_target!(|data: &[u8]| timed(|| {
    let mut fields = fields(data);
    if let Ok(pattern) = str::from_utf8(fields.next().unwrap_or_default()) {
        let inputs: Vec<&[u8]> = fields.take(8).chain([&b""[..]]).collect();
        compare(pattern, &inputs);
    }
}));

fn compare(text: &str, inputs: &[&[u8]]) {
    let read = if planted("dollar-before-final-newline") {
        Regexp::with_fault(text, Fault::DollarBeforeFinalNewline)
    } else {
        Regexp::new(text)
    };
    let pattern = match read {
        Ok(pattern) => pattern,
        Err(error) => {
            assert!(text.is_char_boundary(error.offset()), "{text:?} {}", error.offset());
            assert!(error.to_string().starts_with("error parsing regexp: "), "{error}");
            return;
        }
    };
    assert_eq!(pattern.as_str(), text);
    // A wrapped pattern may be too large even if the pattern is not.
    let wrapped = |before: &str, after: &str| Regexp::new(&format!("{before}{text}{after}")).ok();
    let same = [
        wrapped("(?:", ")"),
        wrapped("(", "|[^\\x00-\\x{10ffff}])"),
        wrapped("(?:|x)(?:", "){1,2}"),
    ];
    // Enough alternatives for an NFA of more states than a word has bits.
    let large = wrapped("(?:", ")|\\z[ab]{70}");
    // (The proof expands repeats.)
    let nothing = if text.len() <= 256 { Unmatchable::of(text).unwrap() } else { None };
    for input in inputs {
        let verdict = pattern.is_match(input);
        assert!(nothing.is_none() || !verdict, "{text:?}: {nothing:?}");
        for other in same.iter().chain([&large]).flatten() {
            assert_eq!(
                other.is_match(input),
                verdict,
                "{text:?} and {:?} on b\"{}\"",
                other.as_str(),
                input.escape_ascii()
            );
        }
        // A pattern without anchors also matches with something before and after the input.
        if verdict && !text.contains(['^', '\\', '$']) && !text.contains("(?") {
            assert!(pattern.is_match([b"x\n", *input, b"\nx"].concat()), "{text:?}");
        }
    }
}
